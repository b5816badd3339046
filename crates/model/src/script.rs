//! The script of a RUN as commands of known tools, with the way back to the source. Reads structure; effects are told in
//! `effects.rs`.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use dockopt_shell::{self as shell, Dialect, Node, NodeKind, Simple, StateChange, Word};
use dockopt_syntax::{Body, Command, Instruction, Keyword, Logical, Span, Tree};
use dockopt_tools::{Arg, Cleaned, Invocation, Role, Toolbox};

use crate::outcome::{self, Decisive, OnFailure};
use crate::portable;
use crate::state::{Shell, State};

/// A RUN in shell form, parsed.
#[derive(Debug)]
pub struct Script<'t> {
    /// The text that the shell receives.
    pub logical: Logical,
    /// Its structure.
    pub ast: shell::Script,
    toolbox: &'t Toolbox,
    /// The options of SHELL end a script at the first failure.
    exits_on_error: bool,
    /// Words whose variables have known values without blanks, by their place, expanded.
    expanded: HashMap<usize, String>,
    /// What tool each simple command runs, by the place of its first word: every pass asks.
    recognized: HashMap<usize, Rc<Invocation<'t>>>,
    /// What ends the RUN when it fails.
    decisive: Decisive,
    /// The commands whose output nobody reads, by the place of their first word.
    unread: BTreeSet<usize>,
}

/// Why a RUN has no [`Script`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoScript {
    /// It is no RUN in shell form.
    #[error("it is in exec form")]
    NotShell,
    /// Its shell is not understood.
    #[error("its shell `{0}` is not understood")]
    OtherShell(String),
    /// Its text is not understood.
    #[error("its script is not understood: {0}")]
    Opaque(String),
}

impl<'t> Script<'t> {
    /// Parses the script of a RUN.
    pub fn of(
        tree: &Tree,
        instruction: &Instruction,
        state: &State,
        toolbox: &'t Toolbox,
    ) -> Result<Self, NoScript> {
        let dialect = match &state.shell {
            Shell::Sh => Dialect::Posix,
            Shell::Bash(_) => Dialect::Bash,
            Shell::Other(name) => return Err(NoScript::OtherShell(name.clone())),
        };
        if !matches!(&instruction.body, Body::Run(Command::Shell(_))) {
            return Err(NoScript::NotShell);
        }
        let logical = instruction.script(&tree.text).ok_or(NoScript::NotShell)?;
        if instruction.is_heredoc_script() && logical.text().starts_with("#!") {
            let first = logical.text().lines().next().unwrap_or_default();
            return Err(NoScript::OtherShell(first.to_owned()));
        }
        let ast = shell::parse(logical.text(), dialect).map_err(|opaque| NoScript::Opaque(opaque.reason))?;
        let expanded = expanded_words(logical.text(), &ast, state);
        let mut recognized = HashMap::new();
        shell::walk_commands(&ast.list, &mut |simple, _| {
            let words: Vec<Arg<'_>> =
                simple.words.iter().map(|word| arg(logical.text(), &expanded, word)).collect();
            if let (Some(first), Some(invocation)) = (simple.words.first(), toolbox.recognize(&words)) {
                recognized.insert(first.span.start, Rc::new(invocation));
            }
        });
        let exits_on_error = state.shell.exits_on_error();
        let stops = exits_on_error || sets_exit_on_error(&ast);
        let on_failure = if stops { OnFailure::Stop } else { OnFailure::GoOn };
        let decisive = outcome::decisive(&ast, on_failure);
        let unread = outcome::unread(&ast);
        Ok(Self { logical, ast, toolbox, exits_on_error, expanded, recognized, decisive, unread })
    }

    /// The text that the shell receives.
    pub fn text(&self) -> &str {
        self.logical.text()
    }

    /// The span in the Dockerfile of a range of the script.
    pub fn span(&self, range: &std::ops::Range<usize>) -> Span {
        self.logical.span(range.clone())
    }

    /// Whether a command that fails ends the script: by `set -e` as its first command, or by the options of SHELL.
    pub fn stops_on_error(&self) -> bool {
        self.exits_on_error || sets_exit_on_error(&self.ast)
    }

