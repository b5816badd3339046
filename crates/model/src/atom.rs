//! Atoms: the indivisible pieces that a stage is made of, and when two of them may not change places. How a file becomes
//! atoms is told in `trace.rs`.

use crate::attributes::Attributes;
use crate::effects::Effects;
use crate::owned::Change;
use crate::region::{Footprint, Region, meets};

/// One indivisible piece of a stage.
#[derive(Debug, Clone)]
pub struct Atom {
    /// The instruction that it is part of.
    pub instruction: usize,
    /// Of a RUN: which of its elements it is.
    pub element: usize,
    /// What it is.
    pub kind: AtomKind,
    /// Equal labels mean equal actions.
    pub label: String,
    /// What it reads and writes. Of a [`AtomKind::Write`] it holds only what is read besides its own path.
    pub effects: Effects,
    /// The package indexes that it brings up to date before it reads them.
    pub refreshes: Footprint,
    /// The attributes that a COPY gives to what it brings, of its atoms.
    pub attributes: Option<Attributes>,
    /// The attribute that a command gives to paths, if it does nothing else.
    pub gives: Option<Change>,
}

/// What an atom does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtomKind {
    /// Writes one path with a content that the label names.
    Write {
        /// The path.
        path: String,
        /// The context file that it becomes; `None` for a folder.
        from: Option<String>,
    },
    /// Copies whatever else a context folder may hold when the image is built.
    Rest {
        /// Where to.
        path: String,
        /// The context folder.
        from: String,
    },
    /// Makes a folder if it is not there.
    MakeFolder {
        /// The path.
        path: String,
    },
    /// Makes a folder if it is not there, and else gives it a mode.
    ParentFolder {
        /// The path.
        path: String,
    },
    /// Runs something.
    Run,
    /// Brings a package index up to date.
    Refresh,
    /// Removes only caches.
    Clean,
}

impl Atom {
    /// The path of an atom that writes one.
    pub fn path(&self) -> Option<&str> {
        match &self.kind {
            AtomKind::Write { path, .. }
            | AtomKind::MakeFolder { path }
            | AtomKind::ParentFolder { path } => Some(path),
            _ => None,
        }
    }

    /// The image path and the context path of a file that it copies.
    pub fn written_file(&self) -> Option<(&str, &str)> {
        match &self.kind {
            AtomKind::Write { path, from: Some(from) } => Some((path, from)),
            _ => None,
        }
    }

    /// Whether two atoms may not change places.
    pub fn conflicts(&self, other: &Self) -> bool {
        match (self.path(), other.path()) {
            (Some(own), Some(others)) => own == others,
            (Some(own), None) => self.conflicts_at(own, other),
            (None, Some(others)) => other.conflicts_at(others, self),
            (None, None) => !self.effects.is_independent_of(&other.effects),
        }
    }

    /// Whether what it reads depends on the attributes of this folder. An install that reads a folder whole asks for what is
    /// in it: the normalisation `folder-attributes`.
    pub fn looks_at_folder(&self, path: &str) -> bool {
        let region = Region::Path(path.to_owned());
        let is_root = |read: &Region| matches!(read, Region::NamedTree(tree) if tree == path);
        self.effects.reads.iter().any(|read| !is_root(read) && meets(read, &region))
    }

    /// Whether this atom, which writes `path`, and `run` may not change places.
    fn conflicts_at(&self, path: &str, run: &Self) -> bool {
        let region = Region::Path(path.to_owned());
        let is_read = match &self.kind {
            AtomKind::Write { from: None, .. } | AtomKind::ParentFolder { .. } => run.looks_at_folder(path),
            _ => run.effects.reads.touches(&region),
        };
        is_read
            || run.effects.writes.touches(&region)
            || (!self.effects.reads.is_empty() && run.effects.writes.meets(&self.effects.reads))
    }
}
