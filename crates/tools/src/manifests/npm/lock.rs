//! Does `npm install` leave package-lock.json as it is, byte for byte? Says yes only where that was measured. Looks at no file.
//!
//! Measured 2026-11-23 with node 20 and npm 6.14, 7.0, 7.24, 8.1, 8.11, 8.19, 9.1, 9.6, 9.9, 10.2, 10.8, 10.9, 11.0, 11.4, 11.6 and 11.21, on projects that start
//! without `node_modules`: plain dependencies, workspaces, platform-specific and optional dependencies, peers, a tarball address, `bin`, `funding` and scripts.
//! "made by": the npm that wrote the lock file. "=" is unchanged, "x" is rewritten.
//!
//! ```text
//! lock file                                        npm 6   7.24   8     9     10    11
//! version 1, made by 6                               =      x     x     x     x     x     rewritten as 2 (7, 8) or 3 (9 and later)
//! version 2, made by 7, 8, 9 or 10                   x      =     =     =     =     x     11: x with optional dependencies of a peer, else =
//! version 2, made by 11                              x      x     x     x     x     =     x with entries that have no `version` or have `libc`, else =
//! version 3, made by 8, 9 or 10                      x      x     =     =     =     =     but 11.6 changes `peer` and adds entries where there are peers
//! version 3, made by 11                              x      x     =     =     =     =     but x with `libc`, which 8 to 11.6 drop
//! with --omit=dev, NODE_ENV=production,
//!   --no-optional, --no-package-lock                 =      =     =     =     =     =
//! package.json without `name`, another folder               x     x     x     x     x     the folder's name is written
//! `overrides`, version 2, made by 7                         =     x     x     x     x     or the other way round
//!
//! form, else in sync                                npm 6   7     8     9     10    11
//! lock and package.json indented alike (2, 3, 4, tab)       =     =     =     =     =
//! indented otherwise than package.json              =       x     x     x     x     x     npm takes the indentation of package.json
//! lock with CRLF, package.json with LF              =       =     x     x     x     x
//! lock with LF, package.json with CRLF                      =     x     x     x     x
//! no final newline, two of them, a BOM, one line    x       x     x     x     x     x
//! ```
//!
//! npm 7.0 also rewrites package.json itself; 7.24 to 11 do not. That each version in the lock file satisfies the range that asks for it is not checked: the
//! entries that repeat the manifests must agree with them, and npm writes those together with the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::javascript::package::Package;
use super::order;

/// A project as its lock file must describe it.
pub(super) struct Project<'a> {
    pub(super) root: &'a Package,
    pub(super) root_text: &'a str,
    /// The packages of the workspaces by their path below the root.
    pub(super) members: &'a BTreeMap<String, Package>,
    /// npm's major version, if known.
    pub(super) npm: Option<u32>,
}

/// `Ok` if `npm install` leaves this lock file as it is. The error says why that is not certain, as a clause.
pub(super) fn lock_stays(lock: &str, project: &Project<'_>) -> Result<(), String> {
    let npm =
        project.npm.filter(|npm| (8..=11).contains(npm)).ok_or("npm's version is not known to be 8 to 11")?;
    if !super::form::same_form(lock, project.root_text) {
        return Err("it is formatted otherwise than npm would write it".into());
    }
    let Ok(Value::Object(json)) = serde_json::from_str(lock) else {
        return Err("it is no JSON object".into());
    };
    let version = json.get("lockfileVersion").and_then(Value::as_u64);
    match version {
        Some(3) => {}
        Some(2) if npm <= 10 => {}
        _ => return Err(format!("npm {npm} may rewrite a lock file of its version")),
    }
    let Some(Value::Object(packages)) = json.get("packages") else {
        return Err("it lists no packages".into());
    };
    if !order::packages_are_sorted(lock) {
        return Err("its packages are not in npm's order".into());
    }
    for key in ["name", "version"] {
        if json.get(key) != project.root.json.get(key) {
            return Err(format!("its `{key}` is not that of package.json"));
        }
    }
    if !matches!(json.get("name"), Some(Value::String(_))) {
        return Err("package.json has no `name`, so npm writes the folder's name".into());
    }
    if json.get("requires") != Some(&Value::Bool(true)) {
        return Err("it has no `requires`".into());
    }
    if project
        .root
        .json
        .get("overrides")
        .is_some_and(|overrides| overrides.as_object().is_none_or(|o| !o.is_empty()))
    {
        return Err("package.json has `overrides`, which it does not record".into());
    }
    local_entries(packages, project)?;
    installed_entries(packages, project, npm)?;
    edges(packages, project)?;
    match (version, json.get("dependencies")) {
        (Some(2), Some(Value::Object(legacy))) => legacy_section(packages, legacy),
        (Some(2), _) | (_, Some(_)) => Err("its sections are not those of its version".into()),
        _ => Ok(()),
    }
}

