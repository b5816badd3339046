//! Start scripts that a project brings for its builder (`./mvnw`, `./gradlew`): is this one as its authors made it? And what Java does in any case. Runs nothing.
//!
//! The text of a script is compared with those that were released, so that a line of the project's own, which could read or write
//! anything, is noticed. Comments, blank lines, indentation and version numbers do not count.

use super::paths::join;
use super::sources::Sources;
use super::{Call, Unclear};

/// The name of the script that a command line runs, if it runs one of the working directory.
pub(super) fn script<'c>(call: &Call<'c>, name: &str) -> Option<&'c str> {
    let last = call.command.split_whitespace().next_back()?;
    (last.trim_start_matches("./") == name).then_some(last)
}

/// Looks at a script of the working directory; `known` are the fingerprints of the released ones. Its text.
pub(super) fn check(
    sources: &mut Sources<'_>,
    call: &Call<'_>,
    name: &str,
    known: &[Box<str>],
) -> Result<String, Unclear> {
    let path = join(call.cwd, name);
    let text = sources.needed(&path)?;
    if known.iter().any(|one| **one == fingerprint(&text)) {
        return Ok(text);
    }
    let reason = format!("`{path}` is not as a known version of its tool writes it, and may read any file");
    Err(Unclear::at(&path, reason))
}

/// What any Java looks for where it is started (seen in traced runs).
pub(super) fn java(sources: &mut Sources<'_>, call: &Call<'_>) {
    for name in [".hotspotrc", ".hotspot_compiler"] {
        sources.ambient_unread(&join(call.cwd, name));
    }
}

/// 64 bits of what a script says (FNV-1a): enough to tell versions and edits apart, and nobody gains by a collision in their own project.
pub(super) fn fingerprint(text: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let says =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("DEFAULT_JVM_OPTS=");
    for line in text.lines().map(str::trim).filter(says) {
        for byte in without_versions(line).bytes().chain([b'\n']) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// The line without numbers that are joined by dots.
fn without_versions(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::with_capacity(line.len());
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = rest[start..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let run = rest[start..rest.len() - number.len()].trim_end_matches('.');
        kept.push_str(&rest[..start]);
        if !run.contains('.') || run.contains("..") {
            kept.push_str(run);
        }
        rest = &rest[start + run.len()..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_comments_and_layout_do_not_count() {
        let one = fingerprint(
            "#!/bin/sh\n# version 3.3.2\nurl=https://host/x/3.9.6/x-3.9.6.zip\n\nexec java -jar x.jar\n",
        );
        let two = fingerprint("#!/bin/sh\r\n\turl=https://host/x/4.0.0/x-4.0.0.zip\r\nexec java -jar x.jar");
        assert_eq!(one, two);
        assert_eq!(one.len(), 16);
        for edited in [
            "url=https://host/x/3.9.6/x-3.9.6.zip\n./prepare.sh\nexec java -jar x.jar\n",
            "url=https://other/x/3.9.6/x-3.9.6.zip\nexec java -jar x.jar\n",
        ] {
            assert_ne!(one, fingerprint(edited));
        }
    }

    #[test]
    fn only_numbers_with_dots_are_versions() {
        for (line, kept) in [
            ("a-1.2.3.jar", "a-.jar"),
            ("ulimit -n 1024", "ulimit -n 1024"),
            ("1..2", "1..2"),
            ("v2.", "v2."),
        ] {
            assert_eq!(without_versions(line), kept);
        }
    }
}
