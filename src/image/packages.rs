//! Which packages an image has, by the files in which package managers keep that. Must not run anything, and must not take a file of
//! another form for an empty one.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_tools::Database;

/// The packages of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Installed {
    /// The versions, by database and name in one spelling. Python may have a package twice.
    versions: BTreeMap<(Database, String), BTreeSet<String>>,
    /// What packages provide under other names, with the first that does.
    provided: BTreeMap<(Database, String), String>,
}

/// Whether a file of an image says which packages it has.
pub fn is_database(path: &str) -> bool {
    database(path).is_some()
}

/// dpkg(1) and apk-tools, `src/database.c`; for Python the core metadata specifications (`*.dist-info/METADATA`) and what was there before
/// them. Only what lies directly beside the packages counts: some bring copies of others with their metadata.
fn database(path: &str) -> Option<Database> {
    match path {
        "/var/lib/dpkg/status" => return Some(Database::Dpkg),
        "/lib/apk/db/installed" | "/usr/lib/apk/db/installed" => return Some(Database::Apk),
        _ => {}
    }
    let mut parts = path.rsplit('/');
    let (last, folder) = (parts.next()?, parts.next()?);
    let beside = match last {
        "METADATA" if folder.ends_with(".dist-info") => parts.next()?,
        "PKG-INFO" if folder.ends_with(".egg-info") => parts.next()?,
        _ if last.ends_with(".egg-info") => folder,
        _ => return None,
    };
    matches!(beside, "site-packages" | "dist-packages").then_some(Database::Python)
}

impl Installed {
    /// Reads such files, by path.
    pub fn read<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut installed = Self::default();
        for (path, text) in files {
            match database(path) {
                Some(Database::Dpkg) => paragraphs(text).for_each(|one| installed.dpkg(one)),
                Some(Database::Apk) => paragraphs(text).for_each(|one| installed.apk(one)),
                Some(Database::Python) => installed.python(paragraphs(text).next().unwrap_or_default()),
                None => {}
            }
        }
        installed
    }

    /// The version of a package, or why there is none, as a clause.
    pub fn version(&self, database: Database, name: &str) -> Result<&str, String> {
        let key = (database, database.key(name));
        let Some(versions) = self.versions.get(&key) else {
            return Err(match self.provided.get(&key) {
                Some(by) => {
                    format!("in the built image it is what `{by}` provides, and no package of its own")
                }
                None => "the step that installs it leaves no package of this name in the image".to_owned(),
            });
        };
        let mut versions = versions.iter();
        match (versions.next(), versions.next()) {
            (Some(only), None) => Ok(only),
            _ => Err("the built image has it in several versions".to_owned()),
        }
    }

    fn add(&mut self, database: Database, name: &str, version: &str) {
        self.versions.entry((database, database.key(name))).or_default().insert(version.to_owned());
    }

    fn provide(&mut self, database: Database, names: impl Iterator<Item = String>, by: &str) {
        for name in names {
            self.provided.entry((database, name)).or_insert_with(|| by.to_owned());
        }
    }

    /// `Status: install ok installed`; a package that was removed with its settings kept stays in the file.
    fn dpkg(&mut self, paragraph: &str) {
        let (Some(name), Some(version)) = (field(paragraph, "Package"), field(paragraph, "Version")) else {
            return;
        };
        if field(paragraph, "Status").is_none_or(|status| !status.ends_with(" ok installed")) {
            return;
        }
        self.add(Database::Dpkg, name, version);
        let provides = field(paragraph, "Provides").unwrap_or_default().split(',');
        let names = provides
            .filter_map(|one| one.split_whitespace().next())
            .map(|one| one.split(':').next().unwrap_or(one).to_owned());
        self.provide(Database::Dpkg, names, name);
    }

    fn apk(&mut self, paragraph: &str) {
        let (Some(name), Some(version)) = (field(paragraph, "P"), field(paragraph, "V")) else { return };
        self.add(Database::Apk, name, version);
        let provides = field(paragraph, "p").unwrap_or_default().split_whitespace();
        self.provide(
            Database::Apk,
            provides.map(|one| one.split('=').next().unwrap_or(one).to_owned()),
            name,
        );
    }

    fn python(&mut self, header: &str) {
        if let (Some(name), Some(version)) = (field(header, "Name"), field(header, "Version")) {
            self.add(Database::Python, name, version);
        }
    }
}

/// The parts of a text between empty lines.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(|part| part.trim_start_matches('\n')).filter(|part| !part.is_empty())
}

/// The value of a field on one line.
fn field<'t>(paragraph: &'t str, name: &str) -> Option<&'t str> {
    paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "\
Package: curl
Status: install ok installed
Maintainer: Someone <someone@example.org>
Version: 7.88.1-10+deb12u8
Description: command line tool
 Version: 1 of the text

Package: mawk
Status: install ok installed
Provides: awk, something (= 1.3)
Version: 1.3.4.20200120-3.1

Package: nano
Status: deinstall ok config-files
Version: 7.2-1
";

    #[test]
    fn packages_are_read() {
        let installed = Installed::read([
            ("/var/lib/dpkg/status", STATUS),
            (
                "/lib/apk/db/installed",
                "C:Q1=\nP:curl\nV:8.9.1-r1\np:cmd:curl=8.9.1-r1 so-alias\nF:usr/bin\nR:curl\n\nP:git\nV:2.45.2-r0\n",
            ),
            (
                "/usr/lib/python3.11/site-packages/Flask-3.0.3.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Flask\nVersion: 3.0.3\n\nName: no\n",
            ),
            ("/usr/lib/python3/dist-packages/six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n"),
            (
                "/opt/venv/lib/python3.11/site-packages/six-1.17.0.dist-info/METADATA",
                "Name: six\nVersion: 1.17.0\n",
            ),
            ("/etc/hosts", "Package: no\nStatus: install ok installed\nVersion: 1\n"),
        ]);
        let version =
            |database, name: &str| installed.version(database, name).map_err(|why| why[..12].to_owned());
        assert_eq!(version(Database::Dpkg, "curl"), Ok("7.88.1-10+deb12u8"));
        assert_eq!(version(Database::Dpkg, "nano").unwrap_err(), "the step tha");
        assert_eq!(version(Database::Dpkg, "no").unwrap_err(), "the step tha");
        assert!(installed.version(Database::Dpkg, "awk").unwrap_err().contains("what `mawk` provides"));
        assert_eq!(
            (version(Database::Apk, "curl"), version(Database::Apk, "git")),
            (Ok("8.9.1-r1"), Ok("2.45.2-r0"))
        );
        assert!(installed.version(Database::Apk, "so-alias").unwrap_err().contains("what `curl` provides"));
        assert_eq!(version(Database::Python, "flask"), Ok("3.0.3"));
        assert!(installed.version(Database::Python, "six").unwrap_err().contains("several versions"));
    }

    #[test]
    fn copies_inside_of_packages_do_not_count() {
        for (path, counts) in [
            ("/usr/local/lib/python3.12/site-packages/pip-24.0.dist-info/METADATA", true),
            (
                "/usr/local/lib/python3.12/site-packages/setuptools/_vendor/packaging-24.1.dist-info/METADATA",
                false,
            ),
            ("/usr/lib/python3/dist-packages/pip-23.0.1.egg-info/PKG-INFO", true),
            ("/app/deps/flask-3.0.3.dist-info/METADATA", false),
            ("/var/lib/dpkg/status-old", false),
            ("/usr/local/lib/python3.12/site-packages/pip-24.0.dist-info/RECORD", false),
        ] {
            assert_eq!(is_database(path), counts, "{path}");
        }
    }
}
