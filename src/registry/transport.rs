//! HTTP to one registry after another: redirects, limits, waiting when told to. An authorization
//! goes to the host that it is for and to no other, and never over plain HTTP except on this machine. Must not know what is
//! asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, Method, Request, StatusCode};

use super::failure::{Failure, Kind};
use crate::http::{self, Origin, Scheme, is_loopback};

/// Requests to one host at a time.
const AT_ONCE: usize = 4;
/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// How often a request is sent where the registry says to wait.
const MOST_TRIES: usize = 3;
/// Nobody waits longer than this for a registry to be ready again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What is sent.
#[derive(Clone)]
pub(super) struct Message<'m> {
    pub(super) method: Method,
    pub(super) path: &'m str,
    pub(super) accept: &'m str,
    /// Goes to the origin that is asked, and not along with a redirect to another one.
    pub(super) authorization: Option<&'m str>,
    /// A form that is posted. It is never sent again to where a redirect leads.
    pub(super) form: Option<&'m str>,
    /// A longer answer is none.
    pub(super) most_bytes: usize,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether another host than the one that was asked gave it.
    pub(super) is_redirected: bool,
}

impl Answer {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The connections of a run.
#[derive(Default)]
pub(super) struct Transport {
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
}

struct Host {
    agent: Agent,
    scheme: OnceLock<Scheme>,
    busy: Mutex<usize>,
    freed: Condvar,
}

impl Transport {
    /// How a host is spoken to. On this machine it is tried which of the two it understands.
    pub(super) fn origin(&self, authority: &str) -> Origin {
        let host = self.host(authority);
        let scheme = *host.scheme.get_or_init(|| {
            if !is_loopback(authority) {
                return Scheme::Https;
            }
            // A server of HTTPS answers such a request with 400 or not at all.
            let probe = host.agent.get(format!("http://{authority}/v2/")).call();
            match probe.map(|answer| answer.status()) {
                Ok(status) if status != StatusCode::BAD_REQUEST => Scheme::Http,
                Err(ureq::Error::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    Scheme::Http
                }
                _ => Scheme::Https,
            }
        });
        Origin { scheme, authority: authority.to_owned() }
    }

    /// Sends a message, waits where it is told to, and follows redirects.
    pub(super) fn send(&self, origin: &Origin, message: &Message<'_>) -> Result<Answer, Failure> {
        let mut message = message.clone();
        let mut place = (origin.clone(), message.path.to_owned());
        for _ in 0..=MOST_REDIRECTS {
            let mut answer = self.patiently(&place.0, &place.1, &message)?;
            if !is_redirect(answer.status) {
                answer.is_redirected = place.0 != *origin;
                return Ok(answer);
            }
            let next = target(&answer, &place.0, &message)?;
            if next.0 != place.0 {
                message.authorization = None;
            }
            place = next;
        }
        Err(Failure::unusable(format!("{} redirects without end", origin.authority)))
    }

    fn patiently(&self, origin: &Origin, path: &str, message: &Message<'_>) -> Result<Answer, Failure> {
        let mut tries = 1;
        loop {
            let answer = self.once(origin, path, message)?;
            let is_asked_to_wait = answer.status == StatusCode::TOO_MANY_REQUESTS
                || (answer.status == StatusCode::SERVICE_UNAVAILABLE
                    && answer.headers.contains_key(RETRY_AFTER));
            if !is_asked_to_wait {
                return Ok(answer);
            }
            // A date instead of seconds is rare; a short wait is then as good as any.
            let wait = answer
                .header("retry-after")
                .and_then(|seconds| seconds.trim().parse().ok())
                .map_or(Duration::from_secs(2), Duration::from_secs);
            if tries == MOST_TRIES || wait > LONGEST_WAIT {
                return Err(Failure::new(
                    Kind::TooMany,
                    format!("{} wants fewer requests for now ({})", origin.authority, answer.status.as_u16()),
                    "wait, log in (`docker login`) for a higher limit, or name a mirror in dockopt.toml",
                ));
            }
            tries += 1;
            thread::sleep(wait);
        }
    }

