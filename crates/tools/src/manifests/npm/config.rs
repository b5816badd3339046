//! npm's configuration as far as it is known: flags, `npm_config_*` and .npmrc. Refuses what it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::super::javascript::npmrc;
use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Call, Look, Unclear};

/// What is known about the settings; from `data/manifests/npm.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) harmless: BTreeSet<String>,
    pub(super) lock_neutral: BTreeSet<String>,
    shorthands: BTreeMap<String, String>,
}

pub(super) static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/npm.toml")).expect("npm.toml is checked by a test")
});

/// What the settings mean for reading and writing.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// Key → value, from the first place that sets it: the command line, the environment, the project, the user. `None` is a value that is not known.
    values: BTreeMap<String, Option<String>>,
    /// A setting that may make npm rewrite the lock file.
    pub(super) touches_lock: Option<String>,
    /// `--prefix` on the command line.
    pub(super) prefix: Option<String>,
}

/// A key that names a file or a program, or moves the whole install.
const TELLING: [&str; 14] = [
    "script-shell",
    "shell",
    "node-options",
    "node-gyp",
    "git",
    "init-module",
    "init.module",
    "onload-script",
    "tmp",
    "package-lock-only",
    "globalignorefile",
    "npm-version",
    "location",
    "call",
];

/// Keys whose value is text and not a path: keys and certificates, and where native modules are fetched and built.
const TEXT: [&str; 8] = ["ca", "cert", "key", "otp", "python", "nodedir", "msvs-version", "before"];

impl Config {
    pub(super) fn read(call: &Call<'_>, sources: &mut Sources<'_>) -> Result<Self, Unclear> {
        let mut config = Self::default();
        for (flag, value) in call.flags {
            let (key, value) = flag_setting(flag, value.as_deref())?;
            config.set(call, sources, &key, value.as_deref(), "the command line")?;
            if key == "prefix" {
                config.prefix = value;
            }
        }
        for (variable, value) in call.env {
            let lower = variable.to_ascii_lowercase();
            let Some(key) = lower.strip_prefix("npm_config_").filter(|key| !key.is_empty()) else { continue };
            if value.as_deref() == Some("") {
                continue;
            }
            config.set(call, sources, &key.replace('_', "-"), value.as_deref(), variable)?;
        }
        Ok(config)
    }

    /// Reads the project's .npmrc, which a global install does not obey (npm, `config/lib/index.js`, `loadProjectConfig`).
    pub(super) fn read_project(
        &mut self,
        call: &Call<'_>,
        sources: &mut Sources<'_>,
        dir: &str,
    ) -> Result<(), Unclear> {
        let path = join(dir, ".npmrc");
        if let Some(text) = sources.optional(&path)? {
            self.read_file(call, sources, &path, &text)?;
        }
        Ok(())
    }

    /// Reads the .npmrc of the user, whose home may be the project's directory, and of the system.
    pub(super) fn read_user(&mut self, call: &Call<'_>, sources: &mut Sources<'_>) -> Result<(), Unclear> {
        let mut paths = npmrc::of_the_user(call);
        for key in ["userconfig", "globalconfig"] {
            if let Some(Some(path)) = self.values.get(key) {
                paths.push(join(call.cwd, path));
            }
        }
        for path in paths {
            if let Some(text) = sources.ambient(&path)? {
                self.read_file(call, sources, &path, &text)?;
            }
        }
        Ok(())
    }

    fn read_file(
        &mut self,
        call: &Call<'_>,
        sources: &mut Sources<'_>,
        path: &str,
        text: &str,
    ) -> Result<(), Unclear> {
        for (key, value) in npmrc::settings(text) {
            self.set(call, sources, key, Some(value), path).map_err(|unclear| Unclear {
                path: unclear.path.or_else(|| Some(path.to_owned())),
                ..unclear
            })?;
        }
        Ok(())
    }

    fn set(
        &mut self,
        call: &Call<'_>,
        sources: &mut Sources<'_>,
        key: &str,
        value: Option<&str>,
        origin: &str,
    ) -> Result<(), Unclear> {
        if !DATA.lock_neutral.contains(key)
            && !npmrc::is_login(key)
            && key != "cafile"
            && key != "cache"
            && key != "prefix"
        {
            self.touches_lock.get_or_insert_with(|| key.to_owned());
        }
        let refused =
            || Unclear::new(format!("npm's setting `{key}` (by {origin}) may change what it reads"));
        match key {
            "cafile" | "userconfig" | "globalconfig" => {
                let value = value.filter(|value| !value.contains("${")).ok_or_else(refused)?;
                sources.ambient_unread(&join(call.cwd, value));
            }
            "cache" | "store-dir" | "logs-dir" => {
                let value = value.filter(|value| !value.contains("${")).ok_or_else(refused)?;
                let path = join(call.cwd, value);
                if sources.project.look(&path) == Look::Directory {
                    sources.inputs.trees.insert(path.clone());
                }
                sources.inputs.write_trees.insert(path);
            }
            // In the environment and in .npmrc, the prefix is where global packages go.
            "prefix" => {
                let value = value.filter(|value| !value.contains("${")).ok_or_else(refused)?;
                if origin != "the command line" {
                    self.values.entry("global-prefix".into()).or_insert_with(|| Some(value.to_owned()));
                    return Ok(());
                }
            }
            "location" if value == Some("global") => {
                self.values.entry("global".into()).or_insert_with(|| Some("true".into()));
                return Ok(());
            }
            "global" | "global-prefix" => {
                value.ok_or_else(refused)?;
            }
            _ if TELLING.contains(&key) => return Err(refused()),
            _ if DATA.harmless.contains(key) || TEXT.contains(&key) || npmrc::is_login(key) => {}
            // A key that npm does not know is only handed on to scripts. One that names no file is harmless.
            _ => {
                let plain = value.is_some_and(|value| {
                    let url = value.starts_with("https://") || value.starts_with("http://");
                    url || value.chars().all(|c| c.is_ascii_alphanumeric())
                });
                if !plain {
                    return Err(refused());
                }
            }
        }
        self.values.entry(key.to_owned()).or_insert_with(|| value.map(str::to_owned));
        Ok(())
    }

    /// A switch that is known to be on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        matches!(self.values.get(key), Some(Some(value)) if value == "true" || value == "1")
    }

    /// A switch that is known to be off.
    pub(super) fn is_off(&self, key: &str) -> bool {
        matches!(self.values.get(key), Some(Some(value)) if value == "false")
    }

    /// A switch that is not known to be on, of those that npm has on by default.
    pub(super) fn may_be_off(&self, key: &str) -> bool {
        self.values.contains_key(key) && !self.is_on(key)
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_deref()
    }
}

/// The key and value that a flag sets.
fn flag_setting(flag: &str, value: Option<&str>) -> Result<(String, Option<String>), Unclear> {
    let (flag, value) = match flag.split_once('=') {
        Some((flag, value)) => (flag, Some(value)),
        None => (flag, value),
    };
    let value = value.map(str::to_owned);
    if let Some(long) = flag.strip_prefix("--").filter(|long| !long.is_empty()) {
        return Ok(match long.strip_prefix("no-") {
            Some(key) if !["no-proxy"].contains(&long) => (key.to_owned(), Some("false".into())),
            _ => (long.to_owned(), Some(value.unwrap_or_else(|| "true".into()))),
        });
    }
    match DATA.shorthands.get(flag) {
        Some(key) => Ok((key.clone(), Some(value.unwrap_or_else(|| "true".into())))),
        None => Err(Unclear::new(format!("`{flag}` is not a flag of npm that dockopt knows"))),
    }
}
