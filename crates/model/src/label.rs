//! Labels: one text for each thing that a command does, so that equal labels mean equal actions. The named normalisations
//! of command lines live here: what is left out of a label is said not to matter, with the reason.

use dockopt_shell::{List, Node, NodeKind, Simple};
use dockopt_syntax::{Instruction, Tree};
use dockopt_tools::{Invocation, Role, Tool, Unanswered};

use crate::Known;
use crate::atom::AtomKind;
use crate::effects::{self, Effects};
use crate::element::Element;
use crate::expand::variables;
use crate::idle_mounts;
use crate::region::{Footprint, Region};
use crate::script::Script;
use crate::scripted;
use crate::state::{Shell, State};

/// Where a labelled command stands.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    pub(crate) script: &'a Script<'a>,
    pub(crate) cwd: &'a Known<String>,
    /// Whether a step of the file refreshed some package index before.
    pub(crate) is_refreshed: bool,
    /// What decides whether a command for people does the same as the one for scripts.
    pub(crate) around: scripted::Surroundings<'a>,
}

/// What an element is made of besides its own run.
pub(crate) struct Pieces {
    /// The refresh that an install does by itself.
    pub(crate) before: Vec<Piece>,
    /// What the element is.
    pub(crate) kind: AtomKind,
    /// A label and effects that replace the usual ones.
    pub(crate) instead: Option<Piece>,
}

/// An atom without its place.
pub(crate) struct Piece {
    pub(crate) label: String,
    pub(crate) effects: Effects,
}

/// Normalisation `own-refresh`: an install that fetches the package index by itself (`apk add --no-cache`) is a refresh
/// followed by an install. Both see what the network serves during the same build. So is an install of such a tool where no
/// step of the file refreshed the index before: it found one in the base image, or fetched it by itself, or the build failed.
pub(crate) fn pieces(context: &Context<'_>, element: Element<'_>) -> Pieces {
    let plain = |kind| Pieces { before: Vec::new(), kind, instead: None };
    let Element::Node(node) = element else { return plain(AtomKind::Run) };
    if context.script.cleans(node).is_some() {
        return plain(AtomKind::Clean);
    }
    let Some(invocation) = element.simple().and_then(|simple| context.script.recognize(simple)) else {
        return plain(AtomKind::Run);
    };
    let tool = invocation.tool;
    let Some(index) = &tool.index else { return plain(AtomKind::Run) };
    match crate::script::role(&invocation) {
        // Flags of a refresh only say how much is printed and asked.
        Some(Role::Refresh) if invocation.operands.is_empty() && !index.refreshed_by_flags.is_empty() => {
            Pieces { before: Vec::new(), kind: AtomKind::Refresh, instead: Some(refresh(tool)) }
        }
        Some(Role::Refresh) => plain(AtomKind::Refresh),
        Some(Role::Install) if invocation.has_flag(&index.refreshed_by_flags) => {
            Pieces { before: vec![refresh(tool)], kind: AtomKind::Run, instead: None }
        }
        Some(Role::Install) if !index.refreshed_by_flags.is_empty() && !context.is_refreshed => {
            Pieces { before: vec![refresh(tool)], kind: AtomKind::Run, instead: None }
        }
        _ => plain(AtomKind::Run),
    }
}

/// The refresh of a tool whose installs can do it by themselves: one atom for both ways.
fn refresh(tool: &Tool) -> Piece {
    let system = Region::System { project: "/".to_owned(), accounts: false };
    let indexes: Footprint =
        tool.index.iter().flat_map(|index| &index.paths).cloned().map(Region::Index).collect();
    let effects = Effects { reads: [system].into_iter().collect(), writes: indexes, ..Effects::default() };
    Piece { label: format!("refresh {}", tool.name), effects }
}

