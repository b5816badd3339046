//! Which installs could be told to take their lock file as it is, and what speaks against it. An analysis: what is done with
//! the answer is decided in a pass.

use std::rc::Rc;

use dockopt_shell::Simple;
use dockopt_tools::manifests::{Look, Project, locks};
use dockopt_tools::{Frozen, Invocation};

use crate::element::Element;
use crate::{Image, Known, Model, Parent, here, path};

/// An install that its tool has a frozen form for.
#[derive(Debug)]
pub struct Install<'m> {
    /// The command.
    pub simple: &'m Simple,
    /// What it asks of its tool.
    pub invocation: Rc<Invocation<'m>>,
    /// The form that fits its lock file, or why there is none, as a clause.
    pub form: Result<Fitting<'m>, String>,
}

/// A frozen form that can be used.
#[derive(Debug)]
pub struct Fitting<'m> {
    /// The form.
    pub form: &'m Frozen,
    /// The name of its lock file.
    pub lock: &'m str,
    /// Whether the lock file was compared with its manifest.
    pub agreement: Agreement,
}

/// What is known about a lock file and its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// They agree.
    Compared,
    /// The tool has no comparison.
    NotCompared,
}

/// The installs of a RUN, in order, that are not frozen and could be. Commands inside a block are left out: what runs before
/// them is not certain.
pub fn installs<'m>(model: &'m Model<'_>, stage: usize, at: usize) -> Vec<Install<'m>> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let mut found = Vec::new();
    let state = model.stages[stage].state(at);
    let folders = here::folders(script, state);
    for (element, part) in script.elements().into_iter().enumerate() {
        let Element::Node(node) = part else { break };
        if let Some(simple) = node.as_simple()
            && let Some(invocation) = script.recognize(simple)
            && let Some(action) = invocation.action.filter(|action| !action.frozen.is_empty())
        {
            let sets = |name: &str| {
                state.variables.contains_key(name) || simple.assignments.iter().any(|own| own.name == name)
            };
            let is_decided = |form: &Frozen| {
                invocation.has_flag(&form.not_with)
                    || form.not_with_env.iter().any(|name| sets(name))
                    || (!form.not_after.is_empty()
                        && is_said_before(model, stage, at, &invocation.tool.name, form))
            };
            let args = script.args(simple);
            let verb: Vec<&str> =
                args[invocation.verb.clone()].iter().filter_map(|word| word.literal()).collect();
            let has_verb = |form: &Frozen| form.verbs.is_empty() || form.verbs.contains(&verb.join(" "));
            if action.frozen.iter().all(|form| has_verb(form) && !is_decided(form)) {
                let image = model.image_before(stage, at, element);
                if is_without_locks(&action.frozen, &folders[element], &image) {
                    continue;
                }
                let version = model.versions_before(stage, at, element).get(&invocation.tool.name).copied();
                let form = fitting(&action.frozen, &invocation, &folders[element], &image, version);
                found.push(Install { simple, invocation, form });
            }
        }
    }
    found
}

/// Whether an earlier command of the tool says already what is to become of the lock file: in this RUN, above it, or in a stage
/// below this one.
fn is_said_before(model: &Model<'_>, stage: usize, at: usize, tool: &str, form: &Frozen) -> bool {
    let says = |at: usize| {
        let Ok(script) = model.script(at) else { return false };
        let mut found = false;
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
            if script.recognize(simple).is_some_and(|one| one.tool.name == tool) {
                let words = script.args(simple);
                let mut texts = words.iter().filter_map(|word| word.literal());
                found |= texts.any(|text| form.not_after.iter().any(|word| word == text));
            }
        });
        found
    };
    (model.stages[stage].instructions.start..=at).any(says)
        || match model.stages[stage].parent {
            Parent::Stage(of) => {
                let last = model.stages[of].instructions.end.saturating_sub(1);
                is_said_before(model, of, last, tool, form)
            }
            _ => false,
        }
}

/// Whether there is no lock file, and none is needed.
fn is_without_locks(forms: &[Frozen], cwd: &Known<String>, image: &Image<'_>) -> bool {
    let Known::Is(cwd) = cwd else { return false };
    let is_absent = |name: &String| image.look(&path::resolve(cwd, name)) == Look::Absent;
    forms.iter().all(|form| form.is_optional && form.lock.iter().all(is_absent))
}

fn fitting<'m>(
    forms: &'m [Frozen],
    invocation: &Invocation<'_>,
    cwd: &Known<String>,
    image: &Image<'_>,
    version: Option<u32>,
) -> Result<Fitting<'m>, String> {
    let title = &invocation.tool.title;
    if !invocation.complete {
        return Err(format!("this {title} command has a word that is not understood"));
    }
    if !invocation.wrappers.is_empty() {
        return Err(format!("{title} runs under another command here"));
    }
    if !invocation.operands.is_empty() {
        return Err("it names what it installs, and so does not follow the lock file alone".to_owned());
    }
    let Known::Is(cwd) = cwd else {
        return Err("the working directory of the base image is not known".to_owned());
    };
    let mut changed = None;
    for (form, name) in forms.iter().flat_map(|form| form.lock.iter().map(move |name| (form, name))) {
        let lock = path::resolve(cwd, name);
        match image.look(&lock) {
            Look::File => {}
            Look::Unknown => {
                changed.get_or_insert(lock);
                continue;
            }
            Look::Absent | Look::Directory => continue,
        }
        let Some(text) = image.read(&lock) else { return Err(format!("`{lock}` cannot be read")) };
        if form.lock_says.as_ref().is_none_or(|says| text.contains(says.as_str())) {
            let agreement = agreement(form, title, version, cwd, &lock, image)?;
            return Ok(Fitting { form, lock: name, agreement });
        }
    }
    if let Some(lock) = changed {
        return Err(format!("an earlier step may have changed `{lock}`"));
    }
    let mut names: Vec<String> =
        forms.iter().flat_map(|form| &form.lock).map(|name| format!("`{name}`")).collect();
    names.dedup();
    Err(format!(
        "no lock file ({}) is in the image before this step, so each build may install other versions",
        names.join(", ")
    ))
}

/// Whether a form whose lock file is there can be used, and what is known of that file.
fn agreement(
    form: &Frozen,
    title: &str,
    version: Option<u32>,
    cwd: &str,
    lock: &str,
    image: &Image<'_>,
) -> Result<Agreement, String> {
    if let Some(since) = form.since
        && version.is_none_or(|version| version < since)
    {
        return Err(match version {
            Some(version) => format!("{title} {version} of this base image is older than its frozen form"),
            None => format!(
                "it is not known which {title} this base image has, and the frozen form came with version {since}"
            ),
        });
    }
    let cleared = form.clears.iter().map(|name| path::resolve(cwd, name));
    for folder in cleared {
        if image.look(&folder) != Look::Absent {
            return Err(format!("the frozen form removes `{folder}` first, where something may lie"));
        }
    }
    let Some(comparison) = &form.agrees else {
        return Ok(Agreement::NotCompared);
    };
    match locks::agrees(comparison, lock, image) {
        Some(Ok(())) => Ok(Agreement::Compared),
        Some(Err(why)) => Err(format!("`{lock}` may not agree with its manifest: {why}")),
        None => Err(format!("there is no comparison `{comparison}`")),
    }
}
