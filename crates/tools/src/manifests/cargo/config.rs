//! Configuration files of Cargo: which folders of the project they name as a source of packages, and what in them cannot be followed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use toml::Value;

use super::super::Unclear;
use super::super::paths::{join, parent};
use super::Cargo;
use super::package::Need;

/// What is known about Cargo's settings, from `data/manifests/cargo.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    harmless_tables: BTreeSet<String>,
    pub(super) harmless_variables: Vec<String>,
}

pub(super) static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../data/manifests/cargo.toml"))
        .expect("cargo.toml is checked by a test")
});

impl Cargo<'_> {
    /// A configuration file, if it is there. Paths in it are relative to the folder that holds `.cargo` (The Cargo Book, "Config-relative paths").
    pub(super) fn configuration(&mut self, path: &str) -> Result<(), Unclear> {
        let Some(text) = self.sources.ambient(path)? else { return Ok(()) };
        let Ok(table) = text.parse::<toml::Table>() else {
            return Err(Unclear::at(path, format!("`{path}` is not TOML (was already broken?)")));
        };
        let base = parent(parent(path)).to_owned();
        for (key, value) in &table {
            match key.as_str() {
                "build" => self.build(&base, value, path)?,
                "source" => self.source(&base, value, path)?,
                "patch" => {
                    for folder in
                        value.as_table().into_iter().flatten().flat_map(|(_, patches)| paths(patches))
                    {
                        self.package(&join(&base, folder), Need::Certain)?;
                    }
                }
                "registry" | "registries" => {
                    if strings(value).iter().any(|text| text.starts_with("file:") || text.contains("./")) {
                        return Err(Unclear::at(
                            path,
                            format!(
                                "`{key}` in `{path}` names files or programs that dockopt does not follow"
                            ),
                        ));
                    }
                }
                key if DATA.harmless_tables.contains(key) => {}
                key => {
                    return Err(Unclear::at(
                        path,
                        format!("it is not known what `{key}` in `{path}` makes Cargo read"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn build(&mut self, base: &str, build: &Value, path: &str) -> Result<(), Unclear> {
        for (key, value) in build.as_table().into_iter().flatten() {
            match key.as_str() {
                "rustc" | "rustc-wrapper" | "rustc-workspace-wrapper" | "rustdoc" => {
                    self.program(base, value.as_str().unwrap_or_default(), path)?;
                }
                "target" if strings(value).into_iter().any(is_described_by_a_file) => {
                    return Err(Unclear::at(
                        path,
                        format!("`{path}` builds for a target that a file describes"),
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Sources that replace the registry: those in a folder are read whole.
    fn source(&mut self, base: &str, sources: &Value, path: &str) -> Result<(), Unclear> {
        for (key, value) in sources
            .as_table()
            .into_iter()
            .flatten()
            .flat_map(|(_, source)| source.as_table().into_iter().flatten())
        {
            let text = value.as_str().unwrap_or_default();
            match key.as_str() {
                "directory" | "local-registry" => self.sources.tree(&join(base, text))?,
                "registry" | "git" => remote(text).map_err(|reason| Unclear::at(path, reason))?,
                "replace-with" | "branch" | "tag" | "rev" => {}
                _ => {
                    return Err(Unclear::at(
                        path,
                        format!("it is not known what `{key}` of a source in `{path}` means"),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Is it an address of the network? The error is a clause.
pub(super) fn remote(address: &str) -> Result<(), String> {
    let bare =
        address.strip_prefix("sparse+").or_else(|| address.strip_prefix("registry+")).unwrap_or(address);
    let remote =
        ["https://", "http://", "ssh://", "git://", "git@"].iter().any(|scheme| bare.starts_with(scheme));
    if remote {
        Ok(())
    } else {
        Err(format!("packages come from `{address}`, which is no address of the network"))
    }
}

/// Is a target a file with its description, and no name?
pub(super) fn is_described_by_a_file(target: &str) -> bool {
    target.strip_suffix(".json").is_some()
}

/// The `path` of each dependency in a table of them.
pub(super) fn paths(dependencies: &Value) -> impl Iterator<Item = &str> {
    let table = dependencies.as_table().into_iter().flatten();
    table.filter_map(|(_, dependency)| dependency.get("path").and_then(Value::as_str))
}

/// All texts in a value.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Table(table) => table.iter().flat_map(|(_, value)| strings(value)).collect(),
        _ => vec![],
    }
}
