//! What should be on the forge: a branch with one commit on top of the base, and the pull request from it. Must not look at what is
//! there.

use std::collections::BTreeMap;
use std::path::Path;

use super::body;
use super::fingerprint::{self, Fingerprint};
use crate::forge::{Commit, Draft, Repository, Tip};
use crate::history::Blob;
use crate::problem::Problem;
use crate::snapshot::{Edit, Snapshot};
use crate::work::{Done, UnsafeBy};

/// What the bot's operator wants.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The branch to which pull requests go; the default branch where none is named.
    pub base: Option<String>,
    /// The branch that the bot has for itself.
    pub branch: String,
    /// Labels of the pull request.
    pub labels: Vec<String>,
    /// Whether it is opened as a draft.
    pub is_draft: bool,
    /// Whether the repository's own configuration may ask for unsafe rewrites.
    pub unsafe_by: UnsafeBy,
    /// So many commits are fetched to weigh effects.
    pub history: usize,
}

/// A pull request as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is proposed, in numbers.
    pub fingerprint: Fingerprint,
    /// The commit on the branch.
    pub commit: Commit,
    /// The pull request.
    pub draft: Draft,
    /// Its labels.
    pub labels: Vec<String>,
}

impl Plan {
    /// The plan for what came of the files; none if nothing changes.
    pub fn of(
        repository: &Repository,
        base: &Tip,
        snapshot: &Snapshot,
        done: &[Done],
        wishes: &Wishes,
    ) -> Result<Option<Self>, Problem> {
        let edits = edits(snapshot.root(), &snapshot.entries, done)?;
        if edits.is_empty() {
            return Ok(None);
        }
        let base_name = wishes.base.clone().unwrap_or_else(|| repository.default_branch.clone());
        let fingerprint = Fingerprint::of(&edits);
        let parts = body::Parts { snapshot, done, edits: &edits, base: &base_name };
        let title = parts.title();
        let tree = snapshot.tree_with(&edits)?;
        let message = fingerprint::sealed(&parts.message(&title), &fingerprint.edits, &base.id, &tree);
        let commit = Commit {
            parent: base.id.clone(),
            parent_tree: base.tree.clone(),
            edits: edits.clone(),
            tree,
            message,
        };
        let body = format!("{}\n{}\n", parts.body(), fingerprint.mark());
        let (branch, is_draft) = (wishes.branch.clone(), wishes.is_draft);
        let draft = Draft { title, body, branch, base: base_name, is_draft };
        Ok(Some(Self { fingerprint, commit, draft, labels: wishes.labels.clone() }))
    }
}

/// What the rewrites make of files of the repository, each once, by path.
fn edits(root: &Path, entries: &BTreeMap<String, Blob>, done: &[Done]) -> Result<Vec<Edit>, Problem> {
    let mut edits: BTreeMap<String, Edit> = BTreeMap::new();
    for change in done.iter().flat_map(Done::changes) {
        let outside = || {
            Problem::error(
                format!("`{}` lies outside of the repository, so it was left alone", change.name),
                "this is a fault of dockopt; please tell",
            )
        };
        let path = change.path.strip_prefix(root).ok().and_then(Path::to_str).ok_or_else(outside)?;
        let mode = match (entries.get(path).map(|blob| blob.mode), &change.old) {
            (Some(0o100_755), Some(_)) => 0o100_755,
            (Some(0o100_644 | 0o100_664), Some(_)) | (None, None) => 0o100_644,
            _ => {
                let message = "it is no file of its own in this commit, so it was left alone";
                return Err(Problem::error(message, "make it a file instead of a link").in_file(path));
            }
        };
        let (path, old, new) = (path.to_owned(), change.old, change.new);
        edits.insert(path.clone(), Edit { path, mode, old, new });
    }
    Ok(edits.into_values().collect())
}
