//! What `pnpm install` and `pnpm fetch` read and write of the project. Runs nothing and resolves no version.
//!
//! Traced 2026-11-25 (pnpm 8.15, 9.15 and 10.34, with and without a workspace): they open package.json and .npmrc of the project and of each package of the workspace,
//! pnpm-workspace.yaml here or above, pnpm-lock.yaml and .pnpmfile.cjs, look for binding.gyp and for package.json5 and package.yaml, and for a moment make an empty
//! `_tmp_…` file beside package.json. `install` leaves a lock file that agrees with the manifests as it is. `fetch` opens no manifest of a package and runs no script of the project.

mod builds;
pub(in crate::manifests) mod lock;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::javascript::local::{Dialect, Locals, Scripts};
use super::javascript::package::{self, Origin, Package, Packed};
use super::javascript::{corepack, surroundings};
use super::paths::{above, join};
use super::sources::Sources;
use super::workspaces::{self, Star};
use super::{Call, Inputs, Look, Project, Unclear};
use crate::yaml::{self, Aliases};
use lock::Lock;
use settings::Settings;

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if !["install", "fetch"].contains(&call.action) {
        return Err(Unclear::new(format!("`pnpm {}` may read any file of the project", call.action)));
    }
    let mut sources = Sources::new(project);
    surroundings::check(&mut sources, call)?;
    let mut settings = Settings::read(call, &mut sources)?;
    let root = call.cwd.to_owned();
    let workspace = workspace(&mut sources, &root)?;
    settings.read_folder(&mut sources, &root)?;
    settings.read_workspace(&mut sources, &root, &workspace)?;
    settings.read_user(call, &mut sources)?;
    Install { call, settings, root, workspace, sources }.read()
}

/// `EVENTS` of pnpm 8 to 10, seen 2026-11-25: pnpm 8 does without those around `prepare`.
const DIALECT: Dialect = Dialect {
    name: "pnpm",
    origin,
    events: &[
        "pnpm:devPreinstall",
        "preinstall",
        "install",
        "postinstall",
        "preprepare",
        "prepare",
        "postprepare",
    ],
    member_events: &["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"],
};

struct Install<'a> {
    call: &'a Call<'a>,
    settings: Settings,
    root: String,
    /// pnpm-workspace.yaml.
    workspace: Map<String, Value>,
    sources: Sources<'a>,
}

