//! An author is named by an instruction that is deprecated.
//!
//! ## What it finds
//!
//! Each `MAINTAINER`.
//!
//! ## Why
//!
//! It was deprecated with Docker 1.13. It fills a field of the image that few tools show, where a label can be read with all others.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! MAINTAINER Ada Lovelace <ada@example.org>
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! LABEL org.opencontainers.image.authors="Ada Lovelace <ada@example.org>"
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The field of the image would be empty, and whoever reads it there has to know.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "maintainer";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "MAINTAINER, which is deprecated";
pub(crate) const ALIASES: &[&str] = &["DL4000", "MaintainerDeprecated"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let found = look::steps(cx.model).filter(|step| matches!(step.instruction.body, Body::Maintainer(_)));
    found
        .map(|step| {
            Finding::new(
                step.place(),
                "MAINTAINER is deprecated",
                "write a label: LABEL org.opencontainers.image.authors=\"…\"",
            )
        })
        .collect()
}
