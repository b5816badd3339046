//! What COPY and ADD put where: each context file at its path in the image, by the rules of `BuildKit` (reference: fsutil's
//! `copy.go`, §3.4). Where a rule depends on what the base image holds, the answer is that it is not known.

use std::collections::BTreeSet;

use dockopt_syntax::{Instruction, Keyword, Tree};

use crate::context::{Context, EntryKind};
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
    /// Whatever else the context folder may hold when the image is built.
    Rest(String),
}

/// Flags that a plain COPY of context files may have.
const PLAIN_FLAGS: [&str; 3] = ["chown", "chmod", "link"];

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
    let mut found = Vec::new();
    for source in &copy.sources {
        let Known::Is(text) = state.expand(&source.text, tree.escape) else {
            return Err(format!("`{}` is only known when it is built", source.text));
        };
        if instruction.keyword == Keyword::Add && is_remote(&text) {
            return Err(format!("`{text}` comes from the network"));
        }
        let paths = context.sources(&text).map_err(|error| error.to_string())?;
        if paths.is_empty() {
            return Err(format!("`{text}` is not in the build context"));
        }
        found.extend(paths.into_iter().map(|path| (path, gopath::has_wildcard(&text))));
    }
    let many = found.len() > 1 || found.iter().any(|one| one.1);
    let mut writes = Vec::new();
    for (source, _) in &found {
        match context.kind(source) {
            Some(EntryKind::Folder) => {
                writes.push(Write { path: target.clone(), what: Written::NewFolder });
                for (file, kind) in context.walk(source).map_err(|error| error.to_string())? {
                    let inner = path::relative(&file, source).filter(|_| !source.is_empty()).unwrap_or(&file);
                    let path = path::resolve(&target, inner);
                    let what =
                        if kind == EntryKind::Folder { Written::Folder(file) } else { Written::File(file) };
                    writes.push(Write { path, what });
                }
                writes.push(Write { path: target.clone(), what: Written::Rest(source.clone()) });
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

/// Whether `--chown` gives a name to look up: in the accounts of the image at that point, and root where it is not found.
pub fn looks_up_owner(instruction: &Instruction) -> bool {
    let owner = instruction.flag("chown").and_then(|flag| flag.value.as_deref()).unwrap_or_default();
    owner.contains(|c: char| !c.is_ascii_digit() && c != ':') && owner != "root" && owner != "root:root"
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
