//! What is read from realistic texts, case by case.

mod common;

use dockopt_shell::{
    Compound, Dialect, NodeKind, RedirectKind, Script, StateChange, Terminator, canonical, changes_state,
    list_state_changes, parse, state_changes, walk_commands, walk_redirects,
};

fn read(text: &str, dialect: Dialect) -> Script {
    let script =
        parse(text, dialect).unwrap_or_else(|opaque| panic!("{text:?}: {opaque} at {:?}", opaque.at));
    common::check(text, &script);
    script
}

fn posix(text: &str) -> Script {
    read(text, Dialect::Posix)
}

fn bash(text: &str) -> Script {
    read(text, Dialect::Bash)
}

/// The operands of the chain, as written.
fn chain(text: &str) -> Vec<&str> {
    let script = posix(text);
    let chain = script.and_chain().unwrap_or_else(|| panic!("{text:?} is no chain"));
    chain.iter().map(|node| &text[node.span.clone()]).collect()
}

/// The names of all commands, in the order of the walk.
fn names(script: &Script) -> Vec<String> {
    let mut names = Vec::new();
    walk_commands(&script.list, &mut |simple, _| {
        names.push(simple.name().unwrap_or("?").to_owned());
    });
    names
}

fn literals(text: &str) -> Vec<Option<String>> {
    let script = bash(text);
    let simple = script.list.items[0].node.as_simple().expect("a simple command");
    simple.words.iter().map(|word| word.literal.clone()).collect()
}

#[test]
fn empty_texts_have_empty_lists() {
    for text in ["", " ", "\n\n", "# nothing", "\t# nothing\n  # more\n"] {
        let script = posix(text);
        assert!(script.list.items.is_empty(), "{text:?}");
        assert!(script.and_chain().is_none());
    }
    assert_eq!(posix("# a\n # b").comments, [0..3, 5..8]);
}

#[test]
fn chains_are_flat_and_exact() {
    let cases: &[(&str, &[&str])] = &[
        ("apt-get update", &["apt-get update"]),
        ("apt-get update;", &["apt-get update"]),
        ("  a  &&  b c  # d", &["a", "b c"]),
        ("a && b | c && ! d", &["a", "b | c", "! d"]),
        ("a && (b; c) && { d; } > e", &["a", "(b; c)", "{ d; } > e"]),
        ("a || b && c", &["a || b", "c"]),
        ("a && b || c", &["a && b || c"]),
        ("echo 'a && b' && echo \"c && $(d && e)\"", &["echo 'a && b'", "echo \"c && $(d && e)\""]),
        ("a &&\n# why\nb && \\\n  c", &["a", "b", "c"]),
        ("X=1 a > f 2>&1 && > g", &["X=1 a > f 2>&1", "> g"]),
        ("if a; then b && c; fi && d", &["if a; then b && c; fi", "d"]),
        ("cat <<E > f && b\n$x && y\nE\n", &["cat <<E > f", "b"]),
    ];
    for (text, expected) in cases {
        assert_eq!(chain(text), *expected, "{text:?}");
    }
    for text in ["a; b", "a\nb", "a &", "a && b &", "a & b"] {
        assert!(posix(text).and_chain().is_none(), "{text:?}");
    }
}

#[test]
fn terminators_are_told_apart() {
    let text = "a; b & c\nd;";
    let script = posix(text);
    let terminators: Vec<_> = script.list.items.iter().map(|item| item.terminator).collect();
    assert_eq!(
        terminators,
        [Some(Terminator::Semicolon), Some(Terminator::Background), None, Some(Terminator::Semicolon)]
    );
    assert_eq!(script.list.span, 0..text.len());
}

#[test]
fn literals_are_what_the_command_receives() {
    let text = r#"a 'b c' "d e" f\ g h'i'"j" "" \$x "\$\`\"\\\n" 'a\b' a#b {} \; {x} [ a=~ -"-"x é"#;
    let expected =
        ["a", "b c", "d e", "f g", "hij", "", "$x", "$`\"\\\\n", "a\\b", "a#b", "{}", ";", "{x}", "["];
    let found = literals(text);
    for (index, expected) in expected.iter().enumerate() {
        assert_eq!(found[index].as_deref(), Some(*expected), "word {index}");
    }
    assert_eq!(found[expected.len()], None, "a tilde after `=` may expand");
    assert_eq!(found[expected.len() + 1].as_deref(), Some("--x"));
    assert_eq!(found[expected.len() + 2].as_deref(), Some("é"));
}

