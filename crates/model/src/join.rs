//! Makes one RUN of several that follow each other, in the form that the first one has: a `&&` chain, a list that stops at the
//! first failure, or a heredoc that does. It writes text; whether the commands still mean the same is proven by the digest.

use dockopt_shell::{Node, Terminator};
use dockopt_syntax::{Edit, ItemKind, Span};

use crate::element::set_options;
use crate::layout::{Chain, between, whole};
use crate::{Model, Script};

/// How a RUN joins those above it.
#[derive(Debug, Default)]
pub struct Joined {
    /// The edits that do it.
    pub edits: Vec<Edit>,
    /// Commands, in one spelling, that the RUNs above ran already and that go: `set -e`.
    pub gone: Vec<String>,
}

/// Appends RUN `next` to `last`, which is `head` or was itself appended to it. Comments between the two stay above the commands
/// that they describe. `style` is that of the chain. `None` where that cannot be written.
pub fn append(model: &Model<'_>, head: usize, last: usize, next: usize, style: &Chain) -> Option<Joined> {
    let tree = model.tree;
    let (one, two) = (&tree.instructions[last], &tree.instructions[next]);
    let (script, added) = (model.script(head).ok()?, model.script(next).ok()?);
    if !tree.instructions[head].flags.is_empty() || !two.flags.is_empty() {
        return None;
    }
    let comments = tree.leading_comments(next);
    // A comment with a blank line below it is a heading or an aside, not a description of the second RUN.
    let mut between = between(tree, last, next)?.iter();
    if between.any(|item| item.kind == ItemKind::Comment && !comments.contains(item.span)) {
        return None;
    }
    if !tree.instructions[head].heredocs.is_empty() {
        return append_lines(model, head, next).filter(|_| comments.is_empty());
    }
    if !one.heredocs.is_empty() {
        return None;
    }
    if !two.heredocs.is_empty() {
        return append_as_chain(model, last, next, style).filter(|_| comments.is_empty());
    }
    let (first, gone) = repeated_options(script, added)?;
    let above = model.script(last).ok()?;
    // A list goes on, until a chain ends it.
    let is_list = |one: &Script<'_>| one.ast.and_chain().is_none();
    let operator = if is_list(script) && is_list(above) && script.stops_on_error() { ";" } else { "&&" };
    if operator == "&&" && is_list(added) {
        return None;
    }
    let item = above.ast.list.items.last().filter(|item| item.terminator.is_none())?;
    let end = above.logical.source_end(item.node.span.end);
    // Something after the last command, such as a comment of the shell, would swallow what follows.
    let rest = &tree.text[end..one.code_span(&tree.text).end];
    if !rest.trim_matches(|c: char| c.is_whitespace() || c == tree.escape.char()).is_empty() {
        return None;
    }
    let start = added.logical.source_start(first.span.start);
    if two.inner_comments.iter().any(|comment| comment.start < start) {
        return None;
    }
    // Commands of a list stand below each other, not below their keyword.
    let list = Chain { separator: style.separator, indent: "    ".to_owned() };
    let style = if operator == ";" && style.indent.len() < 2 && style.indent != "\t" { &list } else { style };
    let text = seam(model, comments, operator, style);
    Some(Joined { edits: vec![Edit { span: Span::new(end, start), text }], gone })
}

/// Writes the lines of a heredoc that stops at failures as further commands of a `&&` chain, and takes its RUN away.
fn append_as_chain(model: &Model<'_>, last: usize, next: usize, style: &Chain) -> Option<Joined> {
    let tree = model.tree;
    let (above, added) = (model.script(last).ok()?, model.script(next).ok()?);
    let two = &tree.instructions[next];
    above.ast.and_chain().filter(|_| two.is_heredoc_script())?;
    let parts = added.sequence().filter(|_| added.ast.and_chain().is_none())?;
    // A `#` may begin a comment of the shell, which has no place in a chain.
    let body = two.heredocs.first()?.body.of(&tree.text);
    if body.contains('#') || body.contains("<<") {
        return None;
    }
    let mut gone = Vec::new();
    let mut text = String::new();
    for part in parts {
        let own = added.span(&part.span).of(&tree.text);
        if set_options(part).is_some_and(|options| options == "e") {
            gone.push(dockopt_shell::canonical(added.text(), part));
        } else if own.contains('\n') || set_options(part).is_some() {
            return None;
        } else {
            text.push_str(&style.between(tree, "&&"));
            text.push_str(own);
        }
    }
    let item = above.ast.list.items.last().filter(|item| item.terminator.is_none())?;
    let end = above.logical.source_end(item.node.span.end);
    let rest = &tree.text[end..tree.instructions[last].code_span(&tree.text).end];
    let edits =
        vec![Edit { span: Span::at(end), text }, Edit { span: whole(tree, next), text: String::new() }];
    rest.trim().is_empty().then_some(Joined { edits, gone })
}

