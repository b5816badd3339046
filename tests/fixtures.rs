//! Every pass alone over small build contexts: what it changes, and what it leaves, with the reasons. A case is a folder
//! `tests/fixtures/<pass>/<case>/`; one whose name begins with `keeps-` must change nothing.

use std::collections::BTreeSet;

use dockopt_transforms::PASSES;

use crate::support::{self, Project};

/// A pass has at least this many cases of either sort.
const LEAST: usize = 6;

#[test]
fn passes_do_what_their_snapshots_say() {
    let cases = PASSES.iter().flat_map(|pass| {
        let folders = support::folders(&support::root().join("tests/fixtures").join(pass.name));
        folders
            .into_iter()
            .map(|folder| (format!("{}/{}", pass.name, support::name(&folder)), (pass.name, folder)))
    });
    support::each(cases, |_, (pass, folder)| check(pass, support::name(&folder), &Project::read(&folder)));
}

fn check(pass: &str, case: &str, project: &Project) {
    let outcome = project.fix(Some(&[pass])).expect("a fixture has no syntax errors");
    support::assert_snapshot(pass, case, &project.report(&outcome));

    assert_eq!(outcome.bugs, [""; 0], "{case}");
    let changes = outcome.text != project.text || outcome.ignore.is_some();
    assert_eq!(changes, !case.starts_with("keeps-"), "{case}: whether it changes the files");
    assert_eq!(changes, !outcome.applied.is_empty(), "{case}: a change has a note");
    let again = project.after(&outcome).fix(Some(&[pass])).expect("the result has no syntax errors");
    assert_eq!(again.text, outcome.text, "{case}: a second run changes nothing");
    assert_eq!(again.ignore, None, "{case}: a second run changes nothing");
    assert!(again.applied.is_empty(), "{case}: a second run changes nothing");
}

#[test]
fn each_pass_has_enough_cases_and_no_snapshot_is_left_over() {
    for pass in PASSES {
        let folders = support::folders(&support::root().join("tests/fixtures").join(pass.name));
        let cases: BTreeSet<String> = folders.iter().map(|folder| support::name(folder).to_owned()).collect();
        let kept = cases.iter().filter(|case| case.starts_with("keeps-")).count();
        assert!(kept >= LEAST, "{} has {kept} cases of files that it keeps", pass.name);
        assert!(
            cases.len() - kept >= LEAST,
            "{} has {} cases of files that it changes",
            pass.name,
            cases.len() - kept
        );
        support::assert_no_orphans(pass.name, &cases);
    }
}

#[test]
fn every_folder_of_fixtures_is_a_pass() {
    for folder in support::folders(&support::root().join("tests/fixtures")) {
        let name = support::name(&folder);
        assert!(PASSES.iter().any(|pass| pass.name == name), "there is no pass `{name}`");
    }
}
