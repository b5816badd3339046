//! What an instruction inherits from those above it: working directory, user, shell, environment. Follows the file; it does
//! not judge it.

use std::collections::BTreeMap;

use dockopt_syntax::{Body, Escape, Instruction, Word};
use dockopt_tools::bases::Base;

use crate::expand::{Lookup, expand, variables};
use crate::{Known, path};

/// The beginning of the label of a variable that comes from ARG.
pub(crate) const ARGUMENT: &str = "arg\u{1}";

/// The shell that reads RUN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Shell {
    /// `/bin/sh -c`.
    Sh,
    /// bash, with the options that SHELL gives it (`-o pipefail`, `-e`, …).
    Bash(Vec<String>),
    /// Another one, which is not understood.
    Other(String),
}

/// A variable of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value, as far as the file tells.
    pub value: Known<String>,
    /// What the value is made of: equal labels mean equal values.
    pub label: String,
}

/// The state before an instruction.
#[derive(Debug, Clone)]
pub struct State {
    /// The working directory, absolute.
    pub cwd: Known<String>,
    /// The user, as USER names it. Not known for base images that are not known.
    pub user: Known<String>,
    /// The shell.
    pub shell: Shell,
    /// Variables that the file sets, by ENV and ARG.
    pub variables: BTreeMap<String, Variable>,
    /// Whether other variables may be set: by the base image.
    pub inherits_variables: bool,
}

impl State {
    /// The state after FROM of an image.
    pub fn of_image(base: Option<&Base>, scratch: bool) -> Self {
        let shell = match base {
            Some(base) if base.windows => Shell::Other("cmd".to_owned()),
            Some(Base { shell: Some(shell), .. }) => Shell::Other(shell.clone()),
            _ => Shell::Sh,
        };
        let root = || "/".to_owned();
        Self {
            cwd: if scratch { Known::Is(root()) } else { base.and_then(|base| base.workdir.clone()).into() },
            user: if scratch {
                Known::Is("root".to_owned())
            } else {
                base.and_then(|base| base.user.clone()).into()
            },
            shell,
            variables: BTreeMap::new(),
            inherits_variables: !scratch,
        }
    }

    /// Looks a variable up for expansion.
    pub fn lookup(&self, name: &str) -> Lookup {
        match self.variables.get(name) {
            Some(Variable { value: Known::Is(value), .. }) => Lookup::Set(value.clone()),
            Some(_) => Lookup::Unknown,
            None if self.inherits_variables => Lookup::Unknown,
            None => Lookup::Unset,
        }
    }

