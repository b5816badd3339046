//! Why a forge did not do what it was asked. Must never hold a credential.

use crate::failure;

/// A failure to learn or do something on a forge.
pub type Failure = failure::Failure<Kind>;

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such thing, or the token may not see it.
    Missing,
    /// The token is none, or may not do this.
    Denied,
    /// Things are not as they were when they were looked at.
    Conflict,
    /// It may have been done, and nobody said so.
    Lost,
    /// The forge wants fewer requests for longer than is waited for, or the user allowed no more.
    TooMany,
    /// Nobody answers.
    Unreachable,
    /// The answer cannot be used, or the request could not.
    Unusable,
}

impl Failure {
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unusable, message, "try again later; if it stays so, tell who runs this forge")
    }

    /// Things on the forge change faster than they are looked at, or it does not keep what it is told.
    pub fn endless() -> Self {
        Self::unusable("the forge does not come to what it is told")
    }

    /// Whether it may help to look again and go on from what is there.
    pub fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Conflict | Kind::Lost)
    }
}
