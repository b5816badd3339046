//! pyproject.toml as Poetry, uv and PDM read it. Which programs a package brings it does not say.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{Needs, Step, text};
use crate::manifests::Project;
use crate::manifests::paths::join;

/// Names of groups that are for development and nothing else.
const GROUPS: [&str; 15] = [
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "lint",
    "linting",
    "format",
    "formatting",
    "typing",
    "types",
    "docs",
    "doc",
    "pre-commit",
];

pub(super) fn read(dir: &str, project: &dyn Project) -> Result<Needs, String> {
    let (manifest, table) = parsed(dir, project)?;
    let mut needs = Needs { manifest, ..Needs::default() };
    needs.runtime.extend(specifiers(at(&table, "project.dependencies")));
    // The group `dev` is that of development for uv; PDM takes all groups for development.
    for place in ["dependency-groups.dev", "tool.uv.dev-dependencies"] {
        needs.development.extend(specifiers(at(&table, place)));
    }
    let groups = ["dependency-groups", "tool.pdm.dev-dependencies"].map(|place| at(&table, place));
    let groups = groups.into_iter().flatten().filter_map(Value::as_table).flatten();
    for (name, list) in groups {
        if table.get("tool").is_some_and(|tool| tool.get("pdm").is_some()) {
            if !GROUPS.contains(&name.as_str()) {
                return Err(format!("the group `{name}` may be needed when it runs"));
            }
            needs.development.extend(specifiers(Some(list)));
        }
    }
    Ok(finish(needs, &table))
}

pub(super) fn read_poetry(dir: &str, project: &dyn Project) -> Result<Needs, String> {
    let (manifest, table) = parsed(dir, project)?;
    let mut needs = Needs { manifest, ..Needs::default() };
    needs.runtime.extend(specifiers(at(&table, "project.dependencies")));
    needs.runtime.extend(keys(at(&table, "tool.poetry.dependencies")));
    needs.development.extend(keys(at(&table, "tool.poetry.dev-dependencies")));
    for (name, group) in at(&table, "tool.poetry.group").and_then(Value::as_table).into_iter().flatten() {
        let is_optional = group.get("optional").and_then(Value::as_bool).unwrap_or_default();
        if is_optional {
            continue;
        }
        if !GROUPS.contains(&name.as_str()) {
            return Err(format!("the group `{name}` may be needed when it runs"));
        }
        needs.development.extend(keys(group.get("dependencies")));
    }
    if let Some(name) = at(&table, "dependency-groups")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(|groups| groups.keys())
        .find(|name| !GROUPS.contains(&name.as_str()))
    {
        return Err(format!("the group `{name}` may be needed when it runs"));
    }
    let groups = at(&table, "dependency-groups").and_then(Value::as_table).into_iter().flatten();
    needs.development.extend(groups.flat_map(|(_, list)| specifiers(Some(list))));
    Ok(finish(needs, &table))
}

/// Programs of the project itself are there in any case.
fn finish(mut needs: Needs, table: &Table) -> Needs {
    let runtime = needs.runtime.clone();
    needs.development.retain(|name| !runtime.contains(name));
    for place in ["project.scripts", "tool.poetry.scripts"] {
        for name in keys(at(table, place)) {
            needs.scripts.insert(name, vec![Step::Shell("true".to_owned())]);
        }
    }
    needs
}

fn parsed(dir: &str, project: &dyn Project) -> Result<(String, Table), String> {
    let manifest = join(dir, "pyproject.toml");
    let table = text(&manifest, project)?.parse().map_err(|_| format!("`{manifest}` is no TOML"))?;
    Ok((manifest, table))
}

/// A value by its dotted key.
fn at<'t>(table: &'t Table, key: &str) -> Option<&'t Value> {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let keys = rest.split('.').filter(|key| !key.is_empty());
    keys.fold(table.get(first), |value, key| value?.get(key))
}

fn keys(table: Option<&Value>) -> BTreeSet<String> {
    let table = table.and_then(Value::as_table).into_iter().flatten();
    table.map(|(name, _)| normal(name)).filter(|name| name != "python").collect()
}

/// The names in a list of specifiers such as `httpx[http2]>=0.27`.
fn specifiers(list: Option<&Value>) -> BTreeSet<String> {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let name = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).next().map(normal)
    };
    texts.filter_map(name).filter(|name| !name.is_empty()).collect()
}

/// The one spelling of a name (packaging.python.org, name normalization).
fn normal(name: &str) -> String {
    let mut normal = String::new();
    for c in name.trim().chars() {
        let c = if matches!(c, '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !normal.ends_with('-') {
            normal.push(c);
        }
    }
    normal
}
