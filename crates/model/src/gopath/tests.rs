//! Tables and properties of Go's path rules. They hold no rule of their own.

use super::*;
use proptest::prelude::*;

#[test]
fn clean_finds_the_shortest_name() {
    for (path, expected) in [
        ("", "."),
        (".", "."),
        ("./", "."),
        ("a/..", "."),
        ("/", "/"),
        ("//", "/"),
        ("/..", "/"),
        ("/../../etc", "/etc"),
        ("src/", "src"),
        ("./src//web/./app", "src/web/app"),
        ("src/../lib", "lib"),
        ("../src", "../src"),
        ("src/../../lib", "../lib"),
        ("../../a/../b", "../../b"),
        ("/srv/app/../data/", "/srv/data"),
        ("...", "..."),
        ("a/...", "a/..."),
        (" a / ", " a / "),
    ] {
        assert_eq!(clean(path), expected, "{path:?}");
        assert_eq!(clean(expected), expected, "cleaning {expected:?} again");
    }
}

#[test]
fn join_skips_empty_parts_and_cleans() {
    assert_eq!(join(&[]), "");
    assert_eq!(join(&["", ""]), "");
    assert_eq!(join(&["", "app"]), "app");
    assert_eq!(join(&["/", "app", "../data"]), "/data");
    assert_eq!(join(&["/srv", "/app/"]), "/srv/app");
    assert_eq!(join(&["a", ""]), "a");
}

#[test]
fn dir_is_the_folder() {
    for (path, folder) in [
        ("", "."),
        ("a", "."),
        ("a/b", "a"),
        ("a/b/", "a/b"),
        ("/a", "/"),
        ("/", "/"),
        ("a//b", "a"),
        ("../a", ".."),
    ] {
        assert_eq!(dir(path), folder, "{path:?}");
    }
}

#[test]
fn a_wildcard_counts_unless_escaped() {
    for source in ["*", "src/*.js", "package?.json", "[ab]", "\\\\*", "a\\b*", "["] {
        assert!(has_wildcard(source), "{source:?}");
    }
    for source in ["", ".", "package.json", "a\\*", "\\[x]", "what\\?", "a]b", "end\\", "{a,b}", "^"] {
        assert!(!has_wildcard(source), "{source:?}");
    }
}

#[test]
fn matches_like_go() {
    for (pattern, name, expected) in [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*", ".env", true),
        ("*", "src/app.js", false),
        ("package*.json", "package-lock.json", true),
        ("package*.json", "package.json", true),
        ("package*.json", "package.json5", false),
        ("*/*.csproj", "Web/Web.csproj", true),
        ("*/*.csproj", "src/Web/Web.csproj", false),
        ("**/x", "a/x", true),
        ("**/x", "a/b/x", false),
        ("*.tar.*", "app.tar.gz", true),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("*aab", "aaaab", true),
        ("?", "é", true),
        ("?", "/", false),
        ("??", "é", false),
        // A star leaves the middle of a character to what follows it.
        ("*??", "☺", true),
        ("*???", "☺", false),
        ("v[0-9].txt", "v7.txt", true),
        ("v[0-9].txt", "va.txt", false),
        ("v[^0-9].txt", "va.txt", true),
        ("v[!0-9].txt", "v!.txt", true),
        ("a[^b]c", "a/c", true),
        ("[α-ω]", "λ", true),
        ("[9-0]", "5", false),
        ("[\\]]", "]", true),
        ("[\\-x]", "-", true),
        ("[x*]y", "*y", true),
        ("a\\*", "a*", true),
        ("a\\*", "ab", false),
        ("\\a", "a", true),
        ("]", "]", true),
        ("{a,b}", "a", false),
        // Go takes the first place that fits a chunk, and here that leaves the `/` to the star.
        ("*[^a]*", "[/", false),
        ("*[^a]*", "b", true),
        // Go gives up before it sees the error.
        ("a*[", "b", false),
        ("a*b\\", "x", false),
    ] {
        assert_eq!(matches(pattern, name), Ok(expected), "{pattern:?} against {name:?}");
    }
    for pattern in
        ["[", "[]", "[^", "[a", "[a-", "[a-]", "[-a]", "[]a]", "[a-b-c]", "\\", "a[", "a\\", "[\\", "[a\\"]
    {
        assert_eq!(matches(pattern, "a"), Err(BadPattern), "{pattern:?}");
        assert_eq!(matches(pattern, ""), Err(BadPattern), "{pattern:?} against nothing");
    }
    assert_eq!(matches("a*[", "ab"), Err(BadPattern));
}

/// `matches` said with a regular expression, for valid patterns whose classes leave out `/`.
fn as_regex(pattern: &str) -> regex::Regex {
    let mut text = String::from("(?s)^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '[' => {
                text.push('[');
                text.extend(characters.by_ref().take_while(|c| *c != ']'));
                text.push(']');
            }
            '\\' => text.push_str(&regex::escape(&characters.next().expect("generated").to_string())),
            _ => text.push_str(&regex::escape(&character.to_string())),
        }
    }
    regex::Regex::new(&(text + "$")).expect("generated patterns are valid")
}

proptest! {
    #[test]
    fn agrees_with_a_regular_expression(
        pattern in r"([ab./{]|\*|\?|\[[ab]\]|\[\^/[ab]\]|\[a-b\]|\\[*?a\[])*",
        name in "[ab./*?{\\[]*",
    ) {
        prop_assert_eq!(matches(&pattern, &name), Ok(as_regex(&pattern).is_match(&name)));
    }

    #[test]
    fn never_panics(pattern in any::<String>(), name in any::<String>(), odd in r"[a*?\[\]\\^é/-]*") {
        for pattern in [&pattern, &odd] {
            let _ = matches(pattern, &name);
            has_wildcard(pattern);
            dir(pattern);
            join(&[pattern, &name]);
            prop_assert_eq!(clean(&clean(pattern)), clean(pattern));
        }
    }
}
