//! What names of images stand for, as somebody found out who may ask registries: an answer for each name as a file writes it. It
//! is what makes two spellings of one image the same. Must not guess an answer.

use std::collections::BTreeMap;

use dockopt_syntax::Flag;

use crate::reference::Reference;

/// The answers. A name without one stands for itself.
pub type Pins = BTreeMap<Reference, Answer>;

/// No answers.
pub(crate) static NONE: Pins = Pins::new();

/// What was found out about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It stands for this image.
    Pin(Pin),
    /// It is to be left as it is: why, as a clause for the author.
    Left(String),
}

/// An image that stays the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The tag to write.
    pub tag: String,
    /// The digest.
    pub digest: String,
}

/// The pin of a name.
pub(crate) fn of<'p>(pins: &'p Pins, name: &str) -> Option<&'p Pin> {
    if pins.is_empty() {
        return None;
    }
    match pins.get(&Reference::parse(name).ok()?)? {
        Answer::Pin(pin) => Some(pin),
        Answer::Left(_) => None,
    }
}

/// The image that a name stands for, so that two names of one image are the same (`pinned-reference`): repository and digest
/// where the name has one or an answer gives it one, since no builder looks at the tag then; else repository and tag.
pub(crate) fn identity(pins: &Pins, name: &str) -> String {
    let Ok(reference) = Reference::parse(name) else { return name.to_owned() };
    let digest = of(pins, name).map(|pin| &pin.digest).or(reference.digest.as_ref());
    match (digest, reference.effective_tag()) {
        (Some(digest), _) => format!("{}@{digest}", reference.name()),
        (None, tag) => format!("{}:{}", reference.name(), tag.unwrap_or_default()),
    }
}

/// A name with the tag and digest of its pin.
pub(crate) fn pinned(pins: &Pins, name: &str) -> String {
    match of(pins, name) {
        Some(pin) => {
            format!("{}:{}@{}", crate::reference::Written::of(name).name, pin.tag, pin.digest)
        }
        None => name.to_owned(),
    }
}

/// A flag of RUN in one spelling: a mount with what it names stands for.
pub(crate) fn flag_label(flag: &Flag, from: Option<&str>, meaning: impl Fn(&str) -> String) -> String {
    let label = format!("--{}={:?}", flag.name, flag.value);
    match from {
        Some(from) => {
            format!("{} from {}", label.replacen(&format!("from={from}"), "from=image", 1), meaning(from))
        }
        None => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_image_are_the_same_and_others_are_not() {
        let (one, other) = (format!("sha256:{}", "1".repeat(64)), format!("sha256:{}", "2".repeat(64)));
        let name = |text: &str| Reference::parse(text).unwrap();
        let pin =
            |tag: &str, digest: &str| Answer::Pin(Pin { tag: tag.to_owned(), digest: digest.to_owned() });
        let pins = Pins::from([
            (name("python"), pin("3.13.1", &one)),
            (name("python:3.11"), pin("3.11", &other)),
            (name("node:20"), Answer::Left("it is replaced".to_owned())),
        ]);
        let same = |a: &str, b: &str| identity(&pins, a) == identity(&pins, b);
        assert!(same("python", &format!("python:3.13.1@{one}")));
        assert!(same("docker.io/library/python:latest", "python:latest"));
        assert!(same("python:3.11", &format!("python@{other}")));
        // The answer is about `python`, not about every name with that tag.
        assert!(!same("python:3.13.1", &format!("python:3.13.1@{one}")));
        assert!(!same("python", &format!("python:3.13.1@{other}")));
        assert!(!same("python", &format!("pypy:3.13.1@{one}")));
        assert!(!same("python:3.11", "python:3.12"));
        assert!(!same("node:20", &format!("node:20@{one}")));
        assert_eq!(pinned(&pins, "docker.io/python"), format!("docker.io/python:3.13.1@{one}"));
        assert_eq!(pinned(&pins, "node:20"), "node:20");
    }
}
