//! Which variables a word names, and which the file declares. It decides nothing.

use std::collections::BTreeMap;

use dockopt_model::expand;
use dockopt_syntax::{Body, Escape, Instruction, Tree, Word};

/// The ARGs that BuildKit declares for FROM by itself; a stage has to name those that it wants.
pub(crate) const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// The variables that a word uses as they are, without a default of its own.
pub(crate) fn plain(word: &str, escape: Escape) -> Vec<String> {
    let is_plain = |name: &String| {
        let bare = format!("${name}");
        word.contains(&format!("${{{name}}}"))
            || word.match_indices(&bare).any(|(at, _)| {
                let next = word[at + bare.len()..].chars().next();
                !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
            })
    };
    expand::variables(word, escape).into_iter().filter(is_plain).collect()
}

/// The ARGs above the first FROM, with their defaults as written.
pub(crate) fn global(tree: &Tree) -> BTreeMap<String, Option<String>> {
    let above = tree.instructions.iter().take_while(|one| !matches!(one.body, Body::From { .. }));
    let mut found = BTreeMap::new();
    for instruction in above {
        if let Body::Arg(pairs) = &instruction.body {
            let default = |value: &Word| value.text.clone();
            found.extend(pairs.iter().map(|pair| (pair.key.text.clone(), pair.value.as_ref().map(default))));
        }
    }
    found
}

/// Whether an instruction is an ARG of this name.
pub(crate) fn declares(instruction: &Instruction, name: &str) -> bool {
    matches!(&instruction.body, Body::Arg(pairs) if pairs.iter().any(|pair| pair.key.text == name))
}
