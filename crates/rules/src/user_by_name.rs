//! The user of the image is a name.
//!
//! ## What it finds
//!
//! A USER that is not a number, in a stage that becomes an image.
//!
//! ## Why
//!
//! Kubernetes can see only of a number that it is not root (`runAsNonRoot`), and a name means whatever `/etc/passwd` of the image says.
//! Elsewhere names read better, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:22
//! USER node
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM node:22
//! USER 1000
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Which number a name has is known for few images, and a number without a name lacks a home and a prompt.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "user-by-name";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "a USER that is not a number";
pub(crate) const ALIASES: &[&str] = &["DL3066"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model) {
        let Body::User(word) = &step.instruction.body else { continue };
        let user = word.text.split(':').next().unwrap_or_default();
        if !user.contains('$') && !user.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("whether `{user}` is root can be seen only inside the image");
            findings.push(Finding::new(word.span, message, "write its number"));
        }
    }
    findings
}
