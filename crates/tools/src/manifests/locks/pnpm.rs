//! pnpm-lock.yaml: each package.json of the workspace must ask for what it lists, in the same words. Resolves no version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Lock;
use crate::manifests::Look;
use crate::manifests::javascript::package::Package;
use crate::manifests::paths::join;
use crate::manifests::pnpm::lock::Lock as PnpmLock;
use crate::yaml::{self, Aliases};

/// Keys of pnpm-workspace.yaml that the lock file does not depend on, or that are compared with it (pnpm.io/settings).
const COMPARED: [&str; 8] = [
    "packages",
    "catalog",
    "catalogs",
    "onlyBuiltDependencies",
    "ignoredBuiltDependencies",
    "neverBuiltDependencies",
    "allowBuilds",
    "minimumReleaseAge",
];

/// Keys of `pnpm` in package.json that change what is asked for.
const REPLACING: [&str; 3] = ["overrides", "packageExtensions", "patchedDependencies"];

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    let hooks = join(lock.folder, ".pnpmfile.cjs");
    if lock.project.look(&hooks) != Look::Absent {
        return Err(format!("`{hooks}` may change what is asked for, and is not compared with it"));
    }
    let workspace = workspace(lock)?;
    let root = package(lock, "package.json")?;
    let of_pnpm = |key: &str| root.json.get("pnpm").and_then(|pnpm| pnpm.get(key));
    let replacing = REPLACING.into_iter().find(|key| is_filled(of_pnpm(key)));
    let replacing = replacing.or_else(|| is_filled(root.json.get("resolutions")).then_some("resolutions"));
    if let Some(key) = replacing {
        return Err(format!("package.json has `{key}`, which cannot be compared with it"));
    }
    let mut packages = BTreeMap::from([(".".to_owned(), root)]);
    for folder in members(lock, &workspace)? {
        let own = package(lock, &format!("{folder}/package.json"))?;
        packages.insert(folder, own);
    }
    let listed = PnpmLock::read(lock.text).map_err(|why| format!("it {why}"))?;
    listed.agrees(&packages, &BTreeSet::new())?;
    listed.has_catalogs(workspace.get("catalog"), workspace.get("catalogs"))
}

/// pnpm-workspace.yaml; empty if there is none.
fn workspace(lock: &Lock<'_>) -> Result<Map<String, Value>, String> {
    const NAME: &str = "pnpm-workspace.yaml";
    let path = join(lock.folder, NAME);
    if lock.project.look(&path) == Look::Absent {
        return Ok(Map::new());
    }
    let table = match yaml::read(&lock.needed(NAME)?, Aliases::Refused) {
        Ok(Value::Object(table)) => table,
        Ok(Value::Null) => Map::new(),
        Ok(_) => return Err(format!("`{path}` is no table")),
        Err(why) => return Err(format!("`{path}` {why}")),
    };
    match table.keys().find(|key| !COMPARED.contains(&key.as_str())) {
        Some(key) => {
            Err(format!("`{key}` of `{path}` may change what is asked for, and is not compared with it"))
        }
        None => Ok(table),
    }
}

/// The folders of the workspace's packages.
fn members(lock: &Lock<'_>, workspace: &Map<String, Value>) -> Result<BTreeSet<String>, String> {
    let odd = "the `packages` of pnpm-workspace.yaml are no list of patterns";
    let mut found = BTreeSet::new();
    let patterns = match workspace.get("packages") {
        None | Some(Value::Null) => return Ok(found),
        Some(list) => list.as_array().ok_or(odd)?,
    };
    for pattern in patterns {
        let pattern = pattern.as_str().ok_or(odd)?;
        if pattern != "." {
            found.extend(lock.folders(pattern, "package.json")?);
        }
    }
    // A pattern without a star may name a folder that is none, or no package.
    found.retain(|folder| {
        lock.project.look(&join(lock.folder, &format!("{folder}/package.json"))) != Look::Absent
    });
    Ok(found)
}

fn package(lock: &Lock<'_>, name: &str) -> Result<Package, String> {
    Package::parse(&lock.needed(name)?)
        .ok_or_else(|| format!("`{}` is no JSON object", join(lock.folder, name)))
}

fn is_filled(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null() && value.as_object().is_none_or(|table| !table.is_empty()))
}
