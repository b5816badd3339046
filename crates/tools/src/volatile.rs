//! Files of an image that differ between any two builds of the same text, such as logs. Must not name a file that a program
//! in the container depends on.

use std::sync::LazyLock;

use serde::Deserialize;

/// Files that differ between any two builds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Volatile {
    /// What they are.
    pub sort: Sort,
    /// Why they differ, as a clause.
    pub why: String,
    /// Patterns of absolute paths; `~` is a home folder, `*` and `**` are as in `.gitignore`.
    pub paths: Vec<String>,
    /// Where it is stated, or the run that showed it.
    pub sources: Vec<String>,
}

/// What volatile files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// What a program wrote about its own work.
    Log,
    /// What a program keeps for its own next run, and does without.
    State,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    files: Vec<Volatile>,
}

/// All that are known.
pub fn all() -> &'static [Volatile] {
    static ALL: LazyLock<Vec<Volatile>> = LazyLock::new(|| {
        let file: File =
            toml::from_str(include_str!("../data/images/volatile.toml")).expect("a test reads the file");
        file.files
    });
    &ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_absolute_and_deep_and_have_a_source() {
        for group in all() {
            assert!(
                !group.paths.is_empty() && !group.sources.is_empty() && !group.why.is_empty(),
                "{group:?}"
            );
            for path in &group.paths {
                let named = path.strip_prefix("/**").unwrap_or(path);
                let parts: Vec<&str> = named.split('/').collect();
                assert!(path.starts_with('/') || path.starts_with("~/"), "{path}");
                assert!(
                    parts.len() > 2 && parts.iter().skip(1).take(2).all(|part| !part.contains('*')),
                    "{path}"
                );
            }
        }
    }
}
