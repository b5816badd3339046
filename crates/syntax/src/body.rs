//! From the logical line of an instruction to its typed body. Splits and decodes; whether the arguments are allowed is
//! decided in `rules.rs`.

use std::ops::Range;

use crate::json::{self, Array};
use crate::words::{self, QuotedWord};
use crate::{
    Alias, Body, Command, Copy, Escape, Flag, Form, Healthcheck, Instruction, Keyword, Logical, Pair, Span,
    SyntaxError, Word,
};

/// A logical line that is being read.
pub(crate) struct Reader<'a> {
    pub(crate) logical: &'a Logical,
    pub(crate) escape: Escape,
    pub(crate) errors: &'a mut Vec<SyntaxError>,
}

/// Keyword, flags and arguments of a line.
pub(crate) struct Parts {
    pub(crate) keyword: Keyword,
    pub(crate) keyword_range: Range<usize>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) arguments: Range<usize>,
}

impl Reader<'_> {
    fn text(&self) -> &str {
        self.logical.text()
    }

    fn word(&self, range: Range<usize>) -> Word {
        Word { text: self.text()[range.clone()].to_owned(), span: self.logical.span(range) }
    }

    pub(crate) fn error(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let span = self.logical.span(range);
        self.errors.push(SyntaxError::new(span, message, help));
    }

    /// Splits a line once into keyword and rest, and takes the flags off.
    pub(crate) fn parts(&mut self, within: Range<usize>) -> Parts {
        let line = trim(self.text(), within);
        let blank = |c: char| words::is_blank(c);
        let keyword_end = self.text()[line.clone()].find(blank).map_or(line.end, |at| line.start + at);
        let keyword_range = line.start..keyword_end;
        let keyword = Keyword::read(&self.text()[keyword_range.clone()]);
        let rest_start = line.end - self.text()[keyword_end..line.end].trim_start_matches(blank).len();
        let (found, rest) =
            words::flags(self.text(), rest_start..line.end, self.escape).unwrap_or_else(|| {
                self.error(
                    rest_start..line.end,
                    "BuildKit cuts a character in two after this flag",
                    "put an ASCII blank after the flag",
                );
                (Vec::new(), line.end..line.end)
            });
        let flags = found
            .into_iter()
            .map(|flag| {
                let text = flag.text.strip_prefix("--").unwrap_or(&flag.text);
                let (name, value) =
                    text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
                let span = self.logical.span(flag.range);
                Flag { name: name.to_owned(), value: value.map(str::to_owned), span }
            })
            .collect();
        Parts { keyword, keyword_range, flags, arguments: trim(self.text(), rest) }
    }

    /// The typed body for arguments of `keyword`.
    pub(crate) fn body(&mut self, keyword: Keyword, arguments: &Range<usize>, whole: &Instruction) -> Body {
        let arguments = arguments.clone();
        match keyword {
            Keyword::From => self.from(arguments),
            Keyword::Run => self.command(arguments).map_or(Body::Invalid, Body::Run),
            Keyword::Cmd => self.command(arguments).map_or(Body::Invalid, Body::Cmd),
            Keyword::Entrypoint => self.command(arguments).map_or(Body::Invalid, Body::Entrypoint),
            Keyword::Shell => self.shell(arguments),
            Keyword::Copy => self.copy(arguments, "COPY").map_or(Body::Invalid, Body::Copy),
            Keyword::Add => self.copy(arguments, "ADD").map_or(Body::Invalid, Body::Add),
            Keyword::Env => self.pairs(arguments, "ENV").map_or(Body::Invalid, Body::Env),
            Keyword::Label => self.pairs(arguments, "LABEL").map_or(Body::Invalid, Body::Label),
            Keyword::Arg => self.arg(arguments),
            Keyword::Expose => {
                let words = self.plain_words(arguments.clone());
                self.at_least_one(arguments, "EXPOSE", words).map_or(Body::Invalid, Body::Expose)
            }
            Keyword::Volume => {
                let Some((words, _)) = self.list(arguments.clone()) else { return Body::Invalid };
                if let Some(empty) = words.iter().find(|word| word.text.trim().is_empty()) {
                    self.errors.push(SyntaxError::new(
                        empty.span,
                        "a volume needs a path",
                        "name a folder of the image",
                    ));
                    return Body::Invalid;
                }
                self.at_least_one(arguments, "VOLUME", words).map_or(Body::Invalid, Body::Volume)
            }
            Keyword::User => self.single(arguments, "USER").map_or(Body::Invalid, Body::User),
            Keyword::Workdir => self.single(arguments, "WORKDIR").map_or(Body::Invalid, Body::Workdir),
            Keyword::Stopsignal => {
                self.single(arguments, "STOPSIGNAL").map_or(Body::Invalid, Body::Stopsignal)
            }
            Keyword::Maintainer => {
                self.single(arguments, "MAINTAINER").map_or(Body::Invalid, Body::Maintainer)
            }
            Keyword::Healthcheck => self.healthcheck(arguments),
            Keyword::Onbuild => self.onbuild(arguments, whole),
            Keyword::Unknown => Body::Invalid,
        }
    }

    fn plain_words(&self, arguments: Range<usize>) -> Vec<Word> {
        words::whitespace(self.text(), arguments).into_iter().map(|range| self.word(range)).collect()
    }

    fn at_least_one(&mut self, arguments: Range<usize>, name: &str, words: Vec<Word>) -> Option<Vec<Word>> {
        if words.is_empty() {
            self.error(
                arguments,
                format!("{name} needs at least one argument"),
                format!("name what {name} declares"),
            );
            return None;
        }
        Some(words)
    }

    /// JSON strings, or `None` where the text is in another form; the error of a mixed array is reported.
    fn json(&mut self, arguments: Range<usize>) -> Result<Option<Vec<Word>>, ()> {
        match json::array(self.text(), arguments) {
            Array::Strings(strings) => Ok(Some(
                strings
                    .into_iter()
                    .map(|(range, text)| Word { text, span: self.logical.span(range) })
                    .collect(),
            )),
            Array::NotStrings(range) => {
                self.error(range, "only strings can stand in this array", "put the value in double quotes");
                Err(())
            }
            Array::No => Ok(None),
        }
    }

    fn command(&mut self, arguments: Range<usize>) -> Option<Command> {
        match self.json(arguments.clone()) {
            Ok(Some(words)) => Some(Command::Exec(words)),
            Ok(None) => Some(Command::Shell(arguments)),
            Err(()) => None,
        }
    }

    fn list(&mut self, arguments: Range<usize>) -> Option<(Vec<Word>, Form)> {
        match self.json(arguments.clone()) {
            Ok(Some(words)) => Some((words, Form::Json)),
            Ok(None) => Some((self.plain_words(arguments), Form::Plain)),
            Err(()) => None,
        }
    }

    fn shell(&mut self, arguments: Range<usize>) -> Body {
        match self.json(arguments.clone()) {
            Ok(Some(words)) if !words.is_empty() => Body::Shell(words),
            Ok(_) => {
                self.error(arguments, "SHELL takes a JSON array", "write SHELL [\"/bin/sh\", \"-c\"]");
                Body::Invalid
            }
            Err(()) => Body::Invalid,
        }
    }

    fn copy(&mut self, arguments: Range<usize>, name: &str) -> Option<Copy> {
        let (mut words, form) = self.list(arguments.clone())?;
        if words.len() < 2 {
            self.error(
                arguments,
                format!("{name} needs a source and a destination"),
                format!("write {name} <source> <destination>"),
            );
            return None;
        }
        let destination = words.pop()?;
        Some(Copy { sources: words, destination, form })
    }

    fn from(&mut self, arguments: Range<usize>) -> Body {
        let mut words = self.plain_words(arguments.clone());
        let alias = match words.len() {
            1 => None,
            3 if words[1].text.eq_ignore_ascii_case("as") => {
                let name = words.pop().expect("there are three");
                if !is_stage_name(&name.text.to_lowercase()) {
                    let message = format!("`{}` cannot be the name of a stage", name.text);
                    self.errors.push(SyntaxError::new(
                        name.span,
                        message,
                        "begin with a letter and use letters, digits, `-`, `_` and `.`",
                    ));
                    return Body::Invalid;
                }
                Some(Alias { keyword: words[1].span, name })
            }
            _ => {
                self.error(
                    arguments,
                    "FROM takes one or three arguments",
                    "write FROM <image> or FROM <image> AS <name>",
                );
                return Body::Invalid;
            }
        };
        words.truncate(1);
        Body::From { image: words.pop().expect("there is one"), alias }
    }

    fn pairs(&mut self, arguments: Range<usize>, name: &str) -> Option<Vec<Pair>> {
        let words = words::quoted(self.text(), arguments.clone(), self.escape);
        let Some(first) = words.first() else {
            self.error(
                arguments,
                format!("{name} needs a key and a value"),
                format!("write {name} key=value"),
            );
            return None;
        };
        if !first.text.contains('=') {
            return self.old_pair(arguments, name);
        }
        let mut pairs = Vec::new();
        for word in &words {
            let Some(pair) = self.pair(word) else {
                self.error(
                    word.range.clone(),
                    format!("`{}` has no `=`", word.text),
                    "write every pair as key=value, and quote a value with blanks",
                );
                return None;
            };
            if pair.key.text.is_empty() {
                self.error(
                    word.range.clone(),
                    format!("{name} has a pair without a key"),
                    "put a name before the `=`",
                );
                return None;
            }
            pairs.push(pair);
        }
        Some(pairs)
    }

    /// `ENV key the whole rest`.
    fn old_pair(&mut self, arguments: Range<usize>, name: &str) -> Option<Vec<Pair>> {
        let text = &self.text()[arguments.clone()];
        let Some(blank) = text.find(words::is_blank) else {
            self.error(arguments, format!("{name} needs a value"), format!("write {name} key=value"));
            return None;
        };
        let value = text.len() - text[blank..].trim_start_matches(words::is_blank).len();
        let key = self.word(arguments.start..arguments.start + blank);
        Some(vec![Pair { key, value: Some(self.word(arguments.start + value..arguments.end)) }])
    }

    fn pair(&self, word: &QuotedWord) -> Option<Pair> {
        let (key, value) = word.text.split_once('=')?;
        let split = word.range.start + key.len();
        // Escapes keep their length in the text, so offsets in the word are offsets in the line.
        let key = Word { text: key.to_owned(), span: self.logical.span(word.range.start..split) };
        let value = Word { text: value.to_owned(), span: self.logical.span(split + 1..word.range.end) };
        Some(Pair { key, value: Some(value) })
    }

    fn arg(&mut self, arguments: Range<usize>) -> Body {
        let words = words::quoted(self.text(), arguments.clone(), self.escape);
        if words.is_empty() {
            self.error(arguments, "ARG needs a name", "write ARG name or ARG name=default");
            return Body::Invalid;
        }
        let mut pairs = Vec::new();
        for word in &words {
            let pair = self.pair(word).unwrap_or_else(|| Pair {
                key: Word { text: word.text.clone(), ..self.word(word.range.clone()) },
                value: None,
            });
            if pair.key.text.is_empty() {
                self.error(word.range.clone(), "ARG has a value without a name", "put a name before the `=`");
                return Body::Invalid;
            }
            pairs.push(pair);
        }
        Body::Arg(pairs)
    }

    fn single(&mut self, arguments: Range<usize>, name: &str) -> Option<Word> {
        if arguments.is_empty() {
            self.error(arguments, format!("{name} needs an argument"), format!("write {name} <value>"));
            return None;
        }
        Some(self.word(arguments))
    }

    fn healthcheck(&mut self, arguments: Range<usize>) -> Body {
        let text = &self.text()[arguments.clone()];
        // This one splits byte by byte, as for the flags. Where that cuts a character the word is neither CMD nor NONE.
        let blank = |at: &usize| words::is_blank_byte(text.as_bytes()[*at]);
        let first = (0..text.len()).find(blank).unwrap_or(text.len());
        let rest = (first..text.len()).find(|at| !blank(at)).unwrap_or(text.len());
        let word = text.get(..first).unwrap_or_default().to_ascii_uppercase();
        let rest = arguments.start + rest..arguments.end;
        match (word.as_str(), rest.is_empty()) {
            ("NONE", true) => Body::Healthcheck(Healthcheck::None),
            ("NONE", false) => match self.json(rest.clone()) {
                // An empty array is no argument.
                Ok(Some(words)) if words.is_empty() => Body::Healthcheck(Healthcheck::None),
                Ok(_) => {
                    self.error(rest, "HEALTHCHECK NONE takes no arguments", "drop what follows NONE");
                    Body::Invalid
                }
                Err(()) => Body::Invalid,
            },
            ("CMD", false) => match self.command(rest.clone()) {
                Some(Command::Exec(words)) if words.is_empty() => self.no_health_command(rest),
                Some(command) => Body::Healthcheck(Healthcheck::Command(command)),
                None => Body::Invalid,
            },
            ("CMD", true) => self.no_health_command(arguments),
            _ => {
                self.error(arguments, "HEALTHCHECK takes CMD or NONE", "write HEALTHCHECK CMD <command>");
                Body::Invalid
            }
        }
    }

    fn no_health_command(&mut self, range: Range<usize>) -> Body {
        self.error(
            range,
            "there is no command after HEALTHCHECK CMD",
            "write the command that checks the container",
        );
        Body::Invalid
    }

    fn onbuild(&mut self, arguments: Range<usize>, whole: &Instruction) -> Body {
        if arguments.is_empty() {
            self.error(arguments, "ONBUILD needs an instruction", "write ONBUILD <instruction>");
            return Body::Invalid;
        }
        let parts = self.parts(arguments.clone());
        if matches!(parts.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
            let name = parts.keyword.name();
            self.error(
                parts.keyword_range,
                format!("{name} cannot stand in ONBUILD"),
                "use another instruction here",
            );
            return Body::Invalid;
        }
        let inner = self.instruction(parts, whole);
        Body::Onbuild(Box::new(inner))
    }

    /// The instruction with these parts; place and trivia are those of `whole`.
    pub(crate) fn instruction(&mut self, parts: Parts, whole: &Instruction) -> Instruction {
        let body = self.body(parts.keyword, &parts.arguments, whole);
        let instruction = Instruction {
            keyword: parts.keyword,
            keyword_span: self.logical.span(parts.keyword_range),
            flags: parts.flags,
            arguments: parts.arguments,
            body,
            ..whole.clone()
        };
        crate::rules::check(self, &instruction);
        instruction
    }
}

fn trim(text: &str, within: Range<usize>) -> Range<usize> {
    let part = &text[within.clone()];
    let start = within.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
}

/// An instruction at `span` of which nothing is read yet.
pub(crate) fn unread(span: Span, lines: std::ops::RangeInclusive<usize>, logical: Logical) -> Instruction {
    Instruction {
        span,
        lines,
        keyword: Keyword::Unknown,
        keyword_span: Span::at(span.start),
        logical,
        flags: Vec::new(),
        arguments: 0..0,
        body: Body::Invalid,
        heredocs: Vec::new(),
        inner_comments: Vec::new(),
        inner_blanks: Vec::new(),
    }
}
