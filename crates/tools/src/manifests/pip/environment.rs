//! What pip obeys beside its command line: configuration files, home directories, and what distutils is told. Reads no requirement.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::paths::{above, join};
use super::super::python::{self, value};
use super::super::sources::Sources;
use super::super::{Call, Look, Unclear};

/// What is known about pip, from `data/manifests/pip.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) harmless: BTreeSet<String>,
}

pub(super) static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/pip.toml")).expect("pip.toml is checked by a test")
});

/// Checks everything around the call and notes what it reads and writes. Returns the configuration files that are there.
pub(super) fn check(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<Vec<(String, String)>, Unclear> {
    python::surroundings(sources, call, python::Imports::AsCalled)?;
    // Before Python 3.10, pip asks distutils where to install, which obeys `[install]` of a setup.cfg in the working directory
    // (pip, locations/_distutils.py). Other sections have no effect, and so the file is no input then.
    let setup = join(call.cwd, "setup.cfg");
    if sources.project.look(&setup) == Look::File {
        let text = sources.project.read(&setup).unwrap_or_else(|| "[install]".into());
        if text.lines().any(|line| line.trim_start().starts_with("[install")) {
            return Err(Unclear::at(
                &setup,
                "`setup.cfg` may tell pip where to install, by its `[install]` section",
            ));
        }
    }
    configuration(sources, call)
}

/// pip reads pip.conf of the system, of the home directory and of the virtual environment, never of the working directory as such
/// (pip, configuration.py). A home directory may be the project's directory, so both are asked.
fn configuration(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<Vec<(String, String)>, Unclear> {
    let mut homes: BTreeSet<&str> = BTreeSet::from(["/root", call.cwd]);
    homes.extend(above(call.cwd));
    if let Some(Some(home)) = call.env.get("HOME") {
        homes.insert(home);
    }
    let mut paths: Vec<String> = vec!["/etc/pip.conf".into(), "/etc/xdg/pip/pip.conf".into()];
    for home in homes {
        paths.push(join(home, ".pip/pip.conf"));
        paths.push(join(home, ".config/pip/pip.conf"));
        for file in [".netrc", ".pydistutils.cfg", ".gitconfig"] {
            sources.ambient_unread(&join(home, file));
        }
        let user_base = join(home, ".local");
        if sources.project.look(&user_base) == Look::Directory {
            if !is_known_home(call, home) {
                let reason = format!("pip may install into `{user_base}`, which comes from the project");
                return Err(Unclear::at(&user_base, reason));
            }
            sources.inputs.trees.insert(user_base.clone());
            sources.inputs.write_trees.insert(user_base);
        }
    }
    if let Some(dir) = value(call, "XDG_CONFIG_HOME")? {
        paths.push(join(call.cwd, &format!("{dir}/pip/pip.conf")));
    }
    if let Some(file) = value(call, "PIP_CONFIG_FILE")? {
        paths.push(join(call.cwd, file));
    }
    let venvs: Vec<String> = sources.inputs.write_trees.iter().map(|root| join(root, "pip.conf")).collect();
    paths.extend(venvs);
    let mut found = Vec::new();
    for path in paths {
        if let Some(text) = sources.ambient(&path)? {
            found.push((path, text));
        }
    }
    Ok(found)
}

/// Whether something says that a folder is the home directory: without `HOME`, it is that of root.
fn is_known_home(call: &Call<'_>, dir: &str) -> bool {
    match call.env.get("HOME") {
        None => dir == "/root",
        Some(home) => home.as_deref() == Some(dir),
    }
}
