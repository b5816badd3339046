//! Keeps settings of package installs out of the environment of containers.
//!
//! ## What it does
//!
//! Declares a variable that only installs need with ARG in place of ENV.
//!
//! ## Why
//!
//! What ENV sets is there in each container. People who open a shell in one, and images that build on it, then get installs that ask
//! nothing and answer for them.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! ENV DEBIAN_FRONTEND=noninteractive
//! RUN apt-get update && apt-get install -y tzdata
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! ARG DEBIAN_FRONTEND=noninteractive
//! RUN apt-get update && apt-get install -y tzdata
//! ```
//!
//! ## Safety
//!
//! Unsafe: the environment of the image is without the variable. The steps of the build see the same value, which is proven, unless
//! somebody gives a build argument of that name.

use dockopt_model::Setting;
use dockopt_syntax::{Body, Edit, Instruction, Keyword, Pair, Span};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, in_case_of};

pub(crate) const NAME: &str = "silent-debconf";
pub(crate) const PHASE: Phase = Phase::Runtime;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "keep settings of package installs out of the environment of containers";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = cx.model.stages.iter();
    let all = stages.flat_map(|stage| stage.instructions.clone());
    all.filter_map(|at| look_at(cx, &cx.model.tree.instructions[at])).collect()
}

fn look_at(cx: &Cx<'_>, instruction: &Instruction) -> Option<Proposal> {
    let Body::Env(pairs) = &instruction.body else { return None };
    let tools = cx.model.toolbox.tools();
    let is_meant = |pair: &Pair| tools.iter().any(|tool| tool.build_variables.contains(&pair.key.text));
    let at = pairs.iter().position(is_meant)?;
    let (name, text) = (&pairs[at].key.text, &cx.model.tree.text);
    let value = pairs[at].value.as_ref()?;
    let gap = Span::new(pairs[at].key.span.end, value.span.start);
    if gap.of(text) != "=" || !instruction.inner_comments.is_empty() {
        let reason = format!("`{name}` stands beside a comment, or without an equals sign");
        return Some(Declined::proposal(instruction.keyword_span, reason));
    }
    let arg = in_case_of(instruction.keyword_text(text), Keyword::Arg);
    let edits = if pairs.len() == 1 {
        vec![Edit { span: instruction.keyword_span, text: arg }]
    } else {
        let line = format!("{arg} {name}={}{}", value.span.of(text), cx.model.tree.newline());
        let own = match pairs.get(at + 1) {
            Some(next) => Span::new(pairs[at].key.span.start, next.key.span.start),
            None => Span::new(end(&pairs[at - 1]), value.span.end),
        };
        vec![Edit { span: Span::at(instruction.span.start), text: line }, Edit { span: own, text: String::new() }]
    };
    let reason = format!("installs see `{name}` as before, and containers no longer do");
    let mut rewrite = Rewrite::safe(format!("declare `{name}` for the build alone"), reason, instruction.keyword_span, edits).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.settings = vec![Setting::Variable(name.clone())];
    Some(Proposal::Rewrite(rewrite))
}

fn end(pair: &Pair) -> usize {
    pair.value.as_ref().map_or(pair.key.span.end, |value| value.span.end)
}