/// What stands between two commands of a chain: the operator, a line break, and the comments that describe the second.
fn seam(model: &Model<'_>, comments: Span, operator: &str, style: &Chain) -> String {
    let tree = model.tree;
    let newline = tree.newline();
    let mut lines = comments.of(&tree.text).lines().map(str::trim).peekable();
    if lines.peek().is_none() {
        return style.between(tree, operator);
    }
    let before = match operator {
        ";" => "; ",
        _ if style.separator == crate::Separator::Trailing => " && ",
        _ => " ",
    };
    let mut text = format!("{before}{}{newline}", tree.escape.char());
    for line in lines {
        text.push_str(&format!("{}{line}{newline}", style.indent));
    }
    text.push_str(&style.indent);
    if operator == "&&" && style.separator == crate::Separator::Leading {
        text.push_str("&& ");
    }
    text
}

/// The first command of a RUN that joins another, and the options that go before it since they are on already.
fn repeated_options<'s>(script: &Script<'_>, added: &'s Script<'_>) -> Option<(&'s Node, Vec<String>)> {
    if let Some(chain) = added.ast.and_chain() {
        return Some((*chain.first()?, Vec::new()));
    }
    // Only a list that stops at failures can go on with another one.
    script.sequence().filter(|_| script.ast.and_chain().is_none())?;
    added.sequence()?;
    let items = &added.ast.list.items;
    let own = |script: &Script<'_>| {
        script.ast.list.items.first().and_then(|item| set_options(&item.node)).map(|options| sorted(&options))
    };
    match (own(script), own(added)) {
        (None, None) => Some((&items[0].node, Vec::new())),
        (Some(on), Some(options)) if on == options => {
            Some((&items[1].node, vec![dockopt_shell::canonical(added.text(), &items[0].node)]))
        }
        _ => None,
    }
}

fn sorted(options: &str) -> Vec<char> {
    let mut options: Vec<char> = options.chars().collect();
    options.sort_unstable();
    options.dedup();
    options
}

/// Writes the commands of a RUN as lines at the end of a heredoc that stops at failures, and takes the RUN away.
fn append_lines(model: &Model<'_>, head: usize, next: usize) -> Option<Joined> {
    let tree = model.tree;
    let (one, two) = (&tree.instructions[head], &tree.instructions[next]);
    let (script, added) = (model.script(head).ok()?, model.script(next).ok()?);
    let is_lines = |at: usize| tree.instructions[at].is_heredoc_script();
    if !is_lines(head)
        || !two.inner_comments.is_empty()
        || script.sequence().is_none()
        || script.ast.and_chain().is_some()
    {
        return None;
    }
    let (_, gone) = repeated_options(script, added)?;
    let heredoc = one.heredocs.first()?;
    let text = if is_lines(next) {
        let other = two.heredocs.first()?;
        let mut start = other.body.start;
        if !gone.is_empty() {
            // The options have the lines up to theirs; all that is below stays.
            let end = added.logical.source_end(added.ast.list.items.first()?.node.span.end);
            start = end + tree.text[end..].find('\n')? + 1;
            let others = [
                Span::new(
                    other.body.start,
                    added.logical.source_start(added.ast.list.items.first()?.node.span.start),
                ),
                Span::new(end, start),
            ];
            if others.iter().any(|span| !span.of(&tree.text).trim().is_empty()) {
                return None;
            }
        }
        let text = Span::new(start, other.body.end).of(&tree.text);
        // No line ends the heredoc that it comes into.
        let ends = text.lines().any(|line| line.trim_start_matches('\t') == heredoc.name);
        if ends || heredoc.strip_tabs != other.strip_tabs {
            return None;
        }
        text.to_owned()
    } else {
        let last = script.ast.list.items.last()?;
        let line = script.logical.source_start(last.node.span.start);
        let start = tree.text[..line].rfind('\n')? + 1;
        let indent = Span::new(start, line).of(&tree.text);
        let commands = added.ast.and_chain()?;
        if !two.heredocs.is_empty() || !indent.trim().is_empty() {
            return None;
        }
        let mut text = String::new();
        for command in commands {
            let own = added.span(&command.span).of(&tree.text);
            if own.contains('\n') {
                return None;
            }
            text.push_str(&format!("{indent}{own}{}", tree.newline()));
        }
        text
    };
    let is_open = script.ast.list.items.last()?.terminator == Some(Terminator::Background);
    let edits = vec![
        Edit { span: Span::at(heredoc.body.end), text },
        Edit { span: whole(tree, next), text: String::new() },
    ];
    (!is_open).then_some(Joined { edits, gone })
}
