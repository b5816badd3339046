//! What `pipenv sync` and `pipenv install` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 with pipenv 2026.10: they open Pipfile, Pipfile.lock and .env, look for pylock.toml and `.venv`, and let pip install what the lock file names.

#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::paths::join;
use super::pyproject::{is_remote, parsed};
use super::python::{self, value};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear, pip};

/// Variables of pipenv that name no file and choose no other behaviour than the one assumed here.
const HARMLESS: [&str; 16] = [
    "PIPENV_COLORBLIND",
    "PIPENV_DEFAULT_PYTHON_VERSION",
    "PIPENV_DONT_LOAD_ENV",
    "PIPENV_DONT_USE_ASDF",
    "PIPENV_DONT_USE_PYENV",
    "PIPENV_HIDE_EMOJIS",
    "PIPENV_IGNORE_VIRTUALENVS",
    "PIPENV_INSTALL_TIMEOUT",
    "PIPENV_MAX_DEPTH",
    "PIPENV_MAX_RETRIES",
    "PIPENV_NOSPIN",
    "PIPENV_REQUESTS_TIMEOUT",
    "PIPENV_SKIP_VALIDATION",
    "PIPENV_TIMEOUT",
    "PIPENV_VENV_IN_PROJECT",
    "PIPENV_YES",
];

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = pip::surroundings(Sources::new(project), call)?;
    python::surroundings(&mut sources, call, python::Imports::WorkingDirectory)?;
    let has = |name: &str| call.flags.iter().any(|(flag, _)| flag == name);
    if !call.operands.is_empty() {
        return Err(Unclear::at(
            &join(call.cwd, "Pipfile"),
            "`pipenv install` with the name of a package writes it into `Pipfile`",
        ));
    }
    variables(&mut sources, call)?;
    dot_env(&mut sources, call)?;
    let pylock = join(call.cwd, "pylock.toml");
    sources.absent(&pylock, &format!("pipenv may take `{pylock}` for its lock file"))?;
    for file in [".python-version", ".tool-versions"] {
        sources.ambient_unread(&join(call.cwd, file));
    }
    let venv = join(call.cwd, ".venv");
    sources.not_of_the_project(&venv, "pipenv takes `.venv` of the project for its virtual environment")?;
    pipfile(&mut sources, call)?;
    lock(&mut sources, call)?;
    if call.action == "install" {
        if !has("--deploy") && !has("--ignore-pipfile") {
            let reason = "`pipenv install` rewrites `Pipfile.lock` where it does not fit `Pipfile`; `pipenv sync`, or `--deploy`, never does";
            return Err(Unclear::at(&join(call.cwd, "Pipfile.lock"), reason));
        }
        // Where a virtual environment is there, pipenv asks the package index how each name is spelled, and writes that (`ensure_pipfile` in its `utils/pipfile.py`).
        let may_respell = !has("--system") || value(call, "VIRTUAL_ENV")?.is_some();
        if may_respell && !is_on(call, "PIPENV_SKIP_VALIDATION") {
            let reason = "`pipenv install` into a virtual environment may rewrite the names in `Pipfile` as the package index spells them; `pipenv sync` never does";
            return Err(Unclear::at(&join(call.cwd, "Pipfile"), reason));
        }
    }
    if !has("--system") {
        sources.inputs.write_trees.insert(venv);
    }
    Ok(sources.inputs)
}

