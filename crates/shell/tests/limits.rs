//! Hostile and huge texts: each must be read or refused on a thread with the stack of a worker, and freed without recursion.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test may touch the world")]

mod common;

use dockopt_shell::{Dialect, MAX_BYTES, canonical, changes_state, list_state_changes, parse, walk_commands};

/// The default stack of a thread in Rust, and so of a rayon worker.
const STACK: usize = 2 * 1024 * 1024;

/// Reads the text with little stack, does everything that can be done with it, and says whether it was readable.
fn survives(text: String) -> bool {
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut readable = false;
        for dialect in [Dialect::Posix, Dialect::Bash] {
            if let Ok(script) = parse(&text, dialect) {
                readable = true;
                let mut count = 0;
                walk_commands(&script.list, &mut |_, _| count += 1);
                list_state_changes(&script.list);
                for item in &script.list.items {
                    assert!(!canonical(&text, &item.node).is_empty());
                    changes_state(&item.node);
                }
            }
        }
        readable
    });
    worker.expect("a thread starts").join().expect("no panic")
}

#[test]
fn long_chains_are_read() {
    for operator in [" && ", " || ", " | "] {
        assert!(survives(vec!["apt-get install -y x"; 900].join(operator)));
    }
    let lines = vec!["echo x >> f"; 5000];
    assert!(survives(lines.join("\n")));
    assert!(survives(lines.join("; ")));
}

#[test]
fn a_chain_keeps_all_its_operands() {
    let text = vec!["true"; 600].join(" && ");
    let script = parse(&text, Dialect::Posix).expect("a chain of 600");
    common::check(&text, &script);
    assert_eq!(script.and_chain().map(|chain| chain.len()), Some(600));
}

#[test]
fn one_long_command_is_read() {
    let packages = vec!["package-name"; 4000].join(" ");
    assert!(survives(format!("apt-get install -y {packages}")));
    assert!(survives(format!("echo '{}'", "a && b; ".repeat(7000))));
    assert!(survives(format!("cat <<EOF > f\n{}EOF\n", "a line\n".repeat(8000))));
}

#[test]
fn too_long_is_opaque() {
    let text = "a".repeat(MAX_BYTES + 1);
    assert!(parse(&text, Dialect::Posix).is_err());
    assert!(parse(&text[..MAX_BYTES], Dialect::Posix).is_ok());
}

#[test]
fn deep_nesting_is_survived() {
    let wrappers: &[(&str, &str)] = &[
        ("if a; then ", "; fi"),
        ("( ", " )"),
        ("(", ")"),
        ("{ ", "; }"),
        ("while a; do ", "; done"),
        ("for x in y; do ", "; done"),
        ("case x in y) ", ";; esac"),
        ("echo $(", ")"),
        ("echo \"$(", ")\""),
        ("echo ${x:-", "}"),
        ("echo $((", "))"),
        ("echo $(( (", ") ))"),
        ("[[ ( ", " ) ]]"),
        ("f() { ", "; }"),
        ("time ", ""),
        ("! ", ""),
        ("a && ( ", " )"),
        ("a <(", ")"),
        ("a=(", ")"),
        ("cat <<E\n$(", ")\nE\n"),
        ("`", "`"),
        ("${a[", "]}"),
        ("x > $(", ")"),
        ("\"", "\""),
        ("((", "))"),
        ("{", "}"),
        ("${", "}"),
        ("$", ""),
        ("\\", ""),
        ("<<E ", ""),
        ("[", "]"),
        ("@(", ")"),
    ];
    for (open, close) in wrappers {
        for depth in [10, 20, 23, 24, 25, 60, 300, 3000] {
            let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            survives(text);
            survives(open.repeat(depth));
        }
    }
    let nested = format!("{}x{}", "if a; then ".repeat(20), "; fi".repeat(20));
    assert!(survives(nested), "twenty levels are ordinary");
}

#[test]
fn deep_nesting_of_every_kind_at_once_is_survived() {
    let open = "if a; then ( { while b; do echo \"$(case x in y) echo ${z:-$(";
    let close = ")};; esac)\"; done; } ); fi";
    for depth in 1..15 {
        survives(format!("{}x{}", open.repeat(depth), close.repeat(depth)));
    }
    let chain = vec!["( a && b | c )"; 300].join(" && ");
    assert!(survives(format!("if {chain}; then {chain}; fi")));
}
