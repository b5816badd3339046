//! What of a project only its development needs: packages by its manifest, the programs that they bring by the lock file, and what its
//! scripts run. It looks at files and tells; what may be left out is decided elsewhere.

pub mod code;
mod composer;
mod package_json;
mod pyproject;

use std::collections::{BTreeMap, BTreeSet};

use super::paths::join;
use super::{Look, Project};

/// What the manifest of a project says about its packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The path of the manifest.
    pub manifest: String,
    /// Packages that only its development needs.
    pub development: BTreeSet<String>,
    /// Packages that it needs when it runs, as far as they are named.
    pub runtime: BTreeSet<String>,
    /// The programs of packages, with the package that brings each; of all packages if [`Needs::lists_programs`].
    pub programs: BTreeMap<String, Brought>,
    /// A lock file lists all programs.
    pub lists_programs: bool,
    /// The scripts of the manifest by their names.
    pub scripts: BTreeMap<String, Vec<Step>>,
    /// The scripts that an install runs by itself, by their names.
    pub at_install: Vec<String>,
}

/// A package that brings something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its name.
    pub package: String,
    /// When it is needed.
    pub when: When,
}

/// When a package is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// While the project is developed.
    Development,
    /// When it runs.
    Runtime,
}

/// A step of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A text for a shell.
    Shell(String),
    /// Another script by its name.
    Script(String),
    /// Code of a package.
    Code(Brought),
    /// Something that is not understood.
    Unclear(String),
}

impl Needs {
    /// The package that a program comes from, if it is known.
    pub fn brings(&self, program: &str) -> Option<Brought> {
        if let Some(known) = self.programs.get(program) {
            return Some(known.clone());
        }
        if self.lists_programs {
            return None;
        }
        // Most programs have the name of their package.
        let named = |packages: &BTreeSet<String>, when| {
            packages.get(program).map(|package| Brought { package: package.clone(), when })
        };
        named(&self.development, When::Development).or_else(|| named(&self.runtime, When::Runtime))
    }

    /// The package of development that a word names: by itself, or as the beginning of a path in it.
    pub fn names_development(&self, word: &str) -> Option<&str> {
        let named = |package: &&String| {
            word.strip_prefix(package.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.development.iter().find(named).map(String::as_str)
    }
}

/// Asks the reader of that name about the project in a folder. Without a manifest it says nothing. `Err` is why it is not known, as a
/// clause.
pub fn needs(reader: &str, dir: &str, project: &dyn Project) -> Result<Needs, String> {
    let name = if reader == "poetry" { "pyproject.toml" } else { reader };
    if project.look(&join(dir, name)) == Look::Absent {
        return Ok(Needs::default());
    }
    match reader {
        "package.json" => package_json::read(dir, project),
        "composer.json" => composer::read(dir, project),
        "poetry" => pyproject::read_poetry(dir, project),
        "pyproject.toml" => pyproject::read(dir, project),
        _ => Err(format!("there is no reader `{reader}`")),
    }
}

/// The text of a file that must be there.
fn text(path: &str, project: &dyn Project) -> Result<String, String> {
    match project.look(path) {
        Look::File => project.read(path).ok_or_else(|| format!("`{path}` cannot be read")),
        Look::Unknown => Err(format!("an earlier step may have changed `{path}`")),
        Look::Absent | Look::Directory => Err(format!("there is no `{path}` before this step")),
    }
}

/// The text of a file that may be there.
fn perhaps(path: &str, project: &dyn Project) -> Result<Option<String>, String> {
    match project.look(path) {
        Look::Absent => Ok(None),
        _ => text(path, project).map(Some),
    }
}
