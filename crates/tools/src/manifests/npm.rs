//! What `npm install` and `npm ci` read and write of the project. Runs nothing and resolves no version.
//!
//! The rules follow npm's own sources: `config/lib/index.js` for which folder is the project, `install.js` and `ci.js` for which scripts run, arborist for lock files,
//! map-workspaces for workspaces. Scripts of packages from the network are taken to stay within `node_modules` only if the package is known to (`dependencies.rs`).
//!
//! Traced 2026-11-23 (npm 6, 8, 10 and 11): they open package.json of the project, of its workspaces and of the folders above, the lock files, yarn.lock and .npmrc, and
//! look for binding.gyp. npm 6 also opens README.md, AUTHORS and .git/HEAD and looks for server.js, for fields that an install does not use.

mod config;
mod dependencies;
mod form;
mod local;
mod lock;
mod order;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::javascript::local::{Dialect, Locals, Scripts, below};
use super::javascript::package::{self, Origin, Package, Packed};
use super::javascript::surroundings;
use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use config::Config;

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if !["install", "ci"].contains(&call.action) {
        return Err(Unclear::new(format!("`npm {}` is not an install", call.action)));
    }
    let mut sources = Sources::new(project);
    surroundings::check(&mut sources, call)?;
    let mut config = Config::read(call, &mut sources)?;
    if config.is_on("global") {
        config.read_user(call, &mut sources)?;
        return global(sources, call, &config);
    }
    let root = root(&mut sources, call, &config)?;
    config.read_project(call, &mut sources, &root)?;
    config.read_user(call, &mut sources)?;
    if config.is_on("global") {
        return Err(Unclear::new("npm's configuration makes every install a global one"));
    }
    Install { call, config, root, sources }.read()
}

struct Install<'a> {
    call: &'a Call<'a>,
    config: Config,
    /// The folder that npm takes as the project.
    root: String,
    sources: Sources<'a>,
}

const DIALECT: Dialect = Dialect {
    name: "npm",
    origin: package::origin,
    events: &package::EVENTS,
    member_events: &package::EVENTS,
};

/// What a lock file is called, the one that npm prefers first.
const LOCKS: [&str; 2] = ["npm-shrinkwrap.json", "package-lock.json"];

impl Install<'_> {
    fn read(mut self) -> Result<Inputs, Unclear> {
        self.operands()?;
        let manifest = join(&self.root, "package.json");
        if self.sources.project.look(&manifest) == Look::Absent && !self.call.operands.is_empty() {
            self.sources.inputs.probes.insert(manifest);
            self.node_modules()?;
            self.written_with_operands();
            return Ok(self.sources.inputs);
        }
        let text = self.sources.needed(&manifest)?;
        let package = Package::parse(&text).ok_or_else(|| {
            Unclear::at(&manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
        })?;
        let scripts = if self.config.is_on("ignore-scripts") { Scripts::Ignored } else { Scripts::Run };
        let mut locals = Locals::new(&DIALECT, &self.root, scripts);
        locals.package(&mut self.sources, &self.root, &package, Packed::Never)?;
        let members = self.members(&package, &mut locals)?;
        let locks = self.locks()?;
        for (path, lock) in &locks {
            local::note(&mut self.sources, &mut locals, path, lock)?;
        }
        self.node_modules()?;
        if self.call.action == "ci" {
            if locks.is_empty() {
                return Err(Unclear::new(
                    "`npm ci` needs a lock file, and there is none (was already broken?)",
                ));
            }
        } else {
            self.written_by_install(&text, &package, &members, &locks);
        }
        if !self.call.operands.is_empty() {
            self.written_with_operands();
        }
        if !self.config.is_on("ignore-scripts") {
            let project = dependencies::Project {
                root: &self.root,
                package: &package,
                members: &members,
                locks: &locks,
            };
            dependencies::check(&mut self.sources, self.call, &self.config, &project)?;
        }
        Ok(self.sources.inputs)
    }

    /// A folder or file among the words is installed from its sources.
    fn operands(&mut self) -> Result<(), Unclear> {
        self.call.operands.iter().try_for_each(|operand| operand_is_remote(&self.sources, self.call, operand))
    }

    /// The packages of the workspaces, by their path below the root.
    fn members(
        &mut self,
        package: &Package,
        locals: &mut Locals,
    ) -> Result<BTreeMap<String, Package>, Unclear> {
        let members = locals.members(&mut self.sources, package)?;
        Ok(members.into_iter().map(|(folder, member)| (below(&self.root, &folder), member)).collect())
    }

    /// The lock files that are there, with their text. npm 7 and later read and rewrite a yarn.lock as well (arborist, `shrinkwrap.js`).
    fn locks(&mut self) -> Result<Vec<(String, String)>, Unclear> {
        let mut found = vec![];
        for name in LOCKS {
            let path = join(&self.root, name);
            if let Some(text) = self.sources.optional(&path)? {
                found.push((path, text));
            }
        }
        let yarn = join(&self.root, "yarn.lock");
        if self.sources.optional(&yarn)?.is_some() && self.call.action != "ci" {
            self.sources.inputs.writes.insert(yarn);
            self.sources.inputs.remarks.push("`npm install` also updates yarn.lock".into());
        }
        Ok(found)
    }

    /// `npm ci` deletes a `node_modules` that is there; `npm install` starts from it.
    fn node_modules(&mut self) -> Result<(), Unclear> {
        let path = join(&self.root, "node_modules");
        if self.sources.project.look(&path) == Look::Directory {
            if self.call.action == "ci" {
                self.sources
                    .inputs
                    .remarks
                    .push("`npm ci` first deletes the node_modules that the project brings".into());
            } else {
                self.sources.inputs.trees.insert(path.clone());
            }
            // npm 6 and earlier run these for every package.
            let hooks = join(&path, ".hooks");
            if self.call.tool_version.is_none_or(|version| version < 7)
                && !self.config.is_on("ignore-scripts")
            {
                self.sources.not_of_the_project(&hooks, &format!("npm may run the scripts in `{hooks}`"))?;
            }
        }
        self.sources.inputs.write_trees.insert(path);
        Ok(())
    }

    fn written_by_install(
        &mut self,
        text: &str,
        package: &Package,
        members: &BTreeMap<String, Package>,
        locks: &[(String, String)],
    ) {
        // npm 7.0 was seen to rewrite package.json (measured 2026-11-23); later ones do not.
        if self.call.tool_version.is_none_or(|version| version == 7) {
            self.sources.inputs.writes.insert(join(&self.root, "package.json"));
        }
        let inputs = &mut self.sources.inputs;
        if self.config.is_off("package-lock") || self.config.is_off("shrinkwrap") {
            return;
        }
        let Some(((path, lock), others)) = locks.split_first() else {
            inputs.writes.insert(join(&self.root, "package-lock.json"));
            inputs
                .remarks
                .push("no lock file: the install takes whatever versions are newest when it runs".into());
            return;
        };
        let installed = inputs.trees.contains(&join(&self.root, "node_modules"));
        let project = lock::Project { root: package, root_text: text, members, npm: self.call.tool_version };
        let stays = match &self.config.touches_lock {
            _ if installed => Err("node_modules is there before it runs".to_owned()),
            _ if !others.is_empty() => Err("there are two of them".to_owned()),
            _ if !self.call.operands.is_empty() => Err("packages are added".to_owned()),
            Some(key) => Err(format!("it is not known what npm's setting `{key}` does to it")),
            None => lock::lock_stays(lock, &project),
        };
        if let Err(reason) = stays {
            inputs.remarks.push(format!("`npm install` may rewrite `{path}`: {reason}"));
            inputs.writes.extend(locks.iter().map(|(path, _)| path.clone()));
        }
    }

    fn written_with_operands(&mut self) {
        for name in ["package.json", "package-lock.json"] {
            self.sources.inputs.writes.insert(join(&self.root, name));
        }
    }
}

