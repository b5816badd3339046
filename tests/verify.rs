//! `dockopt verify` on the command line, with a program that plays Docker: it notes what it is asked and answers from files.
//! What real engines do is tested in `tests/builds.rs`.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // clippy takes helpers of tests for something else

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FLASK: &str =
    "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n";

/// Plays Docker. Each call is a line of `calls`; the tar of an image is `before.tar` or `after.tar` by its tag; a build fails with
/// what `fail` says if the Dockerfile has what `fail-if` says.
const DOCKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
for word; do last=$word; done
case "$1 $2" in
"version "*) echo 26.1.5 ;;
"buildx build")
    [ -e "$here/slow" ] && sleep 20
    while [ $# -gt 0 ]; do case $1 in --tag) tag=$2 ;; --file) file=$2 ;; esac; shift; done
    if [ -e "$here/fail" ] && grep -q "$(cat "$here/fail-if")" "$file"; then
        echo '{"vertexes":[{"digest":"sha256:a","name":"[internal] load","error":"'"$(cat "$here/fail")"'"}]}' >&2
        exit 1
    fi
    cp "$file" "$here/built-$(basename "$tag" | sed 's/^[^-]*-verify:[0-9]*-[0-9a-f]*-//')"
    n=1
    grep -E '^(FROM|WORKDIR|COPY|RUN)' "$file" | while read -r line; do
        echo '{"vertexes":[{"digest":"sha256:'$n'","name":"['$n'/9] '"$line"'","started":"2026-11-23T10:00:0'$n'Z","completed":"2026-11-23T10:00:0'$n'.5Z"}]}' >&2
        n=$((n + 1))
    done ;;
"create "*) case $* in *-before*) echo before ;; *) echo after ;; esac ;;
"export "*) cat "$here/$2.tar" ;;
"image inspect") echo '[{"Config":{"Env":["PATH=/bin"],"Cmd":["python3"]},"Architecture":"amd64","Os":"linux"}]' ;;
"history "*) echo '{"CreatedBy":"COPY . . # buildkit","Size":"1500000"}' ;;
"start "*) echo 3.11 ;;
esac
"#;

/// A Flask project, and a folder of programs with one that plays Docker.
struct Stand {
    folder: tempfile::TempDir,
}

