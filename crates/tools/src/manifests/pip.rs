//! What `pip install`, `pip download` and `pip wheel` read and write of the project. Runs nothing and resolves no version.
//!
//! The rules follow pip's own sources: `req/constructors.py` for what is a path, `req/req_file.py` for requirement files, `configuration.py` for
//! settings. A word is a path if it has a `/`, starts with `.` or ends like an archive; `pip install name` never takes the directory `./name`.
//!
//! Traced 2026-11-23 (Python 3.8 and 3.12, pip 23): of a project with setup.py, pyproject.toml, pip.conf and modules, pip opens the requirement files and, on 3.8, setup.cfg;
//! with `python -m` it also lists the working directory. For its user agent it runs `rustc --version`, which may look for rust-toolchain.toml.

mod environment;
mod requirements;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::paths::{join, of_file_url, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use environment::DATA;
use requirements::{Item, UNKNOWN};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    if !["install", "download", "wheel"].contains(&call.action) {
        return Err(Unclear::new(format!("`pip {}` is not an install", call.action)));
    }
    let mut pip = Pip {
        call,
        sources: Sources::new(project),
        seen: BTreeSet::new(),
        asked: false,
        has_destination: false,
    };
    let configuration = environment::check(&mut pip.sources, call)?;
    for (path, text) in &configuration {
        for (key, value) in settings(text) {
            pip.setting(&key, &value, path)?;
        }
    }
    for (variable, value) in call.env {
        pip.variable(variable, value.as_deref())?;
    }
    for (flag, value) in call.flags {
        pip.flag(flag, value.as_deref())?;
    }
    for operand in call.operands {
        pip.asked = true;
        pip.requirement(operand)?;
    }
    if !pip.asked {
        return Err(Unclear::new("pip is not told what to install (was already broken?)"));
    }
    if call.action != "install" && !pip.has_destination {
        pip.sources.inputs.write_trees.insert(call.cwd.to_owned());
    }
    Ok(pip.sources.inputs)
}

/// What requirement files and packages read, for the tools that take them as pip does: options by pip's long names, and packages.
pub(super) fn requirements<'a>(
    sources: Sources<'a>,
    call: &'a Call<'a>,
    told: &[(&str, &str)],
    packages: &[String],
) -> Result<Inputs, Unclear> {
    let mut pip = Pip { call, sources, seen: BTreeSet::new(), asked: false, has_destination: true };
    for (option, value) in told {
        pip.option(option, Some(value), call.cwd)?;
    }
    for package in packages {
        pip.asked = true;
        pip.requirement(package)?;
    }
    if !pip.asked {
        return Err(Unclear::new(format!(
            "`{}` is not told what to install (was already broken?)",
            call.command
        )));
    }
    Ok(pip.sources.inputs)
}

/// What pip obeys beside its command line, for the tools that start it.
pub(super) fn surroundings<'a>(sources: Sources<'a>, call: &'a Call<'a>) -> Result<Sources<'a>, Unclear> {
    let mut pip = Pip { call, sources, seen: BTreeSet::new(), asked: false, has_destination: true };
    let configuration = environment::check(&mut pip.sources, call)?;
    for (path, text) in &configuration {
        for (key, value) in settings(text) {
            pip.setting(&key, &value, path)?;
        }
    }
    for (variable, value) in call.env {
        pip.variable(variable, value.as_deref())?;
    }
    Ok(pip.sources)
}

/// What the lines of a requirement file read that another tool writes for pip, beside its own file.
pub(super) fn lines<'a>(
    sources: Sources<'a>,
    call: &'a Call<'a>,
    text: &str,
    path: &str,
) -> Result<Sources<'a>, Unclear> {
    let mut pip = Pip { call, sources, seen: BTreeSet::new(), asked: false, has_destination: true };
    pip.lines(text, path)?;
    Ok(pip.sources)
}

struct Pip<'a> {
    call: &'a Call<'a>,
    sources: Sources<'a>,
    /// Requirement files that were read.
    seen: BTreeSet<String>,
    /// Whether anything is to be installed.
    asked: bool,
    /// Whether `pip download` and `pip wheel` are told where to put the files.
    has_destination: bool,
}

