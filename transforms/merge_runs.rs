//! Merges RUN instructions that follow each other where it pays.
//!
//! ## What it does
//!
//! Neighbouring RUNs become one if they install with the same package manager of the system, or if they are small steps of the
//! system such as `mkdir` and `useradd` that no blank line sets apart. The merged RUN has the form of the first one: a `&&` chain,
//! a list after `set -e`, or a heredoc. Comments stay with the commands that they describe. What the first one cleans and the next
//! one fills again is cleaned once.
//!
//! ## Why
//!
//! Each layer with packages holds its own copy of the package database, and a layer for one folder is a layer more to fetch. What
//! changes for other reasons stays apart, since a merged step runs whole again when any part of it changes: dependencies,
//! builds, downloads, and what names a build argument stay apart from what stands above them.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN mkdir -p /srv/app/data
//! RUN chown -R www-data:www-data /srv/app/data
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN mkdir -p /srv/app/data \
//!  && chown -R www-data:www-data /srv/app/data
//! ```
//!
//! ## Safety
//!
//! Safe: only plain commands are merged, in shell form and without flags, where each of them ends its RUN when it fails. Whatever
//! one command of a shell can do to the next (`cd`, variables, options, background jobs, `exit`) keeps the RUNs below it apart, and
//! so does a `;` without `set -e`, or a `||`, because the failure of a command would then mean something else. Stages whose
//! layers are not shipped are left.
//!
//! ## Options
//!
//! `merge-runs = "when-it-pays"` (default), `"always"`, `"never"`.

use dockopt_model::{caches, element, join, layout};
use dockopt_shell::{NodeKind, StateChange, state_changes};
use dockopt_syntax::{Body, Edit, ItemKind};
use dockopt_tools::{Kind, Role};

use crate::{Class, Cx, Declined, Expected, Merge, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "merge-runs";
pub(crate) const PHASE: Phase = Phase::Layers;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "merge RUNs that follow each other where it pays";
pub(crate) const ALIASES: &[&str] = &["DL3059"];
pub(crate) const EXPECTS: &[Expected] = &[];

/// A longer chain is no longer read at a glance.
const MOST_COMMANDS: usize = 12;

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = Vec::new();
    if cx.options.merge == Merge::Never {
        return proposals;
    }
    for (stage, found) in cx.model.stages.iter().enumerate().filter(|(_, stage)| stage.ships) {
        let mut groups: Vec<Group> = Vec::new();
        for at in found.instructions.clone() {
            if let Some(half) = Half::of(cx, stage, at) {
                groups.push(Group { runs: vec![at], edits: Vec::new(), gone: Vec::new(), why: Why::Asked, half });
            }
        }
        // A group that grew may pay with its neighbour where its first RUN alone did not.
        while let Some(at) = (1..groups.len()).find(|&at| join(cx, &mut groups, at - 1, &mut proposals)) {
            groups.remove(at);
        }
        proposals.extend(groups.iter().filter_map(|group| group.rewrite(cx)).map(Proposal::Rewrite));
    }
    proposals
}

/// RUNs that follow each other and become one.
struct Group {
    runs: Vec<usize>,
    edits: Vec<Edit>,
    /// Cleanups that a later one of the group does again, in one spelling.
    gone: Vec<String>,
    why: Why,
    half: Half,
}

