//! `dockopt simulate` on the command line, over small repositories whose history is known.

#![allow(clippy::unwrap_used)] // clippy takes helpers of tests for something else

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const FLASK: &str = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\nCMD [\"flask\", \"run\"]\n";

/// A repository, in which one day goes by with each commit.
struct Repository {
    folder: tempfile::TempDir,
    day: std::cell::Cell<u32>,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap(), day: std::cell::Cell::new(0) };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository
    }

    /// A Flask project: two edits of the program, one of what it needs, one that touches nothing, one that is a revert.
    fn flask() -> Self {
        let repository = Self::new();
        repository.commit(
            "start",
            &[
                ("Dockerfile", FLASK),
                ("app.py", "1\n"),
                ("requirements.txt", "flask\n"),
                (".dockerignore", "docs\n"),
            ],
        );
        repository.commit("edit", &[("app.py", "2\n")]);
        repository.commit("need more", &[("requirements.txt", "flask\nredis\n"), ("app.py", "3\n")]);
        repository.commit("docs", &[("docs/index.md", "# Docs\n")]);
        repository.commit("revert", &[("app.py", "2\n"), ("requirements.txt", "flask\n")]);
        repository.commit("edit again", &[("app.py", "4\n")]);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let date = format!("2026-03-{:02}T12:00:00Z", self.day.get().max(1));
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str, files: &[(&str, &str)]) {
        self.day.set(self.day.get() + 1);
        for (path, text) in files {
            fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
            fs::write(self.path(path), text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// What `dockopt` said on stdout and stderr, and its exit code.
    fn dockopt(&self, arguments: &[&str]) -> (String, String, i32) {
        let output = Command::new(env!("CARGO_BIN_EXE_dockopt"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap())
    }
}

#[test]
fn a_history_is_replayed_before_and_after() {
    let repository = Repository::flask();
    let (out, err, code) = repository.dockopt(&["simulate", "--compare"]);
    assert_eq!(code, 0, "{err}");
    let expected = "\
Dockerfile: 5 commits, 2026-03-02 to 2026-03-06 (BuildKit, which keeps everything)
  line          ran      time  step
     2       0 of 5     0.0 s  WORKDIR /app
     3       3 of 5     0.5 s  COPY . .
                              app.py 3, requirements.txt 1
     4       3 of 5      30 s  RUN pip install --no-cache-dir -r requirements.txt
                              app.py 3, requirements.txt 1
  line 3: copy-manifests-first: copy requirements.txt before the install, the rest after it
  line          ran      time  step
     2       0 of 5     0.0 s  WORKDIR /app
     3       1 of 5     0.5 s  COPY requirements.txt .
                              requirements.txt 1
     4       1 of 5      30 s  RUN pip install --no-cache-dir -r requirements.txt
                              requirements.txt 1
     5       3 of 5     0.5 s  COPY . .
                              app.py 2, requirements.txt 1
  6 step runs → 5, 18 s → 6.4 s a build
  `RUN pip install --no-cache-dir -r requirements.txt` would have run in 1 of 5 builds instead of 3
  step times are rough assumptions; `dockopt verify` measures them
";
    assert_eq!(out, expected);
}

#[test]
fn what_the_builder_keeps_counts() {
    let repository = Repository::flask();
    let runs = |arguments: &[&str]| {
        let (out, err, _) = repository.dockopt(&[&["simulate", "--format", "json"], arguments].concat());
        let document: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        let builds = document["files"][0]["before"]["builds"].as_array().unwrap().clone();
        builds.iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(runs(&[]), [".xx", ".xx", "...", "...", ".xx"]);
    // Of the last build alone: the revert is no longer known.
    assert_eq!(runs(&["--cache", "last-build"]), [".xx", ".xx", "...", ".xx", ".xx"]);
    assert_eq!(runs(&["--cache", "none", "--commits", "2"]), ["xxx", "xxx"]);
    assert_eq!(runs(&["--range", "HEAD~2"]), [".xx", ".xx", "..."]);
    // What was built before the first commit is not known to the builder, but for the state just before it.
    assert_eq!(runs(&["--since", "2026-03-05T00:00:00Z"]), [".xx", ".xx"]);
}

#[test]
fn the_page_needs_nothing_else() {
    let repository = Repository::flask();
    let (out, _, code) = repository.dockopt(&["simulate", "--compare", "--format", "html"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("<!doctype html>\n") && out.ends_with("</html>\n"));
    for forbidden in ["<script", "http:", "https:", "src=", "url("] {
        assert!(!out.contains(forbidden), "{forbidden}");
    }
    assert_eq!(out.matches("<svg").count(), 2);
    // Builds one after the other in which a step did the same are one rectangle.
    assert_eq!(out.matches("class=\"ran\" x=").count(), 8, "{out}");
    assert!(out.contains("<span class=\"added\">+COPY requirements.txt .</span>"), "{out}");
}

#[test]
fn commits_that_could_not_be_built_are_left_out() {
    let repository = Repository::new();
    repository.commit("no program yet", &[("readme.md", "# App\n")]);
    repository.commit("still none", &[("readme.md", "# The app\n")]);
    repository.commit("start", &[("app.py", "1\n"), ("Dockerfile", "FROM alpine\nCOPY app.py /app.py\n")]);
    repository.commit("edit", &[("app.py", "2\n")]);
    let (out, _, _) = repository.dockopt(&["simulate"]);
    assert!(out.contains("Dockerfile: 1 commit, 2026-03-04 to 2026-03-04"), "{out}");
    assert!(
        out.contains("note: commits that could not be built are left out (2): `app.py`, which is copied, is not in them"),
        "{out}"
    );
}

#[test]
fn what_is_special_about_a_repository_is_said() {
    let repository = Repository::flask();
    let inner = Repository::flask();
    repository.git(&[
        "submodule",
        "--quiet",
        "add",
        &inner.folder.path().display().to_string(),
        "vendor/lib",
    ]);
    repository.commit("large files", &[(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")]);
    fs::write(repository.path("app.py"), "not committed\n").unwrap();
    let (out, _, _) = repository.dockopt(&["simulate"]);
    assert!(out.contains("note: changes that are not committed are left out (1 path)"), "{out}");
    assert!(out.contains("note: a submodule counts as changed when"), "{out}");
    assert!(out.contains("note: files in Git LFS count by their pointers"), "{out}");
    let shallow = tempfile::tempdir().unwrap();
    let origin = format!("file://{}", inner.folder.path().display());
    let clone = shallow.path().join("clone").display().to_string();
    inner.git(&["clone", "--quiet", "--depth", "2", &origin, &clone]);
    let output = Command::new(env!("CARGO_BIN_EXE_dockopt")).args(["simulate", &clone]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("note: the clone is shallow"), "{out}");
    assert!(out.contains(": 1 commit, 2026-03-06"), "{out}");
}

#[test]
fn a_folder_without_a_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), FLASK).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dockopt"))
        .arg("simulate")
        .current_dir(folder.path())
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("not a git repository"), "{err}");
    assert!(err.contains("help: run it in a git repository"), "{err}");
    let repository = Repository::flask();
    let (_, err, code) = repository.dockopt(&["simulate", "--range", "no-such-branch"]);
    assert_eq!(code, 2);
    assert!(err.contains("no-such-branch"), "{err}");
    let (_, err, code) = repository.dockopt(&["simulate", "--since", "2030-01-01"]);
    assert_eq!((code, err.contains("there is no commit in this range")), (2, true), "{err}");
}

#[test]
fn measured_times_are_used() {
    let repository = Repository::flask();
    let timings = r#"{"version": 1, "files": {"Dockerfile": {"RUN pip install --no-cache-dir -r requirements.txt": 12.5}}}"#;
    fs::create_dir_all(repository.path(".git/dockopt")).unwrap();
    fs::write(repository.path(".git/dockopt/timings.json"), timings).unwrap();
    let (out, _, _) = repository.dockopt(&["simulate"]);
    assert!(out.contains("     4       3 of 5      12 s  RUN pip"), "{out}");
    assert!(out.contains("1 of 3 step times were measured, the others are rough assumptions"), "{out}");
    let (_, err, code) = repository.dockopt(&["simulate", "--timings", "Dockerfile"]);
    assert_eq!(code, 2);
    assert!(err.contains("no timing file of this version"), "{err}");
}

#[test]
fn fix_says_what_a_rewrite_would_have_saved() {
    let repository = Repository::flask();
    let (_, err, code) = repository.dockopt(&["fix"]);
    assert_eq!(code, 0);
    assert!(
        err.contains("need not run it again; in the last 5 commits it would have run 1 time instead of 3\n"),
        "{err}"
    );
}

#[test]
fn a_build_argument_without_a_value_is_said_and_keeps_fix_from_promising() {
    let repository = Repository::flask();
    repository.commit("argument", &[("Dockerfile", &FLASK.replace("WORKDIR", "ARG REVISION\nWORKDIR"))]);
    let (_, err, _) = repository.dockopt(&["fix"]);
    assert!(err.contains("copy-manifests-first") && !err.contains("it would have run"), "{err}");
    let (out, _, _) = repository.dockopt(&["simulate"]);
    assert!(out.contains("build arguments without a value are taken to stay the same (REVISION)"), "{out}");
    let (out, _, _) = repository.dockopt(&["simulate", "--build-arg", "REVISION=1"]);
    assert!(!out.contains("build arguments without"), "{out}");
}

/// What a browser makes of the page: it has no scripts of its own, so the test adds one that reports in the title.
#[test]
fn the_page_is_readable_in_a_browser_in_light_and_dark() {
    let Some(chromium) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        println!("skipped: there is no Chromium");
        return;
    };
    let repository = Repository::flask();
    let (page, _, _) = repository.dockopt(&["simulate", "--compare", "--format", "html"]);
    let probe = "<script>const css = getComputedStyle(document.body), box = document.querySelector('rect.ran').getBoundingClientRect();\
        document.title = [css.color, css.backgroundColor, box.width > 5 && box.height > 5, \
        document.documentElement.scrollWidth <= innerWidth, document.querySelectorAll('svg').length].join(' | ');</script></body>";
    fs::write(repository.path("page.html"), page.replace("</body>", probe)).unwrap();
    let title = |scheme: &str| {
        let output = Command::new(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-sync",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--window-size=1280,900",
                "--dump-dom",
            ])
            .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
            .arg(format!("--user-data-dir={}", repository.path("profile").display()))
            .arg(format!("file://{}", repository.path("page.html").display()))
            .output()
            .unwrap();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or(&dom).to_owned()
    };
    assert_eq!(title("1"), "rgb(31, 35, 40) | rgb(255, 255, 255) | true | true | 2");
    assert_eq!(title("0"), "rgb(230, 237, 243) | rgb(13, 17, 23) | true | true | 2");
}
