//! Writes the whole path of a WORKDIR.
//!
//! ## What it does
//!
//! Writes a relative WORKDIR as the absolute path that it stands for.
//!
//! ## Why
//!
//! Where a relative path leads depends on every WORKDIR above, and on the base image.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20-slim
//! WORKDIR /srv/shop
//! COPY . .
//! WORKDIR frontend
//! RUN npm ci
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM node:20-slim
//! WORKDIR /srv/shop
//! COPY . .
//! WORKDIR /srv/shop/frontend
//! RUN npm ci
//! ```
//!
//! ## Safety
//!
//! Safe: it is the same folder. Where the folder above depends on a base image that is not known, or on a variable, nothing is changed.

use dockopt_model::{Known, path};
use dockopt_syntax::{Body, Edit};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "absolute-workdir";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "write the whole path of a WORKDIR";
pub(crate) const ALIASES: &[&str] = &["DL3000", "WorkdirRelativePath"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = cx.model.stages.iter();
    stages.flat_map(|stage| stage.instructions.clone().filter_map(|at| look_at(cx, &stage.state(at).cwd, at))).collect()
}

fn look_at(cx: &Cx<'_>, cwd: &Known<String>, at: usize) -> Option<Proposal> {
    let instruction = &cx.model.tree.instructions[at];
    let Body::Workdir(folder) = &instruction.body else { return None };
    // A variable may hold an absolute path, and so may a text in quotes or with a drive.
    if folder.text.starts_with(['/', '"', '\'', '$', '\\']) || folder.text.contains(':') {
        return None;
    }
    let place = instruction.keyword_span;
    let Known::Is(cwd) = cwd else {
        return Some(Declined::proposal(place, "it is not known in which folder the base image, or the WORKDIR above, leaves off"));
    };
    if folder.text.contains(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | '/')) || folder.text.split('/').any(|part| part == "..") {
        return Some(Declined::proposal(place, "its path has a variable, an odd letter or `..` in it"));
    }
    let whole = path::resolve(cwd, &folder.text);
    let reason = format!("`{}` is below `{cwd}` as long as nobody changes what stands above", folder.text);
    let edit = Edit { span: folder.span, text: whole.clone() };
    Rewrite::safe(format!("write `WORKDIR {whole}`"), reason, place, vec![edit]).ok().map(Proposal::Rewrite)
}
