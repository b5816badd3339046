//! `dockopt pin`, run as a user runs it, in repositories of its own. Must not look into the client of registries.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::stand::{self, Registry, Sort};
use super::{DIGEST, HTPASSWD, good};
use crate::web::{Reply, Web};

/// A repository with a Dockerfile, in which dockopt runs with nobody's logins and a cache of its own.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

/// What dockopt said, and how it ended.
pub(super) struct Said {
    pub(super) out: String,
    pub(super) err: String,
    pub(super) code: i32,
}

impl Place {
    /// What the hub has comes from `mirror`.
    pub(super) fn new(mirror: &str) -> Self {
        let place = Self { folder: stand::folder() };
        fs::create_dir_all(place.folder.path().join("repo/.git")).expect("the folder is there");
        place.write("dockopt.toml", &format!("[registry]\nmirrors = {{ \"docker.io\" = [\"{mirror}\"] }}\n"));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("repo").join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is there");
        fs::write(path, text).expect("the folder is there");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(&[], arguments)
    }

    pub(super) fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
        let path = format!(
            "{}:{}",
            self.folder.path().join("bin").display(),
            std::env::var("PATH").expect("there is a path")
        );
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("DOCKER_CONFIG", self.folder.path())
            .env("DOCKOPT_CACHE_DIR", self.folder.path().join("cache"))
            .envs(variables.iter().copied());
        let output = command.output().expect("it can be run");
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        Said {
            out: text(output.stdout),
            err: text(output.stderr),
            code: output.status.code().expect("it ends by itself"),
        }
    }
}

