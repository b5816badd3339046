//! Who speaks to a forge: a token, or an application that gets itself one. Neither is ever shown or written.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use ureq::tls::PrivateKey;

use super::failure::{Failure, Kind};

/// A secret that a forge takes.
#[derive(Clone)]
pub struct Token(String);

/// An application of GitHub with its key.
#[derive(Clone)]
pub struct App {
    id: String,
    key: Token,
}

/// Who speaks.
#[derive(Debug, Clone)]
pub enum Login {
    /// Whoever has this token.
    Token(Token),
    /// An application, by a token for each owner who installed it.
    App(App),
}

impl Token {
    /// A token as it is handed over: without the line end that files have.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl App {
    /// The application of this number or client name, with its private key as GitHub gave it: PEM.
    pub fn new(id: &str, key: Token) -> Self {
        Self { id: id.trim().to_owned(), key }
    }

    /// The header with which it speaks for itself: a token of ten minutes that it signs. GitHub asks for a begin in the past, since
    /// clocks differ.
    pub(super) fn authorization(&self) -> Result<String, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({"iat": now.saturating_sub(60), "exp": now + 540, "iss": self.id});
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encoded(&json!({"alg": "RS256", "typ": "JWT"})), encoded(&claims));
        Ok(format!("Bearer {text}.{}", URL_SAFE_NO_PAD.encode(self.signature(text.as_bytes())?)))
    }

    fn signature(&self, text: &[u8]) -> Result<Vec<u8>, Failure> {
        let unusable = || {
            Failure::new(
                Kind::Denied,
                "the private key of the GitHub App cannot be used",
                "give the file that GitHub made: it begins with `-----BEGIN RSA PRIVATE KEY-----`",
            )
        };
        let key = PrivateKey::from_pem(self.key.secret().as_bytes()).map_err(|_| unusable())?;
        // GitHub's own files are PKCS#1; tools make PKCS#8 of them.
        let der = key.der();
        let pair =
            RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der)).map_err(|_| unusable())?;
        let mut signature = vec![0; pair.public().modulus_len()];
        let signed = pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
        signed.map(|()| signature).map_err(|_| unusable())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(a secret)")
    }
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the app {}", self.id)
    }
}
