//! Why a registry gave no answer that can be used. Must never hold a credential.

use crate::failure;

/// A failure to learn something from a registry.
pub type Failure = failure::Failure<Kind>;

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
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unusable, message, "try again later; if it stays so, tell who runs this registry")
    }
}
