//! What a stage that builds and runs would be as two: which steps are there to build, what they leave that the program needs, and which
//! steps stay with the program. What only a build needs is said by data; whatever else there is stays, or there is no plan, and the reason
//! names what is not known.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_syntax::Body;
use dockopt_tools::Builds;
use dockopt_tools::bases::forms::{self, Form};

use crate::atom::{Atom, AtomKind};
use crate::region::Region;
use crate::stages::Parent;
use crate::{Model, delay};

mod apart;
mod builds;
mod kept;
mod parts;
mod programs;
mod slice;
mod system_packages;
mod text;

pub use kept::check;
pub use text::{Written, write};

use parts::{Part, Role};

/// A stage as two.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stage.
    pub stage: usize,
    /// The steps of the builder, in order.
    pub builder: Vec<Step>,
    /// The steps of the stage that is left, in order.
    pub runtime: Vec<Step>,
    /// What the builder hands over.
    pub brought: Vec<Brought>,
    /// The packages that only the builder has.
    pub left: Vec<String>,
    /// The packages with shared libraries that come for these.
    pub libraries: Vec<String>,
    /// What the image starts from, if that is another image than the one that builds.
    pub base: Option<String>,
    /// The files of the build context that only the builder has.
    pub sources: BTreeSet<String>,
}

/// A tree that is copied from the builder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Where it lies there.
    pub from: String,
    /// Where it goes.
    pub to: String,
}

/// What becomes of an instruction in one of the two stages.
#[derive(Debug, Clone)]
pub struct Step {
    /// The instruction.
    pub instruction: usize,
    /// What becomes of it.
    pub what: What,
}

/// What becomes of an instruction.
#[derive(Debug, Clone)]
pub enum What {
    /// It is there as it was.
    Whole,
    /// A RUN with these elements, by their places, each as it was or with another text.
    Elements(Vec<(usize, Option<String>)>),
    /// A COPY of a part of its files.
    Files {
        /// These: image path → context path.
        files: BTreeMap<String, String>,
        /// And these folders of the image, whole.
        folders: BTreeSet<String>,
        /// All that it copies.
        all: BTreeMap<String, String>,
    },
    /// A copy of what the builder made stands in its place.
    Brought(Brought),
}

/// The plan for a stage; `None` where nothing in it asks for one, and the reason where something that is not known stands in the way.
pub fn plan(model: &Model<'_>, stage: usize) -> Option<Result<Plan, Declined>> {
    let found = &model.stages[stage];
    // What several stages start from, or ONBUILD of a child, is another matter.
    if !matches!(found.parent, Parent::Image { .. }) || !found.triggers.is_empty() {
        return None;
    }
    let mut parts = parts::read(model, stage);
    parts::keep_later_packages(&mut parts);
    let is_told = |part: &&Part<'_>| !matches!(part.role, Ok(Role::Installer | Role::Stays));
    let installs = parts.iter().filter(|part| part.installs).any(|part| is_told(&part));
    let leaves = |part: &Part<'_>| matches!(&part.role, Ok(Role::Packages { left, .. }) if !left.is_empty());
    let base = parts.iter().any(|part| part.builds.is_some()).then(|| smaller(model, stage)).flatten();
    // Packages that the file removes itself are gone already.
    let removes = parts.iter().any(|part| matches!(part.role, Ok(Role::Removes)));
    if base.is_none() && (!installs || !parts.iter().any(leaves)) || removes {
        return None;
    }
    Some(split(model, stage, &parts, base))
}

/// The image with the same libraries as the one of a stage, and without its compiler.
fn smaller(model: &Model<'_>, stage: usize) -> Option<Form> {
    let Body::From { image, .. } = &model.tree.instructions[model.stages[stage].from].body else {
        return None;
    };
    let has_flags = !model.tree.instructions[model.stages[stage].from].flags.is_empty();
    forms::form(&image.text, forms::Kind::Libraries).filter(|_| !has_flags)
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The instruction that is to blame.
    pub instruction: usize,
    /// A clause for the author of the file.
    pub reason: String,
}

