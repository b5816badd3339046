//! The schema of `data/*.toml` and of `[tools.NAME]` in `dockopt.toml`: what one tool's command lines mean.
//!
//! This file says what can be said of a tool. It must not know any tool, and it must not read command lines (`recognize.rs` does).
//!
//! Source policy: a fact goes into a data file when a page in `sources` states it or a traced run showed it. What is only likely is left
//! out, and left out means *not known*: an action without `reads` may read everything, and an option that no list names makes a command
//! line incomplete. So every list of options is a promise: the options in it change nothing of the `reads` and `writes` beside them.

pub mod development;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::bases::{Base, Release};
use crate::exact::Exact;

/// A tool: one package manager or builder, or one family of utilities.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tool {
    /// The name by which configuration and reports call it. In `dockopt.toml` the key of the table is the name.
    #[serde(default)]
    pub name: String,
    /// The name for people; the `name` when missing.
    #[serde(default)]
    pub title: String,
    /// What sort of tool it is.
    pub kind: Kind,
    /// The command lines that start it, each of one or more words (`python3 -m pip`). A `*` stands for digits and dots (`pip3.*`).
    /// A first word without `/` also matches that name in a system folder of programs (`/usr/bin/apt-get`) and, for
    /// `kind = "language"`, in any absolute `…/bin/`, where virtual environments live. It never matches a relative path: `./install`
    /// is a script of the project. May be empty when every action has its own `commands`.
    #[serde(default)]
    pub commands: Vec<String>,
    /// The pages that the facts come from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Environment variables, `*` being a wildcard, that can change what it does, besides those that every program may read.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Those of them that only builds need: nobody at a terminal of a container wants them.
    #[serde(default)]
    pub build_variables: Vec<String>,
    /// What becomes of a question that nobody answers, there being no terminal and an empty input.
    #[serde(default)]
    pub unanswered: Unanswered,
    /// A text that a settings file holds if that answers all questions.
    #[serde(default)]
    pub answers_in_settings: Option<String>,
    /// Options that take the next word, or the rest of their own word, as value. `--name=value` and glued short forms need no entry.
    #[serde(default)]
    pub options_with_value: Vec<String>,
    /// Options whose value, if there is one, is glued to them (`-i.bak`).
    #[serde(default)]
    pub options_with_glued_value: Vec<String>,
    /// Options without a value. `-#` stands for a dash and digits (`head -20`).
    #[serde(default)]
    pub switches: Vec<String>,
    /// For options with a value: the values, `*` at the end being a wildcard, with which the promise of the lists holds. Another value
    /// makes a command line incomplete.
    #[serde(default)]
    pub option_values: BTreeMap<String, Vec<String>>,
    /// What it can be told to do. The first action that fits a command line is taken, so narrower actions come first.
    #[serde(default, rename = "action")]
    pub actions: Vec<Action>,
    /// The package index in which its installs look packages up.
    #[serde(default)]
    pub index: Option<Index>,
    /// The caches that it leaves behind.
    #[serde(default, rename = "cache")]
    pub caches: Vec<Cache>,
    /// How its installs leave out packages that only development needs.
    #[serde(default)]
    pub development: Option<development::Development>,
    /// Commands of it that are made for people, with the ones for scripts.
    #[serde(default)]
    pub scripted: Vec<Scripted>,
    /// The start script that a project may bring for the tool.
    #[serde(default)]
    pub wrapper: Option<Wrapper>,
    /// Present when the tool runs the command line that follows it, as `sudo` and `env` do.
    #[serde(default)]
    pub wraps: Option<Wraps>,
    /// Command lines and how they are read. A test runs every one.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

/// A script of the project that fetches the tool and runs it (`./mvnw`).
///
/// Its text is the project's, so what it does is not known until it was looked at: every action of such a tool that says what it reads
/// or writes has a manifest reader, and that reader believes nothing of a script that is not as the tool's authors made it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wrapper {
    /// The command lines that start it in the working directory, as in [`Tool::commands`]; here a relative path is meant.
    pub commands: Vec<String>,
}

/// A command for people, whose behaviour its authors may change, and the command that does the same and is kept for scripts. Both
/// take the same options and operands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scripted {
    /// The command for people.
    pub command: String,
    /// Its verbs that the other one has, too.
    pub verbs: Vec<String>,
    /// The command for scripts.
    pub instead: String,
    /// Options with which that does the same.
    #[serde(default)]
    pub flags: Vec<String>,
    /// By distribution family, the first release that has all of this; every one when empty.
    #[serde(default)]
    pub since: BTreeMap<String, String>,
    /// By distribution family, the first release in which the two may decide differently.
    pub same_before: BTreeMap<String, String>,
    /// How the settings begin that only the command for people reads.
    pub settings: String,
}

impl Scripted {
    /// Does an image have the command for scripts with its options?
    pub fn exists_in(&self, base: Option<&Base>) -> bool {
        self.since.is_empty() || is_from(&self.since, base) == Some(true)
    }

    /// Do both commands do the same there?
    pub fn is_same_in(&self, base: Option<&Base>) -> bool {
        self.exists_in(base) && is_from(&self.same_before, base) == Some(false)
    }
}

