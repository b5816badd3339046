//! One Cargo.toml: the files that its package must have, the packages in folders that it names, and the members of its workspace.

use toml::{Table, Value};

use super::super::paths::{join, within};
use super::super::sources::Sources;
use super::super::{Look, Unclear};
use super::Cargo;
use super::config::{paths, remote};

/// Whether Cargo looks at a package in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Certain,
    /// Only if somebody inherits it.
    Perhaps,
}

/// A Cargo.toml.
pub(super) struct Manifest(Table);

impl Manifest {
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn package(&self) -> Option<&Value> {
        self.0.get("package").or_else(|| self.0.get("project"))
    }

    /// `package.workspace`, the folder of its workspace's root.
    pub(super) fn workspace_folder(&self) -> Option<&str> {
        self.package()?.get("workspace")?.as_str()
    }

    /// The patterns of its members, if it is the root of a workspace.
    pub(super) fn members(&self) -> Result<Option<Vec<&str>>, String> {
        let Some(workspace) = self.0.get("workspace") else { return Ok(None) };
        let members = workspace.get("members").and_then(Value::as_array);
        let texts: Option<Vec<&str>> = members.into_iter().flatten().map(Value::as_str).collect();
        texts.map(Some).ok_or_else(|| "a member of the workspace is no text".to_owned())
    }

    /// Does the workspace in `root` leave a package out?
    pub(super) fn excludes(&self, root: &str, folder: &str) -> bool {
        let excluded =
            self.0.get("workspace").and_then(|workspace| workspace.get("exclude")).and_then(Value::as_array);
        excluded.into_iter().flatten().filter_map(Value::as_str).any(|path| within(folder, &join(root, path)))
    }

    /// The tables of dependencies: for each kind and each target.
    fn dependencies(&self) -> impl Iterator<Item = &Value> {
        const KINDS: [&str; 5] = [
            "dependencies",
            "dev-dependencies",
            "build-dependencies",
            "dev_dependencies",
            "build_dependencies",
        ];
        let targets = self.0.get("target").and_then(Value::as_table).into_iter().flatten();
        let of_targets = targets.filter_map(|(_, target)| target.as_table());
        std::iter::once(&self.0)
            .chain(of_targets)
            .flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)))
    }

    /// What stands for packages of others: `[patch.SOURCE]` and `[replace]`.
    fn replacements(&self) -> impl Iterator<Item = &Value> {
        let patches =
            self.0.get("patch").and_then(Value::as_table).into_iter().flatten().map(|(_, patches)| patches);
        patches.chain(self.0.get("replace"))
    }

    fn shared_dependencies(&self) -> Option<&Value> {
        self.0.get("workspace")?.get("dependencies")
    }

    /// Files, relative to the package, of which Cargo may want one to be there.
    fn targets(&self) -> Vec<String> {
        let mut files: Vec<String> = ["src/lib.rs", "src/main.rs", "build.rs"].map(str::to_owned).into();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        files.extend(text(self.package().and_then(|package| package.get("build"))));
        files.extend(text(self.0.get("lib").and_then(|lib| lib.get("path"))));
        if let Some(name) = text(self.0.get("lib").and_then(|lib| lib.get("name"))) {
            files.push(format!("src/{name}.rs"));
        }
        let mut named = |folder: &str, name: &str| {
            files.extend([format!("{folder}/{name}.rs"), format!("{folder}/{name}/main.rs")]);
        };
        if let Some(name) = text(self.package().and_then(|package| package.get("default-run"))) {
            named("src/bin", &name);
        }
        let mut paths = Vec::new();
        for (kind, folder) in
            [("bin", "src/bin"), ("example", "examples"), ("test", "tests"), ("bench", "benches")]
        {
            for target in self.0.get(kind).and_then(Value::as_array).into_iter().flatten() {
                match (text(target.get("path")), text(target.get("name"))) {
                    (Some(path), _) => paths.push(path),
                    (None, Some(name)) => {
                        named(folder, &name);
                        // The edition of 2015 finds programs here, too.
                        named("src", &name);
                    }
                    (None, None) => {}
                }
            }
        }
        files.extend(paths);
        files
    }
}

