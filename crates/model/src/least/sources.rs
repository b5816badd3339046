//! What the sources in the build context tell of the files that a program writes, and of root. Must not guess what a source does.

use std::collections::BTreeSet;

use dockopt_syntax::Span;
use dockopt_tools::users::users;

use super::{Found, Kept};
use crate::Context;
use crate::context::EntryKind;

/// More sources than these are not looked through.
const MOST_SOURCES: usize = 400;

/// The names of the sources in the build context, without folders and endings, if they tell nothing against another user.
pub(super) fn look_through(context: Option<&Context<'_>>, at: Span) -> Found<BTreeSet<String>> {
    let kept = |why: String| Kept { at, why };
    let context = context.ok_or_else(|| {
        kept("the sources of the program cannot be looked at: the build context is not known".to_owned())
    })?;
    let files =
        context.walk("").map_err(|_| kept("the sources of the program cannot be looked at".to_owned()))?;
    let data = users();
    let mut sources = 0;
    let mut names = BTreeSet::new();
    for (path, kind) in &files {
        if data.data.is_data(path) {
            return Err(kept(format!(
                "`{path}` in the build context looks like something that the program writes"
            )));
        }
        if *kind == EntryKind::File && context.files.mode(path).is_none_or(|mode| mode & 0o004 == 0) {
            return Err(kept(format!("not everybody may read `{path}` in the build context")));
        }
        if *kind != EntryKind::File || !data.sources_of_programs.is_source(path) {
            continue;
        }
        sources += 1;
        let file = path.rsplit('/').next().unwrap_or(path);
        names.insert(file.split('.').next().unwrap_or(file).to_owned());
        let text = context.files.read(path).filter(|_| sources <= MOST_SOURCES);
        let text = text.ok_or_else(|| {
            kept(format!("the sources are too many or too large to look through, as `{path}`"))
        })?;
        if let Some(told) = data.sources_of_programs.told_in(&text) {
            return Err(kept(format!(
                "`{path}` has `{told}`: the program may write files, or need to be root"
            )));
        }
    }
    if sources == 0 {
        return Err(kept("there is no source of the program in the build context".to_owned()));
    }
    Ok(names)
}
