//! Commands that are made for people, and when the command for scripts does the same. An analysis: what is done about them is
//! decided in a pass.

use dockopt_shell::Simple;
use dockopt_syntax::Tree;
use dockopt_tools::Scripted;
use dockopt_tools::bases::Base;

use crate::Script;

/// What the file says that decides about it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The file.
    pub tree: &'a Tree,
    /// What is known of the image that the stage goes back to.
    pub base: Option<&'a Base>,
}

/// The form for scripts of a command whose output nobody reads: the two print different things.
pub fn form<'t>(script: &Script<'t>, simple: &Simple) -> Option<&'t Scripted> {
    let found = script.recognize(simple).filter(|_| script.is_unread(simple))?;
    found.scripted(&script.args(simple))
}

/// Whether both do the same: by their release, and no setting is for one of them alone.
pub fn is_same(form: &Scripted, around: Surroundings<'_>) -> bool {
    form.is_same_in(around.base) && !is_set(form, around.tree)
}

/// Whether the file sets something for the command for people alone.
pub fn is_set(form: &Scripted, tree: &Tree) -> bool {
    tree.text.to_ascii_lowercase().contains(&form.settings.to_ascii_lowercase())
}
