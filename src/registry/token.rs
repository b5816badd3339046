//! Gets what a registry wants to see: a password, or a token from the place that the registry names. Must not keep anything
//! beyond the run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::{Method, StatusCode};

use super::challenge::Challenge;
use super::credentials::Credential;
use super::failure::{Failure, Kind};
use super::transport::{Message, Transport};
use crate::http::{Origin, is_loopback};

/// A token that does not say how long it lasts is good for this long.
const SHORTEST: Duration = Duration::from_mins(1);
/// Tokens that are about to end are not used.
const MARGIN: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 1 << 18;

/// The headers that were asked for in this run, by origin and repository.
#[derive(Default)]
pub(super) struct Tokens {
    known: Mutex<BTreeMap<(Origin, String), (String, Instant)>>,
}

#[derive(Deserialize)]
struct Given {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Tokens {
    /// The header that was good for this repository before.
    pub(super) fn known(&self, origin: &Origin, repository: &str) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (header, until) = known.get(&(origin.clone(), repository.to_owned()))?;
        (Instant::now() < *until).then(|| header.clone())
    }

    /// The header that a challenge asks for.
    pub(super) fn answer(
        &self,
        transport: &Transport,
        origin: &Origin,
        repository: &str,
        challenge: &Challenge,
        credential: Option<&Credential>,
    ) -> Result<String, Failure> {
        let (header, lasts) = match challenge {
            Challenge::Basic => match credential {
                Some(Credential::Password(name, password)) => (basic(name, password), SHORTEST * 60),
                _ => return Err(denied(origin, "it wants a name and a password")),
            },
            Challenge::Bearer { realm, service } => {
                let given = fetch(transport, origin, repository, realm, service.as_deref(), credential)?;
                let lasts = given.expires_in.map_or(SHORTEST, Duration::from_secs).saturating_sub(MARGIN);
                let token = given.token.or(given.access_token).filter(|token| !token.is_empty());
                let token = token.ok_or_else(|| unusable(origin))?;
                (format!("Bearer {token}"), lasts)
            }
        };
        let until = Instant::now() + lasts.min(Duration::from_hours(1));
        let key = (origin.clone(), repository.to_owned());
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (header.clone(), until));
        Ok(header)
    }
}

/// Asks for a token: with the login, if there is one. The place is one that the registry itself named over a connection that
/// nobody else can write to.
fn fetch(
    transport: &Transport,
    origin: &Origin,
    repository: &str,
    realm: &str,
    service: Option<&str>,
    credential: Option<&Credential>,
) -> Result<Given, Failure> {
    let place = Origin::of_url(realm);
    // A registry elsewhere has no business on this machine.
    let place = place.filter(|(realm, _)| is_loopback(&origin.authority) || !is_loopback(&realm.authority));
    let (realm, path) = place.ok_or_else(|| {
        Failure::unusable(format!(
            "{} gives out tokens over a connection that is not private",
            origin.authority
        ))
    })?;
    let scope = format!("repository:{repository}:pull");
    let mut query = vec![("scope", scope.as_str())];
    query.extend(service.map(|service| ("service", service)));
    let header = match credential {
        Some(Credential::Password(name, password)) => Some(basic(name, password)),
        _ => None,
    };
    let mut message = Message {
        method: Method::GET,
        path: "",
        accept: "application/json",
        authorization: header.as_deref(),
        form: None,
        most_bytes: MOST_BYTES,
    };
    let answer = if let Some(Credential::Identity(token)) = credential {
        query.extend([("grant_type", "refresh_token"), ("client_id", "dockopt"), ("refresh_token", token)]);
        let form = encoded(&query);
        message.method = Method::POST;
        message.form = Some(&form);
        message.path = &path;
        transport.send(&realm, &message)?
    } else {
        let path = format!("{path}{}{}", if path.contains('?') { '&' } else { '?' }, encoded(&query));
        message.path = &path;
        transport.send(&realm, &message)?
    };
    match answer.status {
        StatusCode::OK => serde_json::from_slice(&answer.body).map_err(|_| unusable(origin)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
            Err(denied(origin, "it does not take the login that is stored for it"))
        }
        other => Err(Failure::unusable(format!("{} gives no token ({})", realm.authority, other.as_u16()))),
    }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn denied(origin: &Origin, why: &str) -> Failure {
    let host = &origin.authority;
    Failure::new(
        Kind::Denied,
        format!("{host} does not let dockopt in: {why}"),
        format!("run `docker login {host}`, or `podman login {host}`"),
    )
}

fn unusable(origin: &Origin) -> Failure {
    Failure::unusable(format!("the token for {} cannot be read", origin.authority))
}

/// `application/x-www-form-urlencoded`.
fn encoded(pairs: &[(&str, &str)]) -> String {
    let one = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    (byte as char).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    pairs.iter().map(|(key, value)| format!("{}={}", one(key), one(value))).collect::<Vec<_>>().join("&")
}
