//! Whether the COPYs of a stage bring all that a command gives an attribute to, and nothing else. It looks at atoms; what is
//! done with the answer is told in `owned.rs`.

use std::collections::BTreeSet;

use dockopt_tools::Gives;

use super::{Change, Owned};
use crate::Model;
use crate::atom::{Atom, AtomKind};
use crate::attributes::{self, changed, octal, owner_by_copy, written};
use crate::path;
use crate::region::Region;
use crate::stages::Parent;

/// A change, and what comes before it.
pub(super) struct Look<'l, 'a> {
    pub(super) model: &'l Model<'a>,
    pub(super) stage: usize,
    pub(super) before: &'l [Atom],
    pub(super) change: &'l Change,
}

impl Look<'_, '_> {
    /// The COPY that brings the file at a path: the place of its last atom for it.
    pub(super) fn writer_of(&self, file: &str) -> Option<usize> {
        self.before.iter().rposition(|atom| atom.written_file().is_some_and(|(path, _)| path == file))
    }

    /// Why no COPY is known to bring a file. Files of a system or of a program are changed for other reasons.
    fn unfollowed_writer_of(&self, file: &str) -> String {
        let region = Region::Path(file.to_owned());
        let unfollowed = &self.model.traces()[self.stage].unfollowed;
        let found = self.before.iter().rfind(|atom| {
            unfollowed.iter().any(|(copy, _)| *copy == atom.instruction)
                && !atom.effects.writes.is_unknown()
                && atom.effects.writes.touches(&region)
        });
        let reason = found.and_then(|atom| unfollowed.iter().find(|(copy, _)| *copy == atom.instruction));
        reason.map(|(_, reason)| reason.clone()).unwrap_or_default()
    }

    fn of_copy(&self, copy: usize) -> impl Iterator<Item = &Atom> {
        self.before.iter().filter(move |atom| atom.instruction == copy)
    }

    /// A change of single files, each brought by a COPY.
    pub(super) fn files(&self) -> Result<Owned, String> {
        let mut copies: BTreeSet<usize> = BTreeSet::new();
        for file in &self.change.paths {
            let at = self.writer_of(file).ok_or_else(|| self.unfollowed_writer_of(file))?;
            let copy = self.before[at].instruction;
            let region = Region::Path(file.clone());
            for atom in self.before[at + 1..].iter().filter(|atom| atom.instruction != copy) {
                let is_path = atom.path().is_some();
                if is_path && atom.path() != Some(file) || self.is_apart(atom) {
                    continue;
                }
                if is_path || atom.effects.reads.touches(&region) || atom.effects.writes.touches(&region) {
                    return Err(format!(
                        "{} stands between and may read or write `{file}`",
                        self.name_of(atom)
                    ));
                }
                self.keeps_accounts(atom)?;
            }
            copies.insert(copy);
        }
        let mut owned = Owned::default();
        for copy in copies {
            // Of a folder with much in it, some files are to be other than the rest.
            if self.of_copy(copy).any(|atom| matches!(atom.kind, AtomKind::Rest { .. })) {
                return Err(String::new());
            }
            let value = self.value_for_files(copy)?;
            for atom in self.of_copy(copy) {
                match &atom.kind {
                    AtomKind::Write { path, .. } if !self.change.paths.contains(path) => {
                        return Err(format!("the COPY brings `{path}`, too"));
                    }
                    AtomKind::MakeFolder { path } | AtomKind::ParentFolder { path } => {
                        let is_as_usual = match self.change.kind {
                            Gives::Owner => attributes::is_root(&value),
                            Gives::Mode => value == written(0o755),
                        };
                        if !is_as_usual && !self.is_there_before(path, copy) {
                            return Err(format!(
                                "the COPY may make `{path}` on the way, which would get it, too"
                            ));
                        }
                    }
                    _ => {}
                }
            }
            owned.copies.insert(copy, value);
        }
        Ok(owned)
    }

