//! Which versions the packages of a Dockerfile have: builds each step that installs, and reads the image. Must not write to the user's
//! files, nor decide what is written.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;

use dockopt_model::Model;
use dockopt_model::packages::{self, Built, Found, Install, Packages};
use dockopt_syntax::{Edit, Edits, Tree, parse};
use dockopt_tools::{Database, is_version};
use dockopt_transforms::Pass;
use tempfile::TempDir;

use crate::engine::{Build, Cache, Engine, Images, Made};
use crate::frontend;
use crate::image::packages::{Installed, is_database};
use crate::problem::Problem;
use crate::process::Failure;
use crate::staging::Stage;
use crate::suppress::kept_by;
use crate::work::Prepared;

/// The pass that writes what is found out here.
pub const PASS: &str = "pin-packages";

/// Who keeps such pins fresh.
pub const UPDATES: &str = "nothing but `dockopt pin --packages --update` updates these versions: run it on a schedule, or builds fail when a version is gone";

/// Which packages are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those that the lock file does not have.
    New,
    /// All, in the versions that there are now.
    All,
}

/// How images are built.
pub struct Builds<'a> {
    /// By whom.
    pub engine: &'a Engine,
    /// Further arguments.
    pub arguments: &'a [OsString],
    /// Hears what is being built.
    pub watch: &'a mut dyn FnMut(&str),
}

/// The packages of a file: what the lock file says of them, and for the rest what is built.
pub fn find(builds: &mut Builds<'_>, file: &Prepared, wanted: Wanted) -> Result<Packages, Problem> {
    let toolbox = file.config.toolbox();
    let (text, mut found) = match wanted {
        Wanted::New => (file.text.clone(), file.packages.clone()),
        Wanted::All => (without_pins(file, &Model::new(&file.tree, toolbox, None)), Packages::new()),
    };
    let tree = parse(&text).tree;
    let model = Model::new(&tree, toolbox, None);
    let installs = packages::installs(&model);
    let steps = steps(&tree, &installs, &model, &found);
    if steps.is_empty() {
        return Ok(found);
    }
    let mut workshop = Workshop::of(builds, file, &text).map_err(|error| {
        let message = format!("the build context could not be copied: {error}");
        Problem::error(message, "make room for it where temporary files go").in_file(&*file.name)
    })?;
    let mut images: BTreeMap<usize, Installed> = BTreeMap::new();
    for instructions in steps.values() {
        // The last step of a stage is built anew, and those before it are then what it was built on. From a cache alone they could be
        // years old, and their versions gone.
        let mut cache = Cache::Fresh;
        for &at in instructions.iter().rev() {
            let read = workshop.read(&text[..tree.instructions[at].span.end], cache);
            images.insert(at, read.map_err(|failure| problem(&failure, &file.name, wanted))?);
            cache = Cache::Use;
        }
    }
    note(&mut found, &file.packages, &model, &installs, &images);
    Ok(found)
}

/// The text without the versions that the lock file has.
fn without_pins(file: &Prepared, model: &Model<'_>) -> String {
    let mut edits = Vec::new();
    for install in packages::installs(model) {
        let Some(built) = file.packages.get(&packages::label(&model.stages, install.stage)) else { continue };
        for (range, name, written) in install.versions() {
            let known = built.packages.get(&(install.exact.database, install.exact.database.key(name)));
            if matches!(known, Some(Found::Version { now, .. }) if now == written) {
                edits.push(Edit { span: install.script.span(&range), text: String::new() });
            }
        }
    }
    let edits = Edits::new(edits).ok().and_then(|edits| edits.apply(&file.text).ok());
    edits.unwrap_or_else(|| file.text.clone())
}

/// The RUNs to build, by stage: those that install something of which nothing is known, comments of the author aside.
fn steps(
    tree: &Tree,
    installs: &[Install<'_, '_>],
    model: &Model<'_>,
    known: &Packages,
) -> BTreeMap<usize, BTreeSet<usize>> {
    let pass = Pass::named(PASS).expect("there is such a pass");
    let mut steps: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for install in installs {
        let Some(from) = packages::from(&model.stages, install.stage) else { continue };
        let built =
            known.get(&packages::label(&model.stages, install.stage)).filter(|built| built.from == from);
        let is_known = |name: &str| {
            let key = (install.exact.database, install.exact.database.key(name));
            built.is_some_and(|built| built.packages.contains_key(&key))
        };
        let place = tree.instructions[install.instruction].span;
        if install.is_decisive()
            && install.names().any(|name| !is_known(name))
            && kept_by(tree, pass.into(), &[place]).is_none()
        {
            steps.entry(install.stage).or_default().insert(install.instruction);
        }
    }
    steps
}

