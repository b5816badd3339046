//! What `dotnet restore` and `dotnet tool restore` read and write of the project. Evaluates no condition, runs no target and resolves no version.
//!
//! A restore evaluates each project of the closure of `<ProjectReference>`, with everything that it imports, and writes the results to its obj/. It lists folders for
//! the items of the SDK, but reads none of the sources. Conditions are taken for true and for false: what either way may be read is read.
//! The .NET SDK could not be run where this was written; the rules are those of its documentation and of `NuGet.targets` (see the sources of `dotnet.toml`).

mod msbuild;
mod settings;
mod solution;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{above, join, name, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use msbuild::Projects;

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    environment(&mut sources, call)?;
    match call.action {
        "restore" => restore(sources, call),
        "tool-restore" => tool_restore(sources, call),
        other => Err(Unclear::new(format!("`dotnet {other}` reads the sources"))),
    }
}

/// What is known about .NET, from `data/manifests/dotnet.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Data {
    sdks: BTreeSet<String>,
    build_targets: BTreeSet<String>,
    telling_properties: BTreeSet<String>,
    harmless_flags: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/dotnet.toml"))
        .expect("dotnet.toml is checked by a test")
});

/// Names of properties do not depend on case.
fn is_telling_property(name: &str) -> bool {
    DATA.telling_properties.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Every variable of the environment is a property for `MSBuild`.
fn environment(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for (variable, value) in call.env {
        if is_telling_property(variable) || variable.to_ascii_uppercase().starts_with("MSBUILD") {
            return Err(Unclear::new(format!("`{variable}` is in the environment, and MSBuild obeys it")));
        }
        if variable == "NUGET_PACKAGES" {
            let folder = value
                .as_deref()
                .ok_or_else(|| Unclear::new("the value of `NUGET_PACKAGES` is only known when it runs"))?;
            sources.inputs.write_trees.insert(join(call.cwd, folder));
        }
    }
    Ok(())
}

fn restore(mut sources: Sources<'_>, call: &Call<'_>) -> Result<Inputs, Unclear> {
    let mut options = Options::default();
    for (flag, value) in call.flags {
        options.flag(&mut sources, call, flag, value.as_deref())?;
    }
    let mut targets = call.operands.iter().filter(|operand| !is_property(operand));
    let target = targets.next();
    if targets.next().is_some() {
        return Err(Unclear::new("`dotnet restore` takes one project or solution"));
    }
    for operand in call.operands.iter().filter(|operand| is_property(operand)) {
        options.property(&operand[2..])?;
    }
    let start = match target {
        Some(path) => join(call.cwd, &path.replace('\\', "/")),
        None => call.cwd.to_owned(),
    };
    let file = if sources.project.look(&start) == Look::Directory || target.is_none() {
        only_project(&mut sources, &start)?
    } else {
        start
    };
    global(&mut sources, call.cwd)?;
    let mut projects = Projects::new(&options);
    if [".sln", ".slnx"].iter().any(|ending| file.ends_with(ending)) {
        for path in solution::projects(&mut sources, &file)? {
            projects.add(&mut sources, &path)?;
        }
        for written in ["Directory.Solution.props", "Directory.Solution.targets"] {
            for dir in above(&file) {
                sources
                    .not_of_the_project(&join(dir, written), "it takes part in what the solution restores")?;
            }
        }
        for (before, after) in [("before.", ".targets"), ("after.", ".targets")] {
            let path = join(parent(&file), &format!("{before}{}{after}", name(&file)));
            sources.not_of_the_project(&path, "it takes part in what the solution restores")?;
        }
        settings::read(&mut sources, parent(&file), options.config.as_deref())?;
    } else if file.ends_with("proj") {
        projects.add(&mut sources, &file)?;
    } else {
        return Err(Unclear::at(&file, format!("`{file}` is neither a project nor a solution")));
    }
    for folder in projects.folders() {
        global(&mut sources, folder)?;
        settings::read(&mut sources, folder, options.config.as_deref())?;
    }
    Ok(sources.inputs)
}

/// Options of `dotnet restore`.
#[derive(Default)]
struct Options {
    /// `--configfile`
    config: Option<String>,
    /// Whether lock files are only read.
    locked: Locked,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Locked {
    /// A lock file that is there is brought up to date.
    #[default]
    No,
    /// It is only read.
    Yes,
}

impl Options {
    fn flag(
        &mut self,
        sources: &mut Sources<'_>,
        call: &Call<'_>,
        flag: &str,
        value: Option<&str>,
    ) -> Result<(), Unclear> {
        let needed = || value.ok_or_else(|| Unclear::new(format!("`{flag}` has no value")));
        match flag {
            "--locked-mode" => self.locked = Locked::Yes,
            "--configfile" => self.config = Some(join(call.cwd, needed()?)),
            "--packages" => {
                sources.inputs.write_trees.insert(join(call.cwd, needed()?));
            }
            "-s" | "--source" => settings::source(sources, call.cwd, needed()?)?,
            "-p" | "--property" | "-property" => self.property(needed()?)?,
            _ if DATA.harmless_flags.contains(flag) => {}
            _ => {
                return Err(Unclear::new(format!(
                    "it is not known what `{flag}` makes `dotnet restore` read or write"
                )));
            }
        }
        Ok(())
    }

    fn property(&mut self, written: &str) -> Result<(), Unclear> {
        for pair in written.trim_start_matches(':').split(';') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if is_telling_property(name) {
                return Err(Unclear::new(format!(
                    "the property `{name}` moves what a restore reads or writes"
                )));
            }
            if name.eq_ignore_ascii_case("RestoreLockedMode") && value.eq_ignore_ascii_case("true") {
                self.locked = Locked::Yes;
            }
        }
        Ok(())
    }
}

/// `/p:Name=value` looks like a path.
fn is_property(operand: &str) -> bool {
    operand.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("/p:"))
}