/// Is an image of the first release of its family in a table, or of a later one, if that is known?
fn is_from(first: &BTreeMap<String, String>, base: Option<&Base>) -> Option<bool> {
    let base = base?;
    let (major, minor) = release_numbers(first.get(base.family.as_ref()?)?)?;
    base.release.at_least(major, minor)
}

/// What sort of tool it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The package manager of a distribution.
    System,
    /// The package manager of a language, often with its builder.
    Language,
    /// A builder.
    Build,
    /// Small programs of the system, and the shell's own commands.
    Utility,
    /// Programs that fetch from the network.
    Network,
    /// Shells and programs that run other commands.
    Shell,
}

/// What becomes of a question that nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unanswered {
    /// It may be any, even that the tool does nothing and reports success.
    #[default]
    Unknown,
    /// The tool does nothing and fails.
    Fails,
}

/// One thing that a tool can be told to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Action {
    /// Its name within the tool.
    pub name: String,
    /// The command words that ask for it, for a family of utilities; any of the tool's `commands` when empty.
    #[serde(default)]
    pub commands: Vec<String>,
    /// The words after the command that ask for it, one or more each (`cache clean`). An empty list, or an empty verb in it: it is asked
    /// for without a verb.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// It is meant only if one of these options is given.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// It is not meant if one of these options is given.
    #[serde(default)]
    pub not_with: Vec<String>,
    /// It is meant only if its first operand is one of these.
    #[serde(default)]
    pub first_operand: Vec<String>,
    /// What it is for.
    pub role: Role,
    /// Further options with a value, as in [`Tool::options_with_value`].
    #[serde(default)]
    pub options_with_value: Vec<String>,
    /// Further options with a glued value, as in [`Tool::options_with_glued_value`].
    #[serde(default)]
    pub options_with_glued_value: Vec<String>,
    /// Further options without a value, as in [`Tool::switches`].
    #[serde(default)]
    pub switches: Vec<String>,
    /// Further values, as in [`Tool::option_values`].
    #[serde(default)]
    pub option_values: BTreeMap<String, Vec<String>>,
    /// No option, known or not, changes what `reads` and `writes` say, apart from the paths that it names: those are not known when the
    /// command line is incomplete.
    #[serde(default)]
    pub any_options: bool,
    /// The first word after the command may be a bundle of short options without its dash (`tar xzf file`).
    #[serde(default)]
    pub bundled_options: bool,
    /// What its operands are.
    #[serde(default)]
    pub operands: Operands,
    /// The attribute that it gives to the paths among its operands, and nothing else: the first operand is the value.
    #[serde(default)]
    pub gives: Option<Gives>,
    /// It is meant only if its words have this form.
    #[serde(default)]
    pub form: Option<Form>,
    /// Options whose value is a path that it reads, with all below it (`pip install -r FILE`), besides `reads`.
    #[serde(default)]
    pub read_paths: Vec<String>,
    /// Options whose value is a path that it writes, with all below it (`curl -o FILE`), besides `writes`.
    #[serde(default)]
    pub write_paths: Vec<String>,
    /// What it may read; everything when missing.
    #[serde(default = "Place::unknown")]
    pub reads: Vec<Place>,
    /// What it may write; everything when missing.
    #[serde(default = "Place::unknown")]
    pub writes: Vec<Place>,
    /// The manifest reader that says which files of the project it reads ([`Place::Project`]).
    #[serde(default)]
    pub manifest: Option<String>,
    /// Tools that it puts in place of those that were there, by their names in the data; [`BROUGHT_BY_NAME`] for those that its operands name,
    /// as `NAME` or `NAME@VERSION`.
    #[serde(default)]
    pub brings: Vec<String>,
    /// The same, said by a list of files, for an install whose inputs are the same in every project.
    #[serde(default)]
    pub project: Option<ProjectFiles>,
    /// Options that answer its questions with yes, and do nothing where it asks none. The first is the one that is written.
    #[serde(default)]
    pub assume_yes: Vec<String>,
    /// Other ways to say the same, each of one or more options as they are written (`-q -q`).
    #[serde(default)]
    pub answered_by: Vec<String>,
    /// How it leaves out packages that others only recommend.
    #[serde(default)]
    pub lean: Option<Lean>,
    /// How its operands name a package in one version.
    #[serde(default)]
    pub exact: Option<Exact>,
    /// The caches of the tool that are empty after it.
    #[serde(default)]
    pub empties: Vec<String>,
    /// The caches of the tool of which it removes a part, and nothing else.
    #[serde(default)]
    pub trims: Vec<String>,
    /// Its frozen forms; the first that fits counts.
    #[serde(default)]
    pub frozen: Vec<Frozen>,
    /// Steps that fetch beforehand what it would fetch; the first that fits counts.
    #[serde(default)]
    pub fetch: Vec<Fetch>,
    /// How it installs into a folder of its own, which can be taken to another image.
    #[serde(default)]
    pub apart: Option<Apart>,
    /// How it builds a program that runs without it.
    #[serde(default)]
    pub builds: Option<Builds>,
}

