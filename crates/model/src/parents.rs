//! What a source of `COPY --parents` takes: the folder that its paths are relative to, and the pattern that they match
//! (`frontend/dockerfile/dockerfile2llb/convert_copy.go`). It looks at texts only; which files there are is asked elsewhere.

use crate::gopath;
use crate::ignore::Ignore;

/// A source of `COPY --parents`.
#[derive(Debug, Clone)]
pub struct Parents {
    /// The folder above the pivot `/./`, relative to what is copied from: paths below it are kept. Empty without a pivot.
    pub base: String,
    /// The pattern of what is taken, relative to `base`. What it matches is taken, and all that is below it.
    pub pattern: String,
    matcher: Ignore,
}

impl Parents {
    /// Reads a source, after expansion. `Err` says why it is not followed.
    pub fn read(source: &str) -> Result<Self, String> {
        let rooted = |text: &str| gopath::clean(&format!("/{text}")).trim_start_matches('/').to_owned();
        let (base, pattern) = match source.split_once("/./") {
            Some((base, pattern)) => (rooted(base), rooted(pattern)),
            None => (String::new(), rooted(source)),
        };
        if gopath::has_wildcard(&base) {
            return Err(format!("`{source}` has a pattern before its `/./`"));
        }
        // An empty pattern takes nothing, whatever was meant; `!` and `\` mean something else to the matcher than to a reader, and `#`
        // would be a comment in the ignore file whose matcher is used here.
        if pattern.is_empty() || pattern.starts_with(['!', '#']) || pattern.contains(['\\', '\n']) {
            return Err(format!("`{source}` is not followed with `--parents`"));
        }
        let matcher = Ignore::parse(&pattern).map_err(|error| error.to_string())?;
        Ok(Self { base, pattern, matcher })
    }

    /// Whether a path relative to `base` is taken.
    pub fn takes(&self, path: &str) -> bool {
        self.matcher.excludes(path)
    }

    /// Whether it may find nothing: a pattern without a match is no failure.
    pub fn may_be_empty(&self) -> bool {
        gopath::has_wildcard(&self.pattern)
    }

    /// The folder below `base` beyond which the pattern decides; empty for `base` itself.
    pub fn fixed(&self) -> &str {
        let end = self.pattern.find(['*', '?', '[']).unwrap_or(self.pattern.len());
        self.pattern[..end].rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_cut_at_the_pivot() {
        for (source, base, pattern) in [
            ("services/a/package.json", "", "services/a/package.json"),
            ("./src/", "", "src"),
            ("/test/a/b/./c/d", "test/a/b", "c/d"),
            // Only the first one counts (testCopyRelativeParents).
            ("/test/a/./b/./c", "test/a", "b/c"),
            ("./x/./y/*.txt", "x", "y/*.txt"),
            ("a/b/.", "", "a/b"),
            ("../up", "", "up"),
        ] {
            let read = Parents::read(source).unwrap();
            assert_eq!((read.base.as_str(), read.pattern.as_str()), (base, pattern), "{source}");
        }
        for source in [".", "/", "", "a*/./b", "!a", "a\\b", "#a"] {
            assert!(Parents::read(source).is_err(), "{source}");
        }
    }

    #[test]
    fn patterns_take_what_they_match_and_what_is_below_it() {
        let takes = |source: &str, path: &str| Parents::read(source).unwrap().takes(path);
        assert!(takes("services/*/package.json", "services/a/package.json"));
        assert!(!takes("services/*/package.json", "services/a/b/package.json"));
        assert!(!takes("services/*/package.json", "services/a"));
        assert!(takes("src/**/*.txt", "src/a.txt"));
        assert!(takes("src/**/*.txt", "src/x/y/c.txt"));
        assert!(takes("src", "src/x/y"));
        assert!(!takes("src", "srcs"));
        assert_eq!(Parents::read("a/./b/*/c").unwrap().fixed(), "b");
        assert_eq!(Parents::read("b/c*").unwrap().fixed(), "b");
        assert_eq!(Parents::read("*/c").unwrap().fixed(), "");
    }
}
