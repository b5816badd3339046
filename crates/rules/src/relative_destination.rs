//! Files are copied to a place that the base image decides.
//!
//! ## What it finds
//!
//! COPY to a relative destination, `.` included, in a stage before any WORKDIR.
//!
//! ## Why
//!
//! The destination is relative to the working directory of the base image, which is mostly `/`: the project lies between `bin` and
//! `etc`, or elsewhere when a new release of that image has another one.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12
//! COPY . .
//! CMD ["python", "app.py"]
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM python:3.12
//! WORKDIR /srv/app
//! COPY . .
//! CMD ["python", "app.py"]
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! With a WORKDIR the files are elsewhere than they were, and whoever starts or mounts something there has to know.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "relative-destination";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a COPY whose destination depends on the base image";
pub(crate) const ALIASES: &[&str] = &["DL3045"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model) {
        let Body::Copy(copy) = &step.instruction.body else { continue };
        let to = &copy.destination.text;
        if look::is_relative(to) && !look::has_workdir(cx.model, step.stage, step.index) {
            let message = format!("`{to}` is below the working directory of the base image");
            findings.push(Finding::new(step.place(), message, "set a WORKDIR above, or write the whole path"));
        }
    }
    findings
}
