//! What an image starts: its command line, and which sort of program that is. Must not judge what the program does.

use dockopt_shell::Dialect;
use dockopt_syntax::{Body, Command, Instruction, Word};
use dockopt_tools::bases::Base;
use dockopt_tools::users::users;

use crate::{Model, stages};

/// A program.
pub(super) struct Program {
    /// Its name.
    pub(super) name: String,
    /// Which sort it is.
    pub(super) sort: Sort,
}

/// Which sort a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It was built in this file.
    Built,
    /// It runs sources that it is told by name.
    Runs,
}

/// The words that start the image.
pub(super) fn started(base: &Base, chain: &[&Instruction]) -> Result<Vec<String>, &'static str> {
    let last =
        |is: fn(&Body) -> Option<&Command>| chain.iter().rev().find_map(|one| Some((*one, is(&one.body)?)));
    let entrypoint = last(|body| if let Body::Entrypoint(command) = body { Some(command) } else { None });
    let cmd = last(|body| if let Body::Cmd(command) = body { Some(command) } else { None });
    let Some((instruction, entrypoint)) = entrypoint else {
        let (instruction, cmd) = cmd.ok_or("nothing says what it starts")?;
        // An entrypoint of the base image runs what it is given, which is what `entrypoint` promises.
        base.entrypoint
            .as_ref()
            .ok_or("it is not known whether the base image has an entrypoint of its own")?;
        return words(instruction, cmd);
    };
    let mut words_of_both = words(instruction, entrypoint)?;
    if let (Command::Exec(_), Some((instruction, cmd))) = (entrypoint, cmd) {
        words_of_both.extend(words(instruction, cmd)?);
    }
    Ok(words_of_both)
}

/// The words of a command line without anything that a shell would have to do.
fn words(instruction: &Instruction, command: &Command) -> Result<Vec<String>, &'static str> {
    const NOT_PLAIN: &str = "its command line is more than a program with its arguments";
    let words = match command {
        Command::Exec(words) => words.iter().map(|word| word.text.clone()).collect::<Vec<_>>(),
        Command::Shell(range) => {
            let text = &instruction.logical.text()[range.clone()];
            let script = dockopt_shell::parse(text, Dialect::Posix).map_err(|_| NOT_PLAIN)?;
            let [item] = script.list.items.as_slice() else { return Err(NOT_PLAIN) };
            let simple =
                item.node.as_simple().filter(|simple| simple.assignments.is_empty()).ok_or(NOT_PLAIN)?;
            if !item.node.redirects.is_empty() || item.terminator.is_some() {
                return Err(NOT_PLAIN);
            }
            let mut words: Vec<String> = simple
                .words
                .iter()
                .map(|word| word.literal.clone())
                .collect::<Option<_>>()
                .ok_or(NOT_PLAIN)?;
            if words.first().is_some_and(|word| word == "exec") {
                words.remove(0);
            }
            words
        }
    };
    if words.is_empty() { Err(NOT_PLAIN) } else { Ok(words) }
}

/// The program, if it is one that is known, or one that was built in the file.
pub(super) fn program(
    model: &Model<'_>,
    stage: usize,
    chain: &[&Instruction],
    words: &[String],
) -> Result<Program, String> {
    let path = &words[0];
    let name = path.rsplit('/').next().unwrap_or(path);
    // Its sources are in the build context where a stage of this file built it.
    let is_built = chain.iter().any(|one| {
        let from = one.flag("from").and_then(|flag| flag.value.as_deref());
        let is_stage = from.is_some_and(|from| stages::named(&model.stages, stage, from).is_some());
        let brings = |word: &Word| word.text.rsplit('/').next() == Some(name);
        let copy = one.body.as_copy().filter(|_| is_stage);
        copy.is_some_and(|copy| brings(&copy.destination) || copy.sources.iter().any(brings))
    });
    if is_built {
        Ok(Program { name: name.to_owned(), sort: Sort::Built })
    } else if users().programs.knows(name) {
        Ok(Program { name: name.to_owned(), sort: Sort::Runs })
    } else {
        Err(format!("what `{path}` does when it starts is not known, and it may need to be root"))
    }
}
