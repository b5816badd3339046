//! Proof by building: builds a Dockerfile and its rewritten form with the user's engine, compares the images, and measures
//! both. It works on copies; must not write to the user's files, and must not print.

pub mod smoke;
pub mod touch;
mod triggers;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dockopt_model::Model;
use dockopt_transforms::{Class, Pass};
use tempfile::TempDir;

use crate::context::OnDisk;
use crate::engine::{Build, Built, Cache, Engine, FileSystem, Images, Made};
use crate::frontend;
use crate::history;
use crate::image::config::FieldDifference;
use crate::image::expected::{self, Classed, Expectations};
use crate::image::layout::Layer;
use crate::image::{self, Comparison, ImageConfig};
use crate::optimize::Note;
use crate::problem::Problem;
use crate::process::{self, Failure};
use crate::staging::Stage;
use crate::work::Done;

use self::smoke::Smoke;

/// How a Dockerfile is verified.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is edited for the rebuilds.
    pub edits: Edits,
    /// A command line that must do the same in both images.
    pub run: Option<String>,
    /// Further arguments of the build.
    pub arguments: Vec<OsString>,
    /// The platform to build for; the engine's own where there is none.
    pub platform: Option<String>,
    /// Whether the images stay.
    pub images: Images,
}

/// Which files are edited, one rebuild each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edits {
    /// One source file and one manifest, those that change most often.
    #[default]
    Chosen,
    /// These, by path in the build context.
    Named(Vec<String>),
    /// None: the images alone are compared.
    Nothing,
}

/// What came of verifying one Dockerfile.
#[derive(Debug)]
pub struct Verdict {
    /// What the user calls the file.
    pub file: String,
    /// Where it is.
    pub path: Option<PathBuf>,
    /// The engine and its version.
    pub engine: String,
    /// The platform, if one was asked for.
    pub platform: Option<String>,
    /// The rewrites that were verified.
    pub rewrites: Vec<Note>,
    /// How the two images differ.
    pub images: ImagesCompared,
    /// The original, measured.
    pub before: Figures,
    /// The rewritten form, measured.
    pub after: Figures,
    /// Rebuilds after an edit, each with the path that was edited.
    pub rebuilds: Vec<Rebuild>,
    /// What the images did when they ran, if they were run.
    pub smoke: Option<Smoke>,
    /// What a reader should know about how it was done.
    pub remarks: Vec<String>,
}

/// How two images differ.
#[derive(Debug)]
pub struct ImagesCompared {
    /// Paths in either image.
    pub paths: u64,
    /// Paths in which nothing differs but the time of the last change.
    pub identical: u64,
    /// The differences of the file systems, sorted into classes.
    pub files: Classed,
    /// The differences of the configurations.
    pub config: Vec<FieldDifference>,
    /// Passes that change the content on purpose; differences are theirs.
    pub on_purpose: Vec<&'static str>,
}

impl ImagesCompared {
    /// Whether nothing differs that nobody meant to.
    pub fn are_same(&self) -> bool {
        !self.on_purpose.is_empty() || (self.files.unexpected.is_empty() && self.config.is_empty())
    }
}

/// A built image, measured.
#[derive(Debug)]
pub struct Figures {
    /// The size of all layers, unpacked, in bytes.
    pub size: u64,
    /// The layers that hold something, the lowest first.
    pub layers: Vec<Layer>,
    /// The build in which every step ran.
    pub cold: Built,
}

/// The builds after one edit.
#[derive(Debug)]
pub struct Rebuild {
    /// The file that was edited, by path in the build context.
    pub path: String,
    /// The rebuild of the original.
    pub before: Built,
    /// The rebuild of the rewritten form.
    pub after: Built,
}

impl Verdict {
    /// Whether the rewritten form is as good as the original.
    pub fn holds(&self) -> bool {
        self.images.are_same() && self.smoke.as_ref().is_none_or(Smoke::is_same)
    }
}

