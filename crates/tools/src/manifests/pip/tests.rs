//! What the reader of pip's inputs answers, by small projects.

use proptest::prelude::*;

use super::super::testing::{Line, Memory};

fn pip(words: &'static str) -> Line {
    Line::new("pip", words)
}

#[test]
fn data_file_is_sound() {
    assert!(super::DATA.harmless.contains("--no-cache-dir"));
    for option in super::TELLING {
        assert!(!super::DATA.harmless.contains(option), "{option} is both harmless and telling");
    }
}

#[test]
fn files_that_an_install_reads() {
    let project = Memory::new(&[
        ("/app/requirements.txt", "-r requirements/base.txt\nflask\n"),
        (
            "/app/requirements/base.txt",
            "-c ../constraints.txt\n-r base.txt\nrequests==2.0 --hash=sha256:aa\n",
        ),
        ("/app/constraints.txt", "urllib3<2\n"),
        ("/app/dist/x-1.0-py3-none-any.whl", "\u{0}binary"),
        ("/app/local.whl", "\u{0}binary"),
        ("/app/wheels/a.whl", "\u{0}binary"),
        ("/app/flask/__init__.py", ""),
        ("/app/file.txt", "name @ file:///app/local.whl\n"),
        ("/app/links.txt", "--find-links wheels\na\n"),
        ("/app/reqs/deep.txt", "./local.whl ; python_version > '3'\n"),
        (
            "/app/git.txt",
            "-e git+https://example.org/a.git#egg=a\nb @ git+https://${TOKEN}@example.org/b.git\n",
        ),
        ("/app/version.txt", "torch==${TORCH_VERSION}\n"),
        ("/app/pyproject.toml", "[dependency-groups]\ndev = ['flask']\n"),
    ]);
    let table: [(&str, &[&str]); 17] = [
        ("install -r=requirements.txt", &["constraints.txt", "requirements.txt", "requirements/base.txt"]),
        ("install --requirement=./requirements/../constraints.txt", &["constraints.txt"]),
        ("install -rconstraints.txt", &["constraints.txt"]),
        ("install -r=https://example.org/r.txt -c=constraints.txt", &["constraints.txt"]),
        ("install flask", &[]),
        ("install --upgrade --no-cache-dir pip setuptools==60.*", &[]),
        ("install 'requests", &[]),
        ("install requests[security]>=2", &[]),
        ("install dist/x-1.0-py3-none-any.whl", &["dist/x-1.0-py3-none-any.whl"]),
        ("install ./dist/x-1.0-py3-none-any.whl[extra]", &["dist/x-1.0-py3-none-any.whl"]),
        ("install local.whl", &["local.whl"]),
        ("install -r=file.txt", &["file.txt", "local.whl"]),
        ("install -r=reqs/deep.txt", &["local.whl", "reqs/deep.txt"]),
        ("install -r=git.txt", &["git.txt"]),
        ("install -r=version.txt", &["version.txt"]),
        ("install --group=dev", &["pyproject.toml"]),
        ("install git+https://example.org/a.git@v1 https://example.org/b.zip", &[]),
    ];
    for (words, files) in table {
        if words.contains('\'') {
            assert!(pip(words).unclear(&project).contains("cannot be understood"));
            continue;
        }
        let inputs = pip(words).reads(&project);
        let expected: Vec<String> = files.iter().map(|file| format!("/app/{file}")).collect();
        assert_eq!(inputs.files.into_iter().collect::<Vec<_>>(), expected, "{words}");
    }
    assert!(pip("install -r=links.txt").reads(&project).trees.contains("/app/wheels"));
    assert!(pip("install --find-links=wheels a").reads(&project).trees.contains("/app/wheels"));
    assert!(pip("install -r=git.txt").reads(&project).write_trees.contains("/app/src"));
}

