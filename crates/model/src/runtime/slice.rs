//! What a builder has to hold: the steps that lead to a product, backwards from it, by what they read and write. A step that may touch
//! what a later one reads is one of them.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_syntax::Body;

use super::parts::{Part, Role};
use super::{Step, What};
use crate::atom::{Atom, AtomKind};
use crate::effects::is_read_by;
use crate::region::Region;
use crate::{Model, script};

/// The steps of the builder of a stage, up to the instruction `last`.
pub(super) fn builder(model: &Model<'_>, stage: usize, parts: &[Part<'_>], last: usize) -> Vec<Step> {
    let found = &model.stages[stage];
    let needed = needed(model, stage, parts);
    let mut steps: Vec<Step> = Vec::new();
    for instruction in found.instructions.start..=last {
        let what = match &model.tree.instructions[instruction].body {
            Body::Run(_) => {
                if !needed.contains_key(&instruction) {
                    continue;
                }
                with_options(model, instruction, parts)
            }
            Body::Copy(_) | Body::Add(_) => match needed.get(&instruction) {
                None => continue,
                Some(atoms) => match files(model, stage, instruction, atoms) {
                    Some(files) if files.is_empty() => continue,
                    Some(files) => What::Files { all: files.clone(), files, folders: BTreeSet::new() },
                    None => What::Whole,
                },
            },
            Body::Env(_) | Body::Arg(_) | Body::Workdir(_) | Body::User(_) | Body::Shell(_) => What::Whole,
            _ => continue,
        };
        steps.push(Step { instruction, what });
    }
    drop_idle_arguments(model, &mut steps);
    steps
}

/// The RUN as it was, or with the options by which its products go to a folder of their own.
fn with_options(model: &Model<'_>, instruction: usize, parts: &[Part<'_>]) -> What {
    let changed = |part: &Part<'_>| match &part.role {
        Ok(Role::Product { text: Some(text), .. }) => Some((part.element, text.clone())),
        _ => None,
    };
    let changes: BTreeMap<usize, String> =
        parts.iter().filter(|part| part.instruction == instruction).filter_map(changed).collect();
    let count = model.script(instruction).map_or(0, |script| script.elements().len());
    if changes.is_empty() {
        return What::Whole;
    }
    What::Elements((0..count).map(|element| (element, changes.get(&element).cloned())).collect())
}

/// The atoms that lead to the products, by instruction.
fn needed<'m>(model: &'m Model<'_>, stage: usize, parts: &[Part<'_>]) -> BTreeMap<usize, Vec<&'m Atom>> {
    let products: BTreeSet<(usize, usize)> = parts
        .iter()
        .filter(|part| matches!(part.role, Ok(Role::Product { .. })))
        .map(|part| (part.instruction, part.element))
        .collect();
    let mut found: Vec<&Atom> = Vec::new();
    for atom in model.traces()[stage].atoms.iter().rev() {
        let is_product = products.contains(&(atom.instruction, atom.element)) && atom.path().is_none();
        if is_product || found.iter().any(|later| feeds(atom, later)) {
            found.push(atom);
        }
    }
    let mut by_instruction: BTreeMap<usize, Vec<&Atom>> = BTreeMap::new();
    for atom in found {
        by_instruction.entry(atom.instruction).or_default().push(atom);
    }
    by_instruction
}

/// Whether the later atom may find what this one left.
fn feeds(atom: &Atom, later: &Atom) -> bool {
    match (atom.path(), later.path()) {
        (Some(_), Some(_)) => false,
        (Some(path), None) => later.effects.reads.touches(&Region::Path(path.to_owned())),
        (None, Some(path)) => atom.effects.writes.touches(&Region::Path(path.to_owned())),
        (None, None) => {
            atom.effects.writes.meets(&later.effects.reads)
                || atom.effects.writes.meets(&later.effects.writes)
        }
    }
}

/// The files of a COPY that are needed, where these can be named; `None` where all of it is.
fn files(
    model: &Model<'_>,
    stage: usize,
    instruction: usize,
    atoms: &[&Atom],
) -> Option<BTreeMap<String, String>> {
    let all = model.traces()[stage].of(instruction).filter_map(Atom::written_file).count();
    let is_rest = |atom: &&&Atom| matches!(atom.kind, AtomKind::Rest { .. } | AtomKind::Run);
    if atoms.iter().any(|atom| is_rest(&atom)) {
        return None;
    }
    let files: BTreeMap<String, String> = atoms
        .iter()
        .filter_map(|atom| atom.written_file())
        .map(|(path, from)| (path.to_owned(), from.to_owned()))
        .collect();
    (files.len() < all).then_some(files)
}

