//! `dockopt.toml`: the closest one from a file upward decides alone. Reads it and says what is wrong with it; must not act
//! on it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dockopt_model::reference::Reference;
use dockopt_model::{Packages, Pins};
use dockopt_rules::{LabelKind, Others, RULES, Settings};
use dockopt_syntax::Span;
use dockopt_tools::{Tool, Toolbox};
use dockopt_transforms::{Builder, Caches, Merge, Options, PASSES};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::pin::Precision;
use crate::problem::{Place, Problem};
use crate::shellcheck;
use crate::source::{self, shown};
use crate::suppress::Subject;
use dockopt_model::nearest::nearest;

/// The name of the file.
pub const NAME: &str = "dockopt.toml";

/// What a project decided.
#[derive(Debug, Default)]
pub struct Config {
    /// Passes and rules that run, if not all.
    pub select: Option<Vec<String>>,
    /// Passes and rules that do not run.
    pub ignore: Vec<String>,
    /// Unsafe rewrites that are wanted.
    pub unsafe_passes: Unsafe,
    /// Settings of passes.
    pub options: Options,
    /// Settings of rules.
    pub rules: Settings,
    /// Which tag is written beside a digest.
    pub precision: Precision,
    /// The hosts to ask before a registry, by its name.
    pub mirrors: BTreeMap<String, Vec<String>>,
    exclude: Option<Gitignore>,
    toolbox: Option<Toolbox>,
}

/// Which unsafe rewrites are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Unsafe {
    /// None.
    #[default]
    None,
    /// Those of these passes.
    Passes(Vec<String>),
    /// All.
    All,
}

impl Config {
    /// The tools, with the user's own.
    pub fn toolbox(&self) -> &Toolbox {
        self.toolbox.as_ref().unwrap_or_else(|| Toolbox::builtin())
    }

    /// Whether a Dockerfile that was found in a folder is left out.
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.as_ref().is_some_and(|globs| {
            path.starts_with(globs.path()) && globs.matched_path_or_any_parents(path, false).is_ignore()
        })
    }
}

/// The configurations of a run: each is read once.
#[derive(Debug, Default)]
pub struct Configs {
    by_folder: Mutex<HashMap<PathBuf, Result<Arc<Config>, Problem>>>,
}

impl Configs {
    /// The configuration for files in `folder`, an absolute path.
    pub fn of(&self, folder: &Path) -> Result<Arc<Config>, Problem> {
        if let Some(known) = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return known.clone();
        }
        let path = folder.join(NAME);
        let config = if fs::symlink_metadata(&path).is_ok() {
            read(&path).map(Arc::new)
        } else {
            let is_top = fs::symlink_metadata(folder.join(".git")).is_ok()
                || std::env::home_dir().as_deref() == Some(folder);
            match folder.parent().filter(|_| !is_top) {
                Some(parent) => self.of(parent),
                None => Ok(Arc::default()),
            }
        };
        self.by_folder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(folder.to_owned())
            .or_insert(config)
            .clone()
    }
}

/// Checks names of passes and rules that were given as arguments.
pub fn check_names(names: &[String], argument: &str) -> Result<(), Problem> {
    match names.iter().find(|name| !is_subject(name)) {
        Some(unknown) => Err(Problem::error(
            format!("{argument}: there is no pass or rule `{unknown}`"),
            subject_help(unknown),
        )),
        None => Ok(()),
    }
}

/// The passes and the rules.
fn subjects() -> impl Iterator<Item = Subject<'static>> {
    PASSES.iter().map(Subject::from).chain(RULES.iter().map(Subject::from))
}

/// Whether it is the name or an alias of a pass or a rule.
fn is_subject(name: &str) -> bool {
    name == shellcheck::NAME
        || shellcheck::is_code(name)
        || subjects().any(|subject| subject.is_among([name]))
}

fn is_pass(name: &str) -> bool {
    PASSES.iter().any(|pass| Subject::from(pass).is_among([name]))
}

