//! pnpm-lock.yaml: does it agree with the manifests, which packages of the project does it name, and which packages from elsewhere
//! does it mark as having install scripts? Looks at no file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::javascript::package::Package;
use crate::yaml::{self, Aliases};

/// A lock file of a version that is read.
pub(in crate::manifests) struct Lock {
    json: Map<String, Value>,
    pub(super) version: Version,
}

/// The format of a lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 5.4, 6.0 and 6.1, by pnpm 7 and 8: packages are marked with `requiresBuild`.
    Marked,
    /// 9.0, by pnpm 9 and later: nothing is marked.
    Unmarked,
}

impl Lock {
    /// The error says why it is not read, as a clause without a subject.
    pub(in crate::manifests) fn read(text: &str) -> Result<Self, String> {
        let Value::Object(json) = yaml::read(text, Aliases::Refused)? else {
            return Err("is no table".to_owned());
        };
        let version = match json.get("lockfileVersion").and_then(Value::as_str) {
            Some("5.3" | "5.4" | "6.0" | "6.1") => Version::Marked,
            Some("9.0") => Version::Unmarked,
            other => {
                return Err(format!(
                    "is of version {}, which dockopt does not read",
                    other.unwrap_or("none")
                ));
            }
        };
        Ok(Self { json, version })
    }

    /// Does it list what the manifests ask for, as they ask for it? `packages` are the project's, by their path below the root, which
    /// is `.`. The error is a clause.
    /// Of a package in `replaced` any range will do, since the project gives it another one.
    pub(in crate::manifests) fn agrees(
        &self,
        packages: &BTreeMap<String, Package>,
        replaced: &BTreeSet<&str>,
    ) -> Result<(), String> {
        let alone = Map::from_iter([(".".to_owned(), Value::Object(self.json.clone()))]);
        let importers = self.json.get("importers").and_then(Value::as_object).unwrap_or(&alone);
        for (path, package) in packages {
            let asked = asked(package).ok_or_else(|| format!("the dependencies of `{path}` are not read"))?;
            let Some(importer) = importers.get(path).and_then(Value::as_object) else {
                if asked.is_empty() {
                    continue;
                }
                return Err(format!("it does not list `{path}`"));
            };
            let listed = listed(importer);
            if let Some((name, range)) = asked
                .iter()
                .find(|(name, range)| listed.get(*name) != Some(range) && !replaced.contains(**name))
            {
                return Err(format!("it has no `{name}` of `{range}` for `{path}`"));
            }
            if let Some(name) =
                listed.keys().find(|name| !asked.contains_key(*name) && !replaced.contains(**name))
            {
                return Err(format!("it lists `{name}`, which the package.json of `{path}` does not"));
            }
        }
        match importers.keys().find(|path| !packages.contains_key(*path)) {
            Some(path) => Err(format!("it lists `{path}`, which is no package of the workspace")),
            None => Ok(()),
        }
    }

    /// Does it repeat the ranges of the workspace's catalogs, of which it lists those that are used? The error is a clause.
    pub(in crate::manifests) fn has_catalogs(
        &self,
        default: Option<&Value>,
        named: Option<&Value>,
    ) -> Result<(), String> {
        for (catalog, entries) in self.json.get("catalogs").and_then(Value::as_object).into_iter().flatten() {
            let in_named = named.and_then(|table| table.get(catalog));
            let own = if catalog == "default" { default.or(in_named) } else { in_named };
            for (name, entry) in entries.as_object().into_iter().flatten() {
                if entry.get("specifier") != own.and_then(|table| table.get(name)) {
                    return Err(format!("its range of `{name}` is not that of the catalog `{catalog}`"));
                }
            }
        }
        Ok(())
    }

    /// The packages that it marks as having an install script: name, and whether they come from the registry.
    pub(super) fn marked(&self) -> Vec<(String, bool)> {
        let packages = self.json.get("packages").and_then(Value::as_object);
        let marked = packages
            .into_iter()
            .flatten()
            .filter(|(_, entry)| entry.get("requiresBuild") == Some(&Value::Bool(true)) && !is_local(entry));
        marked.map(|(key, entry)| (name_of(key, entry), from_registry(entry))).collect()
    }

    /// The packages of a name: whether each comes from the registry.
    pub(super) fn of_name(&self, name: &str) -> Vec<bool> {
        let packages = self.json.get("packages").and_then(Value::as_object);
        let same = packages
            .into_iter()
            .flatten()
            .filter(|(key, entry)| name_of(key, entry) == name && !is_local(entry));
        same.map(|(_, entry)| from_registry(entry)).collect()
    }

