//! Each pass that looks into RUNs, over each form that a RUN can have: what is written, in one snapshot for each pass. Package managers
//! are told apart in `matrix.rs` and `commands.rs`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dockopt_transforms::{Builder, Caches, PASSES};

use crate::matrix::FORMS;
use crate::support::{self, Project};

/// A pass, and a RUN on which it acts.
struct Case {
    pass: &'static str,
    image: &'static str,
    above: &'static str,
    command: &'static str,
    below: &'static str,
}

const fn case(pass: &'static str, above: &'static str, command: &'static str) -> Case {
    Case { pass, image: "debian:12", above, command, below: "" }
}

const PROJECT: &str = "WORKDIR /srv/orders\nCOPY . .\n";
const START: &str = "CMD [\"node\", \"server.js\"]\n";

const CASES: [Case; 14] = [
    case("join-package-index", "RUN apt-get update\n", "apt-get install -y --no-install-recommends git"),
    case("assume-yes", "", "apt-get update && apt-get install --no-install-recommends git"),
    case("use-apt-get", "", "apt update && apt install -y --no-install-recommends git"),
    case("no-sudo", "", "sudo mkdir -p /srv/orders"),
    case("skip-recommends", "", "apt-get update && apt-get install -y git"),
    Case {
        image: "node:20",
        below: START,
        ..case("skip-dev-dependencies", PROJECT, "npm ci && npm cache clean --force")
    },
    case("fail-pipes", "", "curl -fsSL https://example.org/hugo.tar.gz | tar -xz -C /usr/local/bin hugo"),
    Case {
        image: "node:20",
        below: START,
        ..case("install-from-lockfile", PROJECT, "npm install --omit=dev")
    },
    case("drop-package-caches", "", "apt-get update && apt-get install -y --no-install-recommends git"),
    Case { image: "python:3.12", ..case("mount-package-caches", "", "pip install flask==3.0.3") },
    case(
        "drop-late-deletes",
        "RUN curl -fsSL -o /tmp/hugo.tar.gz https://example.org/hugo.tar.gz\n",
        "rm /tmp/hugo.tar.gz",
    ),
    case(
        "own-copies",
        "WORKDIR /srv/orders\nCOPY server.js ./\n",
        "chown www-data:www-data /srv/orders/server.js",
    ),
    case("merge-runs", "RUN mkdir -p /srv/orders/data\n", "chown www-data:www-data /srv/orders/data"),
    // It looks at COPY, and the RUN behind it is left as it is.
    case("link-copies", "COPY --from=busybox:1.36 /bin/busybox /opt/tools/busybox\n", "ls /opt"),
];

const FILES: [(&str, &str); 3] = [
    (
        "package.json",
        r#"{ "name": "orders", "dependencies": { "express": "^4.19.2" }, "devDependencies": { "vitest": "^2.0.5" } }"#,
    ),
    (
        "package-lock.json",
        r#"{ "lockfileVersion": 3, "packages": { "": { "dependencies": { "express": "^4.19.2" }, "devDependencies": { "vitest": "^2.0.5" } } } }"#,
    ),
    ("server.js", "require('express')().listen(8080)\n"),
];

#[test]
fn passes_in_all_forms() {
    let names: BTreeSet<String> =
        PASSES.iter().filter(|pass| pass.phase.is_inside_runs()).map(|pass| pass.name.to_owned()).collect();
    let cases: BTreeSet<String> = CASES.iter().map(|case| case.pass.to_owned()).collect();
    assert_eq!(cases, names, "each pass that looks into RUNs has a case, and no other");
    support::each(CASES.iter().map(|case| (case.pass.to_owned(), case)), |name, case| {
        let mut text = String::new();
        for (form, before, after) in FORMS {
            let start = before.replace("USER app\n", "USER 1000\n");
            let file =
                format!("FROM {}\n{}{start}{}{after}{}", case.image, case.above, case.command, case.below);
            let mut project = Project::of(&file, &FILES);
            project.options.builder = Builder::BuildKit;
            if case.pass == "mount-package-caches" {
                project.options.caches = Caches::Mount;
            }
            let outcome = project.fix(Some(&[case.pass])).expect("it is a valid Dockerfile");
            assert_eq!(outcome.bugs, [""; 0]);
            let again = project.after(&outcome).fix(Some(&[case.pass])).expect("the result is valid");
            assert_eq!(again.text, outcome.text, "a second run changes nothing");
            let _ = writeln!(text, "# {form}");
            text.push_str(outcome.text.split_once('\n').map_or("", |(_, rest)| rest));
            if outcome.text == file {
                text.push_str("(unchanged)\n");
            }
            for reason in outcome.declined.iter().map(|note| note.reason.as_str()).collect::<BTreeSet<_>>() {
                let _ = writeln!(text, "left alone: {reason}");
            }
            text.push('\n');
        }
        support::assert_snapshot("forms", name, &text);
    });
    support::assert_no_orphans("forms", &cases);
}
