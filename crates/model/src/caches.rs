//! Which package caches a RUN leaves in its layer, and what is known of leaving them out. An analysis: what to do about
//! them is decided in a pass.

use std::rc::Rc;

use dockopt_shell::Simple;
use dockopt_syntax::Body;
use dockopt_tools::{Arg, Cache, DropBy, Invocation, Kind, MountBy, Place, Role, Tool};

use crate::region::{Footprint, Region};
use crate::script::{self, each_command};
use crate::state::State;
use crate::{Element, Known, Model, Parent, Script, digest, effects, layout, path, stages, stores, triggers};

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
    let mut left = filled_by(model, at);
    left.retain(|one| {
        one.cache.drop.is_some()
            && !stores::is_store_here(model, stage, at, one)
            && !is_covered(model, stage, at, one)
    });
    left
}

/// The same of the caches that can be mounts.
pub fn mountable_in<'m>(model: &'m Model<'_>, stage: usize, at: usize) -> Vec<Left<'m>> {
    let mut left = filled_by(model, at);
    left.retain(|one| one.cache.mount.is_some() && !is_covered(model, stage, at, one));
    left
}

/// The caches that a RUN fills and does not empty, of the tools that it installs or builds with.
fn filled_by<'m>(model: &'m Model<'_>, at: usize) -> Vec<Left<'m>> {
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
                for cache in tool.caches.iter().filter(|cache| cache.filled_by.contains(&action.name)) {
                    left.push(Left { tool, cache, simple, invocation: Rc::clone(&invocation) });
                }
            });
        }
    }
    left.retain(|one| installing.contains(&one.tool.name.as_str()));
    left
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
        || left.cache.paths.iter().chain(left.cache.mount.iter().flat_map(MountBy::all_targets)).any(mounted)
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

/// Whether the program that a cleanup runs, if it is the tool itself, may be gone at the end of the RUN: a command after the
/// one that fills the cache may have removed it. In a list, and in a loop, all commands count.
pub fn may_lose(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>, cleanup: &str) -> bool {
    let Ok(script) = model.script(at) else { return true };
    let program = cleanup.split(' ').next().unwrap_or_default();
    if left.tool.all_commands().all(|known| known != program) {
        return false;
    }
    // What is known to be there is the program that fills the cache, and not another one of the tool.
    if left.simple.words.first().and_then(|word| word.literal.as_deref()).map(path::name) != Some(program) {
        return true;
    }
    let start = behind(script, left.simple);
    let folders = folders_of(script, model.stages[stage].state(at));
    let mut lost = false;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        lost |= context.node.span.start >= start && may_remove(script, simple, program, folders.as_deref());
    });
    lost
}

/// Where the commands begin that may run after `simple`.
fn behind(script: &Script<'_>, simple: &Simple) -> usize {
    let (Some(chain), Some(word)) = (script.ast.and_chain(), simple.words.first()) else { return 0 };
    let operand = chain.iter().find(|node| node.span.contains(&word.span.start));
    operand.map_or(0, |node| if node.as_simple().is_some() { node.span.end } else { node.span.start })
}

/// The folders in which the commands of a script may run, those below them aside. `None` where they are not known.
pub(crate) fn folders_of(script: &Script<'_>, state: &State) -> Option<Vec<String>> {
    let mut folders = Some(vec![state.cwd.get()?.clone()]);
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        if matches!(simple.name(), Some("cd" | "pushd")) {
            match simple.words.get(1).and_then(|word| word.literal.as_deref()) {
                Some(target) if target.starts_with('/') => {
                    if let Some(all) = &mut folders {
                        all.push(path::resolve("/", target));
                    }
                }
                Some(target) if !target.starts_with('-') && !target.contains("..") => {}
                _ => folders = None,
            }
        }
    });
    folders
}

/// Whether a command may remove a program that is installed.
fn may_remove(script: &Script<'_>, simple: &Simple, program: &str, folders: Option<&[String]>) -> bool {
    if simple.words.is_empty() {
        return false;
    }
    let Some(invocation) = script.recognize(simple) else { return true };
    let args = script.args(simple);
    let role = invocation.action.map(|action| action.role);
    let removes = role.is_none_or(|role| role == Role::Remove);
    let is_program = |text: &str| text.split('@').next() == Some(program);
    match invocation.tool.kind {
        Kind::System => removes,
        Kind::Language => {
            let operands = invocation.operand_texts(&args);
            let names_it = operands.iter().any(|text| text.is_none_or(is_program));
            removes && (names_it || invocation.has_flag(&["-g", "--global"]))
        }
        _ => match args[invocation.command.end - 1].literal().map(path::name) {
            Some("rm" | "rmdir" | "unlink" | "mv") => {
                invocation.operands.iter().any(|&index| may_hold_programs(args[index], folders))
            }
            Some("find") => invocation.has_flag(&["-delete", "-exec", "-execdir", "-ok", "-okdir"]),
            _ => false,
        },
    }
}

