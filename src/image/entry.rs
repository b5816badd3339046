//! A path of an image with everything that can be seen of it. The bytes of a file are a digest here and are never held.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Absolute; `/` is the root. A byte that is not UTF-8 is written `\xHH`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permissions, with the bits for set-user-id, set-group-id and sticky. Symbolic links have none of their own.
    pub mode: u32,
    /// The user that owns it.
    pub uid: u32,
    /// The group that owns it.
    pub gid: u32,
    /// When it was modified.
    pub modified: Time,
    /// Extended attributes.
    pub attributes: BTreeMap<String, Box<[u8]>>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file. A hard link is a file with the content of what it links to.
    File(Content),
    /// A folder.
    Folder,
    /// A symbolic link with its target as written.
    Symlink(String),
    /// A named pipe.
    Pipe,
    /// A device.
    Device {
        /// Whether it is read by blocks or by characters.
        access: Access,
        /// Its driver.
        major: u32,
        /// Which device of the driver.
        minor: u32,
    },
}

/// How a device is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By blocks.
    Block,
    /// By characters.
    Character,
}

impl Kind {
    /// Its name for a person.
    pub fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Folder => "folder",
            Self::Symlink(_) => "symbolic link",
            Self::Pipe => "named pipe",
            Self::Device { access: Access::Block, .. } => "block device",
            Self::Device { access: Access::Character, .. } => "character device",
        }
    }
}

/// A time of modification. Archives without a fraction have zero nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time {
    /// Seconds since 1970.
    pub seconds: i64,
    /// The fraction.
    pub nanoseconds: u32,
}

/// The bytes of a file: equal contents are equal bytes, up to collisions of 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The number of bytes.
    pub size: u64,
    /// BLAKE3 of the bytes, with the stamp taken for zero.
    pub digest: [u8; 16],
    /// The time stamp that Python compared with its source's, if it is byte code of that sort.
    pub stamp: Option<u32>,
}

impl Content {
    /// The content of a file at `path` that has these bytes.
    pub fn of(path: &str, bytes: &[u8]) -> Self {
        Self::read(path, bytes).expect("reading from memory does not fail")
    }

    /// Reads to the end. `path` decides whether the bytes can be Python's byte code.
    pub fn read(path: &str, mut reader: impl Read) -> io::Result<Self> {
        let mut buffer = [0; 16 * 1024];
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        let mut filled = fill(&mut reader, &mut buffer[..HEADER])?;
        let stamp = if Path::new(path).extension().is_some_and(|ending| ending == "pyc") {
            mask_stamp(&mut buffer[..filled])
        } else {
            None
        };
        while filled > 0 {
            hasher.update(&buffer[..filled]);
            size += filled as u64;
            filled = fill(&mut reader, &mut buffer)?;
        }
        let digest = hasher.finalize().as_bytes()[..16].try_into().expect("a digest has 32 bytes");
        Ok(Self { size, digest, stamp })
    }
}

/// The header of byte code has at most this many bytes.
const HEADER: usize = 16;
/// The first magic number of byte code whose second word is flags (Python 3.7, PEP 552).
const WITH_FLAGS: u16 = 3392;
/// Magic numbers of Python 2 are above those of any Python 3.
const PYTHON_2: u16 = 20_000;

/// Sets the time stamp in the header of byte code to zero and returns it. Byte code that is checked by a hash of its source
/// has none. The header is: magic number, `\r\n`, then, since Python 3.7, flags; the stamp; more (PEP 552, `py_compile`).
fn mask_stamp(header: &mut [u8]) -> Option<u32> {
    let magic = u16::from_le_bytes(header.get(..2)?.try_into().ok()?);
    if header.get(2..4)? != b"\r\n" {
        return None;
    }
    let place = if (WITH_FLAGS..PYTHON_2).contains(&magic) {
        if header.get(4..8)? != [0; 4] {
            return None;
        }
        8..12
    } else {
        4..8
    };
    let stamp = header.get_mut(place)?;
    let value = u32::from_le_bytes((&*stamp).try_into().ok()?);
    stamp.fill(0);
    Some(value)
}

/// Reads until the buffer is full or the reader is at its end.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::File(content) => write!(f, "file of {} bytes", content.size),
            Kind::Symlink(target) => write!(f, "symbolic link to {target}"),
            other => f.write_str(other.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Byte code with this magic number and these words after it.
    fn byte_code(magic: u16, words: &[u32], rest: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_le_bytes().to_vec();
        bytes.extend(b"\r\n");
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn a_stamp_is_told_from_the_rest_of_byte_code() {
        let of = |bytes: &[u8]| Content::of("/app/x.pyc", bytes);
        for (magic, before_stamp) in [(3531, &[0][..]), (3392, &[0]), (3379, &[]), (62211, &[])] {
            let with = |stamp: u32, size: u32, code: &[u8]| {
                of(&byte_code(magic, &[before_stamp, &[stamp, size]].concat(), code))
            };
            let (one, other) = (with(1, 7, b"code"), with(2, 7, b"code"));
            assert_eq!((one.digest, one.stamp), (other.digest, Some(1)), "{magic}");
            assert_eq!(other.stamp, Some(2));
            assert_ne!(one.digest, with(1, 8, b"code").digest);
            assert_ne!(one.digest, with(1, 7, b"coda").digest);
        }
    }

    #[test]
    fn a_hash_in_byte_code_is_no_stamp() {
        let checked = |hash: u32| Content::of("/app/x.pyc", &byte_code(3531, &[3, hash, 9], b"code"));
        assert_eq!(checked(1).stamp, None);
        assert_ne!(checked(1).digest, checked(2).digest);
    }

    #[test]
    fn only_byte_code_has_a_stamp() {
        let bytes = byte_code(3531, &[0, 1, 9], b"code");
        assert_eq!(Content::of("/app/x.py", &bytes).stamp, None);
        assert_eq!(Content::of("/app/x.pyc", b"plain text").stamp, None);
        for cut in 0..12 {
            assert_eq!(Content::of("/app/x.pyc", &bytes[..cut]).stamp, None, "{cut}");
        }
    }

    #[test]
    fn the_size_of_the_reads_does_not_matter() {
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let some = into.len().min(3);
                self.0.read(&mut into[..some])
            }
        }
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(100_000).collect();
        assert_eq!(Content::read("/x", Slow(&bytes)).unwrap(), Content::of("/x", &bytes));
        assert_eq!(Content::of("/x", &bytes).size, 100_000);
    }
}
