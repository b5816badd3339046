//! How far down a COPY can move, and which of its files the installs that it passes need. An analysis: what is done with
//! the answer is decided in a pass, and whether the result means the same is proven by the digest.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_syntax::{Body, Instruction, Keyword};
use dockopt_tools::Kind;

use crate::atom::{Atom, AtomKind};
use crate::expand::variables;
use crate::parents::Parents;
use crate::region::Region;
use crate::{Model, copy, gopath, path};

/// The answer for one COPY.
#[derive(Debug, Clone, Default)]
pub struct Delay {
    /// The installs that the COPY can pass, in order.
    pub installs: Vec<Install>,
    /// Why it cannot go on.
    pub stop: Option<Stop>,
    /// Context folders that installs fill and `.dockerignore` does not leave out yet.
    pub ignore: BTreeSet<String>,
    /// The files that the COPY writes: image path → context path.
    pub files: BTreeMap<String, String>,
    /// Where it copies to.
    pub target: String,
}

impl Delay {
    /// Whether the COPY can pass an install, but not all of its RUN.
    pub fn is_cut_at(&self, install: &Install) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.instruction == install.instruction)
    }
}

/// An install that the COPY can pass.
#[derive(Debug, Clone)]
pub struct Install {
    /// Its RUN.
    pub instruction: usize,
    /// The element of the RUN.
    pub element: usize,
    /// The files of the COPY that it reads: image path → context path.
    pub manifests: BTreeMap<String, String>,
    /// Folders of the COPY that it reads whole: image paths.
    pub folders: BTreeSet<String>,
    /// What its manifest reader remarked.
    pub remarks: Vec<String>,
}

impl Install {
    /// Whether it reads something of what is copied.
    pub fn reads_something(&self) -> bool {
        !self.manifests.is_empty() || !self.folders.is_empty()
    }
}

/// What a COPY cannot pass.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The instruction.
    pub instruction: usize,
    /// The element, of a RUN.
    pub element: usize,
    /// Whether it is an install, so that passing it would have been worth something.
    pub is_install: bool,
    /// Why, as a clause.
    pub reason: String,
}

/// Looks how far down COPY `instruction` of `stage` can move. `None` if it cannot be followed.
pub fn of(model: &Model<'_>, stage: usize, instruction: usize) -> Option<Delay> {
    let trace = &model.traces()[stage];
    let copy = &model.tree.instructions[instruction];
    if copy.body.as_copy().is_none() || trace.unfollowed.iter().any(|(at, _)| *at == instruction) {
        return None;
    }
    let target =
        crate::copy::destination(model.tree, copy, model.stages[stage].state(instruction)).get()?.0.clone();
    let delay = Delay { target, ..Delay::default() };
    let mut walk = Walk { model, stage, copy, delay, folders: BTreeSet::new(), rests: Vec::new() };
    for atom in trace.of(instruction) {
        match &atom.kind {
            AtomKind::Write { path, from: Some(from) } => {
                walk.delay.files.insert(path.clone(), from.clone());
            }
            AtomKind::Write { path, from: None } | AtomKind::ParentFolder { path } => {
                walk.folders.insert(path.clone());
            }
            AtomKind::Rest { path, .. } => walk.rests.push(Region::Rest(path.clone())),
            _ => {}
        }
    }
    let end = model.stages[stage].instructions.end;
    for next in instruction + 1..end {
        if let Some(stop) = walk.pass(next) {
            walk.delay.stop = Some(stop);
            break;
        }
    }
    Some(walk.delay)
}

/// The first RUN of a stage, from an instruction on, that installs what a manifest of the project names.
pub fn first_install(model: &Model<'_>, stage: usize, from: usize) -> Option<usize> {
    (from..model.stages[stage].instructions.end).find(|&at| {
        let Ok(script) = model.script(at) else { return false };
        let mut found = false;
        for node in script.elements().into_iter().flat_map(crate::Element::nodes) {
            crate::script::each_command(node, &mut |simple| {
                let action = script.recognize(simple).and_then(|invocation| invocation.action);
                found |=
                    action.is_some_and(|action| action.brings_packages() && action.names_project_files());
            });
        }
        found
    })
}

