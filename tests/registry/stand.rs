//! Debian's registry, started on this machine, and images to push to it. Must not know what is tested.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A registry that runs. It ends with this value; what it keeps goes with the folder.
pub(crate) struct Registry {
    pub(crate) address: String,
    process: Child,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// One platform, in the words of OCI.
    Oci,
    /// One platform, in the words of Docker.
    Docker,
    /// Two platforms, in the words of OCI.
    OciIndex,
    /// Two platforms, in the words of Docker.
    DockerList,
}

impl Sort {
    pub(crate) const ALL: [Self; 4] = [Self::Oci, Self::Docker, Self::OciIndex, Self::DockerList];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }
}

impl Registry {
    /// Starts one that keeps its images in `folder`, with these lines about whom it lets in. None, said in a line, where there is
    /// no such program. It takes a free port by itself and says which: a port that is chosen for it can be another server's by
    /// the time that it starts, and that server would be taken for it.
    pub(crate) fn start(folder: &Path, lines: &str) -> Option<Self> {
        let program = program()?;
        let config = folder.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: info, formatter: text}}\n\
             storage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\n\
             http:\n  addr: 127.0.0.1:0\n{lines}",
            folder.join("images").display()
        );
        fs::write(&config, text).expect("the folder is there");
        let mut process = Command::new(program)
            .args(["serve".as_ref(), config.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let log = BufReader::new(process.stderr.take().expect("it is piped"));
        // From here on it ends with this value, also where it does not start.
        let mut registry = Self { address: String::new(), process };
        let mut said = String::new();
        let mut log = log.lines().map_while(Result::ok);
        registry.address = log
            .by_ref()
            .find_map(|line| {
                let address = listening(&line).map(str::to_owned);
                said.push_str(&line);
                said.push('\n');
                address
            })
            .unwrap_or_else(|| panic!("docker-registry does not start: {lines}{said}"));
        // Nobody reads the rest, but a full pipe would halt it.
        thread::spawn(move || log.for_each(drop));
        Some(registry)
    }

    /// Pushes an image that no other `content` has, under a tag; its digest.
    pub(crate) fn push(&self, repository: &str, tag: &str, sort: Sort, content: &str) -> String {
        let inner = match sort {
            Sort::OciIndex => Sort::Oci,
            Sort::DockerList => Sort::Docker,
            own => own,
        };
        let platforms = if inner == sort { vec!["amd64"] } else { vec!["amd64", "arm64"] };
        let mut manifests = Vec::new();
        for platform in platforms {
            let config = format!(
                r#"{{"architecture":"{platform}","os":"linux","config":{{"Env":["CONTENT={content}"]}},"rootfs":{{"type":"layers","diff_ids":[]}}}}"#
            );
            let kind = match inner {
                Sort::Oci => "application/vnd.oci.image.config.v1+json",
                _ => "application/vnd.docker.container.image.v1+json",
            };
            let text = format!(
                r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{kind}","digest":"{}","size":{}}},"layers":[]}}"#,
                inner.media_type(),
                self.upload(repository, &config),
                config.len()
            );
            let name = if inner == sort { tag.to_owned() } else { digest(&text) };
            self.put_manifest(repository, &name, inner, &text);
            manifests.push((platform, text));
        }
        if inner == sort {
            return digest(&manifests[0].1);
        }
        let entries: Vec<String> = manifests
            .iter()
            .map(|(platform, text)| {
                format!(
                    r#"{{"mediaType":"{}","digest":"{}","size":{},"platform":{{"architecture":"{platform}","os":"linux"}}}}"#,
                    inner.media_type(),
                    digest(text),
                    text.len()
                )
            })
            .collect();
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#,
            sort.media_type(),
            entries.join(",")
        );
        self.put_manifest(repository, tag, sort, &text);
        digest(&text)
    }

    fn upload(&self, repository: &str, blob: &str) -> String {
        let url = format!("http://{}/v2/{repository}/blobs/uploads/", self.address);
        let answer = ureq::post(url).send_empty().expect("an upload can begin");
        let place = answer.headers()["location"].to_str().expect("it is a URL");
        let digest = digest(blob);
        let place = format!("{place}{}digest={digest}", if place.contains('?') { '&' } else { '?' });
        ureq::put(place)
            .header("content-type", "application/octet-stream")
            .send(blob)
            .expect("a blob is taken");
        digest
    }

    fn put_manifest(&self, repository: &str, name: &str, sort: Sort, text: &str) {
        let url = format!("http://{}/v2/{repository}/manifests/{name}", self.address);
        ureq::put(url).header("content-type", sort.media_type()).send(text).expect("a manifest is taken");
    }
}

/// The address in the line of a log with which a registry says that it can be asked:
/// `… msg="listening on 127.0.0.1:5000" …`, with `, tls` behind the address where it speaks HTTPS.
fn listening(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("msg=\"listening on ")?;
    rest.split(['"', ',']).next()
}

/// The digest of a text.
pub(crate) fn digest(text: &str) -> String {
    let hex: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A folder for a registry.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for temporary files")
}

/// Runs a program that makes something for a test.
pub(crate) fn make(program: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let mut command = Command::new(program);
    let child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.ok()?;
    child.stdin.take().expect("it is piped").write_all(input).ok()?;
    let output = child.wait_with_output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Says once for each reason why tests are skipped.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            let found = installed().or_else(unpacked);
            if found.is_none() {
                skip("there is no docker-registry, and apt-get brings none");
            }
            found
        })
        .as_deref()
}

/// One line of reason, that a harness does not swallow.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: tests of registries: {why}");
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).collect::<Vec<_>>();
    let engine = std::env::var_os("DOCKOPT_ENGINE_DIR").map(PathBuf::from);
    let engine = engine.or_else(|| Some(target()?.join("engine"))).map(|folder| folder.join("root/usr/bin"));
    folders.into_iter().chain(engine).map(|folder| folder.join("docker-registry")).find(|path| path.is_file())
}

/// The folder of what is built.
fn target() -> Option<PathBuf> {
    Some(Path::new(env!("CARGO_BIN_EXE_dockopt")).parent()?.parent()?.to_owned())
}

/// Debian's package, fetched and unpacked; nothing is installed.
fn unpacked() -> Option<PathBuf> {
    let place = target()?.join("registry");
    let program = place.join("usr/bin/docker-registry");
    if program.is_file() {
        return Some(program);
    }
    let fetched = tempfile::tempdir().ok()?;
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(fetched.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !run("apt-get", &["download", "docker-registry"]) {
        return None;
    }
    let package = fs::read_dir(fetched.path()).ok()?.flatten().next()?.path();
    let unpacked = fetched.path().join("unpacked");
    run("dpkg", &["-x", package.to_str()?, unpacked.to_str()?]);
    fs::create_dir_all(place.join("usr/bin")).ok()?;
    // Whole or not at all, since other runs look for it.
    let part = place.join(format!("usr/bin/.docker-registry-{}", std::process::id()));
    fs::copy(unpacked.join("usr/bin/docker-registry"), &part).ok()?;
    fs::rename(part, &program).ok()?;
    Some(program)
}
