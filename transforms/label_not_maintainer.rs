//! Writes a label in place of MAINTAINER.
//!
//! ## What it does
//!
//! Writes `LABEL org.opencontainers.image.authors="…"` where `MAINTAINER …` stands.
//!
//! ## Why
//!
//! MAINTAINER is deprecated. A label of this name is what registries and scanners read, and it can be overridden like any other label.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! MAINTAINER Ada Example <ada@example.org>
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! LABEL org.opencontainers.image.authors="Ada Example <ada@example.org>"
//! ```
//!
//! ## Safety
//!
//! Unsafe: the image loses its `author` field and gets the label. The rest of it stays the same, which is proven.

use dockopt_model::Setting;
use dockopt_syntax::{Body, Edit, Escape, Keyword};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, in_case_of};

pub(crate) const NAME: &str = "label-not-maintainer";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "write a label in place of MAINTAINER";
pub(crate) const ALIASES: &[&str] = &["DL4000", "MaintainerDeprecated"];
pub(crate) const EXPECTS: &[Expected] = &[];

/// The label for authors of the OCI image specification (annotations.md).
const AUTHORS: &str = "org.opencontainers.image.authors";

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = cx.model.stages.iter();
    stages.flat_map(|stage| stage.instructions.clone().filter_map(|at| look_at(cx, stage.instructions.clone(), at))).collect()
}

fn look_at(cx: &Cx<'_>, stage: std::ops::Range<usize>, at: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let instruction = &tree.instructions[at];
    let Body::Maintainer(who) = &instruction.body else { return None };
    let declined = |reason: &str| Some(Declined::proposal(instruction.keyword_span, reason));
    let is_labelled = |one: usize| matches!(&tree.instructions[one].body, Body::Label(pairs) if pairs.iter().any(|pair| pair.key.text == AUTHORS));
    let is_repeated = |one: usize| one != at && matches!(tree.instructions[one].body, Body::Maintainer(_));
    if stage.clone().any(is_labelled) {
        return declined("the stage has a label for its authors already");
    }
    if stage.clone().any(is_repeated) {
        return declined("the stage has several, of which only the last one counts");
    }
    if !instruction.inner_comments.is_empty() {
        return declined("a comment stands inside it");
    }
    let text = format!("{} {AUTHORS}={}", in_case_of(instruction.keyword_text(&tree.text), Keyword::Label), quoted(&who.text, tree.escape));
    let span = instruction.code_span(&tree.text);
    let edit = Edit { span, text };
    let reason = "MAINTAINER is deprecated; the image has this label then, and no longer an `author` field";
    let mut rewrite = Rewrite::safe("write a label in place of MAINTAINER", reason, instruction.keyword_span, vec![edit]).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.settings = vec![Setting::Author, Setting::Label(AUTHORS.to_owned())];
    Some(Proposal::Rewrite(rewrite))
}

/// A text that the builder reads as it is, in double quotes.
fn quoted(text: &str, escape: Escape) -> String {
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        if matches!(c, '"' | '$') || c == escape.char() {
            quoted.push(escape.char());
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
