//! Our parser against two others that are published as crates, on files that both take. They are no judges (that is
//! `conformance.rs`): every difference is of a kind listed in [`KNOWN`], where the other one is wrong or says less.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use dockopt_syntax::{Body, Command, Escape, Instruction, Keyword, Tree, parse};
use parse_dockerfile::Instruction as Theirs;

use crate::generate;

/// An instruction as far as all parsers tell it: keyword, and arguments without blanks, quotes, `=` and escape tokens.
#[derive(Debug, PartialEq)]
struct Reading {
    keyword: String,
    arguments: Option<String>,
}

/// What a file or line must have for a difference to be of a kind.
type Test = fn(&Tree, Option<&Instruction>) -> bool;

/// Crate, kind of difference, and what the file must have for it. The kind says why the other crate is wrong.
const KNOWN: &[(&str, &str, Test)] = &[
    ("parse-dockerfile", "a line goes on after two escape tokens", |tree, _| ends_in_two_tokens(tree)),
    ("parse-dockerfile", "words after the first heredoc word are lost", |_, one| {
        one.is_some_and(|one| one.arguments_text().starts_with("<<") && !one.is_heredoc_script())
    }),
    ("dockerfile-parser", "a line goes on after two escape tokens", |tree, _| ends_in_two_tokens(tree)),
    ("dockerfile-parser", "the escape directive is not known", |tree, _| tree.escape == Escape::Backtick),
    ("dockerfile-parser", "an instruction ends at a blank line", |_, one| {
        one.is_some_and(|one| !one.inner_blanks.is_empty())
    }),
    ("parse-dockerfile", "a quoted flag ends at a blank", |tree, one| {
        one.is_some_and(|one| one.flags.iter().any(|flag| flag.span.of(&tree.text).contains(['"', '\''])))
    }),
    ("dockerfile-parser", "flags stay in the arguments", |_, one| {
        one.is_some_and(|one| matches!(one.keyword, Keyword::Run | Keyword::Copy) && !one.flags.is_empty())
    }),
    ("dockerfile-parser", "heredocs are lines of instructions", |tree, _| {
        tree.instructions.iter().any(|one| !one.heredocs.is_empty())
    }),
];

fn ends_in_two_tokens(tree: &Tree) -> bool {
    let two = tree.escape.char().to_string().repeat(2);
    tree.text.lines().any(|line| line.trim_end().ends_with(&two))
}

#[test]
fn other_parsers_agree_where_they_are_right() {
    let mut compared = [0; 2];
    let (mut unknown, mut used) = (Vec::new(), BTreeSet::new());
    for (name, text) in generate::sources() {
        let ours = parse(&text);
        if !ours.errors.is_empty() {
            continue;
        }
        // The crates may panic; that is theirs to mend.
        let others = [
            ("parse-dockerfile", catch_unwind(|| by_parse_dockerfile(&text)).ok().flatten()),
            ("dockerfile-parser", catch_unwind(|| by_dockerfile_parser(&text)).ok().flatten()),
        ];
        for (index, (crate_name, theirs)) in others.into_iter().enumerate() {
            let Some(theirs) = theirs else { continue };
            compared[index] += 1;
            let Some((at, what)) = difference(&ours.tree, &theirs) else { continue };
            let one = ours.tree.instructions.get(at);
            let known = KNOWN.iter().position(|known| known.0 == crate_name && (known.2)(&ours.tree, one));
            match known {
                Some(known) => drop(used.insert(known)),
                None => unknown.push(format!("{crate_name} on {name}: {what}")),
            }
        }
    }
    assert!(compared.iter().all(|&files| files > 100), "{compared:?}");
    assert!(
        unknown.is_empty(),
        "{} unknown differences:\n{}",
        unknown.len(),
        unknown[..unknown.len().min(20)].join("\n")
    );
    let unused: Vec<_> =
        (0..KNOWN.len()).filter(|known| !used.contains(known)).map(|known| KNOWN[known].1).collect();
    assert!(unused.is_empty(), "nothing differs by {unused:?} any more");
}

/// The first instruction that differs, and how. Arguments are compared where the other parser gives them.
fn difference(tree: &Tree, theirs: &[Reading]) -> Option<(usize, String)> {
    let at = (0..tree.instructions.len().max(theirs.len())).find(|&at| {
        let (Some(one), Some(theirs)) = (tree.instructions.get(at), theirs.get(at)) else { return true };
        let ours = reading(one);
        ours.keyword != theirs.keyword || (theirs.arguments.is_some() && ours.arguments != theirs.arguments)
    })?;
    let ours = tree.instructions.get(at).map(reading);
    Some((at, format!("{ours:?} but {:?}", theirs.get(at))))
}

