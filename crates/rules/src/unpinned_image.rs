//! An image is named without a version.
//!
//! ## What it finds
//!
//! Images in FROM, `COPY --from` and mounts that have neither a tag nor a digest, and those with the tag `latest`.
//!
//! ## Why
//!
//! `latest` is whatever was published last: the same file builds another image tomorrow, and breaks on the day of a new major version.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node
//! COPY --from=busybox:latest /bin/busybox /usr/local/bin/busybox
//! ```
//!
//! is found in lines 1, 2.
//!
//! ```dockerfile
//! FROM node:22
//! COPY --from=busybox:1.36 /bin/busybox /usr/local/bin/busybox
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Which version was tested is not written in the file. `dockopt pin` asks the registry what `latest` is today, and writes that.

use dockopt_model::images;
use dockopt_model::reference::LATEST;
use dockopt_syntax::DirectiveKind;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "unpinned-image";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an image without a version";
pub(crate) const ALIASES: &[&str] = &["DL3006", "DL3007"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut directives = cx.model.tree.directives.iter();
    let syntax = directives.find(|directive| directive.kind == DirectiveKind::Syntax).map(|directive| directive.span);
    let mut findings = Vec::new();
    for used in images::used(cx.model).into_iter().filter(|used| Some(used.at) != syntax) {
        let Ok(image) = used.reference else { continue };
        let (message, alias) = match (&image.tag, &image.digest) {
            (_, Some(_)) => continue,
            (None, _) => (format!("`{}` has no tag, so it is whatever was published last", image.name()), "DL3006"),
            (Some(tag), _) if tag == LATEST => {
                (format!("`{LATEST}` of `{}` is whatever was published last", image.name()), "DL3007")
            }
            _ => continue,
        };
        findings.push(Finding::new(used.at, message, "name a version, or let `dockopt pin` write the one of today").known_as(&[alias]));
    }
    findings
}
