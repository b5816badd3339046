//! A step runs a command that makes no sense while an image is built.
//!
//! ## What it finds
//!
//! `service`, `shutdown`, `mount`, `ssh`, editors, and programs that watch or end processes (`ps`, `top`, `free`, `kill`).
//!
//! ## Why
//!
//! A build has no machine: nothing runs in it but the step itself, a service that it starts ends with the step, and nobody sits at a
//! terminal.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM ubuntu:24.04
//! RUN apt-get update && apt-get install -y nginx && service nginx start
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! What the command was for, such as a service that the next command of the same step needs, is not written in the file.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "command-without-machine";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "service, mount, top and others in a build";
pub(crate) const ALIASES: &[&str] = &["DL3001"];

const COMMANDS: [&str; 9] = ["free", "kill", "mount", "ps", "service", "shutdown", "ssh", "top", "vim"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model) {
        let Some(name) = run.program().filter(|name| COMMANDS.contains(name)) else { continue };
        let message = format!("`{name}` acts on a running machine, and a build has none");
        let help = "take it out, or start it when the container starts";
        findings.push(Finding::new(run.place(), message, help));
    }
    findings
}
