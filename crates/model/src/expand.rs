//! Variable expansion in the arguments of instructions, as `BuildKit` does it (grammar, rule 24). It expands for the
//! builder; what a shell would expand is not its business.

use dockopt_syntax::Escape;

use crate::Known;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It has this value.
    Set(String),
    /// It is certainly not set.
    Unset,
    /// It may be set, to anything.
    Unknown,
}

/// Expands `word`, removing quotes. Unknown where a variable is, or where the form is one of the rare ones
/// (`${v#p}`, `${v/p/r}`), which no decision needs.
pub fn expand(word: &str, escape: Escape, lookup: &dyn Fn(&str) -> Lookup) -> Known<String> {
    let mut expander = Expander { chars: word.chars().peekable(), escape: escape.char(), lookup, depth: 0 };
    expander.until(None).into()
}

/// The names of the variables that `word` mentions.
pub fn variables(word: &str, escape: Escape) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    // An unknown value ends the expansion, so every name is given a value.
    let _ = expand(word, escape, &|name| {
        names.borrow_mut().push(name.to_owned());
        Lookup::Set(String::new())
    });
    names.into_inner()
}

struct Expander<'w, 'l> {
    chars: std::iter::Peekable<std::str::Chars<'w>>,
    escape: char,
    lookup: &'l dyn Fn(&str) -> Lookup,
    depth: usize,
}

/// Nesting of `${a:-${b}}` that is followed.
const MAX_DEPTH: usize = 50;

impl Expander<'_, '_> {
    fn until(&mut self, stop: Option<char>) -> Option<String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut result = String::new();
        loop {
            let Some(c) = self.chars.next() else {
                if stop.is_some() {
                    return None;
                }
                break;
            };
            if Some(c) == stop {
                break;
            }
            match c {
                '\'' => loop {
                    match self.chars.next()? {
                        '\'' => break,
                        c => result.push(c),
                    }
                },
                '"' => self.double_quoted(&mut result)?,
                '$' => result.push_str(&self.variable()?),
                c if c == self.escape => result.extend(self.chars.next()),
                c => result.push(c),
            }
        }
        self.depth -= 1;
        Some(result)
    }

    fn double_quoted(&mut self, result: &mut String) -> Option<()> {
        loop {
            match self.chars.next()? {
                '"' => return Some(()),
                '$' => result.push_str(&self.variable()?),
                c if c == self.escape => {
                    let escape = self.escape;
                    match self.chars.next_if(|&next| next == '"' || next == '$' || next == escape) {
                        Some(next) => result.push(next),
                        None => result.push(c),
                    }
                }
                c => result.push(c),
            }
        }
    }

    fn variable(&mut self) -> Option<String> {
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name();
            return if name.is_empty() {
                Some("$".to_owned())
            } else {
                self.value(&name)?.or(Some(String::new()))
            };
        }
        let name = self.name();
        let value = self.value(&name);
        let mut operator = self.chars.next()?;
        if operator == '}' {
            return value?.or(Some(String::new()));
        }
        let empty_counts = operator == ':';
        if empty_counts {
            operator = self.chars.next()?;
        }
        let word = self.until(Some('}'))?;
        let value = value?.filter(|value| !(empty_counts && value.is_empty()));
        match (operator, value) {
            ('-', None) => Some(word),
            ('-' | '?', Some(value)) => Some(value),
            ('+', Some(_)) => Some(word),
            ('+', None) => Some(String::new()),
            _ => None,
        }
    }

    /// `None`: not known. `Some(None)`: not set.
    #[allow(clippy::option_option)] // the three states of a lookup, for `?`
    fn value(&self, name: &str) -> Option<Option<String>> {
        match (self.lookup)(name) {
            Lookup::Set(value) => Some(Some(value)),
            Lookup::Unset => Some(None),
            Lookup::Unknown => None,
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.chars.next_if(|&c| c.is_alphanumeric() || c == '_') {
            name.push(c);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(word: &str) -> Known<String> {
        expand(word, Escape::Backslash, &|name| match name {
            "A" => Lookup::Set("1.2".to_owned()),
            "E" => Lookup::Set(String::new()),
            "N" => Lookup::Unset,
            _ => Lookup::Unknown,
        })
    }

    #[test]
    fn forms() {
        for (word, expected) in [
            ("x$A", "x1.2"),
            ("${A}y", "1.2y"),
            ("${N:-d}", "d"),
            ("${E:-d}", "d"),
            ("${E-d}", ""),
            ("${N:-${A}}", "1.2"),
            ("${A:+set}", "set"),
            ("'$A'", "$A"),
            ("\"$A b\"", "1.2 b"),
            ("\\$A", "$A"),
            ("a$", "a$"),
            ("$N", ""),
        ] {
            assert_eq!(run(word), Known::Is(expected.to_owned()), "{word}");
        }
        for word in ["$U", "${U:-x}", "${A#1}", "${A/1/2}", "'open", "${A"] {
            assert_eq!(run(word), Known::Unknown, "{word}");
        }
        assert_eq!(variables("$A/${B:-$C}", Escape::Backslash), ["A", "B", "C"]);
    }
}
