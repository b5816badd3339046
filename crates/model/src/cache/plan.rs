//! A Dockerfile as the cache sees it: its steps, and what the key of each is made of. Must not decide what is cached; that
//! is `store.rs`.

use std::collections::BTreeMap;

use dockopt_syntax::{Body, Command, Instruction, Keyword, Mount};
use dockopt_tools::{Kind, Role};

use super::content::Contents;
use super::{Builder, Key, Selector, key};
use crate::copy::{has_switch, is_remote};
use crate::expand::{Lookup, expand};
use crate::ignore::Ignore;
use crate::parents::Parents;
use crate::stages::{self, Parent};
use crate::{Known, Model, gopath, path, script};

/// The steps of a Dockerfile, in the order of the file; those of stages that are not needed are left out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// What they take from the build context.
    pub selectors: Vec<Selector>,
}

/// An instruction that changes the file system.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its instruction.
    pub instruction: usize,
    /// What sort of work it is.
    pub kind: StepKind,
    /// Whether the image that is shipped has its layer.
    pub is_final: bool,
    /// Whether it may bring something else although nothing changed, such as an ADD of a URL.
    pub is_volatile: bool,
    /// Build arguments that a RUN sees and that have no value here: whoever builds may give them another one each time.
    pub open_arguments: Vec<String>,
    /// What it does, without what it starts from and what it takes.
    does: Key,
    parent: Chain,
    /// Its selections.
    takes: Vec<usize>,
    /// What it takes from other stages: the ends of their chains.
    from: Vec<Chain>,
    /// Whether its result does not depend on the step before it (`COPY --link`).
    is_linked: bool,
}

/// What sort of work a step is, for costs and for reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// It installs packages of the system.
    SystemPackages,
    /// It installs what the project depends on.
    Dependencies,
    /// It builds.
    Build,
    /// Any other RUN.
    Run,
    /// COPY or ADD.
    Copy,
    /// WORKDIR.
    Folder,
}

/// What a step starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chain {
    /// An image, or an image with instructions that count (see [`Builder`]).
    Base(Key),
    /// An earlier step.
    Step(usize),
    /// An earlier step, and instructions that count.
    After(usize, Key),
}

impl Plan {
    /// The steps that a build of the last stage needs. `arguments` are the values of `--build-arg`.
    pub fn of(model: &Model<'_>, builder: Builder, arguments: &BTreeMap<String, String>) -> Self {
        let needed = needed(model, builder);
        let mut planner = Planner {
            model,
            builder,
            arguments,
            globals: BTreeMap::new(),
            plan: Self { steps: Vec::new(), selectors: Vec::new() },
            ends: Vec::new(),
        };
        planner.read_globals();
        let last = model.stages.len().saturating_sub(1);
        let mut shipped = vec![false; model.stages.len()];
        let mut next = (!model.stages.is_empty()).then_some(last);
        while let Some(at) = next {
            shipped[at] = true;
            next = if let Parent::Stage(of) = model.stages[at].parent { Some(of) } else { None };
        }
        for (index, shipped) in shipped.into_iter().enumerate() {
            planner.stage(index, needed[index], shipped);
        }
        planner.plan
    }

    /// The key of every step. Where a step takes files from another stage, nobody knows what they are before that stage was
    /// built: with `Outputs::Change` they differ as soon as any step of it ran anew, with `Outputs::Stay` they never do.
    pub(super) fn keys(&self, contents: &Contents<'_>, outputs: Outputs) -> Vec<Key> {
        let (mut keys, mut chains): (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());
        for step in &self.steps {
            let chain = |chain: Chain| match chain {
                Chain::Base(key) => key,
                Chain::Step(at) => chains[at],
                Chain::After(at, then) => key(&(chains[at], then)),
            };
            let takes: Vec<Key> = step.takes.iter().map(|&at| contents.of(at)).collect();
            let from: Vec<Key> = match outputs {
                Outputs::Change => step.from.iter().map(|&from| chain(from)).collect(),
                Outputs::Stay => Vec::new(),
            };
            let parent = chain(step.parent);
            let own = if step.is_linked {
                key(&(step.does, &takes, &from))
            } else {
                key(&(step.does, parent, &takes, &from))
            };
            keys.push(own);
            chains.push(if step.is_linked { key(&("merge", parent, own)) } else { own });
        }
        keys
    }

