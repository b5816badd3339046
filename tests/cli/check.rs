//! `dockopt check`: what rules, passes and `shellcheck` find, how it is told, and how it is left out.

use super::{Place, Said, said};

/// No pass has an answer to what is wrong with it.
const NODE: &str = "FROM --platform=linux/amd64 node:22 AS web\nCOPY server.js /srv/\nEXPOSE 8080:80\n";

/// The names at the beginning of the lines, in order: `3: shell-form-command`.
fn names(said: &Said) -> Vec<String> {
    let name = |line: &str| {
        let mut parts = line.split(": ");
        let place = parts.next().and_then(|place| place.rsplit(':').next())?.to_owned();
        Some(format!("{place}: {}", parts.next()?))
    };
    said.out.lines().filter_map(name).collect()
}

#[test]
fn rules_find_what_a_person_has_to_decide() {
    let place = Place::repository().with("Dockerfile", NODE);
    let said = place.dockopt(&["check", "--no-shellcheck"]);
    assert_eq!(names(&said), ["1: constant-platform", "3: port-mapping"]);
    assert!(said.out.contains("[warning, ExposeInvalidFormat] — write `EXPOSE 80`"), "{}", said.out);
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "2 findings in 1 file; `dockopt fix` shows the changes\n")
    );
    let json = place.dockopt(&["check", "--no-shellcheck", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&report["version"], &report["command"]), (&2.into(), &"check".into()));
    let found = &report["files"][0]["findings"][0];
    assert_eq!(found["rule"], "constant-platform");
    assert_eq!(found["aliases"][0], "DL3029");
    assert_eq!((&found["line"], &found["column"]), (&1.into(), &6.into()));
    assert_eq!(found["page"], "docs/rules/constant-platform.md");
}

#[test]
fn names_of_other_tools_select_and_leave_out() {
    let place = Place::repository().with("Dockerfile", NODE);
    let check =
        |arguments: &[&str]| names(&place.dockopt(&[&["check", "--no-shellcheck"], arguments].concat()));
    assert_eq!(check(&["--select", "DL3029"]), ["1: constant-platform"]);
    assert_eq!(check(&["--ignore", "ExposeInvalidFormat"]), ["1: constant-platform"]);
    assert_eq!(check(&["--select", "DL3057"]), ["1: missing-healthcheck"], "it waits to be asked");
    let place = place.with("dockopt.toml", "ignore = [\"DL3029\", \"port-mapping\"]\n");
    assert_eq!(place.dockopt(&["check", "--no-shellcheck"]).code, 0);
}

#[test]
fn comments_of_all_three_keep_rules_away() {
    let with = |first: &str, above: &str| {
        let text =
            format!("{first}ARG A=1\n{above}FROM --platform=linux/amd64 node:22\nCOPY server.js /srv/\n");
        Place::repository().with("Dockerfile", text).dockopt(&["check", "--no-shellcheck"]).code
    };
    assert_eq!(with("", ""), 1);
    assert_eq!(with("", "# dockopt: keep[constant-platform] the program is for this one\n"), 0);
    assert_eq!(with("", "# hadolint ignore=DL3029\n"), 0);
    assert_eq!(with("# hadolint global ignore=DL3029\n", ""), 0);
    assert_eq!(with("# check=skip=FromPlatformFlagConstDisallowed;error=true\n", ""), 0);
    assert_eq!(with("# check=skip=all\n", ""), 0);
    assert_eq!(with("# check=skip=StageNameCasing\n", "# hadolint ignore=DL3026\n"), 1);
}

#[test]
fn a_rewrite_takes_the_place_of_a_finding_and_a_refusal_explains_it() {
    let mended = "FROM debian:12\nRUN apt-get install --no-install-recommends tzdata\n";
    let place = Place::repository().with("Dockerfile", mended);
    let said = place.dockopt(&["check", "--no-shellcheck", "--select", "assume-yes,unanswered-question"]);
    assert_eq!(names(&said), ["2: assume-yes"]);
    let refused = "FROM debian:12\nRUN apt-get install --no-install-recommends tzdata || true\n";
    let place = Place::repository().with("Dockerfile", refused);
    let said = place.dockopt(&["check", "--no-shellcheck", "--select", "DL3014"]);
    assert_eq!(names(&said), ["2: unanswered-question"]);
    assert!(said.out.contains("no rewrite here, since where it asks it stops"), "{}", said.out);
}