/// Verifies the rewrites of a Dockerfile. `watch` hears what is being done.
pub fn verify(
    engine: &Engine,
    done: &Done,
    plan: &Plan,
    watch: &mut dyn FnMut(&str),
) -> Result<Verdict, Problem> {
    let name = &done.file.name;
    let context = done.file.context.as_ref().ok_or_else(|| {
        Problem::error(
            "the build context of this Dockerfile cannot be read",
            "mend its ignore file, or name the folder with --context",
        )
        .in_file(name)
    })?;
    let pair = Pair::stage(done, context).map_err(|error| {
        Problem::error(
            format!("the build context could not be copied: {error}"),
            "make room for it where temporary files go",
        )
        .in_file(name)
    })?;
    let touch = match &plan.edits {
        Edits::Chosen => chosen(done, context),
        Edits::Named(paths) => paths.clone(),
        Edits::Nothing => Vec::new(),
    };
    let mut work = Work {
        engine,
        plan,
        pair,
        made: Made::new(engine, "dockopt-verify", plan.images),
        remarks: Vec::new(),
        watch,
    };
    let figures = work.run(done, &touch).map_err(|failure| problem(&failure, name))?;
    Ok(figures)
}

/// A failure of the engine as the user's problem.
pub fn problem(failure: &Failure, name: &str) -> Problem {
    let help = match failure {
        Failure::Interrupted => "what was made so far is removed",
        Failure::Missing(_) => "install it, or choose another engine with --engine",
        _ => "see what the engine says; arguments for it go after `--`",
    };
    Problem::error(failure.to_string(), help).in_file(name)
}

/// The files to edit, by the history of the context.
fn chosen(done: &Done, context: &OnDisk) -> Vec<String> {
    // Without a history each file counts as much as any other.
    let changes = history::changes(context.folder.root()).unwrap_or_default();
    let view = context.context();
    let model = Model::new(&done.file.tree, done.file.config.toolbox(), Some(&view));
    touch::choose(&model, &changes).paths()
}

/// The two forms, each with a build context of its own.
struct Pair {
    before: Stage,
    after: Stage,
    /// The Dockerfiles as they are built.
    texts: [String; 2],
    /// What both forms have in place of the user's ignore file.
    ignore: Option<String>,
    _folder: TempDir,
}

impl Pair {
    /// Lines that a rewrite adds to the ignore file hold for the original too: what they say is that these files are not meant to be
    /// in the image, and a comparison with an image that has them would tell nothing else.
    fn stage(done: &Done, context: &OnDisk) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dockopt-").tempdir()?;
        let ignore = done.outcome.ignore.clone();
        let stage = |name: &str, text: &str| {
            let place = folder.path().join(name);
            Stage::of(&place, context, done.file.path.as_deref(), text, ignore.as_deref())
        };
        let (before, after) = (stage("before", &done.file.text)?, stage("after", &done.outcome.text)?);
        let texts = [done.file.text.clone(), done.outcome.text.clone()];
        Ok(Self { before, after, texts, ignore, _folder: folder })
    }

    fn stage_of(&self, form: Form) -> &Stage {
        match form {
            Form::Before => &self.before,
            Form::After => &self.after,
        }
    }

    /// The frontend that is asked for; a rewrite leaves it as it is.
    fn frontend(&self) -> Option<String> {
        frontend::of(&self.texts[0])
    }

    fn drop_frontend(&mut self) -> std::io::Result<()> {
        self.texts = self.texts.each_ref().map(|text| frontend::without(text));
        self.before.rewrite_dockerfile(&self.texts[0])?;
        self.after.rewrite_dockerfile(&self.texts[1])
    }
}

struct Work<'a> {
    engine: &'a Engine,
    plan: &'a Plan,
    pair: Pair,
    made: Made<'a>,
    remarks: Vec<String>,
    watch: &'a mut dyn FnMut(&str),
}

