//! Whether something that stays names a program of a package that goes: the command of the image, a script that it starts, another RUN.

use dockopt_syntax::{Body, Command, Healthcheck, Instruction};
use dockopt_tools::manifests::Project;
use dockopt_tools::packages;

use super::parts::{Part, Rest, Role};
use crate::{Known, Model, path};

/// The first instruction that names such a program, with the reason.
pub(super) fn that_need(
    model: &Model<'_>,
    stage: usize,
    parts: &[Part<'_>],
    left: &[String],
    lacks: &[&str],
) -> Option<(usize, String)> {
    let mut programs: Vec<String> =
        left.iter().flat_map(|package| packages::programs(package)).map(str::to_owned).collect();
    programs.extend(installers(model, parts));
    let installed = installed(model, parts);
    programs.extend(
        lacks.iter().filter(|name| !installed.iter().any(|own| own == *name)).map(|&name| name.to_owned()),
    );
    let names = |word: &str| programs.iter().any(|program| path::name(word) == program);
    for part in parts.iter().filter(|part| matches!(part.role, Ok(Role::Stays))) {
        let mut own = part.commands.iter().filter_map(|simple| simple.name());
        if let Some(name) = own.find(|name| names(name)) {
            return Some((
                part.instruction,
                format!("`{name}` runs here, and only the builder would have it"),
            ));
        }
    }
    let end = model.stages[stage].instructions.end;
    let image = model.image_before(stage, end, 0);
    let state = model.stages[stage].state(end);
    for at in model.stages[stage].instructions.clone() {
        for word in words(&model.tree.instructions[at]) {
            if names(&word) {
                return Some((
                    at,
                    format!("`{word}` runs in the image, and only the builder would have what it needs"),
                ));
            }
            if SHELLS.contains(&path::name(&word)) && words(&model.tree.instructions[at]).len() == 1 {
                return Some((
                    at,
                    format!("the image runs `{word}`, in which people may want what is there for the build"),
                ));
            }
            let file = match &state.cwd {
                _ if word.starts_with('/') => path::resolve("/", &word),
                Known::Is(cwd) => path::resolve(cwd, &word),
                Known::Unknown => continue,
            };
            let Some(text) = image.read(&file).filter(|text| is_shell_script(text)) else { continue };
            if let Some(word) = pieces(&text).find(|word| names(word)) {
                return Some((
                    at,
                    format!(
                        "`{file}` runs in the image and names `{word}`, for which only the builder would have what it needs"
                    ),
                ));
            }
        }
    }
    None
}

const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// The packages that are installed in the image.
fn installed(model: &Model<'_>, parts: &[Part<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts
        .iter()
        .filter(|part| matches!(&part.role, Ok(Role::Packages { rest, .. }) if *rest != Rest::Nothing))
    {
        let Ok(script) = model.script(part.instruction) else { continue };
        for simple in &part.commands {
            let Some(invocation) = script.recognize(simple) else { continue };
            found.extend(
                invocation.operand_texts(&script.args(simple)).into_iter().flatten().map(str::to_owned),
            );
        }
    }
    found
}

/// Whether the command of the image starts a program that was built, or a script of the project.
pub(super) fn starts(model: &Model<'_>, stage: usize, products: &[&Part<'_>]) -> Result<(), String> {
    const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let found = &model.stages[stage];
    let end = found.instructions.end;
    let image = model.image_before(stage, end, 0);
    let state = found.state(end);
    if !found.instructions.clone().any(|at| matches!(model.tree.instructions[at].body, Body::Workdir(_))) {
        return Err(
            "no WORKDIR says where the program runs, and the smaller image has another one".to_owned()
        );
    }
    let is_product = |file: &str| {
        products.iter().any(|part| matches!(&part.role, Ok(Role::Product { to, .. }) if to == file))
    };
    let instructions = found.instructions.clone().map(|at| &model.tree.instructions[at]);
    let commands = instructions.filter(|one| matches!(one.body, Body::Cmd(_) | Body::Entrypoint(_)));
    for word in commands.flat_map(words) {
        let files: Vec<String> = match &state.cwd {
            _ if word.starts_with('/') => vec![path::resolve("/", &word)],
            Known::Is(cwd) if word.contains('/') => vec![path::resolve(cwd, &word)],
            _ => PATH.iter().map(|folder| path::resolve(folder, &word)).collect(),
        };
        if files.iter().any(|file| is_product(file) || image.origin(file).is_some()) {
            return Ok(());
        }
    }
    Err("its CMD and ENTRYPOINT name nothing that is built here".to_owned())
}

/// The programs that install what is built. A script that calls one when the image runs may have it build something.
fn installers(model: &Model<'_>, parts: &[Part<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts.iter().filter(|part| matches!(part.role, Ok(Role::Product { .. }))) {
        let Ok(script) = model.script(part.instruction) else { continue };
        for invocation in part.commands.iter().filter_map(|simple| script.recognize(simple)) {
            let names = invocation.tool.all_commands().filter(|name| !name.contains([' ', '*']));
            found.extend(names.map(str::to_owned));
        }
    }
    found
}

fn is_shell_script(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("#!") && first.split([' ', '/']).any(|word| SHELLS.contains(&word))
}

/// The words of a command that runs in the image.
fn words(instruction: &Instruction) -> Vec<String> {
    let (Body::Cmd(command) | Body::Entrypoint(command) | Body::Healthcheck(Healthcheck::Command(command))) =
        &instruction.body
    else {
        return Vec::new();
    };
    match command {
        Command::Exec(words) => {
            words.iter().flat_map(|word| pieces(&word.text).map(str::to_owned).collect::<Vec<_>>()).collect()
        }
        Command::Shell(range) => {
            pieces(&instruction.logical.text()[range.clone()]).map(str::to_owned).collect()
        }
    }
}

/// The parts of a text that could be names of programs.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_./+".contains(c))).filter(|word| !word.is_empty())
}
