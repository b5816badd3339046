//! Where a cache lies that a variable of the file moves. Must not guess: a value that is not known is no place.

use dockopt_shell::Simple;
use dockopt_tools::{Cache, Invocation};

use crate::path;
use crate::state::State;

/// Where a cache of a command lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moved {
    /// In its usual place.
    Not,
    /// In this folder.
    To(String),
    /// Elsewhere, or not known.
    Unknown,
}

/// Where a cache of a command lies, as the variables of the file and the options of the command say.
pub(crate) fn of(cache: &Cache, invocation: &Invocation<'_>, state: &State, simple: &Simple) -> Moved {
    let is_own = |name: &String| simple.assignments.iter().any(|own| own.name == *name);
    if invocation.has_flag(&cache.moved_by_flags) || cache.moved_by_env.iter().any(is_own) {
        return Moved::Unknown;
    }
    let mut names = cache.moved_by_env.iter().filter(|name| state.variables.contains_key(*name));
    let (Some(name), second) = (names.next(), names.next()) else { return Moved::Not };
    let value = state.variables.get(name).and_then(|variable| variable.value.get());
    let is_plain = |value: &&String| {
        value.starts_with('/') && value.len() > 1 && !value.contains([':', '$', ','].as_slice())
    };
    match (value.filter(is_plain), cache.moved_to.get(name), second) {
        (Some(value), Some(rest), None) => Moved::To(path::resolve(&path::resolve("/", value), rest)),
        _ => Moved::Unknown,
    }
}
