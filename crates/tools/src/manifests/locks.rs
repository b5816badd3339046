//! Does a lock file agree with its manifest? Compares what both write down and resolves no version; what it cannot compare
//! is no agreement.

mod bun;
mod cargo;
mod mix;
mod package_json;
mod package_lock;
mod pnpm;
#[cfg(test)]
mod tests;
mod uv;
mod yarn;

use super::paths::{join, parent};
use super::{Look, Project};

/// `Ok` if the lock file at `path` agrees with the manifest beside it. The error is a clause that says what does not, or what
/// cannot be compared. `None` if there is no comparison of that name.
pub fn agrees(comparison: &str, path: &str, project: &dyn Project) -> Option<Result<(), String>> {
    let (_, compare) = LOCKS.iter().find(|(name, _)| *name == comparison)?;
    let Some(text) = project.read(path) else { return Some(Err(format!("`{path}` cannot be read"))) };
    Some(compare(&Lock { text: &text, folder: parent(path), project }))
}

/// A lock file to compare.
struct Lock<'a> {
    text: &'a str,
    /// The folder in which it and its manifest lie.
    folder: &'a str,
    project: &'a dyn Project,
}

impl Lock<'_> {
    /// The text of a file that must be known, by its path below the folder.
    fn needed(&self, name: &str) -> Result<String, String> {
        let path = join(self.folder, name);
        match self.project.look(&path) {
            Look::File => self.project.read(&path).ok_or_else(|| format!("`{path}` cannot be read")),
            Look::Absent => Err(format!("there is no `{path}`")),
            Look::Directory => Err(format!("`{path}` is a folder")),
            Look::Unknown => Err(format!("an earlier step may have changed `{path}`")),
        }
    }
}

impl Lock<'_> {
    /// The folders of a workspace: the one that a pattern names, or those with a manifest directly below one that ends in `/*`.
    fn folders(&self, pattern: &str, manifest: &str) -> Result<Vec<String>, String> {
        let odd = || format!("the workspaces `{pattern}` cannot be listed");
        let plain = pattern.trim_start_matches("./").trim_end_matches('/');
        let (above, is_list) = plain.strip_suffix("/*").map_or((plain, false), |above| (above, true));
        if above.is_empty()
            || above.contains(['*', '?', '[', '{', '!'])
            || above.split('/').any(|part| part == "..")
        {
            return Err(odd());
        }
        if !is_list {
            return Ok(vec![above.to_owned()]);
        }
        let mut found = Vec::new();
        if self.project.look(&join(self.folder, above)) == Look::Absent {
            return Ok(found);
        }
        for name in self.project.list(&join(self.folder, above)).ok_or_else(odd)? {
            let folder = format!("{above}/{name}");
            let file = join(self.folder, &format!("{folder}/{manifest}"));
            match self.project.look(&file) {
                Look::File => found.push(folder),
                Look::Unknown => return Err(format!("an earlier step may have made `{file}`")),
                Look::Absent | Look::Directory => {}
            }
        }
        Ok(found)
    }
}

type Compare = fn(&Lock<'_>) -> Result<(), String>;

#[rustfmt::skip] // one line a comparison
const LOCKS: &[(&str, Compare)] = &[
    ("bun", bun::compare),
    ("cargo", cargo::compare),
    ("mix", mix::compare),
    ("npm", package_lock::compare),
    ("pnpm", pnpm::compare),
    ("uv", uv::compare),
    ("yarn-berry", yarn::compare_berry),
    ("yarn-classic", yarn::compare_classic),
];

/// The names of all comparisons.
pub fn names() -> impl Iterator<Item = &'static str> {
    LOCKS.iter().map(|(name, _)| *name)
}
