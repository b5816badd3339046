//! Operands of an install that name a package, and perhaps its version, as each package manager writes them. It must not know which
//! packages there are.

use serde::Deserialize;

use crate::recognize::is_archive;

/// How the operands of an install name a package in one version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exact {
    /// What stands between the name and the version.
    pub joined_by: String,
    /// Where an image says which packages it has.
    pub database: Database,
    /// What is to be known about a package that is named in this way, as a clause.
    pub remark: String,
    /// What stands before a number at the end of versions that other platforms do not have.
    #[serde(default)]
    pub of_one_platform: Option<String>,
}

/// Where an image says which packages it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Database {
    /// dpkg's `status`.
    Dpkg,
    /// apk's `installed`.
    Apk,
    /// The folders of metadata beside Python's packages.
    Python,
}

/// What an operand names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// A package, in whatever version there is.
    Package(&'a str),
    /// A package in one version.
    Version(&'a str, &'a str),
    /// Something else: what, as a clause about the operand.
    Other(&'static str),
}

impl Exact {
    /// What an operand names.
    pub fn read<'a>(&self, operand: &'a str) -> Named<'a> {
        match self.database {
            Database::Dpkg => dpkg(operand),
            Database::Apk => apk(operand),
            Database::Python => python(operand),
        }
    }

    /// Whether a version is one that other platforms do not have.
    pub fn is_of_one_platform(&self, version: &str) -> bool {
        let number =
            self.of_one_platform.as_ref().and_then(|text| Some(version.rsplit_once(text.as_str())?.1));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

impl Database {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dpkg, Self::Apk, Self::Python];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
            Self::Python => "python",
        }
    }

    /// A name of a package in one spelling. Python's may be written in several: case does not count, and `-`, `_` and `.` are the same
    /// (<https://packaging.python.org/en/latest/specifications/name-normalization/>).
    pub fn key(self, name: &str) -> String {
        if self != Self::Python {
            return name.to_owned();
        }
        let mut key = String::new();
        for c in name.chars().map(|c| c.to_ascii_lowercase()) {
            match c {
                '-' | '_' | '.' if key.ends_with('-') => {}
                '-' | '_' | '.' => key.push('-'),
                other => key.push(other),
            }
        }
        key
    }
}

const PATTERN: &str = "is a pattern";
const FILE: &str = "is a file or a folder";
const OPEN: &str = "says by itself which versions it takes";

/// `NAME`, `NAME=VERSION`, and much else (apt-get(8), "install").
fn dpkg(operand: &str) -> Named<'_> {
    if operand.starts_with(['.', '/']) || is_archive(operand) {
        return Named::Other(FILE);
    }
    let (name, version) = split(operand, "=");
    if operand.contains('/') {
        return Named::Other("names a release, which has one version at a time");
    }
    if operand.contains(['*', '?', '[', '^']) {
        return Named::Other(if version.is_some() { OPEN } else { PATTERN });
    }
    if name.contains(':') {
        return Named::Other("names an architecture");
    }
    if name.ends_with('-') {
        return Named::Other("takes a package away, by the `-` behind it");
    }
    named(name, version, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
}

/// `NAME`, `NAME=VERSION`, and much else (apk-add(8), apk-world(5)).
fn apk(operand: &str) -> Named<'_> {
    if operand.starts_with(['.', '/']) || is_archive(operand) {
        return Named::Other(FILE);
    }
    if operand.contains('@') {
        return Named::Other("names a repository");
    }
    if operand.starts_with('!') {
        return Named::Other("keeps a package out");
    }
    if operand.contains(['<', '>', '~']) {
        return Named::Other(OPEN);
    }
    let (name, version) = split(operand, "=");
    if name.contains(':') {
        return Named::Other("names what packages provide");
    }
    named(name, version, |c| c.is_ascii_alphanumeric() || "+._-".contains(c))
}

/// `NAME`, `NAME[EXTRAS]`, either with `==VERSION`, and much else (PEP 508).
fn python(operand: &str) -> Named<'_> {
    if operand.contains("://")
        || operand.contains(" @")
        || operand.contains("@ ")
        || operand.starts_with("git+")
    {
        return Named::Other("is an address");
    }
    if operand.starts_with('.') || operand.contains('/') || is_archive(operand) {
        return Named::Other(FILE);
    }
    if operand.contains(';') {
        return Named::Other("has a condition");
    }
    let (named_part, version) = split(operand, "==");
    let name = match named_part.split_once('[') {
        Some((name, extras)) if extras.ends_with(']') && !extras[..extras.len() - 1].contains(['[', ']']) => {
            name
        }
        Some(_) => return Named::Other(PATTERN),
        None => named_part,
    };
    if named_part.contains(['<', '>', '=', '!', '~'])
        || version.is_some_and(|version| version.contains(['*', '=', ',']))
    {
        return Named::Other(OPEN);
    }
    named(name, version, |c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn split<'a>(operand: &'a str, by: &str) -> (&'a str, Option<&'a str>) {
    operand.split_once(by).map_or((operand, None), |(name, version)| (name, Some(version)))
}

