//! The part of the schema that says how a tool leaves out packages which only development needs, and how it runs scripts and programs
//! of a project. It only describes; `schema.rs` is the rest.

use serde::Deserialize;

/// How a tool leaves out packages that only development needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Development {
    /// The actions that install the packages of a project.
    pub actions: Vec<String>,
    /// The option with which they leave those of development out.
    pub option: String,
    /// The reader of the manifest that tells them apart (`manifests::development`).
    pub manifest: String,
    /// One of these options must be there: the option means them, too.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// Options that decide about them already.
    pub decided_by: Vec<String>,
    /// Environment variables that do, `*` at the end being a wildcard.
    #[serde(default)]
    pub decided_by_env: Vec<String>,
    /// Words of a command of the tool that configures it, if that decides about them.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Options with which it runs no scripts of the project.
    #[serde(default)]
    pub without_scripts: Vec<String>,
    /// The first major version of the tool that has the option. Missing: every version that an image may hold has it.
    #[serde(default)]
    pub since: Option<u32>,
    /// A file beside the manifest, and a text in it that only versions of the tool write which have the option.
    #[serde(default)]
    pub written_by: Option<WrittenBy>,
    /// Environments in which a program of the project would look for packages of development.
    #[serde(default, rename = "environment")]
    pub environments: Vec<Environment>,
    /// How the tool runs what is in a project.
    pub runs: Runs,
}

/// A file whose text tells how old its tool was at most.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WrittenBy {
    /// Its name.
    pub file: String,
    /// The text.
    pub says: String,
}

/// A variable that says in which environment a program runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Environment {
    /// The package that looks at it.
    pub package: String,
    /// The variable.
    pub variable: String,
    /// The values with which it needs no packages of development.
    pub values: Vec<String>,
}

/// How a tool runs scripts of a manifest and programs of packages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Runs {
    /// Verbs behind which the name of a script stands.
    pub scripts: Vec<String>,
    /// Verbs that are the name of a script themselves.
    pub own_scripts: Vec<String>,
    /// Verbs behind which the name of a program stands.
    pub programs: Vec<String>,
    /// Commands behind which the name of a program stands.
    pub program_commands: Vec<String>,
    /// Any other verb is a script or a program.
    pub any_verb: bool,
    /// A verb of [`Runs::programs`] or [`Runs::scripts`] installs first what is missing, unless one of these options is given.
    pub installs_unless: Vec<String>,
    /// Verbs with which it takes packages of development away again.
    pub prunes: Vec<String>,
    /// Verbs that run nothing but what an install runs, too.
    pub harmless: Vec<String>,
    /// Folders, by their last parts, in which programs of packages lie.
    pub folders: Vec<String>,
    /// The programs of packages are among those of the image.
    pub on_path: bool,
    /// Programs of base images that run the code of a project, and no program of a package. Where there are some, one of them may be
    /// the command of a base image.
    pub servers: Vec<String>,
}

impl Development {
    /// Whether a variable decides.
    pub fn is_decided_by(&self, variable: &str) -> bool {
        self.decided_by_env.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => variable.starts_with(start),
            None => known == variable,
        })
    }
}
