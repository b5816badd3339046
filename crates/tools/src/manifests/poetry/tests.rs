//! What the reader of poetry's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const MANIFEST: &str = "[tool.poetry]\nname = 'shop'\nversion = '1'\nreadme = 'README.md'\n[tool.poetry.dependencies]\npython = '^3.11'\n";
const LOCK: &str = "[[package]]\nname = 'six'\nversion = '1'\n[metadata]\nlock-version = '2.1'\n";

fn poetry(words: &'static str) -> Line {
    Line::new("poetry", words)
}

fn project(manifest: &str, lock: &str) -> Memory {
    Memory::new(&[
        ("/app/pyproject.toml", manifest),
        ("/app/poetry.lock", lock),
        ("/app/README.md", ""),
        ("/app/LICENSE", "MIT"),
        ("/app/wheels/rules-1.0-py3-none-any.whl", "\u{0}binary"),
        ("/app/vendored/rules/pyproject.toml", ""),
        ("/app/vendored/rules/rules.py", ""),
    ])
}

fn local(form: &str, url: &str) -> String {
    format!(
        "{LOCK}[[package]]\nname = 'rules'\nversion = '1'\n[package.source]\ntype = '{form}'\nurl = '{url}'\n"
    )
}

#[test]
fn without_the_project_itself() {
    let inputs = poetry("install --no-root --only=main --no-interaction").reads(&project(MANIFEST, LOCK));
    assert_eq!(
        inputs.files.iter().map(String::as_str).collect::<Vec<_>>(),
        ["/app/poetry.lock", "/app/pyproject.toml"]
    );
    assert_eq!(inputs.write_trees.iter().map(String::as_str).collect::<Vec<_>>(), ["/app/.venv"]);
    assert!(inputs.probes.contains("/app/poetry.toml") && inputs.writes.is_empty());
    let off = MANIFEST.replace("name = 'shop'", "package-mode = false");
    assert!(!poetry("install").reads(&project(&off, LOCK)).files.contains("/app/README.md"));
    for words in ["install", "install --only=main", "install --no-root --only-root"] {
        assert!(
            poetry(words).unclear(&project(MANIFEST, LOCK)).contains("installs the project itself"),
            "{words}"
        );
    }
}

#[test]
fn a_license_file_is_read_in_any_case() {
    let manifest = "[project]\nname = 'shop'\nversion = '1'\nlicense = { file = 'LICENSE' }\n";
    assert!(poetry("install --no-root").reads(&project(manifest, LOCK)).files.contains("/app/LICENSE"));
    assert!(
        poetry("config virtualenvs.create false")
            .reads(&project(manifest, LOCK))
            .files
            .contains("/app/LICENSE")
    );
    let gone = manifest.replace("LICENSE", "COPYING");
    assert!(poetry("install --no-root").unclear(&project(&gone, LOCK)).contains("is missing"));
}

#[test]
fn packages_of_the_project() {
    let wheel = local("file", "wheels/rules-1.0-py3-none-any.whl");
    let files = poetry("install --no-root").reads(&project(MANIFEST, &wheel)).files;
    assert!(files.contains("/app/wheels/rules-1.0-py3-none-any.whl"));
    let folder = local("directory", "vendored/rules");
    assert!(poetry("install --no-root").unclear(&project(MANIFEST, &folder)).contains("builds `rules`"));
    let files = poetry("install --no-root --no-directory").reads(&project(MANIFEST, &folder)).files;
    assert!(
        files.contains("/app/vendored/rules/pyproject.toml")
            && !files.contains("/app/vendored/rules/rules.py")
    );
    assert!(
        !poetry("install --no-root")
            .reads(&project(MANIFEST, &local("legacy", "https://h/simple")))
            .files
            .is_empty()
    );
    assert!(
        poetry("install --no-root")
            .unclear(&project(MANIFEST, &local("git", "../rules")))
            .contains("not on the network")
    );
}

#[test]
fn settings() {
    let with = |settings: &str| {
        Memory::new(&[
            ("/app/pyproject.toml", MANIFEST),
            ("/app/poetry.lock", LOCK),
            ("/app/poetry.toml", settings),
        ])
    };
    let outside = poetry("install --no-root").reads(&with("[virtualenvs]\nin-project = false\n"));
    assert!(outside.write_trees.is_empty() && outside.files.contains("/app/poetry.toml"));
    for (settings, why) in [
        ("cache-dir = '.cache'\n", "the setting `cache-dir`"),
        ("[virtualenvs]\npath = '{project-dir}/envs'\n", "the setting `virtualenvs.path`"),
        ("[", "is no TOML"),
    ] {
        assert!(poetry("install --no-root").unclear(&with(settings)).contains(why), "{settings}");
    }
    let moved = Line { env: &[("POETRY_CACHE_DIR", Some("/tmp/poetry"))], ..poetry("install --no-root") };
    assert!(moved.reads(&project(MANIFEST, LOCK)).write_trees.contains("/tmp/poetry"));
    let active = Line { env: &[("VIRTUAL_ENV", Some("/opt/venv"))], ..poetry("install --no-root") };
    assert!(!active.reads(&project(MANIFEST, LOCK)).write_trees.contains("/app/.venv"));
    assert!(poetry("config --local virtualenvs.create").reads(&with("")).writes.contains("/app/poetry.toml"));
}

#[test]
fn what_is_written_or_not_known() {
    let without = Memory::new(&[("/app/pyproject.toml", MANIFEST)]);
    assert!(poetry("install --no-root").unclear(&without).contains("there is no `poetry.lock`"));
    for (more, why) in [
        ("[tool.poetry-dynamic-versioning]\nenable = true\n", "`poetry-dynamic-versioning`"),
        ("[tool.poetry.requires-plugins]\nx = '>1'\n", "`requires-plugins`"),
    ] {
        let manifest = format!("{MANIFEST}{more}");
        assert!(poetry("install --no-root").unclear(&project(&manifest, LOCK)).contains(why), "{why}");
    }
    let shadowed =
        Memory::new(&[("/app/pyproject.toml", MANIFEST), ("/app/poetry.lock", LOCK), ("/app/json.py", "")]);
    assert!(poetry("install --no-root").unclear(&shadowed).contains("replaces the module `json`"));
}
