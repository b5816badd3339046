//! Whether a script does the same under whatever `sh` is and under bash. It errs towards no.

use dockopt_shell::{Dialect, Simple, Word};

use crate::Script;

/// Commands of a shell itself that do the same in all shells, with whatever words.
const SAME: [&str; 10] = ["cd", "set", "export", "unset", "true", "false", ":", "exit", "umask", "command"];

/// Whether a shell runs the command by itself, with or without a program of that name.
pub fn is_builtin(name: &str) -> bool {
    SAME.contains(&name) || PRINT.contains(&name) || OTHER.contains(&name)
}

/// Commands that print their words, which differ in what they make of a backslash and of options.
const PRINT: [&str; 2] = ["echo", "printf"];

/// Other commands of the one or the other shell.
const OTHER: [&str; 48] = [
    ".",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "chdir",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "shift",
    "shopt",
    "source",
    "suspend",
    "time",
    "times",
    "trap",
    "type",
    "typeset",
    "ulimit",
    "wait",
];

/// Variables that a shell sets by itself, besides those whose names begin with `BASH`.
const SET: [&str; 22] = [
    "_",
    "0",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HOSTNAME",
    "HOSTTYPE",
    "IFS",
    "LINENO",
    "MACHTYPE",
    "OPTARG",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELL",
    "SHLVL",
    "UID",
];

/// Whether it does.
pub(crate) fn is_portable(script: &Script<'_>) -> bool {
    // A text that `sh` reads may differ between the shells that it may be; then it is not understood in that dialect.
    let mut is_portable = dockopt_shell::parse(script.text(), Dialect::Posix).is_ok();
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let values = simple.assignments.iter().filter_map(|one| one.value.as_ref());
        is_portable &= is_same_command(script, simple)
            && simple
                .words
                .iter()
                .chain(values)
                .all(|word| word.variables.iter().all(|name| is_same_variable(name)));
    });
    is_portable
}

fn is_same_variable(name: &str) -> bool {
    !SET.contains(&name) && !name.starts_with("BASH")
}

fn is_same_command(script: &Script<'_>, simple: &Simple) -> bool {
    if simple.words.is_empty() {
        return true;
    }
    let Some(name) = simple.name() else { return false };
    let operands = &simple.words[1..];
    if SAME.contains(&name) {
        true
    } else if PRINT.contains(&name) {
        let is_plain = |word: &Word| is_plain(script, word);
        operands.iter().all(is_plain)
            && !operands.first().is_some_and(|word| {
                script.text()[word.span.clone()].trim_start_matches(['"', '\'']).starts_with('-')
            })
    } else if matches!(name, "test" | "[") {
        operands.iter().all(|word| {
            !matches!(word.literal.as_deref(), Some("==" | "=~" | "<" | ">" | "-v" | "-R" | "-o"))
        })
    } else {
        !OTHER.contains(&name)
    }
}

/// Whether a word has no backslash, neither in its text nor in what it expands to.
fn is_plain(script: &Script<'_>, word: &Word) -> bool {
    let is_known = word.variables.is_empty() || script.is_expanded(word);
    is_known
        && !script.text()[word.span.clone()].contains('\\')
        && word.substitutions.iter().all(|list| {
            let [item] = list.items.as_slice() else { return false };
            item.node.as_simple().is_some_and(|simple| script.recognize(simple).is_some())
        })
}
