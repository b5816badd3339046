//! What the reader of npm's inputs answers, by small projects.

use proptest::prelude::*;

use super::super::javascript::scripts::DATA as SCRIPTS;
use super::super::testing::{Line, Memory};
use super::config::DATA;

fn npm(words: &'static str) -> Line {
    Line::new("npm", words)
}

const PLAIN: &str = r#"{"name": "app", "version": "1.0.0", "dependencies": {"once": "^1.4.0"}}"#;

const LOCK: &str = r#"{"lockfileVersion": 2, "packages": {"": {"dependencies": {"once": "^1.4.0"}}, "node_modules/once": {"version": "1.4.0"}}, "dependencies": {"once": {"version": "1.4.0"}}}"#;

fn plain() -> Vec<(&'static str, &'static str)> {
    vec![("/app/package.json", PLAIN), ("/app/package-lock.json", LOCK), ("/app/src/index.js", "")]
}

fn with(more: &[(&'static str, &'static str)]) -> Memory {
    let mut files = plain();
    files.extend(more);
    Memory::new(&files)
}

fn list(set: &std::collections::BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn data_file_is_sound() {
    for key in &DATA.lock_neutral {
        assert!(DATA.harmless.contains(key), "{key}");
    }
}

#[test]
fn ci_reads_manifest_and_lock_and_fills_node_modules() {
    for words in ["ci", "ci --omit=dev", "ci --no-audit --production --loglevel=error", "ci -s"] {
        let inputs = npm(words).reads(&with(&[]));
        assert_eq!(list(&inputs.files), ["/app/package-lock.json", "/app/package.json"], "{words}");
        assert_eq!(list(&inputs.write_trees), ["/app/node_modules"]);
        assert!(inputs.writes.is_empty() && inputs.trees.is_empty(), "{inputs:?}");
        assert!(inputs.probes.contains("/app/.npmrc") && inputs.probes.contains("/app/binding.gyp"));
    }
    let bare = Memory::new(&[("/app/package.json", PLAIN)]);
    assert!(npm("ci").unclear(&bare).contains("needs a lock file"));
}

#[test]
fn install_may_write_the_lock() {
    let inputs = Line { version: Some(10), ..npm("install") }.reads(&with(&[]));
    assert_eq!(list(&inputs.writes), ["/app/package-lock.json"]);
    assert!(inputs.remarks[0].contains("may rewrite `/app/package-lock.json`"), "{:?}", inputs.remarks);
    let unknown = npm("install").reads(&with(&[]));
    assert_eq!(list(&unknown.writes), ["/app/package-lock.json", "/app/package.json"]);
    let none = npm("install --ignore-scripts").reads(&Memory::new(&[("/app/package.json", PLAIN)]));
    assert!(none.writes.contains("/app/package-lock.json") && none.remarks[0].contains("no lock file"));
    assert!(npm("install --no-package-lock --ignore-scripts").reads(&with(&[])).writes.len() == 1);
    let yarn = Line { version: Some(10), ..npm("install") }.reads(&with(&[("/app/yarn.lock", "")]));
    assert!(yarn.writes.contains("/app/yarn.lock"));
}

#[test]
fn a_lock_in_sync_is_not_written() {
    const MANIFEST: &str = "{\n  \"name\": \"app\",\n  \"workspaces\": [\n    \"packages/*\"\n  ]\n}\n";
    const MEMBER: &str = "{\n  \"name\": \"@w/a\",\n  \"version\": \"1.0.0\"\n}\n";
    const LOCK: &str = "{\n  \"name\": \"app\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \"\": {\n      \"name\": \"app\",\n      \"workspaces\": [\n        \"packages/*\"\n      ]\n    },\n    \"node_modules/@w/a\": {\n      \"resolved\": \"packages/a\",\n      \"link\": true\n    },\n    \"packages/a\": {\n      \"name\": \"@w/a\",\n      \"version\": \"1.0.0\"\n    }\n  }\n}\n";
    let files = [
        ("/app/package.json", MANIFEST),
        ("/app/packages/a/package.json", MEMBER),
        ("/app/package-lock.json", LOCK),
    ];
    let project = Memory::new(&files);
    let ten = |words| Line { version: Some(10), ..npm(words) };
    let inputs = ten("install").reads(&project);
    assert!(inputs.writes.is_empty() && inputs.remarks.is_empty(), "{inputs:?}");
    assert_eq!(list(&inputs.write_trees), ["/app/node_modules", "/app/packages/a/node_modules"]);
    for words in [
        "install --legacy-peer-deps",
        "install --registry=https://example.org/",
        "install express --ignore-scripts",
    ] {
        assert!(ten(words).reads(&project).writes.contains("/app/package-lock.json"), "{words}");
    }
    let mut installed = files.to_vec();
    installed.push(("/app/node_modules/x/index.js", ""));
    let inputs = ten("install").reads(&Memory::new(&installed));
    assert!(inputs.writes.contains("/app/package-lock.json") && inputs.trees.contains("/app/node_modules"));
}

#[test]
fn workspaces_and_local_dependencies() {
    let project = Memory::new(&[
        (
            "/app/package.json",
            r#"{"workspaces": ["packages/*"], "dependencies": {"lib": "file:lib", "tar": "file:vendor/t.tgz"}, "overrides": {"x": {"y": "file:patched"}}}"#,
        ),
        (
            "/app/package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"": {}, "packages/a": {}, "node_modules/a": {"resolved": "packages/a", "link": true}, "tools/b": {}}}"#,
        ),
        (
            "/app/packages/a/package.json",
            r#"{"name": "a", "bin": "./cli.js", "dependencies": {"c": "file:../../c"}}"#,
        ),
        ("/app/packages/a/cli.js", ""),
        ("/app/packages/readme/README.md", ""),
        ("/app/lib/package.json", "{}"),
        ("/app/c/package.json", "{}"),
        ("/app/patched/package.json", "{}"),
        ("/app/tools/b/package.json", "{}"),
        ("/app/vendor/t.tgz", "\u{0}binary"),
    ]);
    let inputs = Line { version: Some(10), ..npm("ci") }.reads(&project);
    assert_eq!(list(&inputs.trees), ["/app/c", "/app/lib", "/app/patched", "/app/tools/b"]);
    assert_eq!(list(&inputs.writes), ["/app/packages/a/cli.js"]);
    for file in ["packages/a/package.json", "packages/a/cli.js", "vendor/t.tgz", "lib/package.json"] {
        assert!(inputs.files.contains(&format!("/app/{file}")), "{file}");
    }
    assert!(inputs.probes.contains("/app/packages/readme/package.json"));
    assert!(inputs.write_trees.contains("/app/packages/a/node_modules"));
}

#[test]
fn what_cannot_be_followed() {
    for (manifest, more, expected) in [
        (
            r#"{"scripts": {"postinstall": "node scripts/patch.js"}}"#,
            None,
            "`postinstall` runs `node scripts/patch.js`, and `/app/scripts/patch.js` is no program of the project [/app/scripts/patch.js]",
        ),
        (r#"{"scripts": {"prepare": "tsc"}}"#, None, "`prepare` runs `tsc`"),
        (
            r#"{"scripts": {"prepare": "husky install"}}"#,
            Some("/app/.husky/pre-commit"),
            "acts on `/app/.husky`",
        ),
        (r#"{"scripts": {"prepare": "husky"}}"#, Some("/app/.git/HEAD"), "acts on `/app/.git`"),
        (r#"{"scripts": {"install": 7}}"#, None, "the scripts of"),
        ("{}", Some("/app/binding.gyp"), "binding.gyp"),
        (
            r#"{"dependencies": {"phoenix": "file:deps/phoenix"}}"#,
            None,
            "`phoenix` is `/app/deps/phoenix`, which is missing",
        ),
        (r#"{"dependencies": {"a": "link:../a"}}"#, None, "cannot follow"),
        (r#"{"dependencies": {"a": "workspace:*"}}"#, None, "cannot follow"),
        (r#"{"dependencies": {"a": "file:lib"}}"#, Some("/app/lib/index.js"), "has no package.json"),
        (r#"{"workspaces": ["packages/*", "!packages/b"]}"#, None, "workspace pattern"),
        (r#"{"workspaces": 1}"#, None, "`workspaces`"),
        ("[]", None, "not a JSON object"),
        ("{", None, "not a JSON object"),
    ] {
        let mut files = vec![("/app/package.json", manifest), ("/app/package-lock.json", "{}")];
        files.extend(more.map(|file| (file, "")));
        let reason = npm("ci").unclear(&Memory::new(&files));
        assert!(reason.contains(expected), "{manifest}: {reason}");
    }
    for (words, expected) in [
        ("ci --script-shell=./sh", "`script-shell`"),
        ("ci --unheard-of=./x", "`unheard-of`"),
        ("ci -x", "not a flag"),
        ("install ./local", "installed from its folder"),
        ("install src", "installed from its folder"),
        ("install -g", "the project itself"),
        ("install -g .", "installed from its folder"),
        ("prune", "not an install"),
    ] {
        let reason = npm(words).unclear(&with(&[]));
        assert!(reason.contains(expected), "{words}: {reason}");
    }
    assert!(npm("ci").unclear(&Memory::new(&[])).contains("already broken?"));
    assert!(npm("ci").unclear(&Memory::new(&[]).unknown_below("/")).contains("not known"));
}

#[test]
fn scripts_do_not_matter_if_they_do_not_run() {
    let files = [
        ("/app/package.json", r#"{"scripts": {"postinstall": "node x.js"}, "workspaces": ["a"]}"#),
        ("/app/a/package.json", r#"{"scripts": {"prepare": "tsc"}}"#),
        ("/app/package-lock.json", "{}"),
        ("/app/binding.gyp", ""),
    ];
    npm("ci --ignore-scripts").reads(&Memory::new(&files));
    Line { env: &[("NPM_CONFIG_IGNORE_SCRIPTS", Some("true"))], ..npm("ci") }.reads(&Memory::new(&files));
    npm("ci --ignore-scripts=false").unclear(&Memory::new(&files));
    let mut configured = files.to_vec();
    configured.push(("/app/.npmrc", "ignore-scripts=true\n"));
    npm("ci").reads(&Memory::new(&configured));
    npm("ci --no-ignore-scripts").unclear(&Memory::new(&configured));
    let mut overruled = files.to_vec();
    overruled.extend([("/app/.npmrc", "ignore-scripts=false\n"), ("/root/.npmrc", "ignore-scripts=true\n")]);
    npm("ci").unclear(&Memory::new(&overruled));
}

#[test]
fn patch_package_reads_the_patches() {
    let project = Memory::new(&[
        ("/app/package.json", r#"{"scripts": {"postinstall": "patch-package"}}"#),
        ("/app/package-lock.json", "{}"),
        ("/app/patches/a+1.0.0.patch", ""),
    ]);
    assert_eq!(list(&npm("ci").reads(&project).trees), ["/app/patches"]);
}

#[test]
fn configuration() {
    let text = "; comment\n//example.org/:_authToken=${NPM_TOKEN}\n@scope:registry=https://example.org/\ncafile=./certs/ca.pem\nomit[]=dev\nsass_binary_site=https://example.org/s\n";
    let inputs = npm("ci").reads(&with(&[("/app/.npmrc", text), ("/app/certs/ca.pem", "")]));
    assert!(inputs.files.contains("/app/.npmrc") && inputs.files.contains("/app/certs/ca.pem"), "{inputs:?}");
    let cache = npm("ci").reads(&with(&[("/app/.npmrc", "cache=./cache\n")]));
    assert!(cache.write_trees.contains("/app/cache"));
    let unlocked = with(&[("/app/.npmrc", "package-lock=false\n")]);
    let quiet = Line { version: Some(10), ..npm("install --ignore-scripts") }.reads(&unlocked);
    assert!(quiet.writes.is_empty());
    assert!(npm("install").unclear(&unlocked).contains("pass over the lock file"));
    for text in ["script-shell=./sh\n", "node-options=--require ./x.js\n", "unheard=../x\n"] {
        assert!(npm("ci").unclear(&with(&[("/app/.npmrc", text)])).contains("[/app/.npmrc]"), "{text}");
    }
    let home = npm("ci").reads(&with(&[("/root/.npmrc", "registry=https://example.org/\n")]));
    assert!(home.files.contains("/root/.npmrc"));
    let written = with(&[]).unknown_below("/app/.npmrc");
    assert!(npm("ci").unclear(&written).contains("`/app/.npmrc` may exist"));
}

#[test]
fn surroundings() {
    let options = |env| Line { env, ..npm("ci") };
    options(&[("NODE_OPTIONS", Some("--max-old-space-size=4096")), ("NPM_CONFIG_LOGLEVEL", None)])
        .reads(&with(&[]));
    for env in [
        &[("NODE_OPTIONS", Some("-r ./x.js"))] as &'static [_],
        &[("NODE_OPTIONS", None)],
        &[("NPM_CONFIG_USERCONFIG", None)],
        &[("npm_config_script_shell", Some("./x"))],
    ] {
        options(env).unclear(&with(&[]));
    }
    let own = with(&[("/app/node_modules/.bin/npm", "")]);
    let path = options(&[("PATH", Some("/app/node_modules/.bin:/usr/bin"))]);
    assert!(path.unclear(&own).contains("comes from the project"));
}

#[test]
fn which_folder_is_the_project() {
    let nested = Memory::new(&[
        ("/app/package.json", r#"{"workspaces": ["web"]}"#),
        ("/app/web/package.json", "{}"),
        ("/app/web/package-lock.json", "{}"),
    ]);
    let web = Line { cwd: "/app/web", ..npm("ci") };
    assert!(
        web.unclear(&nested).contains("has workspaces [")
            || web.unclear(&nested).contains("/app/package.json")
    );
    Line { version: Some(6), ..Line { cwd: "/app/web", ..npm("ci") } }.reads(&nested);
    let apart = Memory::new(&[
        ("/app/package.json", "{}"),
        ("/app/web/package.json", "{}"),
        ("/app/web/package-lock.json", "{}"),
    ]);
    assert!(web.reads(&apart).write_trees.contains("/app/web/node_modules"));
    for words in ["ci --prefix=web", "ci -C=web"] {
        assert!(npm(words).reads(&apart).files.contains("/app/web/package-lock.json"), "{words}");
    }
    let below = Line { cwd: "/app/web/src", ..npm("ci") };
    assert!(below.reads(&apart).files.contains("/app/web/package.json"));
}

#[test]
fn global_installs_read_nothing_of_the_project() {
    for words in ["install -g yarn@1 @angular/cli", "install --global pnpm", "install --location=global pnpm"]
    {
        let inputs = npm(words).reads(&with(&[("/app/.npmrc", "script-shell=./x")]));
        assert!(
            inputs.files.is_empty() && inputs.writes.is_empty() && inputs.write_trees.is_empty(),
            "{words}: {inputs:?}"
        );
    }
    let prefixed = Line { env: &[("NPM_CONFIG_PREFIX", Some("/app/.global"))], ..npm("install -g yarn") };
    assert!(prefixed.reads(&with(&[])).write_trees.contains("/app/.global/lib/node_modules"));
}

#[test]
fn operands_change_the_manifest() {
    let inputs = Line { version: Some(10), ..npm("install express --ignore-scripts") }.reads(&with(&[]));
    assert_eq!(list(&inputs.writes), ["/app/package-lock.json", "/app/package.json"]);
    let empty = npm("install express").reads(&Memory::new(&[]));
    assert!(empty.files.is_empty() && empty.writes.contains("/app/package.json"));
    let reason = npm("install express").unclear(&with(&[]));
    assert!(reason.contains("`express` is not in a lock file"), "{reason}");
}

/// A project with one dependency, whose entry in the lock file has more keys.
fn with_entry(key: &str, more: &str) -> Memory {
    let name = key.rsplit("node_modules/").next().unwrap();
    let manifest = format!(r#"{{"dependencies": {{"{name}": "^1.0.0"}}}}"#);
    let lock = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"": {manifest}, "{key}": {{"version": "1.0.0", "hasInstallScript": true{more}}}}}}}"#
    );
    Memory::new(&[("/app/package.json", &manifest), ("/app/package-lock.json", &lock)])
}

#[test]
fn install_scripts_of_dependencies_that_stay_in_their_folder() {
    let ci = || Line { version: Some(10), ..npm("ci") };
    for (key, more) in [
        ("node_modules/esbuild", ""),
        ("node_modules/bcrypt", r#", "resolved": "https://example.org/npm/bcrypt/-/bcrypt-1.0.0.tgz""#),
        ("node_modules/a/node_modules/fsevents", r#", "optional": true"#),
        (
            "node_modules/@parcel/watcher",
            r#", "resolved": "https://example.org/@parcel%2fwatcher/-/watcher-1.0.0.tgz""#,
        ),
        (
            "node_modules/js",
            r#", "name": "core-js", "resolved": "https://example.org/core-js/-/core-js-3.0.0.tgz""#,
        ),
        ("packages/a/node_modules/cypress", ""),
    ] {
        ci().reads(&with_entry(key, more));
    }
    let native = ci().reads(&with_entry("node_modules/better-sqlite3", ""));
    assert!(native.probes.contains("/app/.prebuild-installrc"), "{native:?}");
    let elsewhere = Line { version: Some(10), ..npm("ci --prefix=/app") };
    let swc = Line { cwd: "/srv", ..elsewhere }.reads(&with_entry("node_modules/@swc/core", ""));
    assert!(swc.probes.contains("/srv/package.json") && !swc.write_trees.contains("/srv/node_modules"));
    Line { env: &[("CYPRESS_INSTALL_BINARY", Some("0"))], ..ci() }
        .reads(&with_entry("node_modules/cypress", ""));
    npm("ci --ignore-scripts").reads(&with_entry("node_modules/msw", ""));
}

#[test]
fn install_scripts_of_dependencies_that_may_read_the_project() {
    let ci = || Line { version: Some(10), ..npm("ci") };
    for (key, more, expected) in [
        (
            "node_modules/msw",
            "",
            "`msw` runs an install script, which may read files of the project [/app/package-lock.json]",
        ),
        ("node_modules/a/node_modules/puppeteer", "", "`puppeteer` runs"),
        ("packages/a/node_modules/msw", "", "`msw` runs"),
        ("node_modules/esbuild", r#", "name": "elsewhere""#, "`elsewhere` runs"),
        (
            "node_modules/esbuild",
            r#", "resolved": "git+ssh://git@example.org/a/esbuild.git#1""#,
            "not come from a registry",
        ),
        (
            "node_modules/esbuild",
            r#", "resolved": "https://example.org/esbuild.tgz""#,
            "not come from a registry",
        ),
        (
            "node_modules/esbuild",
            r#", "resolved": "https://example.org/other/-/other-1.0.0.tgz""#,
            "not come from a registry",
        ),
    ] {
        let reason = ci().unclear(&with_entry(key, more));
        assert!(reason.contains(expected), "{key}: {reason}");
    }
    let told = Line { env: &[("CYPRESS_INSTALL_BINARY", Some("tools/cypress.zip"))], ..ci() };
    assert!(
        told.unclear(&with_entry("node_modules/cypress", "")).contains("told by `CYPRESS_INSTALL_BINARY`")
    );
    let told = Line { env: &[("ESBUILD_BINARY_PATH", None)], ..ci() };
    told.unclear(&with_entry("node_modules/esbuild", ""));
    for name in ["puppeteer", "msw", "patch-package", "nx", "@sentry/cli", "husky", "electron-builder"] {
        assert!(SCRIPTS.install_scripts.values().all(|names| !names.contains(name)), "{name}");
    }
    let configured = [
        ("/app/package.json", r#"{"dependencies": {"sharp": "1"}}"#),
        (
            "/app/package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"node_modules/sharp": {"hasInstallScript": true}}}"#,
        ),
        ("/app/.prebuild-installrc", ""),
    ];
    assert!(ci().unclear(&Memory::new(&configured)).contains("[/app/.prebuild-installrc]"));
}

#[test]
fn without_a_lock_file_nothing_is_known_of_scripts() {
    let ten = |words| Line { version: Some(10), ..npm(words) };
    let unlocked = Memory::new(&[("/app/package.json", PLAIN)]);
    let expected =
        "without a lock file it is not known which packages run install scripts [/app/package.json]";
    assert_eq!(ten("install").unclear(&unlocked), expected);
    ten("install --ignore-scripts").reads(&unlocked);
    for words in ["install --no-package-lock", "install --package-lock=0", "install --no-shrinkwrap"] {
        assert!(ten(words).unclear(&with(&[])).contains("pass over the lock file"), "{words}");
    }
    let member = ("/app/a/package.json", PLAIN);
    let bare = ("/app/package.json", r#"{"workspaces": ["a"], "dependencies": {}}"#);
    ten("install").reads(&Memory::new(&[bare, ("/app/a/package.json", "{}")]));
    assert!(ten("install").unclear(&Memory::new(&[bare, member])).contains("without a lock file"));
    for (lock, words, version, expected) in [
        (
            r#"{"lockfileVersion": 1, "dependencies": {"once": {"version": "1.4.0"}}}"#,
            "ci",
            Some(10),
            "not of version 2 or 3",
        ),
        (r#"{"lockfileVersion": 1, "packages": {}}"#, "ci", Some(6), "not of version 2 or 3"),
        ("{}", "ci", Some(10), "not of version 2 or 3"),
        (
            r#"{"lockfileVersion": 3, "packages": {"": {}}}"#,
            "install",
            Some(10),
            "its `dependencies` are not those of package.json",
        ),
        (
            r#"{"lockfileVersion": 3, "packages": {"": {}}}"#,
            "ci",
            Some(7),
            "its `dependencies` are not those of package.json",
        ),
        (
            r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"once": "^1.4.0"}}}}"#,
            "install",
            Some(10),
            "does not list `once`",
        ),
        (
            r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"once": "^1.4.0"}}, "node_modules/once": {"version": "1.4.0"}}}"#,
            "install",
            Some(6),
            "does not read a lock file of version 3",
        ),
        (
            r#"{"lockfileVersion": 2, "packages": {"": {"dependencies": {"once": "^1.4.0"}}, "node_modules/once": {"version": "1.4.0"}}, "dependencies": {"once": {"version": "1.4.0"}, "puppeteer": {"version": "1.0.0"}}}"#,
            "ci",
            None,
            "lists other packages",
        ),
    ] {
        let project = Memory::new(&[("/app/package.json", PLAIN), ("/app/package-lock.json", lock)]);
        let reason = Line { version, ..npm(words) }.unclear(&project);
        assert!(reason.contains(expected), "{lock}: {reason}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in ".*", json in "[{}\\[\\]\":,a-c./*1\n ]{0,60}") {
        for text in [text, json] {
            let project = Memory::new(&[("/app/package.json", &text), ("/app/package-lock.json", &text), ("/app/.npmrc", &text)]);
            let _ = npm("install").ask(&project);
            let scripted = format!("{{\"scripts\": {{\"prepare\": {text:?}}}, \"workspaces\": [{text:?}], \"dependencies\": {{\"a\": {text:?}}}}}");
            let project = Memory::new(&[("/app/package.json", &scripted), ("/app/package-lock.json", &scripted)]);
            let _ = Line { version: Some(10), ..npm("install") }.ask(&project);
        }
    }
}
