//! The digest: the observable meaning of a Dockerfile, so that two files of equal digest build the same images. A safe
//! rewrite keeps it. The named normalisations of traces live here, where a reviewer sees them:
//!
//! - `clean-caches`: a command that only empties caches is nothing, unless it empties a package index that a later step
//!   needs.
//! - `cache-mounts` (`idle_mounts.rs`): a cache mount is nothing where a command of the RUN keeps there what it could get again, and
//!   nothing else in the file is about that folder. One for a package index empties it at the end of the RUN.
//! - `idle-refresh`: a refresh of a package index is nothing if another one follows before anything reads the index, or if
//!   it stands where the index has been refreshed before in the same stage and what configures it has not changed since
//!   (`idle_refresh.rs`).
//! - `linked-copies`: `--link` is nothing where each folder on the way to the destination is made by the COPY, or is known to
//!   have the attributes that it gives, and nothing there is a link (`linked.rs`).
//! - `owned-copies`: a command that gives an owner or a mode to paths is nothing but `--chown` or `--chmod` of the COPYs that
//!   bring them, under the conditions of `owned.rs`.
//! - `repeated-write`: a COPY of a file that lies there already, from the same source, is nothing.
//! - `covered-rest`: whatever else a folder may hold is copied once if the whole folder is copied later, before anything could
//!   tell.
//! - `made-folder`: making a folder that exists is nothing; so is making one, or giving it a mode as `COPY --parents` does, that a
//!   COPY gives its attributes later, before anything looks at them.
//! - `pinned-reference`: a name of an image is the repository and digest that it stands for, where it has a digest or an answer
//!   gives it one (`pins.rs`), and the tag beside a digest is nothing.
//! - `one-spelling`: names of stages are found in any case, quotes are no part of a value, and a source of COPY that begins above the
//!   build context begins at its root.
//! - `folder-attributes`: an install that reads a folder whole does not look at the owner and mode of the folder itself.
//!
//! Two traces are equal if one becomes the other by swapping neighbours that are independent. Each atom is hashed together
//! with the hashes of all earlier atoms that it conflicts with, and the trace is the multiset of these hashes: like the
//! Foata normal form this is unique for a given independence relation, and it needs no levels.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use dockopt_syntax::{Body, Command, Healthcheck, Instruction, Word};

use crate::atom::{Atom, AtomKind};
use crate::effects;
use crate::element::Element;
use crate::idle_refresh;
use crate::label::IDLE_PIPEFAIL;
use crate::owned;
use crate::pins;
use crate::region::{Footprint, Region};
use crate::stages::{Parent, Stage};
use crate::state::ARGUMENT;
use crate::trace::Trace;
use crate::triggers::Child;
use crate::{Known, Model};

/// What two files differ in on purpose, and what is left out of both digests for that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apart {
    /// These commands, each in its one spelling, do nothing. A command inside a block is part of it and counts.
    pub commands: BTreeSet<String>,
    /// These settings of the image are left out.
    pub settings: BTreeSet<Setting>,
    /// Whether it matters that the failure of a pipeline is lost.
    pub pipes: Pipes,
}

/// A part of the image's configuration that an instruction sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The author, by MAINTAINER.
    Author,
    /// What runs, by CMD.
    Cmd,
    /// What runs, by ENTRYPOINT.
    Entrypoint,
    /// The label of that name.
    Label(String),
    /// The name of this stage.
    StageName(usize),
    /// As whom the image of this stage runs. Its steps are built by whom they were: the user is a part of the label of each.
    User(usize),
    /// The variable of that name in the environment of containers. Steps of the build see the same value, unless a build argument
    /// of its name says otherwise.
    Variable(String),
}

impl Setting {
    /// Where [`configuration`] lists it; a variable stands there with its value.
    fn slot(&self) -> String {
        match self {
            Self::Author => "author".to_owned(),
            Self::Cmd => "cmd".to_owned(),
            Self::Entrypoint => "entrypoint".to_owned(),
            Self::Label(name) => format!("label {name}"),
            Self::StageName(_) => "stage name".to_owned(),
            Self::User(_) => "user".to_owned(),
            Self::Variable(name) => format!("variable {name}"),
        }
    }
}

/// Whether it matters that the failure of a pipeline is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipes {
    /// It does.
    #[default]
    AsWritten,
    /// It does not: one of the builds may fail where the other one does not.
    MayFail,
}

/// The meaning of a whole file: that of each stage, and then of the triggers of each stage that has some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    stages: Vec<u128>,
}

