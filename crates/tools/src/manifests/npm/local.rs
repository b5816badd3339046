//! Packages of the project itself: the root, members of workspaces, folders and archives that a dependency names. Notes their manifests, scripts and programs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Look, Unclear, scripts};
use super::package::{Origin, Package, Packed, origin};

/// The local packages that were read.
pub(super) struct Locals {
    root: String,
    run_scripts: RunScripts,
    seen: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunScripts {
    Yes,
    No,
}

impl Locals {
    pub(super) fn new(root: &str, scripts_run: bool) -> Self {
        let run_scripts = if scripts_run { RunScripts::Yes } else { RunScripts::No };
        Self { root: root.to_owned(), run_scripts, seen: BTreeSet::from([root.to_owned()]) }
    }

    /// A folder that may be a package: its manifest, if it has one.
    pub(super) fn folder(
        &mut self,
        sources: &mut Sources<'_>,
        dir: &str,
        packed: Packed,
    ) -> Result<Option<Package>, Unclear> {
        let manifest = join(dir, "package.json");
        let Some(text) = sources.optional(&manifest)? else { return Ok(None) };
        let package = Package::parse(&text).ok_or_else(|| {
            Unclear::at(&manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
        })?;
        if !self.seen.insert(dir.to_owned()) {
            return Ok(Some(package));
        }
        sources.inputs.write_trees.insert(join(dir, "node_modules"));
        let installed = join(dir, "node_modules");
        if sources.project.look(&installed) == Look::Directory {
            sources.inputs.trees.insert(installed);
        }
        // npm links the programs of a local package, makes the files executable and mends their line ends (measured 2026-11-23, npm 6 to 11).
        let programs = package.programs().ok_or_else(|| {
            Unclear::at(
                &manifest,
                format!("the programs of `{manifest}` are of a form that dockopt does not read"),
            )
        })?;
        for program in programs {
            let path = join(dir, program);
            sources.ambient_unread(&path);
            if sources.inputs.files.contains(&path) {
                sources.inputs.remarks.push(format!("npm makes `{path}` executable"));
                sources.inputs.writes.insert(path);
            }
        }
        self.package(sources, dir, &package, packed)?;
        Ok(Some(package))
    }

    /// The scripts and the local dependencies of a package in `dir`.
    pub(super) fn package(
        &mut self,
        sources: &mut Sources<'_>,
        dir: &str,
        package: &Package,
        packed: Packed,
    ) -> Result<(), Unclear> {
        let manifest = join(dir, "package.json");
        if self.run_scripts == RunScripts::Yes {
            let scripts = package.life_cycle(packed).ok_or_else(|| {
                Unclear::at(
                    &manifest,
                    format!("the scripts of `{manifest}` are of a form that dockopt does not read"),
                )
            })?;
            for (event, script) in scripts {
                scripts::judge(sources, dir, event, script)?;
            }
            if package.may_compile() {
                let gyp = join(dir, "binding.gyp");
                sources.absent(&gyp, &format!("npm compiles what `{gyp}` describes"))?;
            }
        }
        let dependencies = package.dependencies().ok_or_else(|| {
            Unclear::at(
                &manifest,
                format!("the dependencies of `{manifest}` are of a form that dockopt does not read"),
            )
        })?;
        for (name, spec) in dependencies {
            match origin(&spec) {
                Origin::Remote => {}
                Origin::Local(path) if !path.starts_with('~') => {
                    self.dependency(sources, &join(dir, &path), &name)?;
                }
                _ => {
                    let reason = format!("the dependency `{name}` is `{spec}`, which dockopt cannot follow");
                    return Err(Unclear::at(&manifest, reason));
                }
            }
        }
        Ok(())
    }

    /// A dependency by path: an archive, or a folder, which npm links or, with `install-links`, packs.
    fn dependency(&mut self, sources: &mut Sources<'_>, path: &str, name: &str) -> Result<(), Unclear> {
        match sources.project.look(path) {
            Look::File => sources.needed_unread(path),
            Look::Directory => {
                sources.inputs.trees.insert(path.to_owned());
                match self.folder(sources, path, Packed::Perhaps)? {
                    Some(_) => Ok(()),
                    None => Err(Unclear::at(
                        path,
                        format!("the dependency `{name}` is `{path}`, which has no package.json"),
                    )),
                }
            }
            Look::Absent => Err(Unclear::at(
                path,
                format!("the dependency `{name}` is `{path}`, which is missing (was already broken?)"),
            )),
            Look::Unknown => Err(Unclear::at(
                path,
                format!("the dependency `{name}` is `{path}`, which does not come from the project"),
            )),
        }
    }

    /// What a lock file names of the project. In sync with the manifests, it names nothing new.
    pub(super) fn lock(&mut self, sources: &mut Sources<'_>, path: &str, text: &str) -> Result<(), Unclear> {
        let Ok(Value::Object(json)) = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
        else {
            return Err(Unclear::at(path, format!("`{path}` is not a JSON object (was already broken?)")));
        };
        let mut named = BTreeSet::new();
        if let Some(Value::Object(packages)) = json.get("packages") {
            for (key, entry) in packages {
                if !key.is_empty() && !key.contains("node_modules/") {
                    named.insert(key.clone());
                }
                let resolved = entry.get("resolved").and_then(Value::as_str).unwrap_or_default();
                if entry.get("link") == Some(&Value::Bool(true)) {
                    named.insert(resolved.to_owned());
                } else if let Some(file) = super::super::paths::of_file_url(resolved) {
                    named.insert(file.to_owned());
                }
            }
        }
        if let Some(Value::Object(dependencies)) = json.get("dependencies") {
            legacy_paths(dependencies, &mut named);
        }
        for name in named {
            let local = join(&self.root, &name);
            let known = self.seen.contains(&local) || sources.inputs.files.contains(&local);
            if !known {
                self.dependency(sources, &local, &name)?;
            }
        }
        Ok(())
    }
}

/// Versions that are paths, in the part of a lock file that npm 6 reads.
fn legacy_paths(table: &Map<String, Value>, named: &mut BTreeSet<String>) {
    for entry in table.values() {
        let version = entry.get("version").and_then(Value::as_str).unwrap_or_default();
        if let Some(path) = super::super::paths::of_file_url(version) {
            named.insert(path.to_owned());
        }
        if let Some(Value::Object(below)) = entry.get("dependencies") {
            legacy_paths(below, named);
        }
    }
}
