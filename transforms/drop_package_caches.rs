//! Leaves package caches and indexes out of the image.
//!
//! ## What it does
//!
//! Adds the cleanup to the RUN that fills a cache: the flag of the package manager where it has one, a command at the end
//! of the RUN where not, in the file's own style. A later RUN that only empties caches, which are then empty, goes.
//!
//! ## Why
//!
//! Package lists and downloads are tens of megabytes that nothing needs at run time. A layer keeps what its step wrote, so
//! a RUN that deletes them later frees nothing.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y curl
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12
//! RUN apt-get update && apt-get install -y curl \
//!  && rm -rf /var/lib/apt/lists/*
//! ```
//!
//! ## Safety
//!
//! Safe: caches and indexes aside the image is the same. It leaves an index that a later step installs from, or may install
//! from because that step is not understood; caches that a mount, a variable or another flag already covers; stages whose
//! layers are not shipped; and tools of bases that are so old, or so unknown, that the flag may be missing.

use std::rc::Rc;

use dockopt_model::region::Region;
use dockopt_model::{Parent, Script, digest, effects, layout, path};
use dockopt_shell::Simple;
use dockopt_syntax::{Body, Edit, ItemKind, Span};
use dockopt_tools::bases::Base;
use dockopt_tools::{Cache, DropBy, Invocation, Role, Tool};

use crate::{Class, Commands, Cx, Declined, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "drop-package-caches";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "leave package caches and indexes out of the image";
pub(crate) const ALIASES: &[&str] = &["DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate().filter(|(_, stage)| stage.ships) {
        let mut unclean = false;
        for at in found.instructions.clone() {
            if !matches!(cx.model.tree.instructions[at].body, Body::Run(_)) {
                continue;
            }
            let Ok(script) = cx.model.script(at) else {
                unclean = true;
                continue;
            };
            let run = Run { cx, stage, at, script };
            if run.only_cleans() {
                if !unclean {
                    proposals.extend(run.late_cleanup(found.instructions.start));
                }
                continue;
            }
            let found = run.look();
            unclean |= !found.is_empty() || cx.model.traces()[stage].of(at).any(|atom| atom.effects.writes.is_unknown());
            proposals.extend(found);
        }
    }
    proposals
}

struct Run<'r, 'a> {
    cx: &'r Cx<'a>,
    stage: usize,
    at: usize,
    script: &'r Script<'a>,
}

/// A cache that a command of the RUN fills.
struct Filled<'r> {
    tool: &'r Tool,
    cache: &'r Cache,
    simple: &'r Simple,
    invocation: Rc<Invocation<'r>>,
}