impl Digest {
    /// The digest of a model.
    pub fn of(model: &Model<'_>) -> Self {
        Self::apart_from(model, &Apart::default())
    }

    /// The digest without some things: what is the same about two files that differ in them on purpose.
    pub fn apart_from(model: &Model<'_>, apart: &Apart) -> Self {
        let mut stages = Self::of_stages(model, apart);
        // The triggers of a stage mean what a child makes of them: what they build upon is all that is known of the child.
        for child in Child::of(model.tree) {
            stages.extend(Self::of_stages(&child.model(model.toolbox, model.pins), apart).pop());
        }
        Self { stages }
    }

    /// The digest of each stage, triggers aside.
    fn of_stages(model: &Model<'_>, apart: &Apart) -> Vec<u128> {
        let mut stages: Vec<u128> = Vec::new();
        for (index, stage) in model.stages.iter().enumerate() {
            let atoms = needed(model, index, &apart.commands);
            let owned = owned::fold(model, index, &atoms);
            let atoms = owned.as_ref().map_or(atoms, |own| own.iter().collect());
            let atoms = normalise(model, &atoms);
            let mut state = Fingerprint::default();
            match &stage.parent {
                Parent::Stage(of) => state.add(&stages[*of]),
                Parent::Scratch => state.add("scratch"),
                Parent::Image { .. } => {}
            }
            state.add(&configuration(model, index, &apart.settings));
            let mut hashes = histories(&atoms, apart);
            hashes.sort_unstable();
            state.add(&hashes);
            stages.push(state.finish());
        }
        stages
    }

    /// The index of the first stage in which two digests differ.
    pub fn first_difference(&self, other: &Self) -> Option<usize> {
        let same = self.stages.iter().zip(&other.stages).take_while(|(own, others)| own == others).count();
        (self.stages.len() != other.stages.len() || same < self.stages.len()).then_some(same)
    }
}

/// 128 bits from two runs of the standard library's hasher, which has fixed keys here: enough that no two of a billion
/// traces meet by chance. It is compared within one process only.
struct Fingerprint(DefaultHasher, DefaultHasher);

impl Default for Fingerprint {
    fn default() -> Self {
        let mut second = DefaultHasher::new();
        second.write_u8(1);
        Self(DefaultHasher::new(), second)
    }
}

impl Fingerprint {
    fn add(&mut self, value: &(impl Hash + ?Sized)) {
        value.hash(&mut self.0);
        value.hash(&mut self.1);
    }

    fn finish(&self) -> u128 {
        (u128::from(self.0.finish()) << 64) | u128::from(self.1.finish())
    }
}

/// The atoms of a stage without those that clean for nothing, and without some commands.
fn needed<'m>(model: &'m Model<'_>, stage: usize, apart_from: &BTreeSet<String>) -> Vec<&'m Atom> {
    let trace = &model.traces()[stage];
    trace
        .atoms
        .iter()
        .enumerate()
        .filter(|(at, atom)| {
            atom.kind != AtomKind::Clean
                || index_needed_after(model, stage, *at, &atom.effects.writes).is_some()
        })
        .map(|(_, atom)| atom)
        .filter(|atom| {
            apart_from.is_empty() || !command_of(model, atom).is_some_and(|own| apart_from.contains(&own))
        })
        .collect()
}