struct Walk<'w, 'a> {
    model: &'w Model<'a>,
    stage: usize,
    copy: &'w Instruction,
    delay: Delay,
    /// Folders to which the COPY gives attributes.
    folders: BTreeSet<String>,
    /// Whatever else it may bring.
    rests: Vec<Region>,
}

impl Walk<'_, '_> {
    /// Tries to pass an instruction; what stops it otherwise.
    fn pass(&mut self, next: usize) -> Option<Stop> {
        let instruction = &self.model.tree.instructions[next];
        let stop = |reason: String| Some(Stop { instruction: next, element: 0, is_install: false, reason });
        match &instruction.body {
            Body::Env(pairs) | Body::Arg(pairs) => {
                let used = self.variables();
                let set = pairs.iter().find(|pair| used.contains(&pair.key.text))?;
                stop(format!("the copy uses `${}`, which is set here", set.key.text))
            }
            Body::Workdir(_) if self.is_relative() => {
                stop("the copy's destination is relative to WORKDIR".to_owned())
            }
            Body::Onbuild(_) => None,
            _ => {
                let atoms: Vec<&Atom> = self.model.traces()[self.stage].of(next).collect();
                atoms.into_iter().find_map(|atom| self.pass_atom(next, atom))
            }
        }
    }

    fn variables(&self) -> Vec<String> {
        variables(self.copy.logical.text(), self.model.tree.escape)
    }

    fn is_relative(&self) -> bool {
        let state = self.model.stages[self.stage].state(self.index());
        let text =
            self.copy.body.as_copy().map(|copy| state.expand(&copy.destination.text, self.model.tree.escape));
        !matches!(text, Some(crate::Known::Is(text)) if text.starts_with('/'))
    }

    fn index(&self) -> usize {
        self.model.tree.instructions.partition_point(|one| one.span.start < self.copy.span.start)
    }

    fn pass_atom(&mut self, next: usize, atom: &Atom) -> Option<Stop> {
        let is_install = self.is_install(next, atom);
        let stop =
            |reason: String| Some(Stop { instruction: next, element: atom.element, is_install, reason });
        let rest = |region: &Region| self.rests.iter().any(|rest| crate::region::meets(rest, region));
        if let Some(own) = atom.path() {
            let meets = self.delay.files.contains_key(own)
                || self.folders.contains(own)
                || rest(&Region::Path(own.to_owned()));
            return if meets { stop(format!("`{own}` is written here, too")) } else { None };
        }
        if atom.effects.reads.is_unknown() || atom.effects.writes.is_unknown() {
            let reason =
                atom.effects.unclear.as_ref().map_or("it may read any file", |unclear| &unclear.reason);
            return stop(reason.to_owned());
        }
        if atom.effects.writes.touches(&Region::Accounts) && copy::looks_up_owner(self.copy) {
            return stop(
                "the owner of the copied files is looked up in accounts that this may change".to_owned(),
            );
        }
        let filled = match self.filled(atom) {
            Ok(filled) => filled,
            Err(reason) => return stop(reason),
        };
        let mut install = Install {
            instruction: next,
            element: atom.element,
            manifests: BTreeMap::new(),
            folders: BTreeSet::new(),
            remarks: Vec::new(),
        };
        for inputs in &atom.effects.inputs {
            let shadowed = |path: &str| filled.iter().any(|tree| path::within(path, tree));
            // A folder below what is copied, or one that the copy itself fills.
            let copied = |tree: &str| {
                self.folders.contains(tree) || (tree != "/" && path::within(&self.delay.target, tree))
            };
            install
                .folders
                .extend(inputs.trees.iter().filter(|tree| !shadowed(tree) && copied(tree)).cloned());
            for file in &inputs.files {
                if let Some(from) = self.delay.files.get(file).filter(|_| !shadowed(file)) {
                    install.manifests.insert(file.clone(), from.clone());
                }
            }
            install.remarks.extend(inputs.remarks.iter().cloned());
        }
        let taken = |path: &str| {
            install.manifests.contains_key(path)
                || install.folders.iter().any(|folder| path::within(path, folder))
        };
        let remarks = atom.effects.inputs.iter().flat_map(|inputs| &inputs.remarks);
        let why: String = remarks.map(|remark| format!(" ({remark})")).collect();
        for file in self.delay.files.keys().chain(&self.folders) {
            if filled.iter().any(|tree| path::within(file, tree)) {
                continue;
            }
            let region = Region::Path(file.clone());
            if atom.effects.writes.touches(&region) {
                return stop(format!(
                    "it may write `{file}`{why}, and the copy would then put the old one back"
                ));
            }
            if !taken(file) && atom.effects.reads.touches(&region) {
                return stop(format!("it may read `{file}`"));
            }
        }
        // A file that is not in the context now may be when the image is built.
        if let Some(Region::Path(file)) = atom.effects.writes.iter().find(|region| rest(region)) {
            return stop(format!(
                "it may write `{file}`{why}, and the copy would overwrite it once the copied folder holds one"
            ));
        }
        if atom.effects.reads.iter().chain(atom.effects.writes.iter()).any(rest) {
            return stop(format!("it may read or write files below `{}`", self.delay.target));
        }
        let is_left_out = |from: &&String| {
            self.model.context.is_some_and(|context| context.files.is_git_ignored(from) == Some(true))
        };
        if let Some(from) = install.manifests.values().find(is_left_out) {
            return stop(format!(
                "`{from}` is not in the repository, so a copy of it by name would fail in a fresh clone"
            ));
        }
        for tree in &filled {
            self.delay.ignore.extend(self.context_path(tree));
        }
        if is_install {
            self.delay.installs.push(install);
        }
        None
    }

