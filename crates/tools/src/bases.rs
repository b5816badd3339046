//! What well-known base images bring: distribution, working directory, user and tools. Knows names and tags only, asks no registry and
//! says `None` for what it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

pub mod forms;

/// What a base image brings, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The distribution: `debian`, `ubuntu`, `alpine`, …
    pub family: Option<String>,
    /// Its release.
    pub release: Release,
    /// The working directory.
    pub workdir: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The program that runs RUN commands, if it is not the usual shell.
    pub shell: Option<String>,
    /// Major versions of the tools that it brings.
    pub tools: BTreeMap<String, u32>,
    /// Tools that it brings itself, in a version that suits it.
    pub bundled: BTreeSet<String>,
    /// Users besides root, by name.
    pub accounts: BTreeMap<String, Account>,
    /// Trees that it brings outside of the folders of its system, if that is known.
    pub holds: Option<Vec<String>>,
    /// Folders of its system that are there for certain.
    pub folders: Vec<String>,
    /// Its entrypoint, where that is known; empty if there is none. Each ends by running the command that it is given.
    pub entrypoint: Option<Vec<String>>,
    /// Variables of the environment with the values that they have in each version.
    pub env: BTreeMap<String, String>,
    /// Folders that it puts before the usual ones in `PATH`.
    pub path: Vec<String>,
    /// Where its language installs packages and their programs for everybody: `/usr/local`.
    pub prefix: Option<String>,
    /// There is no shell in it.
    pub bare: bool,
    /// Packages for builds whose libraries it has in any of its forms, since programs that it brings are linked to them.
    pub linked: BTreeSet<String>,
    /// It is an image for Windows, of which nothing else is known.
    pub windows: bool,
    /// It runs commands when it is built upon, so that nothing else is known.
    pub onbuild: bool,
}

/// A user that an image brings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The number of the user.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// Its home folder, which exists and is its own.
    pub home: String,
}

/// A distribution's release.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Release {
    /// Some release.
    #[default]
    Unknown,
    /// The release of this number: 12 is `(12, 0)`, 22.04 is `(22, 4)`.
    Known(u32, u32),
    /// Always the newest one.
    Newest,
}

impl Base {
    /// Whether the image has nothing at a path, nor below it. `false` where that is not known.
    pub fn lacks(&self, path: &str) -> bool {
        const SYSTEM: [&str; 20] = [
            "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt",
            "proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr",
        ];
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        // Folders in which a system puts nothing.
        let is_own = match parts.as_slice() {
            ["home" | "opt" | "srv", _, ..] | ["usr", "src", _, ..] => true,
            [] | ["var", ..] => false,
            [top, ..] => !SYSTEM.contains(top),
        };
        let within = |path: &str, tree: &str| {
            path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        is_own
            && self
                .holds
                .as_ref()
                .is_some_and(|holds| !holds.iter().any(|tree| within(path, tree) || within(tree, path)))
    }

    /// Whether a folder is there for certain.
    pub fn has_folder(&self, path: &str) -> bool {
        path == "/" || self.folders.iter().any(|folder| folder == path)
    }
}

impl Release {
    /// Is it this release or a later one? `None` if that is not known.
    pub fn at_least(self, major: u32, minor: u32) -> Option<bool> {
        match self {
            Release::Unknown => None,
            Release::Known(own, own_minor) => Some((own, own_minor) >= (major, minor)),
            Release::Newest => Some(true),
        }
    }
}

/// What is known of the image that a FROM names: `name[:tag][@digest]`, variables put in.
///
/// A tag beside a digest is taken to be that of the digest: whoever pins, pins what the tag was.
pub fn identify(image: &str) -> Option<Base> {
    if image.is_empty() || image.contains(['$', ' ']) {
        return None;
    }
    let (name, pinned) = match image.split_once('@') {
        Some((name, digest)) if !digest.is_empty() => (name, true),
        Some(_) => return None,
        None => (image, false),
    };
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    let name = official_name(name);
    let tag = match tag {
        None if pinned => "",
        None => "latest",
        Some(tag) => tag,
    };
    if is_windows(name, tag) {
        return Some(Base { windows: true, ..Base::default() });
    }
    let found = DATA.images.iter().find(|found| found.is_called(name))?;
    if tag.split('-').any(|word| word == "onbuild") {
        return Some(Base { onbuild: true, ..Base::default() });
    }
    let mut base = found.base(tag);
    if pinned {
        // The digest may be any of those that the tag once was.
        if base.release == Release::Newest {
            base.release = Release::Unknown;
        }
        if version(tag).is_none_or(|(_, minor)| minor.is_none()) {
            base.tools.clear();
        }
    }
    Some(base)
}

/// The names of images, without the places that serve the official ones.
fn official_name(name: &str) -> &str {
    const MIRRORS: [&str; 5] = [
        "docker.io/",
        "index.docker.io/",
        "registry-1.docker.io/",
        "public.ecr.aws/docker/",
        "mirror.gcr.io/",
    ];
    let name = MIRRORS.iter().find_map(|mirror| name.strip_prefix(mirror)).unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

fn is_windows(name: &str, tag: &str) -> bool {
    const OLD: [&str; 4] =
        ["microsoft/nanoserver", "microsoft/windowsservercore", "microsoft/iis", "microsoft/aspnet"];
    OLD.contains(&name)
        || ["mcr.microsoft.com/windows", "mcr.microsoft.com/dotnet/framework/"]
            .iter()
            .any(|own| name.starts_with(own))
        || tag.split('-').any(|word| {
            ["nanoserver", "windowsservercore", "ltsc20"].iter().any(|windows| word.starts_with(windows))
        })
}

/// All of `data/bases`.
struct Data {
    words: BTreeMap<String, Word>,
    prefixes: BTreeMap<String, String>,
    release_parts: BTreeMap<String, usize>,
    folders: BTreeMap<String, Vec<String>>,
    images: Vec<Image>,
}

/// One file of `data/bases`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    words: BTreeMap<String, Word>,
    #[serde(default)]
    prefixes: BTreeMap<String, String>,
    #[serde(default)]
    release_parts: BTreeMap<String, usize>,
    #[serde(default)]
    folders: BTreeMap<String, Vec<String>>,
    image: Vec<Image>,
}

/// What a word of a tag says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    family: String,
    release: Option<String>,
}

