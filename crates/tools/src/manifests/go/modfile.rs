//! The text of go.mod, go.work and go.sum, as far as a download depends on it. Looks at no file.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A go.mod or a go.work.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ModFile {
    /// The version of the language, if it is given.
    pub(super) go: Option<String>,
    /// Modules and their versions.
    pub(super) requires: Vec<Module>,
    pub(super) excludes: Vec<Module>,
    pub(super) replaces: Vec<Replace>,
    /// The folders of a workspace.
    pub(super) uses: Vec<String>,
}

/// A module in a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Module {
    pub(super) path: String,
    pub(super) version: String,
}

/// What stands for a module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replace {
    path: String,
    /// Only this version of it.
    version: Option<String>,
    pub(super) by: Target,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Folder(String),
    Module(Module),
}

impl ModFile {
    /// Reads the text; the error says which line is of no form that is known, as a clause (Go Modules Reference, "Lexical elements", "Grammar").
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut file = Self::default();
        let mut block: Option<String> = None;
        for line in text.lines() {
            let words = words(line).ok_or_else(|| unreadable(line))?;
            match (words.as_slice(), &block) {
                ([], _) => {}
                ([end], Some(_)) if end == ")" => block = None,
                (words, Some(directive)) => {
                    file.directive(directive, words).ok_or_else(|| unreadable(line))?;
                }
                ([directive, open], None) if open == "(" => block = Some(directive.clone()),
                ([directive, words @ ..], None) => {
                    file.directive(directive, words).ok_or_else(|| unreadable(line))?;
                }
            }
        }
        Ok(file)
    }

    fn directive(&mut self, directive: &str, words: &[String]) -> Option<()> {
        match (directive, words) {
            ("go", [version]) => self.go = Some(version.clone()),
            ("require", [path, version]) => self.requires.push(Module::new(path, version)),
            ("exclude", [path, version]) => self.excludes.push(Module::new(path, version)),
            ("use", [folder]) => self.uses.push(folder.clone()),
            ("replace", words) => {
                let arrow = words.iter().position(|word| word == "=>")?;
                let (old, new) = (&words[..arrow], &words[arrow + 1..]);
                let (path, version) = match old {
                    [path] => (path, None),
                    [path, version] => (path, Some(version.clone())),
                    _ => return None,
                };
                let by = match new {
                    [folder] => Target::Folder(folder.clone()),
                    [path, version] => Target::Module(Module::new(path, version)),
                    _ => return None,
                };
                self.replaces.push(Replace { path: path.clone(), version, by });
            }
            // These change nothing of what is fetched and where from.
            ("module" | "toolchain" | "retract" | "tool" | "godebug" | "ignore", _) => {}
            _ => return None,
        }
        Some(())
    }

    /// What stands for a module: a replacement of this version goes before one of all versions.
    pub(super) fn replacement(&self, module: &Module) -> Option<&Target> {
        let of = |version: Option<&str>| {
            self.replaces
                .iter()
                .find(|one| one.path == module.path && one.version.as_deref() == version)
                .map(|one| &one.by)
        };
        of(Some(&module.version)).or_else(|| of(None))
    }
}

impl Module {
    fn new(path: &str, version: &str) -> Self {
        Self { path: path.to_owned(), version: version.to_owned() }
    }

    /// Is the version one that the go command leaves as it is: `v1.2.3`, `v0.0.0-20240102030405-abcdef012345`, `v2.0.0+incompatible`?
    pub(super) fn is_canonical(&self) -> bool {
        let Some((numbers, rest)) = split(&self.version) else { return false };
        numbers.len() == 3 && matches!(rest, "" | "+incompatible") | rest.starts_with('-')
    }

    /// How its version compares with another's; `None` where that is not certain.
    pub(super) fn compare(&self, other: &str) -> Option<Ordering> {
        let (left, before) = split(&self.version)?;
        let (right, after) = split(other)?;
        let before = before.trim_end_matches("+incompatible");
        let after = after.trim_end_matches("+incompatible");
        Some(left.cmp(&right).then(match (before, after) {
            (before, after) if before == after => Ordering::Equal,
            // A release goes before what led to it.
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            // Time stamps of pseudo-versions of one base have the same length.
            (before, after) if is_pseudo(before) && is_pseudo(after) => before.cmp(after),
            _ => return None,
        }))
    }
}

/// The numbers of a version, and what follows them.
fn split(version: &str) -> Option<(Vec<u64>, &str)> {
    let version = version.strip_prefix('v')?;
    let end = version.find(['-', '+']).unwrap_or(version.len());
    let numbers: Option<Vec<u64>> = version[..end].split('.').map(|number| number.parse().ok()).collect();
    Some((numbers?, &version[end..]))
}

