//! Ignorance as a value. What is not known is never guessed, and a pass that meets it does nothing.

/// A fact, or the admission that it is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Known<T> {
    /// It is this.
    Is(T),
    /// It cannot be told from the file.
    Unknown,
}

impl<T> Known<T> {
    /// The fact, if there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<Option<T>> for Known<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Is)
    }
}
