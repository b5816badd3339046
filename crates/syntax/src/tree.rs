//! The tree: what stands where in a Dockerfile. Plain data; reading it is in `parse.rs` and `body.rs`.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::lines;
use crate::{Directive, Escape, Heredoc, Logical, Span};

/// A whole Dockerfile. Its items tile the source: their spans joined are the text, byte for byte.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The source text.
    pub text: Arc<str>,
    /// Items in source order.
    pub items: Vec<Item>,
    /// Instructions in source order.
    pub instructions: Vec<Instruction>,
    /// Parser directives in source order.
    pub directives: Vec<Directive>,
    /// The escape token in force.
    pub escape: Escape,
}

impl Tree {
    /// The line end that the file uses: that of its first line.
    pub fn newline(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The index in `items` of instruction `index`.
    pub fn item_of(&self, index: usize) -> usize {
        let span = self.instructions[index].span;
        self.items.partition_point(|item| item.span.start < span.start)
    }

    /// The comment lines that stand directly above instruction `index`, with no blank line between: from the first of them
    /// to the instruction. Empty where there is none.
    pub fn leading_comments(&self, index: usize) -> Span {
        let at = self.item_of(index);
        let first = self.items[..at]
            .iter()
            .rposition(|item| item.kind != ItemKind::Comment)
            .map_or(0, |before| before + 1);
        Span::new(self.items[first].span.start, self.items[at].span.start)
    }
}

/// A run of whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// What the lines are.
    pub kind: ItemKind,
    /// The lines with their ends.
    pub span: Span,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// A parser directive, by its index in [`Tree::directives`].
    Directive(usize),
    /// A comment line.
    Comment,
    /// A blank line.
    Blank,
    /// An instruction with its continuation lines and heredoc bodies, by its index in [`Tree::instructions`].
    Instruction(usize),
}

/// One of the eighteen instructions, or another word where one should stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)] // each is the instruction of its name
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// No instruction of the Dockerfile.
    Unknown,
}

impl Keyword {
    /// Every instruction, with its usual spelling.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Add, "ADD"),
        (Self::Arg, "ARG"),
        (Self::Cmd, "CMD"),
        (Self::Copy, "COPY"),
        (Self::Entrypoint, "ENTRYPOINT"),
        (Self::Env, "ENV"),
        (Self::Expose, "EXPOSE"),
        (Self::From, "FROM"),
        (Self::Healthcheck, "HEALTHCHECK"),
        (Self::Label, "LABEL"),
        (Self::Maintainer, "MAINTAINER"),
        (Self::Onbuild, "ONBUILD"),
        (Self::Run, "RUN"),
        (Self::Shell, "SHELL"),
        (Self::Stopsignal, "STOPSIGNAL"),
        (Self::User, "USER"),
        (Self::Volume, "VOLUME"),
        (Self::Workdir, "WORKDIR"),
    ];

    /// Reads a keyword, in any case.
    pub fn read(word: &str) -> Self {
        Self::ALL
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(word))
            .map_or(Self::Unknown, |known| known.0)
    }

    /// The usual spelling; empty for an unknown word.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }
}

/// One instruction.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// Its whole lines: leading blanks, continuation lines, comments inside, heredoc bodies, final line end.
    pub span: Span,
    /// Its lines, from 1.
    pub lines: RangeInclusive<usize>,
    /// Which instruction.
    pub keyword: Keyword,
    /// The keyword in the source.
    pub keyword_span: Span,
    /// The line that `BuildKit` sees: continuations joined, comments inside dropped.
    pub logical: Logical,
    /// Leading flags.
    pub flags: Vec<Flag>,
    /// What follows the flags, trimmed, in the logical text.
    pub arguments: Range<usize>,
    /// The arguments as what they are.
    pub body: Body,
    /// Heredocs, in order.
    pub heredocs: Vec<Heredoc>,
    /// Comment lines inside the continuation, from `#` to the end of the line.
    pub inner_comments: Vec<Span>,
    /// Blank lines inside the continuation, with their ends (warned of as `NoEmptyContinuation`).
    pub inner_blanks: Vec<Span>,
}

impl Instruction {
    /// The keyword as written.
    pub fn keyword_text<'t>(&self, text: &'t str) -> &'t str {
        self.keyword_span.of(text)
    }

    /// The arguments' text, continuations joined.
    pub fn arguments_text(&self) -> &str {
        &self.logical.text()[self.arguments.clone()]
    }

    /// From the keyword to the last byte of the instruction, without the final line end.
    pub fn code_span(&self, text: &str) -> Span {
        let code = self.span.of(text).trim_end_matches(['\n', '\r']);
        Span::new(self.keyword_span.start, self.span.start + code.len())
    }

    /// Does its last line end in a continuation, as it can at the end of a file? A line that is put behind it would become a part of it.
    pub fn ends_open(&self, text: &str, escape: Escape) -> bool {
        let code = |line: &&str| !line.trim().is_empty() && !lines::is_comment(line);
        self.span.of(text).lines().rev().find(code).is_some_and(|line| lines::continuation(line, escape).1)
    }

    /// The first flag of that name (without `--`).
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// The mounts of a RUN, in order.
    pub fn mounts(&self) -> Vec<Mount> {
        self.flags.iter().filter(|flag| flag.name == "mount").map(Mount::read).collect()
    }

    /// The shell script of a RUN in shell form, as the shell receives it, with the way back to the source. `None` for the
    /// exec form and for other instructions.
    pub fn script(&self, text: &str) -> Option<Logical> {
        let Body::Run(Command::Shell(range)) = &self.body else { return None };
        crate::heredoc::script(text, self, range.clone())
    }

    /// Whether the whole command is one heredoc, so that its body is the script.
    pub fn is_heredoc_script(&self) -> bool {
        matches!(&self.body, Body::Run(Command::Shell(range)) if crate::heredoc::is_whole(self, range.clone()))
    }
}

