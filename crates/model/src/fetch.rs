//! Which builds could have what they fetch fetched in a step before them, and what speaks against it. An analysis: what is done
//! with the answer is decided in a pass.

use dockopt_shell::Simple;
use dockopt_tools::manifests::{Look, Project};
use dockopt_tools::{Arg, Fetch, FlagValue, Invocation, Kind, Role, Taken, TakenOperands, Tool};

use crate::element::Element;
use crate::script;
use crate::{Known, Model, Parent, Script, here, path};

/// A build whose tool knows a step that fetches for it.
#[derive(Debug)]
pub struct Build<'m> {
    /// Its RUN.
    pub instruction: usize,
    /// Its tool.
    pub tool: &'m Tool,
    /// The step that fits, or why there is none, as a clause.
    pub fetch: Result<Step<'m>, String>,
}

/// A step that fetches for a build.
#[derive(Debug)]
pub struct Step<'m> {
    /// The command line.
    pub command: String,
    /// What is known of it.
    pub form: &'m Fetch,
}

/// The first build of a stage that fetches by itself. `None` where there is none, or where a step before it fetched or
/// installed with the same tool.
pub fn first_build<'m>(model: &'m Model<'_>, stage: usize) -> Option<Build<'m>> {
    for at in model.stages[stage].instructions.clone() {
        let Ok(script) = model.script(at) else { continue };
        for (element, part) in script.elements().into_iter().enumerate() {
            for node in part.nodes() {
                let mut build = None;
                script::each_command(node, &mut |simple| {
                    let invocation = script.recognize(simple);
                    let forms = invocation.as_ref().and_then(|one| one.action).map(|action| &action.fetch);
                    if build.is_none() && forms.is_some_and(|forms| !forms.is_empty()) {
                        build = invocation.map(|invocation| (simple, invocation));
                    }
                });
                if let Some((simple, invocation)) = build {
                    if has_fetched(model, stage, at, &invocation.tool.name) {
                        return None;
                    }
                    let place = Place { model, stage, at, element, script, part };
                    let forms = &invocation.action?.fetch;
                    let tool = invocation.tool;
                    return Some(Build {
                        instruction: at,
                        tool,
                        fetch: place.fitting(simple, &invocation, forms),
                    });
                }
            }
        }
    }
    None
}

/// Whether a step before instruction `at` of a stage, or of one that it starts from, brings packages with a tool.
fn has_fetched(model: &Model<'_>, stage: usize, at: usize, tool: &str) -> bool {
    let brings = |at: usize| {
        let Ok(script) = model.script(at) else { return false };
        let mut found = false;
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
            let invocation = script.recognize(simple);
            let role = invocation
                .filter(|one| one.tool.name == tool)
                .and_then(|one| one.action)
                .map(|action| action.role);
            found |= matches!(role, Some(Role::Install | Role::Fetch));
        });
        found
    };
    (model.stages[stage].instructions.start..=at).any(brings)
        || match model.stages[stage].parent {
            Parent::Stage(of) => {
                has_fetched(model, of, model.stages[of].instructions.end.saturating_sub(1), tool)
            }
            _ => false,
        }
}

/// Where a build stands.
struct Place<'p, 'a> {
    model: &'p Model<'a>,
    stage: usize,
    at: usize,
    element: usize,
    script: &'p Script<'a>,
    part: Element<'p>,
}

