//! Why a registry gave no answer that can be used: what happened, and what to do. Must never hold a credential.

use crate::problem::Problem;

/// A failure to learn something from a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure.
    pub kind: Kind,
    /// What happened, as one clause.
    pub message: String,
    /// What the user can do.
    pub help: String,
}

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such image.
    Missing,
    /// The registry wants to know who asks, or knows and refuses.
    Denied,
    /// The registry wants fewer questions.
    TooMany,
    /// Nobody answers.
    Unreachable,
    /// The answer cannot be used.
    Unusable,
    /// The name is pinned to the image for one platform, and its tag lists several.
    OnePlatform,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: help.into() }
    }

    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unusable, message, "try again later; if it stays so, tell who runs this registry")
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::error(failure.message, failure.help)
    }
}
