//! A patch of several files, as `git diff` writes it: `git apply` and `patch -p1` take it. Must not paint or print.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::git;

/// Lines of context around a change, as in git.
const CONTEXT: usize = 3;

/// The patch of one file.
///
/// `path` is relative to where the patch will be applied; `old` is `None` for a new file. The texts differ.
pub fn file(path: &Path, old: Option<&str>, new: &str) -> String {
    let (before, after) = (quoted("a/", path), quoted("b/", path));
    let mut text = format!("diff --git {before} {after}\n");
    // A name with blanks ends with a tab, so that it can be told from a time stamp.
    let tab = if path.as_os_str().as_encoded_bytes().contains(&b' ') { "\t" } else { "" };
    if old.is_some() {
        let _ = write!(text, "--- {before}{tab}\n+++ {after}{tab}\n");
    } else {
        let _ = write!(text, "new file mode 100644\n--- /dev/null\n+++ {after}{tab}\n");
    }
    // Lines end at LF alone: a CR is text.
    let old: Vec<&str> = old.unwrap_or_default().split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let changes = capture_diff_slices(Algorithm::Myers, &old, &new);
    for group in group_diff_ops(changes, CONTEXT) {
        hunk(&mut text, &group, &old, &new);
    }
    text
}

fn hunk(text: &mut String, ops: &[DiffOp], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (ops.first(), ops.last()) else { return };
    let olds = first.old_range().start..last.old_range().end;
    let news = first.new_range().start..last.new_range().end;
    let range = |range: std::ops::Range<usize>| match range.len() {
        // An empty range names the line before it.
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        length => format!("{},{length}", range.start + 1),
    };
    let _ = writeln!(text, "@@ -{} +{} @@", range(olds), range(news));
    let mut put = |sign: char, lines: &[&str]| {
        for line in lines {
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    };
    for op in ops {
        if let DiffOp::Equal { .. } = op {
            put(' ', &old[op.old_range()]);
        } else {
            put('-', &old[op.old_range()]);
            put('+', &new[op.new_range()]);
        }
    }
}

/// `prefix` and path, in quotes where git would write them.
fn quoted(prefix: &str, path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if bytes.iter().all(plain) {
        return format!("{prefix}{}", path.display());
    }
    let mut text = format!("\"{prefix}");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            byte if plain(byte) => text.push(char::from(*byte)),
            byte => {
                let _ = write!(text, "\\{byte:03o}");
            }
        }
    }
    text.push('"');
    text
}

/// Which folder the paths of a patch are relative to.
///
/// Inside a repository it is the repository's root, as with `git diff`: `git apply` then works from every folder of it.
/// Elsewhere it is the current folder, where `patch -p1` and `git apply` work.
#[derive(Debug, Clone)]
pub struct Base {
    folder: PathBuf,
}

impl Base {
    /// The base for patches made in `current`, an absolute path without symbolic links.
    pub fn of(current: &Path) -> Self {
        Self { folder: git::root_of(current).unwrap_or(current).to_owned() }
    }

    /// The path of a file (absolute, without symbolic links) in the patch. One outside the base is relative to its own
    /// repository, or to `/`.
    pub fn relative(&self, path: &Path) -> PathBuf {
        let own = || path.parent().and_then(git::root_of).and_then(|root| path.strip_prefix(root).ok());
        match path.strip_prefix(&self.folder).ok().or_else(own) {
            Some(relative) => relative.to_owned(),
            None => path.components().filter(|part| matches!(part, Component::Normal(_))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_as_git_writes_them() {
        let old = "FROM a\nRUN b\nRUN c\n1\n2\n3\n4\n5\n6\n7\nCMD d";
        let new = "FROM a\nRUN b && c\n1\n2\n3\n4\n5\n6\n7\nCMD e\n";
        let expected = "diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n\
            @@ -1,6 +1,5 @@\n FROM a\n-RUN b\n-RUN c\n+RUN b && c\n 1\n 2\n 3\n\
            @@ -8,4 +7,4 @@\n 5\n 6\n 7\n-CMD d\n\\ No newline at end of file\n+CMD e\n";
        assert_eq!(file(Path::new("Dockerfile"), Some(old), new), expected);
    }

    #[test]
    fn a_new_file_comes_from_nowhere() {
        let expected = "diff --git a/a b/.dockerignore b/a b/.dockerignore\nnew file mode 100644\n--- /dev/null\n\
            +++ b/a b/.dockerignore\t\n@@ -0,0 +1 @@\n+node_modules\n";
        assert_eq!(file(Path::new("a b/.dockerignore"), None, "node_modules\n"), expected);
    }

    #[test]
    fn carriage_returns_are_text() {
        let text = file(Path::new("D"), Some("a\r\nb\rc\r\n"), "a\r\nx\rc\r\n");
        assert!(text.ends_with("@@ -1,2 +1,2 @@\n a\r\n-b\rc\r\n+x\rc\r\n"), "{text:?}");
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(quoted("a/", Path::new("na\u{ef}ve \"x\"")), r#""a/na\303\257ve \"x\"""#);
        assert_eq!(quoted("b/", Path::new("plain file")), "b/plain file");
    }
}