impl Install<'_> {
    fn read(mut self) -> Result<Inputs, Unclear> {
        let manifest = join(&self.root, "package.json");
        let package = self.root_package(&manifest)?;
        self.pnpmfile()?;
        self.patches(&package)?;
        let path = join(&self.root, "pnpm-lock.yaml");
        let lock = match self.sources.optional(&path)? {
            None => None,
            Some(text) => {
                Some(Lock::read(&text).map_err(|why| Unclear::at(&path, format!("`{path}` {why}")))?)
            }
        };
        let scripts = if self.settings.is_on("ignore-scripts") { Scripts::Ignored } else { Scripts::Run };
        let mut packages = BTreeMap::from([(".".to_owned(), package)]);
        self.sources.inputs.write_trees.insert(join(&self.root, "node_modules"));
        if self.call.action == "install" {
            let mut locals = Locals::new(&DIALECT, &self.root, scripts);
            locals.package(&mut self.sources, &self.root, &packages["."], Packed::Never)?;
            self.members(&mut locals, &mut packages)?;
            for named in lock.iter().flat_map(Lock::local_paths) {
                let local = join(&self.root, &named);
                if !locals.seen.contains(&local) && !self.sources.inputs.files.contains(&local) {
                    locals.dependency(&mut self.sources, &local, &named)?;
                }
            }
            self.other_specifiers(&packages["."])?;
        }
        let Some(lock) = lock else {
            return Err(Unclear::at(
                &manifest,
                "without pnpm-lock.yaml the install resolves every version anew and writes one",
            ));
        };
        if self.call.action == "install" {
            self.agreement(&lock, &path, &packages)?;
            self.installed();
        }
        if scripts == Scripts::Run {
            let builds = builds::Builds {
                root: &self.root,
                package: &packages["."],
                workspace: &self.workspace,
                lock: &lock,
            };
            builds.check(&mut self.sources, self.call, &self.settings)?;
        }
        Ok(self.sources.inputs)
    }

    fn root_package(&mut self, manifest: &str) -> Result<Package, Unclear> {
        for other in ["package.json5", "package.yaml"] {
            let other = join(&self.root, other);
            self.sources.not_of_the_project(
                &other,
                &format!("dockopt does not read `{other}`, which pnpm takes for a manifest"),
            )?;
        }
        // `fetch` needs the lock file alone.
        let text = match self.call.action {
            "fetch" => self.sources.optional(manifest)?.unwrap_or_else(|| "{}".to_owned()),
            _ => self.sources.needed(manifest)?,
        };
        let package = Package::parse(&text).ok_or_else(|| {
            Unclear::at(manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
        })?;
        corepack::note(&mut self.sources, self.call, &self.root, &package)?;
        Ok(package)
    }

    /// .pnpmfile.cjs is a program. One that loads nothing only sees what pnpm hands to it.
    fn pnpmfile(&mut self) -> Result<(), Unclear> {
        if self.settings.is_on("ignore-pnpmfile") {
            return Ok(());
        }
        let own = self.settings.value("pnpmfile").unwrap_or(".pnpmfile.cjs").to_owned();
        if self.settings.is_set("pnpmfile") && own.is_empty() {
            return Err(Unclear::new("it is not known which file pnpm's `pnpmfile` names"));
        }
        for name in [own.as_str(), "pnpmfile.js", ".pnpmfile.mjs"] {
            let path = join(&self.root, name);
            // As node looks for a program by its name.
            for ending in [".js", ".json", ".node"] {
                let other = format!("{path}{ending}");
                self.sources.not_of_the_project(&other, &format!("`{other}` may be run by the install"))?;
            }
            let Some(text) = self.sources.optional(&path)? else { continue };
            if !loads_nothing(&text) {
                return Err(Unclear::at(
                    &path,
                    format!("`{path}` is run by the install and may read any file of the project"),
                ));
            }
        }
        Ok(())
    }

    /// Patches are files that package.json or pnpm-workspace.yaml name.
    fn patches(&mut self, package: &Package) -> Result<(), Unclear> {
        let manifest = join(&self.root, "package.json");
        let of_package = package.json.get("pnpm").and_then(|pnpm| pnpm.get("patchedDependencies"));
        for table in [of_package, self.workspace.get("patchedDependencies")].into_iter().flatten() {
            let table = table
                .as_object()
                .ok_or_else(|| Unclear::at(&manifest, "`patchedDependencies` is no table"))?;
            for file in table.values() {
                let file = file
                    .as_str()
                    .ok_or_else(|| Unclear::at(&manifest, "`patchedDependencies` names no file"))?;
                self.sources.needed_unread(&join(&self.root, file))?;
            }
        }
        Ok(())
    }

    /// The packages of the workspace, by their path below the root.
    fn members(
        &mut self,
        locals: &mut Locals,
        packages: &mut BTreeMap<String, Package>,
    ) -> Result<(), Unclear> {
        let path = join(&self.root, "pnpm-workspace.yaml");
        let patterns = match self.workspace.get("packages") {
            None | Some(Value::Null) => return Ok(()),
            Some(list) => {
                list.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>())
            }
        };
        let patterns = patterns.ok_or_else(|| {
            Unclear::at(&path, format!("the `packages` of `{path}` are no list of patterns"))
        })?;
        let (left_out, taken): (Vec<&str>, Vec<&str>) =
            patterns.into_iter().partition(|pattern| pattern.starts_with('!'));
        let left_out: Vec<&str> = left_out.iter().map(|pattern| &pattern[1..]).collect();
        let find = |patterns: &[&str]| {
            workspaces::folders(self.sources.project, &self.root, patterns, Star::Npm)
                .map_err(|reason| Unclear::at(&path, reason))
        };
        let left_out = find(&left_out)?;
        // pnpm 8 and 9 hand this pattern on as the name of a file, too (traced 2026-11-25).
        self.sources.inputs.probes.insert(join(&self.root, "!**/bower_components/**"));
        for folder in find(&taken)? {
            if left_out.contains(&folder) || folder == self.root {
                continue;
            }
            for other in ["package.json5", "package.yaml"] {
                let other = join(&folder, other);
                self.sources.not_of_the_project(
                    &other,
                    &format!("dockopt does not read `{other}`, which pnpm takes for a manifest"),
                )?;
            }
            let Some(member) = locals.folder(&mut self.sources, &folder, Packed::Never)? else { continue };
            self.settings.read_folder(&mut self.sources, &folder)?;
            let below = folder.strip_prefix(&self.root).unwrap_or(&folder).trim_start_matches('/');
            packages.insert(below.to_owned(), member);
        }
        Ok(())
    }

    /// Specifiers that are not in a section of dependencies: none of them may be a path.
    fn other_specifiers(&self, package: &Package) -> Result<(), Unclear> {
        let (manifest, workspace) =
            (join(&self.root, "package.json"), join(&self.root, "pnpm-workspace.yaml"));
        let of_pnpm = |key: &str| package.json.get("pnpm").and_then(|pnpm| pnpm.get(key));
        let places = [
            (&manifest, of_pnpm("overrides")),
            (&manifest, package.json.get("resolutions")),
            (&manifest, of_pnpm("packageExtensions")),
            (&workspace, self.workspace.get("overrides")),
            (&workspace, self.workspace.get("packageExtensions")),
            (&workspace, self.workspace.get("catalog")),
            (&workspace, self.workspace.get("catalogs")),
        ];
        for (file, value) in places {
            if let Some(path) = value.and_then(local_specifier) {
                return Err(Unclear::at(
                    file,
                    format!("`{file}` replaces a package by `{path}`, which dockopt does not follow"),
                ));
            }
        }
        Ok(())
    }

    /// An install that is frozen fails where the lock file disagrees; another one writes it anew.
    fn agreement(
        &mut self,
        lock: &Lock,
        path: &str,
        packages: &BTreeMap<String, Package>,
    ) -> Result<(), Unclear> {
        let replaced = self.replaced(&packages["."]);
        let has_program = self.sources.inputs.files.iter().any(|file| file.ends_with("pnpmfile.cjs"));
        let agrees = if has_program { Ok(()) } else { lock.agrees(packages, &replaced) };
        if self.settings.is_on("frozen-lockfile") {
            return agrees.map_err(|why| {
                Unclear::at(path, format!("`{path}` does not agree with the manifests, so the install fails (was already broken?): {why}"))
            });
        }
        let told =
            ["frozen-lockfile", "prefer-frozen-lockfile"].into_iter().find(|key| self.settings.is_set(key));
        let version = builds::version(self.call, &packages["."]);
        let stays = match (agrees, told, lock.version, version) {
            (Err(why), ..) => Err(why),
            _ if has_program => Err(".pnpmfile.cjs may change what is asked for".to_owned()),
            _ if !replaced.is_empty() => Err("`overrides` are set".to_owned()),
            (_, Some(key), ..) => Err(format!("`{key}` is set")),
            (_, _, lock::Version::Marked, Some(8)) | (_, _, lock::Version::Unmarked, Some(9 | 10)) => Ok(()),
            _ => Err("it is not known whether this pnpm keeps its version".to_owned()),
        };
        if let Err(why) = stays {
            self.sources.inputs.remarks.push(format!("`pnpm install` may rewrite `{path}`: {why}"));
            self.sources.inputs.writes.insert(path.to_owned());
        }
        Ok(())
    }

    /// The packages to which the project gives another range than those that ask for them.
    fn replaced<'p>(&'p self, package: &'p Package) -> BTreeSet<&'p str> {
        let of_package = package.json.get("pnpm").and_then(|pnpm| pnpm.get("overrides"));
        let tables = [of_package, package.json.get("resolutions"), self.workspace.get("overrides")];
        let keys = tables.into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys);
        keys.map(|key| builds::plain(key.rsplit('>').next().unwrap_or(key))).collect()
    }

    /// What is installed already is looked at.
    fn installed(&mut self) {
        let inputs = &mut self.sources.inputs;
        for tree in &inputs.write_trees {
            if self.sources.project.look(tree) == Look::Directory {
                inputs.trees.insert(tree.clone());
            }
        }
    }
}

