//! Reads one word from the text: where it ends, what it is after quote removal, what it expands. It takes from the parser only the
//! commands inside substitutions, and must refuse what shells of the dialect read differently.

use crate::{
    adapter::MAX_STEPS,
    bodies::Bodies,
    cursor::{Cursor, Read},
    tree::{Dialect, List, Span, Word},
};

/// Where a word ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the first unquoted delimiter, as in a command.
    Delimiter,
    /// At this offset, whatever is there, as in `[[ … =~ … ]]`.
    Offset(usize),
}

/// Whether double quotes, or the lines of a here-document, enclose the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Bare,
    Quoted,
    Heredoc,
}

/// What has been learnt about the word so far.
#[derive(Debug)]
struct Draft<'b, 'a> {
    bodies: &'b Bodies<'a>,
    literal: Option<String>,
    variables: Vec<String>,
    substitutions: Vec<List>,
    glob: bool,
    quoted: bool,
    assigns: bool,
    /// Where an unquoted `[` or `{` stands; what it means depends on the rest of the word.
    openings: Vec<usize>,
}

impl<'b, 'a> Draft<'b, 'a> {
    fn new(bodies: &'b Bodies<'a>) -> Self {
        Self {
            bodies,
            literal: Some(String::new()),
            variables: Vec::new(),
            substitutions: Vec::new(),
            glob: false,
            quoted: false,
            assigns: false,
            openings: Vec::new(),
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(literal) = &mut self.literal {
            literal.push_str(text);
        }
    }

    fn variable(&mut self, name: &str) {
        if !self.variables.iter().any(|known| known == name) {
            self.variables.push(name.to_owned());
        }
    }

    fn finish(self, span: Span) -> Word {
        Word {
            span,
            literal: self.literal,
            variables: self.variables,
            substitutions: self.substitutions,
            glob: self.glob,
            quoted: self.quoted,
            assigns: self.assigns,
        }
    }
}

impl Cursor<'_> {
    /// Reads the word that begins here.
    pub(crate) fn word(&mut self, bodies: &Bodies<'_>, until: Until) -> Read<Word> {
        let start = self.at;
        let mut draft = Draft::new(bodies);
        self.nested(MAX_STEPS, |cursor| cursor.bare(&mut draft, until))?;
        if self.at == start {
            return self.opaque("expected a word");
        }
        let digits = self.text[start..self.at].bytes().all(|byte| byte.is_ascii_digit());
        if digits && matches!(self.byte(), Some(b'<' | b'>')) {
            return self.opaque("digits before a redirection, which only some shells take for a word");
        }
        for opening in std::mem::take(&mut draft.openings) {
            let rest = &self.text[opening..self.at];
            if rest.starts_with('[') {
                if rest.contains(']') {
                    draft.glob = true;
                    draft.literal = None;
                }
            } else if let Some(close) = rest.rfind('}')
                && (rest[..close].contains(',') || rest[..close].contains(".."))
            {
                // `{a,b}` and `{1..9}` are lists in bash; `{}` is not.
                draft.literal = None;
            }
        }
        Ok(draft.finish(start..self.at))
    }

    /// Reads the lines of a here-document that end at `end`.
    pub(crate) fn heredoc_lines(&mut self, bodies: &Bodies<'_>, end: usize) -> Read<Word> {
        let start = self.at;
        let mut draft = Draft::new(bodies);
        while self.at < end {
            self.quoted_char(&mut draft, Context::Heredoc)?;
        }
        if self.at != end {
            return self.opaque("an expansion that leaves its here-document");
        }
        draft.quoted = false;
        Ok(draft.finish(start..end))
    }

