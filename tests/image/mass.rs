//! Images that are larger than memory should be are compared in little of it. The streams are made while they are read.

use std::io::{self, Read};
use std::process::Command;

use dockopt::image::archive::Tar;
use dockopt::image::compare;

/// An image that exists only as far as it is read: `files` files in folders of a hundred, of which every thousandth is large.
struct Stream {
    files: u64,
    next: u64,
    /// What is left of the entry at hand, and how many bytes of zeros follow it.
    block: io::Cursor<Vec<u8>>,
    zeros: u64,
    /// Files of this number on have other bytes.
    other_from: u64,
}

const SMALL: u64 = 300;
const LARGE: u64 = 4 << 20;

impl Stream {
    fn new(files: u64, other_from: u64) -> Self {
        Self { files, next: 0, block: io::Cursor::new(Vec::new()), zeros: 0, other_from }
    }

    fn make_next(&mut self) -> bool {
        if self.next > self.files {
            return false;
        }
        let number = self.next;
        self.next += 1;
        if number == self.files {
            self.block = io::Cursor::new(vec![0; 1024]);
            return true;
        }
        let path = format!("usr/lib/python3/dist-packages/package{:06}/module{number:08}.py", number / 100);
        let size = if number.is_multiple_of(1000) { LARGE } else { SMALL };
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_700_000_000);
        header.set_size(size);
        header.set_cksum();
        let mut block = header.as_bytes().to_vec();
        block.push(if number >= self.other_from { 1 } else { 2 });
        self.block = io::Cursor::new(block);
        self.zeros = size.next_multiple_of(512) - 1;
        true
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.block.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if self.zeros > 0 {
                let some = into.len().min(usize::try_from(self.zeros).unwrap_or(usize::MAX));
                into[..some].fill(0);
                self.zeros -= some as u64;
                return Ok(some);
            }
            if !self.make_next() {
                return Ok(0);
            }
        }
    }
}

/// Set in the process that does the work, so that its memory is its own.
const ALONE: &str = "DOCKOPT_TEST_ALONE";
const NAME: &str = "image::mass::memory_is_bounded";

/// Half a million files of two gigabytes in each image: `DOCKOPT_TEST_FILES=500000 cargo test --test all memory_is_bounded -- --nocapture`.
fn files() -> u64 {
    std::env::var("DOCKOPT_TEST_FILES").map_or(40_000, |files| files.parse().expect("it is a number"))
}

#[test]
fn memory_is_bounded() {
    if std::env::var_os(ALONE).is_some() {
        let before = Tar::new("before", Stream::new(files(), u64::MAX));
        let after = Tar::new("after", Stream::new(files(), files() - 7));
        let found = compare(before, after).unwrap();
        assert_eq!((found.paths, found.differences.len()), (files(), 7));
        println!("peak {} KiB of {} bytes", peak_memory().unwrap_or_default(), found.bytes[0]);
        return;
    }
    if peak_memory().is_none() {
        println!("skipped: /proc/self/status does not tell the peak of memory here");
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    print!("{text}");
    assert!(child.status.success(), "{text}");
    let peak: u64 =
        text.split("peak ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
    // The program itself, and for each path of either image what a hard link to it would need.
    assert!(peak < (40 << 10) + files() / 5, "{peak} KiB");
}

/// The most memory that this process had, in KiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()
}
