//! Installs the named packages with what they need, and without what they only recommend.
//!
//! ## What it does
//!
//! Adds the option with which the package manager of a distribution leaves recommended packages out.
//!
//! ## Why
//!
//! Recommended packages are there for people at a desktop: documentation, compilers, mail servers. They are often larger than the
//! packages that were asked for.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y python3-pip && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! ## Safety
//!
//! Unsafe: packages go that the image may use without naming them. All other commands stay the same, which is proven. Where an
//! option or a setting decides about them already, or where the package manager of the base image may be too old for the option,
//! nothing is changed.

use dockopt_model::respell::{Change, respell};
use dockopt_model::{Script, stages};
use dockopt_shell::Simple;
use dockopt_syntax::Body;
use dockopt_tools::bases::Base;
use dockopt_tools::{Invocation, Lean, Role};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "skip-recommends";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "install packages without those that they only recommend";
pub(crate) const ALIASES: &[&str] = &["DL3015"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate().filter(|(_, stage)| stage.ships) {
        let base = stages::base(&cx.model.stages, stage);
        for at in found.instructions.clone() {
            let (Body::Run(_), Ok(script)) = (&cx.model.tree.instructions[at].body, cx.model.script(at)) else { continue };
            dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
                let Some(invocation) = script.recognize(simple) else { return };
                let Some(lean) = undecided(cx, base, at, script, simple, &invocation) else { return };
                proposals.push(match rewrite(cx, base, at, script, simple, &invocation, lean) {
                    Ok(rewrite) => Proposal::Rewrite(rewrite),
                    Err(reason) => Declined::proposal(script.span(&simple.words[0].span), reason),
                });
            });
        }
    }
    proposals
}

/// How the command can leave out recommended packages, if nothing decides about them yet.
fn undecided<'t>(cx: &Cx<'_>, base: Option<&Base>, at: usize, script: &Script<'_>, simple: &Simple, invocation: &Invocation<'t>) -> Option<&'t Lean> {
    let action = invocation.action.filter(|action| action.role == Role::Install && !invocation.operands.is_empty())?;
    let lean = action.lean.as_ref()?;
    let args = script.args(simple);
    let is_decided = lean.decided_by.iter().any(|options| invocation.says(options, &args)) || cx.model.says_before(at, &lean.settings);
    // A tool that is too old for the option knows no recommended packages.
    (!is_decided && lean.exists_in(base) != Some(false)).then_some(lean)
}

fn rewrite(
    cx: &Cx<'_>,
    base: Option<&Base>,
    at: usize,
    script: &Script<'_>,
    simple: &Simple,
    invocation: &Invocation<'_>,
    lean: &Lean,
) -> Result<Rewrite, String> {
    let name = &invocation.tool.title;
    if !invocation.complete {
        return Err(format!("this {name} command has a word that is not understood"));
    }
    if lean.exists_in(base).is_none() {
        return Err(format!("it is not known whether the {name} of this base image has `{}`", lean.option));
    }
    let change = Change::further_options(simple, invocation, &[&lean.option]);
    let respelled = respell(script, simple, &[change]).ok_or("the option cannot be added to a command with a heredoc")?;
    let mut reason = "packages go that the named ones only recommend; name those that the image uses".to_owned();
    if let Some(missed) = missed(cx, script, simple, invocation, lean) {
        reason.push_str(&format!(" ({missed})"));
    }
    let title = format!("leave out recommended packages with `{}`", lean.option);
    let place = cx.model.tree.instructions[at].keyword_span;
    let mut rewrite = Rewrite::safe(title, reason, place, respelled.edits).map_err(|error| error.to_string())?;
    rewrite.class = Class::Unsafe;
    rewrite.commands.respell(respelled.gone, &respelled.new);
    Ok(rewrite)
}

/// Recommended packages that often matter and that the file does not name.
fn missed(cx: &Cx<'_>, script: &Script<'_>, simple: &Simple, invocation: &Invocation<'_>, lean: &Lean) -> Option<String> {
    let args = script.args(simple);
    let named: Vec<&str> = invocation.operand_texts(&args).into_iter().flatten().collect();
    let found = named.iter().filter_map(|&package| {
        let missed = lean.recommended.get(package)?.iter().filter(|other| !cx.model.tree.text.contains(other.as_str()));
        let missed: Vec<String> = missed.map(|other| format!("`{other}`")).collect();
        (!missed.is_empty()).then(|| format!("`{package}` recommends {}", missed.join(" and ")))
    });
    let found: Vec<String> = found.collect();
    (!found.is_empty()).then(|| found.join(", "))
}