/// The project or solution that a folder holds. `MSBuild` refuses to choose, and so does this.
fn only_project(sources: &mut Sources<'_>, dir: &str) -> Result<String, Unclear> {
    let names = sources
        .project
        .list(dir)
        .ok_or_else(|| Unclear::new(format!("it is not known which projects `{dir}` holds")))?;
    let is_one = |name: &&String| {
        [".sln", ".slnx", ".slnf"].iter().any(|ending| name.ends_with(ending))
            || name.rsplit_once('.').is_some_and(|(_, ending)| ending.ends_with("proj"))
    };
    let found: Vec<&String> = names.iter().filter(is_one).collect();
    match found.as_slice() {
        [one] => Ok(join(dir, one)),
        [] => {
            Err(Unclear::new(format!("`{dir}` holds neither a project nor a solution (was already broken?)")))
        }
        [one, other, ..] => Err(Unclear::new(format!(
            "`{dir}` holds {one} and {other}, and `dotnet restore` is not told which it is for"
        ))),
    }
}

/// The nearest file of these names, here or above, and the places where it would be nearer.
fn upwards(sources: &mut Sources<'_>, from: &str, names: &[&str]) -> Result<Option<String>, Unclear> {
    for dir in std::iter::once(from).chain(above(from)) {
        for name in names {
            let path = join(dir, name);
            if sources.ambient(&path)?.is_some() {
                return Ok(Some(path));
            }
        }
    }
    Ok(None)
}

/// global.json chooses the SDK.
fn global(sources: &mut Sources<'_>, from: &str) -> Result<(), Unclear> {
    let Some(path) = upwards(sources, from, &["global.json"])? else { return Ok(()) };
    if sources.needed(&path)?.contains("\"paths\"") {
        return Err(Unclear::at(&path, format!("`{path}` names folders with SDKs")));
    }
    Ok(())
}

/// `dotnet tool restore`
fn tool_restore(mut sources: Sources<'_>, call: &Call<'_>) -> Result<Inputs, Unclear> {
    let mut config = None;
    for (flag, value) in call.flags {
        match (flag.as_str(), value.as_deref()) {
            ("--configfile", Some(path)) => config = Some(join(call.cwd, path)),
            ("--add-source", Some(source)) => settings::source(&mut sources, call.cwd, source)?,
            ("--tool-manifest", _) => return Err(Unclear::new("`--tool-manifest` names a file of its own")),
            (flag, _) if DATA.harmless_flags.contains(flag) => {}
            (flag, _) => {
                return Err(Unclear::new(format!(
                    "it is not known what `{flag}` makes `dotnet tool restore` read"
                )));
            }
        }
    }
    global(&mut sources, call.cwd)?;
    // Manifests add up to the first that says `isRoot`, which is not looked at here.
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        sources.ambient_unread(&join(dir, ".config/dotnet-tools.json"));
        sources.ambient_unread(&join(dir, "dotnet-tools.json"));
    }
    settings::read(&mut sources, call.cwd, config.as_deref())?;
    Ok(sources.inputs)
}
