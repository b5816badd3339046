//! The settings of uv: `[tool.uv]` of pyproject.toml, and uv.toml, in the working directory and above. A setting that the data does not
//! name may name a file, and is not followed.

use toml::{Table, Value};

use super::super::paths::{above, join};
use super::super::pyproject::{Pyproject, is_remote, parsed, strings};
use super::super::sources::Sources;
use super::super::{Call, Unclear};
use super::DATA;

/// uv takes the nearest file that has settings, or that of the root of the workspace; here each that could be it is looked at.
pub(super) fn check(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        let path = join(dir, "uv.toml");
        if let Some(text) = sources.ambient(&path)? {
            harmless(&path, &parsed(&path, &text)?)?;
        }
        if let Some(pyproject) = Pyproject::ambient(sources, dir)?
            && let Some(settings) = pyproject.get("tool.uv").and_then(Value::as_table)
        {
            harmless(&pyproject.path, settings)?;
        }
    }
    // A home folder may be the project's folder; what the image has there stays what it is.
    let home = call.env.get("HOME").and_then(Option::as_deref).unwrap_or("/root");
    for place in [join(home, ".config/uv"), "/etc/uv".to_owned()] {
        sources
            .not_of_the_project(&place, &format!("the settings of uv in `{place}` come from the project"))?;
    }
    Ok(())
}

fn harmless(path: &str, settings: &Table) -> Result<(), Unclear> {
    for (key, value) in settings {
        let addresses: Vec<&str> = match key.as_str() {
            "index" => value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|index| index.get("url")?.as_str())
                .collect(),
            "index-url" => value.as_str().into_iter().collect(),
            "extra-index-url" | "find-links" => strings(Some(value)).collect(),
            known if DATA.harmless_settings.contains(known) => continue,
            other => {
                return Err(Unclear::at(
                    path,
                    format!("the setting `{other}` of uv in `{path}` may change what it reads or writes"),
                ));
            }
        };
        if let Some(address) = addresses.into_iter().find(|address| !is_remote(address)) {
            return Err(Unclear::at(
                path,
                format!("the package index `{address}` in `{path}` is not on the network"),
            ));
        }
    }
    Ok(())
}
