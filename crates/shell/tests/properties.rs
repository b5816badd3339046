//! What holds for every text: parsing never panics, and whatever is read passes all checks of positions and literals.

mod common;

use dockopt_shell::{
    Dialect, canonical, changes_state, list_state_changes, parse, walk_commands, walk_redirects,
};
use proptest::prelude::*;

/// Reads the text in both dialects, checks what comes out and uses every question once.
fn examine(text: &str) {
    for dialect in [Dialect::Posix, Dialect::Bash] {
        let Ok(script) = parse(text, dialect) else {
            continue;
        };
        common::check(text, &script);
        let mut commands = 0;
        walk_commands(&script.list, &mut |_, _| commands += 1);
        walk_redirects(&script.list, &mut |_| {});
        list_state_changes(&script.list);
        for item in &script.list.items {
            changes_state(&item.node);
            relabelled(text, &item.node, dialect);
        }
    }
}

/// The label of a command is a spelling of that command, unless a here-document, whose lines it inlines, is part of it.
fn relabelled(text: &str, node: &dockopt_shell::Node, dialect: Dialect) {
    let label = canonical(text, node);
    assert!(!label.is_empty(), "{text:?}");
    if text.contains("<<") || text.contains('#') {
        return;
    }
    if let Ok(again) = parse(&label, dialect)
        && let [item] = again.list.items.as_slice()
    {
        assert_eq!(canonical(&label, &item.node), label, "of {text:?}");
    }
}

#[test]
fn realistic_texts_pass_all_checks() {
    for text in common::bodies::ALL {
        let script = parse(text, Dialect::Bash);
        assert!(script.is_ok(), "{text:?}: {script:?}");
        examine(text);
    }
}

#[test]
fn changed_texts_pass_all_checks() {
    let mut random = common::Seeded::new(7);
    for _ in 0..8000 {
        examine(&random.mutation());
    }
}

/// Shell-like tokens in any order.
fn tokens() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a",
        "b=c",
        " ",
        " ",
        "\n",
        "\t",
        "&&",
        "||",
        "|",
        "|&",
        "&",
        ";",
        ";;",
        "(",
        ")",
        "{ ",
        " }",
        "$(",
        "`",
        "\"",
        "'",
        "\\",
        "\\\n",
        "$",
        "${",
        "}",
        "$((",
        "))",
        "((",
        "[[ ",
        " ]]",
        "[",
        "]",
        "if ",
        "then ",
        "elif ",
        "else ",
        "fi ",
        "for x in ",
        "do ",
        "done ",
        "while ",
        "until ",
        "case x in ",
        "esac ",
        "! ",
        "time ",
        "function f ",
        "f() ",
        "select ",
        "in ",
        ">",
        ">>",
        "<",
        "<<E\n",
        "\nE\n",
        "<<-'E'\n",
        "<<<",
        ">&",
        "2>&1",
        "&>",
        "#",
        " # c",
        "*",
        "?",
        "~",
        "é",
        "日",
        "$x",
        "${x:-y}",
        "${x:=y}",
        "$1",
        "$?",
        "export ",
        "exit 1",
        "=",
        "+=",
        "(x y)",
        "-eq",
        "=~",
        "\r",
        "\0",
        "\u{a0}",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_in_any_order_pass_all_checks(text in tokens()) {
        examine(&text);
    }

    #[test]
    fn any_text_passes_all_checks(text in any::<String>()) {
        examine(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn layout_does_not_change_the_label(blanks in prop::collection::vec("[ \t]{1,3}| \\\\\n ", 40)) {
        for text in common::bodies::ALL {
            // Only texts in which every space stands between tokens.
            if text.contains(['\'', '"', '\\', '\n', '#', '$', '`', '(']) {
                continue;
            }
            let mut gaps = blanks.iter().cycle();
            let mut spread = String::new();
            for token in text.split(' ').filter(|token| !token.is_empty()) {
                if !spread.is_empty() {
                    spread.push_str(gaps.next().expect("a cycle does not end"));
                }
                spread.push_str(token);
            }
            let (Ok(plain), Ok(loose)) = (parse(text, Dialect::Bash), parse(&spread, Dialect::Bash)) else {
                panic!("{spread:?} is opaque");
            };
            prop_assert_eq!(plain.list.items.len(), loose.list.items.len());
            for (one, other) in plain.list.items.iter().zip(&loose.list.items) {
                prop_assert_eq!(canonical(text, &one.node), canonical(&spread, &other.node));
            }
        }
    }
}
