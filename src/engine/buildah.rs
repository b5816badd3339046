//! Buildah, and what Podman has from it: builds that tell their steps in lines. Buildah's images are read from an archive
//! that it pushes. Must not decide what is built.

use std::io;
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;
use tempfile::TempDir;

use super::progress::Lines;
use super::{Build, Built, Cache};
use crate::image::layout::{Layer, Layout};
use crate::process::{self, Ended, Failure};

/// Builds an image, layer by layer so that each step is cached.
pub(super) fn build(program: &str, build: &Build<'_>, began: &mut dyn FnMut(&str)) -> Result<Built, Failure> {
    let mut command = Command::new(program);
    command.args(["build", "--layers", "--tag", build.tag, "--file"]).arg(build.dockerfile);
    if build.cache == Cache::Fresh {
        command.arg("--no-cache");
    }
    command.args(build.arguments).arg(build.context);
    let mut progress = Lines::default();
    process::lines(&mut command, &mut |line| {
        if let Some(name) = progress.read(&String::from_utf8_lossy(line), Instant::now()) {
            began(&name);
        }
    })?;
    let (steps, took) = progress.finish();
    Ok(Built { steps, took })
}

/// An image in an archive on disk, which goes away with this value.
#[derive(Debug)]
pub struct Pushed {
    /// What is in it.
    pub layout: Layout,
    _folder: TempDir,
}

impl Pushed {
    /// The layers that hold something, with the instructions that made them.
    pub(super) fn layers(&self) -> Vec<Layer> {
        let layer = |layer: &Layer| Layer { made_by: super::docker::made_by(&layer.made_by), ..*layer };
        self.layout.layers().iter().map(layer).collect()
    }
}

/// Pushes an image to an archive.
pub(super) fn push(image: &str) -> Result<Pushed, Failure> {
    let mut command = Command::new("buildah");
    let folder = tempfile::tempdir().map_err(|error| process::broken(&command, error))?;
    let place = folder.path().join("image.tar");
    command.args(["push", "--quiet", image]).arg(format!("oci-archive:{}", place.display()));
    process::output(&mut command)?;
    let layout =
        Layout::open(&place, None).map_err(|error| process::broken(&command, io::Error::other(error)))?;
    Ok(Pushed { layout, _folder: folder })
}

/// Runs a command line by the image's shell in a working container.
pub(super) fn run(image: &str, script: &str) -> Result<Ended, Failure> {
    let output = process::output(Command::new("buildah").args(["from", "--quiet", "--pull-never", image]))?;
    let container = String::from_utf8_lossy(&output).trim().to_owned();
    let ended = process::ended(Command::new("buildah").args(["run", &container, "--", "sh", "-c", script]));
    let _ = Command::new("buildah").args(["rm", &container]).output();
    ended
}

/// The version in what `buildah version --json` prints.
pub(super) fn version(text: &str) -> String {
    #[derive(Deserialize)]
    struct Version {
        version: String,
    }
    serde_json::from_str::<Version>(text)
        .map_or_else(|_| "of unknown version".to_owned(), |found| found.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        assert_eq!(version(r#"{"version":"1.28.2","goVersion":"go1.19"}"#), "1.28.2");
        assert_eq!(version("?"), "of unknown version");
    }
}
