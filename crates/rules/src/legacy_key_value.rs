//! A variable or label is written without `=`.
//!
//! ## What it finds
//!
//! `ENV key value` and `LABEL key value`.
//!
//! ## Why
//!
//! All of the line is the value, so that a second key, or a comment behind it, silently becomes a part of it. BuildKit keeps the form
//! for old files only.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME /srv/app
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME=/srv/app
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! A machine can write it anew where the value is plain; quotes and backslashes may mean something else in the other form.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "legacy-key-value";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "ENV or LABEL without `=`";
pub(crate) const ALIASES: &[&str] = &["LegacyKeyValueFormat"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let text = &cx.model.tree.text;
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let (Body::Env(pairs) | Body::Label(pairs)) = &step.instruction.body else { continue };
        let [pair] = &pairs[..] else { continue };
        let Some(value) = &pair.value else { continue };
        // In the old form blanks stand between the two.
        let between = &text[pair.key.span.end..value.span.start.max(pair.key.span.end)];
        if !between.contains('=') {
            let name = step.instruction.keyword.name();
            let key = &pair.key.text;
            let message = format!("without `=`, all that follows `{key}` is its value");
            findings.push(Finding::new(step.place(), message, format!("write `{name} {key}=…`")));
        }
    }
    findings
}
