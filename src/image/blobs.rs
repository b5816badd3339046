//! The files of a saved image, in a folder or inside an archive, where they are read at their place. Must not know what they
//! mean.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use dockopt_model::gopath;
use serde::de::DeserializeOwned;

use super::compression;

/// No manifest or configuration is larger.
const MOST_JSON: u64 = 16 << 20;

/// The files of a layout.
#[derive(Debug)]
pub(super) enum Files {
    Folder(PathBuf),
    /// By name, where the bytes of each file of the archive begin and how many they are.
    Archive {
        path: PathBuf,
        members: BTreeMap<String, Member>,
    },
}

#[derive(Debug)]
pub(super) enum Member {
    Bytes {
        start: u64,
        size: u64,
    },
    /// Docker before version 25 saves a layer that occurs twice as a link to the first.
    Link(String),
}

impl Files {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let mut magic = [0; 2];
        let is_gzip = file.read_exact(&mut magic).is_ok() && magic == compression::GZIP;
        if is_gzip {
            return Err("the archive is compressed as a whole; unpack it with `gunzip` first".to_owned());
        }
        file.rewind().map_err(|error| error.to_string())?;
        let mut members = BTreeMap::new();
        let mut archive = tar::Archive::new(BufReader::new(file));
        for member in archive.entries_with_seek().map_err(|error| error.to_string())? {
            let member = member.map_err(|error| error.to_string())?;
            let name = member_name("", &String::from_utf8_lossy(&member.path_bytes()));
            let found = match member.link_name_bytes() {
                Some(target) if member.header().entry_type().is_symlink() => {
                    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                    Member::Link(member_name(folder, &String::from_utf8_lossy(&target)))
                }
                _ => Member::Bytes { start: member.raw_file_position(), size: member.size() },
            };
            members.insert(name, found);
        }
        Ok(Self::Archive { path: path.to_owned(), members })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(name).is_file(),
            Self::Archive { members, .. } => members.contains_key(name),
        }
    }

    /// How many bytes a file of the layout has; none if it is not there.
    pub(super) fn size(&self, name: &str) -> u64 {
        match self {
            Self::Folder(root) => std::fs::metadata(root.join(name)).map_or(0, |found| found.len()),
            Self::Archive { members, .. } => match members.get(name) {
                Some(Member::Bytes { size, .. }) => *size,
                Some(Member::Link(target)) if target != name => self.size(target),
                _ => 0,
            },
        }
    }

    /// A file of the layout, to read from its beginning.
    pub(super) fn open_file(&self, name: &str) -> Result<Box<dyn Read>, String> {
        let wrong = |error: std::io::Error| format!("{name}: {error}");
        match self {
            Self::Folder(root) => Ok(Box::new(File::open(root.join(name)).map_err(wrong)?)),
            Self::Archive { path, members } => {
                let found = match members.get(name) {
                    Some(Member::Link(target)) => members.get(target),
                    other => other,
                };
                let Some(Member::Bytes { start, size }) = found else {
                    return Err(format!("{name} is missing in the archive"));
                };
                let mut file = File::open(path).map_err(wrong)?;
                file.seek(SeekFrom::Start(*start)).map_err(wrong)?;
                Ok(Box::new(file.take(*size)))
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<String, String> {
        let mut text = String::new();
        let read = self.open_file(name)?.take(MOST_JSON).read_to_string(&mut text);
        read.map_err(|error| format!("{name}: {error}"))?;
        Ok(text)
    }

    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        serde_json::from_str(&self.text(name)?).map_err(|error| format!("{name}: {error}"))
    }
}

/// A name in an archive that is relative to `folder`, in its simplest form.
fn member_name(folder: &str, name: &str) -> String {
    gopath::clean(&format!("/{folder}/{name}")).trim_start_matches('/').to_owned()
}