/// The entries of the project itself and of its workspaces say what the manifests say.
fn local_entries(packages: &Map<String, Value>, project: &Project<'_>) -> Result<(), String> {
    let root = packages.get("").and_then(Value::as_object).ok_or("it has no entry for the project")?;
    if root.get("name") != project.root.json.get("name") {
        return Err("its `name` is not that of package.json".into());
    }
    agrees(root, project.root).map_err(|key| format!("its `{key}` is not that of package.json"))?;
    for (path, member) in project.members {
        let entry = packages
            .get(path)
            .and_then(Value::as_object)
            .ok_or_else(|| format!("it does not list `{path}`"))?;
        agrees(entry, member)
            .map_err(|key| format!("its `{key}` of `{path}` is not that of the package.json there"))?;
        let linked = member
            .json
            .get("name")
            .and_then(Value::as_str)
            .and_then(|name| packages.get(&format!("node_modules/{name}")));
        if linked.and_then(|link| link.get("resolved")).and_then(Value::as_str) != Some(path) {
            return Err(format!("it does not link `{path}`"));
        }
    }
    Ok(())
}

/// The keys of an entry that repeat a manifest. An error is the key that differs or was not measured.
fn agrees(entry: &Map<String, Value>, package: &Package) -> Result<(), &'static str> {
    const SAME: [&str; 11] = [
        "version",
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "peerDependenciesMeta",
        "optionalDependencies",
        "engines",
        "os",
        "cpu",
        "license",
        "workspaces",
    ];
    const OWN: [&str; 4] = ["name", "hasInstallScript", "bin", "funding"];
    const UNMEASURED: [&str; 6] =
        ["bundleDependencies", "bundledDependencies", "acceptDependencies", "licenses", "libc", "deprecated"];
    let json = &package.json;
    if let Some(key) = UNMEASURED.iter().find(|key| json.contains_key(**key)) {
        return Err(key);
    }
    if entry.keys().any(|key| !SAME.contains(&key.as_str()) && !OWN.contains(&key.as_str())) {
        return Err("entry");
    }
    for key in SAME {
        // npm leaves out what is empty, except here (arborist, `shrinkwrap.js`, `metaFromNode`).
        let wanted = json.get(key).filter(|value| key == "devDependencies" || !is_empty(value));
        let plain = match key {
            "version" | "license" => wanted.is_none_or(Value::is_string),
            "workspaces" | "os" | "cpu" => wanted.is_none_or(Value::is_array),
            _ => wanted.is_none_or(Value::is_object),
        };
        if !plain || entry.get(key) != wanted {
            return Err(key);
        }
    }
    let names = |key: &str| {
        json.get(key)
            .and_then(Value::as_object)
            .map(|table| table.keys().collect::<BTreeSet<_>>())
            .unwrap_or_default()
    };
    let (plain, dev, optional) =
        (names("dependencies"), names("devDependencies"), names("optionalDependencies"));
    if !plain.is_disjoint(&dev) || !plain.is_disjoint(&optional) || !dev.is_disjoint(&optional) {
        return Err("dependencies");
    }
    if json.get("name").is_none() || entry.get("name").is_some_and(|name| Some(name) != json.get("name")) {
        return Err("name");
    }
    let script = |event| json.get("scripts").and_then(|scripts| scripts.get(event)).is_some();
    let scripted = script("preinstall") || script("install") || script("postinstall");
    if entry.get("hasInstallScript") != scripted.then_some(&Value::Bool(true)) {
        return Err("hasInstallScript");
    }
    if entry.get("funding").cloned() != funding(json) {
        return Err("funding");
    }
    if entry.get("bin").cloned() != programs(json) {
        return Err("bin");
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(table) => table.is_empty(),
        _ => false,
    }
}

