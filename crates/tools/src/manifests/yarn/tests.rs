//! What the reader of Yarn's inputs answers, by small projects.

use proptest::prelude::*;

use super::super::testing::{Line, Memory};

const CLASSIC: &str = "# yarn lockfile v1\n\n\nonce@^1.4.0:\n  version \"1.4.0\"\n";

const BERRY: &str = "__metadata:\n  version: 8\n\n\"once@npm:^1.4.0\":\n  version: 1.4.0\n  resolution: \"once@npm:1.4.0\"\n\n\"shop@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"shop@workspace:.\"\n  dependencies:\n    once: \"npm:^1.4.0\"\n";

const PLAIN: &str = r#"{"name": "shop", "dependencies": {"once": "^1.4.0"}}"#;

const FOUR: &str = r#"{"name": "shop", "packageManager": "yarn@4.18.1", "dependencies": {"once": "^1.4.0"}}"#;

/// Yarn 1, as the image has it.
fn one(words: &'static str) -> Line {
    Line { version: Some(1), ..Line::new("yarn", words) }
}

fn yarn(words: &'static str) -> Line {
    Line::new("yarn", words)
}

fn project(manifest: &str, lock: &str, more: &[(&str, &str)]) -> Memory {
    let mut files =
        vec![("/app/package.json", manifest), ("/app/yarn.lock", lock), ("/app/src/index.js", "")];
    files.extend(more);
    Memory::new(&files)
}

