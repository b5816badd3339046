//! Solutions (`.sln`, `.slnx`): which projects do they list?

use super::super::paths::{join, parent};
use super::super::sources::Sources;
use super::super::{Unclear, xml};

/// The type of a folder that exists in the solution only.
const FOLDER: &str = "{2150E333-8FDC-42A3-9474-1A3956D46DE8}";

/// The projects of a solution, which is read.
pub(super) fn projects(sources: &mut Sources<'_>, path: &str) -> Result<Vec<String>, Unclear> {
    let text = sources.needed(path)?;
    let written =
        if path.rsplit('.').next() == Some("slnx") { of_xml(path, &text)? } else { of_text(path, &text)? };
    written
        .into_iter()
        .map(|project| {
            if project.ends_with("proj") && !project.contains(['$', '*']) {
                return Ok(join(parent(path), &project.replace('\\', "/")));
            }
            Err(Unclear::at(path, format!("`{path}` lists `{project}`, which is no project file")))
        })
        .collect()
}

fn of_xml(path: &str, text: &str) -> Result<Vec<String>, Unclear> {
    let document = xml::parse(path, text)?;
    let projects = document.descendants().filter(|node| xml::Named::has_tag_name_of(node, "Project"));
    Ok(projects.filter_map(|project| project.attribute("Path").map(str::to_owned)).collect())
}

/// Lines such as `Project("{TYPE}") = "Name", "src\Name\Name.csproj", "{ID}"`.
fn of_text(path: &str, text: &str) -> Result<Vec<String>, Unclear> {
    let mut projects = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(rest) = line.trim_start_matches('\u{feff}').trim().strip_prefix("Project(\"") else {
            continue;
        };
        let parts: Vec<&str> = rest.split('"').collect();
        let [kind, _, _, _, project, ..] = parts.as_slice() else {
            return Err(Unclear::at(path, format!("line {} of `{path}` cannot be understood", index + 1)));
        };
        if !kind.eq_ignore_ascii_case(FOLDER) {
            projects.push((*project).to_owned());
        }
    }
    Ok(projects)
}
