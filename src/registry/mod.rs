//! Asks registries which image a name stands for, and which tags there are (the OCI Distribution Specification). It downloads
//! no image, and must not decide what is done with an answer.

mod cache;
mod challenge;
mod credentials;
mod failure;
mod quota;
mod token;
mod transport;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dockopt_model::reference::{HUB, Reference, is_digest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ureq::http::{Method, StatusCode};

pub use cache::Cache;
pub use credentials::logins;
pub use failure::{Failure, Kind};

use crate::http::Origin;
use challenge::Challenge;
use credentials::Credential;
use quota::Quotas;
use token::Tokens;
use transport::{Answer, Message, Transport};

/// What an image is described by: the list of platforms or one platform, in the words of OCI or Docker. All four are asked for:
/// a registry that is asked for one takes another for missing, or converts it.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// Where the hub answers.
const HUB_HOST: &str = "registry-1.docker.io";
/// Registries refuse larger manifests, too.
const MOST_MANIFEST_BYTES: usize = 4 << 20;
/// The bytes of one page of tags.
const MOST_PAGE_BYTES: usize = 8 << 20;
/// Pages of tags, each of up to a thousand where the registry does as it is told.
const MOST_PAGES: usize = 100;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// The digest: that of the list of platforms where there is one.
    pub digest: String,
    /// What it describes: a list of platforms, or one.
    pub media_type: String,
}

impl Manifest {
    /// Whether it lists an image for each platform.
    pub fn is_list(&self) -> bool {
        MEDIA_TYPES[..2].contains(&self.media_type.as_str())
    }
}

/// Whether an answer of the last hour will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It will.
    LastHour,
    /// The registry is asked.
    Now,
}

/// How registries are asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The hosts to ask before a registry, by its name.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// The files in which logins are kept.
    pub logins: Vec<PathBuf>,
    /// Where answers are kept.
    pub cache: Cache,
    /// Whether these are good enough.
    pub freshness: Freshness,
}

/// Registries as one run sees them. Each question is asked once.
pub struct Client {
    settings: Settings,
    transport: Transport,
    tokens: Tokens,
    credentials: Once<Option<Credential>>,
    manifests: Once<Manifest>,
    tags: Once<Vec<String>>,
    quotas: Quotas,
}

/// Answers of this run; whoever asks the same meanwhile waits for them.
type Once<T> = Mutex<BTreeMap<String, Arc<OnceLock<Result<T, Failure>>>>>;

/// The place of an answer.
fn cell<T>(known: &Once<T>, question: &str) -> Arc<OnceLock<Result<T, Failure>>> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(question.to_owned()).or_default())
}

