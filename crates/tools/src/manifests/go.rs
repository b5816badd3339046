//! What the go command reads and writes of the project when it fetches modules. Runs nothing, resolves no version and reads no Go source.
//!
//! Traced 2026-11-25 with Go 1.19, 1.21, 1.22, 1.25 and 1.27, over a module proxy in the file system. `go mod download` opens the nearest go.mod, the
//! go.sum beside it, go.work in the working directory and all folders above, and go.mod of local replacements; it looks at neither vendor/ nor .git. From Go 1.21 on,
//! any command reads go.work and go.mod to choose the toolchain.
//!
//! `go mod download` also mends both files where the build list asks for it (Go issues 46214 and 64008), and a copy that follows would take that back. It was
//! seen to write nothing where [`Download::mends`] finds nothing. That rests on one assumption: go.sum, where it has a hash for each requirement, names every go.mod that the go
//! command had to look at when it wrote the file.

mod modfile;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use modfile::{ModFile, Module, Target, hashed, is_at_least};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    surroundings(&mut sources, call)?;
    let found = Found::look(&mut sources, call)?;
    match call.action {
        "mod-download" | "mod-verify" => Download { call, found, sources }.read(),
        "install-version" => {
            programs(&mut sources, call)?;
            Ok(sources.inputs)
        }
        "env-write" => settings(sources, call),
        "clean-modules" | "clean-build-cache" | "clean-both" => Ok(sources.inputs),
        other => Err(Unclear::new(format!("`go {other}` reads the sources"))),
    }
}

/// What is known about the go command, from `data/manifests/go.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    harmless_flags: BTreeSet<String>,
    harmless_settings: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/go.toml")).expect("go.toml is checked by a test")
});

/// The value of an environment variable; empty is the same as not set.
fn value<'c>(call: &'c Call<'_>, name: &str) -> Result<Option<&'c str>, Unclear> {
    match call.env.get(name) {
        Some(None) => Err(Unclear::new(format!("the value of `{name}` is only known when it runs"))),
        Some(Some(value)) => Ok(Some(value.as_str()).filter(|value| !value.is_empty())),
        None => Ok(None),
    }
}

/// Settings in the environment: what they name is read, where they move a store is written.
fn surroundings(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for flag in value(call, "GOFLAGS")?.unwrap_or_default().split_whitespace() {
        let name = flag.split('=').next().unwrap_or(flag);
        let name = if name.starts_with("--") { &name[1..] } else { name };
        if !DATA.harmless_flags.contains(name) {
            return Err(Unclear::new(format!("it is not known what `{flag}` in GOFLAGS makes go read")));
        }
    }
    for variable in ["GOENV", "NETRC", "GIT_CONFIG_GLOBAL", "GIT_SSL_CAINFO", "SSL_CERT_FILE"] {
        if let Some(path) = value(call, variable)?.filter(|path| *path != "off") {
            sources.ambient_unread(&join(call.cwd, path));
        }
    }
    if value(call, "GIT_DIR")?.is_some() {
        return Err(Unclear::new("`GIT_DIR` makes git look at a repository of its own"));
    }
    for proxy in value(call, "GOPROXY")?.unwrap_or_default().split([',', '|']) {
        if let Some(path) = super::paths::of_file_url(proxy.trim()) {
            sources.tree(&join("/", path))?;
        }
    }
    let first = |paths: &str| paths.split(':').next().unwrap_or(paths).to_owned();
    match (value(call, "GOMODCACHE")?, value(call, "GOPATH")?) {
        (Some(cache), _) => sources.inputs.write_trees.insert(join(call.cwd, cache)),
        (None, Some(path)) => sources.inputs.write_trees.insert(join(&first(path), "pkg/mod")),
        (None, None) => false,
    };
    Ok(())
}