    /// Whether a step takes a file itself, so that a change of it is why the step runs.
    pub fn takes(&self, step: usize, path: &str) -> bool {
        self.steps[step].takes.iter().any(|&at| self.selectors[at].name(path).is_some())
    }

    /// The step before this one in its stage, or the last of the stage that it starts from.
    pub fn before(&self, step: usize) -> Option<usize> {
        match self.steps[step].parent {
            Chain::Base(_) => None,
            Chain::Step(at) | Chain::After(at, _) => Some(at),
        }
    }

    /// The last steps of the stages that a step takes files from.
    pub fn sources(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.steps[step].from.iter().filter_map(|from| match from {
            Chain::Base(_) => None,
            Chain::Step(at) | Chain::After(at, _) => Some(*at),
        })
    }
}

/// What is assumed of files that come from another stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    /// They differ whenever a step of that stage ran anew.
    Change,
    /// They are always the same.
    Stay,
}

/// Which stages are built.
fn needed(model: &Model<'_>, builder: Builder) -> Vec<bool> {
    let mut needed = vec![builder.builds_unused_stages(); model.stages.len()];
    let mut open: Vec<usize> = model.stages.len().checked_sub(1).into_iter().collect();
    while let Some(at) = open.pop() {
        needed[at] = true;
        let stage = &model.stages[at];
        let mut uses: Vec<usize> = stage
            .instructions
            .clone()
            .flat_map(|one| stages::sources_of(&model.tree.instructions[one], &model.stages, at))
            .collect();
        if let Parent::Stage(of) = stage.parent {
            uses.push(of);
        }
        open.extend(uses.into_iter().filter(|other| *other < at));
    }
    needed
}

struct Planner<'m, 'a> {
    model: &'m Model<'a>,
    builder: Builder,
    arguments: &'m BTreeMap<String, String>,
    globals: BTreeMap<String, String>,
    plan: Plan,
    /// Where each stage ends, and with what state.
    ends: Vec<(Chain, State)>,
}

/// What a step inherits. Values are texts; what only the base image knows is a text that nobody else writes.
#[derive(Debug, Clone)]
struct State {
    /// In the order in which they were set last, which is their order in the key (`client/llb/meta.go`).
    variables: Vec<(String, String)>,
    cwd: String,
    user: String,
    shell: Vec<String>,
    /// Build arguments without a value.
    open_arguments: Vec<String>,
}

impl State {
    /// That of an image, as far as it matters which.
    fn of_image(cwd: Option<&String>) -> Self {
        Self {
            variables: Vec::new(),
            cwd: cwd.map_or("/", String::as_str).to_owned(),
            user: String::new(),
            shell: ["/bin/sh", "-c"].map(str::to_owned).to_vec(),
            open_arguments: Vec::new(),
        }
    }

    fn set(&mut self, name: &str, value: String) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value));
    }

    fn resolve(&self, text: &str) -> String {
        if text.starts_with('/') { path::resolve("/", text) } else { path::resolve(&self.cwd, text) }
    }
}

impl Planner<'_, '_> {
    fn read_globals(&mut self) {
        let tree = self.model.tree;
        for instruction in tree.instructions.iter().take_while(|one| one.keyword != Keyword::From) {
            let Body::Arg(pairs) = &instruction.body else { continue };
            for pair in pairs {
                let name = pair.key.text.as_str();
                let default = pair
                    .value
                    .as_ref()
                    .map(|word| self.expand(&word.text, &|name| self.globals.get(name).cloned()));
                if let Some(value) = self.arguments.get(name).cloned().or(default) {
                    self.globals.insert(name.to_owned(), value);
                }
            }
        }
    }

