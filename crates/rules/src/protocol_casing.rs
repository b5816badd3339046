//! The protocol of a port has capitals.
//!
//! ## What it finds
//!
//! `EXPOSE 80/TCP`.
//!
//! ## Why
//!
//! The image has it in lower case whatever is written; BuildKit warns of it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! EXPOSE 53/UDP 53/tcp
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! A builder before BuildKit keeps the letters in the image, so that a rewrite could change it there.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "protocol-casing";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a protocol with capitals in EXPOSE";
pub(crate) const ALIASES: &[&str] = &["ExposeProtoCasing"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Body::Expose(ports) = &step.instruction.body else { continue };
        for port in ports {
            let Some((_, protocol)) = port.text.rsplit_once('/').filter(|(_, name)| !name.contains('$')) else { continue };
            let lower = protocol.to_lowercase();
            if protocol != lower {
                let message = format!("the image has `{lower}`, not `{protocol}`");
                findings.push(Finding::new(port.span, message, format!("write `{lower}`")));
            }
        }
    }
    findings
}
