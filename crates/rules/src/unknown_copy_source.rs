//! COPY takes files from a stage that there is not.
//!
//! ## What it finds
//!
//! `COPY --from=name` where no stage above has this name, and which has no tag or digest either; `--from=3` where there are fewer
//! stages.
//!
//! ## Why
//!
//! A builder takes a name that no stage has for an image of that name and downloads it: the build fails, or copies what a stranger
//! published. Often it is a slip, or a stage that stands further down, from which BuildKit does not copy.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 AS builder
//! RUN go install example.org/app@v1.4.2
//!
//! FROM debian:12
//! COPY --from=build /go/bin/app /usr/local/bin/app
//! COPY --from=busybox:1.36 /bin/busybox /usr/local/bin/busybox
//! ```
//!
//! is found in line 5.
//!
//! ## Why no rewrite
//!
//! It may be an image, or a build context that `--build-context` brings: only the author knows.

use dockopt_model::nearest::nearest;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "unknown-copy-source";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a COPY --from whose name no stage above has";
pub(crate) const ALIASES: &[&str] = &["DL3022"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let stages = &cx.model.stages;
    let mut findings = Vec::new();
    for step in look::steps(cx.model).filter(|step| step.instruction.body.as_copy().is_some()) {
        let Some(flag) = step.instruction.flag("from") else { continue };
        let name = flag.value.as_deref().unwrap_or_default();
        if name.contains([':', '@', '$', '/']) || dockopt_model::stages::named(stages, step.stage, name).is_some() {
            continue;
        }
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        let lower = name.to_lowercase();
        let own = stages[step.stage].name.as_deref() == Some(lower.as_str());
        if own {
            continue;
        }
        let below = stages[step.stage..].iter().find(|stage| stage.name.as_deref() == Some(lower.as_str()));
        let names = stages[..step.stage].iter().filter_map(|stage| stage.name.as_deref());
        let (message, help) = if is_number {
            (format!("there is no stage {name} above"), "name the stage".to_owned())
        } else if let Some(below) = below {
            let line = cx.model.tree.instructions[below.from].lines.start();
            let message = format!("the stage `{name}` begins in line {line}, and a stage copies from those above only");
            (message, "move the stage up".to_owned())
        } else {
            let message = format!("no stage above is called `{name}`, so it is taken for an image");
            let help = match nearest(&lower, names) {
                Some(near) => format!("did you mean `{near}`? An image gets a tag"),
                None => "name a stage, or write the tag of the image".to_owned(),
            };
            (message, help)
        };
        findings.push(Finding::new(flag.span, message, help));
    }
    findings
}
