//! What `yarn install` reads and writes of the project, in both of Yarn's families. Runs nothing and resolves no version.
//!
//! Which family runs is asked of `yarnPath`, `packageManager`, the image and the lock file; where they disagree, nothing is known. Neither
//! kind of lock file says which packages have install scripts.
//!
//! Traced 2026-11-25. Yarn 1.22 opens package.json of the project and of its workspaces, yarn.lock, .yarnrc and .npmrc, here and above, and looks for package-lock.json,
//! npm-shrinkwrap.json, .yarnclean and .pnp.js. Yarn 3.8 and 4.18 open package.json of the project and of its workspaces, yarn.lock, .yarnrc.yml here and above and (4) .env.yarn, and
//! write .pnp.cjs, .pnp.loader.mjs, .yarn/install-state.gz, .yarn/unplugged and, in Yarn 3, .yarn/cache. Scripts that ran: `events` below.

mod berry;
mod classic;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::javascript::local::{Dialect, Locals, Scripts};
use super::javascript::package::{self, Origin, Package, Packed};
use super::javascript::{corepack, surroundings};
use super::paths::{above, join};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};

/// What is known about the settings; from `data/manifests/yarn.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    berry: BTreeSet<String>,
    classic: BTreeSet<String>,
    plugins: BTreeSet<String>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/manifests/yarn.toml")).expect("yarn.toml is checked by a test")
});

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if call.action == "config-set" {
        return classic::set(call, project);
    }
    if call.action != "install" {
        return Err(Unclear::new(format!("`yarn {}` may read files of the project", call.action)));
    }
    let mut sources = Sources::new(project);
    surroundings::check(&mut sources, call)?;
    let manifest = join(call.cwd, "package.json");
    let text = sources.needed(&manifest)?;
    let package = Package::parse(&text).ok_or_else(|| {
        Unclear::at(&manifest, format!("`{manifest}` is not a JSON object (was already broken?)"))
    })?;
    for dir in above(call.cwd) {
        for name in ["yarn.lock", "package.json"] {
            let path = join(dir, name);
            let why = format!("`{path}` may make this folder a part of a project that is installed whole");
            sources.not_of_the_project(&path, &why)?;
        }
    }
    corepack::note(&mut sources, call, call.cwd, &package)?;
    told(call, &mut sources)?;
    let path = join(call.cwd, "yarn.lock");
    let Some(lock) = sources.optional(&path)? else {
        let reason = "without yarn.lock the install resolves every version anew and writes one";
        return Err(Unclear::at(&manifest, reason));
    };
    let install = Install { call, package, lock_path: path, lock, sources };
    if install.lock.contains("__metadata:") { berry::read(install) } else { classic::read(install) }
}

/// One install, with what both families read.
struct Install<'a> {
    call: &'a Call<'a>,
    package: Package,
    lock_path: String,
    lock: String,
    sources: Sources<'a>,
}

