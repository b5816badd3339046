//! HTTP to one forge: JSON both ways, the token, waiting when told to, and how much is sent. A request that only asks is sent again
//! where that may help; one that does something is never sent twice. Must not know what is asked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, LOCATION};
use ureq::http::{HeaderMap, Method, Request};

use super::failure::{Failure, Kind};
use crate::http::{self, Origin};

/// A longer answer is none.
const MOST_BYTES: u64 = 32 << 20;
/// How often a request is sent that only asks.
const MOST_TRIES: u32 = 4;
/// The wait where a forge asks for one and does not say how long; GitHub's page on rate limits asks for at least this.
const SECONDARY_WAIT: Duration = Duration::from_mins(1);
/// A renamed repository redirects once.
const MOST_REDIRECTS: usize = 3;

/// How much is sent, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time between two requests that do something. GitHub asks for a second.
    pub pause: Duration,
    /// The longest wait for a forge that wants fewer requests. After that it is a failure.
    pub longest_wait: Duration,
    /// The first wait before asking again where a forge is out of order, or not as it was seen.
    pub first_wait: Duration,
    /// The most requests of all.
    pub most_calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(1),
            longest_wait: Duration::from_mins(5),
            first_wait: Duration::from_secs(1),
            most_calls: usize::MAX,
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// What the forge says of it: its message, and those of single fields.
    pub(super) fn message(&self) -> String {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let errors = self.body.get("errors").and_then(Value::as_array).into_iter().flatten();
        let of_error = |error: &Value| error.get("message").and_then(text).or_else(|| text(error));
        let main =
            ["message", "error", "error_description"].into_iter().find_map(|key| match self.body.get(key) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Null) | None => None,
                Some(other) => Some(other.to_string()),
            });
        main.into_iter().chain(errors.filter_map(of_error)).collect::<Vec<_>>().join(": ")
    }

    /// The path of the next page, if it is at the same place.
    pub(super) fn next_page(&self, origin: &Origin) -> Option<String> {
        let next = self.header("link")?.split(',').find(|part| part.contains("rel=\"next\""))?;
        let url = next.split_once('<')?.1.split_once('>')?.0;
        let (place, path) = Origin::of_url(url)?;
        (place == *origin).then_some(path)
    }
}

/// A connection to a forge.
pub(super) struct Transport {
    pub(super) origin: Origin,
    agent: Agent,
    /// Headers of every request.
    headers: Vec<(&'static str, &'static str)>,
    pub(super) limits: Limits,
    calls: AtomicUsize,
    last_write: Mutex<Option<Instant>>,
}

impl Transport {
    pub(super) fn new(origin: Origin, headers: Vec<(&'static str, &'static str)>, limits: Limits) -> Self {
        let agent = http::agent(&origin.authority);
        Self { origin, agent, headers, limits, calls: AtomicUsize::new(0), last_write: Mutex::new(None) }
    }

