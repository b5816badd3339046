//! How a RUN is laid out over lines, and edits of its command list in the author's own style. It moves text; whether the
//! commands still mean the same is proven by the digest.

use dockopt_shell::{Node, NodeKind, Span as Range, Terminator};
use dockopt_syntax::{Edit, Instruction, Item, ItemKind, Span, Tree};

use crate::element::sets_options;
use crate::{Element, Model, Script};

/// Where the operators of a `&&` chain stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Separator {
    /// At the beginning of a line: `\` newline ` && b`.
    Leading,
    /// At the end: `&& \` newline `b`.
    Trailing,
}

/// The style of a chain over several lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chain {
    /// Where the operators stand.
    pub separator: Separator,
    /// The blanks at the beginning of a continuation line.
    pub indent: String,
}

impl Chain {
    /// The style of this RUN; where it has none, that of the file's other RUNs; where they have none, ` && b`.
    pub fn of(model: &Model<'_>, instruction: usize) -> Self {
        let tree = model.tree;
        let own = model.script(instruction).ok().and_then(|script| Self::read(tree, script));
        own.or_else(|| Self::of_packages(tree, &tree.instructions[instruction]))
            .or_else(|| Self::most_used(model))
            .unwrap_or_else(|| Self { separator: Separator::Leading, indent: " ".to_owned() })
    }

    /// The style for a chain that RUNs are merged into: that of the first which has one.
    pub fn of_group(model: &Model<'_>, runs: &[usize]) -> Self {
        let own = runs.iter().find_map(|&at| Self::read(model.tree, model.script(at).ok()?));
        own.unwrap_or_else(|| Self::of(model, runs[0]))
    }

    /// The style of the last operator that stands at a line break.
    fn read(tree: &Tree, script: &Script<'_>) -> Option<Self> {
        let mut found = None;
        for item in &script.ast.list.items {
            let mut node = &item.node;
            let mut last = None;
            while let NodeKind::And { left, op, right } | NodeKind::Or { left, op, right } = &node.kind {
                last = last.or_else(|| Self::at(tree, script, left.span.end, op, right.span.start));
                node = left;
            }
            found = last.or(found);
        }
        found
    }

    fn at(tree: &Tree, script: &Script<'_>, left_end: usize, op: &Range, right_start: usize) -> Option<Self> {
        let op = script.span(op);
        let before = Span::new(script.logical.source_end(left_end), op.start).of(&tree.text);
        let after = Span::new(op.end, script.logical.source_start(right_start)).of(&tree.text);
        let indent = |text: &str| text.rsplit('\n').next().unwrap_or_default().to_owned();
        if before.contains('\n') {
            Some(Self { separator: Separator::Leading, indent: indent(before) })
        } else if after.contains('\n') {
            Some(Self { separator: Separator::Trailing, indent: indent(after) })
        } else {
            None
        }
    }

    /// A RUN without operators at line breaks: they are aligned with what stands there, such as a list of packages.
    fn of_packages(tree: &Tree, instruction: &Instruction) -> Option<Self> {
        let code = instruction.code_span(&tree.text).of(&tree.text);
        // Lines in parentheses or braces are indented for these.
        if code.contains(['(', '{']) {
            return None;
        }
        let line = code
            .split('\n')
            .skip(1)
            .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
        // Other blanks than these are part of a word.
        let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        (!indent.is_empty()).then(|| Self { separator: Separator::Leading, indent: indent.to_owned() })
    }

    fn most_used(model: &Model<'_>) -> Option<Self> {
        let mut styles: Vec<Self> = model
            .tree
            .instructions
            .iter()
            .enumerate()
            .filter_map(|(at, _)| Self::read(model.tree, model.script(at).ok()?))
            .collect();
        styles.sort();
        let counts: Vec<(usize, &Self)> =
            styles.chunk_by(|a, b| a == b).map(|same| (same.len(), &same[0])).collect();
        // Of equally frequent ones the first in order, so that the choice does not depend on anything else.
        counts.into_iter().rev().max_by_key(|found| found.0).map(|found| found.1.clone())
    }

    /// What stands between two commands: the operator and a line break.
    pub fn between(&self, tree: &Tree, operator: &str) -> String {
        let (escape, newline, indent) = (tree.escape.char(), tree.newline(), &self.indent);
        match self.separator {
            Separator::Leading if operator == ";" => format!("; {escape}{newline}{indent}"),
            Separator::Leading => format!(" {escape}{newline}{indent}{operator} "),
            Separator::Trailing if operator == ";" => format!("; {escape}{newline}{indent}"),
            Separator::Trailing => format!(" {operator} {escape}{newline}{indent}"),
        }
    }
}

