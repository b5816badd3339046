//! Which part of a COPY that is taken apart does a comment describe? Comments are prose and are only weighed: nothing depends on the
//! answer but where the comment stands.

/// A part of a COPY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The files that are copied by name before an install.
    Manifests,
    /// What is copied after it.
    Rest,
}

/// Beginnings of words that people use of an install and what it reads.
const OF_AN_INSTALL: [&str; 5] = ["depend", "install", "lock", "manifest", "requirement"];

/// Words that people use of the sources.
const OF_THE_SOURCES: [&str; 12] = [
    "all",
    "app",
    "application",
    "code",
    "content",
    "contents",
    "everything",
    "files",
    "folder",
    "project",
    "rest",
    "sources",
];

/// The part that a comment describes, where files of these names are copied first.
pub(crate) fn part(comment: &str, manifests: &[String]) -> Part {
    let comment = comment.to_lowercase();
    let is_of_a_word = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let words: Vec<&str> = comment
        .split(|c| !is_of_a_word(c))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
        .collect();
    let names = manifests.iter().map(|path| path.rsplit('/').next().unwrap_or(path).to_lowercase());
    let is_named = names.into_iter().any(|name| words.contains(&name.as_str()));
    let is_of_an_install = words.iter().any(|word| OF_AN_INSTALL.iter().any(|start| word.starts_with(start)));
    let is_of_the_sources = words.iter().any(|word| OF_THE_SOURCES.contains(word) || *word == "source");
    if (is_named || is_of_an_install) && !is_of_the_sources { Part::Manifests } else { Part::Rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_what_they_describe() {
        let manifests = ["package.json".to_owned(), "web/package-lock.json".to_owned()];
        for (comment, expected) in [
            ("# Install dependencies", Part::Manifests),
            ("# package.json and its lock file.", Part::Manifests),
            ("# only what `npm ci` reads: package-lock.json", Part::Manifests),
            ("# Copy the source code", Part::Rest),
            ("# Copy the app and install its dependencies", Part::Rest),
            ("# Everything that the service needs.", Part::Rest),
            ("#", Part::Rest),
            ("# syntax of the packages", Part::Rest),
        ] {
            assert_eq!(part(comment, &manifests), expected, "{comment}");
        }
    }
}