    /// Reads `((…))` of bash, from after the opening parentheses to before the closing ones. The word has no
    /// white space at its ends.
    pub(crate) fn arithmetic_word(&mut self) -> Read<Word> {
        let start = self.at;
        let bodies = Bodies::default();
        let mut draft = Draft::new(&bodies);
        draft.literal = None;
        self.nested(MAX_STEPS, |cursor| cursor.arithmetic(&mut draft, b')'))?;
        let expression = &self.text[start..self.at];
        let start = start + expression.len() - expression.trim_ascii_start().len();
        let end = self.at.min(start + expression.trim_ascii().len());
        Ok(draft.finish(start..end))
    }

    /// Reads bash's `(…)` after `name=`, from its opening to its closing parenthesis.
    pub(crate) fn array(&mut self, bodies: &Bodies<'_>) -> Read<Word> {
        let start = self.at;
        let mut array = Draft::new(bodies);
        array.literal = None;
        self.expect("(")?;
        loop {
            self.skip_lines()?;
            if self.byte() == Some(b')') {
                self.at += 1;
                return Ok(array.finish(start..self.at));
            }
            if self.byte() == Some(b'[') {
                return self.opaque("an array with subscripts");
            }
            let element = self.word(bodies, Until::Delimiter)?;
            for name in &element.variables {
                array.variable(name);
            }
            array.substitutions.extend(element.substitutions);
            array.glob |= element.glob;
            array.quoted |= element.quoted;
            array.assigns |= element.assigns;
        }
    }

    fn bare(&mut self, draft: &mut Draft<'_, '_>, until: Until) -> Read<()> {
        let start = self.at;
        loop {
            match until {
                Until::Offset(end) if self.at >= end => {
                    return if self.at == end {
                        Ok(())
                    } else {
                        self.opaque("a word that does not end where the parser says")
                    };
                }
                Until::Delimiter if self.at_process_substitution() => {
                    self.process_substitution(draft)?;
                    continue;
                }
                Until::Delimiter if self.at_delimiter() => return Ok(()),
                _ => {}
            }
            let Some(byte) = self.byte() else {
                return self.opaque("the text ends inside a word");
            };
            match byte {
                b'\\' => match self.byte_at(self.at + 1) {
                    None => return self.opaque("a backslash at the end of the text"),
                    Some(b'\n') => {
                        let backslash = self.at;
                        while self.looking_at("\\\n") {
                            self.at += 2;
                        }
                        // A continuation after the word is no part of it.
                        if until == Until::Delimiter && self.at_delimiter() && !self.at_process_substitution()
                        {
                            self.at = backslash;
                            return Ok(());
                        }
                    }
                    Some(_) => {
                        draft.quoted = true;
                        self.at += 1;
                        self.copy_char(draft);
                    }
                },
                b'\'' => self.single_quotes(draft)?,
                b'"' => self.double_quotes(draft)?,
                b'$' => self.dollar(draft, Context::Bare)?,
                b'`' => self.backquoted(draft)?,
                b'*' | b'?' => {
                    draft.glob = true;
                    draft.literal = None;
                    self.at += 1;
                }
                b'[' | b'{' => {
                    draft.openings.push(self.at);
                    self.copy_char(draft);
                }
                b'~' => {
                    let before = self.text.as_bytes()[start..self.at].last();
                    if matches!(before, None | Some(b'=' | b':')) {
                        draft.literal = None;
                    }
                    self.copy_char(draft);
                }
                // Only reached with a fixed end, where these are part of a regular expression.
                b'(' | b')' | b'|' => {
                    draft.literal = None;
                    self.at += 1;
                }
                b'<' | b'>' | b'&' | b';' | b' ' | b'\t' | b'\n' => {
                    return self.opaque("an unquoted delimiter inside a word");
                }
                _ => self.copy_char(draft),
            }
        }
    }

    /// Copies one character to the literal.
    fn copy_char(&mut self, draft: &mut Draft<'_, '_>) {
        if let Some(character) = self.text[self.at..].chars().next() {
            draft.push(character.encode_utf8(&mut [0; 4]));
            self.at += character.len_utf8();
        }
    }

