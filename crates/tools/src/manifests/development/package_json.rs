//! package.json with package-lock.json, which says for each package whether only development needs it and which programs it brings.

use serde_json::{Map, Value};

use super::{Brought, Needs, Step, When, perhaps, text};
use crate::manifests::Project;
use crate::manifests::javascript::package::{EVENTS, Package};
use crate::manifests::paths::join;

pub(super) fn read(dir: &str, project: &dyn Project) -> Result<Needs, String> {
    let manifest = join(dir, "package.json");
    let package = Package::parse(&text(&manifest, project)?)
        .ok_or_else(|| format!("`{manifest}` is no JSON object"))?;
    let workspaces = package.workspaces().is_none_or(|patterns| !patterns.is_empty());
    if workspaces || perhaps(&join(dir, "pnpm-workspace.yaml"), project)?.is_some() {
        return Err(format!("`{manifest}` is that of a workspace, whose packages may need each other's"));
    }
    // It may say the same, or the opposite.
    if let Some(settings) = perhaps(&join(dir, ".npmrc"), project)?
        && ["omit", "include", "production", "only"].iter().any(|word| settings.contains(word))
    {
        return Err("`.npmrc` says already what is installed".to_owned());
    }
    let table = |section: &str| package.json.get(section).and_then(Value::as_object);
    let names = |section: &str| {
        table(section).into_iter().flat_map(|table| table.keys().cloned()).collect::<Vec<_>>()
    };
    let mut needs = Needs { manifest, ..Needs::default() };
    for section in ["dependencies", "optionalDependencies", "peerDependencies"] {
        needs.runtime.extend(names(section));
    }
    needs
        .development
        .extend(names("devDependencies").into_iter().filter(|name| !needs.runtime.contains(name)));
    for (name, script) in table("scripts").into_iter().flatten() {
        let step = match script.as_str() {
            Some(text) => Step::Shell(text.to_owned()),
            None => Step::Unclear(format!("the script `{name}` is no text")),
        };
        needs.scripts.insert(name.clone(), vec![step]);
    }
    let runs = EVENTS.iter().filter(|event| needs.scripts.contains_key(**event));
    needs.at_install = runs.map(|event| (*event).to_owned()).collect();
    if let Some(lock) = perhaps(&join(dir, "package-lock.json"), project)? {
        programs(&lock, &mut needs);
    }
    Ok(needs)
}

/// The programs that npm links, by the second and third form of the lock file. Those of packages inside others are linked there.
fn programs(lock: &str, needs: &mut Needs) -> Option<()> {
    let lock: Map<String, Value> = serde_json::from_str(lock).ok()?;
    for (place, entry) in lock.get("packages")?.as_object()? {
        let Some(name) = place.strip_prefix("node_modules/").filter(|name| !name.contains("/node_modules/"))
        else {
            continue;
        };
        let is_development =
            ["dev", "devOptional"].iter().any(|key| entry.get(*key) == Some(&Value::Bool(true)));
        let when = if is_development { When::Development } else { When::Runtime };
        let brought = Brought { package: name.to_owned(), when };
        match entry.get("bin") {
            Some(Value::Object(table)) => {
                needs.programs.extend(table.keys().map(|program| (program.clone(), brought.clone())));
            }
            Some(Value::String(_)) => {
                let program = name.rsplit('/').next().unwrap_or(name);
                needs.programs.insert(program.to_owned(), brought);
            }
            _ => {}
        }
    }
    needs.lists_programs = true;
    Some(())
}
