//! The JSON array form of an instruction, read with spans and with the tolerance of Go's `encoding/json`. Reads only
//! arrays of strings; it is no general JSON reader.

use std::ops::Range;

/// What the text is, taken as a JSON array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Array {
    /// An array of strings: each with its range (quotes included) and value.
    Strings(Vec<(Range<usize>, String)>),
    /// A valid array with an element that is no string: `BuildKit` refuses it.
    NotStrings(Range<usize>),
    /// No valid array: shell form.
    No,
}

/// Reads `within` of `text`, which must be one array and nothing after it but blanks.
pub(crate) fn array(text: &str, within: Range<usize>) -> Array {
    let mut reader = Reader { bytes: &text.as_bytes()[..within.end], text, at: within.start, depth: 0 };
    // The left trim is Go's TrimLeftFunc(unicode.IsSpace).
    reader.at += text[within.clone()].len() - text[within.clone()].trim_start().len();
    reader.top().unwrap_or(Array::No)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: usize,
}

/// The deepest nesting that is followed. Go follows 10,000 levels, all of which end in the same refusal: an element that is
/// no string.
const MAX_DEPTH: usize = 200;

impl Reader<'_> {
    fn top(&mut self) -> Option<Array> {
        self.eat(b'[')?;
        let mut strings = Vec::new();
        let mut other = None;
        self.blanks();
        if self.eat(b']').is_none() {
            loop {
                self.blanks();
                let start = self.at;
                if self.peek() == Some(b'"') {
                    let value = self.string()?;
                    strings.push((start..self.at, value));
                } else {
                    self.value()?;
                    other.get_or_insert(start..self.at);
                }
                self.blanks();
                match self.next()? {
                    b',' => {}
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.blanks();
        (self.at == self.bytes.len()).then_some(match other {
            Some(range) => Array::NotStrings(range),
            None => Array::Strings(strings),
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.eat(b'"')?;
        let mut value = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | 0..0x20) {
                self.at += 1;
            }
            value.push_str(&self.text[start..self.at]);
            match self.next()? {
                b'"' => return Some(value),
                b'\\' => value.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
                    let mark = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                    }
                    self.at = mark;
                }
                // Go reads a lone surrogate as U+FFFD.
                char::from_u32(high).unwrap_or('\u{fffd}')
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// Skips any JSON value.
    fn value(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            b'"' => drop(self.string()?),
            b'[' => self.sequence(b']', false)?,
            b'{' => self.sequence(b'}', true)?,
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => self.number()?,
        }
        self.depth -= 1;
        Some(())
    }

    fn sequence(&mut self, close: u8, keyed: bool) -> Option<()> {
        self.at += 1;
        self.blanks();
        if self.eat(close).is_some() {
            return Some(());
        }
        loop {
            self.blanks();
            if keyed {
                self.string()?;
                self.blanks();
                self.eat(b':')?;
                self.blanks();
            }
            self.value()?;
            self.blanks();
            match self.next()? {
                b',' => {}
                byte if byte == close => return Some(()),
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// A number that a 64-bit float can hold; Go fails at others, which makes the whole text no array.
    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let value: f64 = self.text[start..self.at].parse().ok()?;
        value.is_finite().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Array {
        array(text, 0..text.len())
    }

    fn strings(text: &str) -> Vec<String> {
        match read(text) {
            Array::Strings(words) => words.into_iter().map(|word| word.1).collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn arrays_of_strings() {
        assert_eq!(strings(r#"["a", "b\n\u00e9"]"#), ["a", "b\né"]);
        assert_eq!(strings("[]"), Vec::<String>::new());
        assert_eq!(strings(r#"  ["\ud800", "\ud83d\ude00"] "#), ["\u{fffd}", "😀"]);
    }

    #[test]
    fn what_is_no_array_is_shell_form() {
        for text in [
            "['a']",
            "[1e999]",
            r#"["a",]"#,
            r#"["a"] b"#,
            "[",
            r#"["a""#,
            "[a]",
            "[01]",
            "\"a\"",
            "[\"a\tb\"]",
        ] {
            assert_eq!(read(text), Array::No, "{text}");
        }
        assert_eq!(read(r#"["a", 1]"#), Array::NotStrings(6..7));
        assert!(matches!(read(r#"[{"a": [null, true, -1.5e3]}]"#), Array::NotStrings(_)));
    }
}
