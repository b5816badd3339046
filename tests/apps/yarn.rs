//! Workspaces of Yarn, of both families. The walk follows Yarn's documentation ("yarn install", "Workspaces", ".yarnrc" and "Configuration",
//! "patch:"): the manifest, the lock file, the settings, the manifest of each package that the workspaces match, archives that are
//! dependencies, and in the newer family the release that the settings name and the patches of the project.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::javascript::{MEMBERS, external, last, text};
use super::{App, Walk, in_folder};
use crate::generate::Random;

pub(super) fn generate_classic(random: &mut Random) -> App {
    let mut app = App::default();
    let (mut root, members) = packages(random, &mut app);
    if random.once_in(6) {
        app.put("vendor/tool-1.0.0.tgz", "x");
        root["dependencies"]["tool"] = "file:vendor/tool-1.0.0.tgz".into();
    }
    for (name, choices) in [
        (".npmrc", ["registry=https://npm.example.org/\n", "strict-ssl=true\n"]),
        (".yarnrc", ["network-timeout 600000\n", "# shop\n--install.prefer-offline true\n"]),
    ] {
        if random.once_in(4) {
            app.put(name, random.pick(&choices));
        }
    }
    if random.once_in(6) {
        app.put(".yarnrc", "yarn-offline-mirror \"./mirror\"\n");
        app.put("mirror/is-number-7.0.0.tgz", "x");
    }
    let mut lock = "# yarn lockfile v1\n\n".to_owned();
    for (name, range) in asked(&root, &members) {
        let version = if range.starts_with("file:") { "1.0.0" } else { &range };
        lock.push_str(&format!("\n\"{name}@{range}\":\n  version \"{version}\"\n"));
    }
    app.put("yarn.lock", lock);
    app.put("package.json", text(&root));
    app.installs(
        "node:20",
        random.pick(&[
            "yarn install --frozen-lockfile --ignore-scripts",
            "yarn --frozen-lockfile --production --ignore-scripts",
            "yarn install --pure-lockfile --ignore-scripts",
            "yarn install --frozen-lockfile",
        ]),
    );
    app.finish(random)
}

pub(super) fn generate_berry(random: &mut Random) -> App {
    let mut app = App::default();
    let (mut root, members) = packages(random, &mut app);
    let mut settings = Vec::new();
    if random.once_in(3) {
        app.put(".yarn/releases/yarn-4.14.0.cjs", "x");
        settings.push("yarnPath: .yarn/releases/yarn-4.14.0.cjs".to_owned());
    } else {
        root["packageManager"] = "yarn@4.14.0".into();
    }
    if random.once_in(2) {
        settings.push(format!("nodeLinker: {}", random.pick(&["node-modules", "pnp"])));
    }
    if random.once_in(4) {
        settings.push("enableTelemetry: false".to_owned());
    }
    if random.once_in(5) {
        app.put(".yarn/patches/is-number-npm-7.0.0.patch", "");
        root["resolutions"] =
            json!({ "is-number": "patch:is-number@npm%3A7.0.0#~/.yarn/patches/is-number-npm-7.0.0.patch" });
    }
    if random.once_in(8) {
        root["scripts"] = json!({ "postinstall": random.pick(&["node scripts/setup.js", "vite build"]) });
        app.put("scripts/setup.js", "require(\"./names\");\n");
        app.put("scripts/names.js", "");
    }
    if !settings.is_empty() {
        app.put(".yarnrc.yml", settings.join("\n") + "\n");
    }
    let mut lock = "__metadata:\n  version: 8\n".to_owned();
    for (name, range) in asked(&root, &members) {
        lock.push_str(&format!(
            "\n\"{name}@npm:{range}\":\n  version: {range}\n  resolution: \"{name}@npm:{range}\"\n"
        ));
    }
    let own = BTreeMap::from([(".".to_owned(), root.clone())]);
    for (folder, manifest) in own.iter().chain(&members) {
        let name = manifest["name"].as_str().expect("each has one");
        lock.push_str(&format!(
            "\n\"{name}@workspace:{folder}\":\n  resolution: \"{name}@workspace:{folder}\"\n  dependencies:\n"
        ));
        for (name, range) in asked(manifest, &BTreeMap::new()) {
            lock.push_str(&format!("    {name}: \"npm:{range}\"\n"));
        }
    }
    app.put("yarn.lock", lock);
    app.put("package.json", text(&root));
    app.installs(
        "node:20",
        random.pick(&[
            "yarn install --immutable",
            "yarn --immutable",
            "yarn install --immutable --mode=skip-build",
        ]),
    );
    app.finish(random)
}

