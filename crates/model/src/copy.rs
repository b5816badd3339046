//! What COPY and ADD put where: each context file at its path in the image, by the rules of `BuildKit` (reference: fsutil's
//! `copy.go`, §3.4). Where a rule depends on what the base image holds, the answer is that it is not known.

use std::collections::BTreeSet;

use dockopt_syntax::{Body, Form, Instruction, Keyword, Tree, Word};

use crate::context::{Context, EntryKind};
use crate::ignore::Ignore;
use crate::parents::Parents;
use crate::state::State;
use crate::{Known, gopath, path};

/// What a COPY or ADD writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// These paths, in order.
    Writes(Vec<Write>),
    /// Something that cannot be followed, with the reason, and below this folder if that is known.
    Opaque {
        /// A clause for a person.
        reason: String,
        /// The destination.
        below: Option<String>,
    },
}

/// One path that a COPY writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The path in the image.
    pub path: String,
    /// What it becomes.
    pub what: Written,
}

/// What a path becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A context file, by its path there.
    File(String),
    /// A folder with the attributes of a context folder, by its path there.
    Folder(String),
    /// A folder, made with the builder's attributes if nothing is there yet.
    NewFolder,
    /// A folder on the way to what `--parents` takes: made with the attributes of a context folder, by its path there; one that is
    /// there already gets its mode, and keeps its owner (fsutil's `createParentDirs`).
    ParentFolder(String),
    /// Whatever else the context folder may hold when the image is built.
    Rest(String),
    /// Whatever else the context folder may hold that a pattern takes.
    SomeRest(String),
}

/// Flags that a plain COPY of context files may have.
const PLAIN_FLAGS: [&str; 5] = ["chown", "chmod", "link", "parents", "exclude"];

/// The destination as an absolute path, and whether it is written as a folder.
pub fn destination(tree: &Tree, instruction: &Instruction, state: &State) -> Known<(String, bool)> {
    let Some(copy) = instruction.body.as_copy() else { return Known::Unknown };
    let Known::Is(text) = state.expand(&copy.destination.text, tree.escape) else { return Known::Unknown };
    let is_folder = text.ends_with('/') || matches!(text.as_str(), "." | "..") || text.ends_with("/.");
    let absolute = if text.starts_with('/') {
        Known::Is(path::resolve("/", &text))
    } else {
        state.cwd.get().map(|cwd| path::resolve(cwd, &text)).into()
    };
    match absolute {
        Known::Is(absolute) => Known::Is((absolute, is_folder)),
        Known::Unknown => Known::Unknown,
    }
}

/// Follows a COPY or ADD. `folders` are the image paths that are known to be folders.
pub fn follow(
    tree: &Tree,
    instruction: &Instruction,
    state: &State,
    context: Option<&Context<'_>>,
    folders: &BTreeSet<String>,
) -> Copied {
    let below = destination(tree, instruction, state).get().map(|found| found.0.clone());
    match read(tree, instruction, state, context, folders) {
        Ok(writes) => Copied::Writes(writes),
        Err(reason) => Copied::Opaque { reason, below },
    }
}

fn read(
    tree: &Tree,
    instruction: &Instruction,
    state: &State,
    context: Option<&Context<'_>>,
    folders: &BTreeSet<String>,
) -> Result<Vec<Write>, String> {
    let copy = instruction.body.as_copy().ok_or("it is no COPY")?;
    if let Some(flag) = instruction.flags.iter().find(|flag| !PLAIN_FLAGS.contains(&flag.name.as_str())) {
        return Err(format!("`--{}` is not followed", flag.name));
    }
    if !instruction.heredocs.is_empty() {
        return Err("it writes a heredoc".to_owned());
    }
    let context = context.ok_or("there is no build context")?;
    let Known::Is((target, is_folder)) = destination(tree, instruction, state) else {
        return Err("it is not known where it copies to".to_owned());
    };
    let exclude = excluded(instruction)?;
    let keeps_parents = has_switch(instruction, "parents");
    let mut writes = Vec::new();
    let mut found = Vec::new();
    for source in &copy.sources {
        let Known::Is(text) = state.expand(&source.text, tree.escape) else {
            return Err(format!("`{}` is only known when it is built", source.text));
        };
        if instruction.keyword == Keyword::Add && is_remote(&text) {
            return Err(format!("`{text}` comes from the network"));
        }
        if keeps_parents {
            writes.extend(with_parents(&text, &target, context, &exclude)?);
            continue;
        }
        let paths = context.sources(&text).map_err(|error| error.to_string())?;
        if paths.is_empty() {
            return Err(format!("`{text}` is not in the build context"));
        }
        found.extend(paths.into_iter().map(|path| (path, gopath::has_wildcard(&text))));
    }
    let many = found.len() > 1 || found.iter().any(|one| one.1);
    for (source, _) in &found {
        match context.kind(source) {
            Some(EntryKind::Folder) => {
                writes.push(Write { path: target.clone(), what: Written::NewFolder });
                for (file, kind) in context.walk(source).map_err(|error| error.to_string())? {
                    let inner = path::relative(&file, source).filter(|_| !source.is_empty()).unwrap_or(&file);
                    if exclude.excludes(inner) {
                        continue;
                    }
                    let path = path::resolve(&target, inner);
                    let what =
                        if kind == EntryKind::Folder { Written::Folder(file) } else { Written::File(file) };
                    writes.push(Write { path, what });
                }
                writes.push(Write { path: target.clone(), what: Written::Rest(source.clone()) });
            }
            // The manual says that `--exclude` leaves out files that the source names, and the code does not look at it then.
            Some(EntryKind::File) if instruction.flag("exclude").is_some() => {
                return Err(format!("it is not known whether `--exclude` leaves out `{source}`"));
            }
            Some(EntryKind::File) => {
                if instruction.keyword == Keyword::Add && context.files.read(source).is_none() {
                    return Err(format!("ADD may unpack `{source}`"));
                }
                let into = is_folder || many || folders.contains(&target);
                if !into && path::name(&target) != path::name(source) && !path::name(&target).contains('.') {
                    return Err(format!("it is not known whether `{target}` is a folder"));
                }
                let path = if into { path::resolve(&target, path::name(source)) } else { target.clone() };
                writes.push(Write { path: path::parent(&path).to_owned(), what: Written::NewFolder });
                writes.push(Write { path, what: Written::File(source.clone()) });
            }
            _ => return Err(format!("`{source}` is no regular file")),
        }
    }
    Ok(writes)
}

