//! Where step times are kept, and under which names. Must not know what is in the file.

use std::path::{Path, PathBuf};

use crate::git;

/// Where a repository keeps what is not part of it: in git's own folder. `None` outside of a repository.
pub(super) fn default_path() -> Option<PathBuf> {
    Some(git::own_folder(&std::env::current_dir().ok()?)?.join("dockopt/timings.json"))
}

/// What a Dockerfile is called in a timing file: its path in the repository, wherever dockopt runs.
pub(super) fn key(dockerfile: &Path) -> String {
    let root = dockerfile.parent().and_then(git::root_of);
    root.and_then(|root| dockerfile.strip_prefix(root).ok()).unwrap_or(dockerfile).display().to_string()
}