/// Whether installed programs may lie at or below what an operand names.
fn may_hold_programs(operand: Arg<'_>, folders: Option<&[String]>) -> bool {
    let text = match operand {
        Arg::Literal(text) => text,
        Arg::Glob(text) if text.starts_with('~') => return text.contains(".."),
        Arg::Glob(text) => before_wildcard(text),
        Arg::Prefix(_) | Arg::Dynamic => return true,
    };
    let holds = |cwd: &String| {
        let place = path::resolve(cwd, text);
        let tops = ["/usr", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];
        place == "/" || (tops.iter().any(|top| path::within(&place, top)) && path::is_system(&place, cwd))
    };
    match folders {
        Some(folders) => folders.iter().any(holds),
        None => !text.starts_with('/') || holds(&"/".to_owned()),
    }
}

/// The folder of a path that is certain before its first wildcard.
fn before_wildcard(text: &str) -> &str {
    match text.find(['*', '?', '[']) {
        Some(at) => &text[..text[..at].rfind('/').map_or(0, |slash| slash + 1)],
        None => text,
    }
}

/// A later step that may need what a RUN leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// Its instruction.
    pub instruction: usize,
    /// What is known of it.
    pub how: How,
}

/// How a later step may need a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It installs from it.
    Installs,
    /// It reads it.
    Reads,
    /// It copies or mounts it from another stage.
    Takes,
    /// It is not understood.
    Unknown,
}

/// A later step that needs the package index which the cache is, if it is one and one does.
pub fn index_needed(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Option<Later> {
    if !left.cache.is_index {
        return None;
    }
    if let Some(how) = index_needed_beside(model, at, left) {
        return Some(Later { instruction: at, how });
    }
    let last = model.traces()[stage].atoms.iter().rposition(|atom| atom.instruction == at)?;
    let paths = &left.cache.paths;
    let regions: Footprint =
        paths.iter().map(|path| effects::cache_region(left.tool, left.cache, path)).collect();
    let Some((stage, place)) = digest::index_needed_after(model, stage, last, &regions) else {
        let instruction = triggers::index_needed(model, stage, at, &regions)?;
        return Some(Later { instruction, how: How::Unknown });
    };
    let atom = &model.traces()[stage].atoms[place];
    let is_named = |region: &Region| matches!(region, Region::Index(_)) && regions.touches(region);
    let mut how = if atom.effects.reads.iter().any(is_named) { How::Reads } else { How::Unknown };
    if let (How::Reads, Ok(script)) = (how, model.script(atom.instruction)) {
        for node in script.elements().get(atom.element).into_iter().flat_map(|element| element.nodes()) {
            each_command(node, &mut |simple| {
                let role = script.recognize(simple).filter(|one| one.tool.name == left.tool.name);
                if matches!(role.and_then(|one| script::role(&one)), Some(Role::Install | Role::Upgrade)) {
                    how = How::Installs;
                }
            });
        }
    }
    Some(Later { instruction: atom.instruction, how })
}

/// What another command of the same RUN does with an index that is not there any more once each install fetches its own.
fn index_needed_beside(model: &Model<'_>, at: usize, left: &Left<'_>) -> Option<How> {
    let (Some(DropBy::Flag { on, .. }), Ok(script)) = (&left.cache.drop, model.script(at)) else {
        return None;
    };
    let is_own =
        |simple: &Simple| script.recognize(simple).is_some_and(|one| one.tool.name == left.tool.name);
    let mut started = false;
    let mut how = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        started |= is_own(simple) || script.ast.and_chain().is_none();
        if !started || how.is_some() || simple.words.is_empty() {
            return;
        }
        let Some(invocation) = script.recognize(simple) else { return how = Some(How::Unknown) };
        if !is_own(simple) {
            return;
        }
        how = match invocation.action.filter(|_| invocation.complete && invocation.wrappers.is_empty()) {
            None => Some(How::Unknown),
            Some(action) if on.contains(&action.name) => None,
            Some(action) => {
                let harmless = matches!(action.role, Role::Refresh | Role::Remove | Role::Clean);
                (!harmless && action.reads.contains(&Place::Index)).then_some(How::Reads)
            }
        };
    });
    how
}

