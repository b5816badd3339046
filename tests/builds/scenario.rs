//! Scenarios of the builder's cache as data: a project, an edit, and which steps of the second build come from the cache. They
//! stand in `cache.toml`. A simulator of the cache is to be held to the same data; must not build.

use serde::Deserialize;

use crate::project::{Edit, Project};

/// A build, an edit, and what the build after it takes from the cache.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Scenario {
    /// Its name, for messages and the page of facts.
    pub(crate) name: String,
    /// What it shows, as a sentence without its full stop.
    pub(crate) fact: String,
    /// What is built.
    #[serde(flatten)]
    pub(crate) project: Project,
    /// Further arguments of the build; `{context}` is the folder.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// What changes then.
    #[serde(default)]
    pub(crate) edit: Edit,
    /// The steps of the second build.
    pub(crate) steps: Vec<Expected>,
}

/// What is expected of a step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Expected {
    /// Whether it comes from the cache.
    pub(crate) outcome: Outcome,
    /// How the instruction begins.
    pub(crate) instruction: String,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It came from the cache.
    Cached,
    /// It ran.
    Ran,
}

impl Outcome {
    /// As scenarios and pages write it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Ran => "ran",
        }
    }
}

impl TryFrom<String> for Expected {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (word, instruction) = text.split_once(' ').unwrap_or((&text, ""));
        let outcomes = [Outcome::Cached, Outcome::Ran];
        let outcome = outcomes.into_iter().find(|outcome| outcome.word() == word);
        let outcome = outcome.ok_or_else(|| format!("`{text}` begins with neither `cached` nor `ran`"))?;
        Ok(Self { outcome, instruction: instruction.to_owned() })
    }
}

/// All scenarios, in the order in which they are written down.
pub(crate) fn all() -> Vec<Scenario> {
    #[derive(Deserialize)]
    struct File {
        scenario: Vec<Scenario>,
    }
    toml::from_str::<File>(include_str!("cache.toml")).expect("cache.toml is valid").scenario
}

#[test]
fn names_of_scenarios_are_different_and_facts_are_sentences() {
    let scenarios = all();
    assert!(scenarios.len() >= 30);
    let mut names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), scenarios.len());
    for Scenario { name, fact, .. } in &scenarios {
        assert!(!fact.ends_with('.') && !fact.contains('|'), "{name}: {fact}");
    }
}
