//! What Mix reads and writes of the project before it is compiled: `mix local.hex`, `mix deps.get`, `mix deps.compile`. Runs nothing.
//!
//! Every task begins with mix.exs, the programs of the umbrella's apps and of `path:` dependencies included, and with config/config.exs and what
//! that imports. These are programs: one is followed only if each name in it is known. The rules follow the sources of Mix and Hex, and runs
//! of 2026-11-25 under a tracer (Elixir 1.14, Erlang/OTP 25).

mod compiled;
mod configuration;
mod lock;
mod program;
mod tasks;
mod terms;
#[cfg(test)]
mod tests;
mod tokens;
mod version;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::paths::{join, name, within};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use program::Program;
use tasks::{Task, environment, tasks};
use terms::{Dependency, Term};
use tokens::Token;

/// What is known about Mix, from `data/manifests/mix.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    words: BTreeSet<String>,
    definitions: BTreeSet<String>,
    calls: BTreeSet<String>,
    reads: BTreeSet<String>,
    asks: BTreeSet<String>,
    uses: BTreeSet<String>,
    variables: BTreeSet<String>,
    places: BTreeSet<String>,
    flags: BTreeSet<String>,
    leads_out: Vec<String>,
    ghosts: Vec<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/mix.toml")).expect("a test reads mix.toml")
});

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    environment(call)?;
    let tasks = tasks(call)?;
    let mut mix = Mix::new(call, project);
    mix.installs_tools_only = tasks.iter().all(|task| task.name.starts_with("local."));
    let root = mix.project(call.cwd, Role::Root)?;
    mix.configuration(&root.config)?;
    for task in &tasks {
        mix.task(task, &root)?;
    }
    Ok(mix.sources.inputs)
}

/// Whether a lock file has all that the project in a folder depends on. The error is a clause.
pub(super) fn agrees(lock: &str, folder: &str, project: &dyn Project) -> Result<(), String> {
    let call = Call {
        action: "deps.get",
        flags: &[],
        operands: &[],
        complete: true,
        cwd: folder,
        env: &BTreeMap::new(),
        command: "mix",
        tool_version: None,
    };
    let mut mix = Mix::new(&call, project);
    mix.project(folder, Role::Root).map_err(|unclear| unclear.reason)?;
    match mix.unlisted {
        Some(why) => Err(why),
        None => lock::has(lock, &mix.dependencies),
    }
}

/// Which part a project has in the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The one of the working directory.
    Root,
    /// An app of the umbrella.
    App,
    /// A dependency that is a folder.
    Local,
}

/// Where a project keeps things.
#[derive(Debug)]
struct Places {
    config: String,
    lock: String,
    /// The folders that are filled.
    filled: [String; 2],
}

struct Mix<'a> {
    call: &'a Call<'a>,
    sources: Sources<'a>,
    /// Whether Hex or Rebar are installed and nothing else is done.
    installs_tools_only: bool,
    /// The folders of projects, and files of configuration, that were looked at.
    seen: BTreeSet<String>,
    /// What all of them depend on.
    dependencies: Vec<Dependency>,
    /// A place where there may be more of them.
    unlisted: Option<String>,
    /// Folders that `deps.compile` compiles, with the option that leaves them out. An app that another one depends on is an app.
    local: BTreeMap<String, &'static str>,
}

impl<'a> Mix<'a> {
    fn new(call: &'a Call<'a>, project: &'a dyn Project) -> Self {
        Self {
            call,
            sources: Sources::new(project),
            installs_tools_only: false,
            seen: BTreeSet::new(),
            dependencies: Vec::new(),
            unlisted: None,
            local: BTreeMap::new(),
        }
    }

