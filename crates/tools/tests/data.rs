//! The data files: each is listed, keeps the schema, and reads its own examples as it says.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test may touch the world")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use dockopt_tools::{Arg, Tool, Toolbox};

fn data_files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// The whole of each file; the toolbox leaves the examples out.
fn whole_tools() -> Vec<Tool> {
    data_files()
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

/// A word of an example, with its source text.
struct Word {
    text: String,
    source: String,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Literal,
    Glob,
    Prefix,
    Dynamic,
}

impl Word {
    fn arg(&self) -> Arg<'_> {
        match self.sort {
            Sort::Literal => Arg::Literal(&self.text),
            Sort::Glob => Arg::Glob(&self.text),
            Sort::Prefix => Arg::Prefix(&self.text),
            Sort::Dynamic => Arg::Dynamic,
        }
    }

    fn shown(&self) -> &str {
        if matches!(self.sort, Sort::Literal | Sort::Glob) { &self.text } else { &self.source }
    }
}

/// Splits as a shell does, as far as the examples need it.
fn split(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut inside = false;
    let mut quote = None;
    for c in line.chars() {
        if quote.is_none() && c == ' ' {
            inside = false;
            continue;
        }
        if !inside {
            inside = true;
            words.push(Word { text: String::new(), source: String::new(), sort: Sort::Literal });
        }
        let word = words.last_mut().unwrap();
        word.source.push(c);
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (Some('"'), '$') => word.sort = Sort::Prefix,
            (None, '$') => word.sort = Sort::Dynamic,
            (None, '*' | '?' | '~') => {
                word.sort = Sort::Glob;
                word.text.push(c);
            }
            _ if word.sort == Sort::Prefix => {}
            _ => word.text.push(c),
        }
    }
    words
}

#[test]
fn every_data_file_is_listed() {
    let listed: BTreeSet<&str> = Toolbox::builtin().tools().iter().map(|tool| tool.name.as_str()).collect();
    for path in data_files() {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            listed.contains(stem.as_str()),
            "{} is not in the list of lib.rs, or `name` differs",
            path.display()
        );
    }
    assert_eq!(listed.len(), data_files().len(), "names are unique");
}

#[test]
fn no_two_tools_have_the_same_command() {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for tool in Toolbox::builtin().tools() {
        for command in tool.all_commands() {
            let owner = *owners.entry(command).or_insert(&tool.name);
            assert_eq!(owner, tool.name, "{command}");
        }
    }
}

#[test]
fn every_example_is_read_as_it_says() {
    let toolbox = Toolbox::builtin();
    let mut faults = Vec::new();
    for tool in whole_tools() {
        assert!(tool.examples.len() >= 3, "{} has fewer than three examples", tool.name);
        assert!(!tool.sources.is_empty(), "{} has no sources", tool.name);
        for example in &tool.examples {
            let words = split(&example.line);
            let args: Vec<Arg<'_>> = words.iter().map(Word::arg).collect();
            let Some(invocation) = toolbox.recognize(&args) else {
                faults.push(format!("{}: not recognized", example.line));
                continue;
            };
            let involved = invocation.tool.name == tool.name
                || invocation.wrappers.iter().any(|wrapper| wrapper.tool.name == tool.name);
            let operands: Vec<&str> = invocation.operands.iter().map(|&index| words[index].shown()).collect();
            let flags: Vec<&str> = invocation.flags.iter().map(|flag| flag.name.as_str()).collect();
            let cleans: Vec<&str> = toolbox
                .cleans(&args)
                .unwrap_or_default()
                .iter()
                .map(|cleaned| cleaned.cache.name.as_str())
                .collect();
            let found = (
                involved,
                invocation.action.map(|action| action.name.as_str()),
                operands,
                flags,
                !invocation.complete,
                cleans,
            );
            let strings = |list: &'_ Vec<String>| list.clone();
            let (operands, flags, cleans) =
                (strings(&example.operands), strings(&example.flags), strings(&example.cleans));
            let expected = (
                true,
                example.action.as_deref(),
                operands.iter().map(String::as_str).collect(),
                flags.iter().map(String::as_str).collect(),
                example.incomplete,
                cleans.iter().map(String::as_str).collect(),
            );
            if found != expected {
                faults.push(format!("{}\n  found    {found:?}\n  expected {expected:?}", example.line));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_frozen_form_names_a_comparison_that_there_is() {
    let known: BTreeSet<&str> = dockopt_tools::manifests::locks::names().collect();
    let tools = whole_tools();
    let forms = tools.iter().flat_map(|tool| &tool.actions).flat_map(|action| &action.frozen);
    let named: BTreeSet<&str> = forms.filter_map(|form| form.agrees.as_deref()).collect();
    assert!(named.len() > 2 && named.is_subset(&known), "{named:?} are not all of {known:?}");
}
