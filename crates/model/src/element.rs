//! Elements: the parts of a script that each run as one, so that its RUN is their sequence. What they do is told elsewhere.

use std::rc::Rc;

use dockopt_shell::{List, Node, NodeKind, Simple, StateChange, Terminator, state_changes};
use dockopt_tools::{Arg, Invocation, Kind, Role};

use crate::script::{Script, is_harmless, role};

/// A part of a script that runs as one: an operand of the top-level `&&` chain, or a command of a list that stops at the
/// first failure; or, where the top level is another list, all of it up to the commands at its end that only clean caches or
/// remove what they name.
#[derive(Debug, Clone, Copy)]
pub enum Element<'s> {
    /// A command, pipeline, group, …
    Node(&'s Node),
    /// The first `end` items of a list, of the last of them only `last`, where that is given.
    Block {
        /// The list.
        list: &'s List,
        /// How many items.
        end: usize,
        /// What is left of the last one.
        last: Option<&'s Node>,
    },
}

impl<'s> Element<'s> {
    /// The nodes of it, in order.
    pub fn nodes(self) -> Vec<&'s Node> {
        match self {
            Self::Node(node) => vec![node],
            Self::Block { list, end, last } => {
                let mut nodes: Vec<&Node> = list.items[..end].iter().map(|item| &item.node).collect();
                if let (Some(node), Some(slot)) = (last, nodes.last_mut()) {
                    *slot = node;
                }
                nodes
            }
        }
    }

    /// The one simple command that it is.
    pub fn simple(self) -> Option<&'s Simple> {
        match self {
            Self::Node(node) => node.as_simple(),
            Self::Block { .. } => None,
        }
    }
}

impl<'t> Script<'t> {
    /// The elements of the script, in order: see [`Element`].
    pub fn elements(&self) -> Vec<Element<'_>> {
        if let Some(chain) = self.ast.and_chain().or_else(|| self.sequence()) {
            return chain.into_iter().map(Element::Node).collect();
        }
        let items = &self.ast.list.items;
        // What ends the shell early, or changes it in a way that a removal could notice, keeps the removal in the block.
        let is_bound = self.stops_on_error() || items.iter().any(|item| may_end(&item.node));
        let is_apart =
            |node: &Node| self.cleans(node).is_some() || (!is_bound && self.removal(node).is_some());
        let mut end = items.len();
        let mut tail = Vec::new();
        let mut cut = None;
        while end > 0 && items[end - 1].terminator != Some(Terminator::Background) {
            let mut node = &items[end - 1].node;
            let mut found = Vec::new();
            while let NodeKind::And { left, right, .. } = &node.kind {
                if !is_apart(right) {
                    break;
                }
                found.push(Element::Node(right));
                node = left;
            }
            let whole = self.cleans(node).is_some();
            if whole {
                found.push(Element::Node(node));
            }
            tail.extend(found);
            if !whole {
                cut = Some(node);
                break;
            }
            end -= 1;
        }
        tail.reverse();
        let mut elements = Vec::new();
        if end > 0 {
            elements.push(Element::Block { list: &self.ast.list, end, last: cut });
        }
        elements.extend(tail);
        elements
    }

    /// The commands of a list that stops at the first failure, so that it is the same as a chain of them. The last one may be
    /// a chain itself: its failure is that of the script.
    pub fn sequence(&self) -> Option<Vec<&Node>> {
        let (last, others) = self.ast.list.items.split_last()?;
        let opens = usize::from(!others.is_empty() && set_options(&others[0].node).is_some());
        let is_command = |node: &Node| {
            !matches!(
                node.kind,
                NodeKind::And { .. } | NodeKind::Or { .. } | NodeKind::Not(_) | NodeKind::Function { .. }
            )
        };
        let is_plain = self.stops_on_error()
            && others
                .iter()
                .all(|item| is_command(&item.node) && item.terminator != Some(Terminator::Background))
            && last.terminator != Some(Terminator::Background)
            && others.iter().skip(opens).chain([last]).all(|item| !may_end(&item.node));
        if !is_plain {
            return None;
        }
        let mut nodes: Vec<&Node> = others.iter().map(|item| &item.node).collect();
        let mut chain = Vec::new();
        let mut node = &last.node;
        while let NodeKind::And { left, right, .. } = &node.kind {
            chain.push(&**right);
            node = left;
        }
        chain.push(node);
        nodes.extend(chain.into_iter().rev());
        Some(nodes)
    }

    /// What a node removes, if it does nothing else and does the same in every folder: files by absolute paths, or packages.
    pub fn removal(&self, node: &Node) -> Option<Rc<Invocation<'t>>> {
        let simple = node.as_simple().filter(|simple| simple.assignments.is_empty())?;
        let invocation = self.recognize(simple)?;
        let is_plain = role(&invocation) == Some(Role::Remove)
            && invocation.wrappers.is_empty()
            && node.redirects.iter().all(is_harmless);
        if !is_plain {
            return None;
        }
        let args = self.args(simple);
        let is_absolute = |word: Arg<'_>| match word {
            Arg::Literal(text) | Arg::Glob(text) => text.starts_with('/'),
            Arg::Prefix(_) | Arg::Dynamic => false,
        };
        let is_name = |word: Arg<'_>| word.literal().is_some_and(|text| !text.contains('/'));
        let operands = &invocation.operands;
        let is_free = match invocation.tool.kind {
            Kind::Utility => operands.iter().all(|&index| is_absolute(args[index])),
            Kind::System => operands.iter().all(|&index| is_name(args[index])),
            _ => false,
        };
        is_free.then_some(invocation)
    }
}

