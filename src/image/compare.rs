//! Compares the files of two images while both are read, each on its own thread. Must not hold more than what has no partner
//! yet: a path is dropped as soon as it was seen on both sides.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::mount_points::is_engines_own;
use super::{Content, Entry, Error, Kind, Source};

/// How two images differ in their files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The paths that are in either.
    pub paths: u64,
    /// The paths that are in both and the same, times of modification aside.
    pub identical: u64,
    /// Those of the identical ones that differ in the time of modification.
    pub retimed: u64,
    /// The bytes of all files, before and after.
    pub bytes: [u64; 2],
    /// What differs, sorted by path.
    pub differences: Vec<Difference>,
}

/// A path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: String,
    /// How it differs.
    pub what: What,
}

/// How a path differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is gone.
    OnlyBefore(Entry),
    /// It is new.
    OnlyAfter(Entry),
    /// It is another; there is at least one change.
    Changed(Vec<Change>),
}

/// What is different about a path that both images have: always before, then after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is something else; then its bytes, target or number are not compared.
    Kind(&'static str, &'static str),
    /// Its permissions.
    Mode(u32, u32),
    /// Its user and group.
    Owner((u32, u32), (u32, u32)),
    /// The target of a symbolic link.
    Target(String, String),
    /// The bytes of a file.
    Bytes(Content, Content),
    /// The time stamp in Python's byte code, and no other byte.
    BytecodeStamp,
    /// The major and minor number of a device.
    Device((u32, u32), (u32, u32)),
    /// Extended attributes, by name.
    Attributes(Vec<String>),
}

/// How many entries a reader may be ahead.
const AHEAD: usize = 256;

/// Reads both and compares them.
pub fn compare(before: impl Source + Send, after: impl Source + Send) -> Result<Comparison, Error> {
    thread::scope(|scope| {
        let (to_before, from_before) = sync_channel(AHEAD);
        let (to_after, from_after) = sync_channel(AHEAD);
        scope.spawn(move || send(before, &to_before));
        scope.spawn(move || send(after, &to_after));
        // The receivers end with this call, so a reader that is still at work ends at its next entry.
        Matching::default().run(&[from_before, from_after])
    })
}

type Read = Result<Entry, Error>;

fn send(source: impl Source, to: &SyncSender<Read>) {
    let stopped = || Error::new("comparison", "it was given up");
    let read = source.read(&mut |entry| {
        if is_engines_own(&entry) { Ok(()) } else { to.send(Ok(entry)).map_err(|_| stopped()) }
    });
    if let Err(error) = read {
        // Nobody hears it if it was the other side that gave up.
        let _ = to.send(Err(error));
    }
}

/// One of the two images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }
}

/// What was read and has no partner yet.
#[derive(Debug, Default)]
struct Matching {
    waiting: [HashMap<String, Entry>; 2],
    result: Comparison,
}

impl Matching {
    fn run(mut self, from: &[Receiver<Read>; 2]) -> Result<Comparison, Error> {
        let mut pace = Pace::default();
        while let Some(side) = pace.next() {
            match from[side as usize].recv() {
                Ok(Ok(entry)) => {
                    pace.read(side, &entry.path);
                    self.take(side, entry);
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => pace.ended(side),
            }
        }
        Ok(self.finish())
    }

    fn take(&mut self, side: Side, entry: Entry) {
        if let Kind::File(content) = &entry.kind {
            self.result.bytes[side as usize] += content.size;
        }
        match (side, self.waiting[side.other() as usize].remove(&entry.path)) {
            (Side::Before, Some(after)) => self.pair(&entry, &after),
            (Side::After, Some(before)) => self.pair(&before, &entry),
            (_, None) => {
                self.waiting[side as usize].insert(entry.path.clone(), entry);
            }
        }
    }

    fn pair(&mut self, before: &Entry, after: &Entry) {
        self.result.paths += 1;
        let changes = changes(before, after);
        if !changes.is_empty() {
            self.result
                .differences
                .push(Difference { path: before.path.clone(), what: What::Changed(changes) });
            return;
        }
        self.result.identical += 1;
        self.result.retimed += u64::from(before.modified != after.modified);
    }

    fn finish(self) -> Comparison {
        let mut result = self.result;
        let [before, after] = self.waiting;
        let gone = before.into_iter().map(|(path, entry)| Difference { path, what: What::OnlyBefore(entry) });
        let new = after.into_iter().map(|(path, entry)| Difference { path, what: What::OnlyAfter(entry) });
        // Not every archive has an entry for the root.
        let only: Vec<Difference> = gone.chain(new).filter(|one| one.path != "/").collect();
        result.paths += only.len() as u64;
        result.differences.extend(only);
        result.differences.sort_by(|one, other| one.path.cmp(&other.path));
        result
    }
}

/// Decides which side is read next, so that few entries wait. Exports come in the order of a walk: there the side that is
/// behind is read, and only what the other does not have waits. Layers come in an order of their own: once a side is seen
/// to have gone back, both are read in turn.
#[derive(Debug, Default)]
struct Pace {
    last: [Option<String>; 2],
    ended: [bool; 2],
    in_turn: bool,
    turn: usize,
}

impl Pace {
    fn next(&mut self) -> Option<Side> {
        let side = match self.ended {
            [true, true] => return None,
            [true, false] => Side::After,
            [false, true] => Side::Before,
            [false, false] if self.in_turn => {
                self.turn += 1;
                if self.turn.is_multiple_of(2) { Side::Before } else { Side::After }
            }
            [false, false] => match &self.last {
                [Some(before), Some(after)] if walked(after, before) => Side::After,
                [Some(_), None] => Side::After,
                _ => Side::Before,
            },
        };
        Some(side)
    }

