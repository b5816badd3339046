//! Deletes files and packages in the RUN that brings them.
//!
//! ## What it does
//!
//! A `rm` that stands in a later RUN than the command which made the files moves to the end of that RUN, if nothing in between
//! needs them. Where the RUNs between work on them (`curl`, `tar`, `rm`), all of them become one, and so do those between the
//! install of build packages and their removal, if they follow each other.
//!
//! ## Why
//!
//! A layer keeps what its step wrote. Deleting it in a later one hides the files and frees nothing: the image is as large as
//! before.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN curl -fsSL -o /tmp/hugo.tar.gz https://example.org/hugo.tar.gz
//! RUN tar -xzf /tmp/hugo.tar.gz -C /usr/local/bin hugo
//! RUN rm /tmp/hugo.tar.gz
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN curl -fsSL -o /tmp/hugo.tar.gz https://example.org/hugo.tar.gz \
//!  && tar -xzf /tmp/hugo.tar.gz -C /usr/local/bin hugo \
//!  && rm /tmp/hugo.tar.gz
//! ```
//!
//! ## Safety
//!
//! Safe: the same commands run, and what changes its place is moved only over steps that neither read nor write it. A file
//! that COPY or ADD brought, a step between that is not understood, and RUNs in a form that cannot be joined are left, with the
//! line to blame. Stages whose layers are not shipped are left.

use dockopt_model::late::{self, Late};
use dockopt_model::{atom::Atom, beginning, join, layout};
use dockopt_syntax::{Body, LineIndex};
use dockopt_tools::Kind;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "drop-late-deletes";
pub(crate) const PHASE: Phase = Phase::Layers;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "delete files and packages in the RUN that brings them";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

/// A RUN with more commands is no longer read at a glance, whatever it saves.
const MOST_COMMANDS: usize = 20;

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = cx.model.stages.iter().enumerate().filter(|(_, stage)| stage.ships);
    stages.flat_map(|(stage, _)| late::of(cx.model, stage).into_iter().map(move |late| look_at(cx, stage, &late))).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize, late: &Late<'_>) -> Proposal {
    let at = place(cx, late);
    let obstacle = match moved(cx, stage, late) {
        Ok(rewrite) => return Proposal::Rewrite(rewrite),
        Err(obstacle) => obstacle,
    };
    let made = if late.is_packages { "installs" } else { "brings" };
    let line = line(cx, late.maker());
    Declined::proposal(at, format!("line {line} {made} `{}`, so its layer keeps it and this frees nothing; {obstacle}", late.what))
}

fn place(cx: &Cx<'_>, late: &Late<'_>) -> dockopt_syntax::Span {
    let script = cx.model.script(late.at);
    script.map_or(cx.model.tree.instructions[late.at].keyword_span, |script| script.span(&late.node.span))
}

/// The removal at its place, or what is in the way.
fn moved(cx: &Cx<'_>, stage: usize, late: &Late<'_>) -> Result<Rewrite, String> {
    let tree = cx.model.tree;
    let maker = &tree.instructions[late.maker()];
    if !matches!(maker.body, Body::Run(_)) {
        return Err(instead_of_copy(cx, late));
    }
    let others: Vec<usize> = (late.maker() + 1..late.at).collect();
    let is_joined = is_one_step(cx, late, &others);
    if let Some(way) = in_the_way(cx, stage, late) {
        // Those that work on what is removed come along.
        let works = |at: &usize| late.is_packages || late.steps.contains(at);
        return if is_joined || others.iter().all(works) { joined(cx, late, &others) } else { Err(way) };
    }
    if is_joined {
        return joined(cx, late, &others);
    }
    let script = cx.model.script(late.at).map_err(|error| error.to_string())?;
    let command = script.span(&late.node.span).of(&tree.text);
    let append = layout::append(cx.model, late.maker(), command).ok_or_else(|| cannot_join(cx, late.maker()))?;
    let without = layout::without(cx.model, late.at, late.operand)?;
    let title = format!("delete `{}` in the RUN that makes it", late.what);
    let reason = "a layer keeps what its step wrote, and deleting it in a later one frees nothing";
    let mut rewrite =
        Rewrite::safe(title, reason, place(cx, late), vec![append, without.edit]).map_err(|error| error.to_string())?;
    rewrite.commands.gone = without.gone;
    Ok(rewrite)
}

