//! A step changes its directory by itself.
//!
//! ## What it finds
//!
//! `cd` in a RUN.
//!
//! ## Why
//!
//! The change ends with the RUN, which surprises whoever reads the next one; WORKDIR is seen at once. In a chain of commands `cd` is
//! fine for many, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM gcc:14
//! COPY . /src
//! RUN cd /src && make install
//! ```
//!
//! is found in line 3.
//!
//! ## Why no rewrite
//!
//! WORKDIR holds for all steps below and for the program of the image. It takes the place of `cd` only where nobody can tell.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "cd-in-run";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "cd in a RUN";
pub(crate) const ALIASES: &[&str] = &["DL3003"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let runs = look::runs(cx.model);
    let changes = runs.iter().filter(|run| run.first_word() == Some("cd"));
    changes
        .map(|run| Finding::new(run.place(), "this change of the directory ends with the RUN", "write WORKDIR above"))
        .collect()
}