    fn value_for_files(&self, copy: usize) -> Result<String, String> {
        let old = self.attributes_of(copy)?;
        if self.change.kind == Gives::Owner {
            return self.owner();
        }
        let files = self.of_copy(copy).filter_map(Atom::written_file);
        let mut modes = BTreeSet::new();
        for (_, from) in files {
            let on_disk = || self.model.context.and_then(|context| context.files.mode(from));
            let mode = changed(&self.change.value, || match &old.mode {
                Some(mode) => octal(mode),
                None => on_disk().filter(|bits| *bits <= 0o777),
            });
            modes.insert(mode.ok_or_else(|| format!("it is not known which mode `{from}` ends with"))?);
        }
        let mode = modes.pop_first().filter(|_| modes.is_empty());
        mode.map(written).ok_or_else(|| "the files end with different modes".to_owned())
    }

    /// The flags of a COPY that may get another one.
    fn attributes_of(&self, copy: usize) -> Result<&attributes::Attributes, String> {
        let Some(old) = self.of_copy(copy).find_map(|atom| atom.attributes.as_ref()) else {
            return Err(String::new());
        };
        if self.model.tree.instructions[copy].flag("link").is_some() {
            return Err("the COPY has `--link`, with which owners and modes are another matter".to_owned());
        }
        if self.change.kind == Gives::Owner && old.owner.is_some() && old.owner != self.owner().ok() {
            return Err("the COPY has `--chown` already".to_owned());
        }
        let special = |from: &str| {
            let mode = self.model.context.and_then(|context| context.files.mode(from));
            mode.is_some_and(|bits| bits > 0o777)
        };
        // Of a file with these bits, chown takes them away.
        match self.of_copy(copy).filter_map(Atom::written_file).find(|(_, from)| special(from)) {
            Some((_, from)) => Err(format!("`{from}` has a set-user-id bit or the like")),
            None => Ok(old),
        }
    }

    fn owner(&self) -> Result<String, String> {
        owner_by_copy(&self.change.value)
            .ok_or_else(|| format!("`{}` means something else to COPY", self.change.value))
    }

    /// Whether an atom gives another attribute, so that the two change places.
    fn is_apart(&self, atom: &Atom) -> bool {
        atom.gives.as_ref().is_some_and(|other| {
            other.kind != self.change.kind && [other, self.change].iter().all(|one| one.is_plain())
        })
    }

    fn keeps_accounts(&self, atom: &Atom) -> Result<(), String> {
        let looks_up = self.change.value.contains(|c: char| !c.is_ascii_digit() && c != ':');
        if self.change.kind == Gives::Owner
            && looks_up
            && atom.path().is_none()
            && atom.effects.writes.touches(&Region::Accounts)
        {
            return Err(format!(
                "COPY would look `{}` up in the accounts before {}; move what makes the user above the COPY",
                self.change.value,
                self.name_of(atom)
            ));
        }
        Ok(())
    }

