//! `dockopt fix`: shows the rewrites as a patch, or writes them. Must not decide what is rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{complain, is_stdin, only_stdin, work};
use crate::Status;
use crate::cli::{Fix, Format};
use crate::diff::{self, Base};
use crate::discover::discover;
use crate::effect;
use crate::problem::Problem;
use crate::report::{Detail, json, text};
use crate::shared_ignore;
use crate::terminal::Terminal;
use crate::work::{Done, Run, Session, Wanted};
use crate::write::{self, Change};

pub(super) fn run(arguments: &Fix, terminal: &Terminal) -> Status {
    let input = &arguments.input;
    let session = match Session::new(Wanted::from(&arguments.passes), input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    if input.paths.iter().any(|path| is_stdin(path)) {
        return filter(&session, arguments, terminal);
    }
    let (mut targets, mut problems) = discover(&input.paths);
    // A link is changed by nobody: its target may lie in another project.
    targets.retain(|target| {
        let is_link = fs::symlink_metadata(&target.path).is_ok_and(|kind| kind.is_symlink());
        if is_link {
            problems.push(write::link(&target.path, &target.name()));
        }
        !is_link
    });
    let mut run = work(&session, &targets, terminal);
    problems.append(&mut run.problems);
    problems.extend(run.done.iter().flat_map(|one| one.file.warnings.clone()));
    if arguments.format == Format::Text {
        effect::weigh(&mut run.done);
    }
    let units = units(&run.done);
    let patch = patch(&units);
    let wrote = if arguments.write { write(&units, &mut run, &mut problems) } else { Wrote::Nothing };
    match arguments.format {
        Format::Json => terminal.data(&json::fix(&run.done, &problems, &patch)),
        Format::Text if arguments.write => {}
        Format::Text => terminal.data(&text::patch(&patch, terminal.data)),
    }
    let changed = run.done.iter().any(Done::is_changed);
    tell(&run.done, arguments, terminal);
    let status = complain(&problems, terminal);
    if arguments.format == Format::Text {
        terminal.talk(&text::fix_summary(&run.done, wrote));
    }
    status.max(found(arguments, changed))
}

/// What `--write` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrote {
    /// It was not asked for.
    Nothing,
    /// All changes that are reported.
    Changes,
}

/// stdin → stdout.
fn filter(session: &Session, arguments: &Fix, terminal: &Terminal) -> Status {
    if arguments.input.paths.len() > 1 {
        return complain(&[only_stdin()], terminal);
    }
    if arguments.write {
        let problem = Problem::error(
            "--write needs a file, and `-` is stdin",
            "leave --write out: the rewritten file goes to stdout",
        );
        return complain(&[problem], terminal);
    }
    let mut done = match session.prepare_stdin().and_then(|file| session.optimize(file)) {
        Ok(done) => done,
        Err(problems) => return complain(&problems, terminal),
    };
    if done.outcome.ignore.is_some() {
        // Its ignore file could not be changed along with it.
        shared_ignore::without_context(session, &mut done);
    }
    match arguments.format {
        Format::Json => terminal.data(&json::filter(&done)),
        Format::Text => terminal.data(&done.outcome.text),
    }
    let changed = done.is_changed();
    tell(std::slice::from_ref(&done), arguments, terminal);
    complain(&done.file.warnings, terminal).max(found(arguments, changed))
}

fn found(arguments: &Fix, changed: bool) -> Status {
    if arguments.check && changed { Status::Found } else { Status::Done }
}

/// One line per rewrite on stderr.
fn tell(done: &[Done], arguments: &Fix, terminal: &Terminal) {
    let detail = if arguments.explain { Detail::Everything } else { Detail::Rewrites };
    if arguments.format == Format::Text {
        terminal.talk(&text::notes(done, detail, terminal.talk));
    }
}

/// What is written together: Dockerfiles that share an ignore file which changes, with that file; else one Dockerfile.
struct Unit {
    members: Vec<usize>,
    changes: Vec<Change>,
}

fn units(done: &[Done]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut by_ignore: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (index, one) in done.iter().enumerate().filter(|(_, one)| one.is_changed()) {
        let changes = one.changes();
        let ignore = one
            .file
            .context
            .as_ref()
            .filter(|_| one.outcome.ignore.is_some())
            .map(|context| context.ignore_path.clone());
        let at = match ignore {
            Some(path) => *by_ignore.entry(path).or_insert(units.len()),
            None => units.len(),
        };
        if at == units.len() {
            units.push(Unit { members: Vec::new(), changes: Vec::new() });
        }
        units[at].members.push(index);
        for change in changes {
            if !units[at].changes.contains(&change) {
                units[at].changes.push(change);
            }
        }
    }
    units
}

fn patch(units: &[Unit]) -> String {
    let current = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_else(|_| PathBuf::from("/"));
    let base = Base::of(&current);
    let one = |change: &Change| {
        diff::file(&base.relative(Path::new(&change.path)), change.old.as_deref(), &change.new)
    };
    units.iter().flat_map(|unit| &unit.changes).map(one).collect()
}

/// Writes each unit; one that cannot be written is a problem, and its files are not reported as changed.
fn write(units: &[Unit], run: &mut Run, problems: &mut Vec<Problem>) -> Wrote {
    let mut failed = BTreeSet::new();
    for unit in units {
        if let Err(problem) = write::write_all(&unit.changes) {
            problems.push(problem);
            failed.extend(unit.members.iter().copied());
        }
    }
    let mut index = 0;
    run.done.retain(|_| {
        index += 1;
        !failed.contains(&(index - 1))
    });
    Wrote::Changes
}
