//! yarn.lock in both formats: every range that a package.json asks for must have its entry. Resolves no version.

use std::collections::{BTreeMap, BTreeSet};

use super::Lock;
use super::package_json::{self, Manifest};

/// Format 1: `name@range` is the key of an entry. Members of a workspace that ask for each other have none.
pub(super) fn compare_classic(lock: &Lock<'_>) -> Result<(), String> {
    let manifest = Manifest::read(lock)?;
    let keys: BTreeSet<&str> = blocks(lock.text).into_iter().flat_map(|(keys, _)| keys).collect();
    for (_, package) in manifest.all() {
        for (name, range) in package_json::dependencies(package)? {
            let descriptor = format!("{name}@{range}");
            if !keys.contains(descriptor.as_str()) && !range.starts_with("link:") && !manifest.is_member(name)
            {
                return Err(format!("it has no entry for `{descriptor}`"));
            }
        }
    }
    Ok(())
}

/// The format of Yarn 2 and later: each workspace has an entry that names its dependencies, and each range has one.
pub(super) fn compare_berry(lock: &Lock<'_>) -> Result<(), String> {
    let manifest = Manifest::read(lock)?;
    let blocks = blocks(lock.text);
    let keys: BTreeSet<&str> = blocks.iter().flat_map(|(keys, _)| keys.iter().copied()).collect();
    let mut workspaces: BTreeMap<&str, &Vec<&str>> = BTreeMap::new();
    for (keys, lines) in &blocks {
        let folder = keys.iter().find_map(|key| Some(key.rsplit_once("@workspace:")?.1));
        if let Some(resolution) = lines.iter().find_map(|line| line.trim().strip_prefix("resolution:"))
            && let Some((_, own)) = resolution.trim().trim_matches('"').rsplit_once("@workspace:")
        {
            workspaces.insert(own, lines);
        } else if let Some(folder) = folder {
            workspaces.insert(folder, lines);
        }
    }
    for (folder, package) in manifest.all() {
        let wanted = package_json::dependencies(package)?;
        let lines =
            workspaces.get(folder).ok_or_else(|| format!("it has no entry for the workspace `{folder}`"))?;
        if listed(lines) != wanted.keys().copied().collect() {
            return Err(format!("its dependencies of `{folder}` are not those of package.json"));
        }
        for (name, range) in wanted {
            let (plain, by_npm) = (format!("{name}@{range}"), format!("{name}@npm:{range}"));
            if !keys.contains(plain.as_str()) && !keys.contains(by_npm.as_str()) {
                return Err(format!("it has no entry for `{plain}`"));
            }
        }
    }
    match workspaces.keys().find(|folder| **folder != "." && !manifest.members.contains_key(**folder)) {
        Some(folder) => Err(format!("it lists the workspace `{folder}`, which there is not")),
        None => Ok(()),
    }
}

/// The entries: their keys, and the lines below them.
fn blocks(text: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut found: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, lines)) = found.last_mut() {
                lines.push(line);
            }
            continue;
        }
        let keys = line.trim_end().trim_end_matches(':').split(", ").map(|key| key.trim().trim_matches('"'));
        found.push((keys.collect(), Vec::new()));
    }
    found
}

/// The names in the table `dependencies` of an entry, which is indented by two.
fn listed<'t>(lines: &[&'t str]) -> BTreeSet<&'t str> {
    let start =
        lines.iter().position(|line| line.trim_end() == "  dependencies:").map_or(lines.len(), |at| at + 1);
    let inside = lines[start..].iter().take_while(|line| line.starts_with("    "));
    inside
        .filter_map(|line| {
            let line = line.trim();
            match line.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next(),
                None => line.split(':').next(),
            }
        })
        .collect()
}
