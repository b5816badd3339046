//! bun.lock: does it agree with the manifests, and which packages does it list? Looks at no file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::super::javascript::jsonc;
use super::super::javascript::package::Package;

/// A lock file of a version that is read.
pub(in crate::manifests) struct Lock {
    json: Map<String, Value>,
}

/// A package that it lists.
pub(super) struct Entry<'l> {
    /// The name by which it is installed.
    pub(super) key: &'l str,
    /// The name under which it was published.
    pub(super) name: &'l str,
    /// Where it comes from; missing if that is the registry.
    pub(super) address: Option<&'l str>,
    /// The archive of the project that it comes from.
    pub(super) file: Option<&'l str>,
}

/// What each workspace repeats of its package.json.
const SECTIONS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

impl Lock {
    /// The error says why it is not read, as a clause without a subject.
    pub(in crate::manifests) fn read(text: &str) -> Result<Self, String> {
        let json = jsonc::table(text).ok_or("is not of the form that Bun writes")?;
        match json.get("lockfileVersion").and_then(Value::as_u64) {
            Some(1 | 2) => Ok(Self { json }),
            Some(other) => Err(format!("is of version {other}, which dockopt does not read")),
            None => Err("does not say its version".to_owned()),
        }
    }

    /// Does it repeat what the manifests ask for? `packages` are the project's, by their path below the root, which is empty. The error is a clause.
    pub(in crate::manifests) fn agrees(&self, packages: &BTreeMap<String, Package>) -> Result<(), String> {
        let none = Map::new();
        let listed = self.json.get("workspaces").and_then(Value::as_object).unwrap_or(&none);
        let called = |path: &str| if path.is_empty() { ".".to_owned() } else { path.to_owned() };
        for (path, package) in packages {
            let own = listed.get(path).and_then(Value::as_object).ok_or_else(|| {
                format!("it does not list `{}`, which is a package of the project", called(path))
            })?;
            if let Some(section) = SECTIONS
                .iter()
                .find(|section| filled(own.get(**section)) != filled(package.json.get(**section)))
            {
                return Err(format!("its `{section}` of `{}` are not those of package.json", called(path)));
            }
        }
        if let Some(path) = listed.keys().find(|path| !packages.contains_key(*path)) {
            return Err(format!("it lists `{path}`, which is no package of the workspace"));
        }
        let root = &packages.get("").ok_or("there is no package.json")?.json;
        let in_workspaces = |key: &str| root.get("workspaces").and_then(|table| table.get(key));
        for key in ["patchedDependencies", "overrides", "catalog", "catalogs"] {
            let of_root = root.get(key).or_else(|| in_workspaces(key));
            if filled(of_root) != filled(self.json.get(key)) {
                return Err(format!("its `{key}` are not those of package.json"));
            }
        }
        if filled(root.get("resolutions")).is_some() {
            return Err("package.json has `resolutions`, which cannot be compared with it".to_owned());
        }
        if names(root.get("trustedDependencies")) != names(self.json.get("trustedDependencies")) {
            return Err("its `trustedDependencies` are not those of package.json".to_owned());
        }
        Ok(())
    }

    /// The packages that do not lie in the project. The error is a clause without a subject.
    pub(super) fn packages(&self) -> Result<Vec<Entry<'_>>, String> {
        let mut found = Vec::new();
        for (place, entry) in self.json.get("packages").and_then(Value::as_object).into_iter().flatten() {
            let odd = || format!("has an odd entry for `{place}`");
            let parts = entry.as_array().ok_or_else(odd)?;
            let identity = parts.first().and_then(Value::as_str).ok_or_else(odd)?;
            let at = identity.char_indices().skip(1).find(|(_, c)| *c == '@').ok_or_else(odd)?.0;
            let (name, source) = (&identity[..at], &identity[at + 1..]);
            if source.starts_with("workspace:") {
                continue;
            }
            let key = last_name(place);
            let from_registry = source.starts_with(|c: char| c.is_ascii_digit());
            let is_remote =
                source.contains("://") || source.starts_with("github:") || source.starts_with("git");
            let address = match parts.get(1).and_then(Value::as_str) {
                Some(address) if from_registry => (!address.is_empty()).then_some(address),
                _ => Some(source),
            };
            let file = (!from_registry && !is_remote).then_some(source);
            found.push(Entry { key, name, address, file });
        }
        Ok(found)
    }
}

/// A table, a list or a text that holds something.
fn filled(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null => false,
        Value::Object(table) => !table.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    })
}

fn names(list: Option<&Value>) -> BTreeSet<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The last name in `web/@babel/core`.
fn last_name(place: &str) -> &str {
    let Some((above, last)) = place.rsplit_once('/') else { return place };
    match above.rsplit('/').next() {
        Some(scope) if scope.starts_with('@') => &place[place.len() - scope.len() - 1 - last.len()..],
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let text = r#"{"lockfileVersion": 1, "workspaces": {"": {}}, "packages": {
            "@shop/ui": ["@shop/ui@workspace:packages/ui"],
            "esbuild": ["esbuild@0.21.5", "", {}, "sha512-x"],
            "web/@babel/core": ["@babel/core@7.0.0", "https://npm.example.org/@babel/core/-/core-7.0.0.tgz", {}, "sha512-x"],
            "num": ["is-number@6.0.0", "", {}, "sha512-x"],
            "odd": ["is-odd@vendor/is-odd-3.0.1.tgz", {}, "sha512-x"],
            "kit": ["kit@github:example/kit#abc", {}, "example-kit-abc"],
        }}"#;
        let lock = Lock::read(text).unwrap();
        let found = lock.packages().unwrap();
        let found: Vec<_> = found.iter().map(|e| (e.key, e.name, e.address, e.file)).collect();
        let expected = [
            (
                "@babel/core",
                "@babel/core",
                Some("https://npm.example.org/@babel/core/-/core-7.0.0.tgz"),
                None,
            ),
            ("esbuild", "esbuild", None, None),
            ("kit", "kit", Some("github:example/kit#abc"), None),
            ("num", "is-number", None, None),
            ("odd", "is-odd", Some("vendor/is-odd-3.0.1.tgz"), Some("vendor/is-odd-3.0.1.tgz")),
        ];
        let mut found = found;
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn versions() {
        for (text, why) in [
            ("{\"lockfileVersion\": 0}", "version 0"),
            ("{\"lockfileVersion\": 3}", "version 3"),
            ("{}", "does not say"),
            ("[]", "form"),
        ] {
            let found = Lock::read(text).err().unwrap();
            assert!(found.contains(why), "{found}");
        }
    }
}
