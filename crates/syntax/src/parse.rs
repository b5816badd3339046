//! From text to tree: groups physical lines into items, joins continuations, finds heredoc bodies. Never fails; what
//! `BuildKit` would refuse becomes an error with a place.

use std::sync::Arc;

use crate::body::{Reader, unread};
use crate::lines::{self, Line};
use crate::{
    Body, Command, Copy, Form, Heredoc, Instruction, Item, ItemKind, Keyword, Logical, Span, SyntaxError,
    Tree, heredoc, rules,
};

/// A tree, and what is wrong with the text.
#[derive(Debug, Clone)]
pub struct Parse {
    /// The tree; lossless whatever the errors.
    pub tree: Tree,
    /// Errors in source order. Where there is one, `BuildKit` refuses the file, or (in ONBUILD) any build on its image.
    pub errors: Vec<SyntaxError>,
}

/// Reads a Dockerfile.
pub fn parse(text: &str) -> Parse {
    let mut errors = Vec::new();
    let lines = lines::split(text);
    errors.extend(lines::too_long(text, &lines));
    let (directives, escape) = lines::directives(text, &lines, &mut errors);
    let mut tree =
        Tree { text: Arc::from(text), items: Vec::new(), instructions: Vec::new(), directives, escape };
    let mut next = 0;
    while next < lines.len() {
        let line = lines[next];
        let content = line.content.of(text);
        let kind = if next < tree.directives.len() {
            ItemKind::Directive(next)
        } else if content.trim_start().is_empty() {
            ItemKind::Blank
        } else if lines::is_comment(content) {
            ItemKind::Comment
        } else {
            let instruction = instruction(text, &lines, next, &tree, &mut errors);
            let span = instruction.span;
            next = *instruction.lines.end();
            tree.items.push(Item { kind: ItemKind::Instruction(tree.instructions.len()), span });
            tree.instructions.push(instruction);
            continue;
        };
        tree.items.push(Item { kind, span: line.full });
        next += 1;
    }
    rules::check_file(&tree, &mut errors);
    errors.sort_by_key(|error| error.span);
    Parse { tree, errors }
}

/// Reads the instruction that starts on line `first` (from 0).
fn instruction(
    text: &str,
    lines: &[Line],
    first: usize,
    tree: &Tree,
    errors: &mut Vec<SyntaxError>,
) -> Instruction {
    let escape = tree.escape;
    let mut logical = Logical::default();
    let mut comments = Vec::new();
    let mut blanks = Vec::new();
    let mut last = first;
    let content = lines[first].content;
    let start = content.end - content.of(text).trim_start().len();
    let (cut, mut open) = lines::continuation(&text[start..content.end], escape);
    logical.push(text, Span::new(start, start + cut));
    while open && last + 1 < lines.len() {
        last += 1;
        let Line { content, full } = lines[last];
        let line = content.of(text);
        if lines::is_comment(line) {
            comments.push(Span::new(content.end - line.trim_start().len(), content.end));
        } else if line.trim_start().is_empty() {
            blanks.push(full);
        } else {
            let (cut, goes_on) = lines::continuation(line, escape);
            logical.push(text, Span::new(content.start, content.start + cut));
            open = goes_on;
        }
    }
    let span = Span::new(lines[first].full.start, lines[last].full.end);
    let mut whole = unread(span, first + 1..=last + 1, logical);
    whole.inner_comments = comments;
    whole.inner_blanks = blanks;
    let shared = whole.logical.clone();
    let mut reader = Reader { logical: &shared, escape, errors };
    let parts = reader.parts(0..shared.text().len());
    let mut instruction = reader.instruction(parts, &whole);
    if can_hold_heredocs(&instruction) && shared.text().contains("<<") {
        heredocs(text, lines, &mut instruction, errors);
    }
    instruction
}

/// RUN, COPY and ADD, or ONBUILD of these, not in JSON form.
fn can_hold_heredocs(instruction: &Instruction) -> bool {
    match &instruction.body {
        Body::Onbuild(inner) => can_hold_heredocs(inner),
        Body::Run(Command::Exec(_))
        | Body::Copy(Copy { form: Form::Json, .. })
        | Body::Add(Copy { form: Form::Json, .. }) => false,
        _ => matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add),
    }
}

/// Finds the bodies of the heredocs that the line opens, and lengthens the instruction over them.
fn heredocs(text: &str, lines: &[Line], instruction: &mut Instruction, errors: &mut Vec<SyntaxError>) {
    let openings = match heredoc::openings(instruction.logical.text()) {
        Ok(openings) => openings,
        Err(message) => {
            errors.push(SyntaxError::new(
                instruction.keyword_span,
                message,
                "write a plain delimiter such as EOF",
            ));
            return;
        }
    };
    let mut next = *instruction.lines.end();
    for opening in openings {
        let body_start = lines.get(next).map_or(text.len(), |line| line.full.start);
        let end = (next..lines.len()).find(|&at| {
            let line = lines[at].full.of(text).trim_end_matches(['\r', '\n']);
            let line = if opening.strip_tabs { line.trim_start_matches('\t') } else { line };
            line == opening.name
        });
        let Some(end) = end else {
            let message = format!("the heredoc `{}` has no end", opening.name);
            let help = format!("put a line `{}` after its body", opening.name);
            errors.push(SyntaxError::new(instruction.keyword_span, message, help));
            next = lines.len();
            break;
        };
        instruction.heredocs.push(Heredoc {
            name: opening.name,
            expand: opening.expand,
            strip_tabs: opening.strip_tabs,
            descriptor: opening.descriptor,
            word: opening.word,
            body: Span::new(body_start, lines[end].full.start),
            terminator: lines[end].content,
        });
        next = end + 1;
    }
    instruction.span.end = lines[next - 1].full.end;
    instruction.lines = *instruction.lines.start()..=next;
    if let Body::Onbuild(inner) = &mut instruction.body {
        inner.span = instruction.span;
        inner.lines = instruction.lines.clone();
        inner.heredocs.clone_from(&instruction.heredocs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(text: &str) -> Vec<String> {
        let parse = parse(text);
        assert!(parse.errors.is_empty(), "{:?}", parse.errors);
        parse.tree.instructions.iter().filter_map(|one| Some(one.script(text)?.text().to_owned())).collect()
    }

    #[test]
    fn scripts_of_heredocs() {
        assert_eq!(scripts("FROM a\nRUN <<-EOF\n\tx\n\t\ty\n\tEOF\n"), ["x\ny\n"]);
        assert_eq!(scripts("FROM a\nRUN 3<<EOF\nx\nEOF\n"), ["x\n"]);
        let two = "FROM a\r\nRUN cat <<A <<-B\r\n1\r\nA\r\n\t2\r\n\tB\r\n";
        assert_eq!(scripts(two), ["cat <<A <<-B\n1\r\nA\n\t2\r\nB"]);
    }

    #[test]
    fn a_trigger_has_its_heredocs() {
        let parse = parse("FROM a\nONBUILD RUN <<EOF\nx\nEOF\n");
        let Body::Onbuild(inner) = &parse.tree.instructions[1].body else { panic!("it is ONBUILD") };
        assert_eq!(inner.heredocs, parse.tree.instructions[1].heredocs);
        assert_eq!(inner.lines, 2..=4);
    }
}
