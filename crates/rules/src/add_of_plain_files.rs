//! Plain files are added with an instruction that can do more.
//!
//! ## What it finds
//!
//! ADD of local files whose names are not those of archives.
//!
//! ## Why
//!
//! ADD fetches what looks like an address and unpacks what is an archive, whatever its name. COPY does what is meant here, and nothing
//! else on the day that the file changes.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! ADD entrypoint.sh /usr/local/bin/
//! ADD rootfs.tar.gz /
//! ADD https://example.org/tool /usr/local/bin/tool
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! ADD unpacks an archive under any name, so the two are the same only for files whose content is known.

use dockopt_model::copy::is_remote;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "add-of-plain-files";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "ADD where COPY would do";
pub(crate) const ALIASES: &[&str] = &["DL3020"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let Body::Add(copy) = &step.instruction.body else { continue };
        let is_plain = |source: &str| {
            let source = source.trim_matches(['"', '\'']);
            !is_remote(source) && !source.contains("<<") && !source.starts_with('$') && !look::is_archive(source)
        };
        if copy.sources.iter().any(|source| is_plain(&source.text)) {
            findings.push(Finding::new(step.place(), "ADD fetches and unpacks, which is not meant here", "write COPY"));
        }
    }
    findings
}
