//! Removals that come too late: a RUN removes what an earlier step of its stage wrote, which stays in the layer of that step. An
//! analysis: what can be done about them is decided in a pass.

use std::rc::Rc;

use dockopt_shell::{Node, Simple};
use dockopt_tools::{Arg, Invocation, Kind, Role};

use crate::atom::Atom;
use crate::here::{self, Here, Met};
use crate::region::Region;
use crate::{Known, Model, Script, copy, path};

/// A command that removes what an earlier step brought.
#[derive(Debug)]
pub struct Late<'m> {
    /// The RUN that it is in.
    pub at: usize,
    /// Which command of that RUN's chain or list it is.
    pub operand: usize,
    /// The command.
    pub node: &'m Node,
    /// The step that brought what is removed, and those after it that name it, in order. The RUN itself is among them if it
    /// names it before it removes it.
    pub steps: Vec<usize>,
    /// What is removed, as the command says it.
    pub what: String,
    /// Packages, not files.
    pub is_packages: bool,
}

impl Late<'_> {
    /// The step that brought what is removed.
    pub fn maker(&self) -> usize {
        self.steps[0]
    }
}

/// The late removals of a stage, in order. Those that only empty caches are not among them.
pub fn of<'m>(model: &'m Model<'_>, stage: usize) -> Vec<Late<'m>> {
    let mut found = Vec::new();
    let steps = model.stages[stage].instructions.clone();
    for at in steps.clone() {
        let Ok(script) = model.script(at) else { continue };
        let Some(chain) = script.ast.and_chain().or_else(|| script.sequence()) else { continue };
        let folders = here::folders(script, model.stages[stage].state(at));
        for (operand, node) in chain.into_iter().enumerate() {
            let Some((simple, invocation)) = removal(script, node) else { continue };
            let is_packages = invocation.tool.kind == Kind::System;
            let things = things(script, simple, &invocation, &folders[operand]);
            let mut named = Vec::new();
            for step in steps.start..=at {
                let until = if step == at { operand } else { usize::MAX };
                let look = Look { model, stage, step, until };
                let hit = things
                    .iter()
                    .filter_map(|(thing, _)| {
                        if is_packages { look.installs(&invocation, thing) } else { look.names(thing) }
                    })
                    .max();
                match hit {
                    Some(Hit::Writes) => named.push(step),
                    Some(Hit::Reads) if !named.is_empty() => named.push(step),
                    Some(Hit::Removes) => named.clear(),
                    _ => {}
                }
            }
            if named.first().is_some_and(|&first| first < at) {
                let what = things.iter().map(|(_, said)| said.as_str()).collect::<Vec<_>>().join(" ");
                found.push(Late { at, operand, node, steps: named, what, is_packages });
            }
        }
    }
    found
}

/// The command that a node is, if it removes files or packages and is no cleanup.
fn removal<'s, 't>(script: &Script<'t>, node: &'s Node) -> Option<(&'s Simple, Rc<Invocation<'t>>)> {
    let simple = node.as_simple().filter(|simple| simple.assignments.is_empty())?;
    let invocation = script.recognize(simple)?;
    let is_removal = invocation.action.is_some_and(|action| action.role == Role::Remove)
        && matches!(invocation.tool.kind, Kind::Utility | Kind::System)
        && invocation.wrappers.is_empty()
        && script.cleans(node).is_none();
    is_removal.then_some((simple, invocation))
}

/// Something that a command removes.
#[derive(Debug)]
enum Thing {
    /// A path, with all below it.
    Path(String),
    /// A word that is only known when it runs.
    Word(String),
    /// A package.
    Package(String),
}

impl Thing {
    fn said(&self) -> &str {
        match self {
            Self::Path(text) | Self::Word(text) | Self::Package(text) => text,
        }
    }
}

/// How a step has to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hit {
    /// It takes it away again, if it made it at all.
    Removes,
    Reads,
    Writes,
}

fn things(
    script: &Script<'_>,
    simple: &Simple,
    invocation: &Invocation<'_>,
    cwd: &Known<String>,
) -> Vec<(Thing, String)> {
    let args = script.args(simple);
    let text = |index: usize| script.text()[simple.words[index].span.clone()].to_owned();
    let resolve = |text: &str| {
        if text.starts_with('/') {
            Some(path::resolve("/", text))
        } else {
            cwd.get().map(|cwd| path::resolve(cwd, text))
        }
    };
    let thing = |&index: &usize| match args[index] {
        Arg::Literal(name) if invocation.tool.kind == Kind::System => {
            Some(Thing::Package(package(name).to_owned()))
        }
        Arg::Literal(text) => resolve(text).map(Thing::Path),
        // What a pattern matches lies in a folder of its own, or nothing is known of it.
        Arg::Glob(text) if !text.starts_with('~') && invocation.tool.kind != Kind::System => {
            let fixed = &text[..text.find(['*', '?', '['])?];
            let folder =
                fixed.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty())?;
            resolve(folder).map(Thing::Path)
        }
        Arg::Glob(_) => None,
        Arg::Prefix(_) | Arg::Dynamic => Some(Thing::Word(text(index))),
    };
    // A whole top folder of the system is nobody's own.
    let is_own = |index: usize, thing: &Thing| !matches!(thing, Thing::Path(path) if args[index].literal().is_some() && path::parent(path) == "/" && path::is_system(path, "/"));
    let found = invocation.operands.iter().filter_map(|index| Some((*index, thing(index)?)));
    found.filter(|(index, thing)| is_own(*index, thing)).map(|(index, thing)| (thing, text(index))).collect()
}

/// The name of a package without a version.
fn package(word: &str) -> &str {
    word.split(['=', '<', '>', '~', ':']).next().unwrap_or(word)
}

