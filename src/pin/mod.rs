//! Which digest, and which tag, a name of an image gets: what registries say of it, asked in parallel. Must not write anything.

pub mod group;
mod tags;
pub mod updaters;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use dockopt_model::Pin;
use dockopt_model::reference::{LATEST, Reference};

use crate::registry::{Client, Failure};

pub use tags::Moves;

/// The pass that writes what is found out here.
pub const PASS: &str = "pin-bases";

/// Which tag is written beside a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// The one that is there; for `latest` the most precise version that is the same image.
    #[default]
    KeepTag,
    /// The most precise version that is the same image.
    PreciseTag,
}

/// What is asked about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What it stands for.
    Pin(Precision),
    /// What it stands for, or a newer tag that may take its place.
    Update(Moves),
}

/// Questions at a time; each registry gets fewer.
const AT_ONCE: usize = 16;
/// Tags that are looked at to find the version that `latest` is.
const MOST_CANDIDATES: usize = 12;

/// Asks about all names.
pub fn resolve(
    client: &Client,
    questions: &BTreeMap<Reference, Question>,
) -> BTreeMap<Reference, Result<Pin, Failure>> {
    let all: Vec<(&Reference, &Question)> = questions.iter().collect();
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(all.len()) {
            scope.spawn(|| {
                while let Some((reference, question)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = one(client, reference, **question);
                    answers
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert((*reference).clone(), answer);
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn one(client: &Client, reference: &Reference, question: Question) -> Result<Pin, Failure> {
    let written = reference.effective_tag().unwrap_or(LATEST);
    let by_tag = reference.with_tag(written);
    let pin = |tag: &str, digest: String| Pin { tag: tag.to_owned(), digest };
    match question {
        Question::Update(moves) => {
            let tags = if moves == Moves::None { Vec::new() } else { client.tags(&by_tag)? };
            let tag = tags::newest(written, &tags, moves).unwrap_or(written);
            Ok(pin(tag, client.manifest(&by_tag.with_tag(tag))?.digest))
        }
        Question::Pin(precision) => {
            let digest = client.manifest(&by_tag)?.digest;
            if written != LATEST && precision == Precision::KeepTag {
                return Ok(pin(written, digest));
            }
            // Where there is no list, or no version in it, the tag stays.
            let tags = client.tags(&by_tag).unwrap_or_default();
            let is_same = |tag: &&&str| {
                client.manifest(&by_tag.with_tag(tag)).is_ok_and(|manifest| manifest.digest == digest)
            };
            let candidates = tags::more_precise(written, &tags);
            let same = candidates.iter().take(MOST_CANDIDATES).find(is_same).copied();
            Ok(pin(same.unwrap_or(written), digest))
        }
    }
}
