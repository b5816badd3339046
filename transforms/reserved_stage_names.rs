//! Gives a stage another name where its name means something else.
//!
//! ## What it does
//!
//! Renames stages called `scratch` or `context`, there and wherever the file refers to them.
//!
//! ## Why
//!
//! `scratch` is the empty image, and `context` the build context of Bake and of `--build-context`. Whoever reads `FROM scratch` takes
//! it for the one, and the builder for the other.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12 AS context
//! RUN mkdir /out && date > /out/built
//!
//! FROM debian:12-slim
//! COPY --from=context /out /out
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM debian:12 AS context-stage
//! RUN mkdir /out && date > /out/built
//!
//! FROM debian:12-slim
//! COPY --from=context-stage /out /out
//! ```
//!
//! ## Safety
//!
//! Unsafe: a build that names the stage with `--target` has to name it anew. The images stay the same, which is proven.

use dockopt_model::{Setting, stages};
use dockopt_syntax::{Body, Edit};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "reserved-stage-names";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "give a stage another name where its name means something else";
pub(crate) const ALIASES: &[&str] = &["ReservedStageName"];
pub(crate) const EXPECTS: &[Expected] = &[];

/// The names that `BuildKit` warns about (frontend/dockerfile/dockerfile2llb, reservedStageNames).
const RESERVED: [&str; 2] = ["context", "scratch"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    (0..cx.model.stages.len()).filter_map(|stage| look_at(cx, stage)).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize) -> Option<Proposal> {
    let (stages, tree) = (&cx.model.stages, cx.model.tree);
    let name = stages[stage].name.as_deref().filter(|name| RESERVED.contains(name))?;
    let Body::From { alias: Some(alias), .. } = &tree.instructions[stages[stage].from].body else { return None };
    let new = format!("{name}-stage");
    if stages.iter().any(|other| other.name.as_deref() == Some(&new)) {
        return Some(Declined::proposal(alias.name.span, format!("there is a stage called `{new}` already")));
    }
    let mut edits = vec![Edit { span: alias.name.span, text: new.clone() }];
    edits.extend(stages::references(tree, stages, stage).into_iter().map(|span| Edit { span, text: new.clone() }));
    let reason = format!("`{name}` means something else to builders; `--target {name}` has to become `--target {new}`");
    let mut rewrite = Rewrite::safe(format!("name the stage `{new}`"), reason, alias.name.span, edits).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.settings = vec![Setting::StageName(stage)];
    Some(Proposal::Rewrite(rewrite))
}