/// Whether a node does nothing but switch on options that say how failures end the script, or that it says what it does.
pub fn sets_options(node: &Node) -> bool {
    set_options(node).is_some()
}

/// The options that a command switches on for the rest of the script, one letter each (`p` for `pipefail`), if it does
/// nothing else.
pub(crate) fn set_options(node: &Node) -> Option<String> {
    let simple = node.as_simple().filter(|simple| simple.name() == Some("set") && simple.words.len() > 1)?;
    let mut options = String::new();
    let mut words = simple.words[1..].iter().map(|word| word.literal.as_deref());
    while let Some(word) = words.next() {
        let letters = word?.strip_prefix('-')?;
        if letters.is_empty() {
            return None;
        }
        for letter in letters.chars() {
            options.push(match letter {
                'e' | 'u' | 'x' => letter,
                'o' => match words.next()?? {
                    "errexit" => 'e',
                    "nounset" => 'u',
                    "xtrace" => 'x',
                    "pipefail" => 'p',
                    _ => return None,
                },
                _ => return None,
            });
        }
    }
    (node.redirects.is_empty() && simple.assignments.is_empty()).then_some(options)
}

/// Whether a node only goes to a folder that it names by its absolute path.
pub fn goes_to(node: &Node) -> bool {
    folder_of_cd(node).is_some_and(|to| to.starts_with('/'))
}

/// Whether a node only goes to a folder that it names, from the one in which it is.
pub(crate) fn goes_below(node: &Node) -> bool {
    folder_of_cd(node).is_some_and(|to| !to.starts_with('-') && !to.is_empty())
}

fn folder_of_cd(node: &Node) -> Option<&str> {
    let simple = node.as_simple().filter(|simple| simple.name() == Some("cd") && simple.words.len() == 2)?;
    let is_plain = simple.assignments.is_empty() && node.redirects.is_empty();
    simple.words[1].literal.as_deref().filter(|_| is_plain)
}

/// Whether what follows a node in its script may not run, or runs in another way.
pub(crate) fn may_end(node: &Node) -> bool {
    let is_end = |change| {
        matches!(change, StateChange::Unknown | StateChange::Flow | StateChange::Jobs | StateChange::Shell)
    };
    state_changes(node).into_iter().any(is_end)
}