fn list(set: &std::collections::BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn classic_without_scripts() {
    let frozen = "install --frozen-lockfile --ignore-scripts --production";
    let inputs = one(frozen).reads(&project(PLAIN, CLASSIC, &[]));
    assert_eq!(list(&inputs.files), ["/app/package.json", "/app/yarn.lock"]);
    assert_eq!(list(&inputs.write_trees), ["/app/node_modules"]);
    assert!(inputs.writes.is_empty() && inputs.probes.contains("/app/.yarnrc"), "{inputs:?}");
    let more = [
        (
            "/app/.yarnrc",
            "# fast\nnetwork-timeout 600000\n--install.ignore-scripts true\nyarn-offline-mirror \"./mirror\"\n",
        ),
        ("/app/mirror/once-1.4.0.tgz", ""),
        ("/app/.npmrc", "@shop:registry=https://npm.example.org/\n"),
    ];
    let inputs = one("install --frozen-lockfile").reads(&project(PLAIN, CLASSIC, &more));
    assert!(inputs.files.contains("/app/.yarnrc") && inputs.files.contains("/app/.npmrc"));
    assert_eq!(list(&inputs.trees), ["/app/mirror"]);
    let open = one("install --ignore-scripts").reads(&project(PLAIN, CLASSIC, &[]));
    assert_eq!(list(&open.writes), ["/app/yarn.lock"]);
}

#[test]
fn classic_runs_scripts_that_nothing_lists() {
    let reason = one("install --frozen-lockfile").unclear(&project(PLAIN, CLASSIC, &[]));
    assert!(reason.contains("yarn.lock does not say which packages run install scripts"), "{reason}");
    let bare = r#"{"workspaces": ["packages/*"]}"#;
    let member = ("/app/packages/a/package.json", r#"{"name": "a", "scripts": {"prepare": "tsc"}}"#);
    one("install --frozen-lockfile").reads(&project(bare, "# yarn lockfile v1\n", &[member]));
}

#[test]
fn berry_by_version_and_settings() {
    let inputs = yarn("install --immutable").reads(&project(FOUR, BERRY, &[]));
    assert_eq!(list(&inputs.files), ["/app/package.json", "/app/yarn.lock"]);
    assert!(
        inputs.write_trees.contains("/app/.pnp.cjs")
            && inputs.write_trees.contains("/app/.yarn/install-state.gz")
    );
    assert!(!inputs.write_trees.contains("/app/.yarn/cache") && inputs.writes.is_empty(), "{inputs:?}");
    let loaded = project(FOUR, BERRY, &[("/app/iterator.js", "")]);
    assert!(yarn("install --immutable").unclear(&loaded).contains("Yarn may load `/app/iterator.js`"));
    let settings = "nodeLinker: node-modules\nenableScripts: false\nyarnPath: .yarn/releases/yarn-3.8.7.cjs\nplugins:\n  - path: .yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs\n    spec: \"@yarnpkg/plugin-workspace-tools\"\n";
    let more = [
        ("/app/.yarnrc.yml", settings),
        ("/app/.yarn/releases/yarn-3.8.7.cjs", ""),
        ("/app/.yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs", ""),
        ("/app/.yarn/patches/once.patch", ""),
    ];
    let patched = format!(
        "{BERRY}\n\"once@patch:once@npm%3A1.4.0#~/.yarn/patches/once.patch\":\n  version: 1.4.0\n\n\"fsevents@patch:fsevents@npm%3A^2#optional!builtin<compat/fsevents>\":\n  version: 2.0.0\n"
    );
    let inputs = yarn("install --immutable").reads(&project(PLAIN, &patched, &more));
    for file in [
        ".yarnrc.yml",
        ".yarn/releases/yarn-3.8.7.cjs",
        ".yarn/plugins/@yarnpkg/plugin-workspace-tools.cjs",
        ".yarn/patches/once.patch",
    ] {
        assert!(inputs.files.contains(&format!("/app/{file}")), "{file}");
    }
    assert!(inputs.write_trees.contains("/app/.yarn/cache") && !inputs.write_trees.contains("/app/.pnp.cjs"));
    let open = yarn("install").reads(&project(FOUR, BERRY, &[]));
    assert_eq!(list(&open.writes), ["/app/yarn.lock"]);
    Line { env: &[("CI", Some("true"))], ..yarn("install") }.reads(&project(FOUR, BERRY, &[]));
    let three = FOUR.replace("4.18.1", "3.8.7");
    yarn("install --immutable --mode=skip-build").reads(&project(&three, BERRY, &[]));
}

#[test]
fn what_cannot_be_followed() {
    let rc = |text| vec![("/app/.yarnrc.yml", text)];
    for (manifest, lock, more, expected) in [
        (
            FOUR.replace("4.18.1", "4.13.0"),
            BERRY.to_owned(),
            vec![],
            "does not say which packages run install scripts",
        ),
        (FOUR.to_owned(), BERRY.to_owned(), rc("enableScripts: true"), "does not say which packages"),
        (
            FOUR.to_owned(),
            BERRY.to_owned(),
            rc("plugins:\n  - path: p.cjs\n    spec: ./own.js\n"),
            "the plugin `./own.js`",
        ),
        (
            FOUR.to_owned(),
            BERRY.to_owned(),
            rc("pnpUnpluggedFolder: ./x"),
            "the setting `pnpUnpluggedFolder`",
        ),
        (FOUR.to_owned(), BERRY.to_owned(), rc("yarnPath: .yarn/releases/yarn-4.1.0.cjs"), "is missing"),
        (
            FOUR.to_owned(),
            BERRY.replace("once@npm:^1.4.0", "once@npm:^1.3.0"),
            vec![],
            "may fail (was already broken?)",
        ),
        (PLAIN.to_owned(), BERRY.to_owned(), vec![], "says which one runs"),
        (FOUR.to_owned(), CLASSIC.to_owned(), vec![], "writes it anew"),
        (
            FOUR.to_owned(),
            format!("{BERRY}\n\"a@patch:a@npm%3A1#./a.patch::locator=x\":\n"),
            vec![],
            "names the patch `./a.patch`",
        ),
        (
            FOUR.to_owned(),
            BERRY.to_owned(),
            vec![("/package.json", "{}")],
            "`/package.json` may make this folder a part",
        ),
        (
            FOUR.replace("\"name\"", "\"scripts\": {\"postinstall\": \"node x.js\"}, \"name\""),
            BERRY.to_owned(),
            vec![],
            "`postinstall` runs `node x.js`",
        ),
        (
            FOUR.replace("\"name\"", "\"dependenciesMeta\": {\"msw@2.0.0\": {\"built\": true}}, \"name\""),
            BERRY.to_owned(),
            vec![],
            "`msw` runs an install script",
        ),
        (
            FOUR.replace("\"name\"", "\"resolutions\": {\"once\": \"exec:./x.js\"}, \"name\""),
            BERRY.to_owned(),
            vec![],
            "replaces a package by `exec:./x.js`",
        ),
    ] {
        let reason = yarn("install --immutable").unclear(&project(&manifest, &lock, &more));
        assert!(reason.contains(expected), "{manifest} {more:?}: {reason}");
    }
    for (file, text, expected) in [
        ("/app/.yarnrc", "yarn-path \"./yarn.js\"", "the setting `yarn-path` of `/app/.yarnrc`"),
        ("/app/.npmrc", "script-shell=./sh", "the setting `script-shell` of `/app/.npmrc`"),
        ("/app/.yarnclean", "", ".yarnclean"),
        ("/app/binding.gyp", "", "compiles"),
    ] {
        let bare = project("{}", "# yarn lockfile v1\n", &[(file, text)]);
        let reason = one("install --frozen-lockfile").unclear(&bare);
        assert!(reason.contains(expected), "{file}: {reason}");
    }
    assert!(
        yarn("install").unclear(&Memory::new(&[("/app/package.json", PLAIN)])).contains("without yarn.lock")
    );
    assert!(one("install --flat").unclear(&project(PLAIN, CLASSIC, &[])).contains("`--flat`"));
    let told = Line { env: &[("YARN_RC_FILENAME", Some(".other"))], ..yarn("install --immutable") };
    assert!(told.unclear(&project(FOUR, BERRY, &[])).contains("`YARN_RC_FILENAME`"));
}

proptest! {
    #[test]
    fn never_panics(text in ".*", more in "[a:\\-@#~/!\"' \n]{0,80}") {
        for text in [text, more] {
            let _ = yarn("install --immutable").ask(&project(FOUR, &format!("__metadata:\n{text}"), &[("/app/.yarnrc.yml", &text)]));
            let _ = one("install").ask(&project(PLAIN, &text, &[("/app/.yarnrc", &text), ("/app/.npmrc", &text)]));
        }
    }
}

#[test]
fn settings_of_the_first_version() {
    let project = Memory::new(&[
        ("/app/package.json", r#"{"name": "site"}"#),
        ("/app/yarn.lock", "# yarn lockfile v1\n"),
        ("/app/.yarnrc", "registry \"https://registry.example.org/\"\n"),
    ]);
    let inputs = Line::new("yarn", "config-set network-timeout 600000 -g").reads(&project);
    assert!(inputs.files.contains("/app/.yarnrc") && inputs.probes.contains("/app/.npmrc"), "{inputs:?}");
    for (words, reason) in [
        ("config-set yarn-offline-mirror ./packages", "the setting `yarn-offline-mirror` may change"),
        ("config-set cache-folder /app/.cache", "the setting `cache-folder` may change"),
    ] {
        assert!(Line::new("yarn", words).unclear(&project).starts_with(reason), "{words}");
    }
    let newer = Memory::new(&[("/app/package.json", "{}"), ("/app/.yarnrc.yml", "nodeLinker: pnp\n")]);
    assert!(Line::new("yarn", "config-set registry x").unclear(&newer).contains("is of a newer Yarn"));
    let unknown = Memory::new(&[("/app/package.json", r#"{"packageManager": "yarn@4.1.0"}"#)]);
    assert!(Line::new("yarn", "config-set registry x").unclear(&unknown).contains("which Yarn this is"));
}
