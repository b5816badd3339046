//! Tells differences between two images that were to be expected from those that are a fault. Must not forgive an owner, a
//! permission or a kind of file that changed, wherever it lies: only bytes, and whether a file is there.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_tools::{MountBy, Toolbox, volatile};
use dockopt_transforms::{Expected, Pass};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Change, Content, Difference, Entry, Kind, What};

/// Why a difference was to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A file that the rewrite itself changed and that the context brings into the image.
    RewrittenFile,
    /// Python's byte code holds the time stamp of its source.
    BytecodeStamp,
    /// A package index.
    PackageIndex,
    /// A cache of a package manager.
    PackageCache,
    /// A log.
    Log,
    /// A file that differs between any two builds of the same text.
    Volatile,
}

impl Class {
    /// Its name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RewrittenFile => "rewritten file",
            Self::BytecodeStamp => "byte-code stamp",
            Self::PackageIndex => "package index",
            Self::PackageCache => "package cache",
            Self::Log => "log",
            Self::Volatile => "differs in any two builds",
        }
    }
}

/// The differences of two images by what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classed {
    /// Those that were to be expected.
    pub expected: BTreeMap<Class, Vec<Difference>>,
    /// Those that were not.
    pub unexpected: Vec<Difference>,
}

/// Which differences are to be expected of some rewrites.
#[derive(Debug)]
pub struct Expectations {
    patterns: GlobSet,
    /// What the pattern of the same number means.
    meanings: Vec<Meaning>,
    declared: BTreeSet<Expected>,
    rewritten: Vec<Rewritten>,
    varying: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A cache or an index, or something in it.
    Stored(Expected),
    /// A folder that may be there only to hold a cache or an index.
    Holds(Expected),
    /// A volatile file.
    Volatile(volatile::Sort),
}

/// A file of the context that a rewrite changed, made or removed.
#[derive(Debug)]
struct Rewritten {
    name: String,
    before: Option<Content>,
    after: Option<Content>,
}

impl Expectations {
    /// What these passes may do to an image whose `HOME` is `home`, if it has one.
    pub fn new<'p>(
        toolbox: &Toolbox,
        passes: impl IntoIterator<Item = &'p Pass>,
        home: Option<&str>,
    ) -> Self {
        let mut rules = Rules { homes: homes(home), set: GlobSetBuilder::new(), meanings: Vec::new() };
        for tool in toolbox.tools() {
            for path in tool.index.iter().flat_map(|index| &index.paths) {
                rules.add_tree(path, Expected::Indexes);
            }
            // A store is what was installed, and a difference in it is one like any other.
            for cache in tool.caches.iter().filter(|cache| !cache.is_store) {
                let sort = if cache.is_index { Expected::Indexes } else { Expected::Caches };
                let mounted = cache.mount.iter().flat_map(MountBy::all_targets);
                cache.paths.iter().chain(mounted).for_each(|path| rules.add_tree(path, sort));
            }
        }
        for group in volatile::all() {
            group.paths.iter().for_each(|path| rules.add(path, Meaning::Volatile(group.sort)));
        }
        Self {
            patterns: rules.set.build().expect("each pattern was built before"),
            meanings: rules.meanings,
            declared: passes.into_iter().flat_map(|pass| pass.expects).copied().collect(),
            rewritten: Vec::new(),
            varying: BTreeSet::new(),
        }
    }

    /// A file of the context that the rewrite changed, by its base name. It is known in the image by name and content.
    #[must_use]
    pub fn rewritten(mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let content = |text: Option<&str>| text.map(|text| Content::of(name, text.as_bytes()));
        self.rewritten.push(Rewritten {
            name: name.to_owned(),
            before: content(before),
            after: content(after),
        });
        self
    }

    /// Paths that were seen to differ between two builds of the original.
    #[must_use]
    pub fn varying(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        self.varying.extend(paths);
        self
    }

    fn class(&self, difference: &Difference, ways: &Ways) -> Option<Class> {
        let seen = Seen::of(&difference.what)?;
        if self.rewritten.iter().any(|file| file.is(difference)) {
            return Some(Class::RewrittenFile);
        }
        for at in self.patterns.matches(&difference.path) {
            let class = match self.meanings[at] {
                Meaning::Stored(sort) if self.declared.contains(&sort) || ways.is_mixed(at) => stored(sort),
                Meaning::Stored(sort) if seen == Seen::OtherBytes => stored(sort),
                Meaning::Holds(sort) if seen == Seen::OnlyFolder && self.declared.contains(&sort) => {
                    stored(sort)
                }
                Meaning::Volatile(sort) if seen != Seen::OnlyFolder && seen != Seen::OnlyOther => {
                    match sort {
                        volatile::Sort::Log => Class::Log,
                        volatile::Sort::State => Class::Volatile,
                    }
                }
                _ => continue,
            };
            return Some(class);
        }
        if seen == Seen::OtherStamp {
            return Some(Class::BytecodeStamp);
        }
        self.varying.contains(&difference.path).then_some(Class::Volatile)
    }
}

