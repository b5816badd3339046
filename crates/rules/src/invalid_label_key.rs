//! The key of a label is not as Docker recommends.
//!
//! ## What it finds
//!
//! Keys with other characters than lower-case letters, digits, `.`, `-`, `_` and `/`, that begin or end with none of the letters and
//! digits, that have two separators in a row, or that are in a namespace which Docker keeps for itself (`com.docker.`, `io.docker.`,
//! `org.dockerproject.`).
//!
//! ## Why
//!
//! Tools that look labels up compare letter by letter. Many images have keys such as `Name` all the same, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! LABEL Description="relays mail" org.opencontainers.image.source="https://example.org/relay"
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Somebody may look for the label under the key that it has.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "invalid-label-key";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "a label whose key is not as Docker recommends";
pub(crate) const ALIASES: &[&str] = &["DL3048"];

const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Body::Label(pairs) = &step.instruction.body else { continue };
        for pair in pairs.iter().filter(|pair| !pair.key.text.contains('$')) {
            let key = pair.key.text.trim_matches(['"', '\'']);
            if let Some(why) = fault(key) {
                findings.push(Finding::new(pair.key.span, format!("the key `{key}` {why}"), "take another key"));
            }
        }
    }
    findings
}

fn fault(key: &str) -> Option<&'static str> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if RESERVED.iter().any(|start| key.starts_with(start)) {
        Some("is in a namespace of Docker's own")
    } else if key.contains("..") || key.contains("--") {
        Some("has two separators in a row")
    } else if !key.starts_with(|c: char| c.is_ascii_lowercase()) || !key.ends_with(is_plain) {
        Some("does not begin with a lower-case letter and end with a letter or digit")
    } else if !key.chars().all(|c| is_plain(c) || matches!(c, '.' | '-' | '_' | '/')) {
        Some("has other characters than lower-case letters, digits, `.`, `-`, `_` and `/`")
    } else {
        None
    }
}
