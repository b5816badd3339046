//! Names of images as Docker reads them: registry, repository, tag, digest. It knows how they are written, and asks no
//! registry.

use std::fmt;

/// The registry of a name without one.
pub const HUB: &str = "docker.io";
/// The tag of a name without one.
pub const LATEST: &str = "latest";

/// The name of an image, normalised: two spellings of one name are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The registry: a host, perhaps with a port.
    pub registry: String,
    /// The repository in it.
    pub repository: String,
    /// The tag; `None` if only a digest or nothing names the image.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
}

/// Why a text names no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name of an image: {why}")]
pub struct BadReference {
    /// The text.
    pub text: String,
    /// What is wrong with it, as a clause.
    pub why: &'static str,
}

/// The longest registry and repository together (`distribution/reference`, `NameTotalLengthMax`).
const LONGEST_NAME: usize = 255;
/// The longest tag.
const LONGEST_TAG: usize = 128;

impl Reference {
    /// Reads a name as it stands in a Dockerfile, after expansion.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        let bad = |why| BadReference { text: text.to_owned(), why };
        let written = Written::of(text);
        let (registry, repository) = split_registry(written.name);
        let registry = if registry == "index.docker.io" { HUB } else { registry };
        let repository = if registry == HUB && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        if written.name.is_empty() {
            return Err(bad("it is empty"));
        }
        if !is_registry(registry) {
            return Err(bad("what stands before the first `/` is no host"));
        }
        if repository.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(bad("a repository is written in lower case"));
        }
        if !repository.split('/').all(is_component) {
            return Err(bad("a repository is made of a-z, 0-9, and single `.`, `_` or `-` between them"));
        }
        if registry == HUB && is_hex(written.name, 64) {
            return Err(bad("64 hexadecimal digits are an id and no name"));
        }
        if registry.len() + repository.len() >= LONGEST_NAME {
            return Err(bad("it is longer than 255 characters"));
        }
        if written.tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(bad(
                "a tag has at most 128 letters, digits, `_`, `.` and `-`, and begins with one of the first three",
            ));
        }
        if written.digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(bad("a digest is `sha256:` and 64 hexadecimal digits"));
        }
        Ok(Self {
            registry: registry.to_owned(),
            repository,
            tag: written.tag.map(str::to_owned),
            digest: written.digest.map(str::to_owned),
        })
    }

    /// Registry and repository.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The tag that counts; `latest` where none is written, none beside a digest alone.
    pub fn effective_tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, Some(_)) => None,
            (None, None) => Some(LATEST),
        }
    }

    /// The same image by tag alone; `None` where only a digest names it.
    pub fn by_tag(&self) -> Option<Self> {
        self.effective_tag().map(|tag| self.with_tag(tag))
    }

    /// Another image of the same repository.
    #[must_use]
    pub fn with_tag(&self, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), digest: None, ..self.clone() }
    }
}

impl fmt::Display for Reference {
    /// As people write it: without the parts that go without saying.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.registry != HUB {
            write!(f, "{}/", self.registry)?;
        }
        let repository = self.repository.strip_prefix("library/").filter(|_| self.registry == HUB);
        f.write_str(repository.unwrap_or(&self.repository))?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// The parts of a name as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<'t> {
    /// Registry and repository, in the author's spelling.
    pub name: &'t str,
    /// The tag.
    pub tag: Option<&'t str>,
    /// The digest.
    pub digest: Option<&'t str>,
}

impl<'t> Written<'t> {
    /// Takes a name apart without checking it.
    pub fn of(text: &'t str) -> Self {
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        // A colon before the last slash belongs to a port.
        let last = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[last..].find(':') {
            Some(colon) => (&rest[..last + colon], Some(&rest[last + colon + 1..])),
            None => (rest, None),
        };
        Self { name, tag, digest }
    }
}

