//! The packages of the project that a package-lock.json names. Does not judge whether it agrees with the manifests.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::Unclear;
use super::super::javascript::local::Locals;
use super::super::paths::{join, of_file_url};
use super::super::sources::Sources;

/// Notes what a lock file names of the project. In sync with the manifests, it names nothing new.
pub(super) fn note(
    sources: &mut Sources<'_>,
    locals: &mut Locals,
    path: &str,
    text: &str,
) -> Result<(), Unclear> {
    let Ok(Value::Object(json)) = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) else {
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
            } else if let Some(file) = of_file_url(resolved) {
                named.insert(file.to_owned());
            }
        }
    }
    if let Some(Value::Object(dependencies)) = json.get("dependencies") {
        legacy_paths(dependencies, &mut named);
    }
    for name in named {
        let local = join(&locals.root, &name);
        let known = locals.seen.contains(&local) || sources.inputs.files.contains(&local);
        if !known {
            locals.dependency(sources, &local, &name)?;
        }
    }
    Ok(())
}

/// Versions that are paths, in the part of a lock file that npm 6 reads.
fn legacy_paths(table: &Map<String, Value>, named: &mut BTreeSet<String>) {
    for entry in table.values() {
        let version = entry.get("version").and_then(Value::as_str).unwrap_or_default();
        if let Some(path) = of_file_url(version) {
            named.insert(path.to_owned());
        }
        if let Some(Value::Object(below)) = entry.get("dependencies") {
            legacy_paths(below, named);
        }
    }
}
