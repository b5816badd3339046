//! What came of `simulate`: for people, for machines, and as a page. Must not replay anything.

pub mod html;
pub mod json;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use jiff::Timestamp;

use super::text::count;
use crate::optimize::Note;
use crate::simulate::{Cost, History, Replay, Step};
use crate::terminal::Paint;

/// A Dockerfile that was replayed.
#[derive(Debug)]
pub struct Simulated {
    /// What the user calls it.
    pub file: String,
    /// The builder and its cache, for people.
    pub assumptions: String,
    /// The commits.
    pub history: History,
    /// The Dockerfile as it is.
    pub before: Replay,
    /// The same with its rewrites, if that was asked for and there are any.
    pub after: Option<Replay>,
    /// Those rewrites.
    pub rewrites: Vec<Note>,
    /// Their patch.
    pub patch: String,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Files that made a step run; more are counted.
const CAUSES: usize = 3;
/// Longer instructions are cut.
const WIDTH: usize = 72;

/// A table of steps, before and after.
pub fn text(simulated: &Simulated, paint: Paint) -> String {
    let mut text = String::new();
    let file = paint.apply(BOLD, &simulated.file);
    let _ = writeln!(text, "{file}: {} ({})", period(&simulated.history), simulated.assumptions);
    let builds = simulated.history.built.len();
    text.push_str(&table(&simulated.before, builds, paint));
    if let Some(after) = &simulated.after {
        for note in &simulated.rewrites {
            let _ = writeln!(text, "  line {}: {}: {}", note.line, note.pass, note.title);
        }
        text.push_str(&table(after, builds, paint));
    }
    for line in summary(simulated) {
        let _ = writeln!(text, "  {line}");
    }
    for remark in &simulated.history.remarks {
        let _ = writeln!(text, "  {}", paint.apply(DIM, &format!("note: {remark}")));
    }
    text
}

/// `200 commits, 2026-03-01 to 2026-11-24`.
fn period(history: &History) -> String {
    let days: Vec<String> =
        [history.built.first(), history.built.last()].into_iter().flatten().map(|one| day(one.1)).collect();
    match days.as_slice() {
        [first, last] => format!("{}, {first} to {last}", count(history.built.len(), "commit")),
        _ => "no commit could be built".to_owned(),
    }
}

fn day(time: i64) -> String {
    Timestamp::from_second(time)
        .map_or_else(|_| "?".to_owned(), |time| time.to_string().chars().take(10).collect())
}

fn table(replay: &Replay, builds: usize, paint: Paint) -> String {
    let mut text = paint.apply(BOLD, "  line          ran      time  step");
    text.push('\n');
    for step in &replay.steps {
        let ran = format!("{} of {builds}", runs(step));
        let _ = writeln!(
            text,
            "  {:>4}  {ran:>11}  {:>8}  {}",
            step.line,
            time(step.cost.duration()),
            shortened(&step.text)
        );
        let why = causes(step);
        if !why.is_empty() {
            let _ = writeln!(text, "{:30}{}", "", paint.apply(DIM, &why));
        }
    }
    text
}

/// How often a step ran: a number, or the bounds.
fn runs(step: &Step) -> String {
    if step.runs == step.most_runs {
        step.runs.to_string()
    } else {
        format!("{}–{}", step.runs, step.most_runs)
    }
}

fn causes(step: &Step) -> String {
    let named: Vec<String> =
        step.causes.iter().take(CAUSES).map(|(path, times)| format!("{path} {times}")).collect();
    match step.causes.len().saturating_sub(CAUSES) {
        0 => named.join(", "),
        more => format!("{}, and {more} more files", named.join(", ")),
    }
}

/// What a reader should take home.
fn summary(simulated: &Simulated) -> Vec<String> {
    let builds = simulated.history.built.len();
    if builds == 0 {
        return Vec::new();
    }
    let each = |replay: &Replay| replay.time() / u32::try_from(builds).unwrap_or(u32::MAX);
    let (before, mut lines) = (&simulated.before, Vec::new());
    match &simulated.after {
        None => lines.push(format!(
            "{} in {}, {} a build",
            count(before.runs().1, "step run"),
            count(builds, "build"),
            time(each(before))
        )),
        Some(after) => {
            lines.push(format!(
                "{} → {}, {} → {} a build",
                count(before.runs().1, "step run"),
                after.runs().1,
                time(each(before)),
                time(each(after))
            ));
            lines.extend(savings(before, after).into_iter().map(|saving| saving.sentence(builds)));
        }
    }
    let all = || before.steps.iter().chain(simulated.after.iter().flat_map(|after| &after.steps));
    let measured = all().filter(|step| matches!(step.cost, Cost::Measured(_))).count();
    lines.push(match measured {
        0 => "step times are rough assumptions; `dockopt verify` measures them".to_owned(),
        some if some == all().count() => "step times are as `dockopt verify` measured them".to_owned(),
        some => {
            format!("{some} of {} step times were measured, the others are rough assumptions", all().count())
        }
    });
    if all().any(|step| step.runs != step.most_runs) {
        lines.push(
            "where bounds are given, it depends on whether another stage brought the same files again"
                .to_owned(),
        );
    }
    let open: BTreeSet<&str> =
        all().flat_map(|step| step.open_arguments.iter().map(String::as_str)).collect();
    if !open.is_empty() {
        lines.push(format!(
            "build arguments without a value are taken to stay the same ({}); `--build-arg` sets them",
            open.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    if all().any(|step| step.is_volatile) {
        lines.push("what comes from the network is taken to stay the same".to_owned());
    }
    lines
}

/// A step that runs less often after the rewrites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// Its line before the rewrites.
    pub line: usize,
    /// What it is.
    pub step: String,
    /// How often it ran before, at the most.
    pub before: usize,
    /// How often after.
    pub after: usize,
    /// Whether that rests on build arguments that may be others each time.
    pub is_open: bool,
}

impl Saving {
    /// For a summary.
    fn sentence(&self, builds: usize) -> String {
        format!(
            "`{}` would have run in {} of {builds} builds instead of {}",
            shortened(&self.step),
            self.after,
            self.before
        )
    }

    /// For the line of a rewrite.
    pub fn clause(&self, builds: usize) -> String {
        format!(
            "in the last {} it would have run {} instead of {}",
            count(builds, "commit"),
            count(self.after, "time"),
            self.before
        )
    }
}

/// The steps that run less often, found again after the rewrites.
pub fn savings(before: &Replay, after: &Replay) -> Vec<Saving> {
    let is_run = |step: &&Step| step.text.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("RUN "));
    let mut found = Vec::new();
    for step in before.steps.iter().filter(is_run) {
        let again = after.steps.iter().find(|other| other.text == step.text);
        let again = again.or_else(|| {
            after.steps.iter().filter(is_run).find(|other| is_same_work(&step.text, &other.text))
        });
        if let Some(other) = again.filter(|other| other.most_runs < step.most_runs) {
            found.push(Saving {
                line: step.line,
                step: other.text.clone(),
                before: step.most_runs,
                after: other.most_runs,
                is_open: !other.open_arguments.is_empty(),
            });
        }
    }
    found
}

/// Whether a RUN is another one to which words came, such as a flag, or from which words went, such as what follows an `&&`.
fn is_same_work(one: &str, other: &str) -> bool {
    let words = |text: &'_ str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (words(one), words(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let mut rest = long.iter();
    short.get(..3) == long.get(..3) && short.iter().all(|word| rest.any(|next| next == word))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds >= 120.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds >= 10.0 => format!("{seconds:.0} s"),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_found_again_with_another_flag() {
        assert!(is_same_work("RUN pip install -r a.txt", "RUN pip install --no-cache-dir -r a.txt"));
        assert!(is_same_work("RUN npm ci && npm run build", "RUN npm ci"));
        assert!(!is_same_work("RUN npm ci", "RUN npm install"));
        assert!(!is_same_work("RUN pip install -r a.txt", "RUN pip install -r b.txt"));
    }

    #[test]
    fn days_and_times_read_well() {
        assert_eq!(day(1_772_323_200), "2026-03-01");
        assert_eq!(
            [400, 30_000, 3_600_000].map(|ms| time(Duration::from_millis(ms))),
            ["0.4 s", "30 s", "60 min"]
        );
    }
}
