//! EXPOSE maps a port of the host.
//!
//! ## What it finds
//!
//! `EXPOSE 8080:80` and `EXPOSE 127.0.0.1:80:80`.
//!
//! ## Why
//!
//! An image cannot say which port of a host is used: builders drop that part. It is an error in a future release of BuildKit.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM nginx:1.27
//! EXPOSE 8080:80
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! Who wrote it expects a mapping, and has to write it where containers are started: `docker run --publish 8080:80`.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "port-mapping";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a port of the host in EXPOSE, which has no effect";
pub(crate) const ALIASES: &[&str] = &["ExposeInvalidFormat"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Body::Expose(ports) = &step.instruction.body else { continue };
        // A colon inside `${PORT:-80}` maps nothing.
        for port in ports.iter().filter(|port| !port.text.contains('$')) {
            if let Some((host, own)) = port.text.rsplit_once(':') {
                let message = format!("`{host}` has no effect: an image cannot choose the host's side of a port");
                let help = format!("write `EXPOSE {own}`, and map the port where the container is started");
                findings.push(Finding::new(port.span, message, help));
            }
        }
    }
    findings
}
