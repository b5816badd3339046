//! What kept dockopt from its job: what happened, where, and what to do about it. How it looks is decided in `report/`.

use dockopt_syntax::{LineIndex, Span};

/// Something that went wrong, or nearly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, as one clause.
    pub message: String,
    /// The file that it is about.
    pub path: Option<String>,
    /// Where in the file.
    pub place: Option<Box<Place>>,
    /// What the user can do.
    pub help: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something was not done.
    Error,
    /// Everything was done, but less well than it could be.
    Warning,
}

/// A place in a text, with the line that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of the line.
    pub source: String,
    /// The bytes of that text that it is about.
    pub span: Span,
}

impl Place {
    /// The first line of `span` in `text`.
    pub fn of(text: &str, span: Span) -> Self {
        let index = LineIndex::new(text);
        let position = index.position(text, span.start);
        let line = index.line_span(text, position.line);
        let start = span.start.min(line.end) - line.start;
        let end = span.end.clamp(line.start + start, line.end) - line.start;
        Self {
            line: position.line,
            column: position.column,
            source: line.of(text).to_owned(),
            span: Span::new(start, end),
        }
    }
}

impl Problem {
    /// An error without a place.
    pub fn error(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            path: None,
            place: None,
            help: help.into(),
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, help) }
    }

    /// The same in a file.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same at a place of its file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_ends_with_its_line() {
        let text = "FROM a\r\nRUN <<EOF\nb";
        let place = Place::of(text, Span::new(8, text.len()));
        assert_eq!((place.line, place.column, place.source.as_str()), (2, 1, "RUN <<EOF"));
        assert_eq!(place.span, Span::new(0, 9));
        let end = Place::of(text, Span::at(text.len()));
        assert_eq!((end.line, end.span), (3, Span::at(1)));
    }
}
