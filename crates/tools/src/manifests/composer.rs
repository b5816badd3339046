//! What `composer install` reads and writes of the project. Runs nothing and resolves no version.
//!
//! The rules follow Composer's documentation ("Command-line interface", "Schema", "Config", "Scripts") and traced runs of 2026-11-25 (Composer 2.5):
//! an install opens composer.json, composer.lock and auth.json, asks git for the version of the project unless composer.json states it, and looks at the
//! folders of `path` repositories. The autoloader that it writes names the folders of `psr-4` and the files of `files`, and opens neither; what `classmap`
//! names is scanned, and with an optimised autoloader so is everything else.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    events: Vec<String>,
    autoload_events: Vec<String>,
    harmless: BTreeSet<String>,
    secret: BTreeSet<String>,
    plugins: Vec<Plugin>,
}

/// A plugin that reads composer.json and its own package alone.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Plugin {
    name: String,
    /// A setting in `extra` of composer.json, with which it reads more.
    #[serde(default)]
    unless: Option<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/composer.toml")).expect("a test reads composer.toml")
});

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut root = call.cwd.to_owned();
    for (flag, value) in call.flags {
        if matches!(flag.as_str(), "-d" | "--working-dir") {
            root = join(&root, value.as_deref().unwrap_or_default());
        }
    }
    let mut sources = Sources::new(project);
    environment(&mut sources, call)?;
    let manifest = join(&root, "composer.json");
    let text = sources.needed(&manifest)?;
    let json = object(&manifest, &text)?;
    let auth = join(&root, "auth.json");
    sources.absent(&auth, &format!("`{auth}` holds credentials, which no COPY of its own should keep in a layer; a secret mount brings them to the install"))?;
    let mut install = Install { call, root, manifest, sources };
    install.settings(&json)?;
    install.version(&json)?;
    install.repositories(&json)?;
    install.scripts(&json)?;
    install.autoload(&json)?;
    install.lock(&json)?;
    Ok(install.sources.inputs)
}

struct Install<'a> {
    call: &'a Call<'a>,
    root: String,
    /// The path of composer.json.
    manifest: String,
    sources: Sources<'a>,
}

