//! What `poetry install` and `poetry config` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 with poetry 1.8 and 2.5: with `--no-root`, or where `package-mode` is off, they open pyproject.toml, poetry.lock and poetry.toml, and look for `.venv` and `.poetry/plugins`;
//! a `license = { file = … }` of the `project` table is read by every command. README and packages are read where the project itself is installed. Without a lock file they write one; with
//! one that does not fit, they fail.

#[cfg(test)]
mod tests;

use toml::{Table, Value};

use super::paths::{join, parent};
use super::pyproject::{Pyproject, is_remote, parsed};
use super::python::{self, value};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

/// Names that are looked for in the working directory: by a start script of pyenv; and by `ctypes`, which asks the C compiler for the
/// libraries of a keyring (traced 2026-11-25, poetry 2.5).
const GHOSTS: [&str; 8] = [
    ".python-version",
    "-lCoreServices",
    "-lFoundation",
    "-lSecurity",
    "-lc",
    "-lgcc",
    "-lgcc_s",
    "libgcc_s.so.1",
];

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    python::surroundings(&mut sources, call, python::Imports::WorkingDirectory)?;
    let has = |name: &str| call.flags.iter().any(|(flag, _)| flag == name);
    let settings = Settings::of(&mut sources, call)?;
    for place in [".poetry", ".poetry/plugins"] {
        sources.not_of_the_project(&join(call.cwd, place), "plugins of poetry come from the project")?;
    }
    for ghost in GHOSTS {
        sources.ambient_unread(&join(call.cwd, ghost));
    }
    let pyproject = match call.action {
        "config" => Pyproject::ambient(&mut sources, call.cwd)?,
        _ => Some(Pyproject::needed(&mut sources, call.cwd)?),
    };
    if let Some(pyproject) = &pyproject {
        plain(&mut sources, pyproject)?;
    }
    match (call.action, pyproject) {
        ("config", _) => {
            if has("--local") {
                sources.inputs.writes.insert(join(call.cwd, "poetry.toml"));
            }
        }
        ("install", Some(pyproject)) => {
            let installs_root =
                pyproject.get("tool.poetry.package-mode").and_then(Value::as_bool) != Some(false);
            if installs_root && (!has("--no-root") || has("--only-root")) {
                let reason = "`poetry install` installs the project itself, which may read any file of it (with `--no-root` it would not)";
                return Err(Unclear::at(&pyproject.path, reason));
            }
            let directories = if has("--no-directory") { Directories::LeftOut } else { Directories::Built };
            lock(&mut sources, call, directories)?;
            let is_active = value(call, "VIRTUAL_ENV")?.is_some();
            // Without the setting, poetry takes a `.venv` that is there.
            if !is_active && settings.in_project != Some(false) {
                sources.inputs.write_trees.insert(join(call.cwd, ".venv"));
            }
        }
        (other, _) => return Err(Unclear::new(format!("`poetry {other}` may read any file of the project"))),
    }
    Ok(sources.inputs)
}

/// What poetry.toml and the environment say.
#[derive(Debug, Default)]
struct Settings {
    in_project: Option<bool>,
}

