//! Yarn 1: .yarnrc, and a lock file that neither marks install scripts nor is kept as it is without `--frozen-lockfile`.

use super::super::javascript::local::{Dialect, Scripts};
use super::super::javascript::{npmrc, surroundings};
use super::super::paths::{above, join};
use super::super::sources::Sources;
use super::super::{Call, Inputs, Look, Project, Unclear};
use super::{DATA, Install};

const DIALECT: Dialect = Dialect {
    name: "yarn",
    origin: super::origin,
    events: &["preinstall", "install", "postinstall", "prepublish", "prepare"],
    member_events: &["preinstall", "install", "postinstall"],
};

pub(super) fn read(mut install: Install<'_>) -> Result<Inputs, Unclear> {
    let version = install.pinned().map(|(major, _)| major).or(install.call.tool_version);
    if version.is_some_and(|version| version != 1) {
        let path = install.lock_path.clone();
        return Err(Unclear::at(
            &path,
            format!("`{path}` is of Yarn 1, and another one runs, which writes it anew"),
        ));
    }
    let mut settings = Settings::default();
    settings.read(&mut install)?;
    for name in [".yarnrc.yml", ".pnp.js", ".yarnclean"] {
        let path = join(install.call.cwd, name);
        let why = format!("it is not known what Yarn 1 does with `{path}`");
        install.sources.not_of_the_project(&path, &why)?;
    }
    for name in ["package-lock.json", "npm-shrinkwrap.json"] {
        install.sources.ambient_unread(&join(install.call.cwd, name));
    }
    let ignored = settings.ignores_scripts || install.has_flag(&["--ignore-scripts"]);
    let members = install.packages(&DIALECT, if ignored { Scripts::Ignored } else { Scripts::Run })?;
    let bare = |package: &super::Package| package.dependencies().is_some_and(|found| found.is_empty());
    let has_none = bare(&install.package) && members.values().all(bare);
    if !ignored && !has_none {
        let reason = "yarn.lock does not say which packages run install scripts, and one of them may read files of the project";
        return Err(Unclear::at(&install.lock_path, reason));
    }
    for folder in std::iter::once(install.call.cwd).chain(members.keys().map(String::as_str)) {
        for name in ["yarn.json", ".yarn-metadata.json"] {
            let path = join(folder, name);
            let why = format!("Yarn 1 takes `{path}` for a manifest, too");
            install.sources.not_of_the_project(&path, &why)?;
        }
    }
    let agreement = install.agreement("yarn-classic");
    if install.has_flag(&["--frozen-lockfile"]) {
        agreement.map_err(|why| install.disagrees(&why))?;
    } else if !install.has_flag(&["--pure-lockfile", "--no-lockfile"]) {
        install.may_write_the_lock("only `--frozen-lockfile` keeps it as it is");
    }
    Ok(install.sources.inputs)
}

/// `yarn config set`: it opens the manifest and the settings here and above, and writes those of the user (run 2026-11-25, 1.22.22). Only a
/// setting that is of no account to an install is taken.
pub(super) fn set(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    surroundings::check(&mut sources, call)?;
    let key = call.operands.first().map(String::as_str).unwrap_or_default();
    let matters = ["yarn-offline-mirror", "ignore-scripts"].contains(&key);
    let is_known = DATA.classic.contains(key) || key.starts_with('@') && key.ends_with(":registry");
    if matters || !is_known {
        return Err(Unclear::new(format!(
            "the setting `{key}` may change what a later `yarn install` reads"
        )));
    }
    for dir in std::iter::once(call.cwd).chain(above(call.cwd)) {
        for name in [".npmrc", ".yarn-metadata.json"] {
            sources.ambient_unread(&join(dir, name));
        }
        let path = join(dir, ".yarnrc.yml");
        sources.not_of_the_project(
            &path,
            &format!("`{path}` is of a newer Yarn, which writes settings into the project"),
        )?;
        let path = join(dir, ".yarnrc");
        if sources.ambient(&path)?.is_some_and(|text| text.contains("yarn-path")) {
            return Err(Unclear::at(&path, format!("`{path}` names another Yarn")));
        }
    }
    let manifest = join(call.cwd, "package.json");
    let pinned = sources.ambient(&manifest)?.map(|text| text.contains("\"packageManager\""));
    let lock = join(call.cwd, "yarn.lock");
    let is_old = sources.ambient(&lock)?.is_some_and(|text| text.contains("# yarn lockfile v1"));
    if pinned == Some(true) || !is_old && call.tool_version != Some(1) {
        return Err(Unclear::at(
            &manifest,
            "it is not known which Yarn this is, and a newer one writes settings into the project",
        ));
    }
    Ok(sources.inputs)
}

#[derive(Default)]
struct Settings {
    ignores_scripts: bool,
}

impl Settings {
    fn read(&mut self, install: &mut Install<'_>) -> Result<(), Unclear> {
        let own = join(install.call.cwd, ".yarnrc");
        let mut found: Vec<(String, String)> =
            install.sources.optional(&own)?.map(|text| (own, text)).into_iter().collect();
        for path in above(install.call.cwd).map(|dir| join(dir, ".yarnrc")) {
            found.extend(install.sources.ambient(&path)?.map(|text| (path, text)));
        }
        for (path, text) in &found {
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                self.line(install, path, line)?;
            }
        }
        let npmrc = join(install.call.cwd, ".npmrc");
        let mut found: Vec<(String, String)> =
            install.sources.optional(&npmrc)?.map(|text| (npmrc, text)).into_iter().collect();
        for path in npmrc::of_the_user(install.call) {
            found.extend(install.sources.ambient(&path)?.map(|text| (path, text)));
        }
        for (path, text) in &found {
            for (key, _) in npmrc::settings(text) {
                let is_known = npmrc::is_login(key)
                    || key.ends_with(":registry")
                    || DATA.classic.contains(key)
                    || key == "legacy-peer-deps"
                    || key == "engine-strict";
                if !is_known {
                    return Err(Unclear::at(
                        path,
                        format!("the setting `{key}` of `{path}` may change what Yarn reads"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, install: &mut Install<'_>, path: &str, line: &str) -> Result<(), Unclear> {
        let (key, value) = line.split_once(' ').unwrap_or((line, "true"));
        let (key, value) = (key.trim_matches('"').trim_end_matches(':'), value.trim().trim_matches('"'));
        let refused =
            || Err(Unclear::at(path, format!("the setting `{key}` of `{path}` may change what Yarn reads")));
        let own = key.strip_prefix("--install.").or_else(|| key.strip_prefix("--")).unwrap_or(key);
        match own {
            "yarn-offline-mirror" if value != "false" => {
                let tree = join(super::super::paths::parent(path), value);
                if install.sources.project.look(&tree) == Look::Unknown {
                    return refused();
                }
                install.sources.tree(&tree)?;
            }
            "ignore-scripts" if value == "true" => self.ignores_scripts = true,
            _ if DATA.classic.contains(own) || own.starts_with('@') && own.ends_with(":registry") => {}
            _ => return refused(),
        }
        Ok(())
    }
}
