//! Workspaces of pnpm. The walk follows pnpm's documentation ("pnpm-workspace.yaml", "Workspace", "Settings", ".pnpmfile.cjs",
//! "pnpm install"): the manifest, the lock file, the workspace file and the manifest of each package that it matches, the npmrc,
//! the hooks, the patches that are named, folders and archives that are dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::javascript::{MEMBERS, external, last, text};
use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let mut members: Vec<&str> = Vec::new();
    for member in MEMBERS {
        if random.once_in(2) {
            members.push(member);
        }
    }
    let mut importers: BTreeMap<String, Value> = BTreeMap::new();
    let mut root =
        json!({ "name": "shop", "version": "1.0.0", "private": true, "packageManager": "pnpm@10.12.1" });
    external(random, &mut root);
    let mut lock_head = String::new();
    if random.once_in(6) {
        app.put("patches/is-number@7.0.0.patch", "");
        root["pnpm"] =
            json!({ "patchedDependencies": { "is-number@7.0.0": "patches/is-number@7.0.0.patch" } });
        lock_head.push_str("\npatchedDependencies:\n  is-number@7.0.0:\n    hash: aaaaaaaaaaaaaaaaaaaaaaaaaa\n    path: patches/is-number@7.0.0.patch\n");
    }
    if !members.is_empty() {
        let patterns: BTreeSet<String> = members
            .iter()
            .map(|member| match (random.below(3), member.split_once('/')) {
                (0, _) | (_, None) => (*member).to_owned(),
                (1, Some((top, _))) => format!("{top}/**"),
                (_, Some((top, _))) => format!("{top}/*"),
            })
            .collect();
        let quote = random.pick(&["'", "\""]);
        let lines: String = patterns.iter().map(|pattern| format!("  - {quote}{pattern}{quote}\n")).collect();
        app.put("pnpm-workspace.yaml", format!("packages:\n{lines}"));
        for (at, member) in members.iter().enumerate() {
            let mut manifest = json!({ "name": format!("@shop/{}", last(member)), "version": "1.0.0" });
            external(random, &mut manifest);
            for other in &members[at + 1..] {
                if random.once_in(3) {
                    manifest["dependencies"][format!("@shop/{}", last(other))] = "workspace:*".into();
                }
            }
            app.put(in_folder(member, "package.json"), text(&manifest));
            app.put(in_folder(member, "src/index.js"), "");
            importers.insert((*member).to_owned(), manifest);
        }
        app.put("packages/docs/guide.md", "no package\n");
    }
    if random.once_in(4) {
        app.put(".npmrc", random.pick(&["auto-install-peers=true\n", "shamefully-hoist=true\n"]));
    }
    if random.once_in(8) {
        app.put(".pnpmfile.cjs", "module.exports = {};\n");
    }
    app.put("package.json", text(&root));
    importers.insert(".".to_owned(), root);
    app.put("pnpm-lock.yaml", lock(&importers, &lock_head));
    app.put("src/index.js", "");
    app.installs(
        "node:20",
        random.pick(&[
            "pnpm install --frozen-lockfile",
            "pnpm i --frozen-lockfile",
            "pnpm install --frozen-lockfile --prod",
        ]),
    );
    app.finish(random)
}

/// A lock file of version 9 that agrees with the manifests.
fn lock(importers: &BTreeMap<String, Value>, head: &str) -> String {
    let mut lock = format!(
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n{head}\nimporters:\n"
    );
    for (folder, manifest) in importers {
        let _ = write!(lock, "\n  {folder}:\n");
        for table in ["dependencies", "devDependencies"] {
            let Some(entries) = manifest.get(table).and_then(Value::as_object) else { continue };
            let _ = writeln!(lock, "    {table}:");
            for (name, wanted) in entries {
                let wanted = wanted.as_str().expect("a version is text");
                let version = match name.strip_prefix("@shop/") {
                    Some(other) => {
                        let target =
                            MEMBERS.iter().find(|member| last(member) == other).expect("it is a member");
                        format!("link:../../{target}")
                    }
                    None => wanted.to_owned(),
                };
                let name = if name.starts_with('@') { format!("'{name}'") } else { name.clone() };
                let _ =
                    write!(lock, "      {name}:\n        specifier: {wanted}\n        version: {version}\n");
            }
        }
    }
    lock.push_str("\npackages:\n");
    for name in ["is-number@7.0.0", "left-pad@1.3.0"] {
        let _ = write!(lock, "\n  {name}:\n    resolution: {{integrity: sha512-{}==}}\n", "A".repeat(86));
    }
    lock.push_str("\nsnapshots:\n\n  is-number@7.0.0: {}\n\n  left-pad@1.3.0: {}\n");
    lock
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    for path in ["package.json", "pnpm-lock.yaml", ".npmrc", ".pnpmfile.cjs"] {
        walk.read(path);
    }
    let workspace = walk.read("pnpm-workspace.yaml").unwrap_or_default();
    let patterns = workspace
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .map(|line| line.trim_matches(['\'', '"']));
    for pattern in patterns {
        let folders = app.visible().filter_map(|path| path.strip_suffix("/package.json"));
        let is_matched =
            |folder: &&str| match pattern.strip_suffix("/**").or_else(|| pattern.strip_suffix("/*")) {
                Some(top) => folder.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')),
                None => *folder == pattern,
            };
        for folder in folders.filter(is_matched).map(str::to_owned).collect::<Vec<_>>() {
            walk.read_in(&folder, "package.json");
        }
    }
    let root: Value =
        serde_json::from_str(app.text("package.json").unwrap_or("{}")).expect("it was made as JSON");
    let patches = root.pointer("/pnpm/patchedDependencies").and_then(Value::as_object);
    for path in patches.into_iter().flatten().filter_map(|(_, path)| joined(".", path.as_str()?)) {
        walk.read(&path);
    }
    walk.reads
}