/// Where `go install` puts programs and what it has built.
fn programs(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    if let Some(folder) = value(call, "GOBIN")? {
        sources.inputs.write_trees.insert(join(call.cwd, folder));
    } else if let Some(paths) = value(call, "GOPATH")? {
        sources.inputs.write_trees.insert(join(paths.split(':').next().unwrap_or(paths), "bin"));
    }
    if let Some(cache) = value(call, "GOCACHE")?.filter(|cache| *cache != "off") {
        sources.inputs.write_trees.insert(join(call.cwd, cache));
    }
    Ok(())
}

/// `go env -w NAME=VALUE`
fn settings(sources: Sources<'_>, call: &Call<'_>) -> Result<Inputs, Unclear> {
    let name = |operand: &String| operand.split('=').next().unwrap_or(operand).to_owned();
    match call.operands.iter().map(name).find(|name| !DATA.harmless_settings.contains(name)) {
        Some(name) => Err(Unclear::new(format!(
            "later go commands may read and write other files after `go env -w {name}`"
        ))),
        None => Ok(sources.inputs),
    }
}

/// The module and the workspace that the working directory belongs to.
struct Found {
    /// The folder of go.mod.
    module: Option<String>,
    /// The path of go.work.
    workspace: Option<String>,
}

impl Found {
    fn look(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<Self, Unclear> {
        let workspace = match value(call, "GOWORK")? {
            Some("off") => None,
            Some(path) => Some(join(call.cwd, path)),
            None => nearest(sources, call, "go.work")?,
        };
        if let Some(path) = &workspace {
            sources.ambient_unread(path);
        }
        Ok(Self {
            module: nearest(sources, call, "go.mod")?.map(|path| super::paths::parent(&path).to_owned()),
            workspace,
        })
    }
}

/// The nearest file of a name, in the working directory or above.
fn nearest(sources: &mut Sources<'_>, call: &Call<'_>, name: &str) -> Result<Option<String>, Unclear> {
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        let path = join(dir, name);
        match sources.project.look(&path) {
            Look::File => {
                sources.inputs.files.insert(path.clone());
                return Ok(Some(path));
            }
            Look::Absent => {
                sources.inputs.probes.insert(path);
            }
            Look::Directory => {}
            Look::Unknown => return Err(Unclear::at(&path, format!("it is not known what `{path}` holds"))),
        }
    }
    Ok(None)
}

/// `go mod download` and `go mod verify`.
struct Download<'a> {
    call: &'a Call<'a>,
    found: Found,
    sources: Sources<'a>,
}

