//! Compares our reading of a Dockerfile with another parser's, instruction by instruction. Says what differs; which
//! differences are expected is decided elsewhere.

use dockopt_syntax::{Body, Command, Form, Healthcheck, Instruction, Parse, Word};
use serde_json::Value;

/// What another parser made of a file.
pub(crate) struct Verdict {
    /// Its reason to refuse the file, in the first of `BuildKit`'s two steps.
    pub(crate) error: Option<String>,
    /// The instructions, where it took the file.
    pub(crate) commands: Vec<Value>,
}

impl Verdict {
    /// Reads one line of the oracle.
    pub(crate) fn read(line: &str) -> Self {
        let mut value: Value = serde_json::from_str(line).expect("the oracle writes JSON");
        let error = value["error"].as_str().filter(|error| !error.is_empty()).map(str::to_owned);
        let commands = value["commands"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Self { error, commands }
    }
}

/// The first thing in which two readings of a file differ.
#[derive(Debug)]
pub(crate) struct Difference {
    /// Which instruction, from 0.
    pub(crate) index: usize,
    /// What, and both values.
    pub(crate) what: String,
}

/// Compares every instruction. Values of an instruction that we refuse are not compared: there are none.
pub(crate) fn instructions(text: &str, parse: &Parse, verdict: &Verdict) -> Option<Difference> {
    for (index, theirs) in verdict.commands.iter().enumerate() {
        let Some(ours) = parse.tree.instructions.get(index) else {
            return Some(Difference { index, what: format!("missing instruction {theirs}") });
        };
        if let Some(what) = instruction(text, ours, theirs) {
            return Some(Difference { index, what });
        }
    }
    let index = verdict.commands.len();
    let extra = parse.tree.instructions.get(index)?;
    Some(Difference { index, what: format!("extra instruction {:?}", extra.logical.text()) })
}

fn instruction(text: &str, ours: &Instruction, theirs: &Value) -> Option<String> {
    let inner = match &ours.body {
        Body::Onbuild(inner) => Some(&**inner),
        _ => None,
    };
    let differs = |name: &str, ours: Value| {
        (ours != theirs[name]).then(|| format!("{name}: {ours} but {}", theirs[name]))
    };
    // The keyword may be split by a continuation; the logical text has it whole.
    let keyword = |one: &Instruction| {
        let start = one.logical.offset_of(one.keyword_span.start).unwrap_or_default();
        let end =
            one.logical.offset_of(one.keyword_span.end.saturating_sub(1)).map_or(start, |last| last + 1);
        one.logical.text().get(start..end).unwrap_or_default().to_owned()
    };
    let original = ours.logical.text();
    let their_original = theirs["original"].as_str().unwrap_or_default();
    let heredocs = theirs["heredocs"].as_array().map_or(0, Vec::len);
    if !their_original.starts_with(original) || (heredocs == 0 && their_original != original) {
        return Some(format!("original: {original:?} but {their_original:?}"));
    }
    let compared = differs("cmd", keyword(ours).into())
        .or_else(|| differs("start", (*ours.lines.start()).into()))
        .or_else(|| differs("end", (*ours.lines.end()).into()))
        .or_else(|| list("flags", &flags(ours), theirs))
        .or_else(|| inner.and_then(|inner| differs("sub", keyword(inner).into())))
        // Only one of the oracles tells the flags inside ONBUILD.
        .or_else(|| {
            inner
                .filter(|_| theirs["subflags"].is_array())
                .and_then(|inner| list("subflags", &flags(inner), theirs))
        })
        // The wheel loses the heredocs of ONBUILD.
        .or_else(|| if inner.is_some() && heredocs == 0 { None } else { bodies(text, ours, theirs) });
    let one = inner.unwrap_or(ours);
    compared.or_else(|| {
        let (values, json) = values(one)?;
        let json_differs = json
            .filter(|&json| theirs["json"] != json)
            .map(|json| format!("json: {json} but {}", theirs["json"]));
        json_differs.or_else(|| list("value", &values, theirs))
    })
}

fn list(name: &str, ours: &[String], theirs: &Value) -> Option<String> {
    let none = Vec::new();
    let list = theirs[name].as_array().unwrap_or(&none);
    let same = ours.len() == list.len() && ours.iter().zip(list).all(|(ours, theirs)| theirs == ours);
    (!same).then(|| format!("{name}: {ours:?} but {}", theirs[name]))
}

fn flags(one: &Instruction) -> Vec<String> {
    let flag = |flag: &dockopt_syntax::Flag| match &flag.value {
        Some(value) => format!("--{}={value}", flag.name),
        None => format!("--{}", flag.name),
    };
    one.flags.iter().map(flag).collect()
}

fn bodies(text: &str, ours: &Instruction, theirs: &Value) -> Option<String> {
    let none = Vec::new();
    let list = theirs["heredocs"].as_array().unwrap_or(&none);
    if ours.heredocs.len() != list.len() {
        return Some(format!("heredocs: {} but {}", ours.heredocs.len(), list.len()));
    }
    for (ours, theirs) in ours.heredocs.iter().zip(list) {
        let same = theirs["name"] == ours.name
            && theirs["content"] == ours.body.of(text)
            && (ours.descriptor.is_none() || theirs["fd"] == ours.descriptor.unwrap_or_default())
            // Only one of the oracles tells these.
            && (theirs["expand"].is_null() || theirs["expand"] == ours.expand)
            && (theirs["chomp"].is_null() || theirs["chomp"] == ours.strip_tabs);
        if !same {
            return Some(format!("heredoc: {ours:?} but {theirs}"));
        }
    }
    None
}

/// The values of an instruction as the other parser lists them, and whether they are in JSON form where we tell.
fn values(one: &Instruction) -> Option<(Vec<String>, Option<bool>)> {
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let single = |word: &Word| (vec![word.text.clone()], Some(false));
    Some(match &one.body {
        Body::From { image, alias } => {
            let mut values = vec![image.text.clone()];
            if let Some(alias) = alias {
                let at = one.logical.offset_of(alias.keyword.start)?;
                values.push(
                    one.logical.text()[at..].split(dockopt_syntax::is_dockerfile_blank).next()?.to_owned(),
                );
                values.push(alias.name.text.clone());
            }
            (values, Some(false))
        }
        Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => command_values(one, command),
        Body::Shell(words) => (texts(words), Some(true)),
        Body::Copy(copy) | Body::Add(copy) => {
            let mut values = texts(&copy.sources);
            values.push(copy.destination.text.clone());
            (values, Some(copy.form == Form::Json))
        }
        Body::Env(pairs) | Body::Label(pairs) => {
            let words = |pair: &dockopt_syntax::Pair| {
                [pair.key.text.clone(), pair.value.as_ref().expect("ENV and LABEL have values").text.clone()]
            };
            (pairs.iter().flat_map(words).collect(), Some(false))
        }
        Body::Arg(pairs) => {
            let word = |pair: &dockopt_syntax::Pair| match &pair.value {
                Some(value) => format!("{}={}", pair.key.text, value.text),
                None => pair.key.text.clone(),
            };
            (pairs.iter().map(word).collect(), Some(false))
        }
        Body::Expose(words) => (texts(words), Some(false)),
        Body::Volume(words) => (texts(words), None),
        Body::User(word) | Body::Workdir(word) | Body::Stopsignal(word) | Body::Maintainer(word) => {
            single(word)
        }
        Body::Healthcheck(check) => {
            let word = one.arguments_text().get(..if *check == Healthcheck::None { 4 } else { 3 })?;
            let (rest, json) = match check {
                Healthcheck::None => (Vec::new(), None),
                Healthcheck::Command(command) => command_values(one, command),
            };
            (std::iter::once(word.to_owned()).chain(rest).collect(), json)
        }
        Body::Onbuild(_) | Body::Invalid => return None,
    })
}

fn command_values(one: &Instruction, command: &Command) -> (Vec<String>, Option<bool>) {
    match command {
        Command::Exec(words) => (words.iter().map(|word| word.text.clone()).collect(), Some(true)),
        Command::Shell(range) if range.is_empty() => (Vec::new(), Some(false)),
        Command::Shell(range) => (vec![one.logical.text()[range.clone()].to_owned()], Some(false)),
    }
}
