//! Generated applications: for each tree of files, what is claimed that an install reads is compared with a reference walk. A
//! walk is written from the tool's documentation, is as plain as it can be, and shares no code with the readers; the same number
//! always gives the same tree.

mod bun;
mod cargo;
mod dotnet;
mod go;
mod javascript;
mod maven;
mod mix;
mod npm;
mod pip;
mod pnpm;
mod yarn;

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::{Claim, Install};
use crate::generate::Random;
use crate::support::Project;

/// An application and the install of its dependencies.
#[derive(Debug, Clone, Default)]
struct App {
    /// Text by path.
    files: BTreeMap<String, String>,
    /// Those that `.dockerignore` leaves out.
    ignored: BTreeSet<String>,
    install: Install,
}

/// A tool whose applications are generated.
struct Ecosystem {
    name: &'static str,
    generate: fn(&mut Random) -> App,
    /// What its install reads of the files that are there.
    reads: fn(&App) -> BTreeSet<String>,
    /// Of a hundred trees, at least so many must be claimed, so that the comparison is worth something.
    least: usize,
}

const ECOSYSTEMS: [Ecosystem; 11] = [
    Ecosystem { name: "bun", generate: bun::generate, reads: bun::reads, least: 30 },
    Ecosystem { name: "cargo", generate: cargo::generate, reads: cargo::reads, least: 30 },
    Ecosystem { name: "dotnet", generate: dotnet::generate, reads: dotnet::reads, least: 30 },
    Ecosystem { name: "go", generate: go::generate, reads: go::reads, least: 30 },
    Ecosystem { name: "maven", generate: maven::generate, reads: maven::reads, least: 30 },
    Ecosystem { name: "mix", generate: mix::generate, reads: mix::reads, least: 30 },
    Ecosystem { name: "npm", generate: npm::generate, reads: npm::reads, least: 30 },
    Ecosystem { name: "pip", generate: pip::generate, reads: pip::reads, least: 30 },
    Ecosystem { name: "pnpm", generate: pnpm::generate, reads: pnpm::reads, least: 30 },
    Ecosystem { name: "yarn", generate: yarn::generate_classic, reads: yarn::reads, least: 30 },
    Ecosystem { name: "yarn-berry", generate: yarn::generate_berry, reads: yarn::reads, least: 30 },
];

/// Trees of each ecosystem.
const TREES: u64 = 400;

#[test]
fn claims_cover_what_a_reference_walk_reads() {
    for ecosystem in &ECOSYSTEMS {
        let mut claimed = 0;
        let mut compared = 0;
        let mut declined: BTreeMap<String, usize> = BTreeMap::new();
        for number in 0..TREES {
            let app = (ecosystem.generate)(&mut Random(number));
            match claim(&app) {
                Ok(claim) => {
                    claimed += 1;
                    compared += check(ecosystem, number, &app, &claim);
                }
                Err(reason) => *declined.entry(reason).or_default() += 1,
            }
        }
        println!("{}: {claimed} of {TREES} trees are claimed, {compared} files compared", ecosystem.name);
        for (reason, times) in &declined {
            println!("  {times} times {reason}");
        }
        assert!(claimed * 100 >= ecosystem.least * TREES as usize, "{}: {declined:#?}", ecosystem.name);
    }
}

/// The number of files that the reference walk read.
fn check(ecosystem: &Ecosystem, number: u64, app: &App, claim: &Claim) -> usize {
    let visible: BTreeSet<String> = app.visible().cloned().collect();
    assert_eq!(claim.files(), &visible, "{} {number}: what .dockerignore leaves out", ecosystem.name);
    let reads = (ecosystem.reads)(app);
    for path in &reads {
        assert!(
            visible.contains(path),
            "{} {number}: the walk reads {path}, which is not there",
            ecosystem.name
        );
        assert!(
            claim.reads(path),
            "{} tree {number}: `{}` reads {path}, which is not claimed, of {:#?}",
            ecosystem.name,
            app.install.command,
            app.files
        );
    }
    // A claim of everything would cover the walk too.
    assert!(!claim.reads_below("docs") && !claim.writes("docs/guide.md"), "{} {number}", ecosystem.name);
    reads.len()
}