#[test]
fn what_cannot_be_followed() {
    let project = Memory::new(&[
        ("/app/setup.py", ""),
        ("/app/lib/setup.py", ""),
        ("/app/dist/a.whl", "\u{0}binary"),
        ("/app/editable.txt", "-e .\n"),
        ("/app/path.txt", "./lib\n"),
        ("/app/production.txt", "-r missing.txt\n"),
        ("/app/utf16.txt", "\u{0}binary"),
        ("/app/variable.txt", "${PACKAGE}\n"),
        ("/app/included.txt", "-r ${DIR}/x.txt\n"),
        ("/app/page.html", ""),
        ("/app/index.txt", "-i file:///app/simple\n"),
        ("/app/unheard.txt", "--unheard-of x\n"),
    ])
    .unknown_below("/wheels");
    for (words, expected) in [
        ("install .", "built from its sources"),
        ("install ./lib", "[/app/lib]"),
        ("install lib/", "built from its sources"),
        ("install .[dev]", "built from its sources"),
        ("install -e=.", "built from its sources"),
        ("install -e=.[dev]", "built from its sources"),
        ("install -r=editable.txt", "built from its sources"),
        ("install -r=path.txt", "[/app/lib]"),
        ("install file:///app/lib", "[/app/lib]"),
        ("install lib@file:///app/lib", "[/app/lib]"),
        ("install dist/*.whl", "which files"),
        ("install missing.whl", "already broken?"),
        ("install -r=production.txt", "[/app/missing.txt]"),
        ("install -r=nothing.txt", "already broken?"),
        ("install -r=/wheels/r.txt", "not known"),
        ("install /wheels/x.whl", "not known"),
        ("install -r=utf16.txt", "UTF-8"),
        ("install -r=variable.txt", "`…` cannot be understood [/app/variable.txt]"),
        ("install -r=included.txt", "not known"),
        ("install -f=page.html x", "page of links"),
        ("install -r=index.txt", "not on the network [/app/index.txt]"),
        ("install -r=unheard.txt", "not an option"),
        ("install --unheard-of x", "not an option"),
        ("install", "not told what"),
        ("install git+file:///app/lib", "cannot follow"),
        ("uninstall x", "not an install"),
    ] {
        let reason = pip(words).unclear(&project);
        assert!(reason.contains(expected), "{words}: {reason}");
    }
}

#[test]
fn directories_that_it_fills() {
    let project = Memory::new(&[("/app/r.txt", "flask"), ("/app/lib/a.py", "")]);
    for (words, tree) in [
        ("install --target=lib -r=r.txt", "/app/lib"),
        ("install -t=/app/lib flask", "/app/lib"),
        ("install --prefix=/install flask", "/install"),
        ("install --user flask", "/root/.local"),
        ("wheel --wheel-dir=/wheels flask", "/wheels"),
        ("download flask", "/app"),
    ] {
        assert!(pip(words).reads(&project).write_trees.contains(tree), "{words}");
    }
    for (env, tree) in [
        (&[("HOME", Some("/app"))] as &'static [_], "/app/.local"),
        (&[("HOME", Some("/home/web"))], "/home/web/.local"),
        (&[("HOME", Some("/home/web")), ("PYTHONUSERBASE", Some("base"))], "/app/base"),
    ] {
        let inputs = Line { env, ..pip("install --user flask") }.reads(&project);
        assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), [tree]);
    }
    let unknown = Line { env: &[("HOME", None)], ..pip("install --user flask") };
    assert!(unknown.reads(&project).write_trees.is_empty());
    assert!(!pip("install --user flask").reads(&project).write_trees.contains("/app/.local"));
    let own = Memory::new(&[("/app/.local/lib/x.py", "")]);
    assert!(pip("install flask").unclear(&own).contains("[/app/.local]"));
    let home = Line { env: &[("HOME", Some("/app"))], ..pip("install flask") };
    assert!(home.reads(&own).write_trees.contains("/app/.local"));
    assert!(!pip("wheel -w=/wheels flask").reads(&project).write_trees.contains("/app"));
    assert!(pip("install --target=lib flask").reads(&project).trees.contains("/app/lib"));
}

#[test]
fn modules_of_the_project_come_first_with_dash_m() {
    let project =
        Memory::new(&[("/app/r.txt", "flask"), ("/app/logging.py", ""), ("/src/email/__init__.py", "")]);
    let module = Line { command: "python -m pip", ..pip("install -r=r.txt") };
    assert!(module.unclear(&project).contains("replaces the module `logging`"));
    pip("install -r=r.txt").reads(&project);
    let path = Line { env: &[("PYTHONPATH", Some("/src:/lib"))], ..pip("install -r=r.txt") };
    assert!(path.unclear(&project).contains("[/src/email]"));
    let here = Line { env: &[("PYTHONPATH", Some("/lib:"))], ..pip("install flask") };
    assert!(here.unclear(&project).contains("logging"));
    let unknown = Line { env: &[("PYTHONPATH", None)], ..pip("install flask") };
    assert!(unknown.unclear(&project).contains("PYTHONPATH"));

    let tame = Memory::new(&[("/app/r.txt", "flask"), ("/app/app.py", ""), ("/app/email/data.txt", "")]);
    let module = Line { command: "python3 -m pip", ..pip("install -r=r.txt") };
    module.reads(&tame);
    let dark = Memory::new(&[("/app/r.txt", "flask")]).unknown_below("/app");
    assert!(module.unclear(&dark).contains("where Python looks for modules first"));
}

