//! What becomes of the outcome of each command of a script: which failures end the RUN, and what is printed for the log of the build
//! alone. It looks at the structure of the script and not at what its commands do, and errs towards fewer.

use std::collections::BTreeSet;

use dockopt_shell::{List, Node, NodeKind, Redirect, RedirectKind, Script, StateChange, Terminator, Word};

/// Whether a failure in the middle of a list ends the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// `set -e` is in force.
    Stop,
    /// The next command runs.
    GoOn,
}

/// Which operands of a chain count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operands {
    /// Each of them: the status of the chain is that of what encloses it.
    All,
    /// The last one: `set -e` does not look at the others.
    Last,
}

/// What decides about the outcome of a RUN, by where it begins.
#[derive(Debug, Default)]
pub(crate) struct Decisive {
    /// Commands whose failure ends the RUN, so that an image exists only if they succeeded, and that read nothing but the empty input
    /// of a RUN.
    pub(crate) commands: BTreeSet<usize>,
    /// Pipelines whose failure ends the RUN.
    pub(crate) pipes: BTreeSet<usize>,
    /// How many pipelines there are besides.
    pub(crate) other_pipes: usize,
}

/// What decides about the outcome of a script.
pub(crate) fn decisive(script: &Script, on_failure: OnFailure) -> Decisive {
    let mut found = Decisive::default();
    if is_certain(script) {
        list(&script.list, settled(script, on_failure), &mut found);
    }
    let mut all = 0;
    count_pipes(&script.list, &mut all);
    found.other_pipes = all - found.pipes.len();
    found
}

/// Whether nothing in a script turns its own outcome into another one.
fn is_certain(script: &Script) -> bool {
    let mut is_certain = true;
    dockopt_shell::walk_commands(&script.list, &mut |simple, _| match simple.name() {
        // What an exit trap returns becomes the status of the script.
        Some("trap") => is_certain = false,
        Some("set") => {
            let turns_off = |word: &Word| {
                word.literal
                    .as_ref()
                    .is_none_or(|text| text == "+o" || (text.starts_with('+') && text.contains('e')))
            };
            is_certain &= !simple.words.iter().any(turns_off);
        }
        _ => {}
    });
    is_certain
}

/// A script that is read in may have any effect on the options of the shell.
fn settled(script: &Script, on_failure: OnFailure) -> OnFailure {
    let is_known = !dockopt_shell::list_state_changes(&script.list).contains(&StateChange::Unknown);
    if is_known { on_failure } else { OnFailure::GoOn }
}

/// Counts pipelines, wherever they stand.
fn count_pipes(list: &List, count: &mut usize) {
    let mut next: Vec<&Node> = list.items.iter().map(|item| &item.node).collect();
    while let Some(node) = next.pop() {
        let mut words: Vec<&Word> =
            node.redirects.iter().flat_map(|one| one.target.iter().chain(&one.heredoc)).collect();
        match &node.kind {
            NodeKind::Simple(simple) => {
                words.extend(&simple.words);
                words.extend(simple.assignments.iter().filter_map(|one| one.value.as_ref()));
            }
            NodeKind::And { left, right, .. } | NodeKind::Or { left, right, .. } => {
                next.extend([&**left, &**right]);
            }
            NodeKind::Pipe { left, right, .. } => {
                *count += 1;
                let mut first = left;
                next.push(right);
                while let NodeKind::Pipe { left, right, .. } = &first.kind {
                    next.push(right);
                    first = left;
                }
                next.push(first);
            }
            NodeKind::Not(inner) | NodeKind::Function { body: inner, .. } => next.push(inner),
            NodeKind::Subshell(inner) | NodeKind::Group(inner) => {
                next.extend(inner.items.iter().map(|item| &item.node));
            }
            NodeKind::Compound { lists, words: own, .. } => {
                words.extend(own);
                next.extend(lists.iter().flat_map(|list| &list.items).map(|item| &item.node));
            }
        }
        words.iter().flat_map(|word| &word.substitutions).for_each(|inner| count_pipes(inner, count));
    }
}

/// Where the first words of the commands begin whose output nothing but the log of the build receives.
pub(crate) fn unread(script: &Script) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut is_certain = true;
    let mut files = Vec::new();
    dockopt_shell::walk_redirects(&script.list, &mut |redirect| {
        if !is_quiet(redirect) {
            files.push(redirect.span.start);
        }
    });
    dockopt_shell::walk_commands(&script.list, &mut |simple, context| {
        let own = context.node.redirects.iter();
        let goes_to_a_file = own.clone().any(|redirect| !is_quiet(redirect));
        // A redirection of what encloses the command is one of its own.
        let is_enclosed = context.depth > 0
            && files.iter().any(|at| own.clone().all(|redirect| redirect.span.start != *at));
        if !context.subshell && !goes_to_a_file && !is_enclosed {
            found.extend(simple.words.first().map(|word| word.span.start));
        }
        is_certain &= simple.name() != Some("exec");
    });
    if is_certain { found } else { BTreeSet::new() }
}

/// Whether a redirection gives the output to nothing but the log.
fn is_quiet(redirect: &Redirect) -> bool {
    match redirect.kind {
        RedirectKind::Out | RedirectKind::Append | RedirectKind::Both => {
            redirect.target.as_ref().is_some_and(|word| word.literal.as_deref() == Some("/dev/null"))
        }
        RedirectKind::Duplicate => redirect
            .target
            .as_ref()
            .is_some_and(|word| matches!(word.literal.as_deref(), Some("1" | "2" | "-"))),
        _ => true,
    }
}

