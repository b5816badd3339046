//! COPY names a file that `.dockerignore` leaves out.
//!
//! ## What it finds
//!
//! A source of COPY or ADD that the ignore file of the build excludes. Ignore files with exceptions (`!`) are not looked at.
//!
//! ## Why
//!
//! The file is not sent to the builder, so the build fails as if it were not there.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12
//! COPY requirements.txt settings.env /srv/
//! ```
//!
//! is found in line 2.
//!
//! with the files `requirements.txt`, `settings.env`.
//!
//! with a `.dockerignore` of `*.env`, `.git`.
//!
//! ## Why no rewrite
//!
//! Either the line or the ignore file is wrong, and a file may be left out since it must never be in an image.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "ignored-copy-source";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a file to copy that the ignore file leaves out";
pub(crate) const ALIASES: &[&str] = &["CopyIgnoredFile"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let Some(context) = cx.model.context else { return Vec::new() };
    let ignore = &context.ignore.ignore;
    if context.ignore.text.is_none() || ignore.has_negations() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model).filter(|step| step.instruction.flag("from").is_none()) {
        let Some(copy) = step.instruction.body.as_copy() else { continue };
        for source in &copy.sources {
            let text = source.text.trim_matches(['"', '\'']);
            let path = text.trim_start_matches("./").trim_matches('/');
            let is_plain = !path.is_empty() && !text.contains(['$', '*', '?', '[', '\\', '<', ':']) && !text.contains("..");
            if is_plain && ignore.excludes(path) && !ignore.disputed(path) {
                let message = format!("`{path}` is left out by `{}`, so it is not there to be copied", context.ignore.path);
                findings.push(Finding::new(source.span, message, "take one of the two lines out"));
            }
        }
    }
    findings
}
