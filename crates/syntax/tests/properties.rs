//! What holds for every text: parsing never panics, the items tile the source, and every span leads to the bytes that it
//! is said to stand for.

#[path = "../../../tests/generate.rs"]
mod generate;

use dockopt_syntax::{
    Body, Command, Copy, Form, Healthcheck, Instruction, ItemKind, Logical, Pair, Parse, Span, Word, parse,
};
use proptest::prelude::*;

/// Parses and checks; the parse is for further checks.
fn checked(text: &str) -> Parse {
    let parse = parse(text);
    let mut at = 0;
    for item in &parse.tree.items {
        assert_eq!(item.span.start, at, "the items leave a gap");
        assert!(!item.span.is_empty());
        at = item.span.end;
        if let ItemKind::Instruction(index) = item.kind {
            assert_eq!(parse.tree.instructions[index].span, item.span);
        }
    }
    assert_eq!(at, text.len(), "the items end early");
    let whole = Span::new(0, text.len());
    for directive in &parse.tree.directives {
        assert_eq!(inside(text, whole, directive.span), directive.value);
    }
    for error in &parse.errors {
        inside(text, whole, error.span);
    }
    for one in &parse.tree.instructions {
        instruction(text, one);
    }
    parse
}

/// The text of a span that must lie within another, on borders of characters.
fn inside(text: &str, outer: Span, span: Span) -> &str {
    assert!(outer.contains(span), "{span:?} is not inside {outer:?}");
    text.get(span.range()).expect("it cuts a character")
}

fn instruction(text: &str, one: &Instruction) {
    assert_eq!(*one.lines.start(), text[..one.span.start].matches('\n').count() + 1);
    let lines = one.span.of(text).strip_suffix('\n').unwrap_or(one.span.of(text)).matches('\n').count();
    assert_eq!(*one.lines.end(), one.lines.start() + lines);
    maps_back(text, one.span, &one.logical);
    inside(text, one.span, one.keyword_span);
    inside(text, one.span, one.code_span(text));
    assert!(one.logical.text().get(one.arguments.clone()).is_some());
    for flag in &one.flags {
        assert!(inside(text, one.span, flag.span).starts_with('-'));
    }
    for comment in &one.inner_comments {
        assert!(inside(text, one.span, *comment).starts_with('#'));
    }
    for blank in &one.inner_blanks {
        assert!(inside(text, one.span, *blank).trim().is_empty());
    }
    for heredoc in &one.heredocs {
        inside(text, one.span, heredoc.body);
        let end = inside(text, one.span, heredoc.terminator);
        assert_eq!(if heredoc.strip_tabs { end.trim_start_matches('\t') } else { end }, heredoc.name);
        assert!(heredoc.body.end <= heredoc.terminator.start);
    }
    if let Some(script) = one.script(text) {
        maps_back(text, one.span, &script);
    }
    body(text, one);
}

fn body(text: &str, one: &Instruction) {
    let plain = |words: &[Word]| words.iter().for_each(|word| same_text(text, one, word));
    let json =
        |words: &[Word]| words.iter().for_each(|word| assert!(!inside(text, one.span, word.span).is_empty()));
    let command = |command: &Command| match command {
        Command::Exec(words) => json(words),
        Command::Shell(range) => assert!(one.logical.text().get(range.clone()).is_some()),
    };
    match &one.body {
        Body::From { image, alias } => {
            same_text(text, one, image);
            if let Some(alias) = alias {
                inside(text, one.span, alias.keyword);
                same_text(text, one, &alias.name);
            }
        }
        Body::Run(it)
        | Body::Cmd(it)
        | Body::Entrypoint(it)
        | Body::Healthcheck(Healthcheck::Command(it)) => command(it),
        Body::Copy(Copy { sources, destination, form }) | Body::Add(Copy { sources, destination, form }) => {
            let check = |words: &[Word]| if *form == Form::Json { json(words) } else { plain(words) };
            check(sources);
            check(std::slice::from_ref(destination));
        }
        Body::Env(pairs) | Body::Label(pairs) | Body::Arg(pairs) => {
            for it in pairs {
                pair(text, one, it);
            }
        }
        Body::Expose(words) => plain(words),
        Body::Volume(words) | Body::Shell(words) => json(words),
        Body::User(word) | Body::Workdir(word) | Body::Stopsignal(word) | Body::Maintainer(word) => {
            same_text(text, one, word);
        }
        Body::Onbuild(inner) => instruction(text, inner),
        Body::Healthcheck(Healthcheck::None) | Body::Invalid => {}
    }
}

