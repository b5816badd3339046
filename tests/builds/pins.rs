//! A file with pins is built through the registry that the engine takes for the hub's mirror: it is the image that it was, and a
//! digest that is wrong is no image. Must not know how pins are written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dockopt::process::Failure;

use crate::stand::{self, NETWORK, Stand};

/// Everything that can name an image, but a frontend, which would have to be in that registry, too.
const TEXT: &str = "\
ARG TAG=1.36
FROM busybox:${TAG} AS tools
RUN echo tools > /tools

FROM debian:bookworm-slim
COPY --from=tools /tools /etc/tools
COPY --from=busybox:1.36 /bin/busybox /usr/local/bin/busybox
RUN --mount=type=bind,from=busybox:1.36,target=/other cp /other/bin/busybox /usr/local/bin/other
";

#[test]
fn a_pinned_file_is_the_same_image_and_a_wrong_digest_is_none() {
    let Some(stand) = Stand::find("pinned images") else { return };
    let Some(mirror) = mirror() else {
        stand::say("skipped: pinned images: the engine has no mirror on this machine that has busybox");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = folder.path().join("Dockerfile");
    fs::write(&dockerfile, TEXT).unwrap();
    let settings = format!("[registry]\nmirrors = {{ \"docker.io\" = [\"{mirror}\"] }}\n");
    fs::write(folder.path().join("dockopt.toml"), settings).unwrap();
    let before = layers(&stand, folder.path(), "pins-before", &[]).unwrap();

    let said = dockopt(folder.path(), &["pin", "Dockerfile"]);
    assert!(said.status.success(), "{said:?}");
    let pinned = fs::read_to_string(&dockerfile).unwrap();
    let lines: Vec<&str> = pinned.lines().filter(|line| line.contains("@sha256:")).collect();
    let places =
        ["ARG TAG=1.36@", "FROM debian:bookworm-slim@", "COPY --from=busybox:1.36@", "from=busybox:1.36@"];
    assert!(
        lines.len() == 4 && lines.iter().zip(places).all(|(line, place)| line.contains(place)),
        "{pinned}"
    );
    assert_eq!(layers(&stand, folder.path(), "pins-after", &[]).unwrap(), before);
    assert!(dockopt(folder.path(), &["pin", "--check", "Dockerfile"]).status.success());

    // Each digest counts, that of the ARG as well.
    let digests: Vec<&str> = pinned.split("@sha256:").skip(1).map(|rest| &rest[..64]).collect();
    for wrong in 0..digests.len() {
        let mut parts: Vec<String> = pinned.split("@sha256:").map(str::to_owned).collect();
        parts[wrong + 1].replace_range(..64, &"0".repeat(64));
        fs::write(&dockerfile, parts.join("@sha256:")).unwrap();
        assert!(layers(&stand, folder.path(), "pins-wrong", &[]).is_err(), "{}", parts.join("@sha256:"));
    }
    // Another value of the ARG takes its digest away, and nothing else.
    fs::write(&dockerfile, &pinned).unwrap();
    let other = layers(&stand, folder.path(), "pins-other", &["--build-arg", "TAG=latest"]);
    assert!(other.is_ok(), "{other:?}");
}

/// The registry that stands in for the hub, if it is on this machine and has what is needed.
fn mirror() -> Option<String> {
    let output = Command::new("docker")
        .args(["info", "--format", "{{range .RegistryConfig.Mirrors}}{{.}}\n{{end}}"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let hosts = text.lines().filter_map(|line| line.trim_end_matches('/').strip_prefix("http://"));
    let has = |host: &str, name: &str| {
        let url = format!("http://{host}/v2/library/{name}");
        ureq::get(url).call().is_ok()
    };
    let mut local = hosts.filter(|host| host.starts_with("127.") || host.starts_with("localhost"));
    local.find(|host| has(host, "busybox/tags/list") && has(host, "debian/tags/list")).map(str::to_owned)
}

/// The layers of the image. Where it starts from the same images as before, every step comes from the cache, and they are the same.
fn layers(stand: &Stand, folder: &Path, name: &str, further: &[&str]) -> Result<Vec<String>, Failure> {
    let image = stand.image(name);
    let arguments: Vec<_> = NETWORK.iter().chain(further).map(Into::into).collect();
    stand.build_with(folder, &image, &arguments)?;
    let output = Command::new("docker")
        .args(["image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", &image.name])
        .output()
        .unwrap();
    Ok(String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect())
}

/// Runs dockopt in a folder.
pub(crate) fn dockopt(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dockopt"))
        .args(arguments)
        .current_dir(folder)
        .env("DOCKOPT_CACHE_DIR", folder.join("cache"))
        .output()
        .unwrap()
}
