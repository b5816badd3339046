//! Recognition: which tool a command line runs, what it asks of it, and the part that each word plays.
//!
//! It reads words, never raw text, and it never guesses: a word whose part is not known makes the invocation incomplete.

use std::ops::Range;

use crate::options::{self, Options, Reader};
use crate::schema::{Action, Change, Kind, Operands, Place, Scripted, Tool, Wraps};
use crate::{Entry, Toolbox, script};

/// One word of a simple command, after quote removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg<'a> {
    /// Exactly this text.
    Literal(&'a str),
    /// The source text of a word with an unquoted glob or an unquoted leading `~`, and no other expansion. A glob may become many words.
    Glob(&'a str),
    /// Exactly one word that begins with this text, which may be empty; the rest is not known (a quoted expansion: `"$DIR/x"`).
    Prefix(&'a str),
    /// Any number of words that are not known (an unquoted expansion).
    Dynamic,
}

impl<'a> Arg<'a> {
    /// The text, if it is known exactly.
    pub fn literal(self) -> Option<&'a str> {
        match self {
            Arg::Literal(text) => Some(text),
            _ => None,
        }
    }

    /// Is this certainly one word?
    pub(crate) fn is_one_word(self) -> bool {
        match self {
            Arg::Literal(_) | Arg::Prefix(_) => true,
            Arg::Glob(text) => !text.contains(['*', '?', '[']),
            Arg::Dynamic => false,
        }
    }

    /// Is this certainly no option? A glob that begins with its wildcard may become a file name that begins with a dash.
    pub(crate) fn is_no_option(self) -> bool {
        match self {
            Arg::Literal(text) => text == "-" || !text.starts_with('-'),
            Arg::Glob(text) => !text.starts_with(['-', '*', '?', '[']),
            Arg::Prefix(text) => !text.is_empty() && !text.starts_with('-'),
            Arg::Dynamic => false,
        }
    }
}

/// A command line of a known tool.
#[derive(Debug, Clone)]
pub struct Invocation<'t> {
    /// The tool.
    pub tool: &'t Tool,
    /// What is asked of it, if the data says.
    pub action: Option<&'t Action>,
    /// The commands that run this one (`sudo`, `env`), the outermost first.
    pub wrappers: Vec<Wrapper<'t>>,
    /// The words of the command.
    pub command: Range<usize>,
    /// The words of the verb; empty when there is none.
    pub verb: Range<usize>,
    /// The options, in order; clusters are taken apart.
    pub flags: Vec<Flag>,
    /// The words that are neither command, verb, option nor value of an option.
    pub operands: Vec<usize>,
    /// Every word is understood: its part is certain, and no option is one that the data does not name. A word that is not literal and
    /// might be an option makes it `false`.
    pub complete: bool,
}

/// A command that runs the rest of the command line.
#[derive(Debug, Clone)]
pub struct Wrapper<'t> {
    /// The tool.
    pub tool: &'t Tool,
    /// Its words, up to the command inside.
    pub words: Range<usize>,
    /// Its options.
    pub flags: Vec<Flag>,
    /// Its `NAME=value` words.
    pub assignments: Vec<usize>,
}

impl Wrapper<'_> {
    /// Does it change this for the command inside?
    pub fn changes(&self, change: Change) -> bool {
        self.tool.wraps.as_ref().is_some_and(|wraps| wraps.changes.contains(&change))
    }
}

/// An option on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The word it is in.
    pub word: usize,
    /// Its name with dashes, without value: `--prefix`, `-y`.
    pub name: String,
    /// Its value, if it was given one.
    pub value: Option<FlagValue>,
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagValue {
    /// Text in the same word.
    Inline(String),
    /// The beginning of the text in the same word; the rest is not known.
    InlinePrefix(String),
    /// The word of this index.
    Word(usize),
}