/// A build of a program that needs neither the tool nor the sources when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Builds {
    /// The verbs with which it does.
    pub verbs: Vec<String>,
    /// Other actions of the tool, and other verbs of this one, that are there for such a build alone.
    pub steps: Vec<String>,
    /// The option that names the program.
    pub output: String,
    /// The file whose first line that begins with `module` names the program where nothing else does.
    pub named_by: String,
    /// The ending of a source file, which names the program where it is the operand.
    pub source: String,
    /// What a base image must bring itself.
    pub in_images_with: String,
    /// Options with which it builds something else, or elsewhere.
    pub not_with: Vec<String>,
    /// Variables for the command alone, with the values with which the program runs in the image.
    pub target: BTreeMap<String, String>,
    /// Files of the project that only a build reads: names, a path from the root of the project when it begins with `/`, a folder when
    /// it ends with one. A `*` stands for any text.
    pub sources: Vec<String>,
    /// Files of the image that the program may look for.
    #[serde(default)]
    pub beside: Vec<Beside>,
}

/// A file that an image of a tool has, and that a program which it builds may look for when it runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Beside {
    /// The file.
    pub path: String,
    /// The distributions whose smaller images lack it.
    pub families: Vec<String>,
    /// Texts of which its sources have one if the program may look for it.
    pub says: Vec<String>,
}

impl Builds {
    /// Whether only a build reads a file of the project, by its path from the root.
    pub fn is_source(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is = |pattern: &str, text: &str| match pattern.split_once('*') {
            Some((head, tail)) => {
                text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
            }
            None => pattern == text,
        };
        self.sources.iter().any(|own| match (own.strip_prefix('/'), own.strip_suffix('/')) {
            (_, Some(folder)) => {
                let folder = folder.trim_start_matches('/');
                path.split('/').rev().skip(1).any(|part| part == folder)
                    && (!own.starts_with('/') || path.starts_with(folder))
            }
            (Some(at_root), None) => is(at_root, path) && !path.contains('/'),
            (None, None) => is(own, name),
        })
    }
}

/// A form of an install that puts into a folder of its own what it would put into the system, so that a copy of that folder brings
/// the same files to another image of the same interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Apart {
    /// The options that say so.
    pub flags: Vec<String>,
    /// The folder.
    pub folder: String,
    /// The folder of the image into which its content goes.
    pub home: String,
    /// What a base image must bring itself, or else the places are not known to be these.
    pub in_images_with: String,
    /// Options that name another place, or with which it is another install.
    pub not_with: Vec<String>,
    /// Variables that do so.
    pub not_with_env: Vec<String>,
    /// Packages that base images bring, too: a second version of them beside the first would not be what was installed.
    pub not_packages: Vec<String>,
    /// Those of them that do nothing but install.
    pub installer: Vec<String>,
    /// Packages that call a compiler when they run.
    pub compile_when_run: Vec<String>,
    /// How command lines begin that run the installed program, or its libraries, as they run in the image.
    pub runs: Vec<String>,
}

/// How an install leaves out packages that those which it names only recommend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lean {
    /// The option, as it is written.
    pub option: String,
    /// Options that decide about recommended packages already, as they are written.
    pub decided_by: Vec<String>,
    /// A text that stands in an instruction before, if a settings file may decide about them.
    pub settings: String,
    /// By distribution family, the first release whose packaged tool has the option; every one when empty. A family that is absent is not
    /// known to have it.
    #[serde(default)]
    pub since: BTreeMap<String, String>,
    /// For well-known packages, what they recommend and often need.
    #[serde(default)]
    pub recommended: BTreeMap<String, Vec<String>>,
}

impl Lean {
    /// Does the tool of an image have the option? `None` if that is not known.
    pub fn exists_in(&self, base: Option<&Base>) -> Option<bool> {
        if self.since.is_empty() { Some(true) } else { is_from(&self.since, base) }
    }
}

/// An attribute of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// Its user and group, as chown(1) writes them.
    Owner,
    /// Its permissions, as chmod(1) writes them.
    Mode,
}

/// A step that fetches what a build would fetch, so that it can be kept apart from the sources. What it reads and writes of the
/// project its own action says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fetch {
    /// The command line. Its first word is replaced by what starts the build, a start script of the project perhaps.
    pub command: String,
    /// The verbs of the action for which it fetches; all when empty.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// How the words of the build go over to it. Missing: they do not, and all but those of [`Fetch::not_with`] may be there.
    #[serde(default)]
    pub takes: Option<Taken>,
    /// The files that must lie in the working directory, as they are in the context.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Texts of those files with which there is nothing to fetch in this way.
    #[serde(default)]
    pub not_saying: Vec<String>,
    /// Files and folders beside which there is nothing to fetch, or not in this way.
    #[serde(default)]
    pub not_beside: Vec<String>,
    /// Options of the build with which it fetches something else, or in another way.
    #[serde(default)]
    pub not_with: Vec<String>,
    /// Variables, set for the build's command alone, that the fetch does not look at.
    #[serde(default)]
    pub harmless_assignments: Vec<String>,
    /// How it can fail where the build succeeds, as a clause.
    pub fails: String,
}

