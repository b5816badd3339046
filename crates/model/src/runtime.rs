//! What a stage that builds and runs would be as two: which steps are there to build, what they leave that the program needs, and which
//! steps stay with the program. What only a build needs is said by data; whatever else there is stays, or there is no plan, and the reason
//! names what is not known.

use std::collections::BTreeMap;

use dockopt_syntax::Body;

use crate::atom::AtomKind;
use crate::stages::Parent;
use crate::{Model, delay};

mod kept;
mod parts;
mod programs;
mod slice;
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
    /// A COPY of these files only: image path → context path.
    Files(BTreeMap<String, String>),
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
    let installs =
        parts.iter().any(|part| part.installs && !matches!(part.role, Ok(Role::Installer | Role::Stays)));
    let packages = parts
        .iter()
        .filter(|part| matches!(&part.role, Ok(Role::Packages { left, .. }) if !left.is_empty()))
        .count();
    // Packages that the file removes itself are gone already.
    let removes = parts.iter().any(|part| matches!(part.role, Ok(Role::Removes)));
    if !installs || packages == 0 || removes {
        return None;
    }
    Some(split(model, stage, &parts))
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The instruction that is to blame.
    pub instruction: usize,
    /// A clause for the author of the file.
    pub reason: String,
}

fn split(model: &Model<'_>, stage: usize, parts: &[Part<'_>]) -> Result<Plan, Declined> {
    let found = &model.stages[stage];
    let decline = |instruction: usize, reason: String| Declined { instruction, reason };
    // What is wrong with an install is told first: it is what a split is about.
    for part in parts.iter().filter(|part| part.installs).chain(parts) {
        if let Err(reason) = &part.role {
            return Err(decline(part.instruction, reason.clone()));
        }
    }
    let products: Vec<&Part<'_>> =
        parts.iter().filter(|part| matches!(part.role, Ok(Role::Product { .. }))).collect();
    if let [_, second, ..] = products.as_slice() {
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
    if let Some((instruction, reason)) = programs::that_need(model, stage, parts, &left) {
        return Err(decline(instruction, reason));
    }
    let last = products.last().map_or(found.from, |part| part.instruction);
    let builder = slice::builder(model, stage, parts, last);
    let (mut runtime, mut brought): (Vec<Step>, Vec<Brought>) = (Vec::new(), Vec::new());
    for instruction in found.instructions.clone() {
        let own: Vec<&Part<'_>> = parts.iter().filter(|part| part.instruction == instruction).collect();
        let what = if own.is_empty() { Some(What::Whole) } else { parts::kept(&own, parts) };
        runtime.extend(what.map(|what| Step { instruction, what }));
        for part in own {
            if let Ok(Role::Product { from, to, .. }) = &part.role {
                let tree = Brought { from: from.clone(), to: to.clone() };
                brought.push(tree.clone());
                let place = place_of(model, &runtime, to);
                runtime.insert(place, Step { instruction, what: What::Brought(tree) });
            }
        }
    }
    slice::drop_early_copies(model, stage, &builder, &mut runtime);
    slice::drop_idle_arguments(model, &mut runtime);
    Ok(Plan { stage, builder, runtime, brought, left, libraries })
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
                ) && [atom.path()].into_iter().flatten().all(|path| !crate::path::within(path, to))
            })
        });
        match model.tree.instructions[step.instruction].body {
            Body::Copy(_) | Body::Add(_) if is_apart && matches!(step.what, What::Whole) => place = at,
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
