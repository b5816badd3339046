//! The files of an image that comes as layers, as if they were applied: read from the top down, so that a path is handed over
//! once, where it was last written, and nothing has to be unpacked. Must not hold more of a layer than the names in it.

use std::collections::HashMap;

use super::archive::Key;
use super::{Entry, Error};

/// Marks a name as gone from the layers below (OCI image specification, `layer.md`, "Whiteouts").
const GONE: &str = ".wh.";
/// Marks a folder whose content in the layers below is gone.
const EMPTIED: &str = ".wh..wh..opq";
/// Other names of this form are the bookkeeping of a file system that old engines used.
const BOOKKEEPING: &str = ".wh..wh.";

/// What the layers that were read say about the paths of those below.
#[derive(Debug, Default)]
pub(super) struct Above {
    known: HashMap<Key, Mark>,
    /// The last folder that was asked for, with the answer: neighbours share it.
    asked: Option<(String, bool)>,
}

/// What is said about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mark {
    /// An entry below is not what lies at the path.
    is_taken: bool,
    /// Nothing below the path comes from below.
    is_closed: bool,
}

/// Whether more layers follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// There are layers below.
    Above,
    /// It is the last.
    Bottom,
}

impl Above {
    /// Reads the next layer and hands over what is not hidden by those above.
    pub(super) fn read(
        &mut self,
        position: Position,
        layer: impl FnOnce(&mut dyn FnMut(Entry) -> Result<(), Error>) -> Result<(), Error>,
        each: &mut dyn FnMut(Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // They hold for the layers below and not for this one.
        let mut marks: Vec<(Key, Mark)> = Vec::new();
        self.asked = None;
        layer(&mut |entry| {
            let (folder, name) = entry.path.rsplit_once('/').expect("a path is absolute");
            let mut mark = |path: &str, is_taken: bool, is_closed: bool| {
                if position == Position::Above {
                    marks.push((Key::of(path), Mark { is_taken, is_closed }));
                }
            };
            if name == EMPTIED {
                mark(if folder.is_empty() { "/" } else { folder }, false, true);
                return Ok(());
            }
            if name.starts_with(BOOKKEEPING) {
                return Ok(());
            }
            if let Some(gone) = name.strip_prefix(GONE) {
                mark(&format!("{folder}/{gone}"), true, true);
                return Ok(());
            }
            if self.hides(&entry.path, folder) {
                return Ok(());
            }
            mark(&entry.path, true, !matches!(entry.kind, super::Kind::Folder));
            each(entry)
        })?;
        for (key, mark) in marks {
            let known = self.known.entry(key).or_default();
            known.is_taken |= mark.is_taken;
            known.is_closed |= mark.is_closed;
        }
        Ok(())
    }

    fn hides(&mut self, path: &str, folder: &str) -> bool {
        if self.known.is_empty() {
            return false;
        }
        if self.known.get(&Key::of(path)).is_some_and(|mark| mark.is_taken) {
            return true;
        }
        if path == "/" {
            return false;
        }
        if let Some((asked, answer)) = &self.asked
            && asked == folder
        {
            return *answer;
        }
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        let answer = ends
            .map(|end| if end == 0 { "/" } else { &folder[..end] })
            .any(|above| self.known.get(&Key::of(above)).is_some_and(|mark| mark.is_closed));
        self.asked = Some((folder.to_owned(), answer));
        answer
    }
}
