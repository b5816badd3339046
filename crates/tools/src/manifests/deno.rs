//! What `deno install` and `deno ci` read and write of the project. Runs nothing and follows no program: a command that is given one reads all that it imports.
//!
//! Traced 2026-11-25 (2.9.6): they open deno.json(c), package.json and tsconfig.json of the project and of each member of its workspace, the first two also in the folders above
//! and in folders that the import map names, the import map, deno.lock, .npmrc and, where there is no deno.lock, those of the other managers. A file that the
//! import map names is opened with all that it imports. Scripts of the project's own package.json did not run.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::javascript::jsonc;
use super::javascript::local::{Dialect, Locals, Scripts};
use super::javascript::package::{self, Package, Packed};
use super::paths::{above, join, parent, within};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    settings: BTreeSet<String>,
    options: BTreeSet<String>,
    variables: BTreeSet<String>,
    remote: Vec<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/deno.toml")).expect("deno.toml is checked by a test")
});

/// The names of the configuration, the one that counts first.
const NAMES: [&str; 2] = ["deno.json", "deno.jsonc"];

/// A configuration: its path, and what it says.
type Configuration = (String, Map<String, Value>);

const DIALECT: Dialect = Dialect {
    name: "deno",
    origin: package::origin,
    events: &package::EVENTS,
    member_events: &package::EVENTS,
};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if ["cache", "install-entrypoint"].contains(&call.action) {
        let program = call.operands.first().map_or("its program", String::as_str);
        let reason = format!(
            "it reads `{program}` and all that this imports, so the sources belong before it (`deno install` reads only the manifests and the import map)"
        );
        return Err(Unclear::new(reason));
    }
    let mut install = Install {
        call,
        sources: Sources::new(project),
        lock: Some("deno.lock".to_owned()),
        is_frozen: call.action == "ci",
        has_modules: false,
    };
    install.told()?;
    install.read()?;
    Ok(install.sources.inputs)
}

struct Install<'a> {
    call: &'a Call<'a>,
    sources: Sources<'a>,
    /// The path of the lock file, from the root.
    lock: Option<String>,
    is_frozen: bool,
    /// Whether packages go into `node_modules`.
    has_modules: bool,
}

