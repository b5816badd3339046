//! What the reader of uv's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const APPLICATION: &str =
    "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['six']\n";
const PACKAGE: &str = "[project]\nname = 'shop'\nversion = '1'\nreadme = 'README.md'\n[build-system]\nrequires = ['hatchling']\n";
const SIX: &str =
    "[[package]]\nname = 'six'\nversion = '1'\nsource = { registry = 'https://pypi.example.org/simple' }\n";

fn uv(words: &'static str) -> Line {
    Line::new("uv", words)
}

fn lock(source: &str) -> String {
    format!("version = 1\n[[package]]\nname = 'shop'\nversion = '1'\nsource = {source}\n{SIX}")
}

#[test]
fn data_file_is_sound() {
    assert!(
        super::DATA.harmless_settings.contains("sources")
            && super::DATA.harmless_variables.contains("UV_FROZEN")
    );
}

#[test]
fn an_application_is_not_built() {
    let lock = lock("{ virtual = '.' }");
    let project = Memory::new(&[
        ("/app/pyproject.toml", APPLICATION),
        ("/app/uv.lock", &lock),
        ("/app/.python-version", "3.12\n"),
        ("/app/README.md", ""),
    ]);
    for words in ["sync --frozen", "sync --locked --no-dev", "sync --frozen --group=dev --compile-bytecode"] {
        let inputs = uv(words).reads(&project);
        assert_eq!(
            inputs.files.iter().map(String::as_str).collect::<Vec<_>>(),
            ["/app/.python-version", "/app/pyproject.toml", "/app/uv.lock"],
            "{words}"
        );
        assert_eq!(inputs.write_trees.iter().map(String::as_str).collect::<Vec<_>>(), ["/app/.venv"]);
        for probe in ["/app/uv.toml", "/app/.python-versions", "/pyproject.toml", "/.python-version"] {
            assert!(inputs.probes.contains(probe), "{probe}");
        }
    }
    let elsewhere = Line { env: &[("UV_PROJECT_ENVIRONMENT", Some("/opt/venv"))], ..uv("sync --frozen") };
    assert!(elsewhere.reads(&project).write_trees.contains("/opt/venv"));
    let by_variable = Line { env: &[("UV_FROZEN", Some("1"))], ..uv("sync") };
    assert!(by_variable.reads(&project).writes.is_empty());
}

#[test]
fn a_package_is_left_out_or_built() {
    let lock = lock("{ editable = '.' }");
    let project =
        Memory::new(&[("/app/pyproject.toml", PACKAGE), ("/app/uv.lock", &lock), ("/app/README.md", "")]);
    for words in [
        "sync --frozen --no-install-project",
        "sync --locked --no-install-workspace",
        "sync --locked --no-install-local",
        "sync --frozen --no-install-package=shop",
    ] {
        assert!(!uv(words).reads(&project).files.contains("/app/README.md"), "{words}");
    }
    for words in
        ["sync --frozen", "sync --locked --no-editable", "sync --frozen --no-install-project --package=shop"]
    {
        let told = uv(words).unclear(&project);
        assert!(told.starts_with("`uv sync` builds `shop` of the project"), "{words}: {told}");
    }
}

#[test]
fn a_lock_file_that_may_be_written() {
    let lock = lock("{ virtual = '.' }");
    let project = Memory::new(&[("/app/pyproject.toml", APPLICATION), ("/app/uv.lock", &lock)]);
    assert!(uv("sync").unclear(&project).contains("rewrites `uv.lock`"));
    let off = Line { env: &[("UV_FROZEN", Some("0"))], ..uv("sync") };
    assert!(off.unclear(&project).contains("rewrites `uv.lock`"));
    let open = Line { env: &[("UV_FROZEN", None)], ..uv("sync") };
    assert!(open.unclear(&project).contains("only known when it runs"));
    let without = Memory::new(&[("/app/pyproject.toml", APPLICATION)]);
    assert!(uv("sync --frozen").unclear(&without).contains("there is no `uv.lock`"));
}

