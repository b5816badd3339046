//! Which digest, and which tag, a name of an image gets: what registries say of it, asked in parallel. Must not write anything.

pub mod group;
pub mod packages;
mod tags;
pub mod updaters;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use dockopt_model::Pin;
use dockopt_model::reference::{LATEST, Reference};

use crate::registry::{Client, Failure, Kind};

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
            let manifest = client.manifest(&by_tag.with_tag(tag))?;
            if manifest.is_list() && is_of_one_platform(client, reference, &manifest.digest) {
                return Err(one_platform(reference, &manifest.digest));
            }
            Ok(pin(tag, manifest.digest))
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

/// Whether the digest of a name, which is not that of its tag, is that of an image for one platform. Where the registry no longer has it,
/// that is not known.
fn is_of_one_platform(client: &Client, reference: &Reference, now: &str) -> bool {
    let other = reference.digest.as_deref().is_some_and(|digest| digest != now);
    other && client.manifest(reference).is_ok_and(|manifest| !manifest.is_list())
}

/// What to do about it is for the author to say: the pin may be meant, and the list is another image for everybody on another platform.
fn one_platform(reference: &Reference, now: &str) -> Failure {
    let by_tag = reference.by_tag().unwrap_or_else(|| reference.clone());
    Failure::new(
        Kind::OnePlatform,
        format!("`{by_tag}` is pinned to the image for one platform, and the tag lists several ({now} now)"),
        format!(
            "if all platforms are meant, write `{by_tag}` without its digest and run `dockopt pin`; if not, put `# dockopt: keep[{PASS}]` above the line"
        ),
    )
}
