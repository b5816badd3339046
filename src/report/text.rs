//! Reports for people: patches, notes, problems, tables. Must not decide what is told.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use dockopt_rules::{RULES, Starts};
use dockopt_transforms::{Class, PASSES};

use super::{Detail, Finding, held, is_kept};
use crate::commands::Wrote;
use crate::findings::Found;
use crate::optimize::Note;
use crate::problem::{Problem, Severity};
use crate::terminal::Paint;
use crate::work::Done;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PASS: Style = AnsiColor::Cyan.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();

/// A patch, in git's colours.
pub fn patch(patch: &str, paint: Paint) -> String {
    if paint == Paint::Plain {
        return patch.to_owned();
    }
    let mut painted = String::new();
    let mut in_header = true;
    for line in patch.split_inclusive('\n') {
        let text = line.strip_suffix('\n').unwrap_or(line);
        in_header = text.starts_with("diff --git ") || (in_header && !text.starts_with("@@ "));
        let style = match text.as_bytes().first() {
            _ if in_header => BOLD,
            Some(b'@') => PASS,
            Some(b'+') => ADDED,
            Some(b'-') => REMOVED,
            _ => Style::new(),
        };
        painted.push_str(&paint.apply(style, text));
        painted.push('\n');
    }
    painted
}

/// One line per rewrite, with its reason; in full detail also what was left alone.
pub fn notes(done: &[Done], detail: Detail, paint: Paint) -> String {
    let mut text = String::new();
    for one in done {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for note in &one.outcome.applied {
            lines.push((note.line, line(&one.file.name, note, &note.title, detail, paint)));
        }
        if detail == Detail::Everything {
            for note in &one.outcome.held {
                let state = match note.class {
                    _ if is_kept(note) => "kept",
                    Some(Class::Suggest) => "suggested",
                    _ => "held back",
                };
                lines.push((
                    note.line,
                    line(&one.file.name, note, &format!("{state}: {}", note.title), detail, paint),
                ));
            }
            for note in &one.outcome.declined {
                let title = if note.title.is_empty() {
                    "left alone".to_owned()
                } else {
                    format!("left alone: {}", note.title)
                };
                lines.push((note.line, line(&one.file.name, note, &title, detail, paint)));
            }
        }
        lines.sort_by_key(|(line, _)| *line);
        text.extend(lines.into_iter().map(|(_, line)| line));
        for bug in &one.outcome.bugs {
            let _ = writeln!(text, "{}: fault of dockopt, the rewrite was taken back: {bug}", one.file.name);
        }
    }
    text
}

fn line(name: &str, note: &Note, title: &str, detail: Detail, paint: Paint) -> String {
    let place = paint.apply(BOLD, &format!("{name}:{}", note.line));
    let mut reason = note.reason.lines();
    let first = reason.next().unwrap_or_default();
    let mut text = format!("{place}: {}: {title}", paint.apply(PASS, note.pass));
    if !first.is_empty() {
        let _ = write!(text, " — {first}");
    }
    if let Some(effect) = &note.effect {
        let _ = write!(text, "; {effect}");
    }
    text.push('\n');
    if detail == Detail::Everything {
        for more in reason {
            let _ = writeln!(text, "    {more}");
        }
    }
    text
}

/// The findings of `check`, one line each.
pub fn findings(done: &[Done], paint: Paint) -> String {
    let mut text = String::new();
    for one in done {
        for finding in super::findings(one) {
            match finding {
                Finding::Note(note) => {
                    let class = note.class.map_or("", Class::name);
                    let title = format!("{} {}", note.title, paint.apply(DIM, &format!("[{class}]")));
                    text.push_str(&line(&one.file.name, note, &title, Detail::Rewrites, paint));
                }
                Finding::Found(found) => text.push_str(&found_line(&one.file.name, found, paint)),
            }
        }
    }
    text
}

/// What a rule found: where, what, and what to do.
fn found_line(name: &str, found: &Found, paint: Paint) -> String {
    let place = paint.apply(BOLD, &format!("{name}:{}", found.line));
    let mut marks = vec![found.severity.name()];
    marks.extend(found.aliases.iter().map(String::as_str));
    let marks = paint.apply(DIM, &format!("[{}]", marks.join(", ")));
    let rule = paint.apply(PASS, found.rule);
    let declined =
        found.declined.as_ref().map_or(String::new(), |why| format!("; no rewrite here, since {why}"));
    format!("{place}: {rule}: {} {marks} — {}{declined}\n", found.message, found.help)
}

