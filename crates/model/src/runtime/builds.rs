//! Builds of programs that run without what built them: where the program lies, and which files of the project stay with it.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_shell::Simple;
use dockopt_tools::manifests::{Look, Project};
use dockopt_tools::{Action, Builds, Invocation};

use super::What;
use super::parts::{Reader, Role};
use crate::atom::Atom;
use crate::{Image, Known, Model, attributes, path, stages};

impl Reader<'_, '_> {
    /// Whether a command builds a program.
    pub(super) fn is_built_by(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        action: &Action,
        builds: &Builds,
    ) -> bool {
        action.builds.is_some() && builds.verbs.contains(&self.verb(simple, invocation))
    }

    /// Whether a command is there for such a build alone.
    pub(super) fn is_step(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        action: &Action,
        builds: &Builds,
    ) -> bool {
        builds.steps.contains(&action.name)
            || (action.builds.is_some() && builds.steps.contains(&self.verb(simple, invocation)))
    }

    fn verb(&self, simple: &Simple, invocation: &Invocation<'_>) -> String {
        let args = self.script.args(simple);
        args[invocation.verb.clone()].iter().filter_map(|word| word.literal()).collect::<Vec<_>>().join(" ")
    }

    /// The program that a build leaves.
    pub(super) fn built(
        &self,
        simple: &Simple,
        invocation: &Invocation<'_>,
        builds: &Builds,
    ) -> Result<Role, String> {
        let tool = &invocation.tool.name;
        let base = stages::base(&self.model.stages, self.stage);
        if !base.is_some_and(|base| base.bundled.contains(&builds.in_images_with)) {
            return Err(format!("what `{tool}` links to is known only in its own images"));
        }
        if !invocation.complete || !invocation.wrappers.is_empty() {
            return Err(format!("the options of this `{tool}` are not all understood"));
        }
        if let Some(flag) = invocation.flags.iter().find(|flag| builds.not_with.contains(&flag.name)) {
            return Err(format!("what `{tool}` builds with `{}` may need more than the program", flag.name));
        }
        for own in &simple.assignments {
            let wanted = builds.target.get(&own.name);
            let value = own.value.as_ref().and_then(|word| word.literal.as_ref());
            if wanted.is_some() && wanted != value {
                return Err(format!("with `{}` it is not known to run in this image", own.name));
            }
        }
        if let Some(name) = builds.target.keys().find(|name| {
            self.state.variables.get(*name).is_some_and(|own| own.value.get() != builds.target.get(*name))
        }) {
            return Err(format!("with `{name}` it is not known to run in this image"));
        }
        if !self.state.user.get().is_some_and(|user| attributes::is_root(user)) {
            return Err(
                "it is built as another user than root, and a copy would not be that user's".to_owned()
            );
        }
        let Known::Is(cwd) = &self.here.cwd else {
            return Err("it is not known in which folder it is built".to_owned());
        };
        let image = self.model.image_before(self.stage, self.place.0, self.place.1);
        let args = self.script.args(simple);
        let texts: Vec<&str> = invocation
            .operand_texts(&args)
            .into_iter()
            .collect::<Option<_>>()
            .ok_or("which package is built is only known when it runs")?;
        let option = [&builds.output];
        let mut outputs = invocation.flag_values(&option);
        let output = match outputs.next() {
            None => None,
            Some(value) => {
                Some(value.text(&args).ok_or("where the program goes is only known when it runs")?)
            }
        };
        let place = match output {
            None => path::resolve(cwd, &name(&image, cwd, &texts, builds)?),
            Some(text) => {
                let place = path::resolve(cwd, text);
                let is_folder = text.ends_with('/') || image.look(&place) == Look::Directory;
                if !is_folder
                    && (path::name(&place) == "bin" || base.is_some_and(|base| base.has_folder(&place)))
                {
                    return Err(format!("whether `{text}` is a folder is not known"));
                }
                if is_folder { path::resolve(&place, &name(&image, cwd, &texts, builds)?) } else { place }
            }
        };
        Ok(Role::Product { text: None, from: place.clone(), to: place })
    }
}

