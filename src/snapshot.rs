//! The files of one commit of somebody else's repository, fetched from a forge into a folder of our own that goes away again. It
//! must not check anything out: git brings objects, and the files are written here, so nothing that a repository configures is
//! run, and nothing is written outside of the folder.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::history::{self, Blob};
use crate::problem::Problem;
use crate::process::{self, Failure};

/// Larger files are there, but cannot be read. No manifest and no Dockerfile is that large.
const MOST_BYTES: u64 = 16 << 20;
/// A repository with more files is left alone.
const MOST_ENTRIES: usize = 300_000;
/// One whose files have more bytes together, likewise.
const MOST_BYTES_TOGETHER: u64 = 4 << 30;
/// Longer paths no file system takes.
const LONGEST_PATH: usize = 4_000;
/// Where a link of the repository leads here: through a file, so that it can never be followed.
const NOWHERE: &str = "/dev/null/not-followed";
/// All that the folder's own configuration says once everything is fetched.
const SETTINGS: &str = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n";
/// What `.gitattributes` may name is switched off: it has no filter, no program for differences, no other line ends.
const ATTRIBUTES: &str = "* -text -eol -filter -diff -merge -ident -working-tree-encoding -export-subst\n";

/// Where a repository is fetched from.
#[derive(Clone)]
pub struct Remote {
    /// The URL, without any credential.
    pub url: String,
    /// The value of an `Authorization` header that goes to this host only.
    pub authorization: Option<String>,
}

/// The files of a commit.
#[derive(Debug)]
pub struct Snapshot {
    folder: tempfile::TempDir,
    root: PathBuf,
    /// The commit.
    pub commit: String,
    /// Its files, links and submodules by path; those whose path is not Unicode are left out, nobody can name them.
    pub entries: BTreeMap<String, Blob>,
}

/// A text that a file of the repository gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its path from the root.
    pub path: String,
    /// Whether it is executable: `100644` or `100755`.
    pub mode: u32,
    /// What it holds; `None` if it is new.
    pub old: Option<String>,
    /// What it shall hold.
    pub new: String,
}

impl Snapshot {
    /// Fetches a commit with so many of those before it.
    pub fn fetch(remote: &Remote, commit: &str, history: usize) -> Result<Self, Problem> {
        let folder =
            tempfile::Builder::new().prefix("dockopt-").tempdir().map_err(|error| unwritable(&error))?;
        // Paths in messages and of the graph are without links.
        let root = fs::canonicalize(folder.path()).map_err(|error| unwritable(&error))?;
        let mut snapshot = Self { folder, root, commit: commit.to_owned(), entries: BTreeMap::new() };
        snapshot.bring(remote, history)?;
        snapshot.write()?;
        Ok(snapshot)
    }

    /// The folder with the files.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A text without the place of this folder: what a repository's people read.
    pub fn relative(&self, text: &str) -> String {
        let place = self.root.display().to_string();
        text.replace(&format!("{place}/"), "").replace(&place, ".")
    }

    /// The name of the tree that the commit has with these edits.
    pub fn tree_with(&self, edits: &[Edit]) -> Result<String, Problem> {
        let mut input = format!(
            "commit refs/dockopt/edited\ncommitter dockopt <> 0 +0000\ndata 0\nfrom {}\n",
            self.commit
        )
        .into_bytes();
        for edit in edits {
            let line = format!("M {:o} inline {}\ndata {}\n", edit.mode, quoted(&edit.path), edit.new.len());
            input.extend(line.bytes().chain(edit.new.bytes()).chain([b'\n']));
        }
        let import = ["fast-import", "--quiet", "--force"];
        process::output_fed(self.git().args(import), input).map_err(|failure| ungit(&failure))?;
        let tree = self.said(&["rev-parse", "--verify", "--end-of-options", "refs/dockopt/edited^{tree}"])?;
        Ok(String::from_utf8_lossy(&tree).trim().to_owned())
    }

