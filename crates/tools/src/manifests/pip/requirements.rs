//! The text of a requirement file, taken apart as pip does it. Looks at no file and decides nothing.
//!
//! Follows pip's `req/req_file.py`: join continued lines, drop comments, put in `${VARIABLES}`, split options off.

use std::collections::BTreeMap;

/// Stands in a text where a variable's value is not known. Never in a file: a file with it is refused.
pub(super) const UNKNOWN: char = '\u{1}';

/// What one line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// `flask==3.0`, `./lib`, `name @ https://…`.
    Requirement(String),
    /// An option and its value, by the option's long name.
    Option(&'static str, String),
}

/// The long options that may stand in a requirement file, whether they take a value, and their short form.
const OPTIONS: [(&str, bool, &str); 23] = [
    ("--requirement", true, "-r"),
    ("--constraint", true, "-c"),
    ("--editable", true, "-e"),
    ("--find-links", true, "-f"),
    ("--index-url", true, "-i"),
    ("--pypi-url", true, ""),
    ("--extra-index-url", true, ""),
    ("--no-index", false, ""),
    ("--no-binary", true, ""),
    ("--only-binary", true, ""),
    ("--prefer-binary", false, ""),
    ("--require-hashes", false, ""),
    ("--pre", false, ""),
    ("--all-releases", true, ""),
    ("--only-final", true, ""),
    ("--trusted-host", true, ""),
    ("--use-feature", true, ""),
    ("--global-option", true, ""),
    ("--hash", true, ""),
    ("--config-settings", true, "-C"),
    ("--config-setting", true, ""),
    ("--use-wheel", false, ""),
    ("--process-dependency-links", false, ""),
];

/// Takes a requirement file apart. The error says what could not be read, as a clause.
pub(super) fn parse(text: &str, env: &BTreeMap<String, Option<String>>) -> Result<Vec<Item>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains(['\0', UNKNOWN]) {
        return Err("it is not plain UTF-8 text".into());
    }
    if !text.is_ascii() && declares_other_encoding(text) {
        return Err("it declares another encoding than UTF-8".into());
    }
    let mut items = Vec::new();
    for line in logical_lines(text) {
        let line = without_comment(&line);
        let line = line.trim();
        if !line.is_empty() {
            parse_line(&expand(line, env), &mut items)?;
        }
    }
    Ok(items)
}

/// `# -*- coding: latin-1 -*-` in the first two lines.
fn declares_other_encoding(text: &str) -> bool {
    text.lines().take(2).filter(|line| line.starts_with('#')).any(|line| {
        line.split_once("coding").is_some_and(|(_, rest)| {
            let name = rest.trim_start_matches([':', '=', ' ', '\t']).to_ascii_lowercase();
            !name.starts_with("utf-8") && !name.starts_with("utf8")
        })
    })
}

/// The lines as Python's `splitlines` sees them, those that end in a backslash joined with the next.
fn logical_lines(text: &str) -> Vec<String> {
    const ENDS: [char; 10] =
        ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in text.replace("\r\n", "\n").split(ENDS) {
        let comment = comment_start(line) == Some(0);
        if line.ends_with('\\') && !comment {
            open.get_or_insert_default().push_str(line.trim_matches('\\'));
        } else {
            let mut joined = open.take().unwrap_or_default();
            if comment {
                joined.push(' ');
            }
            joined.push_str(line);
            lines.push(joined);
        }
    }
    lines.extend(open);
    lines
}

/// Where a comment starts: a `#` at the start or after white space, with that white space.
fn comment_start(line: &str) -> Option<usize> {
    let at = line.char_indices().find_map(|(at, c)| {
        (c == '#' && line[..at].chars().next_back().is_none_or(char::is_whitespace)).then_some(at)
    })?;
    Some(line[..at].trim_end().len())
}

fn without_comment(line: &str) -> &str {
    comment_start(line).map_or(line, |at| &line[..at])
}

