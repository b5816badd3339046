//! `.dockerignore`: which files of a folder are the build context. It answers as moby/patternmatcher does, oddities
//! included, and refuses a file that a build would refuse. Must not read the disk.
//!
//! Most lines compare texts. The others moby turns into a Go regular expression, so they are matched as one, by the
//! small engine in `goregex`: no regex crate reads Go's dialect, and an almost equal one would be wrong without notice.

use crate::gopath;

mod goregex;

/// The rules of one ignore file.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

/// One line of an ignore file that is neither empty nor a comment.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The pattern as moby keeps it: trimmed and cleaned, without a leading `/` or the `!`.
    pub text: String,
    /// The number of its line; the first is 1.
    pub line: u32,
    /// Whether a `!` makes it include again what earlier lines exclude.
    pub negated: bool,
    matcher: Matcher,
}

/// An ignore file that no build accepts, or that uses syntax whose meaning dockopt does not know for certain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{pattern}`: {message}")]
pub struct IgnoreError {
    /// The number of the line; the first is 1.
    pub line: u32,
    /// The pattern, trimmed and cleaned; empty if the line cannot even be read.
    pub pattern: String,
    /// What is wrong with it.
    pub message: String,
}

/// How a pattern is compared with a path (`Pattern.compile` in patternmatcher.go). Bytes, because moby cuts bytes.
#[derive(Clone, Debug)]
enum Matcher {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Regex(goregex::Regex),
}

/// What Go's `bufio.Scanner` refuses to hold: a line this long ends the build.
const LINE_LIMIT: usize = 64 * 1024;

impl Ignore {
    /// Reads the text of an ignore file.
    pub fn parse(text: &str) -> Result<Ignore, IgnoreError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (line, content) in (1..).zip(text.split('\n')) {
            if content.len() >= LINE_LIMIT {
                return Err(IgnoreError {
                    line,
                    pattern: String::new(),
                    message: "line too long".to_owned(),
                });
            }
            if let Some(entry) = read_line(content) {
                patterns.extend(Pattern::new(&entry, line)?);
            }
        }
        Ok(Ignore { patterns })
    }

    /// The rules where there is no ignore file: nothing is excluded.
    pub fn none() -> Ignore {
        Ignore::default()
    }

    /// Whether `path` (relative, `/`-separated) is kept out of the context: moby's `MatchesOrParentMatches`. The last
    /// pattern that matches the path or a folder above it decides.
    pub fn excludes(&self, path: &str) -> bool {
        let path = gopath::clean(path);
        if path == "." {
            return false;
        }
        let folders: Vec<&str> = folders_above(&path).collect();
        // A pattern that would change nothing need not be looked at.
        self.patterns.iter().fold(false, |excluded, pattern| {
            let decides = pattern.negated == excluded
                && (pattern.matches(&path) || folders.iter().any(|folder| pattern.matches(folder)));
            if decides { !pattern.negated } else { excluded }
        })
    }

    /// Whether moby contradicts itself about `path`, so that what a build sees of it is anyone's guess.
    ///
    /// `excludes` is how it decides to open a file; the walk that lists the files remembers matches of folders and
    /// prunes, and forgets some on the way (fsutil `filter.go`). After `a/b` and `!a` the walk leaves out `a/b` and
    /// `excludes` does not; after `a`, `!a/b`, `a` the file `a/b` is listed, but arrives empty.
    pub fn disputed(&self, path: &str) -> bool {
        let path = gopath::clean(path);
        path != "." && self.has_negations() && self.walk_excludes(&path) != self.excludes(&path)
    }

    /// Whether any pattern starts with `!`.
    pub fn has_negations(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.negated)
    }

    /// Whether a walk must go into the folder `dir` to find what is not excluded. `false` only for an excluded folder
    /// that moby's walk skips.
    pub fn may_include_below(&self, dir: &str) -> bool {
        let dir = gopath::clean(dir);
        !self.excludes(&dir) || !self.walk_skips_excluded(&dir)
    }

    /// The patterns, in the order of the file.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Whether fsutil's walk (`filterFS.Walk`) leaves out `path`, which is clean.
    fn walk_excludes(&self, path: &str) -> bool {
        let mut folder_matched = vec![false; self.patterns.len()];
        for folder in folders_above(path) {
            if self.walk_visits(folder, &mut folder_matched) && self.walk_skips_excluded(folder) {
                return true;
            }
        }
        self.walk_visits(path, &mut folder_matched)
    }

    /// One step of the walk: whether `path` is excluded, given which patterns matched the folder above it; then that
    /// record is of `path` (`MatchesUsingParentResults`). Patterns that are passed over stay unrecorded, as in moby.
    fn walk_visits(&self, path: &str, matched: &mut [bool]) -> bool {
        let mut excluded = false;
        for (pattern, matched) in self.patterns.iter().zip(matched) {
            *matched = *matched || pattern.negated == excluded && pattern.matches(path);
            if *matched {
                excluded = !pattern.negated;
            }
        }
        excluded
    }

    /// Whether fsutil's walk skips the excluded folder `dir`: no `!` pattern can name anything in it, going by its text.
    fn walk_skips_excluded(&self, dir: &str) -> bool {
        let dir = format!("{dir}/");
        let mut negated =
            self.patterns.iter().filter(|pattern| pattern.negated).map(Pattern::without_trailing_glob);
        negated.all(|text| {
            !text.contains(['*', '[', ']', '?', '^', '\\']) && !format!("{text}/").starts_with(&dir)
        })
    }
}