/// Options that name files or change what is installed, and so are obeyed in the environment and in pip.conf as well.
const TELLING: [&str; 27] = [
    "--requirement",
    "--constraint",
    "--build-constraint",
    "--editable",
    "--find-links",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "--target",
    "--prefix",
    "--root",
    "--src",
    "--source",
    "--dest",
    "--wheel-dir",
    "--cache-dir",
    "--cert",
    "--client-cert",
    "--log",
    "--log-file",
    "--local-log",
    "--report",
    "--group",
    "--build",
    "--build-dir",
    "--python",
    "--requirements-from-script",
];

const SHORT: [(&str, &str); 10] = [
    ("-r", "--requirement"),
    ("-c", "--constraint"),
    ("-e", "--editable"),
    ("-f", "--find-links"),
    ("-i", "--index-url"),
    ("-t", "--target"),
    ("-d", "--dest"),
    ("-w", "--wheel-dir"),
    ("-b", "--build"),
    ("-C", "--config-settings"),
];

const ARCHIVES: [&str; 11] =
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lzma"];

impl Pip<'_> {
    fn flag(&mut self, flag: &str, value: Option<&str>) -> Result<(), Unclear> {
        let (flag, value) = match flag.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (flag, value),
        };
        if DATA.harmless.contains(flag) {
            if flag == "--user" {
                self.user_base();
            }
            return Ok(());
        }
        if let Some((short, long)) = SHORT.iter().find(|(short, _)| flag.starts_with(short)) {
            let attached = Some(&flag[short.len()..]).filter(|value| !value.is_empty());
            if DATA.harmless.contains(*long) {
                return Ok(());
            }
            return self.option(long, attached.or(value), self.call.cwd);
        }
        self.option(flag, value, self.call.cwd)
    }

    /// `PIP_REQUIREMENT` is `--requirement`, and so on. A variable that is no option of pip has no effect.
    fn variable(&mut self, variable: &str, value: Option<&str>) -> Result<(), Unclear> {
        let Some(key) = variable.strip_prefix("PIP_") else { return Ok(()) };
        let Some(value) = value else {
            return match telling(key) {
                Some(_) => {
                    Err(Unclear::new(format!("the value of `{variable}` is not known, and it names files")))
                }
                None => Ok(()),
            };
        };
        self.setting(key, value, variable)
    }

    fn setting(&mut self, key: &str, value: &str, origin: &str) -> Result<(), Unclear> {
        if telling(key) == Some("--user") {
            self.user_base();
            return Ok(());
        }
        let Some(option) = telling(key) else { return Ok(()) };
        for word in value.split_whitespace() {
            self.option(option, Some(word), self.call.cwd).map_err(|unclear| Unclear {
                reason: format!("{} (by `{origin}`)", unclear.reason),
                ..unclear
            })?;
        }
        Ok(())
    }

    /// An option by its long name; relative paths start at `base`.
    fn option(&mut self, option: &str, value: Option<&str>, base: &str) -> Result<(), Unclear> {
        if !TELLING.contains(&option) {
            return Err(Unclear::new(format!("`{option}` is not an option of pip that dockopt knows")));
        }
        let value = value.ok_or_else(|| Unclear::new(format!("`{option}` has no value")))?;
        if value.contains(UNKNOWN) && scheme(value).is_none() {
            return Err(Unclear::new(format!(
                "the value of `{option}` depends on a variable that is not known"
            )));
        }
        let path = join(base, value);
        match option {
            "--requirement" => {
                self.asked = true;
                self.requirement_file(value, base)?;
            }
            "--constraint" | "--build-constraint" => self.requirement_file(value, base)?,
            "--editable" => {
                self.asked = true;
                self.editable(value)?;
            }
            "--find-links" => self.find_links(value, base)?,
            "--index-url" | "--extra-index-url" | "--pypi-url" => {
                if !matches!(scheme(value).as_deref(), Some("http" | "https")) {
                    return Err(Unclear::new(format!("the package index `{value}` is not on the network")));
                }
            }
            "--target" | "--prefix" | "--root" | "--src" | "--source" | "--dest" | "--wheel-dir"
            | "--cache-dir" => {
                self.has_destination |= ["--dest", "--wheel-dir"].contains(&option);
                if self.sources.project.look(&path) == Look::Directory {
                    self.sources.inputs.trees.insert(path.clone());
                }
                self.sources.inputs.write_trees.insert(path);
            }
            "--cert" | "--client-cert" => self.sources.ambient_unread(&path),
            "--log" | "--log-file" | "--local-log" | "--report" if value != "-" => {
                self.sources.inputs.writes.insert(path);
            }
            "--log" | "--log-file" | "--local-log" | "--report" => {}
            "--group" => {
                self.asked = true;
                let (file, group) = value.rsplit_once(':').unwrap_or(("pyproject.toml", value));
                let file = join(base, file);
                let text = self.sources.needed(&file)?;
                if text.contains("file:") {
                    let reason =
                        format!("the dependency group `{group}` is in a file with `file:` dependencies");
                    return Err(Unclear::at(&file, reason));
                }
            }
            _ => {
                return Err(Unclear::new(format!(
                    "`{option} {value}` changes what pip reads in a way dockopt cannot follow"
                )));
            }
        }
        Ok(())
    }

    /// Where `--user` installs (Python, `site.py`, `getuserbase`). A home directory that nothing names is the image's.
    fn user_base(&mut self) {
        let value = |variable| match self.call.env.get(variable) {
            Some(Some(dir)) if dir.is_empty() => None,
            value => value,
        };
        let base = match (value("PYTHONUSERBASE"), value("HOME")) {
            (Some(Some(base)), _) => join(self.call.cwd, base),
            (None, Some(Some(home))) => join(&join(self.call.cwd, home), ".local"),
            (None, None) => "/root/.local".to_owned(),
            _ => return,
        };
        self.sources.inputs.write_trees.insert(base);
    }

    fn requirement_file(&mut self, value: &str, base: &str) -> Result<(), Unclear> {
        let path = match scheme(value).as_deref() {
            Some("http" | "https") => return Ok(()),
            Some("file") => join(base, of_file_url(value).unwrap_or(value)),
            _ => join(base, value),
        };
        if !self.seen.insert(path.clone()) {
            return Ok(());
        }
        let text = self.sources.needed(&path)?;
        self.lines(&text, &path)
    }

    /// The lines of a requirement file, which lies at `path`.
    fn lines(&mut self, text: &str, path: &str) -> Result<(), Unclear> {
        let items = requirements::parse(text, self.call.env)
            .map_err(|fault| Unclear::at(path, format!("`{path}` cannot be read: {fault}")))?;
        for item in items {
            let done = match item {
                Item::Requirement(text) => self.requirement(&text),
                Item::Option(option, value) if TELLING.contains(&option) => {
                    // Paths to other requirement files start at this one; those of packages at the working directory.
                    let base = if option == "--editable" { self.call.cwd } else { parent(path) };
                    self.option(option, Some(&value), base)
                }
                Item::Option(..) => Ok(()),
            };
            done.map_err(|unclear| Unclear {
                path: unclear.path.or_else(|| Some(path.to_owned())),
                ..unclear
            })?;
        }
        Ok(())
    }

    fn find_links(&mut self, value: &str, base: &str) -> Result<(), Unclear> {
        let value = match scheme(value).as_deref() {
            Some("http" | "https" | "ftp") => return Ok(()),
            Some("file") => of_file_url(value).unwrap_or(value),
            _ => value,
        };
        for path in BTreeSet::from([join(base, value), join(self.call.cwd, value)]) {
            if self.sources.project.look(&path) == Look::File {
                return Err(Unclear::at(
                    &path,
                    format!("`{path}` is a page of links that may name further files"),
                ));
            }
            self.sources.tree(&path)?;
        }
        Ok(())
    }

    fn editable(&mut self, value: &str) -> Result<(), Unclear> {
        let address = value.split_once(" @ ").map_or(value, |(_, address)| address.trim());
        match scheme(address) {
            Some(scheme) if scheme.contains('+') && !scheme.ends_with("+file") => {
                self.sources.inputs.write_trees.insert(join(self.call.cwd, "src"));
                Ok(())
            }
            _ => Err(built_in_place(&join(self.call.cwd, value), value)),
        }
    }

    /// A package as it is asked for, on the command line or in a file. Relative paths start at the working directory in both cases.
    fn requirement(&mut self, text: &str) -> Result<(), Unclear> {
        let text = text.trim();
        let marker = if scheme(text).is_some() { "; " } else { ";" };
        let text = text.split(marker).next().unwrap_or_default().trim();
        if let Some(scheme) = scheme(text) {
            return self.address(&scheme, text);
        }
        let (subject, address) = text.split_once('@').unwrap_or((text, ""));
        if !address.is_empty() && !looks_like_path(subject) {
            let address = address.trim();
            let scheme = scheme(address)
                .ok_or_else(|| Unclear::new(format!("`{}` cannot be understood", shown(text))))?;
            return self.address(&scheme, address);
        }
        let bare = match text.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
            Some((bare, _)) => bare,
            None => text,
        };
        let lower = bare.to_ascii_lowercase();
        let archive = ARCHIVES.iter().any(|suffix| lower.ends_with(suffix));
        if looks_like_path(bare) || archive {
            if bare.contains(['*', '?', UNKNOWN]) {
                return Err(Unclear::new(format!(
                    "it is not known which files `{}` stands for",
                    shown(text)
                )));
            }
            return self.local(&join(self.call.cwd, bare), bare, archive);
        }
        let name_ends =
            bare.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(bare.len());
        if name_ends == 0 || bare[..name_ends].starts_with('-') || bare.starts_with(UNKNOWN) {
            return Err(Unclear::new(format!("`{}` cannot be understood", shown(text))));
        }
        let rest = bare[name_ends..].trim_start();
        if rest.is_empty() || rest.starts_with(['=', '<', '>', '~', '!', '[', '(']) {
            return Ok(());
        }
        Err(Unclear::new(format!("`{}` cannot be understood", shown(text))))
    }

    fn address(&mut self, scheme: &str, address: &str) -> Result<(), Unclear> {
        match scheme {
            "http" | "https" | "ftp" => Ok(()),
            "file" => {
                let path = of_file_url(address).unwrap_or(address);
                let path = path.split(['#', '?']).next().unwrap_or_default();
                if path.contains(['%', UNKNOWN]) {
                    return Err(Unclear::new(format!("it is not known which file `{}` is", shown(address))));
                }
                let archive = ARCHIVES.iter().any(|suffix| path.to_ascii_lowercase().ends_with(suffix));
                self.local(&join(self.call.cwd, path), address, archive)
            }
            _ if scheme.split_once('+').is_some_and(|(_, transport)| transport != "file") => Ok(()),
            _ => Err(Unclear::new(format!("`{}` is an address that dockopt cannot follow", shown(address)))),
        }
    }

    fn local(&mut self, path: &str, written: &str, archive: bool) -> Result<(), Unclear> {
        if self.sources.project.look(path) == Look::Directory || !archive {
            return Err(built_in_place(path, written));
        }
        self.sources.needed_unread(path)
    }
}

fn built_in_place(path: &str, written: &str) -> Unclear {
    Unclear::at(
        path,
        format!("`{}` is built from its sources, which may read and write any file there", shown(written)),
    )
}

/// The option of a key in the environment or in pip.conf, if it matters.
fn telling(key: &str) -> Option<&'static str> {
    let option = format!("--{}", key.to_ascii_lowercase().replace('_', "-"));
    if option == "--user" {
        return Some("--user");
    }
    TELLING.iter().find(|telling| **telling == option).copied()
}

/// Keys and values of pip.conf, of all sections; a value goes on in lines that are indented.
fn settings(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';', '[']) {
            continue;
        }
        if line.starts_with(char::is_whitespace)
            && let Some((_, value)) = found.last_mut()
        {
            value.push(' ');
            value.push_str(trimmed);
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

fn looks_like_path(text: &str) -> bool {
    text.contains('/') || text.starts_with('.')
}

/// The scheme of an address, in lower case.
fn scheme(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && (rest.starts_with("//") || scheme.eq_ignore_ascii_case("file"));
    valid.then(|| scheme.to_ascii_lowercase())
}

fn shown(text: &str) -> String {
    text.replace(UNKNOWN, "…")
}
