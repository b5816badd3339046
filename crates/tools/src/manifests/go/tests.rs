//! What the reader of Go's inputs answers, by small projects. Each project was run through `go mod download` (2026-11-25), which wrote go.mod or go.sum exactly where
//! `writes` says so.

use super::super::testing::{Line, Memory};

const MAIN: &str = "module example.com/shop\n\ngo 1.22\n\nrequire github.com/go-chi/chi/v5 v5.0.12\n\nrequire golang.org/x/sys v0.19.0 // indirect\n";
const SUMS: &str = "github.com/go-chi/chi/v5 v5.0.12 h1:a=\ngithub.com/go-chi/chi/v5 v5.0.12/go.mod h1:b=\ngolang.org/x/sys v0.18.0/go.mod h1:c=\n\
                    golang.org/x/sys v0.19.0 h1:d=\ngolang.org/x/sys v0.19.0/go.mod h1:e=\n";

fn go(words: &'static str) -> Line {
    Line::new("go", words)
}

/// Whether `go mod download` leaves both files as they are; the remark where not.
fn mended(main: &str, sums: Option<&str>) -> Option<String> {
    let mut files = vec![("/app/go.mod", main)];
    files.extend(sums.map(|sums| ("/app/go.sum", sums)));
    let inputs = go("mod-download").reads(&Memory::new(&files));
    assert_eq!(inputs.writes.is_empty(), inputs.remarks.is_empty());
    inputs.remarks.first().cloned()
}

#[test]
fn data_file_is_sound() {
    assert!(super::DATA.harmless_flags.contains("-mod") && super::DATA.harmless_settings.contains("GOPROXY"));
    for telling in ["-modfile", "-overlay", "-toolexec", "-C"] {
        assert!(!super::DATA.harmless_flags.contains(telling), "{telling}");
    }
    for telling in
        ["GOMODCACHE", "GOPATH", "GOBIN", "GOCACHE", "GOFLAGS", "GOWORK", "GOROOT", "GOTMPDIR", "CC"]
    {
        assert!(!super::DATA.harmless_settings.contains(telling), "{telling}");
    }
}

#[test]
fn a_download_reads_go_mod_and_go_sum() {
    let project = Memory::new(&[
        ("/app/go.mod", MAIN),
        ("/app/go.sum", SUMS),
        ("/app/main.go", ""),
        ("/app/vendor/modules.txt", ""),
        ("/app/cmd/x/main.go", ""),
    ]);
    let mut line = go("mod-download -x");
    let inputs = line.reads(&project);
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/go.mod", "/app/go.sum"]);
    assert_eq!(inputs.probes.iter().collect::<Vec<_>>(), ["/app/go.work", "/go.work"]);
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty() && inputs.trees.is_empty());
    line.cwd = "/app/cmd/x";
    let inputs = line.reads(&project);
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/go.mod", "/app/go.sum"]);
    assert!(inputs.probes.contains("/app/cmd/x/go.mod") && inputs.probes.contains("/app/cmd/go.work"));
    assert!(go("mod-verify").reads(&project).writes.is_empty());
}

#[test]
fn what_it_mends_it_writes() {
    assert_eq!(mended(MAIN, Some(SUMS)), None);
    assert_eq!(mended("module m\n\ngo 1.22\n", None), None, "nothing to fetch");
    for (main, sums, expected) in [
        (MAIN.replace("go 1.22\n", ""), SUMS.to_owned(), "no `go` line"),
        (MAIN.replace("go 1.22", "go 1.16"), SUMS.to_owned(), "before 1.17"),
        (MAIN.replace("v5.0.12", "v5.0"), SUMS.to_owned(), "no full version"),
        (MAIN.replace("v5.0.12", "master"), SUMS.to_owned(), "no full version"),
        (
            MAIN.to_owned(),
            SUMS.replace("v5.0.12/go.mod", "v5.0.11/go.mod"),
            "no hash of the go.mod of github.com/go-chi/chi/v5 v5.0.12",
        ),
        (
            MAIN.to_owned(),
            format!("{SUMS}golang.org/x/sys v0.20.0/go.mod h1:f=\n"),
            "also has golang.org/x/sys v0.20.0",
        ),
        (
            format!("{MAIN}exclude golang.org/x/sys v0.19.0\n"),
            SUMS.to_owned(),
            "excludes the golang.org/x/sys v0.19.0",
        ),
    ] {
        let why = mended(&main, Some(&sums)).unwrap_or_else(|| panic!("{expected}: nothing is written"));
        assert!(why.contains(expected), "{why}");
    }
    assert!(mended(MAIN, None).is_some_and(|why| why.contains("there is no go.sum")));
    let project = Memory::new(&[("/app/go.mod", MAIN), ("/app/go.sum", SUMS)]);
    assert!(go("mod-download all").reads(&project).writes.contains("/app/go.sum"));
}

