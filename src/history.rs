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

/// The commits of a range, as they changed a folder.
#[derive(Debug, Default)]
pub struct Commits {
    /// The files of the folder before the first of them, by path relative to it.
    pub start: BTreeMap<String, Blob>,
    /// The commits, the oldest first.
    pub commits: Vec<Commit>,
    /// Whether the history goes on but is not here.
    pub is_shallow: bool,
    /// How many files of the folder are changed and not committed.
    pub uncommitted: usize,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: String,
    /// When it was committed: seconds since 1970.
    pub time: i64,
    /// The first line of its message.
    pub subject: String,
    /// What it changed below the folder.
    pub changes: Vec<Change>,
}

/// A file that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path relative to the folder.
    pub path: String,
    /// What it was; none if it was not there.
    pub old: Option<Blob>,
    /// What it became; none if it went.
    pub new: Option<Blob>,
}

/// A file as git keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Its mode: `100644`, `100755`, `120000` for a link, `160000` for a submodule.
    pub mode: u32,
    /// The name of its content.
    pub id: String,
}

/// Which commits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Range {
    /// The last so many.
    pub commits: Option<usize>,
    /// Those since a date, as git understands it.
    pub since: Option<String>,
    /// A range as git understands it; up to HEAD where it is missing.
    pub range: Option<String>,
}

/// The commits of a range along first parents.
pub fn commits(folder: &Path, range: &Range) -> Result<Commits, Failure> {
    let mut command = git(folder);
    // The folder's own changes of every commit; a merge counts as what it brought to its first parent.
    command.args([
        "log",
        "--first-parent",
        "--diff-merges=first-parent",
        "--raw",
        "-z",
        "--no-renames",
        "--no-abbrev",
        "--relative",
    ]);
    command.arg("--format=%x01%H%x00%ct%x00%s");
    command.args(range.commits.map(|count| format!("--max-count={count}")));
    command.args(range.since.as_ref().map(|since| format!("--since={since}")));
    command.arg("--end-of-options").arg(range.range.as_deref().unwrap_or("HEAD")).arg("--");
    let mut commits = read_log(&process::output(&mut command)?);
    commits.reverse();
    let said = |arguments: &[&str]| process::output(git(folder).args(arguments));
    let is_shallow = said(&["rev-parse", "--is-shallow-repository"])?.starts_with(b"true");
    let status = said(&["status", "--porcelain", "-z", "--untracked-files=normal", "--", "."])?;
    let uncommitted = status.split(|byte| *byte == 0).filter(|line| !line.is_empty()).count();
    let mut start = BTreeMap::new();
    if let Some(first) = commits.first() {
        // The first commit of all has no parent, and neither has the last one that a shallow clone has.
        match said(&["ls-tree", "-r", "-z", &format!("{}^", first.id)]) {
            Ok(listing) => start = read_tree(&listing),
            Err(Failure::Failed { .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(Commits { start, commits, is_shallow, uncommitted })
}

/// The text of a blob. `None` if it is not UTF-8.
pub fn text(folder: &Path, id: &str) -> Result<Option<String>, Failure> {
    Ok(String::from_utf8(process::output(git(folder).args(["cat-file", "blob", id]))?).ok())
}

/// What `log --raw -z` prints: a commit is three fields, of which the first begins with a byte 1; a change is `:old-mode new-mode
/// old-id new-id status` and a path.
fn read_log(bytes: &[u8]) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    let mut fields = bytes.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field));
    while let Some(field) = fields.next() {
        let field = field.trim_start_matches('\n');
        if let Some(id) = field.strip_prefix('\u{1}') {
            let time = fields.next().and_then(|time| time.parse().ok()).unwrap_or(0);
            let subject = fields.next().unwrap_or_default().trim_end_matches('\n').to_owned();
            commits.push(Commit { id: id.to_owned(), time, subject, changes: Vec::new() });
        } else if let Some(change) = field.strip_prefix(':') {
            let path = fields.next().unwrap_or_default().into_owned();
            if let (Some(commit), Some(change)) = (commits.last_mut(), read_change(change, path)) {
                commit.changes.push(change);
            }
        }
    }
    commits
}

fn read_change(text: &str, path: String) -> Option<Change> {
    let mut words = text.split(' ');
    let modes = [words.next()?, words.next()?];
    let ids = [words.next()?, words.next()?];
    let blob = |at: usize| {
        let mode = u32::from_str_radix(modes[at], 8).ok()?;
        (mode != 0).then(|| Blob { mode, id: ids[at].to_owned() })
    };
    Some(Change { path, old: blob(0), new: blob(1) })
}

/// What `ls-tree -r -z` prints.
fn read_tree(bytes: &[u8]) -> BTreeMap<String, Blob> {
    let entry = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let (head, path) = line.split_once('\t')?;
        let mut words = head.split(' ');
        let mode = u32::from_str_radix(words.next()?, 8).ok()?;
        Some((path.to_owned(), Blob { mode, id: words.nth(1)?.to_owned() }))
    };
    bytes.split(|byte| *byte == 0).filter_map(entry).collect()
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
    fn commits_tell_what_they_changed_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
            process::output(git(folder.path()).args(identity).args(arguments)).unwrap();
        };
        let commit = |message: &str| {
            run(&["add", "--all"]);
            run(&["commit", "--quiet", "--allow-empty", "--message", message]);
        };
        run(&["init", "--quiet", "--initial-branch", "main"]);
        fs::create_dir_all(folder.path().join("api")).unwrap();
        fs::write(folder.path().join("api/a b.py"), "1").unwrap();
        commit("first");
        fs::write(folder.path().join("web.js"), "1").unwrap();
        commit("elsewhere");
        run(&["checkout", "--quiet", "-b", "side"]);
        fs::write(folder.path().join("api/side.py"), "1").unwrap();
        commit("on the side");
        fs::remove_file(folder.path().join("api/a b.py")).unwrap();
        commit("on the side again");
        run(&["checkout", "--quiet", "main"]);
        run(&["merge", "--quiet", "--no-ff", "--message", "merge", "side"]);
        fs::write(folder.path().join("api/new.py"), "1").unwrap();

        let api = folder.path().join("api");
        let found = commits(&api, &Range { commits: Some(2), ..Range::default() }).unwrap();
        let seen: Vec<_> =
            found.commits.iter().map(|one| (one.subject.as_str(), one.changes.len())).collect();
        assert_eq!(seen, [("elsewhere", 0), ("merge", 2)]);
        assert_eq!(found.start.keys().collect::<Vec<_>>(), ["a b.py"]);
        let gone = &found.commits[1].changes[0];
        assert_eq!(
            (gone.path.as_str(), gone.old.as_ref(), gone.new.as_ref()),
            ("a b.py", found.start.get("a b.py"), None)
        );
        assert_eq!(text(&api, &gone.old.as_ref().unwrap().id).unwrap().as_deref(), Some("1"));
        assert_eq!((found.uncommitted, found.is_shallow), (1, false));
        let all = commits(&api, &Range::default()).unwrap();
        assert_eq!((all.commits.len(), all.start.len()), (3, 0));
    }

    #[test]
    fn a_folder_without_a_repository_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        assert!(changes(folder.path()).is_err());
    }
}
