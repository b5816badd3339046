//! The user's own container engine: builds an image with it, reads the image back, runs it, takes it away again. Must not
//! know rewrites, and must not judge what an image holds.

pub mod bake;
mod buildah;
mod docker;
mod made;
pub mod progress;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

pub use buildah::Pushed;
pub use docker::{Container, Export};
pub use made::{Images, Made};
pub use progress::Step;

use crate::cli;
use crate::image::layout::{Layer, Layout};
use crate::image::{self, Entry, ImageConfig, Source};
use crate::problem::Problem;
use crate::process::{self, Ended, Failure};

/// A container engine that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    kind: Kind,
    version: String,
}

/// Which engine it is. Podman and Buildah have one command line for what is asked of them here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Docker,
    Podman,
    Buildah,
}

/// What is built.
#[derive(Debug, Clone)]
pub struct Build<'a> {
    /// The Dockerfile.
    pub dockerfile: &'a Path,
    /// The build context.
    pub context: &'a Path,
    /// The name that the image gets.
    pub tag: &'a str,
    /// Whether results of earlier builds may be used.
    pub cache: Cache,
    /// Further arguments, as the user wrote them.
    pub arguments: &'a [OsString],
}

/// Whether a build may use results of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Every step runs.
    Fresh,
    /// Steps that were run before need not run again.
    Use,
}

/// What a build did.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// Its instructions in order, a FROM included.
    pub steps: Vec<Step>,
    /// From the begin of the first instruction after FROM to the end of the build.
    pub took: Duration,
}

impl Built {
    /// The instructions without FROM.
    pub fn own_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| !step.is_base())
    }

    /// How many instructions came from the cache, FROM not counted.
    pub fn cached(&self) -> usize {
        self.own_steps().filter(|step| step.cached).count()
    }
}

impl Engine {
    /// The engine that the user chose, or the first of Docker, Podman and Buildah that answers.
    pub fn find(choice: cli::Engine) -> Result<Self, Problem> {
        let kinds: &[Kind] = match choice {
            cli::Engine::Auto => &[Kind::Docker, Kind::Podman, Kind::Buildah],
            cli::Engine::Docker => &[Kind::Docker],
            cli::Engine::Podman => &[Kind::Podman],
            cli::Engine::Buildah => &[Kind::Buildah],
        };
        let mut reasons = Vec::new();
        for kind in kinds {
            match kind.version() {
                Ok(version) => return Ok(Self { kind: *kind, version }),
                Err(failure) => reasons.push(failure.to_string()),
            }
        }
        Err(Problem::error(
            format!("no container engine answers: {}", reasons.join("; ")),
            "start Docker, Podman or Buildah, or name one with --engine",
        ))
    }

    /// Its name and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.program(), self.version)
    }

    /// What a reader of its figures should know.
    pub fn remark(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Docker | Kind::Podman => None,
            Kind::Buildah => Some("sizes are those of the layers as they are pushed, compressed"),
        }
    }

    /// Builds an image; `began` hears of every instruction that begins.
    pub fn build(&self, build: &Build<'_>, began: &mut dyn FnMut(&str)) -> Result<Built, Failure> {
        match self.kind {
            Kind::Docker => docker::build(build, began),
            Kind::Podman | Kind::Buildah => buildah::build(self.kind.program(), build, began),
        }
    }

    /// The file system of an image.
    pub fn file_system(&self, image: &str) -> Result<FileSystem, Failure> {
        Ok(match self.kind {
            Kind::Docker | Kind::Podman => FileSystem::Export(docker::export(self.kind.program(), image)?),
            Kind::Buildah => FileSystem::Pushed(Box::new(buildah::push(image)?)),
        })
    }

    /// The texts of those files of an image that are wanted, by path.
    pub fn texts(
        &self,
        image: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, String>, Failure> {
        match self.kind {
            Kind::Docker | Kind::Podman => docker::export(self.kind.program(), image)?.texts(wanted),
            Kind::Buildah => Err(Failure::Unreadable(
                "files of an image are read with Docker or Podman; name one of them with --engine".to_owned(),
            )),
        }
    }

    /// The configuration of an image.
    pub fn config(&self, image: &str) -> Result<ImageConfig, Failure> {
        match self.kind {
            Kind::Docker | Kind::Podman => docker::config(self.kind.program(), image),
            Kind::Buildah => Ok(buildah::push(image)?.layout.config().clone()),
        }
    }

    /// The layers of an image, the lowest first; those of its base are among them. Sizes are unpacked where
    /// [`Engine::remark`] says nothing else.
    pub fn layers(&self, image: &str) -> Result<Vec<Layer>, Failure> {
        match self.kind {
            Kind::Docker | Kind::Podman => docker::layers(self.kind.program(), image),
            Kind::Buildah => Ok(buildah::push(image)?.layers()),
        }
    }

    /// Runs a command line by the image's shell in a new container.
    pub fn run(&self, image: &str, script: &str) -> Result<Ended, Failure> {
        match self.kind {
            Kind::Docker | Kind::Podman => docker::run(self.kind.program(), image, script),
            Kind::Buildah => buildah::run(image, script),
        }
    }

    /// Starts the image as it is meant to be started. `None` if the engine cannot.
    pub fn start(&self, image: &str) -> Option<Result<Container, Failure>> {
        match self.kind {
            Kind::Docker | Kind::Podman => Some(docker::start(self.kind.program(), image)),
            Kind::Buildah => None,
        }
    }

    /// Takes images away. Those that are not there are no failure, and neither is an interrupt.
    pub fn remove(&self, images: &[String]) {
        let arguments: &[&str] = match self.kind {
            Kind::Docker | Kind::Podman => &["image", "rm", "--force"],
            Kind::Buildah => &["rmi", "--force"],
        };
        for image in images {
            // What cannot be removed now is named, and can be removed by hand.
            let _ = Command::new(self.kind.program()).args(arguments).arg(image).output();
        }
    }
}

impl Kind {
    /// The program of that name.
    const fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// The version of an engine that answers.
    fn version(self) -> Result<String, Failure> {
        let arguments: &[&str] = match self {
            // The server's: a client alone builds nothing.
            Self::Docker => &["version", "--format", "{{.Server.Version}}"],
            Self::Podman => &["version", "--format", "{{.Version}}"],
            Self::Buildah => &["version", "--json"],
        };
        let output = process::output(Command::new(self.program()).args(arguments))?;
        let text = String::from_utf8_lossy(&output);
        Ok(match self {
            Self::Docker | Self::Podman => text.lines().next().unwrap_or_default().trim().to_owned(),
            Self::Buildah => buildah::version(&text),
        })
    }
}

/// The file system of an image, to be read once.
#[derive(Debug)]
pub enum FileSystem {
    /// A tar stream that an engine writes.
    Export(Export),
    /// An archive that the engine wrote.
    Pushed(Box<Pushed>),
    /// An archive of the user's.
    Saved(Box<Layout>),
}

impl Source for FileSystem {
    fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), image::Error>) -> Result<(), image::Error> {
        match self {
            Self::Export(export) => export.read(each),
            Self::Pushed(pushed) => pushed.layout.read(each),
            Self::Saved(layout) => layout.read(each),
        }
    }
}
