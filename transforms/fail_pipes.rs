//! Fails a build when the left side of a pipe fails.
//!
//! ## What it does
//!
//! Turns `pipefail` on where the failure of a download, or of another command that fails on errors alone, is lost behind a pipe: by
//! `set -o pipefail` where the shell of the base image knows it; by bash for these RUNs where `sh` does not know it and bash is there.
//!
//! ## Why
//!
//! The status of a pipe is that of its last command. When a download breaks off, `tar` or `sh` may do with what they got, and the build
//! goes on with half of the files.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM alpine:3.20
//! RUN wget -qO- https://example.org/tool.tar.gz | tar -xz -C /usr/local/bin
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM alpine:3.20
//! RUN set -o pipefail && wget -qO- https://example.org/tool.tar.gz | tar -xz -C /usr/local/bin
//! ```
//!
//! ## Safety
//!
//! Unsafe: a build that got through by luck, or whose download ends before the reader has taken all of it, fails. Where it does not, the
//! image is the same, which is proven: the failure of each pipe of the script is one of the RUN, and for bash the script means the
//! same in all shells. A pipe is left where the left side may say no by its status (`grep`) or the right side may stop reading
//! (`head`), where its status is looked at or nothing comes of it, and where it is not known what shell the base image has.

use dockopt_model::state::Shell;
use dockopt_model::{Pipes, Script, stages};
use dockopt_shell::{Node, NodeKind, Terminator};
use dockopt_syntax::{Body, Edit, Keyword, Span};
use dockopt_tools::pipes::{self, Pipefail, Status};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "fail-pipes";
pub(crate) const PHASE: Phase = Phase::Commands;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "fail a build when the left side of a pipe fails";
pub(crate) const ALIASES: &[&str] = &["DL4006"];
pub(crate) const EXPECTS: &[Expected] = &[];

const PIPEFAIL: &str = "set -o pipefail";
const REASON: &str = "a pipe has the status of its last command, so a download that breaks off is not noticed; now the build fails there, and \
                      it does so too where the reader ends before the download";

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for (stage, found) in cx.model.stages.iter().enumerate() {
        let way = stages::base(&cx.model.stages, stage).and_then(pipes::pipefail_of);
        let mut with_bash = Vec::new();
        for at in found.instructions.clone() {
            let (Body::Run(_), Ok(script)) = (&cx.model.tree.instructions[at].body, cx.model.script(at)) else { continue };
            let place = cx.model.tree.instructions[at].keyword_span;
            match lost(script) {
                Lost::Nothing => {}
                _ if found.state(at).shell.fails_pipes() || says_pipefail(script) => {}
                Lost::Unclear(why) => proposals.push(Declined::proposal(place, why)),
                Lost::Failures => match (&found.state(at).shell, way) {
                    (Shell::Bash(_), _) | (Shell::Sh, Some(Pipefail::Sh)) => proposals.push(set_option(cx, at, script)),
                    (Shell::Sh, Some(Pipefail::Bash)) => with_bash.push(at),
                    _ => proposals.push(Declined::proposal(place, "a failure is lost in a pipe, and it is not known which shell of this base image knows `pipefail`")),
                },
            }
        }
        proposals.extend(ranges(cx, &with_bash).into_iter().map(|range| use_bash(cx, range)));
    }
    proposals
}

/// What is lost in the pipes of a script.
enum Lost {
    /// No failure.
    Nothing,
    /// Failures that are errors, and nothing else would change.
    Failures,
    /// Something, and why it stays.
    Unclear(String),
}

fn lost(script: &Script<'_>) -> Lost {
    let mut found = Vec::new();
    let chains = script.ast.list.items.iter().map(|item| &item.node);
    chains.for_each(|node| pipelines(node, &mut found));
    let mut lost = Lost::Nothing;
    let mut unclear = None;
    for parts in found {
        let (last, left) = parts.split_last().expect("a pipeline has parts");
        let names: Vec<Option<&str>> = left.iter().map(|node| name(script, node)).collect();
        let statuses: Vec<Option<Status>> = names.iter().map(|name| name.and_then(pipes::status)).collect();
        if statuses.iter().all(|status| *status == Some(Status::NeverFails)) {
            continue;
        }
        if statuses.contains(&Some(Status::FailsOnError)) {
            lost = Lost::Failures;
        }
        let quoted = |name: Option<&str>| name.map_or_else(|| "a command".to_owned(), |name| format!("`{name}`"));
        if let Some(at) = statuses.iter().position(Option::is_none) {
            unclear.get_or_insert(format!("{} on the left of a pipe may fail where nothing is wrong", quoted(names[at])));
        }
        let readers = names.iter().skip(1).copied().chain([name(script, last)]);
        if let Some(reader) = readers.into_iter().find(|name| !name.is_some_and(pipes::reads_all)) {
            unclear.get_or_insert(format!("{} may stop reading before the left side of the pipe is done, which would then fail", quoted(reader)));
        }
    }
    match (lost, unclear) {
        (Lost::Failures, Some(why)) => Lost::Unclear(format!("a failure is lost in a pipe, but with `pipefail` other builds would fail: {why}")),
        (Lost::Failures, None) if !script.every_pipe_decides() => {
            Lost::Unclear("a failure is lost in a pipe, and the status of a pipe in this RUN is looked at or lost for another reason".to_owned())
        }
        (lost, _) => lost,
    }
}