fn named<'a>(name: &'a str, version: Option<&'a str>, is_of_name: impl Fn(char) -> bool) -> Named<'a> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_of_name);
    match version {
        _ if !is_name => Named::Other("is no name of a package"),
        Some(version) if is_version(version) => Named::Version(name, version),
        Some(_) => Named::Other(OPEN),
        None => Named::Package(name),
    }
}

/// Whether a text can be a version that is written into a command as it is: the signs of Debian, Alpine and PEP 440, of which no shell
/// makes anything else.
pub fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".+-~:_!".contains(c))
        && !text.contains("!!")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(database: Database) -> Exact {
        Exact {
            joined_by: "=".to_owned(),
            database,
            remark: String::new(),
            of_one_platform: Some("+b".to_owned()),
        }
    }

    #[test]
    fn operands_are_told_apart() {
        use Database::{Apk, Dpkg, Python};
        for (database, operand, expected) in [
            (Dpkg, "curl", Named::Package("curl")),
            (Dpkg, "g++", Named::Package("g++")),
            (Dpkg, "libstdc++-12-dev", Named::Package("libstdc++-12-dev")),
            (Dpkg, "curl=7.88.1-10+deb12u8", Named::Version("curl", "7.88.1-10+deb12u8")),
            (Dpkg, "git=1:2.39.5-0+deb12u1", Named::Version("git", "1:2.39.5-0+deb12u1")),
            (Dpkg, "curl=7.*", Named::Other(OPEN)),
            (Dpkg, "libssl*", Named::Other(PATTERN)),
            (Dpkg, "./app.deb", Named::Other(FILE)),
            (Dpkg, "/tmp/app_1.0_amd64.deb", Named::Other(FILE)),
            (
                Dpkg,
                "golang/bookworm-backports",
                Named::Other("names a release, which has one version at a time"),
            ),
            (Dpkg, "libc6:i386", Named::Other("names an architecture")),
            (Dpkg, "exim4-", Named::Other("takes a package away, by the `-` behind it")),
            (Dpkg, "lamp-server^", Named::Other(PATTERN)),
            (Dpkg, "Curl", Named::Other("is no name of a package")),
            (Apk, "curl", Named::Package("curl")),
            (Apk, "py3-pip=24.0-r2", Named::Version("py3-pip", "24.0-r2")),
            (Apk, "nodejs>=20", Named::Other(OPEN)),
            (Apk, "nodejs=~20", Named::Other(OPEN)),
            (Apk, "ffmpeg@edge", Named::Other("names a repository")),
            (Apk, "so:libssl.so.3", Named::Other("names what packages provide")),
            (Apk, "!busybox", Named::Other("keeps a package out")),
            (Apk, "/tmp/app.apk", Named::Other(FILE)),
            (Python, "Flask", Named::Package("Flask")),
            (Python, "uvicorn[standard]", Named::Package("uvicorn")),
            (Python, "uvicorn[standard]==0.30.1", Named::Version("uvicorn", "0.30.1")),
            (Python, "torch==2.4.0+cpu", Named::Version("torch", "2.4.0+cpu")),
            (Python, "flask>=2", Named::Other(OPEN)),
            (Python, "flask~=2.0", Named::Other(OPEN)),
            (Python, "flask==2.*", Named::Other(OPEN)),
            (Python, "flask==2.0,<3", Named::Other(OPEN)),
            (Python, "flask===2.0", Named::Other(OPEN)),
            (Python, "flask!=2.0", Named::Other(OPEN)),
            (Python, ".", Named::Other(FILE)),
            (Python, "./libs/common", Named::Other(FILE)),
            (Python, ".[dev]", Named::Other(FILE)),
            (Python, "app-1.0-py3-none-any.whl", Named::Other(FILE)),
            (Python, "git+https://git.example.org/app.git", Named::Other("is an address")),
            (Python, "app @ https://example.org/app.whl", Named::Other("is an address")),
            (Python, "tomli; python_version < '3.11'", Named::Other("has a condition")),
        ] {
            assert_eq!(exact(database).read(operand), expected, "{operand}");
        }
    }

    #[test]
    fn names_of_python_have_one_spelling() {
        assert_eq!(Database::Python.key("Foo._-Bar"), "foo-bar");
        assert_eq!(Database::Python.key("ruamel.yaml"), Database::Python.key("ruamel_yaml"));
        assert_eq!(Database::Dpkg.key("libfoo1.2"), "libfoo1.2");
    }

    #[test]
    fn rebuilds_for_one_platform_are_told() {
        assert!(exact(Database::Dpkg).is_of_one_platform("5.2.15-2+b7"));
        for version in ["7.88.1-10+deb12u8", "2.4+bzr12-1", "1.0+b"] {
            assert!(!exact(Database::Dpkg).is_of_one_platform(version), "{version}");
        }
    }
}
