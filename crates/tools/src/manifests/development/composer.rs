//! composer.json with composer.lock, which says for each package which programs it brings and which namespaces are its code.

use serde_json::{Map, Value};

use super::{Brought, Needs, Step, When, perhaps, text};
use crate::manifests::Project;
use crate::manifests::paths::{join, name};

/// The scripts that an install runs (getcomposer.org, articles/scripts).
const EVENTS: [&str; 6] = [
    "pre-install-cmd",
    "pre-operations-exec",
    "pre-autoload-dump",
    "post-autoload-dump",
    "post-install-cmd",
    "post-package-install",
];

pub(super) fn read(dir: &str, project: &dyn Project) -> Result<Needs, String> {
    let manifest = join(dir, "composer.json");
    let json: Map<String, Value> = serde_json::from_str(&text(&manifest, project)?)
        .map_err(|_| format!("`{manifest}` is no JSON object"))?;
    let names = |section: &str| {
        let table = json.get(section).and_then(Value::as_object);
        table.into_iter().flat_map(|table| table.keys().cloned()).collect::<Vec<_>>()
    };
    let mut needs = Needs { manifest, ..Needs::default() };
    needs.runtime.extend(names("require"));
    needs.development.extend(names("require-dev").into_iter().filter(|name| !needs.runtime.contains(name)));
    let mut code = Code::default();
    code.add(
        &Value::Object(json.clone()),
        &Brought { package: "the project".to_owned(), when: When::Runtime },
    );
    if let Some(lock) = perhaps(&join(dir, "composer.lock"), project)? {
        locked(&lock, &mut needs, &mut code);
    }
    for (event, script) in json.get("scripts").and_then(Value::as_object).into_iter().flatten() {
        let lines: Vec<Option<&str>> = match script {
            Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
            other => vec![other.as_str()],
        };
        let unclear = || Step::Unclear(format!("`{event}` is not understood"));
        let steps = lines.into_iter().map(|line| line.map_or_else(unclear, |line| step(line, &code)));
        needs.scripts.insert(event.clone(), steps.collect());
    }
    let runs = EVENTS.iter().filter(|event| needs.scripts.contains_key(**event));
    needs.at_install = runs.map(|event| (*event).to_owned()).collect();
    Ok(needs)
}

/// Which package the classes of a namespace come from.
#[derive(Default)]
struct Code(Vec<(String, Brought)>);

impl Code {
    fn add(&mut self, package: &Value, brought: &Brought) {
        for standard in ["psr-4", "psr-0"] {
            let table = package.get("autoload").and_then(|autoload| autoload.get(standard));
            let spaces = table.and_then(Value::as_object).into_iter().flat_map(|table| table.keys());
            self.0.extend(
                spaces.filter(|space| !space.is_empty()).map(|space| (space.clone(), brought.clone())),
            );
        }
    }

    /// Of the longest namespace that a class is in.
    fn of(&self, class: &str) -> Option<&Brought> {
        let within = self.0.iter().filter(|(space, _)| class.starts_with(space.as_str()));
        within.max_by_key(|(space, _)| space.len()).map(|(_, brought)| brought)
    }
}

fn locked(lock: &str, needs: &mut Needs, code: &mut Code) -> Option<()> {
    let lock: Map<String, Value> = serde_json::from_str(lock).ok()?;
    for (section, when) in [("packages-dev", When::Development), ("packages", When::Runtime)] {
        for package in lock.get(section)?.as_array()? {
            let brought = Brought { package: package.get("name")?.as_str()?.to_owned(), when };
            code.add(package, &brought);
            let programs = package.get("bin").and_then(Value::as_array).into_iter().flatten();
            let programs = programs.filter_map(Value::as_str).map(|path| name(path).to_owned());
            needs.programs.extend(programs.map(|program| (program, brought.clone())));
        }
    }
    needs.lists_programs = true;
    Some(())
}

/// One line of a script (getcomposer.org, articles/scripts).
fn step(line: &str, code: &Code) -> Step {
    if line.starts_with("@putenv ") {
        return Step::Shell("true".to_owned());
    }
    if let Some(rest) = line.strip_prefix("@php ") {
        return Step::Shell(format!("php {rest}"));
    }
    if let Some(rest) = line.strip_prefix("@composer ") {
        return Step::Shell(format!("composer {rest}"));
    }
    if let Some(script) = line.strip_prefix('@') {
        return match script.split_once(' ') {
            None => Step::Script(script.to_owned()),
            Some(_) => Step::Unclear(format!("`{line}` is not understood")),
        };
    }
    let Some((class, _)) = line.split_once("::").filter(|(class, _)| !class.contains([' ', '/'])) else {
        return Step::Shell(line.to_owned());
    };
    match code.of(class) {
        Some(brought) => Step::Code(brought.clone()),
        None => Step::Unclear(format!("it is not known which package `{class}` is part of")),
    }
}
