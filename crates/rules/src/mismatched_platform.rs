//! The image is for another platform than the one that is asked for.
//!
//! ## What it finds
//!
//! FROM with a constant platform and an image whose repository holds another architecture alone, such as `arm64v8/debian`.
//!
//! ## Why
//!
//! The builder takes the image that there is and warns: the stage runs by an emulator or not at all.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM --platform=linux/amd64 arm64v8/debian:12
//! RUN uname -m
//! ```
//!
//! is found in line 1.
//!
//! ## Why no rewrite
//!
//! One of the two is wrong, and which one is up to the author. For other images only a registry knows their platforms.

use dockopt_model::reference::{HUB, Reference};
use dockopt_model::{Known, Parent};

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "mismatched-platform";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an image for another platform than FROM asks for";
pub(crate) const ALIASES: &[&str] = &["InvalidBaseImagePlatform"];

/// The accounts of Docker Hub that hold the official images of one architecture, with its name as a platform
/// (README of docker-library/official-images, "Architectures other than amd64?").
const ARCHITECTURES: [(&str, &str); 9] = [
    ("amd64", "amd64"),
    ("arm32v5", "arm"),
    ("arm32v6", "arm"),
    ("arm32v7", "arm"),
    ("arm64v8", "arm64"),
    ("i386", "386"),
    ("ppc64le", "ppc64le"),
    ("riscv64", "riscv64"),
    ("s390x", "s390x"),
];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let from = &cx.model.tree.instructions[stage.from];
        let (Some(flag), Parent::Image { name: Known::Is(name), .. }) = (from.flag("platform"), &stage.parent) else { continue };
        let asked = flag.value.as_deref().unwrap_or_default();
        let Some(architecture) = asked.strip_prefix("linux/").and_then(|rest| rest.split('/').next()) else { continue };
        let Ok(image) = Reference::parse(name) else { continue };
        let account = image.repository.split('/').next().filter(|_| image.registry == HUB);
        let held = ARCHITECTURES.iter().find(|(of, _)| Some(*of) == account);
        if let Some((_, held)) = held.filter(|(_, held)| *held != architecture && !architecture.contains('$')) {
            let message = format!("`{name}` is for linux/{held}, and this line asks for `{asked}`");
            findings.push(Finding::new(flag.span, message, "take the image or the platform that is meant"));
        }
    }
    findings
}
