//! The cases as they stand in `cases.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// All of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Cases {
    /// The tools, by name.
    pub(crate) tool: BTreeMap<String, Tool>,
    /// The cases, in the order in which they run.
    pub(crate) case: Vec<Case>,
    /// The tools that cannot be run, with the reason as a clause.
    pub(crate) not_run: BTreeMap<String, String>,
}

/// A tool that installs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Tool {
    /// The image that brings it, which tells its version to the claim.
    pub(crate) from: String,
    /// A shell command that succeeds where the tool is there.
    pub(crate) look: String,
    /// A shell command that runs before each case, in the scratch folder, and is not traced.
    #[serde(default)]
    pub(crate) prepare: Option<String>,
    /// Environment variables of the runs, which are no part of the image.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
}

/// One install.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// Which tool is needed.
    pub(crate) tool: String,
    /// The folder of the project, below `tests/`.
    pub(crate) project: String,
    /// The command line, as in a RUN.
    pub(crate) command: String,
    /// Environment variables, as by ENV.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The working directory below the folder into which the project is copied.
    #[serde(default)]
    pub(crate) workdir: Option<String>,
}

impl Cases {
    pub(crate) fn read() -> Self {
        let text = include_str!("cases.toml");
        let cases: Self = toml::from_str(text).unwrap_or_else(|error| panic!("cases.toml: {error}"));
        for case in &cases.case {
            assert!(cases.tool.contains_key(&case.tool), "{} is no tool of cases.toml", case.tool);
            assert!(case.folder().is_dir(), "{} is no folder", case.folder().display());
        }
        for name in cases.tool.keys() {
            assert!(cases.case.iter().any(|case| case.tool == *name), "{name} has no case");
            assert!(!cases.not_run.contains_key(name), "{name} is run and said not to be");
        }
        cases
    }
}

impl Case {
    /// What it is called.
    pub(crate) fn name(&self) -> String {
        format!("{} in {}", self.command, self.project)
    }

    /// Where its project is.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(&self.project)
    }
}