/// The pipelines of a node, each as its parts, apart from those in compound commands and substitutions.
fn pipelines<'s>(node: &'s Node, found: &mut Vec<Vec<&'s Node>>) {
    match &node.kind {
        NodeKind::And { left, right, .. } | NodeKind::Or { left, right, .. } => {
            pipelines(left, found);
            pipelines(right, found);
        }
        NodeKind::Subshell(list) | NodeKind::Group(list) => list.items.iter().for_each(|item| pipelines(&item.node, found)),
        NodeKind::Pipe { .. } => {
            let mut parts = Vec::new();
            let mut next = node;
            while let NodeKind::Pipe { left, right, .. } = &next.kind {
                parts.push(&**right);
                next = left;
            }
            parts.push(next);
            parts.reverse();
            found.push(parts);
        }
        _ => {}
    }
}

/// The name of the program that a part of a pipeline runs, under `sudo` and its like.
fn name<'s>(script: &'s Script<'_>, node: &'s Node) -> Option<&'s str> {
    let simple = node.as_simple()?;
    let at = script.recognize(simple).map_or(0, |found| found.command.start);
    let name = simple.words.get(at)?.literal.as_deref()?;
    ["/bin/", "/usr/bin/"].iter().find_map(|folder| name.strip_prefix(folder)).or(Some(name))
}

fn says_pipefail(script: &Script<'_>) -> bool {
    script.text().contains("pipefail")
}

/// Sets the option in the RUN itself: in its first command if that sets options, or before it.
fn set_option(cx: &Cx<'_>, at: usize, script: &Script<'_>) -> Proposal {
    let place = cx.model.tree.instructions[at].keyword_span;
    let first = first_command(script);
    if script.ast.list.items[0].terminator == Some(Terminator::Background) {
        return Declined::proposal(place, "a failure is lost in a pipe, and the RUN begins in the background, where an option cannot be set");
    }
    let sets = first.as_simple().filter(|simple| simple.name() == Some("set") && script.stops_on_error());
    let (edit, gone, new) = match sets {
        Some(simple) => {
            let end = simple.words[simple.words.len() - 1].span.end;
            let gone = dockopt_shell::canonical(script.text(), first);
            let new = format!("{gone} -o pipefail");
            (Edit { span: Span::at(script.logical.source_end(end)), text: " -o pipefail".to_owned() }, Some(gone), new)
        }
        None => {
            let edit = Edit { span: Span::at(script.logical.source_start(first.span.start)), text: format!("{PIPEFAIL} && ") };
            (edit, None, PIPEFAIL.to_owned())
        }
    };
    match Rewrite::safe("fail when the left side of a pipe fails: `set -o pipefail`", REASON, place, vec![edit]) {
        Ok(mut rewrite) => {
            rewrite.class = Class::Unsafe;
            rewrite.pipes = Pipes::MayFail;
            rewrite.commands.gone.extend(gone);
            rewrite.commands.new.push(canonical(&new));
            Proposal::Rewrite(rewrite)
        }
        Err(_) => Declined::proposal(place, "the option cannot be set in this RUN"),
    }
}

fn first_command<'s>(script: &'s Script<'_>) -> &'s Node {
    let mut node = &script.ast.list.items[0].node;
    while let NodeKind::And { left, .. } | NodeKind::Or { left, .. } | NodeKind::Pipe { left, .. } = &node.kind {
        node = left;
    }
    node
}

/// RUNs that one shell can be for: between them stands nothing that another shell would change.
fn ranges(cx: &Cx<'_>, runs: &[usize]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &at in runs {
        let is_free = |between: usize| match &cx.model.tree.instructions[between].body {
            Body::Copy(_) | Body::Add(_) | Body::Workdir(_) | Body::Env(_) | Body::Arg(_) | Body::User(_) | Body::Label(_) => true,
            Body::Run(_) => cx.model.script(between).is_ok_and(|script| script.is_portable() && script.has_no_pipes()),
            _ => false,
        };
        match ranges.last_mut() {
            Some((_, last)) if (*last + 1..at).all(is_free) => *last = at,
            _ => ranges.push((at, at)),
        }
    }
    ranges
}

/// Runs RUNs by bash with the option, and what follows by `sh` again.
fn use_bash(cx: &Cx<'_>, (first, last): (usize, usize)) -> Proposal {
    let tree = cx.model.tree;
    let place = tree.instructions[first].keyword_span;
    // The place of a trigger is that of its ONBUILD.
    if !place.of(&tree.text).eq_ignore_ascii_case(Keyword::Run.name()) {
        return Declined::proposal(place, "a failure is lost in a pipe, and `sh` of this base image does not know `pipefail`; a SHELL for a trigger is not written");
    }
    if tree.instructions[last].ends_open(&tree.text, tree.escape) {
        return Declined::proposal(place, "a failure is lost in a pipe, and the RUN ends in a continuation, so that a SHELL behind it would become a part of it");
    }
    let newline = tree.newline();
    let above = tree.leading_comments(first).cover(tree.instructions[first].span).start;
    let end = tree.instructions[last].span.end;
    let lead = if tree.text[..end].ends_with('\n') { "" } else { newline };
    let tail = if lead.is_empty() { newline } else { "" };
    let edits = vec![
        Edit { span: Span::at(above), text: format!("SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]{newline}") },
        Edit { span: Span::at(end), text: format!("{lead}SHELL [\"/bin/sh\", \"-c\"]{tail}") },
    ];
    match Rewrite::safe("fail when the left side of a pipe fails: bash with `pipefail`", REASON, place, edits) {
        Ok(mut rewrite) => {
            rewrite.class = Class::Unsafe;
            rewrite.pipes = Pipes::MayFail;
            Proposal::Rewrite(rewrite)
        }
        Err(_) => Declined::proposal(place, "SHELL cannot be written before this RUN"),
    }
}
