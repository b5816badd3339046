//! A package manager may ask, and nobody answers.
//!
//! ## What it finds
//!
//! Installs, upgrades and removals without the option that answers questions (`-y`), where no setting answers them either.
//!
//! ## Why
//!
//! A RUN has no terminal. Where the package manager asks, it stops: with an error, or without one and without the packages.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install curl
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Where the failure is hidden, or the answers come from a pipe, the option can bring packages into the image that it lacks today.

use dockopt_model::asking::may_ask;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "unanswered-question";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a package manager that may ask, and nobody answers";
pub(crate) const ALIASES: &[&str] = &["DL3014", "DL3030", "DL3034", "DL3038"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model) {
        let Some(invocation) = run.script.recognize(run.simple) else { continue };
        if may_ask(cx.model, run.step.index, &run.script.args(run.simple), &invocation) {
            let switch = invocation.action.and_then(|action| action.assume_yes.first());
            let message = format!("{} may ask here, and a build has nobody to answer", invocation.tool.title);
            let help = switch.map_or_else(|| "answer it by an option".to_owned(), |switch| format!("write `{switch}`"));
            findings.push(Finding::new(run.place(), message, help));
        }
    }
    findings
}
