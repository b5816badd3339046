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
const PASSES: [(&str, &str); 4] = [
    (
        "assume-yes",
        "Safe, or with `--unsafe` where it is not known what becomes of a question without an answer.",
    ),
    ("use-apt-get", "Safe in releases in which both do the same, with `--unsafe` in others."),
    ("skip-recommends", "With `--unsafe`."),
    (
        "skip-dev-dependencies",
        "With `--unsafe`, in the final stage, where nothing after the install and nothing that the image runs is seen to need them.",
    ),
];

#[test]
fn installs_in_all_forms() {
    let lines = lines();
    let cases: BTreeSet<String> = lines.iter().map(|(name, ..)| name.clone()).collect();
    support::each(lines.iter().map(|line| (line.0.clone(), line)), |name, (_, tool, line)| {
        let mut text = String::new();
        for (form, before, after) in FORMS {
            let start = before.replace("USER app\n", &format!("USER {}\n", user(&tool.name)));
            let (above, below) = around(tool);
            let file = format!("FROM {}\n{above}{start}{line}{after}{below}", image(&tool.name));
            let outcome = fix(&file, tool, &PASSES.map(|pass| pass.0));
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
        What is written for an install of each package manager that asks questions, has a command for people, or tells apart packages that \
        an image may do without.\n"
        .to_owned();
    for (pass, class) in PASSES {
        let _ = write!(
            page,
            "\n## [{pass}](passes/{pass}.md)\n\n{class}\n\n| image | before | after |\n|---|---|---|\n"
        );
        for (_, tool, line) in lines() {
            let (above, below) = around(&tool);
            let file = format!("FROM {}\n{above}RUN {line}\n{below}", image(&tool.name));
            let outcome = fix(&file, &tool, &[pass]);
            if outcome.text != file {
                let run = outcome.text.lines().find_map(|line| line.strip_prefix("RUN "));
                let after = run.unwrap_or_default();
                let _ = writeln!(page, "| `{}` | `{line}` | `{after}` |", image(&tool.name));
            }
        }
    }
    let mut stale = Vec::new();
    write_if_other("docs/commands.md", &page, &mut stale);
    assert!(stale.is_empty(), "rewritten, since something else is written now: {}", stale.join(", "));
}

/// What stands above and below an install that needs a project.
fn around(tool: &Tool) -> (&'static str, &'static str) {
    match &tool.development {
        None => ("", ""),
        Some(how) if how.runs.folders.is_empty() => {
            ("WORKDIR /srv/orders\nCOPY . .\n", "CMD [\"gunicorn\", \"app:app\"]\n")
        }
        Some(_) => ("WORKDIR /srv/orders\nCOPY . .\n", "CMD [\"node\", \"app.js\"]\n"),
    }
}

/// A project in which each of the tools tells apart what only development needs.
const FILES: [(&str, &str); 12] = [
    (
        "package.json",
        r#"{ "name": "orders", "dependencies": { "express": "^4.19.2" }, "devDependencies": { "vitest": "^2.0.5" } }"#,
    ),
    ("package-lock.json", r#"{ "lockfileVersion": 3, "packages": {} }"#),
    ("yarn.lock", "# yarn lockfile v1\n"),
    ("bun.lock", "{ \"lockfileVersion\": 1 }\n"),
    ("composer.json", r#"{ "require": { "php": ">=8.2" }, "require-dev": { "phpunit/phpunit": "^11.3" } }"#),
    ("composer.lock", r#"{ "packages": [], "packages-dev": [] }"#),
    (
        "pyproject.toml",
        "[project]\nname = 'orders'\ndependencies = ['gunicorn>=22']\n\n[dependency-groups]\ndev = ['pytest>=8']\n\n[tool.pdm]\n",
    ),
    ("poetry.lock", "[metadata]\nlock-version = \"2.0\"\n"),
    ("uv.lock", "version = 1\nrequires-python = '>=3.12'\n"),
    ("pdm.lock", "[metadata]\ngroups = ['default', 'dev']\n"),
    ("app.js", "require('express')().listen(8080)\n"),
    ("app.py", "def app(environment, start):\n    return []\n"),
];

/// What comes of a file, which is also the last word: a second run changes nothing.
fn fix(file: &str, tool: &Tool, passes: &[&str]) -> Outcome {
    let files: &[(&str, &str)] = if tool.development.is_some() { &FILES } else { &[] };
    let project = Project::of(file, files);
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
    let of_project =
        |action: &Action| tool.development.as_ref().is_some_and(|how| how.actions.contains(&action.name));
    let has_options =
        |action: &Action| !action.assume_yes.is_empty() || action.lean.is_some() || of_project(action);
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
        .chain(tool.development.iter().flat_map(|how| &how.decided_by))
        .map(|option| option.trim_end_matches('*'))
        .collect();
    // Of an option that decides, the value goes with it.
    let with_value = tool.options_with_value.iter().chain(&action.options_with_value);
    let takes_next: Vec<&str> =
        with_value.map(String::as_str).filter(|option| options.contains(option)).collect();
    let mut bare: Vec<&str> = Vec::new();
    let mut words = example.line.split(' ');
    while let Some(word) = words.next() {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let is_one = options.iter().any(|option| {
            word == *option || name == *option || (option.ends_with('=') && word.starts_with(option))
        });
        if !is_one {
            bare.push(word);
        } else if takes_next.contains(&word) {
            words.next();
        }
    }
    Some(bare.join(" "))
}
