//! Our parser against `BuildKit`'s own, as the Python package `dockerfile` wraps it (version 3.4.0 has `BuildKit` v0.12).
//! Every difference must be one of [`KNOWN`]. Needs Python and a package index the first time; skips itself without.

mod compare;
mod second_step;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use compare::Verdict;
use dockopt_syntax::{Body, DirectiveKind, Escape, Instruction, Keyword, Parse, parse};

use crate::{generate, wheel};

/// A way in which the reference and we differ on purpose.
struct Known {
    name: &'static str,
    /// Why we are right, or refuse on purpose.
    reason: &'static str,
    applies: fn(&Parse, &Case) -> bool,
}

/// What is known of a difference: the instruction where it shows, if that is known.
struct Case<'a> {
    text: &'a str,
    at: Option<&'a Instruction>,
    what: &'a str,
}

const KNOWN: [Known; 8] = [
    Known {
        name: "check-directive",
        reason: "`# check=` is a directive since Dockerfile 1.8; before, it ended them",
        applies: |parse, _| {
            let kinds: Vec<_> = parse.tree.directives.iter().map(|directive| directive.kind).collect();
            let check = kinds.iter().position(|&kind| kind == DirectiveKind::Check);
            check.is_some_and(|at| kinds[at..].contains(&DirectiveKind::Escape))
                || parse.errors.iter().any(|error| {
                    error.message.contains("directive") || error.message.contains("escape token")
                }) && check.is_some()
        },
    },
    Known {
        name: "directive-blanks",
        reason: "blanks beyond ASCII may follow the `#` of a directive today",
        applies: |parse, case| {
            let line = |offset: usize| case.text[..offset].rsplit('\n').next().unwrap_or_default();
            let odd = |blank: char| blank.is_whitespace() && (!blank.is_ascii() || blank == '\u{b}');
            let read = parse.tree.directives.iter().map(|directive| directive.span.start);
            // One with a value that is refused is in the errors only.
            let refused = parse.errors.iter().map(|error| error.span.start);
            read.chain(refused).any(|place| {
                line(place).split_once('#').is_some_and(|(_, after)| {
                    after.starts_with(odd) || after.trim_start_matches(' ').starts_with(odd)
                })
            })
        },
    },
    Known {
        name: "heredoc-blank",
        reason: "`<< EOF` with a blank is a heredoc since Dockerfile 1.16",
        applies: |parse, case| {
            on(parse, case, |one| {
                ["<< ", "<<\t", "<<\r"].iter().any(|start| one.logical.text().contains(start))
            })
        },
    },
    Known {
        name: "heredoc-expansion",
        reason: "the word lexer knows `${x#y}`, `${x%y}` and `${x/y/z}` today, and a nested word empties its buffer",
        applies: |parse, case| {
            on(parse, case, |one| one.logical.text().contains("<<") && one.logical.text().contains("${"))
        },
    },
    Known {
        name: "json-then-text",
        reason: "text after a JSON array makes it shell form today; before, the text was dropped",
        applies: |parse, case| {
            on(parse, case, |one| {
                let one = if let Body::Onbuild(inner) = &one.body { inner } else { one };
                let arguments = one.arguments_text();
                let start = if one.keyword == Keyword::Healthcheck { arguments.find('[') } else { Some(0) };
                let array = start.and_then(|at| arguments.get(at..)).filter(|array| array.starts_with('['));
                // The first array that is complete, and more after it.
                array.is_some_and(|array| {
                    array.match_indices(']').any(|(end, _)| {
                        // serde_json refuses half a surrogate pair, which Go takes.
                        let array_only = array[..=end].replace("\\ud", "\\u0");
                        end + 1 < array.len()
                            && serde_json::from_str::<serde_json::Value>(&array_only).is_ok()
                    })
                })
            })
        },
    },
    Known {
        name: "escape-in-flags",
        reason: "flags are read with the file's escape token today; before, with a backslash",
        applies: |parse, case| {
            parse.tree.escape == Escape::Backtick
                && on(parse, case, |one| {
                    let text = one.logical.text();
                    text.contains("--") && text.contains(['`', '\\'])
                })
        },
    },
    Known {
        name: "trigger",
        reason: "BuildKit looks at the instruction in ONBUILD when the child image is built; we look at once",
        applies: |parse, case| {
            let triggers: Vec<_> =
                parse.tree.instructions.iter().filter(|one| one.keyword == Keyword::Onbuild).collect();
            case.what.starts_with("we refuse")
                && parse.errors.iter().all(|error| triggers.iter().any(|one| one.span.contains(error.span)))
        },
    },
    Known {
        name: "flag-values",
        reason: "the second step of this test does not read these values; BuildKit does",
        applies: |parse, case| {
            let names =
                ["mount", "device", "interval", "timeout", "start-period", "start-interval", "retries"];
            let flags: Vec<_> = parse.tree.instructions.iter().flat_map(|one| &one.flags).collect();
            let read = |error: &dockopt_syntax::SyntaxError| {
                flags.iter().any(|flag| flag.span == error.span && names.contains(&flag.name.as_str()))
            };
            case.what.starts_with("we refuse") && parse.errors.iter().all(read)
        },
    },
];

