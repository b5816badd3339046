//! What the builder puts into an image: facts that are no matter of the cache. They stand in `images.toml`. Must not know any
//! of them.

use std::collections::BTreeMap;

use dockopt::engine::Engine;
use dockopt::image::entry::{Content, Entry, Kind};
use dockopt::image::{ImageConfig, Source as _};
use serde::Deserialize;

use crate::page::{Page, code};
use crate::project::Project;
use crate::stand::{self, Stand};

/// A project and what its image must be.
#[derive(Debug, Deserialize)]
struct Fact {
    /// Its name, for messages and the page.
    name: String,
    /// What it shows, as a sentence without its full stop.
    #[serde(rename = "fact")]
    shows: String,
    #[serde(flatten)]
    project: Project,
    #[serde(flatten)]
    expected: Expected,
}

/// What must be true of an image.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expected {
    /// Paths with mode and owner as `ls -ln` writes them, or `l` and the target of a link.
    paths: Vec<String>,
    /// Paths that are not there.
    absent: Vec<String>,
    /// Texts of files.
    texts: BTreeMap<String, String>,
    /// Fields of the configuration.
    config: BTreeMap<String, String>,
    /// What the builder says if it refuses.
    fails: Option<String>,
}

#[test]
fn images_are_what_the_facts_say() {
    #[derive(Deserialize)]
    struct File {
        fact: Vec<Fact>,
    }
    let facts = toml::from_str::<File>(include_str!("images.toml")).expect("images.toml is valid").fact;
    let Some(stand) = Stand::find("facts about images") else { return };
    stand::each(facts.iter().collect(), |fact| {
        let wrong = check(&stand, fact);
        if wrong.is_empty() { Ok(()) } else { Err(format!("{}: {}\n{wrong}", fact.name, fact.shows)) }
    });
    let page = Page {
        path: "docs/image-facts.md",
        title: "What the builder puts into an image",
        about: "Each row is a small project that was built, and what was found in its image. The projects are in \
                `tests/builds/images.toml`.",
        columns: ["fact", "project", "found"],
        rows: facts
            .iter()
            .map(|fact| [fact.shows.clone(), fact.name.clone(), fact.expected.found().join("<br>")])
            .collect(),
        varying: &[],
    };
    page.check(&stand);
}

impl Expected {
    /// All that was found where everything is as expected.
    fn found(&self) -> Vec<String> {
        let mut found: Vec<String> = self.paths.iter().map(|line| code(line)).collect();
        found.extend(self.absent.iter().map(|path| format!("no {}", code(path))));
        found.extend(self.texts.iter().map(|(path, text)| match text.trim_end() {
            "" => format!("{} is empty", code(path)),
            text => format!("{} is {}", code(path), code(&text.replace('\n', " ↵ "))),
        }));
        found.extend(self.config.iter().map(|(field, value)| match value.as_str() {
            "" => format!("no {field}"),
            value => format!("{field}: {}", code(value)),
        }));
        found.extend(self.fails.iter().map(|message| format!("fails: {}", code(message))));
        found
    }
}

/// What is not as expected, one line each.
fn check(stand: &Stand, fact: &Fact) -> String {
    let base = stand.base(&fact.name);
    let image = stand.image(&fact.name);
    let folder = tempfile::tempdir().unwrap();
    fact.project.write(folder.path());
    let expected = &fact.expected;
    let built = stand.build(folder.path(), &image, &base, &[]);
    match (built, &expected.fails) {
        (Ok(_), None) => (),
        (Ok(_), Some(_)) => return "  it was built\n".to_owned(),
        (Err(failure), Some(message)) if failure.to_string().contains(message) => return String::new(),
        (Err(failure), _) => return format!("  {failure}\n"),
    }
    let mut wrong = String::new();
    let entries = entries(&stand.engine, &image.name);
    for line in &expected.paths {
        let path = line.split(' ').rev().find(|word| word.starts_with('/'));
        let path = if line.starts_with("l ") { line.split(' ').nth(1) } else { path };
        let seen = path.and_then(|path| entries.get(path)).map_or_else(|| "nothing".to_owned(), listed);
        if seen != *line {
            wrong.push_str(&format!("  expected {line}\n  seen     {seen}\n"));
        }
    }
    for path in expected.absent.iter().filter(|path| entries.contains_key(*path)) {
        wrong.push_str(&format!("  {path} is there\n"));
    }
    for (path, text) in &expected.texts {
        let content = Kind::File(Content::of(path, text.as_bytes()));
        if entries.get(path).map(|entry| &entry.kind) != Some(&content) {
            wrong.push_str(&format!("  {path} is not {text:?}\n"));
        }
    }
    if !expected.config.is_empty() {
        let config = stand.engine.config(&image.name).expect("the image is there");
        for (name, value) in &expected.config {
            let seen = field(&config, name);
            if seen != *value {
                wrong.push_str(&format!("  {name} is {seen:?}, not {value:?}\n"));
            }
        }
    }
    wrong
}

fn entries(engine: &Engine, image: &str) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    let files = engine.file_system(image).expect("the image is there");
    files
        .read(&mut |entry| {
            entries.insert(entry.path.clone(), entry);
            Ok(())
        })
        .expect("the image can be read");
    entries
}

/// An entry as `ls -ln` would write it.
fn listed(entry: &Entry) -> String {
    let kind = match &entry.kind {
        Kind::File(_) => '-',
        Kind::Folder => 'd',
        Kind::Symlink(target) => return format!("l {} -> {target}", entry.path),
        Kind::Pipe | Kind::Device { .. } => '?',
    };
    let bit = |at: u32, letter| if entry.mode >> at & 1 == 1 { letter } else { '-' };
    let mode: String = (0..9).rev().zip("rwxrwxrwx".chars()).map(|(at, letter)| bit(at, letter)).collect();
    format!("{kind}{mode} {}:{} {}", entry.uid, entry.gid, entry.path)
}

fn field(config: &ImageConfig, name: &str) -> String {
    match name {
        "user" => config.user.clone(),
        "cmd" => config.cmd.join(" "),
        "entrypoint" => config.entrypoint.join(" "),
        "volumes" => config.volumes.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        _ => {
            let variable = name.strip_prefix("env ").expect("it is a field that is known here");
            config.env.get(variable).cloned().unwrap_or_default()
        }
    }
}
