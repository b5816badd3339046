//! Writes ENV and LABEL with an equals sign.
//!
//! ## What it does
//!
//! Writes `ENV key value` as `ENV key=value`, in quotes where the value has blanks; LABEL likewise.
//!
//! ## Why
//!
//! Without the equals sign the rest of the line is the value, so a second pair becomes a part of the first one. `BuildKit` warns about it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME /srv/app
//! ENV JAVA_OPTS -Xmx512m -Xms256m
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME=/srv/app
//! ENV JAVA_OPTS="-Xmx512m -Xms256m"
//! ```
//!
//! ## Safety
//!
//! Safe: the value is the same after quotes and variables, which is proven. A value that mixes blanks with quotes or escapes is left.

use dockopt_syntax::{Body, Edit, Instruction, Pair, Span};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "modern-env";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "write ENV and LABEL with an equals sign";
pub(crate) const ALIASES: &[&str] = &["LegacyKeyValueFormat"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    cx.model.tree.instructions.iter().filter_map(|one| look_at(cx, one)).collect()
}

fn look_at(cx: &Cx<'_>, instruction: &Instruction) -> Option<Proposal> {
    let text = &cx.model.tree.text;
    let (Body::Env(pairs) | Body::Label(pairs)) = &instruction.body else { return None };
    let [Pair { key, value: Some(value) }] = pairs.as_slice() else { return None };
    let gap = Span::new(key.span.end, value.span.start);
    if value.span.start < key.span.end || gap.of(text).contains('=') {
        return None;
    }
    if gap.of(text).contains(['\n', '#']) || !is_plain_key(&key.text) {
        return Some(Declined::proposal(instruction.keyword_span, "name and value stand on different lines, or the name is an odd one"));
    }
    let Some(quote) = quoting(&value.text, cx.model.tree.escape.char()) else {
        let reason = "its value mixes blanks with quotes or escapes, which mean other things behind an equals sign";
        return Some(Declined::proposal(instruction.keyword_span, reason));
    };
    let edits = vec![
        Edit { span: gap, text: format!("={quote}") },
        Edit { span: Span::at(value.span.end), text: quote.to_owned() },
    ];
    let edits = edits.into_iter().filter(|edit| !(edit.span.is_empty() && edit.text.is_empty())).collect();
    let title = format!("write `{}={quote}…{quote}`", key.text);
    let reason = "without the equals sign the whole rest of the line is one value, and builders warn about that form";
    Rewrite::safe(title, reason, instruction.keyword_span, edits).ok().map(Proposal::Rewrite)
}

/// Letters that need no thought in a name.
fn is_plain_key(key: &str) -> bool {
    key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

/// The quote that keeps a value as it is behind an equals sign; empty where it needs none.
fn quoting(value: &str, escape: char) -> Option<&'static str> {
    let is_whole = |quote: char| {
        value.len() > 1 && value.starts_with(quote) && value.ends_with(quote) && value.matches(quote).count() == 2 && !value.contains(escape)
    };
    if !value.contains(char::is_whitespace) || is_whole('"') || is_whole('\'') {
        return Some("");
    }
    (!value.contains(['"', '\'', escape])).then_some("\"")
}
