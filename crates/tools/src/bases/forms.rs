//! Which smaller form of an image does for what a build leaves: by tags, from data. Says `None` where no form is known to exist, and
//! never whether a program really gets by with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Base, identify, is_windows, official_name};

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The same programs at the same places, environment and entrypoint, with fewer tools of a build beside them.
    Slim,
    /// It runs what the compiler or SDK of the image builds, and has no compiler.
    Runtime,
    /// The same, with what a web application needs.
    WebRuntime,
    /// It has the libc that programs are linked against which were built in the image, of the same release, and a shell.
    Libraries,
    /// For programs that need no library. It has CA certificates and time zones, and no shell.
    Static,
}

/// A smaller form of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What FROM would say.
    pub image: String,
    /// What is known of it.
    pub base: Option<Base>,
    /// Well-known programs of the larger image that it lacks.
    pub lacks: BTreeSet<&'static str>,
}

/// The form of that kind of the image that a FROM names, if there is one for certain. A digest names no form.
pub fn form(image: &str, kind: Kind) -> Option<Form> {
    if image.is_empty() || image.contains(['$', ' ', '@']) {
        return None;
    }
    let (full, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    };
    let name = official_name(full);
    if is_windows(name, tag) {
        return None;
    }
    let family = identify(image)?.family;
    let place = full.strip_suffix(name).unwrap_or_default();
    DATA.form
        .iter()
        .filter(|form| form.kind == kind && form.of.iter().any(|of| of == name))
        .filter(|form| form.family.is_none() || form.family == family)
        .find_map(|form| {
            let becomes = form.becomes(name, tag)?;
            let image = match becomes.rsplit_once(':') {
                // A mirror of the official images has all of them, and no others.
                Some((other, _)) if other.contains('/') => becomes,
                Some(_) => format!("{place}{becomes}"),
                None if becomes.contains('/') => becomes,
                None => format!("{full}:{becomes}"),
            };
            let lacks = form.lacks.iter().flat_map(|part| programs_of(part)).map(String::as_str).collect();
            Some(Form { base: identify(&image), image, lacks })
        })
}

/// The programs of a part of images, such as `debian`, that every image of a family has.
pub fn programs_of(part: &str) -> &'static [String] {
    DATA.programs.get(part).map_or(&[], Vec::as_slice)
}

/// `forms.toml` and `contents.toml`.
struct Data {
    form: Vec<Entry>,
    built_on: Vec<BuiltOn>,
    programs: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Forms {
    form: Vec<Entry>,
    built_on: Vec<BuiltOn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    programs: BTreeMap<String, Vec<String>>,
}

/// The form of one kind of some images.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    of: Vec<String>,
    kind: Kind,
    /// Only where the image is of this family.
    family: Option<String>,
    /// The first version that has it.
    since: Option<String>,
    /// The pattern of a tag, and of what it becomes.
    tags: Vec<(String, String)>,
    #[serde(default)]
    codenames: Vec<String>,
    /// The numbers of Java that have it; any when empty.
    #[serde(default)]
    java: Vec<String>,
    /// Numbers that do not.
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
}

/// The releases that the versions of an image are built on, where the tag names none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltOn {
    of: Vec<String>,
    family: String,
    /// From a version, until another, and the release.
    releases: Vec<(String, String, String)>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let forms: Forms = toml::from_str(include_str!("../../data/bases/forms.toml"))
        .expect("a test reads every file of data/bases");
    let contents: Contents = toml::from_str(include_str!("../../data/bases/contents.toml"))
        .expect("a test reads every file of data/bases");
    Data { form: forms.form, built_on: forms.built_on, programs: contents.programs }
});

impl Entry {
    fn becomes(&self, name: &str, tag: &str) -> Option<String> {
        self.tags.iter().find_map(|(pattern, becomes)| {
            let mut found = if pattern == "*" { BTreeMap::new() } else { self.captures(pattern, tag)? };
            if becomes.contains("{base}") {
                found.insert("base", built_on(name, tag)?);
            }
            Some(
                found
                    .iter()
                    .fold(becomes.clone(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value)),
            )
        })
    }

