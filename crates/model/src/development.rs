//! Which installs of the image bring packages that only development needs, and what speaks against leaving these out. An analysis: what is
//! done with the answer is decided in a pass.

mod judge;

use std::rc::Rc;

use dockopt_shell::Simple;
use dockopt_syntax::{Body, Command, Healthcheck, LineIndex};
use dockopt_tools::manifests::Project;
use dockopt_tools::manifests::development::{self as manifests, Needs};
use dockopt_tools::schema::development::Development;
use dockopt_tools::{Invocation, Kind, Role};

use self::judge::{From, Judge, Word};
use crate::element::Element;
use crate::here::Here;
use crate::{Image, Known, Model, Parent, path, stages};

/// An install that brings packages of development.
#[derive(Debug)]
pub struct Install<'m> {
    /// Its RUN.
    pub at: usize,
    /// The command.
    pub simple: &'m Simple,
    /// What it asks of its tool.
    pub invocation: Rc<Invocation<'m>>,
    /// The option without them, and their names; or what needs them or may, as a clause.
    pub spared: Result<(&'m str, Vec<String>), String>,
}

/// The installs of the last stage, which is the image. Of other stages nobody knows who needs what.
pub fn installs<'m>(model: &'m Model<'_>) -> Vec<Install<'m>> {
    let Some(stage) = model.stages.len().checked_sub(1).filter(|_| model.context.is_some()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for at in model.stages[stage].instructions.clone() {
        let Ok(script) = model.script(at) else { continue };
        let mut here = Here::at_start(model.stages[stage].state(at));
        for (element, part) in script.elements().into_iter().enumerate() {
            let Element::Node(node) = part else { break };
            if let Some(simple) = node.as_simple()
                && let Some(invocation) = script.recognize(simple)
                && let Some(how) = of_project(&invocation)
                && let Known::Is(cwd) = &here.cwd
            {
                let place = Place { model, stage, at, element, how, invocation: &invocation, cwd };
                let spared = place.spared(simple, &here).map(|names| (how.option.as_str(), names));
                if !matches!(&spared, Ok((_, names)) if names.is_empty()) {
                    found.push(Install { at, simple, invocation, spared });
                }
            }
            here.follow(node);
        }
    }
    found
}

/// How the packages of development are left out of an install of a project's packages.
fn of_project<'t>(invocation: &Invocation<'t>) -> Option<&'t Development> {
    let how = invocation.tool.development.as_ref()?;
    let is_install = invocation.action.is_some_and(|action| how.actions.contains(&action.name));
    (is_install && invocation.operands.is_empty()).then_some(how)
}

/// An install at its place.
struct Place<'p, 'm> {
    model: &'m Model<'m>,
    stage: usize,
    at: usize,
    element: usize,
    how: &'p Development,
    invocation: &'p Invocation<'m>,
    cwd: &'p str,
}

impl Place<'_, '_> {
    /// The packages that can be left out; none where it is said already what becomes of them.
    fn spared(&self, simple: &Simple, here: &Here) -> Result<Vec<String>, String> {
        let title = &self.invocation.tool.title;
        if self.is_decided(simple, here) {
            return Ok(Vec::new());
        }
        let image = self.model.image_before(self.stage, self.at, self.element);
        let needs = manifests::needs(&self.how.manifest, self.cwd, &image)?;
        let last = self.model.stages[self.stage].instructions.end;
        if needs.development.is_empty() || self.prunes() {
            return Ok(Vec::new());
        }
        if !self.invocation.complete {
            return Err(format!("this {title} command has a word that is not understood"));
        }
        if !self.invocation.wrappers.is_empty() {
            return Err(format!("{title} runs under another command here"));
        }
        let state = self.model.stages[self.stage].states.last().expect("a stage has a state after its end");
        for environment in self.how.environments.iter().filter(|one| needs.runtime.contains(&one.package)) {
            let value = state.variables.get(&environment.variable).and_then(|variable| variable.value.get());
            if !value.is_some_and(|value| environment.values.contains(value)) {
                let (package, variable) = (&environment.package, &environment.variable);
                let value = environment.values.first().map_or("", String::as_str);
                return Err(format!("`{package}` may look for them unless `{variable}` is `{value}`"));
            }
        }
        if !self.invocation.has_flag(&self.how.without_scripts) {
            let judge = self.judge(&image, &needs, Some(self.cwd));
            for script in &needs.at_install {
                judge.script(script, 0).map_err(|why| format!("the install runs `{script}`, and {why}"))?;
            }
        }
        self.steps()?;
        self.has_option(&image)?;
        if state.cwd.get().is_none_or(|cwd| cwd != self.cwd) {
            return Err("what the image runs starts in another folder".to_owned());
        }
        let image = self.model.image_before(self.stage, last, 0);
        self.commands(&self.judge(&image, &needs, state.cwd.get().map(String::as_str)))?;
        Ok(needs.development.into_iter().collect())
    }

