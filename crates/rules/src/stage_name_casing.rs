//! The name of a stage has capitals.
//!
//! ## What it finds
//!
//! Each `AS Name` that is not all in lower case.
//!
//! ## Why
//!
//! Builders compare names of stages in lower case, and images have lower case names only: a name with capitals is written in one way and
//! known in another.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 AS Builder
//! RUN go env
//! ```
//!
//! is found in line 1.
//!
//! ## Why no rewrite
//!
//! Scripts name stages with `--target`, and some builders compare the letters there.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "stage-name-casing";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a stage whose name has capitals";
pub(crate) const ALIASES: &[&str] = &["StageNameCasing"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let Body::From { alias: Some(alias), .. } = &tree.instructions[stage.from].body else { continue };
        let (written, name) = (&alias.name.text, alias.name.text.to_lowercase());
        if *written != name {
            let message = format!("the stage `{written}` is known as `{name}`");
            findings.push(Finding::new(alias.name.span, message, format!("write `{name}` wherever it is named")));
        }
    }
    findings
}