impl Pattern {
    /// The pattern of a line as `read_line` leaves it; `None` if nothing is left of it (`New` in patternmatcher.go).
    fn new(entry: &str, line: u32) -> Result<Option<Pattern>, IgnoreError> {
        let entry = entry.trim();
        if entry.is_empty() {
            return Ok(None);
        }
        let cleaned = gopath::clean(entry);
        let error =
            |message: &str| IgnoreError { line, pattern: cleaned.clone(), message: message.to_owned() };
        let (negated, text) = match cleaned.strip_prefix('!') {
            Some("") => return Err(error("`!` excludes nothing from the exclusions")),
            Some(text) => (true, text),
            None => (false, cleaned.as_str()),
        };
        gopath::matches(text, ".").map_err(|bad| error(&bad.to_string()))?;
        let matcher = Matcher::compile(text).map_err(|refused| error(&refused.to_string()))?;
        Ok(Some(Pattern { text: text.to_owned(), line, negated, matcher }))
    }

    fn matches(&self, path: &str) -> bool {
        let bytes = path.as_bytes();
        match &self.matcher {
            Matcher::Exact(text) => bytes == text,
            Matcher::Prefix(prefix) => bytes.starts_with(prefix),
            // `**/name` is also `name`.
            Matcher::Suffix(suffix) => bytes.ends_with(suffix) || suffix.strip_prefix(b"/") == Some(bytes),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }

    /// fsutil's `patternWithoutTrailingGlob`.
    fn without_trailing_glob(&self) -> &str {
        let text = self.text.strip_suffix("/**").unwrap_or(&self.text);
        text.strip_suffix("/*").unwrap_or(text)
    }
}

impl Matcher {
    /// Step for step `Pattern.compile` of patternmatcher.go with `/` as separator; what looks odd here is odd there. In
    /// particular it means to escape `{`, `|` and `}` too, but its table of characters has no room for them.
    fn compile(pattern: &str) -> Result<Matcher, goregex::Refused> {
        #[derive(PartialEq)]
        enum Kind {
            Exact,
            Prefix,
            Suffix,
            Regex,
        }
        let mut kind = Kind::Exact;
        let mut regex = String::from("^");
        // Go's text/scanner passes over a byte order mark at the start.
        let mut rest = pattern.strip_prefix('\u{feff}').unwrap_or(pattern).chars().peekable();
        let mut first = true;
        while let Some(character) = rest.next() {
            match character {
                '*' if rest.next_if_eq(&'*').is_some() => {
                    rest.next_if_eq(&'/');
                    kind = if rest.peek().is_some() {
                        regex.push_str("(.*/)?");
                        Kind::Regex
                    } else if kind == Kind::Exact {
                        Kind::Prefix
                    } else {
                        regex.push_str(".*");
                        Kind::Regex
                    };
                    if first {
                        kind = Kind::Suffix;
                    }
                }
                '*' | '?' => {
                    regex.push_str(if character == '*' { "[^/]*" } else { "[^/]" });
                    kind = Kind::Regex;
                }
                '.' | '+' | '(' | ')' | '$' => regex.extend(['\\', character]),
                '\\' => {
                    regex.push('\\');
                    if let Some(escaped) = rest.next() {
                        regex.push(escaped);
                        kind = Kind::Regex;
                    }
                }
                '[' | ']' => {
                    regex.push(character);
                    kind = Kind::Regex;
                }
                _ => regex.push(character),
            }
            first = false;
        }
        let bytes = pattern.as_bytes();
        Ok(match kind {
            Kind::Exact => Matcher::Exact(bytes.to_vec()),
            Kind::Prefix => Matcher::Prefix(bytes[..bytes.len() - 2].to_vec()),
            Kind::Suffix => Matcher::Suffix(bytes[2..].to_vec()),
            Kind::Regex => Matcher::Regex(goregex::Regex::parse(&(regex + "$"))?),
        })
    }
}

/// A line as `ReadAll` of moby's ignorefile.go passes it on; `None` for comments and empty lines. Only a `#` that is
/// the very first byte makes a comment.
fn read_line(line: &str) -> Option<String> {
    let trimmed = line.trim();
    if line.starts_with('#') || trimmed.is_empty() {
        return None;
    }
    let (negation, pattern) = match trimmed.strip_prefix('!') {
        Some(pattern) => ("!", pattern.trim()),
        None => ("", trimmed),
    };
    if pattern.is_empty() {
        return Some(negation.to_owned());
    }
    let cleaned = gopath::clean(pattern);
    let relative = cleaned.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&cleaned);
    Some(format!("{negation}{relative}"))
}

/// The folders that hold `path`, outermost first.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(slash, _)| &path[..slash])
}

#[cfg(test)]
mod tests;