#[test]
fn a_repository_is_pinned_checked_and_updated() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    let push = |repository: &str, tags: &[&str], content: &str| {
        let digests: Vec<String> =
            tags.iter().map(|tag| registry.push(repository, tag, Sort::OciIndex, content)).collect();
        digests[0].clone()
    };
    push("library/python", &["3.12.9", "3.12"], "twelve");
    let latest = push("library/python", &["latest", "3", "3.13", "3.13.1"], "thirteen");
    let composer = push("library/composer", &["2"], "composer");
    let place = Place::new(&registry.address);
    let tools = "FROM composer:2 AS tools\nRUN composer --version\n";
    place.write("api/Dockerfile", "FROM python\nCOPY --from=composer:2 /usr/bin/composer /usr/bin/\n");
    place.write("tools/Dockerfile", tools);

    let said = place.run(&["pin", "--check"]);
    assert_eq!((said.code, said.out.lines().count()), (1, 3), "{}{}", said.out, said.err);
    let said = place.run(&["pin", "--dry-run"]);
    assert_eq!((said.code, place.read("tools/Dockerfile").as_str()), (0, tools), "{}", said.err);
    assert!(said.out.contains("+++ b/dockopt.lock") && !place.path("dockopt.lock").exists(), "{}", said.out);

    let said = place.run(&["pin"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("pinned 3 images in 2 files\nnothing here updates the pins"), "{}", said.err);
    let api = format!(
        "FROM python:3.13.1@{latest}\nCOPY --from=composer:2@{composer} /usr/bin/composer /usr/bin/\n"
    );
    assert_eq!(place.read("api/Dockerfile"), api);
    assert_eq!(
        place.read("tools/Dockerfile"),
        format!("FROM composer:2@{composer} AS tools\nRUN composer --version\n")
    );
    let lock = place.read("dockopt.lock");
    let lines: Vec<&str> = lock.lines().filter(|line| !line.starts_with("resolved = ")).collect();
    let entries = format!(
        "version = 1\n\n[[image]]\nname = \"docker.io/library/composer:2\"\ndigest = \"{composer}\"\n\n\
         [[image]]\nname = \"docker.io/library/python:latest\"\ntag = \"3.13.1\"\ndigest = \"{latest}\""
    );
    assert_eq!(lines[1..].join("\n"), entries);

    // Again there is nothing to do, and CI is content.
    let said = place.run(&["pin"]);
    assert_eq!((said.code, place.read("dockopt.lock")), (0, lock.clone()), "{}", said.err);
    assert!(said.err.contains("nothing to pin in 2 files"), "{}", said.err);
    for arguments in [&["pin", "--check"][..], &["pin", "--check", "--locked"], &["pin", "--locked"]] {
        let said = place.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{arguments:?}: {}", said.err);
    }

    // The lock file alone pins another file in the same way, and `fix` needs no more than it.
    place.write("new/Dockerfile", "FROM python\nCMD [\"python\"]\n");
    let said = place.run(&["fix", "--unsafe", "new"]);
    assert!(said.out.contains(&format!("+FROM python:3.13.1@{latest}")), "{}", said.out);
    let said = place.run(&["pin", "--locked", "new"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(place.read("new/Dockerfile"), format!("FROM python:3.13.1@{latest}\nCMD [\"python\"]\n"));
    place.write("new/Dockerfile", "FROM node:20\n");
    let said = place.run(&["pin", "--locked", "new"]);
    assert_eq!((said.code, place.read("new/Dockerfile").as_str()), (2, "FROM node:20\n"));
    assert!(
        said.err.contains("`node:20` is not in dockopt.lock") && said.err.contains("new/Dockerfile:1:1"),
        "{}",
        said.err
    );
    fs::remove_dir_all(place.path("new")).expect("it is there");

    // The tags move on.
    let mended = push("library/python", &["latest", "3", "3.13", "3.13.1"], "thirteen, mended");
    let newer = push("library/python", &["3.14.0"], "fourteen");
    let said = place.run(&["pin", "--check"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.starts_with(&format!("api/Dockerfile:1: python:3.13.1 is {mended} now; pinned 20")),
        "{}",
        said.out
    );
    let said = place.run(&["pin"]);
    assert_eq!(
        (said.code, place.read("api/Dockerfile")),
        (0, api),
        "nobody asked for an update: {}",
        said.err
    );
    let said = place.run(&["pin", "--update", "--patch"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(place.read("api/Dockerfile").starts_with(&format!("FROM python:3.13.1@{mended}\n")));
    assert!(!place.read("dockopt.lock").contains(&latest), "an image that no file names is forgotten");
    let said = place.run(&["pin", "--update", "--minor"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(place.read("api/Dockerfile").starts_with(&format!("FROM python:3.14.0@{newer}\n")));
    assert_eq!(place.run(&["pin", "--check"]).code, 0);
}

#[test]
fn a_pin_to_one_platform_of_several_is_told_and_stays() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    let platform = registry.push("team/api", "amd64", Sort::Oci, "one");
    let list = registry.push("team/api", "1", Sort::OciIndex, "one");
    let older = registry.push("team/api", "older", Sort::OciIndex, "none");
    let name = format!("{}/team/api:1", registry.address);
    let place = Place::new("127.0.0.1:1");
    let text = format!("FROM {name}@{platform}\n");
    place.write("Dockerfile", &text);
    let said = place.run(&["pin", "--check"]);
    let told =
        format!("Dockerfile:1: {name} is pinned to the image for one platform, and the tag lists several\n");
    assert_eq!((said.code, said.out), (1, told), "{}", said.err);
    for arguments in [&["pin"][..], &["pin", "--update"]] {
        let said = place.run(arguments);
        assert_eq!((said.code, place.read("Dockerfile")), (0, text.clone()), "{}", said.err);
        assert!(place.read("dockopt.lock").contains(&platform), "{arguments:?}");
    }
    let said = place.run(&["pin", "--update"]);
    assert!(said.err.contains("is pinned to the image for one platform"), "{}", said.err);
    assert!(said.err.contains(&format!("write `{name}` without its digest")), "{}", said.err);
    // An older list is only an older list, and a digest that the registry has lost tells nothing.
    let lost = format!("sha256:{}", "0".repeat(64));
    for old in [older, lost] {
        place.write("Dockerfile", &format!("FROM {name}@{old}\n"));
        assert_eq!(place.run(&["pin", "--update"]).code, 0);
        assert_eq!(place.read("Dockerfile"), format!("FROM {name}@{list}\n"));
    }
}

#[test]
fn machines_are_told_the_same() {
    let web = Web::start(|_| good(DIGEST));
    let place = Place::new(&web.address);
    let older = DIGEST.replace("0123", "ffff");
    place.write(
        "Dockerfile",
        &format!("FROM node:20 AS build\nFROM node:22@{older}\nFROM 127.0.0.1:1/x/api:1\n"),
    );
    let read = |arguments: &[&str], code: i32| -> serde_json::Value {
        let said = place.run(arguments);
        assert_eq!(said.code, code, "{}", said.err);
        serde_json::from_str(&said.out).expect("it is one document")
    };
    let found = read(&["pin", "--check", "--format", "json"], 1);
    assert_eq!((&found["version"], &found["command"]), (&1.into(), &"pin".into()));
    let states: Vec<_> = found["findings"]
        .as_array()
        .expect("there are some")
        .iter()
        .map(|one| one["state"].as_str())
        .collect();
    assert_eq!(states, [Some("not-pinned"), Some("moved"), Some("not-pinned")]);
    assert_eq!(found["findings"][1]["now"], DIGEST);
    let shown = read(&["pin", "--dry-run", "--format", "json"], 2);
    let patch = shown["patch"].as_str().expect("it is a text");
    assert!(patch.contains(&format!("+FROM node:20@{DIGEST} AS build")), "{patch}");
    let done = read(&["pin", "--format", "json"], 2);
    let file = &done["files"][0];
    assert_eq!((&file["path"], &file["changed"]), (&"Dockerfile".into(), &true.into()));
    assert_eq!((file["pins"].as_array().map(Vec::len), file["pins"][0]["line"].as_u64()), (Some(1), Some(1)));
    assert_eq!((&done["problems"][0]["line"], &done["patch"]), (&3.into(), &serde_json::Value::Null));
    assert!(
        done["remarks"][0].as_str().is_some_and(|remark| remark.contains("nothing here updates")),
        "{done}"
    );
}

#[test]
fn a_registry_that_leaves_few_pulls_is_named() {
    let left = Arc::new(AtomicUsize::new(80));
    let own = Arc::clone(&left);
    let web = Web::start(move |_| {
        let left = own.load(Ordering::SeqCst);
        let Reply::Text(status, mut headers, body) = good(DIGEST) else { unreachable!("it is a text") };
        headers.push(("ratelimit-limit", "100;w=21600".to_owned()));
        headers.push(("ratelimit-remaining", format!("{left};w=21600")));
        Reply::Text(status, headers, body)
    });
    let place = Place::new(&web.address);
    place.write("Dockerfile", "FROM node:20\n");
    let said = place.run(&["pin"]);
    assert!(said.code == 0 && !said.err.contains("pulls"), "{}", said.err);
    left.store(4, Ordering::SeqCst);
    for arguments in [&["pin", "--check"][..], &["pin", "--update"]] {
        let said = place.run(arguments);
        let told = format!("{} leaves 4 of 100 pulls in 6 hours; ", web.address);
        assert!(said.code == 0 && said.err.contains(&told), "{}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn a_helper_of_the_user_is_asked_for_the_login() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = stand::folder();
    let Some(open) = Registry::start(folder.path(), "") else { return };
    let pushed = open.push("team/api", "1", Sort::Docker, "one");
    drop(open);
    let file = folder.path().join("htpasswd");
    fs::write(&file, HTPASSWD).expect("the folder is there");
    let lines = format!("auth:\n  htpasswd: {{realm: tests, path: {}}}\n", file.display());
    let closed = Registry::start(folder.path(), &lines).expect("it started before");
    let place = Place::new("127.0.0.1:1");
    let helper = |script: &str| {
        let path = place.folder.path().join("bin/docker-credential-tests");
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is there");
        fs::write(&path, format!("#!/bin/sh\nread -r host\n{script}")).expect("the folder is there");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is there");
    };
    let config = format!(r#"{{"credHelpers": {{"{}": "tests"}}}}"#, closed.address);
    fs::write(place.folder.path().join("config.json"), config).expect("the folder is there");
    let text = format!("FROM {}/team/api:1\n", closed.address);
    place.write("Dockerfile", &text);

    let said = |script: &str| {
        helper(script);
        let said = place.run(&["pin"]);
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains("s3cret") && !all.contains("YW5u"), "{all}");
        (said.code, all)
    };
    for (script, words) in [
        ("echo credentials not found in native keychain; exit 1\n", "docker login"),
        ("echo s3cret; exit 1\n", "`docker-credential-tests` failed"),
        ("echo s3cret\n", "something else than a login"),
        (r#"echo '{"Username": "ann", "Secret": "s3cret2"}'"#, "does not show"),
    ] {
        let (code, all) = said(script);
        assert!(code == 2 && all.contains(words), "{all}");
        assert_eq!(place.read("Dockerfile"), text);
    }
    let (code, all) = said(r#"[ "$1" = get ] && echo "{\"Username\": \"ann\", \"Secret\": \"s3cret\"}""#);
    assert_eq!(
        (code, place.read("Dockerfile")),
        (0, format!("FROM {}/team/api:1@{pushed}\n", closed.address)),
        "{all}"
    );
}

#[test]
fn many_files_cost_one_question_for_each_image_and_are_asked_at_once() {
    let (now, most): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
    let (own_now, own_most) = (Arc::clone(&now), Arc::clone(&most));
    let web = Web::start(move |_| {
        own_most.fetch_max(own_now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        own_now.fetch_sub(1, Ordering::SeqCst);
        good(DIGEST)
    });
    let place = Place::new(&web.address);
    for file in 0..200 {
        let text = format!("FROM acme/base-{}:1 AS build\nFROM acme/base-{}:1\n", file % 30, (file + 7) % 30);
        place.write(&format!("s{file}/Dockerfile"), &text);
    }
    let said = place.run(&["pin"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("pinned 400 images in 200 files"), "{}", said.err);
    assert_eq!(web.asked().len(), 30);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} at once");
    // Within the hour nobody is asked again.
    place.write("one-more/Dockerfile", "FROM acme/base-1:1\n");
    fs::remove_file(place.path("dockopt.lock")).expect("it was written");
    assert_eq!(place.run(&["pin", "one-more"]).code, 0);
    assert_eq!(web.asked().len(), 30);
}

#[test]
fn what_cannot_be_asked_is_told_and_the_rest_is_done() {
    let web = Web::start(|_| good(DIGEST));
    let place = Place::new(&web.address);
    place.write("a/Dockerfile", "FROM 127.0.0.1:1/x/api:1\n");
    place.write("b/Dockerfile", "FROM node:20\n");
    let said = place.run(&["pin"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("127.0.0.1:1 cannot be asked") && said.err.contains("a/Dockerfile:1:1"),
        "{}",
        said.err
    );
    assert_eq!(place.read("a/Dockerfile"), "FROM 127.0.0.1:1/x/api:1\n");
    assert_eq!(place.read("b/Dockerfile"), format!("FROM node:20@{DIGEST}\n"));
    assert!(place.read("dockopt.lock").contains("library/node:20"));
    // What a build replaces is left to it, and nobody is asked about it.
    place.write("c/Dockerfile", "FROM node:22\nCOPY --from=assets / /srv\n");
    place.write(
        "c/compose.yaml",
        "services:\n  web:\n    build:\n      context: .\n      additional_contexts:\n        assets: ./assets\n",
    );
    let before = web.asked().len();
    let said = place.run(&["pin", "c"]);
    assert_eq!((said.code, web.asked().len()), (0, before + 1), "{}", said.err);
    assert_eq!(place.read("c/Dockerfile"), format!("FROM node:22@{DIGEST}\nCOPY --from=assets / /srv\n"));
    // Nor about what the author keeps.
    place.write(
        "d/Dockerfile",
        "# dockopt: keep[pin-bases] the nightly build wants the newest\nFROM node:23\n",
    );
    let before = web.asked().len();
    for arguments in [&["pin", "d"][..], &["pin", "--check", "d"], &["pin", "--locked", "d"]] {
        let said = place.run(arguments);
        assert_eq!((said.code, web.asked().len()), (0, before), "{arguments:?}: {}{}", said.out, said.err);
    }
    // An image that no registry has may be one that is built here.
    let empty = Web::start(|_| Reply::status(404, &[]));
    place.write("e/Dockerfile", &format!("FROM {}/team/base:1\n", empty.address));
    let said = place.run(&["pin", "e"]);
    assert!(said.code == 2 && said.err.contains("put `# dockopt: keep[pin-bases]` above"), "{}", said.err);
    // A lock file that cannot be read is not replaced.
    place.write("dockopt.lock", "version = 1\n<<<<<<<\n");
    let said = place.run(&["pin"]);
    assert_eq!((said.code, place.read("dockopt.lock").as_str()), (2, "version = 1\n<<<<<<<\n"));
    assert!(said.err.contains("dockopt.lock:2"), "{}", said.err);
}

#[test]
fn proxies_of_the_environment_are_used_and_their_password_is_not_told() {
    let proxy = Web::start(|_| Reply::status(407, &[]));
    let place = Place::new("127.0.0.1:1");
    place.write("Dockerfile", "FROM registry.example/team/api:1\n");
    let address = format!("http://ann:s3cret@{}", proxy.address);
    let said = place.run_with(&[("HTTPS_PROXY", &address)], &["pin"]);
    assert_eq!(
        (said.code, proxy.asked()),
        (2, vec!["CONNECT registry.example:443".to_owned()]),
        "{}",
        said.err
    );
    assert!(said.err.contains("the proxy does not connect"), "{}", said.err);
    assert!(!said.err.contains("s3cret"), "{}", said.err);
    // Nothing on this machine is asked by way of a proxy.
    let web = Web::start(|_| good(DIGEST));
    place.write("Dockerfile", &format!("FROM {}/team/api:1\n", web.address));
    let said = place.run_with(&[("HTTPS_PROXY", &address), ("HTTP_PROXY", &address)], &["pin"]);
    assert_eq!((said.code, proxy.asked().len()), (0, 1), "{}", said.err);
}
