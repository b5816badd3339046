//! From targets to outcomes: reads each Dockerfile with its configuration and context, and runs the optimizer on all of
//! them in parallel. Must not print or write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dockopt_model::reference::Reference;
use dockopt_model::{Answer, Model, Packages, Pins, images};
use dockopt_syntax::{SyntaxError, Tree};
use dockopt_tools::Toolbox;
use dockopt_transforms::{Class, Options, PASSES};
use rayon::prelude::*;

use crate::config::{self, Config, Configs, Unsafe};
use crate::context::{self, Folders, OnDisk};
use crate::definitions::{Build, Definitions};
use crate::discover::{self, Target};
use crate::findings::{self, Found};
use crate::lock::{self, Lock, Locks};
use crate::optimize::{Outcome, Request, Selection, optimize};
use crate::problem::{Place, Problem};
use crate::source::{self, shown};
use crate::suppress::Subject;
use crate::{cli, git, shared_ignore, shellcheck, write};

/// What holds for all files of a run.
#[derive(Debug)]
pub struct Session {
    wanted: Wanted,
    unsafe_by: UnsafeBy,
    context: Option<PathBuf>,
    configs: Configs,
    folders: Folders,
    definitions: Definitions,
    locks: Locks,
}

/// Who may ask for unsafe rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnsafeBy {
    /// The arguments, and the project's configuration.
    #[default]
    Anybody,
    /// Not the configuration: strangers wrote it.
    Arguments,
}

/// What the arguments ask of the optimizer.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `--select`.
    pub select: Option<Vec<String>>,
    /// `--ignore`.
    pub ignore: Option<Vec<String>>,
    /// `--unsafe`.
    pub include_unsafe: bool,
}

/// A Dockerfile that was read, and all that is needed to work on it.
#[derive(Debug)]
pub struct Prepared {
    /// What the user calls it.
    pub name: String,
    /// Where it is; `None` for stdin.
    pub path: Option<PathBuf>,
    /// Its text.
    pub text: String,
    /// Its tree, without errors.
    pub tree: Tree,
    /// Its configuration.
    pub config: Arc<Config>,
    /// Its context, if that is known.
    pub context: Option<OnDisk>,
    /// What names of images stand for.
    pub pins: Pins,
    /// Which versions packages have.
    pub packages: Packages,
    /// What went less well than it could.
    pub warnings: Vec<Problem>,
    /// Passes that must leave it, since they would harm another file.
    pub without: BTreeSet<&'static str>,
}

/// A Dockerfile with what came of it.
#[derive(Debug)]
pub struct Done {
    /// What was read.
    pub file: Prepared,
    /// What came of it.
    pub outcome: Outcome,
    /// What the rules find in it, where they were asked.
    pub found: Vec<Found>,
}

/// What becomes of the scripts in RUN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// `shellcheck` reads them, if it is there.
    Checked,
    /// Nobody looks at them.
    Unread,
}

/// What came of all files, in path order.
#[derive(Debug, Default)]
pub struct Run {
    /// The files that could be worked on.
    pub done: Vec<Done>,
    /// What went wrong, in the same order.
    pub problems: Vec<Problem>,
}

impl From<&cli::Passes> for Wanted {
    fn from(passes: &cli::Passes) -> Self {
        Self {
            select: passes.select.clone(),
            ignore: passes.ignore.clone(),
            include_unsafe: passes.include_unsafe,
        }
    }
}

impl Done {
    /// Whether the Dockerfile or its ignore file changes.
    pub fn is_changed(&self) -> bool {
        self.outcome.text != self.file.text || self.outcome.ignore.is_some()
    }

    /// The changes of files: the Dockerfile, and its ignore file.
    pub fn changes(&self) -> Vec<write::Change> {
        let mut changes = Vec::new();
        if let Some(path) = self.file.path.clone().filter(|_| self.outcome.text != self.file.text) {
            let (name, old) = (self.file.name.clone(), Some(self.file.text.clone()));
            changes.push(write::Change { path, name, old, new: self.outcome.text.clone() });
        }
        if let (Some(new), Some(context)) = (self.outcome.ignore.clone(), &self.file.context) {
            let old = context.ignore.text.as_deref().map(str::to_owned);
            let path = context.ignore_path.clone();
            changes.push(write::Change { name: shown(&path), path, old, new });
        }
        changes
    }
}

impl Session {
    /// Starts a run.
    pub fn new(wanted: Wanted, context: Option<&Path>) -> Result<Self, Problem> {
        config::check_names(wanted.select.as_deref().unwrap_or_default(), "--select")?;
        config::check_names(wanted.ignore.as_deref().unwrap_or_default(), "--ignore")?;
        let context = context.map(folder_at).transpose()?;
        Ok(Self { wanted, context, ..Self::of(UnsafeBy::Anybody) })
    }

    /// Starts a run over files as their configuration wants them, as far as it may ask for unsafe rewrites.
    pub fn of(unsafe_by: UnsafeBy) -> Self {
        Self {
            wanted: Wanted::default(),
            unsafe_by,
            context: None,
            configs: Configs::default(),
            folders: Folders::default(),
            definitions: Definitions::default(),
            locks: Locks::default(),
        }
    }

