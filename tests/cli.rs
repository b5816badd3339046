//! The command line, run as a user runs it: small files in temporary folders, and what the program prints, writes and
//! returns.

#![allow(clippy::unwrap_used)] // clippy takes helpers of tests for something else

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

mod check;

const FLASK: &str =
    "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n";
const FIXED: &str = "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n";
/// No pass has anything to say about it.
const FINE: &str = "FROM scratch\nCOPY app /app\n";

/// A folder with files, in which dockopt and git run.
struct Place {
    folder: tempfile::TempDir,
}

/// What a program said, and how it ended.
struct Said {
    out: String,
    err: String,
    code: i32,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A repository, so that nothing above the folder counts.
    fn repository() -> Self {
        let place = Self::new();
        place.git(&["init", "-q"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// A project whose install can come before its sources.
    fn with_flask(self, folder: &str, dockerfile: impl AsRef<[u8]>) -> Self {
        self.with(&format!("{folder}Dockerfile"), dockerfile)
            .with(&format!("{folder}requirements.txt"), "flask==3.0.3\n")
            .with(&format!("{folder}app.py"), "print()\n")
            // The history of the repository would be a finding of its own.
            .with(&format!("{folder}.dockerignore"), ".git\n")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.path(folder))
            .env_remove("NO_COLOR")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    fn dockopt(&self, arguments: &[&str]) -> Said {
        self.dockopt_in("", arguments, "")
    }

    fn dockopt_in(&self, folder: &str, arguments: &[&str], input: &str) -> Said {
        said(self.command(env!("CARGO_BIN_EXE_dockopt"), folder, arguments), input)
    }

    fn git(&self, arguments: &[&str]) {
        let said = said(self.command("git", "", arguments), "");
        assert_eq!(said.code, 0, "git {arguments:?}: {}", said.err);
    }

    fn apply(&self, folder: &str, patch: &str) {
        let said = said(self.command("git", folder, &["apply", "--verbose", "-"]), patch);
        assert_eq!(said.code, 0, "{}\n{patch}", said.err);
    }
}

fn said(mut command: Command, input: &str) -> Said {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

/// Asserts that dockopt could not do its job, said these things about it, and left the Dockerfile alone.
#[track_caller]
fn refuses(place: &Place, arguments: &[&str], sayings: &[&str]) {
    let said = place.dockopt(arguments);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    for saying in sayings.iter().chain(&["help: "]) {
        assert!(said.err.contains(saying), "no {saying:?} in:\n{}", said.err);
    }
}

mod fix {
    use super::*;

    #[test]
    fn shows_a_patch_and_reasons_and_changes_nothing() {
        let place = Place::repository().with_flask("", FLASK);
        let said = place.dockopt(&["fix"]);
        let patch = "diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,4 +1,5 @@\n FROM python:3.11\n \
                     WORKDIR /app\n-COPY . .\n+COPY requirements.txt .\n RUN pip install --no-cache-dir -r requirements.txt\n+COPY . .\n";
        assert_eq!(said.out, patch);
        assert!(
            said.err
                .starts_with("Dockerfile:3: copy-manifests-first: copy requirements.txt before the install"),
            "{}",
            said.err
        );
        assert!(said.err.ends_with("\n1 rewrite in 1 file; write them with --write\n"), "{}", said.err);
        assert_eq!((said.code, place.read("Dockerfile").as_str()), (0, FLASK));
        place.apply("", &said.out);
        assert_eq!(place.read("Dockerfile"), FIXED);
    }

    #[test]
    fn writes_and_then_has_nothing_to_do() {
        let place = Place::repository().with_flask("", FLASK);
        let said = place.dockopt(&["fix", "--write"]);
        assert_eq!((said.code, said.out.as_str()), (0, ""));
        assert!(said.err.ends_with("\nwrote 1 rewrite in 1 file\n"), "{}", said.err);
        assert_eq!(place.read("Dockerfile"), FIXED);
        let again = place.dockopt(&["fix", "--check"]);
        assert_eq!((again.code, again.err.as_str()), (0, "nothing to do in 1 file\n"));
    }

    #[test]
    fn check_is_an_exit_code() {
        let place = Place::repository().with_flask("", FLASK);
        assert_eq!(place.dockopt(&["fix", "--check", "-q"]).err, "");
        assert_eq!(place.dockopt(&["fix", "--check"]).code, 1);
        assert_eq!(place.dockopt(&["check"]).code, 1);
        assert_eq!(place.dockopt(&["check", "--ignore", "copy-manifests-first"]).code, 0);
        assert_eq!(place.dockopt(&["fix", "--check", "--write"]).code, 2);
    }

    #[test]
    fn one_patch_for_many_files_and_new_ones() {
        let package = r#"{"name":"a","version":"1.0.0","dependencies":{"ms":"2.1.3"}}"#;
        let lock = r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0","dependencies":{"ms":"2.1.3"}},"node_modules/ms":{"version":"2.1.3","resolved":"https://npm.example.org/ms/-/ms-2.1.3.tgz","integrity":"sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="}}}"#;
        let place = Place::repository()
            .with_flask("a b/", FLASK)
            .with_flask("na\u{ef}ve/", FLASK)
            .with("web/Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n")
            .with("web/package.json", package)
            .with("web/package-lock.json", lock)
            .with("web/index.js", "require('ms')\n");
        let said = place.dockopt(&["fix", "--ignore", "drop-package-caches"]);
        assert_eq!(said.code, 0, "{}", said.err);
        place.apply("", &said.out);
        assert_eq!(place.read("a b/Dockerfile"), FIXED);
        assert_eq!(place.read("na\u{ef}ve/Dockerfile"), FIXED);
        assert_eq!(place.read("web/.dockerignore"), "node_modules\n");
        assert!(
            place
                .read("web/Dockerfile")
                .contains("COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n")
        );
        assert_eq!(place.dockopt(&["fix", "--check", "--ignore", "drop-package-caches"]).code, 0);
    }

    #[test]
    fn git_applies_the_patch_from_every_folder_and_patch_outside_a_repository() {
        let place = Place::repository().with_flask("services/api/", FLASK);
        let said = place.dockopt_in("services", &["fix", "api"], "");
        assert!(said.err.starts_with("api/Dockerfile:3: "), "{}", said.err);
        place.apply("services", &said.out);
        assert_eq!(place.read("services/api/Dockerfile"), FIXED);
        let place = Place::new().with_flask("services/api/", FLASK);
        let said = place.dockopt_in("services", &["fix", "api"], "");
        assert!(said.out.starts_with("diff --git a/api/Dockerfile b/api/Dockerfile\n"), "{}", said.out);
    }

    #[test]
    fn line_ends_stay() {
        let crlf = FLASK.replace('\n', "\r\n");
        let open = FLASK.trim_end();
        let place = Place::repository().with_flask("crlf/", &crlf).with_flask("open/", open);
        let said = place.dockopt(&["fix"]);
        place.apply("", &said.out);
        assert_eq!(place.read("crlf/Dockerfile"), FIXED.replace('\n', "\r\n"));
        let applied = place.read("open/Dockerfile");
        let place = Place::repository().with_flask("open/", open);
        place.dockopt(&["fix", "--write"]);
        assert_eq!(place.read("open/Dockerfile"), applied);
        assert_eq!(applied.trim_end(), FIXED.trim_end());
    }

    #[test]
    fn stdin_goes_to_stdout() {
        let place = Place::repository().with_flask("", FLASK);
        let swallowed = "FROM fedora:40\nRUN dnf install -y httpd && \\\n\nCOPY a /b\n";
        let said = place.dockopt_in("", &["fix", "-", "--select", "rejoin-swallowed-instruction"], swallowed);
        assert_eq!(
            (said.code, said.out.as_str()),
            (0, "FROM fedora:40\nRUN dnf install -y httpd\n\nCOPY a /b\n")
        );
        let unknown = place.dockopt_in("", &["fix", "-"], FLASK);
        assert_eq!((unknown.code, unknown.out.as_str()), (0, FLASK));
        let known = place.dockopt_in("", &["fix", "-", "--context", "."], FLASK);
        assert_eq!((known.code, known.out.as_str()), (0, FIXED));
    }

    #[test]
    fn explain_says_what_was_left_alone() {
        let text = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -e .\n";
        let place = Place::repository().with_flask("", text).with("setup.py", "");
        let said = place.dockopt(&["fix", "--explain", "--select", "copy-manifests-first"]);
        assert_eq!(said.out, "");
        assert!(said.err.contains("copy-manifests-first: left alone"), "{}", said.err);
    }

    #[test]
    fn json_is_one_document() {
        let place = Place::repository().with_flask("", FLASK).with("bad/Dockerfile", "FORM a\n");
        let said = place.dockopt(&["fix", "--format", "json"]);
        let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((said.code, &value["version"], &value["command"]), (2, &1.into(), &"fix".into()));
        assert_eq!(value["files"][0]["rewrites"][0]["pass"], "copy-manifests-first");
        assert_eq!(
            (&value["problems"][0]["path"], &value["problems"][0]["line"]),
            (&"bad/Dockerfile".into(), &1.into())
        );
        place.apply("", value["patch"].as_str().unwrap());
        assert_eq!(place.read("Dockerfile"), FIXED);
    }

    #[test]
    fn a_shared_ignore_file_is_not_changed_to_the_harm_of_another() {
        let dockerfile = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n";
        let lock = r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0"}}}"#;
        let place = Place::repository()
            .with("Dockerfile", dockerfile)
            .with("package.json", r#"{"name":"a","version":"1.0.0"}"#)
            .with("package-lock.json", lock)
            .with("index.js", "")
            .with(".gitignore", "node_modules/\n")
            .with("node_modules/ms/index.js", "");
        assert!(place.dockopt(&["fix"]).out.contains("+node_modules\n"));
        let place = place.with("Dockerfile.prebuilt", "FROM node:20\nCOPY node_modules /app/node_modules\n");
        for paths in [&["fix", "Dockerfile"][..], &["fix"]] {
            let said = place.dockopt(paths);
            assert!(!said.out.contains("node_modules\n"), "{}", said.out);
            assert!(said.err.contains("would change what `Dockerfile.prebuilt` copies"), "{}", said.err);
        }
    }

    #[test]
    fn a_shared_ignore_file_leaves_what_another_copies_by_name_even_if_it_is_not_there() {
        let lock = r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0"}}}"#;
        let place = Place::repository()
            .with("Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n")
            .with("Dockerfile.whole", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN true\n")
            .with("package.json", r#"{"name":"a","version":"1.0.0"}"#)
            .with("package-lock.json", lock)
            .with("index.js", "");
        assert!(place.dockopt(&["fix"]).out.contains("+node_modules\n"));
        let place = place.with("Dockerfile.prebuilt", "FROM node:20\nCOPY node_modules ./node_modules\n");
        for paths in [&["fix", "Dockerfile"][..], &["fix"]] {
            let said = place.dockopt(paths);
            assert!(!said.out.contains("+node_modules\n"), "{}", said.out);
            assert!(said.err.contains("would change what `Dockerfile.prebuilt` copies"), "{}", said.err);
        }
    }

    #[test]
    fn what_another_dockerfile_needs_stays_in_the_context_and_safe_rewrites_are_made() {
        let place = Place::repository().with_flask("", FLASK).with(".dockerignore", "*.md\n");
        let said = place.dockopt(&["fix", "--unsafe"]);
        assert!(said.out.contains("+.git\n") && said.out.contains("+COPY requirements.txt"), "{}", said.out);
        let worker = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN git describe --always > VERSION\n";
        let place = place.with("Dockerfile.worker", worker);
        for paths in [&["fix", "--unsafe", "Dockerfile"][..], &["fix", "--unsafe"]] {
            let said = place.dockopt(paths);
            assert!(!said.out.contains("+.git\n"), "{}", said.out);
            assert!(said.out.contains("+COPY requirements.txt"), "{}", said.out);
            assert!(said.err.contains("would change what `Dockerfile.worker` copies"), "{}", said.err);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_reader_may_go_away() {
        let place = Place::repository().with_flask("", FLASK);
        let dockopt = env!("CARGO_BIN_EXE_dockopt");
        let script = format!(
            "for command in fix passes check 'explain merge-runs'; do '{dockopt}' $command | true; done"
        );
        let said = said(place.command("sh", "", &["-c", &script]), "");
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_left_alone() {
        let place = Place::repository().with_flask("", FLASK);
        std::os::unix::fs::symlink("Dockerfile", place.path("Dockerfile.link")).unwrap();
        refuses(
            &place,
            &["fix", "--write", "Dockerfile.link"],
            &["symbolic link", "name `Dockerfile` instead"],
        );
        assert_eq!(place.dockopt(&["fix", "--check"]).err.matches("copy-manifests-first").count(), 1);
        assert!(fs::symlink_metadata(place.path("Dockerfile.link")).unwrap().is_symlink());
    }
}

mod bad_input {
    use super::*;

    #[test]
    fn missing_file() {
        refuses(
            &Place::repository(),
            &["fix", "Dokerfile"],
            &["error: there is no such file or folder", "--> Dokerfile"],
        );
    }

    #[test]
    fn folder_without_dockerfiles() {
        let place = Place::repository().with("src/main.rs", "");
        refuses(&place, &["fix", "src"], &["error: there is no Dockerfile in this folder", "--> src"]);
    }

    #[test]
    fn binary_file() {
        let place = Place::repository().with("Dockerfile", b"\x7fELF\x02\0\0");
        refuses(&place, &["fix", "--write"], &["it is a binary file: byte 5 is zero", "--> Dockerfile"]);
    }

    #[test]
    fn invalid_utf8() {
        let place = Place::repository().with("Dockerfile", b"FROM a\nLABEL x=\xe9\n");
        refuses(
            &place,
            &["fix", "--write"],
            &["byte 15 (0xe9) on line 2 is not UTF-8", "--> Dockerfile:2:9", "2 | LABEL x=", "^"],
        );
    }

    #[test]
    fn long_line() {
        let place =
            Place::repository().with("Dockerfile", format!("FROM a\nRUN echo {}\n", "x".repeat(70_000)));
        let said = place.dockopt(&["fix"]);
        assert!(said.err.len() < 2000, "{} bytes", said.err.len());
        refuses(&place, &["fix"], &["this line has 70010 bytes", "--> Dockerfile:2:1"]);
    }

    #[test]
    fn unterminated_heredoc() {
        let place = Place::repository().with("Dockerfile", "FROM a\nRUN <<EOF\necho\n");
        refuses(
            &place,
            &["fix"],
            &[
                "the heredoc `EOF` has no end",
                "--> Dockerfile:2:1",
                "2 | RUN <<EOF",
                "^^^",
                "put a line `EOF`",
            ],
        );
    }

    #[test]
    fn unknown_instruction_among_good_files() {
        let place = Place::repository().with_flask("good/", FLASK).with("bad/Dockerfile", "FROM a\nRUNN b\n");
        refuses(&place, &["fix", "--write"], &["RUNN", "--> bad/Dockerfile:2:1"]);
        assert_eq!(place.read("good/Dockerfile"), FIXED);
        assert_eq!(place.read("bad/Dockerfile"), "FROM a\nRUNN b\n");
    }

    #[test]
    fn many_errors_are_cut() {
        let place = Place::repository().with("Dockerfile", format!("FROM a\n{}", "NOPE x\n".repeat(9)));
        let said = place.dockopt(&["fix"]);
        assert_eq!(said.err.matches("error: ").count(), 6, "{}", said.err);
        assert!(said.err.contains("there are 4 more errors in this file"));
    }

    #[test]
    fn read_only_file() {
        let place = Place::repository().with_flask("", FLASK);
        let mut rights = fs::metadata(place.path("Dockerfile")).unwrap().permissions();
        rights.set_readonly(true);
        fs::set_permissions(place.path("Dockerfile"), rights).unwrap();
        assert_eq!(place.dockopt(&["fix"]).code, 0);
        refuses(&place, &["fix", "--write"], &["it is read-only", "--> Dockerfile"]);
        assert_eq!(place.read("Dockerfile"), FLASK);
    }

    #[test]
    fn misspelt_key() {
        let place = Place::repository().with_flask("", FLASK).with("dockopt.toml", "\nselct = []\n");
        let sayings = [
            "unknown key `selct`",
            "--> dockopt.toml:2:1",
            "2 | selct = []",
            "^^^^^",
            "did you mean `select`?",
        ];
        refuses(&place, &["fix", "--write"], &sayings);
        assert_eq!(place.read("Dockerfile"), FLASK);
    }

    #[test]
    fn unknown_passes() {
        let place = Place::repository().with("Dockerfile", FINE);
        refuses(
            &place,
            &["fix", "--select", "merge-run"],
            &["there is no pass or rule `merge-run`", "did you mean `merge-runs`?"],
        );
        refuses(&place, &["explain", "copy-manifest-first"], &["did you mean `copy-manifests-first`?"]);
    }

    #[test]
    fn malformed_ignore_file() {
        let place = Place::repository().with_flask("", FLASK).with(".dockerignore", "a\n[\n");
        let said = place.dockopt(&["fix"]);
        assert_eq!((said.code, said.out.as_str()), (0, ""));
        assert!(said.err.contains("--> .dockerignore:2:1"), "{}", said.err);
        assert!(said.err.starts_with("warning: "), "{}", said.err);
    }

    #[test]
    fn context_that_is_none() {
        let place = Place::repository().with("Dockerfile", FINE);
        refuses(&place, &["fix", "--context", "nowhere"], &["--> nowhere"]);
        refuses(&place, &["fix", "--context", "Dockerfile"], &["--context takes a folder"]);
        refuses(&place, &["fix", "-", "Dockerfile"], &["`-` stands for stdin"]);
        refuses(&place, &["fix", "-", "--write"], &["--write needs a file"]);
    }
}

mod others {
    use super::*;

    #[test]
    fn configuration_decides() {
        let place = Place::repository()
            .with_flask("a/", FLASK)
            .with_flask("old/", FLASK)
            .with("dockopt.toml", "ignore = [\"copy-manifests-first\"]\nexclude = [\"old/\"]\n");
        assert_eq!(place.dockopt(&["fix", "--check"]).err, "nothing to do in 1 file\n");
        let named = place.dockopt(&["fix", "--check", "old/Dockerfile", "--select", "merge-runs"]);
        assert_eq!(named.err, "nothing to do in 1 file\n");
        assert_eq!(place.dockopt(&["fix", "--check", "--ignore", "merge-runs"]).code, 1);
    }

    #[test]
    fn the_context_is_the_root_where_sources_exist_only_there() {
        let text = FLASK.replace("COPY . .", "COPY requirements.txt app.py ./");
        let place = Place::repository().with_flask("", FINE).with("docker/Dockerfile", &text);
        let said = place.dockopt(&["fix", "docker"]);
        assert!(said.out.contains("+COPY app.py "), "{}{}", said.out, said.err);
    }

    #[test]
    fn graphs_name_steps_files_and_reasons() {
        let place = Place::repository().with_flask("", FLASK);
        let text = place.dockopt(&["graph"]).out;
        assert!(text.contains("    4    RUN pip install"), "{text}");
        assert!(text.contains("← `requirements.txt` of the context: reads\n"), "{text}");
        let dot = place.dockopt(&["graph", "--format", "dot"]).out;
        assert!(dot.starts_with("digraph dockopt {") && dot.ends_with("}\n"), "{dot}");
        let json: serde_json::Value =
            serde_json::from_str(&place.dockopt(&["graph", "--format", "json"]).out).unwrap();
        assert_eq!(json["files"][0]["nodes"].as_array().unwrap().len(), 6, "{json}");
    }

    #[test]
    fn help_names_the_commands_and_colour_is_a_choice() {
        let place = Place::repository().with_flask("", FLASK);
        let help = place.dockopt(&["--help"]);
        assert_eq!(help.code, 0);
        for word in ["fix", "check", "passes", "explain", "graph", "Exit codes:"] {
            assert!(help.out.contains(word), "{word} in {}", help.out);
        }
        assert!(place.dockopt(&["--version"]).out.starts_with("dockopt "));
        assert!(
            place
                .dockopt(&["fix", "--color", "always"])
                .out
                .contains("\u{1b}[32m+COPY requirements.txt .\u{1b}[0m\n")
        );
        assert!(!place.dockopt(&["fix"]).out.contains('\u{1b}'));
        assert!(place.dockopt(&["explain", "merge-runs"]).out.contains("\nSafety\n"));
    }
}

/// Contexts that Compose and Bake files name.
mod definitions {
    use super::*;

    const API: &str = "FROM python:3.11\nWORKDIR /app\nCOPY services/api .\nRUN pip install --no-cache-dir -r requirements.txt\n";
    const WEB: &str = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r services/web/requirements.txt\n";
    const COMPOSE: &str = "x-build: &build\n  context: .\nservices:\n  api:\n    build:\n      <<: *build\n      dockerfile: services/api/Dockerfile\n  web:\n    build:\n      <<: *build\n      dockerfile: services/web/Dockerfile\n";

    /// Two services whose contexts are above their Dockerfiles.
    fn services() -> Place {
        Place::repository()
            .with("services/api/Dockerfile", API)
            .with("services/api/requirements.txt", "flask==3.0.3\n")
            .with("services/api/app.py", "print()\n")
            .with("services/web/Dockerfile", WEB)
            .with("services/web/requirements.txt", "django==5.0.6\n")
            .with("services/web/site.py", "print()\n")
            .with(".dockerignore", ".git\n")
    }

    fn is_rewritten(said: &Said) -> [bool; 2] {
        ["+COPY services/api/requirements.txt", "+COPY services/web/requirements.txt"]
            .map(|line| said.out.contains(line))
    }

    #[test]
    fn services_with_contexts_above_their_dockerfiles() {
        let place = services();
        // `COPY . .` may mean the folder of the Dockerfile, where the install would find nothing.
        assert_eq!(is_rewritten(&place.dockopt(&["fix"])), [true, false]);
        let place = place.with("compose.yaml", COMPOSE);
        for paths in [&["fix"][..], &["fix", "services/web/Dockerfile", "services/api/Dockerfile"]] {
            let said = place.dockopt(paths);
            assert_eq!(is_rewritten(&said), [true, true], "{}{}", said.out, said.err);
            assert_eq!(said.code, 0, "{}", said.err);
        }
        assert_eq!(place.dockopt(&["check"]).code, 1);
        let said = place.dockopt(&["fix", "--context", "services/web", "services/web/Dockerfile"]);
        assert_eq!(is_rewritten(&said), [false, false], "an argument comes first");
    }

    #[test]
    fn a_file_in_a_folder_beside_and_bake_files() {
        let hcl = "target \"web\" {\n  context = \".\"\n  dockerfile = \"services/web/Dockerfile\"\n}\n";
        let json = r#"{ "target": { "web": { "dockerfile": "services/web/Dockerfile" } } }"#;
        let beside = COMPOSE.replace("context: .", "context: ..");
        for (name, text) in [
            ("deploy/docker-compose.yml", beside.as_str()),
            ("docker-bake.hcl", hcl),
            ("docker-bake.json", json),
            ("deploy/docker-bake.hcl", hcl),
        ] {
            let said = services().with(name, text).dockopt(&["fix"]);
            assert_eq!(is_rewritten(&said), [true, true], "{name}: {}", said.err);
        }
    }

    #[test]
    fn builds_that_do_not_agree_tell_nothing() {
        let other = "  jobs:\n    build: {context: services/web}\n";
        let said = services().with("compose.yaml", format!("{COMPOSE}{other}")).dockopt(&["fix"]);
        assert_eq!(is_rewritten(&said), [true, false]);
        assert!(
            said.err.contains("it is built from more than one folder: `jobs` in `compose.yaml`"),
            "{}",
            said.err
        );
        assert!(said.err.contains("name it with --context"), "{}", said.err);
        let replaced = COMPOSE.replace(
            "  web:\n    build:\n",
            "  web:\n    build:\n      additional_contexts: [\"python=./python\"]\n",
        );
        let said = services().with("compose.yaml", replaced).dockopt(&["fix"]);
        assert_eq!(is_rewritten(&said), [true, false]);
        assert!(said.err.contains("takes another folder or image for `python`"), "{}", said.err);
    }

    #[test]
    fn paths_out_of_the_repository_are_no_context() {
        let place = Place::new();
        place.git(&["init", "-q", "inner"]);
        let place = place
            .with("inner/Dockerfile", "FROM python:3.11\nWORKDIR /app\nCOPY inner .\nRUN pip install --no-cache-dir -r requirements.txt\n")
            .with("inner/requirements.txt", "flask==3.0.3\n")
            .with("inner/compose.yaml", "services:\n  app:\n    build: {context: .., dockerfile: inner/Dockerfile}\n");
        let said = place.dockopt(&["fix", "inner"]);
        assert_eq!(said.out, "");
        assert!(said.err.contains("outside of the repository"), "{}", said.err);
    }

    #[test]
    fn hostile_files_say_nothing() {
        let lines = (1..30)
            .map(|n| format!("a{n}: &a{n} [*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}]\n", n - 1));
        let bomb = format!("a0: &a0 [x]\n{}{COMPOSE}", lines.collect::<String>());
        let huge = format!("{COMPOSE}# {}\n", "x".repeat(2 << 20));
        let deep = format!("a: {}\n", "[".repeat(200_000));
        let remote = COMPOSE.replace("context: .", "context: https://git.example.org/shop.git#main");
        let open = COMPOSE.replace("context: .", "context: ${ROOT}");
        for text in [bomb, huge, deep, remote, open, "services: 1\n".to_owned(), "\u{0}".to_owned()] {
            let said = services().with("compose.yaml", &text).dockopt(&["fix"]);
            assert_eq!((is_rewritten(&said), said.code), ([true, false], 0), "{:.40}: {}", text, said.err);
        }
        let deep = format!("target \"a\" {{\n  x = {}\n}}\n", "[".repeat(200_000));
        assert_eq!(is_rewritten(&services().with("docker-bake.hcl", deep).dockopt(&["fix"])), [true, false]);
    }
}

#[test]
fn packages_are_pinned_from_the_lock_file_where_somebody_asked_for_it() {
    let text = "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n";
    let lock = "version = 1\n\n[[packages]]\ndockerfile = \"api/Dockerfile\"\nstage = \"0\"\nfrom = \"debian:12\"\nresolved = \"2026-11-25T16:00:00Z\"\n\n[packages.versions.dpkg]\ncurl = \"7.88.1-10+deb12u8\"\n";
    let place = Place::repository().with("api/Dockerfile", text).with("web/Dockerfile", text);
    let fix = |arguments: &[&str]| {
        let said = place.dockopt(&[&["fix", "--select", "pin-packages"], arguments].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said
    };
    assert_eq!(fix(&["--unsafe"]).out, "", "nobody asked for it");
    fs::write(place.path("dockopt.lock"), lock).unwrap();
    assert_eq!(fix(&[]).out, "", "it is unsafe");
    let patch = fix(&["--unsafe"]).out;
    assert!(
        patch.contains(
            "+RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.1-10+deb12u8 &&"
        ),
        "{patch}"
    );
    assert!(!patch.contains("web/Dockerfile"), "{patch}");
    // By the lock file alone, without an engine.
    let said = place.dockopt(&["pin", "--packages", "--locked", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(
        (said.code, &report["files"][0]["changed"], &report["files"][1]["changed"]),
        (0, &true.into(), &false.into()),
        "{}",
        said.err
    );
    assert_eq!(place.read("web/Dockerfile"), text);
    assert!(place.read("api/Dockerfile").contains(" curl=7.88.1-10+deb12u8 "));
    for misuse in [
        &["pin", "--packages", "--check"][..],
        &["pin", "--engine", "docker"],
        &["pin", "--", "--network", "host"],
    ] {
        assert_eq!(place.dockopt(misuse).code, 2, "{misuse:?}");
    }
}
