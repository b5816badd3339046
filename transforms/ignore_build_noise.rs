//! Leaves out of the build context what the image does not need.
//!
//! ## What it does
//!
//! Where a COPY of a folder carries the repository's history, packages or build results of the host, logs, caches of tools
//! or settings of one machine, it adds a line to `.dockerignore` for each of them, with a reason of its own. There is no
//! template: a line comes only for what is there, or for what `.gitignore` says that the tools of the project will make.
//!
//! ## Why
//!
//! All of it is sent to the builder, and ends up in the image. It changes without the program changing, and then the copy and
//! every step after it run again. What was installed or built on the host may not even fit the image.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12
//! WORKDIR /app
//! COPY . .
//! CMD ["python", "app.py"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.12
//! WORKDIR /app
//! COPY . .
//! CMD ["python", "app.py"]
//! ```
//!
//! with the files `app.py`, `.git/HEAD`.
//!
//! and `.dockerignore` gets the line `.git`.
//!
//! ## Safety
//!
//! Unsafe: the image holds less, and a program that reads such a file when it runs misses it. Nothing is left out that a COPY,
//! a mount, a command or a manifest names, that is part of the repository (its history aside), or that the image would run
//! with because no step makes it anew. The history stays where a command or a build file asks for it.

use dockopt_model::noise::{self, Found};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "ignore-build-noise";
pub(crate) const PHASE: Phase = Phase::Surface;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "leave out of the build context what the image does not need";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    noise::of(cx.model).iter().filter_map(|found| proposal(cx, found)).collect()
}

fn proposal(cx: &Cx<'_>, found: &Found) -> Option<Proposal> {
    let at = cx.model.tree.instructions[found.copy].keyword_span;
    let line = &found.line;
    if let Some(why) = &found.obstacle {
        return Some(Declined::proposal(at, format!("`{line}` stays in the build context: {why}")));
    }
    let when = if found.is_here { "" } else { "; it is not here now, but `.gitignore` says that it will be" };
    let reason = format!("{}{when}", found.noise.why);
    let mut rewrite = Rewrite::safe(format!("leave `{line}` out of the build context"), reason, at, Vec::new()).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.ignore.push(line.clone());
    Some(Proposal::Rewrite(rewrite))
}