/// What one source of `COPY --parents` writes below the destination.
fn with_parents(
    source: &str,
    target: &str,
    context: &Context<'_>,
    exclude: &Ignore,
) -> Result<Vec<Write>, String> {
    let parents = Parents::read(source)?;
    if context.kind(&parents.base) != Some(EntryKind::Folder) {
        return Err(format!("`{}` is no folder of the build context", parents.base));
    }
    let below = |inner: &str| gopath::clean(&format!("/{}/{inner}", parents.base))[1..].to_owned();
    let mut writes = vec![Write { path: target.to_owned(), what: Written::NewFolder }];
    let mut made: BTreeSet<String> = BTreeSet::new();
    for (file, kind) in context.walk(&parents.base).map_err(|error| error.to_string())? {
        let inner = if parents.base.is_empty() { file.as_str() } else { &file[parents.base.len() + 1..] };
        if !parents.takes(inner) || exclude.excludes(inner) {
            continue;
        }
        for (end, _) in inner.match_indices('/') {
            if made.insert(inner[..end].to_owned()) {
                let what = Written::ParentFolder(below(&inner[..end]));
                writes.push(Write { path: path::resolve(target, &inner[..end]), what });
            }
        }
        let path = path::resolve(target, inner);
        if kind == EntryKind::Folder {
            made.insert(inner.to_owned());
            writes.push(Write { path, what: Written::Folder(file) });
        } else {
            writes.push(Write { path, what: Written::File(file) });
        }
    }
    let named = below(&parents.pattern);
    if parents.may_be_empty() {
        let path = path::resolve(target, parents.fixed());
        writes.push(Write { path, what: Written::SomeRest(below(parents.fixed())) });
    } else if context.kind(&named) == Some(EntryKind::Folder) {
        writes.push(Write { path: path::resolve(target, &parents.pattern), what: Written::Rest(named) });
    } else if writes.len() == 1 {
        return Err(format!("`{source}` is not in the build context"));
    }
    Ok(writes)
}

/// What `--exclude` leaves out, relative to the folder that is copied.
fn excluded(instruction: &Instruction) -> Result<Ignore, String> {
    let patterns: Vec<&str> = instruction
        .flags
        .iter()
        .filter(|flag| flag.name == "exclude")
        .filter_map(|flag| flag.value.as_deref())
        .collect();
    if let Some(odd) = patterns.iter().find(|one| one.starts_with(['!', '#']) || one.contains(['\\', '\n'])) {
        return Err(format!("`--exclude={odd}` is not followed"));
    }
    Ignore::parse(&patterns.join("\n")).map_err(|error| error.to_string())
}

/// Whether a flag that is on or off is on.
pub fn has_switch(instruction: &Instruction, name: &str) -> bool {
    let is_on = |value: Option<&str>| !value.is_some_and(|value| value.eq_ignore_ascii_case("false"));
    instruction.flag(name).is_some_and(|flag| is_on(flag.value.as_deref()))
}

/// Whether `--chown` gives a name to look up: in the accounts of the image at that point, and root where it is not found.
pub fn looks_up_owner(instruction: &Instruction) -> bool {
    let owner = instruction.flag("chown").and_then(|flag| flag.value.as_deref()).unwrap_or_default();
    owner.contains(|c: char| !c.is_ascii_digit() && c != ':') && owner != "root" && owner != "root:root"
}

/// The arguments of a COPY or ADD in one spelling: a source that begins above the build context begins at its root.
pub(crate) fn arguments(instruction: &Instruction) -> String {
    let text = instruction.arguments_text();
    match &instruction.body {
        Body::Copy(copy) | Body::Add(copy)
            if copy.form == Form::Plain
                && copy.sources.iter().any(|source| source.text.starts_with("..")) =>
        {
            let word = |source: &Word| from_root(&source.text).unwrap_or_else(|| source.text.clone());
            let words: Vec<String> = copy.sources.iter().map(word).collect();
            format!("{} {}", words.join(" "), copy.destination.text)
        }
        _ => text.to_owned(),
    }
}

/// What a source that leads out of the build context stands for: `..` stops at its root. None for another source.
pub fn from_root(source: &str) -> Option<String> {
    if source != ".." && !source.starts_with("../") {
        return None;
    }
    let end = if source.ends_with('/') { "/" } else { "" };
    let clean = gopath::clean(&format!("/{source}"));
    Some(if clean == "/" { ".".to_owned() } else { clean.trim_start_matches('/').to_owned() + end })
}

/// Whether ADD fetches the source: a URL, or a git repository.
pub fn is_remote(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    ["http://", "https://", "ftp://", "git://", "git@", "ssh://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
        || lower.starts_with("github.com/")
        || lower.contains(".git#")
}
