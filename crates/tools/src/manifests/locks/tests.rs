//! Lock files that agree with their manifests, and ones that do not, for each comparison.

use super::agrees;
use crate::manifests::testing::Memory;

fn ask(comparison: &str, lock: &str, files: &[(&str, &str)]) -> Result<(), String> {
    agrees(comparison, lock, &Memory::new(files)).expect("it is a comparison")
}

#[test]
fn package_lock_repeats_what_the_manifests_ask_for() {
    let package = r#"{ "name": "web", "dependencies": { "express": "^4.19.2" }, "devDependencies": {} }"#;
    let lock = |range: &str| {
        format!(
            r#"{{ "lockfileVersion": 3, "packages": {{ "": {{ "name": "web", "dependencies": {{ "express": "{range}" }} }}, "node_modules/express": {{ "version": "4.19.2" }} }} }}"#
        )
    };
    let with = |lock: &str| {
        ask(
            "npm",
            "/app/package-lock.json",
            &[("/app/package.json", package), ("/app/package-lock.json", lock)],
        )
    };
    assert_eq!(with(&lock("^4.19.2")), Ok(()));
    assert_eq!(with(&lock("^4.18.0")), Err("its `dependencies` are not those of package.json".to_owned()));
    let old = r#"{ "lockfileVersion": 1, "dependencies": { "express": { "version": "4.19.2" } } }"#;
    assert!(with(old).unwrap_err().contains("npm 6 or older"));
    assert!(with("[]").is_err());
}

