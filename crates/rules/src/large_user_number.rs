//! A user with a large number makes a large file.
//!
//! ## What it finds
//!
//! `useradd` with a number of six digits or more and without `--no-log-init`.
//!
//! ## Why
//!
//! It notes the login times of all users in `/var/log/lastlog` and `/var/log/faillog`, by number: with a large one these are files of
//! gigabytes with a hole, which some builders write out in full.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN useradd --uid 1234567 app
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! RUN useradd --no-log-init --uid 1234567 app
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Without the entry the image has other files, and newer systems have no such files at all.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "large-user-number";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "useradd with a large number, which makes a large file";
pub(crate) const ALIASES: &[&str] = &["DL3046"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for run in look::runs(cx.model).into_iter().filter(|run| run.program() == Some("useradd")) {
        let words: Vec<&str> = run.arguments().collect();
        let cluster = |word: &str, letter: char| word.starts_with('-') && !word.starts_with("--") && word.contains(letter);
        if words.iter().any(|word| *word == "--no-log-init" || cluster(word, 'l')) {
            continue;
        }
        let behind = words.windows(2).filter(|pair| pair[0] == "--uid" || pair[0].ends_with('u') && cluster(pair[0], 'u')).map(|pair| pair[1]);
        let inside = words.iter().filter_map(|word| word.strip_prefix("--uid=").or_else(|| word.strip_prefix("-u")));
        let is_large = |number: &str| number.len() > 5 && number.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(number) = behind.chain(inside).find(|number| is_large(number)) {
            let message = format!("`useradd` writes a log with room for {number} users");
            findings.push(Finding::new(run.place(), message, "write `useradd --no-log-init`, or take a smaller number"));
        }
    }
    findings
}
