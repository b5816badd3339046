//! What each element of the RUNs of a stage is there for: a product, packages, or something that stays with the program. It says so only of
//! commands that the data of the tools describes.

use dockopt_shell::{Node, Simple};
use dockopt_syntax::Body;
use dockopt_tools::{Action, Builds, Invocation, Kind, Role as Purpose};

use super::What;
use crate::effects::is_of_the_shell;
use crate::element::Element;
use crate::here::Here;
use crate::state::State;
use crate::{Model, Script};

/// An element of a RUN.
#[derive(Debug)]
pub(super) struct Part<'m> {
    /// The RUN.
    pub(super) instruction: usize,
    /// Which of its elements.
    pub(super) element: usize,
    /// Its commands.
    pub(super) commands: Vec<&'m Simple>,
    /// Whether it is one of the installs whose product could be copied.
    pub(super) installs: bool,
    /// How it builds a program, if it does or may do so.
    pub(super) builds: Option<&'m Builds>,
    /// What it is there for; or why that is not known.
    pub(super) role: Result<Role, String>,
}

/// What an element is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// It makes something that the program needs, which can be copied: with `text` in its place, if that is another one.
    Product {
        /// The command in the builder.
        text: Option<String>,
        /// Where it is there.
        from: String,
        /// Where it belongs.
        to: String,
    },
    /// It installs packages of the system.
    Packages {
        /// The packages that only a build needs.
        left: Vec<String>,
        /// The libraries for these.
        libraries: Vec<String>,
        /// What is left of the command.
        rest: Rest,
    },
    /// It brings the index of packages up to date.
    Refresh,
    /// It empties caches.
    Clean,
    /// It changes the shell for what follows.
    Setting,
    /// It brings the installer of a product up to date, for the build alone.
    Installer,
    /// It is there for a build alone.
    Step,
    /// It removes packages.
    Removes,
    /// It stays as it is.
    Stays,
}

/// What is left of an install of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Nothing,
    /// All of it.
    AsWritten,
    /// This command.
    Command(String),
}

/// How the tool of a command line builds programs, whatever it is asked for.
fn builds_of<'t>(invocation: &Invocation<'t>) -> Option<&'t Builds> {
    invocation.tool.actions.iter().find_map(|action: &'t Action| action.builds.as_ref())
}

/// The elements of all RUNs of a stage.
pub(super) fn read<'m>(model: &'m Model<'_>, stage: usize) -> Vec<Part<'m>> {
    let mut parts = Vec::new();
    for instruction in model.stages[stage].instructions.clone() {
        if !matches!(model.tree.instructions[instruction].body, Body::Run(_)) {
            continue;
        }
        let state = model.stages[stage].state(instruction);
        let script = match model.script(instruction) {
            Ok(script) => script,
            Err(why) => {
                let role = Err(format!("what this RUN needs is not known, since {why}"));
                parts.push(Part {
                    instruction,
                    element: 0,
                    commands: Vec::new(),
                    installs: false,
                    builds: None,
                    role,
                });
                continue;
            }
        };
        let mut here = Here::at_start(state);
        for (element, found) in script.elements().into_iter().enumerate() {
            let mut commands = Vec::new();
            // Those in substitutions, too.
            let nodes = found.nodes();
            dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
                let at = &context.node.span;
                if nodes.iter().any(|node| node.span.start <= at.start && at.end <= node.span.end) {
                    commands.push(simple);
                }
            });
            let place = (instruction, element);
            let reader = Reader { model, stage, place, script, state, here: &here };
            let role = match found {
                Element::Node(node) => reader.role(node, &commands),
                Element::Block { .. } => reader.role_of_all(&commands),
            };
            let actions = commands.iter().filter_map(|simple| script.recognize(simple)?.action);
            let installs = actions.into_iter().any(|action| action.apart.is_some());
            let product = matches!(role, Ok(Role::Product { text: None, .. }));
            let mut invocations = commands.iter().filter_map(|simple| script.recognize(simple));
            let builds = invocations
                .find_map(|invocation| builds_of(&invocation))
                .filter(|_| product || role.is_err());
            parts.push(Part { instruction, element, commands, installs, builds, role });
            for node in found.nodes() {
                here.follow(node);
            }
        }
    }
    parts
}

