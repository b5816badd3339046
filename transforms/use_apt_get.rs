//! Uses the command of a package manager that is made for scripts, where the one for people is written.
//!
//! ## What it does
//!
//! Writes the command for scripts, with the options that make it do the same.
//!
//! ## Why
//!
//! The command for people may change its behaviour with each release, and says so in a warning. The one for scripts keeps it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt update && apt upgrade -y && apt install -y curl
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get upgrade --with-new-pkgs -y && apt-get install -y curl
//! ```
//!
//! ## Safety
//!
//! Safe where the release of the base image is known to be one in which both are one program with other defaults: what is printed,
//! downloads that are kept, and new packages in an upgrade. In newer releases, and in those that are not known, the two may choose
//! different packages, so it is unsafe there. A command is left if something reads what it prints, if the file has a setting for one
//! of the two alone, or if there is no form for scripts that is known to do the same.

use dockopt_model::respell::{Change, Respelled, respell};
use dockopt_model::scripted::{self, Surroundings};
use dockopt_model::{Script, stages};
use dockopt_shell::Simple;
use dockopt_syntax::Body;
use dockopt_tools::{Invocation, Scripted};

use crate::{Class, Commands, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "use-apt-get";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "use the package manager's command for scripts, where the one for people is written";
pub(crate) const ALIASES: &[&str] = &["DL3027"];
pub(crate) const EXPECTS: &[Expected] = &[Expected::Caches];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate() {
        let around = Surroundings { tree: cx.model.tree, base: stages::base(&cx.model.stages, stage) };
        for at in found.instructions.clone() {
            if let (Body::Run(_), Ok(script)) = (&cx.model.tree.instructions[at].body, cx.model.script(at)) {
                look_at(cx, around, at, script, &mut proposals);
            }
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, around: Surroundings<'_>, at: usize, script: &Script<'_>, proposals: &mut Vec<Proposal>) {
    let mut edits = Vec::new();
    let mut commands = Commands::default();
    let mut class = Class::Safe;
    let mut names: Option<&Scripted> = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let Some(invocation) = script.recognize(simple).filter(|found| is_for_people(simple, found)) else { return };
        match respelled(script, simple, &invocation, around) {
            Ok((form, Respelled { edits: own, gone, new })) => {
                edits.extend(own);
                commands.respell(gone, &new);
                names.get_or_insert(form);
                if !scripted::is_same(form, around) {
                    class = Class::Unsafe;
                }
            }
            Err(reason) => proposals.push(Declined::proposal(script.span(&simple.words[0].span), reason)),
        }
    });
    let Some(Scripted { command, instead, .. }) = names else { return };
    let place = cx.model.tree.instructions[at].keyword_span;
    let reason = match class {
        Class::Safe => format!("`{command}` is made for people and may change its behaviour; in this base image `{instead}` does the same"),
        _ => format!(
            "`{command}` is made for people and may change its behaviour; in this base image, whose release is new or not known, \
             `{instead}` may choose other packages"
        ),
    };
    if let Ok(mut rewrite) = Rewrite::safe(format!("write `{instead}` for `{command}`"), reason, place, edits) {
        rewrite.commands = commands;
        rewrite.class = class;
        proposals.push(Proposal::Rewrite(rewrite));
    }
}

/// Whether it is the command for people of a tool that has another one for scripts.
fn is_for_people(simple: &Simple, invocation: &Invocation<'_>) -> bool {
    let word = simple.words[invocation.command.start].literal.as_deref();
    invocation.tool.scripted.iter().any(|form| Some(form.command.as_str()) == word)
}

/// The command in its form for scripts, or why it stays.
fn respelled<'t>(
    script: &Script<'t>,
    simple: &Simple,
    invocation: &Invocation<'_>,
    around: Surroundings<'_>,
) -> Result<(&'t Scripted, Respelled), String> {
    let Some(form) = scripted::form(script, simple) else {
        return Err(if script.is_unread(simple) {
            "it is a command for people, and no command for scripts is known to do the same".to_owned()
        } else {
            "something reads what it prints, and the command for scripts prints something else".to_owned()
        });
    };
    if scripted::is_set(form, around.tree) {
        return Err(format!("this file has settings for `{}` alone (`{}`)", form.command, form.settings));
    }
    if !form.exists_in(around.base) {
        return Err(format!("it is not known whether `{}` of this base image has `{}`", form.instead, form.flags.join(" ")));
    }
    let name = simple.words[invocation.command.start].span.clone();
    let mut changes = vec![Change { range: name, text: form.instead.clone() }];
    if !form.flags.is_empty() {
        changes.push(Change::options(simple, invocation, &form.flags));
    }
    let respelled = respell(script, simple, &changes).ok_or("the command has a heredoc")?;
    Ok((form, respelled))
}