    /// Whether an image exists only if this command succeeded, and it had no input but the empty one of a RUN.
    pub fn must_succeed(&self, simple: &Simple) -> bool {
        simple.words.first().is_some_and(|word| self.decisive.commands.contains(&word.span.start))
    }

    /// Whether the script must fail: a command that decides it has an instruction's keyword in capitals for its name, which no
    /// image has as a program. It is what is left when a line break was lost. In a list only the last command decides,
    /// unless the script stops at the first failure.
    pub fn always_fails(&self) -> bool {
        let items = &self.ast.list.items;
        let decisive = if self.stops_on_error() { 0 } else { items.len().saturating_sub(1) };
        items[decisive..].iter().any(|item| {
            let mut next = Some(&item.node);
            while let Some(node) = next {
                let (left, operand) = match &node.kind {
                    NodeKind::And { left, right, .. } => (Some(&**left), &**right),
                    _ => (None, node),
                };
                let word = operand.as_simple().and_then(|simple| simple.words.first());
                let name = word.map(|word| &self.text()[word.span.clone()]);
                if name.is_some_and(|name| Keyword::ALL.iter().any(|keyword| keyword.1 == name)) {
                    return true;
                }
                next = left;
            }
            false
        })
    }

    /// Whether the failure of each pipeline is one of the RUN, so that `pipefail` can do nothing but fail the RUN more often.
    pub fn every_pipe_decides(&self) -> bool {
        self.decisive.other_pipes == 0
    }

    /// Whether it has no pipelines.
    pub fn has_no_pipes(&self) -> bool {
        self.decisive.pipes.is_empty() && self.decisive.other_pipes == 0
    }

    /// Whether it does the same under whatever `sh` is and under bash.
    pub fn is_portable(&self) -> bool {
        portable::is_portable(self)
    }

    /// Whether the values of all variables in a word are known.
    pub(crate) fn is_expanded(&self, word: &Word) -> bool {
        self.expanded.contains_key(&word.span.start)
    }

    /// Whether nothing but the log of the build receives what this command prints.
    pub fn is_unread(&self, simple: &Simple) -> bool {
        simple.words.first().is_some_and(|word| self.unread.contains(&word.span.start))
    }

    /// The words of a simple command as the tools read them.
    pub fn args<'s>(&'s self, simple: &'s Simple) -> Vec<Arg<'s>> {
        simple.words.iter().map(|word| arg(self.text(), &self.expanded, word)).collect()
    }

    /// What tool a simple command runs.
    pub fn recognize(&self, simple: &Simple) -> Option<Rc<Invocation<'t>>> {
        self.recognized.get(&simple.words.first()?.span.start).cloned()
    }

    /// The caches that a node empties, if it does nothing else.
    pub fn cleans(&self, node: &Node) -> Option<Vec<Cleaned<'t>>> {
        let simple = node.as_simple().filter(|simple| simple.assignments.is_empty())?;
        if node.redirects.iter().any(|redirect| !is_harmless(redirect)) {
            return None;
        }
        let role = self.recognize(simple)?.action?.role;
        // Nothing else cleans, and the comparison with every cache takes its time.
        matches!(role, Role::Clean | Role::Remove).then(|| self.toolbox.cleans(&self.args(simple)))?
    }
}

/// Whether the first command is `set -e`.
fn sets_exit_on_error(ast: &shell::Script) -> bool {
    let first = ast.list.items.first().and_then(|item| item.node.as_simple());
    let sets = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('e');
    first.is_some_and(|simple| {
        simple.name() == Some("set")
            && simple.words.get(1).and_then(|word| word.literal.as_deref()).is_some_and(sets)
    })
}

/// The role of a command, where it is known and every word is understood.
pub fn role(invocation: &Invocation<'_>) -> Option<Role> {
    invocation.action.filter(|_| invocation.complete).map(|action| action.role)
}

pub(crate) fn is_harmless(redirect: &shell::Redirect) -> bool {
    redirect.kind == shell::RedirectKind::Duplicate
        || redirect.target.as_ref().is_some_and(|word| word.literal.as_deref() == Some("/dev/null"))
}

