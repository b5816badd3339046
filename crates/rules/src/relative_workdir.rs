//! The first WORKDIR of a stage is relative.
//!
//! ## What it finds
//!
//! A WORKDIR without a leading `/` before which the stage, or the stage that it starts from, has set none.
//!
//! ## Why
//!
//! It is relative to the working directory of the base image. When a new release of that image has another one, everything lands
//! elsewhere.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:22
//! WORKDIR app
//! COPY . .
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM node:22
//! WORKDIR /srv
//! WORKDIR app
//! COPY . .
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Where the working directory of the base image is known, the path can be written out; where it is not, only the author knows it.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "relative-workdir";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a WORKDIR that depends on the base image";
pub(crate) const ALIASES: &[&str] = &["DL3000", "WorkdirRelativePath"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model) {
        let Body::Workdir(word) = &step.instruction.body else { continue };
        if look::is_relative(&word.text) && !look::has_workdir(cx.model, step.stage, step.index) {
            let message = format!("`{}` is relative to the working directory of the base image", word.text);
            findings.push(Finding::new(word.span, message, "write the whole path"));
        }
    }
    findings
}
