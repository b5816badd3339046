//! What engines themselves put into the files of a container, and mount over when it runs. It is left out of both sides.

use super::{Entry, Kind};

/// The engine mounts file systems of its own here, so what an image has below is never seen. `docker export` has `/dev/console`,
/// `/dev/pts` and `/dev/shm`, which the daemon made (moby, `daemon/initlayer/setup_unix.go`); the other sources have not.
const MOUNTED_TREES: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Marks of a container that an export has and an image has not.
const MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Where nothing lies here, the engine makes an empty file to mount its own over. An image that brings its own is compared.
const MOUNTED_FILES: [&str; 3] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// The same, as a link: moby makes it so that `mount` without arguments works.
const MOUNTS: (&str, &str) = ("/etc/mtab", "/proc/mounts");

/// Whether an entry is the engine's and not the image's.
pub(super) fn is_engines_own(entry: &Entry) -> bool {
    let path = entry.path.as_str();
    let below =
        |tree: &str| path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match &entry.kind {
        Kind::File(content) if content.size == 0 && MOUNTED_FILES.contains(&path) => true,
        Kind::Symlink(target) if (path, target.as_str()) == MOUNTS => true,
        _ => MARKS.contains(&path) || MOUNTED_TREES.iter().any(|tree| below(tree)),
    }
}
