//! Reads the files of an image from a tar stream: what `docker export`, the builder's `type=tar` and a layer are. Must not hold
//! the bytes of a file, those aside that somebody wants as texts, and must not take a stream that was cut short for a whole one.
//!
//! A hard link becomes a file with the content that it links to. Which of the names comes first in the archive, and whether
//! two names are one file or two with the same content, is not compared: a builder takes links apart whenever a later step
//! changes one of the names, and what runs in the container sees the same bytes under both. The archive must have the file
//! before its links, as every engine writes it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use super::entry::Access;
use super::{Content, Entry, Error, Kind, Source, Time};

/// A tar stream with the files of a whole image. It may be a pipe; it is read to its very end, so that the writer can end too.
#[derive(Debug)]
pub struct Tar<R> {
    name: String,
    reader: R,
}

impl<R: Read> Tar<R> {
    /// The stream of the image that messages call `name`.
    pub fn new(name: impl Into<String>, reader: R) -> Self {
        Self { name: name.into(), reader }
    }
}

impl<R: Read> Source for Tar<R> {
    fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), Error>) -> Result<(), Error> {
        read(&self.name, self.reader, each)
    }
}

/// A path for look-ups: 128 bits of BLAKE3, since half a million paths in full are too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn of(path: &str) -> Self {
        Self(blake3::hash(path.as_bytes()).as_bytes()[..16].try_into().expect("a digest has 32 bytes"))
    }
}

/// Hands over the entries of an archive.
pub(super) fn read(
    name: &str,
    reader: impl Read,
    each: &mut dyn FnMut(Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    // What lies at each path so far: none where it is no file. Of half a million paths, a hash table would take half as much
    // memory again when it grows.
    let mut known: BTreeMap<Key, Option<Content>> = BTreeMap::new();
    members(name, reader, |path, member| {
        let entry = entry(path, member, &known).map_err(|message| Error::new(name, message))?;
        let content = if let Kind::File(content) = &entry.kind { Some(*content) } else { None };
        if known.insert(Key::of(&entry.path), content).is_some() {
            return Err(Error::new(name, format!("{} is there twice", entry.path)));
        }
        each(entry)
    })
}

/// A text of an image may be this long; more is not held.
const MOST_TEXT: u64 = 64 << 20;

/// The texts of those files of an archive that are wanted, by path. What is no UTF-8 in them becomes a sign for it.
pub fn texts(
    name: &str,
    reader: impl Read,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, Error> {
    let mut texts = BTreeMap::new();
    members(name, reader, |path, member| {
        if !member.header().entry_type().is_file() || !wanted(&path) {
            return Ok(());
        }
        if member.size() > MOST_TEXT {
            return Err(Error::new(name, format!("{path}: it is longer than {MOST_TEXT} bytes")));
        }
        let mut bytes = Vec::new();
        member
            .read_to_end(&mut bytes)
            .map_err(|error| Error::new(name, format!("{path}: {}", plain(&error))))?;
        texts.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        Ok(())
    })?;
    Ok(texts)
}

/// What a member of an archive is read from.
type Member<'a, R> = tar::Entry<'a, Stream<R>>;

/// Hands over the members of an archive, each with its path.
fn members<R: Read>(
    name: &str,
    reader: R,
    mut each: impl FnMut(String, &mut Member<'_, R>) -> Result<(), Error>,
) -> Result<(), Error> {
    let at_end = Rc::new(Cell::new(false));
    let stream = Stream { inner: BufReader::with_capacity(64 * 1024, reader), at_end: Rc::clone(&at_end) };
    let mut archive = tar::Archive::new(stream);
    let mut last = "/".to_owned();
    let failed = |last: &str, error: &io::Error| Error::new(name, format!("after {last}: {}", plain(error)));
    for member in archive.entries().map_err(|error| failed(&last, &error))? {
        let mut member = member.map_err(|error| failed(&last, &error))?;
        let fault = |message: String| Error::new(name, message);
        if member.header().entry_type().is_pax_global_extensions() {
            only_comments(&mut member).map_err(fault)?;
            continue;
        }
        let path = path(&member.path_bytes()).map_err(fault)?;
        last.clone_from(&path);
        each(path, &mut member)?;
    }
    // The reader of archives takes the end of the stream for the end of the archive, which is a block of zeros.
    if at_end.get() {
        return Err(Error::new(name, format!("the archive is cut short after {last}")));
    }
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| failed(&last, &error))?;
    Ok(())
}

/// What the crates for archives say of a cut stream, in one way.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive is cut short".to_owned(),
        _ => error.to_string(),
    }
}