/// The name of the program where no option gives one.
fn name(image: &Image<'_>, cwd: &str, operands: &[&str], builds: &Builds) -> Result<String, String> {
    let unknown = || "which name the program gets is not known; `-o` would say it".to_owned();
    match operands {
        [] | ["." | "./"] => {
            let manifest = image.read(&path::resolve(cwd, &builds.named_by)).ok_or_else(unknown)?;
            let module =
                manifest.lines().find_map(|line| line.strip_prefix("module ")).ok_or_else(unknown)?;
            let parts: Vec<&str> = module.trim().trim_matches('"').split('/').collect();
            let is_version = |part: &str| {
                part.strip_prefix('v')
                    .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
            };
            match parts.as_slice() {
                [.., name, last] if is_version(last) => Ok((*name).to_owned()),
                [.., last] if !last.is_empty() && !last.contains(char::is_whitespace) => {
                    Ok((*last).to_owned())
                }
                _ => Err(unknown()),
            }
        }
        [file, others @ ..]
            if file.ends_with(&builds.source) && others.iter().all(|one| one.ends_with(&builds.source)) =>
        {
            Ok(path::name(file).trim_end_matches(&builds.source).to_owned())
        }
        [package] if package.starts_with("./") && !package.contains("...") && !package.contains('*') => {
            Ok(path::name(package.trim_end_matches('/')).to_owned())
        }
        _ => Err(unknown()),
    }
}

/// What of a COPY stays with the program, and the files of the context that do not; all of it where these cannot be told apart.
pub(super) fn without_sources(
    model: &Model<'_>,
    stage: usize,
    instruction: usize,
    builds: &Builds,
) -> (Option<What>, BTreeSet<String>) {
    let trace = &model.traces()[stage];
    let whole = || (Some(What::Whole), BTreeSet::new());
    let files: Vec<(&str, &str)> = trace.of(instruction).filter_map(Atom::written_file).collect();
    let (Some(context), false) = (model.context, files.is_empty()) else { return whole() };
    let Known::Is((target, _)) = crate::copy::destination(
        model.tree,
        &model.tree.instructions[instruction],
        model.stages[stage].state(instruction),
    ) else {
        return whole();
    };
    let (left, kept): (Vec<_>, Vec<_>) = files.iter().copied().partition(|(_, from)| builds.is_source(from));
    if left.is_empty() {
        return whole();
    }
    let names = || left.iter().map(|(_, from)| (*from).to_owned()).collect();
    if kept.is_empty() {
        return (None, names());
    }
    let (mut single, mut folders) = (BTreeMap::new(), BTreeSet::new());
    for (image, from) in &kept {
        // Another clone has not got it.
        if context.files.is_git_ignored(from) == Some(true) {
            return whole();
        }
        match path::relative(image, &target).and_then(|inner| inner.split_once('/')) {
            None => {
                single.insert((*image).to_owned(), (*from).to_owned());
            }
            Some((top, _)) => {
                let folder = path::resolve(&target, top);
                if left.iter().any(|(other, _)| path::within(other, &folder)) {
                    return whole();
                }
                folders.insert(folder);
            }
        }
    }
    let all = files.iter().map(|(image, from)| ((*image).to_owned(), (*from).to_owned())).collect();
    (Some(What::Files { files: single, folders, all }), names())
}

/// The files of the base image that a program may look for, by what its sources say.
pub(super) fn beside(model: &Model<'_>, stage: usize, builds: &Builds) -> Vec<String> {
    let family = stages::base(&model.stages, stage).and_then(|base| base.family.clone()).unwrap_or_default();
    let own = model.traces()[stage].atoms.iter().filter_map(Atom::written_file);
    let sources = own
        .map(|(_, from)| from)
        .filter(|from| from.ends_with(&builds.source) || path::name(from) == builds.named_by);
    let texts: Vec<_> =
        sources.map(|from| model.context.and_then(|context| context.files.read(from))).collect();
    // Sources that cannot be read may say anything.
    let says = |text: &Option<_>, words: &[String]| {
        text.as_ref()
            .is_none_or(|text: &std::sync::Arc<str>| words.iter().any(|word| text.contains(word.as_str())))
    };
    let may_look = |words: &[String]| texts.is_empty() || texts.iter().any(|text| says(text, words));
    let needed =
        builds.beside.iter().filter(|beside| beside.families.contains(&family) && may_look(&beside.says));
    needed.map(|beside| beside.path.clone()).collect()
}
