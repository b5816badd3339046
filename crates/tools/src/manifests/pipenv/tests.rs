//! What the reader of pipenv's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const PIPFILE: &str = "[[source]]\nurl = 'https://packages.example.org/simple'\nverify_ssl = true\nname = 'pypi'\n[packages]\nsix = '*'\n[dev-packages]\n[requires]\npython_version = '3.12'\n";
const LOCK: &str = r#"{"_meta": {"hash": {"sha256": "83b3"}, "sources": [{"name": "pypi", "url": "https://packages.example.org/simple", "verify_ssl": true}]},
    "default": {"six": {"index": "pypi", "version": "==1.17.0"}}, "develop": {}}"#;

fn pipenv(words: &'static str) -> Line {
    Line::new("pipenv", words)
}

fn project(pipfile: &str, lock: &str, more: &str) -> Memory {
    Memory::new(&[("/app/Pipfile", pipfile), ("/app/Pipfile.lock", lock), (more, "[section]\n")])
}

#[test]
fn what_the_lock_file_names() {
    let shop = project(PIPFILE, LOCK, "/app/main.py");
    for (words, trees) in [
        ("sync --dev", &["/app/.venv"][..]),
        ("sync --system", &[]),
        ("install --system --deploy", &[]),
        ("install --system --ignore-pipfile", &[]),
    ] {
        let inputs = pipenv(words).reads(&shop);
        assert_eq!(
            inputs.files.iter().map(String::as_str).collect::<Vec<_>>(),
            ["/app/Pipfile", "/app/Pipfile.lock"],
            "{words}"
        );
        assert_eq!(inputs.write_trees.iter().map(String::as_str).collect::<Vec<_>>(), trees, "{words}");
        assert!(inputs.probes.contains("/app/.env") && inputs.probes.contains("/app/pylock.toml"));
        assert!(inputs.writes.is_empty());
    }
    let unchecked = Line { env: &[("PIPENV_SKIP_VALIDATION", Some("1"))], ..pipenv("install --deploy") };
    assert!(unchecked.reads(&shop).write_trees.contains("/app/.venv"));
    let with_env = project(PIPFILE, LOCK, "/app/.env");
    let without = Line { env: &[("PIPENV_DONT_LOAD_ENV", Some("1"))], ..pipenv("sync") };
    assert!(!without.reads(&with_env).files.contains("/app/.env"));
}

#[test]
fn what_may_write_a_manifest() {
    let shop = project(PIPFILE, LOCK, "/app/main.py");
    for (words, why) in [
        ("install --system", "rewrites `Pipfile.lock`"),
        ("install --deploy", "may rewrite the names in `Pipfile`"),
        ("install --system --deploy six", "writes it into `Pipfile`"),
    ] {
        assert!(pipenv(words).unclear(&shop).contains(why), "{words}");
    }
    let active = Line { env: &[("VIRTUAL_ENV", Some("/opt/venv"))], ..pipenv("install --system --deploy") };
    assert!(active.unclear(&shop).contains("may rewrite the names"));
    let unlocked = Memory::new(&[("/app/Pipfile", PIPFILE)]);
    assert!(pipenv("sync").unclear(&unlocked).contains("there is no `Pipfile.lock`"));
}

#[test]
fn what_stands_in_the_way() {
    let entry =
        |entry: &str| LOCK.replace(r#""develop": {}"#, &format!(r#""develop": {{"rules": {entry}}}"#));
    for (pipfile, lock, more, why) in [
        (PIPFILE, entry(r#"{"path": "./rules"}"#), "/app/x", "builds `rules` of `/app/Pipfile.lock`"),
        (PIPFILE, entry(r#"{"file": "file:///srv/rules.whl"}"#), "/app/x", "builds `rules`"),
        (
            PIPFILE,
            entry(r#"{"editable": true, "git": "https://example.org/rules.git"}"#),
            "/app/x",
            "is editable",
        ),
        (PIPFILE, entry(r#"{"git": "/srv/rules.git"}"#), "/app/x", "cannot follow"),
        (
            PIPFILE,
            LOCK.replace("https://packages.example.org/simple", "file:///srv/wheels"),
            "/app/x",
            "package index",
        ),
        (PIPFILE, "{".to_owned(), "/app/x", "is no JSON"),
        (PIPFILE, LOCK.to_owned(), "/app/.env", "takes variables from"),
        (PIPFILE, LOCK.to_owned(), "/app/pylock.toml", "for its lock file"),
        (PIPFILE, LOCK.to_owned(), "/app/.venv/pyvenv.cfg", "virtual environment"),
        (
            &PIPFILE.replace("six = '*'", "shop = { path = '.', editable = true }"),
            LOCK.to_owned(),
            "/app/x",
            "builds `shop` of `/app/Pipfile`",
        ),
        (
            &format!("{PIPFILE}[pipenv]\nuse_pylock = true\n"),
            LOCK.to_owned(),
            "/app/x",
            "the setting `use_pylock`",
        ),
    ] {
        assert!(pipenv("sync").unclear(&project(pipfile, &lock, more)).contains(why), "{why}");
    }
    let shop = project(PIPFILE, LOCK, "/app/main.py");
    for env in [&[("PIPENV_PIPFILE", Some("/srv/Pipfile"))][..], &[("PIPENV_DEV", None)]] {
        assert!(Line { env, ..pipenv("sync") }.unclear(&shop).contains("changes what pipenv"));
    }
}
