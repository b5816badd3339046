//! The git history of a folder, read through `git` itself. Must not write, and runs nothing that a repository's
//! configuration names.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure};

/// This many commits tell what is edited often.
const COMMITS: &str = "500";

/// How many of the last commits changed each file below `folder`, by path relative to it; merges are not counted.
pub fn changes(folder: &Path) -> Result<BTreeMap<String, usize>, Failure> {
    let names = process::output(git(folder).args([
        "log",
        "--no-merges",
        "--max-count",
        COMMITS,
        "--format=",
        "--name-only",
        "--relative",
        "-z",
        "--",
        ".",
    ]))?;
    let mut counts = BTreeMap::new();
    for name in names.split(|byte| *byte == 0) {
        // A name that is not UTF-8 cannot be named in a Dockerfile that dockopt reads.
        if let Some(name) = std::str::from_utf8(name).ok().map(str::trim).filter(|name| !name.is_empty()) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    Ok(counts)
}

/// `git` in a folder, with everything off that could run a program which the repository names, and without taking locks.
pub fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    for setting in [
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.quotePath=false",
        "core.pager=cat",
        "log.showSignature=false",
        "diff.external=",
        "protocol.allow=never",
    ] {
        command.args(["-c", setting]);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1");
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn changes_are_counted_by_path_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
            process::output(git(folder.path()).args(identity).args(arguments)).unwrap();
        };
        run(&["init", "--quiet"]);
        fs::create_dir_all(folder.path().join("api/src")).unwrap();
        for (round, paths) in
            [vec!["api/src/ä b.py", "api/req.txt", "web.js"], vec!["api/src/ä b.py"]].iter().enumerate()
        {
            for path in paths {
                fs::write(folder.path().join(path), round.to_string()).unwrap();
            }
            run(&["add", "."]);
            run(&["commit", "--quiet", "--message", "change"]);
        }
        let counts = changes(&folder.path().join("api")).unwrap();
        let expected = [("req.txt", 1), ("src/ä b.py", 2)].map(|(path, count)| (path.to_owned(), count));
        assert_eq!(counts, BTreeMap::from(expected));
    }

    #[test]
    fn a_folder_without_a_repository_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(changes(folder.path()).is_err());
    }
}