const fn stored(sort: Expected) -> Class {
    match sort {
        Expected::Caches => Class::PackageCache,
        Expected::Indexes => Class::PackageIndex,
    }
}

/// Tells the differences apart.
pub fn classify(differences: Vec<Difference>, expectations: &Expectations) -> Classed {
    let ways = Ways::of(&differences, expectations);
    let mut classed = Classed::default();
    for difference in differences {
        match expectations.class(&difference, &ways) {
            Some(class) => classed.expected.entry(class).or_default().push(difference),
            None => classed.unexpected.push(difference),
        }
    }
    classed
}

/// A difference that can be forgiven somewhere. Owners, permissions, kinds, links and extended attributes cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    OtherBytes,
    OtherStamp,
    OnlyFile,
    OnlyFolder,
    OnlyOther,
}

impl Seen {
    fn of(what: &What) -> Option<Self> {
        match what {
            What::OnlyBefore(entry) | What::OnlyAfter(entry) => Some(match entry.kind {
                Kind::File(_) => Self::OnlyFile,
                Kind::Folder => Self::OnlyFolder,
                _ => Self::OnlyOther,
            }),
            What::Changed(changes) => match changes.as_slice() {
                [Change::Bytes(..)] => Some(Self::OtherBytes),
                [Change::BytecodeStamp] => Some(Self::OtherStamp),
                _ => None,
            },
        }
    }
}

/// For each pattern, whether it has paths only before and paths only after. A cache whose content differs both ways was filled
/// by both builds: names in it are made from what a registry sent and when. One that only lost or won is there in one image
/// and not in the other, which a pass must have declared.
struct Ways {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
}

impl Ways {
    fn of(differences: &[Difference], expectations: &Expectations) -> Self {
        let mut ways = Self { before: BTreeSet::new(), after: BTreeSet::new() };
        for difference in differences {
            let found = match difference.what {
                What::OnlyBefore(_) => &mut ways.before,
                What::OnlyAfter(_) => &mut ways.after,
                What::Changed(_) => continue,
            };
            found.extend(expectations.patterns.matches(&difference.path));
        }
        ways
    }

    fn is_mixed(&self, pattern: usize) -> bool {
        self.before.contains(&pattern) && self.after.contains(&pattern)
    }
}

impl Rewritten {
    fn is(&self, difference: &Difference) -> bool {
        let content = |entry: &Entry| if let Kind::File(content) = entry.kind { Some(content) } else { None };
        let name = difference.path.rsplit('/').next().unwrap_or_default();
        name == self.name
            && match &difference.what {
                What::OnlyBefore(entry) => self.after.is_none() && content(entry) == self.before,
                What::OnlyAfter(entry) => self.before.is_none() && content(entry) == self.after,
                What::Changed(changes) => match changes.as_slice() {
                    [Change::Bytes(before, after)] => {
                        (Some(*before), Some(*after)) == (self.before, self.after)
                    }
                    _ => false,
                },
            }
    }
}

/// Patterns on their way into a set.
struct Rules {
    homes: Vec<String>,
    set: GlobSetBuilder,
    meanings: Vec<Meaning>,
}

impl Rules {
    /// A tree of a tool's data, which has no patterns in it.
    fn add_tree(&mut self, path: &str, sort: Expected) {
        let path = globset::escape(path);
        self.add(&path, Meaning::Stored(sort));
        self.add(&format!("{path}/**"), Meaning::Stored(sort));
        let own = path.trim_start_matches("~/");
        let ends = own.match_indices('/').map(|(at, _)| path.len() - own.len() + at).filter(|end| *end > 0);
        ends.for_each(|end| self.add(&path[..end], Meaning::Holds(sort)));
    }

    fn add(&mut self, path: &str, meaning: Meaning) {
        let paths = match path.strip_prefix('~') {
            Some(below) => self.homes.iter().map(|home| format!("{home}{below}")).collect(),
            None => vec![path.to_owned()],
        };
        for path in paths {
            // A path that is no pattern is a user's own tool, whose cache then is not known.
            if let Ok(glob) = GlobBuilder::new(&path).literal_separator(true).build() {
                self.set.add(glob);
                self.meanings.push(meaning);
            }
        }
    }
}

/// The home folders of an image: those of root and of the users that distributions make, and the one that it names.
fn homes(own: Option<&str>) -> Vec<String> {
    let own =
        own.filter(|home| home.starts_with('/')).map(|home| globset::escape(home.trim_end_matches('/')));
    ["/root".to_owned(), "/home/*".to_owned()].into_iter().chain(own).collect()
}
