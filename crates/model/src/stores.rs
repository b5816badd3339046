//! Whether what a tool installs stays in its cache, because a setting says so: then the cache is no mere cache. Must not decide
//! what to do about it.

use dockopt_shell::Simple;
use dockopt_tools::manifests::{Look, Project};
use dockopt_tools::{Cache, Invocation};

use crate::caches::Left;
use crate::state::State;
use crate::{Model, here, mounts, path};

/// Whether a setting makes the tool keep what it installs in this cache: an option or a variable of the command, or a file of the
/// project that says something of it or is not known.
pub(crate) fn is_store_here(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> bool {
    let (Some(by), Ok(script)) = (&left.cache.store_by, model.script(at)) else { return left.cache.is_store };
    let state = model.stages[stage].state(at);
    if is_store_by_command(left.cache, &left.invocation, state, left.simple) {
        return true;
    }
    let Some(folders) = here::folders_of(script, state) else { return true };
    let image = model.image_before(stage, at, 0);
    let says = |text: Option<String>| text.is_none_or(|text| text.contains(&by.says));
    let mounted = model.tree.instructions[at].mounts();
    let from_context = mounted.iter().filter(|mount| mount.kind() == "bind").any(|mount| {
        let source = mount.option(&["source", "src"]).unwrap_or(".").trim_start_matches(['.', '/']);
        let is_such = by.files.iter().any(|file| path::name(source) == file);
        let read =
            || model.context.and_then(|context| context.files.read(source)).map(|text| text.to_string());
        mount.option(&["from"]).is_some() || source.is_empty() || (is_such && says(read()))
    });
    from_context
        || folders.iter().flat_map(|folder| by.files.iter().map(|file| path::resolve(folder, file))).any(
            |file| match image.look(&file) {
                Look::Absent | Look::Directory => false,
                Look::File => says(image.read(&file)),
                Look::Unknown => true,
            },
        )
}

/// Whether an option or a variable of a command makes the tool keep what it installs in its cache. A variable with the value that a
/// mount wants does not.
pub(crate) fn is_store_by_command(
    cache: &Cache,
    invocation: &Invocation<'_>,
    state: &State,
    simple: &Simple,
) -> bool {
    let Some(by) = &cache.store_by else { return false };
    let is_known = |name: &String| {
        state.variables.contains_key(name) || simple.assignments.iter().any(|own| own.name == *name)
    };
    let is_harmless = |name: &String| {
        let mount = cache.mount.iter();
        mount.into_iter().any(|mount| {
            !mounts::missing(mount, state, simple).any(|text| text.split('=').next() == Some(name))
        })
    };
    invocation.has_flag(&by.flags) || by.env.iter().any(|name| is_known(name) && !is_harmless(name))
}
