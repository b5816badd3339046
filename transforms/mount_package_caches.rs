//! Keeps what package managers download from one build to the next, in cache mounts.
//!
//! ## What it does
//!
//! Adds `--mount=type=cache` to a RUN for the cache that its commands fill and leave behind, where nothing but the tool itself
//! needs it. Another user than root gets the mount by number.
//!
//! ## Why
//!
//! When a list of packages changes, the step installs all of them again. With a mount only what is new is downloaded, and
//! what was downloaded is no part of the image.
//!
//! ## Example
//!
//! ```dockerfile
//! # syntax=docker/dockerfile:1
//! FROM python:3.12
//! COPY requirements.txt .
//! RUN pip install -r requirements.txt
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! # syntax=docker/dockerfile:1
//! FROM python:3.12
//! COPY requirements.txt .
//! RUN --mount=type=cache,target=/root/.cache/pip \
//!     pip install -r requirements.txt
//! ```
//!
//! ## Safety
//!
//! Safe: a build must succeed with an empty mount, so only caches that the tool fills again by itself are mounted. It leaves a
//! cache that a later step reads without the network or takes from the stage, that something else in the file is about, or
//! whose place is not known because the user, the home folder or the version of the tool is not. For another user than root it
//! leaves one whose folder the builder would have to make, since root would own that while the command runs.
//!
//! ## Settings
//!
//! `caches` in `dockopt.toml`: `"drop"` leaves caches out of the image instead, `"mount"` mounts those of languages wherever the
//! builder takes it, and what cannot be a mount is left out. With `"auto"`, the default, a file goes on as it is: where it mounts
//! some cache, those of languages are mounted; where it leaves those of a tool out, they are left out; where it does neither
//! they are mounted if the file needs `BuildKit` anyway, or `builder = "buildkit"` says that it builds it. Caches of
//! distributions are left out. A command that is told not to keep a cache, and one whose cache is emptied in the same RUN,
//! stay as they are. [docs/caches.md](../caches.md) has what is written for each tool.

use dockopt_model::caches::{self, Left};
use dockopt_model::keeping::{self, Keeping};
use dockopt_model::mounts::{self, Place};
use dockopt_model::{Script, layout};
use dockopt_syntax::{Edit, Span};

use crate::{Caches, Class, Commands, Cx, Declined, Expected, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "mount-package-caches";
pub(crate) const PHASE: Phase = Phase::Mounts;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "keep downloads from one build to the next in cache mounts";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[Expected::Caches];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            if let Ok(script) = cx.model.script(at) {
                look_at(cx, stage, at, script, &mut proposals);
            }
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize, script: &Script<'_>, proposals: &mut Vec<Proposal>) {
    let run = &cx.model.tree.instructions[at];
    let mut mounted: Vec<Place> = Vec::new();
    let mut edits = Vec::new();
    let mut commands = Commands::default();
    let mut names: Vec<String> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for left in caches::mountable_in(cx.model, stage, at) {
        match keeping::of(cx.model, (cx.options.caches, cx.options.builder), stage, at, &left) {
            Keeping::Out => {}
            Keeping::NoMount(why) => {
                let reason = format!("no cache mount: {why}");
                if cx.options.caches != Caches::Drop && !reasons.contains(&reason) {
                    reasons.push(reason.clone());
                    proposals.push(Declined::proposal(run.keyword_span, reason));
                }
            }
            Keeping::Mounted(places) => {
                mounted.extend(places);
                edits.extend(assign(cx, stage, at, script, &left, &mut commands));
                let name = format!("the {} of {}", left.cache.name, left.tool.title);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    mounted.sort();
    mounted.dedup();
    if mounted.is_empty() {
        return;
    }
    let flags: Vec<String> = mounted.iter().map(Place::flag).collect();
    edits.push(layout::add_flags(cx.model.tree, at, &flags));
    let title = format!("keep {} in a cache mount", names.join(" and "));
    let reason = "the next build finds there what this one put there, and none of it is in the image";
    if let Ok(mut rewrite) = Rewrite::safe(title, reason, run.keyword_span, edits) {
        rewrite.commands = commands;
        proposals.push(Proposal::Rewrite(rewrite));
    }
}

/// Sets for the command what it would otherwise find out about the mount, with a warning.
fn assign(cx: &Cx<'_>, stage: usize, at: usize, script: &Script<'_>, left: &Left<'_>, commands: &mut Commands) -> Option<Edit> {
    let by = left.cache.mount.as_ref()?;
    let set: String = mounts::missing(by, cx.model.stages[stage].state(at), left.simple).map(|text| format!("{text} ")).collect();
    if set.is_empty() {
        return None;
    }
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        if std::ptr::eq(simple, left.simple) {
            commands.gone.push(dockopt_shell::canonical(script.text(), context.node));
            commands.new.push(canonical(&format!("{set}{}", &script.text()[context.node.span.clone()])));
        }
    });
    let start = left.simple.words.first()?.span.start;
    Some(Edit { span: Span::at(script.logical.source_start(start)), text: set })
}
