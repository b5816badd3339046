//! Physical lines: their ends, the parser directives at the top, comments, and the continuation rule. Does not look inside
//! an instruction.

use crate::{Span, SyntaxError};

/// The longest line that `BuildKit` reads, in bytes without its LF (Go's `bufio.MaxScanTokenSize` less one).
const MAX_LINE: usize = 65_535;

/// The escape token of the file, from `# escape=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escape {
    /// `\`, the default.
    #[default]
    Backslash,
    /// `` ` ``, used with Windows paths.
    Backtick,
}

impl Escape {
    /// The character itself.
    pub const fn char(self) -> char {
        match self {
            Self::Backslash => '\\',
            Self::Backtick => '`',
        }
    }
}

/// Which parser directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `# syntax=`: the frontend image that reads the file.
    Syntax,
    /// `# escape=`.
    Escape,
    /// `# check=`: configuration of the build checks.
    Check,
}

/// A parser directive at the top of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Which one.
    pub kind: DirectiveKind,
    /// Its value, trimmed.
    pub value: String,
    /// The value in the source.
    pub span: Span,
}

/// One physical line of the source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// With its line end.
    pub(crate) full: Span,
    /// Without the trailing run of CR and LF, and without the byte order mark.
    pub(crate) content: Span,
}

/// The lines of `text`: they end at LF alone, and the last one may have no end.
pub(crate) fn split(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive('\n') {
        let full = Span::new(start, start + piece.len());
        start = full.end;
        let skip = if full.start == 0 && piece.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let trimmed = piece.trim_end_matches(['\r', '\n']).len().max(skip);
        lines.push(Line { full, content: Span::new(full.start + skip, full.start + trimmed) });
    }
    lines
}

/// The lines that are too long for `BuildKit`.
pub(crate) fn too_long(text: &str, lines: &[Line]) -> Option<SyntaxError> {
    let long = lines.iter().find(|line| line.full.of(text).trim_end_matches('\n').len() > MAX_LINE)?;
    Some(SyntaxError::new(
        Span::new(long.content.start, long.content.start),
        format!("this line has {} bytes; BuildKit reads lines of at most {MAX_LINE}", long.full.len()),
        "move the long text into a file and COPY it",
    ))
}

/// Whether the line is a comment: `#` is its first character that is not blank.
pub(crate) fn is_comment(content: &str) -> bool {
    content.trim_start().starts_with('#')
}

/// Cuts a continuation off: the text before the escape token, and whether the instruction goes on. The token continues the
/// line when only blanks and tabs follow it and the character before it is not the token itself.
pub(crate) fn continuation(content: &str, escape: Escape) -> (usize, bool) {
    let trimmed = content.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape.char()) {
        Some(before) if !before.ends_with(escape.char()) => (before.len(), true),
        _ => (content.len(), false),
    }
}

/// Reads the parser directives: from the first line on, while each line is one.
pub(crate) fn directives(
    text: &str,
    lines: &[Line],
    errors: &mut Vec<SyntaxError>,
) -> (Vec<Directive>, Escape) {
    let mut found: Vec<Directive> = Vec::new();
    let mut escape = Escape::default();
    for line in lines {
        let Some((kind, span)) = directive(text, line.content) else { break };
        let value = span.of(text).to_owned();
        if found.iter().any(|known| known.kind == kind) {
            errors.push(SyntaxError::new(
                line.content,
                "this parser directive stands here for the second time",
                "keep one of the two",
            ));
            break;
        }
        if kind == DirectiveKind::Escape {
            escape = match value.as_str() {
                "\\" => Escape::Backslash,
                "`" => Escape::Backtick,
                _ => {
                    errors.push(SyntaxError::new(
                        span,
                        format!("the escape token cannot be `{value}`"),
                        "write \\ or `",
                    ));
                    break;
                }
            };
        }
        found.push(Directive { kind, value, span });
    }
    (found, escape)
}

fn directive(text: &str, content: Span) -> Option<(DirectiveKind, Span)> {
    // Go's `\s` is ASCII; the trims around the `#` are Unicode.
    let ascii_blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
    let line = content.of(text).trim_start();
    let rest = line.strip_prefix('#')?.trim_start();
    let key_len = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (key, rest) = rest.split_at(key_len);
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let after = rest.trim_start_matches(ascii_blank).strip_prefix('=')?;
    // Of a value that is all blanks BuildKit's pattern takes the last one.
    let (last, _) = after.char_indices().next_back()?;
    let value = &after[last.min(after.len() - after.trim_start_matches(ascii_blank).len())..];
    let trimmed = value.get(..value.trim_end_matches(ascii_blank).len().max(1)).unwrap_or(value);
    let kind = match key.to_ascii_lowercase().as_str() {
        "syntax" => DirectiveKind::Syntax,
        "escape" => DirectiveKind::Escape,
        "check" => DirectiveKind::Check,
        _ => return None,
    };
    let start = content.end - value.len();
    Some((kind, Span::new(start, start + trimmed.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuation_needs_a_single_token() {
        assert_eq!(continuation("RUN a \\", Escape::Backslash), (6, true));
        assert_eq!(continuation("RUN a \\  \t", Escape::Backslash), (6, true));
        assert_eq!(continuation("RUN a \\\\", Escape::Backslash), (8, false));
        assert_eq!(continuation("\\", Escape::Backslash), (0, true));
        assert_eq!(continuation("RUN a `", Escape::Backtick), (6, true));
        assert_eq!(continuation("RUN a \\", Escape::Backtick), (7, false));
    }

    #[test]
    fn a_blank_is_a_value() {
        let text = "# escape=  \nFROM a\n";
        let mut errors = Vec::new();
        assert!(directives(text, &split(text), &mut errors).0.is_empty());
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn directives_end_at_the_first_other_line() {
        let text = "# syntax = docker/dockerfile:1 \n#escape=`\n\n# check=skip=all\n";
        let mut errors = Vec::new();
        let (found, escape) = directives(text, &split(text), &mut errors);
        assert_eq!(found.iter().map(|d| d.value.as_str()).collect::<Vec<_>>(), ["docker/dockerfile:1", "`"]);
        assert_eq!(escape, Escape::Backtick);
        assert_eq!(found[0].span.of(text), "docker/dockerfile:1");
        assert!(errors.is_empty());
    }
}
