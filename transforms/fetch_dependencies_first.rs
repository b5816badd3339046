//! Fetches the dependencies of a build before the sources are copied.
//!
//! ## What it does
//!
//! Where a build fetches its dependencies by itself, the step of the same tool that only fetches is put before it, what that
//! step reads is copied before it, and the sources come between the two. The build stays as it was.
//!
//! ## Why
//!
//! The builder runs a build again after every edit of the sources, and the build fetches all dependencies again. A step that
//! depends on the manifests alone is taken from the cache until these change.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22
//! WORKDIR /src
//! COPY . .
//! RUN CGO_ENABLED=0 go build -o /usr/local/bin/relay ./cmd/relay
//! CMD ["relay"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM golang:1.22
//! WORKDIR /src
//! COPY go.mod go.sum ./
//! RUN go mod download
//! COPY . .
//! RUN CGO_ENABLED=0 go build -o /usr/local/bin/relay ./cmd/relay
//! CMD ["relay"]
//! ```
//!
//! with the files `go.mod`, `go.sum`, `cmd/relay/main.go`.
//!
//! ## Safety
//!
//! Unsafe: the new step can fail where the build succeeds, since it also fetches what only tests or other programs of the
//! project need, and the reason of each rewrite says how. Everything but that step is proven to stay as it was. Projects that
//! bring their dependencies along, builds with mounts, options or variables that change what is fetched, and steps that would
//! have to run before what they need are left alone; so is every file that fetches already.
//!
//! Gradle has no step of this kind: `gradle dependencies` is a report about one project, which downloads what describes the
//! packages and not the packages, and to write it the scripts of all projects run, those that read the sources or git among
//! them. A cache mount on the build keeps its downloads without any of that.

use std::collections::BTreeSet;

use dockopt_model::fetch::{self, Build, Step};
use dockopt_model::moved_copy::{At, MovedCopy};
use dockopt_model::{Model, delay, effects};
use dockopt_syntax::{Body, Edit, Edits, Span, parse};
use dockopt_tools::Tool;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "fetch-dependencies-first";
pub(crate) const PHASE: Phase = Phase::Order;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "fetch the dependencies of a build before the sources are copied";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    if cx.model.context.is_none() {
        return Vec::new();
    }
    (0..cx.model.stages.len()).filter_map(|stage| look_at(cx, stage)).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize) -> Option<Proposal> {
    let model = cx.model;
    let Build { instruction, tool, fetch } = fetch::first_build(model, stage)?;
    // Without sources before it there is nothing to gain.
    let copies = |at: &usize| model.traces()[stage].of(*at).any(|atom| atom.path().is_some()) && is_copy(model, *at);
    let first = (model.stages[stage].instructions.start..instruction).find(copies)?;
    let place = model.tree.instructions[instruction].keyword_span;
    let proposal = fetch.and_then(|fetch| {
        let (text, ignore) = with_fetch(cx, stage, place_before(model, stage, instruction, tool), &fetch.command)?;
        rewrite(model, first, place, &fetch, &text, ignore).ok_or_else(|| "two changes of this rewrite would meet".to_owned())
    });
    Some(match proposal {
        Ok(rewrite) => Proposal::Rewrite(rewrite),
        Err(why) => Declined::proposal(place, format!("no step fetches for this build before the sources are copied: {why}")),
    })
}

fn is_copy(model: &Model<'_>, at: usize) -> bool {
    let instruction = &model.tree.instructions[at];
    instruction.body.as_copy().is_some() && instruction.flag("from").is_none()
}

/// The instruction before which the step stands: the build, or the variables above it that its tool does not look at. They
/// may have other values each time, such as a commit.
fn place_before(model: &Model<'_>, stage: usize, build: usize, tool: &Tool) -> usize {
    let start = model.stages[stage].instructions.start;
    let is_nothing_to_it = |at: &usize| match &model.tree.instructions[*at].body {
        Body::Arg(pairs) | Body::Env(pairs) => !pairs.iter().any(|pair| effects::is_read_by(tool, &pair.key.text)),
        Body::Label(_) => true,
        _ => false,
    };
    build - (start..build).rev().take_while(is_nothing_to_it).count()
}

