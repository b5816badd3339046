//! What the reader of pnpm's inputs answers, by small projects.

use proptest::prelude::*;

use super::super::testing::{Line, Memory};

const TEN: &str = r#"{"name": "shop", "packageManager": "pnpm@10.12.1", "dependencies": {"once": "^1.4.0"}}"#;

const LOCK: &str = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      once:\n        specifier: ^1.4.0\n        version: 1.4.0\npackages:\n  once@1.4.0:\n    resolution: {integrity: sha512-x}\n";

fn pnpm(words: &'static str) -> Line {
    Line::new("pnpm", words)
}

/// A project with this manifest and more files, besides a lock file that agrees with `once`.
fn project(manifest: &str, more: &[(&str, &str)]) -> Memory {
    let mut files =
        vec![("/app/package.json", manifest), ("/app/pnpm-lock.yaml", LOCK), ("/app/src/index.js", "")];
    files.retain(|(path, _)| more.iter().all(|(own, _)| own != path));
    files.extend(more);
    Memory::new(&files)
}

fn list(set: &std::collections::BTreeSet<String>) -> Vec<&str> {
    set.iter().map(String::as_str).collect()
}

#[test]
fn a_frozen_install_reads_manifest_lock_and_settings() {
    let inputs = pnpm("install --frozen-lockfile --prod").reads(&project(TEN, &[]));
    assert_eq!(list(&inputs.files), ["/app/package.json", "/app/pnpm-lock.yaml"]);
    assert_eq!(list(&inputs.write_trees), ["/app/node_modules"]);
    assert!(inputs.writes.is_empty() && inputs.trees.is_empty(), "{inputs:?}");
    for probe in [".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", "binding.gyp", "package.yaml"] {
        assert!(inputs.probes.contains(&format!("/app/{probe}")), "{probe}");
    }
    let more = [
        (
            "/app/pnpm-workspace.yaml",
            "overrides:\n  once: 1.4.0\npatchedDependencies:\n  once@1.4.0: patches/once.patch\ncatalog:\n  react: ^18\nnodeLinker: hoisted\nonlyBuiltDependencies:\n  - esbuild\n",
        ),
        ("/app/patches/once.patch", ""),
        ("/app/.npmrc", "strict-peer-dependencies=false\n@shop:registry=https://npm.example.org/\n"),
        (
            "/app/.pnpmfile.cjs",
            "module.exports = { hooks: { readPackage(pkg) { delete pkg.peerDependencies; return pkg } } }",
        ),
    ];
    let inputs = pnpm("install --frozen-lockfile").reads(&project(TEN, &more));
    assert_eq!(
        list(&inputs.files),
        [
            "/app/.npmrc",
            "/app/.pnpmfile.cjs",
            "/app/package.json",
            "/app/patches/once.patch",
            "/app/pnpm-lock.yaml",
            "/app/pnpm-workspace.yaml"
        ]
    );
}

#[test]
fn fetch_needs_the_lock_file_and_no_manifest() {
    let scripted = r#"{"packageManager": "pnpm@10.12.1", "scripts": {"postinstall": "node build.js"}, "dependencies": {"other": "1"}}"#;
    let inputs = pnpm("fetch").reads(&project(scripted, &[]));
    assert_eq!(list(&inputs.files), ["/app/package.json", "/app/pnpm-lock.yaml"]);
    let lock_alone = Memory::new(&[("/app/pnpm-lock.yaml", LOCK)]);
    Line { version: Some(10), ..pnpm("fetch --prod") }.reads(&lock_alone);
}