#[test]
fn what_expands_has_no_literal() {
    for word in [
        "$x",
        "\"$x\"",
        "${x}",
        "a$x",
        "$(x)",
        "`x`",
        "$((1))",
        "*",
        "a?",
        "[a]",
        "~",
        "~/x",
        "{a,b}",
        "{1..2}",
        "x{a,b}y",
        "$",
        "\"a$\"",
        "$'a'",
        "PATH=a:~/b",
    ] {
        let text = format!("echo {word}");
        assert_eq!(literals(&text)[1], None, "{word}");
    }
    assert_eq!(
        literals("echo a~ '~' \\* '*' \"{a,b}\" a\\\nb"),
        [
            Some("echo".to_owned()),
            Some("a~".to_owned()),
            Some("~".to_owned()),
            Some("*".to_owned()),
            Some("*".to_owned()),
            None,
            Some("ab".to_owned())
        ]
        .map(|literal| literal.or_else(|| Some("{a,b}".to_owned())))
    );
}

#[test]
fn variables_are_named_once_in_order() {
    let script = bash(
        "echo $b${a}\"$b\" ${c:-$d} ${#e} $((f + ${g} * 2)) ${h%$i} $1 \"$@\" $? '$no' \\$no ${j[k]} ${l:m}",
    );
    let simple = script.list.items[0].node.as_simple().expect("a simple command");
    let found: Vec<&str> = simple.words.iter().flat_map(|word| &word.variables).map(String::as_str).collect();
    assert_eq!(found, ["b", "a", "c", "d", "e", "f", "g", "h", "i", "1", "@", "?", "j", "k", "l", "m"]);
    let script = posix("echo ${x:=1} $((y = 2)) ${z:-3} $((a == 2 && b <= 3))");
    let simple = script.list.items[0].node.as_simple().expect("a simple command");
    let assigns: Vec<bool> = simple.words.iter().map(|word| word.assigns).collect();
    assert_eq!(assigns, [false, true, true, false, false]);
}

#[test]
fn assignments_stand_before_the_name() {
    let text = "A=1 B=\"$x y\" C= cmd D=4";
    let script = posix(text);
    let simple = script.list.items[0].node.as_simple().expect("a simple command");
    let names: Vec<&str> = simple.assignments.iter().map(|assignment| assignment.name.as_str()).collect();
    assert_eq!(names, ["A", "B", "C"]);
    assert!(simple.assignments[2].value.is_none());
    assert_eq!(simple.assignments[1].value.as_ref().map(|value| &text[value.span.clone()]), Some("\"$x y\""));
    assert_eq!(simple.name(), Some("cmd"));
    assert_eq!(simple.words[1].literal.as_deref(), Some("D=4"));
    assert!(
        posix("A=1").list.items[0].node.as_simple().is_some_and(dockopt_shell::Simple::is_only_assignments)
    );
    assert_eq!(
        posix("/usr/bin/env x").list.items[0].node.as_simple().and_then(|simple| simple.name()),
        Some("/usr/bin/env")
    );
}

#[test]
fn builtins_and_declarations_are_simple_commands() {
    for (text, words) in [
        ("exit", 1),
        ("exit 1", 2),
        ("return $?", 2),
        ("break", 1),
        ("export A=1 B=\"$x\" C", 4),
        ("local a=b", 2),
        ("readonly x", 2),
    ] {
        let script = posix(text);
        let simple = script.list.items[0].node.as_simple().expect("a simple command");
        assert_eq!(simple.words.len(), words, "{text}");
        assert_eq!(&text[simple.words[0].span.clone()], text.split(' ').next().expect("a word"));
    }
    let script = bash("declare -a x=(1 \"$y\")");
    let simple = script.list.items[0].node.as_simple().expect("a simple command");
    assert_eq!(simple.words[2].variables, ["y"]);
}

