//! Install scripts of dependencies: may one of them read or write the project? Only a lock file says which packages have scripts, and only the data says what they do.
//!
//! `hasInstallScript` in a lock file of version 2 or 3 stands for `preinstall`, `install` and `postinstall` (arborist, `node.js` and `shrinkwrap.js`), and for a
//! binding.gyp where whoever published the package wrote `install: node-gyp rebuild` for it, as npm does. npm 7 and later run no script of a package that is not marked
//! (arborist, `rebuild.js`), but compile a binding.gyp that lies in it: in its own folder. A lock file of version 1 marks nothing, and npm looks into every package.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::javascript::install_scripts::{self, Dependency};
use super::super::javascript::package::Package;
use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Call, Unclear};
use super::config::Config;
use super::lock;

/// A project, its workspaces by their path below the root, and its lock files with their text.
pub(super) struct Project<'a> {
    pub(super) root: &'a str,
    pub(super) package: &'a Package,
    pub(super) members: &'a BTreeMap<String, Package>,
    pub(super) locks: &'a [(String, String)],
}

/// Refuses an install that may run a script which is not known to leave the project alone.
pub(super) fn check(
    sources: &mut Sources<'_>,
    call: &Call<'_>,
    config: &Config,
    project: &Project<'_>,
) -> Result<(), Unclear> {
    let manifest = join(project.root, "package.json");
    if let Some(name) = call.operands.first() {
        let reason =
            format!("`{name}` is not in a lock file, so it is not known which packages run install scripts");
        return Err(Unclear::new(reason));
    }
    let is_bare = |package: &Package| package.dependencies().is_some_and(|found| found.is_empty());
    if is_bare(project.package) && project.members.values().all(is_bare) {
        return Ok(());
    }
    let Some((used, _)) = project.locks.first() else {
        let reason = "without a lock file it is not known which packages run install scripts";
        return Err(Unclear::at(&manifest, reason));
    };
    if config.may_be_off("package-lock") || config.may_be_off("shrinkwrap") {
        let reason =
            "npm is told to pass over the lock file, so it is not known which packages run install scripts";
        return Err(Unclear::at(used, reason));
    }
    for (path, text) in project.locks {
        let unclear = |reason: String| Unclear::at(path, reason);
        let json = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).unwrap_or(Value::Null);
        let version = json.get("lockfileVersion").and_then(Value::as_u64);
        let packages = json.get("packages").and_then(Value::as_object);
        let (Some(2 | 3), Some(packages)) = (version, packages) else {
            return Err(unclear(format!(
                "`{path}` is not of version 2 or 3, so it does not say which packages run install scripts"
            )));
        };
        in_force(call, project, packages, &json).map_err(|why| {
            unclear(format!(
                "npm may install packages that `{path}` does not list, and it is not known which of them run install scripts: {why}"
            ))
        })?;
        for (key, entry) in packages {
            if key.contains("node_modules/") && is_marked(entry) {
                let dependency = dependency(project, key, entry);
                install_scripts::judge(sources, call, &dependency).map_err(|unclear| Unclear {
                    path: unclear.path.or_else(|| Some(path.clone())),
                    ..unclear
                })?;
            }
        }
    }
    Ok(())
}

/// Is what the lock file lists all that npm installs? Since version 9 at the latest `npm ci` fails otherwise (npm, `ci.js`).
fn in_force(
    call: &Call<'_>,
    project: &Project<'_>,
    packages: &Map<String, Value>,
    json: &Value,
) -> Result<(), String> {
    let npm = call.tool_version;
    if npm.is_none_or(|npm| npm < 7) {
        let legacy = json.get("dependencies");
        if legacy.is_none() && call.action != "ci" {
            return Err("npm 6 does not read a lock file of version 3".into());
        }
        lock::legacy_adds_nothing(packages, legacy)?;
    }
    if call.action == "ci" && npm.is_some_and(|npm| npm >= 9) {
        return Ok(());
    }
    lock::lists_everything(packages, project.package, project.members)
}

/// A link is a package of the project, which is read as such.
fn is_marked(entry: &Value) -> bool {
    let set = |key: &str| !matches!(entry.get(key), None | Some(Value::Null | Value::Bool(false)));
    set("hasInstallScript") && entry.get("link") != Some(&Value::Bool(true))
}

/// An entry of the lock file, by the folder to which npm installs it.
fn dependency<'a>(project: &Project<'_>, key: &'a str, entry: &'a Value) -> Dependency<'a> {
    let folder = key.rsplit("node_modules/").next().unwrap_or(key);
    let (base, _) = key.split_once("node_modules/").unwrap_or_default();
    Dependency {
        name: entry.get("name").and_then(Value::as_str).unwrap_or(folder),
        address: entry.get("resolved").map(|address| address.as_str().unwrap_or_default()),
        base: join(project.root, base),
    }
}
