//! What a builder has kept of earlier builds, and so which steps run. Must not know files.

use std::collections::HashSet;

use super::plan::Outputs;
use super::{Contents, Key, Plan};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Storage {
    /// Everything that was ever built: one builder that keeps its disk.
    #[default]
    Persistent,
    /// All steps of the last build: `--cache-to mode=max`.
    LastBuild,
    /// The layers of the last image alone: `--cache-to mode=min`, and inline caches.
    LastImage,
    /// Nothing.
    Nothing,
}

/// Whether a step ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ran {
    /// Its result was there, or nobody needed it.
    No,
    /// It depends on whether another stage brought the same files again.
    Perhaps,
    /// It ran.
    Yes,
}

/// The results of earlier builds.
#[derive(Debug, Clone)]
pub struct Store {
    storage: Storage,
    /// For either assumption about what other stages bring.
    kept: [HashSet<Key>; 2],
}

impl Store {
    /// An empty store.
    pub fn new(storage: Storage) -> Self {
        Self { storage, kept: [HashSet::new(), HashSet::new()] }
    }

    /// Builds: says of each step whether it ran, and keeps what is kept.
    pub fn build(&mut self, plan: &Plan, contents: &Contents<'_>) -> Vec<Ran> {
        let [changing, staying] =
            [Outputs::Change, Outputs::Stay].map(|outputs| plan.keys(contents, outputs));
        let mut ran = vec![Ran::No; plan.steps.len()];
        for (kept, keys) in self.kept.iter_mut().zip([&changing, &staying]) {
            for (step, has_run) in missing(plan, keys, kept, self.storage).into_iter().enumerate() {
                // What runs under one assumption may run; what runs under both does.
                ran[step] = match (ran[step], has_run) {
                    (Ran::Perhaps, true) => Ran::Yes,
                    (Ran::No, true) => Ran::Perhaps,
                    (before, false) => before,
                    (Ran::Yes, true) => Ran::Yes,
                };
            }
            keep(plan, keys, kept, self.storage);
        }
        ran
    }
}

/// The steps whose result is not there and is needed.
fn missing(plan: &Plan, keys: &[Key], kept: &HashSet<Key>, storage: Storage) -> Vec<bool> {
    let mut runs: Vec<bool> = keys.iter().map(|key| !kept.contains(key)).collect();
    if storage != Storage::LastImage {
        return runs;
    }
    // A step of another stage has no result, but it runs only if somebody needs it. From the last step upwards:
    let mut is_needed = vec![false; runs.len()];
    for at in (0..runs.len()).rev() {
        let step = &plan.steps[at];
        is_needed[at] |= step.is_final;
        runs[at] &= is_needed[at];
        if runs[at] {
            plan.before(at).into_iter().chain(plan.sources(at)).for_each(|other| is_needed[other] = true);
        }
    }
    runs
}

fn keep(plan: &Plan, keys: &[Key], kept: &mut HashSet<Key>, storage: Storage) {
    match storage {
        Storage::Persistent => {}
        Storage::LastBuild | Storage::LastImage | Storage::Nothing => kept.clear(),
    }
    let is_kept = |at: usize| match storage {
        Storage::Persistent | Storage::LastBuild => true,
        Storage::LastImage => plan.steps[at].is_final,
        Storage::Nothing => false,
    };
    kept.extend(keys.iter().enumerate().filter(|(at, _)| is_kept(*at)).map(|(_, key)| *key));
}
