//! Whether the program of an image can run without being root: what it writes must be known, and nothing may tell that it needs more. It
//! finds reasons against it, and must not take the lack of knowledge for none.

mod sources;
mod start;

use std::collections::BTreeSet;

use dockopt_syntax::{Body, Instruction, Span};
use dockopt_tools::Role;
use dockopt_tools::bases::Base;
use dockopt_tools::users::{privileged_port, users};

use crate::path::relative;
use crate::stages;
use crate::{Known, Model};

use self::start::Sort;

/// How an image can run as another user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The last stage.
    pub stage: usize,
    /// Who it is then, as USER names it.
    pub user: String,
    /// Its numbers, as `UID:GID`.
    pub owner: String,
    /// The command that makes it, if the base image has none.
    pub create: Option<String>,
    /// The folders that it gets for its own.
    pub folders: Vec<String>,
    /// The program.
    pub program: String,
}

/// Why an image stays as it is, and the place of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The place.
    pub at: Span,
    /// Why, as a clause.
    pub why: String,
}

type Found<T> = Result<T, Kept>;

/// How the image of the last stage can run as another user. `None` where it does already, or starts nothing.
pub fn plan(model: &Model<'_>) -> Option<Found<Plan>> {
    let stage = model.stages.len().checked_sub(1)?;
    let own = &model.stages[stage];
    let end = own.states.last().expect("a stage has a state after its end");
    match &end.user {
        Known::Is(user) if !is_root(user) => return None,
        _ => {}
    }
    let chain = chain(model, stage);
    let starts = chain.iter().rev().find(|one| matches!(one.body, Body::Cmd(_) | Body::Entrypoint(_)))?;
    let place = starts.keyword_span;
    let kept = |why: &str| Kept { at: place, why: why.to_owned() };
    let Known::Is(_) = &end.user else {
        return Some(Err(kept(
            "it is not known as whom the image runs: an argument or the base image decides",
        )));
    };
    let Some(base) =
        stages::base(&model.stages, stage).filter(|base| !base.onbuild && !base.bare && !base.windows)
    else {
        return Some(Err(kept("the base image is not one that is known, so neither is how it makes a user")));
    };
    Some(look_at(model, stage, base, &chain, place))
}

/// Whether a user as USER names it is root.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), Some("root" | "0"))
}

/// The instructions of a stage and of those in the file that it starts from, the lowest first.
fn chain<'m>(model: &Model<'m>, stage: usize) -> Vec<&'m Instruction> {
    let mut stages: Vec<usize> = stages::lineage(&model.stages, stage).collect();
    stages.reverse();
    let ranges = stages.into_iter().map(|at| model.stages[at].instructions.clone());
    ranges.flat_map(|range| &model.tree.instructions[range]).collect()
}

fn look_at(model: &Model<'_>, stage: usize, base: &Base, chain: &[&Instruction], place: Span) -> Found<Plan> {
    let data = users();
    let kept = |why: String| Kept { at: place, why };
    let known = base.accounts.iter().next().filter(|_| base.accounts.len() == 1);
    let create = data.create(base);
    let (user, owner, create) = match (known, create) {
        (Some((name, account)), _) => (name.clone(), format!("{}:{}", account.uid, account.gid), None),
        (None, Some(command)) => (data.owner.clone(), data.owner.clone(), Some(command.to_owned())),
        (None, None) => return Err(kept("it is not known how a user is made in this base image".to_owned())),
    };
    let first = model.stages[stage].states.first().expect("a stage has a state before its instructions");
    if !matches!(&first.user, Known::Is(user) if is_root(user)) {
        return Err(kept("the stage begins as somebody who can make no user".to_owned()));
    }
    let words = start::started(base, chain).map_err(|why| kept(why.to_owned()))?;
    let program = start::program(model, stage, chain, &words).map_err(kept)?;
    let folders = volumes(model, stage, chain)?;
    let cwd = match &model.stages[stage].states.last().expect("a stage has a state after its end").cwd {
        Known::Is(cwd) => cwd.clone(),
        Known::Unknown => return Err(kept("the working directory is not known".to_owned())),
    };
    arguments(&words[1..], &cwd).map_err(kept)?;
    for instruction in chain {
        allowed(model, instruction, &cwd)?;
    }
    let sources = sources::look_through(model.context, place)?;
    if program.sort == Sort::Runs && !told(&words[1..], chain).any(|part| sources.contains(part)) {
        let why = format!("which source of the build context `{}` runs is not known", program.name);
        return Err(Kept { at: place, why });
    }
    Ok(Plan { stage, user, owner, create, folders, program: program.name })
}

