//! What is known of the files in an image while its steps run: which came from the build context and are still as they
//! were. The manifest readers look at the project through it.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_tools::manifests::{Look, Project};

use crate::atom::{Atom, AtomKind};
use crate::context::Context;
use crate::copy::{Write, Written};
use crate::path;
use crate::region::{Footprint, Region};

/// The known files of an image at one point of the build.
#[derive(Clone, Default)]
pub struct Image<'a> {
    context: Option<&'a Context<'a>>,
    /// Image path → context path, of files.
    files: BTreeMap<String, String>,
    /// Image paths that are known to be folders.
    folders: BTreeSet<String>,
    /// What commands may have written.
    written: Footprint,
}

impl<'a> Image<'a> {
    /// An image of which nothing is known yet.
    pub fn new(context: Option<&'a Context<'a>>) -> Self {
        Self { context, ..Self::default() }
    }

    /// The paths that are known to be folders.
    pub fn folders(&self) -> &BTreeSet<String> {
        &self.folders
    }

    /// The context file that a path is a copy of, if nothing changed it since.
    pub fn origin(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The files of a folder and of those below it that are known, in order.
    pub fn files_below(&self, folder: &str) -> Vec<&str> {
        self.files.keys().map(String::as_str).filter(|file| path::within(file, folder)).collect()
    }

    /// Whether this file put something into a folder, or made the folder itself.
    pub(crate) fn has_within(&self, folder: &str) -> bool {
        let within = |path: &String| path::within(path, folder);
        self.files.keys().any(within) || self.folders.iter().any(within)
    }

    /// Whether a command, or a copy that is not followed, may have written a region.
    pub(crate) fn is_written(&self, region: &Region) -> bool {
        self.written.touches(region)
    }

    /// A COPY wrote these paths.
    pub fn copy(&mut self, writes: &[Write]) {
        for write in writes {
            match &write.what {
                Written::File(from) => {
                    self.files.insert(write.path.clone(), from.clone());
                    self.make_folder(path::parent(&write.path));
                }
                Written::Folder(_) | Written::NewFolder | Written::ParentFolder(_) => {
                    self.make_folder(&write.path);
                }
                Written::Rest(_) | Written::SomeRest(_) => {}
            }
        }
    }

    /// `path` and the folders above it exist.
    pub fn make_folder(&mut self, path: &str) {
        let mut next = path;
        while next != "/" && self.folders.insert(next.to_owned()) {
            next = path::parent(next);
        }
    }

    /// What an atom of a trace did.
    pub(crate) fn replay(&mut self, atom: &Atom) {
        match &atom.kind {
            AtomKind::Write { path, from: Some(from) } => {
                self.files.insert(path.clone(), from.clone());
                self.make_folder(path::parent(path));
            }
            AtomKind::Write { path, from: None }
            | AtomKind::MakeFolder { path }
            | AtomKind::ParentFolder { path } => self.make_folder(path),
            AtomKind::Rest { .. } => {}
            AtomKind::Run | AtomKind::Refresh | AtomKind::Clean => self.write(&atom.effects.writes),
        }
    }

    /// Something else wrote these regions.
    pub fn write(&mut self, regions: &Footprint) {
        self.files.retain(|path, _| !regions.touches(&Region::Path(path.clone())));
        self.written.extend(regions);
    }
}

impl Project for Image<'_> {
    fn look(&self, path: &str) -> Look {
        if self.files.contains_key(path) {
            Look::File
        } else if self.written.touches(&Region::Path(path.to_owned())) {
            Look::Unknown
        } else if self.folders.contains(path) {
            Look::Directory
        } else {
            // Nothing that this file put there. What the base image holds is there before and after any rewrite.
            Look::Absent
        }
    }

    fn read(&self, path: &str) -> Option<String> {
        let from = self.files.get(path)?;
        self.context?.files.read(from).map(|text| text.to_string())
    }

    fn list(&self, dir: &str) -> Option<Vec<String>> {
        if self.written.touches(&Region::Tree(dir.to_owned())) {
            return None;
        }
        let prefix = format!("{}/", dir.trim_end_matches('/'));
        let names: BTreeSet<String> = self
            .files
            .range(prefix.clone()..)
            .map(|(path, _)| path)
            .chain(self.folders.range(prefix.clone()..))
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| rest.split('/').next().unwrap_or(rest).to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        Some(names.into_iter().collect())
    }
}
