//! Commands that may ask a question: a RUN has nobody to answer it. Must not decide what is done about them.

use dockopt_tools::{Arg, Invocation, Role};

use crate::Model;

/// Whether a command of the RUN `at` changes packages and, as far as it and the file say themselves, may ask about it.
pub fn may_ask(model: &Model<'_>, at: usize, args: &[Arg<'_>], invocation: &Invocation<'_>) -> bool {
    let Some(action) = invocation.action else { return false };
    let is_answered =
        action.assume_yes.iter().chain(&action.answered_by).any(|options| invocation.says(options, args));
    let is_set = |text: &String| model.says_before(at, text);
    matches!(action.role, Role::Install | Role::Upgrade | Role::Remove)
        && !action.assume_yes.is_empty()
        && !is_answered
        && !invocation.tool.answers_in_settings.as_ref().is_some_and(is_set)
}
