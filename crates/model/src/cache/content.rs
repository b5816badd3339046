//! What steps take from the build context, as one number for each selection, kept up to date file by file. Must not read
//! files: whoever knows them says what they hold.

use super::{Key, key};
use crate::ignore::Ignore;
use crate::parents::Parents;
use crate::{gopath, path};

/// A file of the build context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct File {
    /// Its mode, the kind of file included.
    pub mode: u32,
    /// Equal numbers mean equal bytes.
    pub content: Key,
}

/// The files that one source of a COPY, or one bind mount, takes from the build context.
#[derive(Debug, Clone)]
pub struct Selector {
    /// A cleaned path without a leading `/`, empty for the whole context; or a pattern.
    source: String,
    is_pattern: bool,
    /// What `--parents` chooses below the source.
    parents: Option<Parents>,
    /// What `--exclude` leaves out.
    exclude: Ignore,
}

impl Selector {
    /// Of a source as written, after expansion.
    pub(super) fn new(source: &str, exclude: Ignore) -> Self {
        // A source cannot leave the context: `..` stops at its root.
        let source = gopath::clean(&format!("/{source}")).trim_start_matches('/').to_owned();
        Self { is_pattern: gopath::has_wildcard(&source), source, parents: None, exclude }
    }

    /// Of a source of `COPY --parents`.
    pub(super) fn with_parents(parents: Parents, exclude: Ignore) -> Self {
        Self { source: parents.base.clone(), is_pattern: false, parents: Some(parents), exclude }
    }

    /// Whether nothing may be found: a pattern without a match is no failure in `BuildKit`.
    pub fn may_be_empty(&self) -> bool {
        self.is_pattern || self.parents.as_ref().is_some_and(Parents::may_be_empty)
    }

    /// The source, as a person would write it.
    pub fn source(&self) -> &str {
        if let Some(parents) = &self.parents {
            return &parents.pattern;
        }
        if self.source.is_empty() { "." } else { &self.source }
    }

    /// The name under which a file of the context enters the key, if it is selected: a file that the source names exactly enters
    /// without a name, one in a folder with its path in it, one that a pattern matches with its whole path.
    pub fn name<'p>(&self, file: &'p str) -> Option<&'p str> {
        let name = if self.is_pattern {
            let ends = file.match_indices('/').map(|(at, _)| at).chain([file.len()]);
            let mut prefixes = ends.map(|end| &file[..end]);
            // A folder that matches brings all that is in it.
            prefixes.any(|prefix| gopath::matches(&self.source, prefix) == Ok(true)).then_some(file)?
        } else if self.source.is_empty() {
            file
        } else if file == self.source {
            ""
        } else {
            path::relative(&format!("/{file}"), &format!("/{}", self.source))
                .map(|rest| &file[file.len() - rest.len()..])?
        };
        let is_chosen = self.parents.as_ref().is_none_or(|parents| parents.takes(name));
        (is_chosen && (name.is_empty() || !self.exclude.excludes(name))).then_some(name)
    }
}

/// The content of every selection of some plan at one moment. Files come and go; the order in which they do does not matter.
#[derive(Debug, Clone)]
pub struct Contents<'a> {
    selectors: &'a [Selector],
    sums: Vec<Key>,
    counts: Vec<usize>,
}

impl<'a> Contents<'a> {
    /// Of an empty context.
    pub fn new(selectors: &'a [Selector]) -> Self {
        Self { selectors, sums: vec![0; selectors.len()], counts: vec![0; selectors.len()] }
    }

    /// A file comes.
    pub fn add(&mut self, path: &str, file: File) {
        self.change(path, file, |sum, count, part| {
            *sum = sum.wrapping_add(part);
            *count += 1;
        });
    }

    /// A file goes. It must be the one that came.
    pub fn remove(&mut self, path: &str, file: File) {
        self.change(path, file, |sum, count, part| {
            *sum = sum.wrapping_sub(part);
            *count -= 1;
        });
    }

    fn change(&mut self, path: &str, file: File, apply: impl Fn(&mut Key, &mut usize, Key)) {
        for (at, selector) in self.selectors.iter().enumerate() {
            if let Some(name) = selector.name(path) {
                apply(&mut self.sums[at], &mut self.counts[at], key(&(name, file)));
            }
        }
    }

    /// The number of a selection.
    pub(super) fn of(&self, selector: usize) -> Key {
        key(&(self.sums[selector], self.counts[selector]))
    }

    /// The first selection that finds nothing and must: with it there is no build.
    pub fn missing(&self) -> Option<&'a Selector> {
        self.selectors
            .iter()
            .zip(&self.counts)
            .find(|(one, count)| **count == 0 && !one.may_be_empty())
            .map(|(one, _)| one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(source: &str, file: &str) -> Option<String> {
        Selector::new(source, Ignore::none()).name(file).map(str::to_owned)
    }

    #[test]
    fn names_are_those_of_the_key() {
        assert_eq!(name(".", "src/app.js").as_deref(), Some("src/app.js"));
        assert_eq!(name("src", "src/lib/a.js").as_deref(), Some("lib/a.js"));
        assert_eq!(name("src/", "srcs/a.js"), None);
        assert_eq!(name("./package.json", "package.json").as_deref(), Some(""));
        assert_eq!(name("package*.json", "package-lock.json").as_deref(), Some("package-lock.json"));
        assert_eq!(name("package*.json", "web/package.json"), None);
        assert_eq!(name("*", "web/package.json").as_deref(), Some("web/package.json"));
        assert_eq!(name("../app", "app/a").as_deref(), Some("a"));
        let exclude = Selector::new("src", Ignore::parse("**/*.md").unwrap());
        assert_eq!(exclude.name("src/a/readme.md"), None);
        let parents = |source: &str, file: &str| {
            let parents = Parents::read(source).unwrap();
            Selector::with_parents(parents, Ignore::none()).name(file).map(str::to_owned)
        };
        assert_eq!(parents("web/package.json", "web/package.json").as_deref(), Some("web/package.json"));
        assert_eq!(parents("web/package.json", "web/index.js"), None);
        assert_eq!(
            parents("apps/./*/package.json", "apps/web/package.json").as_deref(),
            Some("web/package.json")
        );
        assert_eq!(parents("src/**/*.txt", "src/a/b.txt").as_deref(), Some("src/a/b.txt"));
    }

    #[test]
    fn the_order_of_changes_does_not_matter() {
        let selectors = [Selector::new(".", Ignore::none()), Selector::new("a", Ignore::none())];
        let file = |content| File { mode: 0o100_644, content };
        let mut one = Contents::new(&selectors);
        one.add("a", file(1));
        one.add("b/c", file(2));
        let mut other = Contents::new(&selectors);
        other.add("b/c", file(3));
        other.add("a", file(1));
        assert_ne!(one.of(0), other.of(0));
        assert_eq!(one.of(1), other.of(1));
        other.remove("b/c", file(3));
        other.add("b/c", file(2));
        assert_eq!(one.of(0), other.of(0));
        other.remove("a", file(1));
        assert_eq!(other.missing().map(Selector::source), Some("a"));
    }
}