/// Appends the group after `first` to it, if that pays.
fn join(cx: &Cx<'_>, groups: &mut [Group], first: usize, proposals: &mut Vec<Proposal>) -> bool {
    let [one, two] = &mut groups[first..first + 2] else { return false };
    let (last, next) = (one.runs[one.runs.len() - 1], two.runs[0]);
    let why = match cx.options.merge {
        _ if last + 1 != next || layout::between(cx.model.tree, last, next).is_none() || !one.half.lets(&two.half) => None,
        Merge::Always => Some(Why::Asked),
        _ => pays(&one.half, &two.half),
    };
    // For a layer alone, what the author set apart by a blank line stays apart.
    let Some(why) = why.filter(|&why| why != Why::Small || !is_set_apart(cx, last)) else { return false };
    let at = cx.model.tree.instructions[next].keyword_span;
    let mut decline = |reason: &str| {
        let known = |known: &Proposal| matches!(known, Proposal::Declined(declined) if declined.at == at);
        if !proposals.iter().any(known) {
            proposals.push(Declined::proposal(at, reason));
        }
        false
    };
    if one.half.commands + two.half.commands > MOST_COMMANDS && cx.options.merge != Merge::Always {
        return decline("the merged RUN would be too long to read");
    }
    let above = cx.model.tree.leading_comments(next).of(&cx.model.tree.text);
    if above.lines().any(|line| ["dockopt:", "hadolint"].iter().any(|tool| line.trim_start_matches(['#', ' ']).starts_with(tool))) {
        return decline("a comment above it tells tools what to leave alone in this RUN");
    }
    let style = layout::Chain::of_group(cx.model, &[one.runs[0], next]);
    let Some(mut joined) = join::append(cx.model, one.runs[0], last, next, &style) else {
        return decline("a comment, flag or heredoc stands where this RUN and the one above would be joined");
    };
    // What the first leaves clean and the second fills again is cleaned once, at the end.
    let touched: Vec<&str> = two.runs.iter().flat_map(|&at| caches::touched_by(cx.model, at)).collect();
    for index in caches::trailing_cleanups(cx.model, last, &touched) {
        one.leave_out(cx, last, index);
    }
    one.edits.append(&mut joined.edits);
    one.gone.append(&mut joined.gone);
    one.edits.append(&mut two.edits);
    one.gone.append(&mut two.gone);
    one.runs.append(&mut two.runs);
    one.why = why;
    let other = std::mem::take(&mut two.half);
    one.half.add(other);
    true
}

impl Group {
    /// Takes a command out of a RUN of the group, if that can be written.
    fn leave_out(&mut self, cx: &Cx<'_>, at: usize, index: usize) {
        let (Ok(script), Some(edit)) = (cx.model.script(at), layout::remove(cx.model, at, index)) else { return };
        let nodes = script.elements()[index].nodes();
        self.gone.extend(nodes.iter().map(|node| dockopt_shell::canonical(script.text(), node)));
        self.edits.push(edit);
    }

    fn rewrite(&self, cx: &Cx<'_>) -> Option<Rewrite> {
        let at = cx.model.tree.instructions[self.runs[0]].keyword_span;
        let title = match self.runs.len() {
            1 => return None,
            2 => "merge this RUN with the next".to_owned(),
            many => format!("merge these {many} RUNs"),
        };
        let mut rewrite = Rewrite::safe(title, self.why.reason(), at, self.edits.clone()).ok()?;
        rewrite.commands.gone.clone_from(&self.gone);
        Some(rewrite)
    }
}

/// What matters of a RUN, or of a group of them, for merging it with the next.
#[derive(Default)]
struct Half {
    commands: usize,
    /// All its commands are small utilities.
    small: bool,
    /// The system package manager that it installs with.
    manager: Option<String>,
    /// It names a build argument, so it may be another one in each build.
    has_arguments: bool,
    /// What follows it in the same shell would run in another folder.
    leaves_folder: bool,
    /// What follows it in the same shell would run with other variables.
    leaves_variables: bool,
    /// It goes to a folder of its own first.
    goes_first: bool,
}

