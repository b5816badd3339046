//! Forges: places where repositories and their pull requests are. Each is an adapter behind [`Forge`], which says what can be asked
//! and done; this part alone speaks with them. Must not decide what is done.

mod failure;
mod github;
mod token;
mod transport;

use std::time::Duration;

use crate::snapshot::{Edit, Remote};

pub use failure::{Failure, Kind};
pub use github::GitHub;
pub use token::{App, Login, Token};
pub use transport::Limits;

/// The name of a repository: owner and name, on some forges with groups between.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Reads `OWNER/NAME`. What else a URL could mean by it is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let is_part = |part: &str| {
            !part.is_empty()
                && !matches!(part, "." | "..")
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let parts: Vec<&str> = text.split('/').collect();
        (parts.len() >= 2 && text.len() <= 300 && parts.iter().all(|part| is_part(part)))
            .then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the last slash.
    pub fn owner(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(owner, _)| owner)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its name as the forge writes it.
    pub name: Name,
    /// What the forge calls it where its name is not enough.
    pub id: String,
    /// The branch to which pull requests go where nobody says otherwise.
    pub default_branch: String,
    /// Whether nobody can write to it any more.
    pub is_archived: bool,
    /// Whether it is a fork of another one.
    pub is_fork: bool,
}

/// The commit at the end of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// Its name.
    pub id: String,
    /// The name of its tree.
    pub tree: String,
    /// The names of its parents.
    pub parents: Vec<String>,
    /// Its message.
    pub message: String,
}

/// A pull request, from a branch of the repository itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub number: u64,
    /// What became of it.
    pub state: State,
    /// Its text.
    pub body: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Where people see it.
    pub url: String,
}

/// What became of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Open,
    /// Closed and not merged.
    Closed,
    /// Merged.
    Merged,
}

/// A commit to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit before it.
    pub parent: String,
    /// The tree of that commit.
    pub parent_tree: String,
    /// The files that differ from it.
    pub edits: Vec<Edit>,
    /// The name of the tree that results.
    pub tree: String,
    /// Its message.
    pub message: String,
}

/// A pull request to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch that is proposed.
    pub branch: String,
    /// The branch that it shall go to.
    pub base: String,
    /// Whether it is opened as a draft.
    pub is_draft: bool,
}

/// What can be done on a forge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// [`Forge::put`].
    Put,
    /// [`Forge::delete`].
    Delete,
    /// [`Forge::propose`].
    Propose,
    /// [`Forge::amend`], with the number.
    Amend(u64),
    /// [`Forge::label`], with the number.
    Label(u64),
}

/// What a forge can be asked and told. Whatever is told may have happened although the answer is a failure: ask before telling again.
pub trait Forge: Sync {
    /// A repository.
    fn repository(&self, name: &Name) -> Result<Repository, Failure>;

    /// The repositories of an owner.
    fn repositories(&self, owner: &str) -> Result<Vec<Repository>, Failure>;

    /// Where its files are fetched from.
    fn remote(&self, name: &Name) -> Result<Remote, Failure>;

    /// The end of a branch; none if there is no such branch.
    fn tip(&self, repository: &Repository, branch: &str) -> Result<Option<Tip>, Failure>;

    /// Every pull request that was ever opened from a branch of the repository itself, the newest first.
    fn proposals(&self, repository: &Repository, branch: &str) -> Result<Vec<Proposal>, Failure>;

    /// Makes a commit and lets a branch end there, which now ends at `from`, or is not there. If it ends elsewhere by now it stays
    /// so, and that is a [`Kind::Conflict`].
    fn put(
        &self,
        repository: &Repository,
        branch: &str,
        from: Option<&str>,
        commit: &Commit,
    ) -> Result<Tip, Failure>;

    /// Deletes a branch that ends at `from`.
    fn delete(&self, repository: &Repository, branch: &str, from: &str) -> Result<(), Failure>;

    /// Opens a pull request. If there is one from that branch already, that is a [`Kind::Conflict`].
    fn propose(&self, repository: &Repository, draft: &Draft) -> Result<Proposal, Failure>;

    /// Gives a pull request another text, and closes it if it shall be `Closed`.
    fn amend(&self, repository: &Repository, number: u64, body: &str, state: State) -> Result<(), Failure>;

    /// Adds labels to a pull request.
    fn label(&self, repository: &Repository, number: u64, labels: &[String]) -> Result<(), Failure>;

    /// The requests that an act takes, for people: method and path.
    fn requests(&self, repository: &Repository, act: Act) -> Vec<String>;

    /// How long to wait before another look where things were not as they had been seen.
    fn wait(&self) -> Duration;

    /// How many requests were sent.
    fn calls(&self) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_url() {
        for good in ["acme/web", "a/b/c", "Acme-1/x_y.z"] {
            assert_eq!(Name::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "", "acme", "acme/", "/web", "acme/..", "../x", "a b/c", "a/b?x", "a/b#c", "a/b%2f", "ä/b",
            "a/b\n",
        ] {
            assert_eq!(Name::parse(bad), None, "{bad:?}");
        }
    }
}
