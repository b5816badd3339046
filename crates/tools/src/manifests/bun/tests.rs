//! What the reader of Bun's inputs answers, by small projects.

use proptest::prelude::*;

use super::super::testing::{Line, Memory};

const PLAIN: &str = r#"{"name": "shop", "dependencies": {"once": "^1.4.0"}}"#;

fn lock(workspaces: &str, more: &str, packages: &str) -> String {
    format!(
        "{{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {{ {workspaces} }},\n  {more}\n  \"packages\": {{\n{packages}  }},\n}}\n"
    )
}

/// The lock file of `PLAIN`, with more packages.
fn plain_lock(packages: &str) -> String {
    let once = "    \"once\": [\"once@1.4.0\", \"\", {}, \"sha512-x\"],\n";
    lock(
        "\"\": {\"name\": \"shop\", \"dependencies\": {\"once\": \"^1.4.0\",},},",
        "",
        &format!("{once}{packages}"),
    )
}

fn bun(words: &'static str) -> Line {
    Line::new("bun", words)
}

fn project(manifest: &str, lock: &str, more: &[(&str, &str)]) -> Memory {
    let mut files = vec![("/app/package.json", manifest), ("/app/bun.lock", lock), ("/app/src/index.ts", "")];
    files.extend(more);
    Memory::new(&files)
}