#[test]
fn package_lock_lists_every_workspace() {
    let root = r#"{ "workspaces": ["packages/*"] }"#;
    let lock = r#"{ "packages": { "": { "workspaces": ["packages/*"] }, "packages/a": { "name": "a", "dependencies": { "ms": "2" } }, "node_modules/a": { "link": true } } }"#;
    let a = ("/app/packages/a/package.json", r#"{ "name": "a", "dependencies": { "ms": "2" } }"#);
    let files = [("/app/package.json", root), ("/app/package-lock.json", lock), a];
    assert_eq!(ask("npm", "/app/package-lock.json", &files), Ok(()));
    let mut more = files.to_vec();
    more.push(("/app/packages/b/package.json", "{}"));
    assert_eq!(ask("npm", "/app/package-lock.json", &more), Err("it does not list `packages/b`".to_owned()));
    assert_eq!(
        ask("npm", "/app/package-lock.json", &files[..2]),
        Err("it lists `packages/a`, which is no workspace".to_owned())
    );
}

#[test]
fn yarn_lock_has_an_entry_for_every_range() {
    let package = r#"{ "dependencies": { "express": "^4.19.2", "@types/node": "^20.0.0" } }"#;
    let lock = "# yarn lockfile v1\n\n\n\"@types/node@*\", \"@types/node@^20.0.0\":\n  version \"20.11.0\"\n\nexpress@^4.19.2:\n  version \"4.19.2\"\n";
    let with = |package: &str| {
        ask("yarn-classic", "/app/yarn.lock", &[("/app/package.json", package), ("/app/yarn.lock", lock)])
    };
    assert_eq!(with(package), Ok(()));
    assert_eq!(
        with(r#"{ "dependencies": { "express": "^5.0.0" } }"#),
        Err("it has no entry for `express@^5.0.0`".to_owned())
    );
    assert!(with(r#"{ "resolutions": { "ms": "2.0.0" } }"#).unwrap_err().contains("`resolutions`"));
}

#[test]
fn the_newer_yarn_lock_names_the_dependencies_of_each_workspace() {
    let lock = "__metadata:\n  version: 8\n  cacheKey: 10c0\n\n\"express@npm:^4.19.2\":\n  version: 4.19.2\n  resolution: \"express@npm:4.19.2\"\n  dependencies:\n    accepts: \"npm:~1.3.8\"\n\n\"web@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"web@workspace:.\"\n  dependencies:\n    express: \"npm:^4.19.2\"\n  languageName: unknown\n";
    let with = |package: &str| {
        ask("yarn-berry", "/app/yarn.lock", &[("/app/package.json", package), ("/app/yarn.lock", lock)])
    };
    assert_eq!(with(r#"{ "name": "web", "dependencies": { "express": "^4.19.2" } }"#), Ok(()));
    assert_eq!(
        with(r#"{ "name": "web" }"#),
        Err("its dependencies of `.` are not those of package.json".to_owned())
    );
    assert_eq!(
        with(r#"{ "name": "web", "dependencies": { "express": "^4.18.0" } }"#),
        Err("it has no entry for `express@^4.18.0`".to_owned())
    );
}

#[test]
fn uv_lock_repeats_the_requirements() {
    let lock = "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"flask\"\nversion = \"3.0.3\"\n\n[[package]]\nname = \"web\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n\n[package.metadata]\nrequires-dist = [{ name = \"flask\", specifier = \">=3.0,<4\" }, { name = \"psycopg\", extras = [\"binary\"] }]\n\n[package.metadata.requires-dev]\ndev = [{ name = \"pytest\", specifier = \">=8\" }]\n";
    let with = |project: &str| {
        ask("uv", "/app/uv.lock", &[("/app/pyproject.toml", project), ("/app/uv.lock", lock)])
    };
    let project = |dependencies: &str| {
        format!(
            "[project]\nname = \"web\"\nrequires-python = \">=3.12\"\ndependencies = [{dependencies}]\n\n[dependency-groups]\ndev = [\"pytest>=8\"]\n"
        )
    };
    assert_eq!(with(&project("\"Flask >= 3.0, < 4\", \"psycopg[binary]\"")), Ok(()));
    assert_eq!(
        with(&project("\"flask>=3.1\"")),
        Err("its requirements are not those of pyproject.toml".to_owned())
    );
    assert!(with(&project("\"flask; sys_platform == 'linux'\"")).unwrap_err().contains("conditions"));
    assert!(with("[project]\ndependencies = []\n").unwrap_err().contains("requires-python"));
}

#[test]
fn cargo_lock_has_what_every_member_asks_for() {
    let root = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.package]\nversion = \"0.3.0\"\n\n[workspace.dependencies]\nserde = \"1.0.200\"\n";
    let relay = "[package]\nname = \"relay\"\nversion.workspace = true\n\n[dependencies]\nserde.workspace = true\nqueue = { path = \"../queue\" }\n\n[target.'cfg(unix)'.dependencies]\nnix = { version = \"0.29\", optional = true }\n";
    let queue = "[package]\nname = \"queue\"\nversion = \"0.1.0\"\n";
    let lock = |serde: &str| {
        let registry = "source = \"registry+https://index.example.org\"";
        format!(
            "version = 4\n\n[[package]]\nname = \"nix\"\nversion = \"0.29.0\"\n{registry}\n\n[[package]]\nname = \"queue\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"relay\"\nversion = \"0.3.0\"\ndependencies = [\"nix\", \"queue\", \"serde\"]\n\n[[package]]\nname = \"serde\"\nversion = \"{serde}\"\n{registry}\n"
        )
    };
    let with = |root: &str, relay: &str, lock: &str| {
        ask(
            "cargo",
            "/src/Cargo.lock",
            &[
                ("/src/Cargo.toml", root),
                ("/src/crates/relay/Cargo.toml", relay),
                ("/src/crates/queue/Cargo.toml", queue),
                ("/src/Cargo.lock", lock),
            ],
        )
    };
    assert_eq!(with(root, relay, &lock("1.0.204")), Ok(()));
    assert!(with(root, relay, &lock("1.0.190")).unwrap_err().contains("asks for serde ^1.0.200"));
    let more = relay.replace("[dependencies]", "[dependencies]\nrand = \"0.8\"");
    assert!(with(root, &more, &lock("1.0.204")).unwrap_err().contains("dependencies of `relay`"));
    let newer = root.replace("0.3.0", "0.4.0");
    assert!(with(&newer, relay, &lock("1.0.204")).unwrap_err().contains("version of `relay`"));
    let patched = format!("{root}\n[patch.crates-io]\nserde = {{ path = \"serde\" }}\n");
    assert!(with(&patched, relay, &lock("1.0.204")).unwrap_err().contains("`patch`"));
    let fewer = root.replace("crates/*", "crates/queue");
    assert!(with(&fewer, relay, &lock("1.0.204")).unwrap_err().contains("lists `relay`"));
}

#[test]
fn pnpm_workspaces_and_their_catalogs() {
    let lock = "lockfileVersion: '9.0'\ncatalogs:\n  default:\n    ms: {specifier: ^2.1.3, version: 2.1.3}\nimporters:\n  .: {}\n  packages/ui:\n    dependencies:\n      ms: {specifier: 'catalog:', version: 2.1.3}\n";
    let ui = ("/app/packages/ui/package.json", r#"{"dependencies": {"ms": "catalog:"}}"#);
    let with = |root: &str, workspace: &str, more: &[(&str, &str)]| {
        let mut files = vec![
            ("/app/package.json", root),
            ("/app/pnpm-workspace.yaml", workspace),
            ("/app/pnpm-lock.yaml", lock),
        ];
        files.extend(more);
        ask("pnpm", "/app/pnpm-lock.yaml", &files)
    };
    let workspace = "packages: ['packages/*', '.']\ncatalog: {ms: ^2.1.3}\n";
    assert_eq!(with("{}", workspace, &[ui]), Ok(()));
    assert!(with("{}", workspace, &[]).unwrap_err().contains("which is no package of the workspace"));
    let other = workspace.replace("^2.1.3", "^2.1.0");
    assert_eq!(
        with("{}", &other, &[ui]).unwrap_err(),
        "its range of `ms` is not that of the catalog `default`"
    );
    let negated = "packages: ['packages/*', '!packages/old']\n";
    assert!(with("{}", negated, &[ui]).unwrap_err().contains("cannot be listed"));
    let replaced = r#"{"pnpm": {"overrides": {"ms": "2.0.0"}}}"#;
    assert!(with(replaced, workspace, &[ui]).unwrap_err().contains("has `overrides`"));
    let hooks = [ui, ("/app/.pnpmfile.cjs", "")];
    assert!(with("{}", workspace, &hooks).unwrap_err().contains(".pnpmfile.cjs"));
}
