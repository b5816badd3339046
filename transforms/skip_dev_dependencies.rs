//! Installs what the image runs, without packages that only development needs.
//!
//! ## What it does
//!
//! Adds the option with which the package manager of a language leaves development dependencies out, to installs of the final stage.
//!
//! ## Why
//!
//! Compilers, linters and test runners are often most of what a project installs, and nobody runs them in the image.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20
//! WORKDIR /app
//! COPY package.json package-lock.json ./
//! RUN npm ci
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
//! with the files `package.json`, `package-lock.json`, `server.js`.
//!
//! ## Safety
//!
//! Unsafe: packages go, and that nothing needs them is read from texts, not tried. It acts on the final stage alone, and not where a
//! step after the install may need them (a build, a script, code of the project); where the install itself runs a script of the
//! manifest that does; or where the command of the image does: scripts of the manifest, entry points and the code that they name are
//! followed. What cannot be followed is a reason to leave the file alone.

use dockopt_model::development::{self, Install};
use dockopt_model::respell::{Change, respell};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "skip-dev-dependencies";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "install what the image runs, without what only development needs";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

/// More packages are counted, not named.
const MOST_NAMES: usize = 3;

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let installs = development::installs(cx.model);
    installs.iter().filter_map(|install| look_at(cx, install)).collect()
}

fn look_at(cx: &Cx<'_>, install: &Install<'_>) -> Option<Proposal> {
    let script = cx.model.script(install.at).ok()?;
    let place = script.span(&install.simple.words[0].span);
    let (option, names) = match &install.spared {
        Ok(spared) => spared,
        Err(why) => return Some(Declined::proposal(place, format!("development dependencies stay: {why}"))),
    };
    let change = Change::further_options(install.simple, &install.invocation, &[option]);
    let Some(respelled) = respell(script, install.simple, &[change]) else {
        return Some(Declined::proposal(place, "the option cannot be added to a command with a heredoc"));
    };
    let title = format!("leave out development dependencies with `{option}`");
    let reason = format!("{}; nothing that the image runs is seen to use it", counted(names));
    let at = cx.model.tree.instructions[install.at].keyword_span;
    let mut rewrite = Rewrite::safe(title, reason, at, respelled.edits).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.commands.respell(respelled.gone, &respelled.new);
    Some(Proposal::Rewrite(rewrite))
}

/// What goes: the first names, and how many more there are.
fn counted(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 if names.len() == 1 => format!("{} goes with what it brings", first.join(", ")),
        0 => format!("{} go with what they bring", first.join(", ")),
        more => format!("{} and {more} more go with what they bring", first.join(", ")),
    }
}