    fn once(&self, origin: &Origin, path: &str, message: &Message<'_>) -> Result<Answer, Failure> {
        let host = self.host(&origin.authority);
        let _turn = Turn::of(&host);
        let mut request = Request::builder().method(message.method.clone()).uri(origin.url(path));
        request = request.header("accept", message.accept);
        if let Some(authorization) = message.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let failed = |error: &ureq::Error| unreachable(&origin.authority, error);
        let response = match message.form {
            Some(form) => {
                request = request.header("content-type", "application/x-www-form-urlencoded");
                let request = request.body(form.to_owned()).map_err(|_| malformed(&origin.authority))?;
                host.agent.run(request)
            }
            None => host.agent.run(request.body(()).map_err(|_| malformed(&origin.authority))?),
        };
        let (parts, body) = response.map_err(|error| failed(&error))?.into_parts();
        // What stands in a redirect or an error is not read.
        let body = if message.method == Method::HEAD || !parts.status.is_success() {
            Vec::new()
        } else {
            body.into_with_config().limit(message.most_bytes as u64).read_to_vec().map_err(|error| {
                match error {
                    ureq::Error::BodyExceedsLimit(_) => Failure::unusable(format!(
                        "the answer of {} is longer than {} bytes",
                        origin.authority, message.most_bytes
                    )),
                    error => unread(&origin.authority, &error),
                }
            })?
        };
        Ok(Answer { status: parts.status, headers: parts.headers, body, is_redirected: false })
    }

    fn host(&self, authority: &str) -> Arc<Host> {
        let mut hosts = http::lock(&self.hosts);
        Arc::clone(hosts.entry(authority.to_owned()).or_insert_with(|| Arc::new(Host::new(authority))))
    }
}

impl Host {
    fn new(authority: &str) -> Self {
        Self {
            agent: http::agent(authority),
            scheme: OnceLock::new(),
            busy: Mutex::new(0),
            freed: Condvar::new(),
        }
    }
}

/// One of the places at a host. It is free again when this goes away.
struct Turn<'h>(&'h Host);

impl<'h> Turn<'h> {
    fn of(host: &'h Host) -> Self {
        let mut busy = http::lock(&host.busy);
        while *busy >= AT_ONCE {
            busy = host.freed.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
        *busy += 1;
        Self(host)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *http::lock(&self.0.busy) -= 1;
        self.0.freed.notify_one();
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads, if it may be followed.
fn target(answer: &Answer, from: &Origin, message: &Message<'_>) -> Result<(Origin, String), Failure> {
    let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if message.form.is_some() {
        return Err(Failure::unusable(format!("{} redirects where a login was sent", from.authority)));
    }
    let next = if location.starts_with('/') && !location.starts_with("//") {
        Some((from.clone(), location.to_owned()))
    } else {
        Origin::of_url(location)
    };
    // Not from a private connection to one that anybody can read, this machine's own aside.
    next.filter(|(origin, _)| origin.is_private() || !from.is_private()).ok_or_else(|| {
        Failure::unusable(format!("{} redirects to a place that dockopt does not follow to", from.authority))
    })
}

fn malformed(authority: &str) -> Failure {
    Failure::new(
        Kind::Unusable,
        format!("no request to {authority} can be made of this"),
        "check the name of the image",
    )
}

fn unreachable(authority: &str, error: &ureq::Error) -> Failure {
    let why = http::shown(error);
    let help = if matches!(error, ureq::Error::HostNotFound) {
        "check the name and the network; behind a proxy set HTTPS_PROXY"
    } else if why.starts_with(http::UNTRUSTED) {
        "if it has a certificate of your own authority, name that in SSL_CERT_FILE or put it into Docker's certs.d"
    } else {
        "check the network; behind a proxy set HTTPS_PROXY; `--locked` needs no network"
    };
    Failure::new(Kind::Unreachable, format!("{authority} cannot be asked: {why}"), help)
}

fn unread(authority: &str, error: &ureq::Error) -> Failure {
    Failure::unusable(format!("the answer of {authority} breaks off: {}", http::shown(error)))
}
