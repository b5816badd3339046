//! Copies what an install reads first, and the rest of the sources after it.
//!
//! ## What it does
//!
//! `COPY . .` before an install becomes: copy the manifests, install, copy the rest. Steps between the copy and the install
//! stay where they are; an install and a build in one `RUN a && b` are taken apart. If the install fills a folder that the
//! later copy would overwrite, such as the host's own packages, the same rewrite adds that folder to `.dockerignore`.
//!
//! ## Why
//!
//! The builder runs a step again when a file that was copied before it changed. With the sources copied first, every edit
//! of the program installs all its dependencies again; with the manifests alone, only an edit of the manifests does.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.11
//! WORKDIR /app
//! COPY . .
//! RUN pip install -r requirements.txt
//! CMD ["flask", "run"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.11
//! WORKDIR /app
//! COPY requirements.txt .
//! RUN pip install -r requirements.txt
//! COPY . .
//! CMD ["flask", "run"]
//! ```
//!
//! with the files `app.py`, `requirements.txt`.
//!
//! ## Safety
//!
//! Safe: it acts only when the files of the build context prove that the install reads nothing else and writes nothing
//! that the copy brings. Scripts that the install would run, local dependencies, a lock file that it may rewrite, or
//! folders that it fills and that are in the repository are reasons to leave the file alone; `--explain` names them.

use std::collections::BTreeMap;

use dockopt_model::copy_lines::{CopyLines, written_order};
use dockopt_model::delay::{self, Delay, Install};
use dockopt_model::{layout, path};
use dockopt_syntax::{Copy, Edit, Form, Instruction, ItemKind, Span, Tree};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "copy-manifests-first";
pub(crate) const PHASE: Phase = Phase::Order;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "copy what an install reads before it, and the sources after it";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            if let Some(copy) = cx.model.tree.instructions[at].body.as_copy()
                && let Some(delay) = delay::of(cx.model, stage, at)
            {
                proposals.extend(look_at(cx, stage, at, copy, delay));
            }
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize, copy: &Copy, mut delay: Delay) -> Option<Proposal> {
    let tree = cx.model.tree;
    // A RUN is taken apart only behind an install that reads what is copied: others are not worth two steps.
    while delay.installs.last().is_some_and(|last| delay.is_cut_at(last) && !last.reads_something()) {
        delay.installs.pop();
    }
    let delay = &delay;
    let instruction = &tree.instructions[at];
    let Some(last) = delay.installs.last() else {
        let stop = delay.stop.as_ref()?;
        let install = delay::first_install(cx.model, stage, stop.instruction)?;
        let between = if stop.instruction == install {
            String::new()
        } else {
            format!("`{}` stands between, and ", dockopt_model::beginning(&tree.instructions[stop.instruction]))
        };
        let place = tree.instructions[install].keyword_span;
        return Some(Declined::proposal(place, format!("the copy above stays before this install: {between}{}", stop.reason)));
    };
    // A copy of nothing but what the installs read is where it should be.
    let read = |path: &String| {
        delay.installs.iter().any(|install| {
            install.manifests.contains_key(path) || install.folders.iter().any(|folder| path::within(path, folder))
        })
    };
    if delay.files.keys().all(read) {
        return None;
    }
    let decline = |why: &str| Some(Declined::proposal(instruction.keyword_span, why));
    let plan = match Plan::new(cx, at, copy, delay, last) {
        Ok(plan) => plan,
        Err(why) => return decline(why),
    };
    let Ok(mut rewrite) = Rewrite::safe(plan.title(delay.installs.len()), plan.reason(delay), instruction.keyword_span, plan.edits) else {
        return decline("two changes of this rewrite would meet");
    };
    rewrite.ignore = delay.ignore.iter().cloned().collect();
    Some(Proposal::Rewrite(rewrite))
}

/// The edits that move a copy below the installs that it can pass.
struct Plan {
    edits: Vec<Edit>,
    manifests: Vec<String>,
}

