//! Two stages have one name.
//!
//! ## What it finds
//!
//! Each `FROM … AS name` whose name an earlier stage has, in any case of letters.
//!
//! ## Why
//!
//! `COPY --from=name` and `--target name` mean one of the two, and which one depends on where they stand.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 AS build
//! RUN go env
//!
//! FROM node:22 AS build
//! RUN node --version
//! ```
//!
//! is found in line 4.
//!
//! ## Why no rewrite
//!
//! What is built with `--target` is not written in the file, so nobody but the author can give one of them another name.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "duplicate-stage-name";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a name that two stages have";
pub(crate) const ALIASES: &[&str] = &["DL3024", "DuplicateStageName"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let stages = &cx.model.stages;
    let mut findings = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let (Some(name), Body::From { alias: Some(alias), .. }) = (&stage.name, &cx.model.tree.instructions[stage.from].body) else {
            continue;
        };
        if let Some(first) = stages[..at].iter().find(|earlier| earlier.name.as_ref() == Some(name)) {
            let line = cx.model.tree.instructions[first.from].lines.start();
            let message = format!("the stage in line {line} is called `{name}`, too");
            findings.push(Finding::new(alias.name.span, message, "give each stage a name of its own"));
        }
    }
    findings
}
