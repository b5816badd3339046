//! Gives an instruction its own line back that the RUN above swallowed.
//!
//! ## What it does
//!
//! Removes the `&& \` at the end of a RUN when the next line is an instruction. The escape token makes that line part of
//! the RUN, even over blank lines and comments, and the shell then looks for a program called `COPY`.
//!
//! ## Why
//!
//! Such a file cannot build. The mistake comes from deleting or commenting out the last command of a chain.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM fedora:40
//! RUN dnf install -y httpd && \
//!     dnf clean all && \
//!
//! COPY web/index.html /var/www/html
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM fedora:40
//! RUN dnf install -y httpd && \
//!     dnf clean all
//!
//! COPY web/index.html /var/www/html
//! ```
//!
//! ## Safety
//!
//! Safe: the original never builds, since no image has a program whose name is an instruction in capitals. It acts only
//! when the words begin a line of their own and are an instruction that `BuildKit` accepts. A `;` in place of the `&&` is
//! mended too; where only the escape token is left over, the words would be arguments of the command before, and that is left.

use dockopt_model::Script;
use dockopt_shell::{Node, NodeKind};
use dockopt_syntax::{Edit, Instruction, Keyword, Span};

use crate::{Class, Commands, Cx, Declined, Expected, Phase, Proof, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "rejoin-swallowed-instruction";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "give an instruction its line back that the RUN above swallowed";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    (0..cx.model.tree.instructions.len()).filter_map(|index| look_at(cx, index)).collect()
}

fn look_at(cx: &Cx<'_>, index: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let instruction = &tree.instructions[index];
    let found = swallowed(cx, index)?;
    let gap = found.gap;
    let name = found.keyword.name();
    let at = Span::new(gap.end, gap.end + name.len());
    // Commands that follow in the chain can belong to a RUN alone.
    let stands_alone = found.keyword == Keyword::Run || found.is_last;
    if !stands_alone || !is_an_instruction(&tree.text, instruction, gap.end) {
        let reason = format!("`{name}` begins a line of this RUN, but what follows is no instruction that can stand alone");
        return Some(Declined::proposal(at, reason));
    }
    let Some(kept) = operator_end(gap.of(&tree.text)).map(|end| gap.start + end) else {
        return Some(Declined::proposal(at, "a comment stands between the command above and its `&&`"));
    };
    if tree.text[..gap.start].trim_end_matches([' ', '\t']).ends_with(tree.escape.char()) {
        return Some(Declined::proposal(at, "the command above would end in an escape token, which continues the line"));
    }
    // The builder drops such a blank at the end of a RUN; to the shell it is a letter like any other.
    if tree.text[..gap.start].ends_with(char::is_whitespace) {
        return Some(Declined::proposal(at, "the command above would lose the odd blank that it ends with"));
    }
    let edit = Edit { span: Span::new(gap.start, kept), text: String::new() };
    let title = format!("end the RUN before `{name}`");
    let reason = format!(
        "the `{}` at the end of the line makes `{name} …` a command of the RUN, so the file cannot build",
        tree.text[gap.start..kept].split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let mut rewrite = Rewrite::safe(title, reason, at, vec![edit]).ok()?;
    rewrite.proof = Proof::Mends;
    rewrite.commands = found.commands;
    Some(Proposal::Rewrite(rewrite))
}

/// Where the operator and the escape tokens around it end in the gap before a swallowed instruction. The line breaks, blank
/// lines and comments after that stay.
fn operator_end(gap: &str) -> Option<usize> {
    let mut end = None;
    let mut start = 0;
    let mut commented = false;
    for line in gap.split_inclusive('\n') {
        let text = line.trim();
        if text.starts_with('#') {
            commented = true;
        } else if !text.is_empty() {
            if commented {
                return None;
            }
            end = Some(start + line.trim_end_matches(['\r', '\n']).len());
        }
        start += line.len();
    }
    end
}

/// An instruction that became a command of the RUN above it.
struct Swallowed {
    keyword: Keyword,
    /// From the end of the command before to the instruction.
    gap: Span,
    /// No command of the RUN follows.
    is_last: bool,
    commands: Commands,
}

/// The first command of a RUN whose name is an instruction and that begins a line.
fn swallowed(cx: &Cx<'_>, index: usize) -> Option<Swallowed> {
    let tree = cx.model.tree;
    let script = cx.model.script(index).ok()?;
    if !tree.instructions[index].heredocs.is_empty() {
        return None;
    }
    let operands = operands(script);
    (1..operands.len()).find_map(|at| {
        let (before, node) = (operands[at - 1].span.end, operands[at]);
        let simple = node.as_simple()?;
        let word = simple.words.first()?;
        let text = &script.text()[word.span.clone()];
        let keyword = Keyword::ALL.iter().find(|(_, name)| *name == text)?.0;
        let gap = Span::new(script.logical.source_end(before), script.logical.source_start(word.span.start));
        let lines = gap.of(&tree.text);
        let begins_line = lines.contains('\n') && lines.rsplit('\n').next().is_some_and(|indent| indent.trim().is_empty());
        let mut commands = Commands { gone: vec![dockopt_shell::canonical(script.text(), node)], new: Vec::new() };
        // A trigger's command is one of the file's, too.
        let is_run = |word: &dockopt_shell::Word| script.text()[word.span.clone()].eq_ignore_ascii_case("run");
        let first = match keyword {
            Keyword::Run => simple.words.get(1),
            Keyword::Onbuild => simple.words.get(1).filter(|word| is_run(word)).and_then(|_| simple.words.get(2)),
            _ => None,
        };
        if let Some(first) = first {
            commands.new.push(canonical(&script.text()[first.span.start..node.span.end]));
        }
        begins_line.then(|| Swallowed { keyword, gap, is_last: at + 1 == operands.len(), commands })
    })
}

/// The commands of a script that must succeed one after the other: the items of its list, taken apart at `&&`.
fn operands<'s>(script: &'s Script<'_>) -> Vec<&'s Node> {
    let mut found = Vec::new();
    for item in &script.ast.list.items {
        let start = found.len();
        let mut node = &item.node;
        while let NodeKind::And { left, right, .. } = &node.kind {
            found.insert(start, &**right);
            node = left;
        }
        found.insert(start, node);
    }
    found
}

/// Whether the rest of the RUN from `start` on is one instruction without errors.
fn is_an_instruction(text: &str, run: &Instruction, start: usize) -> bool {
    let rest = &text[start..run.span.end];
    let parse = dockopt_syntax::parse(&format!("FROM scratch\n{rest}"));
    parse.errors.is_empty() && parse.tree.instructions.len() == 2
}
