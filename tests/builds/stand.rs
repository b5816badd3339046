//! The engine that the tests build with, and base images of their own. Must not know what is tested.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use dockopt::cli;
use dockopt::engine::{Build, Built, Cache, Engine};
use dockopt::process::Failure;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// An engine that answers.
pub(crate) struct Stand {
    /// The engine.
    pub(crate) engine: Engine,
}

/// An image that goes away with this value.
pub(crate) struct Image<'a> {
    /// Its name.
    pub(crate) name: String,
    engine: &'a Engine,
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        self.engine.remove(&[std::mem::take(&mut self.name)]);
    }
}

/// Every build uses the network of the machine: an engine that the tests start has none of its own.
pub(crate) const NETWORK: [&str; 2] = ["--network", "host"];

impl Stand {
    /// The Docker that answers. None, said in a line, where none does.
    pub(crate) fn find(what: &str) -> Option<Self> {
        let engine = Engine::find(cli::Engine::Docker);
        if engine.is_err() {
            say(&format!("skipped: {what}: no container engine answers"));
        }
        Some(Self { engine: engine.ok()? })
    }

    /// A name for an image that nothing else has.
    pub(crate) fn image(&self, name: &str) -> Image<'_> {
        Image { name: format!("dockopt-test/{name}:{}", run()), engine: &self.engine }
    }

    /// A small image with a shell that no other one shares a layer with, so that no step is cached from another test.
    pub(crate) fn base(&self, name: &str) -> Image<'_> {
        let image = self.image(&format!("base-{name}"));
        let mut docker = Command::new("docker");
        docker.args(["import", "--change", "ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin", "-", &image.name]);
        let mut child = docker.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(&entry("etc/scenario", &image.name)).unwrap();
        stdin.write_all(busybox()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success(), "the base image could not be imported");
        image
    }

    /// Builds the Dockerfile of a folder; `busybox` in it is the base. `{context}` in an argument is the folder.
    pub(crate) fn build(
        &self,
        folder: &Path,
        image: &Image<'_>,
        base: &Image<'_>,
        further: &[String],
    ) -> Result<Built, Failure> {
        let context = folder.to_str().expect("temporary folders are UTF-8");
        let base = format!("busybox=docker-image://{}", base.name);
        let mut arguments: Vec<OsString> = NETWORK.map(Into::into).to_vec();
        arguments.extend(["--build-context".into(), base.into()]);
        arguments.extend(further.iter().map(|argument| argument.replace("{context}", context).into()));
        self.build_with(folder, image, &arguments)
    }

    /// Builds the Dockerfile of a folder with these arguments.
    pub(crate) fn build_with(
        &self,
        folder: &Path,
        image: &Image<'_>,
        arguments: &[OsString],
    ) -> Result<Built, Failure> {
        let dockerfile = folder.join("Dockerfile");
        let build = Build {
            dockerfile: &dockerfile,
            context: folder,
            tag: &image.name,
            cache: Cache::Use,
            arguments,
        };
        self.engine.build(&build, &mut |_| {})
    }
}

/// Whether the engine is the one that `tests/engine` starts. Pages are written from its results only: others may differ.
pub(crate) fn is_pinned() -> bool {
    std::env::var_os("DOCKOPT_PINNED_ENGINE").is_some()
}

/// Different in each run of the tests.
fn run() -> &'static str {
    static RUN: OnceLock<String> = OnceLock::new();
    RUN.get_or_init(|| {
        let since = SystemTime::UNIX_EPOCH.elapsed().expect("the clock is right");
        format!("{:x}-{:x}", std::process::id(), since.as_millis())
    })
}

/// The file system of busybox as a tar archive.
fn busybox() -> &'static [u8] {
    static TAR: OnceLock<Vec<u8>> = OnceLock::new();
    TAR.get_or_init(|| {
        let docker = |words: &[&str]| {
            let output = Command::new("docker").args(words).stderr(Stdio::inherit()).output().unwrap();
            assert!(output.status.success(), "docker {words:?} failed");
            output.stdout
        };
        let id = String::from_utf8(docker(&["create", "--network", "none", "busybox:1.36"])).unwrap();
        let tar = docker(&["export", id.trim()]);
        docker(&["rm", id.trim()]);
        tar
    })
}

/// A file as the beginning of a tar archive.
fn entry(path: &str, text: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    let mut bytes = archive.into_inner().unwrap();
    // Two empty blocks are the end of an archive.
    bytes.truncate(bytes.len() - 1024);
    bytes
}

/// Tests every case, a few at a time, and fails with what is wrong with each. The results are in the order of the cases.
pub(crate) fn each<T: Send, R: Send>(
    cases: Vec<T>,
    test: impl Fn(T) -> Result<R, String> + Sync + Send,
) -> Vec<R> {
    let results: Vec<Result<R, String>> = cases.into_par_iter().map(test).collect();
    let mut failures = Vec::new();
    let mut passed = Vec::new();
    for result in results {
        match result {
            Ok(result) => passed.push(result),
            Err(failure) => failures.push(failure),
        }
    }
    assert!(failures.is_empty(), "{} cases failed:\n\n{}", failures.len(), failures.join("\n\n"));
    passed
}

/// A line that is seen though the test passes.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