#[test]
fn local_replacements_are_read() {
    let main = format!(
        "{MAIN}require example.com/sdk v0.0.0\nreplace example.com/sdk => ./sdk\nreplace example.com/errors => ../errors\n"
    );
    let sdk = "module example.com/sdk\n\ngo 1.22\n\nrequire golang.org/x/sys v0.19.0\n";
    let project = |sdk: &str| {
        Memory::new(&[
            ("/app/go.mod", &main),
            ("/app/go.sum", SUMS),
            ("/app/sdk/go.mod", sdk),
            ("/app/sdk/sdk.go", ""),
            ("/errors/go.mod", "module e\n"),
        ])
    };
    let inputs = go("mod-download").reads(&project(sdk));
    assert_eq!(
        inputs.files.iter().collect::<Vec<_>>(),
        ["/app/go.mod", "/app/go.sum", "/app/sdk/go.mod", "/errors/go.mod"]
    );
    assert!(inputs.writes.is_empty(), "{:?}", inputs.remarks);
    let raised = go("mod-download").reads(&project(&sdk.replace("v0.19.0", "v0.20.0")));
    assert!(raised.remarks[0].contains("wants golang.org/x/sys v0.20.0"), "{:?}", raised.remarks);
    let newer = go("mod-download").reads(&project(&sdk.replace("go 1.22", "go 1.23")));
    assert!(newer.remarks[0].contains("`go 1.23`"), "{:?}", newer.remarks);
    let absent = Memory::new(&[("/app/go.mod", &main), ("/app/go.sum", SUMS)]);
    assert!(go("mod-download").reads(&absent).probes.contains("/app/sdk/go.mod"));
}

#[test]
fn a_replacement_from_the_network_has_its_own_hash() {
    let main = format!("{MAIN}replace github.com/go-chi/chi/v5 => github.com/acme/chi/v5 v5.0.13\n");
    assert!(mended(&main, Some(SUMS)).is_some_and(|why| why.contains("github.com/acme/chi/v5 v5.0.13")));
    assert_eq!(mended(&main, Some(&format!("{SUMS}github.com/acme/chi/v5 v5.0.13/go.mod h1:x=\n"))), None);
}

#[test]
fn a_workspace_reads_every_member_and_writes_its_sums() {
    let project = Memory::new(&[
        ("/src/go.work", "go 1.22\n\nuse (\n\t./api\n\t./lib\n)\n"),
        ("/src/api/go.mod", MAIN),
        ("/src/api/go.sum", SUMS),
        ("/src/lib/go.mod", "module l\n\ngo 1.22\n"),
    ]);
    let mut line = go("mod-download");
    line.cwd = "/src/api";
    let inputs = line.reads(&project);
    let files: Vec<&String> = inputs.files.iter().collect();
    assert_eq!(files, ["/src/api/go.mod", "/src/api/go.sum", "/src/go.work", "/src/lib/go.mod"]);
    assert_eq!(inputs.writes.iter().collect::<Vec<_>>(), ["/src/go.work.sum"]);
    line.env = &[("GOWORK", Some("off"))];
    assert!(line.reads(&project).writes.is_empty());
}

#[test]
fn an_install_of_a_version_reads_what_chooses_the_toolchain() {
    let project =
        Memory::new(&[("/app/go.mod", MAIN), ("/app/go.sum", SUMS), ("/app/go.work", "go 1.22\nuse .\n")]);
    let mut line = go("install-version github.com/air-verse/air@v1.61.7");
    let inputs = line.reads(&project);
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/go.mod", "/app/go.work"]);
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty());
    line.env = &[("GOBIN", Some("/app/bin")), ("GOPATH", Some("/app/.go:/go"))];
    let inputs = line.reads(&project);
    assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/.go/pkg/mod", "/app/bin"]);
}

#[test]
fn settings_that_name_files_are_followed_or_refused() {
    let project = Memory::new(&[
        ("/app/go.mod", MAIN),
        ("/app/go.sum", SUMS),
        ("/app/proxy/x", ""),
        ("/app/go.env", ""),
    ]);
    let mut line = go("mod-download");
    line.env = &[
        ("GOFLAGS", Some("-mod=vendor -trimpath -buildvcs=false")),
        ("GOPROXY", Some("file:///app/proxy,off")),
        ("GOENV", Some("go.env")),
    ];
    let inputs = line.reads(&project);
    assert!(inputs.trees.contains("/app/proxy") && inputs.files.contains("/app/go.env"));
    for (env, expected) in [
        (&[("GOFLAGS", Some("-modfile=tools.mod"))], "`-modfile=tools.mod` in GOFLAGS"),
        (&[("GOFLAGS", None)], "`GOFLAGS` is only known when it runs"),
        (&[("GO111MODULE", Some("off"))], "forbids it"),
        (&[("GIT_DIR", Some("/x"))], "GIT_DIR"),
    ] {
        line.env = env;
        assert!(line.unclear(&project).contains(expected), "{}", line.unclear(&project));
    }
    line.env = &[("GOMODCACHE", Some("/app/.cache/mod"))];
    assert!(line.reads(&project).write_trees.contains("/app/.cache/mod"));
    assert!(
        go("env-write GOPROXY=https://goproxy.example.org,direct CGO_ENABLED=0")
            .reads(&project)
            .writes
            .is_empty()
    );
    assert!(go("env-write GOMODCACHE=/app/mod").unclear(&project).contains("GOMODCACHE"));
}

#[test]
fn what_cannot_be_followed_is_said() {
    let none = Memory::new(&[("/app/main.go", "")]);
    assert!(go("mod-download").unclear(&none).contains("no go.mod"));
    let broken = Memory::new(&[("/app/go.mod", "module m\n\nvendor all\n")]);
    assert!(go("mod-download").unclear(&broken).contains("`vendor all`"));
    let generated = Memory::new(&[]).unknown_below("/app");
    assert!(go("mod-download").unclear(&generated).contains("[/app/go."));
}
