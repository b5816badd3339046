//! What the bot did, or would do: one line for each repository, all of it in a rehearsal, or JSON. Must not decide anything.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::json::{Fault, VERSION, document, faults};
use super::text;
use crate::bot::repository::{Mode, Report};
use crate::bot::{Ending, Step};
use crate::diff;
use crate::forge::Name;
use crate::problem::Problem;
use crate::terminal::Paint;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'static str,
    dry_run: bool,
    repositories: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    name: &'a str,
    ending: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<Proposed<'a>>,
    steps: Vec<&'static str>,
    requests: &'a [String],
    problems: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Proposed<'a> {
    title: &'a str,
    body: &'a str,
    base: &'a str,
    labels: &'a [String],
    patch: String,
}

/// A repository with what came of it, if it could be worked on.
pub type Entry = (Name, Option<Report>, Vec<Problem>);

/// The report for machines.
pub fn json(entries: &[Entry], mode: Mode) -> String {
    document(&Document {
        version: VERSION,
        command: "bot run",
        dry_run: mode == Mode::Rehearsal,
        repositories: entries.iter().map(one).collect(),
    })
}

fn one((name, report, problems): &Entry) -> One<'_> {
    let problems = faults(problems);
    let name = name.as_str();
    let Some(report) = report else {
        let (number, url, branch, proposal) = (None, None, None, None);
        return One {
            name,
            ending: "failed",
            number,
            url,
            branch,
            proposal,
            steps: Vec::new(),
            requests: &[],
            problems,
        };
    };
    let (ending, number, url) = match &report.ending {
        Ending::Nothing => ("nothing", None, None),
        Ending::Proposed { number, url } => ("proposed", *number, Some(url.as_str())),
        Ending::Refused { number } => ("refused", Some(*number), None),
        Ending::Touched { number } => ("touched", *number, None),
    };
    let proposal = report.plan.as_ref().map(|plan| Proposed {
        title: &plan.draft.title,
        body: &plan.draft.body,
        base: &plan.draft.base,
        labels: &plan.labels,
        patch: patch(report),
    });
    One {
        name,
        ending,
        number,
        url: url.filter(|url| !url.is_empty()),
        branch: Some(&report.branch),
        proposal,
        steps: report.steps.iter().map(step).collect(),
        requests: &report.requests,
        problems,
    }
}

/// The report for people.
pub fn text(report: &Report, mode: Mode, paint: Paint) -> String {
    let name = &report.name;
    let number = |number: &Option<u64>| number.map_or_else(String::new, |number| format!(" #{number}"));
    let mut out = match &report.ending {
        Ending::Nothing if report.steps.is_empty() => format!("{name}: nothing to do\n"),
        Ending::Nothing => format!("{name}: nothing is left to change; {}\n", steps(report, mode)),
        Ending::Proposed { number: at, url } if report.steps.is_empty() => {
            format!("{name}: the pull request{} is up to date {url}\n", number(at))
        }
        Ending::Proposed { url, .. } => format!("{name}: {} {url}\n", steps(report, mode)),
        Ending::Refused { number } => {
            format!("{name}: these changes were refused by #{number}, so they are not proposed again\n")
        }
        Ending::Touched { number: at } => {
            let place = at.map_or_else(
                || format!("the branch `{}`", report.branch),
                |at| format!("the branch of #{at}"),
            );
            format!("{name}: somebody pushed to {place}, so it is left alone\n")
        }
    };
    if mode == Mode::Rehearsal
        && let Some(plan) = &report.plan
    {
        let _ = write!(
            out,
            "\nbranch {} from {}\ntitle  {}\n\n",
            report.branch, plan.draft.base, plan.draft.title
        );
        out.push_str(&plan.draft.body);
        out.push('\n');
        out.push_str(&text::patch(&patch(report), paint));
    }
    if mode == Mode::Rehearsal && !report.requests.is_empty() {
        let _ = write!(
            out,
            "\nrequests\n{}",
            report.requests.iter().map(|one| format!("  {one}\n")).collect::<String>()
        );
    }
    out
}

fn steps(report: &Report, mode: Mode) -> String {
    let all: Vec<&str> = report.steps.iter().map(step).collect();
    let all = all.join(", ");
    if mode == Mode::Rehearsal { format!("would {all}") } else { all }
}

fn step(step: &Step) -> &'static str {
    match step {
        Step::Put { from: None, .. } => "make the branch",
        Step::Put { .. } => "renew the branch",
        Step::Propose(_) => "open a pull request",
        Step::Amend { .. } => "renew the text",
        Step::Label { .. } => "add labels",
        Step::Close { .. } => "close the pull request",
        Step::Delete { .. } => "delete the branch",
    }
}

fn patch(report: &Report) -> String {
    let edits = report.plan.iter().flat_map(|plan| &plan.commit.edits);
    edits.map(|edit| diff::file(Path::new(&edit.path), edit.old.as_deref(), &edit.new)).collect()
}
