//! Tests of the reader of Composer's inputs.

use super::super::testing::{Line, Memory};

const LOCK: &str = r#"{"packages": [{"name": "psr/log", "type": "library",
    "dist": {"type": "zip", "url": "https://example.org/psr-log.zip"}}], "packages-dev": []}"#;

fn line(words: &'static str) -> Line {
    Line::new("composer", words)
}

fn memory(manifest: &str, more: &[(&str, &str)]) -> Memory {
    let mut files =
        vec![("/app/composer.json", manifest), ("/app/composer.lock", LOCK), ("/app/src/A.php", "")];
    files.extend(more);
    Memory::new(&files)
}

#[test]
fn manifest_and_lock_file() {
    let project = memory(r#"{"autoload": {"psr-4": {"App\\": "src/"}, "files": ["src/helpers.php"]}}"#, &[]);
    let found = line("install --no-dev --prefer-dist").reads(&project);
    assert!(found.files.iter().eq(["/app/composer.json", "/app/composer.lock"]), "{:?}", found.files);
    assert!(found.trees.is_empty() && found.writes.is_empty());
    assert!(found.write_trees.iter().eq(["/app/vendor"]), "{:?}", found.write_trees);
    assert!(found.probes.contains("/app/auth.json") && found.probes.contains("/app/.git"));
}

#[test]
fn class_maps_and_path_repositories_are_read_whole() {
    let project = memory(
        r#"{"autoload": {"classmap": ["database/seeds"]}, "config": {"vendor-dir": "lib", "bin-dir": "bin", "sort-packages": true},
            "repositories": [{"type": "path", "url": "packages/*"}, {"packagist": false}]}"#,
        &[
            ("/app/database/seeds/A.php", ""),
            ("/app/packages/foo/composer.json", "{}"),
            ("/app/packages/README.md", ""),
        ],
    );
    let found = line("install").reads(&project);
    assert!(found.trees.iter().eq(["/app/database/seeds", "/app/packages/foo"]), "{:?}", found.trees);
    assert!(found.write_trees.iter().eq(["/app/bin", "/app/lib"]), "{:?}", found.write_trees);
    let found = line("install --no-autoloader").reads(&project);
    assert!(found.trees.iter().eq(["/app/packages/foo"]), "{:?}", found.trees);
}

#[test]
fn what_is_not_known_is_refused() {
    for (words, manifest, more, told) in [
        (
            "install",
            r#"{"scripts": {"post-autoload-dump": ["@php artisan package:discover"]}}"#,
            [("", ""); 1],
            "`@php artisan package:discover`",
        ),
        ("install -o", "{}", [("", "")], "every class"),
        ("install", r#"{"config": {"classmap-authoritative": true}}"#, [("", "")], "every class"),
        ("install", r#"{"config": {"github-oauth": {"github.com": "x"}}}"#, [("", "")], "credentials"),
        ("install", r#"{"config": {"new-setting": 1}}"#, [("", "")], "`new-setting`"),
        ("install", r#"{"autoload": {"classmap": ["."]}}"#, [("", "")], "scans `.`"),
        ("install", r#"{"repositories": [{"type": "vcs", "url": "../shared"}]}"#, [("", "")], "../shared"),
        ("install", r#"{"repositories": [{"type": "path", "url": "../*/x"}]}"#, [("", "")], "../*/x"),
        ("install", "{}", [("/app/auth.json", "{}")], "credentials"),
        ("install", "{}", [("/app/.git/HEAD", "")], "asks the history"),
        ("install", "[]", [("", "")], "not a JSON object"),
        (
            "install",
            "{}",
            [(
                "/app/composer.lock",
                r#"{"packages": [{"name": "symfony/flex", "type": "composer-plugin"}], "packages-dev": []}"#,
            )],
            "symfony/flex",
        ),
        (
            "install",
            "{}",
            [(
                "/app/composer.lock",
                r#"{"packages": [{"name": "a/b", "dist": {"type": "zip", "url": "file:///x.zip"}}], "packages-dev": []}"#,
            )],
            "another machine",
        ),
    ] {
        let more: Vec<(&str, &str)> = more.into_iter().filter(|(path, _)| !path.is_empty()).collect();
        let reason = line(words).unclear(&memory(manifest, &more));
        assert!(reason.contains(told), "{words} {manifest}: {reason}");
    }
}

#[test]
fn flags_leave_out_scripts_plugins_and_development_packages() {
    let scripts = memory(r#"{"scripts": {"post-install-cmd": "php x.php", "test": "phpunit"}}"#, &[]);
    assert!(!line("install --no-scripts").reads(&scripts).files.is_empty());
    let plugin =
        r#"{"packages": [], "packages-dev": [{"name": "pestphp/pest-plugin", "type": "composer-plugin"}]}"#;
    let plugins = memory("{}", &[("/app/composer.lock", plugin)]);
    assert!(line("install").unclear(&plugins).contains("pestphp/pest-plugin"));
    assert!(!line("install --no-dev").reads(&plugins).files.is_empty());
    assert!(!line("install --no-plugins").reads(&plugins).files.is_empty());
}

#[test]
fn a_stated_version_spares_the_question_to_git() {
    let project = memory(r#"{"version": "1.2.0"}"#, &[("/app/.git/HEAD", "")]);
    assert!(!line("install").reads(&project).files.contains("/app/.git/HEAD"));
}

#[test]
fn another_folder_and_no_lock_file() {
    let project = Memory::new(&[("/app/api/composer.json", "{}")]);
    let found = line("install -d=api").reads(&project);
    assert!(found.writes.iter().eq(["/app/api/composer.lock"]), "{:?}", found.writes);
    assert!(found.remarks[0].contains("no composer.lock"));
}

#[test]
fn variables_that_name_files() {
    let call = Line { env: &[("COMPOSER", Some("composer-ci.json"))], ..line("install") };
    assert!(call.unclear(&memory("{}", &[])).contains("`COMPOSER` is set"));
}
