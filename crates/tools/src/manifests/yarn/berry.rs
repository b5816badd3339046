//! Yarn 2 and later: .yarnrc.yml, patches, plugins, and the files that it makes beside package.json.
//!
//! Up to 4.13 the scripts of all packages run unless `enableScripts` is off; from 4.14 on it is off (seen in the programs of 4.13 and 4.14, 2026-11-25). Then only
//! packages with `built` in `dependenciesMeta` are built; scripts of workspaces run in any case.

use serde_json::Value;

use super::super::javascript::install_scripts::{self, Dependency};
use super::super::javascript::local::{Dialect, Scripts};
use super::super::javascript::package::Origin;
use super::super::paths::{above, join, name};
use super::super::{Inputs, Look, Unclear};
use super::{DATA, Install};
use crate::yaml::{self, Aliases};

const DIALECT: Dialect = Dialect {
    name: "yarn",
    origin,
    events: &["preinstall", "install", "postinstall"],
    member_events: &["preinstall", "install", "postinstall"],
};

pub(super) fn read(mut install: Install<'_>) -> Result<Inputs, Unclear> {
    let mut settings = Settings::default();
    let own = join(install.call.cwd, ".yarnrc.yml");
    if let Some(text) = install.sources.optional(&own)? {
        settings.read(&mut install, &own, &text)?;
    }
    for path in
        above(install.call.cwd).map(|dir| join(dir, ".yarnrc.yml")).chain(["/root/.yarnrc.yml".to_owned()])
    {
        if let Some(text) = install.sources.ambient(&path)? {
            settings.read(&mut install, &path, &text)?;
        }
    }
    install.sources.optional(&join(install.call.cwd, ".env.yarn"))?;
    let version = match settings.by_path.or_else(|| install.pinned()) {
        Some(version) if version.0 >= 2 => version,
        _ => {
            let path = install.lock_path.clone();
            let reason = format!(
                "`{path}` is of Yarn 2 or later, and nothing (`packageManager`, `yarnPath`) says which one runs"
            );
            return Err(Unclear::at(&path, reason));
        }
    };
    patches(&mut install)?;
    made(&mut install, &settings, version);
    if !settings.has_pnp() {
        for name in [".pnp.cjs", ".pnp.data.json", ".pnp.loader.mjs", ".yarn/unplugged"] {
            let path = join(install.call.cwd, name);
            let why = format!("Yarn removes `{path}`, as `nodeLinker` is set to another linker");
            install.sources.not_of_the_project(&path, &why)?;
        }
    }
    // A library in its program looks for a module of this name, and would load it (traced 2026-11-25, Yarn 4.18).
    for name in ["iterator.js", "iterator.js.js", "iterator.js.json", "iterator.js.node"] {
        let path = join(install.call.cwd, name);
        install.sources.not_of_the_project(&path, &format!("Yarn may load `{path}`"))?;
    }
    let skipped = install
        .call
        .flags
        .iter()
        .any(|(flag, value)| flag == "--mode" && value.as_deref() == Some("skip-build"));
    install.packages(&DIALECT, if skipped { Scripts::Ignored } else { Scripts::Run })?;
    if !skipped {
        builds(&mut install, &settings, version)?;
    }
    let frozen = install.has_flag(&["--immutable", "--frozen-lockfile"])
        || settings.immutable
        || ["CI", "YARN_ENABLE_IMMUTABLE_INSTALLS"].iter().any(|name| {
            install
                .call
                .env
                .get(*name)
                .and_then(Option::as_deref)
                .is_some_and(|value| value == "true" || value == "1")
        });
    if frozen {
        install.agreement("yarn-berry").map_err(|why| install.disagrees(&why))?;
    } else {
        install.may_write_the_lock("only `--immutable` keeps it as it is");
    }
    Ok(install.sources.inputs)
}

#[derive(Default)]
struct Settings {
    /// The version in the name of the file that `yarnPath` names.
    by_path: Option<(u32, u32)>,
    scripts: Option<bool>,
    global_cache: Option<bool>,
    immutable: bool,
    linker: Option<String>,
}

impl Settings {
    /// Plug'n'Play is what Yarn does if no linker is set.
    fn has_pnp(&self) -> bool {
        self.linker.as_deref().is_none_or(|linker| linker == "pnp")
    }

