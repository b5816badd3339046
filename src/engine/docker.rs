//! Docker: builds through buildx, whose progress is BuildKit's own, and the commands about images that Podman has too. Must
//! not decide what is built.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;

use serde::Deserialize;

use super::progress::Progress;
use super::{Build, Built, Cache};
use crate::image::archive::{self, Tar};
use crate::image::layout::Layer;
use crate::image::{self, Entry, ImageConfig, Source};
use crate::process::{self, Ended, Failure, Stream};

/// Builds an image. The progress of buildx 0.13 and newer tells each step's times and whether it came from the cache.
pub(super) fn build(build: &Build<'_>, began: &mut dyn FnMut(&str)) -> Result<Built, Failure> {
    let mut command = Command::new("docker");
    command
        .args(["buildx", "build", "--progress", "rawjson", "--load", "--tag", build.tag, "--file"])
        .arg(build.dockerfile);
    if build.cache == Cache::Fresh {
        command.arg("--no-cache");
    }
    // The context comes last: some arguments of users end with `--`.
    command.args(build.arguments).arg(build.context);
    let mut progress = Progress::default();
    let result = process::lines(&mut command, &mut |line| {
        if let Some(name) = progress.read_json(line) {
            began(&name);
        }
    });
    match result {
        Ok(()) => Ok(Built { took: progress.took(), steps: progress.steps() }),
        Err(Failure::Failed { command, message }) => {
            let errors = progress.errors();
            Err(Failure::Failed { command, message: if errors.is_empty() { message } else { errors } })
        }
        Err(other) => Err(other),
    }
}

/// The file system of an image as a tar stream, through a container that never runs.
#[derive(Debug)]
pub struct Export {
    image: String,
    stream: Stream,
    /// It must be there until all is read.
    container: Container,
}

impl Export {
    /// The texts of the files that are wanted.
    pub(super) fn texts(self, wanted: &dyn Fn(&str) -> bool) -> Result<BTreeMap<String, String>, Failure> {
        let Self { image, mut stream, container } = self;
        let texts = archive::texts(&image, &mut stream, wanted);
        let texts = texts.map_err(|error| Failure::Unreadable(error.to_string()))?;
        stream.finish()?;
        drop(container);
        Ok(texts)
    }
}

impl Source for Export {
    fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), image::Error>) -> Result<(), image::Error> {
        let Self { image, mut stream, container } = self;
        Tar::new(&image, &mut stream).read(each)?;
        // Only the program knows whether that was all.
        stream.finish().map_err(|failure| image::Error { image, message: failure.to_string() })?;
        drop(container);
        Ok(())
    }
}

/// A container that goes away with this value.
#[derive(Debug)]
pub struct Container {
    program: &'static str,
    id: String,
}

impl Container {
    fn new(program: &'static str, command: &mut Command) -> Result<Self, Failure> {
        Ok(Self { program, id: text(command)? })
    }

    /// Runs a command in the container, which must be running.
    pub fn execute(&self, words: &[String]) -> Result<Ended, Failure> {
        process::ended(Command::new(self.program).args(["exec", &self.id]).args(words))
    }

    /// Whether it is still running.
    pub fn is_running(&self) -> Result<bool, Failure> {
        Ok(text(Command::new(self.program).args(["inspect", "--format", "{{.State.Running}}", &self.id]))?
            == "true")
    }

    /// The last that it printed.
    pub fn logs(&self) -> String {
        let output = Command::new(self.program).args(["logs", "--tail", "10", &self.id]).output();
        output
            .map(|output| [output.stdout, output.stderr].concat())
            .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // An interrupt must not keep it from going, so nobody is asked.
        let _ = Command::new(self.program).args(["rm", "--force", "--volumes", &self.id]).output();
    }
}