impl<'r> Run<'r, '_> {
    fn look(&self) -> Vec<Proposal> {
        let mut edits = Vec::new();
        let mut commands = Commands::default();
        let mut tails: Vec<&str> = Vec::new();
        let mut titles: Vec<String> = Vec::new();
        let mut declined = Vec::new();
        for filled in self.filled() {
            let place = self.script.span(&filled.simple.words[0].span);
            if let Some(reason) = self.obstacle(&filled) {
                declined.push(Declined::proposal(place, reason));
                continue;
            }
            match &filled.cache.drop {
                Some(DropBy::Flag { flag, on, .. }) if on.contains(&filled.invocation.action.map_or(String::new(), |action| action.name.clone())) => {
                    edits.push(self.add_flag(&filled, flag, &mut commands));
                    edits.extend(self.own_refresh(&filled, flag, &mut commands));
                    push_new(&mut titles, format!("keep the {} of {} out of the layer with `{flag}`", filled.cache.name, filled.tool.title));
                }
                Some(DropBy::Command(command)) if !tails.contains(&command.as_str()) => {
                    tails.push(command);
                    push_new(&mut titles, format!("remove the {} of {} in the RUN that fetched them", filled.cache.name, filled.tool.title));
                }
                _ => {}
            }
        }
        if let Some((first, rest)) = tails.split_first() {
            let operator = layout::Chain::of(self.cx.model, self.at).between(self.cx.model.tree, "&&");
            let text = rest.iter().fold((*first).to_owned(), |text, tail| format!("{text}{operator}{tail}"));
            match layout::append(self.cx.model, self.at, &text) {
                Some(edit) => {
                    edits.push(edit);
                    commands.new.extend(tails.iter().map(|&tail| canonical(tail)));
                }
                None => {
                    let place = self.cx.model.tree.instructions[self.at].keyword_span;
                    declined.push(Declined::proposal(place, "a command cannot be added at the end of this RUN without changing what its failure means"));
                }
            }
        }
        edits.dedup();
        if !edits.is_empty() {
            let at = self.cx.model.tree.instructions[self.at].keyword_span;
            let reason = "nothing needs them at run time, and a later RUN cannot take them out of this layer";
            if let Ok(mut rewrite) = Rewrite::safe(titles.join("; "), reason, at, edits) {
                rewrite.commands = commands;
                declined.push(Proposal::Rewrite(rewrite));
            }
        }
        declined
    }

    /// The caches that commands of the RUN fill and that nothing in it empties.
    fn filled(&self) -> Vec<Filled<'r>> {
        let toolbox = self.cx.model.toolbox;
        let mut filled: Vec<Filled<'r>> = Vec::new();
        let mut emptied: Vec<&str> = Vec::new();
        let mut installing: Vec<&str> = Vec::new();
        for element in self.script.elements() {
            for node in element.nodes() {
                dockopt_model::script::each_command(node, &mut |simple| {
                    if let Some(cleaning) = toolbox.cleaning(&self.script.args(simple)) {
                        emptied.extend(cleaning.caches.iter().flat_map(|cleaned| &cleaned.cache.paths).map(String::as_str));
                    }
                    let Some(invocation) = self.script.recognize(simple) else { return };
                    let tool = invocation.tool;
                    let Some(action) = invocation.action else { return };
                    if action.role != Role::Refresh {
                        installing.push(&tool.name);
                    }
                    for cache in &tool.caches {
                        if !cache.is_store && cache.drop.is_some() && cache.filled_by.contains(&action.name) {
                            filled.push(Filled { tool, cache, simple, invocation: invocation.clone() });
                        }
                    }
                });
            }
        }
        filled.retain(|one| !one.cache.paths.iter().all(|path| emptied.contains(&path.as_str())));
        // A refresh alone is joined with its install first.
        filled.retain(|one| installing.contains(&one.tool.name.as_str()));
        filled.retain(|one| !self.is_covered(one));
        filled
    }

    /// Whether something already keeps the cache out of the layer.
    fn is_covered(&self, filled: &Filled<'_>) -> bool {
        let state = self.cx.model.stages[self.stage].state(self.at);
        let mounts = self.cx.model.tree.instructions[self.at].mounts();
        let mounted = |place: &String| {
            mounts.iter().filter_map(|mount| mount.target()).any(|target| match place.strip_prefix("~/") {
                Some(rest) => path::home_relative(target).is_some_and(|own| !own.is_empty() && path::within(rest, own)) || target.contains('$'),
                None => path::within(place, target.trim_end_matches('/')) || target.contains('$'),
            })
        };
        filled.invocation.has_flag(&filled.cache.off_by_flags)
            || filled.invocation.has_flag(&filled.cache.moved_by_flags)
            || filled.cache.off_by_env.iter().chain(&filled.cache.moved_by_env).any(|name| state.variables.contains_key(name))
            || filled.simple.assignments.iter().any(|one| filled.cache.off_by_env.contains(&one.name) || filled.cache.moved_by_env.contains(&one.name))
            || filled.cache.paths.iter().any(mounted)
    }

    /// Why the cache stays.
    fn obstacle(&self, filled: &Filled<'_>) -> Option<String> {
        let name = &filled.tool.title;
        if !filled.invocation.complete {
            return Some(format!("this {name} command has a word that is not understood"));
        }
        if !filled.invocation.wrappers.is_empty() {
            return Some(format!("{name} runs under another command here"));
        }
        if let Some(drop @ DropBy::Flag { flag, .. }) = &filled.cache.drop
            && !self.knows(filled.tool, drop)
        {
            return Some(format!("it is not known whether the {name} of this base image has `{flag}`"));
        }
        if let Some(DropBy::Command(command)) = &filled.cache.drop
            && self.may_lose(filled, command)
        {
            return Some(format!("`{command}` could not run at the end of this RUN, which may remove {name} before"));
        }
        if filled.cache.is_index
            && let Some(step) = self.index_needed(filled)
        {
            return Some(format!("`{step}` installs from this package index, or may do so"));
        }
        None
    }

    /// Whether the program that the cleanup runs, if it is the tool itself, may be gone at the end of the RUN.
    fn may_lose(&self, filled: &Filled<'_>, command: &str) -> bool {
        let own = command.split(' ').next().is_some_and(|program| filled.tool.all_commands().any(|known| known == program));
        let elements = self.script.elements();
        let holds = |element: &dockopt_model::Element<'_>| {
            let mut found = false;
            for node in element.nodes() {
                dockopt_model::script::each_command(node, &mut |simple| found |= std::ptr::eq(simple, filled.simple));
            }
            found
        };
        let from = elements.iter().position(holds).unwrap_or(0);
        let trace = &self.cx.model.traces()[self.stage];
        let removes = |at: usize| {
            let role = dockopt_model::trace::role_of(self.script, elements[at]);
            trace.of(self.at).filter(|atom| atom.element == at).any(|atom| {
                let unknown = atom.effects.writes.is_unknown() && role != Some(Role::Run);
                let by_name = role == Some(Role::Remove) && atom.effects.writes.touches(&Region::Tree("/usr".to_owned()));
                unknown || by_name
            })
        };
        // In a list every command is in one element, so what comes before counts, too.
        let after = if matches!(elements[from], dockopt_model::Element::Block { .. }) { from } else { from + 1 };
        own && (after..elements.len()).any(removes)
    }

    /// The beginning of a later step that needs the index which the cache is.
    fn index_needed(&self, filled: &Filled<'_>) -> Option<String> {
        let model = self.cx.model;
        let trace = &model.traces()[self.stage];
        let last = trace.atoms.iter().rposition(|atom| atom.instruction == self.at)?;
        let regions = filled.cache.paths.iter().map(|path| effects::cache_region(filled.tool, filled.cache, path)).collect();
        let (stage, atom) = digest::index_needed_after(model, self.stage, last, &regions)?;
        let instruction = model.traces()[stage].atoms[atom].instruction;
        let words: Vec<&str> = model.tree.instructions[instruction].logical.text().split_whitespace().take(5).collect();
        Some(words.join(" "))
    }

    /// Whether the tool is new enough, wherever it comes from.
    fn knows(&self, tool: &Tool, drop: &DropBy) -> bool {
        let Some(base) = self.base() else { return drop.is_known_everywhere() };
        base.bundled.contains(&tool.name)
            || base.family.as_deref().is_some_and(|family| drop.known_in(family, base.release))
    }

    fn base(&self) -> Option<&Base> {
        let mut stage = self.stage;
        loop {
            match &self.cx.model.stages[stage].parent {
                Parent::Stage(of) => stage = *of,
                Parent::Image { base, .. } => return base.as_deref(),
                Parent::Scratch => return None,
            }
        }
    }

    fn add_flag(&self, filled: &Filled<'_>, flag: &str, commands: &mut Commands) -> Edit {
        // After the verb, or the command where there is no verb.
        let last = filled.invocation.verb.end.max(filled.invocation.command.end) - 1;
        let end = filled.simple.words[last].span.end;
        self.changed(filled.simple, end, flag, commands);
        Edit { span: Span::at(self.script.logical.source_end(end)), text: format!(" {flag}") }
    }

    /// Notes that a command goes and comes back with a flag at `end`.
    fn changed(&self, simple: &Simple, end: usize, flag: &str, commands: &mut Commands) {
        let mut look = |found: &Simple, context: &dockopt_shell::Context<'_>| {
            if std::ptr::eq(found, simple) {
                let span = &context.node.span;
                let text = self.script.text();
                commands.gone.push(dockopt_shell::canonical(text, context.node));
                commands.new.push(canonical(&format!("{} {flag}{}", &text[span.start..end], &text[end..span.end])));
            }
        };
        dockopt_shell::walk_commands(&self.script.ast.list, &mut |found, context| look(found, context));
    }

    /// A refresh before an install that now fetches the index by itself goes.
    fn own_refresh(&self, filled: &Filled<'_>, flag: &str, commands: &mut Commands) -> Vec<Edit> {
        let fetches = filled.tool.index.as_ref().is_some_and(|index| index.refreshed_by_flags.iter().any(|own| own == flag));
        let Some(operands) = layout::operands(self.cx.model, self.at).filter(|_| fetches) else { return Vec::new() };
        let mut edits = Vec::new();
        for (index, operand) in operands.iter().enumerate() {
            let invocation = operand.simple().and_then(|simple| self.script.recognize(simple));
            let is_refresh = invocation.is_some_and(|one| one.tool.name == filled.tool.name && dockopt_model::script::role(&one) == Some(Role::Refresh));
            if let (true, Some(edit), [node]) = (is_refresh, layout::remove(self.cx.model, self.at, index), operand.nodes().as_slice()) {
                let gone = dockopt_shell::canonical(self.script.text(), node);
                if !commands.gone.contains(&gone) {
                    commands.gone.push(gone);
                    edits.push(edit);
                }
            }
        }
        edits
    }

    fn only_cleans(&self) -> bool {
        layout::operands(self.cx.model, self.at).is_some_and(|operands| {
            operands.iter().flat_map(|one| one.nodes()).all(|node| self.script.cleans(node).is_some())
        })
    }

    /// Takes out a RUN that only empties caches, all of which are empty by now.
    fn late_cleanup(&self, start: usize) -> Option<Proposal> {
        let tree = self.cx.model.tree;
        let run = &tree.instructions[self.at];
        let earlier = (start..self.at).any(|at| matches!(tree.instructions[at].body, Body::Run(_)));
        if !earlier || !run.flags.is_empty() {
            return None;
        }
        if !tree.leading_comments(self.at).is_empty() || !run.inner_comments.is_empty() {
            return Some(Declined::proposal(run.keyword_span, "this RUN frees nothing, but a comment describes it; remove both by hand"));
        }
        let mut span = run.span;
        let item = tree.item_of(self.at);
        let is_blank = |at: usize| tree.items.get(at).is_some_and(|item| item.kind == ItemKind::Blank);
        if item > 0 && is_blank(item - 1) && is_blank(item + 1) {
            span.end = tree.items[item + 1].span.end;
        }
        let edit = Edit { span, text: String::new() };
        let reason = "the layers below were cleaned in the RUNs that made them, and deleting in a later layer frees nothing";
        let mut rewrite = Rewrite::safe("drop the RUN that only removes caches", reason, run.keyword_span, vec![edit]).ok()?;
        dockopt_shell::walk_commands(&self.script.ast.list, &mut |_, context| {
            rewrite.commands.gone.push(dockopt_shell::canonical(self.script.text(), context.node));
        });
        Some(Proposal::Rewrite(rewrite))
    }
}

fn push_new(titles: &mut Vec<String>, title: String) {
    if !titles.contains(&title) {
        titles.push(title);
    }
}
