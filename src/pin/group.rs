//! Dockerfiles that share a lock file: which of their images are asked about, what they get, and what the lock file says then. Must
//! not write anything, and knows no registry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dockopt_model::images::{self, Use};
use dockopt_model::reference::Reference;
use dockopt_model::{Answer, Model, Packages, Pin, Pins};
use dockopt_syntax::LineIndex;
use dockopt_transforms::Pass;

use super::{Moves, PASS, Precision, Question};
use crate::discover::{Found, Target};
use crate::git;
use crate::lock::{self, Lock, Locked};
use crate::problem::{Place, Problem, Severity};
use crate::registry::{Failure, Kind};
use crate::source::shown;
use crate::suppress::kept_by;
use crate::work::{self, Done, Prepared, Session};
use crate::write::{self, Change};

/// Dockerfiles that share a lock file.
pub struct Group {
    /// Where that is, or will be.
    path: PathBuf,
    old: Option<String>,
    lock: Lock,
    files: Vec<File>,
    /// Whether no other Dockerfile can need it.
    is_whole: bool,
}

/// A Dockerfile with the images that it names.
struct File {
    prepared: Prepared,
    uses: Vec<Use>,
    /// Names that builds replace.
    replaced: BTreeMap<String, String>,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Names without a digest get one.
    Pin,
    /// All names get the digest that they have now.
    Update(Moves),
    /// Nothing changes; what would is listed.
    Check,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Registries, about what the lock file does not say.
    Registries,
    /// The lock file alone.
    LockFile,
}

/// What registries said.
pub type Answers = BTreeMap<Reference, Result<Pin, Failure>>;

/// A name that wants a new digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The Dockerfile.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The name, with its tag.
    pub name: String,
    /// What is wrong with it.
    pub stale: Stale,
}

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// It has no digest.
    NotPinned,
    /// The tag has another digest now.
    Moved {
        /// That digest.
        now: String,
        /// When the pin was made, if that is known.
        since: Option<String>,
    },
    /// The digest is that of one platform, and the tag lists several.
    OnePlatform,
    /// The lock file has another digest.
    OtherThanLocked,
}

/// The Dockerfiles by the lock file that counts for them. A link is changed by nobody: its target may lie in another project.
pub fn groups(session: &Session, targets: &[Target], problems: &mut Vec<Problem>) -> Vec<Group> {
    let mut groups: BTreeMap<PathBuf, Group> = BTreeMap::new();
    for target in targets {
        if fs::symlink_metadata(&target.path).is_ok_and(|kind| kind.is_symlink()) {
            problems.push(write::link(&target.path, &target.name()));
            continue;
        }
        let prepared = match session.prepare(target) {
            Ok(Some(prepared)) => prepared,
            Ok(None) => continue,
            Err(faults) => {
                problems
                    .extend(faults.into_iter().filter(|fault| !problems.contains(fault)).collect::<Vec<_>>());
                continue;
            }
        };
        problems.extend(prepared.warnings.iter().cloned());
        let Some(path) = prepared.path.clone() else { continue };
        let folder = path.parent().unwrap_or(Path::new("/"));
        let known = session.lock(folder).ok().flatten();
        let place = known.as_ref().map_or_else(|| place(folder, &target.found), |found| found.path.clone());
        let model = Model::new(&prepared.tree, prepared.config.toolbox(), None);
        let uses = images::used(&model);
        let replaced = session.replaced(target, &path);
        let home = place.parent().unwrap_or(Path::new("/"));
        let is_whole = match &target.found {
            Found::Below(top) => fs::canonicalize(top).is_ok_and(|top| home.starts_with(top)),
            Found::Named => false,
        };
        let group = groups.entry(place.clone()).or_insert_with(|| Group {
            path: place.clone(),
            old: known.as_ref().map(|found| found.text.clone()),
            lock: known.as_ref().map(|found| found.lock.clone()).unwrap_or_default(),
            files: Vec::new(),
            is_whole,
        });
        group.is_whole |= is_whole;
        group.files.push(File { prepared, uses, replaced });
    }
    groups.into_values().collect()
}

/// Where a new lock file goes: to the root of the repository, or the folder that was named.
fn place(folder: &Path, found: &Found) -> PathBuf {
    let named = match found {
        Found::Below(top) => fs::canonicalize(top).ok(),
        Found::Named => None,
    };
    git::root_of(folder).map(Path::to_owned).or(named).unwrap_or_else(|| folder.to_owned()).join(lock::NAME)
}

