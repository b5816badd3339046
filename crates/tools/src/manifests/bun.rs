//! What `bun install` and `bun ci` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 (1.1.45, 1.2.23, 1.3.6 and 1.4.5): they open package.json of the project, of its workspaces and of the folders above, bun.lock, bunfig.toml, .npmrc and the
//! .env files of the project, and look for binding.gyp. Where no node is in the image Bun runs the scripts itself, and then opens tsconfig.json and bunfig.toml of the folder.
//! A folder that is a dependency is hard-linked file by file into `node_modules`.

mod lock;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::javascript::install_scripts::{self, Dependency};
use super::javascript::local::{Dialect, Locals, Scripts, below};
use super::javascript::package::{self, Origin, Package, Packed};
use super::javascript::{jsonc, surroundings};
use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
pub(in crate::manifests) use lock::Lock;
use settings::Settings;

/// What is known about Bun; from `data/manifests/bun.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    install: BTreeSet<String>,
    elsewhere: BTreeSet<String>,
    npmrc: BTreeSet<String>,
    variables: BTreeSet<String>,
    trusted: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/bun.toml")).expect("bun.toml is checked by a test")
});

/// The scripts that ran when traced; for members 1.4.5 does without those around `prepare`.
const EVENTS: [&str; 6] = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

const DIALECT: Dialect = Dialect { name: "bun", origin, events: &EVENTS, member_events: &EVENTS };

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if !["install", "ci"].contains(&call.action) {
        return Err(Unclear::new(format!("`bun {}` may read any file of the project", call.action)));
    }
    let mut sources = Sources::new(project);
    surroundings::check(&mut sources, call)?;
    let settings = Settings::read(call, &mut sources)?;
    let manifest = join(call.cwd, "package.json");
    let text = sources.needed(&manifest)?;
    let package = Package::parse(&text).ok_or_else(|| {
        Unclear::at(&manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
    })?;
    for dir in above(call.cwd) {
        let path = join(dir, "package.json");
        if let Some(text) = sources.ambient(&path)?
            && Package::parse(&text).is_none_or(|package| package.json.contains_key("workspaces"))
        {
            return Err(Unclear::at(
                &path,
                format!("`{path}` has workspaces, and Bun may install these instead"),
            ));
        }
    }
    Install { call, settings, sources }.read(&manifest, package)
}

struct Install<'a> {
    call: &'a Call<'a>,
    settings: Settings,
    sources: Sources<'a>,
}

