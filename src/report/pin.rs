//! What `dockopt pin` tells people. Must not decide what is told.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::text::count;
use crate::pin::group::{Finding, Stale};
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
            Stale::OtherThanLocked => "has another digest than in dockopt.lock".to_owned(),
        };
        let _ = writeln!(text, "{place}: {name} {what}");
    }
    text
}

/// The last line of `--check`.
pub fn check_summary(findings: usize) -> String {
    match findings {
        0 => "all images are pinned to what their tags are now\n".to_owned(),
        _ => format!("{} to mend; `dockopt pin --update` does it\n", count(findings, "image")),
    }
}

/// The last lines of `pin`: what was done, and who keeps it fresh.
pub fn summary(done: &[Done], remarks: &[String], is_dry: bool) -> String {
    let pinned: usize = done.iter().map(|one| one.outcome.applied.len()).sum();
    let changed = done.iter().filter(|one| one.is_changed()).count();
    let mut text = match pinned {
        0 => format!("nothing to pin in {}\n", count(done.len(), "file")),
        _ if is_dry => format!("would pin {} in {}\n", count(pinned, "image"), count(changed, "file")),
        _ => format!("pinned {} in {}\n", count(pinned, "image"), count(changed, "file")),
    };
    for remark in remarks.iter().filter(|_| pinned > 0) {
        let _ = writeln!(text, "{remark}");
    }
    text
}
