//! `dockopt.lock`: what names of images stood for when a registry was asked, and which versions packages had in an image that was
//! built, so that everybody pins the same without asking and building. Must not do either.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dockopt_model::packages::{Built, Found as OfPackage};
use dockopt_model::reference::{Reference, is_digest};
use dockopt_model::{Packages, Pin};
use dockopt_tools::{Database, is_version};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::problem::{Place, Problem};
use crate::source::{self, shown};

/// The name of the file.
pub const NAME: &str = "dockopt.lock";
const VERSION: u32 = 1;
const HEADER: &str =
    "# What `dockopt pin` found out, so that everybody pins the same; put this file under version control.\n";

/// The entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// What registries said, by the name that was asked for: with a tag and without a digest.
    pub images: BTreeMap<Reference, Locked>,
    /// What built images have, by the path of the Dockerfile from the folder of the lock file, and the label of the stage.
    pub packages: BTreeMap<(String, String), LockedPackages>,
}

/// The packages of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackages {
    /// The image that it was built from, by tag.
    pub from: String,
    /// When it was built.
    pub resolved: String,
    /// The versions, by database and name in one spelling.
    pub versions: BTreeMap<(Database, String), String>,
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
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    image: Vec<T>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    packages: Vec<StageOf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageOf {
    dockerfile: String,
    stage: String,
    from: String,
    resolved: String,
    /// By database.
    versions: BTreeMap<String, BTreeMap<String, String>>,
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
        let mut packages = BTreeMap::new();
        for stage in file.packages {
            let mut versions = BTreeMap::new();
            for (name, of_database) in stage.versions {
                let Some(database) = Database::ALL.into_iter().find(|one| one.name() == name) else {
                    return Err(Problem::error(format!("there is no database of packages `{name}`"), help));
                };
                if let Some((package, version)) = of_database.iter().find(|(_, version)| !is_version(version))
                {
                    return Err(Problem::error(format!("`{version}` is no version of `{package}`"), help));
                }
                versions
                    .extend(of_database.into_iter().map(|(package, version)| ((database, package), version)));
            }
            let locked = LockedPackages { from: stage.from, resolved: stage.resolved, versions };
            packages.insert((stage.dockerfile, stage.stage), locked);
        }
        Ok(Self { images, packages })
    }

    /// Its text: sorted, the same for the same entries.
    pub fn text(&self) -> String {
        let image = |(name, locked): (&Reference, &Locked)| Image {
            name: format!("{}:{}", name.name(), name.tag.as_deref().unwrap_or_default()),
            tag: Some(locked.pin.tag.clone()).filter(|tag| name.tag.as_ref() != Some(tag)),
            digest: locked.pin.digest.clone(),
            resolved: locked.resolved.clone(),
        };
        let stage = |((dockerfile, stage), locked): (&(String, String), &LockedPackages)| {
            let mut versions: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
            for ((database, package), version) in &locked.versions {
                versions
                    .entry(database.name().to_owned())
                    .or_default()
                    .insert(package.clone(), version.clone());
            }
            let LockedPackages { from, resolved, .. } = locked.clone();
            StageOf { dockerfile: dockerfile.clone(), stage: stage.clone(), from, resolved, versions }
        };
        let file = File {
            version: VERSION,
            image: self.images.iter().map(image).collect(),
            packages: self.packages.iter().map(stage).collect(),
        };
        let text = toml::to_string(&file).expect("it is made of texts and a number");
        format!("{HEADER}{text}")
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty() && self.packages.is_empty()
    }

    /// The packages of a Dockerfile.
    pub fn packages_of(&self, dockerfile: &str) -> Packages {
        let own = self.packages.iter().filter(|((file, _), _)| file == dockerfile);
        own.map(|((_, stage), locked)| {
            let version = |version: &String| OfPackage::Version { now: version.clone(), before: None };
            let packages = locked.versions.iter().map(|(key, one)| (key.clone(), version(one))).collect();
            (stage.clone(), Built { from: locked.from.clone(), packages })
        })
        .collect()
    }

    /// Keeps the packages of a Dockerfile, those alone that have versions.
    pub fn keep_packages(&mut self, dockerfile: &str, packages: &Packages, now: &str) {
        let mut old: BTreeMap<String, LockedPackages> = BTreeMap::new();
        self.packages.retain(|(file, stage), locked| {
            let is_own = file == dockerfile;
            if is_own {
                old.insert(stage.clone(), locked.clone());
            }
            !is_own
        });
        for (stage, built) in packages {
            let versions: BTreeMap<(Database, String), String> = built
                .packages
                .iter()
                .filter_map(|(key, found)| match found {
                    OfPackage::Version { now, .. } => Some((key.clone(), now.clone())),
                    OfPackage::Left(_) => None,
                })
                .collect();
            if versions.is_empty() {
                continue;
            }
            let kept = old.remove(stage).filter(|old| old.versions == versions && old.from == built.from);
            let new = || LockedPackages { from: built.from.clone(), resolved: now.to_owned(), versions };
            self.packages.insert((dockerfile.to_owned(), stage.clone()), kept.unwrap_or_else(new));
        }
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

impl Found {
    /// The packages of a Dockerfile, given by its absolute path.
    pub fn packages_of(&self, dockerfile: &Path) -> Packages {
        self.lock.packages_of(&key(&self.path, dockerfile))
    }
}

/// How the lock file at a path calls a Dockerfile.
pub fn key(lock: &Path, dockerfile: &Path) -> String {
    let home = lock.parent().unwrap_or(Path::new("/"));
    let relative = dockerfile.strip_prefix(home).unwrap_or(dockerfile);
    relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
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
    fn packages_are_kept_for_each_dockerfile() {
        let mut lock = Lock::default();
        let key = |name: &str| (Database::Dpkg, name.to_owned());
        let version = |now: &str| OfPackage::Version { now: now.to_owned(), before: Some("0".to_owned()) };
        let built = |found: &[(&str, OfPackage)]| {
            let packages = found.iter().map(|(name, found)| (key(name), found.clone())).collect();
            Packages::from([("build".to_owned(), Built { from: "debian:12".to_owned(), packages })])
        };
        let left = OfPackage::Left("it is no package".to_owned());
        let first = built(&[("g++", version("4:12.2.0-3")), ("awk", left.clone())]);
        lock.keep_packages("api/Dockerfile", &first, "then");
        lock.keep_packages("Dockerfile", &built(&[("awk", left)]), "then");
        let text = lock.text();
        assert!(text.contains("[packages.versions.dpkg]\n\"g++\" = \"4:12.2.0-3\"\n"), "{text}");
        assert!(!text.contains("awk"), "{text}");
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        let found = Found { path: "/work/dockopt.lock".into(), text, lock: lock.clone() };
        let known = OfPackage::Version { now: "4:12.2.0-3".to_owned(), before: None };
        assert_eq!(found.packages_of(Path::new("/work/api/Dockerfile")), built(&[("g++", known)]));
        assert_eq!(found.packages_of(Path::new("/work/Dockerfile")), Packages::new());
        // The day stays where nothing is new.
        lock.keep_packages("api/Dockerfile", &first, "now");
        assert!(lock.text().contains("resolved = \"then\""));
        lock.keep_packages("api/Dockerfile", &built(&[("g++", version("4:12.2.0-4"))]), "now");
        assert!(lock.text().contains("resolved = \"now\""));
        lock.keep_packages("api/Dockerfile", &Packages::new(), "now");
        assert!(lock.is_empty());
    }

    #[test]
    fn packages_that_could_not_be_written_are_damage() {
        let text = |database: &str, version: &str| {
            format!(
                "version = 1\n[[packages]]\ndockerfile = \"a\"\nstage = \"0\"\nfrom = \"b:1\"\nresolved = \"\"\n\
                 [packages.versions.{database}]\ncurl = \"{version}\"\n"
            )
        };
        assert!(Lock::parse(&text("dpkg", "7.88.1-10+deb12u8")).is_ok());
        for (database, version, message) in
            [("rpm", "1", "no database of packages `rpm`"), ("dpkg", "1; curl evil", "no version of `curl`")]
        {
            let problem = Lock::parse(&text(database, version)).unwrap_err();
            assert!(problem.message.contains(message), "{problem:?}");
        }
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