/// The Dockerfile with the step before an instruction, and with the copies of sources between the two; and what the ignore file
/// has to leave out for that.
fn with_fetch(cx: &Cx<'_>, stage: usize, build: usize, command: &str) -> Result<(String, BTreeSet<String>), String> {
    let (model, tree) = (cx.model, cx.model.tree);
    let run = &tree.instructions[build];
    let keyword = if run.keyword_text(&tree.text).chars().all(char::is_lowercase) { "run" } else { "RUN" };
    // Directly below the step before it: what is set apart from that stays so.
    let above = &tree.instructions[build - 1];
    if above.ends_open(&tree.text, tree.escape) {
        return Err("the line before it ends in a continuation".to_owned());
    }
    let at = above.span.end;
    let line = format!("{keyword} {command}{}", tree.newline());
    let step = vec![Edit { span: Span::at(at), text: line }];
    let mut text = Edits::joined(step).and_then(|edits| edits.apply(&tree.text)).map_err(|error| error.to_string())?;
    // Each copy that moves leaves the step where it was, counted from the end.
    let from_end = tree.instructions.len() - build;
    let mut moved = 0;
    let mut ignore = BTreeSet::new();
    for copy in (model.stages[stage].instructions.start..build).rev().filter(|&at| is_copy(model, at)) {
        let parsed = parse(&text);
        let now = Model::with_pins(&parsed.tree, model.toolbox, model.context, model.pins);
        let step = parsed.tree.instructions.len() - from_end - 1 - moved;
        let body = parsed.tree.instructions[copy].body.as_copy().ok_or("the copies cannot be told apart")?;
        let found = delay::of(&now, stage, copy).ok_or("a copy before it cannot be followed")?;
        let Some(last) = found.installs.last().filter(|last| last.instruction == step) else {
            return Err(match &found.stop {
                Some(stop) if stop.instruction == step => stop.reason.clone(),
                Some(stop) => {
                    let between = dockopt_model::beginning(&parsed.tree.instructions[stop.instruction]);
                    format!("`{between}` stands between, and {}", stop.reason)
                }
                None => "it is not understood".to_owned(),
            });
        };
        let is_read = |path: &String| {
            let within = |folder: &String| dockopt_model::path::within(path, folder);
            found.installs.iter().any(|install| install.manifests.contains_key(path) || install.folders.iter().any(within))
        };
        if found.files.keys().all(is_read) {
            continue;
        }
        ignore.extend(found.ignore.iter().cloned());
        let edits = MovedCopy::below(&now, copy, body, &found, last, At::TheInstall, cx.options.builder)?.edits;
        text = Edits::joined(edits).and_then(|edits| edits.apply(&text)).map_err(|error| error.to_string())?;
        moved += 1;
    }
    if moved == 0 { Err("no copy of sources stands before it".to_owned()) } else { Ok((text, ignore)) }
}

/// The rewrite that makes this text of the Dockerfile.
fn rewrite(model: &Model<'_>, first: usize, place: Span, fetch: &Step<'_>, text: &str, ignore: BTreeSet<String>) -> Option<Rewrite> {
    let old = &model.tree.text;
    let start = model.tree.leading_comments(first).start;
    let same_end = old.bytes().rev().zip(text.bytes().rev()).take_while(|(one, other)| one == other).count();
    let same_end = same_end.min(old.len().min(text.len()) - start);
    // Whole lines, from the first copy on.
    let tail = old.as_bytes()[old.len() - same_end..].iter().position(|byte| *byte == b'\n').map_or(0, |at| same_end - at - 1);
    let span = Span::new(start, old.len() - tail);
    let edit = Edit { span, text: text.get(start..text.len() - tail)?.to_owned() };
    let title = format!("fetch with `{}` before the sources are copied", fetch.command);
    let mut reason = format!(
        "it runs again only when a file changes that is copied before it, not after every edit of the sources; it can fail where the build does not: {}",
        fetch.form.fails
    );
    if !ignore.is_empty() {
        let folders: Vec<&str> = ignore.iter().map(String::as_str).collect();
        reason.push_str(&format!("; .dockerignore gets {}, or the copy could overwrite what was fetched", folders.join(", ")));
    }
    let mut rewrite = Rewrite::safe(title, reason, place, vec![edit]).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.commands.new.push(canonical(&fetch.command));
    rewrite.ignore = ignore.into_iter().collect();
    Some(rewrite)
}