/// What a step that fetches takes of the words of a build. An option that is in none of the lists may change what is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Taken {
    /// Options that it is given, too, with their values.
    #[serde(default)]
    pub options: Vec<String>,
    /// Options whose value it is given in another form, which ends where the value begins.
    #[serde(default)]
    pub other_form: BTreeMap<String, String>,
    /// Options that do not matter to it.
    #[serde(default)]
    pub leaves: Vec<String>,
    /// What of the operands it is given.
    #[serde(default)]
    pub operands: TakenOperands,
}

/// What a step that fetches is given of the operands of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakenOperands {
    /// None; they say what is built.
    #[default]
    None,
    /// The one that there may be.
    One,
}

/// A form of an install that takes what the lock file says, and fails where lock file and manifest disagree. The plain form
/// would resolve versions again there, so that two builds of one commit may differ.
///
/// An install that does so by itself has no frozen form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Frozen {
    /// The names that the lock file may have, beside the manifest in the working directory; the first that is there counts.
    pub lock: Vec<String>,
    /// A text that the lock file holds, where a tool has several formats and each has its own form.
    #[serde(default)]
    pub lock_says: Option<String>,
    /// The comparison of `manifests/locks` that tells whether the lock file agrees with its manifest. Without one it cannot be
    /// told, and the reason of a rewrite says so.
    #[serde(default)]
    pub agrees: Option<String>,
    /// The verbs of the action that have frozen forms, the same for all of its forms; all when empty.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// The verb in place of the one that is written.
    #[serde(default)]
    pub verb: Option<String>,
    /// Options to add.
    #[serde(default)]
    pub flags: Vec<String>,
    /// What to set for the command alone, as `NAME=value`.
    #[serde(default)]
    pub assignments: Vec<String>,
    /// Options that say already what is to become of the lock file, or that the form does not know.
    #[serde(default)]
    pub not_with: Vec<String>,
    /// Variables that say already what is to become of the lock file.
    #[serde(default)]
    pub not_with_env: Vec<String>,
    /// Words of earlier commands of the tool that say so.
    #[serde(default)]
    pub not_after: Vec<String>,
    /// A project need not have the lock file for its versions to be fixed, so that nothing is said where there is none.
    #[serde(default)]
    pub is_optional: bool,
    /// The first major version of the tool that has the form. Missing: every version that an image may hold has it.
    #[serde(default)]
    pub since: Option<u32>,
    /// What it removes first, by its path below the working directory.
    #[serde(default)]
    pub clears: Vec<String>,
    /// What else is different from the plain form, as a clause.
    #[serde(default)]
    pub differs: Option<String>,
}

/// Stands in [`Action::brings`] for the tools that the operands name.
pub const BROUGHT_BY_NAME: &str = "operands";

/// The files of the project that an action reads and writes, by their paths below the working directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProjectFiles {
    /// Files without which it fails.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Files that it reads, and folders that it reads whole, where they are there. A `*` in the last part stands for any text.
    #[serde(default)]
    pub takes: Vec<String>,
    /// Files that it may write.
    #[serde(default)]
    pub writes: Vec<String>,
    /// Folders that it fills with what it installs, and that no project keeps in its repository.
    #[serde(default)]
    pub fills: Vec<String>,
}

impl ProjectFiles {
    fn fault(&self) -> Option<String> {
        let plain = |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let mut paths = self.needs.iter().chain(&self.takes).chain(&self.writes).chain(&self.fills);
        if let Some(path) = paths.find(|path| !plain(path)) {
            return Some(format!("`{path}` is not a plain path below the working directory"));
        }
        let exact = |path: &str| !path.contains('*');
        let mut paths = self.needs.iter().chain(&self.writes).chain(&self.fills);
        if let Some(path) = paths.find(|path| !exact(path)) {
            return Some(format!("`{path}` has a `*`, which only `takes` knows"));
        }
        let folder = |path: &str| path.rsplit_once('/').is_none_or(|(folder, _)| exact(folder));
        self.takes
            .iter()
            .find(|path| !folder(path) || path.matches('*').count() > 1)
            .map(|path| format!("`{path}` may have one `*`, in its last part"))
    }
}

/// What an action is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It brings the package index up to date.
    Refresh,
    /// It installs packages.
    Install,
    /// It brings installed packages up to date.
    Upgrade,
    /// It removes packages or files.
    Remove,
    /// It removes nothing but caches.
    Clean,
    /// It fetches without installing.
    Fetch,
    /// It builds.
    Build,
    /// It runs something that only the project or the words after it define.
    Run,
    /// It prints something.
    Query,
    /// It changes settings.
    Configure,
    /// None of these.
    Other,
}

/// What the operands of an action are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operands {
    /// Names of packages. One that looks like a path (`./x`, `x.deb`) is one, and counts as such for `reads` and `writes`.
    Packages,
    /// Paths in the image.
    Paths,
    /// A command line: options end at its first word.
    Commands,
    /// Anything else.
    #[default]
    Text,
    /// There are none: a command line with operands asks for another action.
    None,
}

/// A form of words that `script.rs` can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Addresses of the network; not `file:`.
    Url,
    /// The first operand, or each value of `-e`, is a sed script that neither writes files nor runs commands.
    Sed,
    /// The first operand is an awk program that neither opens files nor runs commands.
    Awk,
    /// `test` with a comparison of texts or numbers, which looks at no file.
    Comparison,
    /// Packages of the network, each with its version: `name@version`, at least one.
    Versioned,
}

