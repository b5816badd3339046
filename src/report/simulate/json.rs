//! What came of `simulate`, as one JSON document with a version. Must not print.

use dockopt_model::cache::{Ran, StepKind};
use serde::Serialize;

use super::{Simulated, savings};
use crate::problem::Problem;
use crate::report::json::{Fault, Remark, VERSION, document, faults, remark};
use crate::simulate::{Cost, Replay};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'static str,
    files: Vec<File<'a>>,
    problems: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    assumptions: &'a str,
    commits: Vec<Commit<'a>>,
    left_out: usize,
    before: Form<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Form<'a>>,
    rewrites: Vec<Remark<'a>>,
    savings: Vec<Saving>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct Commit<'a> {
    id: &'a str,
    time: i64,
}

#[derive(Serialize)]
struct Form<'a> {
    seconds: f64,
    steps: Vec<Step<'a>>,
    /// For each commit a letter for each step: `.` it did not run, `x` it ran, `?` it may have run.
    builds: Vec<String>,
}

#[derive(Serialize)]
struct Step<'a> {
    line: usize,
    instruction: &'a str,
    kind: &'static str,
    runs: usize,
    most_runs: usize,
    seconds: f64,
    measured: bool,
    causes: Vec<Cause<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    path: &'a str,
    times: usize,
}

#[derive(Serialize)]
struct Saving {
    line: usize,
    step: String,
    before: usize,
    after: usize,
}

/// The report of `simulate`.
pub fn simulate(all: &[Simulated], problems: &[Problem]) -> String {
    let files = all.iter().map(file).collect();
    document(&Document { version: VERSION, command: "simulate", files, problems: faults(problems) })
}

fn file(one: &Simulated) -> File<'_> {
    let saved = one.after.iter().flat_map(|after| savings(&one.before, after));
    File {
        path: &one.file,
        assumptions: &one.assumptions,
        commits: one.history.built.iter().map(|(id, time, _)| Commit { id, time: *time }).collect(),
        left_out: one.history.without_sources,
        before: form(&one.before),
        after: one.after.as_ref().map(form),
        rewrites: one.rewrites.iter().map(remark).collect(),
        savings: saved
            .map(|one| Saving { line: one.line, step: one.step, before: one.before, after: one.after })
            .collect(),
        remarks: &one.history.remarks,
    }
}

fn form(replay: &Replay) -> Form<'_> {
    let steps = replay.steps.iter().map(|step| Step {
        line: step.line,
        instruction: &step.text,
        kind: kind(step.kind),
        runs: step.runs,
        most_runs: step.most_runs,
        seconds: step.cost.duration().as_secs_f64(),
        measured: matches!(step.cost, Cost::Measured(_)),
        causes: step.causes.iter().map(|(path, times)| Cause { path, times: *times }).collect(),
    });
    let letter = |ran: &Ran| match ran {
        Ran::No => '.',
        Ran::Perhaps => '?',
        Ran::Yes => 'x',
    };
    Form {
        seconds: replay.time().as_secs_f64(),
        steps: steps.collect(),
        builds: replay.ran.iter().map(|build| build.iter().map(letter).collect()).collect(),
    }
}

fn kind(kind: StepKind) -> &'static str {
    match kind {
        StepKind::SystemPackages => "system-packages",
        StepKind::Dependencies => "dependencies",
        StepKind::Build => "build",
        StepKind::Run => "run",
        StepKind::Copy => "copy",
        StepKind::Folder => "folder",
    }
}