impl File {
    /// The images that could get a digest, or have one, those aside that a comment keeps.
    fn names(&self) -> impl Iterator<Item = (&Use, &Reference)> {
        let pass = Pass::named(PASS).expect("there is such a pass");
        self.uses.iter().filter_map(move |used| {
            let (reference, place) = (used.reference.as_ref().ok()?, used.place.as_ref().ok()?);
            // What a digest alone names has no tag that could move.
            reference.by_tag()?;
            let is_free = work::replacement(reference, &self.replaced).is_none()
                && kept_by(&self.prepared.tree, pass.into(), &[used.at, place.span]).is_none();
            is_free.then_some((used, reference))
        })
    }

    /// What its names stand for, by the answers and the lock file, which learns what is new. `used` are the entries that it needs.
    fn pins(&self, answers: &Answers, lock: &mut Lock, now: &str, used: &mut BTreeSet<Reference>) -> Pins {
        let replaced = self.uses.iter().filter_map(|one| {
            let reference = one.reference.as_ref().ok()?;
            Some((reference.clone(), Answer::Left(work::replacement(reference, &self.replaced)?)))
        });
        let mut pins: Pins = replaced.collect();
        for (_, reference) in self.names() {
            let Some(tag) = reference.by_tag() else { continue };
            let known = lock.images.get(&tag).filter(|_| reference.digest.is_none());
            let pin = match (answers.get(reference), known) {
                (Some(Ok(pin)), _) => pin.clone(),
                (_, Some(locked)) => locked.pin.clone(),
                (Some(Err(failure)), None) => {
                    pins.insert(reference.clone(), Answer::Left(failure.message.clone()));
                    // A pin that could not be looked at is still a pin.
                    used.extend(reference.digest.is_some().then(|| note(lock, reference, now)).flatten());
                    continue;
                }
                (None, None) => {
                    // It is pinned, and nobody asked.
                    used.extend(note(lock, reference, now));
                    continue;
                }
            };
            // A name that was pinned is known by its new tag from now on.
            let key = if reference.digest.is_some() { reference.with_tag(&pin.tag) } else { tag };
            used.insert(key.clone());
            if lock.images.get(&key).is_none_or(|locked| locked.pin != pin) {
                lock.images.insert(key, Locked { pin: pin.clone(), resolved: now.to_owned() });
            }
            pins.insert(reference.clone(), Answer::Pin(pin));
        }
        pins
    }
}

impl Group {
    /// The folder of the lock file.
    pub fn home(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// What registries are to be asked.
    pub fn questions(
        &self,
        task: Task,
        source: Source,
        precision: Precision,
    ) -> BTreeMap<Reference, Question> {
        let question = |name: &Reference| {
            let is_pinned = name.digest.is_some();
            let is_locked = || name.by_tag().is_some_and(|tag| self.lock.images.contains_key(&tag));
            match task {
                _ if source == Source::LockFile => None,
                Task::Check => is_pinned.then_some(Question::Update(Moves::None)),
                Task::Update(moves) if is_pinned => Some(Question::Update(moves)),
                Task::Update(_) => Some(Question::Pin(precision)),
                Task::Pin => (!is_pinned && !is_locked()).then_some(Question::Pin(precision)),
            }
        };
        let names = self.files.iter().flat_map(File::names);
        names.filter_map(|(_, name)| Some((name.clone(), question(name)?))).collect()
    }

    /// What could not be answered, each where it stands first.
    pub fn unanswered(&self, answers: &Answers, task: Task, source: Source) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut told = BTreeSet::new();
        for file in &self.files {
            for (used, reference) in file.names() {
                let problem = match answers.get(reference) {
                    // A check finds these.
                    Some(Err(failure)) if failure.kind == Kind::OnePlatform && task == Task::Check => None,
                    Some(Err(failure)) => Some((failure.message.clone(), help(failure), severity(failure))),
                    None if source == Source::LockFile && task != Task::Check => {
                        self.not_locked(reference).map(|why| {
                            let help = "run `dockopt pin` where there is a network, and commit dockopt.lock";
                            (why, help.to_owned(), Severity::Error)
                        })
                    }
                    _ => None,
                };
                if let Some((message, help, severity)) = problem.filter(|_| told.insert(reference)) {
                    let place = Place::of(&file.prepared.text, used.at);
                    let problem = Problem { severity, ..Problem::error(message, help) };
                    problems.push(problem.in_file(&*file.prepared.name).at(place));
                }
            }
        }
        problems
    }

    /// Why the lock file does not say what a name stands for.
    fn not_locked(&self, reference: &Reference) -> Option<String> {
        let name = shown(&self.path);
        match (&reference.digest, self.lock.images.get(&reference.by_tag()?)) {
            (None, None) => Some(format!("`{reference}` is not in {name}")),
            (Some(digest), Some(locked)) if locked.pin.digest != *digest => {
                Some(format!("`{}` has another digest here than in {name}", reference.by_tag()?))
            }
            _ => None,
        }
    }

