//! Several files are copied to one name.
//!
//! ## What it finds
//!
//! COPY and ADD with more than one source whose destination does not end in `/`.
//!
//! ## Why
//!
//! A builder takes a name for a folder only with `/` at its end. BuildKit puts the files one over the other, so that only the last is
//! left under that name, unless a folder is there; the builder before it refuses the line.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:22
//! COPY package.json package-lock.json /srv/app
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM node:22
//! COPY package.json package-lock.json /srv/app/
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! With `/` the image is another one, and where the folder is there already nothing is wrong with the files.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "many-files-to-one";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "several files for a destination without `/`, of which one may be left";
pub(crate) const ALIASES: &[&str] = &["DL3021"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Some(copy) = step.instruction.body.as_copy() else { continue };
        let to = copy.destination.text.trim_matches(['"', '\'']);
        // What a variable ends in is not written here, and `.` is a folder.
        let is_folder = to.ends_with(['/', '\\']) || to == "." || to.ends_with("/.");
        if copy.sources.len() > 1 && !is_folder && !to.contains('$') {
            let count = copy.sources.len();
            let message = format!("unless `{to}` is a folder already, only the last of {count} files is left there");
            findings.push(Finding::new(copy.destination.span, message, format!("write `{to}/`")));
        }
    }
    findings
}