impl Stand {
    fn new(dockerfile: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stand = Self { folder };
        for (path, text) in [
            ("app/Dockerfile", dockerfile),
            ("app/requirements.txt", "flask==3.0.3\n"),
            ("app/app.py", "print()\n"),
            ("app/.git/HEAD", "ref: refs/heads/main\n"),
            ("bin/docker", DOCKER),
        ] {
            fs::create_dir_all(stand.path(path).parent().unwrap()).unwrap();
            fs::write(stand.path(path), text).unwrap();
        }
        fs::set_permissions(stand.path("bin/docker"), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["before", "after"] {
            stand.tar(name, &[("app/app.py", "print()\n"), ("usr/lib/flask.py", "flask\n")]);
        }
        stand
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the image of that name holds.
    fn tar(&self, name: &str, files: &[(&str, &str)]) {
        fs::write(self.path(&format!("bin/{name}.tar")), tar(files)).unwrap();
    }

    /// Builds of which the Dockerfile matches fail with this message.
    fn fail(&self, pattern: &str, message: &str) {
        fs::write(self.path("bin/fail-if"), pattern).unwrap();
        fs::write(self.path("bin/fail"), message).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockopt"));
        command.arg("verify").args(arguments).current_dir(self.path("app"));
        command.env("PATH", path).env("TMPDIR", self.path(""));
        command
    }

    /// What `verify` said on stdout and on stderr, and its exit code.
    fn verify(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap())
    }

    fn calls(&self) -> Vec<String> {
        fs::read_to_string(self.path("bin/calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Everything that was made is gone: images, containers, copies of the context.
    fn assert_clean(&self) {
        let calls = self.calls();
        let of = |start: &str| calls.iter().filter(|call| call.starts_with(start)).count();
        assert_eq!(of("create "), of("rm --force"), "{calls:#?}");
        for call in calls.iter().filter(|call| call.starts_with("buildx build")) {
            let tag = call.split(' ').skip_while(|word| *word != "--tag").nth(1).unwrap();
            assert!(calls.contains(&format!("image rm --force {tag}")), "{tag} in {calls:#?}");
        }
        let left: Vec<_> =
            fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn the_same_image_is_said_to_be_the_same() {
    let stand = Stand::new(FLASK);
    let (out, err, code) = stand.verify(&["--touch", "app.py", "--run", "python --version"]);
    assert_eq!(code, 0, "{out}{err}");
    let expected = "\
Dockerfile: the images are the same (docker 26.1.5)
  line 3: copy-manifests-first: copy requirements.txt before the install, the rest after it
  2 paths, no difference
               before                       after
  size         1.50 MB                      1.50 MB
  layers       1                            1
  cold build   2.50 s                       3.50 s
  edit app.py  2.50 s, 0 of 3 steps cached  3.50 s, 0 of 4 steps cached  1.4 times slower
  `python --version` does the same in both
";
    assert_eq!(out, expected);
    stand.assert_clean();
    assert!(stand.path("app/.git/dockopt/timings.json").exists());
    assert_eq!(fs::read_to_string(stand.path("app/app.py")).unwrap(), "print()\n");
}

#[test]
fn a_lost_file_is_named_and_fails() {
    let stand = Stand::new(FLASK);
    stand.tar("after", &[("app/app.py", "print()\n")]);
    let (out, _, code) = stand.verify(&[]);
    assert_eq!(code, 1);
    assert!(out.starts_with("Dockerfile: the images differ (docker 26.1.5)\n"), "{out}");
    assert!(out.contains("\n  /usr/lib/flask.py: gone, a file of 6 bytes\n"), "{out}");
    assert!(out.contains("2 paths, 1 difference of files and configuration\n"), "{out}");
    // A difference is looked into by a second build of the original.
    assert!(stand.calls().iter().any(|call| call.contains("3-before")));
    stand.assert_clean();
}

#[test]
fn a_failing_build_shows_what_the_engine_said() {
    let stand = Stand::new(FLASK);
    stand.fail("pip", "process did not complete successfully: exit code 1");
    let (out, err, code) = stand.verify(&[]);
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(err.contains("process did not complete successfully: exit code 1"), "{err}");
    assert!(err.contains("help: see what the engine says"), "{err}");
    stand.assert_clean();
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let stand = Stand::new(FLASK);
    fs::write(stand.path("bin/slow"), "").unwrap();
    let child = stand.command(&[]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !stand.calls().iter().any(|call| call.starts_with("buildx build")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("error: interrupted\n"), "{err}");
    stand.assert_clean();
}

#[test]
fn a_frontend_that_cannot_be_fetched_is_done_without() {
    let stand = Stand::new(&format!("# syntax=docker/dockerfile:1\n{FLASK}"));
    stand.fail(
        "syntax",
        "failed to resolve source metadata for docker.io/docker/dockerfile:1: no route to host",
    );
    let (out, err, code) = stand.verify(&[]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("note: `docker/dockerfile:1` could not be fetched"), "{out}");
    assert_eq!(fs::read_to_string(stand.path("bin/built-1-before")).unwrap(), FLASK);
    stand.assert_clean();
}

#[test]
fn arguments_of_the_build_are_passed_on() {
    let stand = Stand::new(FLASK);
    let (_, err, code) = stand.verify(&["--platform", "linux/arm64", "--", "--build-arg", "V=1 2"]);
    assert_eq!(code, 0, "{err}");
    let calls = stand.calls();
    let builds: Vec<_> = calls.iter().filter(|call| call.starts_with("buildx build")).collect();
    assert!(!builds.is_empty());
    for build in builds {
        assert!(build.contains(" --platform linux/arm64 --build-arg V=1 2 "), "{build}");
    }
}

#[test]
fn kept_images_are_named() {
    let stand = Stand::new(FLASK);
    let (out, _, _) = stand.verify(&["--keep"]);
    assert!(out.contains("note: kept the images dockopt-verify:"), "{out}");
    assert!(!stand.calls().iter().any(|call| call.starts_with("image rm")));
}

#[test]
fn reports_for_machines_and_pull_requests() {
    let stand = Stand::new(FLASK);
    let (out, _, _) = stand.verify(&["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let file = &document["files"][0];
    assert_eq!((&document["version"], &document["command"]), (&1.into(), &"verify".into()));
    assert_eq!((&file["same"], &file["image"]["paths"]), (&true.into(), &2.into()));
    assert_eq!(file["rebuilds"][0]["edited"], "app.py");
    assert_eq!(
        file["before"]["cold"]["steps"][3]["instruction"],
        "RUN pip install --no-cache-dir -r requirements.txt"
    );
    let (out, _, _) = stand.verify(&["--format", "markdown"]);
    assert!(out.starts_with("### `Dockerfile`: the images are the same (docker 26.1.5)\n"), "{out}");
    assert!(out.contains("\n| size | 1.50 MB | 1.50 MB |  |\n"), "{out}");
}

#[test]
fn what_has_no_rewrite_is_not_built() {
    let stand = Stand::new("FROM scratch\nCOPY app.py /app.py\n");
    let (out, err, code) = stand.verify(&[]);
    assert_eq!((out.as_str(), err.as_str(), code), ("", "nothing to verify in 1 file: no rewrite\n", 0));
}

#[test]
fn without_an_engine_it_says_what_to_do() {
    let stand = Stand::new(FLASK);
    let output = Command::new(env!("CARGO_BIN_EXE_dockopt"))
        .args(["verify", "--engine", "docker"])
        .current_dir(stand.path("app"))
        .env("PATH", stand.path("app"))
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("no container engine answers: there is no program `docker`"), "{err}");
}

#[test]
fn saved_images_are_compared_without_an_engine() {
    let stand = Stand::new(FLASK);
    let layout = |name: &str, files: &[(&str, &str)]| {
        let layer = tar(files);
        let root = stand.path(name);
        fs::create_dir_all(root.join("blobs/sha256")).unwrap();
        let put = |path: &str, bytes: &[u8]| fs::write(root.join(path), bytes).unwrap();
        put("blobs/sha256/1a", &layer);
        put("blobs/sha256/c0", br#"{"architecture":"amd64","os":"linux","config":{"Cmd":["app"]}}"#);
        put("blobs/sha256/aa", br#"{"config":{"digest":"sha256:c0"},"layers":[{"digest":"sha256:1a"}]}"#);
        put("index.json", br#"{"manifests":[{"digest":"sha256:aa"}]}"#);
    };
    layout("one", &[("app/run", "a")]);
    layout("two", &[("app/run", "a")]);
    layout("three", &[("app/run", "b")]);
    let (out, err, code) = stand.verify(&["--images", "../one", "../two"]);
    assert_eq!(
        (out.as_str(), code),
        ("../one and ../two: the images are the same\n  1 path, no difference\n", 0),
        "{err}"
    );
    let (out, _, code) = stand.verify(&["--images", "../one", "../three"]);
    assert_eq!(code, 1);
    assert!(out.contains("  /app/run: other bytes, 1 as before\n"), "{out}");
    let (_, err, code) = stand.verify(&["--images", "../one", "../app"]);
    assert_eq!(code, 2);
    assert!(err.contains("no saved image"), "{err}");
    assert_eq!(stand.calls(), [""; 0]);
    assert!(Path::new(&stand.path("one")).exists());
}
