//! What command lines mean: one data file per package manager, builder or family of utilities, the recognition of their command lines,
//! and the readers of each ecosystem's manifests.
//!
//! This crate does no I/O and does not know Dockerfiles. It says what a command may read and write, never what to do about it.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

pub mod bases;
mod cleanup;
mod exact;
pub mod manifests;
pub mod noise;
mod options;
pub mod packages;
pub mod pipes;
mod recognize;
pub mod schema;
mod script;
pub mod users;
pub mod volatile;
pub mod yaml;

pub use cleanup::{Cleaned, Cleaning};
pub use exact::{Database, Exact, Named, is_version};
pub use recognize::{Arg, Flag, FlagValue, Invocation, PathRef, Reach, Wrapper};
pub use schema::{
    Action, Apart, BROUGHT_BY_NAME, Beside, Builds, Cache, Change, DropBy, Fetch, Form, Frozen, Gives, Index,
    Kind, Lean, MountBy, Operands, Place, Role, Scripted, Sharing, Taken, TakenOperands, Tool, Unanswered,
};

/// The tools that are known, and where to find them by their first word.
#[derive(Debug)]
pub struct Toolbox {
    tools: Vec<Tool>,
    /// First word of a command line → who starts with it, the user's tools first, then longer command lines first.
    by_word: HashMap<String, Vec<Entry>>,
    /// The same for first words with a `*`.
    by_pattern: Vec<(String, Vec<Entry>)>,
}

/// A command line that starts a tool.
#[derive(Debug, Clone)]
struct Entry {
    tool: usize,
    /// All its words.
    command: Box<[String]>,
    users_own: bool,
}

/// A description of a tool that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It is not TOML of the schema.
    #[error("{file}: {source}")]
    Syntax {
        /// The data file.
        file: &'static str,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// It contradicts itself.
    #[error("tool `{tool}`: {fault}")]
    Fault {
        /// Its name.
        tool: String,
        /// What is wrong.
        fault: String,
    },
}

/// Lists the data files, each with its text.
macro_rules! data_files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../data/", $name)))),*]
    };
}

/// Every file of `data/`; a test compares the list with the folder.
const DATA: &[(&str, &str)] = data_files![
    "accounts.toml",
    "apk.toml",
    "apt-get.toml",
    "archives.toml",
    "bun.toml",
    "bundler.toml",
    "cargo.toml",
    "composer.toml",
    "conda.toml",
    "corepack.toml",
    "dart.toml",
    "deno.toml",
    "dnf.toml",
    "dotnet.toml",
    "env.toml",
    "exec.toml",
    "files.toml",
    "flutter.toml",
    "gem.toml",
    "go.toml",
    "gosu.toml",
    "gradle.toml",
    "info.toml",
    "maven.toml",
    "microdnf.toml",
    "mix.toml",
    "network.toml",
    "npm.toml",
    "pacman.toml",
    "php.toml",
    "pdm.toml",
    "pip-sync.toml",
    "pip.toml",
    "pipenv.toml",
    "pnpm.toml",
    "poetry.toml",
    "programs.toml",
    "run-as-is.toml",
    "shell.toml",
    "sudo.toml",
    "swift.toml",
    "system.toml",
    "tdnf.toml",
    "text.toml",
    "timeout.toml",
    "uv.toml",
    "yarn.toml",
    "yum.toml",
    "zypper.toml",
];

impl Toolbox {
    /// The tools of `data/`.
    pub fn builtin() -> &'static Toolbox {
        static BUILTIN: LazyLock<Toolbox> =
            LazyLock::new(|| Toolbox::read_data().expect("a test reads every data file"));
        &BUILTIN
    }

    /// These tools and the user's, which win: one of the same name replaces, and one with the same commands comes first.
    pub fn with_user_tools(&self, tools: BTreeMap<String, Tool>) -> Result<Toolbox, DataError> {
        let mut all: Vec<Tool> = Vec::with_capacity(tools.len() + self.tools.len());
        for (name, mut tool) in tools {
            tool.name = name;
            all.push(tool);
        }
        let users_own = all.len();
        let kept: Vec<Tool> =
            self.tools.iter().filter(|tool| all.iter().all(|own| own.name != tool.name)).cloned().collect();
        all.extend(kept);
        Toolbox::new(all, users_own)
    }

    /// All tools, the user's first.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    fn read_data() -> Result<Toolbox, DataError> {
        let tools =
            DATA.iter().map(|&(file, text)| read_tool(file, text)).collect::<Result<Vec<Tool>, _>>()?;
        Toolbox::new(tools, 0)
    }

    fn new(mut tools: Vec<Tool>, users_own: usize) -> Result<Toolbox, DataError> {
        let mut by_word: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut by_pattern: Vec<(String, Vec<Entry>)> = Vec::new();
        for (index, tool) in tools.iter_mut().enumerate() {
            if let Some(fault) = tool.fault() {
                return Err(DataError::Fault { tool: tool.name.clone(), fault });
            }
            if tool.title.is_empty() {
                tool.title.clone_from(&tool.name);
            }
            for line in tool.all_commands() {
                let command: Box<[String]> = line.split_whitespace().map(str::to_owned).collect();
                let Some(first) = command.first().cloned() else { continue };
                let entry = Entry { tool: index, command, users_own: index < users_own };
                if !first.contains('*') {
                    by_word.entry(first).or_default().push(entry);
                } else if let Some((_, entries)) = by_pattern.iter_mut().find(|(word, _)| *word == first) {
                    entries.push(entry);
                } else {
                    by_pattern.push((first, vec![entry]));
                }
            }
        }
        for entries in by_word.values_mut().chain(by_pattern.iter_mut().map(|(_, entries)| entries)) {
            entries
                .sort_by_key(|entry| (!entry.users_own, std::cmp::Reverse(entry.command.len()), entry.tool));
        }
        Ok(Toolbox { tools, by_word, by_pattern })
    }
}

/// Reads one data file. Its examples come last and are for the test only, so they are not read here.
fn read_tool(file: &'static str, text: &str) -> Result<Tool, DataError> {
    let facts = text.split_once("\n[[example]]").map_or(text, |(facts, _)| facts);
    toml::from_str(facts).map_err(|source| DataError::Syntax { file, source: Box::new(source) })
}