    /// Whether a variable comes from ARG, so that each build may give it another value.
    pub fn is_argument(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|variable| variable.label.contains(ARGUMENT))
    }

    /// Expands a word of an instruction.
    pub fn expand(&self, word: &str, escape: Escape) -> Known<String> {
        expand(word, escape, &|name| self.lookup(name))
    }

    /// What a word is made of: its text, with the labels of the variables that it mentions. Quotes are no part of it where each
    /// variable stands for its value and nothing else.
    pub(crate) fn label(&self, word: &str, escape: Escape) -> String {
        if let Known::Is(value) = self.expand(word, escape) {
            return value;
        }
        let with_names = || {
            expand(word, escape, &|name| match self.lookup(name) {
                Lookup::Unknown => Lookup::Set(format!("\u{1}${name}\u{2}")),
                known => known,
            })
        };
        // In `${name:-word}` it is more than a value that is not known.
        let is_plain = word.split("${").skip(1).all(|rest| {
            rest.split_once('}')
                .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        });
        let mut label = match with_names() {
            Known::Is(text) if is_plain => text,
            _ => word.to_owned(),
        };
        for name in variables(word, escape) {
            label.push('\u{1}');
            label.push_str(&name);
            if let Some(variable) = self.variables.get(&name) {
                label.push('\u{2}');
                label.push_str(&variable.label);
            }
        }
        label
    }

    fn set(&mut self, name: &str, word: &Word, escape: Escape, before: &Self) {
        let variable =
            Variable { value: before.expand(&word.text, escape), label: before.label(&word.text, escape) };
        self.variables.insert(name.to_owned(), variable);
    }

    /// Applies an instruction of the stage. `global` are the ARGs above the first FROM.
    pub fn apply(&mut self, instruction: &Instruction, escape: Escape, global: &BTreeMap<String, Variable>) {
        match &instruction.body {
            Body::Env(pairs) => {
                let before = self.clone();
                for pair in pairs {
                    let (Known::Is(key), Some(value)) = (before.expand(&pair.key.text, escape), &pair.value)
                    else {
                        // A name that is not known may be any.
                        self.inherits_variables = true;
                        self.variables.clear();
                        continue;
                    };
                    self.set(&key, value, escape, &before);
                }
            }
            Body::Arg(pairs) => {
                let before = self.clone();
                for pair in pairs {
                    let name = pair.key.text.as_str();
                    // `--build-arg` may give it any value, so the value is never known; the default is part of the label.
                    let mut label = match (&pair.value, global.get(name)) {
                        (Some(value), _) => before.label(&value.text, escape),
                        (None, Some(global)) => global.label.clone(),
                        (None, None) => String::new(),
                    };
                    label.insert_str(0, ARGUMENT);
                    self.variables.insert(name.to_owned(), Variable { value: Known::Unknown, label });
                }
            }
            Body::Workdir(word) => {
                self.cwd = match (self.expand(&word.text, escape), &self.cwd) {
                    (Known::Is(to), _) if to.starts_with('/') => Known::Is(path::resolve("/", &to)),
                    (Known::Is(to), Known::Is(cwd)) => Known::Is(path::resolve(cwd, &to)),
                    _ => Known::Unknown,
                };
            }
            Body::User(word) => self.user = self.expand(&word.text, escape),
            Body::Shell(words) => self.shell = shell(words),
            _ => {}
        }
    }
}

fn shell(words: &[Word]) -> Shell {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match texts.as_slice() {
        ["/bin/sh" | "sh" | "/bin/ash" | "ash" | "/bin/dash", "-c"] => Shell::Sh,
        ["/bin/bash" | "bash" | "/usr/bin/bash", options @ .., last] if is_bash_tail(options, last) => {
            let mut options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
            options.push((*last).to_owned());
            Shell::Bash(options)
        }
        _ => Shell::Other(texts.join(" ")),
    }
}

/// The options that change only how failures end a script; `-c` comes last, alone or in a cluster.
fn is_bash_tail(options: &[&str], last: &str) -> bool {
    let cluster = |word: &str| {
        word.strip_prefix('-')
            .is_some_and(|letters| letters.chars().all(|c| matches!(c, 'e' | 'u' | 'x' | 'o' | 'c' | 'l')))
    };
    last.ends_with('c')
        && cluster(last)
        && options
            .iter()
            .all(|&option| cluster(option) || matches!(option, "pipefail" | "errexit" | "nounset" | "xtrace"))
}

impl Shell {
    /// Whether a command that fails in a `;` list ends the script.
    pub fn exits_on_error(&self) -> bool {
        match self {
            Self::Bash(options) => options.iter().any(|option| {
                option == "errexit"
                    || (option.starts_with('-') && !option.starts_with("--") && option.contains('e'))
            }),
            _ => false,
        }
    }

    /// Whether it is bash with no option but `pipefail`.
    pub fn only_fails_pipes(&self) -> bool {
        matches!(self, Self::Bash(options) if matches!(options.iter().map(String::as_str).collect::<Vec<_>>()[..], ["-o", "pipefail", "-c"]))
    }

    /// Whether a pipeline fails with any of its commands.
    pub fn fails_pipes(&self) -> bool {
        matches!(self, Self::Bash(options) if options.iter().any(|option| option == "pipefail"))
    }

    /// One text for it, for labels.
    pub fn label(&self) -> String {
        match self {
            Self::Sh => "sh".to_owned(),
            Self::Bash(options) => format!("bash {}", options.join(" ")),
            Self::Other(words) => words.clone(),
        }
    }
}