#[test]
fn members_of_a_workspace() {
    let root = "[project]\nname = 'shop'\nversion = '1'\n[tool.uv.workspace]\nmembers = ['packages/*']\nexclude = ['packages/old']\n[tool.uv.sources]\napi = { workspace = true }\n";
    let api = PACKAGE.replace("shop", "api");
    let text = format!(
        "[[package]]\nname = 'shop'\nversion = '1'\nsource = {{ virtual = '.' }}\n[[package]]\nname = 'api'\nversion = '1'\nsource = {{ editable = 'packages/api' }}\n{SIX}"
    );
    let project = Memory::new(&[
        ("/app/pyproject.toml", root),
        ("/app/uv.lock", &text),
        ("/app/packages/api/pyproject.toml", &api),
        ("/app/packages/api/README.md", ""),
        ("/app/packages/old/pyproject.toml", ""),
        ("/app/packages/.cache/x", ""),
    ]);
    for words in
        ["sync --frozen --no-install-workspace", "sync --locked --no-install-workspace --package=api"]
    {
        let inputs = uv(words).reads(&project);
        assert_eq!(
            inputs.files.iter().map(String::as_str).collect::<Vec<_>>(),
            ["/app/packages/api/pyproject.toml", "/app/pyproject.toml", "/app/uv.lock"],
            "{words}"
        );
    }
    let inside = Line { cwd: "/app/packages/api", ..uv("sync --frozen --no-install-workspace") };
    assert!(inside.reads(&project).write_trees.contains("/app/.venv"));
    let told = uv("sync --frozen --no-install-project").unclear(&project);
    assert!(told.contains("builds `api`") && told.contains("--no-install-workspace"), "{told}");
    let outside = Line { cwd: "/app/packages/old", ..uv("sync --frozen") };
    assert!(outside.unclear(&project).contains("is no member"));
}

#[test]
fn dynamic_metadata_is_built_for_the_comparison() {
    let lock = lock("{ editable = '.' }");
    for (dynamic, refused) in [("version", true), ("dependencies", true), ("readme", false)] {
        let manifest = PACKAGE.replace("version = '1'", &format!("dynamic = ['{dynamic}']"));
        let project = Memory::new(&[("/app/pyproject.toml", &manifest), ("/app/uv.lock", &lock)]);
        assert!(!uv("sync --frozen --no-install-project").reads(&project).files.is_empty());
        let line = uv("sync --locked --no-install-project");
        if refused {
            assert!(line.unclear(&project).contains("has a dynamic"), "{dynamic}");
        } else {
            assert!(!line.reads(&project).files.is_empty(), "{dynamic}");
        }
    }
    let lock = lock.replacen("version = '1'\n", "", 1);
    let manifest = PACKAGE.replace("version = '1'", "dynamic = ['version']");
    let project = Memory::new(&[("/app/pyproject.toml", &manifest), ("/app/uv.lock", &lock)]);
    assert!(!uv("sync --locked --no-install-project").reads(&project).files.is_empty());
}

#[test]
fn local_packages_and_archives() {
    let text = |source: &str| {
        format!(
            "[[package]]\nname = 'shop'\nsource = {{ virtual = '.' }}\n[[package]]\nname = 'rules'\nsource = {source}\n"
        )
    };
    let with = |source: &str| {
        Memory::new(&[
            ("/app/pyproject.toml", APPLICATION),
            ("/app/uv.lock", &text(source)),
            ("/app/wheels/rules-1.0-py3-none-any.whl", "\u{0}binary"),
            ("/app/vendored/rules/pyproject.toml", PACKAGE),
        ])
    };
    let wheel = with("{ path = 'wheels/rules-1.0-py3-none-any.whl' }");
    assert!(uv("sync --frozen").reads(&wheel).files.contains("/app/wheels/rules-1.0-py3-none-any.whl"));
    let folder = with("{ directory = 'vendored/rules' }");
    assert!(uv("sync --frozen --no-install-workspace").unclear(&folder).contains("builds `rules`"));
    assert!(!uv("sync --frozen --no-install-local").reads(&folder).files.is_empty());
    for (source, why) in [
        ("{ registry = 'wheels' }", "not on the network"),
        ("{ git = 'file:///srv/rules' }", "not on the network"),
        ("{ shelf = 'x' }", "does not know"),
    ] {
        assert!(uv("sync --frozen").unclear(&with(source)).contains(why), "{source}");
    }
}

