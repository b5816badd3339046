//! What the builder takes from its cache after an edit is what the scenarios say. Must not know any scenario.

use crate::page::{Page, code};
use crate::scenario::{self, Outcome, Scenario};
use crate::stand::{self, Stand};

#[test]
fn the_cache_does_what_the_scenarios_say() {
    let Some(stand) = Stand::find("scenarios of the cache") else { return };
    let scenarios = scenario::all();
    let seen = stand::each(scenarios.iter().collect(), |scenario| {
        let seen = rebuild(&stand, scenario)?;
        check(scenario, &seen)?;
        Ok(seen)
    });
    let rows = scenarios.iter().zip(seen).map(|(scenario, seen)| {
        let steps = seen.iter().map(|(outcome, text)| format!("{}: {}", outcome.word(), code(text)));
        [scenario.fact.clone(), scenario.name.clone(), steps.collect::<Vec<_>>().join("<br>")]
    });
    let page = Page {
        path: "docs/cache-facts.md",
        title: "What the builder takes from its cache",
        about: "Each row is a small project that was built, edited and built again, and what became of each step of the second \
                build. The projects and edits are in `tests/builds/cache.toml`.",
        columns: ["fact", "scenario", "steps after the edit"],
        rows: rows.collect(),
        varying: &[],
    };
    page.check(&stand);
}

/// The steps of the build after the edit.
fn rebuild(stand: &Stand, scenario: &Scenario) -> Result<Vec<(Outcome, String)>, String> {
    let fail = |what: &str, failure: &dyn std::fmt::Display| {
        format!("{}: the build {what} the edit failed: {failure}", scenario.name)
    };
    let base = stand.base(&scenario.name);
    let image = stand.image(&scenario.name);
    let folder = tempfile::tempdir().unwrap();
    scenario.project.write(folder.path());
    // The base is new, so the cache holds nothing for it.
    let before = stand.build(folder.path(), &image, &base, &scenario.arguments);
    before.map_err(|failure| fail("before", &failure))?;
    scenario.edit.apply(folder.path());
    let arguments = scenario.edit.arguments.as_ref().unwrap_or(&scenario.arguments);
    let built = stand.build(folder.path(), &image, &base, arguments);
    let built = built.map_err(|failure| fail("after", &failure))?;
    let outcome = |cached| if cached { Outcome::Cached } else { Outcome::Ran };
    Ok(built.own_steps().map(|step| (outcome(step.cached), step.instruction.clone())).collect())
}

fn check(scenario: &Scenario, seen: &[(Outcome, String)]) -> Result<(), String> {
    let agree = seen.len() == scenario.steps.len()
        && seen.iter().zip(&scenario.steps).all(|((outcome, text), expected)| {
            *outcome == expected.outcome && text.starts_with(&expected.instruction)
        });
    if agree {
        return Ok(());
    }
    let lines = |steps: &mut dyn Iterator<Item = (Outcome, &str)>| -> String {
        steps.map(|(outcome, text)| format!("    {} {text}\n", outcome.word())).collect()
    };
    let expected = lines(&mut scenario.steps.iter().map(|step| (step.outcome, step.instruction.as_str())));
    let seen = lines(&mut seen.iter().map(|(outcome, text)| (*outcome, text.as_str())));
    Err(format!("{}: {}\n  expected:\n{expected}  seen:\n{seen}", scenario.name, scenario.fact))
}
