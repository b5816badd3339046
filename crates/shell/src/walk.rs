//! Visits every simple command or redirection of a list, wherever it stands. It must skip none: what runs unseen cannot be reasoned about.

use crate::tree::{Compound, List, Node, NodeKind, Redirect, Simple, Terminator, Word};

/// Where a simple command stands.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The command's node, with its position and redirections.
    pub node: &'a Node,
    /// How many lists enclose it, the one given to [`walk_commands`] not counted.
    pub depth: usize,
    /// A child process runs it: it is in `(…)`, a pipeline, a background job or a substitution.
    pub subshell: bool,
    /// Its output becomes part of a word or of a here-document, or a file name (`<(…)`).
    pub substitution: bool,
    /// It is in the body of a function and runs when that is called.
    pub function: bool,
    /// The script may succeed without running it, even if `set -e` is off and nothing ends the shell early.
    pub optional: bool,
    /// The script may succeed although it fails, `set -e` not considered.
    pub tested: bool,
}

/// Calls `visit` for every simple command of the list, including those in substitutions, compound commands, functions, targets of
/// redirections and here-documents. A command comes before those in its own words and redirections; otherwise the order is that of
/// the text. Commands of assignments or redirections only are visited too; `[[ … ]]` and `((…))` are no simple commands, but the
/// substitutions in them are visited.
pub fn walk_commands<'a>(list: &'a List, visit: &mut dyn FnMut(&'a Simple, &Context<'a>)) {
    walk_list(list, Place::default(), &mut |found| {
        if let Found::Command(simple, context) = found {
            visit(simple, &context);
        }
    });
}

/// Calls `visit` for every redirection of the list, those of compound commands included, wherever they stand.
pub fn walk_redirects<'a>(list: &'a List, visit: &mut dyn FnMut(&'a Redirect)) {
    walk_list(list, Place::default(), &mut |found| {
        if let Found::Redirect(redirect) = found {
            visit(redirect);
        }
    });
}

/// The same for one node.
pub(crate) fn walk_node_redirects<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Redirect)) {
    walk_node(node, Place::default(), &mut |found| {
        if let Found::Redirect(redirect) = found {
            visit(redirect);
        }
    });
}

/// What the walk meets.
enum Found<'a> {
    Command(&'a Simple, Context<'a>),
    Redirect(&'a Redirect),
}

/// A [`Context`] before its node is known.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    depth: usize,
    subshell: bool,
    substitution: bool,
    function: bool,
    optional: bool,
    tested: bool,
}

impl Place {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

type Visit<'a, 'v> = dyn FnMut(Found<'a>) + 'v;

fn walk_list<'a>(list: &'a List, place: Place, visit: &mut Visit<'a, '_>) {
    let final_index = list.items.len().saturating_sub(1);
    for (index, item) in list.items.iter().enumerate() {
        let background = item.terminator == Some(Terminator::Background);
        let place = Place {
            subshell: place.subshell || background,
            // Only the last item gives the list its status.
            tested: place.tested || background || index < final_index,
            ..place
        };
        walk_node(&item.node, place, visit);
    }
}

fn walk_node<'a>(node: &'a Node, place: Place, visit: &mut Visit<'a, '_>) {
    // The left operands of a chain are followed in a loop: there may be a thousand. Each right operand waits here.
    let mut waiting = Vec::new();
    let (mut node, mut place) = (node, place);
    loop {
        match &node.kind {
            NodeKind::And { left, right, .. } => {
                let right_place = Place { optional: place.optional || place.tested, ..place };
                waiting.push((&**right, right_place));
                node = left;
            }
            NodeKind::Or { left, right, .. } => {
                let right_place = Place { optional: true, ..place };
                waiting.push((&**right, right_place));
                place.tested = true;
                node = left;
            }
            NodeKind::Pipe { left, right, .. } => {
                place.subshell = true;
                waiting.push((&**right, place));
                // Only the last command gives the pipeline its status.
                place.tested = true;
                node = left;
            }
            _ => break,
        }
    }
    walk_operand(node, place, visit);
    for (operand, place) in waiting.into_iter().rev() {
        walk_node(operand, place, visit);
    }
}

fn walk_operand<'a>(node: &'a Node, place: Place, visit: &mut Visit<'a, '_>) {
    match &node.kind {
        NodeKind::Simple(simple) => {
            let context = Context {
                node,
                depth: place.depth,
                subshell: place.subshell,
                substitution: place.substitution,
                function: place.function,
                optional: place.optional,
                tested: place.tested,
            };
            visit(Found::Command(simple, context));
            for assignment in &simple.assignments {
                walk_words(assignment.value.as_slice(), place, visit);
            }
            walk_words(&simple.words, place, visit);
        }
        NodeKind::Not(inner) => {
            let place = Place { tested: true, ..place };
            walk_node(inner, place, visit);
        }
        NodeKind::Subshell(list) => {
            let place = Place { subshell: true, ..place.deeper() };
            walk_list(list, place, visit);
        }
        NodeKind::Group(list) => walk_list(list, place.deeper(), visit),
        NodeKind::Compound { keyword, lists, words } => {
            walk_words(words, place, visit);
            // Conditions always run and branches may not; telling them apart is left to callers who need it.
            let place = if *keyword == Compound::Time {
                place.deeper()
            } else {
                Place { optional: true, tested: true, ..place.deeper() }
            };
            for list in lists {
                walk_list(list, place, visit);
            }
        }
        NodeKind::Function { body, .. } => {
            let place = Place { function: true, optional: true, tested: true, ..place.deeper() };
            walk_node(body, place, visit);
        }
        NodeKind::And { .. } | NodeKind::Or { .. } | NodeKind::Pipe { .. } => {
            walk_node(node, place, visit);
        }
    }
    for redirect in &node.redirects {
        visit(Found::Redirect(redirect));
        walk_words(redirect.target.as_slice(), place, visit);
        walk_words(redirect.heredoc.as_slice(), place, visit);
    }
}

fn walk_words<'a>(words: &'a [Word], place: Place, visit: &mut Visit<'a, '_>) {
    for word in words {
        for list in &word.substitutions {
            let place = Place {
                subshell: true,
                substitution: true,
                // The status of a substitution is rarely that of the command it is in.
                tested: true,
                ..place.deeper()
            };
            walk_list(list, place, visit);
        }
    }
}