    /// The folders that an install fills and that the COPY would overwrite, so that `.dockerignore` must leave them out.
    /// `Err` where that would take files out of the image that may be meant to be in it.
    fn filled(&self, atom: &Atom) -> Result<Vec<String>, String> {
        let mut filled = Vec::new();
        for tree in atom.effects.inputs.iter().flat_map(|inputs| &inputs.write_trees) {
            let (Some(context), Some(from)) = (self.model.context, self.context_path(tree)) else { continue };
            if context.ignore.ignore.excludes(&from) {
                if context.ignore.ignore.may_include_below(&from) {
                    return Err(format!(
                        "the ignore file takes a part of `{from}` in again, and the install writes it"
                    ));
                }
                continue;
            }
            if from.contains(['*', '?', '[', ']', '\\', '!']) || from.starts_with('#') || from.trim() != from
            {
                return Err(format!(
                    "it fills `{from}`, whose name is not plain enough for a line of the ignore file"
                ));
            }
            if context.raw_kind(&from).is_some() && context.files.is_git_ignored(&from) != Some(true) {
                return Err(format!(
                    "`{from}` is in the build context and may be there on purpose, but the install writes it too"
                ));
            }
            filled.push(tree.clone());
        }
        Ok(filled)
    }

    /// Where the COPY takes an image path from, whether or not something is there.
    fn context_path(&self, image: &str) -> Option<String> {
        let state = self.model.stages[self.stage].state(self.index());
        let rest = path::relative(image, &self.delay.target)?;
        let context = self.model.context?;
        let sources = &self.copy.body.as_copy()?.sources;
        let keeps_parents = copy::has_switch(self.copy, "parents");
        for source in sources {
            let text = state.expand(&source.text, self.model.tree.escape);
            if keeps_parents {
                let parents = Parents::read(text.get()?).ok()?;
                if parents.takes(rest) {
                    return Some(gopath::clean(&format!("/{}/{rest}", parents.base))[1..].to_owned());
                }
                continue;
            }
            for folder in context.sources(text.get()?).ok()? {
                if context.kind(&folder) == Some(crate::EntryKind::Folder) {
                    return Some(if folder.is_empty() {
                        rest.to_owned()
                    } else {
                        format!("{folder}/{rest}")
                    });
                }
            }
        }
        None
    }

    /// Whether an atom installs something, so that it pays to keep it cached.
    fn is_install(&self, next: usize, atom: &Atom) -> bool {
        if self.model.tree.instructions[next].keyword != Keyword::Run {
            return false;
        }
        let Ok(script) = self.model.script(next) else { return false };
        let elements = script.elements();
        let Some(element) = elements.get(atom.element) else { return false };
        let mut found = false;
        for node in element.nodes() {
            let mut look = |simple| {
                if let Some(invocation) = script.recognize(simple) {
                    found |= matches!(invocation.tool.kind, Kind::System | Kind::Language)
                        && invocation.action.is_some_and(dockopt_tools::Action::brings_packages);
                }
            };
            crate::script::each_command(node, &mut look);
        }
        found
    }
}
