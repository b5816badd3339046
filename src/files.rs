//! A folder on disk as the model sees it: lazily listed, cached, read only. It follows no symbolic link, and it does nothing
//! before it is asked.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use dockopt_model::{Entry, EntryKind, Files};

use crate::git::Repository;

/// Files above this size are not read. Lock files of more than 1 MiB are usual; no manifest is larger than this.
const MAX_FILE: u64 = 16 << 20;

/// A folder on disk.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    folders: Cache<Arc<[Entry]>>,
    texts: Cache<Arc<str>>,
    repository: OnceLock<Option<Repository>>,
}

type Cache<T> = RwLock<HashMap<String, Option<T>>>;

impl Folder {
    /// The folder `root`, an absolute path. Reads nothing yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root, folders: Cache::default(), texts: Cache::default(), repository: OnceLock::new() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What lies at a path, if every folder on the way is a real one.
    fn kind(&self, path: &str) -> Option<EntryKind> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "" | "." | "..") {
            return None;
        }
        let entries = self.entries(folder)?;
        let at = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(entries[at].kind)
    }
}

impl Files for Folder {
    fn entries(&self, folder: &str) -> Option<Arc<[Entry]>> {
        cached(&self.folders, folder, || {
            if !folder.is_empty() && self.kind(folder)? != EntryKind::Folder {
                return None;
            }
            list(&self.root.join(folder))
        })
    }

    fn read(&self, path: &str) -> Option<Arc<str>> {
        cached(&self.texts, path, || {
            if self.kind(path)? != EntryKind::File {
                return None;
            }
            read(&self.root.join(path))
        })
    }

    #[cfg(unix)]
    fn mode(&self, path: &str) -> Option<u32> {
        use std::os::unix::fs::PermissionsExt as _;
        if self.kind(path)? != EntryKind::File {
            return None;
        }
        Some(fs::symlink_metadata(self.root.join(path)).ok()?.permissions().mode() & 0o7777)
    }

    #[cfg(not(unix))]
    fn mode(&self, _path: &str) -> Option<u32> {
        None
    }

    fn is_git_ignored(&self, path: &str) -> Option<bool> {
        let repository = self.repository.get_or_init(|| Repository::around(&self.root)).as_ref()?;
        let absolute = self.root.join(path);
        match self.kind(path) {
            Some(kind) => repository.ignores(&absolute, kind == EntryKind::Folder),
            // It may become a file or a folder.
            None => repository
                .ignores(&absolute, true)
                .filter(|as_folder| repository.ignores(&absolute, false) == Some(*as_folder)),
        }
    }
}

fn cached<T: Clone>(cache: &Cache<T>, key: &str, find: impl FnOnce() -> Option<T>) -> Option<T> {
    if let Some(known) = cache.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return known.clone();
    }
    let found = find();
    cache.write().unwrap_or_else(PoisonError::into_inner).entry(key.to_owned()).or_insert(found).clone()
}

/// What lies in a folder; `None` if it cannot be read, or holds a name that is not Unicode, about which nothing could be said.
fn list(folder: &Path) -> Option<Arc<[Entry]>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let kind = entry.file_type().ok()?;
        let kind = if kind.is_symlink() {
            EntryKind::Link
        } else if kind.is_dir() {
            EntryKind::Folder
        } else if kind.is_file() {
            EntryKind::File
        } else {
            EntryKind::Other
        };
        entries.push(Entry { name: entry.file_name().into_string().ok()?, kind });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Some(Arc::from(entries))
}

fn read(path: &Path) -> Option<Arc<str>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_FILE + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > MAX_FILE {
        return None;
    }
    String::from_utf8(bytes).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lists_by_name_and_reads_small_texts() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/text"), "hello").unwrap();
        fs::write(folder.path().join("a"), [0xff]).unwrap();
        fs::write(folder.path().join("lock"), vec![b'x'; 3 << 20]).unwrap();
        fs::write(folder.path().join("large"), vec![b'x'; 1 + (16 << 20)]).unwrap();
        let files = Folder::new(folder.path().to_owned());
        let names: Vec<_> =
            files.entries("").unwrap().iter().map(|entry| (entry.name.clone(), entry.kind)).collect();
        let expected = [
            ("a", EntryKind::File),
            ("b", EntryKind::Folder),
            ("large", EntryKind::File),
            ("lock", EntryKind::File),
        ];
        assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(files.read("b/text").as_deref(), Some("hello"));
        assert_eq!(files.read("a"), None);
        assert_eq!(files.read("large"), None);
        assert_eq!(files.read("lock").map(|text| text.len()), Some(3 << 20));
        assert_eq!(files.read("../b/text"), None);
        assert_eq!(files.entries("b/../b"), None);
        assert_eq!(files.is_git_ignored("a"), None);
    }

    #[cfg(unix)]
    #[test]
    fn it_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        fs::create_dir(folder.path().join("context")).unwrap();
        std::os::unix::fs::symlink("..", folder.path().join("context/up")).unwrap();
        std::os::unix::fs::symlink("../secret", folder.path().join("context/file")).unwrap();
        let files = Folder::new(folder.path().join("context"));
        assert_eq!(files.entries("").unwrap()[0].kind, EntryKind::Link);
        assert_eq!(files.entries("up"), None);
        assert_eq!(files.read("up/secret"), None);
        assert_eq!(files.read("file"), None);
    }
}
