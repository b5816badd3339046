//! Paths of an image, as text: joining, containment, and which of them belong to the system. Never asks a file system.

use crate::gopath;

/// `relative` seen from `cwd`, cleaned: absolute, without `.`, `..` and double slashes.
pub fn resolve(cwd: &str, relative: &str) -> String {
    let joined = if relative.starts_with('/') { relative.to_owned() } else { format!("{cwd}/{relative}") };
    let cleaned = gopath::clean(&joined);
    if cleaned.starts_with('/') { cleaned } else { format!("/{cleaned}") }
}

/// Whether `path` is `tree` or lies below it. Both cleaned.
pub fn within(path: &str, tree: &str) -> bool {
    let tree = tree.trim_end_matches('/');
    path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of `path` relative to `tree`, if it lies below; empty for the tree itself.
pub fn relative<'p>(path: &'p str, tree: &str) -> Option<&'p str> {
    if !within(path, tree) {
        return None;
    }
    Some(path[tree.trim_end_matches('/').len()..].trim_start_matches('/'))
}

/// The folder of `path`.
pub fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

/// The last part of `path`.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Top folders whose content belongs to the distribution (Filesystem Hierarchy Standard 3.0, §3).
const SYSTEM_TOPS: [&str; 20] = [
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "libexec", "opt", "proc", "run", "sbin",
    "sys", "tmp", "usr", "var", "root", "home", "nix",
];

/// Whether a path lies in a folder for temporary files, which are nobody's but of those who name them (hier(7), `/tmp`).
pub fn is_scratch(path: &str) -> bool {
    ["/tmp/", "/var/tmp/"].iter().any(|folder| path.len() > folder.len() && path.starts_with(folder))
}

/// Folders that no project owns as a whole, so that a working directory of that name shields nothing.
fn is_shared(folder: &str) -> bool {
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => true,
        [top] => SYSTEM_TOPS.contains(top),
        ["home", _]
        | ["usr", "local" | "bin" | "sbin" | "lib" | "lib64" | "share" | "include" | "libexec" | "etc"] => {
            true
        }
        ["usr", "local", "bin" | "sbin" | "lib" | "lib64" | "share" | "include" | "libexec" | "etc"] => true,
        ["var", _] | ["etc", ..] => true,
        _ => false,
    }
}

/// Whether `path` may be read by what is installed in the image without being named: programs, libraries, configuration,
/// dot files of home folders, temporary folders. The tree of `project` is not, nor are folders outside the hierarchy.
pub fn is_system(path: &str, project: &str) -> bool {
    if within(path, project) && !is_shared(project) {
        return false;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["root", rest @ ..] | ["home", _, rest @ ..] => {
            rest.first().is_some_and(|first| first.starts_with('.'))
        }
        ["home"] => false,
        ["usr", "src", name, ..] => name.starts_with("linux"),
        [top, ..] => SYSTEM_TOPS.contains(top),
        [] => false,
    }
}

/// Whether a tree at `path` holds system folders.
pub fn has_system_below(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => true,
        ["root" | "home"] | ["home", _] => true,
        [top] => SYSTEM_TOPS.contains(top),
        _ => false,
    }
}

/// The part of a path below a home folder.
pub fn home_relative(path: &str) -> Option<&str> {
    if let Some(rest) = relative(path, "/root") {
        return Some(rest);
    }
    let rest = relative(path, "/home")?;
    rest.split_once('/').map(|(_, rest)| rest)
}

/// Whether a path lies in or above somebody's home folder. System users have theirs anywhere below `/var` and `/`.
pub fn may_be_home(path: &str) -> bool {
    path == "/" || within(path, "/root") || within(path, "/home") || within(path, "/var")
}

/// The folder of a path that is certain before its first wildcard.
pub(crate) fn before_wildcard(text: &str) -> &str {
    match text.find(['*', '?', '[']) {
        Some(at) => &text[..text[..at].rfind('/').map_or(0, |slash| slash + 1)],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolving() {
        assert_eq!(resolve("/app", "."), "/app");
        assert_eq!(resolve("/app", "./x/../y"), "/app/y");
        assert_eq!(resolve("/app", "/etc//x"), "/etc/x");
        assert_eq!(resolve("/", "x"), "/x");
        assert_eq!(relative("/app/a/b", "/app"), Some("a/b"));
        assert_eq!(relative("/apple", "/app"), None);
        assert_eq!(parent("/a"), "/");
    }

    #[test]
    fn a_working_directory_shields_its_tree_unless_all_share_it() {
        assert!(!is_system("/usr/src/app/x", "/usr/src/app"));
        assert!(!is_system("/opt/app/x", "/opt/app"));
        assert!(is_system("/opt/venv/x", "/opt/app"));
        assert!(is_system("/usr/local/bin/x", "/usr/local"));
        assert!(is_system("/etc/x", "/"));
        assert!(is_system("/etc/pip.conf", "/etc"));
        assert!(!is_system("/main.py", "/"));
    }
}