    /// How many requests were sent.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Asks, again if need be, and follows a repository to its new name on the same host.
    pub(super) fn get(&self, path: &str, authorization: &str) -> Result<Answer, Failure> {
        let mut path = path.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.patiently(&path, authorization)?;
            if !matches!(answer.status, 301 | 302 | 307 | 308) {
                return Ok(answer);
            }
            let target =
                answer.headers.get(LOCATION).and_then(|place| place.to_str().ok()).and_then(Origin::of_url);
            match target.filter(|(origin, _)| *origin == self.origin) {
                Some((_, next)) => path = next,
                None => break,
            }
        }
        Err(Failure::unusable(format!(
            "{} redirects to a place that dockopt does not follow to",
            self.origin.authority
        )))
    }

    fn patiently(&self, path: &str, authorization: &str) -> Result<Answer, Failure> {
        let mut wait = self.limits.first_wait;
        let mut tries = 1;
        loop {
            let result = self.limited(&Method::GET, path, authorization, None);
            let may_help = match &result {
                Ok(answer) => answer.status >= 500,
                Err(failure) => matches!(failure.kind, Kind::Unreachable | Kind::Lost),
            };
            if !may_help || tries == MOST_TRIES {
                return match result {
                    Ok(answer) if answer.status >= 500 => Err(self.out_of_order(answer.status)),
                    Err(failure) if failure.kind == Kind::Lost => {
                        Err(Failure { kind: Kind::Unreachable, ..failure })
                    }
                    result => result,
                };
            }
            thread::sleep(wait);
            tries += 1;
            wait *= 2;
        }
    }

    /// Does something. If the answer is lost, it may be done.
    pub(super) fn tell(
        &self,
        method: &Method,
        path: &str,
        authorization: &str,
        body: &Value,
    ) -> Result<Answer, Failure> {
        if let Some(last) = *http::lock(&self.last_write) {
            thread::sleep(self.limits.pause.saturating_sub(last.elapsed()));
        }
        let result = self.limited(method, path, authorization, Some(body));
        *http::lock(&self.last_write) = Some(Instant::now());
        match result? {
            answer if answer.status >= 500 => {
                Err(Failure { kind: Kind::Lost, ..self.out_of_order(answer.status) })
            }
            answer => Ok(answer),
        }
    }

    /// Sends a request; again only where the forge refused it for being one too many, which did nothing.
    fn limited(
        &self,
        method: &Method,
        path: &str,
        authorization: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let mut waited = Duration::ZERO;
        loop {
            let answer = self.once(method, path, authorization, body)?;
            let Some(wait) = asked_wait(&answer) else { return Ok(answer) };
            waited += wait;
            if waited > self.limits.longest_wait {
                return Err(Failure::new(
                    Kind::TooMany,
                    format!(
                        "{} wants fewer requests for {} more seconds",
                        self.origin.authority,
                        wait.as_secs()
                    ),
                    "run it again later: what is done stays done; an installation of a GitHub App has a limit of its own",
                ));
            }
            thread::sleep(wait);
        }
    }

    fn once(
        &self,
        method: &Method,
        path: &str,
        authorization: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        if self.calls.fetch_add(1, Ordering::SeqCst) >= self.limits.most_calls {
            self.calls.fetch_sub(1, Ordering::SeqCst);
            return Err(Failure::new(
                Kind::TooMany,
                format!("{} requests were sent, and no more are allowed", self.limits.most_calls),
                "run it again, or allow more with --max-calls",
            ));
        }
        let mut request = Request::builder().method(method.clone()).uri(self.origin.url(path));
        for (key, value) in &self.headers {
            request = request.header(*key, *value);
        }
        if !authorization.is_empty() {
            request = request.header(AUTHORIZATION, authorization);
        }
        let malformed =
            || Failure::unusable(format!("no request to {} can be made of this", self.origin.authority));
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|_| malformed())?)
            }
            None => self.agent.run(request.body(()).map_err(|_| malformed())?),
        };
        let (parts, body) = sent.map_err(|error| self.unanswered(&error))?.into_parts();
        let bytes = body.into_with_config().limit(MOST_BYTES).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Failure::unusable(format!(
                "the answer of {} is longer than {MOST_BYTES} bytes",
                self.origin.authority
            )),
            error => self.unanswered(&error),
        })?;
        // What is not JSON is the page of a proxy or no text at all; the status says enough.
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    fn unanswered(&self, error: &ureq::Error) -> Failure {
        let why = http::shown(error);
        let (kind, help) = match error {
            ureq::Error::HostNotFound => {
                (Kind::Unreachable, "check the name and the network; behind a proxy set HTTPS_PROXY")
            }
            _ if why.starts_with(http::UNTRUSTED) => (
                Kind::Unreachable,
                "if it has a certificate of your own authority, name that in SSL_CERT_FILE",
            ),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                (Kind::Unreachable, "check that it runs, and the address")
            }
            _ => (Kind::Lost, "run it again: it goes on from what is there"),
        };
        Failure::new(kind, format!("{} does not answer: {why}", self.origin.authority), help)
    }

    fn out_of_order(&self, status: u16) -> Failure {
        let message = format!("{} is out of order ({status})", self.origin.authority);
        Failure::new(Kind::Unreachable, message, "run it again later: it goes on from what is there")
    }
}

/// How long the forge asks to wait, if that is why it refused.
fn asked_wait(answer: &Answer) -> Option<Duration> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    if let Some(seconds) = answer.number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if answer.number("x-ratelimit-remaining") == Some(0) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let reset = answer.number("x-ratelimit-reset").map_or(SECONDARY_WAIT + now, Duration::from_secs);
        // Clocks differ a little.
        return Some(reset.saturating_sub(now) + Duration::from_secs(1));
    }
    let message = answer.message().to_ascii_lowercase();
    let is_limit = answer.status == 429
        || message.contains("secondary rate limit")
        || message.contains("abuse detection");
    is_limit.then_some(SECONDARY_WAIT)
}
