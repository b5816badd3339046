//! What `shellcheck` finds in the scripts of RUN, where that program is installed, at the places of the Dockerfile. Must not judge what it
//! says, apart from what it cannot know of an image.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use dockopt_model::state::{Shell, State};
use dockopt_model::{Model, stages};
use dockopt_rules::Severity;
use dockopt_syntax::{Body, LineIndex, Logical};
use dockopt_tools::bases::Base;
use serde::Deserialize;

use crate::findings::Found;
use crate::optimize::Selection;
use crate::process::{self, Failure};
use crate::suppress::{Subject, kept_by};

/// The name under which its findings are selected, ignored and kept.
pub const NAME: &str = "shellcheck";

/// Longer than this nobody waits for the scripts of one file.
const LIMIT: Duration = Duration::from_secs(20);
/// What it says of files that it cannot see, and of a shell that it does not know.
const BESIDE_THE_POINT: [u32; 3] = [1090, 1091, 2187];
/// What it says of features that a plain `sh` need not have: 3000 to 3999.
const PORTABILITY: std::ops::Range<u32> = 3000..4000;

/// Whether a name is that of one of its findings.
pub fn is_code(name: &str) -> bool {
    name.strip_prefix("SC")
        .is_some_and(|number| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A script as `shellcheck` gets it.
struct Piece {
    /// What the shell receives.
    script: Logical,
    /// Lines in front of it.
    head: String,
    /// The name of the shell.
    shell: &'static str,
    /// Whether the shell has no more features than it has to.
    is_plain: bool,
    /// The place of the RUN in the tree.
    index: usize,
}

#[derive(Deserialize)]
struct Report {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
struct Comment {
    file: String,
    line: usize,
    column: usize,
    level: String,
    code: u32,
    message: String,
}

/// What it finds in a file. Nothing where it is not installed; an error where it is and does not work.
pub fn look(model: &Model<'_>, selection: &Selection) -> Result<Vec<Found>, Failure> {
    let pieces = pieces(model);
    let is_named = |names: &[String]| names.iter().any(|name| name == NAME || is_code(name));
    let is_asked = selection.only.as_ref().is_none_or(|only| is_named(only));
    if pieces.is_empty() || !is_asked || !is_installed() {
        return Ok(Vec::new());
    }
    let mut groups: BTreeMap<&str, Vec<&Piece>> = BTreeMap::new();
    for piece in &pieces {
        groups.entry(piece.shell).or_default().push(piece);
    }
    let mut found = Vec::new();
    for (shell, pieces) in groups {
        let folder = tempfile::tempdir().map_err(|error| file("", error))?;
        for (at, comment) in ask(folder.path(), shell, &pieces)? {
            found.extend(shown(model, selection, pieces[at], &comment));
        }
    }
    found.sort_by_key(|one| (one.line, one.column));
    Ok(found)
}

fn is_installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| process::output(Command::new(NAME).arg("--version")).is_ok())
}

fn file(path: &str, error: io::Error) -> Failure {
    Failure::File { path: path.to_owned(), error }
}

/// Its comments on scripts of one shell, each with the script that it is about.
fn ask(folder: &Path, shell: &str, pieces: &[&Piece]) -> Result<Vec<(usize, Comment)>, Failure> {
    let mut command = Command::new(NAME);
    command.args(["--norc", "--format=json1", "--shell", shell, "--"]).current_dir(folder);
    for (at, piece) in pieces.iter().enumerate() {
        let name = format!("{at}.sh");
        let text = format!("{}{}", piece.head, piece.script.text());
        fs::write(folder.join(&name), text).map_err(|error| file(&name, error))?;
        command.arg(name);
    }
    let ended = process::ended_within(&mut command, LIMIT)?;
    let report: Report = serde_json::from_slice(&ended.stdout).map_err(|error| {
        Failure::Unreadable(format!("shellcheck answers with something unknown: {error}"))
    })?;
    let numbered = report.comments.into_iter().filter_map(|comment| {
        let at = comment.file.strip_suffix(".sh")?.parse().ok()?;
        (at < pieces.len()).then_some((at, comment))
    });
    Ok(numbered.collect())
}

/// The scripts of all RUNs whose shell it knows.
fn pieces(model: &Model<'_>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, stage) in model.stages.iter().enumerate() {
        let base = stages::base(&model.stages, at);
        for index in stage.instructions.clone() {
            let run = &model.tree.instructions[index];
            let (Body::Run(_), Some(script)) = (&run.body, run.script(&model.tree.text)) else { continue };
            let first =
                script.text().lines().next().filter(|line| run.is_heredoc_script() && line.starts_with("#!"));
            let state = stage.state(index);
            let Some((shell, is_plain)) = first.map_or_else(|| shell(&state.shell, base), interpreter) else {
                continue;
            };
            let comments = model.tree.leading_comments(index).of(&model.tree.text);
            pieces.push(Piece { head: head(comments, state), script, shell, is_plain, index });
        }
    }
    pieces
}