    fn read(&mut self, side: Side, path: &str) {
        let last = &mut self.last[side as usize];
        self.in_turn |= last.as_ref().is_some_and(|last| !walked(last, path));
        *last = Some(path.to_owned());
    }

    fn ended(&mut self, side: Side) {
        self.ended[side as usize] = true;
    }
}

/// Whether a walk in the order of names comes to `first` before `second`: what is in a folder comes right after it.
fn walked(first: &str, second: &str) -> bool {
    first.split('/').lt(second.split('/'))
}

fn changes(before: &Entry, after: &Entry) -> Vec<Change> {
    let mut changes = Vec::new();
    match (&before.kind, &after.kind) {
        (Kind::File(one), Kind::File(other)) if (one.size, one.digest) != (other.size, other.digest) => {
            changes.push(Change::Bytes(*one, *other));
        }
        (Kind::File(one), Kind::File(other)) if one.stamp != other.stamp => {
            changes.push(Change::BytecodeStamp);
        }
        (Kind::Symlink(one), Kind::Symlink(other)) if one != other => {
            changes.push(Change::Target(one.clone(), other.clone()));
        }
        (
            Kind::Device { access, major, minor },
            Kind::Device { access: other, major: other_major, minor: other_minor },
        ) if access == other && (major, minor) != (other_major, other_minor) => {
            changes.push(Change::Device((*major, *minor), (*other_major, *other_minor)));
        }
        (one, other) if one.name() != other.name() => changes.push(Change::Kind(one.name(), other.name())),
        _ => {}
    }
    if before.mode != after.mode {
        changes.push(Change::Mode(before.mode, after.mode));
    }
    if (before.uid, before.gid) != (after.uid, after.gid) {
        changes.push(Change::Owner((before.uid, before.gid), (after.uid, after.gid)));
    }
    if before.attributes != after.attributes {
        let names = before.attributes.keys().chain(after.attributes.keys());
        let mut other: Vec<String> = names
            .filter(|name| before.attributes.get(*name) != after.attributes.get(*name))
            .cloned()
            .collect();
        other.sort();
        other.dedup();
        changes.push(Change::Attributes(other));
    }
    changes
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path)?;
        match &self.what {
            What::OnlyBefore(entry) => write!(f, "gone, a {entry}"),
            What::OnlyAfter(entry) => write!(f, "new, a {entry}"),
            What::Changed(changes) => {
                let texts: Vec<String> = changes.iter().map(Change::to_string).collect();
                f.write_str(&texts.join(", "))
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(before, after) => write!(f, "a {before} became a {after}"),
            Self::Mode(before, after) => write!(f, "mode {before:04o} became {after:04o}"),
            Self::Owner(before, after) => {
                write!(f, "owner {}:{} became {}:{}", before.0, before.1, after.0, after.1)
            }
            Self::Target(before, after) => write!(f, "target {before} became {after}"),
            Self::Bytes(before, after) if before.size == after.size => {
                write!(f, "other bytes, {} as before", before.size)
            }
            Self::Bytes(before, after) => write!(f, "{} bytes became {} others", before.size, after.size),
            Self::BytecodeStamp => f.write_str("another time stamp in Python's byte code"),
            Self::Device(before, after) => {
                write!(f, "device {}:{} became {}:{}", before.0, before.1, after.0, after.1)
            }
            Self::Attributes(names) => write!(f, "extended attributes {} differ", names.join(", ")),
        }
    }
}