#[test]
fn packages_of_a_workspace() {
    let lock = format!("{LOCK}  x@file:vendor/x:\n    resolution: {{directory: vendor/x, type: directory}}\n")
        .replace("packages:\n  once", "  apps/web:\n    dependencies:\n      ui:\n        specifier: workspace:*\n        version: link:../../packages/ui\n  packages/ui: {}\npackages:\n  once");
    let project = project(
        TEN,
        &[
            ("/app/pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/**\n  - '!**/test/**'\n"),
            ("/app/pnpm-lock.yaml", &lock),
            ("/app/apps/web/package.json", r#"{"name": "web", "dependencies": {"ui": "workspace:*"}}"#),
            ("/app/apps/web/.npmrc", "engine-strict=true"),
            ("/app/packages/ui/package.json", r#"{"name": "ui", "bin": "dist/cli.js"}"#),
            ("/app/packages/ui/test/broken/package.json", "["),
            ("/app/vendor/x/package.json", "{}"),
        ],
    );
    let inputs = pnpm("install --frozen-lockfile --filter=web...").reads(&project);
    for file in ["apps/web/package.json", "apps/web/.npmrc", "packages/ui/package.json"] {
        assert!(inputs.files.contains(&format!("/app/{file}")), "{file}");
    }
    assert!(!inputs.files.contains("/app/packages/ui/test/broken/package.json"));
    assert!(inputs.write_trees.contains("/app/apps/web/node_modules"));
    assert_eq!(list(&inputs.trees), ["/app/vendor/x"]);
}

#[test]
fn what_cannot_be_followed() {
    for (manifest, more, expected) in [
        (
            r#"{"packageManager": "pnpm@10.1.0", "scripts": {"prepare": "node scripts/build.js"}, "dependencies": {"once": "^1.4.0"}}"#,
            None,
            "`prepare` runs `node scripts/build.js`",
        ),
        (
            r#"{"packageManager": "pnpm@10.1.0", "scripts": {"pnpm:devPreinstall": "make"}, "dependencies": {"once": "^1.4.0"}}"#,
            None,
            "`pnpm:devPreinstall` runs `make`",
        ),
        (
            TEN,
            Some(("/app/.pnpmfile.cjs", "const own = require('./versions.json')")),
            "`/app/.pnpmfile.cjs` is run by the install",
        ),
        (
            TEN,
            Some(("/app/pnpm-workspace.yaml", "lockfileDir: ..")),
            "`lockfile-dir` (by /app/pnpm-workspace.yaml)",
        ),
        (
            TEN,
            Some(("/app/pnpm-workspace.yaml", "overrides:\n  once: file:once")),
            "replaces a package by `file:once`",
        ),
        (TEN, Some(("/app/pnpm-workspace.yaml", "packages: &p [a]\nx: *p")), "alias in line 2"),
        (
            TEN,
            Some(("/app/pnpm-workspace.yaml", "patchedDependencies:\n  a: patches/a.patch")),
            "`/app/patches/a.patch` is missing",
        ),
        (TEN, Some(("/app/.npmrc", "script-shell=./sh")), "`script-shell` (by /app/.npmrc)"),
        (
            TEN,
            Some(("/pnpm-workspace.yaml", "packages: [app]")),
            "makes this folder a package of a workspace",
        ),
        (TEN, Some(("/app/package.yaml", "")), "takes for a manifest"),
        (TEN, Some(("/app/binding.gyp", "")), "pnpm compiles what"),
        (
            r#"{"packageManager": "pnpm@10.1.0", "dependencies": {"once": "^2.0.0"}}"#,
            None,
            "so the install fails (was already broken?): it has no `once` of `^2.0.0` for `.`",
        ),
        (
            r#"{"packageManager": "pnpm@9.1.0", "dependencies": {"once": "^1.4.0"}}"#,
            None,
            "pnpm 9 runs the install scripts of all packages",
        ),
        (r#"{"engines": {"pnpm": ">=8"}, "dependencies": {"once": "^1.4.0"}}"#, None, "pnpm 9 runs"),
        (
            r#"{"packageManager": "pnpm@10.1.0", "pnpm": {"neverBuiltDependencies": []}, "dependencies": {"once": "^1.4.0"}}"#,
            None,
            "`neverBuiltDependencies`",
        ),
        (
            r#"{"packageManager": "pnpm@10.1.0", "pnpm": {"onlyBuiltDependencies": ["once"]}, "dependencies": {"once": "^1.4.0"}}"#,
            None,
            "`once` runs an install script",
        ),
        (
            TEN,
            Some(("/app/pnpm-workspace.yaml", "allowBuilds:\n  once@1.4.0: true")),
            "`once` runs an install script",
        ),
        (
            TEN,
            Some(("/app/pnpm-workspace.yaml", "dangerouslyAllowAllBuilds: true")),
            "`dangerouslyAllowAllBuilds`",
        ),
        (TEN, Some(("/app/pnpm-lock.yaml", "lockfileVersion: '4.0'")), "is of version 4.0"),
    ] {
        let more: Vec<(&str, &str)> = more.into_iter().collect();
        let reason = pnpm("install --frozen-lockfile").unclear(&project(manifest, &more));
        assert!(reason.contains(expected), "{manifest} {more:?}: {reason}");
    }
    let bare = Memory::new(&[("/app/package.json", TEN)]);
    assert!(pnpm("install").unclear(&bare).contains("without pnpm-lock.yaml"));
    assert!(pnpm("install --filter=[main]").unclear(&project(TEN, &[])).contains("`filter`"));
    assert!(pnpm("add once").unclear(&project(TEN, &[])).contains("may read any file"));
}

#[test]
fn install_scripts_by_version() {
    let nine = r#"{"packageManager": "pnpm@9.1.0", "dependencies": {"once": "^1.4.0"}}"#;
    pnpm("install --frozen-lockfile --ignore-scripts").reads(&project(nine, &[]));
    let listed = r#"{"packageManager": "pnpm@9.1.0", "pnpm": {"onlyBuiltDependencies": ["esbuild"]}, "dependencies": {"once": "^1.4.0"}}"#;
    pnpm("install --frozen-lockfile").reads(&project(listed, &[]));
    let engine = r#"{"engines": {"pnpm": ">=10"}, "dependencies": {"once": "^1.4.0"}}"#;
    pnpm("install --frozen-lockfile").reads(&project(engine, &[]));
    // The Dockerfile installs another one than the project asks for.
    Line { version: Some(9), ..pnpm("install --frozen-lockfile") }.unclear(&project(TEN, &[]));
    let marked = "lockfileVersion: '6.0'\ndependencies:\n  once:\n    specifier: ^1.4.0\n    version: 1.4.0\npackages:\n  /once@1.4.0:\n    resolution: {integrity: sha512-x}\n    requiresBuild: true\n";
    let eight = r#"{"packageManager": "pnpm@8.15.9", "dependencies": {"once": "^1.4.0"}}"#;
    let with = |lock: &str| project(eight, &[("/app/pnpm-lock.yaml", lock)]);
    assert!(
        pnpm("install --frozen-lockfile").unclear(&with(marked)).contains("`once` runs an install script")
    );
    pnpm("install --frozen-lockfile").reads(&with(&marked.replace("    requiresBuild: true\n", "")));
}

#[test]
fn what_an_install_may_write() {
    assert!(pnpm("install").reads(&project(TEN, &[])).writes.is_empty());
    let preferred = pnpm("install --no-frozen-lockfile").reads(&project(TEN, &[]));
    assert_eq!(list(&preferred.writes), ["/app/pnpm-lock.yaml"]);
    let other = r#"{"packageManager": "pnpm@10.1.0", "dependencies": {"once": "^2"}}"#;
    let disagrees = pnpm("install").reads(&project(other, &[]));
    assert!(
        disagrees.remarks[0].contains("may rewrite `/app/pnpm-lock.yaml`: it has no `once`"),
        "{disagrees:?}"
    );
    let unpinned = r#"{"engines": {"pnpm": ">=10"}, "dependencies": {"once": "^1.4.0"}}"#;
    let inputs = pnpm("install --frozen-lockfile").reads(&project(unpinned, &[]));
    assert_eq!(list(&inputs.writes), ["/app/package.json"]);
    let quiet = Line { env: &[("COREPACK_ENABLE_AUTO_PIN", Some("0"))], ..pnpm("install --frozen-lockfile") };
    assert!(quiet.reads(&project(unpinned, &[])).writes.is_empty());
}

proptest! {
    #[test]
    fn never_panics(text in ".*", yaml in "[a:\\-\\[\\]{}'. \n/@*!]{0,80}") {
        for text in [text, yaml] {
            let files = [("/app/pnpm-workspace.yaml", text.as_str()), ("/app/pnpm-lock.yaml", &text), ("/app/.npmrc", &text)];
            let _ = pnpm("install").ask(&project(TEN, &files[..1]));
            let _ = pnpm("install").ask(&project(TEN, &files[1..]));
            let lock = format!("{LOCK}\n{text}");
            let _ = pnpm("install").ask(&project(TEN, &[("/app/pnpm-lock.yaml", &lock)]));
        }
    }
}
