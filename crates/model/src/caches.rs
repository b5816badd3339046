//! Which package caches a RUN leaves in its layer, fills and empties. An analysis: what to do about them is decided in a pass.

use std::rc::Rc;

use dockopt_shell::Simple;
use dockopt_tools::{Cache, DropBy, Invocation, MountBy, Role, Tool};

use crate::moved::{self, Moved};
use crate::script::each_command;
use crate::{Element, Model, layout, path, stages, stores};

/// What becomes of package caches, as the user says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Caches {
    /// What the file does already; where it does nothing, those of languages are mounted if `BuildKit` builds it, and those of
    /// distributions left out.
    #[default]
    Auto,
    /// They are left out of the image.
    Drop,
    /// They are mounted, so that the next build finds them.
    Mount,
}

/// A cache that a command of a RUN fills and that nothing in the RUN empties afterwards.
#[derive(Debug, Clone)]
pub struct Left<'m> {
    /// Whose cache it is.
    pub tool: &'m Tool,
    /// The cache.
    pub cache: &'m Cache,
    /// The command that fills it.
    pub simple: &'m Simple,
    /// What that command is.
    pub invocation: Rc<Invocation<'m>>,
}

/// The caches that a RUN leaves behind, of the tools that it installs with, and that there is a way to leave out. Those that a
/// mount, a variable or a flag keeps out of the layer are not among them.
pub fn left_by<'m>(model: &'m Model<'_>, stage: usize, at: usize) -> Vec<Left<'m>> {
    let left = filled_by(model, at).into_iter().filter(|one| !one.is_emptied).map(|one| one.left);
    left.filter(|one| {
        one.cache.drop.is_some()
            && !stores::is_store_here(model, stage, at, one)
            && !is_turned_off(model, stage, at, one)
            && moved(model, stage, at, one) == Moved::Not
            && !is_mounted(model, stage, at, one)
    })
    .collect()
}

/// The same of the caches that can be mounts. Where the user wants mounts, what the RUN does to leave them out does not count.
pub fn mountable_in<'m>(model: &'m Model<'_>, stage: usize, at: usize, caches: Caches) -> Vec<Left<'m>> {
    let mut filled = filled_by(model, at);
    filled.retain(|one| {
        let left = &one.left;
        let is_left_out = one.is_emptied || is_turned_off(model, stage, at, left);
        left.cache.mount.is_some()
            && moved(model, stage, at, left) != Moved::Unknown
            && !is_mounted(model, stage, at, left)
            && (caches == Caches::Mount || !is_left_out)
    });
    filled.into_iter().map(|one| one.left).collect()
}

/// A cache that a RUN fills.
struct Filled<'m> {
    left: Left<'m>,
    /// Whether a later command of the RUN empties it.
    is_emptied: bool,
}

/// The caches that a RUN fills, of the tools that it installs or builds with.
fn filled_by<'m>(model: &'m Model<'_>, at: usize) -> Vec<Filled<'m>> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let mut filled: Vec<Filled<'m>> = Vec::new();
    let mut installing: Vec<&str> = Vec::new();
    for element in script.elements() {
        for node in element.nodes() {
            each_command(node, &mut |simple| {
                let Some(invocation) = script.recognize(simple) else { return };
                let Some(action) = invocation.action else { return };
                if matches!(action.role, Role::Clean | Role::Remove) {
                    let emptied = model
                        .toolbox
                        .cleaning(&script.args(simple))
                        .map_or_else(Vec::new, |cleaning| cleaning.caches);
                    let is_emptied =
                        |path: &String| emptied.iter().any(|cleaned| cleaned.cache.paths.contains(path));
                    for one in &mut filled {
                        one.is_emptied |= one.left.cache.paths.iter().all(is_emptied);
                    }
                }
                let tool = invocation.tool;
                // A refresh alone is joined with its install first.
                if action.role != Role::Refresh {
                    installing.push(&tool.name);
                }
                for cache in tool.caches.iter().filter(|cache| cache.filled_by.contains(&action.name)) {
                    let left = Left { tool, cache, simple, invocation: Rc::clone(&invocation) };
                    filled.push(Filled { left, is_emptied: false });
                }
            });
        }
    }
    filled.retain(|one| installing.contains(&one.left.tool.name.as_str()));
    filled
}

