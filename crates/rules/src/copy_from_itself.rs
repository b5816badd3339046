//! A stage copies from itself.
//!
//! ## What it finds
//!
//! `COPY --from` with the name of the stage that it stands in.
//!
//! ## Why
//!
//! A stage is not there before it is built, so the build fails.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 AS build
//! COPY --from=build /go/bin/app /usr/local/bin/app
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Which stage was meant, or whether a RUN with `cp` was, is up to the author.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "copy-from-itself";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a stage that copies from itself, where the build fails";
pub(crate) const ALIASES: &[&str] = &["DL3023"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let stages = &cx.model.stages;
    let mut findings = Vec::new();
    for step in look::steps(cx.model).filter(|step| step.instruction.body.as_copy().is_some()) {
        let Some(flag) = step.instruction.flag("from") else { continue };
        let name = flag.value.as_deref().unwrap_or_default().to_lowercase();
        let is_earlier = stages[..step.stage].iter().any(|stage| stage.name.as_deref() == Some(name.as_str()));
        if !is_earlier && stages[step.stage].name.as_deref() == Some(name.as_str()) {
            let message = format!("`{name}` is the stage that this line is part of");
            findings.push(Finding::new(flag.span, message, "name an earlier stage, or copy with `cp` in a RUN"));
        }
    }
    findings
}