    /// Expands a word; what is not set by the file is the base image's, and stays what it is.
    fn expand(&self, word: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
        let set = |name: &str| Lookup::Set(lookup(name).unwrap_or_else(|| format!("\u{1}{name}")));
        match expand(word, self.model.tree.escape, &set) {
            Known::Is(text) => text,
            Known::Unknown => word.to_owned(),
        }
    }

    fn expand_in(&self, state: &State, word: &str) -> String {
        self.expand(word, &|name| {
            state.variables.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    fn stage(&mut self, index: usize, is_needed: bool, is_final: bool) {
        let stage = &self.model.stages[index];
        let (mut chain, mut state) = match &stage.parent {
            Parent::Stage(of) => self.ends[*of].clone(),
            Parent::Scratch => (Chain::Base(key("scratch")), State::of_image(None)),
            Parent::Image { .. } => {
                let Body::From { image, .. } = &self.model.tree.instructions[stage.from].body else { return };
                let name = self.expand(&image.text, &|name| self.globals.get(name).cloned());
                (Chain::Base(key(&("image", name))), State::of_image(stage.states[0].cwd.get()))
            }
        };
        for at in stage.instructions.clone().filter(|_| is_needed) {
            let instruction = &self.model.tree.instructions[at];
            match self.step(index, at, instruction, chain, &mut state) {
                Some(step) => {
                    self.plan.steps.push(Step { is_final, ..step });
                    chain = Chain::Step(self.plan.steps.len() - 1);
                }
                None if self.builder.counts_every_instruction() => {
                    let text =
                        key(&(instruction.keyword, self.expand_in(&state, instruction.arguments_text())));
                    chain = match chain {
                        Chain::Base(base) => Chain::Base(key(&(base, text))),
                        Chain::Step(step) => Chain::After(step, text),
                        Chain::After(step, then) => Chain::After(step, key(&(then, text))),
                    };
                }
                None => {}
            }
        }
        self.ends.push((chain, state));
    }

    /// The step that an instruction is, after it changed the state.
    fn step(
        &mut self,
        stage: usize,
        at: usize,
        instruction: &Instruction,
        parent: Chain,
        state: &mut State,
    ) -> Option<Step> {
        let step = Step {
            instruction: at,
            kind: StepKind::Folder,
            is_final: false,
            is_volatile: false,
            open_arguments: Vec::new(),
            does: 0,
            parent,
            takes: Vec::new(),
            from: Vec::new(),
            is_linked: false,
        };
        match &instruction.body {
            Body::Env(pairs) => {
                let before = state.clone();
                for pair in pairs {
                    let value = pair.value.as_ref().map_or("", |word| &word.text);
                    state.set(&self.expand_in(&before, &pair.key.text), self.expand_in(&before, value));
                }
                None
            }
            Body::Arg(pairs) => {
                for pair in pairs {
                    let name = pair.key.text.as_str();
                    let default = pair.value.as_ref().map(|word| self.expand_in(state, &word.text));
                    let value = self
                        .arguments
                        .get(name)
                        .cloned()
                        .or(default)
                        .or_else(|| self.globals.get(name).cloned());
                    // Without a value it is not in the environment.
                    match value {
                        Some(value) => state.set(name, value),
                        None => state.open_arguments.push(name.to_owned()),
                    }
                }
                None
            }
            Body::User(word) => {
                state.user = self.expand_in(state, &word.text);
                None
            }
            Body::Shell(words) => {
                state.shell = words.iter().map(|word| word.text.clone()).collect();
                None
            }
            Body::Workdir(word) => {
                state.cwd = state.resolve(&self.expand_in(state, &word.text));
                let does = key(&("mkdir", &state.cwd, &state.user));
                (state.cwd != "/").then_some(Step { does, ..step })
            }
            Body::Run(command) => Some(self.run(stage, at, instruction, command, state, step)),
            Body::Copy(_) | Body::Add(_) => Some(self.copy(stage, instruction, state, step)),
            _ => None,
        }
    }

    fn run(
        &mut self,
        stage: usize,
        at: usize,
        instruction: &Instruction,
        command: &Command,
        state: &State,
        mut step: Step,
    ) -> Step {
        // The key has the words that are run, so the exec form of the shell's own command line is the same as the shell form.
        let words: Vec<String> = match command {
            Command::Exec(words) => words.iter().map(|word| word.text.clone()).collect(),
            // Blanks and all, but without the comments inside: that is what the shell gets.
            Command::Shell(_) => {
                let text = instruction.script(&self.model.tree.text).map(|script| script.text().to_owned());
                let text = text.unwrap_or_else(|| instruction.arguments_text().to_owned());
                state.shell.iter().cloned().chain([text]).collect()
            }
        };
        let mut mounts = Vec::new();
        for mount in instruction.mounts() {
            mounts.push(self.mount(stage, &mount, state, &mut step));
        }
        let others: Vec<(&str, Option<String>)> = instruction
            .flags
            .iter()
            .filter(|flag| flag.name != "mount")
            .map(|flag| (flag.name.as_str(), flag.value.clone()))
            .collect();
        step.does = key(&("run", words, &state.variables, &state.cwd, &state.user, mounts, others));
        step.kind = self.kind(at);
        step.open_arguments.clone_from(&state.open_arguments);
        step
    }

    /// What a mount adds to the key. Contents of caches, secrets and agents are not in it, and neither are the name and the sharing of a
    /// cache once one of them is not the default (`solver/llbsolver/ops/exec.go`).
    fn mount(&mut self, stage: usize, mount: &Mount, state: &State, step: &mut Step) -> Key {
        let value = |keys: &[&str]| mount.option(keys).map(|text| self.expand_in(state, text));
        let target = value(&["target", "dst", "destination"]).map(|target| state.resolve(&target));
        let source = value(&["source", "src"]);
        match mount.kind() {
            "cache" => {
                let id = value(&["id"]).filter(|id| Some(id) != target.as_ref());
                let sharing = value(&["sharing"]).filter(|sharing| sharing != "shared");
                let is_default = id.is_none() && sharing.is_none();
                key(&("cache", target, is_default))
            }
            "bind" => {
                let writable = mount.options.iter().any(|one| matches!(one.key.as_str(), "rw" | "readwrite"));
                match mount
                    .option(&["from"])
                    .map(|from| (from, stages::named(&self.model.stages, stage, from)))
                {
                    Some((_, Some(of))) => step.from.push(self.ends[of].0),
                    Some((image, None)) => return key(&("bind", target, writable, image, source)),
                    None => {
                        let selector = Selector::new(source.as_deref().unwrap_or("."), Ignore::none());
                        step.takes.push(self.plan.selectors.len());
                        self.plan.selectors.push(selector);
                        return key(&("bind", target, writable));
                    }
                }
                key(&("bind", target, writable, source))
            }
            kind => {
                let options: Vec<(&str, Option<String>)> = mount
                    .options
                    .iter()
                    .map(|one| (one.key.as_str(), one.value.as_ref().map(|text| self.expand_in(state, text))))
                    .collect();
                key(&(kind, options))
            }
        }
    }

    fn copy(&mut self, stage: usize, instruction: &Instruction, state: &State, mut step: Step) -> Step {
        let Some(copy) = instruction.body.as_copy() else { return step };
        step.kind = StepKind::Copy;
        let flag = |name: &str| {
            instruction.flag(name).map(|flag| flag.value.clone().unwrap_or_else(|| "true".to_owned()))
        };
        let flags: Vec<(&str, String)> = ["chown", "chmod", "parents", "checksum", "keep-git-dir", "unpack"]
            .into_iter()
            .filter_map(|name| Some((name, self.expand_in(state, &flag(name)?))))
            .collect();
        let excludes: Vec<&str> = instruction
            .flags
            .iter()
            .filter(|one| one.name == "exclude")
            .filter_map(|one| one.value.as_deref())
            .collect();
        // With a mode the link is switched off silently (`convert_copy.go`).
        step.is_linked = self.builder.links_copies()
            && flag("link").is_some_and(|value| value == "true")
            && flag("chmod").is_none();
        let target = self.expand_in(state, &copy.destination.text);
        let is_folder = target.ends_with('/') || matches!(target.as_str(), "." | "..");
        let mut sources = Vec::new();
        let from = flag("from").map(|from| (stages::named(&self.model.stages, stage, &from), from));
        for source in &copy.sources {
            if let Some(heredoc) = instruction.heredocs.iter().find(|one| one.word == source.text) {
                let body = heredoc.body.of(&self.model.tree.text);
                let text = if heredoc.expand { self.expand_in(state, body) } else { body.to_owned() };
                sources.push(key(&(&heredoc.name, text)));
                continue;
            }
            let text = self.expand_in(state, &source.text);
            match &from {
                None if is_remote(&text) => {
                    step.is_volatile |= instruction.flag("checksum").is_none();
                    sources.push(key(&text));
                }
                None if has_switch(instruction, "parents") => {
                    // The folder above the pivot is in the key by the last part of its name, the pattern as a whole, and each file
                    // that it takes with its path (`includedPaths` in `cache/contenthash/checksum.go`).
                    let exclude = Ignore::parse(&excludes.join("\n")).unwrap_or_default();
                    let Ok(parents) = Parents::read(&text) else {
                        step.takes.push(self.plan.selectors.len());
                        self.plan.selectors.push(Selector::new(".", exclude));
                        sources.push(key(&text));
                        continue;
                    };
                    sources.push(key(&(parents.base.rsplit('/').next(), &parents.pattern)));
                    step.takes.push(self.plan.selectors.len());
                    self.plan.selectors.push(Selector::with_parents(parents, exclude));
                }
                None => {
                    // Only the last part of its name is in the key; the folder is in the selection.
                    let name = gopath::clean(&text).rsplit('/').next().map(str::to_owned);
                    sources.push(key(&(name, gopath::has_wildcard(&text))));
                    let exclude = Ignore::parse(&excludes.join("\n")).unwrap_or_default();
                    step.takes.push(self.plan.selectors.len());
                    self.plan.selectors.push(Selector::new(&text, exclude));
                }
                Some((Some(of), _)) => {
                    step.from.push(self.ends[*of].0);
                    sources.push(key(&text));
                }
                Some((None, image)) => sources.push(key(&(image, text))),
            }
        }
        let is_add = instruction.keyword == Keyword::Add;
        step.does = key(&("copy", is_add, sources, state.resolve(&target), is_folder, flags, excludes));
        step
    }

    /// What sort of work a RUN is, by the tools that it uses.
    fn kind(&self, at: usize) -> StepKind {
        let Ok(script) = self.model.script(at) else { return StepKind::Run };
        let mut found = StepKind::Run;
        for node in script.elements().into_iter().flat_map(crate::Element::nodes) {
            script::each_command(node, &mut |simple| {
                let Some(invocation) = script.recognize(simple) else { return };
                let kind = match (invocation.tool.kind, invocation.action.map(|action| action.role)) {
                    (Kind::System, Some(Role::Install | Role::Upgrade)) => StepKind::SystemPackages,
                    (Kind::Language | Kind::Build, Some(Role::Install | Role::Fetch)) => {
                        StepKind::Dependencies
                    }
                    (Kind::Language | Kind::Build, Some(Role::Build | Role::Run)) => StepKind::Build,
                    _ => return,
                };
                found = found.min(kind);
            });
        }
        found
    }
}
