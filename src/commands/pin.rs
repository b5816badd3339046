//! `dockopt pin`: asks registries about the images of Dockerfiles, or has packages looked for in what is built, and writes what they get.
//! Must not know how either is done, nor decide what gets what.

use std::fs;
use std::path::{Path, PathBuf};

use super::{complain, is_stdin, watched};
use crate::cli::{Format, Pin};
use crate::diff::{self, Base};
use crate::discover::discover;
use crate::engine::Engine;
use crate::pin::group::{Finding, Source, Task, groups};
use crate::pin::packages::{self, Builds};
use crate::pin::{Moves, PASS, resolve, updaters};
use crate::problem::Problem;
use crate::registry::{self, Client, Freshness, Settings};
use crate::report::{Detail, pin as report, text};
use crate::terminal::Terminal;
use crate::work::{Done, Prepared, Session, Wanted};
use crate::write::{self, Change};
use crate::{Status, git, process};

pub(super) fn run(arguments: &Pin, terminal: &Terminal) -> Status {
    if arguments.input.paths.iter().any(|path| is_stdin(path)) {
        let help = "pass its path, so that dockopt.lock has a place";
        return complain(&[Problem::error("a Dockerfile on stdin cannot be pinned", help)], terminal);
    }
    let pass = if arguments.packages { packages::PASS } else { PASS };
    let wanted =
        Wanted { select: Some(vec![pass.to_owned()]), ignore: Some(Vec::new()), include_unsafe: true };
    let session = match Session::new(wanted, arguments.input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    if arguments.packages {
        return match with_packages(&session, arguments, terminal) {
            Ok(work) => finish(work, arguments, terminal),
            Err(problem) => complain(&[problem], terminal),
        };
    }
    let task = match (arguments.check, arguments.update) {
        (true, _) => Task::Check,
        (_, true) => Task::Update(moves(arguments)),
        _ => Task::Pin,
    };
    let work = with_images(&session, task, arguments);
    if task == Task::Check { checked(&work, arguments, terminal) } else { finish(work, arguments, terminal) }
}

/// What came of asking, or of building.
#[derive(Default)]
struct Work {
    /// What `--check` found.
    findings: Vec<Finding>,
    /// What is to be written, each set whole.
    sets: Vec<(Vec<Done>, Vec<Change>)>,
    problems: Vec<Problem>,
    remarks: Vec<String>,
}

/// Asks registries about the images.
fn with_images(session: &Session, task: Task, arguments: &Pin) -> Work {
    let source = if arguments.locked { Source::LockFile } else { Source::Registries };
    let (targets, problems) = discover(&arguments.input.paths);
    let mut work = Work { problems, ..Work::default() };
    for group in groups(session, &targets, &mut work.problems) {
        let config = match session.config(group.home()) {
            Ok(config) => config,
            Err(problem) => {
                work.problems.push(problem);
                continue;
            }
        };
        let client = Client::new(Settings {
            mirrors: config.mirrors.clone(),
            logins: registry::logins(),
            cache: registry::Cache::of_user(),
            freshness: if task == Task::Pin { Freshness::LastHour } else { Freshness::Now },
        });
        let answers = resolve(&client, &group.questions(task, source, config.precision));
        work.remarks.extend(client.remarks());
        work.problems.extend(group.unanswered(&answers, task, source));
        if task == Task::Check {
            work.findings.extend(group.findings(&answers));
        } else {
            work.sets.push(group.pin(session, &answers, &mut work.problems));
        }
    }
    let root = git_root(&work.sets);
    work.remarks.extend(root.as_deref().map(updaters::remarks).unwrap_or_default());
    work
}

/// The repository of what is pinned, if anything is.
fn git_root(sets: &[(Vec<Done>, Vec<Change>)]) -> Option<PathBuf> {
    let mut done = sets.iter().flat_map(|(done, _)| done);
    let pinned = done.find(|one| !one.outcome.applied.is_empty())?;
    git::root_of(pinned.file.path.as_deref()?.parent()?).map(Path::to_owned)
}

/// Builds the steps that install packages.
fn with_packages(session: &Session, arguments: &Pin, terminal: &Terminal) -> Result<Work, Problem> {
    process::catch_interrupts();
    let engine = if arguments.locked { None } else { Some(Engine::find(arguments.engine)?) };
    let wanted = if arguments.update { packages::Wanted::All } else { packages::Wanted::New };
    let (targets, problems) = discover(&arguments.input.paths);
    let mut work = Work { problems, ..Work::default() };
    for group in groups(session, &targets, &mut work.problems) {
        let mut find = |file: &Prepared| match &engine {
            None => Ok(file.packages.clone()),
            Some(engine) => watched(terminal, &file.name, |watch| {
                packages::find(&mut Builds { engine, arguments: &arguments.arguments, watch }, file, wanted)
            }),
        };
        work.sets.push(group.pin_packages(session, &mut find, &mut work.problems));
    }
    if git_root(&work.sets).is_some() {
        work.remarks.push(packages::UPDATES.to_owned());
    }
    Ok(work)
}

/// What `--check` found.
fn checked(work: &Work, arguments: &Pin, terminal: &Terminal) -> Status {
    let Work { findings, problems, remarks, .. } = work;
    terminal.data(&match arguments.format {
        Format::Text => report::findings(findings, terminal.data),
        Format::Json => report::json(&[], Some(findings), problems, None, remarks),
    });
    let status = complain(problems, terminal);
    if arguments.format == Format::Text {
        terminal.talk(&report::check_summary(findings.len(), remarks));
    }
    status.max(if findings.is_empty() { Status::Done } else { Status::Found })
}

/// Writes or shows what is to be written, and tells what it is.
fn finish(work: Work, arguments: &Pin, terminal: &Terminal) -> Status {
    let Work { sets, mut problems, remarks, .. } = work;
    let (done, patch) =
        if arguments.dry_run { shown(sets) } else { (write(sets, &mut problems), String::new()) };
    let is_text = arguments.format == Format::Text;
    if is_text {
        // Who has packages pinned wants to know which are not.
        let detail = if arguments.packages { Detail::Everything } else { Detail::Rewrites };
        terminal.data(&text::patch(&patch, terminal.data));
        terminal.talk(&text::notes(&done, detail, terminal.talk));
    } else {
        let patch = arguments.dry_run.then_some(patch.as_str());
        terminal.data(&report::json(&done, None, &problems, patch, &remarks));
    }
    let status = complain(&problems, terminal);
    if is_text {
        let what = if arguments.packages { "install" } else { "image" };
        terminal.talk(&report::summary(&done, what, &remarks, arguments.dry_run));
    }
    status
}

fn moves(arguments: &Pin) -> Moves {
    match (arguments.patch, arguments.minor) {
        (_, true) => Moves::Minor,
        (true, _) => Moves::Patch,
        _ => Moves::None,
    }
}

/// What would be written, and the patch that does it.
fn shown(sets: Vec<(Vec<Done>, Vec<Change>)>) -> (Vec<Done>, String) {
    let current = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_else(|_| PathBuf::from("/"));
    let base = Base::of(&current);
    let one = |change: &Change| diff::file(&base.relative(&change.path), change.old.as_deref(), &change.new);
    let patch = sets.iter().flat_map(|(_, changes)| changes).map(one).collect();
    (sets.into_iter().flat_map(|(done, _)| done).collect(), patch)
}

/// Writes each set whole. Of one that cannot be written nothing is reported as done.
fn write(sets: Vec<(Vec<Done>, Vec<Change>)>, problems: &mut Vec<Problem>) -> Vec<Done> {
    let mut written = Vec::new();
    for (done, changes) in sets {
        match write::write_all(&changes) {
            Ok(()) => written.extend(done),
            Err(problem) => problems.push(problem),
        }
    }
    written
}
