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
//! mended too; where only the escape token is left over the words would be arguments of the command before, and that is left.

use dockopt_shell::NodeKind;
use dockopt_syntax::{Edit, Instruction, Keyword, Span};

use crate::{Class, Cx, Declined, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "rejoin-swallowed-instruction";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "give an instruction its line back that the RUN above swallowed";
pub(crate) const ALIASES: &[&str] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    (0..cx.model.tree.instructions.len()).filter_map(|index| look_at(cx, index)).collect()
}

fn look_at(cx: &Cx<'_>, index: usize) -> Option<Proposal> {
    let tree = cx.model.tree;
    let instruction = &tree.instructions[index];
    let (gap, keyword) = swallowed(cx, index)?;
    let name = keyword.name();
    if !is_an_instruction(&tree.text, instruction, gap.end) {
        let reason = format!("`{name}` begins a line of this RUN, but what follows is no instruction that can stand alone");
        return Some(Declined::proposal(Span::new(gap.end, gap.end + name.len()), reason));
    }
    // The line breaks, blank lines and comments between stay; the operator and the escape token before them go.
    let line_end = gap.start + gap.of(&tree.text).find('\n')?;
    let kept = if tree.text[..line_end].ends_with('\r') { line_end - 1 } else { line_end };
    let edit = Edit { span: Span::new(gap.start, kept), text: String::new() };
    let title = format!("end the RUN before `{name}`");
    let reason = format!(
        "the `{}` at the end of the line makes `{name} …` a command of the RUN, so the file cannot build",
        tree.text[gap.start..kept].trim()
    );
    let mut rewrite = Rewrite::safe(title, reason, Span::new(gap.end, gap.end + name.len()), vec![edit]).ok()?;
    rewrite.mends = true;
    rewrite.commands.gone = last_command(cx, index);
    Some(Proposal::Rewrite(rewrite))
}

/// The last command of a RUN, if its name is an instruction and it begins a line: the gap before it, from the end of the
/// command before, and the instruction.
fn swallowed(cx: &Cx<'_>, index: usize) -> Option<(Span, Keyword)> {
    let tree = cx.model.tree;
    let script = cx.model.script(index).ok()?;
    let item = script.ast.list.items.last()?;
    let (before, last) = match &item.node.kind {
        NodeKind::And { left, right, .. } => (left.span.end, &**right),
        _ => {
            let items = &script.ast.list.items;
            (items.get(items.len().checked_sub(2)?)?.node.span.end, &item.node)
        }
    };
    let word = last.as_simple()?.words.first()?;
    let text = &script.text()[word.span.clone()];
    let keyword = Keyword::ALL.iter().find(|(_, name)| *name == text)?.0;
    let gap = Span::new(script.logical.source_end(before), script.logical.source_start(word.span.start));
    let lines = gap.of(&tree.text);
    let begins_line = lines.rsplit('\n').next().is_some_and(|indent| indent.trim().is_empty());
    (begins_line && lines.contains('\n') && tree.instructions[index].heredocs.is_empty()).then_some((gap, keyword))
}

/// Whether the rest of the RUN from `start` on is one instruction without errors.
fn is_an_instruction(text: &str, run: &Instruction, start: usize) -> bool {
    let rest = &text[start..run.span.end];
    let parse = dockopt_syntax::parse(&format!("FROM scratch\n{rest}"));
    parse.errors.is_empty() && parse.tree.instructions.len() == 2
}

fn last_command(cx: &Cx<'_>, index: usize) -> Vec<String> {
    let Ok(script) = cx.model.script(index) else { return Vec::new() };
    let last = script.ast.list.items.last().map(|item| match &item.node.kind {
        NodeKind::And { right, .. } => &**right,
        _ => &item.node,
    });
    last.map(|node| dockopt_shell::canonical(script.text(), node)).into_iter().collect()
}
