//! `dockopt pin`: which images are asked about, and what is written. Must not know how a registry is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dockopt_model::images::{self, Use};
use dockopt_model::reference::Reference;
use dockopt_model::{Answer, Model, Pins};
use dockopt_syntax::LineIndex;

use super::{complain, is_stdin};
use crate::cli::Pin;
use crate::diff::{self, Base};
use crate::discover::{Found, Target, discover};
use crate::lock::{self, Lock, Locked};
use crate::pin::{Moves, Question, resolve, updaters};
use crate::problem::{Place, Problem};
use crate::registry::{self, Client, Failure, Freshness, Settings};
use crate::report::{Detail, pin as report, text};
use crate::source::shown;
use crate::terminal::Terminal;
use crate::work::{self, Done, Prepared, Session, Wanted};
use crate::write::{self, Change};
use crate::{Status, git};

/// The only pass that uses what this command finds out.
const PASS: &str = "pin-bases";

pub(super) fn run(arguments: &Pin, terminal: &Terminal) -> Status {
    if arguments.input.paths.iter().any(|path| is_stdin(path)) {
        let help = "pass its path, so that dockopt.lock has a place";
        return complain(&[Problem::error("a Dockerfile on stdin cannot be pinned", help)], terminal);
    }
    let wanted =
        Wanted { select: Some(vec![PASS.to_owned()]), ignore: Some(Vec::new()), include_unsafe: true };
    let session = match Session::new(wanted, arguments.input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    let (targets, mut problems) = discover(&arguments.input.paths);
    let groups = groups(&session, &targets, &mut problems);
    let mut found = 0;
    let mut changes = Vec::new();
    let mut done = Vec::new();
    for group in groups {
        match group.work(&session, arguments, &mut problems) {
            Outcome::Checked(findings) => {
                found += findings.len();
                terminal.data(&report::findings(&findings, terminal.data));
            }
            Outcome::Pinned { files, changes: own } => {
                changes.push((files.len(), own));
                done.extend(files);
            }
        }
    }
    if !arguments.check {
        write(&changes, &mut done, arguments, &mut problems, terminal);
    }
    let status = complain(&problems, terminal);
    if arguments.check {
        terminal.talk(&report::check_summary(found));
    } else {
        let lines = done.first().and_then(|one| one.file.path.as_deref()?.parent().and_then(git::root_of));
        let remarks = lines.map(updaters::remarks).unwrap_or_default();
        terminal.talk(&report::summary(&done, &remarks, arguments.dry_run));
    }
    status.max(if found > 0 { Status::Found } else { Status::Done })
}

/// Writes each set of files, or shows it.
fn write(
    sets: &[(usize, Vec<Change>)],
    done: &mut Vec<Done>,
    arguments: &Pin,
    problems: &mut Vec<Problem>,
    terminal: &Terminal,
) {
    if arguments.dry_run {
        let current =
            std::env::current_dir().and_then(fs::canonicalize).unwrap_or_else(|_| PathBuf::from("/"));
        let base = Base::of(&current);
        let changes = sets.iter().flat_map(|(_, changes)| changes);
        let patch: String = changes
            .map(|change| diff::file(&base.relative(&change.path), change.old.as_deref(), &change.new))
            .collect();
        terminal.data(&text::patch(&patch, terminal.data));
    } else {
        let mut kept = Vec::new();
        let mut rest = std::mem::take(done).into_iter();
        for (files, changes) in sets {
            let own = rest.by_ref().take(*files);
            match write::write_all(changes) {
                Ok(()) => kept.extend(own),
                Err(problem) => {
                    own.for_each(drop);
                    problems.push(problem);
                }
            }
        }
        *done = kept;
    }
    terminal.talk(&text::notes(done, Detail::Rewrites, terminal.talk));
}

/// Dockerfiles that share a lock file.
struct Group {
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

/// What came of a group.
enum Outcome {
    Checked(Vec<report::Finding>),
    Pinned { files: Vec<Done>, changes: Vec<Change> },
}

fn groups(session: &Session, targets: &[Target], problems: &mut Vec<Problem>) -> Vec<Group> {
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
    /// The images that could get a digest, or have one.
    fn names(&self) -> impl Iterator<Item = (&Use, &Reference)> {
        self.uses.iter().filter_map(|used| {
            let reference = used.reference.as_ref().ok().filter(|_| used.place.is_ok())?;
            // What a digest alone names has no tag that could move.
            reference.by_tag()?;
            work::replacement(reference, &self.replaced).is_none().then_some((used, reference))
        })
    }

    fn problem(&self, used: &Use, message: String, help: impl Into<String>) -> Problem {
        let place = Place::of(&self.prepared.text, used.at);
        Problem::error(message, help).in_file(&*self.prepared.name).at(place)
    }
}

impl Group {
    fn work(mut self, session: &Session, arguments: &Pin, problems: &mut Vec<Problem>) -> Outcome {
        let home = self.path.parent().unwrap_or(Path::new("/"));
        let config = match session.config(home) {
            Ok(config) => config,
            Err(problem) => {
                problems.push(problem);
                return Outcome::Pinned { files: Vec::new(), changes: Vec::new() };
            }
        };
        let client = Client::new(Settings {
            mirrors: config.mirrors.clone(),
            logins: registry::logins(),
            cache: registry::Cache::of_user(),
            freshness: if arguments.update || arguments.check { Freshness::Now } else { Freshness::LastHour },
        });
        let names = || self.files.iter().flat_map(|file| file.names().map(|(_, reference)| reference));
        let pin = Question::Pin(config.precision);
        let questions: BTreeMap<Reference, Question> = if arguments.locked {
            BTreeMap::new()
        } else if arguments.check {
            let pinned = names().filter(|name| name.digest.is_some()).cloned();
            pinned.map(|name| (name, Question::Update(Moves::None))).collect()
        } else if arguments.update {
            let moves = match (arguments.patch, arguments.minor) {
                (_, true) => Moves::Minor,
                (true, _) => Moves::Patch,
                _ => Moves::None,
            };
            let question =
                |name: &Reference| if name.digest.is_some() { Question::Update(moves) } else { pin };
            names().map(|name| (name.clone(), question(name))).collect()
        } else {
            let is_new = |name: &&Reference| {
                name.digest.is_none() && !name.by_tag().is_some_and(|tag| self.lock.images.contains_key(&tag))
            };
            names().filter(is_new).map(|name| (name.clone(), pin)).collect()
        };
        let answers = resolve(&client, &questions);
        self.complain(&answers, arguments, problems);
        if arguments.check {
            return Outcome::Checked(self.check(&answers));
        }
        self.pin(session, &answers, problems)
    }

    /// What could not be answered, where it stands first.
    fn complain(
        &self,
        answers: &BTreeMap<Reference, Result<dockopt_model::Pin, Failure>>,
        arguments: &Pin,
        problems: &mut Vec<Problem>,
    ) {
        let mut told = BTreeSet::new();
        for file in &self.files {
            for (used, reference) in file.names() {
                let problem = match answers.get(reference) {
                    Some(Err(failure)) => file.problem(used, failure.message.clone(), failure.help.as_str()),
                    None if arguments.locked && !arguments.check => {
                        let Some(why) = self.not_locked(reference) else { continue };
                        file.problem(
                            used,
                            why,
                            "run `dockopt pin` where there is a network, and commit dockopt.lock",
                        )
                    }
                    _ => continue,
                };
                if told.insert(reference) {
                    problems.push(problem);
                }
            }
        }
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

    fn check(
        &self,
        answers: &BTreeMap<Reference, Result<dockopt_model::Pin, Failure>>,
    ) -> Vec<report::Finding> {
        let mut findings = Vec::new();
        for file in &self.files {
            let index = LineIndex::new(&file.prepared.text);
            for (used, reference) in file.names() {
                let stale = match (&reference.digest, answers.get(reference)) {
                    (None, _) => report::Stale::NotPinned,
                    (Some(digest), Some(Ok(now))) if now.digest != *digest => report::Stale::Moved {
                        now: now.digest.clone(),
                        since: self.lock.entry_of(reference).map(|(_, locked)| locked.resolved.clone()),
                    },
                    (Some(_), None) if self.not_locked(reference).is_some() => report::Stale::OtherThanLocked,
                    _ => continue,
                };
                findings.push(report::Finding {
                    file: file.prepared.name.clone(),
                    line: index.line(used.at.start),
                    name: reference.by_tag().unwrap_or_else(|| reference.clone()).to_string(),
                    stale,
                });
            }
        }
        findings
    }

    fn pin(
        &mut self,
        session: &Session,
        answers: &BTreeMap<Reference, Result<dockopt_model::Pin, Failure>>,
        problems: &mut Vec<Problem>,
    ) -> Outcome {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut lock = self.lock.clone();
        let mut used: BTreeSet<Reference> = BTreeSet::new();
        let mut done = Vec::new();
        for mut file in std::mem::take(&mut self.files) {
            let mut pins = Pins::new();
            for reference in file.uses.iter().filter_map(|used| used.reference.as_ref().ok()) {
                if let Some(why) = work::replacement(reference, &file.replaced) {
                    pins.insert(reference.clone(), Answer::Left(why));
                }
            }
            for (_, reference) in file.names() {
                let Some(tag) = reference.by_tag() else { continue };
                let known = lock.images.get(&tag).filter(|_| reference.digest.is_none());
                let pin = match (answers.get(reference), known) {
                    (Some(Ok(pin)), _) => pin.clone(),
                    (Some(Err(failure)), None) => {
                        pins.insert(reference.clone(), Answer::Left(failure.message.clone()));
                        continue;
                    }
                    (_, Some(locked)) => locked.pin.clone(),
                    (_, None) => {
                        // It is pinned, and nobody asked.
                        used.extend(note(&mut lock, reference, &now));
                        continue;
                    }
                };
                // A name that was pinned is known by its new tag from now on.
                let key = if reference.digest.is_some() { reference.with_tag(&pin.tag) } else { tag };
                used.insert(key.clone());
                let is_same = lock.images.get(&key).is_some_and(|locked| locked.pin == pin);
                if !is_same {
                    lock.images.insert(key, Locked { pin: pin.clone(), resolved: now.clone() });
                }
                pins.insert(reference.clone(), Answer::Pin(pin));
            }
            file.prepared.pins = pins;
            match session.optimize(file.prepared) {
                Ok(one) => done.push(one),
                Err(faults) => problems.extend(faults),
            }
        }
        if self.is_whole {
            lock.images.retain(|name, _| used.contains(name));
        }
        let mut changes: Vec<Change> = done.iter().flat_map(Done::changes).collect();
        let text = lock.text();
        if self.old.as_ref() != Some(&text) && !(self.old.is_none() && lock.images.is_empty()) {
            let name = shown(&self.path);
            changes.push(Change { path: self.path.clone(), name, old: self.old.clone(), new: text });
        }
        Outcome::Pinned { files: done, changes }
    }
}

/// Keeps a pin that a file has; the name under which the lock file has it.
fn note(lock: &mut Lock, pinned: &Reference, now: &str) -> Option<Reference> {
    if let Some((name, _)) = lock.entry_of(pinned) {
        return Some(name.clone());
    }
    let tag = pinned.by_tag()?;
    let pin = dockopt_model::Pin { tag: tag.tag.clone()?, digest: pinned.digest.clone()? };
    lock.images.insert(tag.clone(), Locked { pin, resolved: now.to_owned() });
    Some(tag)
}