impl Settings {
    fn of(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<Self, Unclear> {
        let mut settings = Self::default();
        let path = join(call.cwd, "poetry.toml");
        if let Some(text) = sources.ambient(&path)? {
            settings.file(&path, &parsed(&path, &text)?)?;
        }
        for (variable, value) in call.env {
            match (variable.as_str(), value.as_deref()) {
                ("POETRY_VIRTUALENVS_IN_PROJECT", Some(value)) => {
                    settings.in_project = Some(["true", "1"].contains(&value.to_ascii_lowercase().as_str()));
                }
                ("POETRY_VIRTUALENVS_IN_PROJECT", None) => settings.in_project = None,
                (
                    "POETRY_CACHE_DIR"
                    | "POETRY_DATA_DIR"
                    | "POETRY_VIRTUALENVS_PATH"
                    | "POETRY_CONFIG_DIR"
                    | "POETRY_HOME",
                    Some(dir),
                ) if !dir.is_empty() => {
                    let dir = join(call.cwd, dir);
                    sources
                        .not_of_the_project(&dir, &format!("`{variable}` names a folder of the project"))?;
                    sources.inputs.write_trees.insert(dir);
                }
                (
                    "POETRY_CACHE_DIR" | "POETRY_DATA_DIR" | "POETRY_VIRTUALENVS_PATH" | "POETRY_CONFIG_DIR",
                    None,
                ) => {
                    return Err(Unclear::new(format!(
                        "the value of `{variable}` is not known, and it names a folder"
                    )));
                }
                _ => {}
            }
        }
        let home = call.env.get("HOME").and_then(Option::as_deref).unwrap_or("/root");
        sources.not_of_the_project(
            &join(home, ".config/pypoetry"),
            "the settings of poetry come from the project",
        )?;
        Ok(settings)
    }

    fn file(&mut self, path: &str, table: &Table) -> Result<(), Unclear> {
        const HARMLESS: [&str; 11] = [
            "virtualenvs",
            "installer",
            "solver",
            "repositories",
            "http-basic",
            "pypi-token",
            "certificates",
            "keyring",
            "requests",
            "experimental",
            "system-git-client",
        ];
        let moves =
            table.get("virtualenvs").and_then(|settings| settings.get("path")).map(|_| "virtualenvs.path");
        let odd = table.keys().map(String::as_str).find(|key| !HARMLESS.contains(key));
        if let Some(key) = odd.or(moves) {
            return Err(Unclear::at(
                path,
                format!("the setting `{key}` in `{path}` may change what poetry reads or writes"),
            ));
        }
        self.in_project =
            table.get("virtualenvs").and_then(|settings| settings.get("in-project")).and_then(Value::as_bool);
        Ok(())
    }
}

/// What every command reads of pyproject.toml besides its own text, and the plugins that it speaks of.
fn plain(sources: &mut Sources<'_>, pyproject: &Pyproject) -> Result<(), Unclear> {
    if let Some(file) = pyproject.get("project.license.file").and_then(Value::as_str) {
        sources.needed_unread(&join(parent(&pyproject.path), file))?;
    }
    if pyproject.get("tool.poetry.requires-plugins").is_some() {
        let reason = "poetry installs the plugins of `requires-plugins` into `.poetry`, and what they read is not known";
        return Err(Unclear::at(&pyproject.path, reason));
    }
    let plugin = pyproject
        .get("tool")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::keys)
        .find(|key| key.starts_with("poetry-") || key.starts_with("poetry_"));
    match plugin {
        Some(plugin) => Err(Unclear::at(
            &pyproject.path,
            format!(
                "the plugin `{plugin}`, which `{}` has settings for, may read git and write that file",
                pyproject.path
            ),
        )),
        None => Ok(()),
    }
}

fn lock(sources: &mut Sources<'_>, call: &Call<'_>, directories: Directories) -> Result<(), Unclear> {
    let path = join(call.cwd, "poetry.lock");
    if sources.project.look(&path) == Look::Absent {
        return Err(Unclear::at(&path, "there is no `poetry.lock`, so `poetry install` writes one"));
    }
    let text = sources.needed(&path)?;
    let lock = parsed(&path, &text)?;
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let Some(source) = package.get("source") else { continue };
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        let of = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = join(call.cwd, of("url"));
        match of("type") {
            "directory" if directories == Directories::LeftOut => {
                for file in ["pyproject.toml", "setup.py", "setup.cfg"] {
                    sources.ambient_unread(&join(&place, file));
                }
            }
            "directory" => {
                let reason = format!(
                    "`poetry install` builds `{name}` of the project from `{place}`, which may read any file there (with `--no-directory` it would not)"
                );
                return Err(Unclear::at(&place, reason));
            }
            "file" => sources.needed_unread(&place)?,
            _ if is_remote(of("url")) => {}
            _ => {
                return Err(Unclear::at(
                    &path,
                    format!("`{path}` takes `{name}` from `{}`, which is not on the network", of("url")),
                ));
            }
        }
    }
    Ok(())
}

/// What becomes of packages that are folders of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directories {
    Built,
    LeftOut,
}
