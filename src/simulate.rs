//! Replays the history of a build context through the build cache: which steps of a Dockerfile would have run at which
//! commit, and which files made them. Builds nothing; must not print.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use dockopt_model::cache::{Builder, Contents, File, Key, Plan, Ran, StepKind, Storage, Store};
use dockopt_model::{Ignore, Model};
use dockopt_syntax::{LineIndex, Tree};
use dockopt_tools::Toolbox;

use crate::history::{self, Blob, Change, Commits};
use crate::process::Failure;
use crate::report::timings::Timings;
use crate::work::Done;

/// A Dockerfile to replay.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Its text.
    pub text: &'a str,
    /// Lines that its rewrites add to the ignore file.
    pub ignore: &'a [String],
}

/// What is assumed of the builder.
#[derive(Debug, Clone, Default)]
pub struct Assumptions {
    /// Whose rules hold.
    pub builder: Builder,
    /// What it keeps.
    pub storage: Storage,
    /// The values of `--build-arg`.
    pub arguments: BTreeMap<String, String>,
}

/// A build context in a repository.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The paths at which its ignore file may be, relative to it; the first that is there counts.
    pub ignore_files: &'a [String],
}

/// A Dockerfile as it went through the history.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// For each commit that was built, whether each step ran; in the order of [`History::built`].
    pub ran: Vec<Vec<Ran>>,
}

/// A step, and how often it ran.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its line, from 1.
    pub line: usize,
    /// The instruction in one line.
    pub text: String,
    /// What sort of work it is.
    pub kind: StepKind,
    /// How long it takes.
    pub cost: Cost,
    /// The builds in which it certainly ran.
    pub runs: usize,
    /// The builds in which it ran or may have run.
    pub most_runs: usize,
    /// The files that made it run, with how often each did; the most frequent first.
    pub causes: Vec<(String, usize)>,
    /// Whether it may bring something else although nothing changed.
    pub is_volatile: bool,
    /// Build arguments that it sees and that have no value here.
    pub open_arguments: Vec<String>,
}

/// How long a step takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cost {
    /// As `verify` measured it.
    Measured(Duration),
    /// As steps of its sort do.
    Assumed(Duration),
}

impl Cost {
    /// The time.
    pub fn duration(self) -> Duration {
        match self {
            Self::Measured(time) | Self::Assumed(time) => time,
        }
    }
}

impl Replay {
    /// How many steps ran in all builds together: certainly, and at the most.
    pub fn runs(&self) -> (usize, usize) {
        (self.steps.iter().map(|step| step.runs).sum(), self.steps.iter().map(|step| step.most_runs).sum())
    }

    /// The time of all builds together, at the most.
    pub fn time(&self) -> Duration {
        self.steps
            .iter()
            .map(|step| step.cost.duration() * u32::try_from(step.most_runs).unwrap_or(u32::MAX))
            .sum()
    }
}

/// The history that was replayed.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The commits that were built, the oldest first: name, time and subject.
    pub built: Vec<(String, i64, String)>,
    /// Commits in which a file that the Dockerfile copies is not there, so that nothing could be built.
    pub without_sources: usize,
    /// One of those files.
    pub missing: Option<String>,
    /// What a reader should know.
    pub remarks: Vec<String>,
}

/// A context at one commit, for one form.
struct Moving<'p> {
    plan: &'p Plan,
    extra: &'p [String],
    ignore: Ignore,
    contents: Contents<'p>,
    store: Store,
    replay: Replay,
    causes: Vec<HashMap<String, usize>>,
}

