//! FROM and AS are written in different cases.
//!
//! ## What it finds
//!
//! `FROM … as` and `from … AS`.
//!
//! ## Why
//!
//! It means the same, and reads as if it did not.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 as build
//! RUN go env
//! ```
//!
//! is found in line 1.
//!
//! ## Why no rewrite
//!
//! A machine can write it anew; this rule is for the lines that are kept from it.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "from-as-casing";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "FROM and AS in different cases";
pub(crate) const ALIASES: &[&str] = &["FromAsCasing"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let from = &tree.instructions[stage.from];
        let Body::From { alias: Some(alias), .. } = &from.body else { continue };
        let (keyword, written) = (from.keyword_text(&tree.text), alias.keyword.of(&tree.text));
        let wanted = if keyword == keyword.to_uppercase() {
            written.to_uppercase()
        } else if keyword == keyword.to_lowercase() {
            written.to_lowercase()
        } else {
            continue;
        };
        if written != wanted {
            let message = format!("`{written}` is written in another case than `{keyword}`");
            findings.push(Finding::new(alias.keyword, message, format!("write `{wanted}`")));
        }
    }
    findings
}
