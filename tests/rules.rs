//! The documentation of the rules: it has its headings, its examples are run, and the pages and the table of names below docs/ are made
//! from it. A page that differs is rewritten, and the test fails once.

mod names;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dockopt::config;
use dockopt_rules::{RULES, Rule, Settings, Starts};

use crate::documentation::{files, write_if_other};
use crate::support::{self, Project};

const HEADINGS: [&str; 4] = ["What it finds", "Why", "Example", "Why no rewrite"];

#[test]
fn documentation_of_rules_has_its_headings() {
    for rule in RULES {
        let text = rule.documentation();
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings.get(..HEADINGS.len()), Some(&HEADINGS[..]), "{}", rule.name);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.ends_with('.') && !first.starts_with('#'), "{}: a sentence comes first", rule.name);
        let path =
            support::root().join("crates/rules/src").join(format!("{}.rs", rule.name.replace('-', "_")));
        assert!(path.is_file(), "a rule is one file of its name: {}", path.display());
    }
    assert!(RULES.is_sorted_by_key(|rule| rule.name), "they stand in the order of their names");
}

#[test]
fn rules_find_what_their_documentation_says() {
    support::each(RULES.iter().map(|rule| (rule.name.to_owned(), rule)), |name, rule| {
        let text = rule.documentation();
        let example = text.split_once("## Example").expect("it has an example").1;
        let blocks: Vec<&str> = example.split("```dockerfile\n").skip(1).collect();
        assert!(!blocks.is_empty(), "it shows a Dockerfile");
        let mut found_one = false;
        for block in blocks {
            let (dockerfile, rest) = block.split_once("```\n").expect("the block ends");
            let files = with_texts(rest);
            let files: Vec<(&str, &str)> =
                files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            let mut project = Project::of(dockerfile, &files);
            project.rules = settings(rest);
            let lines: Vec<usize> = project.found(&[name]).iter().map(|found| found.line).collect();
            assert_eq!(lines, said_lines(rest), "{dockerfile}");
            found_one |= !lines.is_empty();
        }
        assert!(found_one, "the example shows what it finds");
    });
}

/// The lines that `is found in line 3.` or `is found in lines 3, 5.` names; none for `is fine.`
fn said_lines(text: &str) -> Vec<usize> {
    let line = text.lines().find(|line| line.starts_with("is ")).expect("it says what is found");
    if line.starts_with("is fine") {
        return Vec::new();
    }
    let said = line.strip_prefix("is found in line").expect("it says `is found in line` or `is fine`");
    let numbers = said.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    numbers.map(|word| word.parse().expect("it is a number")).collect()
}

/// The settings that a line ``with the setting `key = value`.`` describes.
fn settings(text: &str) -> Settings {
    let said = text.lines().find_map(|line| line.strip_prefix("with the setting `"));
    let setting = said.and_then(|line| line.strip_suffix("`.")).unwrap_or_default();
    config::parse(setting, Path::new("/")).expect("it is a configuration").rules
}

/// The files of the build context that a line ``with the files `a`, `b`.`` names, and the ignore file that a line ``with a
/// `.dockerignore` of `x`, `y`.`` describes.
fn with_texts(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> =
        files(text).into_iter().map(|path| (path.to_owned(), String::new())).collect();
    if let Some(line) = text.lines().find_map(|line| line.strip_prefix("with a `.dockerignore` of ")) {
        let lines: String = line.split('`').skip(1).step_by(2).map(|line| format!("{line}\n")).collect();
        found.push((".dockerignore".to_owned(), lines));
    }
    found
}

#[test]
fn the_pages_say_what_the_rules_say() {
    let mut stale = Vec::new();
    for rule in RULES {
        write_if_other(&format!("docs/rules/{}.md", rule.name), &page(rule), &mut stale);
    }
    write_if_other("docs/rules.md", &names::table(), &mut stale);
    for entry in fs::read_dir(support::root().join("docs/rules")).expect("it was written").flatten() {
        let path = entry.path();
        let known = support::name(&path).strip_suffix(".md").is_some_and(|name| Rule::named(name).is_some());
        assert!(known, "{} is about no rule", path.display());
    }
    assert!(stale.is_empty(), "rewritten, since the rules say something else now: {}", stale.join(", "));
}

fn page(rule: &Rule) -> String {
    let mut head = format!("Severity: {}.", rule.severity.name());
    if rule.starts == Starts::OnRequest {
        head.push_str(" It runs when `--select` or the configuration names it.");
    }
    if !rule.aliases.is_empty() {
        let _ = write!(head, " Elsewhere: {}.", rule.aliases.join(", "));
    }
    format!(
        "# {}\n\n<!-- Made from the documentation of the rule; edit that. -->\n\n{head}\n\n{}",
        rule.name,
        rule.documentation()
    )
}