    fn judge<'j>(&'j self, image: &'j Image<'j>, needs: &'j Needs, cwd: Option<&'j str>) -> Judge<'j> {
        Judge { toolbox: self.model.toolbox, image, needs, how: self.how, cwd }
    }

    /// Whether an option, a variable or a setting says already what becomes of packages of development.
    fn is_decided(&self, simple: &Simple, here: &Here) -> bool {
        let state = self.model.stages[self.stage].state(self.at);
        let own = simple.assignments.iter().map(|one| &one.name);
        let mut variables = state.variables.keys().chain(here.variables.keys()).chain(own);
        variables.any(|name| self.how.is_decided_by(name))
            || self.invocation.has_flag(&self.how.decided_by)
            || !self.how.only_with.is_empty() && !self.invocation.has_flag(&self.how.only_with)
            || self.is_configured()
    }

    /// Whether an earlier command of the tool, in this stage or in one below, configures it so.
    fn is_configured(&self) -> bool {
        let (mut stage, mut end) = (self.stage, self.at + 1);
        loop {
            for at in self.model.stages[stage].instructions.start..end {
                let Ok(script) = self.model.script(at) else { continue };
                let mut found = false;
                dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
                    let Some(one) = script.recognize(simple) else { return };
                    let configures = one.action.is_some_and(|action| action.role == Role::Configure);
                    found |= one.tool.name == self.invocation.tool.name
                        && configures
                        && self.how.settings.iter().any(|word| {
                            simple
                                .words
                                .iter()
                                .any(|own| script.text()[own.span.clone()].contains(word.as_str()))
                        });
                });
                if found {
                    return true;
                }
            }
            let Parent::Stage(of) = self.model.stages[stage].parent else { return false };
            (stage, end) = (of, self.model.stages[of].instructions.end);
        }
    }

    fn has_option(&self, image: &Image<'_>) -> Result<(), String> {
        let (title, option) = (&self.invocation.tool.title, &self.how.option);
        if let Some(since) = self.how.since {
            let versions = self.model.versions_before(self.stage, self.at, self.element);
            match versions.get(&self.invocation.tool.name) {
                Some(version) if *version < since => {
                    return Err(format!("{title} {version} of this base image has no `{option}`"));
                }
                Some(_) => {}
                None => {
                    return Err(format!(
                        "it is not known whether the {title} of this base image has `{option}`"
                    ));
                }
            }
        }
        if let Some(written) = &self.how.written_by {
            let text = image.read(&path::resolve(self.cwd, &written.file));
            if !text.is_some_and(|text| text.contains(&written.says)) {
                let file = &written.file;
                return Err(format!("no `{file}` tells whether this {title} has `{option}`"));
            }
        }
        Ok(())
    }

    /// The commands of the stage after the install, each with its RUN.
    fn later(&self) -> Vec<(usize, &Simple)> {
        let mut found = Vec::new();
        for at in self.at..self.model.stages[self.stage].instructions.end {
            let Ok(script) = self.model.script(at) else { continue };
            let skipped = if at == self.at { self.element + 1 } else { 0 };
            for node in script.elements().into_iter().skip(skipped).flat_map(Element::nodes) {
                crate::script::each_command(node, &mut |simple| found.push((at, simple)));
            }
        }
        found
    }

    /// Whether a later command of the tool takes packages of development away by itself.
    fn prunes(&self) -> bool {
        self.later().into_iter().any(|(at, simple)| {
            let verb = simple.words.get(1).and_then(|word| word.literal.as_ref());
            let one = self.model.script(at).ok().and_then(|script| script.recognize(simple));
            one.is_some_and(|one| one.tool.name == self.invocation.tool.name)
                && verb.is_some_and(|verb| self.how.runs.prunes.contains(verb))
        })
    }

    /// Whether a step after the install may need what it leaves out: whatever runs code of the project or builds it, or is not known.
    fn steps(&self) -> Result<(), String> {
        let opaque = |at: &usize| {
            let is_run = matches!(self.model.tree.instructions[*at].body, Body::Run(_));
            is_run && self.model.script(*at).is_err()
        };
        if let Some(at) = (self.at + 1..self.model.stages[self.stage].instructions.end).find(opaque) {
            return Err(self.blame(at, "what it runs is not understood"));
        }
        for (at, simple) in self.later() {
            let Ok(script) = self.model.script(at) else { continue };
            let Some(first) = simple.words.first() else { continue };
            let verb = simple.words.get(1).and_then(|word| word.literal.as_ref());
            let is_harmless = script.recognize(simple).is_some_and(|one| {
                let role = one.action.map(|action| action.role);
                let own = one
                    .tool
                    .development
                    .as_ref()
                    .is_some_and(|how| verb.is_some_and(|verb| how.runs.harmless.contains(verb)));
                let is_known = match one.tool.kind {
                    Kind::System | Kind::Utility | Kind::Network => true,
                    Kind::Language | Kind::Build | Kind::Shell => role.is_some(),
                };
                own || is_known && !matches!(role, Some(Role::Run | Role::Build))
            });
            if !is_harmless {
                let end = simple.words[simple.words.len() - 1].span.end;
                let text = crate::needs::quoted(&script.text()[first.span.start..end]);
                return Err(self.blame(
                    at,
                    &format!("`{text}` is a step that may need them; do it in a stage of its own"),
                ));
            }
        }
        Ok(())
    }

    /// Whether what the image runs may need it.
    fn commands(&self, judge: &Judge<'_>) -> Result<(), String> {
        let entrypoint = self.last(|body| matches!(body, Body::Entrypoint(_)));
        let cmd = self.last(|body| matches!(body, Body::Cmd(_)));
        let health = self.last(|body| matches!(body, Body::Healthcheck(_)));
        if let Some(at) = health
            && let Body::Healthcheck(Healthcheck::Command(command)) = &self.model.tree.instructions[at].body
        {
            self.command(judge, at, command, &[])?;
        }
        let own = |at: usize| match &self.model.tree.instructions[at].body {
            Body::Entrypoint(command) | Body::Cmd(command) => Some(command),
            _ => None,
        };
        match (entrypoint, cmd) {
            (Some(at), cmd) => {
                let further = match cmd.and_then(own) {
                    Some(Command::Exec(words)) => words.iter().map(|word| Word::plain(&word.text)).collect(),
                    _ => Vec::new(),
                };
                own(at).map_or(Ok(()), |command| self.command(judge, at, command, &further))
            }
            (None, Some(at)) => own(at).map_or(Ok(()), |command| self.command(judge, at, command, &[])),
            (None, None) if self.how.runs.servers.is_empty() => {
                Err("the file does not say what the image runs".to_owned())
            }
            (None, None) => Ok(()),
        }
    }

    /// The last instruction of a sort in this stage, or in one below.
    fn last(&self, is_meant: impl Fn(&Body) -> bool) -> Option<usize> {
        let mut all = stages::lineage(&self.model.stages, self.stage)
            .flat_map(|stage| self.model.stages[stage].instructions.clone().rev());
        all.find(|&at| is_meant(&self.model.tree.instructions[at].body))
    }

    fn command(
        &self,
        judge: &Judge<'_>,
        at: usize,
        command: &Command,
        further: &[Word],
    ) -> Result<(), String> {
        let instruction = &self.model.tree.instructions[at];
        let found = match command {
            Command::Shell(range) => judge.shell(&instruction.logical.text()[range.clone()], From::Image, 0),
            Command::Exec(words) => {
                let words: Vec<Word> =
                    words.iter().map(|word| Word::plain(&word.text)).chain(further.iter().cloned()).collect();
                judge.words(&words, From::Image, 0)
            }
        };
        found.map_err(|why| self.blame(at, &why))
    }

    fn blame(&self, at: usize, why: &str) -> String {
        let line =
            LineIndex::new(&self.model.tree.text).line(self.model.tree.instructions[at].keyword_span.start);
        format!("line {line}: {why}")
    }
}