/// The label of an element: its commands in one spelling, and what of the state they can see.
pub(crate) fn of_element(context: &Context<'_>, element: Element<'_>, effects: &Effects) -> String {
    let mut label = String::new();
    let mut names = Visible { all: effects.reads.is_unknown(), ..Visible::default() };
    for node in element.nodes() {
        push_node(context, node, &mut label);
        label.push(';');
        names.add_node(context, node);
    }
    if let Element::Block { list, end, .. } = element {
        // Which separators stand between the items decides what a failure does; what follows the last one is another element.
        for item in &list.items[..end] {
            label.push(if item.terminator == Some(dockopt_shell::Terminator::Background) {
                '&'
            } else {
                ';'
            });
        }
    }
    label.push_str(&format!(" cwd={:?} user={:?} shell={}", context.cwd, context.state.user, shell(context)));
    for (name, variable) in &context.state.variables {
        if names.sees(name) {
            label.push_str(&format!(" {name}={}", variable.label));
        }
    }
    label
}

/// Stands in a label for `pipefail` where that can do nothing but fail the RUN more often.
///
/// Normalisation `failing-pipes`, for rewrites that say so and are not safe: this mark is nothing. It is there if the failure of each
/// pipeline of the script is that of the RUN; for bash instead of `sh`, if all shells read the script in the same way and its commands
/// do the same in all of them, too. Where an image comes of such a RUN with and without, the same commands ran.
pub(crate) const IDLE_PIPEFAIL: &str = "\u{1}pipefail";

/// The shell, as a command of a script can notice it.
fn shell(context: &Context<'_>) -> String {
    let (shell, script) = (&context.state.shell, context.script);
    if shell.only_fails_pipes() && script.every_pipe_decides() && script.is_portable() {
        return format!("{}{IDLE_PIPEFAIL}", Shell::Sh.label());
    }
    shell.label()
}

/// The whole state, for a command that is not understood.
pub(crate) fn whole_state(state: &State) -> String {
    let mut label = format!(" cwd={:?} user={:?} shell={}", state.cwd, state.user, state.shell.label());
    for (name, variable) in &state.variables {
        label.push_str(&format!(" {name}={}", variable.label));
    }
    label
}

/// The variables that an instruction's arguments and heredocs mention, with their labels.
pub(crate) fn variables_in(tree: &Tree, state: &State, instruction: &Instruction) -> String {
    let mut label = String::new();
    let bodies = instruction.heredocs.iter().map(|heredoc| heredoc.body.of(&tree.text));
    for text in std::iter::once(instruction.logical.text()).chain(bodies) {
        for name in variables(text, tree.escape) {
            if let Some(variable) = state.variables.get(&name) {
                label.push_str(&format!(" {name}={}", variable.label));
            }
        }
    }
    label
}

fn push_node(context: &Context<'_>, node: &Node, label: &mut String) {
    match &node.kind {
        NodeKind::Simple(simple) => push_simple(context, node, simple, label),
        NodeKind::And { left, right, .. } => push_chain(context, left, "&&", right, label),
        NodeKind::Or { left, right, .. } => push_chain(context, left, "||", right, label),
        NodeKind::Pipe { left, right, op } => {
            push_chain(context, left, &context.script.text()[op.clone()], right, label);
        }
        NodeKind::Subshell(list) if node.redirects.is_empty() => {
            label.push('(');
            push_list(context, list, label);
            label.push(')');
        }
        NodeKind::Group(list) if node.redirects.is_empty() => {
            label.push('{');
            push_list(context, list, label);
            label.push('}');
        }
        _ => label.push_str(&dockopt_shell::canonical(context.script.text(), node)),
    }
}

fn push_chain(context: &Context<'_>, left: &Node, operator: &str, right: &Node, label: &mut String) {
    // Chains lean left; the depth is that of the chain, which the shell crate bounds.
    push_node(context, left, label);
    label.push_str(operator);
    push_node(context, right, label);
}

fn push_list(context: &Context<'_>, list: &List, label: &mut String) {
    for item in &list.items {
        push_node(context, &item.node, label);
        label.push(if item.terminator == Some(dockopt_shell::Terminator::Background) { '&' } else { ';' });
    }
}