/// `npm install -g name`: nothing of the project but the user's configuration.
fn global(mut sources: Sources<'_>, call: &Call<'_>, config: &Config) -> Result<Inputs, Unclear> {
    if call.operands.is_empty() {
        return Err(Unclear::new("`npm install -g` without a name installs the project itself"));
    }
    call.operands.iter().try_for_each(|operand| operand_is_remote(&sources, call, operand))?;
    if let Some(prefix) = config.prefix.as_deref().or_else(|| config.value("global-prefix")) {
        let prefix = join(call.cwd, prefix);
        for tree in ["lib/node_modules", "bin", "share", "etc"] {
            sources.inputs.write_trees.insert(join(&prefix, tree));
        }
    }
    Ok(sources.inputs)
}

fn operand_is_remote(sources: &Sources<'_>, call: &Call<'_>, operand: &str) -> Result<(), Unclear> {
    let refused = |path: &str| {
        Err(Unclear::at(
            path,
            format!("`{operand}` is installed from its folder or file, which may read any file there"),
        ))
    };
    match package::operand_origin(operand) {
        Origin::Local(path) => refused(&join(call.cwd, &path)),
        Origin::Unknown => Err(Unclear::new(format!("`{operand}` is not a package that dockopt can follow"))),
        Origin::Remote => {
            // npm 4 and earlier take `name` as a folder if there is one.
            let path = join(call.cwd, operand);
            let old = call.tool_version.is_none_or(|version| version < 5);
            let there = matches!(sources.project.look(&path), Look::File | Look::Directory);
            if old && there { refused(&path) } else { Ok(()) }
        }
    }
}

/// The folder that npm takes as the project: the nearest one with a package.json or a `node_modules` (npm, `config/lib/index.js`, `loadLocalPrefix`).
fn root(sources: &mut Sources<'_>, call: &Call<'_>, config: &Config) -> Result<String, Unclear> {
    let root = match &config.prefix {
        Some(prefix) => join(call.cwd, prefix),
        None => nearest(sources, call)?,
    };
    // From npm 7 on, a folder above may be the root of workspaces to which this one belongs.
    if config.prefix.is_none()
        && !config.is_off("workspaces")
        && call.tool_version.is_none_or(|version| version >= 7)
    {
        for dir in above(&root) {
            let path = join(dir, "package.json");
            if let Some(text) = sources.ambient(&path)?
                && Package::parse(&text).is_none_or(|package| package.json.contains_key("workspaces"))
            {
                return Err(Unclear::at(
                    &path,
                    format!("`{path}` has workspaces, and npm may install these instead"),
                ));
            }
        }
    }
    Ok(root)
}

fn nearest(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<String, Unclear> {
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        let manifest = join(dir, "package.json");
        match sources.project.look(&manifest) {
            Look::File => return Ok(join(dir, ".")),
            Look::Unknown => {
                return Err(Unclear::at(&manifest, format!("it is not known what `{manifest}` holds")));
            }
            Look::Absent | Look::Directory => {
                sources.inputs.probes.insert(manifest);
            }
        }
        if sources.project.look(&join(dir, "node_modules")) == Look::Directory {
            return Ok(join(dir, "."));
        }
    }
    Ok(join(call.cwd, "."))
}