fn split(model: &Model<'_>, stage: usize, parts: &[Part<'_>], form: Option<Form>) -> Result<Plan, Declined> {
    let found = &model.stages[stage];
    let decline = |instruction: usize, reason: String| Declined { instruction, reason };
    // What is wrong with an install is told first: it is what a split is about.
    for part in parts.iter().filter(|part| part.installs || part.builds.is_some()).chain(parts) {
        if let Err(reason) = &part.role {
            return Err(decline(part.instruction, reason.clone()));
        }
    }
    let products: Vec<&Part<'_>> =
        parts.iter().filter(|part| matches!(part.role, Ok(Role::Product { .. }))).collect();
    let apart = products.iter().filter(|part| matches!(part.role, Ok(Role::Product { text: Some(_), .. })));
    if let [_, second, ..] = apart.collect::<Vec<_>>().as_slice() {
        let reason = "there are two installs, and the second would not see what the first put into a folder of its own";
        return Err(decline(second.instruction, reason.to_owned()));
    }
    if !found
        .instructions
        .clone()
        .any(|at| matches!(model.tree.instructions[at].body, Body::Cmd(_) | Body::Entrypoint(_)))
    {
        return Err(decline(found.from, "no CMD or ENTRYPOINT says what the image is for".to_owned()));
    }
    let (left, libraries) = parts::packages(parts);
    let lacks: Vec<&str> = form.iter().flat_map(|form| form.lacks.iter().copied()).collect();
    if let Some((instruction, reason)) = programs::that_need(model, stage, parts, &left, &lacks) {
        return Err(decline(instruction, reason));
    }
    if let (Some(_), Err(reason)) = (&form, programs::starts(model, stage, &products)) {
        return Err(decline(found.from, reason));
    }
    let last = products.last().map_or(found.from, |part| part.instruction);
    let builder = slice::builder(model, stage, parts, last);
    let builds = products.iter().find_map(|part| part.builds).filter(|_| form.is_some());
    let sources = builds.map(|builds| Sources::of(model, stage, builds, parts)).unwrap_or_default();
    let (mut runtime, mut brought): (Vec<Step>, Vec<Brought>) = (Vec::new(), Vec::new());
    for instruction in found.instructions.clone() {
        let own: Vec<&Part<'_>> = parts.iter().filter(|part| part.instruction == instruction).collect();
        let what = match sources.copies.get(&instruction) {
            Some(what) => what.clone(),
            None if own.is_empty() => Some(What::Whole),
            None => parts::kept(&own, parts),
        };
        runtime.extend(what.map(|what| Step { instruction, what }));
        for part in own {
            let Ok(Role::Product { from, to, .. }) = &part.role else { continue };
            let mut trees = Vec::new();
            if let (Some(builds), true) = (builds, brought.is_empty()) {
                let files = builds::beside(model, stage, builds);
                trees.extend(files.into_iter().map(|file| Brought { from: file.clone(), to: file }));
            }
            trees.push(Brought { from: from.clone(), to: to.clone() });
            for tree in trees {
                brought.push(tree.clone());
                let place = place_of(model, &runtime, &tree.to);
                runtime.insert(place, Step { instruction, what: What::Brought(tree) });
            }
        }
    }
    slice::drop_early_copies(model, stage, &builder, &mut runtime);
    slice::drop_idle_arguments(model, &mut runtime);
    let base = form.map(|form| form.image);
    Ok(Plan { stage, builder, runtime, brought, left, libraries, base, sources: sources.left })
}

/// What becomes of the copies of a stage whose program needs no sources.
#[derive(Default)]
struct Sources {
    /// By the COPY; nothing where none of its files stays.
    copies: BTreeMap<usize, Option<What>>,
    /// The files of the context that only the builder has.
    left: BTreeSet<String>,
}

impl Sources {
    fn of(model: &Model<'_>, stage: usize, builds: &Builds, parts: &[Part<'_>]) -> Self {
        let mut found = Self::default();
        let trace = &model.traces()[stage];
        for instruction in model.stages[stage].instructions.clone() {
            if model.tree.instructions[instruction].body.as_copy().is_some() {
                let (what, left) = builds::without_sources(model, stage, instruction, builds);
                found.copies.insert(instruction, what);
                found.left.extend(left);
            }
        }
        // A step that looks at the sources beside the program finds all of them.
        let stays = |atom: &&Atom| {
            let at = (atom.instruction, atom.element);
            let is_it =
                |part: &&Part<'_>| (part.instruction, part.element) == at && part.role == Ok(Role::Stays);
            atom.path().is_none() && atom.gives.is_none() && parts.iter().any(|part| is_it(&part))
        };
        let is_left = |atom: &&Atom| atom.written_file().is_some_and(|(_, from)| found.left.contains(from));
        let is_looked_at = trace.atoms.iter().filter(is_left).filter_map(Atom::path).any(|path| {
            let region = Region::Path(path.to_owned());
            trace
                .atoms
                .iter()
                .filter(stays)
                .any(|atom| atom.effects.reads.touches(&region) || atom.effects.writes.touches(&region))
        });
        let has_sources = found.left.iter().any(|from| from.ends_with(&builds.source));
        if is_looked_at || !has_sources { Self::default() } else { found }
    }
}

/// Where a copy of what was built goes: before copies of the context, which change more often, if these bring something else.
fn place_of(model: &Model<'_>, steps: &[Step], to: &str) -> usize {
    let mut place = steps.len();
    for (at, step) in steps.iter().enumerate().rev() {
        let is_apart = model.stage_of(step.instruction).is_some_and(|stage| {
            model.traces()[stage].of(step.instruction).all(|atom| {
                matches!(
                    atom.kind,
                    AtomKind::Write { .. } | AtomKind::Rest { .. } | AtomKind::MakeFolder { .. }
                ) && match &atom.kind {
                    AtomKind::Rest { path, .. } => !crate::path::within(to, path),
                    _ => atom.path().is_none_or(|path| !crate::path::within(path, to)),
                }
            })
        });
        match model.tree.instructions[step.instruction].body {
            Body::Copy(_) | Body::Add(_) if is_apart => place = at,
            Body::Workdir(_) if is_apart => {}
            Body::Env(_) | Body::Expose(_) | Body::Label(_) | Body::Arg(_) => {}
            _ => break,
        }
    }
    place
}

/// The files of a COPY as the layout of COPY lines wants them.
fn as_delay(files: &BTreeMap<String, String>, target: &str) -> delay::Delay {
    delay::Delay { files: files.clone(), target: target.to_owned(), ..delay::Delay::default() }
}
