//! Writes changed files: all of a set or none, each by a temporary file beside it and a rename. Must not decide what is
//! written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// A file that gets another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it is: an absolute path.
    pub path: PathBuf,
    /// What the user calls it.
    pub name: String,
    /// What it holds now; `None` if there is no such file.
    pub old: Option<String>,
    /// What it shall hold.
    pub new: String,
}

/// Writes all changes, or none of them.
pub fn write_all(changes: &[Change]) -> Result<(), Problem> {
    // Everything that can fail comes before the first rename.
    let prepared = changes.iter().map(Prepared::new).collect::<Result<Vec<_>, _>>()?;
    let mut replaced: Vec<&Change> = Vec::new();
    for (change, prepared) in changes.iter().zip(prepared) {
        if let Err(error) = prepared.put(&change.path) {
            return Err(take_back(&replaced, failed(&error, change)));
        }
        replaced.push(change);
    }
    Ok(())
}

/// Makes a folder, and those above it, where they are not there.
pub fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Puts a text that only dockopt reads where nobody else looks, whole or not at all.
pub fn keep(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    make_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// A complete temporary file beside the one that it will replace. It goes away if it is not put in place.
struct Prepared {
    path: PathBuf,
}

impl Prepared {
    fn new(change: &Change) -> Result<Self, Problem> {
        let mode = check(change)?;
        Self::fill(change, mode).map_err(|error| failed(&error, change))
    }

    fn fill(change: &Change, like: Option<fs::Metadata>) -> io::Result<Self> {
        let folder = change.path.parent().unwrap_or(Path::new("/"));
        let name = change.path.file_name().unwrap_or_default().to_string_lossy();
        let prepared = Self { path: folder.join(format!(".{name}.dockopt-{}", std::process::id())) };
        let mut file = OpenOptions::new().write(true).create_new(true).open(&prepared.path)?;
        file.write_all(change.new.as_bytes())?;
        if let Some(like) = like {
            keep_owner(&file, &like);
            file.set_permissions(like.permissions())?;
        }
        file.sync_all()?;
        Ok(prepared)
    }

    fn put(self, place: &Path) -> io::Result<()> {
        fs::rename(&self.path, place)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // After the rename there is none.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the file may be replaced, and what it is like; `None` for a new one.
fn check(change: &Change) -> Result<Option<fs::Metadata>, Problem> {
    let kind = match fs::symlink_metadata(&change.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && change.old.is_none() => return Ok(None),
        kind => kind.map_err(|error| failed(&error, change))?,
    };
    if kind.is_symlink() {
        return Err(link(&change.path, &change.name));
    }
    if kind.permissions().readonly() {
        let help = format!("make it writable (chmod u+w {}), or apply the preview to a copy", change.name);
        return Err(Problem::error("it is read-only, so it was not changed", help).in_file(&*change.name));
    }
    let now = fs::read(&change.path).map_err(|error| failed(&error, change))?;
    if change.old.as_ref().is_none_or(|old| old.as_bytes() != now) {
        let message = "it was changed by someone else meanwhile, so it was left alone";
        return Err(Problem::error(message, "run dockopt again").in_file(&*change.name));
    }
    Ok(Some(kind))
}

/// The refusal to change a symbolic link.
pub fn link(path: &Path, name: &str) -> Problem {
    let target = fs::read_link(path)
        .map_or_else(|_| "the file that it leads to".to_owned(), |to| format!("`{}`", to.display()));
    Problem::error("it is a symbolic link, which dockopt does not change", format!("name {target} instead"))
        .in_file(name)
}

fn failed(error: &io::Error, change: &Change) -> Problem {
    let help = "check the rights to its folder and the space on the disk; nothing was changed";
    Problem::error(format!("it cannot be written: {error}"), help).in_file(&*change.name)
}

/// Gives the files their texts back that were replaced before another one failed.
fn take_back(replaced: &[&Change], problem: Problem) -> Problem {
    let mut lost = Vec::new();
    for change in replaced {
        let restored = match &change.old {
            Some(old) => fs::write(&change.path, old),
            None => fs::remove_file(&change.path),
        };
        if restored.is_err() {
            lost.push(change.name.as_str());
        }
    }
    if lost.is_empty() {
        return problem;
    }
    Problem {
        help: format!("these were changed already and could not be restored: {}", lost.join(", ")),
        ..problem
    }
}

/// The file of another user stays theirs, if the system lets us.
#[cfg(unix)]
fn keep_owner(file: &File, like: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let _ = fchown(file, Some(like.uid()), Some(like.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(folder: &Path, name: &str, old: Option<&str>, new: &str) -> Change {
        Change {
            path: folder.join(name),
            name: name.to_owned(),
            old: old.map(str::to_owned),
            new: new.to_owned(),
        }
    }

    #[test]
    fn all_are_written_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::write(folder.join("a"), "1").unwrap();
        fs::write(folder.join("b"), "someone else's").unwrap();
        let first = change(folder, "a", Some("1"), "2");
        let ignore = change(folder, ".dockerignore", None, "x\n");
        let stale = change(folder, "b", Some("2"), "3");
        assert!(
            write_all(&[first.clone(), ignore.clone(), stale]).unwrap_err().message.contains("meanwhile")
        );
        let names = || fs::read_dir(folder).unwrap().count();
        assert_eq!((fs::read_to_string(folder.join("a")).unwrap().as_str(), names()), ("1", 2));
        write_all(&[first, ignore]).unwrap();
        assert_eq!((fs::read_to_string(folder.join("a")).unwrap().as_str(), names()), ("2", 3));
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_kept_and_links_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::write(folder.join("a"), "1").unwrap();
        fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("a", folder.join("l")).unwrap();
        write_all(&[change(folder, "a", Some("1"), "2")]).unwrap();
        assert_eq!(fs::metadata(folder.join("a")).unwrap().permissions().mode() & 0o7777, 0o640);
        assert!(write_all(&[change(folder, "l", Some("2"), "3")]).unwrap_err().help.contains("`a`"));
    }
}
