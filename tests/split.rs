//! What holds for every file that is split into builder and runtime, read from the two texts alone: nothing goes that does not come back in
//! one of the two stages, and what comes is a library of a package that goes.

use std::collections::BTreeSet;

use dockopt_syntax::{Body, Keyword, Tree, parse};
use dockopt_tools::Toolbox;
use dockopt_tools::bases::{self, Base, forms};
use dockopt_tools::packages::{self, Need};

use crate::properties::CLEANUP;
use crate::support::Project;

/// The text after the pass that splits, which is what all others start from; `Err` says which property does not hold.
pub(crate) fn split(project: &Project) -> Result<String, String> {
    let outcome = project.fix(Some(&["split-stages"])).map_err(|errors| format!("{errors:?}"))?;
    if outcome.text == project.text {
        return Ok(outcome.text);
    }
    let (before, after) = (parse(&project.text).tree, parse(&outcome.text).tree);
    let (old, new) = (stages(&before), stages(&after));
    let fault = |what: String| Err(format!("{what}\n--- split\n{}", outcome.text));
    let ([earlier @ .., last], [same @ .., builder, runtime]) = (old.as_slice(), new.as_slice()) else {
        return fault("there are no two stages".to_owned());
    };
    let texts = |tree: &Tree, stages: &[Vec<usize>]| -> Vec<String> {
        stages.iter().flatten().map(|&at| code(tree, at).to_owned()).collect()
    };
    if texts(&before, earlier) != texts(&after, same) {
        return fault("a stage above changed".to_owned());
    }
    let settings = |tree: &Tree, stage: &[usize]| -> Vec<String> {
        let is_setting = |at: &&usize| {
            let keyword = tree.instructions[**at].keyword;
            !matches!(keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Arg)
        };
        stage.iter().filter(is_setting).map(|&at| code(tree, at).to_owned()).collect()
    };
    let (mut own, mut others) = (settings(&before, last), settings(&after, runtime));
    let (from, starts) = (own.remove(0), others.remove(0));
    let smaller = match image(&before, last[0]) {
        Some(image) => {
            forms::form(image, forms::Kind::Libraries).map(|form| from.replace(image, &form.image))
        }
        None => None,
    };
    if own != others || (starts != from && Some(&starts) != smaller.as_ref()) {
        return fault("the image has other settings".to_owned());
    }
    if let Some(lost) = last.iter().map(|&at| code(&before, at)).find(|own| {
        // FROM gets a name, RUN and COPY may be taken apart; all else is where it was, or in the builder.
        let is_free = ["RUN", "COPY", "ADD", "FROM"].iter().any(|free| own.to_uppercase().starts_with(free));
        !is_free && !builder.iter().chain(runtime).any(|&at| code(&after, at) == *own)
    }) {
        return fault(format!("`{lost}` is lost"));
    }
    let (was, is) = (words(&before, last), words(&after, &[builder.as_slice(), runtime].concat()));
    if let Some(lost) = was.iter().find(|word| !is.contains(*word) && !CLEANUP.contains(&word.as_str())) {
        return fault(format!("the word `{lost}` of RUNs is lost"));
    }
    let libraries = libraries(&before, last[0], &was);
    let folders = Toolbox::builtin().tools().iter().flat_map(|tool| &tool.actions);
    let flags: BTreeSet<&String> =
        folders.filter_map(|action| action.apart.as_ref()).flat_map(|apart| &apart.flags).collect();
    if let Some(new) =
        is.iter().find(|word| !was.contains(*word) && !libraries.contains(*word) && !flags.contains(word))
    {
        return fault(format!("the word `{new}` of RUNs comes from nowhere"));
    }
    Ok(outcome.text)
}

/// The instructions of each stage, the FROM first.
fn stages(tree: &Tree) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (at, instruction) in tree.instructions.iter().enumerate() {
        if instruction.keyword == Keyword::From {
            found.push(Vec::new());
        }
        if let Some(stage) = found.last_mut() {
            stage.push(at);
        }
    }
    found
}

/// The image that a FROM names.
fn image(tree: &Tree, from: usize) -> Option<&str> {
    match &tree.instructions[from].body {
        Body::From { image, .. } => Some(&image.text),
        _ => None,
    }
}

fn code(tree: &Tree, at: usize) -> &str {
    tree.instructions[at].code_span(&tree.text).of(&tree.text)
}

/// The words of the RUNs of a stage.
fn words(tree: &Tree, stage: &[usize]) -> BTreeSet<String> {
    let runs = stage.iter().map(|&at| &tree.instructions[at]).filter(|one| one.keyword == Keyword::Run);
    let text: String = runs.map(|run| format!("{} ", run.logical.text())).collect();
    let is_end = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '(' | ')');
    text.split(is_end)
        .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("run"))
        .map(str::to_owned)
        .collect()
}

/// The libraries that belong to the packages among these words.
fn libraries(tree: &Tree, from: usize, words: &BTreeSet<String>) -> BTreeSet<String> {
    let Body::From { image, .. } = &tree.instructions[from].body else { return BTreeSet::new() };
    // An image whose name a build argument decides may be of any family.
    let families =
        ["alpine:3.20", "debian:12", "ubuntu:22.04"].iter().filter_map(|name| bases::identify(name));
    let bases: Vec<Base> = bases::identify(&image.text).map_or_else(|| families.collect(), |base| vec![base]);
    let of = |word: &String| {
        let needs = bases.iter().map(|base| packages::need_on(base, word));
        let libraries = needs.filter_map(|need| match need {
            Need::Library(libraries) => Some(libraries),
            Need::BuildOnly | Need::Unknown => None,
        });
        libraries.flatten().collect::<Vec<_>>()
    };
    words.iter().flat_map(of).collect()
}
