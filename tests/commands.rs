//! Each package manager's install in each form that a RUN can have, and what the passes that are about its options write: one snapshot
//! for each tool, and a page for users. The command lines are examples of the tools' data, without the options that the passes add.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dockopt::optimize::Outcome;
use dockopt_tools::Action;
use dockopt_tools::schema::{Role, Tool};

use crate::documentation::write_if_other;
use crate::matrix::{FORMS, all_tools, image, user};
use crate::support::{self, Project};

/// The passes that are about options of installs, each with what the page says of it.
const PASSES: [(&str, &str); 3] = [
    (
        "assume-yes",
        "Safe, or with `--unsafe` where it is not known what becomes of a question without an answer.",
    ),
    ("use-apt-get", "Safe in releases in which both do the same, with `--unsafe` in others."),
    ("skip-recommends", "With `--unsafe`."),
];

#[test]
fn installs_in_all_forms() {
    let lines = lines();
    let cases: BTreeSet<String> = lines.iter().map(|(name, ..)| name.clone()).collect();
    support::each(lines.iter().map(|line| (line.0.clone(), line)), |name, (_, tool, line)| {
        let mut text = String::new();
        for (form, before, after) in FORMS {
            let start = before.replace("USER app\n", &format!("USER {}\n", user(&tool.name)));
            let file = format!("FROM {}\n{start}{line}{after}", image(&tool.name));
            let outcome = fix(&file, &PASSES.map(|pass| pass.0));
            let _ = writeln!(text, "# {form}");
            text.push_str(outcome.text.split_once('\n').map_or("", |(_, rest)| rest));
            let reasons: BTreeSet<&str> = outcome.declined.iter().map(|note| note.reason.as_str()).collect();
            for reason in reasons {
                let _ = writeln!(text, "left alone: {reason}");
            }
            text.push('\n');
        }
        support::assert_snapshot("commands", name, &text);
    });
    support::assert_no_orphans("commands", &cases);
}

#[test]
fn the_page_of_commands_says_what_is_written() {
    let mut page = "# Options of installs\n\n<!-- Made by tests/commands.rs from the data of the tools. -->\n\n\
        What is written for an install of each package manager that asks questions, has a command for people, or knows recommended \
        packages.\n"
        .to_owned();
    for (pass, class) in PASSES {
        let _ = write!(
            page,
            "\n## [{pass}](passes/{pass}.md)\n\n{class}\n\n| image | before | after |\n|---|---|---|\n"
        );
        for (_, tool, line) in lines() {
            let file = format!("FROM {}\nRUN {line}\n", image(&tool.name));
            let outcome = fix(&file, &[pass]);
            if outcome.text != file {
                let after = outcome
                    .text
                    .lines()
                    .nth(1)
                    .and_then(|line| line.strip_prefix("RUN "))
                    .unwrap_or_default();
                let _ = writeln!(page, "| `{}` | `{line}` | `{after}` |", image(&tool.name));
            }
        }
    }
    let mut stale = Vec::new();
    write_if_other("docs/commands.md", &page, &mut stale);
    assert!(stale.is_empty(), "rewritten, since something else is written now: {}", stale.join(", "));
}

/// What comes of a file, which is also the last word: a second run changes nothing.
fn fix(file: &str, passes: &[&str]) -> Outcome {
    let project = Project::of(file, &[]);
    let outcome = project.fix(Some(passes)).expect("it is a valid Dockerfile");
    assert_eq!(outcome.bugs, [""; 0]);
    let again = project.after(&outcome).fix(Some(passes)).expect("the result is valid");
    assert_eq!(again.text, outcome.text, "a second run changes nothing");
    outcome
}

/// The installs of the tools about whose options something can be done, by name: their first example, bare. A tool that has a command
/// for people has a second one, with that.
fn lines() -> Vec<(String, Tool, String)> {
    let mut lines = Vec::new();
    for tool in all_tools() {
        let Some(line) = bare(&tool) else { continue };
        for form in &tool.scripted {
            let people = line.replacen(&form.instead, &form.command, 1);
            if form.flags.is_empty() {
                lines.push((format!("{}-for-people", tool.name), tool.clone(), people));
            }
        }
        lines.push((tool.name.clone(), tool, line));
    }
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    lines
}

fn bare(tool: &Tool) -> Option<String> {
    let has_options = |action: &Action| !action.assume_yes.is_empty() || action.lean.is_some();
    let example = tool.examples.iter().find(|example| {
        let action = example.action.as_deref().and_then(|name| tool.action(name));
        !example.incomplete
            && action.is_some_and(|action| action.role == Role::Install && has_options(action))
    })?;
    let action = tool.action(example.action.as_deref()?)?;
    let lean = action.lean.iter().flat_map(|lean| &lean.decided_by);
    let options: Vec<&str> = action
        .assume_yes
        .iter()
        .chain(&action.answered_by)
        .chain(lean)
        .map(|option| option.trim_end_matches('*'))
        .collect();
    let is_kept = |word: &&str| {
        !options.iter().any(|option| word == option || (option.ends_with('=') && word.starts_with(option)))
    };
    Some(example.line.split(' ').filter(is_kept).collect::<Vec<_>>().join(" "))
}
