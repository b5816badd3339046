//! Regions: the parts of an image that a command reads or writes, and when two of them meet. The independence of steps, and
//! with it every proof, rests on [`meets`]: where it is in doubt it says yes.

use std::collections::BTreeSet;

use crate::path;

/// A part of the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// All of it.
    Everything,
    /// All of it but package indexes: a program that is not known, but is known to install no system packages.
    AnythingButIndexes,
    /// What is installed and configured in the image, but not the tree of `project`, the working directory.
    System {
        /// The working directory.
        project: String,
        /// Whether the accounts in `/etc/passwd` and `/etc/group` belong to it.
        accounts: bool,
    },
    /// The accounts in `/etc/passwd` and `/etc/group`.
    Accounts,
    /// A package index, by its path.
    Index(String),
    /// A download cache, by its path. Nothing but its own tool reads it, and the tool does without.
    Cache(String),
    /// One path: a file, or a folder without what is in it.
    Path(String),
    /// A folder and all below it.
    Tree(String),
    /// Every tree of that name below a folder.
    Named {
        /// The folder.
        below: String,
        /// The name.
        name: String,
    },
    /// A tree in somebody's home folder.
    Home(String),
    /// Whatever else a copied folder may hold when the image is built: any path below this one, whether or not it is in the
    /// build context now.
    Rest(String),
    /// A path of the project that a manifest reader names, or the working directory itself. What else may lie in a copied
    /// folder does not concern it: that is the reader's claim.
    Project(String),
    /// A tree of the project that a manifest reader names as read whole.
    NamedTree(String),
    /// A tree that an install fills. That the build context does not hold it is asked where a copy is moved (`delay.rs`).
    Filled(String),
}

/// What a step reads, or what it writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Footprint(BTreeSet<Region>);

impl Footprint {
    /// Everything.
    pub fn everything() -> Self {
        Self([Region::Everything].into())
    }

    /// Adds a region.
    pub fn add(&mut self, region: Region) {
        self.0.insert(region);
    }

    /// Adds all of another footprint.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds everything, package indexes aside.
    pub fn is_unknown(&self) -> bool {
        self.0.contains(&Region::Everything) || self.0.contains(&Region::AnythingButIndexes)
    }

    /// Its regions, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.0.iter()
    }

    /// Whether some region of it meets `region`.
    pub fn touches(&self, region: &Region) -> bool {
        self.0.iter().any(|own| meets(own, region))
    }

    /// Whether some region of it meets one of `other`.
    pub fn meets(&self, other: &Self) -> bool {
        other.0.iter().any(|region| self.touches(region))
    }
}

impl FromIterator<Region> for Footprint {
    fn from_iter<T: IntoIterator<Item = Region>>(regions: T) -> Self {
        Self(regions.into_iter().collect())
    }
}

