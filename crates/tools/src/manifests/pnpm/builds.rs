//! Which packages from the registry run an install script under pnpm, and may one of them read the project? What the scripts do is
//! not known here.
//!
//! pnpm 8 and earlier run all of them, and their lock files mark them (`requiresBuild`). Lock files of pnpm 9 and later mark none: pnpm 9 runs
//! all, pnpm 10 and later only those of `onlyBuiltDependencies` or `allowBuilds` (pnpm.io/settings; `createAllowBuildFunction` of pnpm 10.34).
//! `onlyBuiltDependencies` of package.json is obeyed by every pnpm up to 10; pnpm 11 does without it and runs none. pnpm refuses to work in a project whose
//! `engines.pnpm` it does not satisfy (run 2026-11-25 with 8.15 and 9.15).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::javascript::install_scripts::{self, Dependency};
use super::super::javascript::package::Package;
use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Call, Unclear};
use super::lock::{Lock, Version};
use super::settings::Settings;

/// A project and what says which scripts run.
pub(super) struct Builds<'a> {
    pub(super) root: &'a str,
    pub(super) package: &'a Package,
    pub(super) workspace: &'a Map<String, Value>,
    pub(super) lock: &'a Lock,
}

impl Builds<'_> {
    /// Refuses an install that may run a script which is not known to leave the project alone.
    pub(super) fn check(
        &self,
        sources: &mut Sources<'_>,
        call: &Call<'_>,
        settings: &Settings,
    ) -> Result<(), Unclear> {
        let path = join(self.root, "pnpm-lock.yaml");
        let dependencies = match self.lock.version {
            Version::Marked => self.lock.marked(),
            Version::Unmarked => {
                let names = self.allowed(call, settings)?;
                names
                    .into_iter()
                    .flat_map(|name| {
                        self.lock.of_name(name).into_iter().map(move |own| (name.to_owned(), own))
                    })
                    .collect()
            }
        };
        for (name, from_registry) in &dependencies {
            let dependency =
                Dependency { name, address: (!from_registry).then_some(""), base: self.root.to_owned() };
            install_scripts::judge(sources, call, &dependency).map_err(|unclear| Unclear {
                path: unclear.path.or_else(|| Some(path.clone())),
                ..unclear
            })?;
        }
        Ok(())
    }

    /// The packages whose scripts may run, where nothing marks those that have one.
    fn allowed(&self, call: &Call<'_>, settings: &Settings) -> Result<BTreeSet<&str>, Unclear> {
        let (manifest, workspace) = (join(self.root, "package.json"), join(self.root, "pnpm-workspace.yaml"));
        let of_package = |key: &str| self.package.json.get("pnpm").and_then(|pnpm| pnpm.get(key));
        let unclear = |key: &str| {
            Unclear::at(
                &manifest,
                format!(
                    "pnpm's `{key}` may let the install scripts of all packages run, and it is not known which have one"
                ),
            )
        };
        if settings.is_set("dangerously-allow-all-builds")
            && settings.value("dangerously-allow-all-builds") != Some("false")
        {
            return Err(unclear("dangerouslyAllowAllBuilds"));
        }
        for key in ["neverBuiltDependencies", "onlyBuiltDependenciesFile", "dangerouslyAllowAllBuilds"] {
            if [of_package(key), self.workspace.get(key)]
                .into_iter()
                .flatten()
                .any(|value| *value != Value::Bool(false))
            {
                return Err(unclear(key));
            }
        }
        let mut names = BTreeSet::new();
        for (file, list) in [
            (&manifest, of_package("onlyBuiltDependencies")),
            (&workspace, self.workspace.get("onlyBuiltDependencies")),
        ] {
            for name in list.and_then(Value::as_array).into_iter().flatten() {
                let name = name
                    .as_str()
                    .ok_or_else(|| Unclear::at(file, "`onlyBuiltDependencies` is no list of names"))?;
                names.insert(plain(name));
            }
        }
        for table in [of_package("allowBuilds"), self.workspace.get("allowBuilds")].into_iter().flatten() {
            let allowed = table
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, allowed)| **allowed != Value::Bool(false));
            names.extend(allowed.map(|(name, _)| plain(name)));
        }
        if of_package("onlyBuiltDependencies").is_none()
            && least_version(call, self.package).is_none_or(|version| version < 10)
        {
            if let Some(version) = call.tool_version {
                let reason = format!(
                    "pnpm {version}, which the image or an earlier step brings, runs the install scripts of all packages, and its lock file does not say which have one"
                );
                return Err(Unclear::at(&manifest, reason));
            }
            let reason = "pnpm 9 runs the install scripts of all packages, its lock file does not say which have one, and nothing here asks for pnpm 10 or later \
                          (`packageManager` or `engines.pnpm` of package.json would)";
            return Err(Unclear::at(&manifest, reason));
        }
        Ok(names)
    }
}

/// A name without the versions that may follow it.
pub(super) fn plain(name: &str) -> &str {
    name.char_indices().skip(1).find(|(_, c)| *c == '@').map_or(name, |(at, _)| &name[..at])
}

/// pnpm's major version: the one that the Dockerfile installs, or the one that the project pins.
pub(super) fn version(call: &Call<'_>, package: &Package) -> Option<u32> {
    let pinned = || major(package.json.get("packageManager")?.as_str()?.strip_prefix("pnpm@")?);
    call.tool_version.or_else(pinned)
}

/// The major version that it has at least.
fn least_version(call: &Call<'_>, package: &Package) -> Option<u32> {
    let engine = || {
        let range = package.json.get("engines")?.get("pnpm")?.as_str()?;
        let range = range.strip_prefix(">=").or_else(|| range.strip_prefix(['^', '~'])).unwrap_or(range);
        range.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'x')).then(|| major(range)).flatten()
    };
    version(call, package).into_iter().chain(engine()).max()
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
