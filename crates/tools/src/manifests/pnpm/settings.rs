//! pnpm's settings as far as they are known: flags, the environment, .npmrc and pnpm-workspace.yaml. Refuses what it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::super::javascript::npmrc;
use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Call, Look, Unclear};

/// What is known about the settings; from `data/manifests/pnpm.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    harmless: BTreeSet<String>,
    shorthands: BTreeMap<String, String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/pnpm.toml")).expect("pnpm.toml is checked by a test")
});

/// Keys of pnpm-workspace.yaml that are tables or lists and are read elsewhere.
const STRUCTURED: [&str; 9] = [
    "packages",
    "catalog",
    "catalogs",
    "overrides",
    "packageExtensions",
    "patchedDependencies",
    "onlyBuiltDependencies",
    "neverBuiltDependencies",
    "allowBuilds",
];

/// The settings, from the first place that sets one: the command line, the environment, the project, the user.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<String, Option<String>>,
}

impl Settings {
    pub(super) fn read(call: &Call<'_>, sources: &mut Sources<'_>) -> Result<Self, Unclear> {
        let mut settings = Self::default();
        for (flag, value) in call.flags {
            let (key, value) = of_flag(flag, value.as_deref())?;
            settings.set(call.cwd, sources, &key, value.as_deref(), "the command line")?;
        }
        for (variable, value) in call.env {
            let lower = variable.to_ascii_lowercase();
            let key = lower.strip_prefix("npm_config_").or_else(|| lower.strip_prefix("pnpm_config_"));
            if let Some(key) = key.filter(|key| !key.is_empty() && value.as_deref() != Some("")) {
                settings.set(call.cwd, sources, &key.replace('_', "-"), value.as_deref(), variable)?;
            }
        }
        Ok(settings)
    }

    /// Reads the .npmrc of a folder of the project.
    pub(super) fn read_folder(&mut self, sources: &mut Sources<'_>, dir: &str) -> Result<(), Unclear> {
        let path = join(dir, ".npmrc");
        match sources.optional(&path)? {
            Some(text) => self.read_npmrc(sources, &path, &text),
            None => Ok(()),
        }
    }

    /// Reads the .npmrc of the user and of the system.
    pub(super) fn read_user(&mut self, call: &Call<'_>, sources: &mut Sources<'_>) -> Result<(), Unclear> {
        for path in npmrc::of_the_user(call) {
            if let Some(text) = sources.ambient(&path)? {
                self.read_npmrc(sources, &path, &text)?;
            }
        }
        Ok(())
    }

    fn read_npmrc(&mut self, sources: &mut Sources<'_>, path: &str, text: &str) -> Result<(), Unclear> {
        let dir = super::super::paths::parent(path);
        npmrc::settings(text)
            .try_for_each(|(key, value)| self.set(dir, sources, key, Some(value), path))
            .map_err(|unclear| Unclear { path: unclear.path.or_else(|| Some(path.to_owned())), ..unclear })
    }

    /// Reads the settings of pnpm-workspace.yaml, in `dir`.
    pub(super) fn read_workspace(
        &mut self,
        sources: &mut Sources<'_>,
        dir: &str,
        workspace: &Map<String, Value>,
    ) -> Result<(), Unclear> {
        let path = join(dir, "pnpm-workspace.yaml");
        for (key, value) in workspace.iter().filter(|(key, _)| !STRUCTURED.contains(&key.as_str())) {
            let text = match value {
                Value::Bool(switch) => Some(switch.to_string()),
                Value::String(text) => Some(text.clone()),
                _ => None,
            };
            self.set(dir, sources, &kebab(key), text.as_deref(), &path)
                .map_err(|unclear| Unclear { path: Some(path.clone()), ..unclear })?;
        }
        Ok(())
    }

    fn set(
        &mut self,
        dir: &str,
        sources: &mut Sources<'_>,
        key: &str,
        value: Option<&str>,
        origin: &str,
    ) -> Result<(), Unclear> {
        let refused =
            || Unclear::new(format!("pnpm's setting `{key}` (by {origin}) may change what it reads"));
        match key {
            "cafile" => {
                let path = value.filter(|value| !value.contains("${")).ok_or_else(refused)?;
                sources.ambient_unread(&join(dir, path));
            }
            "store-dir" | "cache-dir" | "state-dir" => {
                let path = value.filter(|value| !value.contains(['$', '~'])).ok_or_else(refused)?;
                let path = join(dir, path);
                if sources.project.look(&path) == Look::Directory {
                    sources.inputs.trees.insert(path.clone());
                }
                sources.inputs.write_trees.insert(path);
            }
            // The usual values of settings with which pnpm works elsewhere or otherwise.
            "node-linker" if matches!(value, Some("isolated" | "hoisted")) => {}
            "modules-dir" if value == Some("node_modules") => {}
            "shared-workspace-lockfile" | "lockfile" | "enable-modules-dir" if value == Some("true") => {}
            "ignore-workspace" | "lockfile-only" | "git-branch-lockfile" if value == Some("false") => {}
            "pnpmfile" => {
                value.filter(|value| !value.contains("${")).ok_or_else(refused)?;
            }
            "ignore-pnpmfile" => {
                value.ok_or_else(refused)?;
            }
            // A range of commits asks git.
            "filter" | "filter-prod" if value.is_none_or(|value| value.contains(['[', '$'])) => {
                return Err(refused());
            }
            _ if DATA.harmless.contains(key)
                || npmrc::is_login(key)
                || (key.starts_with('@') && key.ends_with(":registry")) => {}
            _ => return Err(refused()),
        }
        self.values.entry(key.to_owned()).or_insert_with(|| value.map(str::to_owned));
        Ok(())
    }

    /// A switch that is known to be on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        matches!(self.value(key), Some("true" | "1"))
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_deref()
    }
}

/// The key and value that a flag sets.
fn of_flag(flag: &str, value: Option<&str>) -> Result<(String, Option<String>), Unclear> {
    let value = value.map(str::to_owned);
    if let Some(long) = flag.strip_prefix("--").filter(|long| !long.is_empty()) {
        return Ok(match long.strip_prefix("no-") {
            Some(key) if long != "no-proxy" => (key.to_owned(), Some("false".into())),
            _ => (long.to_owned(), Some(value.unwrap_or_else(|| "true".into()))),
        });
    }
    match DATA.shorthands.get(flag) {
        Some(key) => Ok((key.clone(), Some(value.unwrap_or_else(|| "true".into())))),
        None => Err(Unclear::new(format!("`{flag}` is not a flag of pnpm that dockopt knows"))),
    }
}

/// `nodeLinker` as `node-linker`.
fn kebab(key: &str) -> String {
    let mut text = String::new();
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            text.push('-');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
