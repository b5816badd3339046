//! What surrounds a call of a Python tool: the interpreter and its virtual environment, and where modules are looked up. Knows no
//! tool and reads no manifest.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{above, join, name, parent, within};
use super::sources::Sources;
use super::{Call, Look, Unclear};

/// The modules that Python, its installers and the usual build backends import, from `data/manifests/python.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    standard_modules: BTreeSet<String>,
    packaging_modules: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/python.toml"))
        .expect("python.toml is checked by a test")
});

/// Where a tool, or a Python that it starts, looks for modules first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Imports {
    /// In the working directory if it is called with `-m`.
    AsCalled,
    /// In the working directory: it starts a Python that reads a program from its input or its arguments.
    WorkingDirectory,
}

/// Places of programs that belong to the system, not to a virtual environment.
const SYSTEM: [&str; 4] = ["/", "/usr", "/usr/local", "/bin"];

/// Variables that name a file which Python, its installers or git read.
const FILE_VARIABLES: [&str; 6] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "NETRC"];

/// Checks everything around the call and notes what it reads and writes.
pub(super) fn surroundings(
    sources: &mut Sources<'_>,
    call: &Call<'_>,
    imports: Imports,
) -> Result<(), Unclear> {
    interpreter(sources, call)?;
    module_path(sources, call, imports)?;
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
    Ok(())
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
fn module_path(sources: &mut Sources<'_>, call: &Call<'_>, imports: Imports) -> Result<(), Unclear> {
    let mut dirs = BTreeSet::new();
    if imports == Imports::WorkingDirectory || call.command.split_whitespace().any(|word| word == "-m") {
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
