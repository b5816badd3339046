//! The gemspecs of a folder of gems, which are Ruby programs: does one look at nothing but its own folder? Runs nothing.

use super::super::paths::join;
use super::super::sources::Sources;
use super::super::{Look, Unclear};

/// Words with which a gemspec may reach beyond its folder, or run something.
const REACHING: [&str; 15] = [
    "`", "%x", "..", "popen", "system", "exec", "spawn", "Open3", "IO.", "Kernel", "eval", "load ", "ENV",
    "$:", "Pathname",
];

/// Every gemspec in the folder, or up to two folders below it, keeps to the folder.
pub(super) fn check(sources: &mut Sources<'_>, folder: &str) -> Result<(), Unclear> {
    let mut found = false;
    look(sources, folder, 0, &mut found)?;
    if found {
        return Ok(());
    }
    Err(Unclear::at(folder, format!("there is no gemspec in `{folder}`")))
}

fn look(sources: &Sources<'_>, at: &str, depth: usize, found: &mut bool) -> Result<(), Unclear> {
    let names = sources.project.list(at).ok_or_else(|| {
        Unclear::at(at, format!("it is not known what lies in `{at}`, where gems are taken from"))
    })?;
    for name in names {
        let path = join(at, &name);
        match sources.project.look(&path) {
            Look::File if name.ends_with(".gemspec") => {
                *found = true;
                program(sources, at, &path)?;
            }
            Look::Directory if depth < 2 => look(sources, &path, depth + 1, found)?,
            _ => {}
        }
    }
    Ok(())
}

fn program(sources: &Sources<'_>, at: &str, path: &str) -> Result<(), Unclear> {
    let unread = || Unclear::at(path, format!("dockopt does not read `{path}`"));
    let text = sources.project.read(path).ok_or_else(unread)?;
    plain(path, &text)?;
    for name in required(&text) {
        for place in [join(at, &format!("{name}.rb")), join(at, &format!("lib/{name}.rb"))] {
            if sources.project.look(&place) == Look::File {
                let text = sources.project.read(&place).ok_or_else(unread)?;
                plain(&place, &text)?;
                // A file that loads more could do so anywhere.
                if required(&text).next().is_some() {
                    return Err(Unclear::at(&place, format!("`{path}` loads `{place}`, which loads more")));
                }
            }
        }
    }
    Ok(())
}

/// Is it free of what may reach beyond the folder? The usual ways to name the gem's own `lib` are spared.
fn plain(path: &str, text: &str) -> Result<(), Unclear> {
    let mut text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| [line, "\n"])
        .collect();
    for quote in ['"', '\''] {
        text = text.replace(&format!("File.expand_path({quote}../lib{quote}, __FILE__)"), "lib");
    }
    match REACHING.iter().find(|word| text.contains(**word)) {
        None => Ok(()),
        Some(word) => {
            let shown =
                if *word == "`" { "commands in backticks".to_owned() } else { format!("`{}`", word.trim()) };
            Err(Unclear::at(
                path,
                format!("`{path}` is a program that the install runs, and with {shown} it may read any file"),
            ))
        }
    }
}

/// What `require` and `require_relative` name.
fn required(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("require")?;
        let rest = rest.strip_prefix("_relative").unwrap_or(rest).trim_start_matches([' ', '(']);
        Some(rest.trim_end().trim_matches(['"', '\'', ')']))
    })
}