    /// Works on all targets; `after_each` hears of every one.
    pub fn run(&self, targets: &[Target], after_each: &(dyn Fn() + Sync)) -> Run {
        let each = |target: &Target| {
            let result =
                self.prepare(target).and_then(|file| file.map(|file| self.optimize(file)).transpose());
            after_each();
            result
        };
        let results: Vec<_> = targets.par_iter().map(each).collect();
        let mut run = Run::default();
        for result in results {
            match result {
                Ok(done) => run.done.extend(done),
                // A configuration that cannot be read is told once.
                Err(problems) => {
                    for problem in problems {
                        if !run.problems.contains(&problem) {
                            run.problems.push(problem);
                        }
                    }
                }
            }
        }
        shared_ignore::settle(self, &mut run.done);
        run
    }

    /// Reads a Dockerfile; `None` if the configuration leaves it out.
    pub fn prepare(&self, target: &Target) -> Result<Option<Prepared>, Vec<Problem>> {
        let name = target.name();
        let path = absolute(&target.path).map_err(|error| vec![source::unreadable(&error, &name)])?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        let config = self.configs.of(folder).map_err(|problem| vec![problem])?;
        if target.found != discover::Found::Named && config.excludes(&path) {
            return Ok(None);
        }
        let text = source::read(&path, &name).map_err(|problem| vec![problem])?;
        let tree = tree(&text, &name)?;
        let root = match &self.context {
            Some(named) => Ok(named.clone()),
            None => context::root_of(&path, &tree, &target.found, &self.definitions),
        };
        let (context, warnings) = match root {
            Ok(root) => self.open(&root, Some(&path)),
            Err(warning) => (None, vec![warning]),
        };
        let lock = self.locks.of(folder).map_err(|problem| vec![problem])?;
        let packages = lock.as_ref().map(|found| found.packages_of(&path)).unwrap_or_default();
        let pins = match lock {
            Some(found) => locked(&tree, config.toolbox(), &found.lock, &self.replaced(target, &path)),
            None => Pins::new(),
        };
        Ok(Some(Prepared {
            name,
            path: Some(path),
            text,
            tree,
            config,
            context,
            pins,
            packages,
            warnings,
            without: BTreeSet::new(),
        }))
    }

    /// The Dockerfile on stdin. Its context is known only if the user names it.
    pub fn prepare_stdin(&self) -> Result<Prepared, Vec<Problem>> {
        let name = "<stdin>".to_owned();
        let text = source::read_stdin().map_err(|problem| vec![problem])?;
        let tree = tree(&text, &name)?;
        let current = absolute(Path::new(".")).map_err(|error| vec![source::unreadable(&error, ".")])?;
        let config = self.configs.of(&current).map_err(|problem| vec![problem])?;
        let (context, warnings) =
            self.context.as_deref().map(|root| self.open(root, None)).unwrap_or_default();
        let (pins, packages) = (Pins::new(), Packages::new());
        Ok(Prepared {
            name,
            path: None,
            text,
            tree,
            config,
            context,
            pins,
            packages,
            warnings,
            without: BTreeSet::new(),
        })
    }

    /// The lock file for Dockerfiles in `folder`, an absolute path.
    pub fn lock(&self, folder: &Path) -> Result<Option<Arc<lock::Found>>, Problem> {
        self.locks.of(folder)
    }

    /// The configuration for files in `folder`, an absolute path.
    pub fn config(&self, folder: &Path) -> Result<Arc<Config>, Problem> {
        self.configs.of(folder)
    }

    /// Names for which Compose or Bake files of the repository put something else into builds of a Dockerfile (an absolute
    /// path), each with who says so.
    pub fn replaced(&self, target: &Target, path: &Path) -> BTreeMap<String, String> {
        let own = path.parent().unwrap_or(Path::new("/"));
        let named = match &target.found {
            discover::Found::Named => None,
            discover::Found::Below(folder) => fs::canonicalize(folder).ok(),
        };
        let root = git::root_of(own).map(Path::to_owned).or(named);
        let builds = self.definitions.of(path, root.as_deref().unwrap_or(own));
        let said = |build: &Build| format!("`{}` in `{}`", build.name, shown(&build.file));
        builds
            .iter()
            .flat_map(|build| build.replaces.iter().map(|name| (name.clone(), said(build))))
            .collect()
    }

    fn open(&self, root: &Path, dockerfile: Option<&Path>) -> (Option<OnDisk>, Vec<Problem>) {
        match context::open(self.folders.at(root), dockerfile) {
            Ok(context) => (Some(context), Vec::new()),
            Err(warning) => (None, vec![warning]),
        }
    }

    /// Runs the optimizer on a file.
    pub fn optimize(&self, file: Prepared) -> Result<Done, Vec<Problem>> {
        let (options, selection) = (options(&file), self.selection(&file));
        match optimize(&request(&file, &options, &selection)) {
            Ok(outcome) => Ok(Done { file, outcome, found: Vec::new() }),
            Err(errors) => Err(syntax_problems(&file.text, &file.name, &errors)),
        }
    }