#[test]
fn rules_and_passes_are_listed_and_explained() {
    let place = Place::repository();
    assert!(place.dockopt(&["rules"]).out.contains("missing-healthcheck"));
    let both = place.dockopt(&["explain", "DL3014"]);
    assert_eq!(both.code, 0);
    assert!(
        both.out.contains("assume-yes (commands, safe)")
            && both.out.contains("unanswered-question (warning)")
    );
    assert!(place.dockopt(&["explain", "port-mapping"]).out.contains("Elsewhere: ExposeInvalidFormat"));
}

/// A program in the place of `shellcheck` that says the same whatever it reads.
#[cfg(unix)]
fn with_shellcheck(place: &Place, answer: &str, arguments: &[&str]) -> Said {
    use std::os::unix::fs::PermissionsExt as _;
    let program = place.path("bin/shellcheck");
    std::fs::create_dir_all(place.path("bin")).unwrap();
    std::fs::write(&program, format!("#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit 1\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    // Its version is asked first; that has to succeed.
    let script = std::fs::read_to_string(&program).unwrap();
    std::fs::write(&program, script.replace("cat <<", "[ \"$1\" = --version ] && exit 0\ncat <<")).unwrap();
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = place.command(env!("CARGO_BIN_EXE_dockopt"), "", arguments);
    command.env("PATH", path);
    said(command, "")
}

#[cfg(unix)]
#[test]
fn shellcheck_is_shown_at_the_places_of_the_dockerfile() {
    let text = "FROM debian:12\nENV A=b\n# why\nRUN set -e; \\\n    # between\n    echo \"ü\" $x\n";
    let place = Place::repository().with("Dockerfile", text);
    // The second line of what it gets, for the first sets the variables of the stage.
    let column = "set -e;     echo \"ü\" ".chars().count() + 1;
    let answer = format!(
        r#"{{"comments":[{{"file":"0.sh","line":2,"column":{column},"level":"warning","code":2154,"message":"x is referenced but not assigned."}},
            {{"file":"0.sh","line":1,"column":8,"level":"info","code":2034,"message":"about the line that is not there"}}]}}"#
    );
    let said = with_shellcheck(&place, &answer, &["check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let found = report["files"][0]["findings"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{}", said.out);
    assert_eq!((&found[0]["rule"], &found[0]["aliases"][0]), (&"shellcheck".into(), &"SC2154".into()));
    assert_eq!((&found[0]["line"], &found[0]["column"]), (&6.into(), &14.into()));
    for left_out in ["--no-shellcheck", "--ignore=shellcheck", "--ignore=SC2154", "--select=merge-runs"] {
        assert_eq!(with_shellcheck(&place, &answer, &["check", left_out]).code, 0, "{left_out}");
    }
    let place = place.with("Dockerfile", text.replace("# why", "# hadolint ignore=SC2154"));
    assert_eq!(with_shellcheck(&place, &answer, &["check"]).code, 0);
    let said = with_shellcheck(&place, "what?", &["check"]);
    assert!(said.err.contains("shellcheck answers with something unknown"), "{}", said.err);
}

#[test]
fn shellcheck_itself_reads_the_scripts() {
    if std::process::Command::new("shellcheck").arg("--version").output().is_err() {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "skipped: findings of shellcheck, which is not installed").unwrap();
        return;
    }
    let text = "FROM debian:12\nARG NAME\nRUN echo $NAME\nRUN <<EOF\nset -e\nls $NAME\nEOF\nSHELL [\"/bin/bash\", \"-c\"]\nRUN [[ $NAME == x ]]\nSHELL [\"pwsh\", \"-Command\"]\nRUN echo $NAME\n";
    let place = Place::repository().with("Dockerfile", text);
    let said = place.dockopt(&["check", "--select", "SC2086"]);
    assert_eq!(
        names(&said),
        ["3: shellcheck", "6: shellcheck"],
        "in bash's `[[` nothing is split\n{}",
        said.out
    );
}
