//! What conda, mamba and micromamba read and write of the project when they fill an environment. Runs nothing and resolves no version.
//!
//! The pip part of an environment file becomes a requirement file beside it, and pip runs in that folder (conda, `env/installers/pip.py`).

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::paths::{join, name, parent};
use super::pyproject::is_remote;
use super::python::{self, value};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear, pip};
use crate::yaml::{self, Aliases};

/// Variables that stand for settings which name folders or where packages come from.
const TELLING: [&str; 9] = [
    "CONDA_PKGS_DIRS",
    "CONDA_ENVS_DIRS",
    "CONDA_ENVS_PATH",
    "CONDA_CHANNELS",
    "CONDA_DEFAULT_CHANNELS",
    "CONDA_CHANNEL_ALIAS",
    "CONDA_CUSTOM_CHANNELS",
    "CONDA_CUSTOM_MULTICHANNELS",
    "CONDA_CREATE_DEFAULT_PACKAGES",
];

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    python::surroundings(&mut sources, call, python::Imports::AsCalled)?;
    settings(&mut sources, call)?;
    let mut files = Vec::new();
    for (flag, value) in call.flags {
        let value = value.as_deref().unwrap_or_default();
        match flag.as_str() {
            "-f" | "--file" => files.push(join(call.cwd, value)),
            "-p" | "--prefix" => fills(&mut sources, &join(call.cwd, value), flag)?,
            "-c" | "--channel" => channel(value, None)?,
            _ => {}
        }
        if value.contains("://") {
            return Err(Unclear::new(format!("`{flag} {value}` is an address that dockopt cannot follow")));
        }
    }
    match (call.action, call.operands.first()) {
        ("env", Some(operand)) => {
            return Err(Unclear::new(format!("it is not known what `{operand}` stands for")));
        }
        ("env", None) if files.is_empty() => files.push(join(call.cwd, "environment.yml")),
        _ => {}
    }
    if files.is_empty() && call.operands.is_empty() && call.action == "install" {
        return Err(Unclear::new(format!("`{}` is not told what to install", call.command)));
    }
    for operand in call.operands {
        package(operand, None)?;
    }
    for file in &files {
        let text = sources.needed(file)?;
        if !matches!(file.rsplit('.').next(), Some("yml" | "yaml")) {
            listed(&text, file)?;
        } else if name(file).contains("conda-lock") {
            // A lock file names all packages by address, and nothing else of the project.
            if text.contains("file:") {
                return Err(Unclear::at(file, format!("`{file}` may name files by `file:`")));
            }
        } else if let Some(requirements) = environment(&mut sources, &text, file)? {
            let dir = parent(file);
            let inner = Call { cwd: dir, ..*call };
            let pip = pip::surroundings(sources, &inner)?;
            let mut pip = pip::lines(pip, &inner, &requirements, file)?;
            python::surroundings(&mut pip, &inner, python::Imports::WorkingDirectory)?;
            sources = Sources { project, inputs: pip.inputs };
        }
    }
    Ok(sources.inputs)
}

/// Settings of the image stay what they are; those of the project could say anything.
fn settings(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    if let Some(variable) = TELLING.iter().find(|variable| call.env.contains_key(**variable)) {
        return Err(Unclear::new(format!("`{variable}` changes what `{}` reads or writes", call.command)));
    }
    for variable in ["CONDARC", "MAMBARC"] {
        if let Some(file) = value(call, variable)? {
            sources.not_of_the_project(
                &join(call.cwd, file),
                &format!("the settings that `{variable}` names come from the project"),
            )?;
        }
    }
    for variable in ["MAMBA_ROOT_PREFIX", "CONDA_PREFIX"] {
        if let Some(dir) = value(call, variable)? {
            fills(sources, &join(call.cwd, dir), variable)?;
        }
    }
    let home = value(call, "HOME")?.unwrap_or("/root");
    for file in [".condarc", ".mambarc", ".conda", ".config/conda", ".mamba"] {
        let path = join(home, file);
        sources.not_of_the_project(&path, &format!("the settings in `{path}` come from the project"))?;
    }
    Ok(())
}

