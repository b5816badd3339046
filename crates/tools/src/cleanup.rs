//! Cleaning: which caches a command empties, and whether it does nothing else.
//!
//! It only compares what a command removes with the caches in the data; it does not judge whether a cache is still needed.

use crate::Toolbox;
use crate::recognize::{Arg, Invocation};
use crate::schema::{Cache, Change, Place, Role, Tool};

/// What a command removes of caches.
#[derive(Debug, Clone)]
pub struct Cleaning<'t> {
    /// The caches that it empties, or of which it removes a part; ordered as the tools are.
    pub caches: Vec<Cleaned<'t>>,
    /// It certainly does nothing else.
    pub only: bool,
}

/// A cache of which something is removed.
#[derive(Debug, Clone, Copy)]
pub struct Cleaned<'t> {
    /// Whose cache it is.
    pub tool: &'t Tool,
    /// The cache.
    pub cache: &'t Cache,
    /// Nothing of it is left.
    pub whole: bool,
}

impl Toolbox {
    /// The caches that this command cleans, if it does nothing else.
    pub fn cleans<'t>(&'t self, words: &[Arg<'_>]) -> Option<Vec<Cleaned<'t>>> {
        self.cleaning(words).filter(|cleaning| cleaning.only).map(|cleaning| cleaning.caches)
    }

    /// The caches that this command cleans among whatever else it does; `None` when it is not known to clean any.
    pub fn cleaning<'t>(&'t self, words: &[Arg<'_>]) -> Option<Cleaning<'t>> {
        let invocation = self.recognize(words)?;
        let action = invocation.action.filter(|_| !invocation.wrapper_changes(Change::Shell))?;
        let cleaning = match action.role {
            Role::Clean => clean_by_tool(&invocation),
            Role::Remove
                if action
                    .writes
                    .iter()
                    .any(|place| matches!(place, Place::Operands | Place::OperandTrees)) =>
            {
                self.clean_by_path(&invocation, words)
            }
            _ => return None,
        };
        (!cleaning.caches.is_empty()).then_some(cleaning)
    }

    /// `rm -rf`: compares each path with each cache.
    fn clean_by_path<'t>(&'t self, invocation: &Invocation<'t>, words: &[Arg<'_>]) -> Cleaning<'t> {
        let recursive = invocation.action.is_some_and(|action| action.writes.contains(&Place::OperandTrees));
        let paths: Vec<Option<Removed<'_>>> = invocation
            .operands
            .iter()
            .map(|&index| words.get(index).and_then(|word| Removed::of(*word)))
            .collect();
        let mut only = invocation.complete && !paths.is_empty() && paths.iter().all(Option::is_some);
        let mut cleaned_by: Vec<bool> = vec![false; paths.len()];
        let mut caches = Vec::new();
        for tool in &self.tools {
            for cache in &tool.caches {
                let mut gone = 0;
                let mut touched = false;
                for place in &cache.paths {
                    let mut whole = false;
                    for (path, cleaned) in paths.iter().zip(&mut cleaned_by) {
                        match path.map_or(Overlap::None, |path| path.overlap(place)) {
                            Overlap::None => {}
                            Overlap::Part => (touched, *cleaned) = (true, true),
                            Overlap::Whole => (whole, touched, *cleaned) = (true, true, true),
                            Overlap::More => (whole, touched) = (true, true),
                        }
                    }
                    gone += usize::from(whole);
                }
                if touched {
                    caches.push(Cleaned { tool, cache, whole: recursive && gone == cache.paths.len() });
                }
            }
        }
        only &= cleaned_by.iter().all(|cleaned| *cleaned);
        Cleaning { caches, only }
    }
}

/// `apt-get clean`: the data says what it empties.
fn clean_by_tool<'t>(invocation: &Invocation<'t>) -> Cleaning<'t> {
    let tool = invocation.tool;
    let Some(action) = invocation.action else { return Cleaning { caches: Vec::new(), only: false } };
    let named = |names: &'t [String], whole: bool| {
        names.iter().filter_map(move |name| tool.cache(name)).map(move |cache| Cleaned { tool, cache, whole })
    };
    let caches = named(&action.empties, invocation.complete).chain(named(&action.trims, false)).collect();
    Cleaning { caches, only: invocation.complete }
}

/// A path that is removed.
#[derive(Debug, Clone, Copy)]
struct Removed<'a> {
    /// The path as written, without the wildcard.
    folder: &'a str,
    /// What of the folder is removed.
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The folder itself, or the file.
    Itself,
    /// All its entries, save those whose name begins with a dot.
    Entries,
    /// Some of its entries.
    SomeEntries,
}

/// What a removal means for one tree of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlap {
    /// Nothing.
    None,
    /// It removes a part of it, and nothing else.
    Part,
    /// It removes all of it, and nothing else.
    Whole,
    /// It removes all of it, and more.
    More,
}

impl<'a> Removed<'a> {
    fn of(word: Arg<'a>) -> Option<Removed<'a>> {
        let (text, source) = match word {
            Arg::Literal(text) => (text, false),
            Arg::Glob(text) => (text, true),
            Arg::Prefix(_) | Arg::Dynamic => return None,
        };
        // A quoted tilde is a folder of that name.
        if !(text.starts_with('/') || (source && text.starts_with("~/"))) {
            return None;
        }
        let (folder, what) = match text.rsplit_once('/') {
            Some((folder, "*")) if source => (folder, What::Entries),
            Some((folder, last)) if source && last.contains(['*', '?']) && !last.starts_with('.') => {
                (folder, What::SomeEntries)
            }
            _ => (text.trim_end_matches('/'), What::Itself),
        };
        let plain = folder.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        let odd = source && (folder.contains(['*', '?']) || text.contains(['[', '{', '\\']));
        (plain && !odd && !folder.is_empty()).then_some(Removed { folder, what })
    }

    /// What this removal means for the tree `place` of a cache.
    fn overlap(self, place: &str) -> Overlap {
        let Some(removed) = Below::of(self.folder, place) else { return Overlap::None };
        match (removed, self.what) {
            (Below::Same, What::Itself | What::Entries) => Overlap::Whole,
            (Below::Same, What::SomeEntries) | (Below::Inside, _) => Overlap::Part,
            (Below::Outside { .. }, What::Itself) | (Below::Outside { hidden: false }, What::Entries) => {
                Overlap::More
            }
            (Below::Outside { .. }, _) => Overlap::None,
        }
    }
}

/// How a path stands to a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    Same,
    Inside,
    /// The tree is inside the path; the name by which it leaves the path begins with a dot if `hidden`.
    Outside {
        hidden: bool,
    },
}

impl Below {
    fn of(path: &str, tree: &str) -> Option<Below> {
        let Some(in_home) = tree.strip_prefix('~') else { return Below::of_absolute(path, tree) };
        // The home folder of any user is home to that user's cache.
        if let Some(rest) = path.strip_prefix('~').or_else(|| path.strip_prefix("/root")) {
            return Below::of_absolute(rest, in_home);
        }
        let user_folder = path.strip_prefix("/home/")?;
        Below::of_absolute(&user_folder[user_folder.find('/')?..], in_home)
    }

    fn of_absolute(path: &str, tree: &str) -> Option<Below> {
        if path == tree {
            return Some(Below::Same);
        }
        if path.strip_prefix(tree).is_some_and(|rest| rest.starts_with('/')) {
            return Some(Below::Inside);
        }
        let rest = tree.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'))?;
        Some(Below::Outside { hidden: rest.starts_with('.') })
    }
}