/// Replays every form over the commits. The state before the first commit was built and is not counted.
pub fn replay(
    place: Place<'_>,
    commits: &Commits,
    forms: &[Form<'_>],
    toolbox: &Toolbox,
    assumptions: &Assumptions,
    cost: &dyn Fn(&str, StepKind) -> Cost,
) -> Result<(History, Vec<Replay>), Failure> {
    let parses: Vec<_> = forms.iter().map(|form| dockopt_syntax::parse(form.text)).collect();
    let plans: Vec<Plan> = parses
        .iter()
        .map(|parse| {
            let model = Model::new(&parse.tree, toolbox, None);
            Plan::of(&model, assumptions.builder, &assumptions.arguments)
        })
        .collect();
    let mut walk =
        Walk { place, files: commits.start.clone(), ignores: HashMap::new(), history: History::default() };
    let mut moving: Vec<Moving<'_>> = plans
        .iter()
        .zip(forms.iter().zip(&parses))
        .map(|(plan, (form, parse))| Moving {
            plan,
            extra: form.ignore,
            ignore: Ignore::none(),
            contents: Contents::new(&plan.selectors),
            store: Store::new(assumptions.storage),
            replay: Replay { steps: steps(plan, &parse.tree, cost), ran: Vec::new() },
            causes: vec![HashMap::new(); plan.steps.len()],
        })
        .collect();
    walk.fill(&mut moving)?;
    let mut is_warm = moving.iter().all(|one| one.contents.missing().is_none());
    if is_warm {
        for one in &mut moving {
            one.store.build(one.plan, &one.contents);
        }
    }
    for commit in &commits.commits {
        walk.step(&commit.changes, &mut moving)?;
        if let Some(missing) = moving.iter().find_map(|one| one.contents.missing()) {
            walk.history.without_sources += 1;
            walk.history.missing = Some(missing.source().to_owned());
            continue;
        }
        for one in &mut moving {
            one.build(&commit.changes, is_warm);
        }
        if is_warm {
            walk.history.built.push((commit.id.clone(), commit.time, commit.subject.clone()));
        }
        is_warm = true;
    }
    walk.remark(commits);
    let replays = moving.into_iter().map(Moving::finish).collect();
    Ok((walk.history, replays))
}

/// The context as it goes from commit to commit.
struct Walk<'a> {
    place: Place<'a>,
    files: BTreeMap<String, Blob>,
    /// Texts of ignore files by their blob.
    ignores: HashMap<String, String>,
    history: History,
}

impl Walk<'_> {
    /// Applies the changes of a commit.
    fn step(&mut self, changes: &[Change], moving: &mut [Moving<'_>]) -> Result<(), Failure> {
        for change in changes {
            match &change.new {
                Some(new) => self.files.insert(change.path.clone(), new.clone()),
                None => self.files.remove(&change.path),
            };
        }
        if changes.iter().any(|change| self.place.ignore_files.contains(&change.path)) {
            return self.fill(moving);
        }
        for one in moving {
            for change in changes.iter().filter(|change| !one.ignore.excludes(&change.path)) {
                if let Some(old) = &change.old {
                    one.contents.remove(&change.path, file(old));
                }
                if let Some(new) = &change.new {
                    one.contents.add(&change.path, file(new));
                }
            }
        }
        Ok(())
    }

    /// Reads the whole context anew, by the ignore file that is there now.
    fn fill(&mut self, moving: &mut [Moving<'_>]) -> Result<(), Failure> {
        let blob = self.place.ignore_files.iter().find_map(|path| self.files.get(path)).cloned();
        let text = match blob {
            Some(blob) => match self.ignores.get(&blob.id) {
                Some(text) => text.clone(),
                None => {
                    let text = history::text(self.place.folder, &blob.id)?.unwrap_or_default();
                    self.ignores.insert(blob.id, text.clone());
                    text
                }
            },
            None => String::new(),
        };
        for one in moving {
            let lines = one.extra.iter().map(String::as_str);
            let text = std::iter::once(text.as_str()).chain(lines).collect::<Vec<_>>().join("\n");
            // A file that no build accepts leaves nothing out, as good as any other guess; such a commit is rare.
            one.ignore = Ignore::parse(&text).unwrap_or_default();
            one.contents = Contents::new(&one.plan.selectors);
            for (path, blob) in &self.files {
                if !one.ignore.excludes(path) {
                    one.contents.add(path, file(blob));
                }
            }
        }
        Ok(())
    }

    fn remark(&mut self, commits: &Commits) {
        let mut remarks = Vec::new();
        if commits.is_shallow {
            remarks.push(
                "the clone is shallow; `git fetch --unshallow` brings the rest of the history".to_owned(),
            );
        }
        if commits.uncommitted > 0 {
            remarks.push(format!(
                "changes that are not committed are left out ({})",
                paths(commits.uncommitted)
            ));
        }
        let modules = self.files.values().filter(|blob| blob.mode == 0o160_000).count();
        if modules > 0 {
            remarks
                .push("a submodule counts as changed when the commit that it points to changes".to_owned());
        }
        if self.has_large_files() {
            remarks.push("files in Git LFS count by their pointers, which change when they do".to_owned());
        }
        if let (count @ 1.., Some(missing)) = (self.history.without_sources, &self.history.missing) {
            remarks.push(format!(
                "commits that could not be built are left out ({count}): `{missing}`, which is copied, is not in them"
            ));
        }
        self.history.remarks = remarks;
    }

    fn has_large_files(&self) -> bool {
        let attributes = self.files.get(".gitattributes");
        let text = attributes.and_then(|blob| history::text(self.place.folder, &blob.id).ok()).flatten();
        text.is_some_and(|text| text.contains("filter=lfs"))
    }
}

fn paths(count: usize) -> String {
    if count == 1 { "1 path".to_owned() } else { format!("{count} paths") }
}

fn file(blob: &Blob) -> File {
    // A name of a blob is a number in hexadecimal; 128 bits of it are enough to tell it from all others.
    let content =
        blob.id.get(..32).and_then(|digits| Key::from_str_radix(digits, 16).ok()).unwrap_or_default();
    File { mode: blob.mode, content }
}

impl Moving<'_> {
    fn build(&mut self, changes: &[Change], counts: bool) {
        let ran = self.store.build(self.plan, &self.contents);
        if !counts {
            return;
        }
        let cause = self.causes_of(&ran, changes);
        for (at, ran) in ran.iter().enumerate() {
            let step = &mut self.replay.steps[at];
            step.runs += usize::from(*ran == Ran::Yes);
            step.most_runs += usize::from(*ran != Ran::No);
            for path in &cause[at] {
                *self.causes[at].entry((*path).to_owned()).or_default() += 1;
            }
        }
        self.replay.ran.push(ran);
    }

    /// The changed files for which each step ran: those that the first step of its chain took which ran.
    fn causes_of<'c>(&self, ran: &[Ran], changes: &'c [Change]) -> Vec<BTreeSet<&'c str>> {
        let mut causes: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); ran.len()];
        for at in (0..ran.len()).filter(|at| ran[*at] != Ran::No) {
            let above = self.plan.before(at).filter(|before| !causes[*before].is_empty());
            let others: Vec<usize> =
                self.plan.sources(at).filter(|source| !causes[*source].is_empty()).collect();
            causes[at] = match (above, others.is_empty()) {
                (Some(before), _) => causes[before].clone(),
                (None, false) => others.iter().flat_map(|source| causes[*source].iter().copied()).collect(),
                (None, true) => changes
                    .iter()
                    .map(|change| change.path.as_str())
                    .filter(|path| !self.ignore.excludes(path) && self.plan.takes(at, path))
                    .collect(),
            };
        }
        causes
    }

    fn finish(mut self) -> Replay {
        for (step, causes) in self.replay.steps.iter_mut().zip(self.causes) {
            let mut causes: Vec<(String, usize)> = causes.into_iter().collect();
            causes.sort_by(|(a, often), (b, more)| more.cmp(often).then_with(|| a.cmp(b)));
            step.causes = causes;
        }
        self.replay
    }
}

