//! A blank line stands inside an instruction.
//!
//! ## What it finds
//!
//! Each blank line behind a continuation, so that the instruction goes on below it.
//!
//! ## Why
//!
//! It looks like the end of the instruction and is none. BuildKit warns of it and says that it will be an error.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update \
//!
//!  && apt-get install -y curl
//! ```
//!
//! is found in line 3.
//!
//! ## Why no rewrite
//!
//! A machine can take the line out; this rule is for the lines that are kept from it.

use dockopt_syntax::Span;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "empty-continuation";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a blank line inside an instruction";
pub(crate) const ALIASES: &[&str] = &["NoEmptyContinuation"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let blanks = cx.model.tree.instructions.iter().flat_map(|one| &one.inner_blanks);
    blanks
        .map(|blank| {
            let message = "the instruction goes on below this blank line, which will be an error one day";
            Finding::new(Span::at(blank.start), message, "take the blank line out")
        })
        .collect()
}