impl Install<'_> {
    fn has(&self, flags: &[&str]) -> bool {
        self.call.flags.iter().any(|(flag, _)| flags.contains(&flag.as_str()))
    }

    fn unclear(&self, reason: impl Into<String>) -> Unclear {
        Unclear::at(&self.manifest, reason)
    }

    /// `config`: where packages go, and nothing that is not known.
    fn settings(&mut self, json: &Map<String, Value>) -> Result<(), Unclear> {
        let none = Map::new();
        let config = match json.get("config") {
            None | Some(Value::Null) => &none,
            Some(config) => {
                config.as_object().ok_or_else(|| self.unclear("the `config` of composer.json is no table"))?
            }
        };
        for key in config.keys() {
            if DATA.secret.contains(key) {
                return Err(
                    self.unclear(format!("`config` in `{}` holds credentials (`{key}`)", self.manifest))
                );
            }
            let read_here = ["vendor-dir", "bin-dir", "optimize-autoloader", "classmap-authoritative"]
                .contains(&key.as_str());
            if !read_here && !DATA.harmless.contains(key) {
                return Err(self
                    .unclear(format!("it is not known what Composer's setting `{key}` does to an install")));
            }
        }
        for (key, default) in [("vendor-dir", Some("vendor")), ("bin-dir", None)] {
            let folder = match config.get(key) {
                None => default,
                Some(value) => {
                    let plain = value.as_str().map(|text| text.trim_start_matches("{$vendor-dir}/"));
                    let folder = plain.filter(|text| !text.contains(['$', '{', '~', '%']));
                    Some(folder.ok_or_else(|| self.unclear(format!("`{key}` is no plain path")))?)
                }
            };
            let Some(folder) = folder else { continue };
            let folder = join(&self.root, folder);
            if folder == self.root {
                return Err(self.unclear(format!("`{key}` is the project's own folder")));
            }
            if self.sources.project.look(&folder) == Look::Directory {
                self.sources.inputs.trees.insert(folder.clone());
            }
            self.sources.inputs.write_trees.insert(folder);
        }
        Ok(())
    }

    /// Without a version, and for each `path` repository, Composer asks git, Mercurial, Fossil and Subversion, which look upwards, and
    /// writes the answer to vendor/composer/installed.php.
    fn version(&mut self, json: &Map<String, Value>) -> Result<(), Unclear> {
        let stated = json.get("version").is_some_and(Value::is_string) && !has_path_repository(json);
        if stated {
            return Ok(());
        }
        for folder in std::iter::once(self.root.as_str()).chain(above(&self.root)) {
            for name in [".git", ".git/HEAD", ".hg", ".svn", ".fslckout", "_FOSSIL_", ".fos", "HEAD"] {
                let path = join(folder, name);
                self.sources.not_of_the_project(
                    &path,
                    &format!(
                        "Composer asks the history for the version of the project, and `{path}` is copied; `.dockerignore` can leave it out"
                    ),
                )?;
            }
        }
        Ok(())
    }

    fn repositories(&mut self, json: &Map<String, Value>) -> Result<(), Unclear> {
        for repository in repositories(json) {
            let Some(repository) = repository.as_object() else { continue };
            let text = |key: &str| repository.get(key).and_then(Value::as_str);
            let url = text("url").unwrap_or_default();
            match text("type") {
                Some("path" | "artifact") => self.folders(url)?,
                Some("package") => {}
                Some(
                    "composer" | "vcs" | "git" | "github" | "gitlab" | "svn" | "hg" | "pear" | "bitbucket"
                    | "git-bitbucket",
                ) if is_remote(url) => {}
                // `{"packagist": false}` in a list.
                None if repository.values().all(|value| value == &Value::Bool(false)) => {}
                _ => {
                    let kind = text("type").unwrap_or("?");
                    return Err(self.unclear(format!(
                        "the repository `{url}` of type `{kind}` is not one that dockopt can follow"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Folders of packages that are linked into vendor: read whole. A `*` may be the last part.
    fn folders(&mut self, url: &str) -> Result<(), Unclear> {
        let refused = |this: &Self| {
            this.unclear(format!("the path `{url}` of a repository is not one that dockopt can follow"))
        };
        let (folder, is_pattern) = match url.strip_suffix("/*") {
            Some(folder) => (folder, true),
            None => (url, false),
        };
        if folder.is_empty() || folder.contains(['*', '?', '[', '{', '$', '~']) || folder.contains("://") {
            return Err(refused(self));
        }
        let folder = join(&self.root, folder);
        if folder == self.root || self.root.starts_with(&format!("{folder}/")) {
            return Err(refused(self));
        }
        if !is_pattern {
            return self.sources.tree(&folder);
        }
        let names = self.sources.project.list(&folder).ok_or_else(|| refused(self))?;
        for name in names {
            let package = join(&folder, &name);
            if self.sources.project.look(&package) == Look::Directory {
                self.sources.tree(&package)?;
            }
        }
        Ok(())
    }

    fn scripts(&self, json: &Map<String, Value>) -> Result<(), Unclear> {
        let Some(scripts) =
            json.get("scripts").and_then(Value::as_object).filter(|_| !self.has(&["--no-scripts"]))
        else {
            return Ok(());
        };
        let autoload = DATA.autoload_events.iter().filter(|_| !self.has(&["--no-autoloader"]));
        for event in DATA.events.iter().chain(autoload) {
            let command = match scripts.get(event) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(list)) if list.is_empty() => continue,
                Some(Value::Array(list)) => list[0].as_str().unwrap_or("a script"),
                Some(Value::String(command)) => command,
                Some(_) => "a script",
            };
            return Err(self.unclear(format!(
                "`{event}` in `{}` runs `{command}`, which may read any file of the project; with `--no-scripts` it would run nothing",
                self.manifest
            )));
        }
        Ok(())
    }

    fn autoload(&mut self, json: &Map<String, Value>) -> Result<(), Unclear> {
        if self.has(&["--no-autoloader"]) {
            return Ok(());
        }
        let setting = |key: &str| {
            json.get("config")
                .and_then(|config| config.get(key))
                .is_some_and(|value| value != &Value::Bool(false))
        };
        if self.has(&["-o", "--optimize-autoloader", "-a", "--classmap-authoritative"])
            || setting("optimize-autoloader")
            || setting("classmap-authoritative")
        {
            return Err(self.unclear(
                "the optimised autoloader is made from every class of the project; `--no-autoloader` here and `composer dump-autoload` after the copy would take the two apart",
            ));
        }
        if json.contains_key("target-dir") {
            return Err(self.unclear("`target-dir` moves what the autoloader names"));
        }
        for key in ["autoload", "autoload-dev"] {
            let Some(scanned) = json.get(key).and_then(|autoload| autoload.get("classmap")) else { continue };
            let paths: Option<Vec<&str>> =
                scanned.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
            let paths = paths
                .ok_or_else(|| self.unclear(format!("the `classmap` of `{key}` is no list of paths")))?;
            for path in paths {
                let place = join(&self.root, path);
                if path.contains('*') || place == self.root || self.root.starts_with(&format!("{place}/")) {
                    return Err(self.unclear(format!("`classmap` scans `{path}` for classes")));
                }
                self.sources.tree(&place)?;
            }
        }
        Ok(())
    }

    /// The lock file, and what its packages bring: plugins run, local packages are read.
    fn lock(&mut self, json: &Map<String, Value>) -> Result<(), Unclear> {
        let path = join(&self.root, "composer.lock");
        let Some(text) = self.sources.optional(&path)? else {
            self.sources.inputs.writes.insert(path);
            let remark = "no composer.lock: the install takes whatever versions are newest when it runs";
            self.sources.inputs.remarks.push(remark.to_owned());
            return Ok(());
        };
        let lock = object(&path, &text)?;
        // COMPOSER_NO_DEV and the flag say the same; without either the development packages count, too.
        let lists: &[&str] =
            if self.has(&["--no-dev"]) { &["packages"] } else { &["packages", "packages-dev"] };
        for list in lists {
            let packages = lock.get(*list).and_then(Value::as_array);
            for package in
                packages.ok_or_else(|| Unclear::at(&path, format!("`{path}` has no list `{list}`")))?
            {
                self.package(&path, package, json)?;
            }
        }
        Ok(())
    }

    fn package(&mut self, lock: &str, package: &Value, json: &Map<String, Value>) -> Result<(), Unclear> {
        let name = package.get("name").and_then(Value::as_str).unwrap_or("a package");
        let kind = package.get("type").and_then(Value::as_str).unwrap_or("library");
        let is_harmless = |plugin: &Plugin| {
            let setting = |key: &str| json.get("extra").and_then(|extra| extra.pointer(key));
            plugin.name == name && plugin.unless.as_deref().and_then(setting).is_none()
        };
        if matches!(kind, "composer-plugin" | "composer-installer")
            && !self.has(&["--no-plugins"])
            && !DATA.plugins.iter().any(is_harmless)
        {
            return Err(Unclear::at(
                lock,
                format!("the install runs the plugin `{name}`, which may read any file of the project"),
            ));
        }
        for key in ["dist", "source"] {
            let Some(from) = package.get(key).and_then(Value::as_object) else { continue };
            let url = from.get("url").and_then(Value::as_str).unwrap_or_default();
            if from.get("type").and_then(Value::as_str) == Some("path") {
                self.folders(url)?;
            } else if !is_remote(url) {
                return Err(Unclear::at(
                    lock,
                    format!("`{name}` comes from `{url}`, which is not known to be another machine"),
                ));
            }
        }
        Ok(())
    }
}

fn object(path: &str, text: &str) -> Result<Map<String, Value>, Unclear> {
    match serde_json::from_str(text) {
        Ok(Value::Object(json)) => Ok(json),
        _ => Err(Unclear::at(path, format!("`{path}` is not a JSON object (was already broken?)"))),
    }
}

fn repositories(json: &Map<String, Value>) -> Vec<&Value> {
    match json.get("repositories") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(table)) => table.values().collect(),
        _ => vec![],
    }
}

fn has_path_repository(json: &Map<String, Value>) -> bool {
    repositories(json)
        .into_iter()
        .any(|repository| repository.get("type").and_then(Value::as_str) == Some("path"))
}

/// An address of the network. `git@host:path` is one, as is any scheme but `file:`.
fn is_remote(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("file"))
        || (url.starts_with("git@") && url.contains(':'))
}

/// Variables that name files or make PHP load some.
fn environment(sources: &mut Sources<'_>, call: &Call<'_>) -> Result<(), Unclear> {
    for name in [
        "COMPOSER",
        "COMPOSER_VENDOR_DIR",
        "COMPOSER_BIN_DIR",
        "COMPOSER_MIRROR_PATH_REPOS",
        "PHPRC",
        "PHP_INI_SCAN_DIR",
    ] {
        if call.env.contains_key(name) {
            return Err(Unclear::new(format!("`{name}` is set, and may name other files of the project")));
        }
    }
    match call.env.get("COMPOSER_HOME") {
        None => Ok(()),
        Some(Some(home)) => {
            for name in ["config.json", "auth.json", "composer.json"] {
                let path = join(&join(call.cwd, home), name);
                sources.not_of_the_project(
                    &path,
                    &format!("`{path}` comes from the project and configures Composer"),
                )?;
            }
            Ok(())
        }
        Some(None) => Err(Unclear::new("the value of `COMPOSER_HOME` is not known, and it names a folder")),
    }
}

#[cfg(test)]
#[path = "composer/tests.rs"]
mod tests;
