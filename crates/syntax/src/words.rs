//! Splitting the arguments of an instruction into words. Three splitters, because `BuildKit` has three: by white space,
//! by words with quotes kept (ENV, LABEL, ARG), and leading flags. Ranges are offsets in the text given.

use std::ops::Range;

use crate::Escape;

/// A blank that separates keyword and words: Go's `[\t\v\f\r ]`.
pub fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Go's `unicode.IsSpace`.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

/// Words between blanks; quotes mean nothing here.
pub(crate) fn whitespace(text: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text[within.clone()].char_indices() {
        let at = within.start + at;
        match (is_blank(c), start) {
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| from..within.end));
    words
}

/// A word of ENV, LABEL or ARG: where it stands, and its text. The text differs from the range only where an escape token
/// ends the line, which is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotedWord {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// Words that may hold quoted blanks; quotes and escapes are kept in the text.
pub(crate) fn quoted(text: &str, within: Range<usize>, escape: Escape) -> Vec<QuotedWord> {
    let mut words = Vec::new();
    let mut chars = text[within.clone()].char_indices().map(|(at, c)| (within.start + at, c)).peekable();
    let mut start = None;
    let mut word = String::new();
    let mut quote: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && is_space(c) {
            if let Some(from) = start.take() {
                words.push(QuotedWord { range: from..at, text: std::mem::take(&mut word) });
            }
            continue;
        }
        start.get_or_insert(at);
        let escapes = c == escape.char() && quote != Some('\'');
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        if escapes {
            // A token at the very end escapes nothing and is dropped.
            let Some((_, next)) = chars.next() else { break };
            word.push(c);
            word.push(next);
        } else {
            word.push(c);
        }
    }
    if let Some(from) = start.filter(|_| !word.is_empty()) {
        words.push(QuotedWord { range: from..within.end, text: word });
    }
    words
}

/// A byte that Go's `unicode.IsSpace` takes for a blank when a line is scanned byte by byte: 0x85 and 0xA0 are, so that
/// such a scan may cut a character in two.
pub(crate) fn is_blank_byte(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0)
}

/// A leading `--flag`, after quote removal. The scan goes byte by byte and takes every byte for a character, so that text
/// beyond ASCII comes out as Latin-1: that is the value `BuildKit` uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlagWord {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// Takes the leading flags off: them, and the rest (left-trimmed). `None` where the rest would begin inside a
/// character.
pub(crate) fn flags(
    text: &str,
    within: Range<usize>,
    escape: Escape,
) -> Option<(Vec<FlagWord>, Range<usize>)> {
    let bytes = text.as_bytes();
    let escape = escape.char() as u8;
    let mut found = Vec::new();
    let mut at = within.start;
    loop {
        while at < within.end && is_blank_byte(bytes[at]) {
            at += 1;
        }
        if !bytes[at..within.end].starts_with(b"--") {
            return text.get(at..within.end).map(|_| (found, at..within.end));
        }
        let start = at;
        let mut word = String::new();
        let mut quote = None;
        let mut quoted = false;
        while at < within.end {
            let byte = bytes[at];
            match quote {
                None if is_blank_byte(byte) => break,
                None if byte == b'\'' || byte == b'"' => {
                    quote = Some(byte);
                    quoted = true;
                    at += 1;
                    continue;
                }
                Some(open) if byte == open => {
                    quote = None;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            if byte == escape {
                at += 1;
                if at >= within.end {
                    break;
                }
            }
            word.push(char::from(bytes[at]));
            at += 1;
        }
        let at_end = at >= within.end;
        if word == "--" {
            return text.get(at..within.end).map(|_| (found, at..within.end));
        }
        if quoted || !word.is_empty() {
            // The blank that ends the flag may be the last byte of a character; the flag has the whole of it.
            let end = text.ceil_char_boundary(at);
            found.push(FlagWord { range: start..end, text: word });
        }
        if at_end {
            return Some((found, within.end..within.end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_keep_quotes_and_blanks() {
        let texts = |text: &str| {
            quoted(text, 0..text.len(), Escape::Backslash)
                .into_iter()
                .map(|word| word.text)
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(r#"a="b c" d\ e=f 'g h'"#), [r#"a="b c""#, r"d\ e=f", "'g h'"]);
        assert_eq!(texts(r"a=b\"), ["a=b"]);
        assert_eq!(texts(r#"a="x\" y" b"#), [r#"a="x\" y""#, "b"]);
    }

    #[test]
    fn flags_stop_at_the_first_other_word() {
        let text = r#"--mount=type=cache,target="/a b" --link -- x"#;
        let (found, rest) = flags(text, 0..text.len(), Escape::Backslash).expect("no cut");
        assert_eq!(
            found.iter().map(|f| f.text.as_str()).collect::<Vec<_>>(),
            ["--mount=type=cache,target=/a b", "--link"]
        );
        assert_eq!(&text[rest], " x");
    }

    #[test]
    fn flags_are_scanned_byte_by_byte() {
        let text = "--chown=é\u{a0}x";
        let (found, rest) = flags(text, 0..text.len(), Escape::Backslash).expect("the rest is whole");
        assert_eq!(found[0].text, "--chown=Ã©Â");
        assert_eq!(&text[found[0].range.clone()], "--chown=é\u{a0}");
        assert_eq!(&text[rest], "x");
        assert_eq!(flags("--a=\u{2800}", 0..7, Escape::Backslash), None, "its second byte is 0xA0");
    }
}
