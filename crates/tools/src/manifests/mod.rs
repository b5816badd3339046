//! Readers of manifests: which files of the project may an install read, and which may it write?
//!
//! A reader looks at files through [`Project`] only. It never guesses: what it cannot follow is [`Answer::Unclear`].

mod bun;
mod bundler;
mod cargo;
mod composer;
mod conda;
mod dart;
mod deno;
pub mod development;
mod dotnet;
mod go;
mod gradle;
mod javascript;
mod listed;
pub mod locks;
mod maven;
mod mix;
mod npm;
mod paths;
mod pdm;
mod pip;
mod pip_sync;
mod pipenv;
mod pnpm;
mod poetry;
mod pyproject;
mod python;
mod sources;
mod swift;
#[cfg(test)]
mod testing;
mod uv;
mod workspaces;
mod wrapper;
mod xml;
mod yarn;

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::Action;

/// The files of the image, by absolute image path, as far as they are known before the install runs.
pub trait Project {
    /// What lies at a path.
    fn look(&self, path: &str) -> Look;
    /// The text of a file; `None` if it is not UTF-8, too large or cannot be read.
    fn read(&self, path: &str) -> Option<String>;
    /// The names directly below a directory, sorted; `None` if they are not known.
    fn list(&self, dir: &str) -> Option<Vec<String>>;
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file of the project.
    File,
    /// A directory of the project.
    Directory,
    /// Nothing.
    Absent,
    /// Perhaps something that the base image or an earlier command brought.
    Unknown,
}

/// A command line that installs packages.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What is done (`install`, `ci`, …), as named in the tool's data.
    pub action: &'a str,
    /// The flags as written: `("-r", Some("requirements.txt"))`, `("--no-deps", None)`.
    pub flags: &'a [(String, Option<String>)],
    /// The words that are no flags.
    pub operands: &'a [String],
    /// False if some word is not a literal.
    pub complete: bool,
    /// The working directory, an absolute image path.
    pub cwd: &'a str,
    /// The environment as far as it is known; `None` is a value that is not known.
    pub env: &'a BTreeMap<String, Option<String>>,
    /// The command as written: `pip`, `python -m pip`.
    pub command: &'a str,
    /// The tool's major version, if known.
    pub tool_version: Option<u32>,
}

/// What an install reads and writes, of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Files that exist and may be read.
    pub files: BTreeSet<String>,
    /// Directories that may be read whole.
    pub trees: BTreeSet<String>,
    /// Files that it may write.
    pub writes: BTreeSet<String>,
    /// Directories that it fills.
    pub write_trees: BTreeSet<String>,
    /// Paths where nothing lies now and which would be read if something did.
    pub probes: BTreeSet<String>,
    /// What a person may want to know.
    pub remarks: Vec<String>,
}

/// A reader's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It reads and writes these and nothing else of the project.
    Reads(Inputs),
    /// It may read or write anything.
    Unclear {
        /// Why, as a clause.
        reason: String,
        /// The file that is to blame.
        path: Option<String>,
    },
}

/// Asks the reader that an action names, or the list that it has. `None` if there is neither.
pub fn inputs(action: &Action, call: &Call<'_>, project: &dyn Project) -> Option<Answer> {
    match (&action.manifest, &action.project) {
        (Some(name), _) => reader(name, call, project),
        (None, Some(files)) => {
            Some(answer(complete(call).and_then(|()| listed::read(files, action, call, project))))
        }
        (None, None) => None,
    }
}

/// Asks the reader of a name. `None` if there is none.
fn reader(name: &str, call: &Call<'_>, project: &dyn Project) -> Option<Answer> {
    let (_, read) = READERS.iter().find(|(known, _)| *known == name)?;
    Some(answer(complete(call).and_then(|()| read(call, project))))
}

fn answer(inputs: Result<Inputs, Unclear>) -> Answer {
    match inputs {
        Ok(inputs) => Answer::Reads(inputs),
        Err(Unclear { reason, path }) => Answer::Unclear { reason, path },
    }
}

type Reader = fn(&Call<'_>, &dyn Project) -> Result<Inputs, Unclear>;

#[rustfmt::skip] // one line a reader
const READERS: &[(&str, Reader)] = &[
    ("bun", bun::read),
    ("bundler", bundler::read),
    ("cargo", cargo::read),
    ("composer", composer::read),
    ("conda", conda::read),
    ("dart", dart::read),
    ("deno", deno::read),
    ("dotnet", dotnet::read),
    ("flutter", dart::read_flutter),
    ("go", go::read),
    ("gradle", gradle::read),
    ("maven", maven::read),
    ("mix", mix::read),
    ("npm", npm::read),
    ("pdm", pdm::read),
    ("pip", pip::read),
    ("pip-sync", pip_sync::read),
    ("pipenv", pipenv::read),
    ("pnpm", pnpm::read),
    ("poetry", poetry::read),
    ("swift", swift::read),
    ("uv", uv::read),
    ("yarn", yarn::read),
];

/// Why an install cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unclear {
    reason: String,
    path: Option<String>,
}

impl Unclear {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), path: None }
    }

    fn at(path: &str, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), path: Some(path.to_owned()) }
    }
}

fn complete(call: &Call<'_>) -> Result<(), Unclear> {
    if !call.complete {
        return Err(Unclear::new(format!(
            "`{}` has a word whose value is only known when it runs",
            call.command
        )));
    }
    if !call.cwd.starts_with('/') {
        return Err(Unclear::new("the working directory is not known"));
    }
    Ok(())
}