fn list(set: &std::collections::BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn frozen_installs_read_manifest_and_lock() {
    for words in
        ["install --frozen-lockfile", "install --production", "install -p", "ci", "install --no-save"]
    {
        let inputs = bun(words).reads(&project(PLAIN, &plain_lock(""), &[]));
        assert_eq!(list(&inputs.files), ["/app/bun.lock", "/app/package.json"], "{words}");
        assert_eq!(list(&inputs.write_trees), ["/app/node_modules"], "{words}");
        assert!(inputs.writes.is_empty(), "{words}: {inputs:?}");
        for probe in ["/app/bunfig.toml", "/app/.npmrc", "/app/.env", "/app/bun.lockb", "/package.json"] {
            assert!(inputs.probes.contains(probe), "{words}: {probe}");
        }
    }
    let inputs = bun("install").reads(&project(PLAIN, &plain_lock(""), &[]));
    assert_eq!(list(&inputs.writes), ["/app/bun.lock", "/app/bun.lockb"]);
}

#[test]
fn settings_travel_along() {
    let more = [
        (
            "/app/bunfig.toml",
            "telemetry = false\n[install]\nexact = true\nfrozenLockfile = true\n[install.scopes]\nshop = \"https://npm.example.org/\"\n",
        ),
        ("/app/.npmrc", "@shop:registry=https://npm.example.org/\n//npm.example.org/:_authToken=${TOKEN}\n"),
        ("/app/.env", "# local\nDATABASE_URL=postgres://db\nexport PORT=3000\n"),
    ];
    let inputs = bun("install").reads(&project(PLAIN, &plain_lock(""), &more));
    assert_eq!(
        list(&inputs.files),
        ["/app/.env", "/app/.npmrc", "/app/bun.lock", "/app/bunfig.toml", "/app/package.json"]
    );
    assert!(inputs.writes.is_empty(), "{inputs:?}");
    for (path, text, why) in [
        ("/app/bunfig.toml", "preload = [\"./setup.ts\"]\n", "`preload`"),
        ("/app/bunfig.toml", "[install.security]\nscanner = \"@acme/scanner\"\n", "`install.security`"),
        ("/app/bunfig.toml", "[install.lockfile]\npath = \"other\"\n", "`install.lockfile`"),
        ("/app/bunfig.toml", "[install]\ncache = \"$HOME/x\"\n", "`install.cache`"),
        ("/app/bunfig.toml", "[install\n", "no TOML"),
        ("/app/.npmrc", "node-options=--require ./x.js\n", "`node-options`"),
        ("/app/.env", "export BUN_CONFIG_SKIP_LOAD_LOCKFILE=1\n", "`BUN_CONFIG_SKIP_LOAD_LOCKFILE`"),
        ("/app/.env.local", "npm_config_registry=https://npm.example.org\n", "`npm_config_registry`"),
    ] {
        let reason = bun("ci").unclear(&project(PLAIN, &plain_lock(""), &[(path, text)]));
        assert!(reason.contains(why) && reason.ends_with(&format!("[{path}]")), "{reason}");
    }
    let told = Line { env: &[("BUN_CONFIG_YARN_LOCKFILE", Some("1"))], ..bun("ci") };
    assert!(told.unclear(&project(PLAIN, &plain_lock(""), &[])).contains("`BUN_CONFIG_YARN_LOCKFILE`"));
    let usual =
        Line { env: &[("HOME", Some("/root")), ("CI", Some("true")), ("PATH", Some("/bin"))], ..bun("ci") };
    usual.reads(&project(PLAIN, &plain_lock(""), &[]));
}

const WORKSPACE: &str = r#"{"name": "shop", "workspaces": {"packages": ["packages/*"], "catalog": {"once": "^1.4.0"}}, "patchedDependencies": {"once@1.4.0": "patches/once.patch"}}"#;

fn workspace_lock(member: &str) -> String {
    lock(
        &format!(
            "\"\": {{\"name\": \"shop\"}}, \"packages/ui\": {{\"name\": \"@shop/ui\", \"dependencies\": {member}}},"
        ),
        "\"patchedDependencies\": {\"once@1.4.0\": \"patches/once.patch\"}, \"catalog\": {\"once\": \"^1.4.0\"},",
        "    \"once\": [\"once@1.4.0\", \"\", {}, \"sha512-x\"],\n",
    )
}

#[test]
fn members_and_patches() {
    let member = (
        "/app/packages/ui/package.json",
        r#"{"name": "@shop/ui", "dependencies": {"once": "catalog:", "@shop/kit": "workspace:*"}}"#,
    );
    let patch = ("/app/patches/once.patch", "");
    let good = workspace_lock(r#"{"once": "catalog:", "@shop/kit": "workspace:*"}"#);
    let inputs = bun("ci").reads(&project(WORKSPACE, &good, &[member, patch]));
    assert!(
        inputs.files.contains("/app/packages/ui/package.json")
            && inputs.files.contains("/app/patches/once.patch")
    );
    assert!(inputs.write_trees.contains("/app/packages/ui/node_modules"));
    let reason = bun("ci").unclear(&project(WORKSPACE, &workspace_lock("{}"), &[member, patch]));
    assert!(reason.contains("its `dependencies` of `packages/ui` are not those"), "{reason}");
    let reason = bun("ci").unclear(&project(WORKSPACE, &good, &[patch]));
    assert!(reason.contains("lists `packages/ui`, which is no package"), "{reason}");
    let reason = bun("ci").unclear(&project(WORKSPACE, &good, &[member]));
    assert!(reason.contains("`/app/patches/once.patch` is missing"), "{reason}");
    let above = [("/package.json", r#"{"workspaces": ["app"]}"#)];
    let reason = bun("ci").unclear(&project(PLAIN, &plain_lock(""), &above));
    assert!(reason.contains("`/package.json` has workspaces"), "{reason}");
}

#[test]
fn lock_files_that_are_not_read() {
    let none = Memory::new(&[("/app/package.json", PLAIN)]);
    assert!(bun("ci").unclear(&none).contains("without bun.lock"));
    let binary = Memory::new(&[("/app/package.json", PLAIN), ("/app/bun.lockb", "\u{0}binary")]);
    assert!(bun("ci").unclear(&binary).contains("`/app/bun.lockb` is binary"));
    let both = project(PLAIN, &plain_lock(""), &[("/app/bun.lockb", "\u{0}binary")]);
    assert!(bun("ci").unclear(&both).contains("it is not known which of"));
    let old = plain_lock("").replace("\"lockfileVersion\": 1", "\"lockfileVersion\": 0");
    assert!(bun("ci").unclear(&project(PLAIN, &old, &[])).contains("version 0"));
}

#[test]
fn trusted_packages() {
    let native = plain_lock("    \"esbuild\": [\"esbuild@0.21.5\", \"\", {}, \"sha512-x\"],\n");
    let inputs = bun("ci").reads(&project(PLAIN, &native, &[("/app/tsconfig.json", "{ /* plain */ }")]));
    assert!(inputs.files.contains("/app/tsconfig.json"), "{inputs:?}");
    let extended = [("/app/tsconfig.json", r#"{"extends": "./base.json",}"#)];
    assert!(bun("ci").unclear(&project(PLAIN, &native, &extended)).contains("`extends`"));
    bun("ci --ignore-scripts").reads(&project(PLAIN, &native, &extended));
    let msw = plain_lock("    \"msw\": [\"msw@2.0.0\", \"\", {}, \"sha512-x\"],\n");
    assert!(
        bun("ci").unclear(&project(PLAIN, &msw, &[])).contains("`msw` runs an install script"),
        "Bun trusts it"
    );
    bun("ci --ignore-scripts").reads(&project(PLAIN, &msw, &[]));
    let unknown = plain_lock("    \"left-pad\": [\"left-pad@1.0.0\", \"\", {}, \"sha512-x\"],\n");
    bun("ci").reads(&project(PLAIN, &unknown, &[]));
    let trusting = PLAIN.replace("\"name\"", "\"trustedDependencies\": [\"left-pad\"], \"name\"");
    let trusted = unknown.replace("\"packages\"", "\"trustedDependencies\": [\"left-pad\"],\n  \"packages\"");
    assert!(bun("ci").unclear(&project(&trusting, &trusted, &[])).contains("`left-pad` runs"));
    assert!(bun("ci").unclear(&project(&trusting, &unknown, &[])).contains("its `trustedDependencies`"));
    let fork = plain_lock("    \"esbuild\": [\"esbuild@github:example/esbuild#abc\", {}, \"x\"],\n");
    assert!(
        bun("ci")
            .unclear(&project(PLAIN, &fork, &[]))
            .contains("`esbuild`, which does not come from a registry")
    );
}

#[test]
fn own_scripts_and_local_packages() {
    let scripted = PLAIN.replace("\"name\"", "\"scripts\": {\"postinstall\": \"bun run build\"}, \"name\"");
    assert!(
        bun("ci")
            .unclear(&project(&scripted, &plain_lock(""), &[]))
            .contains("`postinstall` runs `bun run build`")
    );
    let quiet = PLAIN.replace("\"name\"", "\"scripts\": {\"prepare\": \"husky\"}, \"name\"");
    let inputs = bun("ci").reads(&project(&quiet, &plain_lock(""), &[]));
    assert!(inputs.probes.contains("/app/tsconfig.json"), "{inputs:?}");
    let local = PLAIN.replace("^1.4.0", "file:./once");
    let locked = plain_lock("").replace("^1.4.0", "file:./once");
    let folder = [("/app/once/package.json", "{}"), ("/app/once/once.js", "")];
    assert!(bun("ci").unclear(&project(&local, &locked, &folder)).contains("the folder `/app/once`"));
    let archive = PLAIN.replace("^1.4.0", "file:vendor/once.tgz");
    let locked = plain_lock("")
        .replace("^1.4.0", "file:vendor/once.tgz")
        .replace("once@1.4.0", "once@vendor/once.tgz");
    let inputs = bun("ci").reads(&project(&archive, &locked, &[("/app/vendor/once.tgz", "")]));
    assert!(inputs.files.contains("/app/vendor/once.tgz"), "{inputs:?}");
    let hidden = plain_lock("    \"x\": [\"x@vendor/x.tgz\", {}, \"sha512-x\"],\n");
    assert!(
        bun("ci").unclear(&project(PLAIN, &hidden, &[])).contains("which no manifest of the project names")
    );
    let linked = PLAIN.replace("^1.4.0", "link:once");
    let locked = plain_lock("").replace("^1.4.0", "link:once");
    assert!(bun("ci").unclear(&project(&linked, &locked, &[])).contains("which dockopt cannot follow"));
    assert!(
        bun("add").unclear(&project(PLAIN, &plain_lock(""), &[])).contains("`bun add` may read any file")
    );
}

proptest! {
    #[test]
    fn never_panics(lock in ".*", entry in "[a-z@/:\"\\[\\],{}]{0,40}", bunfig in "[a-z\\[\\]=\"\n.]{0,40}") {
        let text = plain_lock(&format!("\"x\": [{entry}],"));
        let _ = bun("ci").ask(&project(PLAIN, &text, &[("/app/bunfig.toml", &bunfig)]));
        let _ = bun("ci").ask(&project(PLAIN, &lock, &[]));
    }
}
