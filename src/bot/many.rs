//! Which of many repositories a run is for: lists, owners, filters, and the share of one machine among several. Must not work on any.

use globset::GlobMatcher;

use crate::forge::{Failure, Forge, Name, Repository};
use crate::problem::Problem;

/// What was asked for.
#[derive(Debug, Default)]
pub struct Choice {
    /// These.
    pub names: Vec<Name>,
    /// Those of these owners.
    pub owners: Vec<String>,
    /// Of these owners only those whose name fits.
    pub matching: Option<GlobMatcher>,
    /// Whether their forks count.
    pub forks: Forks,
    /// The share of this run.
    pub shard: Option<Shard>,
    /// None that stands before this one in the order of names.
    pub from: Option<Name>,
}

/// What becomes of forks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Forks {
    /// They are left.
    #[default]
    Without,
    /// They count as others do.
    With,
}

/// One of several shares of all repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// Reads `INDEX/COUNT`, the first index being 0.
    pub fn parse(text: &str) -> Option<Self> {
        let (index, count) = text.split_once('/')?;
        let shard = Self { index: index.parse().ok()?, count: count.parse().ok()? };
        (shard.index < shard.count).then_some(shard)
    }

    /// Whether a repository is in this share. It is in exactly one, whatever other repositories there are.
    fn has(self, name: &Name) -> bool {
        let hash = blake3::hash(name.as_str().to_ascii_lowercase().as_bytes());
        let number =
            hash.as_bytes().iter().take(8).fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
        number % self.count == self.index
    }
}

impl Choice {
    /// The repositories, each once, in the order of their names.
    pub fn names(&self, forge: &dyn Forge) -> Result<Vec<Name>, Failure> {
        let mut names = self.names.clone();
        for owner in &self.owners {
            names.extend(
                forge.repositories(owner)?.into_iter().filter(|one| self.fits(one)).map(|one| one.name),
            );
        }
        let key = |name: &Name| name.as_str().to_ascii_lowercase();
        names.sort_by_key(key);
        names.dedup_by_key(|name| key(name));
        names.retain(|name| {
            self.shard.is_none_or(|shard| shard.has(name))
                && self.from.as_ref().is_none_or(|from| key(name) >= key(from))
        });
        Ok(names)
    }

    fn fits(&self, repository: &Repository) -> bool {
        let own = repository.name.as_str().rsplit('/').next().unwrap_or_default();
        !repository.is_archived
            && (!repository.is_fork || self.forks == Forks::With)
            && self.matching.as_ref().is_none_or(|glob| glob.is_match(own))
    }
}

/// The names in a list: one a line, with comments behind `#`.
pub fn list(text: &str) -> Result<Vec<Name>, Problem> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let read = |line: &str| {
        let help = "write one OWNER/NAME in each line";
        Name::parse(line).ok_or_else(|| Problem::error(format!("`{line}` is no name of a repository"), help))
    };
    lines.filter(|line| !line.is_empty()).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repository_is_in_one_share() {
        let shards: Vec<Shard> = (0..5).map(|index| Shard::parse(&format!("{index}/5")).unwrap()).collect();
        let mut sizes = [0; 5];
        for at in 0..1_000 {
            let name = Name::parse(&format!("acme/service-{at}")).unwrap();
            let own: Vec<usize> = (0..5).filter(|index| shards[*index].has(&name)).collect();
            assert_eq!(own.len(), 1);
            sizes[own[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (150..250).contains(size)), "{sizes:?}");
        for bad in ["", "1", "5/5", "0/0", "-1/3", "a/b", "1/2/3"] {
            assert_eq!(Shard::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn lists_have_comments() {
        let names = list("acme/web # the shop\n\n# old\n acme/api\r\n").unwrap();
        assert_eq!(names.iter().map(Name::as_str).collect::<Vec<_>>(), ["acme/web", "acme/api"]);
        assert!(list("acme\n").is_err());
    }
}