/// `-20240102030405-abcdef012345`
fn is_pseudo(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() == 28 && bytes[15] == b'-' && bytes[1..15].iter().all(u8::is_ascii_digit)
}

/// Is language version `go` at least `1.minor`? A `1.21rc1` is not taken for 1.21.
pub(super) fn is_at_least(go: &str, minor: u32) -> bool {
    go.strip_prefix("1.").is_some_and(|rest| {
        let number = rest.split('.').next().unwrap_or(rest);
        number.parse::<u32>().is_ok_and(|own| own >= minor)
    })
}

/// Of a go.sum: by module, the versions whose go.mod has a hash.
pub(super) fn hashed(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some(path), Some(version)) = (words.next(), words.next())
            && let Some(version) = version.strip_suffix("/go.mod")
        {
            found.entry(path).or_default().push(version);
        }
    }
    found
}

/// The words of a line without its comment; `None` for one with a quote that is left open. Quoted words have no escapes here.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with("//") {
        let (word, after) = if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '`')) {
            let end = rest[1..].find(quote)? + 1;
            if rest[1..end].contains('\\') {
                return None;
            }
            (&rest[1..end], &rest[end + 1..])
        } else if let Some(after) = rest.strip_prefix(['(', ')']) {
            (&rest[..1], after)
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Some(words)
}

fn unreadable(line: &str) -> String {
    format!("the line `{}` is of a form that dockopt does not read", line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_blocks_and_comments() {
        let file = ModFile::parse(
            "module example.com/shop // the shop\n\ngo 1.22.0\ntoolchain go1.22.3\n\nrequire (\n\tgithub.com/lib/pq v1.10.9\n\t\"golang.org/x/net\" v0.24.0 // indirect\n)\nrequire example.com/sdk v0.0.0\n\
             replace example.com/sdk => ./sdk\nreplace golang.org/x/net v0.24.0 => example.com/net v1.0.0\nretract [v1.0.0, v1.1.0]\nexclude example.com/sdk v0.1.0\ntool example.com/x/cmd/gen\n",
        )
        .unwrap();
        assert_eq!(file.go.as_deref(), Some("1.22.0"));
        let requires: Vec<String> =
            file.requires.iter().map(|one| format!("{}@{}", one.path, one.version)).collect();
        assert_eq!(
            requires,
            ["github.com/lib/pq@v1.10.9", "golang.org/x/net@v0.24.0", "example.com/sdk@v0.0.0"]
        );
        assert_eq!(file.replacement(&file.requires[0]), None);
        assert_eq!(
            file.replacement(&file.requires[1]),
            Some(&Target::Module(Module::new("example.com/net", "v1.0.0")))
        );
        assert_eq!(file.replacement(&file.requires[2]), Some(&Target::Folder("./sdk".into())));
        assert_eq!(file.replacement(&Module::new("golang.org/x/net", "v0.25.0")), None);
        let work = ModFile::parse("go 1.22\nuse (\n\t./api\n\t.\n)\n").unwrap();
        assert_eq!(work.uses, ["./api", "."]);
        for broken in ["require a", "replace a => ", "vendor all", "require \"a v1.0.0"] {
            assert!(ModFile::parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn versions() {
        let canonical = |version: &str| Module::new("m", version).is_canonical();
        assert!(canonical("v1.2.3") && canonical("v0.0.0-20240102030405-abcdef012345"));
        assert!(canonical("v2.0.0+incompatible") && canonical("v1.0.0-rc.1"));
        assert!(
            !canonical("v1.2") && !canonical("master") && !canonical("1.2.3") && !canonical("v1.2.3+meta")
        );
        for (left, right, expected) in [
            ("v1.2.3", "v1.10.0", Some(Ordering::Less)),
            ("v1.2.3", "v1.2.3-rc.1", Some(Ordering::Greater)),
            (
                "v0.0.0-20240102030405-abcdef012345",
                "v0.0.0-20230102030405-abcdef012345",
                Some(Ordering::Greater),
            ),
            ("v1.0.0-rc.9", "v1.0.0-rc.10", None),
            ("v2.0.0+incompatible", "v2.0.0", Some(Ordering::Equal)),
        ] {
            assert_eq!(Module::new("m", left).compare(right), expected, "{left} {right}");
        }
        assert!(is_at_least("1.17", 17) && is_at_least("1.22.3", 17));
        assert!(!is_at_least("1.16", 17) && !is_at_least("1.21rc1", 17) && !is_at_least("2", 17));
    }

    #[test]
    fn sums() {
        let text = "a.com/x v1.0.0 h1:aa=\na.com/x v1.0.0/go.mod h1:bb=\na.com/x v0.9.0/go.mod h1:cc=\n";
        assert_eq!(hashed(text)["a.com/x"], ["v1.0.0", "v0.9.0"]);
    }
}
