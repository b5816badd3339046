//! What the reader of pdm's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const APPLICATION: &str =
    "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['six']\n[tool.pdm]\ndistribution = false\n";
const PACKAGE: &str = "[project]\nname = 'shop'\nversion = '1'\nreadme = 'README.md'\n[build-system]\nrequires = ['pdm-backend']\n";
const LOCK: &str = "[metadata]\nlock_version = '4.5.0'\n[[package]]\nname = 'six'\nversion = '1.16.0'\n";

fn pdm(words: &'static str) -> Line {
    Line::new("pdm", words)
}

#[test]
fn without_the_project_itself() {
    let package =
        Memory::new(&[("/app/pyproject.toml", PACKAGE), ("/app/pdm.lock", LOCK), ("/app/README.md", "")]);
    let application = Memory::new(&[("/app/pyproject.toml", APPLICATION), ("/app/pdm.lock", LOCK)]);
    for (words, project) in [
        ("sync --prod --no-self", &package),
        ("install --frozen-lockfile --prod --no-self", &package),
        ("install --check --no-self", &package),
        ("sync --prod", &application),
    ] {
        let inputs = pdm(words).reads(project);
        assert_eq!(
            inputs.files.iter().map(String::as_str).collect::<Vec<_>>(),
            ["/app/pdm.lock", "/app/pyproject.toml"],
            "{words}"
        );
        assert_eq!(
            inputs.write_trees.iter().map(String::as_str).collect::<Vec<_>>(),
            ["/app/.pdm-python", "/app/.venv", "/app/__pypackages__"]
        );
        assert!(inputs.probes.contains("/app/pdm.toml") && inputs.writes.is_empty());
    }
    assert!(pdm("sync --prod").unclear(&package).contains("installs the project itself"));
    assert!(pdm("install --no-self").unclear(&package).contains("rewrites `pdm.lock`"));
}

#[test]
fn what_stands_in_the_way() {
    let project = |manifest: &str, lock: &str, more: &str| {
        Memory::new(&[
            ("/app/pyproject.toml", manifest),
            ("/app/pdm.lock", lock),
            ("/app/wheels/rules-1.0-py3-none-any.whl", "\u{0}binary"),
            ("/app/rules/pyproject.toml", ""),
            (more, ""),
        ])
    };
    let with = |line: &str| format!("{LOCK}[[package]]\nname = 'rules'\nversion = '1'\n{line}\n");
    let wheel = project(APPLICATION, &with("path = './wheels/rules-1.0-py3-none-any.whl'"), "/app/x");
    assert!(pdm("sync").reads(&wheel).files.contains("/app/wheels/rules-1.0-py3-none-any.whl"));
    let hooked = format!("{APPLICATION}[tool.pdm.scripts]\npost_install = 'python setup_data.py'\n");
    let plugged = format!("{APPLICATION}plugins = ['pdm-shell']\n");
    for (manifest, lock, more, why) in [
        (APPLICATION, with("path = './rules'"), "/app/x", "builds `rules`"),
        (APPLICATION, with("git = 'file:///srv/rules'"), "/app/x", "not on the network"),
        (APPLICATION, LOCK.to_owned(), "/app/pdm.toml", "`/app/pdm.toml` changes"),
        (APPLICATION, LOCK.to_owned(), "/app/venv/bin/python", "may take `venv`"),
        (&hooked, LOCK.to_owned(), "/app/x", "the script `post_install`"),
        (
            &format!("{APPLICATION}options = {{ sync = ['--no-self'] }}\n"),
            LOCK.to_owned(),
            "/app/x",
            "adds options",
        ),
        (&plugged, LOCK.to_owned(), "/app/x", "plugins of pdm"),
    ] {
        assert!(pdm("sync").unclear(&project(manifest, &lock, more)).contains(why), "{why}");
    }
    let without = Memory::new(&[("/app/pyproject.toml", APPLICATION)]);
    assert!(pdm("sync").unclear(&without).contains("there is no `pdm.lock`"));
    let moved = Line { env: &[("PDM_CACHE_DIR", Some("/tmp/pdm"))], ..pdm("sync") };
    assert!(moved.unclear(&project(APPLICATION, LOCK, "/app/x")).contains("`PDM_CACHE_DIR`"));
}