impl Half {
    /// Appends another RUN.
    fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.small &= other.small;
        self.manager = other.manager.or(self.manager.take());
        self.has_arguments |= other.has_arguments;
        self.leaves_folder |= other.leaves_folder;
        self.leaves_variables |= other.leaves_variables;
    }

    /// Whether the other can follow it in the same shell.
    fn lets(&self, other: &Self) -> bool {
        !self.leaves_variables && (!self.leaves_folder || other.goes_first)
    }

    /// Reads a RUN; `None` if it is none, or cannot be merged with anything.
    fn of(cx: &Cx<'_>, stage: usize, at: usize) -> Option<Self> {
        if !matches!(cx.model.tree.instructions[at].body, Body::Run(_)) {
            return None;
        }
        let script = cx.model.script(at).ok()?;
        let mut half = Self { small: true, has_arguments: cx.model.names_arguments(at), ..Self::default() };
        for (index, node) in script.ast.and_chain().or_else(|| script.sequence())?.into_iter().enumerate() {
            if element::sets_options(node) {
                continue;
            }
            let changes = state_changes(node);
            let stays = |change: &StateChange| matches!(change, StateChange::Directory | StateChange::Variable(_));
            if !matches!(node.kind, NodeKind::Simple(_) | NodeKind::Pipe { .. }) || !changes.iter().all(stays) {
                return None;
            }
            let is_variable = |change: &StateChange| matches!(change, StateChange::Variable(name) if name != "PWD" && name != "OLDPWD");
            half.leaves_folder |= changes.contains(&StateChange::Directory);
            half.leaves_variables |= changes.iter().any(is_variable);
            half.goes_first |= half.commands == 0 && element::goes_to(node);
            half.commands += 1;
            // What only empties caches belongs into the RUN that filled them, wherever that is.
            half.small &= script.cleans(node).is_none();
            let mut of_this_shell = false;
            dockopt_model::script::each_command(node, &mut |simple| {
                let mut names = simple.words.iter().flat_map(|word| &word.variables);
                // What a process can tell about itself and its shell.
                of_this_shell |= names.any(|name| matches!(name.as_str(), "$" | "!" | "_" | "-" | "0" | "?" | "PPID" | "SECONDS" | "@" | "*" | "#"));
                if !changes.is_empty() {
                    return;
                }
                let Some(invocation) = script.recognize(simple) else {
                    half.small = false;
                    return;
                };
                let role = invocation.action.map(|action| action.role);
                half.small &= invocation.tool.kind == Kind::Utility && !matches!(role, Some(Role::Install | Role::Fetch | Role::Build | Role::Run));
                if invocation.tool.kind == Kind::System {
                    half.manager = Some(invocation.tool.name.clone());
                }
            });
            if of_this_shell || !is_known(cx, stage, at, index) {
                return None;
            }
        }
        Some(half)
    }
}

/// Whether the effects of an element of a RUN are known.
fn is_known(cx: &Cx<'_>, stage: usize, at: usize, element: usize) -> bool {
    let mut atoms = cx.model.traces()[stage].of(at).filter(|atom| atom.element == element);
    atoms.all(|atom| !atom.effects.reads.is_unknown() && !atom.effects.writes.is_unknown())
}

/// Why RUNs are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Asked,
    Database,
    Small,
}

impl Why {
    fn reason(self) -> &'static str {
        match self {
            Self::Asked => "one layer does for all",
            Self::Database => "each writes the package database, so a lower layer holds a copy that a later one replaces",
            Self::Small => "small steps of the system need one layer, not several",
        }
    }
}

/// Why merging two RUNs makes the image better, if it does. What may be another one in each build does not join what is not.
fn pays(one: &Half, two: &Half) -> Option<Why> {
    if two.has_arguments && !one.has_arguments {
        return None;
    }
    if one.manager.is_some() && one.manager == two.manager {
        return Some(Why::Database);
    }
    (one.small && two.small).then_some(Why::Small)
}

/// Whether the author set two neighbours apart by a blank line.
fn is_set_apart(cx: &Cx<'_>, first: usize) -> bool {
    let between = layout::between(cx.model.tree, first, first + 1);
    between.is_some_and(|items| items.iter().any(|item| item.kind == ItemKind::Blank))
}