    /// The program of a project, and those of its apps and local dependencies.
    fn project(&mut self, folder: &str, role: Role) -> Result<Places, Unclear> {
        let path = join(folder, "mix.exs");
        let text = match self.sources.project.look(&path) {
            Look::Absent if role == Role::Local => {
                return Err(Unclear::at(
                    folder,
                    format!(
                        "the dependency in `{folder}` has no mix.exs, and how it is compiled is not followed"
                    ),
                ));
            }
            // Hex and Rebar can be installed where no project is.
            Look::Absent if self.installs_tools_only => {
                self.sources.ambient_unread(&path);
                String::new()
            }
            _ => self.sources.needed(&path)?,
        };
        let program = program::read(&path, &text, folder)?;
        self.around(folder, &program)?;
        self.keys(&path, &program, role)?;
        let place = |key: &str, usual: &str| match value(&program, key) {
            None => Ok(join(folder, usual)),
            Some(value) => value
                .text()
                .map(|value| join(folder, value))
                .ok_or_else(|| Unclear::at(&path, format!("`{key}` in `{path}` is no plain path"))),
        };
        let places = Places {
            config: place("config_path", "config/config.exs")?,
            lock: place("lockfile", "mix.lock")?,
            filled: [place("deps_path", "deps")?, place("build_path", "_build")?],
        };
        if let Some(filled) = places.filled.iter().find(|filled| within(folder, filled)) {
            return Err(Unclear::at(
                &path,
                format!("`{path}` makes Mix fill `{filled}`, in which the project lies"),
            ));
        }
        let found = terms::dependencies(&program.tokens);
        if let Some((line, option)) = found.lost {
            let reason =
                format!("`{option}:` in line {line} of `{path}` is not in a dependency that is written out");
            return Err(Unclear::at(&path, reason));
        }
        if let Some(line) = found.odd {
            self.unlisted
                .get_or_insert(format!("line {line} of `{path}` is no dependency that is written out"));
        }
        for dependency in found.list {
            self.dependency(folder, &path, dependency, role)?;
        }
        if value(&program, "apps_path").is_some() {
            let apps = place("apps_path", "apps")?;
            let names = self.sources.project.list(&apps);
            let names = names
                .ok_or_else(|| Unclear::at(&apps, format!("it is not known which apps lie in `{apps}`")))?;
            for app in names.iter().map(|name| join(&apps, name)) {
                let manifest = join(&app, "mix.exs");
                if self.sources.project.look(&manifest) == Look::File {
                    self.local.insert(app.clone(), "--skip-umbrella-children");
                    if self.seen.insert(app.clone()) {
                        self.project(&app, Role::App)?;
                    }
                } else {
                    self.sources.ambient_unread(&manifest);
                }
            }
        }
        Ok(places)
    }

    /// Files beside a program: those that it names, and compiled modules, which Erlang looks for in the working directory.
    fn around(&mut self, folder: &str, program: &Program) -> Result<(), Unclear> {
        for file in &program.files {
            self.sources.optional(file)?;
        }
        for path in &program.asked {
            self.sources.tree(path)?;
        }
        let names = self.sources.project.list(folder).unwrap_or_default();
        if let Some(name) = names.iter().find(|name| name.strip_suffix(".beam").is_some()) {
            let path = join(folder, name);
            return Err(Unclear::at(
                &path,
                format!("Erlang may load `{path}` in place of a module of its own"),
            ));
        }
        let modules = program.modules.iter().map(|module| format!("Elixir.{module}.beam"));
        for name in DATA.ghosts.iter().cloned().chain(modules) {
            let path = join(folder, &name);
            self.sources.not_of_the_project(
                &path,
                &format!("Erlang may load `{path}` in place of a module of its own"),
            )?;
        }
        Ok(())
    }

    /// Keys of mix.exs by which other tasks run, or the same ones elsewhere.
    fn keys(&self, path: &str, program: &Program, role: Role) -> Result<(), Unclear> {
        let is_set = |variable: &str| self.call.env.contains_key(variable);
        for (at, (line, token)) in program.tokens.iter().enumerate() {
            let Token::Key(key) = token else { continue };
            let next = program.tokens.get(at + 1).map(|(_, token)| token);
            let why = match key.as_str() {
                "deps.get" | "deps.compile" | "deps.precompile" | "deps.loadpaths" | "local.hex"
                | "local.rebar" | "loadconfig" | "archive.check"
                    if role == Role::Root =>
                {
                    "may make that task do something else"
                }
                "default_env" if role == Role::Root && !is_set("MIX_ENV") => "chooses another environment",
                "default_target" if role == Role::Root && !is_set("MIX_TARGET") => "chooses another target",
                // Settings of Hex, such as a file of certificates; in a dependency it is the name of the package.
                "hex" if next.is_some_and(|next| next.is("[")) => "changes the settings of Hex",
                "compilers" if role != Role::Root => "may compile with other programs, which is not followed",
                _ => continue,
            };
            return Err(Unclear::at(path, format!("`{key}:` in line {line} of `{path}` {why}")));
        }
        Ok(())
    }