#[test]
fn redirections_are_exact() {
    let cases = [
        ("a > f", RedirectKind::Out, None, "> f", Some("f")),
        ("a >f b", RedirectKind::Out, None, ">f", Some("f")),
        ("a >| f", RedirectKind::Out, None, ">| f", Some("f")),
        ("a 2>> f", RedirectKind::Append, Some(2), "2>> f", Some("f")),
        ("a < $f", RedirectKind::In, None, "< $f", None),
        ("a <> f", RedirectKind::ReadWrite, None, "<> f", Some("f")),
        ("a 2>&1", RedirectKind::Duplicate, Some(2), "2>&1", Some("1")),
        (">&2 a", RedirectKind::Duplicate, None, ">&2", Some("2")),
        ("a <&-", RedirectKind::Duplicate, None, "<&-", Some("-")),
        ("{ a; } > f", RedirectKind::Out, None, "> f", Some("f")),
        ("(a) 2> f", RedirectKind::Out, Some(2), "2> f", Some("f")),
        ("while a; do b; done < f", RedirectKind::In, None, "< f", Some("f")),
    ];
    for (text, kind, fd, spelling, target) in cases {
        let script = posix(text);
        let redirect = &script.list.items[0].node.redirects[0];
        assert_eq!((redirect.kind, redirect.fd), (kind, fd), "{text}");
        assert_eq!(&text[redirect.span.clone()], spelling);
        assert_eq!(redirect.target.as_ref().and_then(|target| target.literal.as_deref()), target, "{text}");
    }
    for (text, kind) in [
        ("a &> f", RedirectKind::Both),
        ("a >& f", RedirectKind::Both),
        ("a <<< $x", RedirectKind::HereString),
    ] {
        assert_eq!(bash(text).list.items[0].node.redirects[0].kind, kind, "{text}");
        assert!(parse(text, Dialect::Posix).is_err(), "{text}");
    }
}

#[test]
fn here_documents_have_bodies() {
    let text = "cat <<A <<-'B' && c\n$x $(d)\nA\n\te $f\n\tB\ng\n";
    let script = posix(text);
    assert_eq!(names(&script), ["cat", "d", "c", "g"]);
    let mut found = Vec::new();
    walk_redirects(&script.list, &mut |redirect| {
        let body = redirect.heredoc_body.clone().expect("a here-document");
        let word = redirect.heredoc.as_ref().expect("its lines");
        found.push((text[body].to_owned(), word.literal.clone(), word.variables.clone()));
    });
    assert_eq!(
        found,
        [
            ("$x $(d)\n".to_owned(), None, vec!["x".to_owned()]),
            ("\te $f\n".to_owned(), Some("e $f\n".to_owned()), vec![])
        ]
    );
    for text in ["cat <<E\nx", "cat <<E\nx\n E\n", "cat <<$x\n$x\n", "cat <<E"] {
        assert!(parse(text, Dialect::Posix).is_err(), "{text:?}");
    }
    let script = posix("cat <<E\nE\n");
    assert_eq!(script.list.items[0].node.redirects[0].heredoc_body, Some(8..8));
}

#[test]
fn compound_commands_show_every_list_and_word() {
    let cases = [
        ("if a; then b; elif c; then d; else e; fi", Compound::If, 5, 0),
        ("for x in a \"$b\" c*; do d; done", Compound::For, 1, 4),
        ("for x; do d; done", Compound::For, 1, 1),
        ("while a; do b; done", Compound::While, 2, 0),
        ("until a; do b; done", Compound::Until, 2, 0),
        ("case $x in a|b) c;; (d) ;; *) e; f; esac", Compound::Case, 3, 5),
    ];
    for (text, expected, list_count, word_count) in cases {
        let script = posix(text);
        let NodeKind::Compound { keyword, lists, words } = &script.list.items[0].node.kind else {
            panic!("{text}");
        };
        assert_eq!((*keyword, lists.len(), words.len()), (expected, list_count, word_count), "{text}");
    }
    for (text, expected) in [
        ("[[ -n $x && ( a == b* ) ]]", Compound::Conditional),
        ("((x++))", Compound::Arithmetic),
        ("time a | b", Compound::Time),
        ("select x in a; do b; done", Compound::Select),
        ("for ((i = 0; i < 3; i++)); do a; done", Compound::For),
    ] {
        let script = bash(text);
        assert!(
            matches!(&script.list.items[0].node.kind, NodeKind::Compound { keyword, .. } if *keyword == expected),
            "{text}"
        );
        assert!(parse(text, Dialect::Posix).is_err(), "{text} is not POSIX");
    }
}

