//! A stage downloads with two programs.
//!
//! ## What it finds
//!
//! `wget` and `curl` in the RUNs of one stage.
//!
//! ## Why
//!
//! Both have to be installed and kept up to date, where one would do. Where the base image brings both it costs nothing, so this rule
//! waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN wget -q https://example.org/tool
//! RUN curl -fsSLO https://example.org/data
//! ```
//!
//! is found in line 3.
//!
//! ## Why no rewrite
//!
//! The two have different options and different answers to errors and redirects.

use std::collections::BTreeSet;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "wget-and-curl";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "wget and curl in one stage";
pub(crate) const ALIASES: &[&str] = &["DL4001"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut seen: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut told = BTreeSet::new();
    let runs = look::runs(cx.model);
    let mut findings = Vec::new();
    for run in &runs {
        let Some((name, other)) = [("wget", "curl"), ("curl", "wget")].into_iter().find(|(name, _)| run.program() == Some(name)) else {
            continue;
        };
        seen.insert((run.step.stage, name));
        if seen.contains(&(run.step.stage, other)) && told.insert(run.step.index) {
            let message = format!("this stage downloads with `{other}` and with `{name}`");
            findings.push(Finding::new(run.place(), message, "take one of the two"));
        }
    }
    findings
}