/// Whether a variable is known to hold what pipenv takes for yes.
fn is_on(call: &Call<'_>, variable: &str) -> bool {
    let value = call.env.get(variable).and_then(Option::as_deref).unwrap_or_default();
    ["1", "true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str())
}

fn variables(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for variable in ["PIPENV_CACHE_DIR", "WORKON_HOME"] {
        if let Some(dir) = value(call, variable)? {
            let dir = join(call.cwd, dir);
            sources.not_of_the_project(&dir, &format!("`{variable}` names a folder of the project"))?;
            sources.inputs.write_trees.insert(dir);
        }
    }
    // Every option may be set by a variable (`PIPENV_DEV`), so one that is not known may change anything.
    let odd = call.env.keys().find(|variable| {
        variable.starts_with("PIPENV_")
            && *variable != "PIPENV_CACHE_DIR"
            && !HARMLESS.contains(&variable.as_str())
    });
    match odd {
        Some(variable) => Err(Unclear::new(format!("`{variable}` changes what pipenv reads or writes"))),
        None => Ok(()),
    }
}

/// Its variables win over those of the image.
fn dot_env(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    if is_on(call, "PIPENV_DONT_LOAD_ENV") {
        return Ok(());
    }
    let path = join(call.cwd, ".env");
    let reason = format!(
        "pipenv takes variables from `{path}`, which may change what it reads or writes (with `PIPENV_DONT_LOAD_ENV=1` it would not)"
    );
    sources.not_of_the_project(&path, &reason)
}

fn pipfile(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    const SETTINGS: [&str; 4] =
        ["allow_prereleases", "disable_pip_input", "install_search_all_sources", "sort_pipfile"];
    let path = join(call.cwd, "Pipfile");
    let text = sources.needed(&path)?;
    let table = parsed(&path, &text)?;
    let settings = table.get("pipenv").and_then(Value::as_table);
    if let Some(key) =
        settings.into_iter().flat_map(Table::keys).find(|key| !SETTINGS.contains(&key.as_str()))
    {
        let reason = format!("the setting `{key}` in `{path}` may change what pipenv reads or writes");
        return Err(Unclear::at(&path, reason));
    }
    let indexes = table.get("source").and_then(Value::as_array).into_iter().flatten();
    for index in indexes {
        on_the_network(&path, index.get("url").and_then(Value::as_str))?;
    }
    for (section, packages) in &table {
        if ["source", "requires", "scripts", "pipenv"].contains(&section.as_str()) {
            continue;
        }
        for (name, package) in packages.as_table().into_iter().flatten() {
            let of = |key: &str| package.get(key).and_then(Value::as_str);
            let is_editable = package.get("editable").is_some();
            Package { name, path: of("path"), file: of("file"), git: of("git"), is_editable }
                .check(&path, call.cwd)?;
        }
    }
    Ok(())
}

fn lock(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let path = join(call.cwd, "Pipfile.lock");
    if sources.project.look(&path) == Look::Absent {
        return Err(Unclear::at(&path, "there is no `Pipfile.lock`, so pipenv writes one or fails"));
    }
    let text = sources.needed(&path)?;
    let lock: Json =
        serde_json::from_str(&text).map_err(|_| Unclear::at(&path, format!("`{path}` is no JSON")))?;
    for index in lock["_meta"]["sources"].as_array().into_iter().flatten() {
        on_the_network(&path, index["url"].as_str())?;
    }
    let sections = lock.as_object().into_iter().flatten().filter(|(section, _)| *section != "_meta");
    for (name, package) in sections.flat_map(|(_, packages)| packages.as_object().into_iter().flatten()) {
        let of = |key: &str| package[key].as_str();
        let is_editable = package.get("editable").is_some();
        Package { name, path: of("path"), file: of("file"), git: of("git"), is_editable }
            .check(&path, call.cwd)?;
    }
    Ok(())
}

fn on_the_network(path: &str, index: Option<&str>) -> Result<(), Unclear> {
    match index {
        Some(address) if is_remote(address) => Ok(()),
        _ => {
            let address = index.unwrap_or_default();
            Err(Unclear::at(path, format!("the package index `{address}` of `{path}` is not on the network")))
        }
    }
}

/// An entry of Pipfile or of Pipfile.lock, as far as it says where the package comes from.
struct Package<'a> {
    name: &'a str,
    path: Option<&'a str>,
    file: Option<&'a str>,
    git: Option<&'a str>,
    is_editable: bool,
}

impl Package<'_> {
    fn check(&self, manifest: &str, cwd: &str) -> Result<(), Unclear> {
        let name = self.name;
        if let Some(place) = self.path.or(self.file.filter(|address| !is_remote(address))) {
            let place = join(cwd, place);
            let reason = format!(
                "pipenv builds `{name}` of `{manifest}` from `{place}`, which may read any file there"
            );
            return Err(Unclear::at(&place, reason));
        }
        if self.is_editable {
            let reason = format!(
                "`{name}` of `{manifest}` is editable, so its sources stay where pip takes them, which may be in the project"
            );
            return Err(Unclear::at(manifest, reason));
        }
        match self.git.filter(|address| !is_remote(address)) {
            Some(address) => Err(Unclear::at(
                manifest,
                format!("`{manifest}` takes `{name}` from `{address}`, which dockopt cannot follow"),
            )),
            None => Ok(()),
        }
    }
}