    /// The folders and archives of the project that it names.
    pub(super) fn local_paths(&self) -> Vec<String> {
        let packages = self.json.get("packages").and_then(Value::as_object);
        let mut found = Vec::new();
        for (_, entry) in packages.into_iter().flatten() {
            let resolution = entry.get("resolution");
            let text = |key: &str| resolution.and_then(|table| table.get(key)).and_then(Value::as_str);
            found.extend(text("directory").map(str::to_owned));
            found
                .extend(text("tarball").and_then(|tarball| tarball.strip_prefix("file:")).map(str::to_owned));
        }
        found
    }
}

/// What a package asks for, as pnpm writes it down.
fn asked(package: &Package) -> Option<BTreeMap<&str, &str>> {
    let mut asked = BTreeMap::new();
    for section in ["devDependencies", "dependencies", "optionalDependencies"] {
        match package.json.get(section) {
            None | Some(Value::Null) => {}
            Some(Value::Object(table)) => {
                for (name, range) in table {
                    asked.insert(name.as_str(), range.as_str()?);
                }
            }
            Some(_) => return None,
        }
    }
    Some(asked)
}

/// What an importer lists: in a table of specifiers, or beside each version.
fn listed(importer: &Map<String, Value>) -> BTreeMap<&str, &str> {
    let mut listed = BTreeMap::new();
    if let Some(specifiers) = importer.get("specifiers").and_then(Value::as_object) {
        listed.extend(specifiers.iter().filter_map(|(name, range)| Some((name.as_str(), range.as_str()?))));
    }
    for section in ["dependencies", "devDependencies", "optionalDependencies"] {
        for (name, entry) in importer.get(section).and_then(Value::as_object).into_iter().flatten() {
            if let Some(range) = entry.get("specifier").and_then(Value::as_str) {
                listed.insert(name.as_str(), range);
            }
        }
    }
    listed
}

/// The name in a key: `/@a/b@1.0.0(c@2)`, `/@a/b/1.0.0` or `@a/b@1.0.0`, unless the entry gives one.
fn name_of(key: &str, entry: &Value) -> String {
    if let Some(name) = entry.get("name").and_then(Value::as_str) {
        return name.to_owned();
    }
    let key = key.trim_start_matches('/');
    let scope = if key.starts_with('@') { key.find('/').map_or(0, |at| at + 1) } else { 0 };
    let end = key[scope..].find(['@', '/']).map_or(key.len(), |at| scope + at);
    key[..end].to_owned()
}

/// A package that comes with an integrity and nothing else comes from the registry.
fn from_registry(entry: &Value) -> bool {
    let resolution = entry.get("resolution").and_then(Value::as_object);
    resolution
        .is_some_and(|table| table.contains_key("integrity") && table.keys().all(|key| key == "integrity"))
}

fn is_local(entry: &Value) -> bool {
    entry.get("resolution").and_then(|table| table.get("type")).and_then(Value::as_str) == Some("directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_keys() {
        for (key, name) in [
            ("/once@1.4.0", "once"),
            ("/@esbuild/linux-x64@0.21.5", "@esbuild/linux-x64"),
            ("/@babel/core/7.0.0", "@babel/core"),
            ("once/1.4.0", "once"),
            ("'@a/b@1.0.0(c@2.0.0)'".trim_matches('\''), "@a/b"),
        ] {
            assert_eq!(name_of(key, &Value::Null), name, "{key}");
        }
    }

    #[test]
    fn agreement() {
        let package = |text: &str| Package::parse(text).unwrap();
        let packages = BTreeMap::from([
            (".".to_owned(), package(r#"{"dependencies": {"once": "^1.4.0"}}"#)),
            ("packages/ui".to_owned(), package(r#"{"devDependencies": {"wrappy": "1.0.2"}}"#)),
        ]);
        let none = BTreeSet::new();
        let six = "lockfileVersion: '6.0'\nimporters:\n  .:\n    dependencies:\n      once: {specifier: ^1.4.0, version: 1.4.0}\n  packages/ui:\n    devDependencies:\n      wrappy: {specifier: 1.0.2, version: 1.0.2}\n";
        Lock::read(six).unwrap().agrees(&packages, &none).unwrap();
        let why = Lock::read(&six.replace("^1.4.0", "^1.3.0")).unwrap().agrees(&packages, &none).unwrap_err();
        assert_eq!(why, "it has no `once` of `^1.4.0` for `.`");
        let five = "lockfileVersion: 5.4\nspecifiers:\n  once: ^1.4.0\ndependencies:\n  once: 1.4.0\n";
        let alone = BTreeMap::from([(".".to_owned(), packages["."].clone())]);
        Lock::read(five).unwrap().agrees(&alone, &none).unwrap();
        assert!(
            Lock::read(five)
                .unwrap()
                .agrees(&packages, &none)
                .unwrap_err()
                .contains("does not list `packages/ui`")
        );
        assert!(
            Lock::read(six)
                .unwrap()
                .agrees(&alone, &none)
                .unwrap_err()
                .contains("no package of the workspace")
        );
        assert!(Lock::read("lockfileVersion: '4'").is_err());
    }
}
