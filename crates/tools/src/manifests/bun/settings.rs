//! Bun's settings as far as they are known: flags, the environment, bunfig.toml, .npmrc and the .env files. Refuses what it does not know.

use toml::{Table, Value};

use super::super::javascript::npmrc;
use super::super::paths::{above, join, parent};
use super::super::sources::Sources;
use super::super::{Call, Unclear};
use super::DATA;

/// What the settings say of an install.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) ignores_scripts: bool,
    /// The lock file is taken as it is.
    pub(super) frozen: bool,
    /// The lock file may be written where it is not frozen.
    pub(super) saves: bool,
}

/// The files with variables that Bun looks for, depending on `NODE_ENV` (traced 2026-11-25).
const VARIABLES: [&str; 8] = [
    ".env",
    ".env.local",
    ".env.production",
    ".env.production.local",
    ".env.development",
    ".env.development.local",
    ".env.test",
    ".env.test.local",
];

impl Settings {
    pub(super) fn read(call: &Call<'_>, sources: &mut Sources<'_>) -> Result<Self, Unclear> {
        let mut settings = Self { ignores_scripts: false, frozen: false, saves: true };
        for (flag, value) in call.flags {
            let is_on = value.as_deref().is_none_or(|value| value == "true");
            match flag.as_str() {
                "--frozen-lockfile" | "--production" | "-p" => settings.frozen |= is_on,
                "--ignore-scripts" => settings.ignores_scripts |= is_on,
                "--no-save" if is_on => settings.saves = false,
                _ => {}
            }
        }
        for (name, value) in call.env {
            let is_setting =
                ["BUN_", "NPM_"].iter().any(|start| name.to_ascii_uppercase().starts_with(start));
            if is_setting && !DATA.variables.contains(name) {
                return Err(Unclear::new(format!("the variable `{name}` may change what Bun reads")));
            }
            if ["HOME", "XDG_CONFIG_HOME"].contains(&name.as_str())
                && let Some(folder) = value
            {
                settings.user(sources, &join(call.cwd, folder))?;
            }
        }
        settings.read_folder(sources, call.cwd)?;
        let own = join(call.cwd, ".npmrc");
        if let Some(text) = sources.optional(&own)? {
            settings.npmrc(sources, &own, &text)?;
        }
        for path in npmrc::of_the_user(call) {
            if let Some(text) = sources.ambient(&path)? {
                settings.npmrc(sources, &path, &text)?;
            }
        }
        for folder in above(call.cwd).chain(["/root"]) {
            settings.user(sources, folder)?;
        }
        Ok(settings)
    }

    /// What Bun reads in the folder in which it starts: an install, or a script that it runs there.
    pub(super) fn read_folder(&mut self, sources: &mut Sources<'_>, dir: &str) -> Result<(), Unclear> {
        let path = join(dir, "bunfig.toml");
        if let Some(text) = sources.optional(&path)? {
            self.bunfig(sources, &path, &text)?;
        }
        for name in VARIABLES {
            let path = join(dir, name);
            if let Some(text) = sources.optional(&path)?
                && let Some(key) = text.lines().map(key).find(|key| is_telling(key))
            {
                let reason = format!("`{path}` sets `{key}`, which may change what Bun reads");
                return Err(Unclear::at(&path, reason));
            }
        }
        Ok(())
    }

    fn user(&mut self, sources: &mut Sources<'_>, home: &str) -> Result<(), Unclear> {
        let path = join(home, ".bunfig.toml");
        match sources.ambient(&path)? {
            Some(text) => self.bunfig(sources, &path, &text),
            None => Ok(()),
        }
    }

    fn bunfig(&mut self, sources: &mut Sources<'_>, path: &str, text: &str) -> Result<(), Unclear> {
        let table: Table = text
            .parse()
            .map_err(|_| Unclear::at(path, format!("`{path}` is no TOML (was already broken?)")))?;
        let refused = |key: &str| {
            Unclear::at(path, format!("the setting `{key}` of `{path}` may change what Bun reads"))
        };
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("install", Value::Table(install)) => {
                    for (key, value) in install {
                        self.install(sources, path, key, value)
                            .ok_or_else(|| refused(&format!("install.{key}")))?;
                    }
                }
                _ if DATA.elsewhere.contains(key) => {}
                _ => return Err(refused(key)),
            }
        }
        Ok(())
    }

    /// `None` if it is not known what a key means.
    fn install(&mut self, sources: &mut Sources<'_>, path: &str, key: &str, value: &Value) -> Option<()> {
        let named = |value: &Value| {
            let text = value.as_str().filter(|text| !text.contains(['$', '~']))?;
            Some(join(parent(path), text))
        };
        match (key, value) {
            ("production" | "frozenLockfile", Value::Boolean(on)) => self.frozen |= *on,
            ("ignoreScripts", Value::Boolean(on)) => self.ignores_scripts |= *on,
            ("dryRun", Value::Boolean(false)) | ("cache", Value::Boolean(_)) => {}
            ("cafile", file) => sources.ambient_unread(&named(file)?),
            ("cache", Value::Table(table)) => {
                for (key, value) in table {
                    match key.as_str() {
                        "dir" => {
                            sources.inputs.write_trees.insert(named(value)?);
                        }
                        "disable" | "disableManifest" => {}
                        _ => return None,
                    }
                }
            }
            ("cache", folder) => {
                sources.inputs.write_trees.insert(named(folder)?);
            }
            _ if DATA.install.contains(key) => {}
            _ => return None,
        }
        Some(())
    }

    fn npmrc(&mut self, sources: &mut Sources<'_>, path: &str, text: &str) -> Result<(), Unclear> {
        for (key, value) in npmrc::settings(text) {
            match key {
                "ignore-scripts" => self.ignores_scripts |= value == "true",
                "cafile" if !value.contains('$') => sources.ambient_unread(&join(parent(path), value)),
                _ if npmrc::is_login(key) || key.ends_with(":registry") || DATA.npmrc.contains(key) => {}
                _ => {
                    let reason = format!("the setting `{key}` of `{path}` may change what Bun reads");
                    return Err(Unclear::at(path, reason));
                }
            }
        }
        Ok(())
    }
}

/// The key of a line of a .env file.
fn key(line: &str) -> &str {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let end = line.find(['=', ':']).unwrap_or(line.len());
    line[..end].trim()
}

/// Variables in a .env file that say something to Bun, to node or to the scripts that an install runs.
fn is_telling(name: &str) -> bool {
    const WHOLE: [&str; 6] = ["HOME", "PATH", "TMPDIR", "INIT_CWD", "CI", "LD_PRELOAD"];
    let upper = name.to_ascii_uppercase();
    WHOLE.contains(&upper.as_str())
        || ["BUN_", "NPM_", "NODE_", "XDG_", "GIT_", "SSL_"].iter().any(|start| upper.starts_with(start))
}