/// A leading `--name` or `--name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The name without `--`.
    pub name: String,
    /// The value after quote removal.
    pub value: Option<String>,
    /// The flag in the source.
    pub span: Span,
}

/// A `--mount` of a RUN: one CSV record of `key[=value]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The flag in the source.
    pub span: Span,
    /// Its fields in order; `type` is among them where it is written.
    pub options: Vec<MountOption>,
}

/// A field of a mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountOption {
    /// The key, in lower case.
    pub key: String,
    /// The value; `None` for a bare key.
    pub value: Option<String>,
}

impl Mount {
    pub(crate) fn read(flag: &Flag) -> Self {
        let fields = crate::csv::fields(flag.value.as_deref().unwrap_or_default()).unwrap_or_default();
        let options = fields.iter().filter(|field| !field.is_empty()).map(|field| {
            let (key, value) =
                field.split_once('=').map_or((field.as_str(), None), |(key, value)| (key, Some(value)));
            let key = key.to_ascii_lowercase();
            // The type is read in any case, but the name of a variable is not.
            let lower = key == "type" && !value.unwrap_or_default().contains('$');
            MountOption {
                key,
                value: value.map(|value| if lower { value.to_ascii_lowercase() } else { value.to_owned() }),
            }
        });
        Self { span: flag.span, options: options.collect() }
    }

    /// The mount type; `bind` where none is written.
    pub fn kind(&self) -> &str {
        self.option(&["type"]).unwrap_or("bind")
    }

    /// Where it is mounted.
    pub fn target(&self) -> Option<&str> {
        self.option(&["target", "dst", "destination"])
    }

    /// The value of the last field with one of these keys, which is the one that counts.
    pub fn option(&self, keys: &[&str]) -> Option<&str> {
        self.options
            .iter()
            .rfind(|option| keys.contains(&option.key.as_str()))
            .and_then(|option| option.value.as_deref())
    }
}

/// A word of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text as `BuildKit` reads it: continuations joined; JSON strings decoded; quotes of other forms kept.
    pub text: String,
    /// From its first byte to its last in the source.
    pub span: Span,
}

/// A key with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key; quotes are kept.
    pub key: Word,
    /// The value, quotes kept; `None` for a bare ARG name.
    pub value: Option<Word>,
}

/// JSON array or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON array of strings.
    Json,
    /// Words, or a text for the shell.
    Plain,
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// One string for the shell: its range in the logical text.
    Shell(Range<usize>),
    /// The words of a JSON array, run without a shell.
    Exec(Vec<Word>),
}

/// Sources and destination of COPY or ADD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Sources in order, heredoc words among them.
    pub sources: Vec<Word>,
    /// The last word.
    pub destination: Word,
    /// How they are written.
    pub form: Form,
}

/// `AS name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The word `as`.
    pub keyword: Span,
    /// The name as written.
    pub name: Word,
}

/// What a HEALTHCHECK says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Healthcheck {
    /// `NONE`.
    None,
    /// `CMD …`.
    Command(Command),
}

/// The arguments of an instruction, as what they are.
#[derive(Debug, Clone)]
pub enum Body {
    /// FROM.
    From {
        /// The image or stage.
        image: Word,
        /// The name of the stage.
        alias: Option<Alias>,
    },
    /// RUN.
    Run(Command),
    /// CMD.
    Cmd(Command),
    /// ENTRYPOINT.
    Entrypoint(Command),
    /// SHELL.
    Shell(Vec<Word>),
    /// COPY.
    Copy(Copy),
    /// ADD.
    Add(Copy),
    /// ENV.
    Env(Vec<Pair>),
    /// LABEL.
    Label(Vec<Pair>),
    /// ARG.
    Arg(Vec<Pair>),
    /// EXPOSE.
    Expose(Vec<Word>),
    /// VOLUME.
    Volume(Vec<Word>),
    /// USER.
    User(Word),
    /// WORKDIR.
    Workdir(Word),
    /// STOPSIGNAL.
    Stopsignal(Word),
    /// MAINTAINER.
    Maintainer(Word),
    /// HEALTHCHECK.
    Healthcheck(Healthcheck),
    /// ONBUILD, with the instruction that it keeps for later.
    Onbuild(Box<Instruction>),
    /// Arguments that the instruction does not take; an error says why.
    Invalid,
}

impl Body {
    /// The sources and destination of a COPY or ADD.
    pub fn as_copy(&self) -> Option<&Copy> {
        match self {
            Self::Copy(copy) | Self::Add(copy) => Some(copy),
            _ => None,
        }
    }
}
