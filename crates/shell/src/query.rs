//! Questions that a caller asks of one node. They read the tree only and must not look at the text.

use crate::tree::{Item, Node, NodeKind, Script, Simple, Terminator};

impl Script {
    /// The operands of the top-level `&&` chain in order, when the whole text is one such chain or one command.
    ///
    /// `None` when the top level is empty, is a list of several items or ends in `&`. No operand but the first is an and-or chain:
    /// the first one of `a || b && c` is `a || b`, and `a && b || c` is one operand.
    pub fn and_chain(&self) -> Option<Vec<&Node>> {
        let [Item { node, terminator, .. }] = self.list.items.as_slice() else {
            return None;
        };
        if *terminator == Some(Terminator::Background) {
            return None;
        }
        let mut operands = Vec::new();
        let mut first = node;
        while let NodeKind::And { left, right, .. } = &first.kind {
            operands.push(&**right);
            first = left;
        }
        operands.push(first);
        operands.reverse();
        Some(operands)
    }
}

impl Node {
    /// The simple command that this node is.
    pub fn as_simple(&self) -> Option<&Simple> {
        match &self.kind {
            NodeKind::Simple(simple) => Some(simple),
            _ => None,
        }
    }
}

impl Simple {
    /// The command name after quote removal, as written: with its directory, if it has one. `None` when there is no command name or
    /// the shell computes it.
    pub fn name(&self) -> Option<&str> {
        self.words.first()?.literal.as_deref()
    }

    /// Whether this command sets variables and runs nothing.
    pub fn is_only_assignments(&self) -> bool {
        self.words.is_empty() && !self.assignments.is_empty()
    }
}