/// An image, or several that are alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    /// Full names, or a beginning and `*`.
    names: Vec<String>,
    /// The family where the tag names none.
    family: Option<String>,
    release: Option<String>,
    /// There is no other family, whatever the tag.
    #[serde(default)]
    sole: bool,
    /// What the tag's number is.
    #[serde(default)]
    tag: Number,
    /// Tags of the newest release.
    #[serde(default)]
    newest: Vec<String>,
    workdir: Option<String>,
    user: Option<String>,
    shell: Option<String>,
    /// Another working directory, by a word of the tag.
    #[serde(default)]
    workdirs: BTreeMap<String, String>,
    /// Words of its own, which win.
    #[serde(default)]
    words: BTreeMap<String, Word>,
    /// Words that stand for a version.
    #[serde(default)]
    codenames: BTreeMap<String, String>,
    #[serde(default)]
    bundled: BTreeSet<String>,
    holds: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    path: Vec<String>,
    prefix: Option<String>,
    /// There is no shell, whatever the tag.
    #[serde(default)]
    bare: bool,
    #[serde(default)]
    linked: BTreeSet<String>,
    #[serde(default)]
    accounts: BTreeMap<String, Account>,
    #[serde(default)]
    line: Vec<Line>,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Number {
    /// The version of what it is made for.
    #[default]
    Version,
    /// The release of the distribution.
    Release,
}

/// What holds for the versions from one up to, and without, another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    from: String,
    until: String,
    family: Option<String>,
    release: Option<String>,
    #[serde(default)]
    tools: BTreeMap<String, u32>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    let mut data = Data {
        words: BTreeMap::new(),
        prefixes: BTreeMap::new(),
        release_parts: BTreeMap::new(),
        folders: BTreeMap::new(),
        images: vec![],
    };
    for text in [
        include_str!("../data/bases/distributions.toml"),
        include_str!("../data/bases/languages.toml"),
        include_str!("../data/bases/services.toml"),
    ] {
        let file: File = toml::from_str(text).expect("a test reads every file of data/bases");
        data.words.extend(file.words);
        data.prefixes.extend(file.prefixes);
        data.release_parts.extend(file.release_parts);
        data.folders.extend(file.folders);
        data.images.extend(file.image);
    }
    data
});

