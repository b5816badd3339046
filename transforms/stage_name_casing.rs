//! Writes names of stages in small letters.
//!
//! ## What it does
//!
//! Writes the name behind `AS` in small letters, and so wherever the file refers to the stage.
//!
//! ## Why
//!
//! Names of stages are found in any case, and names of images are in small letters only. One spelling shows that the same stage is
//! meant. `BuildKit` warns about the others.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 AS Builder
//! WORKDIR /src
//! COPY . .
//! RUN go build -o /bin/server
//!
//! FROM debian:12-slim
//! COPY --from=Builder /bin/server /bin/server
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM golang:1.22 AS builder
//! WORKDIR /src
//! COPY . .
//! RUN go build -o /bin/server
//!
//! FROM debian:12-slim
//! COPY --from=builder /bin/server /bin/server
//! ```
//!
//! ## Safety
//!
//! Safe: `--target` and `--from` find a stage in any case. A stage from which another one starts is left, since other programs may take
//! the name in FROM for that of an image.

use dockopt_model::{Stage, stages};
use dockopt_syntax::{Body, Edit};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "stage-name-casing";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "write names of stages in small letters";
pub(crate) const ALIASES: &[&str] = &["StageNameCasing"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    (0..cx.model.stages.len()).filter_map(|stage| look_at(cx, stage)).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize) -> Option<Proposal> {
    let Body::From { alias: Some(alias), .. } = &cx.model.tree.instructions[cx.model.stages[stage].from].body else { return None };
    let name = alias.name.text.as_str();
    let lower = name.to_lowercase();
    if lower == name {
        return None;
    }
    let mut edits = vec![Edit { span: alias.name.span, text: lower.clone() }];
    let references = stages::references(cx.model.tree, &cx.model.stages, stage);
    let starts_from = |later: &Stage| matches!(&cx.model.tree.instructions[later.from].body, Body::From { image, .. } if references.contains(&image.span));
    if cx.model.stages.iter().any(starts_from) {
        let reason = "another stage starts from it; programs that read FROM lines may take the name for that of an image, in the letters that it has";
        return Some(Declined::proposal(alias.name.span, reason));
    }
    edits.extend(references.into_iter().map(|span| Edit { span, text: lower.clone() }));
    let title = format!("write the stage's name as `{lower}`");
    let reason = format!("a stage is found in any case, so `{name}` and `{lower}` are one; one spelling shows it");
    Rewrite::safe(title, reason, alias.name.span, edits).ok().map(Proposal::Rewrite)
}