/// A part of the world that an action reads or writes.
///
/// Nearly every program reads [`Place::System`], since its own file is there; a command of the shell itself does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// `system`: the trees of [`SYSTEM_TREES`] and the dotted entries of the user's home folder, whoever put files there; without the
    /// indexes and caches of the tools, and without the tree of the working directory if [`is_workplace`] says that projects live there.
    System,
    /// `index`: the package index of this tool.
    Index,
    /// `cache`: the caches of this tool.
    Cache,
    /// `operands`: the files or folder entries that its paths name.
    Operands,
    /// `operand-trees`: those, and all that is below them.
    OperandTrees,
    /// `last-operand`: what its last operand names, with all below it; the working directory if there are less than two operands.
    LastOperand,
    /// `project`: the files of the project that the manifest reader names.
    Project,
    /// `cwd`: the working directory and all below it.
    Cwd,
    /// `cwd:PATH`: a tree below the working directory.
    CwdTree(String),
    /// `cwd:**/NAME`: every tree of that name below the working directory.
    CwdNamed(String),
    /// `/PATH`: a tree of the image.
    Tree(String),
    /// `~/PATH`: a tree in the home folder of the user.
    HomeTree(String),
    /// `network`: what others serve, which may differ from one time to the next.
    Network,
    /// `anything-but-indexes`: any file, but no package index: a program that is not known to leave files alone, and is known to install
    /// no system packages.
    AnythingButIndexes,
    /// `everything`: not known.
    Everything,
}

/// The trees of a system: programs, libraries, settings, state, home folders and temporary files.
pub const SYSTEM_TREES: [&str; 14] = [
    "/bin", "/boot", "/etc", "/home", "/lib", "/lib32", "/lib64", "/opt", "/root", "/run", "/sbin", "/tmp",
    "/usr", "/var",
];

/// Is this folder one that projects live in, rather than a part of the system? No program looks into it unless it is told to, or works there.
pub fn is_workplace(folder: &str) -> bool {
    let parts: Vec<&str> = folder.split('/').skip(1).collect();
    if !folder.starts_with('/') || parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return false;
    }
    let plain = |name: &str| !name.starts_with('.');
    match parts.as_slice() {
        ["usr", "src", _, ..] | ["var", "www" | "task" | "app", ..] => true,
        ["opt" | "tmp" | "root", name, ..] | ["home", _, name, ..] => plain(name),
        [top, ..] => !SYSTEM_TREES.iter().any(|tree| &tree[1..] == *top),
        [] => false,
    }
}

impl Place {
    fn unknown() -> Vec<Place> {
        vec![Place::Everything]
    }
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(text: String) -> Result<Place, String> {
        Ok(match text.as_str() {
            "system" => Place::System,
            "index" => Place::Index,
            "cache" => Place::Cache,
            "operands" => Place::Operands,
            "operand-trees" => Place::OperandTrees,
            "last-operand" => Place::LastOperand,
            "project" => Place::Project,
            "cwd" => Place::Cwd,
            "network" => Place::Network,
            "anything-but-indexes" => Place::AnythingButIndexes,
            "everything" => Place::Everything,
            other => {
                if let Some(name) = other.strip_prefix("cwd:**/") {
                    Place::CwdNamed(name.to_owned())
                } else if let Some(path) = other.strip_prefix("cwd:") {
                    Place::CwdTree(path.to_owned())
                } else if let Some(path) = other.strip_prefix("~/") {
                    Place::HomeTree(path.to_owned())
                } else if other.starts_with('/') {
                    Place::Tree(other.to_owned())
                } else {
                    return Err(format!(
                        "`{other}` is no place: expected system, index, cache, operands, operand-trees, last-operand, project, cwd, \
                         cwd:PATH, cwd:**/NAME, /PATH, ~/PATH, network, anything-but-indexes or everything"
                    ));
                }
            }
        })
    }
}

/// The package index of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Index {
    /// The trees that hold it.
    pub paths: Vec<String>,
    /// The trees that say where it comes from; after a change there a refresh may bring something else.
    #[serde(default)]
    pub configured_by: Vec<String>,
    /// Packages with which a refresh may bring more than before, such as certificates and keys; `*` at the beginning or the end
    /// stands for anything.
    #[serde(default)]
    pub unlocked_by: Vec<String>,
    /// Options of an install with which it fetches the index itself, so that it needs none.
    #[serde(default)]
    pub refreshed_by_flags: Vec<String>,
    /// Every install fetches a missing or old index by itself.
    #[serde(default)]
    pub refreshed_by_install: bool,
}

impl Index {
    /// Whether a refresh may bring more than before once this package is installed.
    pub fn is_unlocked_by(&self, package: &str) -> bool {
        let name = package.split(['=', ':']).next().unwrap_or_default();
        self.unlocked_by.iter().any(|known| match (known.strip_prefix('*'), known.strip_suffix('*')) {
            (Some(end), _) => name.ends_with(end),
            (_, Some(start)) => name.starts_with(start),
            _ => name == known,
        })
    }
}

