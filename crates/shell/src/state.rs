//! What a command changes in the shell that runs it, for the commands after it. It errs towards change: a command it cannot name may
//! change anything. It must not consider files, which are the tools' business.

use crate::tree::{Assignment, Compound, List, Node, NodeKind, Redirect, Simple, Terminator, Word};

/// One way in which later commands of the same shell can tell that a command ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateChange {
    /// The working directory: `cd`, `pushd`, `popd`, `dirs`.
    Directory,
    /// A shell or environment variable of this name: `NAME=…`, `export`, `unset`, `read`, `for`, `${NAME:=…}` and their like.
    Variable(String),
    /// Something that the shell keeps: options, umask, limits, traps, aliases, functions, positional parameters, hashed commands.
    Shell,
    /// Whether the later commands run at all: `exit`, `return`, `exec`, `break`, `continue`.
    Flow,
    /// Background jobs: `&`, `wait`, `bg`, `fg`, `disown`.
    Jobs,
    /// Anything: `.`, `source`, `eval`, or a command name that the shell computes.
    Unknown,
}

/// Whether the node changes the state of the shell that runs it. See [`state_changes`].
pub fn changes_state(node: &Node) -> bool {
    !state_changes(node).is_empty()
}

/// The changes that the node makes to the shell that runs it, each once.
///
/// What happens in a child process (`(…)`, an element of a pipeline, `$(…)`, a background job) stays there. A call of a function is
/// taken for a call of a program: where functions or aliases matter, their definition is a change of its own in the same script.
pub fn state_changes(node: &Node) -> Vec<StateChange> {
    let mut changes = Changes::default();
    changes.node(node);
    changes.found
}

/// The changes that the list makes to the shell that runs it. See [`state_changes`].
pub fn list_state_changes(list: &List) -> Vec<StateChange> {
    let mut changes = Changes::default();
    changes.list(list);
    changes.found
}

/// The special builtins of POSIX: an assignment before one of them stays.
const SPECIAL: [&str; 14] = [
    ":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift",
    "times", "trap",
];

#[derive(Debug, Default)]
struct Changes {
    found: Vec<StateChange>,
    /// How many loops enclose the command within the node that was asked about.
    loops: usize,
}

