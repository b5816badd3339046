//! pyproject.toml and the TOML files beside it, for the tools that read them. Decides nothing about an install.

use toml::{Table, Value};

use super::Unclear;
use super::paths::join;
use super::sources::Sources;

/// A pyproject.toml that was read.
pub(super) struct Pyproject {
    pub(super) path: String,
    pub(super) table: Table,
}

impl Pyproject {
    /// That of a folder, without which the install fails.
    pub(super) fn needed(sources: &mut Sources<'_>, dir: &str) -> Result<Self, Unclear> {
        let path = join(dir, "pyproject.toml");
        let text = sources.needed(&path)?;
        Ok(Self { table: parsed(&path, &text)?, path })
    }

    /// That of a folder, if there is one.
    pub(super) fn ambient(sources: &mut Sources<'_>, dir: &str) -> Result<Option<Self>, Unclear> {
        let path = join(dir, "pyproject.toml");
        let Some(text) = sources.ambient(&path)? else { return Ok(None) };
        Ok(Some(Self { table: parsed(&path, &text)?, path }))
    }

    /// A value by its dotted key: `tool.uv.workspace`.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        let (first, rest) = key.split_once('.').unwrap_or((key, ""));
        let keys = rest.split('.').filter(|key| !key.is_empty());
        keys.fold(self.table.get(first), |value, key| value?.get(key))
    }

    /// The names that `project.dynamic` leaves to the build backend.
    pub(super) fn dynamic(&self) -> impl Iterator<Item = &str> {
        strings(self.get("project.dynamic"))
    }
}

/// A TOML file, or why it is none.
pub(super) fn parsed(path: &str, text: &str) -> Result<Table, Unclear> {
    text.parse().map_err(|_| Unclear::at(path, format!("`{path}` is no TOML")))
}

/// The texts of a list.
pub(super) fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Is it an address that names no file of the image?
pub(super) fn is_remote(address: &str) -> bool {
    let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| {
        ["http", "https", "ssh", "git"].contains(&scheme.as_str())
            || scheme.strip_prefix("git+").is_some_and(|transport| transport != "file")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Memory;
    use super::*;

    #[test]
    fn dotted_keys() {
        let text = "[project]\ndynamic = ['version']\n[tool.uv.workspace]\nmembers = ['a', 'b']\n";
        let project = Memory::new(&[("/app/pyproject.toml", text), ("/broken/pyproject.toml", "[")]);
        let mut sources = Sources::new(&project);
        let read = Pyproject::needed(&mut sources, "/app").unwrap();
        assert_eq!(strings(read.get("tool.uv.workspace.members")).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read.dynamic().collect::<Vec<_>>(), ["version"]);
        assert!(read.get("tool.poetry").is_none() && read.get("project.dynamic.x").is_none());
        assert!(Pyproject::ambient(&mut sources, "/").unwrap().is_none());
        assert!(Pyproject::ambient(&mut sources, "/broken").is_err());
    }

    #[test]
    fn addresses() {
        for address in ["https://example.org/simple", "git+ssh://git@example.org/a.git", "HTTP://h"] {
            assert!(is_remote(address), "{address}");
        }
        for address in ["./wheels", "file:///wheels", "git+file:///srv/a.git", "wheels", ""] {
            assert!(!is_remote(address), "{address}");
        }
    }
}
