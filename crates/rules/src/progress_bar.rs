//! A download fills the log of the build.
//!
//! ## What it finds
//!
//! `wget` without an option that makes it quiet, gives it another bar or sends its talk to a file.
//!
//! ## Why
//!
//! Without a terminal it writes a line for every 50 kilobytes: thousands for a large file, in which the error is lost.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN wget https://example.org/tool.tar.gz
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! RUN wget -nv https://example.org/tool.tar.gz
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The image is the same with and without. What a log says is a matter of taste, and BusyBox has other options.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "progress-bar";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "wget that writes its progress into the log";
pub(crate) const ALIASES: &[&str] = &["DL3047"];

const LONG: [&str; 5] = ["--progress", "--quiet", "--no-verbose", "--output-file", "--append-output"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model).into_iter().filter(|run| run.program() == Some("wget")) {
        let is_quiet = |word: &str| {
            let name = word.split('=').next().unwrap_or_default();
            let cluster = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            LONG.contains(&name) || word == "-nv" || cluster.is_some_and(|letters| letters.contains(['q', 'o', 'a']))
        };
        if !run.arguments().any(is_quiet) {
            let message = "`wget` writes thousands of lines of progress into the log";
            findings.push(Finding::new(run.place(), message, "write `wget -nv` or `--progress=dot:giga`"));
        }
    }
    findings
}