impl Image {
    fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|own| match own.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => own == name,
        })
    }

    fn base(&self, tag: &str) -> Base {
        let words: Vec<&str> = tag.split('-').collect();
        let line = self.line(&words);
        let (family, mut release) = self.distribution(tag, &words, line);
        if family.as_deref() == Some("alpine") && release == Release::Unknown && !self.is_called("alpine") {
            // Variants of other images on Alpine began in 2016, on 3.3; every one that can still be pulled is as young.
            release = Release::Known(3, 3);
        }
        // An image with nothing but a program, for a user of its own.
        let bare = words
            .iter()
            .any(|word| ["chiseled", "distroless", "nonroot", "unprivileged", "rootless"].contains(word));
        let workdir = words.iter().find_map(|word| self.workdirs.get(*word)).or(self.workdir.as_ref());
        let folders =
            family.as_ref().and_then(|family| DATA.folders.get(family)).filter(|_| self.holds.is_some());
        Base {
            folders: folders.cloned().unwrap_or_default(),
            holds: self.holds.clone().filter(|_| !bare),
            family,
            release,
            workdir: workdir.filter(|_| !tag.is_empty() || self.workdirs.is_empty()).cloned(),
            user: self.user.clone().filter(|_| !bare),
            shell: self.shell.clone(),
            tools: line.map(|line| line.tools.clone()).unwrap_or_default(),
            bundled: self.bundled.clone(),
            accounts: self.accounts.clone(),
            entrypoint: self.entrypoint.clone(),
            env: self.env.clone(),
            path: self.path.clone(),
            prefix: self.prefix.clone(),
            bare: self.bare || words.iter().any(|word| ["chiseled", "distroless"].contains(word)),
            linked: self.linked.clone(),
            windows: false,
            onbuild: false,
        }
    }

    /// The family and release: what the words of the tag say, else the line of the version, else the image's own.
    fn distribution(&self, tag: &str, words: &[&str], line: Option<&Line>) -> (Option<String>, Release) {
        if self.newest.iter().any(|newest| newest == tag || words.first() == Some(&newest.as_str())) {
            return (self.family.clone(), Release::Newest);
        }
        let mut named: Vec<(String, Release)> = words.iter().filter_map(|word| self.named(word)).collect();
        named.sort_by_key(|(_, release)| *release == Release::Unknown);
        if let Some((family, release)) = named.first() {
            let agreed = named.iter().all(|(other, _)| other == family);
            return if agreed { (Some(family.clone()), *release) } else { (None, Release::Unknown) };
        }
        if self.tag == Number::Release {
            let number = words.first().and_then(|word| release_number(self.family.as_deref(), word));
            return (self.family.clone(), number.unwrap_or_default());
        }
        let release = |text: &Option<String>| text.as_deref().map(release_text).unwrap_or_default();
        match line {
            Some(Line { family: Some(family), release: number, .. }) => {
                (Some(family.clone()), release(number))
            }
            _ if tag.is_empty() && !self.sole => (None, Release::Unknown),
            _ => (self.family.clone(), release(&self.release)),
        }
    }

    fn named(&self, word: &str) -> Option<(String, Release)> {
        if let Some(known) = self.words.get(word).or_else(|| DATA.words.get(word)) {
            return Some((
                known.family.clone(),
                known.release.as_deref().map(release_text).unwrap_or_default(),
            ));
        }
        let digits = word.find(|c: char| c.is_ascii_digit())?;
        let family = DATA.prefixes.get(&word[..digits])?;
        Some((family.clone(), release_number(Some(family), &word[digits..])?))
    }

    fn line(&self, words: &[&str]) -> Option<&Line> {
        let text = words.first()?;
        let (major, minor) = version(self.codenames.get(*text).map_or(text, |version| version))?;
        // `16` is the newest 16.
        let own = (major, minor.unwrap_or(u32::MAX));
        let bound = |text: &str| version(text).map(|(major, minor)| (major, minor.unwrap_or(0)));
        self.line.iter().find(|line| bound(&line.from) <= Some(own) && Some(own) < bound(&line.until))
    }
}

/// The first two numbers of a version such as `3.12.1` or `v20`.
fn version(text: &str) -> Option<(u32, Option<u32>)> {
    let word = text.split('-').next()?;
    let mut parts = word.strip_prefix('v').unwrap_or(word).split('.');
    let major = parts.next()?.parse().ok()?;
    match parts.next() {
        None => Some((major, None)),
        Some(minor) => Some((major, Some(minor.parse().ok()?))),
    }
}

/// `newest`, `12` or `22.04`, from a data file.
fn release_text(text: &str) -> Release {
    match (text, version(text)) {
        ("newest", _) => Release::Newest,
        (_, Some((major, minor))) => Release::Known(major, minor.unwrap_or(0)),
        _ => Release::Unknown,
    }
}

/// A release in a tag. A date, or a number that leaves the release open (`alpine:3`), is none.
fn release_number(family: Option<&str>, text: &str) -> Option<Release> {
    let (major, minor) = version(text)?;
    let parts = family.and_then(|family| DATA.release_parts.get(family)).copied().unwrap_or(2);
    match (parts, minor) {
        (_, _) if major > 9999 => None,
        (1, _) => Some(Release::Known(major, 0)),
        (_, Some(minor)) => Some(Release::Known(major, minor)),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests;