/// Puts in `${NAME}`. An empty value is not put in, and one that is not known becomes [`UNKNOWN`].
fn expand(line: &str, env: &BTreeMap<String, Option<String>>) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let name = after.split('}').next().unwrap_or_default();
        let valid = !name.is_empty()
            && name.len() < after.len()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if valid {
            match env.get(name) {
                Some(Some(value)) if value.is_empty() => out.push_str(&rest[at..at + 3 + name.len()]),
                Some(Some(value)) => out.push_str(value),
                Some(None) | None => out.push(UNKNOWN),
            }
            rest = &after[name.len() + 1..];
        } else {
            out.push_str("${");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn parse_line(line: &str, items: &mut Vec<Item>) -> Result<(), String> {
    let mut start = 0;
    let options = loop {
        let word = line[start..].split(' ').next().unwrap_or_default();
        if word.starts_with('-') {
            break &line[start..];
        }
        start += word.len() + 1;
        if start >= line.len() {
            break "";
        }
    };
    let requirement = line[..line.len() - options.len()].trim();
    if !requirement.is_empty() {
        items.push(Item::Requirement(requirement.to_owned()));
    }
    let mut words =
        shell_words(options).ok_or_else(|| format!("the quotes in `{line}` do not match"))?.into_iter();
    while let Some(word) = words.next() {
        let (option, takes, attached) = option(&word)
            .ok_or_else(|| format!("`{word}` in `{line}` is not an option that dockopt knows"))?;
        let value = match attached {
            Some(value) => value,
            None if takes => words.next().ok_or_else(|| format!("`{word}` in `{line}` has no value"))?,
            None => String::new(),
        };
        items.push(Item::Option(option, value));
    }
    Ok(())
}

/// An option as pip's parser takes it: `--name`, `--name=value`, an unambiguous beginning of a name, `-r value`, `-rvalue`.
fn option(word: &str) -> Option<(&'static str, bool, Option<String>)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (format!("--{name}"), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
        let mut found = OPTIONS.iter().filter(|(long, ..)| long.starts_with(&name));
        let exact = OPTIONS.iter().find(|(long, ..)| *long == name);
        let (long, takes, _) = match exact {
            Some(exact) => exact,
            None => found.next().filter(|_| found.next().is_none())?,
        };
        return (*takes || value.is_none()).then_some((*long, *takes, value));
    }
    let (long, takes, short) =
        OPTIONS.iter().find(|(_, _, short)| !short.is_empty() && word.starts_with(short))?;
    let value = word.get(short.len()..).filter(|value| !value.is_empty());
    Some((*long, *takes, value.map(str::to_owned)))
}

/// Words as a POSIX shell splits them, with no expansion. `None` if a quote stays open.
fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '\\') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(text: &str) -> Vec<String> {
        let env = BTreeMap::from([
            ("HOST".to_owned(), Some("example.org".to_owned())),
            ("TOKEN".to_owned(), None),
            ("EMPTY".to_owned(), Some(String::new())),
        ]);
        parse(text, &env)
            .unwrap()
            .into_iter()
            .map(|item| match item {
                Item::Requirement(text) => text,
                Item::Option(name, value) => format!("{name}={value}"),
            })
            .collect()
    }

    #[test]
    fn lines() {
        let table: [(&str, &[&str]); 17] = [
            ("flask==3.0\r\n\r\n# why\r\nrequests  # pinned\r\n", &["flask==3.0", "requests"]),
            ("\u{feff}flask\n", &["flask"]),
            ("a#b\n", &["a#b"]),
            (
                "flask==3.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n",
                &["flask==3.0", "--hash=sha256:aa", "--hash=sha256:bb"],
            ),
            ("flask \\\n# comment\nrequests", &["flask", "requests"]),
            (
                "-r base.txt\n-rdev.txt\n--requirement=x.txt\n--requirem y.txt",
                &[
                    "--requirement=base.txt",
                    "--requirement=dev.txt",
                    "--requirement=x.txt",
                    "--requirement=y.txt",
                ],
            ),
            ("-c constraints.txt # keep", &["--constraint=constraints.txt"]),
            ("-e .", &["--editable=."]),
            (
                "-e git+https://${TOKEN}@${HOST}/a.git#egg=a",
                &["--editable=git+https://\u{1}@example.org/a.git#egg=a"],
            ),
            ("${EMPTY}/x ${lower} ${OPEN", &["${EMPTY}/x ${lower} ${OPEN"]),
            (
                "-i https://h/simple\n--extra-index-url 'https://h/b'\n--pre\n--no-index",
                &["--index-url=https://h/simple", "--extra-index-url=https://h/b", "--pre=", "--no-index="],
            ),
            ("-f wheels --no-binary :all:", &["--find-links=wheels", "--no-binary=:all:"]),
            ("pywin32 >= 1.0 ; sys_platform == 'win32'", &["pywin32 >= 1.0 ; sys_platform == 'win32'"]),
            ("name @ file:///opt/x.whl", &["name @ file:///opt/x.whl"]),
            ("a\u{c}b", &["a", "b"]),
            ("last \\", &["last"]),
            ("-r \"a b.txt\"", &["--requirement=a b.txt"]),
        ];
        for (text, expected) in table {
            assert_eq!(items(text), expected, "{text:?}");
        }
    }

    #[test]
    fn refusals() {
        for text in
            ["--unheard-of", "-r", "-x y", "-r 'open", "f\0l", "--pre=yes", "# coding: latin-1\n# é\nx"]
        {
            assert!(parse(text, &BTreeMap::new()).is_err(), "{text:?}");
        }
        assert!(parse("# coding: utf-8\n# é\nx", &BTreeMap::new()).is_ok());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", tail in "[-rce =#\\\\'\"${}A\n ]{0,40}") {
            let _ = parse(&text, &BTreeMap::new());
            let _ = parse(&tail, &BTreeMap::new());
        }
    }
}
