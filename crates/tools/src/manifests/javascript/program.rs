//! A program for node that a script of package.json runs: which files does it read and write? Follows the programs of the project that it
//! loads. Knows of no package: a program that loads one may do anything.

mod deeds;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::paths::{above, join, parent, within};
use super::super::sources::Sources;
use super::super::{Look, Unclear};
use deeds::Deed;

/// What is known about node; from `data/manifests/node.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    harmless_modules: BTreeSet<String>,
    globals: BTreeSet<String>,
    process: BTreeSet<String>,
    options: BTreeSet<String>,
    fs: Files,
}

/// Functions of `fs`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    reads: BTreeSet<String>,
    lists: BTreeSet<String>,
    writes: BTreeSet<String>,
    copies: BTreeSet<String>,
}

static NODE: LazyLock<Node> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/node.toml")).expect("node.toml is checked by a test")
});

/// A module of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Module {
    /// `fs` and `fs/promises`.
    Files,
    /// `child_process`.
    Programs,
    /// `process`.
    Process,
    /// `path`.
    Paths,
    /// `url`.
    Addresses,
    /// `module`.
    Loader,
    /// One that leads to no file.
    Harmless,
}

impl Module {
    /// The module of a name. `None` for a file, for a package, and for a module that may do anything.
    fn of(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("node:").unwrap_or(name) {
            "fs" | "fs/promises" => Self::Files,
            "child_process" => Self::Programs,
            "process" => Self::Process,
            "path" | "path/posix" => Self::Paths,
            "url" => Self::Addresses,
            "module" => Self::Loader,
            other if NODE.harmless_modules.contains(other) => Self::Harmless,
            _ => return None,
        })
    }
}

/// The program that the words behind `node` name, or give.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::manifests) enum Started<'w> {
    File(&'w str),
    Text(&'w str),
}

/// What `node` is told to run. `None` if it may load something else as well.
pub(in crate::manifests) fn started(words: &[String]) -> Option<Started<'_>> {
    let options = words.iter().take_while(|word| NODE.options.contains(*word)).count();
    match &words[options..] {
        [option, text] if ["-e", "--eval", "-p", "--print", "-pe"].contains(&option.as_str()) => {
            Some(Started::Text(text))
        }
        [file, ..] if !file.starts_with('-') => Some(Started::File(file)),
        _ => None,
    }
}

/// Notes what a program reads and writes, started in `cwd`, and gives the command lines that it runs. A reason is a clause whose subject is the
/// program.
pub(in crate::manifests) fn judge(
    sources: &mut Sources<'_>,
    cwd: &str,
    started: &Started<'_>,
) -> Result<Vec<String>, Unclear> {
    let mut follow = Follow { sources, cwd, seen: BTreeSet::new(), commands: Vec::new() };
    match started {
        Started::Text(text) => {
            let path = join(cwd, "[eval]");
            let deeds = deeds::of(text, &path, cwd)
                .map_err(|why| Unclear::at(&join(cwd, "package.json"), format!("it {why}")))?;
            follow.deeds(&path, deeds)?;
        }
        Started::File(file) => {
            let path = join(cwd, file);
            let named = if file.ends_with('/') { format!("{path}/") } else { path };
            follow.loaded(&named)?;
        }
    }
    Ok(follow.commands)
}

/// As node looks for a program by a name without an ending.
const ENDINGS: [&str; 10] =
    ["", ".js", ".json", ".node", ".mjs", ".cjs", "/package.json", "/index.js", "/index.json", "/index.node"];

struct Follow<'s, 'a> {
    sources: &'s mut Sources<'a>,
    cwd: &'s str,
    seen: BTreeSet<String>,
    commands: Vec<String>,
}

impl Follow<'_, '_> {
    /// The program that node finds under a path.
    fn loaded(&mut self, named: &str) -> Result<(), Unclear> {
        let named = named.trim_end_matches('/');
        for ending in ENDINGS {
            let path = format!("{named}{ending}");
            match self.sources.project.look(&path) {
                Look::File if ending == "/package.json" => {
                    let reason = format!("`{named}` is a package of its own, which dockopt does not follow");
                    return Err(Unclear::at(&path, reason));
                }
                Look::File => return self.program(&path),
                Look::Absent => {
                    self.sources.inputs.probes.insert(path);
                }
                Look::Directory if ending.is_empty() => {}
                Look::Directory | Look::Unknown => break,
            }
        }
        let reason = if self.is_of_packages(named) {
            format!("`{named}` comes with a package and may read any file of the project")
        } else {
            format!("`{named}` is no program of the project")
        };
        Err(Unclear::at(named, reason))
    }

    fn program(&mut self, path: &str) -> Result<(), Unclear> {
        if self.is_of_packages(path) {
            return Err(Unclear::at(
                path,
                format!("`{path}` comes with a package and may read any file of the project"),
            ));
        }
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let text = self.sources.needed(path)?;
        // Whether it is a module is said by the package.json above it.
        for dir in above(path).take_while(|dir| *dir != "/") {
            self.sources.ambient_unread(&join(dir, "package.json"));
        }
        if std::path::Path::new(path).extension().is_some_and(|ending| ending == "json") {
            return Ok(());
        }
        let deeds =
            deeds::of(&text, path, self.cwd).map_err(|why| Unclear::at(path, format!("`{path}` {why}")))?;
        self.deeds(path, deeds)
    }

    fn deeds(&mut self, program: &str, deeds: Vec<Deed>) -> Result<(), Unclear> {
        for deed in deeds {
            match deed {
                Deed::Load(name) => self.loaded(&join(parent(program), &name))?,
                Deed::Read(path) => self.read(program, &join(self.cwd, &path))?,
                Deed::List(path) => {
                    let path = join(self.cwd, &path);
                    if within(self.cwd, &path) {
                        return Err(Unclear::at(
                            program,
                            format!("`{program}` lists `{path}`, in which the whole project lies"),
                        ));
                    }
                    self.read(program, &path)?;
                }
                Deed::Write(path) => self.write(&join(self.cwd, &path)),
                Deed::Run(command) => self.commands.push(command),
            }
        }
        Ok(())
    }

    /// Something is read, or looked for: a file, or a folder with all that is in it.
    fn read(&mut self, program: &str, path: &str) -> Result<(), Unclear> {
        // That the folder of the package is there goes without saying.
        if self.is_of_packages(path) || within(self.cwd, path) {
            return Ok(());
        }
        match self.sources.project.look(path) {
            // Something of the image, which stays what it is.
            Look::Unknown => Ok(()),
            _ => self
                .sources
                .tree(path)
                .map_err(|unclear| Unclear { path: Some(program.to_owned()), ..unclear }),
        }
    }

    fn write(&mut self, path: &str) {
        if !self.is_of_packages(path) {
            self.sources.ambient_unread(path);
            self.sources.inputs.writes.insert(path.to_owned());
        }
    }

    /// Is it in the folder that the install fills?
    fn is_of_packages(&self, path: &str) -> bool {
        within(path, &join(self.cwd, "node_modules"))
    }
}
