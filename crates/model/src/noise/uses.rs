//! Whether something uses what a COPY carried, before a command makes it anew. Must not know where it came from.

use std::collections::BTreeSet;

use dockopt_syntax::Keyword;
use dockopt_tools::noise::{Maker, Noise};
use dockopt_tools::{Invocation, Role};

use super::place_of;
use crate::{Model, Parent, here, path, script};

/// Something that lies in the image.
pub(super) struct Uses<'u, 'a> {
    pub(super) model: &'u Model<'a>,
    pub(super) noise: &'u Noise,
    /// Where it lies.
    pub(super) image: &'u str,
}

impl Uses<'_, '_> {
    /// `Err` says what uses it, from an instruction of a stage on.
    pub(super) fn from(&self, stage: usize, from: usize) -> Result<(), String> {
        let (noise, image) = (self.noise, self.image);
        let must_be_made = !noise.made_by.is_empty() && !noise.made_by_or_unnamed;
        for at in from..self.model.stages[stage].instructions.end {
            if self.step(stage, at)? == Step::MadeIt {
                return Ok(());
            }
        }
        let children: Vec<usize> = (stage + 1..self.model.stages.len())
            .filter(|&child| matches!(self.model.stages[child].parent, Parent::Stage(of) if of == stage))
            .collect();
        for &child in &children {
            self.from(child, self.model.stages[child].instructions.start)?;
        }
        if must_be_made && children.is_empty() {
            return Err(format!(
                "no later step makes `{image}`, so the copied one may be what the image runs with"
            ));
        }
        Ok(())
    }

    fn step(&self, stage: usize, at: usize) -> Result<Step, String> {
        let (noise, image) = (self.noise, self.image);
        let instruction = &self.model.tree.instructions[at];
        let names = |text: &str| mentions(noise, image, text);
        let says = || Err(format!("{} names it", place_of(self.model, at)));
        if instruction.keyword != Keyword::Run {
            let is_own_copy = instruction.body.as_copy().is_some() && instruction.flag("from").is_none();
            return if !is_own_copy && names(instruction.logical.text()) { says() } else { Ok(Step::Passed) };
        }
        let Ok(script) = self.model.script(at) else {
            let is_said = names(instruction.logical.text());
            return if is_said || noise.builders_read_it {
                says_or_may(is_said, self.model, at)
            } else {
                Ok(Step::Passed)
            };
        };
        let folders = here::folders(script, self.model.stages[stage].state(at));
        let filled: BTreeSet<&String> = self.model.traces()[stage]
            .of(at)
            .flat_map(|atom| &atom.effects.inputs)
            .flat_map(|inputs| &inputs.write_trees)
            .collect();
        for (element, cwd) in script.elements().into_iter().zip(folders) {
            let mut result = Ok(Step::Passed);
            for node in element.nodes() {
                script::each_command(node, &mut |simple| {
                    if result != Ok(Step::Passed) {
                        return;
                    }
                    let words: Vec<&str> =
                        simple.words.iter().map(|word| &script.text()[word.span.clone()]).collect();
                    let invocation = script.recognize(simple);
                    // The folder of an element is that of a command inside it only where the command is all of it.
                    let is_here = element.simple().is_some_and(|own| std::ptr::eq(own, simple))
                        && cwd.get().is_some_and(|cwd| path::parent(image) == cwd);
                    let makes = invocation.as_deref().is_some_and(|one| is_made_by(&noise.made_by, one))
                        && (filled.contains(&image.to_owned()) || is_here);
                    result = if makes {
                        Ok(Step::MadeIt)
                    } else if let Some(why) = needs(noise, &words, invocation.as_deref()) {
                        Err(why)
                    } else if words.iter().any(|word| names(word)) {
                        says()
                    } else if noise.builders_read_it && may_build(invocation.as_deref()) {
                        says_or_may(false, self.model, at)
                    } else {
                        Ok(Step::Passed)
                    };
                });
            }
            if result != Ok(Step::Passed) {
                return result;
            }
        }
        Ok(Step::Passed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It does not use it.
    Passed,
    /// It makes it anew.
    MadeIt,
}

fn says_or_may(is_said: bool, model: &Model<'_>, at: usize) -> Result<Step, String> {
    let verb = if is_said { "names it" } else { "builds, and may read it" };
    Err(format!("{} {verb}", place_of(model, at)))
}

fn is_made_by(makers: &[Maker], invocation: &Invocation<'_>) -> bool {
    let Some(action) = invocation.action else { return false };
    // A build may have options that are not known; an install that is not understood may work elsewhere.
    (invocation.complete || action.role == Role::Build)
        && makers
            .iter()
            .any(|maker| maker.tool == invocation.tool.name && maker.actions.contains(&action.name))
}

/// Why a command needs it, as a clause.
fn needs(noise: &Noise, words: &[&str], invocation: Option<&Invocation<'_>>) -> Option<String> {
    let is_needed = |word: &&str| noise.needed_by_commands.iter().any(|need| path::name(word) == need);
    // The command itself, and those whose output becomes a word.
    let own = words.get(invocation.map_or(0, |one| one.command.start)).copied();
    let inner = words.iter().filter(|word| word.contains(['(', '`'])).flat_map(|word| word.split(is_between));
    if let Some(word) = own.into_iter().chain(inner).find(is_needed) {
        return Some(format!("a RUN calls `{word}`"));
    }
    let invocation = invocation?;
    let need = noise.needed_by.iter().find(|need| {
        need.tool == invocation.tool.name
            && invocation.action.is_some_and(|action| action.name == need.action)
            && !words.iter().any(|word| need.unless.iter().any(|option| word.starts_with(option.as_str())))
    })?;
    Some(need.why.clone())
}

fn may_build(invocation: Option<&Invocation<'_>>) -> bool {
    let role = invocation.and_then(|one| one.action).map(|action| action.role);
    role.is_none_or(|role| matches!(role, Role::Build | Role::Run | Role::Other))
}

/// Whether a text names it: by its path in the image, or by a relative path with that name in it.
fn mentions(noise: &Noise, image: &str, text: &str) -> bool {
    text.split(is_between).filter(|word| !word.is_empty()).any(|word| {
        let has_name = word.split('/').any(|part| noise.is(part));
        if word.starts_with('/') { path::within(&path::resolve("/", word), image) } else { has_name }
    })
}

/// Whether a character may stand between paths.
fn is_between(c: char) -> bool {
    c.is_whitespace() || "\"'`=:,;()[]{}<>|&".contains(c)
}