impl FlagValue {
    /// The text, if it is known exactly.
    pub fn text<'a>(&'a self, words: &[Arg<'a>]) -> Option<&'a str> {
        match self {
            FlagValue::Inline(text) => Some(text),
            FlagValue::InlinePrefix(_) => None,
            FlagValue::Word(index) => words.get(*index).and_then(|word| word.literal()),
        }
    }
}

/// A path that a command line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathRef<'a> {
    /// The word of this index.
    Word(usize),
    /// The value of an option.
    Value(&'a FlagValue),
}

/// Something that a command line reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// A place; never one of those that stand for operands.
    Place(&'a Place),
    /// The file or folder entry of this path. A path that is not literal may be any.
    Path(PathRef<'a>),
    /// This path and all below it.
    Tree(PathRef<'a>),
}

impl<'t> Invocation<'t> {
    /// Is one of these options given, as far as the words are known?
    pub fn has_flag<S: AsRef<str>>(&self, names: &[S]) -> bool {
        self.flags.iter().any(|flag| names.iter().any(|name| name.as_ref() == flag.name))
    }

    /// Are these options given, as they are written (`-q -q`, `--setopt=best=1`)? Each counts as often as it stands there. A value may
    /// end in `*` for any text.
    pub fn says(&self, options: &str, words: &[Arg<'_>]) -> bool {
        let wanted: Vec<&str> = options.split_whitespace().collect();
        let is = |flag: &Flag, option: &str| match option.split_once('=') {
            None => flag.name == option,
            Some((name, value)) => {
                let given = flag.value.as_ref().and_then(|given| given.text(words));
                flag.name == name && given.is_some_and(|given| options::is_value(value, given))
            }
        };
        wanted.iter().all(|option| {
            let times = wanted.iter().filter(|other| *other == option).count();
            self.flags.iter().filter(|flag| is(flag, option)).count() >= times
        })
    }

    /// The form for scripts of a command for people, if it has one that says the same.
    pub fn scripted(&self, words: &[Arg<'_>]) -> Option<&'t Scripted> {
        let text = |range: &Range<usize>| {
            let words = words[range.clone()].iter().map(|word| word.literal());
            words.collect::<Option<Vec<_>>>().map(|words| words.join(" "))
        };
        // Behind an option that is not known, what looks like the verb may be its value.
        let is_certain = self.complete || self.verb.start == self.command.end;
        let (command, verb) = (text(&self.command).filter(|_| is_certain)?, text(&self.verb)?);
        self.tool.scripted.iter().find(|form| form.command == command && form.verbs.contains(&verb))
    }

    /// The values given to these options, in order.
    pub fn flag_values<S: AsRef<str>>(&self, names: &[S]) -> impl Iterator<Item = &FlagValue> {
        self.flags
            .iter()
            .filter(|flag| names.iter().any(|name| name.as_ref() == flag.name))
            .filter_map(|flag| flag.value.as_ref())
    }

    /// The operands' texts; `None` for those that are not literal.
    pub fn operand_texts<'a>(&self, words: &[Arg<'a>]) -> Vec<Option<&'a str>> {
        self.operands.iter().map(|&index| words.get(index).and_then(|word| word.literal())).collect()
    }

    /// What it may read, in no order; [`Place::Everything`] when in doubt.
    pub fn reads(&self, words: &[Arg<'_>]) -> Vec<Reach<'_>> {
        let mut reads = self.reaches(words, |action| (&action.reads, &action.read_paths));
        if !self.wrappers.is_empty() {
            // A wrapper runs a program even where the shell would have a command of its own.
            reads.push(Reach::Place(&Place::System));
        }
        reads
    }

    /// What it may write, in no order; [`Place::Everything`] when in doubt.
    pub fn writes(&self, words: &[Arg<'_>]) -> Vec<Reach<'_>> {
        self.reaches(words, |action| (&action.writes, &action.write_paths))
    }

    /// Does a wrapper change this?
    pub fn wrapper_changes(&self, change: Change) -> bool {
        self.wrappers.iter().any(|wrapper| wrapper.changes(change))
    }

    fn reaches(
        &self,
        words: &[Arg<'_>],
        of: impl Fn(&'t Action) -> (&'t Vec<Place>, &'t Vec<String>),
    ) -> Vec<Reach<'_>> {
        let unknown = || vec![Reach::Place(&Place::Everything)];
        let Some(action) = self.action else { return unknown() };
        let (places, options) = of(action);
        let names_paths = !options.is_empty()
            || places
                .iter()
                .any(|place| matches!(place, Place::Operands | Place::OperandTrees | Place::LastOperand));
        if !self.complete && (names_paths || !action.any_options) {
            return unknown();
        }
        let paths = self.operands.iter().copied().filter(|&index| match action.operands {
            Operands::Packages => words.get(index).is_none_or(|word| may_be_path(*word)),
            _ => true,
        });
        let mut reaches = Vec::with_capacity(places.len());
        for place in places {
            match place {
                Place::Operands => {
                    reaches.extend(paths.clone().map(|index| Reach::Path(PathRef::Word(index))));
                }
                Place::OperandTrees => {
                    reaches.extend(paths.clone().map(|index| Reach::Tree(PathRef::Word(index))));
                }
                Place::LastOperand => reaches.push(match self.operands.as_slice() {
                    [_, .., last] => Reach::Tree(PathRef::Word(*last)),
                    _ => Reach::Place(&Place::Cwd),
                }),
                other => reaches.push(Reach::Place(other)),
            }
        }
        reaches.extend(self.flag_values(options).map(|value| Reach::Tree(PathRef::Value(value))));
        reaches
    }
}

/// Can a package manager take this operand for a path? They do so if it has a slash, begins with a dot or ends like an archive.
fn may_be_path(word: Arg<'_>) -> bool {
    word.literal().is_none_or(|text| text.contains('/') || text.starts_with(['.', '~']) || is_archive(text))
}

/// Does a name end like that of an archive with packages?
pub(crate) fn is_archive(name: &str) -> bool {
    const ARCHIVES: [&str; 10] =
        [".apk", ".bz2", ".deb", ".gz", ".rpm", ".tar", ".tgz", ".whl", ".xz", ".zip"];
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

impl Toolbox {
    /// The tool that these words run, and what they ask of it. `words` are those of one simple command, without its assignments and
    /// redirections.
    pub fn recognize<'t>(&'t self, words: &[Arg<'_>]) -> Option<Invocation<'t>> {
        let mut wrappers = Vec::new();
        let mut at = 0;
        loop {
            let (tool, command) = self.command_at(words, at)?;
            match tool.wraps.as_ref().and_then(|wraps| unwrap_command(tool, wraps, command.clone(), words)) {
                Some(wrapper) => {
                    at = wrapper.words.end;
                    wrappers.push(wrapper);
                }
                None => return Some(read(tool, wrappers, command, words)),
            }
        }
    }

    /// Where the command begins that the first one runs, through all that only run another (`exec`, `env`).
    pub fn inside(&self, words: &[Arg<'_>]) -> usize {
        let mut at = 0;
        while let Some((tool, command)) = self.command_at(words, at)
            && let Some(wrapper) =
                tool.wraps.as_ref().and_then(|wraps| unwrap_command(tool, wraps, command, words))
        {
            at = wrapper.words.end;
        }
        at
    }

    fn command_at(&self, words: &[Arg<'_>], at: usize) -> Option<(&Tool, Range<usize>)> {
        let word = words.get(at)?.literal()?;
        let name = CommandName::of(word);
        self.entries(word, name)
            .filter(|(entry, by_name)| !by_name || name.may_be(&self.tools[entry.tool]))
            .map(|(entry, _)| entry)
            .find(|entry| {
                entry.command.iter().enumerate().skip(1).all(|(offset, expected)| {
                    words
                        .get(at + offset)
                        .and_then(|word| word.literal())
                        .is_some_and(|word| matches(expected, word))
                })
            })
            .map(|entry| (&self.tools[entry.tool], at..at + entry.command.len()))
    }

    /// The entries for a first word: by the word itself, then, if it is a path, by its last component.
    fn entries(&self, word: &str, name: CommandName<'_>) -> impl Iterator<Item = (&Entry, bool)> {
        let own = self.entries_of(word).map(|entry| (entry, false));
        let last = (name.base != word).then(|| self.entries_of(name.base)).into_iter().flatten();
        own.chain(last.map(|entry| (entry, true)))
    }

    fn entries_of(&self, word: &str) -> impl Iterator<Item = &Entry> {
        let exact = self.by_word.get(word).into_iter().flatten();
        let patterns = self.by_pattern.iter().filter(move |(pattern, _)| matches(pattern, word));
        exact.chain(patterns.flat_map(|(_, entries)| entries))
    }
}

/// The name in a command word, and how far its folder vouches for it.
#[derive(Debug, Clone, Copy)]
struct CommandName<'a> {
    base: &'a str,
    folder: Folder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    /// A folder of the system's programs.
    System,
    /// Another absolute folder of programs.
    Programs,
    /// Any other.
    Other,
}

impl<'a> CommandName<'a> {
    fn of(word: &'a str) -> CommandName<'a> {
        let Some((folder, base)) = word.rsplit_once('/') else {
            return CommandName { base: word, folder: Folder::System };
        };
        let folder = match folder {
            "/bin" | "/sbin" | "/usr/bin" | "/usr/sbin" | "/usr/local/bin" | "/usr/local/sbin" => {
                Folder::System
            }
            other if other.starts_with('/') && other.ends_with("/bin") && !other.contains("/..") => {
                Folder::Programs
            }
            _ => Folder::Other,
        };
        CommandName { base, folder }
    }

    fn may_be(self, tool: &Tool) -> bool {
        match self.folder {
            Folder::System => true,
            Folder::Programs => tool.kind == Kind::Language,
            Folder::Other => false,
        }
    }
}

/// Does a word of the data match a word of a command line? A `*` stands for digits and dots, at least one digit.
fn matches(pattern: &str, word: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == word };
    word.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(|middle| {
        middle.starts_with(|first: char| first.is_ascii_digit())
            && middle.chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// Reads a wrapper up to the command inside; `None` when it is not certain where that begins, or when there is none.
fn unwrap_command<'t>(
    tool: &'t Tool,
    wraps: &Wraps,
    command: Range<usize>,
    words: &[Arg<'_>],
) -> Option<Wrapper<'t>> {
    let mut reader = Reader::new(Options { tool, action: None }, words);
    let mut at = reader.read_options(command.end);
    let mut assignments = Vec::new();
    while wraps.assignments && words.get(at).is_some_and(|word| is_assignment(*word)) {
        assignments.push(at);
        at += 1;
    }
    for _ in 0..wraps.skip {
        words.get(at).filter(|word| word.is_one_word() && word.is_no_option())?;
        at += 1;
    }
    let inside = words.get(at)?;
    (reader.complete && inside.is_no_option()).then_some(Wrapper {
        tool,
        words: command.start..at,
        flags: reader.flags,
        assignments,
    })
}

fn is_assignment(word: Arg<'_>) -> bool {
    let (Arg::Literal(text) | Arg::Prefix(text)) = word else { return false };
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    })
}

/// Finds the action, and reads the words by its options.
fn read<'t>(
    tool: &'t Tool,
    wrappers: Vec<Wrapper<'t>>,
    command: Range<usize>,
    words: &[Arg<'_>],
) -> Invocation<'t> {
    let asked: Vec<&'t Action> =
        tool.actions.iter().filter(|action| is_command_of(tool, action, &command, words)).collect();
    let (verb, candidates) = find_verb(tool, &asked, command.end, words);
    let mut fallback = None;
    let mut unasked: Vec<&[String]> = Vec::new();
    for action in candidates {
        let (reader, operands) = read_words(Options { tool, action: Some(action) }, &command, &verb, words);
        let given = |names: &[String]| reader.flags.iter().any(|flag| names.contains(&flag.name));
        let lacks_flag = !action.only_with.is_empty() && !given(&action.only_with);
        if lacks_flag
            || given(&action.not_with)
            || (action.operands == Operands::None && !operands.is_empty())
            || !begins_with(&operands, &action.first_operand, words)
        {
            fallback.get_or_insert(action);
            unasked.push(if lacks_flag { &action.only_with } else { &[] });
            continue;
        }
        if !action.form.is_none_or(|form| script::has_form(form, &command, &operands, &reader.flags, words)) {
            fallback.get_or_insert(action);
            continue;
        }
        // What is not understood may be an option that asks for another action.
        let is_sure = if reader.complete {
            !unasked.iter().any(|names| given(names))
        } else {
            unasked.is_empty() && action.not_with.is_empty()
        };
        return Invocation {
            tool,
            action: is_sure.then_some(action),
            wrappers,
            command,
            verb,
            complete: reader.complete,
            flags: reader.flags,
            operands,
        };
    }
    let (reader, operands) = read_words(Options { tool, action: fallback }, &command, &verb, words);
    Invocation {
        tool,
        action: None,
        wrappers,
        command,
        verb,
        complete: reader.complete,
        flags: reader.flags,
        operands,
    }
}

/// Is the first operand one of these, where there are any?
fn begins_with(operands: &[usize], names: &[String], words: &[Arg<'_>]) -> bool {
    let first = operands.first().and_then(|&index| words.get(index)?.literal());
    names.is_empty() || first.is_some_and(|first| names.iter().any(|name| name == first))
}

fn is_command_of(tool: &Tool, action: &Action, command: &Range<usize>, words: &[Arg<'_>]) -> bool {
    let is_this = |line: &str| {
        let mut expected = line.split_whitespace();
        command.clone().all(|index| {
            let word = words.get(index).and_then(|word| word.literal());
            match (expected.next(), word) {
                (Some(expected), Some(word)) => {
                    matches(expected, word)
                        || (index == command.start && matches(expected, CommandName::of(word).base))
                }
                _ => false,
            }
        }) && expected.next().is_none()
    };
    match action.commands.as_slice() {
        [] => tool.own_commands().any(is_this),
        commands => commands.iter().any(|line| is_this(line)),
    }
}

/// The verb, which may follow options of the tool, and the actions that it asks for.
fn find_verb<'t>(
    tool: &'t Tool,
    actions: &[&'t Action],
    from: usize,
    words: &[Arg<'_>],
) -> (Range<usize>, Vec<&'t Action>) {
    if actions.iter().all(|action| action.verbs.is_empty()) {
        return (from..from, actions.to_vec());
    }
    let at = Reader::new(Options { tool, action: None }, words).read_options(from);
    let spoken = |verb: &str| {
        let length = verb.split_whitespace().count();
        let same = verb.split_whitespace().enumerate().all(|(offset, expected)| {
            words.get(at + offset).and_then(|word| word.literal()).is_some_and(|word| word == expected)
        });
        if same { length } else { 0 }
    };
    let longest = actions.iter().flat_map(|action| &action.verbs).map(|verb| spoken(verb)).max().unwrap_or(0);
    if longest == 0 {
        return (from..from, actions.iter().copied().filter(|action| without_verb(action)).collect());
    }
    let asked = actions
        .iter()
        .copied()
        .filter(|action| action.verbs.iter().any(|verb| spoken(verb) == longest))
        .collect();
    (at..at + longest, asked)
}

fn without_verb(action: &Action) -> bool {
    action.verbs.is_empty() || action.verbs.iter().any(String::is_empty)
}

fn read_words<'w, 'a, 't>(
    options: Options<'t>,
    command: &Range<usize>,
    verb: &Range<usize>,
    words: &'w [Arg<'a>],
) -> (Reader<'w, 'a, 't>, Vec<usize>) {
    let mut reader = Reader::new(options, words);
    if !verb.is_empty() {
        // What stands before the verb was read without the action's options when the verb was found, so it is again.
        reader.options.action = None;
        reader.read_options(command.end);
        reader.options.action = options.action;
    }
    let start = if verb.is_empty() { command.end } else { verb.end };
    let operands = reader.read_all(start);
    (reader, operands)
}
