//! FROM asks for the platform that it gets anyway.
//!
//! ## What it finds
//!
//! `FROM --platform=$TARGETPLATFORM`.
//!
//! ## Why
//!
//! It is what every FROM does without a flag, so the flag only makes a reader wonder.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM --platform=$TARGETPLATFORM debian:12
//! RUN uname -m
//! ```
//!
//! is found in line 1.
//!
//! ## Why no rewrite
//!
//! Builders before BuildKit know no such variable and refuse the line, so there is no image of theirs to keep the same.

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "redundant-platform";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "FROM --platform=$TARGETPLATFORM, which every FROM means";
pub(crate) const ALIASES: &[&str] = &["DL3065", "RedundantTargetPlatform"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let Some(flag) = cx.model.tree.instructions[stage.from].flag("platform") else { continue };
        if matches!(flag.value.as_deref(), Some("$TARGETPLATFORM" | "${TARGETPLATFORM}")) {
            findings.push(Finding::new(flag.span, "every FROM is for the target platform", "take the flag out"));
        }
    }
    findings
}
