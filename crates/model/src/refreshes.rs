//! Refreshes of a package index that an install of the same RUN makes needless, once it fetches the index by itself. Must not decide
//! whether it is to do so.

use dockopt_shell::Simple;
use dockopt_syntax::Edit;
use dockopt_tools::Role;

use crate::caches::Left;
use crate::needs::quoted;
use crate::{Model, layout, script};

/// A refresh that can be taken out of its RUN.
#[derive(Debug, Clone)]
pub struct Refresh<'m> {
    /// The edit that does so.
    pub edit: Edit,
    /// The command, in its one spelling.
    pub gone: String,
    simple: &'m Simple,
}

/// The refreshes of a RUN that can be taken out where the install fetches the index by itself with `flag`.
pub fn removable<'m>(model: &'m Model<'_>, at: usize, left: &Left<'_>, flag: &str) -> Vec<Refresh<'m>> {
    let Ok(script) = model.script(at) else { return Vec::new() };
    let mut found = Vec::new();
    for (index, operand) in layout::operands(model, at).unwrap_or_default().into_iter().enumerate() {
        let refresh = operand.simple().filter(|simple| is_refresh(model, at, simple, left, flag));
        let Some(simple) = refresh else { continue };
        let is_clear = script.recognize(simple).is_some_and(|one| script::role(&one).is_some());
        if let (true, Some(edit), [node]) =
            (is_clear, layout::remove(model, at, index), operand.nodes().as_slice())
        {
            found.push(Refresh { edit, gone: dockopt_shell::canonical(script.text(), node), simple });
        }
    }
    found
}

/// The refresh that stays although the install fetches the index by itself.
pub fn kept(model: &Model<'_>, at: usize, left: &Left<'_>, flag: &str) -> Option<String> {
    let script = model.script(at).ok()?;
    let goes = removable(model, at, left, flag);
    let mut kept = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
        if is_refresh(model, at, simple, left, flag)
            && !goes.iter().any(|own| std::ptr::eq(own.simple, simple))
        {
            let (first, last) = (&simple.words[0], &simple.words[simple.words.len() - 1]);
            kept.get_or_insert_with(|| quoted(&script.text()[first.span.start..last.span.end]));
        }
    });
    kept
}

/// Whether a command is a refresh of the index of the tool, which fetches it by itself with `flag`.
fn is_refresh(model: &Model<'_>, at: usize, simple: &Simple, left: &Left<'_>, flag: &str) -> bool {
    let Ok(script) = model.script(at) else { return false };
    let fetches =
        left.tool.index.as_ref().is_some_and(|index| index.refreshed_by_flags.iter().any(|own| own == flag));
    let found = script.recognize(simple).filter(|one| fetches && one.tool.name == left.tool.name);
    found.and_then(|one| one.action).is_some_and(|action| action.role == Role::Refresh)
}
