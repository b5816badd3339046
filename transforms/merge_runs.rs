//! Merges RUN instructions that follow each other where it pays.
//!
//! ## What it does
//!
//! Two neighbouring RUNs become one `&&` chain if the second removes or rewrites what the first wrote, or if both are small
//! steps of the system such as `mkdir` and `useradd` that no blank line sets apart. Comments stay with the commands that they describe.
//!
//! ## Why
//!
//! A layer holds what a step wrote, even if the next one deletes it. Installs, builds and downloads that do not touch each
//! other stay apart: a merged step runs whole again when any part of it changes.
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
//! Safe: only chains of plain commands are merged, in shell form and without flags. Whatever one command of a shell can do
//! to the next (`cd`, variables, options, background jobs, `exit`) keeps RUNs apart, and so does a `;` or `||` at the top
//! level, because the failure of a command would then mean something else. Stages whose layers are not shipped are left.
//!
//! ## Options
//!
//! `merge-runs = "when-it-pays"` (default), `"always"`, `"never"`.

use dockopt_model::effects::Effects;
use dockopt_model::region::{Footprint, Region};
use dockopt_model::{Element, caches, layout};
use dockopt_shell::NodeKind;
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
    /// Cleanups that a later one of the group does again.
    gone: Vec<String>,
    why: Why,
    half: Half,
}

/// Appends the group after `first` to it, if that pays.
fn join(cx: &Cx<'_>, groups: &mut [Group], first: usize, proposals: &mut Vec<Proposal>) -> bool {
    let [one, two] = &mut groups[first..first + 2] else { return false };
    let (last, next) = (one.runs[one.runs.len() - 1], two.runs[0]);
    let why = match cx.options.merge {
        _ if last + 1 != next || layout::between(cx.model.tree, last, next).is_none() => None,
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
    let style = layout::Chain::of_group(cx.model, &[one.runs[0], next]);
    let Some(edit) = layout::merge(cx.model, last, next, &style) else {
        return decline("a comment, flag or heredoc stands where this RUN and the one above would be joined");
    };
    // What the first leaves clean and the second fills again is cleaned once, at the end.
    let touched: Vec<&str> = two.runs.iter().flat_map(|&at| caches::touched_by(cx.model, at)).collect();
    for index in caches::trailing_cleanups(cx.model, last, &touched) {
        if let (Ok(script), Some(cleanup)) = (cx.model.script(last), layout::remove(cx.model, last, index)) {
            let nodes = layout::operands(cx.model, last).map_or_else(Vec::new, |operands| operands[index].nodes());
            one.gone.extend(nodes.iter().map(|node| dockopt_shell::canonical(script.text(), node)));
            one.edits.push(cleanup);
        }
    }
    one.edits.push(edit);
    one.edits.append(&mut two.edits);
    one.gone.append(&mut two.gone);
    one.runs.append(&mut two.runs);
    one.why = why;
    let other = std::mem::take(&mut two.half);
    one.half.add(other);
    true
}

impl Group {
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
    writes: Footprint,
    /// What it removes or rewrites.
    takes_back: Footprint,
}

impl Half {
    /// Appends another RUN.
    fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.small &= other.small;
        self.manager = other.manager.or(self.manager.take());
        self.writes.extend(&other.writes);
        self.takes_back.extend(&other.takes_back);
    }

    /// Reads a RUN; `None` if it is none, or cannot be merged with anything.
    fn of(cx: &Cx<'_>, stage: usize, at: usize) -> Option<Self> {
        if !matches!(cx.model.tree.instructions[at].body, Body::Run(_)) {
            return None;
        }
        let script = cx.model.script(at).ok()?;
        let mut half = Self { commands: 0, small: true, manager: None, writes: Footprint::default(), takes_back: Footprint::default() };
        for operand in layout::operands(cx.model, at)? {
            let Element::Node(node) = operand else { return None };
            let plain = matches!(node.kind, NodeKind::Simple(_) | NodeKind::Pipe { .. }) && !dockopt_shell::changes_state(node);
            if !plain {
                return None;
            }
            half.commands += 1;
            // What only empties caches belongs into the RUN that filled them, wherever that is.
            half.small &= script.cleans(node).is_none();
            let mut of_this_shell = false;
            dockopt_model::script::each_command(node, &mut |simple| {
                let names = simple.words.iter().flat_map(|word| &word.variables);
                // What a process can tell about itself and its shell.
                of_this_shell |= names.clone().any(|name| matches!(name.as_str(), "$" | "!" | "_" | "-" | "0" | "?" | "PPID" | "SECONDS" | "@" | "*" | "#"));
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
            if of_this_shell {
                return None;
            }
            let role = dockopt_model::trace::role_of(script, operand);
            let effects = known_effects(cx, stage, at, half.commands - 1)?;
            half.writes.extend(&effects.writes);
            if role == Some(Role::Remove) {
                half.takes_back.extend(&effects.writes);
            }
        }
        Some(half)
    }
}

/// The effects of an element of a RUN; `None` if they are not known.
fn known_effects(cx: &Cx<'_>, stage: usize, at: usize, element: usize) -> Option<Effects> {
    let mut all = Effects::default();
    for atom in cx.model.traces()[stage].of(at).filter(|atom| atom.element == element) {
        all.extend(atom.effects.clone());
    }
    (!all.reads.is_unknown() && !all.writes.is_unknown()).then_some(all)
}

/// Why RUNs are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Asked,
    Database,
    Removal,
    Small,
}

impl Why {
    fn reason(self) -> &'static str {
        match self {
            Self::Asked => "one layer does for all",
            Self::Database => "each writes the package database, so a lower layer holds a copy that a later one replaces",
            Self::Removal => "a later one removes what an earlier one wrote, which otherwise stays in a layer below",
            Self::Small => "small steps of the system need one layer, not several",
        }
    }
}

/// Why merging two RUNs makes the image better, if it does.
fn pays(one: &Half, two: &Half) -> Option<Why> {
    if one.manager.is_some() && one.manager == two.manager {
        return Some(Why::Database);
    }
    let exact = |region: &&Region| matches!(region, Region::Path(_) | Region::Tree(_));
    let taken: Footprint = two.takes_back.iter().filter(exact).cloned().collect();
    if taken.iter().any(|region| one.writes.iter().filter(exact).any(|own| dockopt_model::region::meets(own, region))) {
        return Some(Why::Removal);
    }
    (one.small && two.small).then_some(Why::Small)
}

/// Whether the author set two neighbours apart by a blank line.
fn is_set_apart(cx: &Cx<'_>, first: usize) -> bool {
    let between = layout::between(cx.model.tree, first, first + 1);
    between.is_some_and(|items| items.iter().any(|item| item.kind == ItemKind::Blank))
}
