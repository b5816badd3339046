//! A whole file system is copied over another.
//!
//! ## What it finds
//!
//! `COPY --from=… / /`.
//!
//! ## Why
//!
//! It replaces the system of the base image file by file, package databases and accounts with it, and doubles the size where it is the
//! same system.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM alpine:3.20 AS build
//! RUN apk add --no-cache curl
//!
//! FROM alpine:3.20
//! COPY --from=build / /
//! ```
//!
//! is found in line 5.
//!
//! ```dockerfile
//! FROM alpine:3.20 AS build
//! RUN apk add --no-cache curl
//!
//! FROM scratch
//! COPY --from=build / /
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Which of the files the image needs is not written in the file.

use dockopt_model::Parent;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "whole-image-copy";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a whole file system copied over another";
pub(crate) const ALIASES: &[&str] = &["DL3067"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in look::steps(cx.model) {
        let (Body::Copy(copy), Some(flag)) = (&step.instruction.body, step.instruction.flag("from")) else { continue };
        let is_root = |path: &str| path.trim_matches(['"', '\'']) == "/";
        // Onto the empty image it makes one layer of many, which is a way to save space.
        let onto_nothing = matches!(cx.model.stages[step.stage].parent, Parent::Scratch);
        if !onto_nothing && is_root(&copy.destination.text) && copy.sources.iter().any(|source| is_root(&source.text)) {
            let message = "the whole file system of another image goes over that of this one";
            findings.push(Finding::new(flag.span, message, "copy the folders that are needed, or begin with `FROM scratch`"));
        }
    }
    findings
}