/// The atoms after the other named normalisations.
fn normalise<'m>(model: &Model<'_>, atoms: &[&'m Atom]) -> Vec<&'m Atom> {
    made_folders(&covered_rests(&repeated_writes(&idle_refresh::idle(model, atoms))))
}

/// The one command that an atom runs, in its one spelling.
fn command_of(model: &Model<'_>, atom: &Atom) -> Option<String> {
    let script = model.script(atom.instruction).ok()?;
    match script.elements().get(atom.element)? {
        Element::Node(node) if node.as_simple().is_some() => {
            Some(dockopt_shell::canonical(script.text(), node))
        }
        _ => None,
    }
}

/// The first atom after atom `at` of a stage, there or in a stage that starts from it, that reads a package index which
/// `regions` touch, before anything refreshes it: its stage and place.
pub fn index_needed_after(
    model: &Model<'_>,
    stage: usize,
    at: usize,
    regions: &Footprint,
) -> Option<(usize, usize)> {
    let tools = model.toolbox.tools().iter().filter_map(|tool| Some((tool, tool.index.as_ref()?)));
    tools
        .flat_map(|(tool, index)| index.paths.iter().map(|path| effects::index_region(tool, path)))
        .filter(|region| matches!(region, Region::Index(_)) && regions.touches(region))
        .find_map(|region| index_read_from(model, stage, at + 1, &region))
}

fn index_read_from(model: &Model<'_>, stage: usize, from: usize, index: &Region) -> Option<(usize, usize)> {
    let trace: &Trace = &model.traces()[stage];
    for (at, atom) in trace.atoms.iter().enumerate().skip(from) {
        if atom.refreshes.touches(index) {
            return None;
        }
        if atom.kind != AtomKind::Clean && atom.effects.reads.touches(index) {
            return Some((stage, at));
        }
    }
    (stage + 1..model.stages.len())
        .filter(|&child| matches!(model.stages[child].parent, Parent::Stage(of) if of == stage))
        .find_map(|child| index_read_from(model, child, 0, index))
}

fn repeated_writes<'m>(atoms: &[&'m Atom]) -> Vec<&'m Atom> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut kept = Vec::with_capacity(atoms.len());
    for (at, &atom) in atoms.iter().enumerate() {
        if let AtomKind::Write { path, .. } = &atom.kind {
            let repeats = last.insert(path, at).is_some_and(|before| {
                atoms[before].label == atom.label
                    && !atoms[before + 1..at].iter().any(|between| {
                        // The rest of a COPY is what else it brings, and not the files that it names itself.
                        let is_own_rest = between.instruction == atoms[before].instruction
                            && matches!(between.kind, AtomKind::Rest { .. });
                        !is_own_rest && writes_path(between, path)
                    })
            });
            if repeats {
                continue;
            }
        }
        kept.push(atom);
    }
    kept
}

/// Whether an atom other than a write of that path itself may write it.
fn writes_path(atom: &Atom, path: &str) -> bool {
    match atom.path() {
        Some(own) => own == path,
        None => atom.effects.writes.touches(&Region::Path(path.to_owned())),
    }
}

/// Drops the rest of a folder that is copied again, as part of a larger one or whole, before anything could tell.
fn covered_rests<'m>(atoms: &[&'m Atom]) -> Vec<&'m Atom> {
    let source = |label: &str| {
        let (from, attributes) = label.strip_prefix("rest of ")?.split_once(" chown=")?;
        // What `--exclude` leaves out is another thing in another folder.
        (!attributes.contains(" without ")).then(|| (from.to_owned(), attributes.to_owned()))
    };
    let is_covered = |at: usize, path: &str| {
        let label = &atoms[at].label;
        // What a pattern takes of a folder is a part of its rest.
        let part = label.strip_prefix("some ").and_then(|rest| rest.split_once(" by "));
        let (from, attributes) = source(part.map_or(label, |(rest, _)| rest))?;
        let later = atoms[at + 1..].iter().position(|other| {
            let AtomKind::Rest { path: tree, .. } = &other.kind else { return false };
            source(&other.label).is_some_and(|(folder, same)| {
                same == attributes
                    && crate::path::relative(path, tree).is_some_and(|inner| {
                        from == if folder.is_empty() { inner.to_owned() } else { format!("{folder}/{inner}") }
                            || (inner.is_empty() && from == folder)
                    })
            })
        })?;
        let between = &atoms[at + 1..at + 1 + later];
        between.iter().all(|other| other.path().is_some() || !other.conflicts(atoms[at])).then_some(())
    };
    let kept = |at: &usize| match &atoms[*at].kind {
        AtomKind::Rest { path, .. } => is_covered(*at, path).is_none(),
        _ => true,
    };
    (0..atoms.len()).filter(kept).map(|at| atoms[at]).collect()
}

