//! Which files are edited to see what a rebuild costs: one source file and one manifest, those that people edit most. Must
//! not edit any.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_model::{Context, EntryKind, Model};

/// Files that are edited one after the other, by path in the build context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// A file that no install reads.
    pub source: Option<String>,
    /// A file that an install reads.
    pub manifest: Option<String>,
}

impl Choice {
    /// The chosen files, the source first.
    pub fn paths(self) -> Vec<String> {
        self.source.into_iter().chain(self.manifest).collect()
    }
}

/// Chooses among the files that the Dockerfile copies the two that `changes` names most often; where it says nothing, the first
/// by their paths.
pub fn choose(model: &Model<'_>, changes: &BTreeMap<String, usize>) -> Choice {
    let Some(context) = model.context else { return Choice::default() };
    let (copied, read) = files(model);
    let editable =
        |path: &&String| context.kind(path) == Some(EntryKind::File) && context.files.read(path).is_some();
    let most_edited = |paths: &BTreeSet<String>| {
        let often =
            |path: &&String| (changes.get(*path).copied().unwrap_or(0), std::cmp::Reverse((*path).clone()));
        paths.iter().filter(editable).max_by_key(often).cloned()
    };
    let sources: BTreeSet<String> =
        copied.difference(&read).filter(|path| !is_aside(path, context)).cloned().collect();
    let manifests: BTreeSet<String> =
        copied.intersection(&read).filter(|path| !is_lock(path)).cloned().collect();
    Choice { source: most_edited(&sources), manifest: most_edited(&manifests) }
}

/// The context files that are copied, and those that an install reads.
fn files(model: &Model<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut copied, mut read) = (BTreeSet::new(), BTreeSet::new());
    for trace in model.traces() {
        let mut origin: BTreeMap<&str, &str> = BTreeMap::new();
        for atom in &trace.atoms {
            if let Some((path, from)) = atom.written_file() {
                origin.insert(path, from);
                copied.insert(from.to_owned());
            }
            for file in atom.effects.inputs.iter().flat_map(|inputs| &inputs.files) {
                read.extend(origin.get(file.as_str()).map(|from| (*from).to_owned()));
            }
        }
    }
    (copied, read)
}

/// Files that are not the program: what begins with a dot, prose, and what the rewrite itself changes.
fn is_aside(path: &str, context: &Context<'_>) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let prose =
        [".md", ".rst", ".txt", ".adoc"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let hidden = path.split('/').any(|part| part.starts_with('.'));
    prose || hidden || path == context.ignore.path || crate::discover::is_dockerfile(name)
}

/// A lock file belongs to its manifest: alone it is edited by tools only, and an edit by hand breaks its checksum.
fn is_lock(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["lock", "shrinkwrap", ".sum"].iter().any(|part| name.contains(part))
}

/// What is appended to a file so that its bytes are new and its meaning is not: lines of blanks, of which each bit of `number` makes
/// one longer. Text formats allow them at the end of a file.
pub fn addition(number: u32) -> Vec<u8> {
    (0..u32::BITS)
        .flat_map(|bit| if number >> bit & 1 == 1 { &b" \n"[..] } else { &b"\n"[..] })
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_are_blank_and_differ() {
        let all: BTreeSet<Vec<u8>> = (0..64).map(addition).collect();
        assert_eq!(all.len(), 64);
        assert!(all.iter().flatten().all(u8::is_ascii_whitespace));
    }
}