/// A later step that needs the content of a cache which is no index: a command of the tool that does without the network or
/// is not understood, or a copy or mount from the stage.
pub fn needed_later(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Option<Later> {
    if left.cache.is_index {
        return None;
    }
    let mut holders = vec![stage];
    for child in stage + 1..model.stages.len() {
        if matches!(model.stages[child].parent, Parent::Stage(of) if holders.contains(&of)) {
            holders.push(child);
        }
    }
    for &holder in &holders {
        let steps = model.stages[holder].instructions.clone();
        for step in if holder == stage { at..steps.end } else { steps } {
            if let Some(how) = used_by(model, holder, step, left, step == at) {
                return Some(Later { instruction: step, how });
            }
        }
    }
    let home = model.stages[stage].state(at).variables.get("HOME").map(|home| &home.value);
    for (reader, found) in model.stages.iter().enumerate().skip(stage + 1) {
        let is_holder = |from: &str| {
            from.contains('$')
                || stages::named(&model.stages, reader, from).is_some_and(|of| holders.contains(&of))
        };
        for step in found.instructions.clone() {
            let instruction = &model.tree.instructions[step];
            let from = instruction.flag("from").and_then(|flag| flag.value.as_deref());
            let copied = instruction.body.as_copy().filter(|_| from.is_some_and(is_holder));
            let copies = copied.is_some_and(|copy| {
                copy.sources.iter().any(|source| meets_cache(&source.text, left.cache, home))
            });
            let mounts = instruction.mounts().iter().any(|mount| {
                mount.option(&["from"]).is_some_and(is_holder)
                    && meets_cache(mount.option(&["source", "src"]).unwrap_or("/"), left.cache, home)
            });
            if copies || mounts {
                return Some(Later { instruction: step, how: How::Takes });
            }
        }
    }
    None
}

/// What a step of a stage that has the cache does with it. In the RUN that fills it (`is_own`) only what comes behind the
/// filling command counts, and nothing where the cache is emptied at the end.
fn used_by(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>, is_own: bool) -> Option<How> {
    let instruction = &model.tree.instructions[at];
    match (&instruction.body, model.script(at)) {
        (Body::Run(_), Ok(script)) => {
            if is_own && matches!(left.cache.drop, Some(DropBy::Command(_))) {
                return None;
            }
            let start = if is_own { behind(script, left.simple) } else { 0 };
            let state = model.stages[stage].state(at);
            let mut how = None;
            dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
                if context.node.span.start >= start && !std::ptr::eq(simple, left.simple) {
                    how = how.or_else(|| read_by(script, state, simple, left));
                }
            });
            how
        }
        (Body::Run(_), Err(_)) => names_tool(model, at, left).then_some(How::Unknown),
        (Body::Cmd(_) | Body::Entrypoint(_) | Body::Healthcheck(_) | Body::Onbuild(_), _) => {
            let asks = instruction.arguments_text().split(|c: char| !is_of_a_name(c)).any(avoids_network);
            ((asks || left.cache.read_when_run) && names_tool(model, at, left)).then_some(How::Reads)
        }
        _ => None,
    }
}

/// What a command does with a cache, if it is one of the tool.
fn read_by(script: &Script<'_>, state: &State, simple: &Simple, left: &Left<'_>) -> Option<How> {
    let invocation = script.recognize(simple)?;
    let shares = |cache: &Cache| cache.paths.iter().any(|path| left.cache.paths.contains(path));
    let role = invocation.action.map(|action| action.role);
    if !invocation.tool.caches.iter().any(shares) || role == Some(Role::Clean) {
        return None;
    }
    let args = script.args(simple);
    let home = state.variables.get("HOME").map(|home| &home.value);
    let links: Vec<bool> = invocation
        .flag_values(&["--find-links", "-f"])
        .map(|value| value.text(&args).is_none_or(|text| meets_cache(text, left.cache, home)))
        .collect();
    // Without an index, folders that are named and lie elsewhere are all that is read.
    let told = |name: &str| avoids_network(name) && (links.is_empty() || name.ends_with("offline"));
    let texts = args.iter().filter_map(|word| word.literal());
    // An operand of an install is a package, whatever its name.
    let operands = !matches!(role, Some(Role::Install | Role::Fetch | Role::Upgrade | Role::Build));
    let reads = links.contains(&true)
        || invocation.flags.iter().any(|flag| told(&flag.name))
        || invocation.wrappers.iter().flat_map(|wrapper| &wrapper.assignments).any(|&word| {
            args[word].literal().is_none_or(|text| told(text.split('=').next().unwrap_or_default()))
        })
        || simple.assignments.iter().any(|own| told(&own.name))
        || state.variables.keys().any(|name| told(name))
        || (operands && texts.map(|text| text.split('=').next().unwrap_or_default()).any(told));
    if reads { Some(How::Reads) } else { (!invocation.complete).then_some(How::Unknown) }
}

/// Whether an option, a variable or a setting of that name keeps a tool from the network, or sends it to a folder.
fn avoids_network(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    ["offline", "no-index", "find-links"].iter().any(|ending| {
        name.strip_suffix(ending).is_some_and(|before| before.is_empty() || before.ends_with('-'))
    })
}