    /// What the parts of a pattern are in a tag, if it fits whole.
    fn captures<'p>(&self, pattern: &'p str, tag: &str) -> Option<BTreeMap<&'p str, String>> {
        let mut found = BTreeMap::new();
        let (mut pattern, mut tag) = (pattern, tag);
        while let Some((before, after)) = pattern.split_once('{') {
            let (key, rest) = after.split_once('}')?;
            tag = tag.strip_prefix(before)?;
            let end = tag.find(|c: char| !is_part(key, c)).unwrap_or(tag.len());
            let value = &tag[..end];
            if !self.allows(key, value) {
                return None;
            }
            found.insert(key, value.to_owned());
            (pattern, tag) = (rest, &tag[end..]);
        }
        (pattern == tag).then_some(found)
    }

    fn allows(&self, key: &str, value: &str) -> bool {
        if key == "codename" {
            return self.codenames.iter().any(|own| own == value);
        }
        let parts = numbers(value);
        let is_young = || match self.since.as_deref().map(numbers) {
            None => true,
            Some(since) => {
                let since = since.unwrap_or_default();
                parts.as_ref().is_some_and(|parts| newest(parts, since.len().max(3)) >= since)
            }
        };
        let is_listed = || self.java.is_empty() || self.java.iter().any(|own| own == value);
        !value.is_empty()
            && !self.except.iter().any(|other| other == value)
            && match key {
                "version" => parts.is_some() && is_young(),
                "line" => parts.as_ref().is_some_and(|parts| parts.len() == 2) && is_young(),
                "other" => parts.is_some(),
                "java" => parts.as_ref().is_some_and(|parts| parts.len() == 1) && is_listed(),
                "build" => true,
                _ => false,
            }
    }
}

/// Whether a character may be part of what a key of a pattern stands for.
fn is_part(key: &str, c: char) -> bool {
    match key {
        "codename" => c.is_ascii_lowercase(),
        "java" => c.is_ascii_digit(),
        "build" => c.is_ascii_digit() || c == '.' || c == '_',
        _ => c.is_ascii_digit() || c == '.',
    }
}

/// The release that an image is built on, as the tags of its distribution name it.
fn built_on(name: &str, tag: &str) -> Option<String> {
    let words: Vec<&str> = tag.split('-').collect();
    let family = if words.iter().any(|word| word.starts_with("alpine")) { "alpine" } else { "debian" };
    let named = words.iter().find_map(|word| match family {
        "alpine" => {
            word.strip_prefix("alpine").filter(|number| numbers(number).is_some_and(|n| n.len() == 2))
        }
        _ => super::DATA
            .words
            .get(*word)
            .filter(|known| {
                known.family == family && known.release.as_deref().is_some_and(|own| own != "newest")
            })
            .map(|_| *word),
    });
    if let Some(named) = named {
        return Some(named.to_owned());
    }
    // Only a plain version: other words may stand for anything.
    let rest = words.get(1..)?;
    if !rest.iter().all(|word| ["slim", "alpine"].contains(word)) {
        return None;
    }
    let version = numbers(words[0]).filter(|parts| parts.len() >= 2)?;
    let version = newest(&version, 3);
    DATA.built_on
        .iter()
        .filter(|known| known.family == family && known.of.iter().any(|of| of == name))
        .flat_map(|known| &known.releases)
        .find(|(from, until, _)| {
            numbers(from).is_some_and(|from| from <= version)
                && numbers(until).is_some_and(|until| version < until)
        })
        .map(|(_, _, release)| release.clone())
}

/// The parts of a version such as `3.12.1`.
fn numbers(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|part| part.parse().ok()).collect()
}

/// A version with as many parts, where those that are missing are the newest.
fn newest(parts: &[u32], len: usize) -> Vec<u32> {
    parts.iter().copied().chain(std::iter::repeat(u32::MAX)).take(len.max(parts.len())).collect()
}

#[cfg(test)]
mod tests;