fn list(list: &List, on_failure: OnFailure, found: &mut Decisive) {
    let last = list.items.len().saturating_sub(1);
    for (at, item) in list.items.iter().enumerate() {
        if item.terminator == Some(Terminator::Background) {
            continue;
        }
        if at == last {
            node(&item.node, Operands::All, on_failure, found);
        } else if on_failure == OnFailure::Stop {
            node(&item.node, Operands::Last, on_failure, found);
        }
    }
}

fn node(of: &Node, operands: Operands, on_failure: OnFailure, found: &mut Decisive) {
    let mut next = of;
    let mut on_failure = on_failure;
    // The left operands are followed in a loop: there may be a thousand.
    loop {
        match &next.kind {
            NodeKind::And { left, right, .. } => {
                operand(right, on_failure, found);
                if operands == Operands::Last {
                    return;
                }
                // In what stands left of an operator `set -e` is not looked at.
                on_failure = OnFailure::GoOn;
                next = left;
            }
            NodeKind::Or { right, .. } => return operand(right, on_failure, found),
            _ => return operand(next, on_failure, found),
        }
    }
}

fn operand(of: &Node, on_failure: OnFailure, found: &mut Decisive) {
    let gives_input = |kind| {
        !matches!(
            kind,
            RedirectKind::Out | RedirectKind::Append | RedirectKind::Both | RedirectKind::Duplicate
        )
    };
    let reads = of.redirects.iter().any(|redirect| gives_input(redirect.kind) || redirect.fd == Some(0));
    match &of.kind {
        _ if reads => {}
        NodeKind::Simple(simple) => found.commands.extend(simple.words.first().map(|word| word.span.start)),
        NodeKind::Subshell(inner) | NodeKind::Group(inner) => list(inner, on_failure, found),
        NodeKind::And { .. } | NodeKind::Or { .. } => node(of, Operands::All, on_failure, found),
        NodeKind::Pipe { .. } => {
            found.pipes.insert(of.span.start);
        }
        // Of what `!` turns round and of a compound command the status is another matter.
        NodeKind::Not(_) | NodeKind::Compound { .. } | NodeKind::Function { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use dockopt_shell::Dialect;

    use super::*;

    /// The names of the decisive commands.
    fn decisive(text: &str, on_failure: OnFailure) -> Vec<&str> {
        names(text, |script| super::decisive(script, on_failure).commands)
    }

    fn names(text: &str, starts: impl Fn(&Script) -> BTreeSet<usize>) -> Vec<&str> {
        let script = dockopt_shell::parse(text, Dialect::Bash).expect("it is read");
        starts(&script).into_iter().filter_map(|start| text[start..].split([' ', ';', ')']).next()).collect()
    }

    #[test]
    fn a_chain_needs_all_its_operands() {
        assert_eq!(decisive("a && b x && c", OnFailure::GoOn), ["a", "b", "c"]);
        assert_eq!(decisive("a || b && c", OnFailure::GoOn), ["b", "c"]);
        assert_eq!(decisive("a && b || c", OnFailure::GoOn), ["c"]);
        assert_eq!(decisive("(a; b) && { c; d; }", OnFailure::GoOn), ["b", "d"]);
    }

    #[test]
    fn of_a_list_the_last_command_decides_unless_the_first_failure_stops_it() {
        assert_eq!(decisive("a; b; c", OnFailure::GoOn), ["c"]);
        assert_eq!(decisive("set -e; a; b && c; d && e", OnFailure::Stop), ["set", "a", "c", "d", "e"]);
        assert_eq!(decisive("(a; b) && c; d", OnFailure::Stop), ["c", "d"]);
        assert_eq!(decisive("(a; b); d", OnFailure::Stop), ["a", "b", "d"]);
        assert_eq!(decisive("a & b", OnFailure::Stop), ["b"]);
        assert_eq!(decisive("set -e; a; set +e; b", OnFailure::Stop), [""; 0]);
        assert_eq!(decisive("set -e; . /env; a; b", OnFailure::Stop), ["b"]);
        assert_eq!(decisive("trap 'exit 0' EXIT; a", OnFailure::Stop), [""; 0]);
    }

    #[test]
    fn a_command_with_an_input_or_an_outcome_that_is_looked_at_is_left_out() {
        assert_eq!(decisive("a <answers && b <<< y && c 2>&1 >log", OnFailure::GoOn), ["c"]);
        assert_eq!(decisive("yes | a", OnFailure::GoOn), [""; 0]);
        assert_eq!(decisive("! a", OnFailure::GoOn), [""; 0]);
        assert_eq!(decisive("if a; then b; fi", OnFailure::Stop), [""; 0]);
        assert_eq!(decisive("(a) < answers", OnFailure::GoOn), [""; 0]);
    }

    #[test]
    fn output_that_a_file_or_a_command_receives_is_read() {
        let unread = |text| names(text, unread);
        assert_eq!(unread("a && b >/dev/null 2>&1; c 2>log || d"), ["a", "b", "d"]);
        assert_eq!(unread("a | tee log; x=$(b); c `d`"), ["c"]);
        assert_eq!(unread("{ a; b; } >log && c"), ["c"]);
        assert_eq!(unread("for x in 1; do a; done"), ["a"]);
        assert_eq!(unread("exec >log; a"), [""; 0]);
    }
}