impl Cargo<'_> {
    /// Reads a package and all that it leads to.
    pub(super) fn package(&mut self, folder: &str, need: Need) -> Result<(), Unclear> {
        let path = join(folder, "Cargo.toml");
        if need == Need::Perhaps && self.sources.ambient(&path)?.is_none()
            || !self.seen.insert(folder.to_owned())
        {
            return Ok(());
        }
        let manifest = self.manifest(folder)?;
        if manifest.package().is_some() {
            self.targets(folder, &manifest);
            // Its workspace may hold what it inherits.
            self.root(folder)?;
        }
        let dependencies = || manifest.dependencies().chain(manifest.replacements());
        for (_, dependency) in
            dependencies().chain(manifest.shared_dependencies()).filter_map(Value::as_table).flatten()
        {
            for key in ["git", "registry-index"] {
                if let Some(address) = dependency.get(key).and_then(Value::as_str) {
                    remote(address).map_err(|reason| Unclear::at(&path, reason))?;
                }
            }
        }
        for dependency in dependencies().flat_map(paths) {
            self.package(&join(folder, dependency), Need::Certain)?;
        }
        for dependency in manifest.shared_dependencies().into_iter().flat_map(paths) {
            self.package(&join(folder, dependency), Need::Perhaps)?;
        }
        Ok(())
    }

    /// Notes a path where something would be looked at if it were there, and only then.
    pub(super) fn probe(&mut self, path: String) {
        if self.sources.project.look(&path) == Look::Absent {
            self.sources.inputs.probes.insert(path);
        }
    }

    /// Notes the files that make a package one: without a library or a program, Cargo refuses it.
    fn targets(&mut self, folder: &str, manifest: &Manifest) {
        for file in manifest.targets() {
            self.sources.ambient_unread(&join(folder, &file));
        }
        // Where these are, they change nothing that a fetch does.
        for name in ["README", "README.md", "README.txt", "src/bin", "examples", "tests", "benches"] {
            self.probe(join(folder, name));
        }
        let has = |file: &str| self.sources.project.look(&join(folder, file)) == Look::File;
        if has("src/lib.rs") || has("src/main.rs") {
            return;
        }
        let programs = join(folder, "src/bin");
        for name in self.sources.project.list(&programs).unwrap_or_default() {
            let path = join(&programs, &name);
            match self.sources.project.look(&path) {
                Look::Directory => self.sources.ambient_unread(&join(&path, "main.rs")),
                _ => self.sources.ambient_unread(&path),
            }
        }
    }
}

/// The folders that a pattern of a workspace names. Unlike a shell, Cargo takes hidden ones, too.
pub(super) fn folders(sources: &Sources<'_>, root: &str, pattern: &str) -> Result<Vec<String>, String> {
    let mut found = vec![root.to_owned()];
    for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
        let Some((head, tail)) = part.split_once('*') else {
            if part.contains(['?', '[', '{']) {
                return Err(format!(
                    "the member `{pattern}` of the workspace is of a form that dockopt does not read"
                ));
            }
            found = found.iter().map(|folder| join(folder, part)).collect();
            continue;
        };
        if tail.contains(['*', '?', '[', '{']) || head.contains(['?', '[', '{']) {
            return Err(format!(
                "the member `{pattern}` of the workspace is of a form that dockopt does not read"
            ));
        }
        let mut next = Vec::new();
        for folder in &found {
            let names = sources.project.list(folder).ok_or_else(|| {
                format!("it is not known what lies in `{folder}`, where members of the workspace may be")
            })?;
            let fits = |name: &String| {
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            };
            let folders = names.iter().filter(|name| fits(name)).map(|name| join(folder, name));
            next.extend(folders.filter(|path| sources.project.look(path) != Look::File));
        }
        found = next;
    }
    Ok(found)
}
