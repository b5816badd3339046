//! Closes gaps in instructions: blank lines inside a continuation.
//!
//! ## What it does
//!
//! Removes blank lines between the lines of one instruction.
//!
//! ## Why
//!
//! A blank line looks like the end of the instruction and is none. `BuildKit` warns that it will become an error.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && \
//!
//!     apt-get install -y curl && \
//!     rm -rf /var/lib/apt/lists/*
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && \
//!     apt-get install -y curl && \
//!     rm -rf /var/lib/apt/lists/*
//! ```
//!
//! ## Safety
//!
//! Safe: the builder leaves such lines out before it reads the instruction.

use dockopt_syntax::{Edit, Instruction};

use crate::{Class, Cx, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "no-empty-continuations";
pub(crate) const PHASE: Phase = Phase::Surface;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "remove blank lines inside instructions";
pub(crate) const ALIASES: &[&str] = &["NoEmptyContinuation"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let tree = cx.model.tree;
    // At the end of a file a blank line may be all that ends the instruction.
    let has_gap = |one: &&Instruction| !one.inner_blanks.is_empty() && !one.ends_open(&tree.text, tree.escape);
    let with_gaps = tree.instructions.iter().filter(has_gap);
    let rewrites = with_gaps.filter_map(|one| {
        let edits = one.inner_blanks.iter().map(|&span| Edit { span, text: String::new() }).collect();
        let title = match one.inner_blanks.len() {
            1 => "remove the blank line inside this instruction".to_owned(),
            count => format!("remove {count} blank lines inside this instruction"),
        };
        let reason = "it looks like the end of the instruction, and builders will take it for an error one day";
        Rewrite::safe(title, reason, one.keyword_span, edits).ok().map(Proposal::Rewrite)
    });
    rewrites.collect()
}