fn fills(sources: &mut Sources<'_>, dir: &str, named_by: &str) -> Result<(), Unclear> {
    if matches!(sources.project.look(dir), Look::File | Look::Directory) {
        return Err(Unclear::at(dir, format!("`{named_by}` names `{dir}`, which comes from the project")));
    }
    sources.inputs.write_trees.insert(dir.to_owned());
    Ok(())
}

/// What an environment file may say.
const KEYS: [&str; 5] = ["name", "channels", "dependencies", "prefix", "variables"];

/// An environment file: checks it, and gives what it asks of pip, as a requirement file.
fn environment(sources: &mut Sources<'_>, text: &str, path: &str) -> Result<Option<String>, Unclear> {
    let odd = |what: &str| Unclear::at(path, format!("`{path}` has {what}, which dockopt cannot follow"));
    let read =
        yaml::read(text, Aliases::Refused).map_err(|why| Unclear::at(path, format!("`{path}` {why}")))?;
    let table = read.as_object().ok_or_else(|| odd("no keys"))?;
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(odd(&format!("the key `{key}`")));
    }
    if let Some(prefix) = table.get("prefix").and_then(Value::as_str) {
        fills(sources, &join(parent(path), prefix), "prefix")?;
    }
    for entry in list(table.get("channels")).ok_or_else(|| odd("channels that are no list"))? {
        channel(entry.as_str().ok_or_else(|| odd("a channel that is no text"))?, Some(path))?;
    }
    let mut requirements: Option<String> = None;
    for entry in list(table.get("dependencies")).ok_or_else(|| odd("dependencies that are no list"))? {
        if let Some(asked) = entry.as_str() {
            package(asked, Some(path))?;
            continue;
        }
        let part = entry.as_object().filter(|part| part.len() == 1).and_then(|part| part.get("pip"));
        let part = part.ok_or_else(|| odd("a dependency that is neither a package nor a list for pip"))?;
        for line in list(Some(part)).ok_or_else(|| odd("a pip part that is no list"))? {
            let line = line.as_str().ok_or_else(|| odd("a line for pip that is no text"))?;
            let all = requirements.get_or_insert_default();
            all.push_str(line);
            all.push('\n');
        }
    }
    Ok(requirements)
}

/// The items of a list; none where there is nothing.
fn list(value: Option<&Value>) -> Option<&[Value]> {
    match value {
        None | Some(Value::Null) => Some(&[]),
        Some(value) => value.as_array().map(Vec::as_slice),
    }
}

/// A list of packages or of their addresses, one a line (`conda list --export`, `conda list --explicit`).
fn listed(text: &str, path: &str) -> Result<(), Unclear> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '@']));
    for line in lines {
        if line.starts_with('-') {
            return Err(Unclear::at(path, format!("`{path}` has an option in the line `{line}`")));
        }
        package(line, Some(path))?;
    }
    Ok(())
}

fn is_place(text: &str) -> bool {
    text.starts_with(['.', '/', '~', '$']) || text.to_ascii_lowercase().starts_with("file:")
}

/// A channel is a folder only if it is written as a path.
fn channel(written: &str, path: Option<&str>) -> Result<(), Unclear> {
    if !is_place(written) && written != "local" {
        return Ok(());
    }
    let reason = format!("the channel `{written}` is not on the network");
    Err(Unclear { reason, path: path.map(str::to_owned) })
}

/// A package by its name, or by the address of its archive; a path is taken from the project.
fn package(written: &str, path: Option<&str>) -> Result<(), Unclear> {
    let (from, _) = written.split_once("::").unwrap_or_default();
    let is_archive = [".tar.bz2", ".conda"].iter().any(|suffix| written.contains(suffix));
    let is_file = [".yml", ".yaml", ".txt"].iter().any(|suffix| written.ends_with(suffix));
    if is_place(written) || is_place(from) || is_file || (is_archive && !is_remote(written)) {
        let reason = format!("the package `{written}` is a file, which dockopt does not follow");
        return Err(Unclear { reason, path: path.map(str::to_owned) });
    }
    Ok(())
}
