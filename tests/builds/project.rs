//! Build contexts as scenarios write them down, and edits of them, made real in a folder. Must not build.

use std::collections::BTreeMap;
use std::fs::{self, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// A build context.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Project {
    /// The Dockerfile.
    pub(crate) dockerfile: String,
    /// Files with their text, by path.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// Folders that hold nothing.
    #[serde(default)]
    pub(crate) folders: Vec<String>,
    /// Symbolic links with their targets, by path.
    #[serde(default)]
    pub(crate) links: BTreeMap<String, String>,
    /// Modes that are not 0644, or 0755 for folders, by path.
    #[serde(default)]
    pub(crate) modes: BTreeMap<String, u32>,
}

/// What changes between two builds. It is applied in the order of its fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Edit {
    /// Paths to move.
    pub(crate) rename: BTreeMap<String, String>,
    /// Files to write anew.
    pub(crate) write: BTreeMap<String, String>,
    /// Files to remove.
    pub(crate) remove: Vec<String>,
    /// Empty folders to make.
    pub(crate) folders: Vec<String>,
    /// Symbolic links to make anew.
    pub(crate) links: BTreeMap<String, String>,
    /// Modes to set.
    pub(crate) modes: BTreeMap<String, u32>,
    /// Paths whose time of modification moves.
    pub(crate) touch: Vec<String>,
    /// Texts in the Dockerfile and what takes their place. Each must occur.
    pub(crate) replace: Vec<[String; 2]>,
    /// Arguments of the second build, if they are others.
    pub(crate) arguments: Option<Vec<String>>,
}

const DOCKERFILE: &str = "Dockerfile";

impl Project {
    /// Writes it into an empty folder.
    pub(crate) fn write(&self, folder: &Path) {
        write(folder, DOCKERFILE, &self.dockerfile);
        for (path, text) in &self.files {
            write(folder, path, text);
        }
        for path in &self.folders {
            make_folders(folder, path);
        }
        for (path, target) in &self.links {
            link(folder, path, target);
        }
        for (path, mode) in &self.modes {
            set_mode(&folder.join(path), *mode);
        }
    }
}

impl Edit {
    /// Changes a project that was written to a folder.
    pub(crate) fn apply(&self, folder: &Path) {
        for (from, to) in &self.rename {
            make_folders(folder, to.rsplit_once('/').map_or("", |(parent, _)| parent));
            fs::rename(folder.join(from), folder.join(to)).unwrap();
        }
        for (path, text) in &self.write {
            write(folder, path, text);
        }
        for path in &self.remove {
            fs::remove_file(folder.join(path)).unwrap();
        }
        for path in &self.folders {
            make_folders(folder, path);
        }
        for (path, target) in &self.links {
            link(folder, path, target);
        }
        for (path, mode) in &self.modes {
            set_mode(&folder.join(path), *mode);
        }
        for path in &self.touch {
            let file = fs::File::open(folder.join(path)).unwrap();
            let hour_ago = SystemTime::now() - Duration::from_hours(1);
            file.set_times(FileTimes::new().set_modified(hour_ago)).unwrap();
        }
        if !self.replace.is_empty() {
            let mut text = fs::read_to_string(folder.join(DOCKERFILE)).unwrap();
            for [old, new] in &self.replace {
                assert!(text.contains(old), "`{old}` does not stand in the Dockerfile");
                text = text.replace(old, new);
            }
            fs::write(folder.join(DOCKERFILE), text).unwrap();
        }
    }
}

/// The mode must not depend on who runs the test.
fn write(folder: &Path, path: &str, text: &str) {
    make_folders(folder, path.rsplit_once('/').map_or("", |(parent, _)| parent));
    let place = folder.join(path);
    let is_new = !place.exists();
    fs::write(&place, text).unwrap();
    if is_new {
        set_mode(&place, 0o644);
    }
}

fn make_folders(folder: &Path, path: &str) {
    let mut place = folder.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        place.push(part);
        if !place.exists() {
            fs::create_dir(&place).unwrap();
            set_mode(&place, 0o755);
        }
    }
}

fn link(folder: &Path, path: &str, target: &str) {
    let place = folder.join(path);
    if place.is_symlink() {
        fs::remove_file(&place).unwrap();
    }
    symlink(target, place).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
