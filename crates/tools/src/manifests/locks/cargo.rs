//! Cargo.lock: each package of the workspace has an entry with its version and the names of all that it depends on, and one of
//! these must have a version that the manifest asks for. Resolves no version.

use std::collections::{BTreeMap, BTreeSet};

use semver::{Version, VersionReq};
use toml::{Table, Value};

use super::Lock;

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    let root = table(&lock.needed("Cargo.toml")?, "Cargo.toml")?;
    // What these change is not repeated in full.
    if let Some(key) = ["patch", "replace"].iter().find(|key| root.contains_key(**key)) {
        return Err(format!("`{key}` of Cargo.toml cannot be compared with it"));
    }
    let locked = table(lock.text, "it")?;
    let entries: Vec<&Table> = locked
        .get("package")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
        .collect();
    let shared = root.get("workspace").and_then(Value::as_table);
    let mut members = members(lock, shared)?;
    if root.contains_key("package") {
        members.insert(".".to_owned(), root.clone());
    }
    let mut names = BTreeSet::new();
    for (folder, manifest) in &members {
        let manifest = Manifest { folder, table: manifest, shared };
        let name = manifest.name()?;
        let entry =
            entries.iter().find(|entry| text(entry, "name") == Some(name) && !entry.contains_key("source"));
        let entry = entry.ok_or_else(|| format!("it has no entry for `{name}`"))?;
        if text(entry, "version") != manifest.version() {
            return Err(format!("its version of `{name}` is not that of Cargo.toml"));
        }
        agrees(name, &manifest.dependencies()?, entry, &entries)?;
        names.insert(name);
    }
    let own =
        entries.iter().filter(|entry| !entry.contains_key("source")).filter_map(|entry| text(entry, "name"));
    match own.into_iter().find(|name| !names.contains(name)) {
        Some(name) => Err(format!("it lists `{name}`, which is no member of the workspace")),
        None => Ok(()),
    }
}

/// What a package asks for: the names of packages, each with the versions that must be there.
type Wanted = BTreeMap<String, Vec<VersionReq>>;

fn agrees(package: &str, wanted: &Wanted, entry: &Table, entries: &[&Table]) -> Result<(), String> {
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in
        entry.get("dependencies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        // `name`, `name version` or `name version (source)`: as much as tells it from others.
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next().or_else(|| {
            entries.iter().find(|one| text(one, "name") == Some(name)).and_then(|one| text(one, "version"))
        });
        listed.entry(name).or_default().extend(version);
    }
    let differs = || format!("its dependencies of `{package}` are not those of Cargo.toml");
    if !listed.keys().copied().eq(wanted.keys().map(String::as_str)) {
        return Err(differs());
    }
    for (name, versions) in wanted {
        for asked in versions {
            let fits = |version: &&str| Version::parse(version).is_ok_and(|version| asked.matches(&version));
            if !listed[name.as_str()].iter().any(fits) {
                return Err(format!("`{package}` asks for {name} {asked}, and it has no such version"));
            }
        }
    }
    Ok(())
}

fn members(lock: &Lock<'_>, shared: Option<&Table>) -> Result<BTreeMap<String, Table>, String> {
    let mut found = BTreeMap::new();
    let Some(shared) = shared else { return Ok(found) };
    if shared.contains_key("exclude") {
        return Err("the workspace excludes folders".to_owned());
    }
    let patterns = shared.get("members").and_then(Value::as_array).into_iter().flatten();
    for pattern in patterns {
        let pattern = pattern.as_str().ok_or("the members of the workspace are no texts")?;
        for folder in lock.folders(pattern, "Cargo.toml")? {
            let own = table(&lock.needed(&format!("{folder}/Cargo.toml"))?, "the Cargo.toml of a member")?;
            found.insert(folder, own);
        }
    }
    Ok(found)
}

/// A manifest of the workspace.
struct Manifest<'m> {
    folder: &'m str,
    table: &'m Table,
    shared: Option<&'m Table>,
}

impl<'m> Manifest<'m> {
    fn package(&self) -> Option<&'m Table> {
        self.table.get("package").and_then(Value::as_table)
    }

    fn name(&self) -> Result<&'m str, String> {
        let name = self.package().and_then(|package| text(package, "name"));
        name.ok_or_else(|| format!("the package in `{}` has no name", self.folder))
    }

    fn version(&self) -> Option<&'m str> {
        match self.package()?.get("version") {
            // A package without a version is 0.0.0 (the manifest format of Cargo, `version`).
            None => Some("0.0.0"),
            Some(Value::String(version)) => Some(version),
            Some(_) => text(self.shared?.get("package")?.as_table()?, "version"),
        }
    }

    fn dependencies(&self) -> Result<Wanted, String> {
        let mut wanted = Wanted::new();
        let targets = self.table.get("target").and_then(Value::as_table).into_iter().flatten();
        let tables = std::iter::once(self.table).chain(targets.filter_map(|(_, table)| table.as_table()));
        for table in tables {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                for (key, value) in table.get(kind).and_then(Value::as_table).into_iter().flatten() {
                    let (name, version) = self.dependency(key, value)?;
                    wanted.entry(name).or_default().extend(version);
                }
            }
        }
        Ok(wanted)
    }

    /// The package that a dependency names, and the versions that it asks for; none of one that comes from elsewhere.
    fn dependency(&self, key: &str, value: &Value) -> Result<(String, Option<VersionReq>), String> {
        let odd = || format!("the dependency `{key}` cannot be compared with it");
        let of_workspace = value.get("workspace").and_then(Value::as_bool) == Some(true);
        let shared = || self.shared?.get("dependencies")?.get(key);
        let value = if of_workspace { shared().ok_or_else(odd)? } else { value };
        let version = |version: &str| VersionReq::parse(version).map_err(|_| odd());
        match value {
            Value::String(asked) => Ok((key.to_owned(), Some(version(asked)?))),
            Value::Table(table) => {
                let name = text(table, "package").unwrap_or(key).to_owned();
                let asked = text(table, "version").map(version).transpose()?;
                if asked.is_none() && !table.contains_key("path") && !table.contains_key("git") {
                    return Err(odd());
                }
                Ok((name, asked))
            }
            _ => Err(odd()),
        }
    }
}

fn text<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Value::as_str)
}

fn table(text: &str, name: &str) -> Result<Table, String> {
    text.parse().map_err(|_| format!("{name} is no TOML"))
}
