//! Traces: a stage as a sequence of atoms, each with what it reads and writes. The digest is computed from traces; they are
//! not changed here beyond the named normalisations of flags (`label.rs`).

use std::collections::BTreeMap;

use dockopt_shell::{NodeKind, StateChange, changes_state, state_changes};
use dockopt_syntax::{Body, Command, Flag, Instruction, Mount, Tree};
use dockopt_tools::Role;

use crate::atom::{Atom, AtomKind};
use crate::attributes::{Attributes, new_folder};
use crate::context::Context;
use crate::copy::{self, Copied, Written};
use crate::effects::{self, Effects, Surroundings};
use crate::element::{Element, goes_to, set_options};
use crate::here::Here;
use crate::idle_mounts;
use crate::image::Image;
use crate::label;
use crate::linked::Linked;
use crate::owned::{Change, Reach};
use crate::pins::{self, Pins};
use crate::prelude::{Place, Prelude};
use crate::region::{Footprint, Region};
use crate::script::{NoScript, Script};
use crate::scripted;
use crate::shared_store::File;
use crate::stages::{self, Parent, Stage};
use crate::state::State;
use crate::versions::{self, Versions};
use crate::{Known, path};

/// The atoms of a stage, with what else is known of it.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// In order.
    pub atoms: Vec<Atom>,
    /// Whether `--link` changes nothing about a copy, or why it may.
    pub linked: BTreeMap<usize, Result<(), String>>,
    /// Copies that cannot be followed, with the reason.
    pub unfollowed: Vec<(usize, String)>,
}

impl Trace {
    /// The atoms of one instruction.
    pub fn of(&self, instruction: usize) -> impl Iterator<Item = &Atom> {
        let first = self.atoms.partition_point(|atom| atom.instruction < instruction);
        self.atoms[first..].iter().take_while(move |atom| atom.instruction == instruction)
    }
}

/// What a trace is made from.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The file.
    pub tree: &'a Tree,
    /// Its stages.
    pub stages: &'a [Stage],
    /// The parsed scripts, by instruction.
    pub scripts: &'a BTreeMap<usize, Result<Script<'a>, NoScript>>,
    /// The build context.
    pub context: Option<&'a Context<'a>>,
    /// What names of images stand for.
    pub pins: &'a Pins,
}

/// The trace of a stage. `parent` is the image at the end of the stage that it starts from.
pub fn of_stage<'a>(input: Input<'a>, index: usize, parent: Option<&Image<'a>>) -> (Trace, Image<'a>) {
    let stage = &input.stages[index];
    let image = parent.cloned().unwrap_or_else(|| Image::new(input.context));
    let versions = versions::at_start(input.stages, input.scripts, index);
    let mut tracer = Tracer {
        input,
        stage,
        index,
        image,
        versions,
        trace: Trace::default(),
        element: 0,
        is_refreshed: false,
    };
    tracer.triggers();
    for at in stage.instructions.clone() {
        tracer.step(at, &input.tree.instructions[at]);
    }
    (tracer.trace, tracer.image)
}

struct Tracer<'a> {
    input: Input<'a>,
    stage: &'a Stage,
    index: usize,
    image: Image<'a>,
    versions: Versions,
    trace: Trace,
    /// The element of a RUN that is being read.
    element: usize,
    /// Whether some package index was refreshed, here or in the stage that this one starts from.
    is_refreshed: bool,
}

