//! What can be wrong with a Dockerfile's syntax. Says what and where; how it is shown is not decided here.

use crate::Span;

/// A place that `BuildKit` would refuse, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Where in the source.
    pub span: Span,
    /// What is wrong, as one clause.
    pub message: String,
    /// What the author can do.
    pub help: String,
}

impl SyntaxError {
    pub(crate) fn new(span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: help.into() }
    }
}
