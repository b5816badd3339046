//! Joins the refresh of a package index with the install that uses it.
//!
//! ## What it does
//!
//! A RUN that only refreshes the package index and the next RUN, which installs packages, become one. What stands between
//! them stays above the joined RUN.
//!
//! ## Why
//!
//! The builder keeps the refresh in its cache for months. When the list of packages changes, the install then runs with an
//! old index: it asks for versions that are no longer there, or installs ones with known holes.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM ubuntu:22.04
//! RUN apt-get update
//! RUN apt-get install -y curl && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM ubuntu:22.04
//! RUN apt-get update \
//!  && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! ## Safety
//!
//! Safe: the same commands run in the same order on the same files. A refresh that stands away from its install moves down
//! only over instructions that it does not depend on. RUNs in another form than a plain `&&` chain, with mounts or with
//! heredocs are left. A refresh before an install that fetches the index by itself is never read, and goes.

use dockopt_model::{join, layout};
use dockopt_syntax::{Body, Edit, Span};
use dockopt_tools::{Role, Tool};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "join-package-index";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "refresh the package index in the RUN that installs from it";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[Expected::Caches, Expected::Indexes];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for stage in &cx.model.stages {
        let runs: Vec<usize> =
            stage.instructions.clone().filter(|&at| matches!(cx.model.tree.instructions[at].body, Body::Run(_))).collect();
        for pair in runs.windows(2) {
            proposals.extend(look_at(cx, pair[0], pair[1]));
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, refresh: usize, install: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let tool = refreshes_only(cx, refresh)?;
    let at = tree.instructions[refresh].keyword_span;
    match first_use(cx, install, tool)? {
        Use::Refresh => return None,
        Use::OwnRefresh => return drop_refresh(cx, refresh),
        Use::Install => {}
    }
    let edits = if refresh + 1 == install && layout::between(tree, refresh, install).is_some() {
        let style = layout::Chain::of_group(cx.model, &[refresh, install]);
        join::append(cx.model, refresh, refresh, install, &style).filter(|joined| joined.gone.is_empty()).map(|joined| joined.edits)
    } else {
        move_down(cx, refresh, install)
    };
    let title = "refresh the package index in the RUN that installs from it";
    let reason = "the builder caches this RUN by itself, so a later install would work with an old index";
    match edits.and_then(|edits| Rewrite::safe(title, reason, at, edits).ok()) {
        Some(rewrite) => Some(Proposal::Rewrite(rewrite)),
        None => Some(Declined::proposal(at, "the install is in a form that the refresh cannot join: flags, a heredoc, or no plain `&&` chain")),
    }
}

/// The tool, if the RUN does nothing but refresh its index.
fn refreshes_only<'a>(cx: &Cx<'a>, at: usize) -> Option<&'a Tool> {
    let script = cx.model.script(at).ok()?;
    let operands = layout::operands(cx.model, at).filter(|_| cx.model.tree.instructions[at].heredocs.is_empty())?;
    let mut found: Option<&Tool> = None;
    for operand in operands {
        let invocation = script.recognize(operand.simple()?)?;
        let refreshes = dockopt_model::script::role(&invocation) == Some(Role::Refresh) && invocation.wrappers.is_empty();
        if !refreshes || found.is_some_and(|known| known.name != invocation.tool.name) {
            return None;
        }
        found = Some(invocation.tool);
    }
    found
}

/// What a RUN does first with a tool's index.
enum Use {
    Refresh,
    /// It installs, and fetches the index for that.
    OwnRefresh,
    Install,
}

fn first_use(cx: &Cx<'_>, at: usize, tool: &Tool) -> Option<Use> {
    let script = cx.model.script(at).ok()?;
    let mut first = None;
    for node in script.elements().into_iter().flat_map(dockopt_model::Element::nodes) {
        dockopt_model::script::each_command(node, &mut |simple| {
            let invocation = script.recognize(simple).filter(|one| one.tool.name == tool.name);
            let Some(invocation) = invocation else { return };
            let by_itself = tool.index.as_ref().is_some_and(|index| invocation.has_flag(&index.refreshed_by_flags));
            let found = match invocation.action.map(|action| action.role) {
                Some(Role::Refresh) => Use::Refresh,
                Some(Role::Install | Role::Upgrade) if by_itself => Use::OwnRefresh,
                Some(Role::Install | Role::Upgrade) => Use::Install,
                _ => return,
            };
            first.get_or_insert(found);
        });
    }
    first
}

/// Takes out a refresh that nothing reads.
fn drop_refresh(cx: &Cx<'_>, refresh: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let run = &tree.instructions[refresh];
    if layout::has_comments(tree, refresh) || !run.flags.is_empty() {
        return None;
    }
    let reason = "the install after it fetches the index by itself";
    Rewrite::without_run(cx, refresh, "drop the refresh of the package index", reason).map(Proposal::Rewrite)
}

/// Takes the refresh away and writes it before the first command of the install.
fn move_down(cx: &Cx<'_>, refresh: usize, install: usize) -> Option<Vec<Edit>> {
    let tree = cx.model.tree;
    let (one, two) = (&tree.instructions[refresh], &tree.instructions[install]);
    let plain = |at: usize| tree.instructions[at].flags.is_empty() && tree.instructions[at].heredocs.is_empty();
    if !plain(refresh) || !plain(install) || !one.inner_comments.is_empty() {
        return None;
    }
    let (script, next) = (cx.model.script(refresh).ok()?, cx.model.script(install).ok()?);
    let first = next.ast.and_chain()?.first()?.span.start;
    let commands = script.ast.and_chain()?;
    let span = script.span(&(commands.first()?.span.start..commands.last()?.span.end));
    let between = layout::Chain::of(cx.model, install).between(tree, "&&");
    let comments = tree.leading_comments(refresh);
    let above = tree.leading_comments(install).start;
    let gone = layout::whole(tree, refresh);
    let mut edits = vec![
        Edit { span: gone, text: String::new() },
        Edit { span: Span::at(next.logical.source_start(first)), text: format!("{}{between}", span.of(&tree.text)) },
    ];
    if !comments.is_empty() && above >= gone.end {
        edits.push(Edit { span: Span::at(above), text: comments.of(&tree.text).to_owned() });
    }
    (two.inner_comments.iter().all(|comment| comment.start > next.logical.source_start(first))).then_some(edits)
}
