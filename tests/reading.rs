//! What a Dockerfile says, whatever its spelling: passes that spell an instruction in another way are held to it. It reads texts and
//! trees only, and knows nothing of the passes but the spellings that they may write.

use std::collections::BTreeMap;

use dockopt_syntax::{Body, Command, Instruction, Keyword, Pair, Tree, parse};

/// The passes that spell instructions in another way, and do nothing else.
pub(crate) const RESPELLING: [&str; 14] = [
    "consistent-casing",
    "stage-name-casing",
    "reserved-stage-names",
    "modern-env",
    "label-not-maintainer",
    "one-cmd",
    "quote-exec-json",
    "absolute-workdir",
    "copy-not-add",
    "no-relative-copy-source",
    "no-sudo",
    "exec-form",
    "silent-debconf",
    "no-empty-continuations",
];

/// Whether two texts say the same; `Err` names the first instruction that does not.
pub(crate) fn same(before: &str, after: &str) -> Result<(), String> {
    let (before, after) = (all(before), all(after));
    if let Some((old, new)) = before.iter().zip(&after).find(|(old, new)| !old.is_said_by(new)) {
        return Err(format!("`{old:?}` became `{new:?}`"));
    }
    if before.len() == after.len() {
        Ok(())
    } else {
        Err(format!("there were {} things said, and now there are {}", before.len(), after.len()))
    }
}

/// One thing that is said.
#[derive(Debug)]
enum Said {
    /// A folder to work in.
    Folder(String),
    /// Anything else, in one spelling.
    Text(String),
}

impl Said {
    fn is_said_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Folder(old), Self::Folder(new)) => {
                let inner = old.trim_start_matches("./").trim_end_matches('/');
                old == new || (!old.starts_with('/') && (new == "/" || new.ends_with(inner)))
            }
            (Self::Text(old), Self::Text(new)) => old == new,
            _ => false,
        }
    }
}

fn all(text: &str) -> Vec<Said> {
    let tree = parse(text).tree;
    let mut said = Vec::new();
    // What a later instruction of the stage overrides is not said.
    let mut last: BTreeMap<Keyword, usize> = BTreeMap::new();
    for instruction in &tree.instructions {
        if instruction.keyword == Keyword::From {
            last.clear();
        }
        let is_setting =
            matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
        if is_setting && let Some(at) = last.insert(instruction.keyword, said.len()) {
            said[at] = None;
        }
        said.extend(one(&tree, instruction).into_iter().map(Some));
    }
    said.into_iter().flatten().collect()
}

fn one(tree: &Tree, instruction: &Instruction) -> Vec<Said> {
    let name = match instruction.keyword {
        Keyword::Add if !is_remote(instruction) => "COPY",
        keyword => keyword.name(),
    };
    let flags: String =
        instruction.flags.iter().map(|flag| flag_text(&flag.name, flag.value.as_deref())).collect();
    let text = |text: String| vec![Said::Text(format!("{name} {flags}{text}"))];
    match &instruction.body {
        Body::Env(pairs) => sorted(pairs.iter().map(|pair| variable("ENV", pair))),
        Body::Arg(pairs) => sorted(pairs.iter().map(|pair| variable("ARG", pair))),
        Body::Label(pairs) => sorted(pairs.iter().map(|pair| variable("LABEL", pair))),
        Body::Maintainer(who) => {
            vec![Said::Text(format!("LABEL org.opencontainers.image.authors={}", bare(&who.text)))]
        }
        Body::Workdir(folder) => vec![Said::Folder(folder.text.clone())],
        Body::Cmd(Command::Exec(words)) | Body::Entrypoint(Command::Exec(words)) => {
            text(bare(&words.iter().map(|word| word.text.as_str()).collect::<String>()))
        }
        Body::Cmd(Command::Shell(_)) | Body::Entrypoint(Command::Shell(_)) => {
            text(bare(instruction.arguments_text()))
        }
        Body::From { image, alias } => {
            let alias = alias.as_ref().map(|alias| stage(&alias.name.text));
            text(format!("{} {alias:?}", stage(&image.text)))
        }
        Body::Copy(copy) | Body::Add(copy) => {
            let sources: Vec<String> =
                copy.sources.iter().map(|source| source.text.replace("../", "").replace("..", ".")).collect();
            text(format!("{sources:?} {}", copy.destination.text))
        }
        Body::Onbuild(inner) => {
            one(tree, inner).into_iter().map(|said| Said::Text(format!("ONBUILD {said:?}"))).collect()
        }
        Body::Run(Command::Shell(_)) => {
            let script = instruction.script(&tree.text).map(|script| script.text().to_owned());
            text(bare(&script.unwrap_or_default().replace("sudo ", " ")))
        }
        _ => text(instruction.arguments_text().to_owned()),
    }
}

/// Whether an ADD takes something from the network.
fn is_remote(instruction: &Instruction) -> bool {
    instruction.arguments_text().contains("://") || instruction.arguments_text().contains("git@")
}

fn flag_text(name: &str, value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    if matches!(name, "from" | "mount") {
        format!("--{name}={} ", stage(value))
    } else {
        format!("--{name}={value} ")
    }
}

/// The name of a stage in the one spelling.
fn stage(text: &str) -> String {
    text.to_lowercase().replace("-stage", "")
}

/// Variables for the build alone are declared in either way.
fn variable(keyword: &str, pair: &Pair) -> Said {
    let is_of_builds = pair.key.text.starts_with("DEB");
    let keyword = if is_of_builds { "ARG" } else { keyword };
    let value = pair.value.as_ref().map_or_else(String::new, |value| bare(&value.text));
    Said::Text(format!("{keyword} {}={value}", pair.key.text))
}

/// Pairs of one instruction have no order, and those that go their own way stand before it.
fn sorted(pairs: impl Iterator<Item = Said>) -> Vec<Said> {
    let mut pairs: Vec<Said> = pairs.collect();
    pairs.sort_by_key(|said| matches!(said, Said::Text(text) if !text.starts_with("ARG DEB")));
    pairs
}

/// A text without quotes, brackets and blanks.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '"' | '\'' | '\\' | '`' | '[' | ']' | ',') && !c.is_whitespace())
        .collect()
}