/// Adds a command at the end of a RUN, so that it runs if all before it succeeded. `None` where that cannot be written.
pub fn append(model: &Model<'_>, instruction: usize, command: &str) -> Option<Edit> {
    let script = model.script(instruction).ok()?;
    let run = &model.tree.instructions[instruction];
    let items = &script.ast.list.items;
    let last = items.last()?;
    let stops = script.stops_on_error();
    if !run.heredocs.is_empty() {
        // A line of its own, which runs if all before it succeeded.
        let is_plain = run.is_heredoc_script() && stops && items.len() > 1 && last.terminator.is_none();
        return if is_plain { append_line(model.tree, script, last, command) } else { None };
    }
    let operator = match last.terminator {
        Some(Terminator::Background) => return None,
        // `a; b;` would hide a failure of `b` behind the new command.
        Some(Terminator::Semicolon) => return None,
        None if items.len() > 1 && stops => ";",
        None => "&&",
    };
    let at = script.logical.source_end(last.node.span.end);
    let text = format!("{}{command}", Chain::of(model, instruction).between(model.tree, operator));
    Some(Edit { span: Span::at(at), text })
}

/// Adds a line behind the last command of a script of several lines, indented as the line on which that begins.
fn append_line(tree: &Tree, script: &Script<'_>, last: &dockopt_shell::Item, command: &str) -> Option<Edit> {
    let (start, end) =
        (script.logical.source_start(last.node.span.start), script.logical.source_end(last.node.span.end));
    let line = tree.text[..start].rsplit('\n').next().unwrap_or_default();
    let rest = tree.text[end..].split('\n').next().unwrap_or_default();
    let alone = line.trim().is_empty() && rest.trim().is_empty();
    // Where a command before the last one of a chain fails, the script goes on: the chain itself must go on.
    let joint = match last.node.kind {
        NodeKind::And { .. } => format!(" &&{}{line}    ", tree.newline()),
        _ => format!("{}{line}", tree.newline()),
    };
    alone.then(|| Edit { span: Span::at(end), text: format!("{joint}{command}") })
}

/// Adds flags to a RUN, behind those that it has, each on a line of its own.
pub fn add_flags(tree: &Tree, instruction: usize, flags: &[String]) -> Edit {
    let run = &tree.instructions[instruction];
    let start = run.logical.source_start(run.arguments.start);
    let behind = run.flags.last().map_or(run.keyword_span.end, |last| last.span.end);
    let between = Span::new(behind, start).of(&tree.text);
    let indent = match between.rsplit_once('\n') {
        Some((_, indent)) if indent.trim().is_empty() && !indent.is_empty() => indent,
        _ if run.code_span(&tree.text).of(&tree.text).contains("\n\t") => "\t",
        _ => "    ",
    };
    let line = format!(" {}{}{indent}", tree.escape.char(), tree.newline());
    // A heredoc begins in the line of the keyword.
    let separator = if run.heredocs.is_empty() { line.as_str() } else { " " };
    let first = if run.flags.is_empty() { " " } else { separator };
    let text = format!("{first}{}", flags.join(separator));
    // The command begins a line of its own.
    if between.contains('\n') || !run.heredocs.is_empty() {
        return Edit { span: Span::at(behind), text };
    }
    Edit { span: Span::new(behind, start), text: format!("{text}{line}") }
}

/// A command that is taken out.
#[derive(Debug, Clone)]
pub struct Without {
    /// The edit that does so.
    pub edit: Edit,
    /// Commands, in one spelling, that go along with it since they said how the RUN fails: `set -e`.
    pub gone: Vec<String>,
}

