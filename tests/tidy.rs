//! Rules of the repository that a compiler does not check: sizes, headers, layers, and that no pass knows a tool by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dockopt_tools::{Kind, Toolbox};
use dockopt_transforms::PASSES;

use crate::support;

/// A pass is read in one sitting.
const MOST_LINES: usize = 300;
/// Each crate may depend on those before it.
const LAYERS: [&str; 7] = [
    "dockopt-syntax",
    "dockopt-shell",
    "dockopt-tools",
    "dockopt-model",
    "dockopt-rules",
    "dockopt-transforms",
    "dockopt",
];
/// Words of tools that are words of English too.
const ENGLISH: [&str; 1] = ["go"];
/// What only the application may do.
const WORLD: [&str; 7] =
    ["std::fs", "std::env", "std::process", "std::net", "println!", "print!(", "std::time::Instant"];

#[test]
fn passes_are_short_and_documented() {
    for pass in PASSES {
        let path = support::root().join("transforms").join(format!("{}.rs", pass.name.replace('-', "_")));
        let text = fs::read_to_string(&path).expect("a pass is one file of its name");
        assert!(text.starts_with(&format!("//! {}", pass.documentation().lines().next().unwrap_or("?"))));
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn each_pass_refuses_something() {
    for pass in PASSES {
        let cases = support::folders(&support::root().join("tests/fixtures").join(pass.name));
        let keeps = cases.iter().any(|case| support::name(case).starts_with("keeps-"));
        assert!(keeps, "{} has no fixture that it keeps", pass.name);
    }
}

#[test]
fn passes_and_model_know_no_tool_by_name() {
    let words: BTreeSet<&str> = Toolbox::builtin()
        .tools()
        .iter()
        .filter(|tool| matches!(tool.kind, Kind::System | Kind::Language))
        .flat_map(|tool| tool.all_commands().chain([tool.name.as_str()]))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| !ENGLISH.contains(word))
        .collect();
    assert!(words.contains("apt-get"), "the tools are read");
    let mut files = rust_files(&support::root().join("transforms"));
    files.extend(rust_files(&support::root().join("crates/model/src")));
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).expect("it is listed");
        for literal in literals(without_tests(&text)) {
            let named = literal
                .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
                .find(|word| words.contains(word));
            found.extend(named.map(|word| format!("{}: `{word}` in {literal:?}", path.display())));
        }
    }
    assert!(found.is_empty(), "that knowledge is data in crates/tools/data:\n{}", found.join("\n"));
}

#[test]
fn libraries_do_not_touch_the_world() {
    let mut files = rust_files(&support::root().join("transforms"));
    for folder in support::folders(&support::root().join("crates")) {
        files.extend(rust_files(&folder.join("src")));
    }
    assert!(files.len() > 30, "the libraries are found");
    for path in files.iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(path).expect("it is listed");
        let code = without_tests(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        let found = WORLD.iter().find(|word| code.contains(**word));
        assert_eq!(found, None, "{} touches the world", path.display());
    }
}

#[test]
fn layers_depend_downwards_only() {
    let mut manifests: Vec<PathBuf> =
        support::folders(&support::root().join("crates")).iter().map(|one| one.join("Cargo.toml")).collect();
    manifests.extend(["transforms/Cargo.toml", "Cargo.toml"].map(|path| support::root().join(path)));
    let level = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    for path in manifests {
        let text = fs::read_to_string(&path).expect("a crate has a manifest");
        let table: toml::Table = text.parse().expect("it is TOML");
        let own = table["package"]["name"].as_str().expect("a crate has a name");
        let own_level = level(own).unwrap_or_else(|| panic!("the layer of {own} is not known"));
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let names =
                table.get(section).and_then(toml::Value::as_table).into_iter().flat_map(|one| one.keys());
            for name in names.filter(|name| name.starts_with("dockopt")) {
                let is_below = level(name).is_some_and(|other| other < own_level);
                assert!(is_below, "{own} must not depend on {name}");
                assert!(own != "dockopt-transforms" || name != "dockopt-rules", "no pass knows a rule");
                // Text and commands are read apart from each other.
                assert!(own != "dockopt-shell" || name != "dockopt-syntax", "{own} must not know {name}");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let root = support::root();
    let mut files = Vec::new();
    for folder in ["src", "transforms", "crates", "tests", "benches", "xtask", "fuzz"] {
        files.extend(rust_files(&root.join(folder)));
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("it is listed");
        assert!(text.starts_with("//! "), "{} has no header", path.display());
    }
}

/// Every `.rs` file below a folder, sorted.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // What a fixture holds is somebody's program.
        if path.is_dir() && !["target", "fixtures"].contains(&support::name(&path)) {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Whether a file holds nothing but tests.
fn is_test(path: &Path) -> bool {
    support::name(path) == "tests.rs" || path.iter().any(|part| part == "tests")
}

/// The text above the first module of tests, which stands last in a file.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

/// The contents of string literals, comments left out.
fn literals(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("'\\") {
            // An escaped character: its second character may be a quote.
            at += 3 + rest[3..].find('\'').map_or(0, |end| end + 1);
        } else if rest.starts_with('\'') && rest.chars().nth(2) == Some('\'') {
            at += rest.chars().take(3).map(char::len_utf8).sum::<usize>();
        } else if let Some(hashes) = raw_hashes(rest) {
            let start = at + hashes + 2;
            let end = format!("\"{}", "#".repeat(hashes));
            let length = text[start..].find(&end).unwrap_or(text.len() - start);
            found.push(&text[start..start + length]);
            at = start + length + end.len();
        } else if let Some(inner) = rest.strip_prefix('"') {
            let length = closing_quote(inner);
            found.push(&inner[..length]);
            at += length + 2;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// How many `#` a raw string begins with, if the text begins with one.
fn raw_hashes(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('r')?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            '\\' if !escaped => escaped = true,
            _ => escaped = false,
        }
    }
    text.len()
}

#[test]
fn literals_are_found() {
    let text = "let a = \"one\"; // \"no\"\nlet b = 'x'; let c = '\"'; let d = r#\"two \"quoted\"\"#; \"th\\\"ree\"; '\\'' \"four\"";
    assert_eq!(literals(text), ["one", "two \"quoted\"", "th\\\"ree", "four"]);
}