fn made_folders<'m>(atoms: &[&'m Atom]) -> Vec<&'m Atom> {
    let touches = |atom: &Atom, path: &str| match atom.path() {
        Some(_) => false,
        None => {
            let region = Region::Path(path.to_owned());
            atom.looks_at_folder(path) || atom.effects.writes.touches(&region)
        }
    };
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    // Folders that a COPY gives attributes later, by the place of that.
    let mut later: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, atom) in atoms.iter().enumerate() {
        if let AtomKind::Write { path, .. } = &atom.kind {
            later.entry(path).or_default().push(at);
        }
    }
    let mut kept = Vec::with_capacity(atoms.len());
    for (at, &atom) in atoms.iter().enumerate() {
        if let AtomKind::MakeFolder { path } | AtomKind::ParentFolder { path } = &atom.kind {
            // A parent folder of `--parents` gets its mode even if it exists.
            let exists = matches!(atom.kind, AtomKind::MakeFolder { .. })
                && known.get(path.as_str()).is_some_and(|&before| {
                    !atoms[before + 1..at].iter().any(|one| writes_path(one, path) && one.path().is_none())
                });
            let replaced = later
                .get(path.as_str())
                .and_then(|places| places.iter().find(|&&place| place > at))
                .is_some_and(|&place| !atoms[at + 1..place].iter().any(|one| touches(one, path)));
            known.entry(path).or_insert(at);
            if exists || replaced {
                continue;
            }
        } else if let AtomKind::Write { path, .. } = &atom.kind {
            known.insert(path, at);
            // The folders above a file exist once it does.
            known.entry(crate::path::parent(path)).or_insert(at);
        }
        kept.push(atom);
    }
    kept
}

/// The hash of each atom with all earlier atoms that it conflicts with.
fn histories(atoms: &[&Atom], apart: &Apart) -> Vec<u128> {
    let mut hashes: Vec<u128> = Vec::with_capacity(atoms.len());
    let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut runs: Vec<usize> = Vec::new();
    for (at, &atom) in atoms.iter().enumerate() {
        let mut before: Vec<u128> = runs
            .iter()
            .filter(|&&earlier| atoms[earlier].conflicts(atom))
            .map(|&earlier| hashes[earlier])
            .collect();
        match atom.path() {
            Some(path) => {
                let same = by_path.entry(path).or_default();
                before.extend(same.iter().map(|&earlier| hashes[earlier]));
                same.push(at);
            }
            None => {
                let writes = (0..at)
                    .filter(|&earlier| atoms[earlier].path().is_some() && atoms[earlier].conflicts(atom));
                before.extend(writes.map(|earlier| hashes[earlier]));
                runs.push(at);
            }
        }
        before.sort_unstable();
        let mut state = Fingerprint::default();
        state.add(label(atom, apart).as_ref());
        state.add(&atom.path());
        state.add(&before);
        hashes.push(state.finish());
    }
    hashes
}

/// The label of an atom without what is left out.
fn label<'a>(atom: &'a Atom, apart: &Apart) -> Cow<'a, str> {
    let mut label = Cow::Borrowed(atom.label.as_str());
    if apart.pipes == Pipes::MayFail && label.contains(IDLE_PIPEFAIL) {
        label = label.replace(IDLE_PIPEFAIL, "").into();
    }
    for setting in &apart.settings {
        let Setting::Variable(name) = setting else { continue };
        let as_argument = format!(" {name}={ARGUMENT}");
        if label.contains(&as_argument) {
            label = label.replace(&as_argument, &format!(" {name}=")).into();
        }
    }
    label
}

/// What a stage gives the image besides files, and what it starts from.
fn configuration(model: &Model<'_>, index: usize, without: &BTreeSet<Setting>) -> Vec<String> {
    let stage = &model.stages[index];
    let Settings { mut slots, sets, state } = read_settings(model, stage);
    // Names of stages are found in any case.
    slots.extend(stage.name.clone().map(|name| ("stage name".to_owned(), name)));
    let end = stage.states.last().expect("a stage has a state after its end");
    let variables = end.variables.iter().map(|(name, variable)| (name, &variable.label));
    slots.extend(variables.map(|(name, label)| (format!("variable {name}"), label.clone())));
    let is_of_other =
        |setting: &&Setting| matches!(setting, Setting::StageName(of) | Setting::User(of) if *of != index);
    for setting in without.iter().filter(|setting| !is_of_other(setting)) {
        slots.remove(&setting.slot());
    }
    [vec![base(model, stage)], Settings { slots, sets, state }.texts()].concat()
}

/// What a stage gives the image besides files and variables.
pub(crate) fn settings(model: &Model<'_>, stage: &Stage) -> Vec<String> {
    read_settings(model, stage).texts()
}

/// Settings of an image: those of which the last one counts, those that add up, and where and how its commands start.
struct Settings {
    slots: BTreeMap<String, String>,
    sets: Vec<String>,
    state: String,
}

impl Settings {
    fn texts(self) -> Vec<String> {
        let slots = self.slots.into_iter().map(|(slot, text)| format!("{slot} {text}"));
        std::iter::once(self.state).chain(slots).chain(self.sets).collect()
    }
}

