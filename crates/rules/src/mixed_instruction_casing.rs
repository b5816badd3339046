//! Instructions are written in upper and in lower case.
//!
//! ## What it finds
//!
//! Each instruction that is written in another case than most of the file, or in a mixture of both.
//!
//! ## Why
//!
//! It means the same. Who looks for `RUN` by eye or with a search misses `run`.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! run apt-get update
//! COPY app /srv/app
//! Cmd ["/srv/app"]
//! ```
//!
//! is found in lines 2, 4.
//!
//! ## Why no rewrite
//!
//! A machine can write it anew; this rule is for the lines that are kept from it.

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "mixed-instruction-casing";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "instructions in upper and in lower case";
pub(crate) const ALIASES: &[&str] = &["ConsistentInstructionCasing"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    // BuildKit counts from the first FROM on.
    let first = cx.model.stages.first().map_or(0, |stage| stage.from);
    let words: Vec<_> = tree.instructions[first..].iter().map(|one| (one.keyword_span, one.keyword_text(&tree.text))).collect();
    let lower = words.iter().filter(|(_, word)| *word == word.to_lowercase()).count();
    let upper = words.iter().filter(|(_, word)| *word == word.to_uppercase()).count();
    let mut findings = Vec::new();
    for (span, word) in words {
        let (wanted, case) = if lower > upper { (word.to_lowercase(), "lower") } else { (word.to_uppercase(), "upper") };
        if word != wanted {
            let message = format!("`{word}` stands in a file whose instructions are in {case} case");
            findings.push(Finding::new(span, message, format!("write `{wanted}`")));
        }
    }
    findings
}
