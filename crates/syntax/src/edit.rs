//! Edits: replacements of spans, kept sorted and disjoint, applied whole. Knows text only.

use crate::Span;

/// One replacement: the bytes of `span` become `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

/// Why a set of edits is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits overlap or touch, so their order would decide the result.
    #[error("two edits meet at byte {at}")]
    Overlap {
        /// Where the later one starts.
        at: usize,
    },
    /// An edit reaches beyond the text or cuts a character.
    #[error("the edit at byte {at} is outside the text")]
    Outside {
        /// Where it starts.
        at: usize,
    },
}

/// A set of edits of one text: sorted, and no two overlap or touch (an insertion at the border of a replacement has no
/// order of its own).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// Sorts the edits; an error if two of them meet.
    pub fn new(mut edits: Vec<Edit>) -> Result<Self, EditError> {
        edits.retain(|edit| !(edit.span.is_empty() && edit.text.is_empty()));
        edits.sort_by_key(|edit| edit.span);
        for pair in edits.windows(2) {
            if pair[1].span.start <= pair[0].span.end {
                return Err(EditError::Overlap { at: pair[1].span.start });
            }
        }
        Ok(Self(edits))
    }

    /// As [`Edits::new`], for edits that belong together: those that touch become one, in the order of their spans, and of
    /// equal ones in the order given. Overlapping ones remain an error.
    pub fn joined(mut edits: Vec<Edit>) -> Result<Self, EditError> {
        edits.sort_by_key(|edit| edit.span);
        let mut joined: Vec<Edit> = Vec::new();
        for edit in edits {
            match joined.last_mut() {
                Some(last) if last.span.end == edit.span.start => {
                    last.span.end = edit.span.end;
                    last.text.push_str(&edit.text);
                }
                _ => joined.push(edit),
            }
        }
        Self::new(joined)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edits in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Edit> {
        self.0.iter()
    }

    /// Whether one of these meets one of `other`.
    pub fn meets(&self, other: &Self) -> bool {
        self.0
            .iter()
            .any(|a| other.0.iter().any(|b| a.span.start <= b.span.end && b.span.start <= a.span.end))
    }

    /// The text after all edits.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        for edit in &self.0 {
            let (Some(kept), true) = (text.get(from..edit.span.start), text.get(edit.span.range()).is_some())
            else {
                return Err(EditError::Outside { at: edit.span.start });
            };
            result.push_str(kept);
            result.push_str(&edit.text);
            from = edit.span.end;
        }
        result.push_str(&text[from..]);
        Ok(result)
    }
}

impl<'a> IntoIterator for &'a Edits {
    type Item = &'a Edit;
    type IntoIter = std::slice::Iter<'a, Edit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.to_owned() }
    }

    #[test]
    fn edits_are_sorted_and_applied_whole() {
        let edits = Edits::new(vec![edit(6, 7, "C"), edit(0, 1, "A"), edit(3, 3, "-")]).expect("disjoint");
        assert_eq!(edits.apply("abcdefg").expect("inside"), "Abc-defC");
    }

    #[test]
    fn touching_edits_are_refused() {
        assert_eq!(Edits::new(vec![edit(0, 2, "x"), edit(2, 2, "y")]), Err(EditError::Overlap { at: 2 }));
        let joined = Edits::joined(vec![edit(2, 2, "y"), edit(0, 2, "x")]).expect("they touch");
        assert_eq!(joined.apply("abc").expect("inside"), "xyc");
        let outside = Edits::new(vec![edit(5, 9, "")]).expect("one edit");
        assert_eq!(outside.apply("abc"), Err(EditError::Outside { at: 5 }));
    }
}