/// The root's manifest, and those of the members by their folder.
fn packages(random: &mut Random, app: &mut App) -> (Value, BTreeMap<String, Value>) {
    let mut root = json!({ "name": "shop", "private": true });
    external(random, &mut root);
    let mut members = BTreeMap::new();
    let mut patterns = BTreeSet::new();
    let taken: Vec<&str> = MEMBERS.iter().copied().filter(|_| random.once_in(2)).collect();
    for member in taken {
        let top = member.split_once('/').map_or(member, |(top, _)| top);
        patterns.insert(if random.once_in(2) { format!("{top}/*") } else { member.to_owned() });
        let mut manifest = json!({ "name": format!("@shop/{}", last(member)), "version": "1.0.0" });
        external(random, &mut manifest);
        app.put(in_folder(member, "package.json"), text(&manifest));
        app.put(in_folder(member, "src/index.ts"), "");
        members.insert(member.to_owned(), manifest);
    }
    if !patterns.is_empty() {
        root["workspaces"] =
            if random.once_in(3) { json!({ "packages": patterns }) } else { json!(patterns) };
    }
    app.put("src/index.ts", "");
    (root, members)
}

/// What manifests ask for of the registry, and of archives.
fn asked(root: &Value, members: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let tables = std::iter::once(root)
        .chain(members.values())
        .flat_map(|manifest| [&manifest["dependencies"], &manifest["devDependencies"]]);
    let all = tables.filter_map(Value::as_object).flatten();
    all.filter_map(|(name, range)| Some((name.clone(), range.as_str()?.to_owned()))).collect()
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    for path in
        ["package.json", "yarn.lock", ".npmrc", ".yarnrc", ".yarnrc.yml", ".yarn/releases/yarn-4.14.0.cjs"]
    {
        walk.read(path);
    }
    let root: Value =
        serde_json::from_str(app.text("package.json").unwrap_or("{}")).expect("it was made as JSON");
    let list = root.get("workspaces").map(|found| found.get("packages").unwrap_or(found).clone());
    let patterns: Vec<String> = list.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
    for pattern in patterns {
        let folders = app.visible().filter_map(|path| path.strip_suffix("/package.json"));
        let is_matched = |folder: &&str| match pattern.strip_suffix("/*") {
            Some(top) => folder.rsplit_once('/').is_some_and(|(above, _)| above == top),
            None => *folder == pattern,
        };
        for folder in folders.filter(is_matched).map(str::to_owned).collect::<Vec<_>>() {
            walk.read_in(&folder, "package.json");
        }
    }
    if root["dependencies"].get("tool").is_some() {
        walk.read("vendor/tool-1.0.0.tgz");
    }
    if app.text(".yarnrc").is_some_and(|text| text.contains("offline-mirror")) {
        walk.read("mirror/is-number-7.0.0.tgz");
    }
    if root.get("resolutions").is_some() {
        walk.read(".yarn/patches/is-number-npm-7.0.0.patch");
    }
    let script = root.get("scripts").and_then(|scripts| scripts["postinstall"].as_str());
    if script == Some("node scripts/setup.js") && !app.install.command.contains("skip-build") {
        walk.read("scripts/setup.js");
        walk.read("scripts/names.js");
    }
    walk.reads
}
