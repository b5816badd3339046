//! Preludes: what earlier commands of a script did to the shell, as far as a later one can notice. Two named normalisations
//! live here:
//!
//! - `any-folder`: a removal of packages, or of what is named by absolute paths, is the same in every folder. It notices no
//!   `cd` before it, and no variable but those that its tool reads. A `cd` to an absolute path leads there from every folder, and
//!   plain commands after it notice no earlier one, unless they ask for `OLDPWD`.
//! - `stop-at-failure`: `set -e` is nothing before a plain command, as each failure of one ends the script in any case: of a
//!   `&&` chain, or of a list that stops at failures. `set -x` is nothing before one, for it only prints; nor is `set -u` where
//!   it names no variable, or `pipefail` where it is no pipe. What the shell runs by itself (groups, functions,
//!   substitutions) notices all of them, and where it stands.
//!
//! Where `pipefail` can do nothing but fail the RUN more often, a mark stands for it (`failing-pipes` in `label.rs`).

use dockopt_shell::{Node, NodeKind, Simple, StateChange, Word, state_changes};
use dockopt_tools::Invocation;

use crate::effects;
use crate::element::{Element, goes_below, goes_to, may_end, set_options};
use crate::label::IDLE_PIPEFAIL;
use crate::script::Script;
use crate::state::Shell;

/// The commands of a script so far that changed the shell.
#[derive(Default)]
pub(crate) struct Prelude {
    changes: Vec<(String, Vec<StateChange>)>,
    /// How many of these came before the last one that goes to a folder by its absolute path.
    behind: usize,
    /// The options that are on, as in [`set_options`].
    options: String,
}

impl Prelude {
    /// Takes in a command, in its one spelling, that makes these changes.
    pub(crate) fn add(&mut self, node: &Node, text: String, changes: Vec<StateChange>) {
        match set_options(node) {
            Some(options) => self.options.push_str(&options),
            None => {
                if goes_to(node) {
                    self.behind = self.changes.len();
                }
                self.changes.push((text, changes));
            }
        }
    }

    /// What a removal that is the same in every folder notices.
    pub(crate) fn seen_by_removal(&self, removal: &Invocation<'_>) -> String {
        self.seen(|change| match change {
            StateChange::Directory => false,
            StateChange::Variable(name) => effects::is_read_by(removal.tool, name),
            _ => true,
        })
    }

    /// What a command notices that goes to a folder by its absolute path.
    pub(crate) fn seen_by_move(&self) -> String {
        self.seen(|change| !is_of_folder(change))
    }

    /// What another element notices.
    pub(crate) fn seen_by(
        &self,
        script: &Script<'_>,
        shell: &Shell,
        element: Element<'_>,
        place: Place,
    ) -> String {
        let Element::Node(node) = element else { return self.seen(|_| true) };
        // A function may be anything that a plain command calls.
        let is_changed = |change: &StateChange| matches!(change, StateChange::Shell | StateChange::Unknown);
        let is_plain =
            is_plain(node) && !self.changes.iter().any(|(_, changes)| changes.iter().any(is_changed));
        let moves = state_changes(node).iter().any(is_of_folder) && !goes_below(node);
        let looks_back = moves || mentions(node, |name| name == "OLDPWD");
        let mut seen = String::new();
        for (at, (text, changes)) in self.changes.iter().enumerate() {
            let is_behind = at < self.behind && changes.iter().all(is_of_folder);
            if looks_back || !is_plain || !is_behind {
                seen.push_str(&format!("{text};"));
            }
        }
        let is_noticed = |option: &char| match option {
            _ if !is_plain => true,
            'u' => mentions(node, |_| true),
            'p' => matches!(node.kind, NodeKind::Pipe { .. }),
            _ => false,
        };
        let mut options: Vec<char> = self.options.chars().filter(is_noticed).collect();
        options.sort_unstable();
        options.dedup();
        if options.contains(&'p') && script.every_pipe_decides() {
            options.retain(|option| *option != 'p');
            seen.push_str(IDLE_PIPEFAIL);
        }
        seen.extend(options);
        if !is_plain && (self.options.contains('e') || shell.exits_on_error()) {
            // `-e` is off inside all operands of a `&&` chain but the last.
            let is_item = script.ast.list.items.iter().any(|item| std::ptr::eq(&raw const item.node, node));
            seen.push_str(if is_item || place == Place::Last { " stops inside" } else { " goes on inside" });
        }
        seen
    }

    fn seen(&self, is_seen: impl Fn(&StateChange) -> bool) -> String {
        let seen = self.changes.iter().filter(|(_, changes)| changes.iter().any(&is_seen));
        seen.map(|(text, _)| format!("{text};")).collect()
    }
}

/// Where an element stands in its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Before,
    Last,
}

/// Whether a change is one of the folder, and nothing else.
fn is_of_folder(change: &StateChange) -> bool {
    match change {
        StateChange::Directory => true,
        StateChange::Variable(name) => matches!(name.as_str(), "PWD" | "OLDPWD"),
        _ => false,
    }
}

/// Whether a plain node mentions such a variable.
fn mentions(node: &Node, is_it: impl Fn(&str) -> bool) -> bool {
    let mut names = false;
    let mut next = vec![node];
    while let Some(node) = next.pop() {
        match &node.kind {
            NodeKind::Simple(simple) => {
                names |= words(node, simple).any(|word| word.variables.iter().any(|name| is_it(name)));
            }
            NodeKind::Pipe { left, right, .. } => next.extend([&**left, &**right]),
            _ => return true,
        }
    }
    names
}