/// A cache that a tool leaves in the image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cache {
    /// Its name within the tool, for people.
    pub name: String,
    /// The trees that hold it; `~` is the home folder of the user.
    pub paths: Vec<String>,
    /// The actions that fill it.
    pub filled_by: Vec<String>,
    /// Later installs need its content: it is the package index.
    #[serde(default)]
    pub is_index: bool,
    /// Later commands may read its content from the place where it is, so that it is part of what was installed.
    #[serde(default)]
    pub is_store: bool,
    /// What makes it such a store, if anything does.
    #[serde(default)]
    pub store_by: Option<StoreBy>,
    /// The tool may read it when the image runs, to do what its start still needs.
    #[serde(default)]
    pub read_when_run: bool,
    /// How to leave it out of the image; no way is known when missing.
    #[serde(default)]
    pub drop: Option<DropBy>,
    /// Options with which the tool does not write it.
    #[serde(default)]
    pub off_by_flags: Vec<String>,
    /// Environment variables that may keep the tool from writing it, depending on their value.
    #[serde(default)]
    pub off_by_env: Vec<String>,
    /// What to set for the command alone, as `NAME=value`, so that such a variable does not keep the tool from writing it.
    #[serde(default)]
    pub kept_by: Vec<String>,
    /// Options that move it elsewhere.
    #[serde(default)]
    pub moved_by_flags: Vec<String>,
    /// Environment variables that move it elsewhere.
    #[serde(default)]
    pub moved_by_env: Vec<String>,
    /// For such variables, where it then lies below the folder that is their value: an empty text for that folder itself.
    #[serde(default)]
    pub moved_to: BTreeMap<String, String>,
    /// How it can be a cache mount; a mount is not known to work when missing.
    #[serde(default)]
    pub mount: Option<MountBy>,
}

/// Settings by which what is installed stays in a cache.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreBy {
    /// Environment variables, whatever their value.
    pub env: Vec<String>,
    /// Options, whatever their value.
    pub flags: Vec<String>,
    /// Files of the working directory that may hold the setting.
    pub files: Vec<String>,
    /// The text without which such a file does not.
    pub says: String,
}

/// How a cache can be a cache mount: a folder that lasts from build to build, and that is no part of the image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MountBy {
    /// How builds share it.
    pub sharing: Sharing,
    /// The folders to mount, `~` being the home folder of the user; the cache's paths when empty.
    #[serde(default)]
    pub targets: Vec<String>,
    /// The same where the base image brings the tool itself. With these and no `targets` the place in other images is not known.
    #[serde(default)]
    pub bundled_targets: Vec<String>,
    /// It lies there in this major version only.
    #[serde(default)]
    pub version: Option<u32>,
    /// What to set for the command alone, as `NAME=value`. Of the image it changes nothing: the tool would fall back to it, as a
    /// mount is a file system of its own.
    #[serde(default)]
    pub set: Vec<String>,
    /// Of a package index: the option with which an install refreshes what it finds in the mount, if nothing in the RUN did so before.
    #[serde(default)]
    pub refreshed_by: Option<String>,
    /// Of a store: the words of a command with which it does not fetch again what it misses there, or puts something else there.
    #[serde(default)]
    pub not_with: Vec<String>,
}

impl MountBy {
    /// The folders that may be mounted, in whatever image.
    pub fn all_targets(&self) -> impl Iterator<Item = &String> {
        self.targets.iter().chain(&self.bundled_targets)
    }
}

/// How builds that run at the same time may share a cache mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// The tool bears other writers.
    Shared,
    /// One at a time.
    Locked,
}

/// How to keep a cache out of the image: exactly one of a command after the filling one, or a flag of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DropKeys")]
pub enum DropBy {
    /// This command, in the same layer.
    Command(String),
    /// A flag of the filling actions.
    Flag {
        /// The flag.
        flag: String,
        /// The actions that take it.
        on: Vec<String>,
        /// By distribution family, the first release whose packaged tool knows the flag. A family that is absent always knows it.
        needs: BTreeMap<String, String>,
    },
}

impl DropBy {
    /// Does the tool that `family` packages in `release` know the flag? An unknown release of a family with a requirement does not.
    pub fn known_in(&self, family: &str, release: Release) -> bool {
        let DropBy::Flag { needs, .. } = self else { return true };
        let Some(first) = needs.get(family) else { return true };
        release_numbers(first).and_then(|(major, minor)| release.at_least(major, minor)) == Some(true)
    }

    /// Does every release of every distribution know it?
    pub fn is_known_everywhere(&self) -> bool {
        matches!(self, DropBy::Command(_)) || matches!(self, DropBy::Flag { needs, .. } if needs.is_empty())
    }
}

