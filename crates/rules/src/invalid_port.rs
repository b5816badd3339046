//! EXPOSE names a port that there is not.
//!
//! ## What it finds
//!
//! Ports above 65535.
//!
//! ## Why
//!
//! Such a port cannot be opened, and newer builders refuse it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM nginx:1.27
//! EXPOSE 80 80443
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Which port was meant is up to the author.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "invalid-port";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a port above 65535";
pub(crate) const ALIASES: &[&str] = &["DL3011"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Body::Expose(ports) = &step.instruction.body else { continue };
        for port in ports {
            let ends = port.text.split('/').next().unwrap_or_default().split(['-', ':']);
            let is_number = |end: &&str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
            let too_high = ends.filter(is_number).find(|end| end.parse::<u16>().is_err());
            if let Some(end) = too_high {
                findings.push(Finding::new(port.span, format!("there is no port {end}"), "name one up to 65535"));
            }
        }
    }
    findings
}