    /// A change of a folder and all that is in it.
    pub(super) fn tree(&self, tree: &str) -> Result<Owned, String> {
        let region = Region::Tree(tree.to_owned());
        let is_copied = |atom: &Atom| match (&atom.kind, atom.path()) {
            (AtomKind::Rest { path, .. }, _) => path::within(path, tree),
            (_, Some(path)) => atom.attributes.is_some() && path::within(path, tree),
            (_, None) => {
                let unfollowed = &self.model.traces()[self.stage].unfollowed;
                let copies = unfollowed.iter().any(|(copy, _)| *copy == atom.instruction);
                copies
                    && atom
                        .effects
                        .writes
                        .iter()
                        .any(|one| matches!(one, Region::Tree(path) if path::within(path, tree)))
            }
        };
        if !self.before.iter().any(is_copied) {
            return Err(String::new());
        }
        self.is_lacking_below(tree)?;
        // What puts something there, in order: by its place in `before`.
        let mut makers: Vec<usize> = Vec::new();
        for (at, atom) in self.before.iter().enumerate() {
            let place = match &atom.kind {
                AtomKind::Rest { path, .. } => Some(path.as_str()),
                _ => atom.path(),
            };
            if let Some(place) = place {
                if path::within(place, tree) {
                    makers.push(at);
                } else if path::within(tree, place) && matches!(atom.kind, AtomKind::Rest { .. }) {
                    return Err(format!("{} may bring something below `{tree}`, too", self.name_of(atom)));
                }
            } else if !self.is_apart(atom) && atom.effects.writes.touches(&region) {
                let own = Region::Path(tree.to_owned());
                let makes_it_only = atom.gives.is_none()
                    && atom
                        .effects
                        .writes
                        .iter()
                        .all(|one| *one == own || !crate::region::meets(one, &region));
                if !makes_it_only {
                    let unfollowed = &self.model.traces()[self.stage].unfollowed;
                    let reason = unfollowed.iter().find(|(copy, _)| *copy == atom.instruction);
                    return Err(match reason {
                        Some((copy, _)) if self.model.tree.instructions[*copy].flag("from").is_some() => {
                            format!(
                                "{} brings files of another stage or image, and a change of the owner takes bits from them that COPY keeps; give it the flag by hand if they have none",
                                self.name_of(atom)
                            )
                        }
                        Some((_, reason)) => format!("{}: {reason}", self.name_of(atom)),
                        None => format!("{} may make files below `{tree}`, too", self.name_of(atom)),
                    });
                }
                makers.push(at);
            }
        }
        let copies: BTreeSet<usize> = makers
            .iter()
            .map(|&at| &self.before[at])
            .filter(|atom| atom.attributes.is_some())
            .map(|atom| atom.instruction)
            .collect();
        let mut owned = Owned::default();
        let mut why = String::new();
        for copy in copies {
            match self.value_for_tree(copy, tree) {
                Ok(value) => {
                    owned.copies.insert(copy, value);
                }
                Err(reason) => why = reason,
            }
        }
        if owned.copies.is_empty() {
            return Err(why);
        }
        let is_owned = |atom: &Atom| owned.copies.contains_key(&atom.instruction);
        for &at in makers.iter().filter(|&&at| !is_owned(&self.before[at])) {
            let atom = &self.before[at];
            let is_replaced = atom.path().is_some_and(|own| {
                let replaces = |other: &Atom| {
                    is_owned(other) && matches!(&other.kind, AtomKind::Write { path, .. } if path == own)
                };
                own == tree || self.before[at + 1..].iter().any(replaces)
            });
            if !is_replaced && atom.path().is_some() {
                return Err(if why.is_empty() {
                    format!("{} makes a part of it", self.name_of(atom))
                } else {
                    why
                });
            }
            if matches!(atom.kind, AtomKind::Rest { .. }) {
                return Err(why);
            }
        }
        let first = makers.first().map(|&at| &self.before[at]);
        let is_made = first.is_some_and(is_owned);
        let has_usual_mode = is_made || first.is_some_and(|atom| atom.path().is_some());
        let is_left = match self.change.kind {
            Gives::Owner => !is_made,
            Gives::Mode => octal(&self.change.value) != Some(0o755) || !has_usual_mode,
        };
        owned.left = is_left.then(|| tree.to_owned());
        Ok(owned)
    }