impl Changes {
    fn add(&mut self, change: StateChange) {
        if !self.found.contains(&change) {
            self.found.push(change);
        }
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            if item.terminator == Some(Terminator::Background) {
                self.add(StateChange::Jobs);
            } else {
                self.node(&item.node);
            }
        }
    }

    fn node(&mut self, node: &Node) {
        let mut operands = Vec::new();
        let mut first = node;
        while let NodeKind::And { left, right, .. } | NodeKind::Or { left, right, .. } = &first.kind {
            operands.push(&**right);
            first = left;
        }
        self.operand(first);
        for operand in operands.into_iter().rev() {
            self.operand(operand);
        }
    }

    fn operand(&mut self, node: &Node) {
        for redirect in &node.redirects {
            self.redirect(redirect);
        }
        match &node.kind {
            NodeKind::Simple(simple) => self.simple(simple),
            NodeKind::And { .. } | NodeKind::Or { .. } => self.node(node),
            // All elements of a pipeline run in child processes; bash's `lastpipe` needs `shopt`, which is a change itself.
            NodeKind::Pipe { .. } | NodeKind::Subshell(_) => {}
            NodeKind::Not(inner) => self.node(inner),
            NodeKind::Group(list) => self.list(list),
            NodeKind::Compound { keyword, lists, words } => self.compound(*keyword, lists, words),
            NodeKind::Function { .. } => self.add(StateChange::Shell),
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        self.words(redirect.target.as_slice());
        self.words(redirect.heredoc.as_slice());
    }

    fn words(&mut self, words: &[Word]) {
        for word in words {
            if word.assigns {
                for name in &word.variables {
                    self.add(StateChange::Variable(name.clone()));
                }
            }
        }
    }

    fn compound(&mut self, keyword: Compound, lists: &[List], words: &[Word]) {
        self.words(words);
        let is_loop = match keyword {
            Compound::For | Compound::Select => {
                if let Some(variable) = words.first().and_then(|word| word.literal.clone()) {
                    self.add(StateChange::Variable(variable));
                }
                true
            }
            Compound::While | Compound::Until => true,
            Compound::Conditional => {
                // `=~` sets it; telling the operators apart is not worth it.
                self.add(StateChange::Variable("BASH_REMATCH".to_owned()));
                false
            }
            Compound::Other => {
                self.add(StateChange::Unknown);
                false
            }
            Compound::If | Compound::Case | Compound::Time | Compound::Arithmetic => false,
        };
        self.loops += usize::from(is_loop);
        for list in lists {
            self.list(list);
        }
        self.loops -= usize::from(is_loop);
    }

    fn simple(&mut self, simple: &Simple) {
        for assignment in &simple.assignments {
            self.words(assignment.value.as_slice());
        }
        self.words(&simple.words);
        if simple.words.is_empty() {
            self.assignments(&simple.assignments);
            return;
        }
        if simple.name().is_some_and(|name| SPECIAL.contains(&name) || name == "unset") {
            self.assignments(&simple.assignments);
        }
        self.command(&simple.words);
    }

    fn assignments(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            self.add(StateChange::Variable(assignment.name.clone()));
        }
    }

    /// The changes of the command that these words are.
    fn command(&mut self, words: &[Word]) {
        let Some((first, operands)) = words.split_first() else {
            return;
        };
        let Some(name) = first.literal.as_deref() else {
            self.add(StateChange::Unknown);
            return;
        };
        match name {
            "cd" | "pushd" | "popd" | "dirs" => {
                self.add(StateChange::Directory);
                self.add(StateChange::Variable("PWD".to_owned()));
                self.add(StateChange::Variable("OLDPWD".to_owned()));
            }
            "export" | "readonly" | "local" | "declare" | "typeset" | "unset" | "read" | "mapfile"
            | "readarray" | "getopts" | "let" => self.operands(operands),
            "printf" if operands.first().is_some_and(may_be_dash_v) => {
                self.add(StateChange::Unknown);
            }
            "set" | "shopt" | "umask" | "ulimit" | "alias" | "unalias" | "trap" | "shift" | "hash"
            | "enable" | "bind" | "complete" | "compopt" | "history" => {
                self.add(StateChange::Shell);
            }
            "exit" | "return" | "exec" | "logout" | "suspend" => self.add(StateChange::Flow),
            "break" | "continue" if self.loops == 0 || !operands.is_empty() => {
                self.add(StateChange::Flow);
            }
            "wait" | "bg" | "fg" | "jobs" | "disown" => self.add(StateChange::Jobs),
            "." | "source" | "eval" | "fc" => self.add(StateChange::Unknown),
            "command" | "builtin" => self.wrapped(operands),
            _ => {}
        }
    }

    /// The changes of the command that `command` or `builtin` runs.
    fn wrapped(&mut self, operands: &[Word]) {
        for (index, word) in operands.iter().enumerate() {
            match word.literal.as_deref() {
                // These only look a name up.
                Some("-v" | "-V" | "-pv" | "-pV") => return,
                Some("-p" | "--") => {}
                _ => return self.command(&operands[index..]),
            }
        }
    }

    /// The variables that operands like `NAME`, `NAME=value` and `-x` name.
    fn operands(&mut self, operands: &[Word]) {
        let mut named = false;
        for operand in operands {
            match operand.literal.as_deref() {
                Some(text) => {
                    let name = text.split('=').next().unwrap_or(text);
                    self.add(StateChange::Variable(name.trim_end_matches('+').to_owned()));
                    named = true;
                }
                None => self.add(StateChange::Unknown),
            }
        }
        if !named {
            self.add(StateChange::Unknown);
        }
    }
}

/// Whether `printf` would take this first operand for bash's `-v`.
fn may_be_dash_v(operand: &Word) -> bool {
    operand.literal.as_deref().is_none_or(|text| text.starts_with("-v"))
}
