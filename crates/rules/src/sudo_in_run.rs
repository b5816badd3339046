//! A step asks for rights that it has.
//!
//! ## What it finds
//!
//! `sudo` in a RUN.
//!
//! ## Why
//!
//! RUN runs as the user that USER names, mostly root. `sudo` cleans the environment, wants a terminal in some configurations, and is
//! one more program that can give root to whoever breaks in.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM ubuntu:24.04
//! RUN sudo mkdir /srv/app
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! What `sudo` changes for the command (variables, home, the user) may be what its author wants; where nothing depends on it, there is a
//! rewrite.

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "sudo-in-run";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::Runs;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "sudo in a RUN";
pub(crate) const ALIASES: &[&str] = &["DL3004"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let runs = look::runs(cx.model);
    let sudo = runs.iter().filter(|run| run.first_word() == Some("sudo"));
    sudo.map(|run| {
        let message = "`sudo` gives what USER gives, and leaves a way to root in the image";
        Finding::new(run.place(), message, "set USER above this step, and back below it")
    })
    .collect()
}