fn read_settings(model: &Model<'_>, stage: &Stage) -> Settings {
    let tree = model.tree;
    let mut slots: BTreeMap<String, String> = BTreeMap::new();
    let mut sets: Vec<String> = Vec::new();
    for at in stage.instructions.clone() {
        let (instruction, state) = (&tree.instructions[at], stage.state(at));
        let at = |name: &str| (name.to_owned(), one_text(instruction));
        let (slot, text) = match &instruction.body {
            Body::Cmd(command) => ("cmd".to_owned(), command_text(instruction, command)),
            Body::Entrypoint(command) => ("entrypoint".to_owned(), command_text(instruction, command)),
            Body::Healthcheck(Healthcheck::None) => ("health".to_owned(), String::new()),
            Body::Healthcheck(Healthcheck::Command(command)) => (
                "health".to_owned(),
                format!("{} {}", flags(instruction), command_text(instruction, command)),
            ),
            Body::Stopsignal(_) => at("signal"),
            Body::Maintainer(_) => at("author"),
            Body::Label(pairs) => {
                for pair in pairs {
                    let value = pair.value.as_ref().map_or("", |value| value.text.as_str());
                    let value = state.label(value, tree.escape);
                    slots.insert(format!("label {}", pair.key.text), value);
                }
                continue;
            }
            Body::Expose(words) | Body::Volume(words) => {
                sets.extend(
                    words.iter().map(|word: &Word| format!("{} {}", instruction.keyword.name(), word.text)),
                );
                continue;
            }
            _ => continue,
        };
        slots.insert(slot, text);
    }
    sets.sort_unstable();
    sets.dedup();
    let end = stage.states.last().expect("a stage has a state after its end");
    slots.insert("user".to_owned(), format!("{:?}", end.user));
    Settings { slots, sets, state: format!("{:?} {:?}", end.cwd, end.shell) }
}

/// What a stage starts from: an image by what its name stands for, and by the name itself where a build argument may change that.
fn base(model: &Model<'_>, stage: &Stage) -> String {
    let from = &model.tree.instructions[stage.from];
    let Body::From { image, .. } = &from.body else { return String::new() };
    let written = if image.text.contains('$') { image.text.as_str() } else { "" };
    let meant = match &stage.parent {
        Parent::Image { name: Known::Is(name), .. } => pins::identity(model.pins, name),
        Parent::Image { name: Known::Unknown, .. } => String::new(),
        Parent::Stage(of) => format!("stage {of}"),
        Parent::Scratch => "scratch".to_owned(),
    };
    format!("{} {written} {meant}", flags(from))
}

/// The flags of an instruction, wherever it stands.
fn flags(instruction: &Instruction) -> String {
    instruction.flags.iter().map(|flag| format!("--{}={:?} ", flag.name, flag.value)).collect()
}

fn one_text(instruction: &Instruction) -> String {
    instruction.arguments_text().to_owned()
}

fn command_text(instruction: &Instruction, command: &Command) -> String {
    match command {
        Command::Shell(range) => format!("sh {}", &instruction.logical.text()[range.clone()]),
        Command::Exec(words) => {
            format!("{:?}", words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use dockopt_tools::Toolbox;

    use super::*;

    fn digest(text: &str, settings: &[Setting]) -> Digest {
        let tree = dockopt_syntax::parse(text).tree;
        let model = Model::new(&tree, Toolbox::builtin(), None);
        let apart = Apart { settings: settings.iter().cloned().collect(), ..Apart::default() };
        Digest::apart_from(&model, &apart)
    }

    #[test]
    fn the_user_of_the_last_stage_is_nothing_only_for_what_starts() {
        const OTHER_USER: &[Setting] = &[Setting::User(1)];
        let same = |before: &str, after: &str, settings| digest(before, settings) == digest(after, settings);
        let text = "FROM debian:12 AS a\nRUN make\nFROM a\nRUN make install\nCMD [\"app\"]\n";
        let at_the_end = text.replace("CMD", "USER 10001\nCMD");
        assert!(same(text, &at_the_end, OTHER_USER));
        assert!(!same(text, &at_the_end, &[]));
        // Somebody else would run a step.
        assert!(!same(text, &text.replace("RUN make install", "USER 10001\nRUN make install"), OTHER_USER));
        // Another stage would be another image, and what starts from it would begin as somebody else.
        assert!(!same(text, &text.replace("RUN make\n", "RUN make\nUSER 10001\n"), OTHER_USER));
        // Nothing else may differ.
        assert!(!same(text, &at_the_end.replace("\"app\"", "\"app\", \"-v\""), OTHER_USER));
    }
}
