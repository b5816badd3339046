//! Which differences are expected of which rewrites, and that nothing else is.

use std::collections::BTreeSet;

use dockopt::image::expected::Class;
use dockopt::image::{Expectations, classify};
use dockopt_tools::Toolbox;
use dockopt_transforms::Pass;

use super::trees::{Archive, Meta, What, compared};

/// The class of each difference, none for the unexpected ones, as `path: class`.
fn classes(before: Archive, after: Archive, expectations: &Expectations) -> Vec<String> {
    let found = compared(&before.bytes(), &after.bytes()).expect("both are whole");
    let classed = classify(found.differences, expectations);
    let mut all: Vec<(&str, &str)> = classed
        .expected
        .iter()
        .flat_map(|(class, found)| found.iter().map(|one| (one.path.as_str(), class.name())))
        .chain(classed.unexpected.iter().map(|one| (one.path.as_str(), "unexpected")))
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(path, class)| format!("{path}: {class}")).collect()
}

fn after_passes(names: &[&str]) -> Expectations {
    let passes = names.iter().map(|name| Pass::named(name).expect("it is the name of a pass"));
    Expectations::new(Toolbox::builtin(), passes, Some("/srv/home"))
}

/// An image with a cache and an index in it.
fn with_caches() -> Archive {
    Archive::new()
        .folder("home/node/.npm")
        .file("home/node/.npm/x", "x")
        .folder("root/.cache")
        .folder("root/.cache/pip")
        .file("root/.cache/pip/http", "x")
        .folder("srv/home/.cache")
        .folder("srv/home/.cache/pip")
        .file("var/lib/apt/lists/debian_InRelease", "x")
}

#[test]
fn caches_may_go_only_if_a_pass_says_so() {
    let expected = [
        ("/home/node/.npm", "package cache"),
        ("/home/node/.npm/x", "package cache"),
        ("/root/.cache", "package cache"),
        ("/root/.cache/pip", "package cache"),
        ("/root/.cache/pip/http", "package cache"),
        ("/srv/home/.cache", "package cache"),
        ("/srv/home/.cache/pip", "package cache"),
        ("/var/lib/apt/lists/debian_InRelease", "package index"),
    ];
    let with = |class: fn(&str) -> &str| expected.map(|(path, name)| format!("{path}: {}", class(name)));
    let found = |passes: &[&str]| classes(with_caches(), Archive::new(), &after_passes(passes));
    assert_eq!(found(&["merge-runs", "drop-package-caches"]), with(|name| name));
    assert_eq!(found(&["merge-runs", "copy-manifests-first"]), with(|_| "unexpected"));
}

#[test]
fn what_is_in_a_cache_may_be_other_in_each_build() {
    let list = |text: &str| Archive::new().file("var/lib/apt/lists/debian_InRelease", text);
    assert_eq!(
        classes(list("1"), list("2"), &after_passes(&[])),
        ["/var/lib/apt/lists/debian_InRelease: package index"]
    );
    let npm = |name: &str| Archive::new().file(&format!("root/.npm/_cacache/content-v2/{name}"), "x");
    let both = [
        "/root/.npm/_cacache/content-v2/a: package cache",
        "/root/.npm/_cacache/content-v2/b: package cache",
    ];
    assert_eq!(classes(npm("a"), npm("b"), &after_passes(&[])), both);
}

#[test]
fn an_owner_or_a_permission_is_never_forgiven() {
    let at = |path: &str, mode: u32| Archive::new().add(path, &Meta::of_mode(mode), &What::File(vec![1]));
    for path in ["root/.npm/x", "var/lib/apt/lists/x", "var/log/x.log", "srv/x"] {
        let found = classes(at(path, 0o644), at(path, 0o600), &after_passes(&["drop-package-caches"]));
        assert_eq!(found, [format!("/{path}: unexpected")]);
    }
    let log = Archive::new()
        .folder("var/log")
        .folder("var/log/nginx")
        .symlink("var/log/nginx/access.log", "/dev/stdout");
    assert_eq!(
        classes(log, Archive::new().folder("var/log"), &after_passes(&["drop-package-caches"])),
        ["/var/log/nginx: unexpected", "/var/log/nginx/access.log: unexpected"]
    );
}

#[test]
fn a_store_is_what_was_installed() {
    let store = Archive::new().file("root/.m2/repository/a.jar", "x");
    let found = classes(store, Archive::new(), &after_passes(&["drop-package-caches"]));
    assert_eq!(found, ["/root/.m2/repository/a.jar: unexpected"]);
}

#[test]
fn logs_and_state_differ_always() {
    let build = |text: &str| {
        Archive::new()
            .file("var/log/dpkg.log", text)
            .file("var/cache/ldconfig/aux-cache", text)
            .file("etc/app", text)
    };
    assert_eq!(
        classes(build("1"), build("2"), &after_passes(&[])),
        [
            "/etc/app: unexpected",
            "/var/cache/ldconfig/aux-cache: differs in any two builds",
            "/var/log/dpkg.log: log"
        ]
    );
}

#[test]
fn a_rewritten_file_is_known_by_name_and_content() {
    let image = |text: &str| Archive::new().file("srv/Dockerfile", text);
    let ignored = |archive: Archive, text: &str| archive.file("srv/.dockerignore", text);
    let expectations = after_passes(&[])
        .rewritten("Dockerfile", Some("FROM a\n"), Some("FROM b\n"))
        .rewritten(".dockerignore", None, Some("node_modules\n"));
    assert_eq!(
        classes(image("FROM a\n"), ignored(image("FROM b\n"), "node_modules\n"), &expectations),
        ["/srv/.dockerignore: rewritten file", "/srv/Dockerfile: rewritten file"]
    );
    assert_eq!(
        classes(image("FROM a\n"), ignored(image("FROM c\n"), "*\n"), &expectations),
        ["/srv/.dockerignore: unexpected", "/srv/Dockerfile: unexpected"]
    );
}

#[test]
fn byte_code_may_have_another_stamp_and_paths_may_vary() {
    let code = |stamp: u8, date: &str| {
        let bytes = vec![0xcb, 0x0d, b'\r', b'\n', 0, 0, 0, 0, stamp, 0, 0, 0, 9, 0, 0, 0, 1];
        Archive::new().add("x.pyc", &Meta::of_mode(0o644), &What::File(bytes)).file("bin/app", date)
    };
    let expectations = || after_passes(&[]);
    assert_eq!(
        classes(code(1, "Monday"), code(2, "Friday"), &expectations()),
        ["/bin/app: unexpected", "/x.pyc: byte-code stamp"]
    );
    assert_eq!(
        classes(code(1, "Monday"), code(2, "Friday"), &expectations().varying(["/bin/app".to_owned()])),
        ["/bin/app: differs in any two builds", "/x.pyc: byte-code stamp"]
    );
}

#[test]
fn classes_have_names_of_their_own() {
    let names: BTreeSet<&str> = [
        Class::RewrittenFile,
        Class::BytecodeStamp,
        Class::PackageIndex,
        Class::PackageCache,
        Class::Log,
        Class::Volatile,
    ]
    .map(Class::name)
    .into();
    assert_eq!(names.len(), 6);
}