/// pnpm-workspace.yaml of the folder. One further up would make it a package of that workspace.
fn workspace(sources: &mut Sources<'_>, root: &str) -> Result<Map<String, Value>, Unclear> {
    const NAME: &str = "pnpm-workspace.yaml";
    // pnpm looks for each of them, here and above, and complains (traced 2026-11-25, pnpm 8 to 10).
    const MISNAMED: [&str; 7] = [
        "pnpm-workspace.yml",
        "pnpm-workspaces.yaml",
        "pnpm-workspaces.yml",
        ".pnpm-workspace.yaml",
        ".pnpm-workspace.yml",
        ".pnpm-workspaces.yaml",
        ".pnpm-workspaces.yml",
    ];
    for dir in std::iter::once(root).chain(above(root)) {
        for name in MISNAMED {
            let path = join(dir, name);
            sources.not_of_the_project(
                &path,
                &format!("pnpm stops at `{path}`, which it takes for a misnamed {NAME}"),
            )?;
        }
    }
    let path = join(root, NAME);
    if let Some(text) = sources.optional(&path)? {
        return match yaml::read(&text, Aliases::Refused)
            .map_err(|why| Unclear::at(&path, format!("`{path}` {why}")))?
        {
            Value::Object(table) => Ok(table),
            Value::Null => Ok(Map::new()),
            _ => Err(Unclear::at(&path, format!("`{path}` is no table (was already broken?)"))),
        };
    }
    for dir in above(root) {
        let path = join(dir, NAME);
        sources.not_of_the_project(
            &path,
            &format!("`{path}` makes this folder a package of a workspace, which is installed whole"),
        )?;
    }
    Ok(Map::new())
}