    fn bring(&self, remote: &Remote, history: usize) -> Result<(), Problem> {
        self.said(&["init", "--quiet", "--template=", "--initial-branch=base"])?;
        let own = self.root.join(".git");
        let attributes = fs::create_dir_all(own.join("info"))
            .and_then(|()| fs::write(own.join("info/attributes"), ATTRIBUTES));
        attributes.map_err(|error| unwritable(&error))?;
        self.said(&["remote", "add", "origin", &remote.url])?;
        let mut fetch = self.git();
        fetch.args(["-c", "protocol.http.allow=always", "-c", "protocol.https.allow=always"]);
        fetch.args(["-c", "http.followRedirects=false", "-c", "credential.helper=", "-c", "core.askPass="]);
        if let Some(authorization) = &remote.authorization {
            // Not as an argument, which every user of this machine could read.
            fetch.env("GIT_CONFIG_COUNT", "1");
            fetch.env("GIT_CONFIG_KEY_0", format!("http.{}.extraHeader", remote.url));
            fetch.env("GIT_CONFIG_VALUE_0", format!("Authorization: {authorization}"));
        }
        fetch.args(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"]);
        fetch.args([format!("--depth={}", history + 1), format!("--filter=blob:limit={}", MOST_BYTES + 1)]);
        fetch.args(["origin", &self.commit]);
        process::output(&mut fetch).map_err(|failure| ungit(&failure))?;
        // From here on what was not fetched is not there: no git asks the forge for it later.
        fs::write(own.join("config"), SETTINGS).map_err(|error| unwritable(&error))?;
        self.said(&["update-ref", "--no-deref", "HEAD", &self.commit])?;
        Ok(())
    }

    /// Writes the files.
    fn write(&mut self) -> Result<(), Problem> {
        let listing = self.said(&["ls-tree", "-r", "-z", "--full-tree", &self.commit])?;
        let entries: Vec<(&[u8], Blob)> = listing.split(|byte| *byte == 0).filter_map(entry).collect();
        if entries.len() > MOST_ENTRIES {
            return Err(too_large(&format!("it has {} files", entries.len())));
        }
        let mut by_id: BTreeMap<String, Vec<(PathBuf, u32)>> = BTreeMap::new();
        for (path, blob) in entries {
            let place = self.root.join(checked(path)?);
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder).map_err(|error| unwritable(&error))?;
            }
            if matches!(blob.mode, 0o120_000 | 0o160_000) {
                link(&place).map_err(|error| unwritable(&error))?;
            } else {
                by_id.entry(blob.id.clone()).or_default().push((place, blob.mode));
            }
            self.entries.extend(std::str::from_utf8(path).ok().map(|path| (path.to_owned(), blob)));
        }
        // What git keeps although .gitignore lists it is told by the index.
        self.said(&["read-tree", &self.commit])?;
        let (readable, others) = self.by_size(&by_id)?;
        for id in others {
            for (place, mode) in &by_id[&id] {
                // As long as it says that it cannot be read, and takes no space.
                let file = create(place, *mode).and_then(|file| file.set_len(MOST_BYTES + 1));
                file.map_err(|error| unwritable(&error))?;
            }
        }
        self.fill(&readable, &by_id)
    }

    /// The files that can be read, and those that are too large or were not fetched for that reason.
    fn by_size(
        &self,
        by_id: &BTreeMap<String, Vec<(PathBuf, u32)>>,
    ) -> Result<(Vec<String>, Vec<String>), Problem> {
        let names: String = by_id.keys().map(|id| format!("{id}\n")).collect();
        let mut git = self.git();
        let sizes =
            process::output_fed(git.args(["cat-file", "--batch-check", "--buffer"]), names.into_bytes())
                .map_err(|failure| ungit(&failure))?;
        let text = String::from_utf8_lossy(&sizes);
        let sizes: HashMap<&str, u64> = text.lines().filter_map(size).collect();
        let mut together = 0;
        let (mut readable, mut others) = (Vec::new(), Vec::new());
        for (id, places) in by_id {
            match sizes.get(id.as_str()) {
                Some(size) if *size <= MOST_BYTES => {
                    together += size * places.len() as u64;
                    readable.push(id.clone());
                }
                _ => others.push(id.clone()),
            }
        }
        if together > MOST_BYTES_TOGETHER {
            return Err(too_large(&format!("its files have {} MiB", together >> 20)));
        }
        Ok((readable, others))
    }

    fn fill(&self, ids: &[String], by_id: &BTreeMap<String, Vec<(PathBuf, u32)>>) -> Result<(), Problem> {
        let names: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let mut git = self.git();
        let stream = process::stream_fed(git.args(["cat-file", "--batch", "--buffer"]), names.into_bytes())
            .map_err(|failure| ungit(&failure))?;
        let mut reader = BufReader::new(stream);
        let broken =
            |error: io::Error| ungit(&Failure::Unreadable(format!("git's answer breaks off: {error}")));
        for id in ids {
            let mut head = String::new();
            reader.read_line(&mut head).map_err(broken)?;
            let Some((_, length)) = size(head.trim_end()).filter(|(said, _)| said == id) else {
                return Err(ungit(&Failure::Unreadable(format!("git does not say what `{id}` holds"))));
            };
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            let mut end = [0];
            reader.read_exact(&mut bytes).and_then(|()| reader.read_exact(&mut end)).map_err(broken)?;
            for (place, mode) in &by_id[id] {
                let file = create(place, *mode).and_then(|mut file| file.write_all(&bytes));
                file.map_err(|error| unwritable(&error))?;
            }
        }
        reader.into_inner().finish().map_err(|failure| ungit(&failure))
    }

    fn said(&self, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
        process::output(self.git().args(arguments)).map_err(|failure| ungit(&failure))
    }

    /// `git` here, with no settings but ours.
    fn git(&self) -> Command {
        let mut command = history::git(self.folder.path());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_ATTR_NOSYSTEM", "1").env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE");
        command.env_remove("GIT_ASKPASS").env_remove("SSH_ASKPASS");
        command
    }
}

