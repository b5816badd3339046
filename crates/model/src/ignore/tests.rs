//! What `.dockerignore` leaves out: a table of cases, and properties. They hold no rule of their own.

use super::*;
use proptest::prelude::*;

fn ignore(text: &str) -> Ignore {
    Ignore::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Ignore file, paths it keeps out, paths it leaves in.
const CASES: &[(&str, &[&str], &[&str])] = &[
    // Anchored at the root of the context, unlike .gitignore.
    ("", &[], &["a", "a/b"]),
    ("node_modules", &["node_modules", "node_modules/x/index.js"], &["web/node_modules", "node_modules2"]),
    ("**/node_modules", &["node_modules", "web/node_modules", "a/b/node_modules/x.js"], &["my_node_modules"]),
    ("a/b", &["a/b", "a/b/c"], &["a/bc", "a", "x/a/b", "a/c"]),
    ("/build", &["build", "build/x"], &["src/build"]),
    ("build/", &["build", "build/x"], &["src/build"]),
    ("./build//out/.", &["build/out", "build/out/x"], &["build"]),
    ("src/../lib", &["lib/x"], &["src/lib"]),
    ("Dockerfile", &["Dockerfile"], &["Dockerfile.dev", "docker/Dockerfile"]),
    (".", &[], &["a"]),
    ("/", &[], &["a"]),
    ("..", &[], &["a"]),
    ("../secrets", &[], &["secrets"]),
    // One star stays within a name; names that start with a dot are names.
    ("*", &["a", ".env", "a/b/c"], &[]),
    ("*/bin", &["src/bin", "src/bin/x"], &["bin", "src/Web/bin", "src/Web/obj"]),
    ("*/obj", &["Web/obj/project.assets.json"], &["src/Web/obj/project.assets.json"]),
    ("*.md", &["README.md", ".md"], &["docs/README.md", "README.mdx"]),
    ("*.md", &["folder.md/x"], &[]),
    (".*", &[".git", ".git/config", ".env"], &["a", "a/.env", "a.b"]),
    ("temp?", &["temp1", "tempé"], &["temp", "temp12", "temp/"]),
    ("a?b", &["axb"], &["a/b", "ab"]),
    ("docs/*", &["docs/a", "docs/a/b"], &["docs", "docsy"]),
    ("docs/*.txt", &["docs/a.txt"], &["docs/a/b.txt", "a.txt"]),
    ("*/*/temp*", &["a/b/temp", "a/b/temporary.txt/x"], &["a/temp", "a/b/c/temp"]),
    ("a*b*c", &["abc", "aXbYc", "aXbYc/d"], &["aXbY", "aX/bYc"]),
    // Two stars cross names.
    ("**", &["a", ".env", "a/b"], &[]),
    ("**/", &["a", "a/b"], &[]),
    ("**/**", &["a", "a/b"], &[]),
    ("**/*", &["a", "a/b/.c"], &[]),
    ("**/*.md", &["README.md", "docs/a/b.md"], &["README.txt"]),
    ("**.md", &["README.md", "docs/a/b.md"], &["README.md5"]),
    ("**file", &["file", "a/file", "a/myfile"], &["files"]),
    ("**/.env", &[".env", "web/.env"], &["prod.env", "web/prod.env"]),
    ("**/.env*", &[".env.local", "web/.env"], &["a.env"]),
    ("docs/**", &["docs/a", "docs/a/b"], &["docs", "docs2/a"]),
    (
        "docs/**/*.md",
        &["docs/a.md", "docs/a/b.md", "docs/a/b/c.md"],
        &["docs.md", "docs/a.txt", "x/docs/a.md"],
    ),
    ("docs/**/img", &["docs/img/x", "docs/a/b/img"], &["docs/a/img2"]),
    ("a**/*.txt", &["a/x.txt", "ab/c/x.txt", "a.txt"], &["b/x.txt"]),
    ("**/bin/**", &["bin/x", "src/Web/bin/x/y"], &["bin", "src/bin", "bins/x"]),
    ("**/a/b", &["a/b", "x/a/b", "x/y/a/b/c"], &["a/x/b", "xa/b"]),
    ("**/**/*.txt", &["x.txt", "a/b/x.txt"], &["x.txt2"]),
    ("***", &["a", "a/b"], &[]),
    ("**/obj/*.json", &["obj/a.json", "src/Web/obj/a.json"], &["src/Web/obj/x/a.json"]),
    // Classes and escapes.
    ("file[0-9]", &["file1"], &["file", "filea", "file12"]),
    ("file[^0-9]", &["filea"], &["file1", "file/x"]),
    ("file[!0]", &["file!", "file0"], &["file1"]),
    ("a[^x]c", &["a/c"], &["axc"]),
    ("[[]a", &["[a"], &["a"]),
    ("[a-cx-z]", &["b", "y"], &["d", "-"]),
    ("[α-ω]*", &["λx"], &["x"]),
    ("[\\]]", &["]"], &["\\"]),
    ("[\\-a]", &["-", "a"], &["b"]),
    ("\\#notes", &["#notes"], &["\\#notes"]),
    ("\\!keep", &["!keep"], &["keep"]),
    ("a\\*b", &["a*b"], &["aXb", "a\\*b"]),
    ("a\\ b", &["a b"], &[]),
    ("what\\?", &["what?"], &["whats"]),
    ("c++/(old)$.x", &["c++/(old)$.x", "c++/(old)$.x/y"], &["c/old"]),
    ("c++/(old)$.*", &["c++/(old)$.x"], &["ccc/old$.x", "c++/(old)$x"]),
    ("a.b", &["a.b"], &["axb"]),
    // What a regular expression makes of the rest: as a build sees it, not as its author meant it.
    ("*.{png,jpg}", &["x.{png,jpg}"], &["x.png", "x.jpg"]),
    ("a|b", &["a|b"], &["a", "b"]),
    ("a|b*", &["a|b", "abc", "a/x", "x/bcd", "b/c"], &["xyz", "c"]),
    ("a^*", &[], &["a^", "a^b"]),
    ("a^b", &["a^b"], &["ab"]),
    ("[a?]b", &["a]b", "[]b"], &["ab", "xb"]),
    ("[ab*]", &["aa]", "]"], &["a", "b", "*"]),
    ("\\d*", &["1", "12"], &["d", "dx"]),
    ("bin\\Debug", &["binDebug", "binXebug"], &["bin1ebug", "bin/Debug", "bin\\Debug"]),
    ("\\bab*", &["ab", "abc"], &["bab"]),
    // The last pattern that matches decides.
    ("*.md\n!README.md", &["CHANGES.md"], &["README.md"]),
    ("!README.md\n*.md", &["README.md"], &[]),
    ("*.md\n!README*.md\nREADME-secret.md", &["README-secret.md", "x.md"], &["README.md", "README-a.md"]),
    ("*\n!src", &["a", "lib/x", "src2"], &["src", "src/a", "src/a/b"]),
    ("*\n!src\n!package.json", &["README.md", "web/src"], &["src/a", "package.json"]),
    ("**\n!src/**", &["src", "a"], &["src/a", "src/a/b"]),
    ("**\n!dist/*.whl", &["dist/a.tar.gz"], &["dist/app-1.0+g1.whl"]),
    ("**\n!docker/web\ndocker/web/x", &["docker/web/x", "docker/api"], &["docker/web/y"]),
    ("docs\n!docs/README.md", &["docs/a", "docs"], &["docs/README.md"]),
    ("docs/\n!docs/README.md", &["docs/a"], &["docs/README.md"]),
    ("*\n!src\nsrc/**/*_test.go", &["src/a/b_test.go"], &["src/a/b.go"]),
    ("*\n!**/*.csproj", &["a/b.cs"], &["b.csproj", "a/b/c.csproj"]),
    ("a\n!!b\n!b", &["a"], &["b"]),
    ("*\n!!b", &["b"], &["!b"]),
    ("secret*\n! secret.example", &["secret.txt"], &["secret.example"]),
    ("*\n!/src", &["a"], &["src/a"]),
    ("*\n/!src", &["a"], &["src/a"]),
    // Reading.
    ("# a\nb", &["b"], &["# a", "a"]),
    (" # a", &["# a"], &["a"]),
    ("a # why", &["a # why"], &["a"]),
    ("#", &[], &["#"]),
    ("\u{feff}# a\nb", &["b"], &["# a"]),
    ("\u{feff}a", &["a"], &["\u{feff}a"]),
    ("a\n\u{feff}b", &["\u{feff}b"], &["b"]),
    ("a\n\u{feff}b*", &["bc"], &["\u{feff}bc"]),
    ("  a  \n\tb\t", &["a", "b"], &["  a  "]),
    ("a\r\nb\r\n\r\n!a\r\n", &["b"], &["a"]),
    ("\n\n  \n\t\n", &[], &["a", " "]),
    ("a b", &["a b"], &["a", "b"]),
    ("\u{a0}a\u{2003}", &["a"], &[]),
    ("a/ b", &["a/ b"], &["a/b"]),
    ("a\rb", &["a\rb"], &["a", "b"]),
    ("/ a", &["a"], &[" a"]),
    ("A", &["A"], &["a"]),
    ("", &[], &["", ".", "./"]),
    ("*", &["./a", "a/"], &["", ".", "./"]),
];

#[test]
fn excludes_what_a_build_excludes() {
    for (text, out, kept) in CASES {
        let rules = ignore(text);
        for path in *out {
            assert!(rules.excludes(path), "{text:?} must exclude {path:?}");
            assert!(!rules.disputed(path), "{text:?}, {path:?}");
        }
        for path in *kept {
            assert!(!rules.excludes(path), "{text:?} must keep {path:?}");
            assert!(!rules.disputed(path), "{text:?}, {path:?}");
        }
    }
}

#[test]
fn refuses_what_a_build_refuses() {
    for (text, line) in [
        ("!", 1),
        ("a\n! ", 2),
        ("!/", 1),
        ("a\r\n[", 2),
        ("[a", 1),
        ("[]a]", 1),
        ("[-a]", 1),
        ("[a-]", 1),
        ("a\\", 1),
        ("x/[^", 1),
        // Go's Match takes these, its regexp does not.
        ("[b-a]", 1),
        ("# tools\n\n[Local-Only]/", 3),
        ("\\é*", 1),
        ("\\o", 1),
        ("[ab**]*[", 1),
    ] {
        assert_eq!(Ignore::parse(text).map_err(|error| error.line).err(), Some(line), "{text:?}");
    }
    let long = "a".repeat(LINE_LIMIT);
    assert!(Ignore::parse(&long[1..]).is_ok());
    assert!(Ignore::parse(&long).is_err());
}

#[test]
fn refuses_syntax_that_it_does_not_model() {
    for text in ["x{2}*", "[[:alpha:]]*", "\\pL*", "\\x41*", "\\Qa*", "\\07*"] {
        assert!(Ignore::parse(text).is_err(), "{text:?}");
    }
    let error = Ignore::parse("a\n!x{2}*").unwrap_err();
    assert_eq!(error.to_string(), "line 2: `!x{2}*`: dockopt does not know what a counted repetition means");
}

#[test]
fn keeps_patterns_cleaned_with_their_lines() {
    let rules = ignore("\u{feff}# top\r\n\r\n /dist/ \r\n! ./keep//me\r\n");
    let seen: Vec<_> = rules.patterns().iter().map(|p| (p.text.as_str(), p.line, p.negated)).collect();
    assert_eq!(seen, [("dist", 3, false), ("keep/me", 4, true)]);
    assert!(rules.has_negations());
    assert!(Ignore::none().patterns().is_empty() && !Ignore::none().has_negations());
}

#[test]
fn walks_into_excluded_folders_only_for_what_may_come_back() {
    for (text, folder, expected) in [
        ("docs", "docs", false),
        ("docs", "src", true),
        ("docs\n!docs/README.md", "docs", true),
        ("docs\n!docs/README.md", "docs/img", false),
        ("*\n!src", "lib", false),
        ("*\n!src", "src", true),
        ("*\n!src/a/b", "src/a", true),
        ("*\n!src/a/b", "src/ab", false),
        ("*\n!src/**", "src", true),
        ("*\n!src/*", "lib", false),
        ("*\n!**/*.csproj", "lib", true),
        ("*\n!a\\b", "lib", true),
        ("*\n!src\nsrc/x", "src/x", false),
        ("a\n!a/*/**", "a/b", false),
        ("", "", true),
        ("*", ".", true),
    ] {
        assert_eq!(ignore(text).may_include_below(folder), expected, "{text:?}, {folder:?}");
    }
}

#[test]
fn says_where_moby_contradicts_itself() {
    // The walk finds `a` included already, so it forgets that `!a` matches it, and leaves out `a/b`.
    assert!(ignore("a/b\n!a").disputed("a/b"));
    // Listed by the walk, then not opened.
    assert!(ignore("a\n!a/b\na").disputed("a/b"));
    // Pruned, although the pattern matches below.
    assert!(ignore("a\n!a/*/**").disputed("a/b/c"));
    assert!(!ignore("a\n!a/*/**").disputed("a/b"));
    assert!(!ignore("a/b").disputed("a/b"));
}

/// The rules again, as their documentation puts them: every pattern a regular expression, the last match wins.
fn reference(lines: &[String], path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let above_and_itself: Vec<String> = (1..=parts.len()).map(|count| parts[..count].join("/")).collect();
    let decisive = lines.iter().rev().find(|line| {
        let regex = reference_regex(line.trim_start_matches('!'));
        above_and_itself.iter().any(|path| regex.is_match(path))
    });
    decisive.is_some_and(|line| !line.starts_with('!'))
}

fn reference_regex(pattern: &str) -> regex::Regex {
    let mut text = regex::escape(pattern);
    // In the escaped text: a leading or inner `**/` is any folders or none, a last one anything, `*` and `?` part of a
    // name; classes come back unescaped.
    for (from, to) in [
        ("\\*\\*/", "<folders>"),
        ("\\*\\*", "<anything>"),
        ("\\*", "[^/]*"),
        ("\\?", "[^/]"),
        ("<folders>", "(?:.*/)?"),
        ("<anything>", ".*"),
        ("\\[ab\\]", "[ab]"),
        ("\\[\\^a\\]", "[^a]"),
        ("\\[a\\-b\\]", "[a-b]"),
    ] {
        text = text.replace(from, to);
    }
    regex::Regex::new(&format!("(?s)^(?:{text})$")).expect("generated patterns are valid")
}

const NAME: &str = r"(a|b|ab|\.c|a\.b|\+|é)";
/// Never only dots, which `clean` would take away.
const NAME_PATTERN: &str =
    r"\.?([abé+]|\*|\?|\[ab\]|\[\^a\]|\[a-b\])([ab.é+]|\*|\?|\[ab\]|\[\^a\]|\[a-b\]){0,2}";

prop_compose! {
    fn pattern_line()(
        negation in "!?",
        folders in r"(\*\*/)?",
        names in prop::collection::vec(NAME_PATTERN, 1..4),
        rest in r"(/\*\*)?",
    ) -> String {
        // Runs of stars inside a name have a meaning of their own; the table has them.
        let names = names.join("/").replace("***", "*").replace("**", "*");
        format!("{negation}{folders}{names}{rest}")
    }
}

prop_compose! {
    fn path()(names in prop::collection::vec(NAME, 1..5)) -> String {
        names.join("/")
    }
}

proptest! {
    #[test]
    fn agrees_with_the_reference(
        lines in prop::collection::vec(pattern_line(), 0..5),
        paths in prop::collection::vec(path(), 1..8),
    ) {
        let rules = ignore(&lines.join("\n"));
        for path in &paths {
            prop_assert_eq!(rules.excludes(path), reference(&lines, path), "{:?} {:?}", lines, path);
        }
    }

    /// What a walk finds that goes only where `may_include_below` sends it is what `excludes` says, or disputed.
    #[test]
    fn pruning_loses_nothing_undisputed(
        lines in prop::collection::vec(pattern_line(), 0..5),
        path in path(),
    ) {
        let rules = ignore(&lines.join("\n"));
        let pruned = folders_above(&path).any(|folder| !rules.may_include_below(folder));
        prop_assert!(!pruned || rules.excludes(&path) || rules.disputed(&path), "{:?} {:?}", lines, path);
        prop_assert!(rules.has_negations() || !rules.disputed(&path));
    }

    #[test]
    fn never_panics(text in any::<String>(), odd in r"([ab*?!\[\]\\^/#.|{}2,é \r\n$()+-]|\x{feff})*", path in any::<String>()) {
        for text in [&text, &odd] {
            if let Ok(rules) = Ignore::parse(text) {
                for path in [path.as_str(), "a/b", "", "/", "a//b", "../a"] {
                    rules.excludes(path);
                    rules.disputed(path);
                    rules.may_include_below(path);
                }
            }
        }
    }
}
