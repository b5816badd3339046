//! NuGet.config: where do packages come from, and where do they go? All of them count, from the folder of a project upwards.

use super::super::paths::{above, join, of_file_url, parent};
use super::super::sources::Sources;
use super::super::xml::{self, at};
use super::super::{Look, Unclear};

/// The spellings that `NuGet` looks for where names depend on case.
const NAMES: [&str; 3] = ["nuget.config", "NuGet.config", "NuGet.Config"];

/// Reads the settings that hold in a folder; only `own` if there is one.
pub(super) fn read(sources: &mut Sources<'_>, folder: &str, own: Option<&str>) -> Result<(), Unclear> {
    if let Some(path) = own {
        let text = sources.needed(path)?;
        return file(sources, path, &text);
    }
    for dir in std::iter::once(folder).chain(above(folder)) {
        for name in NAMES {
            let path = join(dir, name);
            if let Some(text) = sources.ambient(&path)? {
                file(sources, &path, &text)?;
            }
        }
    }
    Ok(())
}

fn file(sources: &mut Sources<'_>, path: &str, text: &str) -> Result<(), Unclear> {
    let document = xml::parse(path, text)?;
    let root = document.root_element();
    for add in at(root, &["packageSources", "add"]) {
        source(sources, parent(path), add.attribute("value").unwrap_or_default())
            .map_err(|unclear| Unclear { path: unclear.path.or_else(|| Some(path.to_owned())), ..unclear })?;
    }
    let moves = ["globalPackagesFolder", "repositoryPath"];
    let config = at(root, &["config", "add"]).into_iter().find(|add| {
        add.attribute("key").is_some_and(|key| moves.iter().any(|one| one.eq_ignore_ascii_case(key)))
    });
    let fallback = at(root, &["fallbackPackageFolders", "add"]).into_iter().next();
    if let Some(node) = config.or(fallback) {
        let line = xml::line(node);
        return Err(Unclear::at(path, format!("`{path}` names a folder for packages in line {line}")));
    }
    Ok(())
}

/// A package source: an address of the network, or a folder.
pub(super) fn source(sources: &mut Sources<'_>, base: &str, written: &str) -> Result<(), Unclear> {
    if ["http://", "https://"]
        .iter()
        .any(|scheme| written.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    {
        return Ok(());
    }
    if written.is_empty() || written.contains(['%', '$']) {
        return Err(Unclear::new(format!("the package source `{written}` depends on the environment")));
    }
    let folder = join(base, &of_file_url(written).unwrap_or(written).replace('\\', "/"));
    if sources.project.look(&folder) == Look::File {
        return Err(Unclear::at(&folder, format!("`{folder}` is a file where a package source is expected")));
    }
    sources.tree(&folder)
}
