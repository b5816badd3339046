//! What `uv sync`, `uv pip install`, `uv pip sync` and `uv venv` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 with uv 0.11 and a cold cache: `uv sync` opens pyproject.toml, uv.lock, uv.toml and the pyproject.toml of every member of the workspace, and looks for
//! .python-version in the folders above. It opens README and sources only where it builds a package of the project: with `--locked` it does so too where the dependencies
//! are dynamic, with `--frozen` never to resolve.

mod lock;
mod settings;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{above, join};
use super::pyproject::is_remote;
use super::python::{self, value};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear, pip};

/// What is known about uv, from `data/manifests/uv.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    harmless_settings: BTreeSet<String>,
    harmless_variables: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/uv.toml")).expect("uv.toml is checked by a test")
});

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    python::surroundings(&mut sources, call, python::Imports::AsCalled)?;
    variables(&mut sources, call)?;
    settings::check(&mut sources, call)?;
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        for file in [".python-version", ".python-versions"] {
            let path = join(dir, file);
            if sources.ambient(&path)?.is_some_and(|text| text.contains('/')) {
                return Err(Unclear::at(&path, format!("`{path}` names an interpreter by its path")));
            }
        }
    }
    options(&mut sources, call)?;
    match call.action {
        "sync" => sync::read(sources, call),
        "pip-install" | "pip-sync" => packages(sources, call),
        "venv" => {
            let dir = call.operands.first().map_or(".venv", String::as_str);
            sources.inputs.write_trees.insert(join(call.cwd, dir));
            Ok(sources.inputs)
        }
        other => {
            Err(Unclear::new(format!("`uv {}` may read any file of the project", other.replace('-', " "))))
        }
    }
}

/// Variables that begin with `UV_` are options; those that name files or move the project are not followed, save one.
fn variables(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for (variable, value) in call.env {
        if !variable.starts_with("UV_") || DATA.harmless_variables.contains(variable) {
            continue;
        }
        match (variable.as_str(), value.as_deref()) {
            ("UV_PROJECT_ENVIRONMENT", Some(_)) => {}
            ("UV_CACHE_DIR", Some(dir)) => {
                sources.not_of_the_project(&join(call.cwd, dir), "the cache of uv comes from the project")?;
                sources.inputs.write_trees.insert(join(call.cwd, dir));
            }
            ("UV_PYTHON_INSTALL_DIR", Some(dir)) => {
                sources.inputs.write_trees.insert(join(call.cwd, dir));
            }
            (
                "UV_INDEX_URL" | "UV_DEFAULT_INDEX" | "UV_EXTRA_INDEX_URL" | "UV_INDEX" | "UV_FIND_LINKS",
                Some(list),
            ) => {
                list.split_whitespace().try_for_each(|address| index(variable, address))?;
            }
            // An address that is not known has a password in it, as a rule.
            ("UV_INDEX_URL" | "UV_DEFAULT_INDEX" | "UV_EXTRA_INDEX_URL" | "UV_INDEX", None) => {}
            _ => {
                return Err(Unclear::new(format!(
                    "`{variable}` changes what uv reads in a way dockopt cannot follow"
                )));
            }
        }
    }
    Ok(())
}

/// Options that name addresses, files or interpreters. Which others there are says the data of the tool.
fn options(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for (flag, value) in call.flags {
        let value = value.as_deref().unwrap_or_default();
        match flag.as_str() {
            "--index" | "--default-index" | "--index-url" | "-i" | "--extra-index-url" => index(flag, value)?,
            "--find-links" | "-f" if call.action == "sync" => index(flag, value)?,
            "--cache-dir" => {
                sources
                    .not_of_the_project(&join(call.cwd, value), "the cache of uv comes from the project")?;
                sources.inputs.write_trees.insert(join(call.cwd, value));
            }
            "--python" | "-p" if value.contains('/') && !value.starts_with("/usr/") => {
                return Err(Unclear::new(format!("`{flag} {value}` names an interpreter by its path")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `--index name=https://…` gives the index a name.
fn index(origin: &str, address: &str) -> Result<(), Unclear> {
    let bare =
        address.split_once('=').filter(|(name, _)| !name.contains(':')).map_or(address, |(_, bare)| bare);
    if is_remote(bare) {
        return Ok(());
    }
    Err(Unclear::new(format!("the package index `{address}` of `{origin}` is not on the network")))
}

/// `uv pip`: requirement files as pip reads them, and pyproject.toml where it is named.
fn packages<'a>(mut sources: Sources<'a>, call: &'a Call<'a>) -> Result<Inputs, Unclear> {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for (flag, value) in call.flags {
        let value = value.as_deref().unwrap_or_default();
        match flag.as_str() {
            "-r" | "--requirement" | "--requirements" => told.push(("--requirement", value)),
            "-c"
            | "--constraint"
            | "--constraints"
            | "-b"
            | "--build-constraint"
            | "--build-constraints"
            | "--override"
            | "--overrides" => told.push(("--constraint", value)),
            "-e" | "--editable" => told.push(("--editable", value)),
            "-f" | "--find-links" => told.push(("--find-links", value)),
            "--target" | "-t" | "--prefix" => {
                sources.inputs.write_trees.insert(join(call.cwd, value));
            }
            _ => {}
        }
    }
    let mut named: &[String] = call.operands;
    if call.action == "pip-sync" {
        told.extend(named.iter().map(|file| ("--requirement", file.as_str())));
        named = &[];
    }
    let is_manifest = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        ["pyproject.toml", "setup.py", "setup.cfg", "pylock.toml"].contains(&name)
            || name.starts_with("pylock.")
    };
    if let Some((_, file)) = told.iter().find(|(_, file)| is_manifest(file)) {
        return Err(Unclear::at(
            &join(call.cwd, file),
            format!("`{file}` may have uv build the project to learn its dependencies"),
        ));
    }
    environment(&mut sources, call)?;
    pip::requirements(sources, call, &told, named)
}

/// Without `--system`, `uv pip` installs into the virtual environment that is active, or else into the nearest `.venv`.
fn environment(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let is_system = call.flags.iter().any(|(flag, _)| flag == "--system")
        || call.env.get("UV_SYSTEM_PYTHON").is_some_and(|value| value.as_deref().is_some_and(is_on));
    if is_system || value(call, "VIRTUAL_ENV")?.is_some() {
        return Ok(());
    }
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        // The folder itself may be one.
        sources
            .not_of_the_project(&join(dir, "pyvenv.cfg"), "the virtual environment comes from the project")?;
        let venv = join(dir, ".venv");
        if dir == call.cwd || sources.project.look(&venv) == Look::Directory {
            sources.inputs.write_trees.insert(venv);
        }
    }
    Ok(())
}

/// A switch in the environment.
fn is_on(value: &str) -> bool {
    ["1", "true", "t", "yes", "y", "on"].contains(&value.to_ascii_lowercase().as_str())
}
