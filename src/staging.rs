//! A copy of a build context that may be changed without touching a file of the user: hard links where the file system has
//! them, so that it costs no space. Must not build anything.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

use dockopt_model::Ignore;

use crate::context::OnDisk;

/// A build context of its own, with its Dockerfile. It goes away with this value's folder.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
    /// Where the Dockerfile is.
    pub dockerfile: PathBuf,
    /// Bytes of files before they were touched.
    touched: BTreeMap<PathBuf, Vec<u8>>,
}

/// A text file that a stage has in place of the user's.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Its path relative to the context; with `..` or absolute if it lies outside.
    pub path: &'a Path,
    /// What it holds.
    pub text: &'a str,
}

impl Stage {
    /// Copies the build context of the Dockerfile at `path`, which gets `text`. `ignore` is the text of its ignore file, where it has
    /// another one than on disk.
    pub fn of(
        root: &Path,
        context: &OnDisk,
        path: Option<&Path>,
        text: &str,
        ignore: Option<&str>,
    ) -> io::Result<Self> {
        let folder = context.folder.root();
        let relative = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_owned();
        let dockerfile = path.map_or_else(|| PathBuf::from("Dockerfile"), relative);
        let ignore_path = relative(&context.ignore_path);
        let rules = ignore.and_then(|text| Ignore::parse(text).ok());
        let rules = rules.as_ref().unwrap_or(&context.ignore.ignore);
        let ignore = ignore.or(context.ignore.text.as_deref()).map(|text| Text { path: &ignore_path, text });
        Self::new(root, folder, rules, Text { path: &dockerfile, text }, ignore)
    }

    /// Copies what a build of `context` can read to the new folder `root`: what `ignore` leaves out is not copied, unless a pattern
    /// may take it in again. The Dockerfile and its ignore file get the texts given here.
    pub fn new(
        root: &Path,
        context: &Path,
        ignore: &Ignore,
        dockerfile: Text<'_>,
        ignore_file: Option<Text<'_>>,
    ) -> io::Result<Self> {
        let copied = root.join("context");
        copy_folder(context, &copied, "", ignore)?;
        let is_inside = dockerfile.path.is_relative() && !dockerfile.path.starts_with("..");
        let place = if is_inside { copied.join(dockerfile.path) } else { root.join("Dockerfile") };
        put(&place, dockerfile.text)?;
        if let Some(file) = ignore_file {
            let own = file.path.file_name().is_some_and(|name| name != ".dockerignore");
            let beside = || PathBuf::from(format!("{}.dockerignore", place.display()));
            put(&if own { beside() } else { copied.join(".dockerignore") }, file.text)?;
        }
        Ok(Self { root: copied, dockerfile: place, touched: BTreeMap::new() })
    }

    /// The folder that the build sends.
    pub fn context(&self) -> &Path {
        &self.root
    }

    /// Gives the Dockerfile another text.
    pub fn rewrite_dockerfile(&self, text: &str) -> io::Result<()> {
        put(&self.dockerfile, text)
    }

    /// Appends to a file of the context, given by its path in it.
    pub fn touch(&mut self, path: &str, addition: &[u8]) -> io::Result<()> {
        let place = self.root.join(path);
        let old = fs::read(&place)?;
        let mut new = old.clone();
        new.extend_from_slice(addition);
        replace(&place, &new)?;
        self.touched.entry(place).or_insert(old);
        Ok(())
    }

    /// Gives every touched file its first bytes back.
    pub fn restore(&mut self) -> io::Result<()> {
        std::mem::take(&mut self.touched).iter().try_for_each(|(place, old)| replace(place, old))
    }
}

/// Writes another file in place of one that may be a link to the user's; its mode stays.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mode = fs::metadata(place)?.permissions();
    fs::remove_file(place)?;
    fs::write(place, bytes)?;
    fs::set_permissions(place, mode)
}

