//! The image does not say how to see whether it works.
//!
//! ## What it finds
//!
//! A final stage without HEALTHCHECK, in itself or in a stage that it starts from.
//!
//! ## Why
//!
//! Docker restarts and Compose waits by it. Kubernetes has probes of its own and takes no notice, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM nginx:1.27
//! COPY site /usr/share/nginx/html
//! ```
//!
//! is found in line 1.
//!
//! ```dockerfile
//! FROM nginx:1.27
//! COPY site /usr/share/nginx/html
//! HEALTHCHECK CMD curl -f http://localhost/
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! How the program tells that it is well is not written in the file; one that checks the wrong thing restarts healthy containers.

use dockopt_model::stages;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "missing-healthcheck";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "no HEALTHCHECK";
pub(crate) const ALIASES: &[&str] = &["DL3057"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let (model, Some(last)) = (cx.model, cx.model.stages.len().checked_sub(1)) else { return Vec::new() };
    let mut own = stages::lineage(&model.stages, last).flat_map(|of| model.stages[of].instructions.clone());
    if own.any(|at| matches!(model.tree.instructions[at].body, Body::Healthcheck(_))) {
        return Vec::new();
    }
    let from = &model.tree.instructions[model.stages[last].from];
    let help = "say with HEALTHCHECK how to see whether it works, or that there is none (`HEALTHCHECK NONE`)";
    vec![Finding::new(from.keyword_span, "nothing says how to see whether the program works", help)]
}
