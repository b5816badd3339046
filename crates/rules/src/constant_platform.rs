//! FROM asks for one platform, whatever is built.
//!
//! ## What it finds
//!
//! `FROM --platform=linux/amd64` and other constants, unless the name of the stage says the system or the architecture.
//!
//! ## Why
//!
//! `docker build --platform` then builds an image that says one architecture and holds another. Who has another machine waits for an
//! emulator.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM --platform=linux/amd64 debian:12
//! RUN uname -m
//! ```
//!
//! is found in line 1.
//!
//! ```dockerfile
//! FROM --platform=$BUILDPLATFORM golang:1.22 AS build
//! RUN go env
//!
//! FROM --platform=linux/arm64 debian:12 AS linux-arm64
//! RUN uname -m
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The constant may be there since the program exists for that platform only.

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "constant-platform";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "FROM with one platform, whatever is built";
pub(crate) const ALIASES: &[&str] = &["DL3029", "FromPlatformFlagConstDisallowed"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let Some(flag) = cx.model.tree.instructions[stage.from].flag("platform") else { continue };
        let platform = flag.value.as_deref().unwrap_or_default();
        let name = stage.name.as_deref().unwrap_or_default();
        let says_so = platform.split('/').take(2).any(|part| !part.is_empty() && name.contains(part));
        if !platform.contains('$') && !says_so {
            let message = format!("this stage is `{platform}` whatever platform is built");
            let help = "let the build say it (`--platform`, `platform:` in Compose), or name the stage after the platform";
            findings.push(Finding::new(flag.span, message, help));
        }
    }
    findings
}