/// Which of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Before,
    After,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

impl Work<'_> {
    fn run(&mut self, done: &Done, touch: &[String]) -> Result<Verdict, Failure> {
        let (before, cold_before) = self.build(Form::Before, "cold", Cache::Fresh)?;
        let (after, cold_after) = self.build(Form::After, "cold", Cache::Fresh)?;
        let images = self.compare(done, &before, &after)?;
        let rebuilds = touch.iter().map(|path| self.rebuild(path)).collect::<Result<Vec<_>, _>>()?;
        let smoke = smoke::test(self.engine, [&before, &after], self.plan.run.as_deref(), &mut *self.watch)?;
        if self.pair.ignore.is_some() {
            self.remarks.push("the original was built with the new lines of the ignore file too".to_owned());
        }
        self.remarks.extend(self.engine.remark().map(str::to_owned));
        if self.plan.images == Images::Kept {
            self.remarks.push(format!("kept the images {before} and {after}"));
        }
        Ok(Verdict {
            file: done.file.name.clone(),
            path: done.file.path.clone(),
            engine: self.engine.title(),
            platform: self.plan.platform.clone(),
            rewrites: done.outcome.applied.clone(),
            images,
            before: self.figures(&before, cold_before)?,
            after: self.figures(&after, cold_after)?,
            rebuilds,
            smoke,
            remarks: std::mem::take(&mut self.remarks),
        })
    }

    fn figures(&self, image: &str, cold: Built) -> Result<Figures, Failure> {
        let layers: Vec<Layer> =
            self.engine.layers(image)?.into_iter().filter(|layer| layer.size > 0).collect();
        Ok(Figures { size: layers.iter().map(|layer| layer.size).sum(), layers, cold })
    }

    /// Builds one form: the image's name, and what the build did. Where the frontend cannot be had, both forms do without.
    fn build(&mut self, form: Form, purpose: &str, cache: Cache) -> Result<(String, Built), Failure> {
        let tag = self.made.tag(form.name());
        let built = match self.try_build(form, &tag, purpose, cache) {
            Err(Failure::Failed { command, message }) => {
                match self.pair.frontend() {
                    Some(frontend) if frontend::is_missing(&message, &frontend) => {
                        self.pair
                            .drop_frontend()
                            .map_err(|error| Failure::File { path: "Dockerfile".to_owned(), error })?;
                        self.remarks.push(format!("`{frontend}` could not be fetched, so both were built with the engine's own frontend"));
                        self.try_build(form, &tag, purpose, cache)
                    }
                    _ => Err(Failure::Failed { command, message }),
                }
            }
            other => other,
        };
        built.map(|built| (tag, built))
    }

    fn try_build(&mut self, form: Form, tag: &str, purpose: &str, cache: Cache) -> Result<Built, Failure> {
        let stage = self.pair.stage_of(form);
        let platform = self.plan.platform.iter().flat_map(|platform| ["--platform".into(), platform.into()]);
        let build = Build {
            dockerfile: &stage.dockerfile,
            context: stage.context(),
            tag,
            cache,
            arguments: &platform.chain(self.plan.arguments.iter().cloned()).collect::<Vec<_>>(),
        };
        let watch = &mut *self.watch;
        let what = format!("{}, {purpose} build", form.name());
        watch(&what);
        self.engine.build(&build, &mut |step| watch(&format!("{what}: {step}")))
    }

    fn compare(&mut self, done: &Done, before: &str, after: &str) -> Result<ImagesCompared, Failure> {
        (self.watch)("comparing the images");
        let comparison = compared(self.engine, before, after)?;
        let original = self.engine.config(before)?;
        let rewritten = self.engine.config(after)?;
        let mut config = original.differences(&rewritten);
        if triggers::are_of(&self.pair.texts, &original.on_build, &rewritten.on_build) {
            config.retain(|difference| difference.field != "OnBuild");
        }
        let (paths, identical) = (comparison.paths, comparison.identical);
        let expectations = self.expectations(done, &original);
        let mut files = expected::classify(comparison.differences, &expectations);
        let on_purpose: Vec<&'static str> = done
            .outcome
            .applied
            .iter()
            .filter(|note| note.class != Some(Class::Safe))
            .map(|note| note.pass)
            .collect();
        if !files.unexpected.is_empty() && on_purpose.is_empty() {
            files = self.without_chance(before, files, expectations)?;
        }
        Ok(ImagesCompared { paths, identical, files, config, on_purpose })
    }

    /// Some builds never come out the same twice. The original is built once more; where its two images differ from each other, a
    /// difference tells nothing about the rewrite.
    fn without_chance(
        &mut self,
        before: &str,
        files: Classed,
        expectations: Expectations,
    ) -> Result<Classed, Failure> {
        let (again, _) = self.build(Form::Before, "second", Cache::Fresh)?;
        let control = compared(self.engine, before, &again)?;
        let paths: Vec<String> = control.differences.into_iter().map(|difference| difference.path).collect();
        if paths.is_empty() {
            return Ok(files);
        }
        self.remarks.push(
            "the original was built twice, to see which files differ from one build to the next".to_owned(),
        );
        let Classed { expected, unexpected } = files;
        let all = expected.into_values().flatten().chain(unexpected).collect();
        Ok(expected::classify(all, &expectations.varying(paths)))
    }

    fn expectations(&self, done: &Done, original: &ImageConfig) -> Expectations {
        let passes = done.outcome.applied.iter().filter_map(|note| Pass::named(note.pass));
        let home = original.env.get("HOME").map(String::as_str);
        let mut expectations = Expectations::new(done.file.config.toolbox(), passes, home);
        if let Some(name) = self.pair.before.dockerfile.file_name().and_then(|name| name.to_str()) {
            let [before, after] = &self.pair.texts;
            expectations = expectations.rewritten(name, Some(before), Some(after));
        }
        expectations
    }

    /// Edits a file in both forms in the same way, builds both from the cache, and takes the edit back.
    fn rebuild(&mut self, path: &str) -> Result<Rebuild, Failure> {
        // Bytes that no earlier build saw, or all would come from the cache.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let addition =
            touch::addition(now.subsec_nanos() ^ u32::try_from(now.as_secs() & 0xffff_ffff).unwrap_or(0));
        for stage in [&mut self.pair.before, &mut self.pair.after] {
            stage.touch(path, &addition).map_err(|error| Failure::File { path: path.to_owned(), error })?;
        }
        let purpose = format!("edit of {path}");
        let (_, before) = self.build(Form::Before, &purpose, Cache::Use)?;
        let (_, after) = self.build(Form::After, &purpose, Cache::Use)?;
        for stage in [&mut self.pair.before, &mut self.pair.after] {
            stage.restore().map_err(|error| Failure::File { path: path.to_owned(), error })?;
        }
        Ok(Rebuild { path: path.to_owned(), before, after })
    }
}

/// Compares the file systems of two images of an engine.
fn compared(engine: &Engine, before: &str, after: &str) -> Result<Comparison, Failure> {
    compare(engine.file_system(before)?, engine.file_system(after)?)
}

/// Compares two file systems.
pub fn compare(before: FileSystem, after: FileSystem) -> Result<Comparison, Failure> {
    let compared = image::compare(before, after).map_err(|error| Failure::Unreadable(error.to_string()));
    if process::is_interrupted() { Err(Failure::Interrupted) } else { compared }
}

/// How long each instruction took, of builds in which every step ran: the text that the engine prints, and seconds.
pub fn timings(verdict: &Verdict) -> BTreeMap<&str, Duration> {
    let steps = [&verdict.before, &verdict.after].into_iter().flat_map(|figures| figures.cold.own_steps());
    steps.map(|step| (step.instruction.as_str(), step.took)).collect()
}
