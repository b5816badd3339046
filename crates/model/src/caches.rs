//! Which package caches a RUN leaves in its layer, and what is known of leaving them out. An analysis: what to do about
//! them is decided in a pass.

use std::rc::Rc;

use dockopt_shell::Simple;
use dockopt_tools::bases::Base;
use dockopt_tools::{Cache, DropBy, Invocation, Role, Tool};

use crate::region::{Footprint, Region};
use crate::script::each_command;
use crate::{Element, Model, Parent, digest, effects, layout, path, trace};

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

/// The caches that a RUN leaves behind, of the tools that it installs with. Those that a mount, a variable or a flag keeps
/// out of the layer are not among them.
pub fn left_by<'m>(model: &'m Model<'_>, stage: usize, at: usize) -> Vec<Left<'m>> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let mut left: Vec<Left<'m>> = Vec::new();
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
                    left.retain(|one| !one.cache.paths.iter().all(is_emptied));
                }
                let tool = invocation.tool;
                // A refresh alone is joined with its install first.
                if action.role != Role::Refresh {
                    installing.push(&tool.name);
                }
                for cache in &tool.caches {
                    if !cache.is_store && cache.drop.is_some() && cache.filled_by.contains(&action.name) {
                        left.push(Left { tool, cache, simple, invocation: Rc::clone(&invocation) });
                    }
                }
            });
        }
    }
    left.retain(|one| installing.contains(&one.tool.name.as_str()) && !is_covered(model, stage, at, one));
    left
}

/// Whether something keeps the cache out of the layer: a mount, a variable, a flag.
fn is_covered(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> bool {
    let state = model.stages[stage].state(at);
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
    let variables: Vec<&String> = left.cache.off_by_env.iter().chain(&left.cache.moved_by_env).collect();
    left.invocation.has_flag(&left.cache.off_by_flags)
        || left.invocation.has_flag(&left.cache.moved_by_flags)
        || variables.iter().any(|name| state.variables.contains_key(*name))
        || left.simple.assignments.iter().any(|own| variables.contains(&&own.name))
        || left.cache.paths.iter().any(mounted)
}

/// The paths of the caches that a RUN empties with commands that do nothing else.
pub fn cleaned_by<'m>(model: &'m Model<'_>, at: usize) -> Vec<&'m str> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let nodes = script.elements().into_iter().flat_map(Element::nodes);
    let cleaned = nodes.filter_map(|node| script.cleans(node)).flatten();
    cleaned.flat_map(|one| &one.cache.paths).map(String::as_str).collect()
}

/// Whether a RUN does nothing but empty caches.
pub fn only_cleans(model: &Model<'_>, at: usize) -> bool {
    let Ok(script) = model.script(at) else { return false };
    layout::operands(model, at).is_some_and(|operands| {
        operands.iter().flat_map(|one| one.nodes()).all(|node| script.cleans(node).is_some())
    })
}

/// Whether the program that a cleanup runs, if it is the tool itself, may be gone at the end of the RUN.
pub fn may_lose(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>, cleanup: &str) -> bool {
    let Ok(script) = model.script(at) else { return true };
    let program = cleanup.split(' ').next().unwrap_or_default();
    if left.tool.all_commands().all(|known| known != program) {
        return false;
    }
    let elements = script.elements();
    let holds = |element: &Element<'_>| {
        let mut found = false;
        for node in element.nodes() {
            each_command(node, &mut |simple| found |= std::ptr::eq(simple, left.simple));
        }
        found
    };
    let from = elements.iter().position(holds).unwrap_or(0);
    let programs = Region::Tree("/usr".to_owned());
    let removes = |place: usize| {
        let role = trace::role_of(script, elements[place]);
        model.traces()[stage].of(at).filter(|atom| atom.element == place).any(|atom| {
            let unknown = atom.effects.writes.is_unknown() && role != Some(Role::Run);
            unknown || (role == Some(Role::Remove) && atom.effects.writes.touches(&programs))
        })
    };
    // In a list every command is in one element, so what comes before counts, too.
    let after = if matches!(elements[from], Element::Block { .. }) { from } else { from + 1 };
    (after..elements.len()).any(removes)
}

/// The beginning of a later step that needs the package index which the cache is, if it is one and one does.
pub fn index_needed(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Option<String> {
    if !left.cache.is_index {
        return None;
    }
    let last = model.traces()[stage].atoms.iter().rposition(|atom| atom.instruction == at)?;
    let paths = &left.cache.paths;
    let regions: Footprint =
        paths.iter().map(|path| effects::cache_region(left.tool, left.cache, path)).collect();
    let (stage, atom) = digest::index_needed_after(model, stage, last, &regions)?;
    Some(crate::beginning(&model.tree.instructions[model.traces()[stage].atoms[atom].instruction]))
}

/// Whether the tool is new enough to know a flag, wherever it comes from.
pub fn is_flag_known(model: &Model<'_>, stage: usize, tool: &Tool, drop: &DropBy) -> bool {
    let Some(base) = base(model, stage) else { return drop.is_known_everywhere() };
    base.bundled.contains(&tool.name)
        || base.family.as_deref().is_some_and(|family| drop.known_in(family, base.release))
}

/// What is known of the image that a stage goes back to.
fn base<'m>(model: &'m Model<'_>, mut stage: usize) -> Option<&'m Base> {
    loop {
        match &model.stages[stage].parent {
            Parent::Stage(of) => stage = *of,
            Parent::Image { base, .. } => return base.as_deref(),
            Parent::Scratch => return None,
        }
    }
}