impl Plan {
    fn new(cx: &Cx<'_>, at: usize, copy: &Copy, delay: &Delay, last: &Install) -> Result<Self, &'static str> {
        let tree = cx.model.tree;
        let instruction = &tree.instructions[at];
        let newline = tree.newline();
        let mut plan = Self { edits: Vec::new(), manifests: Vec::new() };
        let mut copied: BTreeMap<&str, &str> = BTreeMap::new();
        let mut in_place = String::new();
        let mut first_run = None;
        for install in &delay.installs {
            let new: BTreeMap<&str, &str> = install
                .manifests
                .iter()
                .map(|(image, from)| (image.as_str(), from.as_str()))
                .filter(|(image, _)| !copied.contains_key(image))
                .collect();
            let lines = CopyLines { tree, instruction, copy, delay }.write(&new, &install.folders.iter().map(String::as_str).collect::<Vec<_>>()).ok_or("a file that the install reads cannot be named in a COPY line")?;
            plan.manifests.extend(written_order(new.values().copied()).into_iter().map(str::to_owned));
            copied.extend(new);
            first_run = first_run.or(Some(install.instruction));
            if lines.is_empty() {
                continue;
            }
            // Directly where the copy stood, as long as no install stands between; else above the install.
            if first_run == Some(install.instruction) {
                in_place.push_str(&lines);
            } else {
                let above = tree.leading_comments(install.instruction).start;
                plan.insert(above, lines);
            }
        }
        let indent = Span::new(instruction.span.start, instruction.keyword_span.start).of(&tree.text);
        let rest = format!("{indent}{}", without(tree, instruction, copy, delay, &copied));
        let comments = tree.leading_comments(at);
        let own = format!("{}{rest}{newline}", comments.of(&tree.text));
        let span = if in_place.is_empty() { layout::whole(tree, at) } else { comments.cover(instruction.span) };
        plan.edits.push(Edit { span, text: in_place });
        let run = &tree.instructions[last.instruction];
        let blank = if follows_blank(tree, at) { newline } else { Default::default() };
        if delay.is_cut_at(last) {
            if !run.flags.is_empty() {
                return Err("the RUN with the install would have to be cut in two, and it has flags");
            }
            if !can_be_cut(cx, last.instruction, last.element) {
                return Err("the RUN with the install would have to be cut in two, but its first half changes the shell for the second, or the second cleans up after the first");
            }
            let (first, second) = layout::split(cx.model, last.instruction, last.element)
                .ok_or("the RUN with the install would have to be cut in two, and it is no plain `&&` chain")?;
            let text = format!("{first}{newline}{blank}{own}{blank}{second}");
            plan.edits.push(Edit { span: run.code_span(&tree.text), text });
        } else if run.ends_open(&tree.text, tree.escape) {
            return Err("the RUN with the install ends in a continuation, so that a copy behind it would become a part of it");
        } else {
            // A file without a final line end stays without one.
            let text = if tree.text[..run.span.end].ends_with('\n') {
                format!("{blank}{own}")
            } else {
                format!("{newline}{blank}{}", own.trim_end_matches(['\r', '\n']))
            };
            plan.insert(run.span.end, text);
        }
        Ok(plan)
    }

    fn insert(&mut self, at: usize, text: String) {
        self.edits.push(Edit { span: Span::at(at), text });
    }

    fn title(&self, installs: usize) -> String {
        let (install, it) = if installs == 1 { ("install", "it") } else { ("installs", "them") };
        match self.manifests.as_slice() {
            [] => format!("copy the sources after the {install}"),
            manifests => format!("copy {} before the {install}, the rest after {it}", manifests.join(", ")),
        }
    }

    fn reason(&self, delay: &Delay) -> String {
        let mut reason = if self.manifests.is_empty() {
            "the install reads nothing of what is copied, so an edit of the sources need not run it again".to_owned()
        } else {
            "the install reads only these of what is copied, so an edit of anything else need not run it again".to_owned()
        };
        if !delay.ignore.is_empty() {
            let folders: Vec<&str> = delay.ignore.iter().map(String::as_str).collect();
            reason.push_str(&format!("; .dockerignore gets {}, or the copy could overwrite what was installed", folders.join(", ")));
        }
        let mut remarks: Vec<&str> = delay.installs.iter().flat_map(|install| &install.remarks).map(String::as_str).collect();
        remarks.dedup();
        for remark in remarks {
            reason.push_str("; ");
            reason.push_str(remark);
        }
        reason
    }
}

/// Whether a blank line stands above an instruction and its comments.
fn follows_blank(tree: &Tree, at: usize) -> bool {
    let start = tree.leading_comments(at).start;
    tree.items.iter().rev().find(|item| item.span.end <= start).is_some_and(|item| item.kind == ItemKind::Blank)
}

/// Whether a RUN can be cut behind an element: no state of the shell is carried over, and nothing that the first half
/// leaves behind is cleaned up by the second.
fn can_be_cut(cx: &Cx<'_>, instruction: usize, element: usize) -> bool {
    let Ok(script) = cx.model.script(instruction) else { return false };
    let Some(operands) = layout::operands(cx.model, instruction) else { return false };
    let carried = operands[..=element].iter().flat_map(|one| one.nodes()).any(dockopt_shell::changes_state);
    let cleaned = operands[element + 1..].iter().flat_map(|one| one.nodes()).any(|node| {
        let mut found = script.cleans(node).is_some();
        dockopt_model::script::each_command(node, &mut |simple| {
            let role = script.recognize(simple).and_then(|invocation| invocation.action.map(|action| action.role));
            found |= matches!(role, Some(dockopt_tools::Role::Remove | dockopt_tools::Role::Clean));
        });
        found
    });
    !carried && !cleaned
}

/// The text of a copy without the files that were copied by name before.
fn without(tree: &Tree, instruction: &Instruction, copy: &Copy, delay: &Delay, copied: &BTreeMap<&str, &str>) -> String {
    let code = instruction.code_span(&tree.text);
    let text = code.of(&tree.text);
    let named = |source: &str| {
        let source = source.trim_start_matches("./");
        copied.values().any(|&from| from == source) && delay.files.values().any(|from| from == source)
    };
    let kept = copy.sources.iter().filter(|source| !named(&source.text)).count();
    if copy.form == Form::Json || text.contains('\n') || kept == 0 || kept == copy.sources.len() {
        return text.to_owned();
    }
    let mut rest = String::new();
    let mut from = code.start;
    for source in copy.sources.iter().filter(|source| named(&source.text)) {
        rest.push_str(&tree.text[from..source.span.start]);
        let after = &tree.text[source.span.end..];
        from = source.span.end + (after.len() - after.trim_start_matches([' ', '\t']).len());
    }
    rest.push_str(&tree.text[from..code.end]);
    rest
}
