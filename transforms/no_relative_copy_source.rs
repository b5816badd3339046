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

use dockopt_model::copy::from_root;
use dockopt_syntax::{Edit, Form, Instruction, Word};

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
    let above: Vec<(&Word, String)> = copy.sources.iter().filter_map(|source| Some((source, from_root(&source.text)?))).collect();
    if above.is_empty() {
        return None;
    }
    let place = instruction.keyword_span;
    if instruction.flag("from").is_some() || instruction.flag("parents").is_some() || copy.form == Form::Json {
        return Some(Declined::proposal(place, "`..` stands in a list, or in a copy of another sort"));
    }
    if above.iter().any(|(source, _)| source.text.contains(['$', '"', '\'', '\\', '`'])) {
        return Some(Declined::proposal(place, "a source with `..` has a variable, a quote or an escape in it"));
    }
    let edits = above.into_iter().map(|(source, text)| Edit { span: source.span, text }).collect();
    let title = "write the source as it is found in the build context";
    let reason = "nothing above the build context can be copied; `..` stops at its root";
    Rewrite::safe(title, reason, place, edits).ok().map(Proposal::Rewrite)
}
