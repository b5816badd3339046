//! The edits that move a COPY below installs: what each of them reads is copied by name before it. It writes text; whether
//! the result means the same is proven by the digest.

use std::collections::BTreeMap;

use dockopt_syntax::{Copy, Edit, Form, Instruction, ItemKind, Span, Tree};

use crate::builder::Builder;
use crate::copy_lines::{CopyLines, written_order};
use crate::delay::{Delay, Install};
use crate::described::{self, Part};
use crate::{Model, layout, path};

/// Where the manifests are copied that the first install needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Where the COPY stood: the smallest change.
    ItsPlace,
    /// Above the install.
    TheInstall,
}

/// A COPY that moves down.
#[derive(Debug)]
pub struct MovedCopy {
    /// The change of the Dockerfile.
    pub edits: Vec<Edit>,
    /// The context files, and folders with a `/` at their end, that are copied by name now.
    pub manifests: Vec<String>,
    /// Those that an earlier COPY brings already.
    pub present: Vec<String>,
}

impl MovedCopy {
    /// Moves COPY `at` below the last of the installs that it can pass. `Err` says why that cannot be written.
    pub fn below(
        model: &Model<'_>,
        at: usize,
        copy: &Copy,
        delay: &Delay,
        last: &Install,
        manifests: At,
        builder: Builder,
    ) -> Result<Self, &'static str> {
        let tree = model.tree;
        let before = model.stage_of(at).map(|stage| model.image_before(stage, at, 0));
        let instruction = &tree.instructions[at];
        let newline = tree.newline();
        let mut plan = Self { edits: Vec::new(), manifests: Vec::new(), present: Vec::new() };
        let mut copied: BTreeMap<&str, &str> = BTreeMap::new();
        let mut folders: Vec<&str> = Vec::new();
        let mut in_place = String::new();
        let mut first_run = None;
        for install in &delay.installs {
            let new: BTreeMap<&str, &str> = install
                .manifests
                .iter()
                .map(|(image, from)| (image.as_str(), from.as_str()))
                .filter(|(image, _)| !copied.contains_key(image))
                .collect();
            let is_there = |image: &str, from: &str| {
                before.as_ref().and_then(|before| before.origin(image)) == Some(from)
            };
            let (present, new): (BTreeMap<&str, &str>, BTreeMap<&str, &str>) =
                new.into_iter().partition(|(image, from)| is_there(image, from));
            plan.present.extend(present.values().map(|&from| from.to_owned()));
            let new_folders: Vec<&str> = install
                .folders
                .iter()
                .map(String::as_str)
                .filter(|folder| !folders.iter().any(|copied| path::within(folder, copied)))
                .collect();
            let lines = CopyLines { tree, instruction, copy, delay, builder }
                .write(&new, &new_folders)
                .ok_or("a file that the install reads cannot be named in a COPY line")?;
            plan.manifests.extend(written_order(new.values().copied()).into_iter().map(str::to_owned));
            plan.manifests.extend(
                new_folders
                    .iter()
                    .map(|folder| format!("{}/", path::relative(folder, &delay.target).unwrap_or(folder))),
            );
            copied.extend(new);
            folders.extend(new_folders);
            first_run = first_run.or(Some(install.instruction));
            if lines.is_empty() {
                continue;
            }
            // Directly where the copy stood, as long as no install stands between; else above the install.
            if manifests == At::ItsPlace && first_run == Some(install.instruction) {
                in_place.push_str(&lines);
            } else {
                let above = tree.leading_comments(install.instruction).start;
                plan.insert(above, lines);
            }
        }
        let indent = Span::new(instruction.span.start, instruction.keyword_span.start).of(&tree.text);
        let rest = format!("{indent}{}", without(tree, instruction, copy, delay, &copied));
        let comments = tree.leading_comments(at);
        let comment = comments.of(&tree.text);
        let own = if in_place.is_empty() || described::part(comment, &plan.manifests) == Part::Rest {
            format!("{comment}{rest}{newline}")
        } else {
            in_place.insert_str(0, comment);
            format!("{rest}{newline}")
        };
        let span =
            if in_place.is_empty() { layout::whole(tree, at) } else { comments.cover(instruction.span) };
        plan.edits.push(Edit { span, text: in_place });
        let run = &tree.instructions[last.instruction];
        let blank = if follows_blank(tree, at) { newline } else { Default::default() };
        if delay.is_cut_at(last) {
            if !run.flags.is_empty() {
                return Err("the RUN with the install would have to be cut in two, and it has flags");
            }
            if !can_be_cut(model, last.instruction, last.element) {
                return Err(
                    "the RUN with the install would have to be cut in two, but its first half changes the shell for the second, or the second cleans up after the first",
                );
            }
            let (first, second) = layout::split(model, last.instruction, last.element).ok_or(
                "the RUN with the install would have to be cut in two, and it is no plain `&&` chain",
            )?;
            let text = format!("{first}{newline}{blank}{own}{blank}{second}");
            plan.edits.push(Edit { span: run.code_span(&tree.text), text });
        } else if run.ends_open(&tree.text, tree.escape) {
            return Err(
                "the RUN with the install ends in a continuation, so that a copy behind it would become a part of it",
            );
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
}

/// Whether a blank line stands above an instruction and its comments.
fn follows_blank(tree: &Tree, at: usize) -> bool {
    let start = tree.leading_comments(at).start;
    tree.items
        .iter()
        .rev()
        .find(|item| item.span.end <= start)
        .is_some_and(|item| item.kind == ItemKind::Blank)
}

/// Whether a RUN can be cut behind an element: no state of the shell is carried over, and nothing that the first half
/// leaves behind is cleaned up by the second.
fn can_be_cut(model: &Model<'_>, instruction: usize, element: usize) -> bool {
    let Ok(script) = model.script(instruction) else { return false };
    let Some(operands) = layout::operands(model, instruction) else { return false };
    let carried = operands[..=element].iter().flat_map(|one| one.nodes()).any(dockopt_shell::changes_state);
    let cleaned = operands[element + 1..].iter().flat_map(|one| one.nodes()).any(|node| {
        let mut found = script.cleans(node).is_some();
        crate::script::each_command(node, &mut |simple| {
            let role =
                script.recognize(simple).and_then(|invocation| invocation.action.map(|action| action.role));
            found |= matches!(role, Some(dockopt_tools::Role::Remove | dockopt_tools::Role::Clean));
        });
        found
    });
    !carried && !cleaned
}

/// The text of a copy without the files that were copied by name before.
fn without(
    tree: &Tree,
    instruction: &Instruction,
    copy: &Copy,
    delay: &Delay,
    copied: &BTreeMap<&str, &str>,
) -> String {
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
