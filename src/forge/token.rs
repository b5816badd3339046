//! Who speaks to a forge: a token, or an application that gets itself one. Neither is ever shown or written.

use std::fmt;

/// A secret that a forge takes.
#[derive(Clone)]
pub struct Token(String);

/// An application of GitHub with its key.
#[derive(Clone)]
pub struct App {
    /// Its number or client name.
    pub id: String,
    /// Its private key, as the forge gave it: PEM.
    pub key: Token,
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
