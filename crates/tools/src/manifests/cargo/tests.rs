//! What the reader of Cargo's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const PACKAGE: &str =
    "[package]\nname = 'shop'\nversion = '0.1.0'\nedition = '2021'\n\n[dependencies]\naxum = '0.7'\n";

fn cargo(words: &'static str) -> Line {
    Line::new("cargo", words)
}

fn files(words: &'static str, project: &Memory) -> Vec<String> {
    cargo(words).reads(project).files.into_iter().collect()
}

#[test]
fn data_file_is_sound() {
    let data = &super::config::DATA;
    for telling in
        ["CARGO_BUILD_RUSTC", "CARGO_BUILD_RUSTC_WRAPPER", "CARGO_MANIFEST_PATH", "CARGO_SOURCE_X_DIRECTORY"]
    {
        assert!(!data.harmless_variables.iter().any(|start| telling.starts_with(start)), "{telling}");
    }
}

#[test]
fn a_fetch_reads_manifests_the_lock_file_and_what_makes_a_package_one() {
    let project = Memory::new(&[
        ("/app/Cargo.toml", PACKAGE),
        ("/app/Cargo.lock", ""),
        ("/app/src/main.rs", ""),
        ("/app/src/routes.rs", ""),
        ("/app/build.rs", ""),
        ("/app/rust-toolchain.toml", "[toolchain]\nchannel = '1.80'\n"),
        (
            "/app/.cargo/config.toml",
            "[net]\nretry = 5\n[build]\nrustflags = ['-C', 'target-cpu=native']\nrustc-wrapper = 'sccache'\n",
        ),
    ]);
    let inputs = cargo("fetch --locked").reads(&project);
    let read: Vec<&str> = inputs.files.iter().map(String::as_str).collect();
    assert_eq!(
        read,
        [
            "/app/.cargo/config.toml",
            "/app/Cargo.lock",
            "/app/Cargo.toml",
            "/app/build.rs",
            "/app/rust-toolchain.toml",
            "/app/src/main.rs"
        ]
    );
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty());
    for probe in
        ["/app/.cargo/config", "/.cargo/config.toml", "/rust-toolchain", "/app/src/lib.rs", "/Cargo.toml"]
    {
        assert!(inputs.probes.contains(probe), "{probe}");
    }
    let inputs = cargo("fetch").reads(&project);
    assert!(inputs.writes.contains("/app/Cargo.lock"));
    assert!(inputs.remarks[0].contains("without `--locked`"));
    let inputs = cargo("vendor --locked third_party").reads(&project);
    assert!(inputs.write_trees.contains("/app/third_party"));
}

#[test]
fn a_workspace_reads_every_member() {
    let project = Memory::new(&[
        (
            "/app/Cargo.toml",
            "[workspace]\nmembers = ['crates/*', 'tools/gen']\nexclude = ['crates/old']\n[workspace.dependencies]\ncore = { path = 'crates/core' }\n[patch.crates-io]\nhyper = { path = 'patched/hyper' }\n",
        ),
        ("/app/Cargo.lock", ""),
        ("/app/crates/README.md", ""),
        (
            "/app/crates/api/Cargo.toml",
            "[package]\nname = 'api'\n[dependencies]\ncore.workspace = true\nlocal = { path = '../../local' }\n[target.'cfg(unix)'.dev-dependencies]\nfixtures = { path = '../../fixtures' }\n",
        ),
        ("/app/crates/api/src/bin/api.rs", ""),
        ("/app/crates/api/src/bin/admin/main.rs", ""),
        (
            "/app/crates/core/Cargo.toml",
            "[package]\nname = 'core'\n[[bench]]\nname = 'speed'\n[lib]\npath = 'lib.rs'\n",
        ),
        ("/app/crates/core/lib.rs", ""),
        ("/app/crates/core/benches/speed.rs", ""),
        ("/app/crates/core/benches/other.rs", ""),
        ("/app/tools/gen/Cargo.toml", "[package]\nname = 'gen'\n"),
        ("/app/tools/gen/src/main.rs", ""),
        ("/app/local/Cargo.toml", "[package]\nname = 'local'\n"),
        ("/app/local/src/lib.rs", ""),
        ("/app/fixtures/Cargo.toml", "[package]\nname = 'fixtures'\n"),
        ("/app/fixtures/src/lib.rs", ""),
        ("/app/patched/hyper/Cargo.toml", "[package]\nname = 'hyper'\n"),
        ("/app/patched/hyper/src/lib.rs", ""),
        ("/app/unrelated/src/lib.rs", ""),
    ]);
    let expected = [
        "/app/Cargo.lock",
        "/app/Cargo.toml",
        "/app/crates/api/Cargo.toml",
        "/app/crates/api/src/bin/admin/main.rs",
        "/app/crates/api/src/bin/api.rs",
        "/app/crates/core/Cargo.toml",
        "/app/crates/core/benches/speed.rs",
        "/app/crates/core/lib.rs",
        "/app/fixtures/Cargo.toml",
        "/app/fixtures/src/lib.rs",
        "/app/local/Cargo.toml",
        "/app/local/src/lib.rs",
        "/app/patched/hyper/Cargo.toml",
        "/app/patched/hyper/src/lib.rs",
        "/app/tools/gen/Cargo.toml",
        "/app/tools/gen/src/main.rs",
    ];
    assert_eq!(files("fetch --locked", &project), expected);
    let mut line = cargo("fetch --locked");
    line.cwd = "/app/crates/api";
    assert_eq!(line.reads(&project).files.into_iter().collect::<Vec<_>>(), expected, "from a member");
}

