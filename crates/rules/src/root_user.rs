//! The image is left as root.
//!
//! ## What it finds
//!
//! A stage that becomes an image and whose last USER is root.
//!
//! ## Why
//!
//! A program that is broken into does as root whatever the container may do.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM jenkins/jenkins:2.462.1
//! USER root
//! RUN apt-get update && apt-get install -y make
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM jenkins/jenkins:2.462.1
//! USER root
//! RUN apt-get update && apt-get install -y make
//! USER jenkins
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The other user has to be there and has to own what the program writes; where a machine can show that, there is a rewrite.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "root-user";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a last USER that is root";
pub(crate) const ALIASES: &[&str] = &["DL3002"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut last = vec![None; cx.model.stages.len()];
    for step in look::own_steps(cx.model) {
        if let Body::User(word) = &step.instruction.body {
            last[step.stage] = Some(word);
        }
    }
    let mut findings = Vec::new();
    for (stage, word) in cx.model.stages.iter().zip(last) {
        let Some(word) = word.filter(|_| stage.ships) else { continue };
        if matches!(word.text.split(':').next(), Some("root" | "0")) {
            findings.push(Finding::new(word.span, "the program runs as root", "go back to another user at the end"));
        }
    }
    findings
}
