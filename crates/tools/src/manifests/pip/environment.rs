//! What surrounds a call of pip: the interpreter and its virtual environment, the module path, home directories and configuration files.
//! Reads no requirement.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::super::paths::{above, join, name, parent, within};
use super::super::sources::Sources;
use super::super::{Call, Look, Unclear};

/// What is known about pip, from `data/manifests/pip.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) harmless: BTreeSet<String>,
    standard_modules: BTreeSet<String>,
    packaging_modules: BTreeSet<String>,
}

pub(super) static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/pip.toml")).expect("pip.toml is checked by a test")
});

/// Places of programs that belong to the system, not to a virtual environment.
const SYSTEM: [&str; 4] = ["/", "/usr", "/usr/local", "/bin"];

/// Variables that name a file which Python, pip or git reads.
const FILE_VARIABLES: [&str; 6] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "NETRC"];

/// Checks everything around the call and notes what it reads and writes. Returns the configuration files that are there.
pub(super) fn check(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<Vec<(String, String)>, Unclear> {
    interpreter(sources, call)?;
    module_path(sources, call)?;
    for variable in FILE_VARIABLES {
        if let Some(value) = value(call, variable)? {
            sources.ambient_unread(&join(call.cwd, value));
        }
    }
    if let Some(home) = value(call, "PYTHONHOME")? {
        sources.not_of_the_project(&join(call.cwd, home), "`PYTHONHOME` points into the project")?;
    }
    // Shims that choose a version by a file in this folder or one above; pip asks `rustc` for its version.
    for (variable, files) in [
        ("PYENV_ROOT", &[".python-version"][..]),
        ("RUSTUP_HOME", &["rust-toolchain", "rust-toolchain.toml"]),
    ] {
        if !call.env.contains_key(variable) {
            continue;
        }
        for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
            for file in files {
                sources.ambient_unread(&join(dir, file));
            }
        }
    }
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

/// The value of a variable that names files. One that is set and not known could name any file.
pub(super) fn value<'c>(call: &Call<'c>, variable: &str) -> Result<Option<&'c str>, Unclear> {
    match call.env.get(variable) {
        None => Ok(None),
        Some(Some(value)) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
        Some(None) => {
            Err(Unclear::new(format!("the value of `{variable}` is not known, and it names files")))
        }
    }
}

fn program<'c>(call: &Call<'c>) -> &'c str {
    call.command.split_whitespace().next().unwrap_or_default()
}

/// The interpreter must not come from the project; a virtual environment is filled.
fn interpreter(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let program = program(call);
    if program.contains('/') {
        let path = join(call.cwd, program);
        sources.not_of_the_project(&path, format!("`{program}` comes from the project").as_str())?;
        if name(parent(&path)) == "bin" {
            virtual_environment(sources, parent(parent(&path)))?;
        }
    }
    if let Some(dir) = value(call, "VIRTUAL_ENV")? {
        virtual_environment(sources, &join(call.cwd, dir))?;
    }
    let (dirs, named): (Vec<String>, _) = match call.env.get("PATH") {
        Some(Some(path)) => (path.split(':').map(|dir| join(call.cwd, dir)).collect(), Named::Yes),
        // One of the usual places may be on a path that is not known. If the project brings nothing there, it is the image's.
        _ => (
            ["venv", ".venv", "env", "virtualenv"].map(|dir| join(call.cwd, &format!("{dir}/bin"))).into(),
            Named::No,
        ),
    };
    for dir in dirs {
        let path = join(&dir, program);
        if sources.project.look(&path) == Look::File && !program.contains('/') {
            return Err(Unclear::at(
                &path,
                format!("`{program}` may be `{path}`, which comes from the project"),
            ));
        }
        let root = parent(&dir);
        let relevant = match sources.project.look(&join(root, "pyvenv.cfg")) {
            Look::File | Look::Directory => true,
            Look::Unknown => named == Named::Yes,
            Look::Absent => false,
        };
        if relevant && name(&dir) == "bin" {
            virtual_environment(sources, root)?;
        }
    }
    Ok(())
}

/// Whether the environment names a folder, or it is only usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Yes,
    No,
}

fn virtual_environment(sources: &mut Sources<'_>, root: &str) -> Result<(), Unclear> {
    if SYSTEM.contains(&root) {
        return Ok(());
    }
    let marker = join(root, "pyvenv.cfg");
    sources
        .not_of_the_project(&marker, &format!("the virtual environment `{root}` comes from the project"))?;
    sources.inputs.write_trees.insert(root.to_owned());
    Ok(())
}

/// A module of the project that replaces one that pip imports would run as part of the install.
fn module_path(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    let mut dirs = BTreeSet::new();
    if call.command.split_whitespace().any(|word| word == "-m") {
        dirs.insert(call.cwd.to_owned());
    }
    if let Some(path) = value(call, "PYTHONPATH")? {
        dirs.extend(path.split(':').map(|dir| join(call.cwd, dir)));
    }
    dirs.iter().try_for_each(|dir| shadows(sources, call, dir))
}

fn shadows(sources: &mut Sources<'_>, call: &Call<'_>, dir: &str) -> Result<(), Unclear> {
    if sources.project.look(dir) == Look::Absent {
        return Ok(());
    }
    let Some(names) = sources.project.list(dir) else {
        // What lies elsewhere and is not known comes from the image, and stays what it is.
        let elsewhere = !within(dir, call.cwd) && !within(call.cwd, dir);
        if elsewhere && sources.project.look(dir) == Look::Unknown {
            return Ok(());
        }
        return Err(Unclear::at(
            dir,
            format!("it is not known what lies in `{dir}`, where Python looks for modules first"),
        ));
    };
    for entry in names {
        let module = entry.split('.').next().unwrap_or_default();
        if !DATA.standard_modules.contains(module) && !DATA.packaging_modules.contains(module) {
            continue;
        }
        let path = join(dir, &entry);
        let code = [".py", ".pyc", ".so", ".zip", ".egg"].iter().any(|suffix| entry.ends_with(suffix));
        // A directory is a package that wins over a later one only if it has an `__init__`.
        let package = entry == module
            && ["__init__.py", "__init__.pyc"]
                .iter()
                .any(|init| sources.project.look(&join(&path, init)) != Look::Absent);
        if code || package {
            return Err(Unclear::at(
                &path,
                format!("`{path}` replaces the module `{module}` for Python, so the install may run it"),
            ));
        }
    }
    Ok(())
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
