//! `dockopt.lock`: what names of images stood for when a registry was asked, so that everybody pins the same without asking. Must not
//! ask.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dockopt_model::Pin;
use dockopt_model::reference::{Reference, is_digest};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::problem::{Place, Problem};
use crate::source::{self, shown};

/// The name of the file.
pub const NAME: &str = "dockopt.lock";
const VERSION: u32 = 1;
const HEADER: &str = "# Which image each tag was when its registry was asked. `dockopt pin` keeps this file; put it under version control.\n";

/// The entries, by the name that was asked for: with a tag and without a digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// The entries.
    pub images: BTreeMap<Reference, Locked>,
}

/// What a name stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The image.
    pub pin: Pin,
    /// When the registry said so.
    pub resolved: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<T> {
    version: u32,
    #[serde(default = "Vec::new")]
    image: Vec<T>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image<T> {
    name: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    digest: T,
    resolved: String,
}

impl Lock {
    /// Reads a lock file.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let help = "take the version of git, or delete the file and run `dockopt pin`";
        let file: File<Image<Spanned<String>>> = toml::from_str(text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            let problem = Problem::error(message, help);
            match error.span() {
                Some(span) => problem.at(Place::of(text, span.into())),
                None => problem,
            }
        })?;
        if file.version != VERSION {
            let message =
                format!("this lock file is of version {}, and this dockopt reads {VERSION}", file.version);
            return Err(Problem::error(
                message,
                "use the dockopt that wrote it, or delete the file and run `dockopt pin`",
            ));
        }
        let mut images = BTreeMap::new();
        for image in file.image {
            let at = |value: &Spanned<String>| Place::of(text, value.span().into());
            let name = Reference::parse(image.name.get_ref())
                .map_err(|error| Problem::error(error.to_string(), help).at(at(&image.name)))?;
            let Some(tag) = name.tag.clone().filter(|_| name.digest.is_none()) else {
                return Err(Problem::error("an entry names a tag and no digest", help).at(at(&image.name)));
            };
            if !is_digest(image.digest.get_ref()) {
                return Err(Problem::error("this is no digest", help).at(at(&image.digest)));
            }
            let pin = Pin { tag: image.tag.unwrap_or(tag), digest: image.digest.into_inner() };
            images.insert(name, Locked { pin, resolved: image.resolved });
        }
        Ok(Self { images })
    }

    /// Its text: sorted, the same for the same entries.
    pub fn text(&self) -> String {
        let image = |(name, locked): (&Reference, &Locked)| Image {
            name: format!("{}:{}", name.name(), name.tag.as_deref().unwrap_or_default()),
            tag: Some(locked.pin.tag.clone()).filter(|tag| name.tag.as_ref() != Some(tag)),
            digest: locked.pin.digest.clone(),
            resolved: locked.resolved.clone(),
        };
        let file = File { version: VERSION, image: self.images.iter().map(image).collect() };
        let text = toml::to_string(&file).expect("it is made of texts and a number");
        format!("{HEADER}{text}")
    }

    /// The entry that a pinned name was made from.
    pub fn entry_of(&self, pinned: &Reference) -> Option<(&Reference, &Locked)> {
        let name = pinned.name();
        self.images.iter().find(|(key, locked)| {
            key.name() == name
                && Some(&locked.pin.digest) == pinned.digest.as_ref()
                && (Some(&locked.pin.tag) == pinned.tag.as_ref() || key.tag == pinned.tag)
        })
    }
}

/// A lock file that was read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it says.
    pub lock: Lock,
}

/// The lock files of a run: each is read once.
#[derive(Debug, Default)]
pub struct Locks {
    by_folder: Mutex<HashMap<PathBuf, Answer>>,
}

type Answer = Result<Option<Arc<Found>>, Problem>;

impl Locks {
    /// The closest lock file from `folder` (an absolute path) upward, up to the root of the repository.
    pub fn of(&self, folder: &Path) -> Answer {
        if let Some(known) = self.by_folder.lock().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return known.clone();
        }
        let path = folder.join(NAME);
        let found = if fs::symlink_metadata(&path).is_ok() {
            read(&path).map(|found| Some(Arc::new(found)))
        } else {
            let is_top = fs::symlink_metadata(folder.join(".git")).is_ok()
                || std::env::home_dir().as_deref() == Some(folder);
            folder.parent().filter(|_| !is_top).map_or(Ok(None), |parent| self.of(parent))
        };
        self.by_folder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(folder.to_owned(), found.clone());
        found
    }
}

fn read(path: &Path) -> Result<Found, Problem> {
    let name = shown(path);
    let text = source::read(path, &name)?;
    let lock = Lock::parse(&text).map_err(|problem| problem.in_file(name))?;
    Ok(Found { path: path.to_owned(), text, lock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_sorted_and_read_back() {
        let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
        let mut lock = Lock::default();
        for (name, tag, of) in
            [("python:latest", "3.13.1", "1"), ("ghcr.io/acme/api:2", "2", "2"), ("node:20", "20", "3")]
        {
            let pin = Pin { tag: tag.to_owned(), digest: digest(of) };
            let locked = Locked { pin, resolved: "2026-11-25T16:00:00Z".to_owned() };
            lock.images.insert(Reference::parse(name).unwrap(), locked);
        }
        let text = lock.text();
        let names: Vec<&str> =
            text.lines().filter(|line| line.starts_with("name") || line.starts_with("tag")).collect();
        assert_eq!(
            names,
            [
                "name = \"docker.io/library/node:20\"",
                "name = \"docker.io/library/python:latest\"",
                "tag = \"3.13.1\"",
                "name = \"ghcr.io/acme/api:2\"",
            ]
        );
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        let pinned = Reference::parse(&format!("python:3.13.1@{}", digest("1"))).unwrap();
        assert_eq!(lock.entry_of(&pinned).unwrap().0.tag.as_deref(), Some("latest"));
        let other = Reference::parse(&format!("python:3.13.1@{}", digest("2"))).unwrap();
        assert_eq!(lock.entry_of(&other), None);
    }

    #[test]
    fn damage_has_a_place() {
        for (text, message, line) in [
            ("version = 2\n", "of version 2", None),
            ("version = 1\n<<<<<<< main\n", "", Some(2)),
            (
                "version = 1\n[[image]]\nname = \"A b\"\ndigest = \"x\"\nresolved = \"\"\n",
                "no name of an image",
                Some(3),
            ),
            (
                "version = 1\n[[image]]\nname = \"a\"\ndigest = \"x\"\nresolved = \"\"\n",
                "names a tag",
                Some(3),
            ),
            (
                "version = 1\n[[image]]\nname = \"a:1\"\ndigest = \"x\"\nresolved = \"\"\n",
                "no digest",
                Some(4),
            ),
        ] {
            let problem = Lock::parse(text).unwrap_err();
            assert!(problem.message.contains(message), "{problem:?}");
            assert_eq!(problem.place.map(|place| place.line), line, "{text}");
        }
    }
}
