//! Reports for machines: one JSON document with a version. Must not print.

use serde::Serialize;

use super::findings;
use crate::optimize::Note;
use crate::problem::{Problem, Severity};
use crate::work::Done;

/// Grows when a field changes its meaning or goes away; new fields may come at any time.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a, F> {
    version: u32,
    command: &'static str,
    files: Vec<F>,
    problems: Vec<Fault<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a str>,
}

#[derive(Serialize)]
struct Fixed<'a> {
    path: &'a str,
    changed: bool,
    rewrites: Vec<Remark<'a>>,
    held: Vec<Remark<'a>>,
    declined: Vec<Remark<'a>>,
    bugs: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Checked<'a> {
    path: &'a str,
    findings: Vec<Remark<'a>>,
}

#[derive(Serialize)]
pub(super) struct Remark<'a> {
    pass: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    line: usize,
    title: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Fault<'a> {
    severity: &'static str,
    message: &'a str,
    path: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    help: &'a str,
}

/// The report of `fix`.
pub fn fix(done: &[Done], problems: &[Problem], patch: &str) -> String {
    let files = done.iter().map(|one| fixed(one, None)).collect();
    document(&Document {
        version: VERSION,
        command: "fix",
        files,
        problems: faults(problems),
        patch: Some(patch),
    })
}

/// The report of `fix -`.
pub fn filter(done: &Done) -> String {
    let files = vec![fixed(done, Some(&done.outcome.text))];
    let problems = faults(&done.file.warnings);
    document(&Document { version: VERSION, command: "fix", files, problems, patch: None })
}

/// The report of `check`.
pub fn check(done: &[Done], problems: &[Problem]) -> String {
    let checked = |one| Checked { path: name(one), findings: findings(one).map(remark).collect() };
    let files = done.iter().map(checked).collect();
    document(&Document { version: VERSION, command: "check", files, problems: faults(problems), patch: None })
}

/// A document as text.
pub(super) fn document(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("reports hold nothing but strings and numbers");
    text.push('\n');
    text
}

fn name(one: &Done) -> &str {
    &one.file.name
}

fn fixed<'a>(one: &'a Done, text: Option<&'a str>) -> Fixed<'a> {
    let remarks = |notes: &'a [Note]| notes.iter().map(remark).collect();
    Fixed {
        path: name(one),
        changed: one.is_changed(),
        rewrites: remarks(&one.outcome.applied),
        held: remarks(&one.outcome.held),
        declined: remarks(&one.outcome.declined),
        bugs: &one.outcome.bugs,
        text,
    }
}

pub(super) fn remark(note: &Note) -> Remark<'_> {
    Remark {
        pass: note.pass,
        class: note.class.map(dockopt_transforms::Class::name),
        line: note.line,
        title: &note.title,
        reason: &note.reason,
        effect: note.effect.as_deref(),
    }
}

pub(super) fn faults(problems: &[Problem]) -> Vec<Fault<'_>> {
    problems.iter().map(fault).collect()
}

fn fault(problem: &Problem) -> Fault<'_> {
    Fault {
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &problem.message,
        path: problem.path.as_deref(),
        line: problem.place.as_ref().map(|place| place.line),
        column: problem.place.as_ref().map(|place| place.column),
        help: &problem.help,
    }
}
