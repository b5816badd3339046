//! Which `chown` and `chmod` a COPY can do by itself: the analysis for a pass, and the normalisation `owned-copies` for the
//! digest. What it answers is a promise about paths; it writes no text.
//!
//! A command that gives an attribute to paths is nothing but that attribute in the COPYs that bring them, if
//!
//! - they bring all of these paths and nothing else: no other step, no earlier stage and no base image puts anything there;
//! - no step between looks at them, or changes the accounts in which the owner is looked up;
//! - the folders that a COPY makes on the way, which get its owner and on some builders its mode, are among the paths, or are
//!   there before;
//! - the mode that comes out is known.
//!
//! A command for a whole tree leaves its top folder to be given the attribute alone, where something else than these COPYs
//! made it.

mod look;

use std::collections::BTreeMap;

use dockopt_tools::Gives;

use self::look::Look;
use crate::Model;
use crate::atom::{Atom, AtomKind};
use crate::attributes::octal;
use crate::region::Region;

/// A command that gives an attribute to paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which one.
    pub kind: Gives,
    /// Its value, as the command has it.
    pub value: String,
    /// The paths, absolute.
    pub paths: Vec<String>,
    /// Whether all that is below the paths gets it, too.
    pub reach: Reach,
}

/// How far a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the paths themselves.
    Paths,
    /// To all below them.
    Trees,
}

/// How COPYs take over what a command does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned {
    /// The COPYs, each with the value of its flag.
    pub copies: BTreeMap<usize, String>,
    /// The folder that the command still has to give the attribute to, without what is below it.
    pub left: Option<String>,
}

/// How the COPYs before a change take it over. `Err` says why they cannot, as a clause; it is empty where nobody would have
/// expected it.
fn of(model: &Model<'_>, stage: usize, before: &[Atom], change: &Change) -> Result<Owned, String> {
    let look = Look { model, stage, before, change };
    match (change.reach, change.paths.as_slice()) {
        (Reach::Trees, [tree]) if look.writer_of(tree).is_none() => look.tree(tree),
        (Reach::Trees, [_, _, ..]) => Err(String::new()),
        _ => look.files(),
    }
}

/// A command that gives an attribute, and what COPYs can take over of it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its RUN.
    pub instruction: usize,
    /// The element of the RUN.
    pub element: usize,
    /// What it does.
    pub change: Change,
    /// How COPYs take it over, if those before it were taken over where they can be.
    pub owned: Result<Owned, String>,
}

/// The commands of a stage that give attributes.
pub fn all(model: &Model<'_>, stage: usize) -> Vec<Found> {
    let mut found = Vec::new();
    fold_into(model, stage, &model.traces()[stage].atoms.iter().collect::<Vec<_>>(), &mut found);
    found
}

/// The atoms of a stage after the normalisation `owned-copies`; `None` where there is nothing to do.
pub(crate) fn fold(model: &Model<'_>, stage: usize, atoms: &[&Atom]) -> Option<Vec<Atom>> {
    fold_into(model, stage, atoms, &mut Vec::new())
}

fn fold_into(model: &Model<'_>, stage: usize, atoms: &[&Atom], found: &mut Vec<Found>) -> Option<Vec<Atom>> {
    if atoms.iter().all(|atom| atom.gives.is_none()) {
        return None;
    }
    let mut own: Vec<Atom> = Vec::with_capacity(atoms.len());
    for &atom in atoms {
        let mut atom = atom.clone();
        if let Some(change) = &atom.gives {
            let owned = of(model, stage, &own, change);
            found.push(Found {
                instruction: atom.instruction,
                element: atom.element,
                change: change.clone(),
                owned: owned.clone(),
            });
            // What is left is one path alone, and so is a change of one path that stays: both in one spelling.
            let left = match (owned, change.paths.as_slice()) {
                (Ok(owned), _) => {
                    for earlier in &mut own {
                        if let Some(value) = owned.copies.get(&earlier.instruction) {
                            earlier.give(change.kind, value);
                        }
                    }
                    let Some(path) = owned.left else { continue };
                    Some(path)
                }
                (Err(_), [path]) if change.reach == Reach::Paths => Some(path.clone()),
                (Err(_), _) => None,
            };
            if let Some(path) = left {
                atom = alone(model, stage, &atom, change, path);
            }
        }
        own.push(atom);
    }
    Some(own)
}

/// The atom of a command that gives an attribute to one path.
fn alone(model: &Model<'_>, stage: usize, atom: &Atom, change: &Change, path: String) -> Atom {
    let state = model.stages[stage].state(atom.instruction);
    // What the command runs in, apart from its words.
    let rest = atom.label.rfind(" mounts=").map_or("", |from| &atom.label[from..]);
    let (user, shell) = (&state.user, state.shell.label());
    let label = format!("{:?} {:?} for {path} user={user:?} shell={shell}{rest}", change.kind, change.value);
    let mut atom = Atom { label, ..atom.clone() };
    atom.gives = Some(Change { paths: vec![path.clone()], reach: Reach::Paths, ..change.clone() });
    atom.effects.writes = [Region::Path(path)].into_iter().collect();
    atom
}

impl Atom {
    /// The same atom of a COPY with another value of a flag.
    fn give(&mut self, kind: Gives, value: &str) {
        let Some(old) = &self.attributes else { return };
        let new = old.with(kind, value);
        self.label = match self.kind {
            AtomKind::MakeFolder { .. } => new.folder_label(),
            _ => self.label.replacen(&old.label(), &new.label(), 1),
        };
        if new.looks_up() {
            self.effects.reads.add(Region::Accounts);
        }
        self.attributes = Some(new);
    }
}

impl Change {
    /// Whether it concerns neither of the bits above the permissions, which a change of the owner takes away.
    fn is_plain(&self) -> bool {
        self.kind == Gives::Owner
            || octal(&self.value).is_some()
            || !self.value.contains(['s', 't']) && !self.value.starts_with(|c: char| c.is_ascii_digit())
    }
}
