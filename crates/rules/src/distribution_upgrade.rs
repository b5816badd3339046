//! A step upgrades to another release of the distribution.
//!
//! ## What it finds
//!
//! `zypper dist-upgrade` and `zypper dup`.
//!
//! ## Why
//!
//! It replaces the system of the base image, and which one comes of it depends on the day of the build.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM opensuse/leap:15.6
//! RUN zypper --non-interactive dist-upgrade
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! The base image of the newer release is another image, and may not have what this one has.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "distribution-upgrade";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an upgrade to another release of the distribution";
pub(crate) const ALIASES: &[&str] = &["DL3035"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model).into_iter().filter(|run| run.program() == Some("zypper")) {
        if run.arguments().any(|word| ["dist-upgrade", "dup"].contains(&word)) {
            let message = "this replaces the system of the base image";
            findings.push(Finding::new(run.place(), message, "begin with the image of the newer release"));
        }
    }
    findings
}
