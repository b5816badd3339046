//! What `pip-sync` of pip-tools reads of the project: requirement files and its own settings. Leaves the files to the reader of pip's.

use super::paths::{join, parent};
use super::pyproject::Pyproject;
use super::sources::Sources;
use super::{Call, Inputs, Project, Unclear, pip, python};

/// What it takes where no file is named (pip-tools, `scripts/sync.py`).
const DEFAULT: &str = "requirements.txt";

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut sources = pip::surroundings(Sources::new(project), call)?;
    // It starts pip with `python -m pip`, which looks for modules here first.
    python::surroundings(&mut sources, call, python::Imports::WorkingDirectory)?;
    let mut told: Vec<(&str, &str)> =
        call.operands.iter().map(|file| ("--requirement", file.as_str())).collect();
    if told.is_empty() {
        told.push(("--requirement", DEFAULT));
    }
    settings(&mut sources, call.cwd)?;
    for (_, file) in &told {
        settings(&mut sources, parent(&join(call.cwd, file)))?;
    }
    for (flag, value) in call.flags {
        let option = match flag.as_str() {
            "-f" | "--find-links" => "--find-links",
            "-i" | "--index-url" => "--index-url",
            "--extra-index-url" => "--extra-index-url",
            _ => continue,
        };
        told.push((option, value.as_deref().unwrap_or_default()));
    }
    pip::requirements(sources, call, &told, &[])
}

/// Defaults for its options, in the working directory and beside the files.
fn settings(sources: &mut Sources<'_>, dir: &str) -> Result<(), Unclear> {
    let own = join(dir, ".pip-tools.toml");
    sources.not_of_the_project(&own, &format!("`{own}` sets options of pip-sync"))?;
    match Pyproject::ambient(sources, dir)? {
        Some(pyproject) if pyproject.get("tool.pip-tools").is_some() => {
            let reason = format!("`tool.pip-tools` in `{}` sets options of pip-sync", pyproject.path);
            Err(Unclear::at(&pyproject.path, reason))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Line, Memory};

    fn sync(words: &'static str) -> Line {
        Line::new("pip-sync", words)
    }

    #[test]
    fn requirement_files_and_settings() {
        let project = |pyproject: &str, more: &str| {
            Memory::new(&[
                ("/app/requirements.txt", "six==1.17.0\n"),
                ("/app/requirements/dev.txt", "-c base.txt\npytest\n"),
                ("/app/requirements/base.txt", "six==1.17.0\n"),
                ("/app/pyproject.toml", pyproject),
                (more, "-e .\n"),
            ])
        };
        let shop = project("[project]\nname = 'shop'\n", "/app/local.txt");
        let files = |words| sync(words).reads(&shop).files.into_iter().collect::<Vec<_>>();
        assert_eq!(files("sync"), ["/app/pyproject.toml", "/app/requirements.txt"]);
        assert_eq!(
            files("sync requirements/dev.txt"),
            ["/app/pyproject.toml", "/app/requirements/base.txt", "/app/requirements/dev.txt"]
        );
        assert!(sync("sync local.txt").unclear(&shop).contains("built from its sources"));
        assert!(sync("sync other.txt").unclear(&shop).contains("`/app/other.txt` is missing"));
        assert!(sync("sync -f=wheels.html").reads(&shop).probes.contains("/app/wheels.html"));
        let set = project("[tool.pip-tools]\nfind-links = ['wheels']\n", "/app/x");
        assert!(sync("sync").unclear(&set).contains("`tool.pip-tools`"));
        let own = project("", "/app/requirements/.pip-tools.toml");
        assert!(sync("sync requirements/dev.txt").unclear(&own).contains("sets options of pip-sync"));
    }
}
