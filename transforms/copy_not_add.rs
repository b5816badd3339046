//! Copies files with COPY where ADD does nothing more.
//!
//! ## What it does
//!
//! Writes COPY for an ADD of files and folders of the build context that are no archives.
//!
//! ## Why
//!
//! ADD also fetches from the network and unpacks archives. COPY says that nothing of the kind happens.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20-slim
//! WORKDIR /app
//! ADD . .
//! RUN npm ci
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM node:20-slim
//! WORKDIR /app
//! COPY . .
//! RUN npm ci
//! ```
//!
//! ## Safety
//!
//! Safe: folders are copied by both in the same way, and a file only where the build context shows that it is a text, which ADD cannot
//! unpack. URLs, git repositories, archives, patterns and files that cannot be looked at stay with ADD.

use dockopt_model::copy::{self, Copied};
use dockopt_model::gopath;
use dockopt_syntax::{Body, Edit, Keyword};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, in_case_of};

pub(crate) const NAME: &str = "copy-not-add";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "copy files with COPY where ADD does nothing more";
pub(crate) const ALIASES: &[&str] = &["DL3020"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = 0..cx.model.stages.len();
    stages.flat_map(|stage| cx.model.stages[stage].instructions.clone().filter_map(move |at| look_at(cx, stage, at))).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize) -> Option<Proposal> {
    let (model, tree) = (cx.model, cx.model.tree);
    let instruction = &tree.instructions[at];
    let Body::Add(add) = &instruction.body else { return None };
    if add.sources.iter().any(|source| copy::is_remote(&source.text)) {
        return None;
    }
    let declined = |reason: String| Some(Declined::proposal(instruction.keyword_span, reason));
    if add.sources.iter().any(|source| gopath::has_wildcard(&source.text)) {
        return declined("what its pattern takes may be an archive one day".to_owned());
    }
    let image = model.image_before(stage, at, 0);
    if let Copied::Opaque { reason, .. } = copy::follow(tree, instruction, model.stages[stage].state(at), model.context, image.folders()) {
        return declined(reason);
    }
    let text = in_case_of(instruction.keyword_text(&tree.text), Keyword::Copy);
    let edit = Edit { span: instruction.keyword_span, text };
    let reason = "ADD also fetches and unpacks; nothing here is an archive or comes from the network";
    Rewrite::safe("write COPY for ADD", reason, instruction.keyword_span, vec![edit]).ok().map(Proposal::Rewrite)
}