#[test]
fn environment_and_configuration() {
    let project = Memory::new(&[
        ("/app/r.txt", "flask"),
        ("/app/c.txt", "flask<3"),
        ("/app/pip.conf", "[global]\nrequirement = nothing.txt\n"),
        ("/app/ca.pem", ""),
    ]);
    for (env, files) in [
        (&[("PIP_REQUIREMENT", Some("r.txt"))] as &'static [_], &["/app/r.txt"] as &[&str]),
        (&[("PIP_CONSTRAINT", Some("/app/c.txt")), ("PIP_NO_CACHE_DIR", Some("1"))], &["/app/c.txt"]),
        (&[("REQUESTS_CA_BUNDLE", Some("/app/ca.pem")), ("PIP_VERSION", None)], &["/app/ca.pem"]),
        (&[("PIP_CONFIG_FILE", Some("/dev/null"))], &[]),
    ] {
        let inputs = Line { env, ..pip("install flask") }.reads(&project);
        assert_eq!(inputs.files.iter().collect::<Vec<_>>(), files, "{env:?}");
    }
    for (env, expected) in [
        (&[("PIP_CONFIG_FILE", Some("pip.conf"))] as &'static [_], "(by `/app/pip.conf`)"),
        (&[("PIP_CONFIG_FILE", None)], "PIP_CONFIG_FILE"),
        (&[("PIP_FIND_LINKS", None)], "PIP_FIND_LINKS"),
        (&[("VIRTUAL_ENV", None)], "VIRTUAL_ENV"),
    ] {
        let reason = Line { env, ..pip("install flask") }.unclear(&project);
        assert!(reason.contains(expected), "{env:?}: {reason}");
    }
    let home = Memory::new(&[("/root/.config/pip/pip.conf", "[global]\nindex-url = https://h/simple\n")]);
    assert!(pip("install flask").reads(&home).files.contains("/root/.config/pip/pip.conf"));
    let distutils = Memory::new(&[("/app/setup.cfg", "[flake8]\nx = 1\n[install]\nprefix=\n")]);
    assert!(pip("install flask").unclear(&distutils).contains("[install]"));
}

#[test]
fn virtual_environments() {
    let project = Memory::new(&[("/app/r.txt", "flask")]).unknown_below("/app/venv").unknown_below("/venv");
    let own = Line { command: "./venv/bin/pip", ..pip("install -r=r.txt") };
    assert!(own.reads(&project).write_trees.contains("/app/venv"));
    let active = Line { env: &[("VIRTUAL_ENV", Some("/venv"))], ..pip("install -r=r.txt") };
    assert!(active.reads(&project).write_trees.contains("/venv"));
    let path = Line { env: &[("PATH", Some("/venv/bin:/usr/bin:/bin"))], ..pip("install -r=r.txt") };
    assert!(path.reads(&project).write_trees.contains("/venv"));

    // What may lie at a usual place without being named is the image's.
    let image = Memory::new(&[("/app/r.txt", "flask")]).unknown_below("/app");
    for env in [&[] as &'static [_], &[("PATH", None)]] {
        let usual = Line { env, ..pip("install flask") };
        assert!(usual.reads(&image).write_trees.is_empty(), "{env:?}");
    }
    let named = Line { env: &[("PATH", Some("/app/.venv/bin:/usr/bin"))], ..pip("install flask") };
    assert_eq!(named.reads(&image).write_trees.iter().collect::<Vec<_>>(), ["/app/.venv"]);

    let committed =
        Memory::new(&[("/app/r.txt", "flask"), ("/app/venv/bin/pip", ""), ("/app/venv/pyvenv.cfg", "")]);
    assert!(own.unclear(&committed).contains("comes from the project"));
    assert!(pip("install -r=r.txt").unclear(&committed).contains("[/app/venv/bin/pip]"));
    let marked = Memory::new(&[("/app/r.txt", "flask"), ("/app/env/pyvenv.cfg", "")]);
    let unknown_path = Line { env: &[("PATH", None)], ..pip("install -r=r.txt") };
    assert!(unknown_path.unclear(&marked).contains("[/app/env/pyvenv.cfg]"));
    let elsewhere = Line { command: "/usr/local/bin/pip", ..pip("install -r=r.txt") };
    assert!(
        elsewhere.reads(&Memory::new(&[("/app/r.txt", "")]).unknown_below("/usr")).write_trees.is_empty()
    );
}

proptest! {
    #[test]
    fn never_panics(text in ".*", line in "[-rcef./ @:;\\[\\]a\n#${}A]{0,60}") {
        for text in [text, line] {
            let project = Memory::new(&[("/app/r.txt", &text), ("/app/pip.conf", &text), ("/app/setup.cfg", &text)]);
            let _ = Line { env: &[("PIP_CONFIG_FILE", Some("pip.conf"))], ..pip("install -r=r.txt") }.ask(&project);
        }
    }
}
