//! What came of `verify`: for people, for machines, for a pull request. Must not judge; [`crate::verify::Verdict`] does.

pub mod json;

use std::fmt::Write as _;
use std::time::Duration;

use super::text::count;
use crate::engine::Built;
use crate::image::expected::Classed;
use crate::terminal::Paint;
use crate::verify::smoke::{Did, Smoke};
use crate::verify::{ImagesCompared, Rebuild, Verdict};
use anstyle::{AnsiColor, Style};
use indicatif::{DecimalBytes, HumanCount};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();

/// More differences than this are counted, not listed, for people.
const LISTED: usize = 20;

/// One paragraph and one table for a Dockerfile.
pub fn text(verdict: &Verdict, paint: Paint) -> String {
    let mut text = String::new();
    let judgement =
        if verdict.holds() { paint.apply(GOOD, &title(verdict)) } else { paint.apply(BAD, &title(verdict)) };
    let _ = writeln!(text, "{}: {judgement}", paint.apply(BOLD, &verdict.file));
    for note in &verdict.rewrites {
        let _ = writeln!(text, "  line {}: {}: {}", note.line, note.pass, note.title);
    }
    for line in differences(&verdict.images) {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str(&table(&rows(verdict), paint));
    if let Some(smoke) = &verdict.smoke {
        for line in smoke_lines(smoke) {
            let _ = writeln!(text, "  {line}");
        }
    }
    for remark in &verdict.remarks {
        let _ = writeln!(text, "  {}", paint.apply(DIM, &format!("note: {remark}")));
    }
    text
}

/// The same as a section of a pull request.
pub fn markdown(verdict: &Verdict) -> String {
    let mut text = format!("### `{}`: {}\n\n", verdict.file, title(verdict));
    for note in &verdict.rewrites {
        let _ = writeln!(text, "- line {}: **{}**: {}", note.line, note.pass, escaped(&note.title));
    }
    let lines = differences(&verdict.images);
    if !lines.is_empty() {
        text.push('\n');
        text.extend(lines.iter().map(|line| format!("{}  \n", escaped(line))));
    }
    text.push_str("\n| | before | after | |\n|---|---|---|---|\n");
    for [what, before, after, effect] in rows(verdict) {
        let _ = writeln!(text, "| {} | {before} | {after} | {effect} |", escaped(&what));
    }
    let rest = verdict
        .smoke
        .iter()
        .flat_map(smoke_lines)
        .chain(verdict.remarks.iter().map(|remark| format!("Note: {remark}")));
    for line in rest {
        let _ = write!(text, "\n{}\n", escaped(&line));
    }
    text
}

/// How many Dockerfiles there was nothing to verify in.
pub fn unchanged(files: usize) -> String {
    format!("nothing to verify in {}: no rewrite\n", count(files, "file"))
}

/// What two images differ in, for `--images`.
pub fn images(names: [&str; 2], compared: &ImagesCompared, paint: Paint) -> String {
    let judgement = if compared.are_same() {
        paint.apply(GOOD, "the images are the same")
    } else {
        paint.apply(BAD, "the images differ")
    };
    let mut text = format!("{} and {}: {judgement}\n", names[0], names[1]);
    for line in differences(compared) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn title(verdict: &Verdict) -> String {
    let judgement = match verdict {
        _ if !verdict.images.are_same() => "the images differ",
        _ if !verdict.holds() => "the images do not do the same",
        _ if !verdict.images.on_purpose.is_empty() => "the images differ as meant",
        _ => "the images are the same",
    };
    let platform = verdict.platform.iter().map(|platform| format!(", {platform}")).collect::<String>();
    format!("{judgement} ({}{platform})", verdict.engine)
}

/// How many paths were compared and what differs, the unexpected first.
fn differences(images: &ImagesCompared) -> Vec<String> {
    let Classed { expected, unexpected } = &images.files;
    let mut lines = Vec::new();
    let mut all: Vec<String> = images.config.iter().map(|one| format!("configuration: {one}")).collect();
    all.extend(unexpected.iter().map(ToString::to_string));
    let total = all.len();
    lines.extend(all.into_iter().take(LISTED));
    if total > LISTED {
        lines.push(format!("and {} more; --format json lists them", total - LISTED));
    }
    let classes: Vec<String> = expected
        .iter()
        .map(|(class, of)| format!("{} {}", class.name(), HumanCount(of.len() as u64)))
        .collect();
    let noun = if images.paths == 1 { "path" } else { "paths" };
    let mut sum = format!("{} {noun}", HumanCount(images.paths));
    if classes.is_empty() && total == 0 {
        sum.push_str(", no difference");
    }
    if total > 0 {
        let _ = write!(sum, ", {} of files and configuration", count(total, "difference"));
        if !images.on_purpose.is_empty() {
            let _ = write!(sum, ", meant by {}", images.on_purpose.join(", "));
        }
    }
    if !classes.is_empty() {
        let _ = write!(sum, "; as expected: {}", classes.join(", "));
    }
    lines.push(sum);
    lines
}

/// What is measured, before, after, and the effect in words.
fn rows(verdict: &Verdict) -> Vec<[String; 4]> {
    let (before, after) = (&verdict.before, &verdict.after);
    let mut rows = vec![
        ["size".to_owned(), bytes(before.size), bytes(after.size), less(before.size, after.size)],
        ["layers".to_owned(), before.layers.len().to_string(), after.layers.len().to_string(), String::new()],
        [
            "cold build".to_owned(),
            seconds(before.cold.took),
            seconds(after.cold.took),
            // A cold build fetches from the network, and chance decides more than a rewrite.
            String::new(),
        ],
    ];
    rows.extend(verdict.rebuilds.iter().map(|rebuild| {
        let Rebuild { path, before, after } = rebuild;
        [format!("edit {path}"), rebuilt(before), rebuilt(after), faster(before.took, after.took)]
    }));
    rows
}

fn rebuilt(built: &Built) -> String {
    format!("{}, {} of {} steps cached", seconds(built.took), built.cached(), built.own_steps().count())
}

/// `1.5 times faster`; nothing where the difference is within what chance does.
fn faster(before: Duration, after: Duration) -> String {
    let (before, after) = (before.as_secs_f64(), after.as_secs_f64());
    if after > 0.0 && before / after >= 1.2 && before - after >= 0.1 {
        format!("{:.1} times faster", before / after)
    } else if before > 0.0 && after / before >= 1.2 && after - before >= 0.1 {
        format!("{:.1} times slower", after / before)
    } else {
        String::new()
    }
}

fn less(before: u64, after: u64) -> String {
    let share = |part: u64| format!("{} %", (part * 100 + before / 2) / before.max(1));
    match before.abs_diff(after) {
        small if small * 200 < before => String::new(),
        saved if after < before => format!("{} less", share(saved)),
        more => format!("{} more", share(more)),
    }
}

fn smoke_lines(smoke: &Smoke) -> Vec<String> {
    let what = &smoke.what;
    if smoke.is_same() {
        return vec![match &smoke.before {
            Did::Ended { code: Some(0), .. } => format!("{what} does the same in both"),
            Did::Ended { code, complaint, .. } => {
                format!("{what} fails in both ({}): {}", coded(*code), last_line(complaint))
            }
            Did::Healthy => format!("{what} succeeds in both"),
            Did::Unhealthy(printed) => format!("{what} fails in both: {}", last_line(printed)),
        }];
    }
    [("before", &smoke.before), ("after", &smoke.after)]
        .into_iter()
        .map(|(form, did)| match did {
            Did::Ended { code, printed, complaint } => {
                format!("{what} {form}: {}, {:?}, {}", coded(*code), last_line(printed), last_line(complaint))
            }
            Did::Healthy => format!("{what} {form}: succeeds"),
            Did::Unhealthy(printed) => format!("{what} {form}: fails, {}", last_line(printed)),
        })
        .collect()
}

fn coded(code: Option<i32>) -> String {
    code.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit code {code}"))
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or("nothing printed")
}

fn table(rows: &[[String; 4]], paint: Paint) -> String {
    let heading = [String::new(), "before".to_owned(), "after".to_owned(), String::new()];
    let all: Vec<&[String; 4]> = std::iter::once(&heading).chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for (at, row) in all.iter().enumerate() {
        let line = format!(
            "  {:<w0$}  {:<w1$}  {:<w2$}  {}",
            row[0],
            row[1],
            row[2],
            row[3],
            w0 = widths[0],
            w1 = widths[1],
            w2 = widths[2]
        );
        let line = line.trim_end();
        text.push_str(&if at == 0 { paint.apply(BOLD, line) } else { line.to_owned() });
        text.push('\n');
    }
    text
}

/// A size as engines print it: powers of a thousand.
fn bytes(size: u64) -> String {
    DecimalBytes(size).to_string()
}

fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}

/// Text in which Markdown finds nothing of its own.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '~' | '@' | '&') {
            out.push('\\');
        }
        out.push(if character.is_control() { ' ' } else { character });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!([999, 182_100_000, 1_060_000_000].map(bytes), ["999 B", "182.10 MB", "1.06 GB"]);
        assert_eq!(seconds(Duration::from_millis(342)), "0.34 s");
        assert_eq!(faster(Duration::from_millis(2400), Duration::from_millis(400)), "6.0 times faster");
        assert_eq!(faster(Duration::from_millis(2400), Duration::from_millis(2500)), "");
        assert_eq!(less(1000, 1002), "");
        assert_eq!(less(1000, 400), "60 % less");
    }

    #[test]
    fn markdown_stays_text() {
        assert_eq!(escaped("a|b `c` <img>\n@x"), "a\\|b \\`c\\` \\<img\\> \\@x");
    }
}