/// Whether the instruction of the difference is such; any one where we only know that a file was refused.
fn on(parse: &Parse, case: &Case, test: impl Fn(&Instruction) -> bool) -> bool {
    case.at.map_or_else(|| parse.tree.instructions.iter().any(&test), &test)
}

#[test]
fn the_parser_agrees_with_buildkit() {
    let python = match wheel::python("dockerfile", "3.4.0", "dockerfile") {
        Ok(python) => python,
        Err(reason) => {
            // Not `println!`, which the test runner keeps to itself.
            writeln!(std::io::stderr(), "skipped: conformance with BuildKit, because {reason}").unwrap();
            return;
        }
    };
    let cases = generate::cases(5_000 + generate::sources().len());
    let verdicts = verdicts(&python, &cases);
    assert_eq!(verdicts.len(), cases.len(), "the oracle answers every file");
    let mut unknown = Vec::new();
    let (mut agreed, mut used) = (0, [0; KNOWN.len()]);
    for ((name, text), line) in cases.iter().zip(&verdicts) {
        let parse = parse(text);
        let Some((at, what)) = difference(text, &parse, line) else {
            agreed += 1;
            continue;
        };
        let at = at.map(|index| index.min(parse.tree.instructions.len().saturating_sub(1)));
        let case = Case { text, at: at.and_then(|index| parse.tree.instructions.get(index)), what: &what };
        match KNOWN.iter().position(|known| (known.applies)(&parse, &case)) {
            Some(known) => used[known] += 1,
            None => unknown
                .push(format!("{name}: {what}\n{}", text.escape_debug().to_string().replace("\\n", "\n"))),
        }
    }
    assert!(
        unknown.is_empty(),
        "{} differences, the first of them:\n{}",
        unknown.len(),
        unknown[..unknown.len().min(3)].join("\n\n")
    );
    assert!(
        agreed * 20 >= cases.len() * 17,
        "only {agreed} of {} files are free of known differences",
        cases.len()
    );
    for (known, used) in KNOWN.iter().zip(used) {
        assert!(used > 0, "nothing differs by `{}` any more ({})", known.name, known.reason);
    }
}

/// The first difference: in which instruction, and what.
fn difference(text: &str, parse: &Parse, line: &str) -> Option<(Option<usize>, String)> {
    let refused = parse
        .errors
        .first()
        .map(|error| format!("we refuse: {} at {:?}", error.message, error.span.of(text)));
    if line.contains("\"unreadable\"") {
        return refused.is_none().then(|| (None, "a character is cut, and we accept".to_owned()));
    }
    let verdict = Verdict::read(line);
    if let Some(error) = verdict.error {
        return refused.is_none().then(|| (None, format!("refused: {error}")));
    }
    if let Some(found) = compare::instructions(text, parse, &verdict) {
        return Some((Some(found.index), found.what));
    }
    match (second_step::problem(&verdict.commands), refused) {
        (Some(problem), None) => Some((None, format!("refused in the second step: {problem}"))),
        (None, Some(refused)) => Some((None, refused)),
        _ => None,
    }
}

/// One line of JSON for each file, from one process.
fn verdicts(python: &Path, cases: &[(String, String)]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/oracle.py");
    let mut oracle = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was run before");
    let mut input = oracle.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (_, text) in cases {
                let length = u32::try_from(text.len()).expect("files are small").to_le_bytes();
                // The reader reports a broken pipe by answering too few files.
                let _ = input.write_all(&length).and_then(|()| input.write_all(text.as_bytes()));
            }
        });
        let lines = BufReader::new(oracle.stdout.take().expect("it is piped"))
            .lines()
            .map_while(Result::ok)
            .collect();
        oracle.wait().expect("it was started");
        lines
    })
}
