//! The position in the text, and the steps over what separates tokens: blanks, line breaks, comments, here-document bodies.
//! It knows tokens by their bytes only and must not skip anything that could be part of a command.

use crate::tree::{Dialect, Opaque, Span};

/// The result of reading one construct.
pub(crate) type Read<T> = Result<T, Opaque>;

/// A reader of one text.
#[derive(Debug)]
pub(crate) struct Cursor<'t> {
    pub(crate) text: &'t str,
    pub(crate) dialect: Dialect,
    /// The offset of the next byte.
    pub(crate) at: usize,
    pub(crate) comments: Vec<Span>,
    /// Here-documents whose operator has been read and whose line has not ended yet.
    pub(crate) pending: Vec<PendingHeredoc>,
    /// How many backquoted substitutions enclose the position.
    pub(crate) backquotes: usize,
    /// How many lists and expansions enclose the position.
    pub(crate) depth: usize,
}

/// A here-document whose lines are still to be passed over.
#[derive(Debug)]
pub(crate) struct PendingHeredoc {
    /// Where its first line begins.
    pub(crate) body: usize,
    /// Where the line after its delimiter begins.
    pub(crate) after: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str, dialect: Dialect) -> Self {
        Self { text, dialect, at: 0, comments: Vec::new(), pending: Vec::new(), backquotes: 0, depth: 0 }
    }

    /// The refusal to read on from here.
    pub(crate) fn opaque<T>(&self, reason: impl Into<String>) -> Read<T> {
        Err(Opaque { reason: reason.into(), at: Some(self.at) })
    }

    pub(crate) fn byte(&self) -> Option<u8> {
        self.byte_at(self.at)
    }

    pub(crate) fn byte_at(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether the bytes from here on are those of `token`.
    pub(crate) fn looking_at(&self, token: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(token.as_bytes())
    }

    /// Steps over `token`, which must be here.
    pub(crate) fn expect(&mut self, token: &str) -> Read<Span> {
        if !self.looking_at(token) {
            return self.opaque(format!("expected `{token}`"));
        }
        let start = self.at;
        self.at += token.len();
        Ok(start..self.at)
    }

    /// Steps over the reserved word `keyword`, which must be here and must be a whole word.
    pub(crate) fn expect_keyword(&mut self, keyword: &str) -> Read<Span> {
        let span = self.expect(keyword)?;
        while self.looking_at("\\\n") {
            self.at += 2;
        }
        let ends = self.at_delimiter();
        self.at = span.end;
        if ends { Ok(span) } else { self.opaque(format!("expected `{keyword}` to end here")) }
    }

    /// Whether an unquoted word would end here.
    pub(crate) fn at_delimiter(&self) -> bool {
        match self.byte() {
            None => true,
            Some(b'`') => self.backquotes > 0,
            Some(byte) => b" \t\n;&|()<>".contains(&byte),
        }
    }

    /// Whether the parser means the same token, which for it may include the line continuations that follow.
    pub(crate) fn agrees(&self, read: &Span, said: &Span) -> bool {
        let rest = self.text.get(read.end..said.end);
        read.start == said.start && rest.is_some_and(|rest| rest.replace("\\\n", "").is_empty())
    }

    /// Steps over blanks and line continuations.
    pub(crate) fn skip_blanks(&mut self) {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte_at(self.at + 1) == Some(b'\n') => self.at += 2,
                _ => return,
            }
        }
    }

    /// Steps over blanks and over a comment that ends the line.
    pub(crate) fn skip_to_line_end(&mut self) -> Read<()> {
        self.skip_blanks();
        if self.byte() != Some(b'#') {
            return Ok(());
        }
        // Shells differ on whether a closing backquote ends a comment.
        if self.backquotes > 0 {
            return self.opaque("a comment inside backquotes");
        }
        let start = self.at;
        self.at = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        self.comments.push(start..self.at);
        Ok(())
    }

    /// Steps over everything that may stand between two commands: blanks, comments, line breaks and here-document bodies. Returns
    /// whether a line ended.
    pub(crate) fn skip_lines(&mut self) -> Read<bool> {
        let mut crossed = false;
        loop {
            self.skip_to_line_end()?;
            if self.byte() != Some(b'\n') {
                return Ok(crossed);
            }
            crossed = true;
            self.at += 1;
            for heredoc in std::mem::take(&mut self.pending) {
                if heredoc.body != self.at {
                    return self.opaque("a here-document that does not begin here");
                }
                self.at = heredoc.after;
            }
        }
    }

    /// Runs `read` one level deeper.
    pub(crate) fn nested<T>(&mut self, limit: usize, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == limit {
            return self.opaque(format!("nested more than {limit} levels deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}
