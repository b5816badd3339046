//! What a rewrite would have saved: the last commits of the repository, replayed with and without it. Must not change what
//! is rewritten, and says nothing where there is no history.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dockopt_transforms::{Pass, Phase};

use crate::history::{self, Commits, Range};
use crate::report::simulate::savings;
use crate::simulate::{self, Assumptions, Form, Place};
use crate::work::Done;

/// The commits that are replayed.
const COMMITS: usize = 200;
/// With more files than this nobody reads each effect, and the histories would take longer than the rewrites.
const MOST_FILES: usize = 10;

/// Notes beside every rewrite that changes the order of steps how many runs of an install it would have saved.
pub fn weigh(done: &mut [Done]) {
    let is_weighed = |one: &Done| one.outcome.applied.iter().any(|note| moves_steps(note.pass));
    if done.iter().filter(|one| is_weighed(one)).count() > MOST_FILES {
        return;
    }
    let mut histories: BTreeMap<PathBuf, Option<Commits>> = BTreeMap::new();
    for one in done.iter_mut().filter(|one| is_weighed(one)) {
        let Some(folder) = one.file.context.as_ref().map(|context| context.folder.root().to_owned()) else {
            continue;
        };
        let range = Range { commits: Some(COMMITS), ..Range::default() };
        let read = || history::commits(&folder, &range).ok();
        if let Some(commits) = histories.entry(folder.clone()).or_insert_with(read) {
            weigh_one(one, commits);
        }
    }
}

fn moves_steps(pass: &str) -> bool {
    Pass::named(pass).is_some_and(|pass| pass.phase == Phase::Order)
}

fn weigh_one(done: &mut Done, commits: &Commits) {
    let Some(context) = &done.file.context else { return };
    let (ignore_files, added) = (simulate::ignore_files(done), simulate::added_lines(done));
    let forms =
        [Form { text: &done.file.text, ignore: &[] }, Form { text: &done.outcome.text, ignore: &added }];
    let place = Place { folder: context.folder.root(), ignore_files: &ignore_files };
    let cost = |text: &str, kind| simulate::cost(None, "", text, kind);
    let replayed =
        simulate::replay(place, commits, &forms, done.file.config.toolbox(), &Assumptions::default(), &cost);
    let Ok((history, replays)) = replayed else { return };
    let [before, after] = replays.as_slice() else { return };
    // A commit id as a build argument makes every RUN below it run, and nobody here knows whether one is given.
    for saving in savings(before, after).into_iter().filter(|saving| !saving.is_open) {
        // The rewrite that stands closest above the step is the one that keeps it from running.
        let notes = done.outcome.applied.iter_mut();
        let own = notes
            .filter(|note| moves_steps(note.pass) && note.line <= saving.line)
            .max_by_key(|note| note.line);
        if let Some(note) = own.filter(|note| note.effect.is_none()) {
            note.effect = Some(saving.clause(history.built.len()));
        }
    }
}
