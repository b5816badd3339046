//! What all that is sent by HTTP has in common: TLS and whom to trust, proxies, times, and where a credential may go: never over
//! plain HTTP except on this machine. Must not send anything.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_mins(1);

/// A scheme with a host and a port: what an authorization is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    /// Host, perhaps with a port.
    pub(crate) authority: String,
}

/// How a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTPS.
    Https,
}

impl Origin {
    /// The origin and path of a URL, if it may be asked: HTTPS, or HTTP on this machine.
    pub(crate) fn of_url(url: &str) -> Option<(Self, String)> {
        let uri: Uri = url.parse().ok()?;
        let scheme = match uri.scheme_str()? {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let authority = uri.authority()?.as_str().to_ascii_lowercase();
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let allowed = scheme == Scheme::Https || is_loopback(&authority);
        (allowed && !authority.contains('@')).then_some((Self { scheme, authority }, path))
    }

    /// Whether what is sent there cannot be read by others.
    pub(crate) fn is_private(&self) -> bool {
        self.scheme == Scheme::Https
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.is_private() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority)
    }
}

/// Whether a host is this machine, where Docker takes plain HTTP, too.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A client for one host. It follows no redirect, and an error status is an answer.
pub(crate) fn agent(authority: &str) -> Agent {
    // Nothing on this machine is reached through a proxy.
    let proxy = if is_loopback(authority) { None } else { Proxy::try_from_env() };
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted(authority))).build();
    let config: Config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .tls_config(tls)
        .user_agent(concat!("dockopt/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE))
        .build();
    config.new_agent()
}

/// The system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), and those that Docker was given for this host.
fn trusted(authority: &str) -> Vec<Certificate<'static>> {
    static SYSTEM: OnceLock<Vec<Certificate<'static>>> = OnceLock::new();
    let system = SYSTEM.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs().certs;
        found.iter().map(|certificate| Certificate::from_der(certificate.as_ref()).to_owned()).collect()
    });
    let own = Path::new("/etc/docker/certs.d").join(authority);
    let files = std::fs::read_dir(own).into_iter().flatten().flatten().map(|entry| entry.path());
    let texts = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "crt"))
        .filter_map(|path| std::fs::read(path).ok());
    let added = texts.flat_map(|text| parse_pem(&text).collect::<Vec<_>>()).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    system.iter().cloned().chain(added).collect()
}

/// Whoever panicked while it held the lock has changed nothing that matters here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the reason begins where a certificate is not trusted.
pub(crate) const UNTRUSTED: &str = "its certificate is not trusted";

/// The error without what may hold a credential: the address of a proxy can.
pub(crate) fn shown(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::Timeout(_) => "it takes too long".to_owned(),
        ureq::Error::Io(error) if is_certificate(error) => UNTRUSTED.to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => format!("{UNTRUSTED}: {error}"),
        ureq::Error::Tls(why) => (*why).to_owned(),
        ureq::Error::Protocol(_) => "it does not speak HTTP".to_owned(),
        ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => {
            "the proxy does not connect".to_owned()
        }
        _ => "the connection failed".to_owned(),
    }
}

fn is_certificate(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData && error.to_string().contains("certificate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (url, expected) in [
            ("https://a.example/t?x=1", Some("/t?x=1")),
            ("https://a.example", Some("/")),
            ("http://127.0.0.1:5000/t", Some("/t")),
            ("http://localhost/t", Some("/t")),
            ("http://[::1]:5000/t", Some("/t")),
            ("http://a.example/t", None),
            ("http://127.0.0.1.example/t", None),
            ("http://localhost.example/", None),
            ("https://user:word@a.example/", None),
            ("ftp://127.0.0.1/", None),
            ("/t", None),
            ("", None),
        ] {
            assert_eq!(Origin::of_url(url).map(|(_, path)| path).as_deref(), expected, "{url}");
        }
    }
}
