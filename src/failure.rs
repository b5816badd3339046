//! Why something on the network did not do what it was asked: what happened, and what to do. Which sorts of failure there are is a
//! matter of whom was asked. Must never hold a credential.

use crate::problem::Problem;

/// A failure to learn or do something, of one of the sorts `K`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure<K> {
    /// What sort of failure.
    pub kind: K,
    /// What happened, as one clause.
    pub message: String,
    /// What the user can do.
    pub help: String,
}

impl<K> Failure<K> {
    pub(crate) fn new(kind: K, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: help.into() }
    }
}

impl<K> From<Failure<K>> for Problem {
    fn from(failure: Failure<K>) -> Self {
        Self::error(failure.message, failure.help)
    }
}