/// Lets packages stay that are installed behind everything that is built: who needs them is not known.
pub(super) fn keep_later_packages(parts: &mut [Part<'_>]) {
    let last = parts.iter().rposition(|part| part.installs || part.builds.is_some()).unwrap_or_default();
    for part in &mut parts[last..] {
        if let Ok(Role::Packages { left, libraries, rest }) = &mut part.role {
            left.clear();
            libraries.clear();
            *rest = Rest::AsWritten;
        }
    }
}

/// The packages that are left behind, and the libraries that come for them.
pub(super) fn packages(parts: &[Part<'_>]) -> (Vec<String>, Vec<String>) {
    let (mut left, mut libraries) = (Vec::new(), Vec::new());
    for part in parts {
        if let Ok(Role::Packages { left: own, libraries: own_libraries, .. }) = &part.role {
            left.extend(own.iter().cloned());
            libraries.extend(own_libraries.iter().cloned());
        }
    }
    (left, libraries)
}

/// What of a RUN stays with the program; `None` for nothing.
pub(super) fn kept(own: &[&Part<'_>], all: &[Part<'_>]) -> Option<What> {
    let installs_later = |part: &Part<'_>| {
        let at = (part.instruction, part.element);
        let mut later = all.iter().filter(|other| (other.instruction, other.element) > at);
        // Up to the next refresh, which serves what follows that.
        later
            .find_map(|other| match &other.role {
                Ok(Role::Packages { rest, .. }) if *rest != Rest::Nothing => Some(true),
                Ok(Role::Refresh) => Some(false),
                _ => None,
            })
            .unwrap_or(false)
    };
    let stays = |part: &&&Part<'_>| match &part.role {
        Ok(Role::Stays) => true,
        Ok(Role::Packages { rest, .. }) => *rest != Rest::Nothing,
        Ok(Role::Refresh) => installs_later(part),
        _ => false,
    };
    let is_something = own.iter().any(|part| stays(&part));
    if !is_something {
        return None;
    }
    let last = own.iter().rposition(|part| stays(&part)).unwrap_or_default();
    let chosen: Vec<&&Part<'_>> = own
        .iter()
        .enumerate()
        .filter(|(at, part)| match &part.role {
            Ok(Role::Clean) => true,
            Ok(Role::Setting) => *at < last,
            _ => stays(part),
        })
        .map(|(_, part)| part)
        .collect();
    let text = |part: &Part<'_>| match &part.role {
        Ok(Role::Packages { rest: Rest::Command(text), .. }) => Some(text.clone()),
        _ => None,
    };
    let elements: Vec<(usize, Option<String>)> =
        chosen.iter().map(|part| (part.element, text(part))).collect();
    if elements.len() == own.len() && elements.iter().all(|(_, text)| text.is_none()) {
        return Some(What::Whole);
    }
    Some(What::Elements(elements))
}

/// An element of a RUN with what is around it.
pub(super) struct Reader<'m, 'a> {
    pub(super) model: &'m Model<'a>,
    pub(super) stage: usize,
    /// The RUN, and the element of it.
    pub(super) place: (usize, usize),
    pub(super) script: &'m Script<'a>,
    pub(super) state: &'m State,
    pub(super) here: &'m Here,
}

impl Reader<'_, '_> {
    fn role(&self, node: &Node, commands: &[&Simple]) -> Result<Role, String> {
        let Some(simple) = node.as_simple() else { return self.role_of_all(commands) };
        let Some(invocation) = self.script.recognize(simple) else { return self.role_of_all(commands) };
        let Some(action) = invocation.action else { return self.role_of_all(commands) };
        match (invocation.tool.kind, action.role) {
            (Kind::System, Purpose::Refresh) => Ok(Role::Refresh),
            (Kind::System, Purpose::Install) => self.packages(simple, &invocation),
            (Kind::System, Purpose::Remove) => Ok(Role::Removes),
            (_, Purpose::Clean) => Ok(Role::Clean),
            (Kind::Utility, Purpose::Remove) if self.script.cleans(node).is_some() => Ok(Role::Clean),
            (_, Purpose::Install) if action.apart.is_some() => {
                let apart = action.apart.as_ref().ok_or_else(String::new)?;
                match self.tools_among(simple, &invocation, apart) {
                    Some(role) => Ok(role),
                    None => self.apart(simple, &invocation, apart),
                }
            }
            _ => match builds_of(&invocation) {
                Some(builds) if self.is_built_by(simple, &invocation, action, builds) => {
                    self.built(simple, &invocation, builds)
                }
                Some(builds) if self.is_step(simple, &invocation, action, builds) => Ok(Role::Step),
                _ => self.role_of_all(commands),
            },
        }
    }

    /// The role of commands that are bound together, or of a single one that has none of its own.
    fn role_of_all(&self, commands: &[&Simple]) -> Result<Role, String> {
        let mut is_setting = true;
        for simple in commands {
            if is_of_the_shell(simple) || simple.words.is_empty() {
                continue;
            }
            is_setting = false;
            self.stays(simple)?;
        }
        Ok(if is_setting { Role::Setting } else { Role::Stays })
    }

    /// Whether a command is known to need nothing that only a build has.
    fn stays(&self, simple: &Simple) -> Result<(), String> {
        let name = simple.name().unwrap_or("a command that is only known when it runs");
        let unknown = || {
            format!(
                "whether `{name}` needs what is there for the build, or leaves something that the program needs, is not known"
            )
        };
        let invocation = self.script.recognize(simple).ok_or_else(unknown)?;
        let role = invocation.action.map(|action| action.role);
        match (invocation.tool.kind, role) {
            (Kind::Utility | Kind::Network, _) | (Kind::Shell, Some(Purpose::Query | Purpose::Other)) => {
                Ok(())
            }
            (Kind::System, Some(Purpose::Query | Purpose::Configure | Purpose::Upgrade | Purpose::Fetch)) => {
                Ok(())
            }
            (Kind::Language, Some(Purpose::Query | Purpose::Configure)) => Ok(()),
            _ if self.runs_program(simple) => Ok(()),
            _ => Err(unknown()),
        }
    }

    /// Whether a command runs the program itself, or one of its libraries, as it would run in the image.
    fn runs_program(&self, simple: &Simple) -> bool {
        let words: Vec<&str> = simple.words.iter().map_while(|word| word.literal.as_deref()).collect();
        let known = self
            .model
            .toolbox
            .tools()
            .iter()
            .flat_map(|tool| &tool.actions)
            .filter_map(|action| action.apart.as_ref());
        let is = |line: &String| {
            line.split_whitespace().enumerate().all(|(at, word)| words.get(at) == Some(&word))
        };
        known.flat_map(|apart| &apart.runs).any(is)
    }
}