impl Client {
    /// A client.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            transport: Transport::default(),
            tokens: Tokens::default(),
            credentials: Mutex::default(),
            manifests: Mutex::default(),
            tags: Mutex::default(),
            quotas: Quotas::default(),
        }
    }

    /// What a name stands for now.
    pub fn manifest(&self, reference: &Reference) -> Result<Manifest, Failure> {
        let version = reference.digest.as_deref().or(reference.effective_tag()).unwrap_or_default();
        self.answer(&self.manifests, &format!("manifest {version}"), reference, &|host| {
            self.ask_manifest(host, reference, version)
        })
    }

    /// The tags of a repository.
    pub fn tags(&self, reference: &Reference) -> Result<Vec<String>, Failure> {
        self.answer(&self.tags, "tags", reference, &|host| self.ask_tags(host, reference))
    }

    /// What the user should know of the registries that were asked: which of them leave few pulls.
    pub fn remarks(&self) -> Vec<String> {
        self.quotas.remarks()
    }

    /// An answer of this run, of the last hour, or of the first host that has one.
    fn answer<T: Clone + Serialize + for<'d> Deserialize<'d>>(
        &self,
        known: &Once<T>,
        what: &str,
        reference: &Reference,
        ask: &dyn Fn(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Settings { mirrors, cache, freshness, .. } = &self.settings;
        let mirrors = mirrors.get(&reference.registry).map(Vec::as_slice).unwrap_or_default();
        let question = format!("{what} of {} by {}", reference.name(), mirrors.join(" "));
        let answer = || {
            let kept = if *freshness == Freshness::LastHour { cache.get(&question) } else { None };
            if let Some(answer) = kept {
                return Ok(answer);
            }
            let own = if reference.registry == HUB { HUB_HOST } else { &reference.registry };
            // What a mirror cannot say, its registry may.
            let answer = mirrors.iter().find_map(|mirror| ask(mirror).ok()).map_or_else(|| ask(own), Ok)?;
            cache.put(&question, &answer);
            Ok(answer)
        };
        cell(known, &question).get_or_init(answer).clone()
    }

    fn ask_manifest(&self, host: &str, reference: &Reference, version: &str) -> Result<Manifest, Failure> {
        let path = format!("/v2/{}/manifests/{version}", reference.repository);
        let accept = MEDIA_TYPES.join(", ");
        // Docker's hub counts a GET as a pull, and no HEAD.
        let head = self.request(host, reference, &Method::HEAD, &path, &accept)?;
        match head.status.as_u16() {
            200 if head.header("docker-content-digest").is_some() => {}
            // The digest is missing, or the registry knows no HEAD.
            200 | 400 | 405 | 501 => {
                let whole = self.request(host, reference, &Method::GET, &path, &accept)?;
                check_status(&whole, host, reference)?;
                return read_manifest(&whole, host, reference);
            }
            _ => check_status(&head, host, reference)?,
        }
        read_manifest(&head, host, reference)
    }

    fn ask_tags(&self, host: &str, reference: &Reference) -> Result<Vec<String>, Failure> {
        #[derive(Deserialize)]
        struct Page {
            tags: Option<Vec<String>>,
        }
        let mut path = format!("/v2/{}/tags/list?n=1000", reference.repository);
        let mut tags = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.request(host, reference, &Method::GET, &path, "application/json")?;
            check_status(&answer, host, reference)?;
            let page: Page = serde_json::from_slice(&answer.body)
                .map_err(|_| Failure::unusable(format!("the list of tags of {host} cannot be read")))?;
            let is_empty = page.tags.as_ref().is_none_or(Vec::is_empty);
            tags.extend(page.tags.unwrap_or_default());
            match next_page(&answer, &self.transport.origin(host)).filter(|next| !is_empty && *next != path) {
                Some(next) => path = next,
                None => return Ok(tags),
            }
        }
        Err(Failure::unusable(format!("the list of tags of {host} does not end")))
    }

    /// Sends a request, and again with what the registry wants to see.
    fn request(
        &self,
        host: &str,
        reference: &Reference,
        method: &Method,
        path: &str,
        accept: &str,
    ) -> Result<Answer, Failure> {
        let origin = self.transport.origin(host);
        let repository = &reference.repository;
        let most_bytes = if path.contains("/tags/list") { MOST_PAGE_BYTES } else { MOST_MANIFEST_BYTES };
        let send = |authorization: Option<&str>| {
            let method = method.clone();
            let message = Message { method, path, accept, authorization, form: None, most_bytes };
            let answer = self.transport.send(&origin, &message)?;
            self.quotas.note(host, &answer);
            Ok::<Answer, Failure>(answer)
        };
        let known = self.tokens.known(&origin, repository);
        let answer = send(known.as_deref())?;
        // Another host than the one that was asked learns nothing of us.
        if answer.status != StatusCode::UNAUTHORIZED || answer.is_redirected {
            return Ok(answer);
        }
        let headers = answer.headers.get_all("www-authenticate");
        let Some(challenge) = Challenge::best(headers.iter().filter_map(|header| header.to_str().ok()))
        else {
            return Ok(answer);
        };
        let credential = self.credential(host, reference)?;
        let header =
            self.tokens.answer(&self.transport, &origin, repository, &challenge, credential.as_ref())?;
        send(Some(&header))
    }

    /// The login for a host: for a registry under its own name, for a mirror under that of the mirror.
    fn credential(&self, host: &str, reference: &Reference) -> Result<Option<Credential>, Failure> {
        let name = if host == HUB_HOST { HUB } else { host };
        let find = || credentials::find(&self.settings.logins, name, &reference.repository);
        cell(&self.credentials, &format!("{name}/{}", reference.repository)).get_or_init(find).clone()
    }
}

/// What another answer than success means.
fn check_status(answer: &Answer, host: &str, reference: &Reference) -> Result<(), Failure> {
    match answer.status.as_u16() {
        200 => Ok(()),
        404 => Err(Failure::new(
            Kind::Missing,
            format!("{host} has no `{reference}`"),
            "check the name and the tag; for a private image log in (`docker login`)",
        )),
        401 | 403 => Err(Failure::new(
            Kind::Denied,
            format!("{host} does not show `{reference}` ({})", answer.status.as_u16()),
            "check the name; if it is right, log in (`docker login`) as somebody who may pull it",
        )),
        other => {
            Err(Failure::unusable(format!("{host} answers with {other} when it is asked for `{reference}`")))
        }
    }
}

fn read_manifest(answer: &Answer, host: &str, reference: &Reference) -> Result<Manifest, Failure> {
    let unusable = |what: &str| Failure::unusable(format!("the answer of {host} about `{reference}` {what}"));
    let media_type = answer.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !MEDIA_TYPES.contains(&media_type) {
        let what = if media_type.contains("manifest.v1+") || media_type == "application/json" {
            "is of schema 1, which today's builders do not pull"
        } else {
            "is no manifest of an image"
        };
        return Err(unusable(what));
    }
    let said = answer.header("docker-content-digest").map(str::trim);
    if said.is_some_and(|digest| !is_digest(digest)) {
        return Err(unusable("has a damaged digest"));
    }
    // The answer to HEAD has no bytes to look at.
    let computed = (!answer.body.is_empty()).then(|| digest_of(&answer.body));
    let digest = match (said, &computed) {
        (Some(said), Some(computed)) if said != computed => {
            return Err(unusable("has another digest than it says"));
        }
        (_, Some(computed)) => computed,
        (Some(said), None) => said,
        (None, None) => return Err(unusable("is empty")),
    };
    if reference.digest.as_deref().is_some_and(|asked| asked != digest) {
        return Err(unusable("has another digest than it was asked for"));
    }
    Ok(Manifest { digest: digest.to_owned(), media_type: media_type.to_owned() })
}

/// The digest of bytes.
fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The next page of a list: a path at the same host (RFC 8288).
fn next_page(answer: &Answer, origin: &Origin) -> Option<String> {
    let link = answer.header("link")?;
    let link = link.split(',').find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    let target = link.split_once('<')?.1.split_once('>')?.0;
    if target.starts_with('/') && !target.starts_with("//") {
        return Some(target.to_owned());
    }
    Origin::of_url(target).filter(|(other, _)| other == origin).map(|(_, path)| path)
}
