//! What the reader of Deno's inputs answers, by small projects.

use super::super::testing::{Line, Memory};

const LOCK: (&str, &str) = ("/app/deno.lock", r#"{"version": "5"}"#);

fn project(deno: &str) -> Memory {
    Memory::new(&[("/app/deno.json", deno), LOCK, ("/app/main.ts", ""), ("/app/lib/hello.ts", "")])
}

#[test]
fn imports_from_the_network() {
    let project = project(
        r#"{"imports": {"ms": "npm:ms@2", "@/": "./lib/", "~/": "./"}, "tasks": {"start": "deno run main.ts"},}"#,
    );
    let inputs = Line::new("deno", "install --frozen").reads(&project);
    let files: Vec<&String> = inputs.files.iter().collect();
    assert_eq!(files, ["/app/deno.json", "/app/deno.lock"]);
    assert!(inputs.probes.contains("/app/lib/deno.json") && inputs.probes.contains("/app/package.json"));
    assert!(inputs.writes.is_empty() && inputs.write_trees.is_empty(), "{inputs:?}");
    assert_eq!(Line::new("deno", "ci").reads(&project), inputs);
    let inputs = Line::new("deno", "install").reads(&project);
    assert!(inputs.writes.contains("/app/deno.lock"));
}

#[test]
fn lock_files_by_setting() {
    let files = [
        ("/app/deno.jsonc", r#"{"lock": {"path": "locks/deno.lock", "frozen": true} /* kept */}"#),
        ("/app/locks/deno.lock", "{}"),
    ];
    let inputs = Line::new("deno", "install").reads(&Memory::new(&files));
    assert!(inputs.files.contains("/app/locks/deno.lock") && inputs.writes.is_empty());
    let inputs = Line::new("deno", "install").reads(&project(r#"{"lock": false}"#));
    assert!(!inputs.files.contains("/app/deno.lock") && inputs.remarks.len() == 1);
}

#[test]
fn packages_and_workspaces() {
    let files = [
        (
            "/app/deno.json",
            r#"{"workspace": ["./packages/a", "packages/b"], "importMap": "maps/imports.json"}"#,
        ),
        ("/app/maps/imports.json", r#"{"imports": {"ms": "npm:ms@2"}}"#),
        (
            "/app/packages/a/deno.json",
            r#"{"name": "@x/a", "exports": "./mod.ts", "imports": {"b": "jsr:@std/path@1"}}"#,
        ),
        ("/app/packages/b/package.json", r#"{"name": "b", "dependencies": {"inherits": "2"}}"#),
        LOCK,
    ];
    let inputs = Line::new("deno", "install --frozen").reads(&Memory::new(&files));
    for (file, _) in files {
        assert!(inputs.files.contains(file), "{file}: {inputs:?}");
    }
    assert!(
        inputs.write_trees.contains("/app/packages/b/node_modules")
            && inputs.probes.contains("/app/packages/a/tsconfig.json")
    );
}

#[test]
fn what_is_not_followed() {
    for (deno, reason) in [
        (
            r#"{"imports": {"hello": "./lib/hello.ts"}}"#,
            "`/app/deno.json` imports \"./lib/hello.ts\", which Deno reads with all that it imports [/app/deno.json]",
        ),
        (
            r#"{"vendor": true}"#,
            "the setting `vendor` of `/app/deno.json` may make Deno read other files [/app/deno.json]",
        ),
        (
            r#"{"links": ["../other"]}"#,
            "the setting `links` of `/app/deno.json` may make Deno read other files [/app/deno.json]",
        ),
        (
            r#"{"compilerOptions": {"types": ["./types.d.ts"]}}"#,
            "the setting `compilerOptions` of `/app/deno.json` may make Deno read other files [/app/deno.json]",
        ),
        (
            r#"{"workspace": ["./packages/*"]}"#,
            "`/app/deno.json` names packages by the pattern `./packages/*`, for which Deno looks at all their files [/app/deno.json]",
        ),
        ("[]", "`/app/deno.json` is no JSON object (was already broken?) [/app/deno.json]"),
    ] {
        assert_eq!(Line::new("deno", "install --frozen").unclear(&project(deno)), reason);
    }
    let plain = project("{}");
    assert!(
        Line::new("deno", "install --frozen --allow-scripts")
            .unclear(&plain)
            .starts_with("`--allow-scripts` may")
    );
    assert!(
        Line::new("deno", "cache main.ts")
            .unclear(&plain)
            .starts_with("it reads `main.ts` and all that this imports")
    );
    assert!(
        Line { env: &[("DENO_FUTURE", Some("1"))], ..Line::new("deno", "install --frozen") }
            .unclear(&plain)
            .starts_with("the variable `DENO_FUTURE`")
    );
    let unlocked = Memory::new(&[("/app/deno.json", "{}")]);
    assert!(Line::new("deno", "install --frozen").unclear(&unlocked).starts_with("without deno.lock"));
    let above = Memory::new(&[("/app/deno.json", "{}"), LOCK, ("/deno.json", r#"{"workspace": ["app"]}"#)]);
    assert!(
        Line::new("deno", "install --frozen")
            .unclear(&above)
            .starts_with("`/deno.json` may make this folder a part")
    );
    let scripted =
        Memory::new(&[("/app/package.json", r#"{"scripts": {"postinstall": "vite build"}}"#), LOCK]);
    assert!(
        Line::new("deno", "install --frozen")
            .unclear(&scripted)
            .starts_with("`postinstall` runs `vite build`")
    );
    assert!(Line::new("deno", "install --frozen").unclear(&Memory::new(&[])).starts_with("there is neither"));
}