/// What to do about the name of a pass or rule that there is none of.
pub fn subject_help(unknown: &str) -> String {
    let names =
        subjects().flat_map(|subject| [subject.name].into_iter().chain(subject.aliases.iter().copied()));
    match nearest(unknown, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`dockopt passes` and `dockopt rules` list them".to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    select: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    ignore: Vec<Spanned<String>>,
    #[serde(rename = "unsafe")]
    unsafe_passes: Option<UnsafeValue>,
    #[serde(default)]
    merge_runs: MergeRuns,
    #[serde(default)]
    caches: CachesValue,
    #[serde(default)]
    builder: BuilderValue,
    #[serde(default)]
    pins: PinsValue,
    #[serde(default)]
    registry: Registry,
    #[serde(default)]
    registries: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, LabelValue>,
    #[serde(default)]
    only_these_labels: bool,
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
    #[serde(default)]
    tools: BTreeMap<String, Spanned<Tool>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`unsafe` takes true, false or a list of passes")]
enum UnsafeValue {
    All(bool),
    Passes(Vec<Spanned<String>>),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum MergeRuns {
    #[default]
    WhenItPays,
    Always,
    Never,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum PinsValue {
    #[default]
    KeepTag,
    PreciseTag,
}

/// The names are those of hadolint.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum LabelValue {
    Text,
    Url,
    Rfc3339,
    Spdx,
    Hash,
    Semver,
    Email,
}

impl From<LabelValue> for LabelKind {
    fn from(value: LabelValue) -> Self {
        match value {
            LabelValue::Text => Self::Text,
            LabelValue::Url => Self::Url,
            LabelValue::Rfc3339 => Self::Time,
            LabelValue::Spdx => Self::Licence,
            LabelValue::Hash => Self::Commit,
            LabelValue::Semver => Self::Version,
            LabelValue::Email => Self::Email,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Registry {
    #[serde(default)]
    mirrors: BTreeMap<String, Vec<Spanned<String>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum CachesValue {
    #[default]
    Auto,
    Drop,
    Mount,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum BuilderValue {
    #[default]
    Auto,
    BuildKit,
    Classic,
    Buildah,
    Kaniko,
}

fn read(path: &Path) -> Result<Config, Problem> {
    let name = shown(path);
    let text = source::read(path, &name)?;
    parse(&text, path.parent().unwrap_or(Path::new("/"))).map_err(|problem| problem.in_file(name))
}

/// Reads the text of a configuration for files in `folder`.
pub fn parse(text: &str, folder: &Path) -> Result<Config, Problem> {
    let file: File = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    let place = |value: &Spanned<String>| Place::of(text, value.span().into());
    let known = |names: Vec<Spanned<String>>, is_known: fn(&str) -> bool, what: &str| {
        let known = |name: Spanned<String>| {
            if is_known(name.get_ref()) {
                return Ok(name.into_inner());
            }
            let message = format!("there is no {what} `{}`", name.get_ref());
            Err(Problem::error(message, subject_help(name.get_ref())).at(place(&name)))
        };
        names.into_iter().map(known).collect::<Result<Vec<String>, Problem>>()
    };
    let subjects = |names| known(names, is_subject, "pass or rule");
    Ok(Config {
        select: file.select.map(subjects).transpose()?,
        ignore: subjects(file.ignore)?,
        unsafe_passes: match file.unsafe_passes {
            None | Some(UnsafeValue::All(false)) => Unsafe::None,
            Some(UnsafeValue::All(true)) => Unsafe::All,
            Some(UnsafeValue::Passes(names)) => Unsafe::Passes(known(names, is_pass, "pass")?),
        },
        options: Options {
            merge: match file.merge_runs {
                MergeRuns::WhenItPays => Merge::WhenItPays,
                MergeRuns::Always => Merge::Always,
                MergeRuns::Never => Merge::Never,
            },
            caches: match file.caches {
                CachesValue::Auto => Caches::Auto,
                CachesValue::Drop => Caches::Drop,
                CachesValue::Mount => Caches::Mount,
            },
            builder: match file.builder {
                BuilderValue::Auto => Builder::Auto,
                BuilderValue::BuildKit => Builder::BuildKit,
                BuilderValue::Classic => Builder::Classic,
                BuilderValue::Buildah => Builder::Buildah,
                BuilderValue::Kaniko => Builder::Kaniko,
            },
            pins: Pins::new(),
            packages: Packages::new(),
        },
        rules: Settings {
            registries: file.registries,
            labels: file.labels.into_iter().map(|(key, kind)| (key, kind.into())).collect(),
            others: if file.only_these_labels { Others::None } else { Others::Any },
        },
        precision: match file.pins {
            PinsValue::KeepTag => Precision::KeepTag,
            PinsValue::PreciseTag => Precision::PreciseTag,
        },
        mirrors: mirrors(text, file.registry)?,
        exclude: exclude(text, folder, &file.exclude)?,
        toolbox: toolbox(text, file.tools)?,
    })
}

fn mirrors(text: &str, registry: Registry) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let is_host =
        |host: &str| Reference::parse(&format!("{host}/x")).is_ok_and(|reference| reference.registry == host);
    let mut mirrors = BTreeMap::new();
    for (name, hosts) in registry.mirrors {
        for host in &hosts {
            if !is_host(host.get_ref()) {
                let message = format!("`{}` is no host of a registry", host.get_ref());
                let help = "write a host, perhaps with a port; mirrors are asked by HTTPS, on this machine also by HTTP";
                return Err(Problem::error(message, help).at(Place::of(text, host.span().into())));
            }
        }
        mirrors.insert(name, hosts.into_iter().map(Spanned::into_inner).collect());
    }
    Ok(mirrors)
}

fn exclude(text: &str, folder: &Path, globs: &[Spanned<String>]) -> Result<Option<Gitignore>, Problem> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut builder = GitignoreBuilder::new(folder);
    let help = "write the globs as in .gitignore, relative to the folder of this file";
    for glob in globs {
        if let Err(error) = builder.add_line(None, glob.get_ref()) {
            return Err(Problem::error(error.to_string(), help).at(Place::of(text, glob.span().into())));
        }
    }
    builder.build().map(Some).map_err(|error| Problem::error(error.to_string(), help))
}

fn toolbox(text: &str, tools: BTreeMap<String, Spanned<Tool>>) -> Result<Option<Toolbox>, Problem> {
    if tools.is_empty() {
        return Ok(None);
    }
    let spans: BTreeMap<String, Span> =
        tools.iter().map(|(name, tool)| (name.clone(), tool.span().into())).collect();
    let tools = tools.into_iter().map(|(name, tool)| (name, tool.into_inner())).collect();
    Toolbox::builtin().with_user_tools(tools).map(Some).map_err(|error| {
        let problem = Problem::error(
            error.to_string(),
            "see the [tools.NAME] section of the manual for what a tool can say",
        );
        match &error {
            dockopt_tools::DataError::Fault { tool, .. } if spans.contains_key(tool) => {
                problem.at(Place::of(text, spans[tool]))
            }
            _ => problem,
        }
    })
}

/// What the TOML reader has to say, with the nearest of the names that it expected.
fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    let message = error.message().lines().next().unwrap_or_default();
    // The names stand in backticks: first the one that is there, then those that could be.
    let mut names = message.split('`').skip(1).step_by(2);
    let (message, help) = match names.next().filter(|_| message.starts_with("unknown ")) {
        Some(unknown) => {
            let expected: Vec<&str> = names.collect();
            let help = match nearest(unknown, expected.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", expected.join(", ")),
            };
            let what = if message.starts_with("unknown field") { "key" } else { "value" };
            (format!("unknown {what} `{unknown}`"), help)
        }
        None => (message.to_owned(), "mend the file; until then its Dockerfiles are left alone".to_owned()),
    };
    let problem = Problem::error(message, help);
    match error.span() {
        Some(span) => problem.at(Place::of(text, span.into())),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (String, String, usize, usize) {
        let problem = parse(text, Path::new("/")).unwrap_err();
        let place = problem.place.unwrap();
        (problem.message, problem.help, place.line, place.column)
    }

    #[test]
    fn every_key_is_read() {
        let text = "select = [\"merge-runs\"]\nignore = []\nunsafe = true\nmerge-runs = \"always\"\ncaches = \"mount\"\nbuilder = \"buildkit\"\npins = \"precise-tag\"\nregistry.mirrors = { \"docker.io\" = [\"mirror.example:5000\"] }\nexclude = [\"old/**\", \"*.dev\"]\nregistries = [\"docker.io\"]\nonly-these-labels = true\nlabels = { \"org.opencontainers.image.version\" = \"semver\" }\n";
        let config = parse(text, Path::new("/repo")).unwrap();
        assert_eq!(config.select.as_deref(), Some(&["merge-runs".to_owned()][..]));
        assert_eq!((config.unsafe_passes.clone(), config.options.merge), (Unsafe::All, Merge::Always));
        assert_eq!((config.options.caches, config.options.builder), (Caches::Mount, Builder::BuildKit));
        assert_eq!(config.precision, Precision::PreciseTag);
        assert_eq!(config.mirrors["docker.io"], ["mirror.example:5000"]);
        assert_eq!(config.rules.registries, ["docker.io"]);
        assert_eq!(config.rules.labels["org.opencontainers.image.version"], LabelKind::Version);
        assert_eq!(config.rules.others, Others::None);
        assert!(config.excludes(Path::new("/repo/old/Dockerfile")));
        assert!(config.excludes(Path::new("/repo/x/Dockerfile.dev")));
        assert!(!config.excludes(Path::new("/repo/Dockerfile")));
        assert!(!config.excludes(Path::new("/other/old/Dockerfile")));
    }

    #[test]
    fn slips_get_a_place_and_the_nearest_name() {
        let slip =
            |message: &str, help: &str, line, column| (message.to_owned(), help.to_owned(), line, column);
        assert_eq!(fault("\nselct = []\n"), slip("unknown key `selct`", "did you mean `select`?", 2, 1));
        assert_eq!(
            fault("merge-runs = \"allways\"\n"),
            slip("unknown value `allways`", "did you mean `always`?", 1, 14)
        );
        assert_eq!(
            fault("ignore = [\n  \"merge-run\",\n]\n"),
            slip("there is no pass or rule `merge-run`", "did you mean `merge-runs`?", 2, 3)
        );
        assert_eq!(
            fault("[registry]\nmirrors = { \"docker.io\" = [\"https://mirror.example\"] }\n").0,
            "`https://mirror.example` is no host of a registry"
        );
        assert_eq!(fault("[tools.corp]\nkind = \"language\"\ncomands = []\n").1, "did you mean `commands`?");
        assert!(fault("select = [\n").2 >= 1);
    }

    #[test]
    fn the_closest_file_decides_and_the_repository_is_the_border() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("repo/.git")).unwrap();
        fs::create_dir_all(root.join("repo/a/b")).unwrap();
        fs::write(root.join(NAME), "ignore = [\"merge-runs\"]\n").unwrap();
        let configs = Configs::default();
        assert!(configs.of(&root.join("repo/a/b")).unwrap().ignore.is_empty());
        assert_eq!(configs.of(root).unwrap().ignore, ["merge-runs"]);
        fs::write(root.join("repo/a").join(NAME), "merge-runs = \"never\"\n").unwrap();
        let configs = Configs::default();
        assert_eq!(configs.of(&root.join("repo/a/b")).unwrap().options.merge, Merge::Never);
    }
}