/// Remembers whether the end of a stream was seen.
struct Stream<R> {
    inner: BufReader<R>,
    at_end: Rc<Cell<bool>>,
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        if read == 0 && !into.is_empty() {
            self.at_end.set(true);
        }
        Ok(read)
    }
}

fn entry(
    path: String,
    member: &mut tar::Entry<'_, impl Read>,
    known: &BTreeMap<Key, Option<Content>>,
) -> Result<Entry, String> {
    let extras = Extras::of(member).map_err(|message| format!("{path}: {message}"))?;
    let kind = kind(&path, member, known).map_err(|message| format!("{path}: {message}"))?;
    let header = member.header();
    let number = |name: &str, value: io::Result<u64>| {
        let value = value.map_err(|error| format!("{path}: {error}"))?;
        u32::try_from(value).map_err(|_| format!("{path}: the {name} {value} is too large"))
    };
    let (uid, gid) = (number("user id", header.uid())?, number("group id", header.gid())?);
    let mode = header.mode().map_err(|error| format!("{path}: {error}"))? & 0o7777;
    let modified = match extras.modified {
        Some(time) => time,
        None => whole_seconds(header).map_err(|error| format!("{path}: {error}"))?,
    };
    // The permissions of a symbolic link are never looked at, and archives disagree on them.
    let mode = if matches!(kind, Kind::Symlink(_)) { 0o777 } else { mode };
    Ok(Entry { path, kind, mode, uid, gid, modified, attributes: extras.attributes })
}

fn kind(
    path: &str,
    member: &mut tar::Entry<'_, impl Read>,
    known: &BTreeMap<Key, Option<Content>>,
) -> Result<Kind, String> {
    use tar::EntryType as Type;
    let target = |member: &tar::Entry<'_, _>| {
        member.link_name_bytes().map(std::borrow::Cow::into_owned).ok_or("a link without a target")
    };
    Ok(match member.header().entry_type() {
        // Archives of old have no mark for folders but the slash.
        Type::Directory => Kind::Folder,
        Type::Regular if member.path_bytes().ends_with(b"/") => Kind::Folder,
        Type::Regular | Type::Continuous | Type::GNUSparse => {
            let size = member.size();
            let content = Content::read(path, &mut *member).map_err(|error| plain(&error))?;
            if content.size != size {
                return Err(format!("the archive is cut short after {} of {size} bytes", content.size));
            }
            Kind::File(content)
        }
        Type::Link => {
            let target = self::path(&target(member)?)?;
            match known.get(&Key::of(&target)) {
                Some(Some(content)) => Kind::File(*content),
                Some(None) => return Err(format!("a hard link to {target}, which is no file")),
                None => {
                    return Err(format!("a hard link to {target}, which is not in the archive before it"));
                }
            }
        }
        Type::Symlink => Kind::Symlink(text(&target(member)?)),
        Type::Fifo => Kind::Pipe,
        kind @ (Type::Char | Type::Block) => {
            let number =
                |value: io::Result<Option<u32>>| value.ok().flatten().ok_or("a device without a number");
            Kind::Device {
                access: if kind == Type::Char { Access::Character } else { Access::Block },
                major: number(member.header().device_major())?,
                minor: number(member.header().device_minor())?,
            }
        }
        other => {
            return Err(format!(
                "an entry of the type `{}`, which no engine writes",
                char::from(other.as_byte())
            ));
        }
    })
}

/// Seconds since 1970, which may be before it: such a number is written in base 256 with its sign.
fn whole_seconds(header: &tar::Header) -> io::Result<Time> {
    let seconds = header.mtime()?;
    Ok(Time { seconds: i64::from_ne_bytes(seconds.to_ne_bytes()), nanoseconds: 0 })
}

/// What stands in the extended header of an entry.
#[derive(Default)]
struct Extras {
    attributes: BTreeMap<String, Box<[u8]>>,
    modified: Option<Time>,
}

