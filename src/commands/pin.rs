//! `dockopt pin`: asks registries about the images of Dockerfiles, and writes what they get. Must not know how a registry is asked, nor
//! decide which image gets what.

use std::fs;
use std::path::PathBuf;

use super::{complain, is_stdin};
use crate::cli::{Format, Pin};
use crate::diff::{self, Base};
use crate::discover::discover;
use crate::pin::group::{Source, Task, groups};
use crate::pin::{Moves, PASS, resolve, updaters};
use crate::problem::Problem;
use crate::registry::{self, Client, Freshness, Settings};
use crate::report::{Detail, pin as report, text};
use crate::terminal::Terminal;
use crate::work::{Done, Session, Wanted};
use crate::write::{self, Change};
use crate::{Status, git};

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
    let task = match (arguments.check, arguments.update) {
        (true, _) => Task::Check,
        (_, true) => Task::Update(moves(arguments)),
        _ => Task::Pin,
    };
    let source = if arguments.locked { Source::LockFile } else { Source::Registries };
    let (targets, mut problems) = discover(&arguments.input.paths);
    let mut findings = Vec::new();
    let mut remarks = Vec::new();
    let mut sets = Vec::new();
    for group in groups(&session, &targets, &mut problems) {
        let config = match session.config(group.home()) {
            Ok(config) => config,
            Err(problem) => {
                problems.push(problem);
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
        remarks.extend(client.remarks());
        problems.extend(group.unanswered(&answers, task, source));
        if task == Task::Check {
            findings.extend(group.findings(&answers));
        } else {
            sets.push(group.pin(&session, &answers, &mut problems));
        }
    }
    let is_text = arguments.format == Format::Text;
    if task == Task::Check {
        terminal.data(&match arguments.format {
            Format::Text => report::findings(&findings, terminal.data),
            Format::Json => report::json(&[], Some(&findings), &problems, None, &remarks),
        });
        let status = complain(&problems, terminal);
        if is_text {
            terminal.talk(&report::check_summary(findings.len(), &remarks));
        }
        return status.max(if findings.is_empty() { Status::Done } else { Status::Found });
    }
    let (done, patch) =
        if arguments.dry_run { shown(sets) } else { (write(sets, &mut problems), String::new()) };
    let pinned = done.iter().any(|one| !one.outcome.applied.is_empty());
    let root =
        done.first().and_then(|one| git::root_of(one.file.path.as_deref()?.parent()?)).filter(|_| pinned);
    remarks.extend(root.map(updaters::remarks).unwrap_or_default());
    match arguments.format {
        Format::Text => terminal.data(&text::patch(&patch, terminal.data)),
        Format::Json => {
            let patch = arguments.dry_run.then_some(patch.as_str());
            terminal.data(&report::json(&done, None, &problems, patch, &remarks));
        }
    }
    if is_text {
        terminal.talk(&text::notes(&done, Detail::Rewrites, terminal.talk));
    }
    let status = complain(&problems, terminal);
    if is_text {
        terminal.talk(&report::summary(&done, &remarks, arguments.dry_run));
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