    /// What wants a new digest.
    pub fn findings(&self, answers: &Answers) -> Vec<Finding> {
        let mut findings = Vec::new();
        for file in &self.files {
            let index = LineIndex::new(&file.prepared.text);
            for (used, reference) in file.names() {
                let stale = match (&reference.digest, answers.get(reference)) {
                    (None, _) => Stale::NotPinned,
                    (Some(digest), Some(Ok(now))) if now.digest != *digest => Stale::Moved {
                        now: now.digest.clone(),
                        since: self.lock.entry_of(reference).map(|(_, locked)| locked.resolved.clone()),
                    },
                    (Some(_), Some(Err(failure))) if failure.kind == Kind::OnePlatform => Stale::OnePlatform,
                    (Some(_), None) if self.not_locked(reference).is_some() => Stale::OtherThanLocked,
                    _ => continue,
                };
                findings.push(Finding {
                    file: file.prepared.name.clone(),
                    line: index.line(used.at.start),
                    name: reference.by_tag().unwrap_or_else(|| reference.clone()).to_string(),
                    stale,
                });
            }
        }
        findings
    }

    /// The files with their pins, and all that is to be written.
    pub fn pin(
        mut self,
        session: &Session,
        answers: &Answers,
        problems: &mut Vec<Problem>,
    ) -> (Vec<Done>, Vec<Change>) {
        let now = now();
        let mut lock = self.lock.clone();
        let mut used: BTreeSet<Reference> = BTreeSet::new();
        let mut done = Vec::new();
        for mut file in std::mem::take(&mut self.files) {
            file.prepared.pins = file.pins(answers, &mut lock, &now, &mut used);
            match session.optimize(file.prepared) {
                Ok(one) => done.push(one),
                Err(faults) => problems.extend(faults),
            }
        }
        if self.is_whole {
            lock.images.retain(|name, _| used.contains(name));
        }
        let changes = self.changes(&done, lock);
        (done, changes)
    }

    /// The files with versions for their packages, and all that is to be written. `find` says what is known of a file.
    pub fn pin_packages(
        mut self,
        session: &Session,
        find: &mut dyn FnMut(&Prepared) -> Result<Packages, Problem>,
        problems: &mut Vec<Problem>,
    ) -> (Vec<Done>, Vec<Change>) {
        let now = now();
        let mut lock = self.lock.clone();
        let mut done = Vec::new();
        for File { mut prepared, .. } in std::mem::take(&mut self.files) {
            match find(&prepared) {
                Ok(packages) => prepared.packages = packages,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            }
            if let Some(path) = &prepared.path {
                lock.keep_packages(&lock::key(&self.path, path), &prepared.packages, &now);
            }
            match session.optimize(prepared) {
                Ok(one) => done.push(one),
                Err(faults) => problems.extend(faults),
            }
        }
        let changes = self.changes(&done, lock);
        (done, changes)
    }

    /// All that is to be written. Packages of Dockerfiles that are gone are forgotten.
    fn changes(&self, done: &[Done], mut lock: Lock) -> Vec<Change> {
        lock.packages.retain(|(file, _), _| self.home().join(file).exists());
        let mut changes: Vec<Change> = done.iter().flat_map(Done::changes).collect();
        let text = lock.text();
        if self.old.as_ref() != Some(&text) && !(self.old.is_none() && lock.is_empty()) {
            let name = shown(&self.path);
            changes.push(Change { path: self.path.clone(), name, old: self.old.clone(), new: text });
        }
        changes
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A pin that is left on purpose keeps nobody from the rest.
fn severity(failure: &Failure) -> Severity {
    if failure.kind == Kind::OnePlatform { Severity::Warning } else { Severity::Error }
}

/// What to do about a failure. A registry cannot know an image that is built here and pushed nowhere.
fn help(failure: &Failure) -> String {
    match failure.kind {
        Kind::Missing | Kind::Denied => format!(
            "{}; if it is only built here, put `# dockopt: keep[{PASS}]` above the line",
            failure.help
        ),
        _ => failure.help.clone(),
    }
}

/// Keeps a pin that a file has; the name under which the lock file has it.
fn note(lock: &mut Lock, pinned: &Reference, now: &str) -> Option<Reference> {
    if let Some((name, _)) = lock.entry_of(pinned) {
        return Some(name.clone());
    }
    let tag = pinned.by_tag()?;
    let pin = Pin { tag: tag.tag.clone()?, digest: pinned.digest.clone()? };
    lock.images.insert(tag.clone(), Locked { pin, resolved: now.to_owned() });
    Some(tag)
}