/// The first part is a host if it looks like one; else the name is in the hub.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (first, rest)
        }
        _ => (HUB, name),
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((inner, after)) = rest.split_once(']') else { return false };
            if inner.is_empty() || !inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') {
                return false;
            }
            return after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[a-z0-9]+` with `.`, `_`, `__` or any number of `-` between.
fn is_component(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut rest = text.as_bytes();
    loop {
        let word = rest.iter().take_while(|&&byte| is_inner(byte)).count();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let dashes = rest.iter().take_while(|&&byte| byte == b'-').count();
        let between = match rest {
            [b'_', b'_', ..] => 2,
            [b'.' | b'_', ..] => 1,
            _ => dashes,
        };
        if between == 0 {
            return false;
        }
        rest = &rest[between..];
    }
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_TAG
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether a text is a digest that registries of today use.
pub fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| is_hex(hex, 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn names_are_normalised_as_docker_does() {
        for (text, registry, repository, tag) in [
            ("python", HUB, "library/python", None),
            ("python:3.11-slim", HUB, "library/python", Some("3.11-slim")),
            ("docker.io/python", HUB, "library/python", None),
            ("index.docker.io/library/python:3", HUB, "library/python", Some("3")),
            ("grafana/loki:2.9.0", HUB, "grafana/loki", Some("2.9.0")),
            ("localhost/api", "localhost", "api", None),
            ("localhost:5000/api:v1", "localhost:5000", "api", Some("v1")),
            ("127.0.0.1:5000/team/api", "127.0.0.1:5000", "team/api", None),
            ("[::1]:5000/api:x", "[::1]:5000", "api", Some("x")),
            ("ghcr.io/astral-sh/uv:0.4.1", "ghcr.io", "astral-sh/uv", Some("0.4.1")),
            ("a__b/c---d.e_f", HUB, "a__b/c---d.e_f", None),
            ("gcr.io/distroless/static:nonroot", "gcr.io", "distroless/static", Some("nonroot")),
        ] {
            let read = Reference::parse(text).unwrap();
            assert_eq!(
                (read.registry.as_str(), read.repository.as_str(), read.tag.as_deref(), &read.digest),
                (registry, repository, tag, &None),
                "{text}"
            );
            assert_eq!(Reference::parse(&read.to_string()).as_ref(), Ok(&read), "{text}");
        }
        let pinned = Reference::parse(&format!("node:20@{DIGEST}")).unwrap();
        assert_eq!((pinned.effective_tag(), pinned.digest.as_deref()), (Some("20"), Some(DIGEST)));
        assert_eq!(pinned.to_string(), format!("node:20@{DIGEST}"));
        let bare = Reference::parse(&format!("node@{DIGEST}")).unwrap();
        assert_eq!((bare.effective_tag(), bare.by_tag()), (None, None));
        assert_eq!(Reference::parse("node").unwrap().effective_tag(), Some(LATEST));
    }

    #[test]
    fn what_docker_refuses_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "empty"),
            (":3", "empty"),
            ("Python:3", "lower case"),
            ("acme/Api", "lower case"),
            ("python:", "a tag"),
            ("python:-x", "a tag"),
            ("python:a b", "a tag"),
            ("python@sha256:12", "a digest"),
            ("python:3@md5:12", "a digest"),
            ("a//b", "a-z"),
            ("-a", "a-z"),
            ("a.-b", "a-z"),
            ("pyth\u{f6}n", "a-z"),
            ("exa_mple.com:99/x", "host"),
            ("example.com:99999/x", "host"),
            ("https://example.com/x", "host"),
            ("[::1/x", "host"),
            (&DIGEST[7..], "an id"),
            (&"a/".repeat(150), "a-z"),
            (&"a".repeat(260), "longer"),
            (&format!("a:{}", "x".repeat(129)), "a tag"),
        ] {
            let error = Reference::parse(text).unwrap_err();
            assert!(error.why.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_spelling_of_a_name_is_kept() {
        let text = format!("docker.io/python:3@{DIGEST}");
        let written = Written::of(&text);
        assert_eq!(
            (written.name, written.tag, written.digest),
            ("docker.io/python", Some("3"), Some(DIGEST))
        );
        assert_eq!(Written::of("localhost:5000/a").name, "localhost:5000/a");
    }
}
