//! Packages of the project itself: the root, members of workspaces, folders and archives that a dependency names. Notes their manifests, scripts and programs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::paths::join;
use super::super::sources::Sources;
use super::super::workspaces::{self, Star};
use super::super::{Look, Unclear};
use super::package::{Origin, Package, Packed};
use super::scripts;

/// How a manager reads a package.json.
pub(in crate::manifests) struct Dialect {
    /// Its name.
    pub(in crate::manifests) name: &'static str,
    /// What a dependency's specifier means to it.
    pub(in crate::manifests) origin: fn(&str) -> Origin,
    /// The scripts that it runs at an install, for the package in which it is called.
    pub(in crate::manifests) events: &'static [&'static str],
    /// The same for the other packages of the project.
    pub(in crate::manifests) member_events: &'static [&'static str],
}

/// A folder below the root, as a path relative to it; empty for the root.
pub(in crate::manifests) fn below(root: &str, folder: &str) -> String {
    folder.strip_prefix(root).unwrap_or(folder).trim_start_matches('/').to_owned()
}

/// The local packages that were read.
pub(in crate::manifests) struct Locals {
    dialect: &'static Dialect,
    pub(in crate::manifests) root: String,
    scripts: Scripts,
    pub(in crate::manifests) seen: BTreeSet<String>,
}

/// Whether scripts of packages run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifests) enum Scripts {
    Run,
    Ignored,
}

impl Locals {
    pub(in crate::manifests) fn new(dialect: &'static Dialect, root: &str, scripts: Scripts) -> Self {
        Self { dialect, root: root.to_owned(), scripts, seen: BTreeSet::from([root.to_owned()]) }
    }

    /// The packages of the workspaces that the root's manifest lists, by their folder.
    pub(in crate::manifests) fn members(
        &mut self,
        sources: &mut Sources<'_>,
        root: &Package,
    ) -> Result<BTreeMap<String, Package>, Unclear> {
        let manifest = join(&self.root, "package.json");
        let patterns = root.workspaces().ok_or_else(|| {
            Unclear::at(
                &manifest,
                format!("the `workspaces` of `{manifest}` are of a form that dockopt does not read"),
            )
        })?;
        let folders = workspaces::folders(sources.project, &self.root, &patterns, Star::Npm)
            .map_err(|reason| Unclear::at(&manifest, reason))?;
        let mut members = BTreeMap::new();
        for folder in folders {
            if let Some(member) = self.folder(sources, &folder, Packed::Never)? {
                members.insert(folder, member);
            }
        }
        Ok(members)
    }

    /// A folder that may be a package: its manifest, if it has one.
    pub(in crate::manifests) fn folder(
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
                sources.inputs.remarks.push(format!("{} makes `{path}` executable", self.dialect.name));
                sources.inputs.writes.insert(path);
            }
        }
        self.package(sources, dir, &package, packed)?;
        Ok(Some(package))
    }

    /// The scripts and the local dependencies of a package in `dir`.
    pub(in crate::manifests) fn package(
        &mut self,
        sources: &mut Sources<'_>,
        dir: &str,
        package: &Package,
        packed: Packed,
    ) -> Result<(), Unclear> {
        let manifest = join(dir, "package.json");
        if self.scripts == Scripts::Run {
            let events = if dir == self.root { self.dialect.events } else { self.dialect.member_events };
            let scripts = package.life_cycle(events, packed).ok_or_else(|| {
                Unclear::at(
                    &manifest,
                    format!("the scripts of `{manifest}` are of a form that dockopt does not read"),
                )
            })?;
            for (event, script) in scripts {
                scripts::judge(sources, dir, self.dialect.name, event, script)?;
            }
            if package.may_compile() {
                let gyp = join(dir, "binding.gyp");
                sources.absent(&gyp, &format!("{} compiles what `{gyp}` describes", self.dialect.name))?;
            }
        }
        let dependencies = package.dependencies().ok_or_else(|| {
            Unclear::at(
                &manifest,
                format!("the dependencies of `{manifest}` are of a form that dockopt does not read"),
            )
        })?;
        for (name, spec) in dependencies {
            match (self.dialect.origin)(&spec) {
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

    /// A dependency by path: an archive, or a folder, which is linked or, as with `install-links`, packed.
    pub(in crate::manifests) fn dependency(
        &mut self,
        sources: &mut Sources<'_>,
        path: &str,
        name: &str,
    ) -> Result<(), Unclear> {
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
}