/// The prefix of extended attributes, which every engine writes.
const ATTRIBUTE: &[u8] = b"SCHILY.xattr.";

impl Extras {
    fn of(member: &mut tar::Entry<'_, impl Read>) -> Result<Self, String> {
        let mut extras = Self::default();
        let Some(records) = member.pax_extensions().map_err(|error| error.to_string())? else {
            return Ok(extras);
        };
        for record in records {
            let record = record.map_err(|error| error.to_string())?;
            let (key, value) = (record.key_bytes(), record.value_bytes());
            if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                extras.attributes.insert(text(name), value.into());
            } else if key == b"mtime" {
                extras.modified = Some(time(value).ok_or("a time of modification that is no number")?);
            } else if key.starts_with(b"GNU.sparse.") {
                return Err("a sparse file in a form that is not understood".to_owned());
            }
        }
        Ok(extras)
    }
}

/// A decimal number of seconds, which may have a sign and a fraction.
fn time(value: &[u8]) -> Option<Time> {
    let value = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some(Time { seconds: whole.parse().ok()?, nanoseconds: digits.parse().ok()? })
}

/// A global header speaks of all entries that follow. Comments do not matter.
fn only_comments(member: &mut tar::Entry<'_, impl Read>) -> Result<(), String> {
    let mut records = Vec::new();
    member.read_to_end(&mut records).map_err(|error| plain(&error))?;
    let other = tar::PaxExtensions::new(&records)
        .find(|record| !record.as_ref().is_ok_and(|record| record.key_bytes() == b"comment"));
    match other {
        None => Ok(()),
        Some(_) => Err("the archive has a global header, which no engine writes".to_owned()),
    }
}

/// A name in an archive as an absolute path.
fn path(name: &[u8]) -> Result<String, String> {
    let mut path = String::with_capacity(name.len() + 1);
    for part in name.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if part == b".." {
            return Err(format!("the path {} leaves the image", text(name)));
        }
        path.push('/');
        path.push_str(&text(part));
    }
    if path.is_empty() {
        path.push('/');
    }
    Ok(path)
}

/// Bytes as text, so that different bytes are different texts: what is not UTF-8, and a backslash that looks like the mark
/// for it, becomes `\xHH`.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for (at, found) in valid.char_indices() {
            let looks_like_mark = found == '\\' && valid[at + 1..].starts_with('x');
            text.push_str(if looks_like_mark { "\\x5c" } else { &valid[at..at + found.len_utf8()] });
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_absolute_paths() {
        for (name, expected) in
            [("./usr/bin/", "/usr/bin"), ("usr//bin", "/usr/bin"), ("./", "/"), ("/etc", "/etc")]
        {
            assert_eq!(path(name.as_bytes()).unwrap(), expected);
        }
        assert!(path(b"etc/../passwd").unwrap_err().contains("leaves the image"));
    }

    #[test]
    fn wanted_files_are_texts() {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in
            [("var/lib/dpkg/status", "Package: curl\n"), ("etc/hosts", "127.0.0.1 localhost\n")]
        {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap();
        let wanted = |path: &str| path == "/var/lib/dpkg/status";
        let texts = texts("image", bytes.as_slice(), &wanted).unwrap();
        assert_eq!(
            texts,
            BTreeMap::from([("/var/lib/dpkg/status".to_owned(), "Package: curl\n".to_owned())])
        );
        for cut in [100, 600, 1100, 2048] {
            assert!(super::texts("image", &bytes[..cut], &wanted).is_err(), "{cut}");
        }
    }

    #[test]
    fn different_bytes_are_different_texts() {
        assert_eq!(text("häuser\\n".as_bytes()), "häuser\\n");
        assert_eq!(text(b"caf\xe9"), "caf\\xe9");
        assert_eq!(text(b"caf\\xe9"), "caf\\x5cxe9");
    }

    #[test]
    fn times_may_have_a_sign_and_a_fraction() {
        let of = |value: &str| time(value.as_bytes()).map(|time| (time.seconds, time.nanoseconds));
        assert_eq!(of("1700000000"), Some((1_700_000_000, 0)));
        assert_eq!(of("1700000000.5"), Some((1_700_000_000, 500_000_000)));
        assert_eq!(of("-1"), Some((-1, 0)));
        assert_eq!(of("now"), None);
    }
}