impl Tracer<'_> {
    fn push(&mut self, instruction: usize, kind: AtomKind, label: String, effects: Effects) {
        let element = self.element;
        self.is_refreshed |= kind == AtomKind::Refresh;
        let refreshes = if kind == AtomKind::Refresh { effects.writes.clone() } else { Footprint::default() };
        self.trace.atoms.push(Atom {
            instruction,
            element,
            kind,
            label,
            effects,
            refreshes,
            attributes: None,
            gives: None,
        });
    }

    /// What the triggers of the stage do that this one starts from. That they are the same triggers is a matter of that stage.
    fn triggers(&mut self) {
        let Parent::Stage(parent) = self.stage.parent else { return };
        if !self.input.stages[parent].triggers.is_empty() {
            let effects = Effects::unknown("the triggers of the stage above run first");
            self.image.write(&effects.writes);
            self.push(self.stage.from, AtomKind::Run, "triggers".to_owned(), effects);
        }
    }

    fn step(&mut self, at: usize, instruction: &Instruction) {
        self.element = 0;
        match &instruction.body {
            Body::Run(_) => self.run(at, instruction),
            Body::Copy(_) | Body::Add(_) => self.copy(at, instruction),
            Body::Workdir(_) => self.workdir(at),
            _ => {}
        }
    }

    fn workdir(&mut self, at: usize) {
        let before = self.stage.state(at);
        // The folder belongs to the USER in force (BuildKit and buildah; the classic builder takes root).
        let owner = match &before.user {
            Known::Is(user) if matches!(user.as_str(), "root" | "0" | "0:0" | "root:root") => {
                "root".to_owned()
            }
            other => format!("{other:?}"),
        };
        let label = new_folder(&owner, None);
        match &self.stage.state(at + 1).cwd {
            Known::Is(cwd) => {
                let cwd = cwd.clone();
                self.image.make_folder(&cwd);
                self.push(at, AtomKind::MakeFolder { path: cwd }, label, Effects::default());
            }
            Known::Unknown => {
                let text = self.input.tree.instructions[at].arguments_text();
                let label = format!("{label} {text}");
                self.push(
                    at,
                    AtomKind::Run,
                    label,
                    Effects::unknown("it is not known which folder WORKDIR names"),
                );
            }
        }
    }

    fn copy(&mut self, at: usize, instruction: &Instruction) {
        let tree = self.input.tree;
        let state = self.stage.state(at);
        let mut given = Attributes::of(tree, instruction, state);
        let destination = copy::destination(tree, instruction, state);
        let linked = Linked {
            stage: self.stage,
            before: &self.trace.atoms,
            image: &self.image,
            given: &given,
            destination: destination.get(),
        };
        let check = linked.check();
        // Normalisation `linked-copies`.
        if check.is_ok() {
            given.link = None;
        }
        self.trace.linked.insert(at, check);
        let attributes = given.label();
        let reads: Footprint = given.looks_up().then_some(Region::Accounts).into_iter().collect();
        match copy::follow(tree, instruction, state, self.input.context, self.image.folders()) {
            Copied::Writes(writes) => {
                for write in &writes {
                    let path = write.path.clone();
                    let effects = Effects { reads: reads.clone(), ..Effects::default() };
                    match &write.what {
                        // What COPY and ADD make of a file is the same; ADD of an archive is not followed.
                        Written::File(from) => {
                            let label = format!("file {from} {attributes}");
                            self.push(at, AtomKind::Write { path, from: Some(from.clone()) }, label, effects);
                        }
                        Written::Folder(from) => {
                            let label = format!("folder {from} {attributes}");
                            self.push(at, AtomKind::Write { path, from: None }, label, effects);
                        }
                        Written::NewFolder => {
                            self.push(at, AtomKind::MakeFolder { path }, given.folder_label(), effects);
                        }
                        Written::ParentFolder(from) => {
                            let label = format!("parent folder {from} {attributes}");
                            self.push(at, AtomKind::ParentFolder { path }, label, effects);
                        }
                        Written::Rest(from) | Written::SomeRest(from) => {
                            let mut effects = effects;
                            effects.writes.add(Region::Rest(path.clone()));
                            let mut label = format!("rest of {from} {attributes}");
                            for flag in instruction.flags.iter().filter(|flag| flag.name == "exclude") {
                                label.push_str(&format!(" without {:?}", flag.value));
                            }
                            if matches!(write.what, Written::SomeRest(_)) {
                                label.insert_str(0, "some ");
                                label.push_str(&format!(" by {}", instruction.arguments_text()));
                            }
                            self.push(at, AtomKind::Rest { path, from: from.clone() }, label, effects);
                        }
                    }
                }
                for atom in self.trace.atoms.iter_mut().rev().take_while(|atom| atom.instruction == at) {
                    atom.attributes = Some(given.clone());
                }
                self.image.copy(&writes);
            }
            Copied::Opaque { reason, below } => {
                self.trace.unfollowed.push((at, reason.clone()));
                let arguments = copy::arguments(instruction);
                let mut label =
                    format!("{} {attributes} {arguments} cwd={:?}", instruction.keyword.name(), state.cwd);
                for heredoc in &instruction.heredocs {
                    label.push_str(heredoc.body.of(&tree.text));
                }
                if let Some(from) = instruction.flag("from").and_then(|flag| flag.value.clone()) {
                    let from = match stages::named(self.input.stages, self.index, &from) {
                        Some(stage) => format!("stage {stage}"),
                        None => pins::identity(self.input.pins, &from),
                    };
                    label.push_str(&format!(" from={from}"));
                }
                label.push_str(&label::variables_in(tree, state, instruction));
                let mut effects = Effects { reads, ..Effects::default() };
                match below {
                    Some(below) => {
                        effects.reads.add(Region::Path(below.clone()));
                        effects.writes.add(Region::Tree(below));
                    }
                    None => effects.extend(Effects::unknown(reason)),
                }
                self.image.write(&effects.writes);
                self.push(at, AtomKind::Run, label, effects);
            }
        }
    }

    fn run(&mut self, at: usize, instruction: &Instruction) {
        let scripts = |at: usize| self.input.scripts.get(&at)?.as_ref().ok();
        let file = File { tree: self.input.tree, stages: self.input.stages, scripts: &scripts };
        let (mut idle, mut seen, mut indexes): (Vec<Mount>, Vec<Mount>, Vec<_>) = Default::default();
        for mount in instruction.mounts() {
            match idle_mounts::idle(file, (self.index, at), &mount, &self.image) {
                Some(nothing) => {
                    indexes.extend(nothing.index);
                    idle.push(mount);
                }
                None => seen.push(mount),
            }
        }
        let is_idle = |flag: &&Flag| idle.iter().any(|mount| mount.span == flag.span);
        let flags = instruction.flags.iter().filter(|flag| !is_idle(flag));
        let mounts: Vec<String> = flags.map(|flag| self.flag(&seen, flag)).collect();
        let script = match self.input.scripts.get(&at) {
            Some(Ok(script)) => script,
            Some(Err(why)) => return self.opaque_run(at, instruction, &mounts, why),
            None => return self.opaque_run(at, instruction, &mounts, &NoScript::NotShell),
        };
        let state = self.stage.state(at);
        let elements = script.elements();
        let mut here = Here::at_start(state);
        // What earlier commands of the same shell did to it.
        let mut prelude = Prelude::default();
        let mut unknown_state = false;
        // Nothing but the folder is special to the commands: neither mounts nor variables nor their umask.
        let mut is_plain = instruction.flags.is_empty();
        let last = elements.len().saturating_sub(1);
        for (place, element) in elements.into_iter().enumerate() {
            self.element = place;
            if let Element::Node(node) = element
                && set_options(node).is_some()
            {
                prelude.add(node, String::new(), Vec::new());
                continue;
            }
            let cwd = here.cwd.clone();
            let surroundings = Surroundings { script, state, project: &self.image, versions: &self.versions };
            let removal = match element {
                Element::Node(node) => script.removal(node),
                Element::Block { .. } => None,
            };
            // A removal is the same in every folder, so it leaves the one where it is alone as it does all others.
            let mut nowhere = Here { cwd: Known::Unknown, ..here.clone() };
            let place_of = if removal.is_some() { &mut nowhere } else { &mut here };
            let mut effects = surroundings.of_element(element, place_of);
            if unknown_state {
                effects.extend(Effects::unknown(
                    "an earlier command of the same RUN may have changed the shell in any way",
                ));
            }
            for folder in temporary_folders(state, &here) {
                effects.reads.add(Region::Tree(folder.clone()));
                effects.writes.add(Region::Tree(folder));
            }
            // A list looks at its folders by `cd` itself.
            let looked_at = if script.ast.and_chain().is_some() { &cwd } else { &state.cwd };
            let is_move = matches!(element, Element::Node(node) if goes_to(node));
            let is_free = removal.is_some() || is_move;
            if let (Known::Is(cwd), false) = (looked_at, is_free) {
                effects.reads.add(Region::Project(cwd.clone()));
            }
            for mount in &seen {
                effects.extend(mount_effects(mount));
            }
            let any_folder = Known::Unknown;
            let seen_folder = if is_free { &any_folder } else { &cwd };
            let around = scripted::Surroundings {
                tree: self.input.tree,
                base: stages::base(self.input.stages, self.index),
            };
            let is_refreshed = self.is_refreshed;
            let context = label::Context { state, script, cwd: seen_folder, is_refreshed, around };
            let mut label = label::of_element(&context, element, &effects);
            let where_it_stands = if place == last { Place::Last } else { Place::Before };
            let seen = match &removal {
                Some(removal) => prelude.seen_by_removal(removal),
                None if is_move => prelude.seen_by_move(),
                None => prelude.seen_by(script, &state.shell, element, where_it_stands),
            };
            label.push_str(&format!(" mounts={mounts:?} prelude={seen}"));
            let pieces = label::pieces(&context, element);
            for piece in pieces.before {
                self.push(at, AtomKind::Refresh, piece.label, piece.effects);
            }
            self.image.write(&effects.writes);
            match pieces.instead {
                Some(piece) => self.push(at, pieces.kind, piece.label, piece.effects),
                None => self.push(at, pieces.kind, label, effects),
            }
            if let (Element::Node(node), Some(atom), true) = (element, self.trace.atoms.last_mut(), is_plain)
            {
                atom.gives = change(script, node, &cwd);
            }
            versions::follow(&mut self.versions, script, element);
            if let (Element::Block { .. }, Some(atom)) = (element, self.trace.atoms.last_mut()) {
                atom.refreshes = refreshed_first(script, element);
            }
            for node in element.nodes().into_iter().filter(|node| changes_state(node)) {
                let changes = state_changes(node);
                unknown_state |= changes.contains(&StateChange::Unknown);
                is_plain &= changes.iter().all(|change| *change == StateChange::Directory);
                prelude.add(node, dockopt_shell::canonical(script.text(), node), changes);
            }
        }
        // An index that lay in a mount is not there any more.
        for (tool, cache) in indexes {
            let paths = cache.paths.iter();
            let writes = paths.map(|path| effects::cache_region(tool, cache, path)).collect();
            let effects = Effects { writes, ..Effects::default() };
            self.push(at, AtomKind::Clean, format!("no {} of {}", cache.name, tool.name), effects);
        }
    }

    /// A flag of a RUN, in one spelling.
    fn flag(&self, mounts: &[Mount], flag: &Flag) -> String {
        let mount = mounts.iter().find(|mount| mount.span == flag.span);
        let from = mount.and_then(|mount| mount.option(&["from"]));
        pins::flag_label(flag, from, |from| match stages::named(self.input.stages, self.index, from) {
            Some(stage) => format!("stage {stage}"),
            None => pins::identity(self.input.pins, from),
        })
    }

    fn opaque_run(&mut self, at: usize, instruction: &Instruction, mounts: &[String], why: &NoScript) {
        let tree = self.input.tree;
        let state = self.stage.state(at);
        let mut text = match &instruction.body {
            Body::Run(Command::Exec(words)) => {
                words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("\u{1}")
            }
            _ => instruction.script(&tree.text).map_or_else(String::new, |logical| logical.text().to_owned()),
        };
        text.push_str(&label::whole_state(state));
        let label = format!("{why}: {text} mounts={mounts:?}");
        let effects = Effects::unknown(why.to_string());
        self.image.write(&effects.writes);
        self.push(at, AtomKind::Run, label, effects);
    }
}

