//! Reads redirections and the lines of here-documents. It must agree with the parser on the operator and with itself on where a
//! here-document ends.

use shuck_ast::{Heredoc, Redirect as Found, RedirectKind as FoundKind, RedirectTarget};

use crate::{
    adapter::offsets,
    bodies::Bodies,
    cursor::{Cursor, PendingHeredoc, Read},
    tree::{Dialect, Redirect, RedirectKind, Span, Word},
    word::Until,
};

impl Cursor<'_> {
    /// Reads the redirection that begins here, which the parser saw as `found`.
    pub(crate) fn redirect(&mut self, found: &Found) -> Read<Redirect> {
        let start = self.at;
        if found.fd_var.is_some() {
            return self.opaque("a file descriptor in a variable");
        }
        if offsets(found.span).start != start {
            return self.opaque("a redirection that is not where the parser says");
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = &self.text[start..self.at];
        let fd = digits.parse::<i32>().ok();
        // The parser gives `>&2` the descriptor that it duplicates onto.
        let agrees = match fd {
            Some(_) => fd == found.fd,
            None => matches!(found.fd, None | Some(0 | 1)),
        };
        // dash reads `10>file` as the word `10` and a redirection.
        if !agrees || digits.len() > 1 {
            return self.opaque("an unclear file descriptor");
        }
        let kind = self.operator(found.kind)?;
        self.skip_blanks();
        let (target, heredoc) = match &found.target {
            RedirectTarget::Word(word) => {
                let target = self.word(&Bodies::of_word(word), Until::Delimiter)?;
                let said = offsets(word.span);
                // The parser gives no position for the target of `2>&1`.
                if !said.is_empty() && !self.agrees(&target.span, &said) {
                    return self.opaque("a target that is not where the parser says");
                }
                (target, None)
            }
            RedirectTarget::Heredoc(heredoc) => {
                let delimiter = self.word(&Bodies::default(), Until::Delimiter)?;
                let body = self.heredoc(heredoc, &delimiter, found.kind)?;
                (delimiter, Some(body))
            }
        };
        let kind = self.refine(kind, fd, &target)?;
        Ok(Redirect {
            span: start..self.at,
            kind,
            fd,
            target: Some(target),
            heredoc_body: heredoc.as_ref().map(|body| body.span.clone()),
            heredoc,
        })
    }

    /// Steps over the operator that the parser saw.
    fn operator(&mut self, found: FoundKind) -> Read<RedirectKind> {
        // Longer operators first, so that `>` does not match the start of `>>`.
        let operators = [
            ("<<<", FoundKind::HereString, RedirectKind::HereString),
            ("<<-", FoundKind::HereDocStrip, RedirectKind::Heredoc),
            ("<<", FoundKind::HereDoc, RedirectKind::Heredoc),
            ("<>", FoundKind::ReadWrite, RedirectKind::ReadWrite),
            ("<&", FoundKind::DupInput, RedirectKind::Duplicate),
            ("<", FoundKind::Input, RedirectKind::In),
            ("&>>", FoundKind::Append, RedirectKind::Both),
            ("&>>", FoundKind::OutputBoth, RedirectKind::Both),
            ("&>", FoundKind::OutputBoth, RedirectKind::Both),
            (">>", FoundKind::Append, RedirectKind::Append),
            (">|", FoundKind::Clobber, RedirectKind::Out),
            (">&", FoundKind::DupOutput, RedirectKind::Duplicate),
            (">", FoundKind::Output, RedirectKind::Out),
        ];
        let longest = operators.iter().map(|(text, ..)| *text).find(|text| self.looking_at(text));
        for (text, parser, kind) in operators {
            if longest == Some(text) && parser == found {
                self.at += text.len();
                if self.dialect == Dialect::Posix
                    && matches!(kind, RedirectKind::HereString | RedirectKind::Both)
                {
                    return self.opaque(format!("`{text}`, which only some shells know"));
                }
                return Ok(kind);
            }
        }
        self.opaque("a redirection that is not what the parser says")
    }

    /// Tells `>&1` from bash's `>&file`.
    fn refine(&self, kind: RedirectKind, fd: Option<i32>, target: &Word) -> Read<RedirectKind> {
        if kind != RedirectKind::Duplicate {
            return Ok(kind);
        }
        let is_descriptor = target.literal.as_deref().is_some_and(|literal| {
            literal == "-" || (literal.len() == 1 && literal.as_bytes()[0].is_ascii_digit())
        });
        if is_descriptor {
            return Ok(kind);
        }
        let to_file = self.dialect == Dialect::Bash
            && fd.is_none()
            && target
                .literal
                .as_deref()
                .is_some_and(|literal| !literal.starts_with(|c: char| c.is_ascii_digit()));
        if to_file {
            Ok(RedirectKind::Both)
        } else {
            self.opaque("a duplicated descriptor that is not a digit")
        }
    }

    /// Finds and reads the lines of a here-document whose operator and delimiter have just been read.
    fn heredoc(&mut self, found: &Heredoc, delimiter: &Word, kind: FoundKind) -> Read<Word> {
        let Some(end_word) = delimiter.literal.clone() else {
            return self.opaque("a here-document whose delimiter is not plain");
        };
        // Each here-document of a line begins where the one before it ends; the parser knows where the first one does.
        let start = match self.pending.last() {
            Some(before) => before.after,
            None => offsets(found.body.span).start,
        };
        if start <= self.at || self.byte_at(start - 1) != Some(b'\n') {
            return self.opaque("a here-document without lines");
        }
        let strips = kind == FoundKind::HereDocStrip;
        let Some((body, after)) = self.heredoc_end(start, &end_word, strips) else {
            return self.opaque("an unclosed here-document");
        };
        if found.body.span.start.offset() != body.start || found.body.span.end.offset() != body.end {
            return self.opaque("a here-document that is not where the parser says");
        }
        let word = if delimiter.quoted {
            Word {
                span: body.clone(),
                literal: Some(self.text[body].to_owned()),
                variables: Vec::new(),
                substitutions: Vec::new(),
                glob: false,
                quoted: true,
                assigns: false,
            }
        } else {
            self.expanding_heredoc(found, &body)?
        };
        self.pending.push(PendingHeredoc { body: start, after });
        Ok(if strips { strip_tabs(word) } else { word })
    }

    /// The lines from `start` to the delimiter, and where the text goes on.
    fn heredoc_end(&self, start: usize, end_word: &str, strips: bool) -> Option<(Span, usize)> {
        let mut line = start;
        while line < self.text.len() {
            let end = self.text[line..].find('\n').map_or(self.text.len(), |length| line + length);
            let mut content = &self.text[line..end];
            if strips {
                content = content.trim_start_matches('\t');
            }
            let after = (end + 1).min(self.text.len());
            if content == end_word {
                return Some((start..line, after));
            }
            line = end + 1;
        }
        None
    }

    fn expanding_heredoc(&mut self, found: &Heredoc, body: &Span) -> Read<Word> {
        // A continued line may or may not hide the delimiter.
        if self.text[body.clone()].contains("\\\n") {
            return self.opaque("a line continuation inside a here-document");
        }
        let resume = self.at;
        let pending = std::mem::take(&mut self.pending);
        self.at = body.start;
        let word = self.heredoc_lines(&Bodies::of_heredoc(&found.body), body.end)?;
        self.at = resume;
        self.pending = pending;
        Ok(word)
    }
}

/// Removes the tabs that `<<-` removes.
fn strip_tabs(mut word: Word) -> Word {
    if let Some(literal) = &mut word.literal {
        *literal = literal.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect();
    }
    word
}
