//! Reads text files that the user wrote, and says what is wrong with those that are none. Must not look at their meaning.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use dockopt_syntax::{LineIndex, Span};

use crate::problem::{Place, Problem};

/// A file above this size is not text that anybody wrote.
const MAX_SIZE: u64 = 16 << 20;

/// A path for messages: relative to the current folder where it lies below.
pub fn shown(path: &Path) -> String {
    let current = std::env::current_dir().ok();
    let below = current.as_deref().and_then(|current| path.strip_prefix(current).ok());
    below.unwrap_or(path).display().to_string()
}

/// The text of a file; `name` is what the user calls it.
pub fn read(path: &Path, name: &str) -> Result<String, Problem> {
    text(bytes(path).map_err(|error| unreadable(&error, name))?, name)
}

/// The text of stdin.
pub fn read_stdin() -> Result<String, Problem> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_SIZE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error, "<stdin>"))?;
    text(bytes, "<stdin>")
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(kind.len().min(MAX_SIZE)).unwrap_or(0));
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What an error of the file system means for the user.
pub fn unreadable(error: &io::Error, name: &str) -> Problem {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => Problem::error("there is no such file or folder", "check the path"),
        io::ErrorKind::PermissionDenied => {
            Problem::error("it may not be read", "ask for the right to read it, or run dockopt as its owner")
        }
        io::ErrorKind::IsADirectory => {
            Problem::error("a file is expected here, and this is a folder", "remove or rename the folder")
        }
        _ => Problem::error(
            format!("it cannot be read: {error}"),
            "pass a regular file, or `-` and the text on stdin",
        ),
    };
    problem.in_file(name)
}

fn text(bytes: Vec<u8>, name: &str) -> Result<String, Problem> {
    if bytes.len() as u64 > MAX_SIZE {
        let message = format!("it has more than {} MiB, which no Dockerfile has", MAX_SIZE >> 20);
        return Err(Problem::error(message, "check that the path names a Dockerfile").in_file(name));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Problem::error("it is in UTF-16", "save it as UTF-8").in_file(name));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        let message = format!("it is a binary file: byte {at} is zero");
        return Err(Problem::error(message, "check that the path names a Dockerfile").in_file(name));
    }
    String::from_utf8(bytes).map_err(|error| invalid(&error, name))
}

fn invalid(error: &std::string::FromUtf8Error, name: &str) -> Problem {
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes()[at];
    // Up to the bad byte nothing changes, so that its offset stays.
    let lossy = String::from_utf8_lossy(error.as_bytes());
    let mark = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    let line = LineIndex::new(&lossy).line(at);
    Problem::error(format!("byte {at} (0x{byte:02x}) on line {line} is not UTF-8"), "save the file as UTF-8")
        .in_file(name)
        .at(Place::of(&lossy, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_that_is_not_utf8_has_a_place() {
        let problem = text(b"FROM a\nENV x=\xe9t\xe9\n".to_vec(), "Dockerfile").unwrap_err();
        assert_eq!(problem.message, "byte 13 (0xe9) on line 2 is not UTF-8");
        let place = problem.place.unwrap();
        assert_eq!((place.line, place.column, place.source.as_str()), (2, 7, "ENV x=\u{fffd}t\u{fffd}"));
    }

    #[test]
    fn binary_files_are_named_as_such() {
        assert!(text(b"\x7fELF\0".to_vec(), "a").unwrap_err().message.contains("binary"));
        assert!(text(b"\xff\xfeF\0".to_vec(), "a").unwrap_err().message.contains("UTF-16"));
    }
}