impl Install<'_> {
    /// `packageManager` as major and minor version; `None` if it is missing or names another manager.
    fn pinned(&self) -> Option<(u32, u32)> {
        let text = self.package.json.get("packageManager")?.as_str()?;
        version(text.strip_prefix("yarn@")?)
    }

    /// Notes the packages of the project, with their scripts and local dependencies.
    fn packages(
        &mut self,
        dialect: &'static Dialect,
        scripts: Scripts,
    ) -> Result<BTreeMap<String, Package>, Unclear> {
        let root = self.call.cwd;
        let manifest = join(root, "package.json");
        let mut locals = Locals::new(dialect, root, scripts);
        self.sources.inputs.write_trees.insert(join(root, "node_modules"));
        locals.package(&mut self.sources, root, &self.package, Packed::Never)?;
        let members = locals.members(&mut self.sources, &self.package)?;
        if let Some(folder) =
            members.iter().find_map(|(folder, own)| own.json.contains_key("workspaces").then_some(folder))
        {
            let inner = join(folder, "package.json");
            return Err(Unclear::at(&inner, format!("`{inner}` has workspaces of its own")));
        }
        if let Some(resolutions) = self.package.json.get("resolutions").and_then(serde_json::Value::as_object)
        {
            let local = resolutions
                .values()
                .filter_map(serde_json::Value::as_str)
                .find(|spec| (dialect.origin)(spec) != Origin::Remote);
            if let Some(spec) = local {
                return Err(Unclear::at(
                    &manifest,
                    format!("`{manifest}` replaces a package by `{spec}`, which dockopt does not follow"),
                ));
            }
        }
        for tree in self.sources.inputs.write_trees.clone() {
            if self.sources.project.look(&tree) == Look::Directory {
                self.sources.inputs.trees.insert(tree);
            }
        }
        Ok(members)
    }

    /// Does the lock file hold what the manifests ask for? With `resolutions` they cannot be compared; a frozen install then fails or not
    /// whatever is copied first.
    fn agreement(&self, comparison: &str) -> Result<(), String> {
        if self.package.json.contains_key("resolutions") {
            return Ok(());
        }
        super::locks::agrees(comparison, &self.lock_path, self.sources.project)
            .unwrap_or_else(|| Err("there is no comparison".to_owned()))
    }

    fn has_flag(&self, names: &[&str]) -> bool {
        self.call
            .flags
            .iter()
            .any(|(flag, value)| names.contains(&flag.as_str()) && value.as_deref() != Some("false"))
    }

    fn may_write_the_lock(&mut self, why: &str) {
        let remark = format!("`yarn install` may rewrite `{}`: {why}", self.lock_path);
        self.sources.inputs.remarks.push(remark);
        self.sources.inputs.writes.insert(self.lock_path.clone());
    }

    fn disagrees(&self, why: &str) -> Unclear {
        let path = &self.lock_path;
        Unclear::at(
            path,
            format!(
                "`{path}` does not agree with the manifests, so the install may fail (was already broken?): {why}"
            ),
        )
    }
}

/// Flags and variables that make it work elsewhere or otherwise.
fn told(call: &Call<'_>, sources: &mut Sources<'_>) -> Result<(), Unclear> {
    const HARMLESS: [&str; 7] = [
        "YARN_VERSION",
        "YARN_PRODUCTION",
        "YARN_ENABLE_IMMUTABLE_INSTALLS",
        "YARN_ENABLE_TELEMETRY",
        "YARN_ENABLE_PROGRESS_BARS",
        "YARN_HTTP_TIMEOUT",
        "YARN_NPM_REGISTRY_SERVER",
    ];
    for (flag, value) in call.flags {
        let is_known = match flag.as_str() {
            "--flat" | "--update-checksums" | "--no-lockfile" => false,
            "--mode" => value.as_deref() == Some("skip-build"),
            _ => true,
        };
        if !is_known {
            return Err(Unclear::new(format!("`{flag}` may make Yarn write files of the project")));
        }
    }
    for (name, value) in call.env {
        let lower = name.to_ascii_lowercase();
        match (lower.as_str(), value) {
            ("yarn_cache_folder", Some(path)) => {
                sources.inputs.write_trees.insert(join(call.cwd, path));
            }
            ("npm_config_loglevel" | "npm_config_registry" | "npm_config_update_notifier", _) => {}
            _ if HARMLESS.contains(&name.as_str()) => {}
            (other, _) if other.starts_with("yarn_") || other.starts_with("npm_config_") => {
                return Err(Unclear::new(format!("the variable `{name}` may change what Yarn reads")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Major and minor version at the start of a text.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What a specifier means to Yarn; `berry` has more.
fn origin(spec: &str) -> Origin {
    match spec.split_once(':') {
        Some(("link", path)) => Origin::Local(path.to_owned()),
        _ => package::origin(spec),
    }
}
