//! Another spelling of one command of a RUN: the edits of the Dockerfile, and the command before and after. It changes words and
//! does not judge what they mean.

use std::ops::Range;

use dockopt_shell::{Node, Simple};
use dockopt_syntax::{Edit, Span};
use dockopt_tools::{FlagValue, Invocation};

use crate::Script;

/// A text in place of a part of a command. The part is a range of the script, and an empty one is a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The part.
    pub range: Range<usize>,
    /// What comes in its place.
    pub text: String,
}

impl Change {
    /// Options behind the verb, or behind the command where there is no verb.
    pub fn options(simple: &Simple, invocation: &Invocation<'_>, options: &[impl AsRef<str>]) -> Self {
        Self::behind(simple, invocation.verb.end.max(invocation.command.end), options)
    }

    /// Options behind those that follow the verb.
    pub fn further_options(
        simple: &Simple,
        invocation: &Invocation<'_>,
        options: &[impl AsRef<str>],
    ) -> Self {
        let is_option = |word: &usize| {
            invocation.flags.iter().any(|flag| {
                flag.word == *word || matches!(flag.value, Some(FlagValue::Word(value)) if value == *word)
            })
        };
        let start = invocation.verb.end.max(invocation.command.end);
        let further = (start..simple.words.len()).take_while(is_option).count();
        Self::behind(simple, start + further, options)
    }

    /// An option that fetches the package index by itself, in the place of one behind the verb that does no more than that.
    pub fn in_place_of_refresh(simple: &Simple, invocation: &Invocation<'_>, option: &str) -> Option<Self> {
        let fetching = &invocation.tool.index.as_ref()?.refreshed_by_flags;
        let is_alone = |word: usize| invocation.flags.iter().filter(|one| one.word == word).count() == 1;
        let is_idle = |name: &String| fetching.contains(name) && fetching.iter().any(|own| own == option);
        let mut words = invocation.flags.iter().filter(|one| is_idle(&one.name)).map(|one| one.word);
        let word = words.find(|&word| word >= invocation.verb.end && is_alone(word))?;
        Some(Self { range: simple.words[word].span.clone(), text: option.to_owned() })
    }

    /// Options behind the first `words` words.
    fn behind(simple: &Simple, words: usize, options: &[impl AsRef<str>]) -> Self {
        let end = simple.words[words - 1].span.end;
        let text = options.iter().map(|option| format!(" {}", option.as_ref())).collect();
        Self { range: end..end, text }
    }
}

/// A command in another spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Respelled {
    /// The edits of the Dockerfile.
    pub edits: Vec<Edit>,
    /// The command as it was, in its one spelling.
    pub gone: String,
    /// The text of the command as it is then.
    pub new: String,
}

/// Makes changes, which are in order and do not meet, to a command of a script. `None` where the command has lines of its own
/// behind it (`<<EOF`), so that its text is not in one piece.
pub fn respell(script: &Script<'_>, simple: &Simple, changes: &[Change]) -> Option<Respelled> {
    let mut found: Option<&Node> = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |other, context| {
        if std::ptr::eq(other, simple) {
            found = Some(context.node);
        }
    });
    let node = found.filter(|node| node.redirects.iter().all(|redirect| redirect.heredoc_body.is_none()))?;
    let mut new = script.text()[node.span.clone()].to_owned();
    for change in changes.iter().rev() {
        let start = change.range.start - node.span.start;
        new.replace_range(start..change.range.end - node.span.start, &change.text);
    }
    let edit = |change: &Change| {
        let range = &change.range;
        // What comes before a word goes to where it starts, which a line break may keep apart from where the text before ends.
        let span = if !range.is_empty() {
            script.span(range)
        } else if simple.words.iter().any(|word| word.span.start == range.start) {
            Span::at(script.logical.source_start(range.start))
        } else {
            Span::at(script.logical.source_end(range.start))
        };
        Edit { span, text: change.text.clone() }
    };
    let edits = changes.iter().map(edit).collect();
    Some(Respelled { edits, gone: dockopt_shell::canonical(script.text(), node), new })
}