/// What a specifier means to pnpm.
fn origin(spec: &str) -> Origin {
    match spec.split_once(':') {
        // Members of the workspace, which are read as such; a path in the former may name another folder of it.
        Some(("workspace", rest)) if !rest.contains('/') || rest.starts_with('@') => Origin::Remote,
        Some(("catalog" | "jsr" | "runtime", _)) => Origin::Remote,
        Some(("link", path)) => Origin::Local(path.to_owned()),
        _ => package::origin(spec),
    }
}

/// The first text in it that may name a file of the project.
fn local_specifier(value: &Value) -> Option<&str> {
    match value {
        Value::Object(table) => table.values().find_map(local_specifier),
        Value::Array(items) => items.iter().find_map(local_specifier),
        Value::String(text) if text.starts_with('$') || text == "-" => None,
        Value::String(text) => (origin(text) != Origin::Remote).then_some(text),
        _ => None,
    }
}

/// Does a program load no other file? Said only of one that has none of the words by which it could.
fn loads_nothing(program: &str) -> bool {
    const WORDS: [&str; 10] = [
        "require",
        "import",
        "process",
        "eval",
        "Function",
        "constructor",
        "globalThis",
        "global.",
        "module.",
        "\\u",
    ];
    let without_exports = program.replace("module.exports", "");
    WORDS.iter().all(|word| !without_exports.contains(word))
}
