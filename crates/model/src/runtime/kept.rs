//! What a split must keep, whatever proposed it: the settings of the image, its names, and every file of the build context with its
//! place, its attributes and its turn. It compares two files and knows no plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::Model;
use crate::atom::{Atom, AtomKind};
use crate::digest;
use crate::stages::{Parent, Stage};

/// Whether the last stage of `after`, which has one stage more, gives the same image as that of `before` but for what is built. The
/// reason where it does not. `left` are files of the context that only the builder has.
pub fn check(before: &Model<'_>, after: &Model<'_>, left: &BTreeSet<String>) -> Result<(), String> {
    let [earlier @ .., last] = before.stages.as_slice() else { return Err("there is no stage".to_owned()) };
    let [same @ .., builder, runtime] = after.stages.as_slice() else {
        return Err("there is no builder".to_owned());
    };
    let names = |stages: &[Stage]| stages.iter().map(|stage| stage.name.clone()).collect::<Vec<_>>();
    if names(earlier) != names(same) || last.name != runtime.name {
        return Err("a stage has another name or another place".to_owned());
    }
    let taken = earlier.iter().any(|stage| stage.name == builder.name);
    if builder.name.is_none() || taken || !matches!(runtime.parent, Parent::Image { .. }) {
        return Err("the builder has no name of its own, or the image starts from it".to_owned());
    }
    let first = before.digest().first_difference(after.digest());
    if first.is_some_and(|first| first < earlier.len()) {
        return Err("a stage above would be another one".to_owned());
    }
    if variables(last) != variables(runtime) {
        return Err("the image would have other variables".to_owned());
    }
    if digest::settings(before, last) != digest::settings(after, runtime) {
        return Err("the image would have other settings".to_owned());
    }
    files(&before.traces()[earlier.len()].atoms, &after.traces()[earlier.len() + 1].atoms, left)
}

/// The variables of the image, without arguments of the build.
fn variables(stage: &Stage) -> Vec<String> {
    let end = stage.states.last().expect("a stage has a state after its end");
    let is_kept = |label: &str| !label.starts_with("arg\u{1}");
    let kept = end.variables.iter().filter(|(_, variable)| is_kept(&variable.label));
    kept.map(|(name, variable)| format!("{name}={}", variable.label)).collect()
}

/// Whether the copied files are the same, and what changes places with another step is independent of it.
fn files(before: &[Atom], after: &[Atom], left: &BTreeSet<String>) -> Result<(), String> {
    let is_copied = |atom: &&Atom| {
        matches!(atom.kind, AtomKind::Write { .. } | AtomKind::Rest { .. } | AtomKind::ParentFolder { .. })
    };
    let key = |atom: &Atom| (atom.kind.clone(), atom.label.clone());
    let brought: Vec<_> = after.iter().filter(is_copied).map(key).collect();
    let labels: Vec<String> = after.iter().map(|atom| format!("{:?} {}", atom.kind, atom.label)).collect();
    let missing = before.iter().filter(is_copied).find(|atom| {
        let is_left = atom.written_file().is_some_and(|(_, from)| left.contains(from));
        let is_covered = match &atom.kind {
            AtomKind::Rest { path, .. } if left.is_empty() => {
                after.iter().any(|other| super::slice::covers(other, path))
            }
            // Whatever else comes beside the sources is copied by name.
            AtomKind::Rest { .. } | AtomKind::Write { from: None, .. } if !left.is_empty() => true,
            AtomKind::ParentFolder { path } => after.iter().any(|other| other.path() == Some(path)),
            _ => false,
        };
        !is_left && !is_covered && !brought.contains(&key(atom))
    });
    if let Some(atom) = missing {
        return Err(format!("`{}` would be missing", atom.path().unwrap_or("a copied folder")));
    }
    // The atoms that are in both, each with its turn before: the first of its like there is the first here, and so on.
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut turn = |atom: &Atom, label| {
        let count = seen.entry(label).or_default();
        *count += 1;
        let mut alike =
            before.iter().enumerate().filter(|(_, old)| old.label == atom.label && old.kind == atom.kind);
        alike.nth(*count - 1).map(|(at, _)| at)
    };
    let turns: Vec<(usize, &Atom)> =
        after.iter().zip(&labels).filter_map(|(atom, label)| Some((turn(atom, label)?, atom))).collect();
    for (at, (first, atom)) in turns.iter().enumerate() {
        if let Some((_, other)) =
            turns[at + 1..].iter().find(|(later, other)| later < first && atom.conflicts(other))
        {
            return Err(format!("`{}` would come before `{}`", atom.label, other.label));
        }
    }
    Ok(())
}
