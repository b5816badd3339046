//! One repository: fetches its files, works on them, and brings the forge to what came of it. Must not run anything that the
//! repository names.

use super::converge::{self, Ending, Next, Situation, Step};
use super::plan::{Plan, Wishes};
use crate::discover::discover;
use crate::effect;
use crate::forge::{Failure, Forge, Kind, Name, Repository};
use crate::problem::{Problem, Severity};
use crate::snapshot::Snapshot;
use crate::work::{Done, Run, Session};

/// What came of a repository.
#[derive(Debug)]
pub struct Report {
    /// Its name.
    pub name: Name,
    /// The branch of the bot.
    pub branch: String,
    /// What should be there; none if nothing changes.
    pub plan: Option<Plan>,
    /// What was done, or in a rehearsal would be.
    pub steps: Vec<Step>,
    /// The requests of these steps.
    pub requests: Vec<String>,
    /// Where it ended.
    pub ending: Ending,
    /// What went wrong with single files.
    pub problems: Vec<Problem>,
}

/// Whether anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Earnest,
    /// It is only said what would be.
    Rehearsal,
}

/// Why nothing came of a repository.
#[derive(Debug)]
pub struct Stop {
    /// What happened.
    pub problem: Problem,
    /// Whether it would happen to every other repository, too: no more requests are allowed.
    pub is_for_all: bool,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self { problem, is_for_all: false }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self { is_for_all: failure.kind == Kind::TooMany, problem: failure.into() }
    }
}

/// Works on a repository.
pub fn run(forge: &dyn Forge, name: &Name, wishes: &Wishes, mode: Mode) -> Result<Report, Stop> {
    let repository = forge.repository(name)?;
    let mut report = Report {
        name: repository.name.clone(),
        branch: wishes.branch.clone(),
        plan: None,
        steps: Vec::new(),
        requests: Vec::new(),
        ending: Ending::Nothing,
        problems: Vec::new(),
    };
    let base = wishes.base.as_deref().unwrap_or(&repository.default_branch);
    if base == wishes.branch {
        return Err(Problem::error(
            format!("`{base}` is the branch that pull requests go to, and cannot be the bot's own"),
            "name another one with --branch",
        )
        .into());
    }
    if repository.is_archived {
        let help = "leave it out; nobody can write to it";
        report.problems.push(Problem::warning("it is archived, so nothing was done", help));
        return Ok(report);
    }
    let Some(tip) = forge.tip(&repository, base)? else {
        let help = "push a first commit, or name another branch with --base";
        report.problems.push(Problem::warning(format!("it has no branch `{base}` yet"), help));
        return Ok(report);
    };
    let snapshot = Snapshot::fetch(&forge.remote(&repository.name)?, &tip.id, wishes.history)?;
    let (done, problems) = work(&snapshot, wishes);
    report.problems = problems;
    report.plan = Plan::of(&repository, &tip, &snapshot, &done, wishes)?;
    drop(snapshot);
    if report.plan.is_none() && report.problems.iter().any(|problem| problem.severity == Severity::Error) {
        // Not knowing what is to be changed is no reason to close what is proposed.
        return Ok(report);
    }
    let (ending, steps) = bring(forge, &repository, &report, mode)?;
    report.requests = steps.iter().flat_map(|step| forge.requests(&repository, step.act())).collect();
    (report.ending, report.steps) = (ending, steps);
    Ok(report)
}

fn bring(
    forge: &dyn Forge,
    repository: &Repository,
    report: &Report,
    mode: Mode,
) -> Result<(Ending, Vec<Step>), Failure> {
    let plan = report.plan.as_ref();
    let mut steps = Vec::new();
    if mode == Mode::Earnest {
        let mut note = |step: &Step| steps.push(step.clone());
        let ending = converge::converge(forge, repository, &report.branch, plan, &mut note)?;
        return Ok((ending, steps));
    }
    let mut situation = Situation::read(forge, repository, &report.branch)?;
    loop {
        match situation.next(plan) {
            Next::Do(step) => {
                situation = situation.after(&step);
                steps.push(step);
            }
            Next::End(Ending::Proposed { number: Some(0), url }) => {
                return Ok((Ending::Proposed { number: None, url }, steps));
            }
            Next::End(ending) => return Ok((ending, steps)),
        }
    }
}

/// What comes of the Dockerfiles of a commit, with their names as the repository has them.
fn work(snapshot: &Snapshot, wishes: &Wishes) -> (Vec<Done>, Vec<Problem>) {
    let is_any = snapshot
        .entries
        .keys()
        .any(|path| crate::discover::is_dockerfile(path.rsplit('/').next().unwrap_or(path)));
    if !is_any {
        return (Vec::new(), Vec::new());
    }
    let session = Session::of(wishes.unsafe_by);
    // That there is none outside of what .gitignore lists is no problem.
    let (mut targets, _) = discover(&[snapshot.root().to_owned()]);
    // No request to a forge could name such a path.
    targets.retain(|target| target.path.to_str().is_some());
    let Run { mut done, mut problems } = session.run(&targets, &|| {});
    problems.extend(done.iter().flat_map(|one| one.file.warnings.clone()));
    if wishes.history > 0 {
        effect::weigh(&mut done);
    }
    for problem in &mut problems {
        problem.message = snapshot.relative(&problem.message);
        problem.help = snapshot.relative(&problem.help);
        problem.path = problem.path.as_deref().map(|path| snapshot.relative(path));
    }
    (done, problems)
}
