//! A comment keeps a linter from a line.
//!
//! ## What it finds
//!
//! `# hadolint ignore=…`.
//!
//! ## Why
//!
//! Projects that want one list of exceptions keep it in a configuration; this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! # hadolint ignore=DL3008
//! RUN apt-get update && apt-get install -y curl
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Where the exception goes, or whether it is still one, is up to the author.

use dockopt_syntax::ItemKind;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "inline-pragma";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "a comment that keeps a linter from a line";
pub(crate) const ALIASES: &[&str] = &["DL1001"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let comments = tree.items.iter().filter(|item| item.kind == ItemKind::Comment);
    let is_pragma = |text: &str| {
        let text = text.trim_start().trim_start_matches('#').trim_start();
        text.strip_prefix("hadolint").is_some_and(|rest| rest.trim_start().starts_with("ignore"))
    };
    comments
        .filter(|item| is_pragma(item.span.of(&tree.text)))
        .map(|item| Finding::new(item.span, "this comment is an exception from the rules", "put it into the configuration"))
        .collect()
}