/// The name of a shell, and whether it is one with few features.
fn shell(shell: &Shell, base: Option<&Base>) -> Option<(&'static str, bool)> {
    let family = base.and_then(|base| base.family.as_deref());
    match shell {
        Shell::Bash(_) => Some(("bash", false)),
        Shell::Sh if matches!(family, Some("debian" | "ubuntu")) => Some(("dash", true)),
        Shell::Sh => Some(("sh", false)),
        Shell::Other(_) => None,
    }
}

/// The same of the first line of a script.
fn interpreter(line: &str) -> Option<(&'static str, bool)> {
    let mut words =
        line.trim_start_matches("#!").split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let name = words.find(|word| *word != "env" && !word.starts_with('-'))?;
    [("sh", false), ("bash", false), ("dash", true), ("ksh", false)]
        .into_iter()
        .find(|(known, _)| *known == name)
}

/// Lines that tell it what the author keeps it from, and which variables are set.
fn head(comments: &str, state: &State) -> String {
    let mut head = String::new();
    for comment in comments.lines().map(str::trim) {
        if comment.trim_start_matches('#').trim_start().starts_with("shellcheck ") {
            head.push_str(comment);
            head.push('\n');
        }
    }
    let is_name = |name: &&String| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let names: Vec<String> =
        state.variables.keys().filter(is_name).map(|name| format!("{name}=\"$1\"")).collect();
    if !names.is_empty() {
        head.push_str(&format!("export {}\n", names.join(" ")));
    }
    head
}

/// A comment as a finding at its place; none where it is about something else, or is not wanted.
fn shown(model: &Model<'_>, selection: &Selection, piece: &Piece, comment: &Comment) -> Option<Found> {
    let is_beside =
        BESIDE_THE_POINT.contains(&comment.code) || (PORTABILITY.contains(&comment.code) && !piece.is_plain);
    let code = format!("SC{}", comment.code);
    let aliases = [code.as_str()];
    let subject = Subject { name: NAME, aliases: &aliases };
    if is_beside || !selection.wants_subject(subject) {
        return None;
    }
    let tree = model.tree;
    if kept_by(tree, subject, &[tree.instructions[piece.index].keyword_span]).is_some() {
        return None;
    }
    let line = comment.line.checked_sub(1 + piece.head.lines().count())?;
    let at = offset(piece.script.text(), line, comment.column)?;
    let position = LineIndex::new(&tree.text).position(&tree.text, piece.script.source_start(at));
    let severity = match comment.level.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Advice,
    };
    let page = format!("https://www.shellcheck.net/wiki/{code}");
    Some(Found {
        rule: NAME,
        severity,
        line: position.line,
        column: position.column,
        message: comment.message.clone(),
        help: format!("see {page}"),
        page,
        aliases: vec![code],
        declined: None,
    })
}

/// The byte at a line, from 0, and a column in characters, from 1.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let rest = text[start..].split('\n').next()?;
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    Some(start + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let text = "echo 'ä' $x\nls $y";
        assert_eq!(offset(text, 0, 10), text.find("$x"));
        assert_eq!(offset(text, 1, 4), text.find("$y"));
        assert_eq!(offset(text, 1, 40), Some(text.len()), "behind the end is the end");
        assert_eq!(offset(text, 2, 1), None);
    }

    #[test]
    fn a_first_line_names_the_shell() {
        assert_eq!(interpreter("#!/usr/bin/env bash"), Some(("bash", false)));
        assert_eq!(interpreter("#!/bin/sh -e"), Some(("sh", false)));
        assert_eq!(interpreter("#!/usr/bin/env python3"), None);
    }
}
