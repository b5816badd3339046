//! Trees of files for the tests of images, and archives of them.

use std::io::Write as _;

use dockopt::image::archive::Tar;
use dockopt::image::{Comparison, Error, compare};

/// An archive that is being written.
pub(super) struct Archive {
    builder: tar::Builder<Vec<u8>>,
}

/// What is said about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    pub mtime: u64,
    pub attributes: Vec<(String, Vec<u8>)>,
}

impl Meta {
    pub(super) fn of_mode(mode: u32) -> Self {
        Self { mode, uid: 0, gid: 0, mtime: 1_700_000_000, attributes: Vec::new() }
    }
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    File(Vec<u8>),
    Folder,
    Symlink(String),
    HardLink(String),
    Pipe,
    Device(u32, u32),
}

impl Archive {
    pub(super) fn new() -> Self {
        Self { builder: tar::Builder::new(Vec::new()) }
    }

    pub(super) fn add(mut self, path: &str, meta: &Meta, what: &What) -> Self {
        let attributes = meta.attributes.iter().map(|(name, value)| (format!("SCHILY.xattr.{name}"), value));
        let records: Vec<(String, &[u8])> =
            attributes.map(|(name, value)| (name, value.as_slice())).collect();
        let records = records.iter().map(|(name, value)| (name.as_str(), *value));
        self.builder.append_pax_extensions(records).expect("memory is written");
        let mut header = tar::Header::new_ustar();
        header.set_mode(meta.mode);
        header.set_uid(meta.uid);
        header.set_gid(meta.gid);
        header.set_mtime(meta.mtime);
        let (kind, bytes, target) = match what {
            What::File(bytes) => (tar::EntryType::Regular, bytes.as_slice(), None),
            What::Folder => (tar::EntryType::Directory, &[][..], None),
            What::Symlink(target) => (tar::EntryType::Symlink, &[][..], Some(target)),
            What::HardLink(target) => (tar::EntryType::Link, &[][..], Some(target)),
            What::Pipe => (tar::EntryType::Fifo, &[][..], None),
            What::Device(major, minor) => {
                header.set_device_major(*major).expect("it is a ustar header");
                header.set_device_minor(*minor).expect("it is a ustar header");
                (tar::EntryType::Char, &[][..], None)
            }
        };
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        if let Some(target) = target {
            header.set_link_name(target).expect("the target is short");
        }
        self.builder.append_data(&mut header, path, bytes).expect("memory is written");
        self
    }

    pub(super) fn file(self, path: &str, bytes: &str) -> Self {
        self.add(path, &Meta::of_mode(0o644), &What::File(bytes.as_bytes().to_vec()))
    }

    pub(super) fn folder(self, path: &str) -> Self {
        self.add(path, &Meta::of_mode(0o755), &What::Folder)
    }

    pub(super) fn symlink(self, path: &str, target: &str) -> Self {
        self.add(path, &Meta::of_mode(0o777), &What::Symlink(target.to_owned()))
    }

    pub(super) fn hard_link(self, path: &str, target: &str) -> Self {
        self.add(path, &Meta::of_mode(0o644), &What::HardLink(target.to_owned()))
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = self.builder.into_inner().expect("memory is written");
        bytes.flush().expect("memory is written");
        bytes
    }
}

/// Compares two archives.
pub(super) fn compared(before: &[u8], after: &[u8]) -> Result<Comparison, Error> {
    compare(Tar::new("before", before), Tar::new("after", after))
}

/// The differences of two archives, as a person reads them.
pub(super) fn differences(before: Archive, after: Archive) -> Vec<String> {
    let found = compared(&before.bytes(), &after.bytes()).expect("both are whole");
    found.differences.iter().map(ToString::to_string).collect()
}
