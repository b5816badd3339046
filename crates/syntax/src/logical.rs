//! Text put together from pieces of the source, with the way back. Used for the logical line of an instruction and for the
//! script that a shell receives; it does not decide what is joined.

use crate::Span;

/// A text whose bytes come from the source in pieces, so that every range of it has a span there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logical {
    text: String,
    /// (offset in `text`, offset in the source), ascending in both.
    pieces: Vec<(usize, usize)>,
}

impl Logical {
    /// Adds the bytes of `span` of `source` at the end.
    pub fn push(&mut self, source: &str, span: Span) {
        if span.is_empty() && !self.pieces.is_empty() {
            return;
        }
        let continues = self
            .pieces
            .last()
            .is_some_and(|&(logical, start)| start + (self.text.len() - logical) == span.start);
        if !continues {
            self.pieces.push((self.text.len(), span.start));
        }
        self.text.push_str(span.of(source));
    }

    /// The joined text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The source offset of the byte at `offset`. At a seam it is the beginning of the later piece.
    pub fn source_start(&self, offset: usize) -> usize {
        let (logical, source) = self.piece(self.pieces.partition_point(|&(logical, _)| logical <= offset));
        source + (offset - logical)
    }

    /// The source offset just after the byte before `offset`. At a seam it is the end of the earlier piece.
    pub fn source_end(&self, offset: usize) -> usize {
        let (logical, source) = self.piece(self.pieces.partition_point(|&(logical, _)| logical < offset));
        source + (offset - logical)
    }

    fn piece(&self, after: usize) -> (usize, usize) {
        self.pieces.get(after.saturating_sub(1)).copied().unwrap_or((0, 0))
    }

    /// The source span of a range of the text: from its first byte to its last, over any continuation between them.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        if range.is_empty() {
            return Span::at(self.source_start(range.start));
        }
        Span::new(self.source_start(range.start), self.source_end(range.end))
    }

    /// Whether the range is one run of source bytes, with no continuation inside.
    pub fn is_contiguous(&self, range: std::ops::Range<usize>) -> bool {
        self.span(range.clone()).len() == range.len()
    }

    /// The offset in the text of a source offset, if that byte is part of it.
    pub fn offset_of(&self, source: usize) -> Option<usize> {
        let index = self.pieces.partition_point(|&(_, start)| start <= source).checked_sub(1)?;
        let (logical, start) = self.pieces[index];
        let end = self.pieces.get(index + 1).map_or(self.text.len(), |next| next.0);
        let offset = logical + (source - start);
        (offset < end || (offset == end && index + 1 == self.pieces.len())).then_some(offset)
    }

    /// A part of the text, with the same way back.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let first = self.pieces.partition_point(|&(logical, _)| logical <= range.start).saturating_sub(1);
        let pieces = self.pieces[first..]
            .iter()
            .filter(|&&(logical, _)| logical < range.end || logical <= range.start)
            .map(|&(logical, source)| match logical.checked_sub(range.start) {
                Some(offset) => (offset, source),
                None => (0, source + (range.start - logical)),
            })
            .collect();
        Self { text: self.text[range].to_owned(), pieces }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_map_over_a_continuation() {
        let source = "RUN a && \\\n  b\n";
        let mut logical = Logical::default();
        logical.push(source, Span::new(0, 9));
        logical.push(source, Span::new(11, 14));
        assert_eq!(logical.text(), "RUN a &&   b");
        assert_eq!(logical.span(4..12).of(source), "a && \\\n  b");
        assert_eq!(logical.span(11..12).of(source), "b");
        assert!(logical.is_contiguous(4..8));
        assert!(!logical.is_contiguous(4..12));
        assert_eq!(logical.offset_of(13), Some(11));
        assert_eq!(logical.offset_of(9), None);
        let part = logical.slice(4..12);
        assert_eq!(part.text(), "a &&   b");
        assert_eq!(part.span(7..8).of(source), "b");
        assert_eq!(part.span(0..1).of(source), "a");
    }
}
