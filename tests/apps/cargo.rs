//! Packages and workspaces of Cargo. The walk follows the Cargo Book ("Workspaces", "Specifying Dependencies", "Configuration",
//! "Cargo Targets") and rustup's ("Overrides"): the manifest of the project, of each member and of each path dependency and
//! patch, whatever its table; the file of their only target; the lock file, the configuration and the toolchain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::{Table, Value};

use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

const MEMBERS: [&str; 5] = ["crates/core", "crates/store", "crates/web", "tools/migrate", "xtask"];
/// Packages beside the workspace, which others may depend on by path.
const BESIDE: [&str; 2] = ["vendor/clock", "libs/units"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let members: Vec<&str> = MEMBERS.iter().copied().filter(|_| random.once_in(2)).collect();
    let beside: Vec<&str> = BESIDE.iter().copied().filter(|_| random.once_in(3)).collect();
    let mut root = String::new();
    let is_virtual = !members.is_empty() && random.once_in(2);
    if !is_virtual {
        root = package(random, &mut app, ".", &[&members[..], &beside].concat());
    }
    if !members.is_empty() {
        let patterns: BTreeSet<String> = members
            .iter()
            .map(|member| match member.split_once('/') {
                Some((top, _)) if random.once_in(2) => format!("{top}/*"),
                _ => (*member).to_owned(),
            })
            .collect();
        let _ = write!(root, "\n[workspace]\nresolver = \"2\"\nmembers = {patterns:?}\n");
        root = root.replace("{\"", "[\"").replace("\"}\n", "\"]\n");
        let shared: Vec<&str> = members.iter().copied().filter(|_| random.once_in(3)).collect();
        if !shared.is_empty() {
            root.push_str("\n[workspace.dependencies]\n");
            for member in &shared {
                let _ = writeln!(root, "{} = {{ path = \"{member}\" }}", name(member));
            }
        }
        for (at, member) in members.iter().enumerate() {
            let others = [&members[at + 1..], &beside].concat();
            let mut text = package(random, &mut app, member, &others);
            let inherited = shared.iter().find(|other| members[at + 1..].contains(other));
            if let Some(other) = inherited.filter(|other| !text.contains(&format!("{} ", name(other)))) {
                let _ =
                    write!(text, "\n[target.'cfg(unix)'.dependencies]\n{}.workspace = true\n", name(other));
            }
            app.put(in_folder(member, "Cargo.toml"), text);
        }
    }
    for folder in beside {
        let text = package(random, &mut app, folder, &[]);
        app.put(in_folder(folder, "Cargo.toml"), format!("{text}\n[workspace]\n"));
    }
    app.put("Cargo.toml", root);
    settings(random, &mut app);
    let lock = lock(&app);
    app.put("Cargo.lock", lock);
    app.installs(
        "rust:1.80",
        random.pick(&["cargo fetch --locked", "cargo fetch", "cargo fetch --locked --verbose"]),
    );
    app.finish(random)
}

fn name(folder: &str) -> &str {
    if folder == "." { "shop" } else { folder.rsplit('/').next().unwrap_or(folder) }
}

/// A package with one target; it may depend on `others`, which come later.
fn package(random: &mut Random, app: &mut App, folder: &str, others: &[&str]) -> String {
    let mut text =
        format!("[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n", name(folder));
    if random.once_in(4) {
        text.push_str("readme = \"README.md\"\n");
    }
    match random.below(6) {
        0 => {
            text.push_str("\n[[bin]]\nname = \"run\"\npath = \"cmd/run.rs\"\n");
            app.put(in_folder(folder, "cmd/run.rs"), "fn main() {}\n");
        }
        1 | 2 if folder == "." => app.put(in_folder(folder, "src/main.rs"), "fn main() {}\n"),
        _ => app.put(in_folder(folder, "src/lib.rs"), ""),
    }
    app.put(in_folder(folder, "src/deep/more.rs"), "");
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for other in others {
        if !random.once_in(3) {
            continue;
        }
        let up = if folder == "." { String::new() } else { "../".repeat(folder.split('/').count()) };
        let path = format!("{up}{other}");
        match random.below(5) {
            0 => {
                let _ =
                    write!(text, "\n[dependencies.{}]\npath = \"{path}\"\nversion = \"0.1\"\n", name(other));
            }
            1 => tables.entry("build-dependencies").or_default().push_str(&inline(other, &path)),
            2 => tables.entry("dev-dependencies").or_default().push_str(&inline(other, &path)),
            _ => tables.entry("dependencies").or_default().push_str(&inline(other, &path)),
        }
    }
    // A table in parts must not begin before its whole.
    if let Some(lines) = tables.remove("dependencies") {
        text = match text.split_once("\n[dependencies.") {
            Some((before, rest)) => format!("{before}\n[dependencies]\n{lines}\n[dependencies.{rest}"),
            None => format!("{text}\n[dependencies]\n{lines}"),
        };
    }
    for (table, lines) in tables {
        let _ = write!(text, "\n[{table}]\n{lines}");
    }
    text
}

