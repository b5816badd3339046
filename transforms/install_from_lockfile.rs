//! Takes what the lock file lists, and fails where it disagrees with its manifest.
//!
//! ## What it does
//!
//! An install or build that may resolve versions anew becomes the form of the same tool that does not: another verb, a flag or a
//! variable for this one command. It acts where the lock file is in the image before the install and agrees with its
//! manifest, as far as their texts tell.
//!
//! ## Why
//!
//! With the plain form, two builds of one commit can install different versions: wherever the lock file and its manifest
//! disagree, the tool resolves again, and nobody sees it. The frozen form stops such a build.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20
//! WORKDIR /app
//! COPY package.json package-lock.json ./
//! RUN npm install --omit=dev
//! COPY . .
//! CMD ["node", "server.js"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM node:20
//! WORKDIR /app
//! COPY package.json package-lock.json ./
//! RUN npm ci --omit=dev
//! COPY . .
//! CMD ["node", "server.js"]
//! ```
//!
//! with the files `package.json`, `package-lock.json`.
//!
//! ## Safety
//!
//! Unsafe: a build that succeeded may fail, where lock file and manifest disagree in a way that their texts do not show, and
//! the installed versions may differ from those of a plain install. All other commands and files stay, which is proven.
//! Without a lock file, with one that an earlier step may have changed, with options that say already what becomes of it, or
//! where the frozen form would remove what earlier steps installed, nothing is changed.

use dockopt_model::frozen::{self, Agreement, Fitting, Install};
use dockopt_model::respell::{Change, Respelled, respell};
use dockopt_model::{Model, Script};
use dockopt_tools::Frozen;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "install-from-lockfile";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "take what the lock file lists, and fail where it disagrees with its manifest";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    if cx.model.context.is_none() {
        return proposals;
    }
    for (stage, found) in cx.model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            let Ok(script) = cx.model.script(at) else { continue };
            for install in frozen::installs(cx.model, stage, at) {
                let place = script.span(&install.simple.words[0].span);
                proposals.push(match &install.form {
                    Ok(fitting) => match rewrite(cx.model, at, script, &install, fitting) {
                        Some(rewrite) => Proposal::Rewrite(rewrite),
                        None => Declined::proposal(place, "the command cannot be written in its frozen form"),
                    },
                    Err(why) => Declined::proposal(place, why.clone()),
                });
            }
        }
    }
    proposals
}

fn rewrite(model: &Model<'_>, at: usize, script: &Script<'_>, install: &Install<'_>, fitting: &Fitting<'_>) -> Option<Rewrite> {
    let form = fitting.form;
    let Respelled { edits, gone, new } = respell(script, install.simple, &changes(install, form))?;
    let lock = fitting.lock;
    let title = format!("take what `{lock}` lists: `{}`", new.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut reason = match fitting.agreement {
        Agreement::Compared => format!(
            "`{lock}` agrees with its manifest now; should they come to disagree, the build fails, where the plain form would take other versions"
        ),
        Agreement::NotCompared => format!(
            "where `{lock}` and its manifest disagree, which was not compared, the build fails instead of taking other versions"
        ),
    };
    if let Some(differs) = &form.differs {
        reason.push_str(&format!("; {differs}"));
    }
    let place = model.tree.instructions[at].keyword_span;
    let mut rewrite = Rewrite::safe(title, reason, place, edits).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.commands.respell(gone, &new);
    Some(rewrite)
}

/// What is different about the command, in order.
fn changes(install: &Install<'_>, form: &Frozen) -> Vec<Change> {
    let words = &install.simple.words;
    let invocation = &install.invocation;
    let mut changes = Vec::new();
    let first = words[invocation.command.start].span.start;
    if !form.assignments.is_empty() {
        changes.push(Change { range: first..first, text: format!("{} ", form.assignments.join(" ")) });
    }
    let mut change = Change::options(install.simple, invocation, &form.flags);
    if let Some(verb) = &form.verb {
        if invocation.verb.is_empty() {
            change.text.insert_str(0, &format!(" {verb}"));
        } else {
            change.range.start = words[invocation.verb.start].span.start;
            change.text.insert_str(0, verb);
        }
    }
    if !change.text.is_empty() {
        changes.push(change);
    }
    changes
}
