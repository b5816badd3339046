//! Options: how the words of a command line divide into options, their values and operands, given which options are known.
//!
//! It knows conventions (clusters, `--name=value`, `--`), not tools, and notes whatever it cannot be sure of.

use crate::recognize::{Arg, Flag, FlagValue};
use crate::schema::{Action, Operands, Tool};

/// Which options are known, and how they take their value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options<'t> {
    pub(crate) tool: &'t Tool,
    pub(crate) action: Option<&'t Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    GluedValue,
}

impl<'t> Options<'t> {
    /// The values with which an option is understood, if not every one is.
    fn values(self, name: &str) -> Option<&'t [String]> {
        let further = self.action.and_then(|action| action.option_values.get(name));
        self.tool.option_values.get(name).or(further).map(Vec::as_slice)
    }

    fn find(self, name: &str) -> Option<Takes> {
        let has = |own: &[String], further: Option<&Vec<String>>| {
            own.iter().chain(further.into_iter().flatten()).any(|known| known == name)
        };
        if has(&self.tool.options_with_value, self.action.map(|action| &action.options_with_value)) {
            Some(Takes::Value)
        } else if has(
            &self.tool.options_with_glued_value,
            self.action.map(|action| &action.options_with_glued_value),
        ) {
            Some(Takes::GluedValue)
        } else if has(&self.tool.switches, self.action.map(|action| &action.switches)) {
            Some(Takes::Nothing)
        } else {
            None
        }
    }
}

/// Reads words from left to right and keeps the options.
pub(crate) struct Reader<'w, 'a, 't> {
    pub(crate) options: Options<'t>,
    words: &'w [Arg<'a>],
    pub(crate) flags: Vec<Flag>,
    pub(crate) complete: bool,
}

impl<'w, 'a, 't> Reader<'w, 'a, 't> {
    pub(crate) fn new(options: Options<'t>, words: &'w [Arg<'a>]) -> Self {
        Reader { options, words, flags: Vec::new(), complete: true }
    }

    /// Reads options up to the first word that is none, and says which that is. A `--` is not an option.
    pub(crate) fn read_options(&mut self, from: usize) -> usize {
        let mut at = from;
        while let Some(next) = self.read_option(at) {
            at = next;
        }
        if self.words.get(at).is_some_and(|word| !word.is_no_option()) {
            self.complete = false;
        }
        at
    }

    /// Reads all words and gives back the operands.
    pub(crate) fn read_all(&mut self, from: usize) -> Vec<usize> {
        let mut operands = Vec::new();
        let mut at = from;
        if self.options.action.is_some_and(|action| action.bundled_options) {
            at = self.read_bundle(at);
        }
        while let Some(word) = self.words.get(at) {
            if *word == Arg::Literal("--") {
                operands.extend(at + 1..self.words.len());
                break;
            }
            if let Some(next) = self.read_option(at) {
                at = next;
                continue;
            }
            self.complete &= word.is_no_option();
            operands.push(at);
            at += 1;
            if self.options.action.is_some_and(|action| action.operands == Operands::Commands) {
                operands.extend(at..self.words.len());
                break;
            }
        }
        operands
    }

    /// Reads the option at `at` with its value; gives back the index of the word after it.
    fn read_option(&mut self, at: usize) -> Option<usize> {
        let (text, whole) = match *self.words.get(at)? {
            Arg::Literal(text) => (text, true),
            Arg::Prefix(text) => (text, false),
            Arg::Glob(_) | Arg::Dynamic => return None,
        };
        if !text.starts_with('-') || matches!(text, "-" | "--") {
            return None;
        }
        if let Some((name, value)) = text.split_once('=')
            && (text.starts_with("--") || self.options.find(name).is_some())
        {
            self.complete &= self.options.find(name).is_some();
            self.push(at, name, Some(inline(value, whole)));
            return Some(at + 1);
        }
        let known = self.options.find(text).filter(|_| whole);
        if known.is_none() && !text.starts_with("--") {
            return Some(self.read_cluster(at, text, whole));
        }
        if known == Some(Takes::Value) {
            return Some(self.push_with_next_word(at, text));
        }
        self.complete &= known.is_some();
        self.push(at, text, None);
        Some(at + 1)
    }

    /// Reads `-yqq`, `-rfile` and `-20`.
    fn read_cluster(&mut self, at: usize, text: &str, whole: bool) -> usize {
        let letters = &text[1..];
        if whole && letters.bytes().all(|byte| byte.is_ascii_digit()) && self.options.find("-#").is_some() {
            self.push(at, text, None);
            return at + 1;
        }
        for (index, letter) in letters.char_indices() {
            let name = format!("-{letter}");
            let rest = &letters[index + letter.len_utf8()..];
            match self.options.find(&name) {
                Some(Takes::Value) if rest.is_empty() && whole => return self.push_with_next_word(at, &name),
                Some(Takes::Value) => {
                    self.push(at, &name, Some(inline(rest.strip_prefix('=').unwrap_or(rest), whole)));
                    return at + 1;
                }
                Some(Takes::GluedValue) => {
                    let value = (!rest.is_empty() || !whole).then(|| inline(rest, whole));
                    self.push(at, &name, value);
                    return at + 1;
                }
                Some(Takes::Nothing) => self.push(at, &name, None),
                None => {
                    // What follows an unknown letter may be its value.
                    self.complete = false;
                    self.push(at, &format!("-{}", &letters[index..]), None);
                    return at + 1;
                }
            }
        }
        self.complete &= whole;
        at + 1
    }

    /// Reads `xzf file`: each letter that takes a value takes the next of the words that follow.
    fn read_bundle(&mut self, at: usize) -> usize {
        let Some(letters) = self.words.get(at).and_then(|word| word.literal()) else { return at };
        if letters.is_empty() || letters.starts_with('-') {
            return at;
        }
        let mut next = at + 1;
        for letter in letters.chars() {
            let name = format!("-{letter}");
            match self.options.find(&name) {
                Some(Takes::Value) => {
                    self.complete &= self.words.get(next).is_some_and(|word| word.is_one_word());
                    self.push(at, &name, Some(FlagValue::Word(next)));
                    next += 1;
                }
                known => {
                    self.complete &= known.is_some();
                    self.push(at, &name, None);
                }
            }
        }
        next
    }

    fn push_with_next_word(&mut self, at: usize, name: &str) -> usize {
        let next = self.words.get(at + 1);
        self.complete &= next.is_some_and(|word| word.is_one_word());
        self.push(at, name, next.map(|_| FlagValue::Word(at + 1)));
        at + 2
    }

    fn push(&mut self, word: usize, name: &str, value: Option<FlagValue>) {
        if let (Some(allowed), Some(value)) = (self.options.values(name), &value) {
            let text = value.text(self.words);
            self.complete &= text.is_some_and(|text| allowed.iter().any(|pattern| is_value(pattern, text)));
        }
        self.flags.push(Flag { word, name: name.to_owned(), value });
    }
}

/// Whether a value is the one that is named, or begins like it where that ends in `*`.
pub(crate) fn is_value(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(text == pattern, |start| text.starts_with(start))
}

fn inline(text: &str, whole: bool) -> FlagValue {
    if whole { FlagValue::Inline(text.to_owned()) } else { FlagValue::InlinePrefix(text.to_owned()) }
}