/// Takes command `index` out of a RUN, or all of the RUN where nothing else is in it. `Err` says what stands in the way.
pub fn without(model: &Model<'_>, instruction: usize, index: usize) -> Result<Without, &'static str> {
    const NO_CHAIN: &str = "its RUN is no plain `&&` chain";
    let tree = model.tree;
    let script = model.script(instruction).map_err(|_| NO_CHAIN)?;
    let parts = parts(script).ok_or(NO_CHAIN)?;
    let (options, commands): (Vec<&Node>, Vec<&Node>) =
        parts.into_iter().partition(|part| sets_options(part));
    if commands.len() > 1 {
        return remove(model, instruction, index)
            .map(|edit| Without { edit, gone: Vec::new() })
            .ok_or("a comment or a heredoc in its RUN stands in the way; change it by hand");
    }
    // A comment in a heredoc is a part of its text.
    let body =
        tree.instructions[instruction].heredocs.first().map_or("", |heredoc| heredoc.body.of(&tree.text));
    if has_comments(tree, instruction) || body.contains('#') {
        return Err("a comment describes its RUN; change both by hand");
    }
    if !tree.instructions[instruction].flags.is_empty() {
        return Err("its RUN has flags");
    }
    let gone = options.into_iter().map(|node| dockopt_shell::canonical(script.text(), node)).collect();
    Ok(Without { edit: Edit { span: whole(tree, instruction), text: String::new() }, gone })
}

/// Takes command `index` out of a RUN of several, which is a `&&` chain or a list that stops at failures. `None` where a comment
/// stands in the way.
pub fn remove(model: &Model<'_>, instruction: usize, index: usize) -> Option<Edit> {
    let (tree, script) = (model.tree, model.script(instruction).ok()?);
    let parts = parts(script)?;
    let run = &tree.instructions[instruction];
    let own = script.span(&parts[index].span);
    let span = match (index.checked_sub(1).and_then(|before| parts.get(before)), parts.get(index + 1)) {
        (Some(before), _) => Span::new(script.logical.source_end(before.span.end), own.end),
        (None, Some(next)) => Span::new(own.start, script.logical.source_start(next.span.start)),
        (None, None) => return None,
    };
    let around = [Span::new(span.start, own.start), Span::new(own.end, span.end)];
    let is_free = if run.heredocs.is_empty() {
        !run.inner_comments.iter().any(|comment| span.contains(*comment))
    } else {
        // A comment of the shell describes the command above which it stands, or that of its line.
        let rest = tree.text[own.end..].split('\n').next().unwrap_or_default();
        run.is_heredoc_script()
            && !own.of(&tree.text).contains("<<")
            && !rest.contains('#')
            && around.iter().all(|part| !part.of(&tree.text).contains('#'))
    };
    is_free.then(|| Edit { span, text: String::new() })
}

/// The commands of a `&&` chain, or of a list that stops at failures.
fn parts<'s>(script: &'s Script<'_>) -> Option<Vec<&'s Node>> {
    script.ast.and_chain().or_else(|| script.sequence())
}

/// Whether a comment describes an instruction, above it or inside.
pub fn has_comments(tree: &Tree, instruction: usize) -> bool {
    !tree.leading_comments(instruction).is_empty()
        || !tree.instructions[instruction].inner_comments.is_empty()
}

/// The comments and blank lines between two instructions, if nothing else stands there. Triggers that follow each other may
/// stand apart.
pub fn between(tree: &Tree, first: usize, second: usize) -> Option<&[Item]> {
    let items = tree.items.get(tree.item_of(first) + 1..tree.item_of(second))?;
    items.iter().all(|item| matches!(item.kind, ItemKind::Comment | ItemKind::Blank)).then_some(items)
}

/// Cuts a RUN that is one `&&` chain behind operand `index`: the text of the first RUN and that of the second, without
/// final line ends. Comments between the two go above the second.
pub fn split(model: &Model<'_>, instruction: usize, index: usize) -> Option<(String, String)> {
    let tree = model.tree;
    let run = &tree.instructions[instruction];
    let script = model.script(instruction).ok()?;
    let chain = script.ast.and_chain()?;
    if !run.heredocs.is_empty() || index + 1 >= chain.len() {
        return None;
    }
    let end = script.logical.source_end(chain[index].span.end);
    let start = script.logical.source_start(chain[index + 1].span.start);
    let code = run.code_span(&tree.text);
    let body = script.logical.source_start(chain[0].span.start);
    let newline = tree.newline();
    let comments: String = run
        .inner_comments
        .iter()
        .filter(|comment| comment.start >= end && comment.end <= start)
        .map(|comment| format!("{}{newline}", comment.of(&tree.text)))
        .collect();
    let head = Span::new(code.start, body).of(&tree.text);
    // The head is the keyword with flags; one that goes over several lines is not repeated.
    if head.contains('\n') {
        return None;
    }
    // Words with dashes behind the keyword are flags of RUN.
    if tree.text[start..code.end].starts_with('-') {
        return None;
    }
    let first = Span::new(code.start, end).of(&tree.text).to_owned();
    // The builder drops blanks beyond ASCII at either end of a RUN; to the shell they are letters.
    if first.ends_with(char::is_whitespace) || tree.text[start..code.end].starts_with(char::is_whitespace) {
        return None;
    }
    let second = format!("{comments}{head}{}", Span::new(start, code.end).of(&tree.text));
    Some((first, second))
}

/// The elements of a RUN that are operands of its top-level `&&` chain; `None` for other scripts.
pub fn operands<'m>(model: &'m Model<'_>, instruction: usize) -> Option<Vec<Element<'m>>> {
    Some(model.script(instruction).ok()?.ast.and_chain()?.into_iter().map(Element::Node).collect())
}

/// The lines of an instruction, with one of two blank lines around it: what to delete when it goes.
pub fn whole(tree: &Tree, instruction: usize) -> Span {
    let item = tree.item_of(instruction);
    let comments = tree.leading_comments(instruction);
    let mut span = comments.cover(tree.instructions[instruction].span);
    let above = tree.items.iter().rev().find(|item| item.span.end <= span.start);
    let is_blank =
        |item: Option<&Item>| item.filter(|item| item.kind == ItemKind::Blank).map(|item| item.span);
    if let (Some(_), Some(below)) = (is_blank(above), is_blank(tree.items.get(item + 1))) {
        span.end = below.end;
    }
    // The last line of a file without a final line end goes with the line end before it.
    if span.end == tree.text.len() && !tree.text.ends_with('\n') {
        span.start = tree.text[..span.start].trim_end_matches(['\r', '\n']).len();
    }
    span
}
