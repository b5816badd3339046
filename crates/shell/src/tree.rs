//! The types that a parse returns. They are plain data: nothing here reads text or knows which parser found them.

use std::ops::Range;

use thiserror::Error;

/// A range of bytes in the text that was parsed, always on character boundaries.
pub type Span = Range<usize>;

/// Which shell reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `/bin/sh`, whichever it is: dash, busybox ash or bash in posix mode. Where these differ, the text is [`Opaque`].
    Posix,
    /// bash with its default options, as `bash -c` runs it.
    Bash,
}

/// Why a text has no [`Script`]: it is wrong, over a limit, or says something that this crate does not represent exactly.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not readable as shell commands: {reason}")]
pub struct Opaque {
    /// What stood in the way, for a person.
    pub reason: String,
    /// The byte offset near which it stood, if known.
    pub at: Option<usize>,
}

/// A whole text.
#[derive(Debug)]
pub struct Script {
    /// The commands at the top level; empty when the text holds only white space and comments.
    pub list: List,
    /// Every comment, from `#` to before the line break, in source order and at any depth.
    pub comments: Vec<Span>,
}

/// Commands one after the other, separated by `;`, `&` or line breaks.
#[derive(Debug)]
pub struct List {
    /// The commands in source order.
    pub items: Vec<Item>,
    /// From the first item to the end of the last one with its terminator; an empty range when there is none.
    pub span: Span,
}

/// One entry of a [`List`].
#[derive(Debug)]
pub struct Item {
    /// The command, pipeline or and-or chain.
    pub node: Node,
    /// What ends it; `None` when a line break, a closing token or the end of the text does.
    pub terminator: Option<Terminator>,
    /// Where that terminator is.
    pub terminator_span: Option<Span>,
}

/// How an [`Item`] is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Terminator {
    /// `;`
    Semicolon,
    /// `&`: the item runs as a background job.
    Background,
}

/// A command of any kind with the redirections that follow it.
///
/// A chain of operators leans left, so a long `&&` chain is a deep tree; [`Node`] frees such a chain without recursion, and for the
/// same reason has neither `Clone` nor `PartialEq`. Compare with [`canonical`](crate::canonical).
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// From its first token to its last, redirections included, terminator and here-document bodies excluded.
    pub span: Span,
    /// Its redirections in source order; those of a simple command may stand before or between its words.
    pub redirects: Vec<Redirect>,
}

/// The kinds of [`Node`].
#[derive(Debug)]
pub enum NodeKind {
    /// A simple command; builtins (`exit`) and declarations (`export`) are simple commands too.
    Simple(Simple),
    /// `left && right`
    And {
        /// The chain so far.
        left: Box<Node>,
        /// Where the operator is.
        op: Span,
        /// What runs when the chain so far succeeds; never an and-or chain itself.
        right: Box<Node>,
    },
    /// `left || right`
    Or {
        /// The chain so far.
        left: Box<Node>,
        /// Where the operator is.
        op: Span,
        /// What runs when the chain so far fails; never an and-or chain itself.
        right: Box<Node>,
    },
    /// `left | right`, or bash's `left |& right`
    Pipe {
        /// The pipeline so far.
        left: Box<Node>,
        /// Where the operator is; its text tells `|` from `|&`.
        op: Span,
        /// What reads the output; never a pipeline itself.
        right: Box<Node>,
    },
    /// `! command` or `! pipeline`
    Not(Box<Node>),
    /// `( list )`
    Subshell(List),
    /// `{ list; }`
    Group(List),
    /// Any other compound command.
    Compound {
        /// Which one.
        keyword: Compound,
        /// All lists in it, in source order: conditions, branches, bodies.
        lists: Vec<List>,
        /// All words of its own, in source order: the variable and values of `for`, the subject and patterns of `case`, the
        /// operands of `[[`, the expressions of `((`.
        words: Vec<Word>,
    },
    /// `name() body`
    Function {
        /// The function's name.
        name: String,
        /// Its body, a compound command.
        body: Box<Node>,
    },
}