impl Install<'_> {
    fn read(mut self, manifest: &str, package: Package) -> Result<Inputs, Unclear> {
        let root = self.call.cwd;
        let path = join(root, "bun.lock");
        let lock = self.lock(&path, manifest)?;
        let scripts = if self.settings.ignores_scripts { Scripts::Ignored } else { Scripts::Run };
        let mut locals = Locals::new(&DIALECT, root, scripts);
        self.sources.inputs.write_trees.insert(join(root, "node_modules"));
        locals.package(&mut self.sources, root, &package, Packed::Never)?;
        let members = locals.members(&mut self.sources, &package)?;
        let mut packages = BTreeMap::from([(String::new(), package)]);
        packages.extend(members.into_iter().map(|(folder, member)| (below(root, &folder), member)));
        self.local_dependencies(manifest, &packages)?;
        self.patches(manifest, &packages[""])?;
        lock.agrees(&packages).map_err(|why| {
            Unclear::at(
                &path,
                format!("`{path}` does not agree with the manifests (was already broken?): {why}"),
            )
        })?;
        if scripts == Scripts::Run {
            let trusts = self.trusted(&lock, &path, &packages[""])?;
            self.runtime(&packages, trusts)?;
        }
        if !self.settings.frozen && self.settings.saves && self.call.action != "ci" {
            let remark =
                format!("`bun install` may rewrite `{path}`: only `--frozen-lockfile` keeps it as it is");
            self.sources.inputs.remarks.push(remark);
            self.sources.inputs.writes.extend([path, join(root, "bun.lockb")]);
        }
        let inputs = &mut self.sources.inputs;
        for tree in &inputs.write_trees {
            if self.sources.project.look(tree) == Look::Directory {
                inputs.trees.insert(tree.clone());
            }
        }
        Ok(self.sources.inputs)
    }

    fn lock(&mut self, path: &str, manifest: &str) -> Result<Lock, Unclear> {
        let binary = join(self.call.cwd, "bun.lockb");
        let Some(text) = self.sources.optional(path)? else {
            if self.sources.project.look(&binary) == Look::File {
                let reason = format!(
                    "`{binary}` is binary, so it is not known which packages it lists (`bun install --save-text-lockfile --lockfile-only` writes a bun.lock)"
                );
                return Err(Unclear::at(&binary, reason));
            }
            return Err(Unclear::at(
                manifest,
                "without bun.lock the install resolves every version anew and writes one",
            ));
        };
        let why = format!("it is not known which of `{path}` and `{binary}` this Bun reads");
        self.sources.not_of_the_project(&binary, &why)?;
        Lock::read(&text).map_err(|why| Unclear::at(path, format!("`{path}` {why}")))
    }

    /// A dependency may be an archive of the project. Of a folder the files themselves would be in `node_modules`, and a copy that comes later takes
    /// their place only here.
    fn local_dependencies(
        &self,
        manifest: &str,
        packages: &BTreeMap<String, Package>,
    ) -> Result<(), Unclear> {
        for (path, package) in packages {
            for (name, spec) in package.dependencies().unwrap_or_default() {
                let Origin::Local(local) = origin(&spec) else { continue };
                let folder = join(&join(self.call.cwd, path), &local);
                if self.sources.project.look(&folder) == Look::Directory {
                    let reason = format!(
                        "the dependency `{name}` is the folder `{folder}`, whose files Bun links into node_modules, so they must be there as a whole"
                    );
                    return Err(Unclear::at(&folder, reason));
                }
            }
        }
        let package = &packages[""].json;
        let of_workspaces = |key: &str| package.get("workspaces").and_then(|table| table.get(key));
        for key in ["catalog", "catalogs"] {
            let tables = [package.get(key), of_workspaces(key)];
            if let Some(spec) = tables.into_iter().flatten().find_map(local_specifier) {
                let reason =
                    format!("`{key}` of `{manifest}` names `{spec}`, which dockopt does not follow there");
                return Err(Unclear::at(manifest, reason));
            }
        }
        Ok(())
    }

    fn patches(&mut self, manifest: &str, package: &Package) -> Result<(), Unclear> {
        let Some(table) = package.json.get("patchedDependencies") else { return Ok(()) };
        let odd = || Unclear::at(manifest, "`patchedDependencies` is no table of files");
        for file in table.as_object().ok_or_else(odd)?.values() {
            self.sources.needed_unread(&join(self.call.cwd, file.as_str().ok_or_else(odd)?))?;
        }
        Ok(())
    }

    /// Packages of the lock file whose scripts may run: those that the project trusts, and those that Bun does. Whether there is one.
    fn trusted(&mut self, lock: &Lock, path: &str, package: &Package) -> Result<Trusts, Unclear> {
        let own = package.json.get("trustedDependencies").and_then(Value::as_array);
        let own: BTreeSet<&str> = own.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut found = Trusts::Nobody;
        for entry in lock.packages().map_err(|why| Unclear::at(path, format!("`{path}` {why}")))? {
            if let Some(file) = entry.file
                && !self.sources.inputs.files.contains(&join(self.call.cwd, file))
            {
                let reason = format!(
                    "`{path}` takes `{}` from `{file}`, which no manifest of the project names",
                    entry.name
                );
                return Err(Unclear::at(path, reason));
            }
            let is_trusted = [entry.name, entry.key]
                .into_iter()
                .any(|name| own.contains(name) || DATA.trusted.contains(name));
            if is_trusted {
                found = Trusts::Somebody;
                let dependency =
                    Dependency { name: entry.name, address: entry.address, base: self.call.cwd.to_owned() };
                install_scripts::judge(&mut self.sources, self.call, &dependency).map_err(|unclear| {
                    Unclear { path: unclear.path.or_else(|| Some(path.to_owned())), ..unclear }
                })?;
            }
        }
        Ok(found)
    }

    /// What Bun reads when it runs scripts itself.
    fn runtime(&mut self, packages: &BTreeMap<String, Package>, trusts: Trusts) -> Result<(), Unclear> {
        for (path, package) in packages {
            let scripts = package.life_cycle(&EVENTS, Packed::Never).unwrap_or_default();
            if scripts.is_empty() && !(path.is_empty() && trusts == Trusts::Somebody) {
                continue;
            }
            let folder = join(self.call.cwd, path);
            for name in ["tsconfig.json", "jsconfig.json"] {
                let path = join(&folder, name);
                let Some(text) = self.sources.optional(&path)? else { continue };
                let Some(table) = jsonc::table(&text) else {
                    return Err(Unclear::at(&path, format!("dockopt does not read `{path}`")));
                };
                if table.contains_key("extends") {
                    let reason = format!(
                        "Bun, if it runs the scripts, follows the `extends` of `{path}`, and dockopt does not"
                    );
                    return Err(Unclear::at(&path, reason));
                }
            }
            // What it says there is for the script alone.
            if !path.is_empty() {
                self.settings.clone().read_folder(&mut self.sources, &folder)?;
            }
        }
        Ok(())
    }
}

/// Whether scripts of packages from elsewhere run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trusts {
    Somebody,
    Nobody,
}

/// What a specifier means. Members of the workspace are read as such; `link:` names a package that was registered on the machine.
fn origin(spec: &str) -> Origin {
    match spec.split_once(':') {
        Some(("workspace", rest)) if !rest.contains('/') => Origin::Remote,
        Some(("catalog", _)) => Origin::Remote,
        _ => package::origin(spec),
    }
}

/// The first text in a table that may name a file of the project.
fn local_specifier(value: &Value) -> Option<&str> {
    match value {
        Value::Object(table) => table.values().find_map(local_specifier),
        Value::String(text) => (origin(text) != Origin::Remote).then_some(text),
        _ => None,
    }
}