fn steps(plan: &Plan, tree: &Tree, cost: &dyn Fn(&str, StepKind) -> Cost) -> Vec<Step> {
    let index = LineIndex::new(&tree.text);
    plan.steps
        .iter()
        .map(|step| {
            let instruction = &tree.instructions[step.instruction];
            let words: Vec<&str> = instruction.logical.text().split_whitespace().collect();
            let text = words.join(" ");
            Step {
                line: index.line(instruction.keyword_span.start),
                cost: cost(&text, step.kind),
                text,
                kind: step.kind,
                runs: 0,
                most_runs: 0,
                causes: Vec::new(),
                is_volatile: step.is_volatile,
                open_arguments: step.open_arguments.clone(),
            }
        })
        .collect()
}

/// The cost of a step of a Dockerfile: what was measured, else what steps of its sort take in general. These are rough: they weigh steps
/// against each other where nothing was measured.
pub fn cost(timings: Option<&Timings>, file: &str, text: &str, kind: StepKind) -> Cost {
    if let Some(time) = timings.and_then(|timings| timings.of(file, text)) {
        return Cost::Measured(time);
    }
    Cost::Assumed(Duration::from_millis(match kind {
        StepKind::SystemPackages => 20_000,
        StepKind::Dependencies | StepKind::Build => 30_000,
        StepKind::Run => 5_000,
        StepKind::Copy => 500,
        StepKind::Folder => 0,
    }))
}

/// Where the ignore file of a Dockerfile may be, relative to its build context: its own one comes first.
pub fn ignore_files(done: &Done) -> Vec<String> {
    let own = done.file.path.as_deref().zip(done.file.context.as_ref()).and_then(|(path, context)| {
        let path = path.strip_prefix(context.folder.root()).ok()?;
        Some(format!("{}.dockerignore", path.to_str()?))
    });
    own.into_iter().chain([".dockerignore".to_owned()]).collect()
}

/// The lines that the rewrites add to the ignore file.
pub fn added_lines(done: &Done) -> Vec<String> {
    let old =
        done.file.context.as_ref().and_then(|context| context.ignore.text.as_deref()).unwrap_or_default();
    let new = done.outcome.ignore.as_deref().unwrap_or_default();
    new.lines().filter(|line| !old.lines().any(|known| known == *line)).map(str::to_owned).collect()
}