/// `16.04` as `(16, 4)` and `9` as `(9, 0)`.
fn release_numbers(release: &str) -> Option<(u32, u32)> {
    let (major, minor) = release.split_once('.').unwrap_or((release, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DropKeys {
    command: Option<String>,
    flag: Option<String>,
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    needs: BTreeMap<String, String>,
}

impl TryFrom<DropKeys> for DropBy {
    type Error = &'static str;

    fn try_from(keys: DropKeys) -> Result<DropBy, &'static str> {
        match keys {
            DropKeys { command: Some(command), flag: None, on, needs }
                if on.is_empty() && needs.is_empty() =>
            {
                Ok(DropBy::Command(command))
            }
            DropKeys { command: None, flag: Some(flag), on, needs } if !on.is_empty() => {
                Ok(DropBy::Flag { flag, on, needs })
            }
            _ => Err("`drop` is either { command } or { flag, on, needs }"),
        }
    }
}

/// How a tool runs the command line that follows it. A command line with an option that no list names is not looked through.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wraps {
    /// How many words of its own stand before the command (`timeout 10 …`: 1).
    #[serde(default)]
    pub skip: usize,
    /// `NAME=value` words may stand before the command.
    #[serde(default)]
    pub assignments: bool,
    /// What is different for the command inside.
    #[serde(default)]
    pub changes: BTreeSet<Change>,
    /// The user who runs the command inside, where no option names another one.
    #[serde(default)]
    pub user: Option<String>,
}

/// What a wrapper changes for the command inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Another user runs it.
    User,
    /// It sees another environment.
    Environment,
    /// Nothing of the shell runs after it.
    Shell,
}

/// A command line and how it is read; run by a test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Example {
    /// The command line.
    pub line: String,
    /// The action; missing when it is not known.
    #[serde(default)]
    pub action: Option<String>,
    /// The operands.
    #[serde(default)]
    pub operands: Vec<String>,
    /// The options, clusters taken apart.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Not every word of it is understood.
    #[serde(default)]
    pub incomplete: bool,
    /// The caches that it empties or trims, if it does nothing else.
    #[serde(default)]
    pub cleans: Vec<String>,
}

impl Frozen {
    fn changes_something(&self) -> bool {
        (self.verb.is_some() || !self.flags.is_empty() || !self.assignments.is_empty())
            && self.assignments.iter().all(|text| text.contains('=') && !text.contains(char::is_whitespace))
    }
}

impl Action {
    /// Is it said which files of the project it reads, by a manifest reader or by a list?
    pub fn names_project_files(&self) -> bool {
        self.manifest.is_some() || self.project.is_some()
    }

    /// Does it bring packages, so that it pays to keep it cached? A download counts if a manifest of the project says what to fetch.
    pub fn brings_packages(&self) -> bool {
        matches!(self.role, Role::Install | Role::Upgrade)
            || (self.role == Role::Fetch && self.names_project_files())
    }
}

