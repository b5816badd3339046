//! What `BuildKit` refuses after reading an instruction: unknown keywords, a heredoc as destination, and the order of
//! instructions (flags: `flags.rs`). Reports; it never changes the tree.

use crate::body::Reader;
use crate::{Copy, Instruction, Keyword, SyntaxError, Tree, flags, heredoc};

/// Checks one instruction, the inner one of an ONBUILD included.
pub(crate) fn check(reader: &mut Reader<'_>, instruction: &Instruction) {
    if instruction.keyword == Keyword::Unknown {
        let text = reader.logical.text();
        let start = reader.logical.offset_of(instruction.keyword_span.start).unwrap_or(text.len());
        let word = text[start..].split(crate::words::is_blank).next().unwrap_or_default().to_owned();
        reader.errors.push(SyntaxError::new(
            instruction.keyword_span,
            format!("`{word}` is no instruction of a Dockerfile"),
            nearest(&word).map_or_else(
                || "if it belongs to the line above, end that line with the escape token".to_owned(),
                |name| format!("did you mean {name}?"),
            ),
        ));
        return;
    }
    flags::check(reader, instruction);
    if let Some(copy) = instruction.body.as_copy() {
        check_destination(reader, copy);
    }
}

/// Checks that no heredoc stands where a COPY or ADD names its destination, whether or not the line has heredocs.
fn check_destination(reader: &mut Reader<'_>, copy: &Copy) {
    if matches!(heredoc::opening(&copy.destination.text), Ok(Some(_))) {
        reader.errors.push(SyntaxError::new(
            copy.destination.span,
            "a heredoc cannot be the destination",
            "name the destination after the heredoc",
        ));
    }
}

/// Checks what needs the whole file: something to build, and nothing but ARG before the first FROM.
pub(crate) fn check_file(tree: &Tree, errors: &mut Vec<SyntaxError>) {
    let first_from = tree.instructions.iter().position(|instruction| instruction.keyword == Keyword::From);
    let before = &tree.instructions[..first_from.unwrap_or(tree.instructions.len())];
    // An unknown word is reported as such.
    let stray = before.iter().find(|one| !matches!(one.keyword, Keyword::Arg | Keyword::Unknown));
    if let Some(stray) = stray {
        let message = format!("{} stands before the first FROM", stray.keyword.name());
        errors.push(SyntaxError::new(
            stray.keyword_span,
            message,
            "only ARG can stand there; begin with FROM <image>",
        ));
    } else if first_from.is_none() && errors.is_empty() {
        let end = crate::Span::at(tree.text.len());
        errors.push(SyntaxError::new(end, "there is no FROM in this file", "begin with FROM <image>"));
    }
}

/// The instruction that a misspelt word most likely means: at most two single-letter changes away.
fn nearest(word: &str) -> Option<&'static str> {
    let upper = word.to_ascii_uppercase();
    Keyword::ALL
        .iter()
        .map(|&(_, name)| (distance(&upper, name), name))
        .filter(|&(distance, name)| distance <= 2 && distance < name.len() - 1)
        .min()
        .map(|found| found.1)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