/// Normalisation `cache-flags`: a flag that only keeps a download cache from being written, or makes an install fetch its
/// own index, is no part of what the command does.
///
/// Normalisation `assumed-yes`: nor is one that answers its questions with yes, where a question without an answer ends the RUN: the
/// tool takes no answer for a failure, its failure is that of the RUN, and nothing but the empty input of a RUN can answer. An image
/// then exists only if nothing was asked, and the command did the same with and without the flag. So no pass takes the flag away.
///
/// Normalisation `scripted-name`: a command for people is the command for scripts with the options that make it do the same, in the
/// releases of a base image in which the data of the tool says so, where nothing reads the output and the file has no setting for
/// one of the two alone.
fn push_simple(context: &Context<'_>, node: &Node, simple: &Simple, label: &mut String) {
    let known = context.script.recognize(simple);
    let ignored = known
        .as_ref()
        .filter(|invocation| invocation.complete)
        .map_or_else(Vec::new, |invocation| ignored_words(context.script, simple, invocation));
    let form = scripted::form(context.script, simple).filter(|form| scripted::is_same(form, context.around));
    let form = form.zip(known.as_ref());
    let text = context.script.text();
    let is_idle =
        |text: &str| known.as_ref().is_some_and(|one| idle_mounts::only_silences(one, context.state, text));
    for assignment in simple.assignments.iter().filter(|one| !is_idle(&text[one.span.clone()])) {
        label.push_str(&text[assignment.span.clone()]);
        label.push(' ');
    }
    for (at, word) in simple.words.iter().enumerate() {
        match (&form, &word.literal) {
            _ if ignored.contains(&at) => continue,
            (Some((form, invocation)), _) if at == invocation.command.start => {
                label.push_str(&format!("{:?}", form.instead));
            }
            // One spelling for words that mean the same to the command.
            (_, Some(literal)) => label.push_str(&format!("{literal:?}")),
            (_, None) => label.push_str(&text[word.span.clone()]),
        }
        label.push(' ');
        if let Some((form, _)) = form.filter(|(_, found)| at + 1 == found.verb.end) {
            form.flags.iter().for_each(|flag| label.push_str(&format!("{flag:?} ")));
        }
    }
    for redirect in &node.redirects {
        label.push_str(&text[redirect.span.clone()]);
        if let Some(body) = &redirect.heredoc_body {
            label.push_str(&text[body.clone()]);
        }
        label.push(' ');
    }
}

/// The words of a command line that hold nothing but flags which [`push_simple`] leaves out.
fn ignored_words(script: &Script<'_>, simple: &Simple, invocation: &Invocation<'_>) -> Vec<usize> {
    let tool = invocation.tool;
    let Some(action) = invocation.action else { return Vec::new() };
    let mut names: Vec<&str> = Vec::new();
    for cache in tool.caches.iter().filter(|cache| !cache.is_store && cache.filled_by.contains(&action.name))
    {
        names.extend(cache.off_by_flags.iter().map(String::as_str));
    }
    if action.role == Role::Install {
        names.extend(tool.index.iter().flat_map(|index| &index.refreshed_by_flags).map(String::as_str));
    }
    if tool.unanswered == Unanswered::Fails && script.must_succeed(simple) {
        names.extend(action.assume_yes.iter().map(String::as_str));
    }
    let mut words: Vec<usize> = invocation
        .flags
        .iter()
        .filter(|flag| names.contains(&flag.name.as_str()) && flag.value.is_none())
        .map(|flag| flag.word)
        .collect();
    words.retain(|word| {
        invocation
            .flags
            .iter()
            .filter(|flag| flag.word == *word)
            .all(|flag| names.contains(&flag.name.as_str()))
    });
    words
}

/// Which variables of the environment a command can see a difference in.
#[derive(Default)]
struct Visible<'t> {
    all: bool,
    names: Vec<String>,
    tools: Vec<&'t dockopt_tools::Tool>,
}

