//! What each element of the RUNs of a stage is there for: a product, packages, or something that stays with the program. It says so only of
//! commands that the data of the tools describes.

use dockopt_shell::{Node, Simple};
use dockopt_syntax::Body;
use dockopt_tools::manifests::Project;
use dockopt_tools::packages::{Need, need_on};
use dockopt_tools::{Apart, Invocation, Kind, Role as Purpose};

use super::What;
use crate::atom::Atom;
use crate::effects::{is_of_the_shell, is_read_by};
use crate::element::Element;
use crate::here::Here;
use crate::respell::{Change, respell};
use crate::state::State;
use crate::{Model, Script, attributes, script, stages};

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
                parts.push(Part { instruction, element: 0, commands: Vec::new(), installs: false, role });
                continue;
            }
        };
        let mut here = Here::at_start(state);
        for (element, found) in script.elements().into_iter().enumerate() {
            let mut commands = Vec::new();
            for node in found.nodes() {
                script::each_command(node, &mut |simple| commands.push(simple));
            }
            let place = (instruction, element);
            let reader = Reader { model, stage, place, script, state, here: &here };
            let role = match found {
                Element::Node(node) => reader.role(node, &commands),
                Element::Block { .. } => reader.role_of_all(&commands),
            };
            let actions = commands.iter().filter_map(|simple| script.recognize(simple)?.action);
            let installs = actions.into_iter().any(|action| action.apart.is_some());
            parts.push(Part { instruction, element, commands, installs, role });
            for node in found.nodes() {
                here.follow(node);
            }
        }
    }
    parts
}

