//! Which packages of a distribution only a build needs, and what the programs that it builds need instead of them. Data; what is not
//! listed is not known, and a program may need it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::bases::{Base, Release};

/// What needs a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Only a build: compilers, make, headers.
    BuildOnly,
    /// Only a build, and what it makes may be linked to libraries of these packages.
    Library(Vec<String>),
    /// That is not known, so a program may need it.
    Unknown,
}

/// What needs a package in an image.
pub fn need_on(base: &Base, package: &str) -> Need {
    match &base.family {
        Some(_) if base.linked.contains(package) => Need::BuildOnly,
        Some(family) => need(family, base.release, package),
        None => Need::Unknown,
    }
}

/// What needs a package of a distribution, in that release.
pub fn need(family: &str, release: Release, package: &str) -> Need {
    let Some(packages) = DATA.get(family) else { return Need::Unknown };
    if packages.build_only.iter().any(|own| own == package) {
        return Need::BuildOnly;
    }
    let names = match packages.libraries.get(package) {
        None => None,
        Some(Libraries::Always(names)) => Some(names),
        Some(Libraries::ByRelease(releases)) => match release {
            Release::Known(major, minor) => {
                version(major, minor, releases).and_then(|key| releases.get(&key))
            }
            Release::Unknown | Release::Newest => None,
        },
    };
    names.map_or(Need::Unknown, |names| Need::Library(names.split(' ').map(str::to_owned).collect()))
}

/// The programs that a package brings, as far as they are known; one of its own name always may be.
pub fn programs(package: &str) -> BTreeSet<&str> {
    let known = DATA.values().filter_map(|packages| packages.programs.get(package));
    known.flatten().map(String::as_str).chain([package]).collect()
}

/// The key of a release: `12` or `22.04`.
fn version(major: u32, minor: u32, releases: &BTreeMap<String, String>) -> Option<String> {
    [format!("{major}.{minor:02}"), format!("{major}.{minor}"), major.to_string()]
        .into_iter()
        .find(|key| releases.contains_key(key))
}

/// A file of `data/packages`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Packages {
    build_only: Vec<String>,
    libraries: BTreeMap<String, Libraries>,
    #[serde(default)]
    programs: BTreeMap<String, Vec<String>>,
}

/// Names, separated by blanks.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Libraries {
    Always(String),
    ByRelease(BTreeMap<String, String>),
}

static DATA: LazyLock<BTreeMap<&'static str, Packages>> = LazyLock::new(|| {
    [
        ("alpine", include_str!("../data/packages/alpine.toml")),
        ("debian", include_str!("../data/packages/debian.toml")),
        ("ubuntu", include_str!("../data/packages/ubuntu.toml")),
    ]
    .into_iter()
    .map(|(family, text)| (family, toml::from_str(text).expect("a test reads every file of data/packages")))
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bases::identify;

    fn of(image: &str, package: &str) -> Option<String> {
        match need_on(&identify(image).expect("a known image"), package) {
            Need::BuildOnly => Some(String::new()),
            Need::Library(names) => Some(names.join(" ")),
            Need::Unknown => None,
        }
    }

    #[test]
    fn what_stays_of_packages_for_builds() {
        for (image, package, stays) in [
            ("debian:12", "make", Some("")),
            ("debian:12", "build-essential", Some("libgomp1 libstdc++6")),
            ("debian:12", "libpq-dev", Some("libpq5")),
            ("debian:11", "libffi-dev", Some("libffi7")),
            ("debian:bookworm-slim", "libssl-dev", Some("libssl3")),
            ("debian:trixie", "libssl-dev", Some("libssl3t64")),
            ("ubuntu:22.04", "libicu-dev", Some("libicu70")),
            ("debian:12", "default-libmysqlclient-dev", Some("libmariadb3")),
            ("python:3.12", "libpq-dev", Some("libpq5")),
            // The interpreter of the image is linked to it itself.
            ("python:3.12", "libssl-dev", Some("")),
            ("python:3.12-alpine", "libffi-dev", Some("")),
            ("python:3.12-alpine", "postgresql-dev", Some("libpq")),
            ("alpine:3.20", "openssl-dev", Some("libcrypto3 libssl3")),
            ("alpine:3.20", "build-base", Some("libstdc++ libgomp")),
            // The library has another name in each release.
            ("debian", "libicu-dev", None),
            ("python:3.12", "libicu-dev", None),
            ("alpine:3.9", "openssl-dev", None),
            // Programs may call it.
            ("debian:12", "git", None),
            ("debian:12", "gettext", None),
            ("debian:12", "libpq5", None),
            ("fedora:39", "gcc", None),
        ] {
            assert_eq!(of(image, package).as_deref(), stays, "{image} {package}");
        }
    }

    #[test]
    fn programs_of_packages() {
        assert!(programs("build-base").contains("gcc") && programs("build-essential").contains("cc"));
        assert_eq!(programs("jq"), BTreeSet::from(["jq"]));
    }

    #[test]
    fn lists_are_in_order_and_say_one_thing() {
        for (family, packages) in DATA.iter() {
            assert!(packages.build_only.windows(2).all(|pair| pair[0] < pair[1]), "{family}: not in order");
            for (package, libraries) in &packages.libraries {
                assert!(!packages.build_only.contains(package), "{family}: {package} is in both lists");
                let texts: Vec<&String> = match libraries {
                    Libraries::Always(names) => vec![names],
                    Libraries::ByRelease(releases) => releases.values().collect(),
                };
                for names in texts {
                    assert!(
                        names.split(' ').all(|name| !name.is_empty() && !name.ends_with("-dev")),
                        "{family}: {package}"
                    );
                }
            }
        }
    }
}