/// The last line of `fix`.
pub fn fix_summary(done: &[Done], wrote: Wrote) -> String {
    let rewrites: usize = done.iter().map(|one| one.outcome.applied.len()).sum();
    let changed = done.iter().filter(|one| one.is_changed()).count();
    let mut parts = vec![match (rewrites, wrote) {
        (0, _) => format!("nothing to do in {}", count(done.len(), "file")),
        (_, Wrote::Changes) => format!("wrote {} in {}", count(rewrites, "rewrite"), count(changed, "file")),
        (_, Wrote::Nothing) => format!("{} in {}", count(rewrites, "rewrite"), count(changed, "file")),
    }];
    let unsafe_ones = held(done, Class::Unsafe);
    if unsafe_ones > 0 {
        parts.push(format!("{unsafe_ones} held back, use --unsafe"));
    }
    let suggestions = held(done, Class::Suggest);
    if suggestions > 0 {
        parts.push(format!("{}, see `dockopt check`", count(suggestions, "suggestion")));
    }
    if rewrites > 0 && wrote == Wrote::Nothing {
        parts.push("write them with --write".to_owned());
    }
    if done.is_empty() { String::new() } else { format!("{}\n", parts.join("; ")) }
}

/// The last line of `check`.
pub fn check_summary(findings: usize, files: usize) -> String {
    match (findings, files) {
        (_, 0) => String::new(),
        (0, _) => format!("nothing found in {}\n", count(files, "file")),
        _ => format!(
            "{} in {}; `dockopt fix` shows the changes\n",
            count(findings, "finding"),
            count(files, "file")
        ),
    }
}

/// A number and its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Problems as rustc shows them: what, where, the line with a caret, and help.
pub fn problems(problems: &[&Problem], paint: Paint) -> String {
    let renderer = match paint {
        Paint::Colored => Renderer::styled(),
        Paint::Plain => Renderer::plain(),
    };
    let mut text = String::new();
    for problem in problems {
        text.push_str(&problem_text(problem, &renderer));
        text.push_str("\n\n");
    }
    text
}

fn problem_text(problem: &Problem, renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.message.as_str());
    let help = Level::HELP.message(problem.help.as_str());
    let report = match (&problem.place, &problem.path) {
        (Some(place), path) => {
            let snippet = Snippet::source(place.source.as_str())
                .line_start(place.line)
                .path(path.as_deref())
                .annotation(AnnotationKind::Primary.span(place.span.range()));
            title.element(snippet).element(help)
        }
        (None, Some(path)) => title.element(Origin::path(path.as_str())).element(help),
        (None, None) => Group::with_title(title).element(help),
    };
    renderer.render(&[report])
}

/// The table of rules.
pub fn rules(paint: Paint) -> String {
    let width = |field: fn(&dockopt_rules::Rule) -> &'static str| {
        RULES.iter().map(|rule| field(rule).len()).max().unwrap_or(0)
    };
    let name = width(|rule| rule.name);
    let severity = "severity".len();
    let mut text = paint.apply(BOLD, &format!("{:name$}  {:severity$}  what it finds", "rule", "severity"));
    text.push('\n');
    for rule in RULES {
        let shown = paint.apply(PASS, &format!("{:name$}", rule.name));
        let starts = if rule.starts == Starts::OnRequest { " (on request)" } else { "" };
        let _ = writeln!(text, "{shown}  {:severity$}  {}{starts}", rule.severity.name(), rule.summary);
    }
    text
}

/// The table of passes.
pub fn passes(paint: Paint) -> String {
    let width = |field: fn(&dockopt_transforms::Pass) -> &'static str| {
        PASSES.iter().map(|pass| field(pass).len()).max().unwrap_or(0)
    };
    let name = width(|pass| pass.name);
    let phase = width(|pass| pass.phase.name()).max("phase".len());
    let class = width(|pass| pass.class.name()).max("class".len());
    let mut text =
        paint.apply(BOLD, &format!("{:name$}  {:phase$}  {:class$}  what it does", "pass", "phase", "class"));
    text.push('\n');
    for pass in PASSES {
        let shown = paint.apply(PASS, &format!("{:name$}", pass.name));
        let _ = writeln!(
            text,
            "{shown}  {:phase$}  {:class$}  {}",
            pass.phase.name(),
            pass.class.name(),
            pass.summary
        );
    }
    text
}
