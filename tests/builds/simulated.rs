//! The simulator of the cache is held to what the engine was seen to do: the same projects, the same edits, no engine. Must not
//! know any scenario but those where it gives bounds or is known to differ.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use dockopt_model::cache::{Builder, Contents, File, Key, Plan, Ran, Storage, Store};
use dockopt_model::{Ignore, Model};
use dockopt_tools::Toolbox;

use crate::scenario::{self, Outcome, Scenario};

/// Where the simulator says less or something else, and why. Each must still be needed.
#[rustfmt::skip] // one line a scenario
const KNOWN: &[(&str, &str)] = &[
    ("arg-of-another-stage", "what a stage brings is not known before it is built, so there are bounds"),
    ("same-output-of-a-stage", "the same"),
    ("other-output-of-a-stage", "the same"),
    ("same-folder-of-a-stage", "the same"),
    ("bind-mount-of-a-stage", "the same"),
    ("link-as-source-is-followed", "a link that a COPY names is not followed"),
    ("link-as-source-leads-to-other-content", "the same"),
];

#[test]
fn the_simulator_predicts_what_the_engine_does() {
    let mut exact = 0;
    let mut wrong = Vec::new();
    for scenario in scenario::all() {
        let said = simulate(&scenario);
        let agree = said.len() == scenario.steps.len()
            && said.iter().zip(&scenario.steps).all(|((ran, _), step)| match ran {
                Ran::No => step.outcome == Outcome::Cached,
                Ran::Yes => step.outcome == Outcome::Ran,
                Ran::Perhaps => true,
            });
        let is_exact = agree && said.iter().all(|(ran, _)| *ran != Ran::Perhaps);
        exact += usize::from(is_exact);
        let is_known = KNOWN.iter().any(|(name, _)| *name == scenario.name);
        if is_exact == is_known {
            wrong.push(format!(
                "{}: {}\n  expected {:?}\n  said {said:?}",
                scenario.name, scenario.fact, scenario.steps
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), exact + wrong.len(), wrong.join("\n"));
    assert!(exact >= 30, "{exact} scenarios are predicted exactly");
}

/// What the second build does, in the order in which the engine tells its steps.
fn simulate(scenario: &Scenario) -> Vec<(Ran, String)> {
    let folder = tempfile::tempdir().unwrap();
    scenario.project.write(folder.path());
    let mut store = Store::new(Storage::Persistent);
    build(folder.path(), &scenario.arguments, &mut store);
    scenario.edit.apply(folder.path());
    build(folder.path(), scenario.edit.arguments.as_ref().unwrap_or(&scenario.arguments), &mut store)
}

fn build(folder: &Path, arguments: &[String], store: &mut Store) -> Vec<(Ran, String)> {
    let text = fs::read_to_string(folder.join("Dockerfile")).unwrap();
    let own = fs::read_to_string(folder.join("Dockerfile.dockerignore"));
    let ignore = own.or_else(|_| fs::read_to_string(folder.join(".dockerignore"))).unwrap_or_default();
    let parse = dockopt_syntax::parse(&text);
    let model = Model::new(&parse.tree, Toolbox::builtin(), None);
    let values = arguments
        .windows(2)
        .filter(|pair| pair[0] == "--build-arg")
        .filter_map(|pair| pair[1].split_once('='));
    let values: BTreeMap<String, String> =
        values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let plan = Plan::of(&model, Builder::Docker, &values);
    let mut contents = Contents::new(&plan.selectors);
    add(folder, "", &Ignore::parse(&ignore).unwrap(), &mut contents);
    let ran = store.build(&plan, &contents);
    let mut steps: Vec<_> = plan
        .steps
        .iter()
        .zip(ran)
        .map(|(step, ran)| {
            let stage =
                model.stages.iter().position(|stage| stage.instructions.contains(&step.instruction)).unwrap();
            let name = model.stages[stage].name.clone().unwrap_or_else(|| format!("stage-{stage}"));
            (name, step.instruction, ran)
        })
        .collect();
    steps.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    steps
        .into_iter()
        .map(|(_, at, ran)| (ran, dockopt_model::beginning(&parse.tree.instructions[at])))
        .collect()
}

/// A folder counts by its name alone: an edit of nothing but its mode is not noticed.
const FOLDER: File = File { mode: 0o040_755, content: 0 };

fn add(folder: &Path, below: &str, ignore: &Ignore, contents: &mut Contents<'_>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{below}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        let is_sent = !ignore.excludes(&path);
        if kind.is_dir() {
            if is_sent {
                contents.add(&path, FOLDER);
            }
            add(&entry.path(), &format!("{path}/"), ignore, contents);
        } else if is_sent {
            let bytes = if kind.is_symlink() {
                fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()
            } else {
                fs::read(entry.path()).unwrap()
            };
            let mode = fs::symlink_metadata(entry.path()).unwrap().permissions().mode();
            contents.add(&path, File { mode, content: content(&bytes) });
        }
    }
}

/// Enough for files of a few words.
fn content(bytes: &[u8]) -> Key {
    bytes.iter().fold(bytes.len() as Key, |hash, byte| {
        hash.wrapping_mul(0x1_0000_01b3).wrapping_add(Key::from(*byte) + 1)
    })
}
