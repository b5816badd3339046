//! The commands, one file each: they take arguments, work, and report. Must not end the process.

mod bot;
mod check;
mod explain;
mod fix;
mod graph;
mod passes;
mod pin;
mod rules;
mod simulate;
mod timings;
mod verify;

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::Status;
use crate::cli::Command;
use crate::discover::Target;
use crate::problem::{Problem, Severity};
use crate::report::text;
use crate::terminal::Terminal;
use crate::work::{Run, Session};

pub use fix::Wrote;

/// Runs a command.
pub fn run(command: &Command, terminal: &mut Terminal) -> Status {
    match command {
        Command::Fix(arguments) => fix::run(arguments, terminal),
        Command::Check(arguments) => check::run(arguments, terminal),
        Command::Passes => passes::run(terminal),
        Command::Rules => rules::run(terminal),
        Command::Explain(arguments) => explain::run(arguments, terminal),
        Command::Graph(arguments) => graph::run(arguments, terminal),
        Command::Verify(arguments) => verify::run(arguments, terminal),
        Command::Simulate(arguments) => simulate::run(arguments, terminal),
        Command::Pin(arguments) => pin::run(arguments, terminal),
        Command::Bot(arguments) => bot::run(&arguments.command, terminal),
    }
}

/// From this number of files on a bar shows how far it is.
const MANY: usize = 300;

/// Works on all targets, with a bar if there are many.
fn work(session: &Session, targets: &[Target], terminal: &Terminal) -> Run {
    if targets.len() < MANY || !terminal.shows_progress() {
        return session.run(targets, &|| {});
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(targets.len() as u64).with_style(style);
    let run = session.run(targets, &|| bar.inc(1));
    bar.finish_and_clear();
    run
}

/// Does something that takes its time, with a line that says what is going on.
fn watched<T>(terminal: &Terminal, name: &str, work: impl FnOnce(&mut dyn FnMut(&str)) -> T) -> T {
    let bar = if terminal.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{spinner} {elapsed} {prefix}: {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let done = work(&mut |what| bar.set_message(what.to_owned()));
    bar.finish_and_clear();
    done
}

/// Shows problems and says what they mean for the exit code.
fn complain(problems: &[Problem], terminal: &Terminal) -> Status {
    let (errors, warnings): (Vec<&Problem>, Vec<&Problem>) =
        problems.iter().partition(|problem| problem.severity == Severity::Error);
    terminal.talk(&text::problems(&warnings, terminal.talk));
    terminal.complain(&text::problems(&errors, terminal.talk));
    if errors.is_empty() { Status::Done } else { Status::Failed }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The refusal to mix stdin with files.
fn only_stdin() -> Problem {
    Problem::error("`-` stands for stdin and cannot be mixed with other paths", "pass `-` alone")
}
