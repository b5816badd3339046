//! Puts the words of an exec form into the quotes that JSON has.
//!
//! ## What it does
//!
//! Writes `CMD ["node", "server.js"]` where `CMD ['node', 'server.js']` stands; ENTRYPOINT likewise.
//!
//! ## Why
//!
//! JSON knows double quotes only. With others the text goes to a shell, which looks for a program called `[node,`: the container
//! cannot start.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:20-slim
//! COPY server.js .
//! CMD ['node', 'server.js']
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM node:20-slim
//! COPY server.js .
//! CMD ["node", "server.js"]
//! ```
//!
//! ## Safety
//!
//! Unsafe: the image's command is another one. It acts only on a list whose words are all in single quotes and have no quotes,
//! variables or escapes in them; nobody means such a text for a shell.

use dockopt_model::Setting;
use dockopt_syntax::{Body, Command, Edit};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "quote-exec-json";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "put the words of an exec form into double quotes";
pub(crate) const ALIASES: &[&str] = &["DL3025", "JSONArgsRecommended"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    (0..cx.model.tree.instructions.len()).filter_map(|at| look_at(cx, at)).collect()
}

fn look_at(cx: &Cx<'_>, at: usize) -> Option<Proposal> {
    let instruction = &cx.model.tree.instructions[at];
    let (setting, range) = match &instruction.body {
        Body::Cmd(Command::Shell(range)) => (Setting::Cmd, range.clone()),
        Body::Entrypoint(Command::Shell(range)) => (Setting::Entrypoint, range.clone()),
        _ => return None,
    };
    let text = &instruction.logical.text()[range.clone()];
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    if !inner.contains('\'') {
        return None;
    }
    let name = instruction.keyword.name();
    let words: Option<Vec<&str>> = inner.split(',').map(word).collect();
    let Some(words) = words.filter(|_| instruction.inner_comments.is_empty()) else {
        let reason = format!("this {name} goes to a shell, since it is no JSON array; its words cannot be told apart for certain");
        return Some(Declined::proposal(instruction.keyword_span, reason));
    };
    let array = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let edit = Edit { span: instruction.logical.span(range), text: format!("[{array}]") };
    let reason = format!("JSON has double quotes only; as it is, a shell looks for a program called `[{},` or so", words[0]);
    let mut rewrite = Rewrite::safe(format!("write the words of {name} in double quotes"), reason, instruction.keyword_span, vec![edit]).ok()?;
    rewrite.class = Class::Unsafe;
    rewrite.settings = vec![setting];
    Some(Proposal::Rewrite(rewrite))
}

/// A word in single quotes without anything that needs thought.
fn word(text: &str) -> Option<&str> {
    let word = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!word.is_empty() && !word.contains(['\'', '"', '\\', '$', '`'])).then_some(word)
}
