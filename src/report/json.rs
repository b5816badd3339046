//! Reports for machines: one JSON document with a version. Must not print.

use serde::Serialize;

use super::{Finding, findings};
use crate::optimize::Note;
use crate::problem::{Problem, Severity};
use crate::work::Done;

/// Grows when a field changes its meaning or goes away; new fields may come at any time.
pub(super) const VERSION: u32 = 1;
/// The same for `check`.
const VERSION_OF_CHECK: u32 = 2;

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
    findings: Vec<Answer<'a>>,
}

/// A finding of a pass or of a rule. Since version 2 of `check`, not each has a `pass`.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Rewrite(Remark<'a>),
    Rule(Discovery<'a>),
}

#[derive(Serialize)]
struct Discovery<'a> {
    rule: &'static str,
    severity: &'static str,
    aliases: &'a [String],
    line: usize,
    column: usize,
    title: &'a str,
    help: &'a str,
    /// Why there is no rewrite.
    #[serde(skip_serializing_if = "Option::is_none")]
    declined: Option<&'a str>,
    page: &'a str,
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
    let checked = |one| Checked { path: name(one), findings: findings(one).map(answer).collect() };
    let files = done.iter().map(checked).collect();
    let problems = faults(problems);
    document(&Document { version: VERSION_OF_CHECK, command: "check", files, problems, patch: None })
}

fn answer(finding: Finding<'_>) -> Answer<'_> {
    match finding {
        Finding::Note(note) => Answer::Rewrite(remark(note)),
        Finding::Found(found) => Answer::Rule(Discovery {
            rule: found.rule,
            severity: found.severity.name(),
            aliases: &found.aliases,
            line: found.line,
            column: found.column,
            title: &found.message,
            help: &found.help,
            declined: found.declined.as_deref(),
            page: &found.page,
        }),
    }
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
