//! What `pdm sync` and `pdm install` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 with pdm 2.22 and 2.29: with `--no-self` they open pyproject.toml and pdm.lock, look for pdm.toml, .pdm.toml, .pdm-plugins, .python-version and virtual environments, and
//! write `.venv` and `.pdm-python`. README and packages are read where the project itself is installed.

#[cfg(test)]
mod tests;

use toml::Value;

use super::paths::join;
use super::pyproject::{Pyproject, is_remote, parsed};
use super::python::{self, value};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

/// Variables that name folders or another project, or that change which files are meant.
const TELLING: [&str; 6] =
    ["PDM_PROJECT", "PDM_CONFIG_FILE", "PDM_CACHE_DIR", "PDM_LOG_DIR", "PDM_VENV_LOCATION", "PDM_LOCKFILE"];

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    python::surroundings(&mut sources, call, python::Imports::WorkingDirectory)?;
    let has = |names: &[&str]| call.flags.iter().any(|(flag, _)| names.contains(&flag.as_str()));
    if let Some(variable) = TELLING.iter().find(|variable| call.env.contains_key(**variable)) {
        return Err(Unclear::new(format!("`{variable}` changes what pdm reads or writes")));
    }
    for file in ["pdm.toml", ".pdm.toml", ".pdm-plugins", "pylock.toml"] {
        let path = join(call.cwd, file);
        sources.absent(&path, &format!("`{path}` changes what pdm reads or writes"))?;
    }
    for file in [".python-version", ".env"] {
        sources.ambient_unread(&join(call.cwd, file));
    }
    for folder in ["venv", "env", "conda"] {
        let why = format!("pdm may take `{folder}` of the project for its virtual environment");
        for place in [folder.to_owned(), format!("{folder}/bin/python")] {
            sources.not_of_the_project(&join(call.cwd, &place), &why)?;
        }
    }
    let pyproject = Pyproject::needed(&mut sources, call.cwd)?;
    plain(&pyproject)?;
    let is_distribution = match pyproject.get("tool.pdm.distribution").and_then(Value::as_bool) {
        Some(told) => told,
        None => pyproject.get("build-system").is_some(),
    };
    if is_distribution && !has(&["--no-self"]) {
        let reason = format!(
            "`pdm {}` installs the project itself, which may read any file of it (with `--no-self` it would not)",
            call.action
        );
        return Err(Unclear::at(&pyproject.path, reason));
    }
    lock(&mut sources, call)?;
    // The lock file is compared with pyproject.toml, and written anew where it does not fit.
    if call.action == "install" && !has(&["--check", "--frozen-lockfile", "--no-lock"]) {
        let reason = "`pdm install` rewrites `pdm.lock` where it is out of date; `pdm sync`, or `--frozen-lockfile`, never does";
        return Err(Unclear::at(&join(call.cwd, "pdm.lock"), reason));
    }
    // It remembers its interpreter beside the project, and installs into `__pypackages__` where its settings, which the image may hold, say so.
    for place in [".pdm-python", "__pypackages__"] {
        sources.inputs.write_trees.insert(join(call.cwd, place));
    }
    if value(call, "VIRTUAL_ENV")?.is_none() {
        sources.inputs.write_trees.insert(join(call.cwd, ".venv"));
    }
    Ok(sources.inputs)
}

/// Scripts that run around an install, and plugins.
fn plain(pyproject: &Pyproject) -> Result<(), Unclear> {
    const HOOKS: [&str; 6] = ["pre_install", "post_install", "pre_lock", "post_lock", "pre_use", "post_use"];
    let scripts = pyproject.get("tool.pdm.scripts").and_then(Value::as_table);
    if let Some(hook) = scripts.and_then(|scripts| HOOKS.iter().find(|hook| scripts.contains_key(**hook))) {
        return Err(Unclear::at(
            &pyproject.path,
            format!("the script `{hook}` of pdm may read any file of the project"),
        ));
    }
    if pyproject.get("tool.pdm.options").is_some() {
        return Err(Unclear::at(&pyproject.path, "`tool.pdm.options` adds options to the commands of pdm"));
    }
    if pyproject.get("tool.pdm.plugins").is_some() {
        return Err(Unclear::at(&pyproject.path, "what the plugins of pdm read is not known"));
    }
    let sources = pyproject.get("tool.pdm.source").and_then(Value::as_array).into_iter().flatten();
    let addresses = sources.filter_map(|source| source.get("url")?.as_str());
    match addresses.into_iter().find(|address| !is_remote(address)) {
        Some(address) => {
            Err(Unclear::at(&pyproject.path, format!("the package index `{address}` is not on the network")))
        }
        None => Ok(()),
    }
}

fn lock(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let path = join(call.cwd, "pdm.lock");
    if sources.project.look(&path) == Look::Absent {
        return Err(Unclear::at(&path, "there is no `pdm.lock`, so pdm writes one or fails"));
    }
    let text = sources.needed(&path)?;
    let lock = parsed(&path, &text)?;
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let of = |key: &str| package.get(key).and_then(Value::as_str);
        let name = of("name").unwrap_or_default();
        if let Some(place) = of("path") {
            let place = join(call.cwd, place);
            let is_archive = package.get("editable").is_none() && sources.project.look(&place) == Look::File;
            if !is_archive {
                return Err(Unclear::at(
                    &place,
                    format!(
                        "pdm builds `{name}` of the project from `{place}`, which may read any file there"
                    ),
                ));
            }
            sources.needed_unread(&place)?;
        }
        if let Some(address) = of("url").or_else(|| of("git")).filter(|address| !is_remote(address)) {
            return Err(Unclear::at(
                &path,
                format!("`{path}` takes `{name}` from `{address}`, which is not on the network"),
            ));
        }
    }
    Ok(())
}