    fn single_quotes(&mut self, draft: &mut Draft<'_, '_>) -> Read<()> {
        let start = self.at + 1;
        let Some(length) = self.text[start..].find('\'') else {
            return self.opaque("an unclosed single quote");
        };
        let content = &self.text[start..start + length];
        self.refuse_line_break_before_heredoc(content)?;
        draft.quoted = true;
        draft.push(content);
        self.at = start + length + 1;
        Ok(())
    }

    fn double_quotes(&mut self, draft: &mut Draft<'_, '_>) -> Read<()> {
        draft.quoted = true;
        self.at += 1;
        loop {
            match self.byte() {
                None => return self.opaque("an unclosed double quote"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => self.quoted_char(draft, Context::Quoted)?,
            }
        }
    }

    /// Reads one character or expansion between double quotes or in a here-document.
    fn quoted_char(&mut self, draft: &mut Draft<'_, '_>, context: Context) -> Read<()> {
        match self.byte() {
            None => self.opaque("the text ends inside quotes"),
            Some(b'\\') => {
                match self.byte_at(self.at + 1) {
                    Some(b'\n') => {
                        self.at += 2;
                        return Ok(());
                    }
                    Some(b'$' | b'`' | b'\\') => self.at += 1,
                    Some(b'"') if context == Context::Quoted => self.at += 1,
                    _ => {}
                }
                self.copy_char(draft);
                Ok(())
            }
            Some(b'$') => self.dollar(draft, context),
            Some(b'`') => self.backquoted(draft),
            Some(b'\n') if context == Context::Quoted => {
                self.refuse_line_break_before_heredoc("\n")?;
                self.copy_char(draft);
                Ok(())
            }
            Some(_) => {
                self.copy_char(draft);
                Ok(())
            }
        }
    }

    /// Shells differ on where a here-document begins when its line breaks inside a word.
    fn refuse_line_break_before_heredoc(&self, content: &str) -> Read<()> {
        if !self.pending.is_empty() && content.contains('\n') {
            return self.opaque("a line break inside a word, with a here-document to come");
        }
        Ok(())
    }

    /// Reads what begins with the `$` here.
    fn dollar(&mut self, draft: &mut Draft<'_, '_>, context: Context) -> Read<()> {
        draft.literal = None;
        let start = self.at;
        match self.byte_at(start + 1) {
            Some(b'(') => {
                if draft.bodies.commands.contains_key(&start) {
                    return self.substitution(draft, "$(", ")");
                }
                if self.byte_at(start + 2) != Some(b'(') {
                    return self.opaque("a substitution that the parser does not see");
                }
                self.at += 3;
                self.nested(MAX_STEPS, |cursor| cursor.arithmetic(draft, b')'))?;
                self.expect("))")?;
                self.check_expansion(draft, start)
            }
            Some(b'{') => {
                self.nested(MAX_STEPS, |cursor| cursor.braces(draft, context))?;
                self.check_expansion(draft, start)
            }
            Some(b'[') => self.opaque("`$[`, which only some shells expand"),
            Some(b'\'') if context == Context::Bare => {
                if self.dialect == Dialect::Posix {
                    return self.opaque("`$'`, which only some shells know");
                }
                self.ansi_quotes(draft)
            }
            Some(b'"') if context == Context::Bare => {
                if self.dialect == Dialect::Posix {
                    return self.opaque("`$\"`, which only some shells know");
                }
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                self.at += 1;
                let name = self.name();
                draft.variable(name);
                Ok(())
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(&byte) => {
                draft.variable(&self.text[start + 1..start + 2]);
                self.at += 2;
                Ok(())
            }
            // A lone dollar sign stands for itself.
            _ => {
                self.at += 1;
                Ok(())
            }
        }
    }

    /// Steps over a variable's name, which may be empty.
    fn name(&mut self) -> &str {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn ansi_quotes(&mut self, draft: &mut Draft<'_, '_>) -> Read<()> {
        draft.quoted = true;
        self.at += 2;
        loop {
            match self.byte() {
                None => return self.opaque("an unclosed single quote"),
                Some(b'\'') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') if self.byte_at(self.at + 1).is_some() => {
                    self.at += 1;
                    self.copy_char(draft);
                }
                Some(_) => {
                    if self.byte() == Some(b'\n') {
                        self.refuse_line_break_before_heredoc("\n")?;
                    }
                    self.copy_char(draft);
                }
            }
        }
    }

    /// The parser must agree on where an expansion ends.
    fn check_expansion(&self, draft: &Draft<'_, '_>, start: usize) -> Read<()> {
        match draft.bodies.expansions.get(&start) {
            Some(end) if *end != self.at => {
                self.opaque("an expansion that does not end where the parser says")
            }
            _ => Ok(()),
        }
    }

    fn at_process_substitution(&self) -> bool {
        self.dialect == Dialect::Bash && (self.looking_at("<(") || self.looking_at(">("))
    }

    fn process_substitution(&mut self, draft: &mut Draft<'_, '_>) -> Read<()> {
        draft.literal = None;
        let open = if self.looking_at("<(") { "<(" } else { ">(" };
        self.substitution(draft, open, ")")
    }

    fn substitution(&mut self, draft: &mut Draft<'_, '_>, open: &str, close: &str) -> Read<()> {
        let Some((body, end)) = draft.bodies.commands.get(&self.at).copied() else {
            return self.opaque("a substitution that the parser does not see");
        };
        if let Some(content) = self.text.get(self.at..end) {
            self.refuse_line_break_before_heredoc(content)?;
        }
        let pending = std::mem::take(&mut self.pending);
        self.expect(open)?;
        let list = self.list(body)?;
        self.skip_lines()?;
        self.expect(close)?;
        if self.at != end || !self.pending.is_empty() {
            return self.opaque("a substitution that does not end where the parser says");
        }
        self.pending = pending;
        draft.substitutions.push(list);
        Ok(())
    }

    fn backquoted(&mut self, draft: &mut Draft<'_, '_>) -> Read<()> {
        draft.literal = None;
        let start = self.at;
        let Some(length) = self.text[start + 1..].find('`') else {
            return self.opaque("an unclosed backquote");
        };
        // A backslash before one of these means something else inside backquotes than outside.
        let content = &self.text[start + 1..start + 1 + length];
        let escapes = ["\\$", "\\\\", "\\\"", "\\\n"];
        if self.backquotes > 0
            || content.ends_with('\\')
            || escapes.iter().any(|escape| content.contains(escape))
        {
            return self.opaque("a backslash inside backquotes");
        }
        self.backquotes += 1;
        self.substitution(draft, "`", "`")?;
        self.backquotes -= 1;
        // The first backquote ends the substitution, even between quotes.
        if self.at != start + length + 2 {
            return self.opaque("a backquote inside backquotes");
        }
        Ok(())
    }

    /// Reads `${…}`.
    fn braces(&mut self, draft: &mut Draft<'_, '_>, context: Context) -> Read<()> {
        self.expect("${")?;
        if self.byte() == Some(b'#') && self.byte_at(self.at + 1) != Some(b'}') {
            self.at += 1;
            if !self.byte().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_@*".contains(&byte)) {
                return self.opaque("`${#` and not a length");
            }
        }
        let start = self.at;
        match self.byte() {
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                self.name();
            }
            Some(byte) if byte.is_ascii_digit() => {
                while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                    self.at += 1;
                }
            }
            Some(b'!') if self.byte_at(self.at + 1) != Some(b'}') => {
                return self.opaque("an indirect expansion");
            }
            Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => self.at += 1,
            _ => return self.opaque("`${` without a name"),
        }
        draft.variable(&self.text[start..self.at]);
        if self.byte() == Some(b'[') {
            if self.dialect == Dialect::Posix {
                return self.opaque("an array");
            }
            self.at += 1;
            if matches!(self.byte(), Some(b'@' | b'*')) {
                self.at += 1;
            } else {
                self.arithmetic(draft, b']')?;
            }
            self.expect("]")?;
        }
        match (self.byte(), self.byte_at(self.at + 1)) {
            (Some(b'}'), _) => {
                self.at += 1;
                return Ok(());
            }
            (Some(b':'), Some(b'-' | b'+' | b'?')) => self.at += 2,
            (Some(b':'), Some(b'=')) => {
                draft.assigns = true;
                self.at += 2;
            }
            (Some(b':'), Some(_)) => {
                self.at += 1;
                self.arithmetic(draft, b'}')?;
                self.expect("}")?;
                return Ok(());
            }
            (Some(b'='), _) => {
                draft.assigns = true;
                self.at += 1;
            }
            (Some(b'-' | b'+' | b'?' | b'#' | b'%' | b'/' | b'^' | b','), _) => self.at += 1,
            _ => return self.opaque("an unknown parameter expansion"),
        }
        self.operand(draft, context)
    }

    /// Reads the rest of `${name-…}` with the closing brace.
    fn operand(&mut self, draft: &mut Draft<'_, '_>, context: Context) -> Read<()> {
        loop {
            match self.byte() {
                None => return self.opaque("an unclosed `${`"),
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'{') => return self.opaque("a brace inside `${…}`"),
                Some(b'\\') if self.byte_at(self.at + 1).is_some() => {
                    self.at += 1;
                    self.copy_char(draft);
                }
                Some(b'\'' | b'"') if context != Context::Bare => {
                    return self.opaque("a quote inside `\"${…}\"`");
                }
                Some(b'\'') => self.single_quotes(draft)?,
                Some(b'"') => self.double_quotes(draft)?,
                Some(b'$') => self.dollar(draft, context)?,
                Some(b'`') => self.backquoted(draft)?,
                Some(b'\n') => return self.opaque("a line break inside `${…}`"),
                Some(_) => self.copy_char(draft),
            }
        }
    }

    /// Reads an arithmetic expression up to the unbalanced `close`, which stays.
    fn arithmetic(&mut self, draft: &mut Draft<'_, '_>, close: u8) -> Read<()> {
        let mut open = Vec::new();
        loop {
            let Some(byte) = self.byte() else {
                return self.opaque("an unclosed arithmetic expression");
            };
            if open.is_empty() && byte == close {
                return Ok(());
            }
            match byte {
                b'(' | b'[' => {
                    open.push(byte);
                    self.at += 1;
                }
                b')' | b']' => {
                    if open.pop() != Some(if byte == b')' { b'(' } else { b'[' }) {
                        return self.opaque("unbalanced arithmetic");
                    }
                    self.at += 1;
                }
                b'$' => self.dollar(draft, Context::Quoted)?,
                b'`' => self.backquoted(draft)?,
                b'\'' | b'"' | b'\\' | b'{' | b'}' | b'#' => {
                    return self.opaque("quotes or braces in arithmetic");
                }
                b'\n' if !self.pending.is_empty() => {
                    return self.opaque("a line break inside a word, with a here-document to come");
                }
                _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                    let start = self.at;
                    self.name();
                    draft.variable(&self.text[start..self.at]);
                }
                _ if byte.is_ascii_digit() => {
                    self.name();
                }
                b'<' | b'>' | b'!' | b'=' => {
                    let compares = ["==", "!=", "<=", ">="].iter().any(|token| self.looking_at(token));
                    let shifts = self.looking_at("<<") || self.looking_at(">>");
                    draft.assigns |= byte == b'=' && !compares;
                    self.at += if compares || shifts { 2 } else { 1 };
                }
                b'+' | b'-' if self.byte_at(self.at + 1) == Some(byte) => {
                    draft.assigns = true;
                    self.at += 2;
                }
                _ => self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8),
            }
        }
    }
}
