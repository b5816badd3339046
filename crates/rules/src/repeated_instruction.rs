//! An instruction of which only the last one in a stage counts stands there again.
//!
//! ## What it finds
//!
//! Each `CMD`, `ENTRYPOINT` and `HEALTHCHECK` after which the same instruction comes again in the same stage. `HEALTHCHECK NONE` counts
//! as one.
//!
//! ## Why
//!
//! Only the last one is in the image. Whoever reads or edits the first changes nothing.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM nginx:1.27
//! HEALTHCHECK CMD curl -f http://localhost/
//! COPY site /usr/share/nginx/html
//! HEALTHCHECK --interval=1m CMD curl -f http://localhost/health
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! The one without effect may be the one that was meant: only its author knows which of the two has to go.

use std::collections::BTreeMap;

use dockopt_syntax::Keyword;

use crate::look::{self, Step};
use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "repeated-instruction";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a CMD, ENTRYPOINT or HEALTHCHECK without effect, since another one follows";
pub(crate) const ALIASES: &[&str] = &["DL3012", "DL4003", "DL4004", "MultipleInstructionsDisallowed"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut last: BTreeMap<(usize, Keyword), Step<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model) {
        let keyword = step.instruction.keyword;
        let Some(number) = number(keyword) else { continue };
        if let Some(before) = last.insert((step.stage, keyword), step) {
            let (name, line) = (keyword.name(), step.instruction.lines.start());
            let message = format!("this {name} has no effect, since the one in line {line} takes its place");
            findings.push(Finding::new(before.place(), message, "keep the one that is meant").known_as(&[number, "MultipleInstructionsDisallowed"]));
        }
    }
    findings
}

fn number(keyword: Keyword) -> Option<&'static str> {
    match keyword {
        Keyword::Healthcheck => Some("DL3012"),
        Keyword::Cmd => Some("DL4003"),
        Keyword::Entrypoint => Some("DL4004"),
        _ => None,
    }
}
