//! A stage has a name that means something else to the builder.
//!
//! ## What it finds
//!
//! Stages called `scratch` or `context`.
//!
//! ## Why
//!
//! `FROM scratch` is the empty image, and `context` is the build context; a stage of that name cannot be used, or hides what everybody
//! takes it for.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM alpine:3.20 AS scratch
//! RUN apk add --no-cache ca-certificates
//! ```
//!
//! is found in line 1.
//!
//! ## Why no rewrite
//!
//! What is built with `--target` is not written in the file, so a new name is up to the author.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "reserved-stage-name";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a stage called `scratch` or `context`";
pub(crate) const ALIASES: &[&str] = &["DL3063", "ReservedStageName"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let Body::From { alias: Some(alias), .. } = &tree.instructions[stage.from].body else { continue };
        if let Some(name) = stage.name.as_deref().filter(|name| ["scratch", "context"].contains(name)) {
            let message = format!("`{name}` means something else to the builder");
            findings.push(Finding::new(alias.name.span, message, "give the stage another name"));
        }
    }
    findings
}