/// The parts of names that a program is told, by its arguments and by variables.
fn told<'t>(words: &'t [String], chain: &[&'t Instruction]) -> impl Iterator<Item = &'t str> {
    let pairs =
        chain.iter().flat_map(|one| if let Body::Env(pairs) = &one.body { pairs.as_slice() } else { &[] });
    let values: Vec<&str> = pairs.filter_map(|pair| Some(pair.value.as_ref()?.text.as_str())).collect();
    let all = words.iter().map(String::as_str).chain(values);
    all.flat_map(|word| word.split(['/', ':', '.', '=']))
}

/// The volumes, which the program writes.
fn volumes(model: &Model<'_>, stage: usize, chain: &[&Instruction]) -> Found<Vec<String>> {
    let mut folders = BTreeSet::new();
    for instruction in chain {
        let Body::Volume(words) = &instruction.body else { continue };
        let state = model.stages[stage].states.last().expect("a stage has a state after its end");
        for word in words {
            let plain = |path: &String| {
                path.starts_with('/') && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
            };
            match state.expand(&word.text, model.tree.escape) {
                Known::Is(path) if plain(&path) && path.len() > 1 && !path.contains("..") => {
                    folders.insert(path)
                }
                _ => {
                    let why = format!("it is not known which folder the volume `{}` is", word.text);
                    return Err(Kept { at: word.span, why });
                }
            };
        }
    }
    Ok(folders.into_iter().collect())
}

/// Trees from which everybody reads and that nobody but an install writes, and those that everybody may write.
const COMMON: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt", "/dev", "/proc", "/tmp"];

/// Whether a path is of no concern: in the working directory, or in such a tree.
fn is_common(path: &str, cwd: &str) -> bool {
    let below = |tree: &str| path == tree || relative(path, tree).is_some();
    (cwd != "/" && below(cwd)) || COMMON.iter().any(|tree| below(tree))
}

/// The absolute paths in a text.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.split(['=', ':', ',', ' ', '"', '\''])
        .filter(|part| part.starts_with('/') && !part.starts_with("//"))
}

/// Ports that need no word beside them to be told from other numbers.
const WEB: [&str; 2] = ["80", "443"];

/// No argument may name a place that others have, or a port that not everybody may have.
fn arguments(words: &[String], cwd: &str) -> Result<(), String> {
    for (at, word) in words.iter().enumerate() {
        if let Some(path) = paths(word).find(|path| !is_common(path, cwd)) {
            return Err(format!("the program is given `{path}`, and whether it writes there is not known"));
        }
        // An option that has its value in its own word says nothing of the next one.
        let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
        let option = if before.starts_with('-') && !before.contains('=') { before } else { "" };
        let own = word.split_once('=').map_or("", |(name, _)| name);
        let speaks = [option, own].iter().any(|text| {
            let text = text.to_ascii_lowercase();
            matches!(text.as_str(), "-p" | "-b" | "-l")
                || ["port", "bind", "addr", "listen"].iter().any(|part| text.contains(part))
        });
        let last = word.rsplit([':', '=']).next().unwrap_or(word);
        if (word.contains(':') || speaks || WEB.contains(&last))
            && last.chars().all(|c| c.is_ascii_digit())
            && privileged_port(last).is_some()
        {
            return Err(format!(
                "the program listens on port {last}, and not every engine gives a port below 1024 to everybody"
            ));
        }
    }
    Ok(())
}