fn reading(one: &Instruction) -> Reading {
    let arguments = match &one.body {
        Body::Run(Command::Exec(words)) => words.iter().map(|word| word.text.as_str()).collect(),
        Body::Copy(copy) => {
            let files = copy.sources.iter().chain([&copy.destination]);
            let is_file = |word: &&str| one.heredocs.iter().all(|heredoc| heredoc.word != **word);
            files.map(|word| word.text.as_str()).filter(is_file).collect()
        }
        Body::Run(_) if one.is_heredoc_script() => String::new(),
        Body::Run(Command::Shell(range)) => one.logical.text()[range.clone()].to_owned(),
        Body::Env(pairs) => {
            let values = pairs
                .iter()
                .filter_map(|pair| Some([pair.key.text.as_str(), pair.value.as_ref()?.text.as_str()]));
            values.flatten().collect()
        }
        _ => String::new(),
    };
    Reading { keyword: one.keyword.name().to_owned(), arguments: Some(plain(&arguments)) }
}

fn by_parse_dockerfile(text: &str) -> Option<Vec<Reading>> {
    let file = parse_dockerfile::parse(text).ok()?;
    let read = |one: &Theirs<'_>| {
        let (keyword, arguments) = match one {
            Theirs::Add(_) => ("ADD", None),
            Theirs::Arg(_) => ("ARG", None),
            Theirs::Cmd(_) => ("CMD", None),
            Theirs::Copy(copy) => {
                let path = |source: &parse_dockerfile::Source<'_>| match source {
                    parse_dockerfile::Source::Path(path) => path.value.to_string(),
                    _ => String::new(),
                };
                ("COPY", Some(copy.src.iter().map(path).chain([copy.dest.value.to_string()]).collect()))
            }
            Theirs::Entrypoint(_) => ("ENTRYPOINT", None),
            Theirs::Env(env) => ("ENV", Some(env.arguments.value.to_string())),
            Theirs::Expose(_) => ("EXPOSE", None),
            Theirs::From(_) => ("FROM", None),
            Theirs::Healthcheck(_) => ("HEALTHCHECK", None),
            Theirs::Label(_) => ("LABEL", None),
            Theirs::Maintainer(_) => ("MAINTAINER", None),
            Theirs::Onbuild(_) => ("ONBUILD", None),
            Theirs::Run(run) => match &run.arguments {
                parse_dockerfile::Command::Exec(words) => {
                    ("RUN", Some(words.value.iter().map(|word| &*word.value).collect()))
                }
                // It gives the source, with comments.
                parse_dockerfile::Command::Shell(command) if !command.value.contains('#') => {
                    ("RUN", Some(command.value.to_owned()))
                }
                _ => ("RUN", None),
            },
            Theirs::Shell(_) => ("SHELL", None),
            Theirs::Stopsignal(_) => ("STOPSIGNAL", None),
            Theirs::User(_) => ("USER", None),
            Theirs::Volume(_) => ("VOLUME", None),
            Theirs::Workdir(_) => ("WORKDIR", None),
            _ => ("?", None),
        };
        Reading { keyword: keyword.to_owned(), arguments: arguments.map(|text: String| plain(&text)) }
    };
    Some(file.instructions.iter().map(read).collect())
}

fn by_dockerfile_parser(text: &str) -> Option<Vec<Reading>> {
    use dockerfile_parser::{Dockerfile, Instruction, ShellOrExecExpr};
    let file = Dockerfile::parse(text).ok()?;
    let read = |one: &Instruction| {
        let (keyword, arguments) = match one {
            Instruction::From(_) => ("FROM".to_owned(), None),
            Instruction::Arg(_) => ("ARG".to_owned(), None),
            Instruction::Label(_) => ("LABEL".to_owned(), None),
            Instruction::Run(run) => {
                let arguments = match &run.expr {
                    ShellOrExecExpr::Shell(command) => command.to_string(),
                    ShellOrExecExpr::Exec(words) => words.as_str_vec().concat(),
                };
                ("RUN".to_owned(), Some(arguments))
            }
            Instruction::Entrypoint(_) => ("ENTRYPOINT".to_owned(), None),
            Instruction::Cmd(_) => ("CMD".to_owned(), None),
            Instruction::Copy(copy) => {
                let files = copy.sources.iter().chain([&copy.destination]);
                ("COPY".to_owned(), Some(files.map(|word| word.content.as_str()).collect()))
            }
            Instruction::Env(env) => {
                let pair = |pair: &dockerfile_parser::EnvVar| format!("{}{}", pair.key, pair.value);
                ("ENV".to_owned(), Some(env.vars.iter().map(pair).collect()))
            }
            Instruction::Misc(other) => (other.instruction.content.to_uppercase(), None),
        };
        Reading { keyword, arguments: arguments.map(|text: String| plain(&text)) }
    };
    Some(file.instructions.iter().map(read).collect())
}

/// The text without blanks, quotes, `=` and escape tokens, which the parsers keep or drop as they like.
fn plain(text: &str) -> String {
    text.chars().filter(|&c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\\' | '`' | '=')).collect()
}
