//! Heredocs: which words of a line start one, and where the bodies lie. The words are found by `BuildKit`'s own word
//! lexer, which is no shell: where it fails, the line has no heredocs.

use std::ops::Range;

use crate::{Instruction, Logical, Span};

/// A here-document of RUN, COPY or ADD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter, unquoted; for COPY and ADD also the name of the file.
    pub name: String,
    /// Whether variables in the body are expanded by the builder (COPY and ADD): no quote in the word.
    pub expand: bool,
    /// `<<-`: leading tabs of every line are dropped where the body is used.
    pub strip_tabs: bool,
    /// The number before `<<`.
    pub descriptor: Option<u32>,
    /// The word as the lexer gives it, `<<` included.
    pub word: String,
    /// The body: whole lines, without the delimiter line.
    pub body: Span,
    /// The delimiter line without its end.
    pub terminator: Span,
}

/// A heredoc word before its body is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) name: String,
    pub(crate) expand: bool,
    pub(crate) strip_tabs: bool,
    pub(crate) descriptor: Option<u32>,
    pub(crate) word: String,
}

/// The heredocs that a line opens, in order. `Err` where `BuildKit` refuses the word itself.
pub(crate) fn openings(line: &str) -> Result<Vec<Opening>, String> {
    let Some(words) = Lexer::new(line, true, true).words() else { return Ok(Vec::new()) };
    words.iter().filter_map(|word| opening(word).transpose()).collect()
}

/// Reads one word as `^(\d*)<<(-?)\s*([^<]+)$`.
pub(crate) fn opening(word: &str) -> Result<Option<Opening>, String> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let Some(rest) = word[digits..].strip_prefix("<<") else { return Ok(None) };
    let (strip_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let refused = || format!("the heredoc word `{word}` cannot be read");
    let plain = Lexer::new(rest, false, false).words().ok_or_else(refused)?;
    let [name] = plain.as_slice() else { return Ok(None) };
    let raw = Lexer::new(rest, true, false).words().ok_or_else(refused)?;
    let [raw] = raw.as_slice() else { return Err(refused()) };
    let quotes = |text: &str| text.matches(['\'', '"']).count();
    Ok(Some(Opening {
        name: name.clone(),
        expand: quotes(name) == quotes(raw),
        strip_tabs,
        descriptor: word[..digits].parse().ok(),
        word: word.to_owned(),
    }))
}

/// Whether the whole command of a RUN is one heredoc word.
pub(crate) fn is_whole(instruction: &Instruction, range: Range<usize>) -> bool {
    !instruction.heredocs.is_empty() && matches!(opening(&instruction.logical.text()[range]), Ok(Some(_)))
}

/// The script of a RUN in shell form: the line, or the body of its one heredoc, or the line followed by all bodies with
/// their delimiters, as `BuildKit` hands it to the shell.
pub(crate) fn script(text: &str, instruction: &Instruction, range: Range<usize>) -> Option<Logical> {
    if instruction.heredocs.is_empty() {
        return Some(instruction.logical.slice(range));
    }
    if is_whole(instruction, range.clone()) {
        let only = instruction.heredocs.first()?;
        return Some(body(text, only));
    }
    let mut script = instruction.logical.slice(range);
    for heredoc in &instruction.heredocs {
        // The line break before the body is that of the source.
        script.push(text, Span::new(heredoc.body.start.checked_sub(1)?, heredoc.body.start));
        script.push(text, heredoc.body);
        script.push(text, Span::new(heredoc.terminator.end - heredoc.name.len(), heredoc.terminator.end));
    }
    Some(script)
}

/// The body as it is used: without leading tabs after `<<-`.
fn body(text: &str, heredoc: &Heredoc) -> Logical {
    let mut script = Logical::default();
    let mut at = heredoc.body.start;
    for line in heredoc.body.of(text).split_inclusive('\n') {
        let end = at + line.len();
        let kept = if heredoc.strip_tabs { line.trim_start_matches('\t') } else { line };
        script.push(text, Span::new(end - kept.len(), end));
        at = end;
    }
    script
}

/// `BuildKit`'s word lexer (`frontend/dockerfile/shell/lex.go`) with an empty environment whose unset variables stay as
/// they are. The escape is always a backslash here, whatever the file's escape token.
struct Lexer<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    raw_quotes: bool,
    raw_escapes: bool,
    depth: usize,
    /// The word so far. `BuildKit` has one buffer for all levels, so that `<<${x:-EOF}` forgets its `<<`.
    word: String,
}

/// Nesting of `${a:-${b:-…}}` that is followed; deeper ones count as a failure of the lexer.
const MAX_DEPTH: usize = 100;

impl<'t> Lexer<'t> {
    fn new(text: &'t str, raw_quotes: bool, raw_escapes: bool) -> Self {
        // Go's scanner drops a byte order mark at the start.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { chars: text.chars().peekable(), raw_quotes, raw_escapes, depth: 0, word: String::new() }
    }

    fn words(mut self) -> Option<Vec<String>> {
        let raw = self.raw_escapes;
        self.until(None, raw).map(|(_, words)| words)
    }

    /// Adds a character that ends the word where it is a blank.
    fn add(&mut self, c: char, words: &mut Vec<String>) {
        if c.is_whitespace() {
            self.end_word(words);
        } else {
            self.word.push(c);
        }
    }

    fn end_word(&mut self, words: &mut Vec<String>) {
        if !self.word.is_empty() {
            words.push(std::mem::take(&mut self.word));
        }
    }

