//! uv.lock: the entry of the project repeats its requirements, those of its extras and its groups. Resolves no version.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::Lock;

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    let manifest = table(&lock.needed("pyproject.toml")?, "pyproject.toml")?;
    let locked = table(lock.text, "it")?;
    let settings = manifest.get("tool").and_then(|tool| tool.get("uv"));
    // What these change is not repeated in full.
    for key in [
        "workspace",
        "sources",
        "override-dependencies",
        "constraint-dependencies",
        "conflicts",
        "environments",
    ] {
        if settings.is_some_and(|settings| settings.get(key).is_some()) {
            return Err(format!("`tool.uv.{key}` of pyproject.toml cannot be compared with it"));
        }
    }
    let project =
        manifest.get("project").and_then(Value::as_table).ok_or("pyproject.toml has no `project`")?;
    if project.get("dynamic").and_then(Value::as_array).is_some_and(|list| {
        list.iter().any(|one| matches!(one.as_str(), Some("dependencies" | "optional-dependencies")))
    }) {
        return Err("the dependencies of pyproject.toml are dynamic".to_owned());
    }
    let wanted_python = project.get("requires-python").and_then(Value::as_str);
    let locked_python = locked.get("requires-python").and_then(Value::as_str);
    if wanted_python.map(compact) != locked_python.map(compact) {
        return Err("its `requires-python` is not that of pyproject.toml".to_owned());
    }
    let entry = own_entry(&locked).ok_or("it has no entry for the project")?;
    let mut wanted: BTreeMap<String, BTreeSet<Requirement>> = BTreeMap::new();
    wanted.insert(String::new(), texts(project.get("dependencies"))?);
    for (extra, list) in project.get("optional-dependencies").and_then(Value::as_table).into_iter().flatten()
    {
        wanted.insert(format!("extra {}", normal(extra)), texts(Some(list))?);
    }
    for (group, list) in manifest.get("dependency-groups").and_then(Value::as_table).into_iter().flatten() {
        wanted.insert(format!("group {}", normal(group)), texts(Some(list))?);
    }
    if let Some(list) = settings.and_then(|settings| settings.get("dev-dependencies")) {
        wanted.entry("group dev".to_owned()).or_default().extend(texts(Some(list))?);
    }
    wanted.retain(|_, list| !list.is_empty());
    let mut listed: BTreeMap<String, BTreeSet<Requirement>> = BTreeMap::new();
    let metadata = entry.get("metadata");
    for one in metadata
        .and_then(|metadata| metadata.get("requires-dist"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (key, requirement) = listed_requirement(one, "")?;
        listed.entry(key).or_default().insert(requirement);
    }
    let groups = metadata.and_then(|metadata| metadata.get("requires-dev")).and_then(Value::as_table);
    for (group, list) in groups.into_iter().flatten() {
        for one in list.as_array().into_iter().flatten() {
            let (_, requirement) = listed_requirement(one, "")?;
            listed.entry(format!("group {}", normal(group))).or_default().insert(requirement);
        }
    }
    let differs = |key: &&String| wanted.get(*key) != listed.get(*key);
    match wanted.keys().chain(listed.keys()).find(differs).map(String::as_str) {
        None => Ok(()),
        Some("") => Err("its requirements are not those of pyproject.toml".to_owned()),
        Some(key) => Err(format!("its requirements of the {key} are not those of pyproject.toml")),
    }
}

/// A requirement without environment markers: name, extras, versions.
type Requirement = (String, BTreeSet<String>, BTreeSet<String>);

fn table(text: &str, name: &str) -> Result<Table, String> {
    text.parse().map_err(|_| format!("{name} is no TOML"))
}

/// The entry of the package that lies beside the lock file.
fn own_entry(locked: &Table) -> Option<&Table> {
    let is_own = |package: &&Table| {
        let source = package.get("source").and_then(Value::as_table);
        source.is_some_and(|source| {
            ["virtual", "editable"].iter().any(|key| source.get(*key).and_then(Value::as_str) == Some("."))
        })
    };
    locked.get("package")?.as_array()?.iter().filter_map(Value::as_table).find(is_own)
}

fn listed_requirement(one: &Value, key: &str) -> Result<(String, Requirement), String> {
    let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
    let marker = text("marker");
    let key = match marker.strip_prefix("extra == '").and_then(|rest| rest.strip_suffix('\'')) {
        Some(extra) => format!("extra {}", normal(extra)),
        None if marker.is_empty() => key.to_owned(),
        None => return Err("it has requirements with conditions".to_owned()),
    };
    let extras = one.get("extras").and_then(Value::as_array).into_iter().flatten();
    let extras = extras.filter_map(Value::as_str).map(normal).collect();
    Ok((key, (normal(text("name")), extras, versions(text("specifier")))))
}

fn texts(list: Option<&Value>) -> Result<BTreeSet<Requirement>, String> {
    let entries = list.and_then(Value::as_array).into_iter().flatten();
    entries
        .map(|one| {
            one.as_str().and_then(requirement).ok_or_else(|| {
                "pyproject.toml has requirements with conditions, or of a form that cannot be compared"
                    .to_owned()
            })
        })
        .collect()
}

/// `name[extra]>=1,<2`; `None` for an address or a condition.
fn requirement(text: &str) -> Option<Requirement> {
    if text.contains([';', '@', '(']) {
        return None;
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let (extras, specifier) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let extras = extras.split(',').map(str::trim).filter(|extra| !extra.is_empty()).map(normal).collect();
    (!name.is_empty()).then(|| (normal(name), extras, versions(specifier)))
}

fn versions(specifier: &str) -> BTreeSet<String> {
    specifier.split(',').map(compact).filter(|one| !one.is_empty()).collect()
}

fn compact(text: &str) -> String {
    text.split_whitespace().collect()
}

/// A name as packages are compared by: lower case, runs of `-_.` as one dash.
fn normal(name: &str) -> String {
    let mut normal = String::new();
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c.to_ascii_lowercase()),
        }
    }
    normal
}
