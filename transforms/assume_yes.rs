//! Lets package managers go on without asking.
//!
//! ## What it does
//!
//! Adds the switch that answers every question with yes to installs, upgrades and removals that do not have it.
//!
//! ## Why
//!
//! A RUN has no terminal. At the first question the package manager reads the end of its input, gives up and fails the build.
//! Whether it asks depends on what the package of today brings with it, so that a build without the switch works until it does not.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install --no-install-recommends curl
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y --no-install-recommends curl
//! ```
//!
//! ## Safety
//!
//! Safe: a build that succeeded was asked nothing, and then the switch does nothing. That needs a failure of the command to be one
//! of the RUN, which is looked at, and a package manager that fails when nobody answers; where the second is not known, the rewrite
//! is unsafe. A command that gets its answers from a pipe or a file is left, and so is one whose failure is lost: packages that its
//! image lacks today would come in.

use dockopt_model::asking::may_ask;
use dockopt_model::respell::{Change, respell};
use dockopt_model::Script;
use dockopt_shell::{Context, Simple};
use dockopt_syntax::Body;
use dockopt_tools::{Invocation, Unanswered};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "assume-yes";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "let package managers go on without asking";
pub(crate) const ALIASES: &[&str] = &["DL3014", "DL3030", "DL3034", "DL3038"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (at, instruction) in cx.model.tree.instructions.iter().enumerate() {
        let (Body::Run(_), Ok(script)) = (&instruction.body, cx.model.script(at)) else { continue };
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
            let invocation = script.recognize(simple).filter(|found| may_ask(cx.model, at, &script.args(simple), found));
            let Some(invocation) = invocation else { return };
            let rewrite = obstacle(script, simple, context, &invocation)
                .map_or_else(|| answer(cx, at, script, simple, &invocation).ok_or("the switch cannot be added here"), Err);
            proposals.push(match rewrite {
                Ok(rewrite) => Proposal::Rewrite(rewrite),
                Err(reason) => Declined::proposal(script.span(&simple.words[0].span), reason),
            });
        });
    }
    proposals
}

/// Why the command stays as it is.
fn obstacle(script: &Script<'_>, simple: &Simple, context: &Context<'_>, invocation: &Invocation<'_>) -> Option<&'static str> {
    if !invocation.complete {
        Some("it may ask, and a word of it is not understood, which may be the switch that answers")
    } else if script.must_succeed(simple) {
        None
    } else if context.subshell || !context.node.redirects.is_empty() {
        Some("it may ask, and something else gives it its input, perhaps the answers, or hides its failure")
    } else {
        Some("where it asks it stops, and the RUN goes on without its packages; with the switch these would come into the image")
    }
}

fn answer(cx: &Cx<'_>, at: usize, script: &Script<'_>, simple: &Simple, invocation: &Invocation<'_>) -> Option<Rewrite> {
    let switch = invocation.action?.assume_yes.first()?;
    let change = if invocation.verb.is_empty() {
        Change::further_options(simple, invocation, &[switch])
    } else {
        Change::options(simple, invocation, &[switch])
    };
    let command = &script.text()[simple.words[invocation.command.start].span.start..change.range.end];
    let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
    let respelled = respell(script, simple, &[change])?;
    let title = format!("let `{command}` go on without asking: `{switch}`");
    let (class, reason) = match invocation.tool.unanswered {
        Unanswered::Fails => (Class::Safe, "a RUN has no terminal, so the build fails as soon as it asks; where it asks nothing, the switch changes nothing"),
        Unanswered::Unknown => (
            Class::Unsafe,
            "a RUN has no terminal, so it installs nothing where it asks, and some versions report no error then: packages may come into the image that it lacks today",
        ),
    };
    let mut rewrite = Rewrite::safe(title, reason, cx.model.tree.instructions[at].keyword_span, respelled.edits).ok()?;
    rewrite.class = class;
    rewrite.commands.respell(respelled.gone, &respelled.new);
    Some(rewrite)
}