impl Download<'_> {
    fn read(mut self) -> Result<Inputs, Unclear> {
        if value(self.call, "GO111MODULE")? == Some("off") {
            return Err(Unclear::new("`GO111MODULE=off` forbids it (was already broken?)"));
        }
        if let Some(path) = self.found.workspace.take() {
            return self.workspace(&path);
        }
        let Some(root) = self.found.module.take() else {
            return Err(Unclear::new(format!(
                "there is no go.mod in `{}` or above (was already broken?)",
                self.call.cwd
            )));
        };
        let mends = self.module(&root)?;
        if self.call.action == "mod-verify" {
            return Ok(self.sources.inputs);
        }
        let mends =
            if self.call.operands.is_empty() { mends } else { Some("it is told what to fetch".to_owned()) };
        if let Some(why) = mends {
            let inputs = &mut self.sources.inputs;
            inputs.writes.extend([join(&root, "go.mod"), join(&root, "go.sum")]);
            inputs.remarks.push(format!("`go mod download` may mend go.mod and go.sum: {why}"));
        }
        Ok(self.sources.inputs)
    }

    /// In a workspace, sums that no member has go to go.work.sum.
    fn workspace(mut self, path: &str) -> Result<Inputs, Unclear> {
        let text = self.sources.needed(path)?;
        let work =
            ModFile::parse(&text).map_err(|reason| Unclear::at(path, format!("`{path}`: {reason}")))?;
        let root = super::paths::parent(path);
        let sums = join(root, "go.work.sum");
        self.sources.optional(&sums)?;
        for folder in &work.uses {
            self.module(&join(root, folder))?;
        }
        self.replacements(root, &work)?;
        if self.call.action != "mod-verify" {
            self.sources.inputs.writes.insert(sums);
            self.sources.inputs.remarks.push(format!(
                "`{path}` makes this a workspace, and there `go mod download` may write go.work.sum"
            ));
        }
        Ok(self.sources.inputs)
    }

    /// Notes the files of the module in a folder. Why `go mod download` may mend them, if it may.
    fn module(&mut self, root: &str) -> Result<Option<String>, Unclear> {
        let path = join(root, "go.mod");
        let text = self.sources.needed(&path)?;
        let main =
            ModFile::parse(&text).map_err(|reason| Unclear::at(&path, format!("`{path}`: {reason}")))?;
        let sums = self.sources.optional(&join(root, "go.sum"))?;
        let locals = self.replacements(root, &main)?;
        Ok(Self::mends(&main, sums.as_deref(), &locals))
    }

    /// The modules of the project that stand for others.
    fn replacements(&mut self, root: &str, main: &ModFile) -> Result<Vec<ModFile>, Unclear> {
        let mut locals = Vec::new();
        for replace in &main.replaces {
            if let Target::Folder(folder) = &replace.by {
                let path = join(&join(root, folder), "go.mod");
                if let Some(text) = self.sources.optional(&path)? {
                    let local = ModFile::parse(&text)
                        .map_err(|reason| Unclear::at(&path, format!("`{path}`: {reason}")))?;
                    locals.push(local);
                }
            }
        }
        Ok(locals)
    }

    /// Why `go mod download` may write go.mod or go.sum, as a clause; each was seen in a run.
    fn mends(main: &ModFile, sums: Option<&str>, locals: &[ModFile]) -> Option<String> {
        let Some(go) = main.go.as_deref() else { return Some("go.mod has no `go` line".to_owned()) };
        if !is_at_least(go, 17) {
            // It then loads the go.mod of every module, however far away.
            return Some(format!(
                "go.mod has `go {go}`, and before 1.17 every module of the whole graph is looked up"
            ));
        }
        if main.requires.is_empty() {
            return None;
        }
        let Some(sums) = sums else { return Some("there is no go.sum".to_owned()) };
        let hashed = hashed(sums);
        for required in &main.requires {
            let Module { path, version } = required;
            if !required.is_canonical() {
                return Some(format!("`{version}` of {path} is no full version"));
            }
            if main.excludes.contains(required) {
                return Some(format!("go.mod excludes the {path} {version} that it requires"));
            }
            for local in locals {
                let raised = local.requires.iter().find(|one| {
                    one.path == *path && required.compare(&one.version).is_none_or(Ordering::is_lt)
                });
                if let Some(raised) = raised {
                    return Some(format!(
                        "a module of the project wants {path} {}, and go.mod has {version}",
                        raised.version
                    ));
                }
            }
            let (path, version) = match main.replacement(required) {
                Some(Target::Folder(_)) => continue,
                Some(Target::Module(other)) => (&other.path, &other.version),
                None => (path, version),
            };
            let versions = hashed.get(path.as_str()).map_or(&[][..], Vec::as_slice);
            if !versions.contains(&version.as_str()) {
                return Some(format!("go.sum has no hash of the go.mod of {path} {version}"));
            }
            let wanted = Module { path: path.clone(), version: version.clone() };
            if let Some(higher) =
                versions.iter().find(|other| wanted.compare(other).is_none_or(Ordering::is_lt))
            {
                return Some(format!("go.sum also has {path} {higher}, and go.mod has {version}"));
            }
        }
        let newer = locals.iter().filter_map(|local| local.go.as_deref()).find(|own| {
            let of = |version: &str| -> Vec<u32> {
                version.split('.').filter_map(|part| part.parse().ok()).collect()
            };
            of(own) > of(go)
        });
        newer.map(|own| format!("a module of the project has `go {own}`, and go.mod has `go {go}`"))
    }
}
