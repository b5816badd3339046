//! Where each command of a script runs: the directory and the variables that earlier commands of the same shell left. It follows
//! what a shell does and knows no tool; what may be so or not is not known.

use std::collections::BTreeMap;

use dockopt_shell::{List, Node, NodeKind, Redirect, Simple, StateChange, Terminator, Word, state_changes};
use dockopt_tools::manifests::{Look, Project};

use crate::element::Element;
use crate::script::Script;
use crate::state::State;
use crate::{Known, path};

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// The working directory, absolute.
    pub cwd: Known<String>,
    /// The variables that the script itself set so far; `None` where the value, or whether there is one, is not known.
    pub variables: BTreeMap<String, Option<String>>,
}

impl Here {
    /// Where a RUN begins.
    pub fn at_start(state: &State) -> Self {
        Self { cwd: state.cwd.clone(), variables: BTreeMap::new() }
    }

    /// Goes on after a node that ran and succeeded.
    pub fn follow(&mut self, node: &Node) {
        let moved = node.as_simple().and_then(|simple| self.moved(simple));
        self.forget(&state_changes(node));
        if let Some(cwd) = moved {
            self.cwd = Known::Is(cwd);
        }
        let exported = node.as_simple().filter(|simple| is_export(simple)).map(|simple| &simple.words[1..]);
        for text in exported.into_iter().flatten().filter_map(|word| word.literal.as_deref()) {
            if let Some((name, value)) = text.split_once('=').filter(|_| !text.starts_with('-')) {
                self.variables.insert(name.to_owned(), Some(value.to_owned()));
            }
        }
    }

    /// Takes it that these changes may have been made, or not.
    pub fn forget(&mut self, changes: &[StateChange]) {
        for change in changes {
            match change {
                // After an unknown change nothing is known, and nothing is told of an install whose directory is not known.
                StateChange::Directory | StateChange::Unknown => self.cwd = Known::Unknown,
                // They follow the directory.
                StateChange::Variable(name) if matches!(name.as_str(), "PWD" | "OLDPWD") => {}
                StateChange::Variable(name) => {
                    self.variables.insert(name.clone(), None);
                }
                _ => {}
            }
        }
    }

    /// Where a plain `cd` to a literal path leads.
    fn moved(&self, simple: &Simple) -> Option<String> {
        if simple.name() != Some("cd") || simple.words.len() != 2 {
            return None;
        }
        let to = simple.words[1].literal.as_deref().filter(|to| *to != "-")?;
        if to.starts_with('/') {
            Some(path::resolve("/", to))
        } else {
            self.cwd.get().map(|cwd| path::resolve(cwd, to))
        }
    }
}

/// The directory in which each element of a script starts.
pub fn folders(script: &Script<'_>, state: &State) -> Vec<Known<String>> {
    let mut here = Here::at_start(state);
    let mut folders = Vec::new();
    for element in script.elements() {
        folders.push(here.cwd.clone());
        match element {
            Element::Node(node) => here.follow(node),
            Element::Block { .. } => {
                element.nodes().into_iter().for_each(|node| here.forget(&state_changes(node)));
            }
        }
    }
    folders
}