/// Whether the RUNs from the step that brings it to the removal are as good as one: the removal comes next and brings nothing
/// that changes more often, or all of them are small steps.
fn is_one_step(cx: &Cx<'_>, late: &Late<'_>, others: &[usize]) -> bool {
    let tree = cx.model.tree;
    let runs: Vec<usize> = [late.maker()].into_iter().chain(others.iter().copied()).chain([late.at]).collect();
    let follow = runs.windows(2).all(|pair| layout::between(tree, pair[0], pair[1]).is_some());
    let is_small = |at: &usize| {
        let Ok(script) = cx.model.script(*at) else { return false };
        let mut small = true;
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
            small &= script.recognize(simple).is_some_and(|one| one.tool.kind == Kind::Utility);
        });
        small
    };
    let is_steady = others.is_empty() && (!cx.model.names_arguments(late.at) || cx.model.names_arguments(late.maker()));
    follow && (is_steady || runs.iter().all(is_small))
}

/// What between the step that brings it and the removal needs what is removed, or may.
fn in_the_way(cx: &Cx<'_>, stage: usize, late: &Late<'_>) -> Option<String> {
    let trace = &cx.model.traces()[stage];
    let is_removal = |atom: &&Atom| (atom.instruction, atom.element) == (late.at, late.operand);
    let removal: Vec<&Atom> = trace.atoms.iter().filter(is_removal).collect();
    let is_between = |atom: &&Atom| atom.instruction > late.maker() && (atom.instruction, atom.element) < (late.at, late.operand);
    let blamed = trace.atoms.iter().filter(is_between).find(|atom| removal.iter().any(|own| own.conflicts(atom)))?;
    let step = &cx.model.tree.instructions[blamed.instruction];
    Some(format!("line {} stands between and may need it: `{}`", line(cx, blamed.instruction), beginning(step)))
}

/// All from the step that brings it to the removal as one RUN.
fn joined(cx: &Cx<'_>, late: &Late<'_>, others: &[usize]) -> Result<Rewrite, String> {
    let tree = cx.model.tree;
    let runs: Vec<usize> = [late.maker()].into_iter().chain(others.iter().copied()).chain([late.at]).collect();
    if let Some(&other) = others.iter().find(|&&at| !matches!(tree.instructions[at].body, Body::Run(_))) {
        return Err(format!("line {} stands between: `{}`", line(cx, other), beginning(&tree.instructions[other])));
    }
    if late.is_packages
        && !cx.model.names_arguments(late.maker())
        && let Some(&other) = runs.iter().find(|&&at| cx.model.names_arguments(at))
    {
        let why = "names a build argument, so it may be another one in each build, and the install would run again with it";
        return Err(format!("line {} {why}", line(cx, other)));
    }
    let commands: usize = runs.iter().map(|&at| cx.model.script(at).map_or(0, |script| script.elements().len())).sum();
    if commands > MOST_COMMANDS {
        return Err("one RUN of all that stands between would be too long to read".to_owned());
    }
    let style = layout::Chain::of_group(cx.model, &runs);
    let mut edits = Vec::new();
    let mut gone = Vec::new();
    for pair in runs.windows(2) {
        let joined = join::append(cx.model, runs[0], pair[0], pair[1], &style).ok_or_else(|| cannot_join(cx, pair[1]))?;
        edits.extend(joined.edits);
        gone.extend(joined.gone);
    }
    let title = match runs.len() {
        2 => "merge this RUN with the next".to_owned(),
        many => format!("merge these {many} RUNs"),
    };
    let reason = format!("the last one removes `{}`, which otherwise stays in a layer below", late.what);
    let at = tree.instructions[late.maker()].keyword_span;
    let mut rewrite = Rewrite::safe(title, reason, at, edits).map_err(|error| error.to_string())?;
    rewrite.commands.gone = gone;
    Ok(rewrite)
}

/// How to do without a copied file.
fn instead_of_copy(cx: &Cx<'_>, late: &Late<'_>) -> String {
    const ARCHIVES: [&str; 8] = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst"];
    let maker = &cx.model.tree.instructions[late.maker()];
    let is_local = maker.flag("from").is_none() && !maker.arguments_text().contains("://");
    if is_local && ARCHIVES.iter().any(|end| late.what.ends_with(end)) {
        return "ADD unpacks a local archive without a copy of it, and `RUN --mount=type=bind` lets a command read it where it lies".to_owned();
    }
    if maker.arguments_text().contains("://") {
        return "a download in the RUN that uses it has no layer of its own".to_owned();
    }
    "`RUN --mount=type=bind` lets a command read it without a copy, and a builder stage keeps it out of the image".to_owned()
}

fn cannot_join(cx: &Cx<'_>, at: usize) -> String {
    format!("line {} has a form that cannot be joined: flags, a heredoc, a comment, or no plain chain", line(cx, at))
}

fn line(cx: &Cx<'_>, at: usize) -> usize {
    let tree = cx.model.tree;
    LineIndex::new(&tree.text).line(tree.instructions[at].keyword_span.start)
}
