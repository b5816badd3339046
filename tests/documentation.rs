//! What is said about passes is true: the example in a pass's documentation is run, and the pages and the table that are made
//! from it are compared with what the passes say now. A page that differs is rewritten, and the test fails once.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dockopt_model::packages::{Built, Found};
use dockopt_model::{Packages, Pins};
use dockopt_tools::Database;
use dockopt_transforms::{PASSES, Pass};

use crate::support::{self, Project};

const HEADINGS: [&str; 4] = ["What it does", "Why", "Example", "Safety"];
const TABLE: (&str, &str) = ("<!-- passes -->\n", "<!-- /passes -->");

#[test]
fn documentation_has_its_headings() {
    for pass in PASSES {
        let text = pass.documentation();
        let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings.get(..HEADINGS.len()), Some(&HEADINGS[..]), "{}", pass.name);
        let first = text.lines().next().unwrap_or_default();
        assert!(first.ends_with('.') && !first.starts_with('#'), "{}: a sentence comes first", pass.name);
    }
}

#[test]
fn examples_in_documentation_are_true() {
    support::each(PASSES.iter().map(|pass| (pass.name.to_owned(), pass)), |name, pass| {
        let text = pass.documentation();
        let (before, after) = example(&text).expect("the documentation has two Dockerfiles");
        let files: Vec<(&str, &str)> = files(&text).into_iter().map(|name| (name, content(name))).collect();
        let project = Project::of(&before, &files).with_pins(pins(&text)).with_packages(packages(&text));
        let outcome = project.fix(Some(&[name])).expect("it is a valid Dockerfile");
        assert_eq!(outcome.text, after);
        assert_eq!(outcome.ignore, ignore(&text));
        assert!(outcome.text != before || outcome.ignore.is_some(), "the example shows a change");
        assert_eq!(outcome.bugs, [""; 0]);
        let again = project.after(&outcome).fix(Some(&[name])).expect("it is valid");
        assert_eq!((again.text, again.ignore), (after, None), "a second run changes nothing");
    });
}

/// The first two Dockerfiles of a text.
fn example(text: &str) -> Option<(String, String)> {
    let mut blocks = text.split("```dockerfile\n").skip(1).filter_map(|rest| rest.split_once("```\n"));
    let mut next = || blocks.next().map(|(block, _)| block.to_owned());
    Some((next()?, next()?))
}

/// What lies in a file of an example: the least that its reader understands.
fn content(name: &str) -> &'static str {
    match name.rsplit('/').next() {
        Some("requirements.txt") => "flask\n",
        Some("package.json") => {
            r#"{ "name": "web", "dependencies": { "express": "^4.19.2" }, "devDependencies": { "nodemon": "^3.1.4" } }"#
        }
        Some("package-lock.json") => {
            r#"{ "lockfileVersion": 3, "packages": { "": { "dependencies": { "express": "^4.19.2" }, "devDependencies": { "nodemon": "^3.1.4" } } } }"#
        }
        Some("go.mod") => "module example.org/relay\n\ngo 1.22\n\nrequire github.com/google/uuid v1.6.0\n",
        Some("go.sum") => {
            "github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=\n\
             github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n"
        }
        _ => "",
    }
}

/// The ignore file that a line ``and `.dockerignore` gets …`` describes.
fn ignore(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("and `.dockerignore` gets "))?;
    Some(line.split('`').skip(1).step_by(2).map(|line| format!("{line}\n")).collect())
}

/// The pin that a line ``with the pin `name` of `digest`.`` describes.
fn pins(text: &str) -> Pins {
    let line = text.lines().find_map(|line| line.strip_prefix("with the pin ")).unwrap_or_default();
    let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    let [name, digest] = words[..] else { return Pins::new() };
    support::pins(&toml::Table::from_iter([(name.to_owned(), digest.into())]).into())
}

/// The packages that a line ``with the package `NAME` in `VERSION`, from `IMAGE`.`` describes: one of dpkg.
fn packages(text: &str) -> Packages {
    let line = text.lines().find_map(|line| line.strip_prefix("with the package ")).unwrap_or_default();
    let words: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
    let [name, version, from] = words[..] else { return Packages::new() };
    let found = Found::Version { now: version.to_owned(), before: None };
    let packages = [((Database::Dpkg, name.to_owned()), found)].into();
    [("0".to_owned(), Built { from: from.to_owned(), packages })].into()
}

/// The files that a line `with the files …` names.
pub(crate) fn files(text: &str) -> Vec<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("with the files ")).unwrap_or_default();
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_pages_say_what_the_passes_say() {
    let mut stale = Vec::new();
    for pass in PASSES {
        let path = format!("docs/passes/{}.md", pass.name);
        write_if_other(&path, &page(pass), &mut stale);
    }
    let readme = fs::read_to_string(support::root().join("README.md")).expect("there is a README.md");
    write_if_other("README.md", &with_table(&readme), &mut stale);
    for entry in fs::read_dir(support::root().join("docs/passes")).expect("it was written").flatten() {
        let path = entry.path();
        let known = support::name(&path).strip_suffix(".md").is_some_and(|name| Pass::named(name).is_some());
        assert!(known, "{} is about no pass", path.display());
    }
    assert!(stale.is_empty(), "rewritten, since the passes say something else now: {}", stale.join(", "));
}

fn page(pass: &Pass) -> String {
    let (phase, class) = (pass.phase.name(), pass.class.name());
    format!(
        "# {}\n\n<!-- Made from the documentation of the pass; edit that. -->\n\nPhase {phase}, {class}.\n\n{}",
        pass.name,
        pass.documentation()
    )
}

fn with_table(readme: &str) -> String {
    let mut table = "| pass | what it does | class |\n|---|---|---|\n".to_owned();
    for pass in PASSES {
        let name = pass.name;
        let _ = writeln!(
            table,
            "| [{name}](docs/passes/{name}.md) | {} | {} |",
            pass.summary.replace('|', "\\|"),
            pass.class.name()
        );
    }
    let (before, rest) =
        readme.split_once(TABLE.0).expect("README.md has the marker where the table of passes begins");
    let (_, after) = rest.split_once(TABLE.1).expect("README.md has the marker where the table ends");
    format!("{before}{}{table}{}{after}", TABLE.0, TABLE.1)
}

/// Writes a generated file that is not as it should be, and notes that.
pub(crate) fn write_if_other(path: &str, text: &str, stale: &mut Vec<String>) {
    let full = support::root().join(path);
    if fs::read_to_string(&full).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(full.parent().unwrap_or(Path::new("."))).expect("the folder can be made");
    fs::write(&full, text).expect("the file can be written");
    stale.push(path.to_owned());
}
