//! Removes a CMD, ENTRYPOINT or HEALTHCHECK that a later one overrides.
//!
//! ## What it does
//!
//! Of several in one stage it leaves the last.
//!
//! ## Why
//!
//! Only the last one counts. The others look as if they ran.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! CMD ["python", "migrate.py"]
//! COPY . .
//! CMD ["python", "serve.py"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! COPY . .
//! CMD ["python", "serve.py"]
//! ```
//!
//! ## Safety
//!
//! Safe: the image has what the last one says. One that a comment describes is left, since the comment would describe something else.

use dockopt_model::layout;
use dockopt_syntax::{Body, Edit, Keyword};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "one-cmd";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "remove a CMD, ENTRYPOINT or HEALTHCHECK that a later one overrides";
pub(crate) const ALIASES: &[&str] = &["DL4003", "DL4004", "DL3012", "MultipleInstructionsDisallowed"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let tree = cx.model.tree;
    let mut proposals = Vec::new();
    for stage in &cx.model.stages {
        for keyword in [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck] {
            let is_meant = |at: &usize| tree.instructions[*at].keyword == keyword && !matches!(tree.instructions[*at].body, Body::Invalid);
            let mut all: Vec<usize> = stage.instructions.clone().filter(is_meant).collect();
            let Some(last) = all.pop() else { continue };
            proposals.extend(all.into_iter().filter_map(|at| remove(cx, keyword, at, last)));
        }
    }
    proposals
}

fn remove(cx: &Cx<'_>, keyword: Keyword, at: usize, last: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let (place, line) = (tree.instructions[at].keyword_span, *tree.instructions[last].lines.start());
    let name = keyword.name();
    if layout::has_comments(tree, at) {
        let reason = format!("the {name} in line {line} overrides it, and a comment describes it; remove both by hand");
        return Some(Declined::proposal(place, reason));
    }
    let edit = Edit { span: layout::whole(tree, at), text: String::new() };
    let reason = format!("the {name} in line {line} overrides it");
    Rewrite::safe(format!("remove the {name} that has no effect"), reason, place, vec![edit]).ok().map(Proposal::Rewrite)
}