#[test]
fn a_package_of_another_workspace_brings_its_root() {
    let project = Memory::new(&[
        ("/src/app/Cargo.toml", "[package]\nname = 'app'\n[dependencies]\nx = { path = '../libs/x' }\n"),
        ("/src/app/Cargo.lock", ""),
        ("/src/app/src/main.rs", ""),
        ("/src/libs/Cargo.toml", "[workspace]\nmembers = ['x']\n"),
        ("/src/libs/x/Cargo.toml", "[package]\nname = 'x'\nversion.workspace = true\n"),
        ("/src/libs/x/src/lib.rs", ""),
    ]);
    let mut line = cargo("fetch --frozen");
    line.cwd = "/src/app";
    let inputs = line.reads(&project);
    assert!(inputs.files.contains("/src/libs/Cargo.toml") && inputs.files.contains("/src/libs/x/src/lib.rs"));
}

#[test]
fn packages_in_a_folder_are_read_whole() {
    let project = Memory::new(&[
        ("/app/Cargo.toml", PACKAGE),
        ("/app/Cargo.lock", ""),
        ("/app/src/lib.rs", ""),
        (
            "/app/.cargo/config.toml",
            "[source.crates-io]\nreplace-with = 'own'\n[source.own]\ndirectory = 'vendor'\n",
        ),
        ("/app/vendor/axum/Cargo.toml", ""),
    ]);
    assert!(cargo("fetch --locked").reads(&project).trees.contains("/app/vendor"));
}

#[test]
fn an_install_reads_settings_and_the_toolchain_only() {
    let project = Memory::new(&[
        ("/app/Cargo.toml", PACKAGE),
        ("/app/src/main.rs", ""),
        ("/app/rust-toolchain", "1.80"),
        ("/app/.cargo/config.toml", "[build]\ntarget-dir = 'out'\n"),
    ]);
    let mut line = cargo("install sqlx-cli --locked");
    let inputs = line.reads(&project);
    assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/.cargo/config.toml", "/app/rust-toolchain"]);
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty());
    line.env = &[("CARGO_HOME", Some("/app/.cargo-home")), ("CARGO_TARGET_DIR", Some("/tmp/target"))];
    let inputs = line.reads(&project);
    assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/.cargo-home", "/tmp/target"]);
    assert!(cargo("install --locked").unclear(&project).contains("builds the project itself"));
    assert!(cargo("install --git=../tool").unclear(&project).contains("no address of the network"));
}

#[test]
fn what_cannot_be_followed_is_said() {
    let with = |manifest: &str, config: &str| {
        Memory::new(&[
            ("/app/Cargo.toml", manifest),
            ("/app/Cargo.lock", ""),
            ("/app/src/main.rs", ""),
            ("/app/.cargo/config.toml", config),
            ("/app/tools/wrap.sh", ""),
        ])
    };
    for (manifest, config, expected) in [
        (PACKAGE, "paths = ['/app/other']", "`paths` in `/app/.cargo/config.toml`"),
        (PACKAGE, "include = 'more.toml'", "`include`"),
        (PACKAGE, "[build]\nrustc-wrapper = 'tools/wrap.sh'", "a program of the project"),
        (PACKAGE, "[registries.own]\nindex = 'file:///app/index'", "`registries`"),
        (PACKAGE, "[registry]\nglobal-credential-providers = ['./login']", "`registry`"),
        (PACKAGE, "[build]\ntarget = 'board.json'", "a target that a file describes"),
        (PACKAGE, "no toml", "is not TOML"),
        ("[workspace]\nmembers = ['crates/{a,b}']", "", "of a form that dockopt does not read"),
        ("[package]\nname = 'a'\n[dependencies]\nx = { git = '../x' }", "", "no address of the network"),
        ("[package]\nname = 'a'\n[dependencies]\nx = { path = '../x' }", "", "`/x/Cargo.toml` is missing"),
    ] {
        let reason = cargo("fetch --locked").unclear(&with(manifest, config));
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    let no_lock = Memory::new(&[("/app/Cargo.toml", PACKAGE), ("/app/src/main.rs", "")]);
    assert!(cargo("fetch --locked").unclear(&no_lock).contains("`/app/Cargo.lock` is missing"));
    assert!(cargo("fetch").unclear(&Memory::new(&[])).contains("no Cargo.toml"));
    let mut line = cargo("fetch --locked");
    line.env = &[("CARGO_BUILD_RUSTC_WRAPPER", Some("x"))];
    assert!(line.unclear(&with(PACKAGE, "")).contains("CARGO_BUILD_RUSTC_WRAPPER"));
    assert!(cargo("cook").unclear(&with(PACKAGE, "")).contains("skeleton"));
}