/// What a walk meets.
#[derive(Debug, Clone, Copy)]
pub enum Met<'s> {
    /// A command, after the substitutions in its words.
    Simple(&'s Simple),
    /// A word of a command's assignments, or of `for`, `case` and the like.
    Word(&'s Word),
    /// A redirection.
    Redirect(&'s Redirect),
}

/// Visits all that runs in an element, in order, with where it runs. The element begins `here`, and leaves it where the next
/// one begins. Bodies of functions are left out: a call of one is a command that no tool knows.
pub fn walk<'s>(
    script: &Script<'_>,
    project: &dyn Project,
    element: Element<'s>,
    here: &mut Here,
    visit: &mut dyn FnMut(Met<'s>, &Here),
) {
    let mut walk = Walk { project, stops: script.stops_on_error(), here: here.clone(), visit };
    match element {
        Element::Node(node) => walk.node(node),
        Element::Block { list, end, last } => {
            for (item, node) in list.items[..end].iter().zip(element.nodes()) {
                let is_cut = last.is_some_and(|last| std::ptr::eq(last, node));
                walk.item(node, item.terminator.filter(|_| !is_cut));
            }
        }
    }
    *here = walk.here;
}

struct Walk<'w, 's> {
    project: &'w dyn Project,
    /// Whether a command that fails ends the script.
    stops: bool,
    here: Here,
    visit: &'w mut dyn FnMut(Met<'s>, &Here),
}

impl<'s> Walk<'_, 's> {
    fn list(&mut self, list: &'s List) {
        for item in &list.items {
            self.item(&item.node, item.terminator);
        }
    }

    /// Something that runs in a child process, or perhaps not at all.
    fn aside(&mut self, walk: impl FnOnce(&mut Self)) {
        let here = self.here.clone();
        walk(self);
        self.here = here;
    }

    /// An item of a list, after which the list goes on although it may have failed.
    fn item(&mut self, node: &'s Node, terminator: Option<Terminator>) {
        if terminator == Some(Terminator::Background) {
            return self.aside(|walk| walk.node(node));
        }
        let before = self.here.clone();
        self.node(node);
        let is_certain = match &node.kind {
            NodeKind::Group(_) => true,
            NodeKind::Simple(simple) => {
                let exists = |folder: String| self.project.look(&folder) == Look::Directory;
                self.stops || is_export(simple) || before.moved(simple).is_some_and(exists)
            }
            _ => false,
        };
        if !is_certain && self.here != before {
            self.here = before;
            self.here.forget(&state_changes(node));
        }
    }

    fn node(&mut self, node: &'s Node) {
        for redirect in &node.redirects {
            redirect.target.iter().chain(&redirect.heredoc).for_each(|word| self.substitutions(word));
            (self.visit)(Met::Redirect(redirect), &self.here);
        }
        match &node.kind {
            NodeKind::Simple(simple) => {
                let values = simple.assignments.iter().filter_map(|assignment| assignment.value.as_ref());
                values.for_each(|word| self.word(word));
                for word in &simple.words {
                    self.substitutions(word);
                }
                (self.visit)(Met::Simple(simple), &self.here);
                self.here.follow(node);
            }
            NodeKind::And { .. } | NodeKind::Or { .. } => self.chain(node),
            NodeKind::Pipe { .. } => {
                // It leans left and may be long.
                let mut parts = Vec::new();
                let mut first = node;
                while let NodeKind::Pipe { left, right, .. } = &first.kind {
                    parts.push(&**right);
                    first = left;
                }
                parts.push(first);
                parts.into_iter().rev().for_each(|part| self.aside(|walk| walk.node(part)));
            }
            NodeKind::Not(inner) => {
                self.aside(|walk| walk.node(inner));
                self.here.forget(&state_changes(node));
            }
            NodeKind::Subshell(list) => self.aside(|walk| walk.list(list)),
            NodeKind::Group(list) => self.list(list),
            NodeKind::Compound { lists, words, .. } => {
                // A body may run never, once or often.
                self.here.forget(&state_changes(node));
                for list in lists {
                    self.aside(|walk| walk.list(list));
                }
                for word in words {
                    self.word(word);
                }
            }
            NodeKind::Function { .. } => {}
        }
    }

    /// `a && b || c`: what follows `||` runs where something before it failed.
    fn chain(&mut self, node: &'s Node) {
        let mut operands = Vec::new();
        let mut first = node;
        while let NodeKind::And { left, right, .. } | NodeKind::Or { left, right, .. } = &first.kind {
            operands.push((&**right, matches!(first.kind, NodeKind::Or { .. })));
            first = left;
        }
        let mut either = self.here.clone();
        either.forget(&state_changes(first));
        self.node(first);
        for (operand, is_or) in operands.into_iter().rev() {
            if !is_or {
                self.node(operand);
                either.forget(&state_changes(operand));
                continue;
            }
            let succeeded = std::mem::replace(&mut self.here, either.clone());
            self.node(operand);
            either.forget(&state_changes(operand));
            let leaves =
                operand.as_simple().is_some_and(|simple| matches!(simple.name(), Some("exit" | "return")));
            self.here = if leaves { succeeded } else { either.clone() };
        }
    }

    fn word(&mut self, word: &'s Word) {
        self.substitutions(word);
        (self.visit)(Met::Word(word), &self.here);
    }

    fn substitutions(&mut self, word: &'s Word) {
        for list in &word.substitutions {
            self.aside(|walk| walk.list(list));
        }
    }
}

/// Whether it sets variables for all that follows.
fn is_export(simple: &Simple) -> bool {
    simple.name() == Some("export")
}

/// The folders in which the commands of a script may run, those below them aside. `None` where they are not known.
pub(crate) fn folders_of(script: &Script<'_>, state: &State) -> Option<Vec<String>> {
    let mut folders = Some(vec![state.cwd.get()?.clone()]);
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        if matches!(simple.name(), Some("cd" | "pushd")) {
            match simple.words.get(1).and_then(|word| word.literal.as_deref()) {
                Some(target) if target.starts_with('/') => {
                    if let Some(all) = &mut folders {
                        all.push(path::resolve("/", target));
                    }
                }
                Some(target) if !target.starts_with('-') && !target.contains("..") => {}
                _ => folders = None,
            }
        }
    });
    folders
}

#[cfg(test)]
mod tests;
