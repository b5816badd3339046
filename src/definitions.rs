//! What the Compose and Bake files of a repository say of builds: which Dockerfile is built from which folder. Must not decide
//! which of several counts, and follows no path out of the repository.

mod bake;
mod compose;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

/// One build that a file defines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// The file that says so.
    pub file: PathBuf,
    /// The service or target.
    pub name: String,
    /// The folder that is sent; an absolute path without symbolic links.
    pub context: PathBuf,
    /// The Dockerfile, likewise.
    pub dockerfile: PathBuf,
    /// Names of stages and images for which it takes other folders or images.
    pub replaces: BTreeSet<String>,
}

/// A build as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Written {
    name: String,
    /// Relative to the folder of the file; `None` is that folder.
    context: Option<String>,
    /// Relative to the context; `None` is `Dockerfile`.
    dockerfile: Option<String>,
    replaces: BTreeSet<String>,
}

impl Written {
    /// What the keys of a service or target say; `contexts` is what the table of other contexts is called.
    fn of(name: &str, keys: &Map<String, Value>, contexts: &str) -> Option<Self> {
        let text = |key: &str| match keys.get(key) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text.clone())),
            Some(_) => None,
        };
        let replaces = match keys.get(contexts) {
            Some(Value::Object(table)) => table.keys().cloned().collect(),
            Some(Value::Array(list)) => {
                list.iter().filter_map(|one| Some(one.as_str()?.split_once('=')?.0.to_owned())).collect()
            }
            _ => BTreeSet::new(),
        };
        let (context, dockerfile) = (text("context")?, text("dockerfile")?);
        Some(Self { name: name.to_owned(), context, dockerfile, replaces })
    }
}

/// The definitions of a run; each folder is read once.
#[derive(Debug, Default)]
pub struct Definitions {
    known: Mutex<HashMap<PathBuf, Arc<[Build]>>>,
}

/// Larger files are not read: nobody writes them by hand.
const MOST_BYTES: u64 = 1 << 20;
/// In a folder with more entries than this nobody looks for a definition.
const MOST_ENTRIES: usize = 2_000;
/// Folders that hold other people's files.
const FOREIGN: [&str; 3] = ["node_modules", "vendor", "target"];

impl Definitions {
    /// The builds of a Dockerfile that are defined in the folders from its own up to `root`, or directly below one of these.
    /// Those whose context leaves `root` are among them. All paths are absolute, without symbolic links.
    pub fn of(&self, dockerfile: &Path, root: &Path) -> Vec<Build> {
        let above = dockerfile.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        let mut found: BTreeSet<Build> = BTreeSet::new();
        for folder in above {
            let own = std::iter::once(folder.to_owned());
            for place in own.chain(folders(folder)) {
                found.extend(
                    self.in_folder(&place, root).iter().filter(|one| one.dockerfile == dockerfile).cloned(),
                );
            }
        }
        found.into_iter().collect()
    }

    fn in_folder(&self, folder: &Path, root: &Path) -> Arc<[Build]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(folder.to_owned()).or_insert_with(|| read(folder, root).into()))
    }
}

/// The folders directly below a folder, in order.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES + 1).collect();
    if entries.len() > MOST_ENTRIES {
        return Vec::new();
    }
    let is_own = |name: &str| !name.starts_with(".git") && !FOREIGN.contains(&name);
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .filter(|entry| {
            entry.file_type().is_ok_and(|kind| kind.is_dir())
                && entry.file_name().to_str().is_some_and(is_own)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// What the definitions directly in a folder say.
fn read(folder: &Path, root: &Path) -> Vec<Build> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for entry in files {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_small = entry.metadata().is_ok_and(|about| about.len() <= MOST_BYTES);
        if (compose::is_name(&name) || bake::is_name(&name)) && is_small {
            texts.extend(fs::read_to_string(entry.path()).ok().map(|text| (name, text)));
        }
    }
    let mut found = Vec::new();
    for (name, written) in compose::read(&texts) {
        found.extend(resolve(&written, folder).map(|build| Build { file: folder.join(&name), ..build }));
    }
    for (name, written) in bake::read(&texts) {
        // Bake takes paths from where it is called: beside the file, or at the root of the repository.
        let mut places: Vec<Build> =
            [folder, root].iter().filter_map(|from| resolve(&written, from)).collect();
        places.dedup();
        if let [build] = places.as_slice() {
            found.push(Build { file: folder.join(&name), ..build.clone() });
        }
    }
    found
}

/// A build as it is written in a file of a folder. `None` where it is remote, known only when it runs, or not there.
fn resolve(written: &Written, folder: &Path) -> Option<Build> {
    let plain = |text: &str| {
        !text.contains("://")
            && !text.contains('$')
            && !text.starts_with(['~', '{'])
            && !text.starts_with("git@")
    };
    let context = written.context.as_deref().unwrap_or(".");
    let dockerfile = written.dockerfile.as_deref().unwrap_or("Dockerfile");
    if !plain(context) || !plain(dockerfile) {
        return None;
    }
    let context = fs::canonicalize(clean(&folder.join(context))).ok().filter(|path| path.is_dir())?;
    let dockerfile = clean(&context.join(dockerfile));
    let dockerfile = fs::canonicalize(dockerfile.parent()?).ok()?.join(dockerfile.file_name()?);
    fs::symlink_metadata(&dockerfile).ok().filter(fs::Metadata::is_file)?;
    let (name, replaces) = (written.name.clone(), written.replaces.clone());
    Some(Build { file: PathBuf::new(), name, context, dockerfile, replaces })
}

/// A path without `.` and `..`, as Compose and Bake read it.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}
