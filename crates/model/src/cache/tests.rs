//! Builds one after the other, as a developer makes them, and which steps run.

use dockopt_tools::Toolbox;

use super::{Builder, Contents, File, Plan, Ran, Storage, Store};
use crate::Model;

/// A build: the Dockerfile, and the files of the context with their bytes.
type Build<'a> = (&'a str, &'a [(&'a str, &'a str)]);

fn plan(text: &str, builder: Builder, arguments: &[(&str, &str)]) -> Plan {
    let parse = dockopt_syntax::parse(text);
    assert!(parse.errors.is_empty(), "{text}");
    let arguments = arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Plan::of(&Model::new(&parse.tree, Toolbox::builtin(), None), builder, &arguments)
}

/// Which steps of the last build run, as `.` for those that do not, `x` for those that do and `?` for those that may.
fn last(storage: Storage, builder: Builder, builds: &[Build<'_>]) -> String {
    let mut store = Store::new(storage);
    let mut said = String::new();
    for (text, files) in builds {
        let plan = plan(text, builder, &[]);
        let mut contents = Contents::new(&plan.selectors);
        for (path, bytes) in *files {
            contents.add(path, File { mode: 0o644, content: super::key(bytes) });
        }
        let sign = |ran| match ran {
            Ran::No => '.',
            Ran::Perhaps => '?',
            Ran::Yes => 'x',
        };
        said = store.build(&plan, &contents).into_iter().map(sign).collect();
    }
    said
}

fn rebuilt(builds: &[Build<'_>]) -> String {
    last(Storage::Persistent, Builder::BuildKit, builds)
}

const NAIVE: &str = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n";
const SPLIT: &str = "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n";
const ONE: &[(&str, &str)] = &[("app.py", "1"), ("requirements.txt", "flask")];
const EDITED: &[(&str, &str)] = &[("app.py", "2"), ("requirements.txt", "flask")];

#[test]
fn an_edit_of_a_source_runs_what_comes_after_its_copy() {
    assert_eq!(rebuilt(&[(NAIVE, ONE)]), "xxx");
    assert_eq!(rebuilt(&[(NAIVE, ONE), (NAIVE, ONE)]), "...");
    assert_eq!(rebuilt(&[(NAIVE, ONE), (NAIVE, EDITED)]), ".xx");
    assert_eq!(rebuilt(&[(SPLIT, ONE), (SPLIT, EDITED)]), "...x");
    // A revert finds the old results, if they are kept.
    assert_eq!(rebuilt(&[(NAIVE, ONE), (NAIVE, EDITED), (NAIVE, ONE)]), "...");
    let builds = [(NAIVE, ONE), (NAIVE, EDITED), (NAIVE, ONE)];
    assert_eq!(last(Storage::LastBuild, Builder::BuildKit, &builds), ".xx");
    assert_eq!(last(Storage::Nothing, Builder::BuildKit, &builds), "xxx");
}

#[test]
fn what_an_edit_of_the_dockerfile_runs() {
    let base = "FROM alpine\nENV A=1\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n";
    let files: &[(&str, &str)] = &[("a", "1"), ("b", "1")];
    let edits = [
        ("FROM alpine\nENV A=2\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n", ".xx"),
        (
            "FROM alpine\nENV A=1\nLABEL x=y\nEXPOSE 80\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\nCMD [\"x\"]\n",
            "...",
        ),
        ("FROM alpine\nENV A=1\nCOPY a /a\nRUN make \\\n# why\n    all\nCOPY b /b\n", "..."),
        ("FROM alpine\nENV A=1\nCOPY a /a\nRUN make \\\n  all\nCOPY b /b\n", ".xx"),
        ("FROM alpine\nARG A=1\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n", "..."),
        ("FROM alpine\nENV A=1\nUSER app\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n", ".xx"),
        ("FROM alpine\nENV A=1\nCOPY ./a /a\nRUN make \\\n    all\nCOPY b /b\n", "..."),
        ("FROM alpine\nENV A=1\nADD a /a\nRUN make \\\n    all\nCOPY b /b\n", "xxx"),
        ("FROM alpine\nENV A=1\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b/\n", "..x"),
        ("FROM debian\nENV A=1\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n", "xxx"),
    ];
    for (edit, expected) in edits {
        assert_eq!(rebuilt(&[(base, files), (edit, files)]), expected, "{edit}");
    }
    let edit = "FROM alpine\nENV A=1\nLABEL x=y\nCOPY a /a\nRUN make \\\n    all\nCOPY b /b\n";
    for builder in [Builder::Classic, Builder::Buildah, Builder::Kaniko] {
        assert_eq!(last(Storage::Persistent, builder, &[(base, files), (edit, files)]), "xxx", "{builder:?}");
    }
}

#[test]
fn another_stage_may_bring_the_same_again() {
    let text = "FROM golang AS build\nCOPY . .\nRUN go build -o /app\n\nFROM alpine\nRUN apk add curl\nCOPY --from=build /app /app\nRUN /app --check\n";
    let builds: [Build<'_>; 2] = [(text, &[("main.go", "1")]), (text, &[("main.go", "2")])];
    assert_eq!(rebuilt(&builds), "xx.??");
    // Of the last image alone the builder has no results: they run only if they are needed.
    let same: [Build<'_>; 2] = [(text, &[("main.go", "1")]), (text, &[("main.go", "1")])];
    assert_eq!(last(Storage::LastImage, Builder::BuildKit, &same), ".....");
}

#[test]
fn a_stage_that_nobody_needs_is_not_built() {
    let text = "FROM alpine AS test\nCOPY tests /t\n\nFROM alpine\nCOPY app /app\n";
    assert_eq!(rebuilt(&[(text, &[("tests", "1"), ("app", "1")])]), "x");
    assert_eq!(plan(text, Builder::Classic, &[]).steps.len(), 2);
}

#[test]
fn a_linked_copy_depends_on_itself_alone() {
    let text = "FROM alpine\nCOPY a /a\nCOPY --link b /b\nRUN x\n";
    let builds: [Build<'_>; 2] = [(text, &[("a", "1"), ("b", "1")]), (text, &[("a", "2"), ("b", "1")])];
    assert_eq!(rebuilt(&builds), "x.x");
}

#[test]
fn mounts_count_by_what_they_bring() {
    let text = "FROM golang\nRUN --mount=type=bind,source=go.mod,target=go.mod --mount=type=cache,id=a,target=/c go mod download\n";
    let other = text.replace("id=a", "id=b,sharing=locked");
    let files: &[(&str, &str)] = &[("go.mod", "1"), ("main.go", "1")];
    assert_eq!(rebuilt(&[(text, files), (text, &[("go.mod", "1"), ("main.go", "2")])]), ".");
    assert_eq!(rebuilt(&[(text, files), (text, &[("go.mod", "2"), ("main.go", "1")])]), "x");
    assert_eq!(rebuilt(&[(text, files), (&other, files)]), ".");
    let default = text.replace("id=a,", "");
    assert_eq!(rebuilt(&[(text, files), (&default, files)]), "x");
}

#[test]
fn build_arguments_are_in_the_environment_of_every_run_below() {
    let text = "FROM alpine\nCOPY a /a\nARG REVISION\nRUN make\n";
    let keys = |arguments: &[(&str, &str)]| {
        let plan = plan(text, Builder::BuildKit, arguments);
        plan.keys(&Contents::new(&plan.selectors), super::plan::Outputs::Stay)
    };
    let (none, one, other) = (keys(&[]), keys(&[("REVISION", "1")]), keys(&[("REVISION", "2")]));
    assert!(none[0] == one[0] && one[0] == other[0]);
    assert!(none[1] != one[1] && one[1] != other[1]);
    assert_eq!(keys(&[("OTHER", "1")]), none);
}