/// A step that is looked at.
struct Look<'l, 'a> {
    model: &'l Model<'a>,
    stage: usize,
    step: usize,
    /// Only elements before this one count.
    until: usize,
}

impl Look<'_, '_> {
    /// Whether a step installs the package, with the same tool: by its name, or by one that it gives to a group.
    fn installs(&self, removal: &Invocation<'_>, thing: &Thing) -> Option<Hit> {
        let script = self.model.script(self.step).ok()?;
        let mut hit = None;
        for element in script.elements().into_iter().take(self.until) {
            for node in element.nodes() {
                crate::script::each_command(node, &mut |simple| {
                    let Some(install) = script.recognize(simple) else { return };
                    let role = install.action.map(|action| action.role);
                    let found = match role.filter(|_| install.tool.name == removal.tool.name) {
                        Some(Role::Install) => Hit::Writes,
                        Some(Role::Remove) => Hit::Removes,
                        _ => return,
                    };
                    let args = script.args(simple);
                    let is_named = match thing {
                        Thing::Package(name) => {
                            let names = install.operand_texts(&args).into_iter().flatten().map(package);
                            let groups =
                                install.flags.iter().filter_map(|flag| flag.value.as_ref()?.text(&args));
                            names.chain(groups).any(|own| own == name)
                        }
                        other => {
                            simple.words.iter().any(|word| script.text()[word.span.clone()] == *other.said())
                        }
                    };
                    if is_named {
                        hit = Some(found);
                    }
                });
            }
        }
        hit
    }

    /// Whether a step names the thing, and may write it.
    fn names(&self, thing: &Thing) -> Option<Hit> {
        let instruction = &self.model.tree.instructions[self.step];
        if instruction.body.as_copy().is_some() {
            return self.copies(thing);
        }
        let script = self.model.script(self.step).ok()?;
        let is_mounted = |path: &String| {
            instruction.mounts().iter().filter_map(|mount| mount.target()).any(|target| {
                let target = path::resolve("/", target);
                path::within(path, &target) || path::within(&target, path)
            })
        };
        if matches!(thing, Thing::Path(path) if is_mounted(path)) {
            return None;
        }
        let image = self.model.image_before(self.stage, self.step, 0);
        let mut here = Here::at_start(self.model.stages[self.stage].state(self.step));
        let mut hit = None;
        for (place, element) in script.elements().into_iter().enumerate().take(self.until) {
            let mut is_named = false;
            here::walk(script, &image, element, &mut here, &mut |met, here| {
                let words: Vec<&dockopt_shell::Word> = match met {
                    Met::Simple(simple) => simple.words.iter().collect(),
                    Met::Word(word) => vec![word],
                    Met::Redirect(redirect) => redirect.target.iter().collect(),
                };
                is_named |= words.iter().any(|word| {
                    let text = word.literal.as_deref().unwrap_or(&script.text()[word.span.clone()]);
                    is_in(text, thing, here)
                });
            });
            // What the step takes away again is not there any more.
            if is_named && crate::trace::role_of(script, element) == Some(Role::Remove) {
                hit = None;
            } else if is_named {
                hit = hit.max(Some(self.how(place, thing)));
            }
        }
        hit
    }

    /// What an element that names a thing may do to it.
    fn how(&self, element: usize, thing: &Thing) -> Hit {
        let Thing::Path(path) = thing else { return Hit::Writes };
        let region = Region::Tree(path.clone());
        let is_own = |atom: &&Atom| atom.element == element;
        let mut atoms = self.model.traces()[self.stage].of(self.step).filter(is_own);
        if atoms.any(|atom| atom.effects.writes.touches(&region)) { Hit::Writes } else { Hit::Reads }
    }

    fn copies(&self, thing: &Thing) -> Option<Hit> {
        let Thing::Path(path) = thing else { return None };
        let (model, instruction) = (self.model, &self.model.tree.instructions[self.step]);
        let mut atoms = model.traces()[self.stage].of(self.step);
        if atoms.any(|atom| atom.written_file().is_some_and(|(own, _)| path::within(own, path))) {
            return Some(Hit::Writes);
        }
        let state = model.stages[self.stage].state(self.step);
        let (to, _) = copy::destination(model.tree, instruction, state).get()?.clone();
        let sources = &instruction.body.as_copy()?.sources;
        let below = sources.iter().map(|source| path::resolve(&to, file_of(&source.text)));
        below.chain([to.clone()]).any(|own| path::within(&own, path)).then_some(Hit::Writes)
    }
}

/// The name of the file that a source or URL becomes.
fn file_of(source: &str) -> &str {
    path::name(source.split(['?', '#']).next().unwrap_or(source).trim_end_matches('/'))
}

/// Whether a word names a thing, or something in it: as a path, in `--option=path`, or as the file that a URL becomes.
fn is_in(word: &str, thing: &Thing, here: &Here) -> bool {
    let path = match thing {
        Thing::Package(_) => return false,
        Thing::Word(text) => {
            return word == text
                || word.strip_prefix(text.as_str()).is_some_and(|rest| rest.starts_with('/'));
        }
        Thing::Path(path) => path,
    };
    let resolve = |text: &str| {
        if text.starts_with('/') {
            Some(path::resolve("/", text))
        } else {
            here.cwd.get().map(|cwd| path::resolve(cwd, text))
        }
    };
    let is_inside = |text: &str| resolve(text).is_some_and(|own| path::within(&own, path));
    if word.contains("://") {
        let file = file_of(word);
        return !file.is_empty() && (is_inside(file) || is_inside(file.trim_end_matches(".git")));
    }
    let value = word.split_once('=').map(|(_, value)| value);
    [Some(word), value]
        .into_iter()
        .flatten()
        .any(|text| !text.is_empty() && !text.starts_with('-') && is_inside(text))
}
