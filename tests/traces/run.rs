//! Runs an install in a copy of its context, in scratch folders, and tells what it did there. Must not know what was claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dockopt::image::Content;

use crate::cases::{Case, Tool};
use crate::strace::{self, Traced};

/// Files of a fixture that are about it and not in its context.
const ABOUT: [&str; 2] = ["gitignore", "options.toml"];
/// An install that takes longer hangs.
const MOST_SECONDS: &str = "300";

/// What an install did below the folder of the project; paths are relative to it.
#[derive(Debug, Default)]
pub(crate) struct Did {
    /// Whose bytes it read.
    pub(crate) read: BTreeSet<String>,
    /// What it wrote at some time.
    pub(crate) written: BTreeSet<String>,
    /// What is other at its end than it was before.
    pub(crate) changed: BTreeSet<String>,
    /// What it looked for and was not there.
    pub(crate) missed: BTreeSet<String>,
    /// What it asked the attributes of.
    pub(crate) looked_at: BTreeSet<String>,
}

/// The folders of one run. They are gone with it.
pub(crate) struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn of(case: &Case) -> Result<Self, String> {
        let folder =
            tempfile::Builder::new().prefix("dockopt-trace-").tempdir().map_err(|error| error.to_string())?;
        let scratch = Self { folder };
        for name in ["app", "home", "tmp", "trace", "bin"] {
            fs::create_dir(scratch.at(name)).map_err(|error| error.to_string())?;
        }
        let mut files = BTreeMap::new();
        list(&case.folder(), "", &mut files);
        let context = files.keys().filter(|path| !ABOUT.contains(&path.as_str())).cloned().collect();
        copy(&case.folder(), &scratch.context(), &context)?;
        Ok(scratch)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The build context.
    pub(crate) fn context(&self) -> PathBuf {
        self.at("context")
    }

    /// Runs the install where these files of the context lie.
    pub(crate) fn install(&self, case: &Case, tool: &Tool, files: &BTreeSet<String>) -> Result<Did, String> {
        let app = self.at("app");
        copy(&self.context(), &app, files)?;
        if let Some(prepare) = &tool.prepare {
            self.run(shell(prepare).current_dir(self.folder.path()), tool, case)?;
        }
        let before = state(&app);
        let folder = case.workdir.as_ref().map_or_else(|| app.clone(), |below| app.join(below));
        let mut traced = Command::new("timeout");
        traced.args([MOST_SECONDS, "strace"]).args(strace::OPTIONS).arg("-o").arg(self.at("trace/x"));
        traced.args(["sh", "-c", &case.command]).current_dir(&folder);
        self.run(&mut traced, tool, case)?;
        let after = state(&app);
        let found = strace::read(&self.at("trace"), &folder.display().to_string())?;
        Ok(did(&found, &app, &before, &after))
    }

    fn run(&self, command: &mut Command, tool: &Tool, case: &Case) -> Result<(), String> {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}", self.at("bin").display(), tools().join("bin").display());
        command.env("PATH", path).env("HOME", self.at("home")).env("TMPDIR", self.at("tmp"));
        command.env("SCRATCH", self.folder.path()).env("TOOLS", tools());
        // Neither is set while an image is built, and the second hides files from the tracer.
        command.env_remove("CI").env("UV_USE_IO_URING", "0");
        command.envs(&tool.environment).envs(&case.env).stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        Err(format!("failed, {}:\n{}", output.status, tail.into_iter().rev().collect::<Vec<_>>().join("\n")))
    }
}

/// Where `.ci/trace-tools` installs. Without it nothing is run: an install needs a registry, and a plain `cargo test` does not.
pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("trace-tools")
}

fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]);
    command
}

/// Whether a shell command succeeds.
pub(crate) fn succeeds(text: &str) -> bool {
    let path = format!("{}:{}", tools().join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let quiet = [Stdio::null(), Stdio::null(), Stdio::null()];
    let [input, output, errors] = quiet;
    let mut command = shell(text);
    command.env("PATH", path).env("TOOLS", tools()).stdin(input).stdout(output).stderr(errors);
    command.status().is_ok_and(|status| status.success())
}

/// What there is of a path: permissions, and the bytes of a file or the target of a link.
type State = BTreeMap<String, (u32, Option<Content>)>;

fn state(root: &Path) -> State {
    let mut found = BTreeMap::new();
    list(root, "", &mut found);
    let look = |path: &String| {
        let full = root.join(path);
        let meta = fs::symlink_metadata(&full).expect("it is listed");
        let content = if meta.is_symlink() {
            fs::read_link(&full).ok().map(|target| Content::of(path, target.as_os_str().as_encoded_bytes()))
        } else {
            fs::read(&full).ok().map(|bytes| Content::of(path, &bytes))
        };
        (meta.permissions().mode(), content)
    };
    found.keys().map(|path| (path.clone(), look(path))).collect()
}

/// Every path below a folder, with whether it is a folder.
fn list(root: &Path, below: &str, found: &mut BTreeMap<String, bool>) {
    for entry in fs::read_dir(root.join(below)).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().expect("names are UTF-8");
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder {
            list(root, &path, found);
        }
        found.insert(path, is_folder);
    }
}

/// Copies paths, in order, from one folder into another.
fn copy(from: &Path, to: &Path, paths: &BTreeSet<String>) -> Result<(), String> {
    for path in paths {
        let (source, target) = (from.join(path), to.join(path));
        let wrong = |error: std::io::Error| format!("{}: {error}", source.display());
        let kind = fs::symlink_metadata(&source).map_err(wrong)?.file_type();
        let folder =
            if kind.is_dir() { target.as_path() } else { target.parent().expect("it is in a folder") };
        fs::create_dir_all(folder).map_err(wrong)?;
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source).map_err(wrong)?, &target).map_err(wrong)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map_err(wrong)?;
        }
    }
    Ok(())
}

fn did(traced: &Traced, app: &Path, before: &State, after: &State) -> Did {
    let root = format!("{}/", app.display());
    let below = |paths: &BTreeSet<String>| {
        paths
            .iter()
            .filter_map(|path| path.strip_prefix(&root))
            .map(str::to_owned)
            .collect::<BTreeSet<String>>()
    };
    let paths = before.keys().chain(after.keys());
    Did {
        read: below(&traced.read),
        written: below(&traced.written),
        changed: paths.filter(|path| before.get(*path) != after.get(*path)).cloned().collect(),
        missed: below(&traced.missed),
        looked_at: below(&traced.looked_at),
    }
}