impl Tool {
    /// The action of that name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name)
    }

    /// Must its package index be there before an install? Not if every install fetches what it misses.
    pub fn needs_index(&self) -> bool {
        self.index.as_ref().is_some_and(|index| !index.refreshed_by_install)
    }

    /// The cache of that name.
    pub fn cache(&self, name: &str) -> Option<&Cache> {
        self.caches.iter().find(|cache| cache.name == name)
    }

    /// Every command line that starts it, those of its actions included.
    pub fn all_commands(&self) -> impl Iterator<Item = &str> {
        self.own_commands().chain(self.actions.iter().flat_map(|action| &action.commands).map(String::as_str))
    }

    /// The command lines that start it, whatever the action.
    pub(crate) fn own_commands(&self) -> impl Iterator<Item = &str> {
        let scripts = self.wrapper.iter().flat_map(|wrapper| &wrapper.commands);
        self.commands.iter().chain(scripts).map(String::as_str)
    }

    /// What is wrong with the description, as far as its types do not already say so.
    pub(crate) fn fault(&self) -> Option<String> {
        let action_names: BTreeSet<&str> = self.actions.iter().map(|action| action.name.as_str()).collect();
        let cache_names: BTreeSet<&str> = self.caches.iter().map(|cache| cache.name.as_str()).collect();
        if action_names.len() < self.actions.len() {
            return Some("two actions have the same name".to_owned());
        }
        if cache_names.len() < self.caches.len() {
            return Some("two caches have the same name".to_owned());
        }
        if self.all_commands().next().is_none() {
            return Some("it has no commands".to_owned());
        }
        if self.all_commands().any(|command| command.split_whitespace().next().is_none()) {
            return Some("a command is empty".to_owned());
        }
        if let Some(form) = self.scripted.iter().find(|form| {
            let own: Vec<&str> = self.own_commands().collect();
            !own.contains(&form.command.as_str())
                || !own.contains(&form.instead.as_str())
                || form.flags.iter().any(|flag| !self.switches.contains(flag))
        }) {
            return Some(format!(
                "`{}` and what is written instead are no commands of it, or the options of that are not known",
                form.command
            ));
        }
        for cache in &self.caches {
            let dropped_on = match &cache.drop {
                Some(DropBy::Flag { on, .. }) => on.as_slice(),
                _ => &[],
            };
            if let Some(name) =
                cache.filled_by.iter().chain(dropped_on).find(|name| !action_names.contains(name.as_str()))
            {
                return Some(format!(
                    "cache `{}` names the action `{name}`, which does not exist",
                    cache.name
                ));
            }
            let mounted = cache.mount.iter().flat_map(MountBy::all_targets);
            if let Some(path) = cache.paths.iter().chain(mounted).find(|path| !is_plain_path(path)) {
                return Some(format!(
                    "cache `{}` has the path `{path}`, which is not an absolute path",
                    cache.name
                ));
            }
        }
        for action in &self.actions {
            let names = |places: &[Place]| places.contains(&Place::Project);
            let project = match &action.project {
                None => None,
                Some(_) if action.manifest.is_some() => {
                    Some("it has both `manifest` and `project`".to_owned())
                }
                Some(_) if !names(&action.reads) || !names(&action.writes) => Some(
                    "`project` lists files, and `reads` and `writes` do not both name the place".to_owned(),
                ),
                Some(files) => files.fault(),
            };
            if let Some(fault) = project {
                return Some(format!("action `{}`: {fault}", action.name));
            }
            if let Some(name) =
                action.empties.iter().chain(&action.trims).find(|name| !cache_names.contains(name.as_str()))
            {
                return Some(format!(
                    "action `{}` names the cache `{name}`, which does not exist",
                    action.name
                ));
            }
            if let Some(form) = action.frozen.iter().find(|form| !form.changes_something()) {
                return Some(format!(
                    "action `{}`: its frozen form with {:?} changes nothing, or sets something that is no `NAME=value`",
                    action.name, form.lock
                ));
            }
            let frozen = action.frozen.iter().map(|form| &form.verbs);
            let mut verbs = frozen.chain(action.fetch.iter().map(|form| &form.verbs)).flatten();
            if let Some(verb) = verbs.find(|verb| !action.verbs.contains(verb)) {
                return Some(format!(
                    "action `{}`: a form of it is for the verb `{verb}`, which is not one of its own",
                    action.name
                ));
            }
            let mut switches = action.assume_yes.iter();
            let lean =
                action.lean.as_ref().map(|lean| lean.option.split('=').next().unwrap_or_default().to_owned());
            if lean.is_some_and(|name| {
                ![&self.switches, &action.switches, &self.options_with_value]
                    .iter()
                    .any(|own| own.contains(&name))
            }) {
                return Some(format!("action `{}`: the option of `lean` is none that it knows", action.name));
            }
            if let Some(name) =
                switches.find(|&name| !self.switches.contains(name) && !action.switches.contains(name))
            {
                return Some(format!(
                    "action `{}`: `{name}`, which answers its questions, is none of its switches",
                    action.name
                ));
            }
            let options = [&self.options_with_value, &action.options_with_value].into_iter().flatten();
            let glued =
                [&self.options_with_glued_value, &action.options_with_glued_value].into_iter().flatten();
            let valued: BTreeSet<&String> = options.chain(glued).collect();
            let with_paths = action.read_paths.iter().chain(&action.write_paths);
            if let Some(name) =
                with_paths.chain(action.option_values.keys()).find(|name| !valued.contains(name))
            {
                return Some(format!(
                    "action `{}`: the option `{name}` is not known to take a value",
                    action.name
                ));
            }
            let mut places = action.reads.iter().chain(&action.writes);
            if self.wrapper.is_some()
                && action.manifest.is_none()
                && action.commands.is_empty()
                && places.clone().any(|place| !matches!(place, Place::Everything | Place::AnythingButIndexes))
            {
                return Some(format!(
                    "action `{}` says what a start script of the project does, and no manifest reader looks at that script",
                    action.name
                ));
            }
            if places.any(|place| matches!(place, Place::Operands | Place::OperandTrees | Place::LastOperand))
                && !matches!(action.operands, Operands::Paths | Operands::Packages)
            {
                return Some(format!("action `{}` touches its operands, which are no paths", action.name));
            }
        }
        None
    }
}

/// An absolute path, or one below `~`, in its simplest form and deep enough not to be a whole system folder.
fn is_plain_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("~/").or_else(|| path.strip_prefix('/')) else { return false };
    !rest.is_empty()
        && rest.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['*', '?', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workplaces_are_told_from_the_system() {
        for folder in [
            "/app",
            "/srv/site",
            "/usr/src/app",
            "/home/node/app",
            "/root/app",
            "/opt/service",
            "/var/www/html",
        ] {
            assert!(is_workplace(folder), "{folder}");
        }
        for folder in [
            "/",
            "/usr",
            "/usr/src",
            "/usr/local/lib",
            "/root",
            "/root/.ssh",
            "/home/node",
            "/etc/nginx",
            "/opt",
            "/app/../etc",
            "app",
        ] {
            assert!(!is_workplace(folder), "{folder}");
        }
    }

    #[test]
    fn a_flag_is_known_from_its_release_on() {
        let drop: DropBy = toml::from_str(
            r#"flag = "-x"
            on = ["install"]
            needs = { ubuntu = "16.04", debian = "9" }"#,
        )
        .unwrap();
        assert!(
            drop.known_in("ubuntu", Release::Known(22, 4)) && drop.known_in("debian", Release::Known(12, 0))
        );
        assert!(
            !drop.known_in("ubuntu", Release::Known(14, 4)) && !drop.known_in("debian", Release::Known(8, 0))
        );
        assert!(!drop.known_in("debian", Release::Unknown) && drop.known_in("debian", Release::Newest));
        assert!(drop.known_in("fedora", Release::Unknown));
    }
}
