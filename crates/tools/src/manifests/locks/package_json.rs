//! The dependencies that package.json and those of its workspaces ask for. Must not know any lock file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Lock;
use crate::manifests::paths::join;

/// A package.json with those of its workspaces.
pub(super) struct Manifest {
    pub(super) root: Map<String, Value>,
    /// By the folder below the root.
    pub(super) members: BTreeMap<String, Map<String, Value>>,
}

/// The tables of dependencies that an install follows.
const TABLES: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

impl Manifest {
    pub(super) fn read(lock: &Lock<'_>) -> Result<Self, String> {
        let root = package(lock, "package.json")?;
        // They change what a range is resolved to, and the lock file does not repeat them.
        for key in ["overrides", "resolutions"] {
            if root.get(key).and_then(Value::as_object).is_some_and(|table| !table.is_empty()) {
                return Err(format!("package.json has `{key}`, which cannot be compared with it"));
            }
        }
        let mut members = BTreeMap::new();
        for folder in folders(lock, &root)? {
            let own = package(lock, &format!("{folder}/package.json"))?;
            members.insert(folder, own);
        }
        Ok(Self { root, members })
    }

    /// The root and the members, each with its folder.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let members = self.members.iter().map(|(folder, own)| (folder.as_str(), own));
        std::iter::once((".", &self.root)).chain(members)
    }

    /// Whether a member has this name.
    pub(super) fn is_member(&self, name: &str) -> bool {
        self.members.values().any(|own| own.get("name").and_then(Value::as_str) == Some(name))
    }
}

/// What a package asks for: name → range.
pub(super) fn dependencies(package: &Map<String, Value>) -> Result<BTreeMap<&str, &str>, String> {
    let mut all = BTreeMap::new();
    for table in TABLES {
        let entries = match package.get(table) {
            None | Some(Value::Null) => continue,
            Some(Value::Object(entries)) => entries,
            Some(_) => return Err(format!("`{table}` of package.json is no table")),
        };
        for (name, range) in entries {
            let range = range.as_str().ok_or_else(|| format!("package.json gives `{name}` no range"))?;
            all.insert(name.as_str(), range);
        }
    }
    Ok(all)
}

fn package(lock: &Lock<'_>, name: &str) -> Result<Map<String, Value>, String> {
    let text = lock.needed(name)?;
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(json)) => Ok(json),
        _ => Err(format!("`{}` is no JSON object", join(lock.folder, name))),
    }
}

/// The folders of the workspaces.
fn folders(lock: &Lock<'_>, root: &Map<String, Value>) -> Result<Vec<String>, String> {
    let patterns = match root.get("workspaces") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(table)) => table.get("packages").and_then(Value::as_array),
        Some(list) => list.as_array(),
    };
    let mut found = Vec::new();
    for pattern in patterns.ok_or("its `workspaces` are no list")? {
        let pattern = pattern.as_str().ok_or("its `workspaces` are no list of texts")?;
        found.extend(lock.folders(pattern, "package.json")?);
    }
    Ok(found)
}