    /// Reads up to `stop` (consumed), or to the end where there is none.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Option<(String, Vec<String>)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let outer = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        let mut result = String::new();
        let mut words = Vec::new();
        self.word.clear();
        loop {
            let Some(&c) = self.chars.peek() else {
                if stop.is_some() {
                    return None;
                }
                break;
            };
            if Some(c) == stop {
                self.chars.next();
                break;
            }
            match c {
                '\'' | '"' => {
                    let part = if c == '"' { self.double_quoted()? } else { self.single_quoted()? };
                    result.push_str(&part);
                    self.word.push_str(&part);
                }
                '$' => {
                    let part = self.dollar()?;
                    result.push_str(&part);
                    part.chars().for_each(|c| self.add(c, &mut words));
                }
                '<' => {
                    let part = self.possible_heredoc();
                    result.push_str(&part);
                    self.word.push_str(&part);
                }
                '\\' => {
                    self.chars.next();
                    if self.raw_escapes {
                        result.push(c);
                        self.word.push(c);
                    }
                    if let Some(next) = self.chars.next() {
                        result.push(next);
                        self.word.push(next);
                    }
                }
                _ => {
                    self.chars.next();
                    result.push(c);
                    self.add(c, &mut words);
                }
            }
        }
        self.end_word(&mut words);
        self.raw_escapes = outer;
        self.depth -= 1;
        Some((result, words))
    }

    /// `<<` takes the blanks after it into its word, so that `<< EOF` is one (since Dockerfile 1.16).
    fn possible_heredoc(&mut self) -> String {
        let mut part = String::from("<");
        self.chars.next();
        if self.chars.next_if_eq(&'<').is_some() {
            part.push('<');
            while let Some(blank) = self.chars.next_if(|&c| matches!(c, ' ' | '\t' | '\r')) {
                part.push(blank);
            }
        }
        part
    }

    fn single_quoted(&mut self) -> Option<String> {
        let mut part = String::new();
        let open = self.chars.next()?;
        if self.raw_quotes {
            part.push(open);
        }
        loop {
            match self.chars.next()? {
                '\'' => break,
                c => part.push(c),
            }
        }
        if self.raw_quotes {
            part.push('\'');
        }
        Some(part)
    }

    fn double_quoted(&mut self) -> Option<String> {
        let mut part = String::new();
        let open = self.chars.next()?;
        if self.raw_quotes {
            part.push(open);
        }
        loop {
            match *self.chars.peek()? {
                '"' => {
                    self.chars.next();
                    break;
                }
                '$' => part.push_str(&self.dollar()?),
                c => {
                    self.chars.next();
                    let mut kept = c;
                    if c == '\\' {
                        if self.raw_escapes {
                            part.push(c);
                        }
                        match self.chars.peek() {
                            None => continue,
                            Some(&next @ ('"' | '$' | '\\')) => {
                                self.chars.next();
                                kept = next;
                            }
                            Some(_) => {}
                        }
                    }
                    part.push(kept);
                }
            }
        }
        if self.raw_quotes {
            part.push('"');
        }
        Some(part)
    }

    fn dollar(&mut self) -> Option<String> {
        self.chars.next();
        if self.chars.next_if_eq(&'{').is_none() {
            return Some(format!("${}", self.name()));
        }
        if matches!(self.chars.peek()?, '{' | '}' | ':') {
            return None;
        }
        let name = self.name();
        let mut operator = self.chars.next()?;
        let mut spelled = String::from(operator);
        match operator {
            '}' => return Some(format!("${{{name}}}")),
            '/' => {
                let all = self.chars.next_if_eq(&'/').is_some();
                let (pattern, _) = self.until(Some('/'), true)?;
                let (replacement, _) = self.until(Some('}'), true)?;
                let slashes = if all { "//" } else { "/" };
                return Some(format!("${{{name}{slashes}{pattern}/{replacement}}}"));
            }
            ':' => {
                operator = self.chars.next()?;
                spelled.push(operator);
                if matches!(operator, '#' | '%') {
                    return None;
                }
            }
            '+' | '-' | '?' | '#' | '%' => {}
            _ => return None,
        }
        let (word, _) = self.until(Some('}'), matches!(operator, '#' | '%'))?;
        Some(format!("${{{name}{spelled}{word}}}"))
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.chars.peek() {
            Some(c) if c.is_numeric() => {
                while let Some(digit) = self.chars.next_if(|c| c.is_numeric()) {
                    name.push(digit);
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(self.chars.next()),
            _ => {
                while let Some(c) = self.chars.next_if(|&c| c.is_alphanumeric() || c == '_') {
                    name.push(c);
                }
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, bool)> {
        openings(line).expect("readable").into_iter().map(|found| (found.name, found.expand)).collect()
    }

    #[test]
    fn words_that_open_a_heredoc() {
        let plain = |name: &str| (name.to_owned(), true);
        assert_eq!(names("RUN <<EOF"), [plain("EOF")]);
        assert_eq!(names("RUN << EOF"), [plain("EOF")]);
        assert_eq!(names("COPY <<-A <<'B' /x/"), [plain("A"), ("B".to_owned(), false)]);
        assert_eq!(names("RUN cat 3<<E\"O\"F && x"), [("EOF".to_owned(), false)]);
        assert_eq!(names("RUN echo $((1 << 2))"), [plain("2))")]);
    }

    #[test]
    fn words_that_open_none() {
        for line in [
            "RUN <<${x:-EOF}",
            "RUN <<EOF\"${x:-y}\"",
            "RUN ${x:#y} <<EOF",
            "RUN <<- EOF",
            "RUN cat <<<x",
            "RUN echo $((1<<2))",
            "RUN echo \"<<EOF\" 'a",
            "RUN echo ${#x} <<EOF",
            "RUN a<<EOF",
        ] {
            assert_eq!(names(line), [], "{line}");
        }
    }
}
