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
//! from because that step is not understood; downloads that a later step reads without the network, or that another stage
//! copies; caches that a mount, a variable or another flag already covers; stages whose layers are not shipped; and tools of
//! bases that are so old, or so unknown, that the flag may be missing.

use dockopt_model::caches::{self, Left};
use dockopt_model::keeping::{self, Keeping};
use dockopt_model::respell::{Change, respell};
use dockopt_model::{Script, layout, needs, refreshes, survival};
use dockopt_shell::Simple;
use dockopt_syntax::{Body, Edit, Span};
use dockopt_tools::DropBy;

use crate::{Class, Commands, Cx, Declined, Expected, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "drop-package-caches";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "leave package caches and indexes out of the image";
pub(crate) const ALIASES: &[&str] = &["DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042"];
pub(crate) const EXPECTS: &[Expected] = &[Expected::Caches, Expected::Indexes];

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
            if caches::only_cleans(cx.model, at) {
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

impl Run<'_, '_> {
    fn look(&self) -> Vec<Proposal> {
        let mut edits = Vec::new();
        let mut commands = Commands::default();
        let mut tails: Vec<&str> = Vec::new();
        let mut titles: Vec<String> = Vec::new();
        let mut declined = Vec::new();
        let mut reasons: Vec<String> = Vec::new();
        let wishes = (self.cx.options.caches, self.cx.options.builder);
        for filled in caches::left_by(self.cx.model, self.stage, self.at) {
            if matches!(keeping::of(self.cx.model, wishes, self.stage, self.at, &filled), Keeping::Mounted(_)) {
                continue;
            }
            let place = self.script.span(&filled.simple.words[0].span);
            if let Some(reason) = self.obstacle(&filled) {
                if !reasons.contains(&reason) {
                    reasons.push(reason.clone());
                    declined.push(Declined::proposal(place, reason));
                }
                continue;
            }
            match &filled.cache.drop {
                Some(DropBy::Flag { flag, on, .. }) if on.contains(&filled.invocation.action.map_or(String::new(), |action| action.name.clone())) => {
                    edits.extend(self.add_flag(&filled, flag, &mut commands));
                    edits.extend(self.own_refresh(&filled, flag, &mut commands));
                    push_new(&mut titles, format!("leave the {} of {} out with `{flag}`", filled.cache.name, filled.tool.title));
                }
                Some(DropBy::Command(command)) if !tails.contains(&command.as_str()) => {
                    tails.push(command);
                    push_new(&mut titles, format!("clean up the {} of {} in the same RUN", filled.cache.name, filled.tool.title));
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
            let reason = "nothing needs this at run time, and a later RUN cannot take it out of the layer";
            if let Ok(mut rewrite) = Rewrite::safe(titles.join("; "), reason, at, edits) {
                rewrite.commands = commands;
                declined.push(Proposal::Rewrite(rewrite));
            }
        }
        declined
    }

    /// Why the cache stays.
    fn obstacle(&self, filled: &Left<'_>) -> Option<String> {
        let name = &filled.tool.title;
        if !filled.invocation.complete {
            return Some(format!("this {name} command has a word that is not understood"));
        }
        if !filled.invocation.wrappers.is_empty() {
            return Some(format!("{name} runs under another command here"));
        }
        let model = self.cx.model;
        match &filled.cache.drop {
            Some(drop @ DropBy::Flag { flag, .. }) if !caches::is_flag_known(model, self.stage, filled.tool, drop) => {
                return Some(format!("it is not known whether the {name} of this base image has `{flag}`"));
            }
            Some(DropBy::Command(command)) if survival::may_lose(model, self.stage, self.at, filled, command) => {
                return Some(format!("`{command}` may not run at the end of this RUN: {name} may be gone, or goes by another name here"));
            }
            _ => {}
        }
        let later = needs::index_needed(model, self.stage, self.at, filled)
            .or_else(|| needs::needed_later(model, self.stage, self.at, filled));
        if let Some(later) = later {
            return Some(needs::clause(model, self.at, filled, later));
        }
        let Some(DropBy::Flag { flag, .. }) = &filled.cache.drop else { return None };
        refreshes::kept(model, self.at, filled, flag).map(|kept| format!("`{kept}` in the same RUN would fetch the index a second time"))
    }

    fn add_flag(&self, filled: &Left<'_>, flag: &str, commands: &mut Commands) -> Vec<Edit> {
        let idle = Change::in_place_of_refresh(filled.simple, &filled.invocation, flag);
        if let Some(respelled) = idle.and_then(|change| respell(self.script, filled.simple, &[change])) {
            commands.respell(respelled.gone, &respelled.new);
            return respelled.edits;
        }
        // After the verb, or the command where there is no verb.
        let verb = filled.invocation.verb.end.max(filled.invocation.command.end) - 1;
        let last = verb + frozen_words(filled, verb + 1);
        let end = filled.simple.words[last].span.end;
        self.changed(filled.simple, end, flag, commands);
        vec![Edit { span: Span::at(self.script.logical.source_end(end)), text: format!(" {flag}") }]
    }

    /// Notes that a command goes and comes back with a flag at `end`.
    fn changed(&self, simple: &Simple, end: usize, flag: &str, commands: &mut Commands) {
        let text = self.script.text();
        dockopt_shell::walk_commands(&self.script.ast.list, &mut |found, context| {
            if std::ptr::eq(found, simple) {
                let gone = dockopt_shell::canonical(text, context.node);
                let head = canonical(&text[context.node.span.start..end]);
                commands.new.push(gone.replacen(&head, &format!("{head} {flag}"), 1));
                commands.gone.push(gone);
            }
        });
    }

    /// A refresh before an install that now fetches the index by itself goes.
    fn own_refresh(&self, filled: &Left<'_>, flag: &str, commands: &mut Commands) -> Vec<Edit> {
        let mut edits = Vec::new();
        for refresh in refreshes::removable(self.cx.model, self.at, filled, flag) {
            if !commands.gone.contains(&refresh.gone) {
                commands.gone.push(refresh.gone);
                edits.push(refresh.edit);
            }
        }
        edits
    }

    /// Takes out a RUN that only empties caches, all of which are empty by now.
    fn late_cleanup(&self, start: usize) -> Option<Proposal> {
        let tree = self.cx.model.tree;
        let run = &tree.instructions[self.at];
        let cleaned = caches::cleaned_by(self.cx.model, self.at);
        let earlier: Vec<&str> = (start..self.at).flat_map(|at| caches::cleaned_by(self.cx.model, at)).collect();
        if !run.flags.is_empty() || !cleaned.iter().any(|path| earlier.contains(path)) {
            return None;
        }
        if layout::has_comments(tree, self.at) {
            return Some(Declined::proposal(run.keyword_span, "this RUN frees nothing, but a comment describes it; remove both by hand"));
        }
        let reason = "the layers below were cleaned in the RUNs that made them, and deleting in a later layer frees nothing";
        Rewrite::without_run(self.cx, self.at, "drop the RUN that only removes caches", reason).map(Proposal::Rewrite)
    }
}

/// How many words from `first` on say that the lock file is to be taken as it is. They stay behind the verb, where another pass
/// may write them.
fn frozen_words(filled: &Left<'_>, first: usize) -> usize {
    let forms = filled.invocation.action.iter().flat_map(|action| &action.frozen);
    let flags: Vec<&str> = forms.flat_map(|form| &form.flags).map(String::as_str).collect();
    let words = filled.simple.words.iter().skip(first);
    words.take_while(|word| word.literal.as_deref().is_some_and(|text| flags.contains(&text))).count()
}

fn push_new(titles: &mut Vec<String>, title: String) {
    if !titles.contains(&title) {
        titles.push(title);
    }
}