    /// The value of the flag with which a COPY does what the change does to all that it brings.
    fn value_for_tree(&self, copy: usize, tree: &str) -> Result<String, String> {
        self.attributes_of(copy)?;
        let value = match self.change.kind {
            Gives::Owner => self.owner()?,
            Gives::Mode => octal(&self.change.value)
                .map(written)
                .ok_or_else(|| format!("`{}` makes different modes of different files", self.change.value))?,
        };
        for atom in self.of_copy(copy) {
            let place = match &atom.kind {
                AtomKind::Rest { path, .. } => path,
                _ => atom.path().unwrap_or_default(),
            };
            if !path::within(place, tree) {
                return Err(format!("{} brings `{place}`, too", self.name_of(atom)));
            }
            if matches!(atom.kind, AtomKind::ParentFolder { .. }) && self.change.kind == Gives::Mode {
                return Err(format!(
                    "with `--parents` the COPY gives `{place}` its mode in the build context"
                ));
            }
            let is_on_the_way = matches!(atom.kind, AtomKind::MakeFolder { .. });
            if is_on_the_way && place != tree && self.change.kind == Gives::Mode && value != written(0o755) {
                return Err(format!(
                    "the COPY makes `{place}` on the way, and builders differ in the mode of that"
                ));
            }
        }
        if !self.is_there_before(path::parent(tree), copy) {
            return Err(format!(
                "it is not known whether the COPY makes `{}`, which would get it, too",
                path::parent(tree)
            ));
        }
        let end = self.before.iter().rposition(|atom| atom.instruction == copy).map_or(0, |at| at + 1);
        let region = Region::Tree(tree.to_owned());
        for atom in self.before[end..].iter().filter(|atom| atom.path().is_none() && !self.is_apart(atom)) {
            // That a command starts in the folder needs none of its attributes: the folder is open to all.
            let starts_there = |read: &Region| *read == Region::Project(tree.to_owned());
            if atom
                .effects
                .reads
                .iter()
                .any(|read| !starts_there(read) && crate::region::meets(read, &region))
            {
                return Err(format!(
                    "{} stands between and may look at files below `{tree}`",
                    self.name_of(atom)
                ));
            }
            self.keeps_accounts(atom)?;
        }
        Ok(value)
    }

    /// Whether a folder exists before a COPY.
    fn is_there_before(&self, folder: &str, copy: usize) -> bool {
        let makes = |atom: &Atom| match &atom.kind {
            AtomKind::Write { path, .. }
            | AtomKind::MakeFolder { path }
            | AtomKind::ParentFolder { path } => path::within(path, folder),
            _ => false,
        };
        let mut stage = self.stage;
        if self.before.iter().take_while(|atom| atom.instruction < copy).any(&makes) {
            return true;
        }
        loop {
            match &self.model.stages[stage].parent {
                Parent::Stage(of) => {
                    stage = *of;
                    if self.model.traces()[stage].atoms.iter().any(&makes) {
                        return true;
                    }
                }
                Parent::Image { base: Some(base), .. } => return base.has_folder(folder),
                _ => return folder == "/",
            }
        }
    }

    /// Whether the stages and the image below this stage have nothing in a tree.
    fn is_lacking_below(&self, tree: &str) -> Result<(), String> {
        let region = Region::Tree(tree.to_owned());
        let mut stage = self.stage;
        loop {
            match &self.model.stages[stage].parent {
                Parent::Stage(of) => {
                    stage = *of;
                    let touches = |atom: &&Atom| {
                        atom.path().is_some_and(|path| path::within(path, tree))
                            || atom.effects.writes.touches(&region)
                    };
                    if let Some(atom) = self.model.traces()[stage].atoms.iter().find(touches) {
                        return Err(format!(
                            "{} of an earlier stage may put something there",
                            self.name_of(atom)
                        ));
                    }
                }
                Parent::Scratch => return Ok(()),
                Parent::Image { base: Some(base), .. } if base.lacks(tree) => return Ok(()),
                Parent::Image { .. } => {
                    return Err(format!(
                        "it is not known what the base image has below `{tree}`, which is given away, too"
                    ));
                }
            }
        }
    }

    fn name_of(&self, atom: &Atom) -> String {
        format!("`{}`", crate::beginning(&self.model.tree.instructions[atom.instruction]))
    }
}
