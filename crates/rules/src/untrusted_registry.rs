//! An image comes from a registry that the project does not list.
//!
//! ## What it finds
//!
//! Images of FROM, `COPY --from` and mounts from a registry that `registries` in `dockopt.toml` does not name. Without that list it finds
//! nothing. `docker.io` is where names without a registry come from; a `*` at one end of an entry stands for any text.
//!
//! ## Why
//!
//! Companies that check images do so in registries of their own.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM quay.io/centos/centos:stream9
//! COPY --from=registry.example.com/tools/agent:3 /agent /usr/local/bin/agent
//! ```
//!
//! is found in line 1.
//!
//! with the setting `registries = ["docker.io", "*.example.com"]`.
//!
//! ## Why no rewrite
//!
//! Whether the image exists there is not written in the file.

use dockopt_model::images;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "untrusted-registry";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an image from a registry that the project does not list";
pub(crate) const ALIASES: &[&str] = &["DL3026"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let trusted = &cx.settings.registries;
    let mut findings = Vec::new();
    for used in images::used(cx.model).into_iter().filter(|_| !trusted.is_empty()) {
        let Ok(image) = used.reference else { continue };
        if !trusted.iter().any(|pattern| fits(pattern, &image.registry)) {
            let message = format!("`{}` is none of the registries that this project lists", image.registry);
            findings.push(Finding::new(used.at, message, "take the image from one of them"));
        }
    }
    findings
}

fn fits(pattern: &str, registry: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => registry.ends_with(end),
        (None, Some(start)) => registry.starts_with(start),
        (None, None) => registry == pattern,
    }
}
