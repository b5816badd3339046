//! The installs of a file that name packages, and the versions that these have in an image that somebody built. Must not guess a
//! version.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use dockopt_shell::{Simple, Word};
use dockopt_tools::{Database, Exact, Invocation, Named, Role};

use crate::reference::Reference;
use crate::stages::{self, Parent, Stage};
use crate::{Known, Model, Script};

/// What was found in images, by the label of the stage.
pub type Packages = BTreeMap<String, Built>;

/// What was found in the image of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Built {
    /// The image that it was built from, by tag.
    pub from: String,
    /// What is known of packages, by database and name in one spelling.
    pub packages: BTreeMap<(Database, String), Found>,
}

/// What is known of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its version.
    Version {
        /// The version that is to be written.
        now: String,
        /// A version that was written by dockopt and is to be replaced.
        before: Option<String>,
    },
    /// It is to be left as it is: why, as a clause for the author.
    Left(String),
}

/// A command that installs packages by their names.
pub struct Install<'m, 'a> {
    /// The stage.
    pub stage: usize,
    /// Its RUN.
    pub instruction: usize,
    /// The script of that.
    pub script: &'m Script<'a>,
    /// The command.
    pub simple: &'m Simple,
    /// What it does.
    pub invocation: Rc<Invocation<'a>>,
    /// How it names a package in one version.
    pub exact: &'a Exact,
}

impl Install<'_, '_> {
    /// Whether no image comes of it where it fails. Else a version that is gone would leave an image without the package.
    pub fn is_decisive(&self) -> bool {
        self.script.must_succeed(self.simple)
    }

    /// The packages that it takes in whatever version there is.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.operands().filter_map(|(_, named)| match named {
            Named::Package(name) => Some(name),
            _ => None,
        })
    }

    /// The packages that it takes in one version: the range of the script from behind the name to the end of the version, the name, and
    /// the version.
    pub fn versions(&self) -> impl Iterator<Item = (Range<usize>, &str, &str)> {
        self.operands().filter_map(|(word, named)| match named {
            Named::Version(name, version) => {
                let end = self.end_of_text(word);
                Some((end - self.exact.joined_by.len() - version.len()..end, name, version))
            }
            _ => None,
        })
    }

    /// Where the text of a word ends: before its closing quotes.
    pub fn end_of_text(&self, word: &Word) -> usize {
        let text = &self.script.text()[word.span.clone()];
        word.span.start + text.trim_end_matches(['"', '\'']).len()
    }

    /// The operands that are written out, where every word is understood.
    fn operands(&self) -> impl Iterator<Item = (&Word, Named<'_>)> {
        let operands = self.invocation.operands.iter().filter(|_| self.invocation.complete);
        operands.filter_map(|&operand| {
            let word = &self.simple.words[operand];
            Some((word, self.exact.read(word.literal.as_deref()?)))
        })
    }
}

/// The installs of a file, in order.
pub fn installs<'m, 'a>(model: &'m Model<'a>) -> Vec<Install<'m, 'a>> {
    let mut found = Vec::new();
    for (stage, own) in model.stages.iter().enumerate() {
        for instruction in own.instructions.clone() {
            let Ok(script) = model.script(instruction) else { continue };
            dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
                let Some(invocation) = script.recognize(simple) else { return };
                let Some(action) = invocation.action.filter(|action| action.role == Role::Install) else {
                    return;
                };
                if let Some(exact) = &action.exact {
                    found.push(Install { stage, instruction, script, simple, invocation, exact });
                }
            });
        }
    }
    found
}

/// What others call a stage: its name, or its number where it has none of its own.
pub fn label(stages: &[Stage], stage: usize) -> String {
    let is_own =
        |name: &&String| stages.iter().filter(|other| other.name.as_ref() == Some(name)).count() == 1;
    stages[stage].name.as_ref().filter(is_own).cloned().unwrap_or_else(|| stage.to_string())
}

/// The image that a stage goes back to, by tag: a digest may change without another version of anything. None where it is not known, or
/// where there is none.
pub fn from(all: &[Stage], stage: usize) -> Option<String> {
    let Some(Parent::Image { name: Known::Is(name), .. }) = stages::origin(all, stage) else { return None };
    let reference = Reference::parse(name).ok()?;
    Some(reference.by_tag().unwrap_or(reference).to_string())
}