/// Expands the words that consist of plain text and variables with known values, none of which the script itself sets. A
/// value with blanks, quotes or patterns would be split or matched, so it stays unknown.
fn expanded_words(text: &str, ast: &shell::Script, state: &State) -> HashMap<usize, String> {
    let mut expanded = HashMap::new();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:=@+,~%".contains(c);
    let value = |name: &str| {
        state.variables.get(name)?.value.get().filter(|value| !value.is_empty() && value.chars().all(plain))
    };
    let mut changed: Option<Vec<StateChange>> = None;
    shell::walk_commands(&ast.list, &mut |simple, _| {
        for word in simple.words.iter().filter(|word| {
            !word.variables.is_empty() && word.substitutions.is_empty() && !word.glob && !word.assigns
        }) {
            let changes = changed.get_or_insert_with(|| shell::list_state_changes(&ast.list));
            let is_set = |name: &String| {
                changes.iter().any(|change| match change {
                    StateChange::Variable(own) => own == name,
                    StateChange::Unknown => true,
                    _ => false,
                })
            };
            if word.variables.iter().any(|name| is_set(name) || value(name).is_none())
                || simple.assignments.iter().any(|own| word.variables.contains(&own.name))
            {
                continue;
            }
            if let Some(result) =
                expand_plain(&text[word.span.clone()], &|name| value(name).map(String::as_str))
            {
                expanded.insert(word.span.start, result);
            }
        }
    });
    expanded
}

/// `a$B/${C}` with the values put in; `None` for any other form.
fn expand_plain<'v>(word: &str, value: &dyn Fn(&str) -> Option<&'v str>) -> Option<String> {
    let word = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(word);
    if word.contains(['"', '\'', '\\', '`', '{', '(']) && !word.contains("${") {
        return None;
    }
    let mut result = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let braced = rest.strip_prefix('{');
        let body = braced.unwrap_or(rest);
        let end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
        result.push_str(value(&body[..end])?);
        rest = if braced.is_some() { body[end..].strip_prefix('}')? } else { &body[end..] };
    }
    result.push_str(rest);
    let plain = result.chars().all(|c| !c.is_whitespace() && !"\"'\\`{}()*?[]<>|&;".contains(c));
    plain.then_some(result)
}

fn arg<'s>(text: &'s str, expanded: &'s HashMap<usize, String>, word: &'s Word) -> Arg<'s> {
    if let Some(literal) = word.literal.as_ref().or_else(|| expanded.get(&word.span.start)) {
        return Arg::Literal(literal);
    }
    let source = &text[word.span.clone()];
    if word.variables.is_empty()
        && word.substitutions.is_empty()
        && !word.quoted
        && !source.contains(['$', '`', '{', '\\'])
    {
        return Arg::Glob(source);
    }
    // A word in one pair of double quotes is exactly one word, unless it is `$@` or an array.
    let inner = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains(['"', '@', '[', '\\']) => {
            Arg::Prefix(&inner[..inner.find(['$', '`']).unwrap_or(inner.len())])
        }
        _ => Arg::Dynamic,
    }
}

/// Calls `visit` for every simple command of a node that is not in a substitution.
pub fn each_command<'s>(node: &'s Node, visit: &mut dyn FnMut(&'s Simple)) {
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        match &node.kind {
            NodeKind::Simple(simple) => visit(simple),
            NodeKind::And { left, right, .. }
            | NodeKind::Or { left, right, .. }
            | NodeKind::Pipe { left, right, .. } => {
                stack.push(right);
                stack.push(left);
            }
            NodeKind::Not(inner) | NodeKind::Function { body: inner, .. } => stack.push(inner),
            NodeKind::Subshell(list) | NodeKind::Group(list) => {
                stack.extend(list.items.iter().rev().map(|item| &item.node));
            }
            NodeKind::Compound { lists, .. } => {
                stack.extend(
                    lists.iter().rev().flat_map(|list| list.items.iter().rev().map(|item| &item.node)),
                );
            }
        }
    }
}