fn funding(json: &Map<String, Value>) -> Option<Value> {
    match json.get("funding")? {
        Value::String(url) => Some(serde_json::json!({ "url": url })),
        other => Some(other.clone()),
    }
}

/// `bin` as npm normalises it.
fn programs(json: &Map<String, Value>) -> Option<Value> {
    let clean = |path: &str| Value::from(path.trim_start_matches("./"));
    match json.get("bin").filter(|bin| !is_empty(bin))? {
        Value::String(path) => {
            let name = json.get("name").and_then(Value::as_str)?.rsplit('/').next()?;
            Some(Value::Object(Map::from_iter([(name.to_owned(), clean(path))])))
        }
        Value::Object(table) => Some(Value::Object(
            table
                .iter()
                .map(|(name, path)| (name.clone(), path.as_str().map_or(Value::Null, clean)))
                .collect(),
        )),
        other => Some(other.clone()),
    }
}

/// The entries below `node_modules` are complete, and of the kinds that were measured.
fn installed_entries(packages: &Map<String, Value>, project: &Project<'_>, npm: u32) -> Result<(), String> {
    for (path, entry) in packages {
        let entry = entry.as_object().ok_or("an entry is no table")?;
        let odd = |what: &str| Err(format!("its entry `{path}` {what}"));
        if !path.contains("node_modules/") {
            if !path.is_empty() && !project.members.contains_key(path) {
                return odd("is a local package");
            }
            continue;
        }
        if entry.get("link") == Some(&Value::Bool(true)) {
            let target = entry.get("resolved").and_then(Value::as_str).unwrap_or_default();
            if !project.members.contains_key(target) {
                return odd("is a local package");
            }
            continue;
        }
        for key in ["version", "resolved", "integrity"] {
            if !entry.get(key).is_some_and(Value::is_string) {
                return odd(&format!("has no `{key}`"));
            }
        }
        if !entry
            .get("resolved")
            .and_then(Value::as_str)
            .is_some_and(|address| address.starts_with("https://"))
        {
            return odd("does not come from a registry");
        }
        if let Some(key) = ["extraneous", "inBundle", "hasShrinkwrap", "libc", "bundleDependencies"]
            .iter()
            .find(|key| entry.contains_key(**key))
        {
            return odd(&format!("has `{key}`, which not every npm {npm} keeps"));
        }
        if npm == 11 && (entry.contains_key("peer") || entry.contains_key("peerDependencies")) {
            return odd("has peers, which releases of npm 11 record differently");
        }
    }
    Ok(())
}

/// Every dependency is listed, and everything that is listed is a dependency.
fn edges(packages: &Map<String, Value>, project: &Project<'_>) -> Result<(), String> {
    let reached = reached(packages, project.members)?;
    match packages.keys().find(|path| !reached.contains(*path)) {
        None => Ok(()),
        Some(path) => Err(format!("nothing depends on its entry `{path}`")),
    }
}

/// Does the lock file list everything that the manifests ask for, as they ask for it, so that npm adds no package of its own accord? The error says what is amiss.
pub(super) fn lists_everything(
    packages: &Map<String, Value>,
    root: &Package,
    members: &BTreeMap<String, Package>,
) -> Result<(), String> {
    const SECTIONS: [&str; 4] =
        ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    for (path, package) in std::iter::once(("", root)).chain(members.iter().map(|(p, m)| (p.as_str(), m))) {
        let entry = packages.get(path);
        for section in SECTIONS {
            let asked = package.json.get(section).filter(|value| !is_empty(value));
            let listed = entry.and_then(|entry| entry.get(section)).filter(|value| !is_empty(value));
            if asked != listed {
                let manifest = if path.is_empty() { "package.json" } else { path };
                return Err(format!("its `{section}` are not those of {manifest}"));
            }
        }
    }
    if root.json.get("overrides").is_some_and(|overrides| !is_empty(overrides)) {
        return Err("package.json has `overrides`, which it does not record".into());
    }
    reached(packages, members).map(drop)
}