/// Whether a RUN keeps some cache of a tool out of its layer: by a flag or a variable of the filling command, or by emptying it.
pub fn leaves_out(model: &Model<'_>, stage: usize, at: usize, tool: &Tool) -> bool {
    let Ok(script) = model.script(at) else { return false };
    let state = model.stages[stage].state(at);
    let mut found = false;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let Some(invocation) = script.recognize(simple) else { return };
        let Some(action) = invocation.action else { return };
        if matches!(action.role, Role::Clean | Role::Remove) {
            let cleaning = model.toolbox.cleaning(&script.args(simple));
            found |=
                cleaning.is_some_and(|cleaning| cleaning.caches.iter().any(|one| one.tool.name == tool.name));
        }
        let filled = tool.caches.iter().filter(|cache| cache.filled_by.contains(&action.name));
        found |= invocation.tool.name == tool.name
            && filled.into_iter().any(|cache| {
                invocation.has_flag(&cache.off_by_flags)
                    || cache.off_by_env.iter().any(|name| {
                        state.variables.contains_key(name)
                            || simple.assignments.iter().any(|own| own.name == *name)
                    })
            });
    });
    found
}

/// Whether a flag or a variable may keep the tool from writing the cache.
fn is_turned_off(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> bool {
    left.invocation.has_flag(&left.cache.off_by_flags)
        || is_set(model, stage, at, left, &left.cache.off_by_env)
}

/// Where the cache lies, as the variables of the file and the options of the command say.
pub(crate) fn moved(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Moved {
    moved::of(left.cache, &left.invocation, model.stages[stage].state(at), left.simple)
}

/// Whether the cache lies in a mount.
fn is_mounted(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> bool {
    let mounts = model.tree.instructions[at].mounts();
    // Where a mount lies is not always known; then it is taken to cover the cache.
    let mounted = |place: &String| {
        mounts.iter().filter_map(|mount| mount.target()).any(|target| {
            target.contains('$')
                || match place.strip_prefix("~/") {
                    Some(rest) => path::home_relative(target)
                        .is_some_and(|own| !own.is_empty() && path::within(rest, own)),
                    None => path::within(place, target.trim_end_matches('/')),
                }
        })
    };
    if let Moved::To(place) = moved(model, stage, at, left) {
        return mounted(&place);
    }
    left.cache.paths.iter().chain(left.cache.mount.iter().flat_map(MountBy::all_targets)).any(mounted)
}

/// Whether one of these variables is set for the command.
fn is_set(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>, names: &[String]) -> bool {
    let state = model.stages[stage].state(at);
    names.iter().any(|name| state.variables.contains_key(name))
        || left.simple.assignments.iter().any(|own| names.contains(&own.name))
}

/// The paths of the caches that a RUN empties with commands that do nothing else.
pub fn cleaned_by<'m>(model: &'m Model<'_>, at: usize) -> Vec<&'m str> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let nodes = script.elements().into_iter().flat_map(Element::nodes);
    let cleaned = nodes.filter_map(|node| script.cleans(node)).flatten();
    cleaned.flat_map(|one| &one.cache.paths).map(String::as_str).collect()
}

/// The paths of the caches that commands of a RUN fill or empty.
pub fn touched_by<'m>(model: &'m Model<'_>, at: usize) -> Vec<&'m str> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let mut touched = cleaned_by(model, at);
    for node in script.elements().into_iter().flat_map(Element::nodes) {
        each_command(node, &mut |simple| {
            let Some(invocation) = script.recognize(simple) else { return };
            let Some(action) = invocation.action else { return };
            let filled = invocation.tool.caches.iter().filter(|cache| cache.filled_by.contains(&action.name));
            touched.extend(filled.flat_map(|cache| &cache.paths).map(String::as_str));
        });
    }
    touched
}

/// The operands at the end of a RUN that only empty caches among `paths`, the last one first. Not all operands of it.
pub fn trailing_cleanups(model: &Model<'_>, at: usize, paths: &[&str]) -> Vec<usize> {
    let (Ok(script), Some(operands)) = (model.script(at), layout::operands(model, at)) else {
        return Vec::new();
    };
    let is_cleanup = |index: &usize| {
        operands[*index].nodes().iter().all(|node| {
            let cleaned = script.cleans(node);
            cleaned.is_some_and(|cleaned| {
                cleaned.iter().flat_map(|one| &one.cache.paths).all(|path| paths.contains(&path.as_str()))
            })
        })
    };
    (1..operands.len()).rev().take_while(is_cleanup).collect()
}

/// Whether a RUN does nothing but empty caches.
pub fn only_cleans(model: &Model<'_>, at: usize) -> bool {
    let Ok(script) = model.script(at) else { return false };
    layout::operands(model, at).is_some_and(|operands| {
        operands.iter().flat_map(|one| one.nodes()).all(|node| script.cleans(node).is_some())
    })
}

/// Whether the tool is new enough to know a flag, wherever it comes from.
pub fn is_flag_known(model: &Model<'_>, stage: usize, tool: &Tool, drop: &DropBy) -> bool {
    let Some(base) = stages::base(&model.stages, stage) else { return drop.is_known_everywhere() };
    base.bundled.contains(&tool.name)
        || base.family.as_deref().is_some_and(|family| drop.known_in(family, base.release))
}