impl Install<'_> {
    /// Options and variables.
    fn told(&mut self) -> Result<(), Unclear> {
        for (flag, value) in self.call.flags {
            if !DATA.options.contains(flag) {
                return Err(Unclear::new(format!("`{flag}` may make Deno read other files")));
            }
            match (flag.as_str(), value.as_deref()) {
                ("--frozen", value) => self.is_frozen = value != Some("false"),
                ("--no-lock", _) => self.lock = None,
                ("--node-modules-dir", value) => self.has_modules = value != Some("none"),
                _ => {}
            }
        }
        for (name, value) in self.call.env {
            let is_its_own =
                name.starts_with("DENO_") || name.to_ascii_lowercase().starts_with("npm_config_");
            match (name.as_str(), value) {
                ("DENO_DIR", Some(path)) => {
                    let path = join(self.call.cwd, path);
                    if within(&path, self.call.cwd) {
                        self.sources.inputs.write_trees.insert(path);
                    }
                }
                ("DENO_CERT", Some(path)) => self.sources.ambient_unread(&join(self.call.cwd, path)),
                (name, _) if is_its_own && !DATA.variables.contains(name) => {
                    return Err(Unclear::new(format!("the variable `{name}` may change what Deno reads")));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Unclear> {
        let root = self.call.cwd;
        for dir in above(root) {
            for name in NAMES.iter().chain(&["package.json"]) {
                let path = join(dir, name);
                let why =
                    format!("`{path}` may make this folder a part of a workspace, which is installed whole");
                self.sources.not_of_the_project(&path, &why)?;
            }
        }
        self.sources.ambient_unread(&join(root, ".npmrc"));
        let configuration = self.configuration(root)?;
        let package = self.package(root)?;
        if configuration.is_none() && package.is_none() {
            let reason = "there is neither a deno.json nor a package.json, and Deno looks for one further up";
            return Err(Unclear::at(&join(root, "deno.json"), reason));
        }
        self.has_modules |= package.is_some();
        if let Some((path, table)) = configuration {
            self.settings(&path, &table)?;
        }
        if self.has_modules {
            self.modules(root);
        }
        self.lock()
    }

    /// deno.json or deno.jsonc of a folder.
    fn configuration(&mut self, dir: &str) -> Result<Option<Configuration>, Unclear> {
        for name in NAMES {
            let path = join(dir, name);
            if let Some(text) = self.sources.optional(&path)? {
                let table = jsonc::table(&text).ok_or_else(|| {
                    Unclear::at(&path, format!("`{path}` is no JSON object (was already broken?)"))
                })?;
                return Ok(Some((path, table)));
            }
        }
        Ok(None)
    }

    /// package.json of a folder, with its scripts and local dependencies.
    fn package(&mut self, dir: &str) -> Result<Option<Package>, Unclear> {
        let path = join(dir, "package.json");
        let settings = join(dir, "tsconfig.json");
        if let Some(text) = self.sources.optional(&settings)? {
            let table = jsonc::table(&text).unwrap_or_default();
            if table.is_empty() || ["extends", "references"].iter().any(|key| table.contains_key(*key)) {
                return Err(Unclear::at(
                    &settings,
                    format!("`{settings}` may name other files, and Deno reads it"),
                ));
            }
        }
        let Some(text) = self.sources.optional(&path)? else { return Ok(None) };
        let package = Package::parse(&text).ok_or_else(|| {
            Unclear::at(&path, format!("`{path}` is not a JSON object (was already broken?)"))
        })?;
        if package.json.contains_key("workspaces") {
            return Err(Unclear::at(
                &path,
                format!("`{path}` has workspaces, which dockopt follows in deno.json only"),
            ));
        }
        Locals::new(&DIALECT, dir, Scripts::Run).package(&mut self.sources, dir, &package, Packed::Never)?;
        Ok(Some(package))
    }

    /// What the project's configuration says.
    fn settings(&mut self, path: &str, table: &Map<String, Value>) -> Result<(), Unclear> {
        for (key, value) in table {
            let refused = || {
                Err(Unclear::at(
                    path,
                    format!("the setting `{key}` of `{path}` may make Deno read other files"),
                ))
            };
            match (key.as_str(), value) {
                ("imports" | "scopes", value) => self.import_map(path, value)?,
                ("importMap", Value::String(file))
                    if !DATA.remote.iter().any(|start| file.starts_with(start)) =>
                {
                    let file = join(parent(path), file);
                    let text = self.sources.needed(&file)?;
                    let table = jsonc::table(&text).ok_or_else(|| {
                        Unclear::at(&file, format!("`{file}` is no JSON object (was already broken?)"))
                    })?;
                    for value in ["imports", "scopes"].iter().filter_map(|key| table.get(*key)) {
                        self.import_map(&file, value)?;
                    }
                }
                ("nodeModulesDir", Value::String(how)) => self.has_modules |= how != "none",
                ("nodeModulesDir", Value::Bool(on)) => self.has_modules |= on,
                ("vendor", Value::Bool(false)) => {}
                ("lock", Value::Bool(on)) => {
                    if !on {
                        self.lock = None;
                    }
                }
                ("lock", Value::String(file)) => self.lock = self.lock.take().map(|_| file.clone()),
                ("lock", Value::Object(lock)) => {
                    self.is_frozen |= lock.get("frozen") == Some(&Value::Bool(true));
                    if let Some(file) = lock.get("path").and_then(Value::as_str) {
                        self.lock = self.lock.take().map(|_| file.to_owned());
                    }
                }
                ("compilerOptions", value) if !names_a_file(value) => {}
                ("workspace", Value::Array(members)) => self.members(path, members)?,
                ("workspace", Value::Object(workspace)) => match workspace.get("members") {
                    Some(Value::Array(members)) => self.members(path, members)?,
                    _ => return refused(),
                },
                (key, _) if DATA.settings.contains(key) => {}
                _ => return refused(),
            }
        }
        Ok(())
    }

    /// The packages of the workspace.
    fn members(&mut self, path: &str, patterns: &[Value]) -> Result<(), Unclear> {
        let patterns: Option<Vec<&str>> = patterns.iter().map(Value::as_str).collect();
        let patterns = patterns
            .ok_or_else(|| Unclear::at(path, format!("`workspace` of `{path}` is no list of folders")))?;
        if let Some(pattern) = patterns.iter().find(|pattern| pattern.contains(['*', '?', '[', '{', '!'])) {
            // Traced: it looks at every file that lies below the folders of the pattern.
            let reason = format!(
                "`{path}` names packages by the pattern `{pattern}`, for which Deno looks at all their files"
            );
            return Err(Unclear::at(path, reason));
        }
        for folder in patterns.iter().map(|folder| join(parent(path), folder)) {
            let configuration = self.configuration(&folder)?;
            let package = self.package(&folder)?;
            self.has_modules |= package.is_some();
            if package.is_some() {
                self.modules(&folder);
            }
            if let Some((inner, table)) = configuration {
                if let Some(key) =
                    ["workspace", "links", "patch", "importMap"].iter().find(|key| table.contains_key(**key))
                {
                    return Err(Unclear::at(
                        &inner,
                        format!("`{inner}` has `{key}`, which dockopt follows in the root only"),
                    ));
                }
                self.settings(&inner, &table)?;
            }
        }
        Ok(())
    }

    /// What names are imported as: from the network, or folders of the project, in which a manifest would be read.
    fn import_map(&mut self, path: &str, value: &Value) -> Result<(), Unclear> {
        match value {
            Value::Object(table) => table.values().try_for_each(|value| self.import_map(path, value)),
            Value::String(text) if DATA.remote.iter().any(|start| text.starts_with(start)) => Ok(()),
            Value::String(text) if text.ends_with('/') => {
                let folder = join(parent(path), text);
                if folder == self.call.cwd {
                    return Ok(());
                }
                for name in NAMES.iter().chain(&["package.json"]) {
                    let manifest = join(&folder, name);
                    let why = format!(
                        "`{path}` takes `{text}` for imports, and `{manifest}` makes that a package of its own"
                    );
                    self.sources.not_of_the_project(&manifest, &why)?;
                }
                Ok(())
            }
            other => Err(Unclear::at(
                path,
                format!("`{path}` imports {other}, which Deno reads with all that it imports"),
            )),
        }
    }

    fn modules(&mut self, dir: &str) {
        let tree = join(dir, "node_modules");
        if self.sources.project.look(&tree) == Look::Directory {
            self.sources.inputs.trees.insert(tree.clone());
        }
        self.sources.inputs.write_trees.insert(tree);
    }

    fn lock(&mut self) -> Result<(), Unclear> {
        let Some(name) = &self.lock else {
            self.sources
                .inputs
                .remarks
                .push("no lock file: the install takes whatever versions are newest when it runs".into());
            return Ok(());
        };
        let path = join(self.call.cwd, name);
        let found = self.sources.optional(&path)?;
        match (found, self.is_frozen) {
            (Some(_), true) => Ok(()),
            (Some(_), false) => {
                self.sources
                    .inputs
                    .remarks
                    .push(format!("`deno install` may rewrite `{path}`: only `--frozen` keeps it as it is"));
                self.sources.inputs.writes.insert(path);
                Ok(())
            }
            (None, _) => {
                let reason = "without deno.lock the install resolves every version anew and writes one";
                Err(Unclear::at(&path, reason))
            }
        }
    }
}

/// Does a text in it begin as a path does?
fn names_a_file(value: &Value) -> bool {
    match value {
        Value::Object(table) => table.values().any(names_a_file),
        Value::Array(items) => items.iter().any(names_a_file),
        Value::String(text) => text.starts_with(['.', '/']),
        _ => false,
    }
}