impl Place<'_, '_> {
    fn fitting<'m>(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        forms: &'m [Fetch],
    ) -> Result<Step<'m>, String> {
        if self.part.simple().is_none_or(|own| !std::ptr::eq(own, simple)) {
            return Err("it is part of a larger command".to_owned());
        }
        if !self.model.tree.instructions[self.at].flags.is_empty() {
            return Err("its RUN has mounts or other flags, which a step before it would not have".to_owned());
        }
        if !invocation.wrappers.is_empty() {
            return Err("it runs under another command".to_owned());
        }
        let state = self.model.stages[self.stage].state(self.at);
        let cwd = match here::folders(self.script, state).into_iter().nth(self.element) {
            Some(Known::Is(cwd)) if state.cwd.get() == Some(&cwd) => cwd,
            Some(Known::Is(_)) => return Err("its RUN changes the folder first".to_owned()),
            _ => return Err("the working directory of the base image is not known".to_owned()),
        };
        if let Some(name) = self.prepared_by(&invocation.tool.name) {
            return Err(format!("`{name}` before it in the same RUN may prepare what it fetches"));
        }
        let mut why = "there is no step that fetches for it".to_owned();
        for form in forms {
            match self.fits(simple, invocation, form, &cwd) {
                Ok(command) => return Ok(Step { command, form }),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    /// A command before the build in its RUN that may do more than small things in the image.
    fn prepared_by(&self, tool: &str) -> Option<String> {
        let mut found = None;
        for part in self.script.elements().into_iter().take(self.element) {
            for node in part.nodes() {
                script::each_command(node, &mut |simple| {
                    let is_small = self.script.recognize(simple).is_some_and(|one| {
                        let role = one.action.map(|action| action.role);
                        one.tool.kind == Kind::Utility
                            || role == Some(Role::Query)
                            || (one.tool.name == tool && role == Some(Role::Build))
                    });
                    if !is_small && simple.name() != Some("set") {
                        found.get_or_insert_with(|| simple.name().unwrap_or("a command").to_owned());
                    }
                });
            }
        }
        found
    }

    fn fits(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        form: &Fetch,
        cwd: &str,
    ) -> Result<String, String> {
        let args = self.script.args(simple);
        let verb: Vec<&str> =
            args[invocation.verb.clone()].iter().filter_map(|word| word.literal()).collect();
        if !form.verbs.is_empty() && !form.verbs.contains(&verb.join(" ")) {
            return Err(format!("`{}` may change what is fetched", verb.join(" ")));
        }
        let mut assignments = simple.assignments.iter().map(|one| &one.name);
        if let Some(name) = assignments.find(|name| !form.harmless_assignments.contains(name)) {
            return Err(format!("`{name}` is set for it alone"));
        }
        for (index, word) in args.iter().enumerate().skip(invocation.command.end) {
            let (Arg::Literal(text) | Arg::Prefix(text) | Arg::Glob(text)) = *word else {
                return Err(format!("word {} of it is only known when it runs", index + 1));
            };
            let is_option = |option: &&String| {
                text.strip_prefix(option.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            };
            if let Some(option) = form.not_with.iter().find(is_option) {
                return Err(format!("it is given `{option}`"));
            }
        }
        let image = self.model.image_before(self.stage, self.at, 0);
        for name in &form.beside {
            let file = path::resolve(cwd, name);
            if image.origin(&file).is_none() {
                return Err(match image.look(&file) {
                    Look::Unknown => format!("an earlier step may have changed `{file}`"),
                    _ => format!("there is no `{file}` of the build context"),
                });
            }
            let text = image.read(&file).unwrap_or_default();
            if let Some(said) = form.not_saying.iter().find(|said| text.contains(said.as_str())) {
                return Err(format!(
                    "`{file}` has `{said}`, and what that asks for may not be there to fetch"
                ));
            }
        }
        for name in &form.not_beside {
            let file = path::resolve(cwd, name);
            match image.look(&file) {
                Look::Absent => {}
                Look::Unknown => return Err(format!("an earlier step may have made `{file}`")),
                Look::File | Look::Directory => return Err(format!("`{file}` is there")),
            }
        }
        self.command(simple, invocation, form)
    }

    /// The command line of the step, with what it takes of the words of the build.
    fn command(&self, simple: &Simple, invocation: &Invocation<'_>, form: &Fetch) -> Result<String, String> {
        let source = |index: usize| &self.script.text()[simple.words[index].span.clone()];
        let program: Vec<&str> = invocation.command.clone().map(source).collect();
        let rest = form.command.split_once(' ').map_or("", |(_, rest)| rest);
        let mut command = format!("{} {rest}", program.join(" "));
        let mut add = |word: &str| {
            command.push(' ');
            command.push_str(word);
        };
        let Some(Taken { options, other_form, leaves, operands }) = &form.takes else { return Ok(command) };
        if let Some(flag) = invocation.flags.iter().find(|flag| {
            ![options, leaves].iter().any(|list| list.contains(&flag.name))
                && !other_form.contains_key(&flag.name)
        }) {
            return Err(format!("`{}` may change what is fetched", flag.name));
        }
        if !invocation.complete {
            return Err("not every word of it is understood".to_owned());
        }
        match (operands, invocation.operands.as_slice()) {
            (TakenOperands::None, _) | (TakenOperands::One, []) => {}
            (TakenOperands::One, [one]) => add(source(*one)),
            (TakenOperands::One, _) => return Err("it names more than one thing to build".to_owned()),
        }
        let args = self.script.args(simple);
        let mut taken = None;
        for flag in &invocation.flags {
            if let Some(start) = other_form.get(&flag.name) {
                let plain = |value: &&str| {
                    value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
                };
                let value = flag.value.as_ref().and_then(|value| value.text(&args)).filter(plain);
                let value = value.ok_or_else(|| format!("the value of `{}` is not plain", flag.name))?;
                add(&format!("{start}{value}"));
            } else if options.contains(&flag.name) {
                // Several short options may stand in one word.
                if taken.replace(flag.word) != Some(flag.word) {
                    add(source(flag.word));
                }
                if let Some(FlagValue::Word(value)) = flag.value {
                    add(source(value));
                }
            }
        }
        Ok(command)
    }
}