fn claim(app: &App) -> Result<Claim, String> {
    let files: Vec<(&str, &str)> =
        app.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Claim::of(&app.install, &Project::of("FROM scratch\n", &files).context())
}

impl App {
    /// Says how its dependencies are installed.
    fn installs(&mut self, from: &str, command: &str) {
        self.install = Install { from: from.to_owned(), command: command.to_owned(), ..Install::default() };
    }

    fn put(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.files.insert(path.into(), text.into());
    }

    /// The files that reach the image.
    fn visible(&self) -> impl Iterator<Item = &String> {
        self.files.keys().filter(|path| !self.ignored.contains(*path))
    }

    /// The text of a file that reaches the image.
    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).filter(|_| !self.ignored.contains(path)).map(String::as_str)
    }

    /// Adds what every repository has, and an ignore file whose effect is known: an allow-list, or a list of folders, patterns
    /// and now and then of one file that may matter.
    fn finish(mut self, random: &mut Random) -> Self {
        self.put("Dockerfile", "FROM scratch\n");
        self.put("README.md", "# shop\n");
        self.put("docs/guide.md", "text\n");
        self.put("docs/deep/notes.md", "text\n");
        self.put("src/debug.log", "text\n");
        let mut lines = Vec::new();
        match random.below(6) {
            0 => {
                lines.push("*".to_owned());
                for path in self.files.keys() {
                    if path.starts_with("docs/") || random.below(40) == 0 {
                        self.ignored.insert(path.clone());
                    } else {
                        lines.push(format!("!{path}"));
                    }
                }
                self.ignored.insert(".dockerignore".to_owned());
            }
            1 | 2 => {
                lines.extend([
                    "# history".to_owned(),
                    ".git".to_owned(),
                    "docs/".to_owned(),
                    "**/*.log".to_owned(),
                ]);
                let paths =
                    self.files.keys().filter(|path| path.starts_with("docs/") || *path == "src/debug.log");
                self.ignored.extend(paths.cloned());
            }
            3 => {
                let paths: Vec<&String> = self.files.keys().collect();
                let one = paths[random.below(paths.len())].clone();
                lines.push(one.clone());
                self.ignored.insert(one);
            }
            _ => return self,
        }
        self.put(".dockerignore", format!("{}\n", lines.join("\n")));
        self
    }
}

impl Random {
    /// One of several.
    fn pick<'l, T: ?Sized>(&mut self, of: &[&'l T]) -> &'l T {
        of[self.below(of.len())]
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// What a reference walk has read so far.
struct Walk<'a> {
    app: &'a App,
    reads: BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn of(app: &'a App) -> Self {
        Self { app, reads: BTreeSet::new() }
    }

    /// Reads a file if it is there; its text.
    fn read(&mut self, path: &str) -> Option<&'a str> {
        let text = self.app.text(path)?;
        self.reads.insert(path.to_owned());
        Some(text)
    }

    /// Reads a file of a folder, if it is there.
    fn read_in(&mut self, folder: &str, name: &str) -> Option<&'a str> {
        self.read(&joined(folder, name)?)
    }

    /// Reads whatever is in a folder, which is named from another.
    fn read_folder(&mut self, from: &str, folder: &str) {
        let Some(folder) = joined(from, folder) else { return };
        let below = in_folder(&folder, "");
        self.reads.extend(self.app.visible().filter(|path| path.starts_with(&below)).cloned());
    }
}

/// A path that is relative to a folder of the context, in its simplest form; `.` is the context. None if it leaves it.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// The file of that name in a folder of the context.
fn in_folder(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}
