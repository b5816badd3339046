//! What `dockopt pin` tells people and machines. Must not decide what is told.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use serde::Serialize;

use super::json::{Fault, Remark, VERSION, document, faults, remark};
use super::text::count;
use crate::pin::group::{Finding, Stale};
use crate::problem::Problem;
use crate::terminal::Paint;
use crate::work::Done;

const BOLD: Style = Style::new().bold();
const NAME: Style = AnsiColor::Cyan.on_default();

/// The findings of `--check`, one line each.
pub fn findings(findings: &[Finding], paint: Paint) -> String {
    let mut text = String::new();
    for Finding { file, line, name, stale } in findings {
        let place = paint.apply(BOLD, &format!("{file}:{line}"));
        let name = paint.apply(NAME, name);
        let what = match stale {
            Stale::NotPinned => "has no digest".to_owned(),
            Stale::Moved { now, since } => {
                let since = since.as_ref().map(|since| format!("; pinned {since}")).unwrap_or_default();
                format!("is {now} now{since}")
            }
            Stale::OnePlatform => {
                "is pinned to the image for one platform, and the tag lists several".to_owned()
            }
            Stale::OtherThanLocked => "has another digest than in dockopt.lock".to_owned(),
        };
        let _ = writeln!(text, "{place}: {name} {what}");
    }
    text
}

/// The last line of `--check`.
pub fn check_summary(findings: usize, remarks: &[String]) -> String {
    let mut text = match findings {
        0 => "all images are pinned to what their tags are now\n".to_owned(),
        _ => format!("{} to mend; `dockopt pin --update` does it\n", count(findings, "image")),
    };
    text.extend(remarks.iter().map(|remark| format!("{remark}\n")));
    text
}

/// The last lines of `pin`: what was done, and who keeps it fresh.
pub fn summary(done: &[Done], what: &str, remarks: &[String], is_dry: bool) -> String {
    let pinned: usize = done.iter().map(|one| one.outcome.applied.len()).sum();
    let changed = done.iter().filter(|one| one.is_changed()).count();
    let mut text = match pinned {
        0 => format!("nothing to pin in {}\n", count(done.len(), "file")),
        _ if is_dry => format!("would pin {} in {}\n", count(pinned, what), count(changed, "file")),
        _ => format!("pinned {} in {}\n", count(pinned, what), count(changed, "file")),
    };
    for remark in remarks {
        let _ = writeln!(text, "{remark}");
    }
    text
}

/// What `pin` did, or found, as one JSON document.
pub fn json(
    done: &[Done],
    findings: Option<&[Finding]>,
    problems: &[Problem],
    patch: Option<&str>,
    remarks: &[String],
) -> String {
    document(&Document {
        version: VERSION,
        command: "pin",
        files: done.iter().map(pinned).collect(),
        findings: findings.map(|findings| findings.iter().map(found).collect()),
        problems: faults(problems),
        remarks,
        patch,
    })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'static str,
    files: Vec<Pinned<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Found<'a>>>,
    problems: Vec<Fault<'a>>,
    remarks: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a str>,
}

#[derive(Serialize)]
struct Pinned<'a> {
    path: &'a str,
    changed: bool,
    pins: Vec<Remark<'a>>,
    declined: Vec<Remark<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    path: &'a str,
    line: usize,
    name: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
}

fn found(finding: &Finding) -> Found<'_> {
    let (state, now, since) = match &finding.stale {
        Stale::NotPinned => ("not-pinned", None, None),
        Stale::Moved { now, since } => ("moved", Some(now.as_str()), since.as_deref()),
        Stale::OnePlatform => ("one-platform", None, None),
        Stale::OtherThanLocked => ("other-than-locked", None, None),
    };
    Found { path: &finding.file, line: finding.line, name: &finding.name, state, now, since }
}

fn pinned(one: &Done) -> Pinned<'_> {
    Pinned {
        path: &one.file.name,
        changed: one.is_changed(),
        pins: one.outcome.applied.iter().map(remark).collect(),
        declined: one.outcome.declined.iter().map(remark).collect(),
    }
}