/// Whether two regions have something in common.
pub fn meets(a: &Region, b: &Region) -> bool {
    use Region::{
        Accounts, AnythingButIndexes, Cache, Everything, Filled, Home, Index, Named, NamedTree, Path,
        Project, Rest, System, Tree,
    };
    match (a, b) {
        // The caches of other tools are nobody else's concern: a named normalisation of the digest rests on it.
        (Cache(x), Cache(y)) | (Index(x), Index(y)) => path::within(x, y) || path::within(y, x),
        (Cache(_), _) | (_, Cache(_)) => false,
        (Index(_), Everything) | (Everything, Index(_)) => true,
        // Folders that are removed or filled by name, such as `rm -rf /var/lib/apt`.
        (Index(index), Tree(tree)) | (Tree(tree), Index(index)) => {
            path::within(index, tree) || path::within(tree, index)
        }
        (Index(index), Path(place)) | (Path(place), Index(index)) => path::within(place, index),
        (Index(_), _) | (_, Index(_)) => false,
        (Everything | AnythingButIndexes, _) | (_, Everything | AnythingButIndexes) => true,
        (System { .. }, System { .. }) => true,
        (Accounts, Accounts) => true,
        (System { accounts, .. }, Accounts) | (Accounts, System { accounts, .. }) => *accounts,
        // A program does not look for a file in /tmp that nobody named.
        (System { .. }, Path(place) | Tree(place)) | (Path(place) | Tree(place), System { .. })
            if path::is_scratch(place) =>
        {
            false
        }
        (System { project, .. }, Path(place)) | (Path(place), System { project, .. }) => {
            path::is_system(place, project)
        }
        (System { project, .. }, Tree(place) | Named { below: place, .. })
        | (Tree(place) | Named { below: place, .. }, System { project, .. }) => {
            path::is_system(place, project) || path::has_system_below(place)
        }
        (System { .. }, Home(_)) | (Home(_), System { .. }) => true,
        (Accounts, Path(place) | Tree(place) | Named { below: place, .. })
        | (Path(place) | Tree(place) | Named { below: place, .. }, Accounts) => {
            path::within("/etc/passwd", place) || place.starts_with("/etc/") || place == "/"
        }
        (Accounts, Home(_)) | (Home(_), Accounts) => false,
        (Path(x), Path(y)) => x == y,
        (Path(x), Tree(tree)) | (Tree(tree), Path(x)) => path::within(x, tree),
        (Tree(x), Tree(y)) => path::within(x, y) || path::within(y, x),
        (Named { below, name }, Path(x)) | (Path(x), Named { below, name }) => {
            path::within(x, below) && x.split('/').any(|part| part == name)
        }
        (Named { below, .. }, Tree(tree)) | (Tree(tree), Named { below, .. }) => {
            path::within(tree, below) || path::within(below, tree)
        }
        (Named { below: x, .. }, Named { below: y, .. }) => path::within(x, y) || path::within(y, x),
        (Home(own), Path(x) | Tree(x) | Named { below: x, .. })
        | (Path(x) | Tree(x) | Named { below: x, .. }, Home(own)) => {
            path::home_relative(x).is_none_or(|rest| path::within(rest, own) || path::within(own, rest))
                && path::may_be_home(x)
        }
        (Home(x), Home(y)) => path::within(x, y) || path::within(y, x),
        (Rest(_), Project(_) | NamedTree(_) | Filled(_) | Named { .. })
        | (Project(_) | NamedTree(_) | Filled(_) | Named { .. }, Rest(_)) => false,
        // That a context gains a folder such as `etc` or `usr`, for an image in which it lands in the root, is not assumed.
        (Rest(tree), System { project, .. }) | (System { project, .. }, Rest(tree)) => {
            path::is_system(tree, project)
        }
        (Rest(tree), Path(place)) | (Path(place), Rest(tree)) => place != tree && path::within(place, tree),
        (Rest(tree), other) | (other, Rest(tree)) => meets(&Tree(tree.clone()), other),
        (Project(place), other) | (other, Project(place)) => meets(&Path(place.clone()), other),
        (NamedTree(tree) | Filled(tree), other) | (other, NamedTree(tree) | Filled(tree)) => {
            meets(&Tree(tree.clone()), other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Region {
        Region::System { project: "/app".to_owned(), accounts: true }
    }

    #[test]
    fn what_meets_and_what_does_not() {
        let path = |text: &str| Region::Path(text.to_owned());
        let tree = |text: &str| Region::Tree(text.to_owned());
        let index = Region::Index("/var/lib/apt/lists".to_owned());
        let cache = Region::Cache("/root/.npm".to_owned());
        for (a, b, expected) in [
            (system(), path("/app/main.py"), false),
            (system(), path("/srv/x/main.py"), false),
            (system(), path("/etc/nginx/nginx.conf"), true),
            (system(), path("/usr/local/bin/tool"), true),
            (system(), path("/root/.npmrc"), true),
            (system(), path("/root/app.py"), false),
            (system(), path("/tmp/archive.tar.gz"), false),
            (system(), tree("/var/tmp/build"), false),
            (system(), tree("/tmp"), true),
            (system(), path("/home/node/app/index.js"), false),
            (system(), tree("/"), true),
            (tree("/app"), path("/app/x"), true),
            (tree("/app"), path("/application"), false),
            (path("/app"), path("/app/x"), false),
            (index.clone(), Region::Everything, true),
            (index.clone(), Region::AnythingButIndexes, false),
            (index.clone(), system(), false),
            (index, tree("/var/lib/apt"), true),
            (cache.clone(), Region::Everything, false),
            (cache, tree("/root"), false),
            (
                Region::Named { below: "/app".to_owned(), name: "node_modules".to_owned() },
                path("/app/a/node_modules/b"),
                true,
            ),
            (
                Region::Named { below: "/app".to_owned(), name: "node_modules".to_owned() },
                path("/app/a/b"),
                false,
            ),
            (Region::Accounts, path("/etc/passwd"), true),
            (Region::Accounts, path("/app/x"), false),
        ] {
            assert_eq!(meets(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(meets(&b, &a), expected, "{b:?} {a:?}");
        }
    }
}