/// Does its section for npm 6, if it has one, list only what the other one lists?
pub(super) fn legacy_adds_nothing(
    packages: &Map<String, Value>,
    legacy: Option<&Value>,
) -> Result<(), String> {
    let Some(legacy) = legacy else { return Ok(()) };
    let mut listed = BTreeMap::new();
    let read = legacy.as_object().and_then(|legacy| flatten(legacy, "", &mut listed));
    let same = |path: &String, version: Option<&str>| {
        packages.get(path).is_some_and(|entry| {
            entry.get("link") == Some(&Value::Bool(true))
                || entry.get("version").and_then(Value::as_str) == version
        })
    };
    if read.is_some() && listed.iter().all(|(path, version)| same(path, *version)) {
        Ok(())
    } else {
        Err("its section for npm 6 lists other packages".into())
    }
}

/// The entries that something depends on. An error is a dependency without an entry.
fn reached(
    packages: &Map<String, Value>,
    members: &BTreeMap<String, Package>,
) -> Result<BTreeSet<String>, String> {
    let mut reached: BTreeSet<String> = BTreeSet::from([String::new()]);
    let mut open: Vec<String> = vec![String::new()];
    open.extend(members.keys().cloned());
    reached.extend(members.keys().cloned());
    for member in members.values() {
        if let Some(name) = member.json.get("name").and_then(Value::as_str) {
            reached.insert(format!("node_modules/{name}"));
        }
    }
    while let Some(path) = open.pop() {
        let Some(entry) = packages.get(&path).and_then(Value::as_object) else { continue };
        for section in ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] {
            let Some(Value::Object(table)) = entry.get(section) else { continue };
            for name in table.keys() {
                match resolve(packages, &path, name) {
                    Some(found) if reached.contains(&found) => {}
                    Some(found) => {
                        reached.insert(found.clone());
                        open.push(found);
                    }
                    None if section == "peerDependencies" && optional_peer(entry, name) => {}
                    None => return Err(format!("it does not list `{name}`, which `{path}` depends on")),
                }
            }
        }
    }
    Ok(reached)
}

fn optional_peer(entry: &Map<String, Value>, name: &str) -> bool {
    let meta = entry.get("peerDependenciesMeta").and_then(|meta| meta.get(name));
    meta.and_then(|meta| meta.get("optional")) == Some(&Value::Bool(true))
}

/// Where node finds a package: in `node_modules` of this folder or of one above it.
fn resolve(packages: &Map<String, Value>, from: &str, name: &str) -> Option<String> {
    let mut dir = from;
    loop {
        let path = if dir.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{dir}/node_modules/{name}")
        };
        if packages.contains_key(&path) {
            return Some(path);
        }
        if dir.is_empty() {
            return None;
        }
        dir = dir.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// The section of version 2 for npm 6 lists the same versions at the same places.
fn legacy_section(packages: &Map<String, Value>, legacy: &Map<String, Value>) -> Result<(), String> {
    let mut listed = BTreeMap::new();
    flatten(legacy, "", &mut listed).ok_or("an entry for npm 6 has no version")?;
    let installed: BTreeMap<String, Option<&str>> = packages
        .iter()
        .filter(|(path, _)| path.contains("node_modules/"))
        .map(|(path, entry)| {
            let link = entry.get("link") == Some(&Value::Bool(true));
            (path.clone(), if link { None } else { entry.get("version").and_then(Value::as_str) })
        })
        .collect();
    let same = listed.len() == installed.len()
        && listed.iter().all(|(path, version)| {
            installed.get(path).is_some_and(|found| found.is_none() || found == version)
        });
    if same { Ok(()) } else { Err("its section for npm 6 lists other packages".into()) }
}

fn flatten<'a>(
    table: &'a Map<String, Value>,
    above: &str,
    listed: &mut BTreeMap<String, Option<&'a str>>,
) -> Option<()> {
    for (name, entry) in table {
        let path = format!("{above}node_modules/{name}");
        let version = entry.get("version")?.as_str()?;
        // A package that is installed under another name.
        let version = match version.strip_prefix("npm:") {
            Some(alias) => alias.rsplit('@').next()?,
            None => version,
        };
        listed.insert(path.clone(), Some(version));
        if let Some(Value::Object(below)) = entry.get("dependencies") {
            flatten(below, &format!("{path}/"), listed)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests;
