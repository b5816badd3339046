//! What of a RUN speaks against a cache mount that the user wants, and how that is taken back: switches, variables, cleanups. Must not
//! decide whether there is to be a mount (`keeping.rs`).

use dockopt_shell::{Node, Simple};
use dockopt_syntax::Edit;
use dockopt_tools::{Cache, Role};

use crate::caches::Left;
use crate::needs::quoted;
use crate::respell::Change;
use crate::script::Script;
use crate::{Model, layout};

/// A command that only empties a cache, and that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// The edit that takes it out.
    pub edit: Edit,
    /// The command, in its one spelling.
    pub gone: String,
    /// Where its first word starts in the script.
    pub start: usize,
}

/// The changes of the filling command with which it writes its cache, and believes no index that it finds there. The error is a
/// clause that says what stands in the way.
pub(crate) fn changes(
    model: &Model<'_>,
    stage: usize,
    at: usize,
    left: &Left<'_>,
) -> Result<Vec<Change>, String> {
    let script = model.script(at).map_err(|why| why.to_string())?;
    let mut changes: Vec<Change> = Vec::new();
    let assigned = assignment(model, stage, at, left)?;
    let mut option = refreshing(script, left);
    for flag in left.invocation.flags.iter().filter(|flag| left.cache.off_by_flags.contains(&flag.name)) {
        let is_alone = left.invocation.flags.iter().filter(|one| one.word == flag.word).count() == 1;
        let word = &left.simple.words[flag.word];
        if !is_alone || flag.value.is_some() {
            return Err(format!(
                "`{}` cannot be taken out of `{}`",
                flag.name,
                &script.text()[word.span.clone()]
            ));
        }
        changes.push(match option.take() {
            Some(option) => Change { range: word.span.clone(), text: option.to_owned() },
            None => Change {
                range: left.simple.words[flag.word - 1].span.end..word.span.end,
                text: String::new(),
            },
        });
    }
    if let Some(option) = option {
        changes.push(Change::options(left.simple, &left.invocation, &[option]));
    }
    changes.extend(assigned);
    changes.sort_by_key(|change| change.range.start);
    let run = &model.tree.instructions[at];
    let meets_comment = |change: &Change| {
        let span = script.span(&change.range);
        run.inner_comments.iter().any(|comment| span.contains(*comment))
    };
    if changes.iter().any(meets_comment) {
        return Err("a comment stands beside the switch that keeps the cache from being written".to_owned());
    }
    Ok(changes)
}

/// The option with which an install refreshes the index that it finds in a mount, where nothing did so before and it has none.
fn refreshing<'m>(script: &Script<'_>, left: &Left<'m>) -> Option<&'m str> {
    let option = left.cache.mount.as_ref()?.refreshed_by.as_deref()?;
    let role = left.invocation.action?.role;
    let is_first = first_use(script, left.cache).is_some_and(|first| std::ptr::eq(first, left.simple));
    let others = left.tool.index.iter().flat_map(|index| &index.refreshed_by_flags);
    let others: Vec<&String> = others.filter(|name| !left.cache.off_by_flags.contains(name)).collect();
    let installs = matches!(role, Role::Install | Role::Upgrade);
    (installs && is_first && !left.invocation.has_flag(&others)).then_some(option)
}

/// What must be set for the command, so that it writes its cache and does not complain about the mount.
fn assignment(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Result<Option<Change>, String> {
    let state = model.stages[stage].state(at);
    let (by, simple) = (left.cache.mount.as_ref(), left.simple);
    let mut texts: Vec<&str> =
        by.map(|by| crate::mounts::missing(by, state, simple).collect()).unwrap_or_default();
    for name in &left.cache.off_by_env {
        if simple.assignments.iter().any(|own| own.name == *name) {
            return Err(format!("`{name}` is set for this command"));
        }
        if state.variables.contains_key(name) {
            let kept = left.cache.kept_by.iter().find(|text| text.split('=').next() == Some(name));
            texts.push(kept.ok_or_else(|| format!("`{name}` may keep {} from writing it", left.tool.title))?);
        }
    }
    let start = simple.words.first().map_or(0, |word| word.span.start);
    let text: String = texts.iter().map(|text| format!("{text} ")).collect();
    Ok((!text.is_empty()).then_some(Change { range: start..start, text }))
}

/// The commands of a RUN that empty the cache of an earlier command of it, and nothing else that this RUN fills. The error is a clause
/// that names one which cannot be taken out.
pub(crate) fn cleanups(model: &Model<'_>, at: usize, left: &Left<'_>) -> Result<Vec<Cleanup>, String> {
    let script = model.script(at).map_err(|why| why.to_string())?;
    let mut found = Vec::new();
    let mut error = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        let cleaning = script
            .recognize(simple)
            .and_then(|one| one.action)
            .filter(|action| matches!(action.role, Role::Clean | Role::Remove))
            .and_then(|_| model.toolbox.cleaning(&script.args(simple)));
        let Some(cleaning) = cleaning else { return };
        let is_own = |cache: &Cache| cache.paths.iter().any(|path| left.cache.paths.contains(path));
        if !cleaning.caches.iter().any(|one| is_own(one.cache)) {
            return;
        }
        let mut others = cleaning.caches.iter().filter(|one| !is_own(one.cache));
        let (text, name) = (quoted(&script.text()[context.node.span.clone()]), &left.cache.name);
        if script.cleans(context.node).is_none() || others.any(|one| is_filled(script, one.cache)) {
            let why = format!("`{text}` in the same RUN empties the {name}, and more than that");
            error.get_or_insert(why);
            return;
        }
        match edit(model, at, script, context.node) {
            Some(edit) => found.push(Cleanup {
                edit,
                gone: dockopt_shell::canonical(script.text(), context.node),
                start: simple.words[0].span.start,
            }),
            None => {
                let why = format!("`{text}` empties the {name} and cannot be taken out of this RUN");
                error.get_or_insert(why);
            }
        }
    });
    error.map_or(Ok(found), Err)
}

/// The edit that takes a command out of a RUN.
fn edit(model: &Model<'_>, at: usize, script: &Script<'_>, node: &Node) -> Option<Edit> {
    let parts = script.ast.and_chain().or_else(|| script.sequence())?;
    layout::remove(model, at, parts.iter().position(|part| part.span == node.span)?)
}

/// The first command of a script that uses an index which a cache is: by refreshing or by reading it.
pub(crate) fn first_use<'s>(script: &'s Script<'_>, cache: &Cache) -> Option<&'s Simple> {
    let mut first = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let is_of_tool = script.recognize(simple).is_some_and(|one| {
            one.tool
                .index
                .as_ref()
                .is_some_and(|index| index.paths.iter().any(|path| cache.paths.contains(path)))
        });
        if is_of_tool && first.is_none() {
            first = Some(simple);
        }
    });
    first
}

/// Whether a command of a script fills a cache.
fn is_filled(script: &Script<'_>, cache: &Cache) -> bool {
    let mut found = false;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        let Some(invocation) = script.recognize(simple) else { return };
        let shares = |own: &&Cache| own.paths.iter().any(|path| cache.paths.contains(path));
        found |= invocation.action.is_some_and(|action| {
            invocation.tool.caches.iter().filter(shares).any(|own| own.filled_by.contains(&action.name))
        });
    });
    found
}