    /// Runs the rules on a file, and `shellcheck` on its scripts. What kept that from its work is a warning.
    pub fn look(&self, done: &mut Done, scripts: Scripts) -> Option<Problem> {
        let (file, selection) = (&done.file, self.selection(&done.file));
        let options = options(file);
        let request = request(file, &options, &selection);
        done.found = findings::of(&request, &file.config.rules, &file.tree, &done.outcome);
        if scripts == Scripts::Unread {
            return None;
        }
        let model = Model::with_pins(&file.tree, request.toolbox, request.context.as_ref(), &file.pins);
        match shellcheck::look(&model, &selection) {
            Ok(found) => {
                done.found.extend(found);
                None
            }
            Err(failure) => {
                let help = "run it by hand, or leave it out with --no-shellcheck";
                Some(Problem::warning(failure.to_string(), help).in_file(file.name.as_str()))
            }
        }
    }

    fn selection(&self, file: &Prepared) -> Selection {
        let config = &file.config;
        let of_config = match self.unsafe_by {
            UnsafeBy::Anybody => &config.unsafe_passes,
            UnsafeBy::Arguments => &Unsafe::None,
        };
        let mut selection = Selection {
            only: self.wanted.select.clone().or_else(|| config.select.clone()),
            without: self.wanted.ignore.clone().unwrap_or_else(|| config.ignore.clone()),
            include_unsafe: self.wanted.include_unsafe || *of_config != Unsafe::None,
        };
        if let (Unsafe::Passes(allowed), false) = (of_config, self.wanted.include_unsafe) {
            // The other passes that could change an image do not run, for the optimizer allows all or none.
            let others = PASSES.iter().filter(|&pass| {
                let is_allowed = Subject::from(pass).is_among(allowed.iter().map(String::as_str));
                pass.class != Class::Safe && !is_allowed
            });
            selection.without.extend(others.map(|pass| pass.name.to_owned()));
        }
        selection.without.extend(file.without.iter().map(|&name| name.to_owned()));
        selection
    }
}

fn options(file: &Prepared) -> Options {
    Options { pins: file.pins.clone(), packages: file.packages.clone(), ..file.config.options.clone() }
}

fn request<'a>(file: &'a Prepared, options: &'a Options, selection: &'a Selection) -> Request<'a> {
    Request {
        text: &file.text,
        toolbox: file.config.toolbox(),
        context: file.context.as_ref().map(OnDisk::context),
        options,
        selection,
    }
}

/// What a lock file says of the names of a file. A name that is replaced in a build is left to it.
pub fn locked(tree: &Tree, toolbox: &Toolbox, lock: &Lock, replaced: &BTreeMap<String, String>) -> Pins {
    let model = Model::new(tree, toolbox, None);
    let names = images::used(&model).into_iter().filter_map(|used| used.reference.ok());
    let answer = |name: Reference| {
        let answer = match replacement(&name, replaced) {
            Some(why) => Answer::Left(why),
            None => Answer::Pin(lock.images.get(&name.by_tag()?)?.pin.clone()),
        };
        Some((name, answer))
    };
    names.filter(|name| name.digest.is_none()).filter_map(answer).collect()
}

/// Why a name is left to the build that replaces it, whatever the tag.
pub fn replacement(name: &Reference, replaced: &BTreeMap<String, String>) -> Option<String> {
    let (_, said) = replaced
        .iter()
        .find(|(other, _)| Reference::parse(other).is_ok_and(|other| other.name() == name.name()))?;
    Some(format!("{said} builds it with something else under this name"))
}

/// An absolute path without symbolic links, except for the file itself.
fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            Ok(fs::canonicalize(folder)?.join(name))
        }
        _ => fs::canonicalize(path),
    }
}

fn folder_at(folder: &Path) -> Result<PathBuf, Problem> {
    let name = folder.display().to_string();
    let path = fs::canonicalize(folder).map_err(|error| source::unreadable(&error, &name))?;
    if !path.is_dir() {
        return Err(Problem::error(
            "--context takes a folder, and this is a file",
            "name the folder that the build sends",
        )
        .in_file(name));
    }
    Ok(path)
}

fn tree(text: &str, name: &str) -> Result<Tree, Vec<Problem>> {
    let parse = dockopt_syntax::parse(text);
    if parse.errors.is_empty() { Ok(parse.tree) } else { Err(syntax_problems(text, name, &parse.errors)) }
}

/// More errors of one file than this help nobody.
const MOST_ERRORS: usize = 5;

fn syntax_problems(text: &str, name: &str, errors: &[SyntaxError]) -> Vec<Problem> {
    let problem = |error: &SyntaxError| {
        Problem::error(error.message.as_str(), error.help.as_str())
            .in_file(name)
            .at(Place::of(text, error.span))
    };
    let mut problems: Vec<Problem> = errors.iter().take(MOST_ERRORS).map(problem).collect();
    if errors.len() > MOST_ERRORS {
        let message = format!("there are {} more errors in this file", errors.len() - MOST_ERRORS);
        problems.push(Problem::error(message, "check that it is a Dockerfile").in_file(name));
    }
    problems
}
