//! What a project decided that rules ask for. It reads no configuration.

use std::collections::BTreeMap;

/// Settings of rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The registries that images may come from, `*` at one end being a wildcard; all when empty.
    pub registries: Vec<String>,
    /// The labels that an image has, each with what its value is.
    pub labels: BTreeMap<String, LabelKind>,
    /// Which labels there may be.
    pub others: Others,
}

/// Which labels there may be besides those that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Others {
    /// Any.
    #[default]
    Any,
    /// None.
    None,
}

/// What the value of a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// Any text that is not empty.
    Text,
    /// An address with a scheme.
    Url,
    /// A date with a time, by RFC 3339.
    Time,
    /// A licence expression of SPDX.
    Licence,
    /// A commit of git, 7 to 40 hexadecimal digits.
    Commit,
    /// A version by Semantic Versioning.
    Version,
    /// An address of e-mail.
    Email,
}