#[test]
fn the_walk_misses_no_command() {
    let text = "a \"$(b `c`)\" > $(d) && if e; then f() { g; }; fi; for x in $(h); do (i | j); done; case $(k) in $(l)) m;; esac; \
                n=$(o) ! p ${q:-$(r)} $(( $(s) + 1 )) & { t; } > \"$(u)\"";
    let text = text.replace(" ! p", " p");
    let found = names(&posix(&text));
    let expected = "a b c d e g h i j k l m p o r s t u";
    assert_eq!(found.join(" "), expected);
    let text = "[[ $(a) == $(b) ]]; x=($(c)); diff <(d) >(e); f <<< $(g)";
    assert_eq!(names(&bash(text)).join(" "), "a b ? c diff d e f g");
}

#[test]
fn the_walk_tells_where_a_command_stands() {
    let text = "a && b || c; (d); e | f; if g; then h; fi; i() { j; }; k $(l) & m";
    let script = posix(text);
    let mut found = Vec::new();
    walk_commands(&script.list, &mut |simple, context| {
        let flags: String = [
            (context.subshell, 's'),
            (context.substitution, '$'),
            (context.function, 'f'),
            (context.optional, 'o'),
            (context.tested, 't'),
        ]
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| *flag)
        .collect();
        found.push(format!("{}{}:{flags}", simple.name().unwrap_or("?"), context.depth));
    });
    assert_eq!(
        found,
        [
            "a0:t", "b0:ot", "c0:ot", "d1:st", "e0:st", "f0:st", "g1:ot", "h1:ot", "j2:fot", "k0:st",
            "l1:s$t", "m0:"
        ]
    );
    let script = posix("a && b && c");
    walk_commands(&script.list, &mut |_, context| {
        assert!(!context.optional && !context.tested, "every command of a chain must succeed");
    });
}

#[test]
fn state_changes_are_seen() {
    use StateChange::{Directory, Flow, Jobs, Shell, Unknown, Variable};
    let variable = |name: &str| Variable(name.to_owned());
    let cases: Vec<(&str, Vec<StateChange>)> = vec![
        ("apt-get update", vec![]),
        ("A=1 make", vec![]),
        ("A=1", vec![variable("A")]),
        ("A=1 :", vec![variable("A")]),
        ("export A=1 B", vec![variable("A"), variable("B")]),
        ("unset A", vec![variable("A")]),
        ("read -r line", vec![variable("-r"), variable("line")]),
        ("cd /x", vec![Directory, variable("PWD"), variable("OLDPWD")]),
        ("command cd /x", vec![Directory, variable("PWD"), variable("OLDPWD")]),
        ("command -v cd", vec![]),
        ("set -e", vec![Shell]),
        ("umask 022", vec![Shell]),
        ("trap x EXIT", vec![Shell]),
        ("exit 1", vec![Flow]),
        ("exec x", vec![Flow]),
        ("wait", vec![Jobs]),
        (". ./x", vec![Unknown]),
        ("eval x", vec![Unknown]),
        ("$x y", vec![Unknown]),
        ("(cd /x; A=1; exit 2)", vec![]),
        ("cd /x | exit", vec![]),
        ("echo $(cd /x)", vec![]),
        ("{ A=1; }", vec![variable("A")]),
        ("! A=1", vec![variable("A")]),
        ("a && A=1 || B=2", vec![variable("A"), variable("B")]),
        ("{ a & }", vec![Jobs]),
        ("f() { a; }", vec![Shell]),
        ("for x in a; do b; break; done", vec![variable("x")]),
        ("while a; do break 2; done", vec![Flow]),
        ("break", vec![Flow]),
        ("if a; then exit 1; fi", vec![Flow]),
        ("case $x in a) A=1;; esac", vec![variable("A")]),
        ("echo ${x:=1}", vec![variable("x")]),
        ("a > ${x:=1}", vec![variable("x")]),
        ("printf '%s' x", vec![]),
        ("cat <<E\n${x:=1}\nE\n", vec![variable("x")]),
    ];
    for (text, expected) in cases {
        let script = posix(text);
        let node = &script.list.items[0].node;
        assert_eq!(state_changes(node), expected, "{text}");
        assert_eq!(changes_state(node), !expected.is_empty(), "{text}");
    }
    assert_eq!(list_state_changes(&posix("a & cd /x").list)[0], Jobs);
    assert!(changes_state(&bash("((x++))").list.items[0].node));
    assert!(changes_state(&bash("printf -v x y").list.items[0].node));
}

