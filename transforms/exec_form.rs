//! Writes CMD and ENTRYPOINT as the words of a program, not as a text for a shell.
//!
//! ## What it does
//!
//! Writes a command that needs no shell as a JSON array.
//!
//! ## Why
//!
//! In shell form a shell is started first. It may keep signals to itself, so that the program is killed where it should end in order.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20-slim
//! COPY server.js .
//! CMD node server.js --port 8080
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM node:20-slim
//! COPY server.js .
//! CMD ["node", "server.js", "--port", "8080"]
//! ```
//!
//! ## Safety
//!
//! Unsafe: the image's command is another one, which no shell reads. It acts on one plain command, without variables, patterns,
//! operators and commands of the shell itself. ENTRYPOINT is left where the image has a CMD, which a shell drops and a program would
//! get as arguments; CMD where the file has an ENTRYPOINT, which gets it as arguments.

use dockopt_model::portable;
use dockopt_model::state::Shell;
use dockopt_model::{Setting, stages};
use dockopt_shell::{Dialect, NodeKind, Word};
use dockopt_syntax::{Body, Command, Edit, Keyword};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "exec-form";
pub(crate) const PHASE: Phase = Phase::Runtime;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "write CMD and ENTRYPOINT without a shell where they need none";
pub(crate) const ALIASES: &[&str] = &["DL3025", "JSONArgsRecommended"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let stages = 0..cx.model.stages.len();
    stages.flat_map(|stage| cx.model.stages[stage].instructions.clone().filter_map(move |at| look_at(cx, stage, at))).collect()
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let instruction = &tree.instructions[at];
    let (setting, range) = match &instruction.body {
        Body::Cmd(Command::Shell(range)) => (Setting::Cmd, range.clone()),
        Body::Entrypoint(Command::Shell(range)) => (Setting::Entrypoint, range.clone()),
        _ => return None,
    };
    let name = instruction.keyword.name();
    let declined = |reason: String| Some(Declined::proposal(instruction.keyword_span, reason));
    if cx.model.stages[stage].state(at).shell != Shell::Sh {
        return declined(format!("SHELL says what reads this {name}"));
    }
    let (other, why) = match setting {
        Setting::Cmd => (Keyword::Entrypoint, "gets this CMD as its arguments"),
        _ => (Keyword::Cmd, "would become its arguments, which the shell drops today"),
    };
    if let Some(line) = found(cx, stage, other) {
        return declined(format!("the {} in line {line} {why}", other.name()));
    }
    if !instruction.inner_comments.is_empty() {
        return declined("a comment stands inside it".to_owned());
    }
    let text = &instruction.logical.text()[range.clone()];
    let words = match words(text) {
        Ok(words) => words,
        Err(reason) => return declined(reason),
    };
    let array = format!("[{}]", words.iter().map(|word| json(word)).collect::<Vec<_>>().join(", "));
    let edit = Edit { span: instruction.logical.span(range), text: array };
    let mut reason = "no shell stands between signals and the program then, so it can end in order".to_owned();
    if setting == Setting::Entrypoint {
        reason.push_str("; arguments of `docker run` reach it, which the shell drops today");
    }
    let mut rewrite = Rewrite::safe(format!("write {name} without a shell"), reason, instruction.keyword_span, vec![edit]).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.settings = vec![setting];
    Some(Proposal::Rewrite(rewrite))
}

/// The line of an instruction of that sort, in the stage or in those below.
fn found(cx: &Cx<'_>, stage: usize, keyword: Keyword) -> Option<usize> {
    let own = |at: usize| cx.model.stages[at].instructions.clone().rev();
    let mut all = stages::lineage(&cx.model.stages, stage).flat_map(own).map(|at| &cx.model.tree.instructions[at]);
    all.find(|one| one.keyword == keyword).map(|one| *one.lines.start())
}

/// The words of a text that a shell would run as one program with these words and nothing more.
fn words(text: &str) -> Result<Vec<String>, String> {
    let script = dockopt_shell::parse(text, Dialect::Posix).map_err(|_| "it is not understood".to_owned())?;
    let [item] = script.list.items.as_slice() else { return Err("it is more than one command".to_owned()) };
    let (NodeKind::Simple(simple), None) = (&item.node.kind, item.terminator) else {
        return Err("it needs a shell: it is more than one plain command".to_owned());
    };
    if !simple.assignments.is_empty() || !item.node.redirects.is_empty() {
        return Err("it needs a shell, which sets variables or redirects for it".to_owned());
    }
    let needs_shell = |word: &&Word| word.literal.is_none();
    if let Some(word) = simple.words.iter().find(needs_shell) {
        let text = &text[word.span.clone()];
        return Err(format!("it needs a shell for `{text}`; `exec` in front of it would hand signals on"));
    }
    let words: Vec<String> = simple.words.iter().filter_map(|word| word.literal.clone()).collect();
    match words.first() {
        None => Err("it has no command".to_owned()),
        Some(name) if portable::is_builtin(name) => Err(format!("`{name}` is a command of the shell itself")),
        Some(_) => Ok(words),
    }
}

/// A JSON string.
fn json(word: &str) -> String {
    let mut text = "\"".to_owned();
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
