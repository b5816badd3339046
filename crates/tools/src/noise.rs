//! What lies in folders of developers and need not be sent to a build, from `data/noise`. It says what a name is and who needs
//! it; whether a given one can be left out is decided elsewhere.

use std::sync::LazyLock;

use serde::Deserialize;

/// A name that a build context need not hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Noise {
    /// The name; a `*` at its beginning is a wildcard.
    pub name: String,
    /// Where it lies.
    pub place: Where,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// Why it should be left out, as a clause.
    pub why: String,
    /// Names of files beside which it lies, or will lie where it does not yet; a `*` at the beginning is a wildcard.
    #[serde(default)]
    pub beside: Vec<String>,
    /// It is there wherever the repository is, so git need not leave it out.
    #[serde(default)]
    pub in_every_clone: bool,
    /// Who makes it anew in the image. Where this is given, it is noise only behind such a command.
    #[serde(default)]
    pub made_by: Vec<Maker>,
    /// It is noise without such a command, too, as long as nothing names it.
    #[serde(default)]
    pub made_by_or_unnamed: bool,
    /// Commands that need it.
    #[serde(default)]
    pub needed_by: Vec<Need>,
    /// Command words that need it.
    #[serde(default)]
    pub needed_by_commands: Vec<String>,
    /// A build that is not understood may read it without naming it.
    #[serde(default)]
    pub builders_read_it: bool,
    /// Files of the project that may say that it is needed; a `*` at either end is a wildcard.
    #[serde(default)]
    pub told_in: Vec<String>,
    /// How they say so.
    #[serde(default)]
    pub told_by: Vec<String>,
}

/// Where a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// At the root of the context.
    Root,
    /// In any folder.
    Anywhere,
    /// Beside certain files only: elsewhere the name may mean something else.
    Beside,
}

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A folder.
    #[default]
    Folder,
    /// A file.
    File,
}

/// A tool that makes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    /// The tool.
    pub tool: String,
    /// With these actions, in the folder in which they run.
    pub actions: Vec<String>,
}

/// A command that needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The tool.
    pub tool: String,
    /// The action.
    pub action: String,
    /// Not with one of these options.
    pub unless: Vec<String>,
    /// Why, as a clause.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    #[expect(dead_code, reason = "for people")]
    sources: Vec<String>,
    name: Vec<Noise>,
}

/// All names, in the order of the file.
pub fn names() -> &'static [Noise] {
    static NAMES: LazyLock<Vec<Noise>> = LazyLock::new(|| {
        let names: Names =
            toml::from_str(include_str!("../data/noise/names.toml")).expect("a test reads names.toml");
        names.name
    });
    &NAMES
}

impl Noise {
    /// Whether a name is this one.
    pub fn is(&self, name: &str) -> bool {
        matches(&self.name, name)
    }

    /// Whether a file of that name tells where it lies.
    pub fn is_beside(&self, file: &str) -> bool {
        self.beside.iter().any(|pattern| matches(pattern, file))
    }

    /// Whether the text of a file of that name may say that it is needed.
    pub fn asks(&self, file: &str) -> bool {
        self.told_in.iter().any(|pattern| matches(pattern, file))
    }

    /// How the text of such a file says so.
    pub fn told(&self, text: &str) -> Option<&str> {
        self.told_by.iter().map(String::as_str).find(|words| text.contains(words))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_with_their_wildcards() {
        assert!(matches("*.log", "npm-debug.log") && !matches("*.log", "log.txt"));
        assert!(matches("webpack*", "webpack.prod.js") && !matches("webpack*", "my-webpack.js"));
        assert!(matches(".env", ".env") && !matches(".env", ".env.example"));
    }

    #[test]
    fn every_name_has_a_reason_and_says_where_it_lies() {
        assert!(names().len() > 10);
        for noise in names() {
            assert!(!noise.why.is_empty() && !noise.why.ends_with('.'), "{}", noise.name);
            assert_eq!(
                noise.place == Where::Beside,
                noise.place != Where::Anywhere && !noise.beside.is_empty()
            );
        }
    }

    #[test]
    fn a_project_tells_what_needs_its_history() {
        let git = names().iter().find(|noise| noise.name == ".git").unwrap();
        assert_eq!(git.told("VERSION := $(shell git describe --tags)\n"), Some("git describe"));
        assert_eq!(
            git.told("setup(use_scm_version=True, setup_requires=['setuptools_scm'])"),
            Some("setuptools_scm")
        );
        assert_eq!(
            git.told(r#"{ "repository": { "type": "git", "url": "git+https://git.example.org/a/b" } }"#),
            None
        );
        assert!(git.asks("Makefile") && git.asks("release.sh") && !git.asks("README.md"));
    }
}
