//! `uv sync`: the project, the workspace around it, and what of both is built. Reads no source file.

use std::collections::BTreeSet;

use toml::Value;

use super::super::paths::{above, join, name};
use super::super::pyproject::{Pyproject, parsed, strings};
use super::super::python::value;
use super::super::sources::Sources;
use super::super::workspaces::{self, Star};
use super::super::{Call, Inputs, Look, Unclear};
use super::is_on;
use super::lock::{self, Form, Local};

pub(super) fn read(mut sources: Sources<'_>, call: &Call<'_>) -> Result<Inputs, Unclear> {
    let trust = Trust::of(call)?;
    let own = std::iter::once(call.cwd)
        .chain(above(call.cwd))
        .find(|dir| sources.project.look(&join(dir, "pyproject.toml")) == Look::File)
        .unwrap_or(call.cwd);
    Pyproject::needed(&mut sources, own)?;
    let (root, members) = workspace(&mut sources, own)?;
    let path = join(&root, "uv.lock");
    if sources.project.look(&path) == Look::Absent {
        return Err(Unclear::at(&path, "there is no `uv.lock`, so `uv sync` writes one"));
    }
    let text = sources.needed(&path)?;
    let locals = lock::locals(&path, &parsed(&path, &text)?)?;
    if trust == Trust::Neither {
        let reason = "`uv sync` rewrites `uv.lock` where it is out of date; with `--locked` or `--frozen` it never does";
        return Err(Unclear::at(&path, reason));
    }
    let left_out = LeftOut::of(call, own, &members);
    for local in &locals {
        let place = join(&root, &local.path);
        if local.form == Form::Archive {
            sources.needed_unread(&place)?;
            continue;
        }
        if trust == Trust::Locked {
            is_static(&mut sources, &place, local)?;
        }
        if local.form == Form::Built && !left_out.contains(&place, local) {
            return Err(built(&place, local, own, &members));
        }
    }
    let venv = value(call, "UV_PROJECT_ENVIRONMENT")?.unwrap_or(".venv");
    sources.inputs.write_trees.insert(join(&root, venv));
    Ok(sources.inputs)
}

/// What becomes of a lock file that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// It is taken as it is.
    Frozen,
    /// It is compared, and the install fails.
    Locked,
    /// It is written anew.
    Neither,
}

impl Trust {
    fn of(call: &Call<'_>) -> Result<Self, Unclear> {
        let flag = |name: &str| call.flags.iter().any(|(flag, _)| flag == name);
        let variable = |name: &str| match call.env.get(name) {
            Some(None) => Err(Unclear::new(format!("the value of `{name}` is only known when it runs"))),
            Some(Some(text)) => Ok(is_on(text)),
            None => Ok(false),
        };
        Ok(if flag("--frozen") || (!flag("--locked") && variable("UV_FROZEN")?) {
            Trust::Frozen
        } else if flag("--locked") || variable("UV_LOCKED")? {
            Trust::Locked
        } else {
            Trust::Neither
        })
    }
}

/// The root of the workspace that `own` belongs to, and the folders of its members. A project without a workspace is its own root and only member.
fn workspace(sources: &mut Sources<'_>, own: &str) -> Result<(String, BTreeSet<String>), Unclear> {
    for dir in std::iter::once(own).chain(above(own)) {
        let Some(pyproject) = Pyproject::ambient(sources, dir)? else { continue };
        let Some(workspace) = pyproject.get("tool.uv.workspace") else { continue };
        let folders = |key: &str| {
            let patterns: Vec<&str> = strings(workspace.get(key)).collect();
            workspaces::folders(sources.project, dir, &patterns, Star::Any)
                .map_err(|why| Unclear::at(&pyproject.path, why))
        };
        let excluded = folders("exclude")?;
        let mut members: BTreeSet<String> = folders("members")?;
        members.retain(|member| !excluded.contains(member));
        members.insert(dir.to_owned());
        if !members.contains(own) {
            return Err(Unclear::at(
                &pyproject.path,
                format!("`{own}` is no member of the workspace around it"),
            ));
        }
        // uv passes over hidden folders without a manifest, fails at others, and looks for another root above each member.
        for member in &members {
            for folder in std::iter::once(member.as_str()).chain(above(member)) {
                Pyproject::ambient(sources, folder)?;
            }
        }
        return Ok((dir.to_owned(), members));
    }
    Ok((own.to_owned(), BTreeSet::from([own.to_owned()])))
}

/// With `--locked`, uv compares the lock file with each package of the project, and builds those whose dependencies only their build backend
/// knows. A version that is dynamic it leaves out of the lock file, and so out of the comparison.
fn is_static(sources: &mut Sources<'_>, place: &str, local: &Local) -> Result<(), Unclear> {
    let pyproject = Pyproject::needed(sources, place)?;
    let is_told = pyproject
        .get("project")
        .and_then(Value::as_table)
        .is_some_and(|project| project.contains_key("name"));
    let unknown = pyproject.dynamic().find(|key| {
        *key != "version"
            && !["readme", "description", "classifiers", "scripts", "gui-scripts", "entry-points"]
                .contains(key)
            || (*key == "version" && local.version.is_some())
    });
    match unknown {
        None if is_told => Ok(()),
        Some(key) => Err(Unclear::at(
            &pyproject.path,
            format!(
                "`{}` has a dynamic `{key}`, so `uv sync --locked` may build it to compare the lock file; `--frozen` does not",
                local.name
            ),
        )),
        None => Err(Unclear::at(
            &pyproject.path,
            format!(
                "`{}` has no `project` table, so `uv sync --locked` builds it to compare the lock file",
                pyproject.path
            ),
        )),
    }
}

/// The packages of the project that options leave for later.
struct LeftOut<'a> {
    folders: BTreeSet<&'a str>,
    names: BTreeSet<&'a str>,
    all: Option<()>,
}

impl<'a> LeftOut<'a> {
    fn of(call: &'a Call<'_>, own: &'a str, members: &'a BTreeSet<String>) -> Self {
        let flag = |name: &str| call.flags.iter().any(|(flag, _)| flag == name);
        let values = |name: &'static str| {
            call.flags.iter().filter(move |(flag, _)| flag == name).filter_map(|(_, value)| value.as_deref())
        };
        let mut folders = BTreeSet::new();
        if flag("--no-install-workspace") {
            folders.extend(members.iter().map(String::as_str));
        }
        // With `--package`, the current project is another one.
        if flag("--no-install-project") && !flag("--package") && !flag("--all-packages") {
            folders.insert(own);
        }
        Self {
            folders,
            names: values("--no-install-package").collect(),
            all: flag("--no-install-local").then_some(()),
        }
    }

    fn contains(&self, place: &str, local: &Local) -> bool {
        self.all.is_some() || self.folders.contains(place) || self.names.contains(local.name.as_str())
    }
}

fn built(place: &str, local: &Local, own: &str, members: &BTreeSet<String>) -> Unclear {
    let without = if place == own && members.len() == 1 {
        " (with `--no-install-project` it would not)"
    } else if members.contains(place) {
        " (with `--no-install-workspace` it would not)"
    } else {
        ""
    };
    let called = if local.name.is_empty() { name(place) } else { &local.name };
    Unclear::at(
        place,
        format!("`uv sync` builds `{called}` of the project, which may read any file of its folder{without}"),
    )
}
