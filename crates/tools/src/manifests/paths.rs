//! Arithmetic on absolute image paths. Looks at no file.

/// Joins a path to an absolute directory and takes out `.` and `..`.
pub(super) fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { base };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The directory above; `/` is above itself.
pub(super) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// The last part.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// All directories above, the nearest first.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| (*path != "/").then(|| parent(path))).skip(1)
}

/// Is it the directory itself or something below it?
pub(super) fn within(path: &str, dir: &str) -> bool {
    dir == "/" || path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of a `file:` address, which may be relative; `None` if it is another address or names another host.
pub(super) fn of_file_url(url: &str) -> Option<&str> {
    let scheme = url.get(..5)?;
    if !scheme.eq_ignore_ascii_case("file:") {
        return None;
    }
    let rest = &url[5..];
    match rest.strip_prefix("//") {
        None => Some(rest),
        Some(rest) if rest.starts_with('/') => Some(rest),
        Some(rest) => rest.strip_prefix("localhost").filter(|rest| rest.starts_with('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining() {
        for (base, path, joined) in [
            ("/app", "a.txt", "/app/a.txt"),
            ("/app", "./a/../b", "/app/b"),
            ("/app", "../../..", "/"),
            ("/app/", "/etc//pip.conf", "/etc/pip.conf"),
            ("/", "a", "/a"),
            ("/app", "", "/app"),
        ] {
            assert_eq!(join(base, path), joined, "{base} + {path}");
        }
    }

    #[test]
    fn above_is_nearest_first() {
        assert_eq!(above("/a/b/c").collect::<Vec<_>>(), ["/a/b", "/a", "/"]);
        assert_eq!(above("/").count(), 0);
    }

    #[test]
    fn file_addresses() {
        for (url, path) in [
            ("file:./lib", Some("./lib")),
            ("file:///tmp/x.whl", Some("/tmp/x.whl")),
            ("FILE://localhost/x", Some("/x")),
            ("file://host/x", None),
            ("https://a/b", None),
            ("é", None),
        ] {
            assert_eq!(of_file_url(url), path, "{url}");
        }
    }

    #[test]
    fn within_a_directory() {
        assert!(within("/app/a", "/app") && within("/app", "/app") && within("/x", "/"));
        assert!(!within("/application", "/app"));
    }
}
