//! What people and machines get to read. Must not work on files; of all modules only this one, those that read what others write, the
//! configuration and the lock file know serialisation.

pub mod bot;
pub mod graph;
pub mod json;
pub mod page;
pub mod pin;
pub mod simulate;
pub mod text;
pub mod timings;
pub mod verify;

use dockopt_transforms::Class;

use crate::findings::Found;
use crate::optimize::Note;
use crate::work::Done;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What is rewritten.
    Rewrites,
    /// Also what was left alone, and every reason in full.
    Everything,
}

/// What `check` finds in a file.
#[derive(Debug, Clone, Copy)]
pub enum Finding<'a> {
    /// A rewrite, or advice that needs a person.
    Note(&'a Note),
    /// What a rule found.
    Found(&'a Found),
}

impl Finding<'_> {
    const fn line(&self) -> usize {
        match self {
            Self::Note(note) => note.line,
            Self::Found(found) => found.line,
        }
    }
}

/// What `check` finds in a file, in the order of the lines. What the author keeps is no finding.
pub fn findings(done: &Done) -> impl Iterator<Item = Finding<'_>> {
    let notes = done.outcome.applied.iter().chain(done.outcome.held.iter().filter(|note| !is_kept(note)));
    let mut all: Vec<Finding<'_>> =
        notes.map(Finding::Note).chain(done.found.iter().map(Finding::Found)).collect();
    all.sort_by_key(Finding::line);
    all.into_iter()
}

/// Whether a rewrite was held because a comment asks for it.
fn is_kept(note: &Note) -> bool {
    note.reason.starts_with("kept by `")
}

/// The unsafe rewrites that wait for leave, and the advice for a person.
fn held(done: &[Done], class: Class) -> usize {
    let notes = done.iter().flat_map(|one| &one.outcome.held);
    notes.filter(|note| !is_kept(note) && note.class == Some(class)).count()
}