/// The folders that every program may use for its temporary files, besides those of the system, as the environment says.
fn temporary_folders(state: &State, here: &Here) -> Vec<String> {
    let value = |name: &&str| match (here.variables.get(*name), state.variables.get(*name)) {
        (Some(own), _) => Some(own.clone()),
        (None, Some(variable)) => Some(variable.value.get().cloned()),
        (None, None) => None,
    };
    let values = ["TMPDIR", "TMP", "TEMP", "TEMPDIR"].iter().filter_map(value);
    values
        .map(|folder| folder.map_or_else(|| "/tmp".to_owned(), |folder| path::resolve("/", &folder)))
        .collect()
}

/// The attribute that a command gives to paths, if it is understood whole and does nothing else.
fn change(script: &Script<'_>, node: &dockopt_shell::Node, cwd: &Known<String>) -> Option<Change> {
    let simple = node.as_simple().filter(|simple| simple.assignments.is_empty())?;
    let invocation = script.recognize(simple).filter(|found| found.complete && found.wrappers.is_empty())?;
    let action = invocation.action?;
    let kind = action.gives?;
    let texts: Option<Vec<&str>> = invocation.operand_texts(&script.args(simple)).into_iter().collect();
    let (value, paths) = texts.as_ref()?.split_first()?;
    let resolve = |text: &&str| match cwd {
        _ if text.starts_with('/') => Some(path::resolve("/", text)),
        Known::Is(cwd) => Some(path::resolve(cwd, text)),
        Known::Unknown => None,
    };
    let paths: Vec<String> = paths.iter().map(resolve).collect::<Option<_>>()?;
    let is_deep = action.writes.contains(&dockopt_tools::Place::OperandTrees);
    let reach = if is_deep { Reach::Trees } else { Reach::Paths };
    (!paths.is_empty() && node.redirects.is_empty()).then(|| Change {
        kind,
        value: (*value).to_owned(),
        paths,
        reach,
    })
}

