//! Which files are Dockerfiles: those that were named, and those that a folder holds. Must not open any.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::{WalkBuilder, WalkState};

use crate::problem::Problem;
use crate::source;

/// A Dockerfile to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its path as the user would write it.
    pub path: PathBuf,
    /// How it was found.
    pub found: Found,
}

/// How a Dockerfile was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The user named it.
    Named,
    /// It lies in this folder, which the user named.
    Below(PathBuf),
}

impl Target {
    /// The path for messages.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The Dockerfiles that the paths mean, in path order, and what is wrong with the paths.
pub fn discover(paths: &[PathBuf]) -> (Vec<Target>, Vec<Problem>) {
    // One file may be reached in several ways; it is the absolute path that tells.
    let mut targets: BTreeMap<PathBuf, Target> = BTreeMap::new();
    let mut problems = Vec::new();
    let current = std::env::current_dir().unwrap_or_default();
    let mut add = |target: Target| {
        let identity = current.join(&target.path);
        let known = targets.entry(identity).or_insert_with(|| target.clone());
        if target.found == Found::Named {
            *known = target;
        }
    };
    for path in paths {
        match fs::metadata(path) {
            Ok(kind) if kind.is_dir() => {
                let found = walk(path, &mut problems);
                if found.is_empty() {
                    let message = "there is no Dockerfile in this folder";
                    let help = "name the file; dockopt looks for Dockerfile, Dockerfile.*, *.Dockerfile, *.dockerfile, Containerfile and \
                                Containerfile.*, except in hidden folders and what .gitignore lists";
                    problems.push(Problem::error(message, help).in_file(path.display().to_string()));
                }
                found.into_iter().for_each(&mut add);
            }
            Ok(_) => add(Target { path: path.clone(), found: Found::Named }),
            Err(error) => problems.push(source::unreadable(&error, &path.display().to_string())),
        }
    }
    let mut targets: Vec<Target> = targets.into_values().collect();
    targets.sort_by(|a, b| a.path.cmp(&b.path));
    (targets, problems)
}

/// Whether a file of that name is taken for a Dockerfile.
pub fn is_dockerfile(name: &str) -> bool {
    let begins = |word: &str| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || (rest.starts_with('.') && rest.len() > 1))
    };
    let ends = |suffix: &str| name.strip_suffix(suffix).is_some_and(|stem| !stem.is_empty());
    !name.ends_with(".dockerignore")
        && (begins("Dockerfile") || begins("Containerfile") || ends(".Dockerfile") || ends(".dockerfile"))
}

fn walk(folder: &Path, problems: &mut Vec<Problem>) -> Vec<Target> {
    let found = Mutex::new((Vec::new(), Vec::new()));
    let walker = WalkBuilder::new(folder)
        .require_git(false)
        // What a machine's own settings hide must not decide what is found.
        .git_global(false)
        .ignore(false)
        .build_parallel();
    walker.run(|| {
        Box::new(|entry| {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && entry.file_name().to_str().is_some_and(is_dockerfile) {
                        let path = entry.path();
                        let path = path.strip_prefix(".").unwrap_or(path).to_owned();
                        found.0.push(Target { path, found: Found::Below(folder.to_owned()) });
                    }
                }
                Err(error) => found.1.push(unwalkable(&error, folder)),
            }
            WalkState::Continue
        })
    });
    let (targets, mut unwalked) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    unwalked.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    problems.extend(unwalked);
    targets
}

fn unwalkable(error: &ignore::Error, folder: &Path) -> Problem {
    let path = path_of(error).unwrap_or(folder).display().to_string();
    match error.io_error() {
        Some(io) => source::unreadable(io, &path),
        None => {
            Problem::error(error.to_string(), "mend it, or name the Dockerfiles one by one").in_file(path)
        }
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dockerfiles() {
        for name in [
            "Dockerfile",
            "Dockerfile.dev",
            "api.Dockerfile",
            "api.dockerfile",
            "Containerfile",
            "Containerfile.ci",
        ] {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in [
            "dockerfile",
            "Dockerfile.dockerignore",
            "Dockerfiles",
            "Dockerfile.",
            ".Dockerfile",
            "api.containerfile",
            "x.Dockerfile.md",
        ] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }

    #[test]
    fn folders_are_walked_by_gitignore_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "b/Dockerfile",
            "a/x.Dockerfile",
            "out/Dockerfile",
            ".hidden/Dockerfile",
            "Dockerfile",
            "a/Dockerfile.dockerignore",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "FROM scratch\n").unwrap();
        }
        fs::write(folder.path().join(".gitignore"), "out/\n").unwrap();
        let names = |paths: &[PathBuf]| {
            let (targets, problems) = discover(paths);
            assert!(problems.is_empty(), "{problems:?}");
            let relative =
                |target: &Target| target.path.strip_prefix(folder.path()).unwrap().display().to_string();
            targets.iter().map(relative).collect::<Vec<_>>()
        };
        let root = folder.path().to_owned();
        assert_eq!(names(std::slice::from_ref(&root)), ["Dockerfile", "a/x.Dockerfile", "b/Dockerfile"]);
        assert_eq!(
            names(&[root.join(".hidden"), root.join("out/Dockerfile")]),
            [".hidden/Dockerfile", "out/Dockerfile"]
        );
        assert_eq!(names(&[root.join("b"), root.join("b/Dockerfile")]), ["b/Dockerfile"]);
    }
}