/// Whether the text of an instruction holds a command of the tool.
fn names_tool(model: &Model<'_>, at: usize, left: &Left<'_>) -> bool {
    let instruction = &model.tree.instructions[at];
    let script = instruction.script(&model.tree.text).map(|logical| logical.text().to_owned());
    let text = format!("{} {}", instruction.arguments_text(), script.unwrap_or_default());
    let is_program = |word: &str| {
        let mut commands = left.tool.all_commands().filter_map(|line| line.split(' ').next_back());
        commands.any(|command| {
            let version = word.strip_prefix(command.trim_end_matches('*'));
            version.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
        })
    };
    text.split(|c: char| !is_of_a_name(c)).any(|word| !word.is_empty() && is_program(word))
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Whether a path, as it is written, is, holds or lies in a cache. One that is not known does.
fn meets_cache(source: &str, cache: &Cache, home: Option<&Known<String>>) -> bool {
    let source = source.trim_matches(['"', '\'']);
    let source = source.strip_prefix("file://").unwrap_or(source);
    if source.contains("://") {
        return false;
    }
    if source.contains(['$', '~']) || home == Some(&Known::Unknown) {
        return true;
    }
    let place = path::resolve("/", before_wildcard(source));
    let meets = |one: &str, other: &str| path::within(one, other) || path::within(other, one);
    cache.paths.iter().any(|own| {
        let Some(rest) = own.strip_prefix("~/") else { return meets(&place, own) };
        let of_a_home =
            path::home_relative(&place).is_some_and(|inner| inner.is_empty() || meets(inner, rest));
        matches!(place.as_str(), "/" | "/home")
            || path::parent(&place) == "/home"
            || of_a_home
            || format!("{place}/").contains(&format!("/{rest}/"))
            || home.and_then(Known::get).is_some_and(|home| meets(&place, &path::resolve(home, rest)))
    })
}

/// Whether the tool is new enough to know a flag, wherever it comes from.
pub fn is_flag_known(model: &Model<'_>, stage: usize, tool: &Tool, drop: &DropBy) -> bool {
    let Some(base) = stages::base(&model.stages, stage) else { return drop.is_known_everywhere() };
    base.bundled.contains(&tool.name)
        || base.family.as_deref().is_some_and(|family| drop.known_in(family, base.release))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_meet_a_cache_of_a_home_folder() {
        let toolbox = dockopt_tools::Toolbox::builtin();
        let cache = &toolbox.tool("npm").expect("it is known").caches[0];
        for path in [
            "/",
            "/root",
            "/root/",
            "root/.npm",
            "/home",
            "/home/node",
            "/home/*/.npm",
            "/root/.npm/_cacache",
            "/srv/www/.npm",
            "$HOME_OF_APP",
            "/root/.n*",
            "\"/root\"",
            "/ho*",
        ] {
            assert!(meets_cache(path, cache, None), "{path}");
        }
        for path in
            ["/app", "/root/.npmrc", "/home/node/app", "/usr/local/lib", "/app/*.npm", "https://a/root"]
        {
            assert!(!meets_cache(path, cache, None), "{path}");
        }
        assert!(meets_cache("/app", cache, Some(&Known::Is("/app".to_owned()))));
        assert!(meets_cache("/app", cache, Some(&Known::Unknown)));
    }

    #[test]
    fn names_that_keep_a_tool_from_the_network() {
        for name in ["--offline", "--prefer-offline", "npm_config_offline", "PIP_NO_INDEX", "--find-links"] {
            assert!(avoids_network(name), "{name}");
        }
        for name in ["--prefer-online", "--index-url", "--omit", "workoffline"] {
            assert!(!avoids_network(name), "{name}");
        }
    }

    #[test]
    fn operands_that_may_hold_programs() {
        let app = ["/app".to_owned()];
        let project = ["/usr/src/app".to_owned(), "/opt/app".to_owned()];
        for text in ["/", "/usr/local/lib/node_modules", "/opt", "../usr", "/lib"] {
            assert!(may_hold_programs(Arg::Literal(text), Some(&app)), "{text}");
        }
        for text in ["src", "/tmp/x", "/var/cache", "/srv"] {
            assert!(!may_hold_programs(Arg::Literal(text), Some(&app)), "{text}");
        }
        assert!(!may_hold_programs(Arg::Literal("src"), Some(&project)));
        assert!(may_hold_programs(Arg::Literal("src"), None));
        assert!(may_hold_programs(Arg::Glob("/*"), Some(&app)));
        assert!(may_hold_programs(Arg::Dynamic, Some(&app)));
        assert!(!may_hold_programs(Arg::Glob("/tmp/*"), Some(&app)));
    }
}
