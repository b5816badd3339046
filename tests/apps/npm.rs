//! Packages and workspaces of npm. The walk follows npm's documentation ("package.json", "workspaces", "npm ci", "scripts",
//! "npmrc"): the manifest and the lock file, of which a shrinkwrap wins; the project's npmrc; the manifest of each workspace and
//! of each folder that is a dependency, and the programs that these install; archives that are dependencies; what the scripts
//! around an install name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{App, Walk, in_folder, joined};
use crate::generate::Random;

const MEMBERS: [&str; 6] =
    ["packages/api", "packages/web", "packages/ui/core", "apps/admin", "apps/site", "tools/cli"];

pub(super) fn generate(random: &mut Random) -> App {
    let mut app = App::default();
    let mut root = Manifest::new("shop");
    let mut packages = Map::new();
    let folders: Vec<&str> = MEMBERS.iter().copied().filter(|_| random.once_in(2)).collect();
    let is_workspace = !folders.is_empty() && !random.once_in(4);
    if is_workspace {
        let patterns = patterns(random, &folders);
        for folder in &folders {
            member(random, &mut app, folder, &mut packages);
        }
        let list = json!(patterns);
        root.value
            .insert("workspaces".into(), if random.once_in(4) { json!({ "packages": list }) } else { list });
        let matched: BTreeSet<String> = members(&app, &patterns).collect();
        packages.retain(|path, entry| {
            let folder = entry.get("resolved").and_then(Value::as_str).unwrap_or(path);
            matched.contains(folder)
        });
        app.put("packages/README.md", "no package\n");
        app.put("packages/docs/guide.md", "no package either\n");
    } else {
        for folder in &folders {
            member(random, &mut app, folder, &mut Map::new());
        }
    }
    external(random, &mut root, &mut packages);
    local(random, &mut app, &mut root, &mut packages);
    scripts(random, &mut app, ".", &mut root, 8);
    program(random, &mut app, ".", &mut root);
    packages.insert(String::new(), root.of_lock());
    let lock = json!({ "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": packages });
    let lock = serde_json::to_string_pretty(&lock).expect("it is JSON");
    match random.below(6) {
        0 => app.put("npm-shrinkwrap.json", lock),
        1 => {
            app.put("npm-shrinkwrap.json", lock.clone());
            app.put("package-lock.json", lock);
        }
        _ => app.put("package-lock.json", lock),
    }
    if random.once_in(3) {
        app.put(
            ".npmrc",
            random.pick(&[
                "save-exact=true\n",
                "engine-strict=true\n# ignore-scripts=true\n",
                "fund = false\n",
            ]),
        );
    }
    app.put("package.json", root.text());
    app.put("src/index.js", "");
    app.installs(
        "node:20",
        random.pick(&["npm ci", "npm ci --omit=dev", "npm ci --ignore-scripts", "npm clean-install"]),
    );
    app.finish(random)
}

/// A `package.json` that is being made.
struct Manifest {
    value: Map<String, Value>,
}

impl Manifest {
    fn new(name: &str) -> Self {
        let value = json!({ "name": name, "version": "1.0.0" });
        Self { value: value.as_object().cloned().unwrap_or_default() }
    }

    fn add(&mut self, table: &str, name: &str, value: &str) {
        let table = self.value.entry(table).or_insert_with(|| json!({}));
        table.as_object_mut().expect("it is a table").insert(name.to_owned(), value.into());
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(&self.value).expect("it is JSON")
    }

    /// What a lock file repeats of it.
    fn of_lock(&self) -> Value {
        let mut value = self.value.clone();
        value.retain(|key, _| key != "scripts");
        if let Some(list) = value.get("workspaces").and_then(|found| found.get("packages")).cloned() {
            value.insert("workspaces".to_owned(), list);
        }
        let lifecycle = ["preinstall", "install", "postinstall"];
        let has = self
            .value
            .get("scripts")
            .is_some_and(|scripts| lifecycle.iter().any(|name| scripts.get(name).is_some()));
        if has {
            value.insert("hasInstallScript".to_owned(), true.into());
        }
        Value::Object(value)
    }
}

/// Patterns that match some of the folders.
fn patterns(random: &mut Random, folders: &[&str]) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for folder in folders {
        let (top, _) = folder.split_once('/').expect("a member is in a folder");
        patterns.push(match random.below(5) {
            0 => (*folder).to_owned(),
            1 => format!("./{folder}"),
            2 => format!("{top}/*/"),
            3 if random.once_in(3) => format!("{top}/**"),
            _ => format!("{top}/*"),
        });
    }
    if random.once_in(30) {
        patterns.push(format!("!{}", folders[random.below(folders.len())]));
    }
    patterns
}

fn member(random: &mut Random, app: &mut App, folder: &str, packages: &mut Map<String, Value>) {
    let name = format!("@shop/{}", folder.rsplit('/').next().unwrap_or(folder));
    let mut manifest = Manifest::new(&name);
    external(random, &mut manifest, packages);
    scripts(random, app, folder, &mut manifest, 20);
    program(random, app, folder, &mut manifest);
    app.put(in_folder(folder, "src/index.js"), "");
    app.put(in_folder(folder, "package.json"), manifest.text());
    packages.insert(folder.to_owned(), manifest.of_lock());
    packages.insert(format!("node_modules/{name}"), json!({ "resolved": folder, "link": true }));
}

fn external(random: &mut Random, manifest: &mut Manifest, packages: &mut Map<String, Value>) {
    let all = [("is-number", "7.0.0", "dependencies"), ("left-pad", "1.3.0", "devDependencies")];
    for (name, version, table) in all {
        if random.once_in(2) {
            manifest.add(table, name, version);
            let entry = json!({ "version": version, "integrity": format!("sha512-{}==", "A".repeat(86)) });
            packages.insert(format!("node_modules/{name}"), entry);
        }
    }
}

