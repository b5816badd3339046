//! Lets COPY give owner and mode itself, instead of a `chown` or `chmod` in a later layer.
//!
//! ## What it does
//!
//! `COPY` followed by `RUN chown -R app:app /srv/app` becomes `COPY --chown=app:app`, and `RUN chmod +x` of a copied file becomes
//! `COPY --chmod=755`. In a longer RUN the command is taken out of the chain. Where something else made the folder, such as
//! WORKDIR, the folder alone is still given away: `chown app:app /srv/app`, without `-R`.
//!
//! ## Why
//!
//! A layer that changes the owner or the mode of a file holds the whole file again, so the sources are in the image twice.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! RUN useradd --system app
//! WORKDIR /srv/billing
//! COPY . .
//! RUN chown -R app:app /srv/billing
//! USER app
//! CMD ["python", "-m", "billing"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! RUN useradd --system app
//! WORKDIR /srv/billing
//! COPY --chown=app:app . .
//! RUN chown app:app /srv/billing
//! USER app
//! CMD ["python", "-m", "billing"]
//! ```
//!
//! with the files `billing/__main__.py`.
//!
//! ## Safety
//!
//! Safe: it acts only where everything that the command changes comes from these COPYs, so no other step and no base image has
//! put anything there; where no step between looks at the files or makes users; and where the mode that comes out is known,
//! for `+x` by that of the files in the build context. COPY takes a user that it does not find for root, so a user that is
//! made after the COPY is a reason to leave the file alone. `--chmod` needs `BuildKit`: without a sign of it in the file,
//! `builder = "buildkit"` in `dockopt.toml` allows it.

use dockopt_model::attributes::is_root;
use dockopt_model::builder::{Feature, may_use};
use dockopt_model::layout;
use dockopt_model::owned::{self, Found, Owned};
use dockopt_model::respell::{self, respell};
use dockopt_model::Script;
use dockopt_shell::Simple;
use dockopt_syntax::{Edit, Span};
use dockopt_tools::Gives;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "own-copies";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "let COPY give owner and mode, not a later layer";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let found = (0..cx.model.stages.len()).flat_map(|stage| owned::all(cx.model, stage));
    found.filter_map(|found| look_at(cx, &found)).collect()
}

fn look_at(cx: &Cx<'_>, found: &Found) -> Option<Proposal> {
    let place = cx.model.tree.instructions[found.instruction].keyword_span;
    let rewrite = match &found.owned {
        Ok(owned) => rewrite(cx, found, owned),
        Err(reason) if reason.is_empty() => return None,
        Err(reason) => Err(reason.clone()),
    };
    Some(rewrite.map_or_else(
        |reason| Declined::proposal(place, format!("the COPY above does not take this over: {reason}")),
        Proposal::Rewrite,
    ))
}

fn rewrite(cx: &Cx<'_>, found: &Found, owned: &Owned) -> Result<Rewrite, String> {
    let (model, tree) = (cx.model, cx.model.tree);
    let script = model.script(found.instruction).map_err(|why| why.to_string())?;
    let elements = script.elements();
    let node = elements.get(found.element).and_then(|element| element.nodes().first().copied());
    let (node, simple) = node.and_then(|node| Some((node, node.as_simple()?))).ok_or("it is not understood")?;
    let mut flags: Vec<String> = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    for (&copy, value) in &owned.copies {
        let value = in_variables(cx, copy, script, simple, value).unwrap_or_else(|| value.clone());
        if let Some((edit, flag)) = with_flag(cx, copy, found.change.kind, &value)? {
            edits.push(edit);
            if !flags.contains(&flag) {
                flags.push(flag);
            }
        }
    }
    let mut gone = dockopt_shell::canonical(script.text(), node);
    let (mut new, mut along) = (None, Vec::new());
    if let Some(folder) = &owned.left {
        let invocation = script.recognize(simple).ok_or("it is not understood")?;
        let deep = &invocation.action.ok_or("it is not understood")?.only_with;
        let mut changes = Vec::new();
        for flag in invocation.flags.iter().filter(|flag| deep.contains(&flag.name)) {
            let word = &simple.words[flag.word];
            if word.literal.as_ref() != Some(&flag.name) {
                return Err(format!("`{folder}` alone would be left to it, and its options cannot be taken apart"));
            }
            changes.push(respell::Change { range: simple.words[flag.word - 1].span.end..word.span.end, text: String::new() });
        }
        let respelled = respell(script, simple, &changes).ok_or("the command cannot be written anew")?;
        edits.extend(respelled.edits);
        gone = respelled.gone;
        new = Some(canonical(&respelled.new));
    } else {
        let without = layout::without(model, found.instruction, found.element)?;
        edits.push(without.edit);
        along = without.gone;
    }
    edits.sort_by_key(|edit| edit.span.start);
    let words = gone.clone();
    let title = match (flags.as_slice(), &owned.left) {
        ([], _) => format!("drop `{words}`, which COPY does by itself"),
        (flags, None) => format!("write {} instead of `{words}`", quoted(flags)),
        (flags, Some(folder)) => format!("write {} and give only `{folder}` itself away later", quoted(flags)),
    };
    let reason = "the files are in the image once more in the layer that changes them; COPY brings them as they are to be";
    let keyword = tree.instructions[found.instruction].keyword_span;
    let mut rewrite = Rewrite::safe(title, reason, keyword, edits).map_err(|error| error.to_string())?;
    rewrite.commands.gone.push(gone);
    rewrite.commands.gone.extend(along);
    rewrite.commands.new.extend(new);
    Ok(rewrite)
}

/// The value as the command has it, where it is written with variables that are the same for the COPY.
fn in_variables(cx: &Cx<'_>, copy: usize, script: &Script<'_>, simple: &Simple, value: &str) -> Option<String> {
    let invocation = script.recognize(simple)?;
    let word = &simple.words[*invocation.operands.first()?];
    let text = script.text()[word.span.clone()].trim_matches('"');
    let state = cx.model.stages[cx.model.stage_of(copy)?].state(copy);
    let is_same = state.expand(text, cx.model.tree.escape).get().is_some_and(|own| own == value);
    (text.contains('$') && is_same).then(|| text.to_owned())
}

fn quoted(flags: &[String]) -> String {
    flags.iter().map(|flag| format!("`{flag}`")).collect::<Vec<_>>().join(" and ")
}

/// The edit that gives a COPY the flag, and the flag; `None` where it is not needed.
fn with_flag(cx: &Cx<'_>, copy: usize, kind: Gives, value: &str) -> Result<Option<(Edit, String)>, String> {
    let tree = cx.model.tree;
    let instruction = &tree.instructions[copy];
    let name = match kind {
        Gives::Owner => "chown",
        Gives::Mode => "chmod",
    };
    let flag = format!("--{name}={value}");
    let old = instruction.flag(name);
    if old.is_none() && kind == Gives::Owner && is_root(value) {
        return Ok(None);
    }
    if kind == Gives::Mode {
        may_use(tree, cx.options.builder, Feature::Chmod)?;
    }
    let edit = match old {
        Some(old) if old.span.of(&tree.text) == flag => return Ok(None),
        Some(_) if kind == Gives::Owner => return Ok(None),
        Some(old) => Edit { span: old.span, text: flag.clone() },
        None => {
            let end = instruction.flags.last().map_or(instruction.keyword_span.end, |last| last.span.end);
            Edit { span: Span::at(end), text: format!(" {flag}") }
        }
    };
    Ok(Some((edit, flag)))
}
