//! What of a folder git keeps: the repository that it lies in, `.gitignore` files, and the index. Reads files of the
//! repository; must not run git and must not write.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The nearest folder from `folder` upward that holds `.git`.
pub fn root_of(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
}

/// The folder in which git keeps the repository around `folder`.
pub fn own_folder(folder: &Path) -> Option<PathBuf> {
    own_folder_at(root_of(folder)?)
}

/// The same for a repository's root, where `.git` may be a file that names it.
fn own_folder_at(root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    if !place.is_file() {
        return Some(place);
    }
    let text = fs::read_to_string(&place).ok()?;
    Some(root.join(text.strip_prefix("gitdir:")?.trim()))
}

/// The ignore rules of one repository.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
    rules: Mutex<HashMap<PathBuf, Arc<Gitignore>>>,
    index: OnceLock<Option<Vec<u8>>>,
}

impl Repository {
    /// The repository that `folder` lies in. Reads nothing yet.
    pub fn around(folder: &Path) -> Option<Self> {
        let root = root_of(folder)?.to_owned();
        Some(Self { root, rules: Mutex::default(), index: OnceLock::new() })
    }

    /// Whether git leaves a path out; `None` if that cannot be told. What is ignored but was added all the same is kept.
    pub fn ignores(&self, path: &Path, is_folder: bool) -> Option<bool> {
        let relative = path.strip_prefix(&self.root).ok()?;
        let mut prefixes: Vec<&Path> = path.ancestors().take(relative.components().count()).collect();
        prefixes.reverse();
        // Nothing below an ignored folder can be included again.
        let ignored = prefixes.iter().any(|prefix| self.matches(prefix, is_folder || *prefix != path));
        if !ignored {
            return Some(false);
        }
        Some(!self.tracks(relative)?)
    }

    /// Whether the nearest rule about exactly this path ignores it.
    fn matches(&self, path: &Path, is_folder: bool) -> bool {
        for folder in path.ancestors().skip(1) {
            match self.rules(folder).matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
            if folder == self.root {
                break;
            }
        }
        false
    }

    fn rules(&self, folder: &Path) -> Arc<Gitignore> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut builder = GitignoreBuilder::new(folder);
            // A file that is not there has no rules; a line that is no pattern is none for git either.
            let _ = builder.add(folder.join(".gitignore"));
            Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()))
        };
        Arc::clone(rules.entry(folder.to_owned()).or_insert_with(read))
    }

    /// Whether the path, or anything below it, stands in the index; `None` where the index cannot be searched.
    fn tracks(&self, relative: &Path) -> Option<bool> {
        let index = self.index.get_or_init(|| index(&self.root)).as_ref()?;
        // The versions 2 and 3 hold every path in full. A chance find says "tracked", which is the careful answer.
        let path = relative.as_os_str().as_encoded_bytes();
        let found = index.windows(path.len() + 1).any(|window| {
            let (start, end) = window.split_at(path.len());
            start == path && (end == b"/" || end == b"\0")
        });
        Some(found)
    }
}

/// The bytes of the index of the repository at `root`; none if nothing was ever added. `None` for a form without full
/// paths (version 4, a split index).
fn index(root: &Path) -> Option<Vec<u8>> {
    let folder = own_folder_at(root)?;
    let bytes = match fs::read(folder.join("index")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(Vec::new()),
        Err(_) => return None,
    };
    let readable = bytes.starts_with(b"DIRC\0\0\0\x02") || bytes.starts_with(b"DIRC\0\0\0\x03");
    let split = fs::read_dir(folder)
        .ok()?
        .flatten()
        .any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"sharedindex."));
    (readable && !split).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let repository = Repository::around(folder.path()).unwrap();
        (folder, repository)
    }

    #[test]
    fn the_nearest_rule_decides_and_folders_hide_what_is_below() {
        let (folder, git) =
            repository(&[(".gitignore", b"node_modules/\n*.log\n"), ("web/.gitignore", b"!keep.log\n")]);
        let ignores = |path: &str, is_folder| git.ignores(&folder.path().join(path), is_folder);
        assert_eq!(ignores("web/node_modules", true), Some(true));
        assert_eq!(ignores("web/node_modules", false), Some(false));
        assert_eq!(ignores("web/node_modules/a/index.js", false), Some(true));
        assert_eq!(ignores("a.log", false), Some(true));
        assert_eq!(ignores("web/keep.log", false), Some(false));
        assert_eq!(ignores("web/src", true), Some(false));
    }

    #[test]
    fn what_was_added_all_the_same_is_kept() {
        let index = b"DIRC\0\0\0\x02....dist/app.js\0\0";
        let (folder, git) = repository(&[(".gitignore", b"dist\nbuild\n"), (".git/index", index)]);
        assert_eq!(git.ignores(&folder.path().join("dist"), true), Some(false));
        assert_eq!(git.ignores(&folder.path().join("build"), true), Some(true));
        let (folder, git) = repository(&[(".gitignore", b"dist\n"), (".git/index", b"DIRC\0\0\0\x04")]);
        assert_eq!(git.ignores(&folder.path().join("dist"), true), None);
    }
}