fn put(place: &Path, text: &str) -> io::Result<()> {
    if fs::symlink_metadata(place).is_ok() {
        return replace(place, text.as_bytes());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(place, text)
}

fn copy_folder(from: &Path, to: &Path, path: &str, ignore: &Ignore) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        // A name that is not UTF-8 cannot be matched; the engine will decide.
        let path = name
            .to_str()
            .map(|name| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") });
        let kind = entry.file_type()?;
        let left_out = path.as_deref().is_some_and(|path| {
            !ignore.disputed(path)
                && ignore.excludes(path)
                && !(kind.is_dir() && ignore.may_include_below(path))
        });
        if left_out {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        if kind.is_dir() {
            copy_folder(&source, &target, path.as_deref().unwrap_or_default(), ignore)?;
        } else if kind.is_symlink() {
            copy_link(&source, &target)?;
        } else if kind.is_file() {
            copy_file(&source, &target)?;
        }
        // Sockets and devices are not sent by engines either.
    }
    copy_attributes(from, to)
}

/// The same file under another name, or a copy of it where that cannot be.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    copy_attributes(from, to)
}

/// The mode and the time of the last change, both of which a build can see.
fn copy_attributes(from: &Path, to: &Path) -> io::Result<()> {
    let like = fs::metadata(from)?;
    let file = File::open(to)?;
    file.set_times(FileTimes::new().set_modified(like.modified()?))?;
    fs::set_permissions(to, like.permissions())
}

#[cfg(unix)]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn copy_link(from: &Path, to: &Path) -> io::Result<()> {
    // Links of Windows tell files from folders, and need a right that few have.
    if fs::metadata(from)?.is_dir() {
        copy_folder(from, to, "", &Ignore::none())
    } else {
        copy_file(from, to)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn a_touched_stage_leaves_the_user_s_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (own, staged) = (folder.path().join("own"), folder.path().join("staged"));
        fs::create_dir_all(own.join("src")).unwrap();
        fs::create_dir_all(own.join("node_modules/a")).unwrap();
        for (path, text) in [
            ("src/app.js", "1"),
            ("Dockerfile", "FROM a\n"),
            ("node_modules/a/x", "2"),
            ("keep.log", ""),
            ("a.log", ""),
        ] {
            fs::write(own.join(path), text).unwrap();
        }
        fs::set_permissions(own.join("src/app.js"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("src/app.js", own.join("link")).unwrap();
        let ignore = Ignore::parse("node_modules\n*.log\n!keep.log\n").unwrap();
        let dockerfile = Text { path: Path::new("Dockerfile"), text: "FROM b\n" };
        let ignore_file = Text { path: Path::new(".dockerignore"), text: "node_modules\n" };
        let mut stage = Stage::new(&staged, &own, &ignore, dockerfile, Some(ignore_file)).unwrap();
        let at = |path: &str| stage.context().join(path);
        assert!(!at("node_modules").exists() && !at("a.log").exists() && at("keep.log").exists());
        assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("src/app.js"));
        assert_eq!(fs::read_to_string(&stage.dockerfile).unwrap(), "FROM b\n");
        assert_eq!(fs::read_to_string(at(".dockerignore")).unwrap(), "node_modules\n");
        let app = at("src/app.js");
        assert_eq!(fs::metadata(&app).unwrap().ino(), fs::metadata(own.join("src/app.js")).unwrap().ino());
        stage.touch("src/app.js", b"\n").unwrap();
        assert_eq!(
            (fs::read(&app).unwrap(), fs::read(own.join("src/app.js")).unwrap()),
            (b"1\n".to_vec(), b"1".to_vec())
        );
        assert_eq!(fs::metadata(&app).unwrap().permissions().mode() & 0o777, 0o755);
        stage.restore().unwrap();
        assert_eq!(fs::read(&app).unwrap(), b"1");
        assert_eq!(fs::read_to_string(own.join("Dockerfile")).unwrap(), "FROM a\n");
        assert!(!own.join(".dockerignore").exists());
    }

    #[test]
    fn a_dockerfile_outside_of_the_context_keeps_its_own_ignore_file() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        fs::create_dir_all(&own).unwrap();
        let dockerfile = Text { path: Path::new("../build/Dockerfile.api"), text: "FROM a\n" };
        let ignore = Text { path: Path::new("../build/Dockerfile.api.dockerignore"), text: "x\n" };
        let root = folder.path().join("staged");
        let stage = Stage::new(&root, &own, &Ignore::none(), dockerfile, Some(ignore)).unwrap();
        assert_eq!(stage.dockerfile, root.join("Dockerfile"));
        assert_eq!(fs::read_to_string(root.join("Dockerfile.dockerignore")).unwrap(), "x\n");
        assert_eq!(fs::read_dir(stage.context()).unwrap().count(), 0);
    }
}
