//! The program of the image is started by a shell that does not hand on signals.
//!
//! ## What it finds
//!
//! Each `CMD` and `ENTRYPOINT` that is not a JSON array, in a stage whose `SHELL` was not chosen by the author. Those of `HEALTHCHECK`
//! are left: they end by themselves.
//!
//! ## Why
//!
//! Without the array the builder puts `/bin/sh -c` in front. Then the shell is the first process of the container. It does not hand on
//! the signal of `docker stop`, so that the program is killed after ten seconds; arguments of `docker run` do not reach it either.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:22
//! COPY server.js /srv/
//! ENTRYPOINT node /srv/server.js
//! ```
//!
//! is found in line 3.
//!
//! ```dockerfile
//! FROM node:22
//! COPY server.js /srv/
//! ENTRYPOINT ["node", "/srv/server.js"]
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Variables, pipes and `&&` need the shell; with `exec` in front of the last command it makes room for the program. Whether somebody
//! relies on the shell is not written in the file.

use dockopt_syntax::{Body, Command};

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "shell-form-command";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a CMD or ENTRYPOINT that a shell starts, which hands on no signals";
pub(crate) const ALIASES: &[&str] = &["DL3025", "JSONArgsRecommended"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut chosen = vec![false; cx.model.stages.len()];
    for step in look::steps(cx.model) {
        match &step.instruction.body {
            Body::Shell(_) => chosen[step.stage] = true,
            Body::Cmd(Command::Shell(_)) | Body::Entrypoint(Command::Shell(_)) if !chosen[step.stage] => {
                let name = step.instruction.keyword.name();
                let text = step.instruction.arguments_text();
                let help = if text.trim_start().starts_with("exec ") {
                    "write a JSON array if it needs no shell"
                } else {
                    "write a JSON array, or `exec` in front of the last command if it needs a shell"
                };
                let message = format!("a shell starts this {name} and hands no signals on to it");
                findings.push(Finding::new(step.place(), message, help));
            }
            _ => {}
        }
    }
    findings
}
