//! The build context: the files that `COPY .` would send, after `.dockerignore`. It asks for files through [`Files`], which
//! the application implements; it opens none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::gopath;
use crate::ignore::Ignore;

/// The folder that a build sends, before `.dockerignore`. Paths are relative to it, with `/`, without a leading one.
pub trait Files: Sync {
    /// What lies directly in a folder (`""` is the root), sorted by name. `None` if it cannot be read.
    fn entries(&self, folder: &str) -> Option<Arc<[Entry]>>;
    /// The text of a file; `None` if it is not UTF-8, too large or cannot be read.
    fn read(&self, path: &str) -> Option<Arc<str>>;
    /// The permissions of a file, with the bits above them; `None` where there are none or they are not known.
    fn mode(&self, path: &str) -> Option<u32>;
    /// Whether git leaves the path out of the repository; `None` if that cannot be told.
    fn is_git_ignored(&self, path: &str) -> Option<bool>;
}

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What a name in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, which is copied as such.
    Link,
    /// A socket, a device.
    Other,
}

/// The `.dockerignore` of a Dockerfile.
#[derive(Debug, Clone)]
pub struct IgnoreFile {
    /// Its path relative to the context.
    pub path: String,
    /// Its text; `None` where there is no such file yet.
    pub text: Option<Arc<str>>,
    /// Its patterns.
    pub ignore: Ignore,
}

/// A build context with its ignore file.
#[derive(Clone)]
pub struct Context<'a> {
    /// The files.
    pub files: &'a dyn Files,
    /// What is left out.
    pub ignore: IgnoreFile,
}

/// More files than this below one COPY source are not looked at.
const MAX_FILES: usize = 100_000;

impl Context<'_> {
    /// What lies at a path after `.dockerignore`; `None` for nothing. The root is a folder.
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        if path.is_empty() || path == "." {
            return Some(EntryKind::Folder);
        }
        let kind = self.raw_kind(path)?;
        match kind {
            // A folder that is ignored exists as soon as something below it is not.
            EntryKind::Folder if self.ignore.ignore.excludes(path) => {
                self.walk(path).ok().filter(|files| !files.is_empty()).map(|_| kind)
            }
            _ if self.ignore.ignore.excludes(path) => None,
            _ => Some(kind),
        }
    }

    /// What lies at a path before `.dockerignore`.
    pub fn raw_kind(&self, path: &str) -> Option<EntryKind> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !folder.is_empty() && self.raw_kind(folder)? != EntryKind::Folder {
            return None;
        }
        let entries = self.files.entries(folder)?;
        let at = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(entries[at].kind)
    }

    /// Everything below a folder that is sent, by path relative to the context, in order; `Err` if that cannot be told.
    /// Folders are listed if they are sent themselves.
    pub fn walk(&self, folder: &str) -> Result<BTreeMap<String, EntryKind>, Unreadable> {
        let mut found = BTreeMap::new();
        let mut seen = 0;
        self.collect(folder, &mut found, &mut seen)?;
        Ok(found)
    }

    fn collect(
        &self,
        folder: &str,
        found: &mut BTreeMap<String, EntryKind>,
        seen: &mut usize,
    ) -> Result<(), Unreadable> {
        let entries = self.files.entries(folder).ok_or_else(|| Unreadable(folder.to_owned()))?;
        for entry in entries.iter() {
            *seen += 1;
            if *seen > MAX_FILES {
                return Err(Unreadable(folder.to_owned()));
            }
            let path =
                if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            if self.ignore.ignore.disputed(&path) {
                return Err(Unreadable(path));
            }
            let excluded = self.ignore.ignore.excludes(&path);
            if entry.kind == EntryKind::Folder && (!excluded || self.ignore.ignore.may_include_below(&path)) {
                let before = found.len();
                self.collect(&path, found, seen)?;
                if !excluded || found.len() > before {
                    found.insert(path, entry.kind);
                }
            } else if !excluded {
                found.insert(path, entry.kind);
            }
        }
        Ok(())
    }

    /// The paths that a COPY source names, after `.dockerignore`: itself, or what a pattern with Go's rules matches.
    /// `Err` where the pattern is malformed or the context cannot be read.
    pub fn sources(&self, source: &str) -> Result<Vec<String>, Unreadable> {
        // A source cannot leave the context: `..` stops at its root.
        let cleaned = gopath::clean(&format!("/{source}")).trim_start_matches('/').to_owned();
        if !gopath::has_wildcard(source) {
            return Ok(self.kind(&cleaned).map(|_| cleaned).into_iter().collect());
        }
        let (folder, _) = cleaned.rsplit_once('/').unwrap_or(("", &cleaned));
        if gopath::has_wildcard(folder) {
            return Err(Unreadable(source.to_owned()));
        }
        let entries = self.files.entries(folder).unwrap_or_else(|| Arc::from([]));
        let mut matched = Vec::new();
        for entry in entries.iter() {
            let path =
                if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            if gopath::matches(&cleaned, &path).map_err(|_| Unreadable(source.to_owned()))?
                && self.kind(&path).is_some()
            {
                matched.push(path);
            }
        }
        Ok(matched)
    }
}

/// A part of the context that cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` in the build context cannot be looked at")]
pub struct Unreadable(pub String);
