//! Runs commands without `sudo` where root runs them anyway.
//!
//! ## What it does
//!
//! Removes `sudo` without options from the commands of a RUN whose user is root.
//!
//! ## Why
//!
//! It changes nothing for root, and has to be installed for it. It forwards signals and terminals in ways of its own.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN sudo apt-get update && sudo apt-get install -y curl
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y curl
//! ```
//!
//! ## Safety
//!
//! Unsafe: without it the command sees the variables of the build, which `sudo` takes away. It is left where it has options, names
//! variables, or runs for another user than root, and where it is not known who runs it.

use dockopt_model::respell::{Change, respell};
use dockopt_model::{Known, Script};
use dockopt_shell::Simple;
use dockopt_syntax::Body;
use dockopt_tools::Toolbox;

use crate::{Class, Commands, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "no-sudo";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "run commands without `sudo` where root runs them anyway";
pub(crate) const ALIASES: &[&str] = &["DL3004"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for stage in &cx.model.stages {
        for at in stage.instructions.clone() {
            if let (Body::Run(_), Ok(script)) = (&cx.model.tree.instructions[at].body, cx.model.script(at)) {
                proposals.extend(look_at(cx, &stage.state(at).user, at, script));
            }
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, user: &Known<String>, at: usize, script: &Script<'_>) -> Option<Proposal> {
    let mut edits = Vec::new();
    let mut commands = Commands::default();
    let mut name = String::new();
    let mut kept = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let Some(becomes) = becomes(cx.model.toolbox, simple) else { return };
        let of_user = |user: &String| *user == becomes || (becomes == "root" && user == "0");
        let reason = match user {
            Known::Unknown => Some("it is not known which user of the base image runs this".to_owned()),
            Known::Is(user) if !of_user(user) => Some(format!("`{user}` runs this, and not {becomes}")),
            Known::Is(_) => (!is_bare(simple)).then(|| "its options or variables make a difference for the command".to_owned()),
        };
        let change = |simple: &Simple| Change { range: simple.words[0].span.start..simple.words[1].span.start, text: String::new() };
        match (reason, respell(script, simple, &[change(simple)])) {
            (None, Some(respelled)) => {
                edits.extend(respelled.edits);
                commands.respell(respelled.gone, &respelled.new);
                simple.name().unwrap_or_default().clone_into(&mut name);
            }
            (reason, _) => kept = Some(reason.unwrap_or_else(|| "the command has a heredoc".to_owned())),
        }
    });
    let place = cx.model.tree.instructions[at].keyword_span;
    if edits.is_empty() {
        return kept.map(|reason| Declined::proposal(place, reason));
    }
    let reason = format!("root runs this anyway; the command sees the variables of the build then, which `{name}` takes away");
    let mut rewrite = Rewrite::safe(format!("run it without `{name}`"), reason, place, edits).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.commands = commands;
    Some(Proposal::Rewrite(rewrite))
}

/// The user that the command is run as, if it begins with a program that does no more than change the user.
fn becomes<'t>(toolbox: &'t Toolbox, simple: &Simple) -> Option<&'t str> {
    let name = simple.name().filter(|_| simple.words.len() > 1)?;
    let tool = toolbox.tools().iter().find(|tool| tool.commands.iter().any(|command| command == name))?;
    tool.wraps.as_ref()?.user.as_deref()
}

/// Whether the command follows at once, and the shell does nothing for the program in front of it.
fn is_bare(simple: &Simple) -> bool {
    let next = simple.words[1].literal.as_deref();
    simple.assignments.is_empty() && next.is_some_and(|word| !word.starts_with('-') && !word.contains('='))
}