#[test]
fn settings_and_variables() {
    let lock = lock("{ virtual = '.' }");
    let with = |settings: &str| {
        Memory::new(&[
            ("/app/pyproject.toml", APPLICATION),
            ("/app/uv.lock", &lock),
            ("/app/uv.toml", settings),
        ])
    };
    assert!(uv("sync --frozen").reads(&with("compile-bytecode = true\n")).files.contains("/app/uv.toml"));
    assert!(
        !uv("sync --frozen").reads(&with("[[index]]\nurl = 'https://example.org/simple'\n")).files.is_empty()
    );
    for (settings, why) in [
        ("cache-dir = './cache'\n", "the setting `cache-dir`"),
        ("[[index]]\nurl = './wheels'\n", "`./wheels`"),
        ("find-links = ['wheels']\n", "`wheels`"),
        ("[", "is no TOML"),
    ] {
        assert!(uv("sync --frozen").unclear(&with(settings)).contains(why), "{settings}");
    }
    for (variable, why) in
        [("UV_CONFIG_FILE", "changes what uv reads"), ("UV_FIND_LINKS", "not on the network")]
    {
        let env: &'static [(&str, Option<&str>)] = Box::leak(Box::new([(variable, Some("wheels"))]));
        assert!(Line { env, ..uv("sync --frozen") }.unclear(&with("")).contains(why), "{variable}");
    }
    let by_path =
        Memory::new(&[("/app/pyproject.toml", APPLICATION), ("/app/.python-version", "./python\n")]);
    assert!(uv("sync --frozen").unclear(&by_path).contains("names an interpreter by its path"));
}

#[test]
fn requirement_files() {
    let project = Memory::new(&[
        ("/app/requirements.txt", "-r base.txt\n-c constraints.txt\n"),
        ("/app/base.txt", "six==1.16.0 --hash=sha256:aa\n./wheels/a-1.0-py3-none-any.whl\n"),
        ("/app/constraints.txt", "six<2\n"),
        ("/app/wheels/a-1.0-py3-none-any.whl", "\u{0}binary"),
        ("/app/editable.txt", "-e .\n"),
        ("/app/pyproject.toml", PACKAGE),
    ]);
    for words in ["pip-install --system -r=requirements.txt", "pip-sync requirements.txt"] {
        let files = uv(words).reads(&project).files;
        for file in [
            "requirements.txt",
            "base.txt",
            "constraints.txt",
            "wheels/a-1.0-py3-none-any.whl",
            "pyproject.toml",
        ] {
            assert!(files.contains(&format!("/app/{file}")), "{words}: {file}");
        }
    }
    assert!(uv("pip-install --system six").reads(&project).write_trees.is_empty());
    assert!(uv("pip-install six").reads(&project).write_trees.contains("/app/.venv"));
    for (words, why) in [
        ("pip-install -r=editable.txt", "built from its sources"),
        ("pip-install -e=.", "built from its sources"),
        ("pip-install .", "built from its sources"),
        ("pip-install -r=pyproject.toml", "build the project"),
        ("pip-install", "not told what to install"),
    ] {
        assert!(uv(words).unclear(&project).contains(why), "{words}");
    }
    assert!(uv("venv /opt/venv").reads(&project).write_trees.contains("/opt/venv"));
}