pub(super) fn export(program: &'static str, image: &str) -> Result<Export, Failure> {
    // An image without a command needs one to make a container; it is never run.
    let container = Container::new(program, Command::new(program).args(["create", image, "dockopt"]))?;
    let stream = process::stream(Command::new(program).args(["export", &container.id]))?;
    Ok(Export { image: image.to_owned(), stream, container })
}

pub(super) fn start(program: &'static str, image: &str) -> Result<Container, Failure> {
    Container::new(program, Command::new(program).args(["run", "--detach", image]))
}

pub(super) fn run(program: &'static str, image: &str, script: &str) -> Result<Ended, Failure> {
    // Not `run`: a program that is killed would leave its container behind.
    let create = ["create", "--entrypoint", "sh", image, "-c", script];
    let container = Container::new(program, Command::new(program).args(create))?;
    process::ended(Command::new(program).args(["start", "--attach", &container.id]))
}

/// The configuration of an image.
pub(super) fn config(program: &str, image: &str) -> Result<ImageConfig, Failure> {
    let mut command = Command::new(program);
    command.args(["image", "inspect", image]);
    let output = process::output(&mut command)?;
    ImageConfig::from_json(&String::from_utf8_lossy(&output))
        .map_err(|error| process::broken(&command, io::Error::other(error)))
}

/// What `history` prints: Docker a line for each step, Podman one list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum History {
    Line(Line),
    List(Vec<Line>),
}

/// A step of `history`; Podman writes some names in lower case.
#[derive(Deserialize)]
struct Line {
    /// Podman leaves it out for a layer that was imported.
    #[serde(rename = "CreatedBy", alias = "createdBy", default)]
    created_by: String,
    #[serde(rename = "Size", alias = "size", default)]
    size: serde_json::Value,
}

pub(super) fn layers(program: &str, image: &str) -> Result<Vec<Layer>, Failure> {
    let arguments = ["history", "--no-trunc", "--human=false", "--format", "{{json .}}", image];
    let output = process::output(Command::new(program).args(arguments))?;
    let mut layers: Vec<Layer> = history(&String::from_utf8_lossy(&output))
        .iter()
        .map(|line| Layer { made_by: made_by(&line.created_by), size: size(&line.size) })
        .collect();
    layers.reverse();
    Ok(layers)
}

fn history(text: &str) -> Vec<Line> {
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    lines
        .flat_map(|printed| match printed {
            History::Line(line) => vec![line],
            History::List(lines) => lines,
        })
        .collect()
}

/// Docker writes the number as text.
fn size(value: &serde_json::Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// The instruction, without what engines put around it.
pub(super) fn made_by(text: &str) -> String {
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    let text = text.strip_prefix("/bin/sh -c #(nop) ").unwrap_or(text).trim();
    text.strip_prefix("/bin/sh -c ").map_or_else(|| text.to_owned(), |command| format!("RUN {command}"))
}

fn text(command: &mut Command) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&process::output(command)?).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_told_as_instructions() {
        let cases = [
            ("RUN /bin/sh -c pip install flask # buildkit", "RUN /bin/sh -c pip install flask"),
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD [\"bash\"]"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("COPY . . # buildkit", "COPY . ."),
        ];
        for (from, to) in cases {
            assert_eq!(made_by(from), to);
        }
    }

    #[test]
    fn history_is_read_as_docker_and_podman_print_it() {
        let docker = "{\"Comment\":\"buildkit\",\"CreatedBy\":\"COPY . . # buildkit\",\"Size\":\"4096\"}\n\
                      {\"CreatedBy\":\"CMD [\\\"sh\\\"]\",\"Size\":\"0\"}\n";
        let podman = r#"[{"id":"c76c","CreatedBy":"COPY . .","size":2048},{"id":"384a","comment":"Imported from -","size":0}]"#;
        let sizes = |text| history(text).iter().map(|line| size(&line.size)).collect::<Vec<_>>();
        assert_eq!(sizes(docker), [4096, 0]);
        assert_eq!(sizes(podman), [2048, 0]);
    }
}
