//! What `bundle install` reads and writes of the project. Runs nothing and resolves no version.
//!
//! The rules follow Bundler's manual (`bundle-install`, `bundle-config`, `gemfile`) and traced runs of 2026-11-25 (Bundler 2.3, Ruby 3.1): an install opens the Gemfile
//! and what it names, Gemfile.lock and .bundle/config, takes what lies in vendor/cache, and evaluates the gemspec of each `path:` gem in the folder of that gem.
//! Without `frozen` or `deployment` it may write Gemfile.lock.

mod gemfile;
mod gemspec;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::paths::{join, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    harmless: BTreeSet<String>,
    harmless_beginnings: Vec<String>,
    ghosts: Vec<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/bundler.toml")).expect("a test reads bundler.toml")
});

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    ruby(call)?;
    let gemfile = match call.env.get("BUNDLE_GEMFILE") {
        None => join(call.cwd, "Gemfile"),
        Some(Some(path)) => join(call.cwd, path),
        Some(None) => return Err(Unclear::new("the value of `BUNDLE_GEMFILE` is not known")),
    };
    let root = parent(&gemfile).to_owned();
    // Without a Gemfile, Bundler takes a gems.rb or looks upwards.
    sources.absent(
        &join(&root, "gems.rb"),
        "a gems.rb lies beside the Gemfile, and it is not known which of the two counts",
    )?;
    for ghost in &DATA.ghosts {
        sources.ambient_unread(&join(call.cwd, ghost));
    }
    let mut install = Install { call, root, sources, settings: Settings::default() };
    install.settings()?;
    install.gemfile(&gemfile, 0)?;
    install.lock(&gemfile)?;
    install.places()?;
    Ok(install.sources.inputs)
}

/// What is set by variables, by .bundle/config and by options.
#[derive(Default)]
struct Settings {
    /// `frozen` and `deployment`, wherever they are set.
    frozen: Vec<bool>,
    /// Whether `deployment` is set.
    deployment: Vec<bool>,
    /// Where gems go.
    paths: Vec<String>,
    /// Whether options are given that Bundler writes down in .bundle/config.
    remembered: Vec<String>,
}

struct Install<'a> {
    call: &'a Call<'a>,
    /// The folder of the Gemfile.
    root: String,
    sources: Sources<'a>,
    settings: Settings,
}