fn inline(other: &str, path: &str) -> String {
    format!("{} = {{ path = \"{path}\" }}\n", name(other))
}

fn settings(random: &mut Random, app: &mut App) {
    if random.once_in(3) {
        let path = random.pick(&[".cargo/config.toml", ".cargo/config"]);
        app.put(path, "[net]\nretry = 3\n");
    }
    if random.once_in(3) {
        app.put("rust-toolchain.toml", "[toolchain]\nchannel = \"1.80\"\n");
    } else if random.once_in(4) {
        app.put("rust-toolchain", "1.80\n");
    }
}

/// A lock file of packages that are all here.
fn lock(app: &App) -> String {
    let mut entries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for folder in packages(app) {
        let manifest = manifest(app.text(&in_folder(&folder, "Cargo.toml")));
        if manifest.contains_key("package") {
            let needed = paths(&manifest, &folder).into_iter().map(|path| name(&path).to_owned());
            entries.entry(name(&folder).to_owned()).or_default().extend(needed.chain(inherited(&manifest)));
        }
    }
    let mut text = "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 3\n".to_owned();
    for (name, needed) in entries {
        let _ = write!(text, "\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
        if !needed.is_empty() {
            let lines: Vec<String> = needed.iter().map(|name| format!(" \"{name}\",\n")).collect();
            let _ = write!(text, "dependencies = [\n{}]\n", lines.concat());
        }
    }
    text
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    for path in ["Cargo.lock", "rust-toolchain.toml", "rust-toolchain", ".cargo/config", ".cargo/config.toml"]
    {
        walk.read(path);
    }
    for folder in packages(app) {
        let text = walk.read_in(&folder, "Cargo.toml");
        if text.is_some_and(|text| text.contains("[package]")) {
            for target in ["src/lib.rs", "src/main.rs", "cmd/run.rs"] {
                walk.read_in(&folder, target);
            }
        }
    }
    walk.reads
}

/// The folders of the project, its members, and what they depend on by path.
fn packages(app: &App) -> BTreeSet<String> {
    let root = manifest(app.text("Cargo.toml"));
    let mut waiting = vec![".".to_owned()];
    let list = root.get("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    for pattern in list.into_iter().flatten().filter_map(Value::as_str) {
        match pattern.strip_suffix("/*") {
            None => waiting.push(pattern.to_owned()),
            Some(top) => {
                let folders = app.visible().filter_map(|path| path.strip_suffix("/Cargo.toml"));
                let direct =
                    folders.filter(|folder| folder.rsplit_once('/').is_some_and(|(parent, _)| parent == top));
                waiting.extend(direct.map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    while let Some(folder) = waiting.pop() {
        if found.insert(folder.clone()) {
            waiting.extend(paths(&manifest(app.text(&in_folder(&folder, "Cargo.toml"))), &folder));
        }
    }
    found
}

fn manifest(text: Option<&str>) -> Table {
    text.unwrap_or_default().parse().expect("it was made as TOML")
}

/// Every path dependency of a manifest, as a folder of the context.
fn paths(manifest: &Table, folder: &str) -> Vec<String> {
    let workspace = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let mut tables: Vec<&Value> = workspace.into_iter().collect();
    for name in ["dependencies", "dev-dependencies", "build-dependencies"] {
        tables.extend(manifest.get(name));
    }
    let dependencies = tables.into_iter().filter_map(Value::as_table).flatten();
    dependencies.filter_map(|(_, one)| joined(folder, one.get("path")?.as_str()?)).collect()
}

/// The names that a manifest takes from its workspace.
fn inherited(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.get("dependencies").and_then(Value::as_table));
    tables.flatten().map(|(name, _)| name.clone()).collect()
}