    fn dependency(
        &mut self,
        folder: &str,
        path: &str,
        dependency: Dependency,
        role: Role,
    ) -> Result<(), Unclear> {
        let app = dependency.app.clone();
        let unclear = |why: &str| Err(Unclear::at(path, format!("the dependency `{app}` in `{path}` {why}")));
        // What only tests and development of a dependency need is not looked at.
        if role == Role::Local && !is_for_production(dependency.option("only")) {
            return Ok(());
        }
        if let Some(Term::Text(_)) = dependency.option("compile") {
            return unclear("is compiled by a command of its own");
        }
        if dependency.option("manager").is_some_and(|manager| manager.name() == Some("make")) {
            return unclear("is compiled by make");
        }
        if let Some(url) = lock::git_url(&dependency)
            && !is_remote(&url)
        {
            return unclear(&format!("comes from `{url}`, which is not known to be another machine"));
        }
        let place = match (dependency.option("path"), dependency.option("in_umbrella")) {
            (Some(Term::Text(place)), _) => Some(join(folder, place)),
            (Some(_), _) => return unclear("has a path that is not written out"),
            (None, Some(_)) => Some(join(folder, &format!("../{app}"))),
            (None, None) => None,
        };
        if let Some(place) = place {
            if within(self.call.cwd, &place) {
                return unclear("is a folder in which the project lies");
            }
            self.local.entry(place.clone()).or_insert("--skip-local-deps");
            if self.seen.insert(place.clone()) {
                self.project(&place, Role::Local)?;
            }
        }
        self.dependencies.push(dependency);
        Ok(())
    }

    fn task(&mut self, task: &Task<'_>, root: &Places) -> Result<(), Unclear> {
        if task.name.starts_with("local.") {
            return Ok(());
        }
        for folder in &root.filled {
            if self.sources.project.look(folder) == Look::Directory {
                self.sources.inputs.trees.insert(folder.clone());
            }
            self.sources.inputs.write_trees.insert(folder.clone());
        }
        let text = self.sources.optional(&root.lock)?;
        if task.name == "deps.get" {
            self.locked(&root.lock, text);
            return Ok(());
        }
        for (folder, option) in self.local.clone() {
            let is_left_out = task.words.contains(&option);
            if !is_left_out && option == "--skip-umbrella-children" {
                let reason = format!(
                    "`mix deps.compile` compiles the apps of an umbrella, too; with `{option}` it would leave `{}` for later",
                    name(&folder)
                );
                return Err(Unclear::at(&folder, reason));
            }
            if !is_left_out {
                self.compiled(&folder)?;
            }
        }
        Ok(())
    }

    /// Whether `deps.get` may write the lock file. That `--check-locked` is given tells nothing: before Elixir 1.15 it is passed over.
    fn locked(&mut self, path: &str, text: Option<String>) {
        let told = match (text, &self.unlisted) {
            (None, _) if self.dependencies.iter().all(lock::is_local) && self.unlisted.is_none() => return,
            (None, _) => format!("there is no `{path}`, and `mix deps.get` makes one"),
            (Some(_), Some(why)) => format!("{why}, so it is not known whether `{path}` has all of them"),
            (Some(text), None) => match lock::has(&text, &self.dependencies) {
                Ok(()) => return,
                Err(why) => format!("`mix deps.get` brings `{path}` up to date: {why}"),
            },
        };
        self.sources.inputs.writes.insert(path.to_owned());
        self.sources.inputs.remarks.push(told);
    }
}

/// What follows a key.
fn value<'p>(program: &'p Program, key: &str) -> Option<&'p Token> {
    let at = program.tokens.iter().position(|(_, token)| matches!(token, Token::Key(own) if own == key))?;
    program.tokens[at + 1..].iter().map(|(_, token)| token).find(|token| **token != Token::End)
}

/// `only: :dev` and `only: [:dev, :test]` leave a dependency of a dependency out.
fn is_for_production(only: Option<&Term>) -> bool {
    match only {
        Some(Term::Atom(env)) => env == "prod",
        Some(Term::List(envs)) => envs.iter().any(|env| env.name() == Some("prod")),
        _ => true,
    }
}

/// An address of the network.
fn is_remote(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("file"))
        || (url.starts_with("git@") && url.contains(':'))
}