/// Lets packages stay that are installed behind everything that is built: who needs them is not known.
pub(super) fn keep_later_packages(parts: &mut [Part<'_>]) {
    let last = parts.iter().rposition(|part| part.installs).unwrap_or_default();
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

struct Reader<'m, 'a> {
    model: &'m Model<'a>,
    stage: usize,
    /// The RUN, and the element of it.
    place: (usize, usize),
    script: &'m Script<'a>,
    state: &'m State,
    here: &'m Here,
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
            _ => self.role_of_all(commands),
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

    fn packages(&self, simple: &Simple, invocation: &Invocation<'_>) -> Result<Role, String> {
        let args = self.script.args(simple);
        let base = stages::base(&self.model.stages, self.stage);
        let (mut left, mut libraries, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for (&word, text) in invocation.operands.iter().zip(invocation.operand_texts(&args)) {
            let (Some(text), Some(base)) = (text, base) else { continue };
            let name = text.split(['=', '<', '>', '~', ':']).next().unwrap_or(text);
            let behind = match need_on(base, name) {
                Need::BuildOnly => Vec::new(),
                Need::Library(libraries) => libraries,
                Need::Unknown => continue,
            };
            // Its libraries would have to be of the same version.
            if !behind.is_empty() && name != text {
                continue;
            }
            for library in behind {
                if !libraries.contains(&library) {
                    libraries.push(library);
                }
            }
            left.push(name.to_owned());
            dropped.push(word);
        }
        if left.is_empty() {
            return Ok(Role::Packages { left, libraries, rest: Rest::AsWritten });
        }
        if !invocation.complete || !invocation.wrappers.is_empty() {
            return Err(format!(
                "which packages `{}` installs is only known when it runs",
                simple.name().unwrap_or_default()
            ));
        }
        let texts: Vec<&str> = invocation.operand_texts(&args).into_iter().flatten().collect();
        libraries.retain(|library| !texts.contains(&library.as_str()));
        if dropped.len() == invocation.operands.len() && libraries.is_empty() {
            return Ok(Role::Packages { left, libraries, rest: Rest::Nothing });
        }
        let text = self
            .without(simple, &dropped, &libraries)
            .ok_or("a command with lines of its own behind it installs packages")?;
        Ok(Role::Packages { left, libraries, rest: Rest::Command(text) })
    }

    /// The command as the Dockerfile has it, without these words, the first of them replaced by others.
    fn without(&self, simple: &Simple, dropped: &[usize], instead: &[String]) -> Option<String> {
        let tree = &self.model.tree.text;
        let logical = &self.script.logical;
        let start = logical.source_start(simple.words.first()?.span.start);
        let end = logical.source_end(simple.words.last()?.span.end);
        let (mut text, mut from) = (String::new(), start);
        for (at, &word) in dropped.iter().enumerate() {
            let own = &simple.words[word].span;
            let before = logical.source_end(simple.words[word.checked_sub(1)?].span.end);
            let until = if at == 0 && !instead.is_empty() { logical.source_start(own.start) } else { before };
            text.push_str(tree.get(from..until)?);
            if at == 0 {
                text.push_str(&instead.join(" "));
            }
            from = logical.source_end(own.end);
        }
        text.push_str(tree.get(from..end)?);
        Some(text)
    }

    /// The role of an install of nothing but what base images bring, too, from the network.
    fn tools_among(&self, simple: &Simple, invocation: &Invocation<'_>, apart: &Apart) -> Option<Role> {
        let words = self.script.args(simple);
        let texts: Vec<&str> = invocation.operand_texts(&words).into_iter().collect::<Option<_>>()?;
        let valued = invocation.flags.iter().any(|flag| flag.value.is_some());
        let all = |names: &[String]| {
            !texts.is_empty()
                && !valued
                && invocation.complete
                && texts.iter().all(|text| names.iter().any(|name| is_package(text, name)))
        };
        if all(&apart.installer) {
            return Some(Role::Installer);
        }
        all(&apart.not_packages).then_some(Role::Stays)
    }

    fn apart(&self, simple: &Simple, invocation: &Invocation<'_>, apart: &Apart) -> Result<Role, String> {
        let tool = &invocation.tool.name;
        let base = stages::base(&self.model.stages, self.stage);
        if !base.is_some_and(|base| base.bundled.contains(&apart.in_images_with)) {
            return Err(format!(
                "where `{tool}` installs is known only in images of {}",
                apart.in_images_with
            ));
        }
        if !invocation.complete || !invocation.wrappers.is_empty() {
            return Err(format!("the options of this `{tool}` are not all understood"));
        }
        if let Some(flag) = invocation.flags.iter().find(|flag| apart.not_with.contains(&flag.name)) {
            return Err(format!(
                "with `{}` `{tool}` would not put all of it into a folder of its own",
                flag.name
            ));
        }
        let words = self.script.args(simple);
        let has_place = |word: &str| word.contains('/') && !word.starts_with(&format!("{}/", apart.home));
        if invocation.command.clone().filter_map(|at| words[at].literal()).any(has_place) {
            return Err(format!("which `{tool}` this is, and where it installs, is not known"));
        }
        if let Some(name) = self.changed_place(simple, invocation, apart) {
            return Err(format!("`{name}` is set, by which `{tool}` may install elsewhere"));
        }
        if !self.state.user.get().is_some_and(|user| attributes::is_root(user)) {
            return Err(format!("`{tool}` runs as another user than root, and installs into a home folder"));
        }
        let atom = self.atom().ok_or("it is not known what it installs")?;
        if let (true, Some(why)) = (atom.effects.inputs.is_empty(), &atom.effects.unclear) {
            return Err(format!("it is not known what `{tool}` installs: {}", why.reason));
        }
        if let Some(name) = self.first_of(&apart.not_packages, simple, invocation) {
            return Err(format!(
                "the base image has `{name}`, too, and a second version beside that is not what is installed now"
            ));
        }
        if let Some(name) = self.first_of(&apart.compile_when_run, simple, invocation) {
            return Err(format!("`{name}` calls a compiler when it runs"));
        }
        let change = Change::options(simple, invocation, &apart.flags);
        let respelled =
            respell(self.script, simple, &[change]).ok_or("the install has lines of its own behind it")?;
        Ok(Role::Product { text: Some(respelled.new), from: apart.folder.clone(), to: apart.home.clone() })
    }

    /// The atom of this element.
    fn atom(&self) -> Option<&Atom> {
        let (instruction, element) = self.place;
        self.model.traces()[self.stage].of(instruction).find(|atom| atom.element == element)
    }

    /// A variable by which the tool may put it elsewhere.
    fn changed_place(&self, simple: &Simple, invocation: &Invocation<'_>, apart: &Apart) -> Option<String> {
        let by_file = self.state.variables.keys();
        let by_script = self.here.variables.keys();
        let own = simple.assignments.iter().map(|own| &own.name);
        let moves = |name: &&String| {
            name.as_str() == "PATH"
                || name.as_str() == "HOME"
                || apart.not_with_env.iter().any(|pattern| crate::effects::wildcard(pattern, name))
                    && is_read_by(invocation.tool, name)
        };
        by_file.chain(by_script).chain(own).find(moves).cloned()
    }

    /// The first of these packages that the install names, itself or in a file that it reads.
    fn first_of(&self, packages: &[String], simple: &Simple, invocation: &Invocation<'_>) -> Option<String> {
        let words = self.script.args(simple);
        let named = |name: &&String| {
            invocation.operand_texts(&words).into_iter().flatten().any(|text| is_package(text, name))
        };
        if let Some(name) = packages.iter().find(named) {
            return Some(name.clone());
        }
        let image = self.model.image_before(self.stage, self.place.0, self.place.1);
        let files = self.atom()?.effects.inputs.iter().flat_map(|inputs| &inputs.files);
        for path in files {
            let text = Project::read(&image, path)?;
            if let Some(name) = packages.iter().find(|name| text.lines().any(|line| is_package(line, name))) {
                return Some(name.clone());
            }
        }
        None
    }
}

/// Whether a requirement, such as `name[extra]==1.0`, names this package.
fn is_package(text: &str, name: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix(name)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c)))
}
