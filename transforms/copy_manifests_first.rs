//! Copies what an install reads first, and the rest of the sources after it.
//!
//! ## What it does
//!
//! `COPY . .` before an install becomes: copy the manifests, install, copy the rest. Steps between the copy and the install
//! stay where they are; an install and a build in one `RUN a && b` are taken apart. If the install fills a folder that the
//! later copy would overwrite, such as the host's own packages, the same rewrite adds that folder to `.dockerignore`.
//!
//! Manifests of three or more folders, as in a workspace, are copied by one `COPY --parents` where `# syntax=` names a frontend
//! that reads it (`docker/dockerfile:1`, `1.20` or newer, labs from `1.7` on), and by one COPY for each folder elsewhere.
//!
//! ## Why
//!
//! The builder runs a step again when a file that was copied before it changed. With the sources copied first, every edit
//! of the program installs all its dependencies again; with the manifests alone, only an edit of the manifests does.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.11
//! WORKDIR /app
//! COPY . .
//! RUN pip install -r requirements.txt
//! CMD ["flask", "run"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.11
//! WORKDIR /app
//! COPY requirements.txt .
//! RUN pip install -r requirements.txt
//! COPY . .
//! CMD ["flask", "run"]
//! ```
//!
//! with the files `app.py`, `requirements.txt`.
//!
//! ## Safety
//!
//! Safe: it acts only when the files of the build context prove that the install reads nothing else and writes nothing
//! that the copy brings. Scripts that the install would run, local dependencies, a lock file that it may rewrite, or
//! folders that it fills and that are in the repository are reasons to leave the file alone; `--explain` names them.

use dockopt_model::delay::{self, Delay};
use dockopt_model::moved_copy::{At, MovedCopy};
use dockopt_model::path;
use dockopt_syntax::Copy;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "copy-manifests-first";
pub(crate) const PHASE: Phase = Phase::Order;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "copy what an install reads before it, and the sources after it";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            if let Some(copy) = cx.model.tree.instructions[at].body.as_copy()
                && let Some(delay) = delay::of(cx.model, stage, at)
            {
                proposals.extend(look_at(cx, stage, at, copy, delay));
            }
        }
    }
    proposals
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize, copy: &Copy, mut delay: Delay) -> Option<Proposal> {
    let tree = cx.model.tree;
    // A RUN is taken apart only behind an install that reads what is copied: others are not worth two steps.
    while delay.installs.last().is_some_and(|last| delay.is_cut_at(last) && !last.reads_something()) {
        delay.installs.pop();
    }
    let delay = &delay;
    let instruction = &tree.instructions[at];
    let Some(last) = delay.installs.last() else {
        let stop = delay.stop.as_ref()?;
        let install = delay::first_install(cx.model, stage, stop.instruction)?;
        let between = if stop.instruction == install {
            String::new()
        } else {
            format!("`{}` stands between, and ", dockopt_model::beginning(&tree.instructions[stop.instruction]))
        };
        let place = tree.instructions[install].keyword_span;
        return Some(Declined::proposal(place, format!("the copy above stays before this install: {between}{}", stop.reason)));
    };
    // A copy of nothing but what the installs read is where it should be.
    let read = |path: &String| {
        delay.installs.iter().any(|install| {
            install.manifests.contains_key(path) || install.folders.iter().any(|folder| path::within(path, folder))
        })
    };
    if delay.files.keys().all(read) {
        return None;
    }
    let decline = |why: &str| Some(Declined::proposal(instruction.keyword_span, why));
    let moved = match MovedCopy::below(cx.model, at, copy, delay, last, At::ItsPlace, cx.options.builder) {
        Ok(moved) => moved,
        Err(why) => return decline(why),
    };
    let Ok(mut rewrite) = Rewrite::safe(title(&moved, delay.installs.len()), reason(&moved, delay), instruction.keyword_span, moved.edits) else {
        return decline("two changes of this rewrite would meet");
    };
    rewrite.ignore = delay.ignore.iter().cloned().collect();
    Some(Proposal::Rewrite(rewrite))
}

fn title(moved: &MovedCopy, installs: usize) -> String {
    let (install, it) = if installs == 1 { ("install", "it") } else { ("installs", "them") };
    match moved.manifests.as_slice() {
        [] => format!("copy the sources after the {install}"),
        manifests => format!("copy {} before the {install}, the rest after {it}", manifests.join(", ")),
    }
}

fn reason(moved: &MovedCopy, delay: &Delay) -> String {
    let mut reason = if moved.manifests.is_empty() && !moved.present.is_empty() {
        let present = moved.present.join(", ");
        format!("the install reads only {present} of what is copied, which is there already, so an edit of anything else need not run it again")
    } else if moved.manifests.is_empty() {
        "the install reads nothing of what is copied, so an edit of the sources need not run it again".to_owned()
    } else {
        "the install reads only these of what is copied, so an edit of anything else need not run it again".to_owned()
    };
    if !delay.ignore.is_empty() {
        let folders: Vec<&str> = delay.ignore.iter().map(String::as_str).collect();
        reason.push_str(&format!("; .dockerignore gets {}, or the copy could overwrite what was installed", folders.join(", ")));
    }
    let mut remarks: Vec<&str> = delay.installs.iter().flat_map(|install| &install.remarks).map(String::as_str).collect();
    remarks.dedup();
    for remark in remarks {
        reason.push_str("; ");
        reason.push_str(remark);
    }
    reason
}