#[test]
fn labels_ignore_layout_only() {
    let label = |text: &str| {
        let script = bash(text);
        canonical(text, &script.list.items[0].node)
    };
    for (one, other) in [
        ("a  b\tc", "a b c"),
        ("a \\\n  b", "a b"),
        ("export\\\n a\\\n b\\\n", "export a b"),
        ("a&&b", "a && b"),
        ("a && # why\n b", "a && b"),
        ("a >f", "a > f"),
        ("(a;b)", "( a\n b\n)"),
        ("{ a; b; }", "{\n  a # one\n  b\n}"),
        ("if a; then b; else c; fi", "if a\nthen\n  b\nelse # no\n  c\nfi"),
        ("for x in a b; do c; done", "for x in a b\ndo\n\tc\ndone"),
        ("case $x in a|b) c;; esac", "case $x in\n  a | b )\n c ;;\nesac"),
        ("f() { a; }", "f ()\n{\n a\n}"),
        ("[[ a == b && -n c ]]", "[[  a  ==  b  &&  -n  c  ]]"),
    ] {
        assert_eq!(label(one), label(other), "{one:?} {other:?}");
    }
    for (one, other) in [
        ("a b", "a 'b'"),
        ("a 'b  c'", "a 'b c'"),
        ("a 2>f", "a 2 >f"),
        ("a && b", "a || b"),
        ("(a)", "{ a; }"),
        ("{ a; b; }", "{ a & b; }"),
        ("a >f", "a >>f"),
        ("if a; then b; fi", "if a; then :; else b; fi"),
        ("for x in a; do b; done", "for x; do b; done"),
        ("case x in a) b;; c) d;; esac", "case x in a|c) b; d;; esac"),
        ("cat <<E\na\nE\n", "cat <<E\nb\nE\n"),
        ("if a; then cat <<E; else\nx\nE\nb; fi", "if a; then cat <<E\nx\nE\nb; fi"),
    ] {
        assert_ne!(label(one), label(other), "{one:?} {other:?}");
    }
}

#[test]
fn shells_that_differ_make_a_text_opaque() {
    for text in [
        "[[ a ]]",
        "function f { a; }",
        "function f() { a; }",
        "a=(b c)",
        "a &> f",
        "a |& b",
        "a <(b)",
        "((a))",
        "a+=b",
        "echo $'a'",
        "echo $\"a\"",
        "echo $[1]",
        "time a",
        "select x in a; do b; done",
        "coproc a",
        "for ((;;)); do a; done",
        "a <<< b",
        "echo ${a[0]}",
        "a 10>f",
        "alias ll=ls",
        "a >&f",
        "f() a",
        "case x in a) b;& esac",
        "a[1]=b",
        "echo ${!a}",
        "{fd}>f a",
        "shopt -s extglob",
        "x-y() { a; }",
    ] {
        assert!(parse(text, Dialect::Posix).is_err(), "{text}");
    }
}

#[test]
fn wrong_texts_are_opaque() {
    for text in [
        "a &&",
        "&& a",
        "a ;; b",
        "(a",
        "a)",
        "{ a; ",
        "{ a }",
        "if a; then b",
        "if a; fi",
        "for x in a; b; done",
        "echo 'a",
        "echo \"a",
        "echo `a",
        "echo $(a",
        "echo ${a",
        "a | | b",
        "a & && b",
        "a ; ; b",
        "case x in a) b",
        "fi",
        "a \\",
        "echo \r",
        "echo \0",
        "( )",
        "{ ; }",
        "if then a; fi",
        "while do a; done",
        "! ! a",
        "a | ! b",
        "echo @(a|b)",
        "f() { }",
        "x=$(",
        "<",
    ] {
        for dialect in [Dialect::Posix, Dialect::Bash] {
            assert!(parse(text, dialect).is_err(), "{text:?}");
        }
    }
}

#[test]
fn opaque_says_why_and_where() {
    let opaque = parse("a && echo $[1]", Dialect::Posix).expect_err("not POSIX");
    assert_eq!(opaque.at, Some(10));
    assert_eq!(opaque.to_string(), "not readable as shell commands: `$[`, which only some shells expand");
}
