//! Workspaces of Bun. The walk follows Bun's documentation ("bun install", "Workspaces", "Lockfile", "bunfig.toml", "bun patch",
//! "Environment variables"): the manifest, the text lock file, the settings, the manifest of each package that the workspaces match, the
//! patches that are named, archives that are dependencies, and the files with variables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::javascript::{MEMBERS, external, last, text};
use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let members: Vec<&str> = MEMBERS.iter().copied().filter(|_| random.once_in(2)).collect();
    let mut root = json!({ "name": "shop", "private": true });
    external(random, &mut root);
    let mut workspaces: BTreeMap<String, Value> = BTreeMap::new();
    if !members.is_empty() {
        let patterns: BTreeSet<String> = members
            .iter()
            .map(|member| match (random.below(3), member.split_once('/')) {
                (0, _) | (_, None) => (*member).to_owned(),
                (1, Some((top, _))) => format!("./{top}/*"),
                (_, Some((top, _))) => format!("{top}/*"),
            })
            .collect();
        root["workspaces"] =
            if random.once_in(3) { json!({ "packages": patterns }) } else { json!(patterns) };
        for (at, member) in members.iter().enumerate() {
            let mut manifest = json!({ "name": format!("@shop/{}", last(member)) });
            external(random, &mut manifest);
            for other in &members[at + 1..] {
                if random.once_in(3) {
                    manifest["dependencies"][format!("@shop/{}", last(other))] = "workspace:*".into();
                }
            }
            app.put(in_folder(member, "package.json"), text(&manifest));
            app.put(in_folder(member, "src/index.ts"), "");
            workspaces.insert((*member).to_owned(), manifest);
        }
        app.put("packages/docs/guide.md", "no package\n");
    }
    if random.once_in(6) {
        app.put("patches/is-number@7.0.0.patch", "");
        root["patchedDependencies"] = json!({ "is-number@7.0.0": "patches/is-number@7.0.0.patch" });
    }
    let mut archive = None;
    if random.once_in(8) {
        app.put("vendor/tool-1.0.0.tgz", "x");
        root["dependencies"]["tool"] = "file:vendor/tool-1.0.0.tgz".into();
        archive = Some("vendor/tool-1.0.0.tgz");
    }
    if random.once_in(12) {
        root["scripts"] =
            json!({ "postinstall": random.pick(&["echo done", "bun run build", "node scripts/setup.js"]) });
        app.put("scripts/setup.js", "");
        app.put(
            "tsconfig.json",
            random.pick(&["{ \"compilerOptions\": {}, }\n", "{ \"extends\": \"./base.json\" }\n"]),
        );
        app.put("base.json", "{}\n");
    }
    for (name, choices) in [
        (".npmrc", ["save-exact=true\n", "@shop:registry=https://npm.example.org/\n"]),
        (
            "bunfig.toml",
            ["[install]\nexact = true\n", "telemetry = false\n[install]\nlinker = \"hoisted\"\n"],
        ),
        (".env", ["PORT=3000\n", "BUN_CONFIG_NO_VERIFY=1\n"]),
    ] {
        if random.once_in(4) {
            app.put(name, random.pick(&choices));
        }
    }
    app.put("bun.lock", lock(&root, &workspaces, archive));
    app.put("package.json", text(&root));
    app.put("src/index.ts", "");
    app.installs(
        "oven/bun:1",
        random.pick(&[
            "bun install --frozen-lockfile",
            "bun i --frozen-lockfile",
            "bun ci",
            "bun install --production",
        ]),
    );
    app.finish(random)
}

/// A lock file that agrees with the manifests; with trailing commas, as Bun writes it.
fn lock(root: &Value, members: &BTreeMap<String, Value>, archive: Option<&str>) -> String {
    let repeated = |manifest: &Value| {
        let mut own = json!({});
        for key in ["name", "dependencies", "devDependencies"] {
            if let Some(value) = manifest.get(key) {
                own[key] = value.clone();
            }
        }
        text(&own)
    };
    let mut lock = format!("{{\n\"lockfileVersion\": 1,\n\"workspaces\": {{\n\"\": {},\n", repeated(root));
    for (folder, manifest) in members {
        lock.push_str(&format!("\"{folder}\": {},\n", repeated(manifest)));
    }
    lock.push_str("},\n");
    if let Some(patched) = root.get("patchedDependencies") {
        lock.push_str(&format!("\"patchedDependencies\": {patched},\n"));
    }
    lock.push_str("\"packages\": {\n");
    for folder in members.keys() {
        let name = last(folder);
        lock.push_str(&format!("\"@shop/{name}\": [\"@shop/{name}@workspace:{folder}\"],\n"));
    }
    for (name, version) in [("is-number", "7.0.0"), ("left-pad", "1.3.0")] {
        lock.push_str(&format!(
            "\"{name}\": [\"{name}@{version}\", \"\", {{}}, \"sha512-{}==\"],\n",
            "A".repeat(86)
        ));
    }
    if let Some(path) = archive {
        lock.push_str(&format!("\"tool\": [\"tool@{path}\", {{}}, \"sha512-{}==\"],\n", "A".repeat(86)));
    }
    lock.push_str("},\n}\n");
    lock
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    for path in ["package.json", "bun.lock", ".npmrc", "bunfig.toml", ".env"] {
        walk.read(path);
    }
    let root: Value =
        serde_json::from_str(app.text("package.json").unwrap_or("{}")).expect("it was made as JSON");
    let list = root.get("workspaces").map(|found| found.get("packages").unwrap_or(found).clone());
    let patterns: Vec<String> = list.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./");
        let folders = app.visible().filter_map(|path| path.strip_suffix("/package.json"));
        let is_matched = |folder: &&str| match pattern.strip_suffix("/*") {
            Some(top) => folder.rsplit_once('/').is_some_and(|(above, _)| above == top),
            None => *folder == pattern,
        };
        for folder in folders.filter(is_matched).map(str::to_owned).collect::<Vec<_>>() {
            walk.read_in(&folder, "package.json");
        }
    }
    let patches = root.get("patchedDependencies").and_then(Value::as_object);
    for path in patches.into_iter().flatten().filter_map(|(_, path)| joined(".", path.as_str()?)) {
        walk.read(&path);
    }
    for value in
        root["dependencies"].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str())
    {
        if let Some(path) = value.strip_prefix("file:") {
            walk.read(path);
        }
    }
    if root.get("scripts").is_some() {
        walk.read("tsconfig.json");
    }
    walk.reads
}
