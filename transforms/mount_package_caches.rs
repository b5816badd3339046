//! Keeps what package managers download from one build to the next, in cache mounts.
//!
//! ## What it does
//!
//! Adds `--mount=type=cache` to a RUN for the cache that its commands fill and leave behind, where nothing but the tool itself
//! needs it. Another user than root gets the mount by number. With `caches = "mount"`, what the RUN does to leave the cache out
//! goes: the switch, the cleanup, and the variable, which is set for the command alone. Where ENV moves a cache, the mount is there.
//!
//! What later commands read where it lies, such as the modules of Go, is mounted in all RUNs that use it, and only in stages from
//! which nothing but a result is taken.
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
//! leaves one whose folder the builder would have to make, since root would own that while the command runs. A package index is
//! mounted only where the RUN refreshes it before anything else, as the one in the mount may be old, and where no later step
//! needs it. Of APT only the lists are mounted: the official images delete archives after each install, and APT takes an
//! archive of the right name and size for the right one, whoever put it into the mount. A store such as the modules of Go is left
//! where a command that is not understood may need it, where a command does without the network, and where the RUNs that use it
//! differ in secrets, variables or user: a mount may be empty at any time, and then each of them must be able to fetch again.
//!
//! ## Settings
//!
//! `caches` in `dockopt.toml`: `"drop"` leaves caches out of the image instead, `"mount"` mounts them wherever the builder takes
//! it, and what cannot be a mount is left out. With `"auto"`, the default, a file goes on as it is: where it mounts some cache,
//! those of languages are mounted, and those of a distribution where it mounts one of these; where it leaves those of a tool out,
//! they are left out; where it does neither, those of languages are mounted if the file needs `BuildKit` anyway, or
//! `builder = "buildkit"` says that it builds it, and those of distributions are left out. With `"auto"`, a command that is told
//! not to keep a cache, and one whose cache is emptied in the same RUN, stay as they are. [docs/caches.md](../caches.md) has what
//! is written for each tool.


use std::collections::{BTreeMap, BTreeSet};

use dockopt_model::caches;
use dockopt_model::keeping::{self, Keeping};
use dockopt_model::mounts::{Mounting, Place};
use dockopt_model::respell::{Change, respell};
use dockopt_model::{Script, layout};
use dockopt_shell::Simple;

use crate::{Caches, Class, Commands, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "mount-package-caches";
pub(crate) const PHASE: Phase = Phase::Mounts;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "keep downloads from one build to the next in cache mounts";
pub(crate) const ALIASES: &[&str] = &["DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3060"];
pub(crate) const EXPECTS: &[Expected] = &[Expected::Caches, Expected::Indexes];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let (mut proposals, mut stores) = (Vec::new(), BTreeSet::new());
    for (stage, found) in cx.model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            if let Ok(script) = cx.model.script(at) {
                look_at(cx, stage, at, script, &mut stores, &mut proposals);
            }
        }
    }
    proposals
}

/// Looks at one RUN. `stores` are the stores of which something was said, with what was said.
fn look_at(
    cx: &Cx<'_>,
    stage: usize,
    at: usize,
    script: &Script<'_>,
    stores: &mut BTreeSet<String>,
    proposals: &mut Vec<Proposal>,
) {
    let run = &cx.model.tree.instructions[at];
    let mut mounted: Vec<Place> = Vec::new();
    let mut edits = Vec::new();
    let mut commands = Commands::default();
    let mut names: Vec<String> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut changed: BTreeMap<usize, (&Simple, Vec<Change>)> = BTreeMap::new();
    for left in caches::mountable_in(cx.model, stage, at, cx.options.caches) {
        match keeping::of(cx.model, (cx.options.caches, cx.options.builder), stage, at, &left) {
            Keeping::Out => {}
            Keeping::NoMount(why) => {
                let reason = format!("no cache mount: {why}");
                let is_new = !reasons.contains(&reason) && (!left.cache.is_store || stores.insert(reason.clone()));
                if cx.options.caches != Caches::Drop && is_new {
                    reasons.push(reason.clone());
                    proposals.push(Declined::proposal(run.keyword_span, reason));
                }
            }
            Keeping::Mounted(mounting) if left.cache.is_store => {
                let name = format!("the {} of {}", left.cache.name, left.tool.title);
                if mounting.runs.first() == Some(&at) && stores.insert(format!("{name} at {at}")) {
                    proposals.extend(mount_store(cx, &mounting, &name));
                }
            }
            Keeping::Mounted(mounting) => {
                mounted.extend(mounting.places);
                for cleanup in mounting.cleanups {
                    if !edits.contains(&cleanup.edit) {
                        edits.push(cleanup.edit);
                        commands.gone.push(cleanup.gone);
                    }
                }
                let place = left.simple.words.first().map_or(0, |word| word.span.start);
                let own = &mut changed.entry(place).or_insert((left.simple, Vec::new())).1;
                own.extend(mounting.changes.into_iter().filter(|change| !own.contains(change)).collect::<Vec<_>>());
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
    let is_cleaned = !commands.gone.is_empty();
    for (simple, changes) in changed.into_values().filter(|(_, changes)| !changes.is_empty()) {
        let Some(respelled) = respell(script, simple, &changes) else { return };
        edits.extend(respelled.edits);
        commands.respell(respelled.gone, &respelled.new);
    }
    let flags: Vec<String> = mounted.iter().map(Place::flag).collect();
    edits.push(layout::add_flags(cx.model.tree, at, &flags));
    let title = format!("keep {} in a cache mount", names.join(" and "));
    let mut reason = "the next build finds there what this one put there, and none of it is in the image".to_owned();
    if is_cleaned {
        reason.push_str("; a cleanup would empty it");
    }
    if let Ok(mut rewrite) = Rewrite::safe(title, reason, run.keyword_span, edits) {
        rewrite.commands = commands;
        proposals.push(Proposal::Rewrite(rewrite));
    }
}

/// Adds the mounts of a store to all RUNs that use it.
fn mount_store(cx: &Cx<'_>, mounting: &Mounting, name: &str) -> Option<Proposal> {
    let flags: Vec<String> = mounting.places.iter().map(Place::flag).collect();
    let edits = mounting.runs.iter().map(|&at| layout::add_flags(cx.model.tree, at, &flags)).collect();
    let at = cx.model.tree.instructions[*mounting.runs.first()?].keyword_span;
    let title = format!("keep {name} in a cache mount");
    let reason = "the next build finds there what this one put there; every RUN that uses it has it, and no image does";
    Rewrite::safe(title, reason, at, edits).ok().map(Proposal::Rewrite)
}
