//! Pins packages to the versions that they have in an image that was built.
//!
//! ## What it does
//!
//! A package that an install names gets the version that a built image has of it: `curl` becomes `curl=7.88.1-10+deb12u8`, and for pip
//! `flask` becomes `flask==3.0.3`. The versions come from `dockopt.lock`, which `dockopt pin --packages` writes after it has built each
//! step that installs; nothing else builds. Without that the pass does nothing, also with `--unsafe`: whoever does not ask for pinned
//! packages gets none.
//!
//! ## Why
//!
//! Two builds of one commit install what there is on their day. With versions the second build installs what the first one did, or fails.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10+deb12u8 && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! with the package `curl` in `7.88.1-10+deb12u8`, from `debian:12`.
//!
//! ## Safety
//!
//! Unsafe: the image keeps a version when there is a newer one, and the build fails when the version is gone. The archives of
//! distributions keep a version only until the next one, so these pins want `dockopt pin --packages --update` on a schedule. What the
//! named packages bring along is not pinned. Left alone are patterns, files, addresses, releases, other architectures, names that say
//! their versions by themselves, packages that the built image does not have under their name, and versions that were built again for
//! one platform alone. So are installs whose failure would not fail the build: a version that is gone would then leave an image without
//! the package. All other commands stay the same, which is proven.

use dockopt_model::packages::{self, Built, Found, Install};
use dockopt_model::respell::{Change, respell};
use dockopt_shell::Word;
use dockopt_tools::{Exact, Named};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "pin-packages";
pub(crate) const PHASE: Phase = Phase::Pins;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "pin packages to the versions that a built image has";
pub(crate) const ALIASES: &[&str] = &["DL3008", "DL3013", "DL3018"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    if cx.options.packages.is_empty() {
        return Vec::new();
    }
    packages::installs(cx.model).iter().flat_map(|install| proposals(cx, install)).collect()
}

fn proposals(cx: &Cx<'_>, install: &Install<'_, '_>) -> Vec<Proposal> {
    let stages = &cx.model.stages;
    let Some(built) = cx.options.packages.get(&packages::label(stages, install.stage)) else { return Vec::new() };
    let first = &install.simple.words[0];
    let declined = |word: &Word, why: String| Declined::proposal(install.script.span(&word.span), why);
    if packages::from(stages, install.stage).as_ref() != Some(&built.from) {
        let why = format!("the versions in dockopt.lock are those of an image from `{}`; run `dockopt pin --packages --update`", built.from);
        return vec![declined(first, why)];
    }
    if !install.invocation.complete {
        return vec![declined(first, "this install has words that are not understood, so its packages stay as they are".to_owned())];
    }
    if !install.is_decisive() {
        let why = "a failure of this install may go unnoticed, and a version that is gone shows in no other way; join its commands with `&&`";
        return vec![declined(first, why.to_owned())];
    }
    let mut proposals = Vec::new();
    let mut pinned = Vec::new();
    for &operand in &install.invocation.operands {
        let word = &install.simple.words[operand];
        match version(install, built, word) {
            Ok(Some(version)) => pinned.push((word, version)),
            Ok(None) => {}
            Err(why) => proposals.push(declined(word, why)),
        }
    }
    proposals.extend(rewrite(cx, install, &pinned));
    proposals
}

/// The version that a word gets, or why it gets none; `None` where there is nothing to do.
fn version<'b>(install: &Install<'_, '_>, built: &'b Built, word: &Word) -> Result<Option<&'b str>, String> {
    let exact = install.exact;
    let shown = &install.script.text()[word.span.clone()];
    let Some(text) = word.literal.as_deref() else {
        return Err(format!("the shell may make something else of `{shown}`, so it gets no version; in quotes it would stay what it is"));
    };
    let known = |name: &str| built.packages.get(&(exact.database, exact.database.key(name)));
    match (exact.read(text), text) {
        (Named::Other(what), _) => Err(format!("`{text}` {what}, so it gets no version")),
        (Named::Package(name), _) => match known(name) {
            Some(Found::Version { now, .. }) if exact.is_of_one_platform(now) => {
                Err(format!("version {now} of `{name}` was built again for one platform, and others do not have it"))
            }
            Some(Found::Version { now, .. }) => Ok(Some(now)),
            Some(Found::Left(why)) => Err(format!("`{name}` gets no version: {why}")),
            None => Err(format!(
                "dockopt.lock has no version of `{name}`; `dockopt pin --packages` finds the one that a built image has, where it has one"
            )),
        },
        (Named::Version(name, written), _) => match known(name) {
            Some(Found::Version { now, before: Some(before) }) if written == before && now != before => Ok(Some(now)),
            Some(Found::Version { now, .. }) if written != now => {
                Err(format!("`{text}` stays, though a built image has {now}: whoever wrote the version may mean it"))
            }
            _ => Ok(None),
        },
    }
}

fn rewrite(cx: &Cx<'_>, install: &Install<'_, '_>, pinned: &[(&Word, &str)]) -> Option<Proposal> {
    if pinned.is_empty() {
        return None;
    }
    let changes: Vec<Change> = pinned.iter().map(|(word, version)| change(install, word, version)).collect();
    let place = cx.model.tree.instructions[install.instruction].keyword_span;
    let Some(respelled) = respell(install.script, install.simple, &changes) else {
        return Some(Declined::proposal(place, "the command has a heredoc, so its packages stay as they are"));
    };
    let mut rewrite = Rewrite::safe(title(install.exact, pinned), install.exact.remark.clone(), place, respelled.edits).ok()?;
    rewrite.class = CLASS;
    rewrite.commands.respell(respelled.gone, &respelled.new);
    Some(Proposal::Rewrite(rewrite))
}

/// The version behind the name, inside of its quotes, in the place of one that is there.
fn change(install: &Install<'_, '_>, word: &Word, version: &str) -> Change {
    let joined_by = &install.exact.joined_by;
    let end = install.end_of_text(word);
    let start = match word.literal.as_deref().map(|text| install.exact.read(text)) {
        Some(Named::Version(_, written)) => end - joined_by.len() - written.len(),
        _ => end,
    };
    Change { range: start..end, text: format!("{joined_by}{version}") }
}

/// The most packages that a title names.
const MOST_NAMED: usize = 3;

fn title(exact: &Exact, pinned: &[(&Word, &str)]) -> String {
    let name = |word: &Word| match word.literal.as_deref().map(|text| exact.read(text)) {
        Some(Named::Package(name) | Named::Version(name, _)) => name.to_owned(),
        _ => String::new(),
    };
    let named: Vec<String> =
        pinned.iter().take(MOST_NAMED).map(|(word, version)| format!("`{}` to {version}", name(word))).collect();
    match pinned.len().saturating_sub(MOST_NAMED) {
        0 => format!("pin {}", named.join(", ")),
        more => format!("pin {} and {more} more", named.join(", ")),
    }
}
