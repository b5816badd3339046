//! Refreshes of a package index that change nothing: the normalisation `idle-refresh` for the digest. It looks at atoms and
//! writes no text.

use dockopt_tools::{Index, Role};

use crate::Model;
use crate::atom::{Atom, AtomKind};
use crate::element::Element;
use crate::region::Region;

/// The atoms without idle refreshes.
pub(crate) fn idle<'m>(model: &Model<'_>, atoms: &[&'m Atom]) -> Vec<&'m Atom> {
    let mut kept: Vec<&Atom> = Vec::new();
    for (at, atom) in atoms.iter().enumerate() {
        if atom.kind == AtomKind::Refresh && (is_overtaken(&atoms[at..]) || is_repeated(model, &kept, atom)) {
            continue;
        }
        kept.push(atom);
    }
    kept
}

/// The first atom is a refresh: whether the same refresh comes again before anything reads or writes its index.
fn is_overtaken(atoms: &[&Atom]) -> bool {
    let refresh = atoms[0];
    for atom in &atoms[1..] {
        if atom.kind == AtomKind::Refresh && atom.label == refresh.label {
            return true;
        }
        if atom.path().is_none()
            && (atom.effects.reads.meets(&refresh.effects.writes)
                || atom.effects.writes.meets(&refresh.effects.writes))
        {
            return false;
        }
    }
    false
}

/// Whether the refresh came before, and neither the index nor what configures it was written since.
fn is_repeated(model: &Model<'_>, before: &[&Atom], refresh: &Atom) -> bool {
    let is_own = |index: &&Index| {
        index.paths.iter().any(|path| refresh.effects.writes.touches(&Region::Index(path.clone())))
    };
    let indexes: Vec<&Index> =
        model.toolbox.tools().iter().filter_map(|tool| tool.index.as_ref()).filter(is_own).collect();
    let configuration: Vec<Region> =
        indexes.iter().flat_map(|index| index.configured_by.iter().cloned().map(Region::Tree)).collect();
    if configuration.is_empty() {
        return false;
    }
    for atom in before.iter().rev() {
        if atom.kind == AtomKind::Refresh && atom.label == refresh.label {
            return true;
        }
        let is_system = |own: &Region| matches!(own, Region::System { .. });
        let writes = |region: &Region| match atom.path() {
            Some(path) => crate::region::meets(&Region::Path(path.to_owned()), region),
            None => {
                atom.effects.writes.iter().any(|own| !is_system(own) && crate::region::meets(own, region))
            }
        };
        let clears = atom.path().is_none()
            && atom.kind == AtomKind::Clean
            && atom.effects.writes.meets(&refresh.effects.writes);
        let configures = atom.effects.writes.iter().any(is_system) && !is_quiet(model, atom, &indexes);
        if clears || configures || configuration.iter().any(writes) {
            return false;
        }
    }
    false
}

/// Whether an atom that changes the system is nothing but installs and removals of packages by their names, of which none changes
/// what a refresh can bring. What the others put below `/etc` is part of what the next install expects.
fn is_quiet(model: &Model<'_>, atom: &Atom, indexes: &[&Index]) -> bool {
    let Ok(script) = model.script(atom.instruction) else { return false };
    let Some(Element::Node(node)) = script.elements().get(atom.element).copied() else { return false };
    let mut quiet = true;
    crate::script::each_command(node, &mut |simple| {
        let args = script.args(simple);
        let is_plain = |name: Option<&str>| {
            name.is_some_and(|name| {
                !name.contains('/') && !indexes.iter().any(|index| index.is_unlocked_by(name))
            })
        };
        quiet &= script.recognize(simple).is_some_and(|one| {
            let of_index = one.tool.index.as_ref().is_some_and(|own| indexes.contains(&own));
            let is_change =
                matches!(crate::script::role(&one), Some(Role::Install | Role::Remove | Role::Refresh));
            of_index && is_change && one.operand_texts(&args).into_iter().all(is_plain)
        });
    });
    quiet
}