fn pair(text: &str, one: &Instruction, pair: &Pair) {
    for word in std::iter::once(&pair.key).chain(&pair.value) {
        // The escape token at the very end of the arguments is dropped.
        if inside(text, one.span, word.span) != format!("{}{}", word.text, escape(text)) {
            same_text(text, one, word);
        }
    }
}

fn escape(text: &str) -> char {
    parse(text).tree.escape.char()
}

/// A word with no continuation in it is what its span covers.
fn same_text(text: &str, one: &Instruction, word: &Word) {
    let covered = inside(text, one.span, word.span);
    if covered.len() == word.text.len() {
        assert_eq!(covered, word.text);
    } else {
        assert!(covered.contains('\n'), "{covered:?} is not {:?}", word.text);
    }
}

/// Every byte of a text made of pieces is the byte of the source that it is said to be.
fn maps_back(text: &str, outer: Span, logical: &Logical) {
    for (at, c) in logical.text().char_indices() {
        let end = at + c.len_utf8();
        let span = Span::new(logical.source_start(at), logical.source_end(end));
        if logical.is_contiguous(at..end) {
            assert_eq!(inside(text, outer, span), &logical.text()[at..end]);
            assert_eq!(logical.offset_of(span.start), Some(at));
        } else {
            panic!("a character comes from two places");
        }
    }
}

#[test]
fn mutated_dockerfiles() {
    for (name, text) in generate::cases(3_000) {
        assert!(std::panic::catch_unwind(|| checked(&text)).is_ok(), "{name}: {text:?}");
    }
}

#[test]
fn the_longest_line() {
    let line = |length: usize| format!("FROM alpine\nRUN {}\n", "x".repeat(length - 4));
    assert!(checked(&line(65_535)).errors.is_empty());
    assert_eq!(checked(&line(65_536)).errors.len(), 1);
}

/// Texts out of the pieces that mean something in a Dockerfile.
fn dockerfile_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "FROM alpine\n",
        "RUN ",
        "COPY ",
        "ENV ",
        "ARG ",
        "ONBUILD ",
        "HEALTHCHECK ",
        "CMD ",
        "VOLUME ",
        "a",
        "b=c",
        "\\\n",
        "\\",
        "`",
        "\n",
        "\r\n",
        " ",
        "\t",
        "\u{a0}",
        "\u{85}",
        "\u{2005}",
        "é",
        "\"",
        "'",
        "#",
        "# note\n",
        "--x=y ",
        "--",
        "[\"a\"]",
        "[",
        "]",
        ",",
        "<<EOF",
        "<<-'E' ",
        "EOF\n",
        "\tE\n",
        "$",
        "${a:-",
        "}",
        "# escape=`\n",
        "\u{feff}",
        "\u{b}",
        "NONE",
        "AS",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text(text in any::<String>()) {
        checked(&text);
    }

    #[test]
    fn arbitrary_arguments(text in "(FROM|RUN|COPY|ENV|ARG|ONBUILD|HEALTHCHECK|VOLUME|LABEL) \\PC*(\\\\\n\\PC*)?") {
        checked(&text);
    }

    #[test]
    fn pieces_of_dockerfiles(text in dockerfile_like()) {
        checked(&text);
    }
}