/// The compound commands that [`NodeKind::Compound`] stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compound {
    /// `if …; then …; elif …; then …; else …; fi`
    If,
    /// `for x in …; do …; done`, and bash's `for ((…)); do …; done`, whose only word is the text between the parentheses
    For,
    /// `while …; do …; done`
    While,
    /// `until …; do …; done`
    Until,
    /// `case … in …) …;; esac`
    Case,
    /// bash's `select x in …; do …; done`
    Select,
    /// bash's `time pipeline`
    Time,
    /// bash's `[[ … ]]`
    Conditional,
    /// bash's `(( … ))`
    Arithmetic,
    /// Reserved for compound commands that a later version may read; nothing yields it now.
    Other,
}

/// A simple command: assignments, then words.
#[derive(Debug)]
pub struct Simple {
    /// The assignments before the command name.
    pub assignments: Vec<Assignment>,
    /// The command name and its arguments. Empty when there are only assignments or only redirections.
    pub words: Vec<Word>,
}

/// `NAME=value` before a command name.
#[derive(Debug)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// What follows the `=`; `None` when nothing does. For bash's `name=(…)` it spans the parentheses and has no literal.
    pub value: Option<Word>,
    /// True for bash's `NAME+=value`.
    pub append: bool,
    /// The whole assignment.
    pub span: Span,
}

/// One word as written, with what the shell will do to it.
#[derive(Debug)]
pub struct Word {
    /// The word with its quotes.
    pub span: Span,
    /// The word after quote removal, when it has no expansion at all: no `$`, no `` ` ``, no pattern, no brace list, no `~` that may
    /// expand. A field that holds it is exactly what the command receives.
    pub literal: Option<String>,
    /// The variables and special parameters it expands, each once, in order of appearance, those in `$((…))` included and those in
    /// its [`substitutions`](Self::substitutions) not.
    pub variables: Vec<String>,
    /// The commands in its `$(…)`, `` `…` ``, `<(…)` and `>(…)`, in source order.
    pub substitutions: Vec<List>,
    /// It has an unquoted `*`, `?` or `[…]`.
    pub glob: bool,
    /// Some part of it is quoted, by quotes or by a backslash.
    pub quoted: bool,
    /// One of its expansions may set a variable: `${x:=…}`, `$((x = 1))`, `$((x++))`.
    pub assigns: bool,
}

/// One redirection.
#[derive(Debug)]
pub struct Redirect {
    /// From the file descriptor or operator to the end of the target.
    pub span: Span,
    /// Which operator.
    pub kind: RedirectKind,
    /// The file descriptor written before the operator.
    pub fd: Option<i32>,
    /// The target; for a here-document its delimiter as written.
    pub target: Option<Word>,
    /// The lines of a here-document, without the line of the delimiter.
    pub heredoc_body: Option<Span>,
    /// What the shell does to those lines. `literal` is what the command reads, when nothing in them expands.
    pub heredoc: Option<Word>,
}

/// The redirection operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    /// `>` and `>|`
    Out,
    /// `>>`
    Append,
    /// `<`
    In,
    /// `<<` and `<<-`
    Heredoc,
    /// bash's `<<<`
    HereString,
    /// `>&` and `<&` with a file descriptor or `-`
    Duplicate,
    /// bash's `&>`, `&>>` and `>&file`: standard output and error
    Both,
    /// `<>`
    ReadWrite,
}

impl Drop for Node {
    /// Frees the left operands one by one: a chain may have a thousand.
    fn drop(&mut self) {
        let mut next = self.take_left();
        while let Some(mut node) = next {
            next = node.take_left();
        }
    }
}

impl Node {
    /// Takes the left operand out and leaves an empty command in its place.
    fn take_left(&mut self) -> Option<Node> {
        match &mut self.kind {
            NodeKind::And { left, .. } | NodeKind::Or { left, .. } | NodeKind::Pipe { left, .. } => {
                let empty = Node {
                    kind: NodeKind::Simple(Simple { assignments: Vec::new(), words: Vec::new() }),
                    span: 0..0,
                    redirects: Vec::new(),
                };
                Some(std::mem::replace(&mut **left, empty))
            }
            _ => None,
        }
    }
}