/// A path of a tree, if it stays below the root and is no part of git.
fn checked(path: &[u8]) -> Result<&Path, Problem> {
    let is_bad = |part: &[u8]| matches!(part, b"" | b"." | b"..") || part.eq_ignore_ascii_case(b".git");
    if path.len() > LONGEST_PATH || path.split(|byte| *byte == b'/').any(is_bad) {
        let name = String::from_utf8_lossy(path).escape_debug().take(200).collect::<String>();
        let message = format!("its tree names `{name}`, which git itself does not check out");
        return Err(Problem::error(message, "`git fsck` in a clone says more; the repository is left alone"));
    }
    native(path).map_err(|error| unwritable(&error))
}

/// A path as this system writes it.
#[cfg(unix)]
fn native(path: &[u8]) -> io::Result<&Path> {
    use std::os::unix::ffi::OsStrExt as _;
    below(Path::new(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
fn native(path: &[u8]) -> io::Result<&Path> {
    below(Path::new(std::str::from_utf8(path).map_err(io::Error::other)?))
}

/// On some systems more than `..` leads out of a folder.
fn below(path: &Path) -> io::Result<&Path> {
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays { Ok(path) } else { Err(io::Error::other("a path leads out of the folder")) }
}

#[cfg(unix)]
fn link(place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(NOWHERE, place)
}

#[cfg(not(unix))]
fn link(_: &Path) -> io::Result<()> {
    Err(io::Error::other(format!("{NOWHERE}: links need a system that has them")))
}

/// A new file. What lies there already, be it a link, makes it fail.
#[cfg(unix)]
fn create(place: &Path, mode: u32) -> io::Result<fs::File> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = OpenOptions::new().write(true).create_new(true).open(place)?;
    // As git has it, whatever the mask of this process.
    file.set_permissions(fs::Permissions::from_mode(mode & 0o755))?;
    Ok(file)
}

#[cfg(not(unix))]
fn create(place: &Path, _: u32) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).open(place)
}

/// A line of `ls-tree -z`.
fn entry(line: &[u8]) -> Option<(&[u8], Blob)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = std::str::from_utf8(&line[..tab]).ok()?;
    let mut words = head.split(' ');
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    Some((&line[tab + 1..], Blob { mode, id: words.nth(1)?.to_owned() }))
}

/// `ID blob SIZE`; a blob that is not there has no size.
fn size(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split(' ');
    let id = words.next()?;
    words.next().filter(|kind| *kind == "blob")?;
    Some((id, words.next()?.parse().ok()?))
}

/// A path as `fast-import` reads it.
fn quoted(path: &str) -> String {
    let mut text = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            byte => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

fn too_large(how: &str) -> Problem {
    Problem::error(format!("{how}, which is more than the bot reads"), "run `dockopt fix` in a clone of it")
}

fn unwritable(error: &io::Error) -> Problem {
    Problem::error(
        format!("its files cannot be written to a temporary folder: {error}"),
        "check the space and the rights in the folder for temporary files (TMPDIR names it)",
    )
}

fn ungit(failure: &Failure) -> Problem {
    Problem::error(
        format!("it cannot be fetched: {failure}"),
        "check that git is there and that the token may read the repository's contents",
    )
}