/// All words of a simple command.
fn words<'s>(node: &'s Node, simple: &'s Simple) -> impl Iterator<Item = &'s Word> {
    let values = simple.assignments.iter().filter_map(|one| one.value.as_ref());
    let targets = node.redirects.iter().flat_map(|one| one.target.iter().chain(&one.heredoc));
    simple.words.iter().chain(values).chain(targets)
}

/// Whether a node runs programs and nothing else: commands and pipelines of them, without substitutions.
fn is_plain(node: &Node) -> bool {
    let mut is_plain = !may_end(node);
    let mut next = vec![node];
    while let Some(node) = next.pop() {
        match &node.kind {
            NodeKind::Simple(simple) => {
                is_plain &= words(node, simple).all(|word| word.substitutions.is_empty());
            }
            NodeKind::Pipe { left, right, .. } => next.extend([&**left, &**right]),
            _ => return false,
        }
    }
    is_plain
}

#[cfg(test)]
mod tests {
    use crate::{Digest, Model};

    fn digest(lines: &str) -> Digest {
        let text = format!("FROM debian:12\n{lines}\n");
        let parse = dockopt_syntax::parse(&text);
        assert!(parse.errors.is_empty(), "{:?}", parse.errors);
        Model::new(&parse.tree, dockopt_tools::Toolbox::builtin(), None).digest().clone()
    }

    #[test]
    fn what_is_the_same() {
        for (one, other) in [
            ("RUN set -eux; a $X; b", "RUN set -u && a $X && b"),
            ("RUN set -euo pipefail; a; b", "RUN a && b"),
            ("RUN set -ex; a; b\nRUN set -ex; c", "RUN set -ex; a; b; c"),
            ("RUN set -e; a\nRUN b && c", "RUN set -e; a; b && c"),
            ("RUN <<EOF\nset -e\na\nb\nEOF\nRUN c", "RUN a && b && c"),
            ("SHELL [\"bash\", \"-ec\"]\nRUN a; b\nRUN c; d", "SHELL [\"bash\", \"-ec\"]\nRUN a; b; c; d"),
            ("RUN cd /tmp/a && make\nRUN rm -rf /tmp/a", "RUN cd /tmp/a && make && rm -rf /tmp/a"),
            ("RUN X=1 && make\nRUN rm -rf /tmp/a", "RUN X=1 && make && rm -rf /tmp/a"),
            ("RUN cd /a && b\nRUN cd /c && d", "RUN cd /a && b && cd /c && d"),
            ("RUN cd /a && b\nRUN cd /c && cd d && e", "RUN cd /a && b && cd /c && cd d && e"),
            ("RUN make; true\nRUN rm -rf /tmp/a", "RUN make; true && rm -rf /tmp/a"),
            ("RUN cd /x && make\nRUN apt-get purge -y make", "RUN cd /x && make && apt-get purge -y make"),
        ] {
            assert_eq!(digest(one), digest(other), "{one}\n{other}");
        }
    }

    #[test]
    fn what_is_not() {
        for (one, other) in [
            ("RUN a; b", "RUN a && b"),
            ("RUN set -e; a && b; c", "RUN a && b && c"),
            ("RUN set -e; (a; b); c", "RUN set -e && (a; b) && c"),
            ("RUN set -e && (a; b)\nRUN c", "RUN set -e && (a; b) && c"),
            ("RUN set -e; x=$(a; b); c", "RUN x=$(a; b) && c"),
            ("RUN set -e; a || b; c", "RUN set -e; a; b; c"),
            ("RUN set -e; a; set +e; b; c", "RUN set -e; a; b; c"),
            ("RUN set -e; a & b", "RUN set -e; a; b"),
            ("RUN set -eu; a $X", "RUN set -e; a $X"),
            ("RUN set -eo pipefail; a | b; c", "RUN a | b && c"),
            ("RUN . ./env && a\nRUN rm -rf /tmp/a", "RUN . ./env && a && rm -rf /tmp/a"),
            ("RUN cd /tmp/a && make\nRUN rm -rf a", "RUN cd /tmp/a && make && rm -rf a"),
            (
                "RUN export PATH=/b:$PATH && make\nRUN rm -rf /tmp/a",
                "RUN export PATH=/b:$PATH && make && rm -rf /tmp/a",
            ),
            ("RUN make; exit 0\nRUN rm -rf /tmp/a", "RUN make; exit 0 && rm -rf /tmp/a"),
            ("RUN cd /a && b\nRUN cd /c && cd - && d", "RUN cd /a && b && cd /c && cd - && d"),
            ("RUN cd /a && b\nRUN cd /c && d $OLDPWD", "RUN cd /a && b && cd /c && d $OLDPWD"),
            ("RUN cd /a && b\nRUN cd c && d", "RUN cd /a && b && cd c && d"),
            ("RUN export X=1 && b\nRUN cd /c && d", "RUN export X=1 && b && cd /c && d"),
            ("RUN cd /a && b\nRUN c", "RUN cd /a && b && c"),
            ("RUN set -e; f() { a; b; }; f; c", "RUN set -e && f() { a; b; } && f && c"),
            ("RUN make; rm -rf /tmp/a", "RUN make\nRUN rm -rf /tmp/a"),
        ] {
            assert_ne!(digest(one), digest(other), "{one}\n{other}");
        }
    }
}