impl<'t> Visible<'t> {
    fn add_node(&mut self, context: &Context<'t>, node: &Node) {
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            match &node.kind {
                NodeKind::Simple(simple) => self.add_simple(context, simple),
                NodeKind::And { left, right, .. }
                | NodeKind::Or { left, right, .. }
                | NodeKind::Pipe { left, right, .. } => {
                    stack.push(left);
                    stack.push(right);
                }
                NodeKind::Not(inner) => stack.push(inner),
                NodeKind::Subshell(list) | NodeKind::Group(list) => {
                    stack.extend(list.items.iter().map(|item| &item.node));
                }
                NodeKind::Compound { .. } | NodeKind::Function { .. } => self.all = true,
            }
            if node
                .redirects
                .iter()
                .any(|redirect| redirect.heredoc.as_ref().is_some_and(|word| word.literal.is_none()))
            {
                self.all = true;
            }
            for redirect in &node.redirects {
                self.names.extend(redirect.target.iter().flat_map(|word| word.variables.iter().cloned()));
            }
        }
    }

    fn add_simple(&mut self, context: &Context<'t>, simple: &Simple) {
        let values = simple.assignments.iter().filter_map(|assignment| assignment.value.as_ref());
        for word in simple.words.iter().chain(values) {
            self.names.extend(word.variables.iter().cloned());
            self.all |= !word.substitutions.is_empty();
        }
        match context.script.recognize(simple) {
            Some(invocation) => self.tools.push(invocation.tool),
            None => self.all |= !simple.words.is_empty(),
        }
    }

    fn sees(&self, name: &str) -> bool {
        self.all
            || self.names.iter().any(|own| own == name)
            || self.tools.iter().any(|tool| effects::is_read_by(tool, name))
    }
}

#[cfg(test)]
mod tests {
    use dockopt_tools::Toolbox;

    use crate::Model;

    /// Whether two scripts of a RUN mean the same.
    fn same(one: &str, other: &str) -> bool {
        let parse = |script: &str| dockopt_syntax::parse(&format!("FROM debian:12\nRUN {script}\n"));
        let (one, other) = (parse(one), parse(other));
        let model = |parsed| Model::new(parsed, Toolbox::builtin(), None);
        model(&one.tree).digest() == model(&other.tree).digest()
    }

    #[test]
    fn yes_is_assumed_where_a_question_ends_the_run() {
        assert!(same("apt-get install curl", "apt-get install -y curl"));
        assert!(same("sudo apt-get install curl && curl -V", "sudo apt-get --yes install curl && curl -V"));
        assert!(same("set -e; dnf install curl; curl -V", "set -e; dnf -y install curl; curl -V"));
        assert!(same(
            "(apt-get update && apt-get install curl) && x",
            "(apt-get update && apt-get install -y curl) && x"
        ));
    }

    #[test]
    fn yes_is_not_assumed_where_an_image_may_come_of_a_question() {
        for command in [
            "apt-get install @ curl || true",
            "apt-get install @ curl; curl -V",
            "yes | apt-get install @ curl",
            "apt-get install @ curl < answers",
            "apt-get install @ curl | tee log",
            "if apt-get install @ curl; then true; fi",
            "apt-get install @ curl & wait",
            "trap 'exit 0' EXIT; apt-get install @ curl",
            "set -e; set +e; apt-get install @ curl",
            // What it does when nobody answers is not known.
            "zypper install @ curl",
            // What a word does that is not understood is not known.
            "apt-get install @ --download-only curl",
        ] {
            assert!(!same(&command.replace(" @ ", " "), &command.replace('@', "-y")), "{command}");
        }
    }

    #[test]
    fn a_command_for_people_is_the_one_for_scripts_where_that_is_known() {
        assert!(same("apt update && apt install -y git", "apt-get update && apt-get install -y git"));
        assert!(same(
            "apt update; sudo apt install $PACKAGES",
            "apt-get update; sudo apt-get install $PACKAGES"
        ));
        assert!(same("apt upgrade -y", "apt-get upgrade --with-new-pkgs -y"));
        for (people, scripts) in [
            ("apt upgrade -y", "apt-get upgrade -y"),
            ("apt list --installed", "apt-get list --installed"),
            ("apt install -y git > log", "apt-get install -y git > log"),
            ("apt update | grep -c Get", "apt-get update | grep -c Get"),
            (
                "echo 'binary::apt::APT::Get::Purge 1;' > /etc/apt/apt.conf && apt remove x",
                "echo 'binary::apt::APT::Get::Purge 1;' > /etc/apt/apt.conf && apt-get remove x",
            ),
        ] {
            assert!(!same(people, scripts), "{people}");
        }
    }
}