    fn read(&mut self, install: &mut Install<'_>, path: &str, text: &str) -> Result<(), Unclear> {
        let dir = super::super::paths::parent(path);
        let refused = |key: &str| {
            Unclear::at(path, format!("the setting `{key}` of `{path}` may change what Yarn reads"))
        };
        let table = match yaml::read(text, Aliases::Refused)
            .map_err(|why| Unclear::at(path, format!("`{path}` {why}")))?
        {
            Value::Object(table) => table,
            Value::Null => return Ok(()),
            _ => return Err(Unclear::at(path, format!("`{path}` is no table (was already broken?)"))),
        };
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("yarnPath", Value::String(file)) => {
                    let program = join(dir, file);
                    install.sources.needed_unread(&program)?;
                    let named = name(&program)
                        .strip_prefix("yarn-")
                        .and_then(|rest| super::version(rest.trim_end_matches(".cjs")));
                    self.by_path = Some(named.ok_or_else(|| refused(key))?);
                }
                ("plugins", Value::Array(plugins)) => {
                    for plugin in plugins {
                        let text = |key: &str| plugin.get(key).and_then(Value::as_str);
                        let (Some(file), Some(spec)) = (text("path"), text("spec")) else {
                            return Err(refused(key));
                        };
                        if !DATA.plugins.contains(spec) {
                            return Err(Unclear::at(
                                path,
                                format!("the plugin `{spec}` of `{path}` may read any file of the project"),
                            ));
                        }
                        install.sources.needed_unread(&join(dir, file))?;
                    }
                }
                ("nodeLinker", Value::String(linker))
                    if ["pnp", "node-modules", "pnpm"].contains(&linker.as_str()) =>
                {
                    self.linker.get_or_insert_with(|| linker.clone());
                }
                ("catalog" | "catalogs" | "packageExtensions", value) if is_remote(value) => {}
                ("enableScripts", Value::Bool(on)) => self.scripts = self.scripts.or(Some(*on)),
                ("enableGlobalCache", Value::Bool(on)) => self.global_cache = self.global_cache.or(Some(*on)),
                ("enableImmutableInstalls", Value::Bool(on)) => self.immutable |= *on,
                ("enableScripts" | "enableGlobalCache" | "enableImmutableInstalls", _) => {
                    return Err(refused(key));
                }
                ("caFilePath" | "httpsCaFilePath", Value::String(file)) => {
                    install.sources.ambient_unread(&join(dir, file));
                }
                _ if DATA.berry.contains(key) => {}
                _ => return Err(refused(key)),
            }
        }
        Ok(())
    }
}

/// Patches of the project that the lock file or package.json names: `…@patch:…#~/.yarn/patches/x.patch`, from the project's root, or `#./x.patch` from
/// the package that asks for it.
fn patches(install: &mut Install<'_>) -> Result<(), Unclear> {
    let manifest = serde_json::to_string_pretty(&install.package.json).unwrap_or_default();
    let lines = install.lock.lines().chain(manifest.lines()).filter(|line| line.contains("patch:"));
    let keys: Vec<String> = lines.map(str::to_owned).collect();
    for line in &keys {
        for source in line.split('#').skip(1) {
            let file = source.split([':', '"', '&', ',']).next().unwrap_or_default();
            let file = file.strip_prefix("optional!").unwrap_or(file);
            if file.starts_with("builtin<") || file.starts_with("~builtin<") {
                continue;
            }
            let Some(file) = file.strip_prefix("~/").filter(|file| !file.contains(['%', '!'])) else {
                let path = &install.lock_path;
                return Err(Unclear::at(
                    path,
                    format!("`{path}` names the patch `{file}`, which dockopt does not follow"),
                ));
            };
            let path = join(install.call.cwd, file);
            install.sources.needed_unread(&path)?;
        }
    }
    Ok(())
}

fn made(install: &mut Install<'_>, settings: &Settings, version: (u32, u32)) {
    let root = install.call.cwd;
    let mut made = vec![".yarn/install-state.gz"];
    if version.0 == 2 {
        made.push(".yarn/build-state.yml");
    }
    if settings.has_pnp() {
        made.extend([".pnp.cjs", ".pnp.loader.mjs", ".pnp.data.json", ".yarn/unplugged"]);
    }
    // Yarn 4 keeps its cache in the home folder unless told otherwise, Yarn 2 and 3 in the project.
    if !settings.global_cache.unwrap_or(version.0 >= 4) {
        made.push(".yarn/cache");
    }
    for name in made {
        let path = join(root, name);
        if install.sources.project.look(&path) == Look::File {
            install.sources.inputs.files.insert(path.clone());
        }
        install.sources.inputs.write_trees.insert(path);
    }
}

fn builds(install: &mut Install<'_>, settings: &Settings, version: (u32, u32)) -> Result<(), Unclear> {
    let manifest = join(install.call.cwd, "package.json");
    if settings.scripts.unwrap_or(version < (4, 14)) {
        let reason = "yarn.lock does not say which packages run install scripts, and one of them may read files of the project (`enableScripts: false`, from Yarn 4.14 on the \
                      default, keeps them from it)";
        return Err(Unclear::at(&install.lock_path, reason));
    }
    let metas =
        install.package.json.get("dependenciesMeta").and_then(Value::as_object).cloned().unwrap_or_default();
    for (package, _) in metas.iter().filter(|(_, meta)| meta.get("built") == Some(&Value::Bool(true))) {
        let name = package
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '@')
            .map_or(package.as_str(), |(at, _)| &package[..at]);
        let dependency = Dependency { name, address: None, base: install.call.cwd.to_owned() };
        install_scripts::judge(&mut install.sources, install.call, &dependency).map_err(|unclear| {
            Unclear { path: unclear.path.or_else(|| Some(manifest.clone())), ..unclear }
        })?;
    }
    Ok(())
}

fn is_remote(value: &Value) -> bool {
    match value {
        Value::Object(table) => table.values().all(is_remote),
        Value::String(spec) => origin(spec) == Origin::Remote,
        Value::Bool(_) => true,
        _ => false,
    }
}

/// What a specifier means. Members of the workspace and patches are read as such.
fn origin(spec: &str) -> Origin {
    match spec.split_once(':') {
        Some(("workspace", rest)) if !rest.contains('/') => Origin::Remote,
        Some(("patch", rest)) if rest.contains("@npm%3A") || rest.contains("@npm:") => Origin::Remote,
        Some(("catalog", _)) => Origin::Remote,
        Some(("portal", path)) => Origin::Local(path.to_owned()),
        _ => super::origin(spec),
    }
}