/// Takes out the copies that were there for the builder: a later one brings the same files before a RUN could tell.
pub(super) fn drop_early_copies(model: &Model<'_>, stage: usize, builder: &[Step], steps: &mut Vec<Step>) {
    let trace = &model.traces()[stage];
    let is_copy = |step: &Step| {
        let body = &model.tree.instructions[step.instruction].body;
        body.as_copy().is_some() && matches!(step.what, What::Whole)
    };
    let is_covered = |at: usize, steps: &[Step]| {
        let is_run = |step: &&Step| {
            matches!(model.tree.instructions[step.instruction].body, Body::Run(_))
                && !matches!(step.what, What::Brought(_))
        };
        let later = steps[at + 1..].iter().take_while(|step| !is_run(step)).filter(|step| is_copy(step));
        let brought: Vec<&Atom> = later.flat_map(|step| trace.of(step.instruction)).collect();
        trace.of(steps[at].instruction).all(|atom| match &atom.kind {
            AtomKind::Write { .. } => {
                brought.iter().any(|other| other.kind == atom.kind && other.label == atom.label)
            }
            AtomKind::Rest { path, .. } => brought.iter().any(|other| covers(other, path)),
            AtomKind::MakeFolder { path } | AtomKind::ParentFolder { path } => {
                brought.iter().any(|other| other.path() == Some(path))
            }
            _ => false,
        })
    };
    for at in (0..steps.len()).rev() {
        let is_for_builder = builder.iter().any(|step| step.instruction == steps[at].instruction);
        if is_for_builder && is_copy(&steps[at]) && is_covered(at, steps) {
            steps.remove(at);
        }
    }
}

/// Whether an atom brings whatever else may lie in the folder from which `path` is copied.
pub(super) fn covers(atom: &Atom, path: &str) -> bool {
    matches!(&atom.kind, AtomKind::Rest { path: tree, .. } if crate::path::within(path, tree))
}

/// Takes out the ENVs and ARGs that no later step of these sees. An ENV of the last stage is part of the image and is not among them.
pub(super) fn drop_idle_arguments(model: &Model<'_>, steps: &mut Vec<Step>) {
    let is_last = steps.iter().any(|step| matches!(step.what, What::Brought(_)));
    let is_idle = |at: usize, steps: &[Step]| {
        let names: Vec<&str> = match &model.tree.instructions[steps[at].instruction].body {
            Body::Arg(pairs) => pairs.iter().map(|pair| pair.key.text.as_str()).collect(),
            Body::Env(pairs) if !is_last => pairs.iter().map(|pair| pair.key.text.as_str()).collect(),
            _ => return false,
        };
        let later = steps[at + 1..].iter().filter(|step| !matches!(step.what, What::Brought(_)));
        !later.into_iter().any(|step| names.iter().any(|name| sees(model, step.instruction, name)))
    };
    for at in (0..steps.len()).rev() {
        if is_idle(at, steps) {
            steps.remove(at);
        }
    }
}

/// Whether an instruction may be another one by the value of a variable.
fn sees(model: &Model<'_>, instruction: usize, name: &str) -> bool {
    let found = &model.tree.instructions[instruction];
    if mentions(found.span.of(&model.tree.text), name) {
        return true;
    }
    if !matches!(found.body, Body::Run(_)) {
        return false;
    }
    let Ok(run) = model.script(instruction) else { return true };
    let mut sees = false;
    for node in run.elements().into_iter().flat_map(crate::Element::nodes) {
        script::each_command(node, &mut |simple| {
            sees |= match run.recognize(simple) {
                Some(invocation) => {
                    invocation.action.is_none() || !invocation.complete || is_read_by(invocation.tool, name)
                }
                None => !crate::effects::is_of_the_shell(simple),
            };
        });
    }
    sees
}

/// Whether a text has a variable of that name in it.
fn mentions(text: &str, name: &str) -> bool {
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    text.match_indices('$').any(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.strip_prefix(name).is_some_and(is_end)
    })
}
