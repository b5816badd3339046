//! npm's package-lock.json and npm-shrinkwrap.json: from version 2 on they repeat what each package.json of the project asks
//! for, and `npm ci` refuses where that differs. Resolves no version.

use serde_json::{Map, Value};

use super::Lock;
use super::package_json::Manifest;

/// What an entry of the project repeats of its package.json.
const REPEATED: [&str; 5] =
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "workspaces"];

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    let manifest = Manifest::read(lock)?;
    if let Ok(settings) = lock.needed(".npmrc")
        && settings.contains("package-lock")
    {
        return Err("`.npmrc` says something about `package-lock`".to_owned());
    }
    let Ok(Value::Object(json)) = serde_json::from_str(lock.text) else {
        return Err("it is no JSON object".to_owned());
    };
    let Some(Value::Object(packages)) = json.get("packages") else {
        return Err(
            "it was written by npm 6 or older and does not repeat the ranges of package.json".to_owned()
        );
    };
    for (folder, own) in manifest.all() {
        let entry = packages.get(if folder == "." { "" } else { folder }).and_then(Value::as_object);
        let entry = entry.ok_or_else(|| format!("it does not list `{folder}`"))?;
        if let Some(key) = REPEATED.iter().find(|key| !is_same(entry, own, key)) {
            let place = if folder == "." { String::new() } else { format!(" of `{folder}`") };
            return Err(format!("its `{key}`{place} are not those of package.json"));
        }
    }
    let is_own = |path: &str| !path.is_empty() && !path.split('/').any(|part| part == "node_modules");
    match packages.keys().find(|path| is_own(path) && !manifest.members.contains_key(*path)) {
        Some(path) => Err(format!("it lists `{path}`, which is no workspace")),
        None => Ok(()),
    }
}

fn is_same(entry: &Map<String, Value>, package: &Map<String, Value>, key: &str) -> bool {
    let given = |table: &Map<String, Value>| table.get(key).filter(|value| !is_empty(value)).cloned();
    let (listed, mut wanted) = (given(entry), given(package));
    if key == "dependencies"
        && let (Some(Value::Object(wanted)), Some(Value::Object(optional))) =
            (&mut wanted, package.get("optionalDependencies"))
    {
        // What is optional, too, is only optional (npm-package-json).
        wanted.retain(|name, _| !optional.contains_key(name));
    }
    listed == wanted.filter(|value| !is_empty(value))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(table) => table.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
