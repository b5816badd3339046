//! uv.lock: which packages come from the project itself. Compares nothing with its manifest.

use toml::{Table, Value};

use super::super::Unclear;
use super::super::pyproject::is_remote;

/// A package of the lock file that does not come from the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) version: Option<String>,
    /// Its folder or archive, by the path that the lock file gives, from the folder of the lock file.
    pub(super) path: String,
    pub(super) form: Form,
}

/// What lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A folder that is built and installed.
    Built,
    /// A folder of which only the dependencies are installed.
    Virtual,
    /// An archive.
    Archive,
}

/// The packages that come from the project, in the order of the file.
pub(super) fn locals(path: &str, lock: &Table) -> Result<Vec<Local>, Unclear> {
    let mut locals = Vec::new();
    for package in lock.get("package").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").unwrap_or_default();
        let odd = || {
            Unclear::at(
                path,
                format!("`{path}` says in a way that dockopt does not know where `{name}` comes from"),
            )
        };
        let source = package.get("source").and_then(Value::as_table).ok_or_else(odd)?;
        let of = |key: &str| source.get(key).and_then(Value::as_str);
        let form = match ["editable", "directory", "virtual", "path"]
            .iter()
            .find(|key| source.contains_key(**key))
        {
            Some(&"virtual") => Form::Virtual,
            Some(&"path") => Form::Archive,
            Some(_) => Form::Built,
            None => {
                let address = of("registry").or_else(|| of("git")).or_else(|| of("url")).ok_or_else(odd)?;
                if !is_remote(address) {
                    return Err(Unclear::at(
                        path,
                        format!("`{path}` takes `{name}` from `{address}`, which is not on the network"),
                    ));
                }
                continue;
            }
        };
        let place =
            ["editable", "directory", "virtual", "path"].iter().find_map(|key| of(key)).ok_or_else(odd)?;
        locals.push(Local { name: name.clone(), version: text("version"), path: place.to_owned(), form });
    }
    Ok(locals)
}