impl Install<'_> {
    fn settings(&mut self) -> Result<(), Unclear> {
        let variables: Vec<(String, Option<String>)> = self
            .call
            .env
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("BUNDLE_")?.to_owned(), value.clone())))
            .collect();
        for (name, value) in variables {
            let own = name.to_ascii_lowercase();
            // Names with a dot, written as two underscores, are hosts with credentials, as far as they are not build options.
            if matches!(own.as_str(), "gemfile" | "app_config")
                || own.contains("__") && !own.starts_with("local__")
            {
                continue;
            }
            let shown = format!("BUNDLE_{name}");
            let value = value.ok_or_else(|| Unclear::new(format!("the value of `{shown}` is not known")));
            self.set(&own, value?, &shown)?;
        }
        let folder = match self.call.env.get("BUNDLE_APP_CONFIG") {
            None => ".bundle",
            Some(Some(folder)) => folder,
            Some(None) => return Err(Unclear::new("the value of `BUNDLE_APP_CONFIG` is not known")),
        };
        let config = join(&join(&self.root, folder), "config");
        if let Some(text) = self.sources.optional(&config)? {
            self.config(&config, &text)?;
        }
        self.sources.ambient_unread(&join(&self.root, ".bundle/plugin/index"));
        let flags = self.call.flags;
        for (flag, value) in flags {
            let value = value.clone().unwrap_or_else(|| "true".to_owned());
            match flag.as_str() {
                "--deployment" | "--frozen" | "--path" => {
                    self.set(flag.trim_start_matches('-'), value, flag)?;
                    self.settings.remembered.push(flag.clone());
                }
                "--without" | "--with" | "--clean" | "--no-prune" | "--system" => {
                    self.settings.remembered.push(flag.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// .bundle/config: `KEY: "value"` on each line, after a `---`.
    fn config(&mut self, path: &str, text: &str) -> Result<(), Unclear> {
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && *line != "---" && !line.starts_with('#'))
        {
            let entry = line
                .split_once(": ")
                .and_then(|(key, value)| Some((key.strip_prefix("BUNDLE_")?, value.trim())));
            let Some((key, value)) = entry else {
                return Err(Unclear::at(
                    path,
                    format!("dockopt does not read the line `{line}` of `{path}`"),
                ));
            };
            let own = key.to_ascii_lowercase();
            if own.contains("__")
                && !DATA.harmless_beginnings.iter().any(|start| own.starts_with(start))
                && !DATA.harmless.contains(&own)
            {
                return Err(Unclear::at(
                    path,
                    format!("`{path}` holds credentials or a local override (`BUNDLE_{key}`)"),
                ));
            }
            self.set(&own, value.trim_matches('"').to_owned(), &format!("BUNDLE_{key}"))?;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: String, shown: &str) -> Result<(), Unclear> {
        // Bundler, `Settings#to_bool`.
        let on = !matches!(value.as_str(), "" | "false" | "f" | "no" | "n" | "0");
        match key {
            "frozen" => self.settings.frozen.push(on),
            "deployment" => {
                self.settings.frozen.push(on);
                self.settings.deployment.push(on);
            }
            "path" => self.settings.paths.push(value),
            _ if DATA.harmless.contains(key)
                || DATA.harmless_beginnings.iter().any(|start| key.starts_with(start)) => {}
            _ => return Err(Unclear::new(format!("it is not known what `{shown}` does to an install"))),
        }
        Ok(())
    }

    /// A Gemfile and those that it evaluates.
    fn gemfile(&mut self, path: &str, depth: usize) -> Result<(), Unclear> {
        if depth > 8 {
            return Err(Unclear::at(path, format!("`{path}` is part of a long chain of Gemfiles")));
        }
        let text = if depth == 0 {
            self.sources.needed(path)?
        } else {
            match self.sources.optional(path)? {
                Some(text) => text,
                None => return Ok(()),
            }
        };
        let found = gemfile::parse(&text)
            .map_err(|fault| Unclear::at(path, format!("line {} of `{path}`: {}", fault.line, fault.what)))?;
        for file in &found.files {
            self.sources.needed_unread(&join(&self.root, file))?;
        }
        for asked in &found.asked {
            self.sources.tree(&join(&self.root, asked))?;
        }
        for folder in &found.folders {
            self.folder(path, folder)?;
        }
        for other in &found.gemfiles {
            self.gemfile(&join(parent(path), other), depth + 1)?;
        }
        Ok(())
    }

    /// A folder of gems, whose gemspecs are evaluated.
    fn folder(&mut self, by: &str, folder: &str) -> Result<(), Unclear> {
        let place = join(&self.root, folder);
        if place == self.root || self.root.starts_with(&format!("{place}/")) || place == "/" {
            return Err(Unclear::at(
                by,
                format!("the gem in `{folder}` is the project itself, and its gemspec may list any file"),
            ));
        }
        gemspec::check(&mut self.sources, &place)?;
        // Bundler looks for a cached copy, and RubyGems for the files of the gem in the folder of the Gemfile, too (traced with Bundler 2.3).
        self.sources.tree(&join(&join(&self.root, "vendor/cache"), super::paths::name(&place)))?;
        self.shadows(&place, "")?;
        self.sources.tree(&place)
    }

    /// Files beside the Gemfile that have the names of files of a gem.
    fn shadows(&mut self, gem: &str, below: &str) -> Result<(), Unclear> {
        let folder = join(gem, below);
        let names = self.sources.project.list(&folder);
        let names =
            names.ok_or_else(|| Unclear::at(&folder, format!("it is not known what lies in `{folder}`")))?;
        for name in names {
            let inner = format!("{below}{name}");
            if self.sources.project.look(&join(gem, &inner)) == Look::Directory {
                self.shadows(gem, &format!("{inner}/"))?;
            } else {
                self.sources.ambient_unread(&join(&self.root, &inner));
            }
        }
        Ok(())
    }

    fn lock(&mut self, gemfile: &str) -> Result<(), Unclear> {
        let path = format!("{gemfile}.lock");
        let frozen = self.settings.frozen.contains(&true) && !self.settings.frozen.contains(&false);
        let Some(text) = self.sources.optional(&path)? else {
            self.sources.inputs.writes.insert(path);
            let remark = "no Gemfile.lock: the install takes whatever versions are newest when it runs";
            self.sources.inputs.remarks.push(remark.to_owned());
            return Ok(());
        };
        let mut section = "";
        for line in text.lines() {
            if !line.starts_with(' ') {
                section = line.trim();
            }
            let Some(remote) = line.strip_prefix("  remote: ").map(str::trim) else { continue };
            match section {
                "PATH" => self.folder(&path, remote)?,
                "GEM" | "GIT" if is_remote(remote) => {}
                _ => {
                    return Err(Unclear::at(
                        &path,
                        format!("`{remote}` in `{path}` is not known to be another machine"),
                    ));
                }
            }
        }
        if !frozen {
            self.sources.inputs.writes.insert(path);
            let remark = "without BUNDLE_FROZEN or BUNDLE_DEPLOYMENT, `bundle install` may rewrite it";
            self.sources.inputs.remarks.push(remark.to_owned());
        }
        Ok(())
    }

    /// Where gems are taken from and where they go.
    fn places(&mut self) -> Result<(), Unclear> {
        self.sources.tree(&join(&self.root, "vendor/cache"))?;
        let mut filled: BTreeSet<String> =
            self.settings.paths.iter().map(|path| join(&self.root, path)).collect();
        if self.settings.deployment.contains(&true) {
            filled.insert(join(&self.root, "vendor/bundle"));
        }
        if !self.settings.remembered.is_empty() && !self.call.env.contains_key("BUNDLE_APP_CONFIG") {
            filled.insert(join(&self.root, ".bundle"));
        }
        for folder in filled {
            if folder == self.root || self.root.starts_with(&format!("{}/", folder.trim_end_matches('/'))) {
                return Err(Unclear::new(format!(
                    "gems are installed into `{folder}`, which holds the project"
                )));
            }
            if self.sources.project.look(&folder) == Look::Directory {
                self.sources.inputs.trees.insert(folder.clone());
            }
            self.sources.inputs.write_trees.insert(folder);
        }
        Ok(())
    }
}

/// An address of the network. `git@host:path` is one, as is any scheme but `file:`.
fn is_remote(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| !scheme.eq_ignore_ascii_case("file"))
        || (url.starts_with("git@") && url.contains(':'))
}

/// Variables by which Ruby itself loads files.
fn ruby(call: &Call<'_>) -> Result<(), Unclear> {
    for name in ["RUBYOPT", "RUBYLIB", "RUBYGEMS_GEMDEPS"] {
        let harmless =
            |value: &String| value.split_whitespace().all(|word| word.starts_with("-W") || word == "--yjit");
        match call.env.get(name) {
            None => {}
            Some(Some(value)) if harmless(value) => {}
            Some(_) => return Err(Unclear::new(format!("`{name}` may make Ruby load files of the project"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