/// Notes what was found in images. `before` is what the lock file says.
fn note(
    found: &mut Packages,
    before: &Packages,
    model: &Model<'_>,
    installs: &[Install<'_, '_>],
    images: &BTreeMap<usize, Installed>,
) {
    let mut read: BTreeMap<(usize, Database, String), Result<String, String>> = BTreeMap::new();
    for install in installs {
        let Some(image) = images.get(&install.instruction) else { continue };
        for name in install.names() {
            let key = (install.stage, install.exact.database, install.exact.database.key(name));
            let version = version(image, install.exact.database, name);
            let one = match read.remove(&key) {
                Some(Ok(other)) if version.as_ref().is_ok_and(|version| *version != other) => {
                    Err("several steps of its stage install it, each another version".to_owned())
                }
                Some(Err(why)) => Err(why),
                _ => version,
            };
            read.insert(key, one);
        }
    }
    for ((stage, database, name), version) in read {
        let (label, Some(from)) =
            (packages::label(&model.stages, stage), packages::from(&model.stages, stage))
        else {
            continue;
        };
        let key = (database, name);
        let old = match before.get(&label).and_then(|built| built.packages.get(&key)) {
            Some(Found::Version { now, .. }) => Some(now.clone()),
            _ => None,
        };
        let built = found.entry(label).or_default();
        if built.from != from {
            *built = Built { from, packages: BTreeMap::new() };
        }
        built.packages.entry(key).or_insert(match version {
            Ok(now) => Found::Version { now, before: old },
            Err(why) => Found::Left(why),
        });
    }
}

fn version(image: &Installed, database: Database, name: &str) -> Result<String, String> {
    let version = image.version(database, name)?;
    if is_version(version) {
        Ok(version.to_owned())
    } else {
        Err(format!("its version `{version}` cannot be written into a command"))
    }
}

/// A copy of the build context, and what is built of it. Both go away with this value.
struct Workshop<'b, 'a> {
    builds: &'b mut Builds<'a>,
    made: Made<'a>,
    stage: Stage,
    _folder: TempDir,
}

impl<'b, 'a> Workshop<'b, 'a> {
    fn of(builds: &'b mut Builds<'a>, file: &Prepared, text: &str) -> io::Result<Self> {
        let context =
            file.context.as_ref().ok_or_else(|| io::Error::other("it is not known which folder it is"))?;
        let folder = tempfile::Builder::new().prefix("dockopt-").tempdir()?;
        let stage = Stage::of(&folder.path().join("context"), context, file.path.as_deref(), text, None)?;
        let made = Made::new(builds.engine, "dockopt-pin", Images::Removed);
        Ok(Self { builds, made, stage, _folder: folder })
    }

    /// Builds a beginning of the Dockerfile, which ends in the stage that is wanted, and reads what the image has.
    fn read(&mut self, text: &str, cache: Cache) -> Result<Installed, Failure> {
        let tag = self.made.tag("step");
        match self.build(text, &tag, cache) {
            Err(Failure::Failed { message, .. })
                if frontend::of(text).is_some_and(|one| frontend::is_missing(&message, &one)) =>
            {
                self.build(&frontend::without(text), &tag, cache)?;
            }
            other => other?,
        }
        (self.builds.watch)("reading the image");
        let files = self.builds.engine.texts(&tag, &is_database)?;
        Ok(Installed::read(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
    }

    fn build(&mut self, text: &str, tag: &str, cache: Cache) -> Result<(), Failure> {
        let failed = |error| Failure::File { path: "Dockerfile".to_owned(), error };
        self.stage.rewrite_dockerfile(text).map_err(failed)?;
        let Builds { engine, arguments, watch } = &mut *self.builds;
        let build = Build {
            dockerfile: &self.stage.dockerfile,
            context: self.stage.context(),
            tag,
            cache,
            arguments,
        };
        engine.build(&build, &mut |step| watch(step)).map(drop)
    }
}

/// A failure of the engine as the user's problem.
fn problem(failure: &Failure, name: &str, wanted: Wanted) -> Problem {
    let help = match (failure, wanted) {
        (Failure::Interrupted, _) => "nothing was written, and what was made so far is removed",
        (Failure::Failed { .. }, Wanted::New) => {
            "see what the engine says; where a pinned version is gone, run `dockopt pin --packages --update`; arguments for the engine go after `--`"
        }
        _ => "see what the engine says; arguments for it go after `--`",
    };
    Problem::error(failure.to_string(), help).in_file(name)
}
