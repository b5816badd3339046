//! Writes sources of COPY as they are found: below the build context.
//!
//! ## What it does
//!
//! Removes `../` from the beginning of a source of COPY or ADD.
//!
//! ## Why
//!
//! Nothing above the build context can be copied. `BuildKit` starts at the root of the context instead and copies what lies there, so
//! the path only looks as if it led somewhere else; the classic builder refuses it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM nginx:1.27
//! COPY ../site/index.html /usr/share/nginx/html/
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM nginx:1.27
//! COPY site/index.html /usr/share/nginx/html/
//! ```
//!
//! ## Safety
//!
//! Safe: where the file builds at all, the same file is copied. A source with a variable, in quotes or in a list is left.

use dockopt_model::gopath;
use dockopt_syntax::{Copy, Edit, Form, Instruction};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "no-relative-copy-source";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "write sources of COPY as they are found below the build context";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    cx.model.tree.instructions.iter().filter_map(look_at).collect()
}

fn look_at(instruction: &Instruction) -> Option<Proposal> {
    let copy = instruction.body.as_copy()?;
    let above = |text: &str| text.starts_with("../") || text == "..";
    if !copy.sources.iter().any(|source| above(&source.text)) {
        return None;
    }
    let place = instruction.keyword_span;
    if instruction.flag("from").is_some() || instruction.flag("parents").is_some() || copy.form == Form::Json {
        return Some(Declined::proposal(place, "`..` stands in a list, or in a copy of another sort"));
    }
    edits(copy, above).map_or_else(
        || Some(Declined::proposal(place, "a source with `..` has a variable, a quote or an escape in it")),
        |edits| {
            let title = "write the source as it is found in the build context";
            let reason = "nothing above the build context can be copied; `..` stops at its root";
            Rewrite::safe(title, reason, place, edits).ok().map(Proposal::Rewrite)
        },
    )
}

fn edits(copy: &Copy, above: impl Fn(&str) -> bool) -> Option<Vec<Edit>> {
    let edits = copy.sources.iter().filter(|source| above(&source.text)).map(|source| {
        let is_plain = !source.text.contains(['$', '"', '\'', '\\', '`']);
        let inner = gopath::clean(&format!("/{}", source.text)).trim_start_matches('/').to_owned();
        let end = if source.text.ends_with('/') { "/" } else { "" };
        let text = if inner.is_empty() { ".".to_owned() } else { inner + end };
        is_plain.then_some(Edit { span: source.span, text })
    });
    edits.collect()
}