/// Dependencies of the project itself: a folder, or an archive.
fn local(random: &mut Random, app: &mut App, root: &mut Manifest, packages: &mut Map<String, Value>) {
    if random.once_in(6) {
        let mut shared = Manifest::new("shared");
        program(random, app, "vendor/shared", &mut shared);
        app.put("vendor/shared/package.json", shared.text());
        app.put("vendor/shared/index.js", "");
        root.add("dependencies", "shared", random.pick(&["file:vendor/shared", "file:./vendor/shared"]));
        packages.insert("vendor/shared".to_owned(), shared.of_lock());
        packages
            .insert("node_modules/shared".to_owned(), json!({ "resolved": "vendor/shared", "link": true }));
    }
    if random.once_in(8) {
        app.put("vendor/tool-1.0.0.tgz", "x");
        root.add("dependencies", "tool", "file:vendor/tool-1.0.0.tgz");
        let entry = json!({ "version": "1.0.0", "resolved": "file:vendor/tool-1.0.0.tgz", "integrity": format!("sha512-{}==", "A".repeat(86)) });
        packages.insert("node_modules/tool".to_owned(), entry);
    }
}

/// Scripts, one of which may run at an install.
fn scripts(random: &mut Random, app: &mut App, folder: &str, manifest: &mut Manifest, rarity: usize) {
    manifest.add("scripts", "start", "node src/index.js");
    if random.once_in(rarity) {
        let name = random.pick(&["preinstall", "install", "postinstall", "prepare"]);
        let command = random.pick(&[
            "echo done",
            "node scripts/setup.js",
            "patch-package",
            "husky || true",
            "node ./scripts/setup.js --quiet",
        ]);
        manifest.add("scripts", name, command);
        app.put(in_folder(folder, "scripts/setup.js"), "require('fs');\n");
        app.put(in_folder(folder, "patches/is-number+7.0.0.patch"), "");
    }
    if random.once_in(rarity * 4) {
        app.put(in_folder(folder, "binding.gyp"), "{}\n");
    }
}

/// A program that a package installs.
fn program(random: &mut Random, app: &mut App, folder: &str, manifest: &mut Manifest) {
    if random.once_in(8) {
        app.put(in_folder(folder, "bin/run.js"), "#!/usr/bin/env node\n");
        let bin = if random.once_in(2) { json!("bin/run.js") } else { json!({ "run": "./bin/run.js" }) };
        manifest.value.insert("bin".to_owned(), bin);
    }
}

pub(super) fn reads(app: &App) -> BTreeSet<String> {
    let mut walk = Walk::of(app);
    walk.read("npm-shrinkwrap.json").or_else(|| walk.read("package-lock.json"));
    walk.read(".npmrc");
    let root = manifest(&mut walk, ".");
    let mut packages = vec![".".to_owned()];
    let list = root.get("workspaces").map(|found| found.get("packages").unwrap_or(found).clone());
    let list: Vec<String> = list.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default();
    packages.extend(members(app, &list));
    for value in
        root.get("dependencies").and_then(Value::as_object).into_iter().flatten().map(|(_, value)| value)
    {
        let local = value.as_str().and_then(|value| value.strip_prefix("file:"));
        let Some(path) = local.and_then(|path| joined(".", path)) else { continue };
        if walk.read(&path).is_none() {
            packages.push(path);
        }
    }
    for folder in packages {
        let manifest = manifest(&mut walk, &folder);
        // The programs of the project itself are not linked.
        let programs: Vec<&str> = match manifest.get("bin").filter(|_| folder != ".") {
            Some(Value::String(path)) => vec![path],
            Some(Value::Object(paths)) => paths.values().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for path in programs {
            walk.read_in(&folder, path);
        }
        if app.install.command.contains("--ignore-scripts") {
            continue;
        }
        walk.read_in(&folder, "binding.gyp");
        for name in ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"] {
            let command =
                manifest.get("scripts").and_then(|scripts| scripts.get(name)).and_then(Value::as_str);
            for word in command.unwrap_or_default().split(' ') {
                walk.read_in(&folder, word);
                if word == "patch-package" {
                    walk.read_folder(&folder, "patches");
                }
            }
        }
    }
    walk.reads
}

fn manifest(walk: &mut Walk<'_>, folder: &str) -> BTreeMap<String, Value> {
    let text = walk.read_in(folder, "package.json").unwrap_or("{}");
    serde_json::from_str(text).expect("it was made as JSON")
}

/// The folders with a manifest that patterns match; a later pattern with `!` takes some away again.
fn members<'a>(app: &'a App, patterns: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let folders = app.visible().filter_map(|path| path.strip_suffix("/package.json"));
    folders.map(str::to_owned).filter(|folder| {
        patterns.iter().fold(false, |found, pattern| {
            let (negated, pattern) =
                pattern.strip_prefix('!').map_or((false, pattern.as_str()), |rest| (true, rest));
            let pattern: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            let is_matched = matches(&pattern, &folder.split('/').collect::<Vec<_>>());
            if is_matched { !negated } else { found }
        })
    })
}

fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => {
            matches(rest, path) || path.split_first().is_some_and(|(_, below)| matches(pattern, below))
        }
        (["*", rest @ ..], [_, below @ ..]) => matches(rest, below),
        ([one, rest @ ..], [other, below @ ..]) => one == other && matches(rest, below),
        _ => false,
    }
}
