//! The shell of the system is replaced by a link.
//!
//! ## What it finds
//!
//! `ln` that makes `/bin/sh` anew.
//!
//! ## Why
//!
//! Every script of the image that asks for `/bin/sh` gets the other shell from then on. SHELL changes the shell of the RUNs, and nothing
//! else.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN ln -sf /bin/bash /bin/sh
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! SHELL ["/bin/bash", "-c"]
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! What the image runs may rely on the link by now.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "relinked-shell";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a link in place of /bin/sh";
pub(crate) const ALIASES: &[&str] = &["DL4005"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model).into_iter().filter(|run| run.program() == Some("ln")) {
        if run.arguments().any(|word| word == "/bin/sh") {
            let message = "every script that asks for `/bin/sh` gets another shell";
            findings.push(Finding::new(run.place(), message, "choose the shell of RUN with SHELL"));
        }
    }
    findings
}