/// Whether an instruction tells nothing against another user.
fn allowed(model: &Model<'_>, instruction: &Instruction, cwd: &str) -> Found<()> {
    let kept = |why: String| Err(Kept { at: instruction.keyword_span, why });
    let text = instruction.logical.text();
    if let Some(word) = users().privileged.told_in(text) {
        return kept(format!(
            "this line has `{word}`, which tells that somebody needs to be root, or that something is root's alone"
        ));
    }
    match &instruction.body {
        Body::Run(_) => run(model, instruction),
        Body::Add(_) => kept("ADD may bring files that root alone can read".to_owned()),
        Body::Copy(_) if instruction.flag("chmod").is_some() || instruction.flag("chown").is_some() => {
            kept("this COPY says itself who may read and write its files".to_owned())
        }
        Body::Expose(words) => match words.iter().find(|word| is_privileged(&word.text)) {
            Some(word) => kept(format!(
                "`{}` is a port below 1024, or not known; not every engine gives such a port to everybody",
                word.text
            )),
            None => Ok(()),
        },
        Body::Env(pairs) => {
            let value = |pair: &dockopt_syntax::Pair| {
                pair.value.as_ref().map(|value| value.text.clone()).unwrap_or_default()
            };
            let other = pairs.iter().find(|pair| {
                let value = value(pair);
                let is_port = pair.key.text.to_ascii_lowercase().contains("port") && is_privileged(&value);
                is_port || paths(&value).any(|path| !is_common(path, cwd))
            });
            match other {
                Some(pair) => {
                    kept(format!("`{}` names a place or a port that may be root's alone", pair.key.text))
                }
                None => Ok(()),
            }
        }
        Body::Onbuild(_) => kept("what ONBUILD runs in a child may need to be root".to_owned()),
        Body::Shell(_) => kept("another shell than the usual one starts what it starts".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a port of EXPOSE is one that not everybody may have, or is not known.
fn is_privileged(port: &str) -> bool {
    let numbers = port.split('/').next().unwrap_or_default();
    numbers.split('-').any(|number| number.parse::<u32>().map_or(true, |number| number < 1024))
}

/// A RUN of commands that leave what everybody can read: installs of packages, and what cleans up after them.
fn run(model: &Model<'_>, instruction: &Instruction) -> Found<()> {
    let at = model
        .tree
        .instructions
        .iter()
        .position(|one| one.span == instruction.span)
        .expect("it is of the tree");
    let kept = |why: String| Kept { at: instruction.keyword_span, why };
    let script = model.script(at).map_err(|why| kept(format!("what this RUN leaves is not known: {why}")))?;
    let mut other = None;
    dockopt_shell::walk_commands(&script.ast.list, &mut |simple, context| {
        let programs = &users().programs;
        let cleans = script.cleans(context.node).is_some_and(|cleaned| !cleaned.is_empty());
        let is_known = script.recognize(simple).is_some_and(|found| {
            let role = found.action.map(|action| action.role);
            let installs = matches!(
                role,
                Some(Role::Refresh | Role::Install | Role::Upgrade | Role::Remove | Role::Clean)
            );
            found.complete
                && ((installs
                    && programs.installs_for_all(&found.tool.name)
                    && !found.has_flag(&programs.private_options))
                    || role == Some(Role::Query))
        });
        let is_setting = simple.name() == Some("set");
        if !(cleans || is_known || is_setting) && other.is_none() {
            other =
                Some(script.text()[simple.words.first().map_or(0..0, |word| word.span.clone())].to_owned());
        }
    });
    match other {
        Some(name) => Err(kept(format!(
            "what `{name}` leaves in the image is not known, nor whether the program writes there"
        ))),
        None => Ok(()),
    }
}