/// What a mount lets a command see and, for bind mounts of the image itself, change.
fn mount_effects(mount: &dockopt_syntax::Mount) -> Effects {
    let mut effects = Effects::default();
    if let (Some(target), "bind" | "cache") = (mount.target(), mount.kind()) {
        // The mount hides what the image has at its target.
        effects.reads.add(Region::Path(path::resolve("/", target)));
    }
    effects
}

/// The package indexes that the commands of a block refresh before they read them. Only commands at its top level count:
/// others may not run.
fn refreshed_first(script: &Script<'_>, element: Element<'_>) -> Footprint {
    let mut refreshed = Footprint::default();
    let mut read = Footprint::default();
    for node in element.nodes() {
        let mut chain = vec![node];
        while let Some(NodeKind::And { left, right, .. }) = chain.last().map(|node| &node.kind) {
            let (left, right) = (&**left, &**right);
            chain.pop();
            chain.push(right);
            chain.push(left);
        }
        for node in chain.into_iter().rev() {
            let Some(invocation) = node.as_simple().and_then(|simple| script.recognize(simple)) else {
                continue;
            };
            let paths = invocation.tool.index.iter().flat_map(|index| &index.paths);
            for region in paths.map(|path| effects::index_region(invocation.tool, path)) {
                match crate::script::role(&invocation) {
                    Some(Role::Refresh) if !read.touches(&region) => refreshed.add(region),
                    _ => read.add(region),
                }
            }
        }
    }
    refreshed
}

/// The role of an element that is one understood command.
pub fn role_of(script: &Script<'_>, element: Element<'_>) -> Option<Role> {
    let invocation = script.recognize(element.simple()?)?;
    crate::script::role(&invocation)
}
