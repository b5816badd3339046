//! Whether a later step needs what a RUN leaves in a cache: a package index, or downloads that are read without the network or taken
//! to another stage. Must not decide what becomes of the cache.

use dockopt_shell::Simple;
use dockopt_syntax::{Body, LineIndex, Tree};
use dockopt_tools::{Cache, DropBy, Place, Role};

use crate::caches::Left;
use crate::region::{Footprint, Region};
use crate::script::{self, each_command};
use crate::stages::Stage;
use crate::state::State;
use crate::{Known, Model, Script, digest, effects, path, stages, triggers};

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
    let holders = stages::heirs(&model.stages, stage);
    for &holder in &holders {
        let steps = model.stages[holder].instructions.clone();
        for step in if holder == stage { at..steps.end } else { steps } {
            if let Some(how) = used_by(model, holder, step, left, step == at) {
                return Some(Later { instruction: step, how });
            }
        }
    }
    let home = model.stages[stage].state(at).variables.get("HOME").map(|home| &home.value);
    let instruction = taken(model.tree, &model.stages, &holders, left.cache, home)?;
    Some(Later { instruction, how: How::Takes })
}

/// A step of another stage that copies or mounts a cache from one of `holders`, or may do so.
pub(crate) fn taken(
    tree: &Tree,
    all: &[Stage],
    holders: &[usize],
    cache: &Cache,
    home: Option<&Known<String>>,
) -> Option<usize> {
    let first = holders.first()? + 1;
    for (reader, found) in all.iter().enumerate().skip(first) {
        let is_holder = |from: &str| {
            from.contains('$') || stages::named(all, reader, from).is_some_and(|of| holders.contains(&of))
        };
        for step in found.instructions.clone() {
            let instruction = &tree.instructions[step];
            let from = instruction.flag("from").and_then(|flag| flag.value.as_deref());
            let copied = instruction.body.as_copy().filter(|_| from.is_some_and(is_holder));
            let copies = copied
                .is_some_and(|copy| copy.sources.iter().any(|source| meets_cache(&source.text, cache, home)));
            let mounts = instruction.mounts().iter().any(|mount| {
                mount.option(&["from"]).is_some_and(is_holder)
                    && meets_cache(mount.option(&["source", "src"]).unwrap_or("/"), cache, home)
            });
            if copies || mounts {
                return Some(step);
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
pub(crate) fn avoids_network(name: &str) -> bool {
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
    let place = path::resolve("/", path::before_wildcard(source));
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

/// What needs the cache, as a clause.
pub fn clause(model: &Model<'_>, at: usize, left: &Left<'_>, later: Later) -> String {
    let tree = model.tree;
    let step = &tree.instructions[later.instruction];
    let line = LineIndex::new(&tree.text).line(step.keyword_span.start);
    let quote = quoted(step.logical.text());
    let (what, verb) = if left.cache.is_index {
        ("package index", "install from")
    } else {
        (left.cache.name.as_str(), "need")
    };
    match later.how {
        How::Installs => format!("line {line} installs from this {what}: `{quote}`"),
        How::Reads => format!("line {line} reads this {what}: `{quote}`"),
        How::Takes => format!("line {line} takes this {what}, or may do so, from this stage: `{quote}`"),
        How::Unknown if later.instruction == at => {
            format!("another command of this RUN is not understood and may {verb} this {what}")
        }
        How::Unknown => {
            format!("a later step may {verb} this {what}: `{quote}` (line {line}) is not understood")
        }
    }
}

/// A text on one line, cut where a sentence can bear it.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

/// Where the commands begin that may run after `simple`.
pub(crate) fn behind(script: &Script<'_>, simple: &Simple) -> usize {
    let (Some(chain), Some(word)) = (script.ast.and_chain(), simple.words.first()) else { return 0 };
    let operand = chain.iter().find(|node| node.span.contains(&word.span.start));
    operand.map_or(0, |node| if node.as_simple().is_some() { node.span.end } else { node.span.start })
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
}
