//! The bot against a forge that keeps real git repositories and speaks as GitHub does: what is there in the end is looked at, not
//! which requests were sent.

mod contract;
mod fake;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dockopt::bot::repository::{Mode, Report};
use dockopt::bot::{self, Ending, Wishes};
use dockopt::forge::{App, GitHub, Limits, Login, Name, Token};
use dockopt::problem::Problem;
use dockopt::work::UnsafeBy;
use dockopt_tools::yaml::{self, Aliases};

use crate::support;
use fake::{Fake, Fault, Pull, Running, TOKEN};

const BRANCH: &str = "dockopt/fix";
const DOCKERFILE: &str = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\nCMD [\"python\", \"app.py\"]\n";
const REWRITTEN: &str = "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\nCMD [\"python\", \"app.py\"]\n";
const FILES: [(&str, &str); 3] =
    [("Dockerfile", DOCKERFILE), ("requirements.txt", "flask==3.0.0\n"), ("app.py", "print(1)\n")];

fn wishes() -> Wishes {
    Wishes {
        base: None,
        branch: BRANCH.to_owned(),
        labels: Vec::new(),
        is_draft: false,
        unsafe_by: UnsafeBy::Arguments,
        history: 20,
    }
}

fn limits() -> Limits {
    Limits {
        pause: Duration::ZERO,
        longest_wait: Duration::from_secs(3),
        first_wait: Duration::from_millis(1),
        most_calls: usize::MAX,
    }
}

fn run_with(running: &Running, wishes: &Wishes, limits: Limits, mode: Mode) -> Result<Report, Problem> {
    run_as(running, Login::Token(Token::new(TOKEN).expect("it is one")), wishes, limits, mode)
}

fn run_as(
    running: &Running,
    login: Login,
    wishes: &Wishes,
    limits: Limits,
    mode: Mode,
) -> Result<Report, Problem> {
    let github = GitHub::new(&format!("{}/api/v3", running.url()), &running.url(), login, limits)?;
    bot::run(&github, &Name::parse("acme/web").expect("it is one"), wishes, mode).map_err(|stop| stop.problem)
}

fn run(running: &Running) -> Report {
    run_with(running, &wishes(), limits(), Mode::Earnest).unwrap_or_else(|problem| panic!("{problem:?}"))
}

#[test]
fn one_pull_request_with_one_commit_and_a_second_run_writes_nothing() {
    let running = Fake::start(&FILES);
    let base = running.fake.tip("main").expect("it has a commit");
    let report = run(&running);
    assert_eq!(running.fake.file(BRANCH, "Dockerfile").as_deref(), Some(REWRITTEN));
    let tip = running.fake.tip(BRANCH).expect("it was made");
    assert_eq!(running.fake.git(&["rev-list", "--parents", "-1", &tip], b""), format!("{tip} {base}"));
    assert_eq!(running.fake.git(&["diff", "--name-only", &base, &tip], b""), "Dockerfile");
    let pulls = running.fake.open_pulls();
    assert_eq!(pulls.len(), 1);
    assert_eq!(
        (pulls[0].title.as_str(), pulls[0].head.as_str(), pulls[0].base.as_str()),
        ("Improve Dockerfile", BRANCH, "main")
    );
    let url = "https://forge.example/acme/web/pull/1".to_owned();
    assert_eq!(report.ending, Ending::Proposed { number: Some(1), url });

    let writes = running.fake.writes().len();
    let (before, again) = (running.fake.seen(), run(&running));
    assert_eq!((again.steps.len(), again.ending), (0, report.ending));
    assert_eq!((running.fake.writes().len(), running.fake.seen()), (writes, before));
}

#[test]
fn what_is_there_in_the_end_does_not_depend_on_where_a_run_was_killed() {
    // Each situation that a run can meet, and how it is made.
    let situations: [(&str, Preparation); 5] = [
        ("a fresh repository", |_| {}),
        ("a base that changed below the pull request", |running| {
            run(running);
            running.fake.commit("main", &[("Dockerfile", &format!("{DOCKERFILE}EXPOSE 80\n"))]);
        }),
        ("a base that has it by now", |running| {
            run(running);
            running.fake.commit("main", &[("Dockerfile", REWRITTEN)]);
        }),
        ("a merged pull request", |running| {
            run(running);
            running.fake.merge(1);
        }),
        ("a closed pull request and a new finding", |running| {
            run(running);
            running.fake.close(1);
            running
                .fake
                .commit("main", &[("api/Dockerfile", DOCKERFILE), ("api/requirements.txt", "flask\n")]);
        }),
    ];
    std::thread::scope(|scope| {
        for (what, prepare) in situations {
            scope.spawn(move || killed_everywhere(what, prepare));
        }
    });
}

/// Brings a repository into a situation.
type Preparation = fn(&Running);

fn killed_everywhere(what: &str, prepare: Preparation) {
    let labelled = Wishes { labels: vec!["docker".to_owned()], history: 0, ..wishes() };
    let prepared = || {
        let running = Fake::start(&FILES);
        prepare(&running);
        let before = running.fake.state().asked.len();
        (running, before)
    };
    let (whole, before) = prepared();
    run_with(&whole, &labelled, limits(), Mode::Earnest).expect("nothing is in its way");
    let calls = whole.fake.state().asked.len() - before;
    assert!(calls >= 4, "{what}: {calls}");
    for most_calls in 1..calls {
        let (running, before) = prepared();
        let killed = Limits { most_calls, ..limits() };
        run_with(&running, &labelled, killed, Mode::Earnest).expect_err("it was cut short");
        assert_eq!(running.fake.state().asked.len() - before, most_calls, "{what}");
        run_with(&running, &labelled, limits(), Mode::Earnest).expect("nothing is in its way");
        assert_eq!(
            running.fake.seen(),
            whole.fake.seen(),
            "{what}, killed after {most_calls} of {calls} requests"
        );
    }
}

#[test]
fn what_a_person_closed_is_not_proposed_again_and_a_new_finding_is() {
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.close(1);
    let before = running.fake.seen();
    assert_eq!(run(&running).ending, Ending::Refused { number: 1 });
    assert_eq!(running.fake.seen(), before);
    // The file changes elsewhere: it is still the same change.
    running.fake.commit("main", &[("Dockerfile", &DOCKERFILE.replace("3.11", "3.12"))]);
    assert_eq!(run(&running).ending, Ending::Refused { number: 1 });
    running.fake.commit("main", &[("api/Dockerfile", DOCKERFILE), ("api/requirements.txt", "flask\n")]);
    assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(2), .. }));
    assert_eq!(running.fake.open_pulls().len(), 1);
}

#[test]
fn what_was_merged_and_taken_back_is_not_proposed_again() {
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.merge(1);
    assert_eq!(run(&running).ending, Ending::Nothing);
    assert_eq!(running.fake.tip(BRANCH), None, "the branch of a merged pull request goes");
    running.fake.commit("main", &[("Dockerfile", DOCKERFILE)]);
    assert_eq!(run(&running).ending, Ending::Refused { number: 1 });
}

#[test]
fn a_branch_to_which_a_person_pushed_is_left_until_they_ask() {
    let running = Fake::start(&FILES);
    run(&running);
    let human = running.fake.commit(BRANCH, &[("Dockerfile", "FROM scratch\n")]);
    running.fake.commit("main", &[("Dockerfile", &format!("{DOCKERFILE}EXPOSE 80\n"))]);
    assert_eq!(run(&running).ending, Ending::Touched { number: Some(1) });
    assert_eq!(running.fake.tip(BRANCH), Some(human));
    let ticked = running.fake.open_pulls()[0].body.replace("- [ ] <!--", "- [x] <!--");
    running.fake.state().pulls[0].body = ticked;
    assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(1), .. }));
    assert_eq!(running.fake.file(BRANCH, "Dockerfile"), Some(format!("{REWRITTEN}EXPOSE 80\n")));
    assert!(running.fake.open_pulls()[0].body.contains("- [ ] <!-- dockopt:rebuild -->"));
    let writes = running.fake.writes().len();
    run(&running);
    assert_eq!(running.fake.writes().len(), writes, "the box is not ticked any more");
}

#[test]
fn no_commit_of_a_person_is_lost_whenever_it_comes() {
    for request in ["POST /repos/acme/web/git/trees", "POST /repos/acme/web/git/commits", "POST /graphql"] {
        let running = Fake::start(&FILES);
        run(&running);
        running.fake.commit("main", &[("Dockerfile", &format!("{DOCKERFILE}EXPOSE 80\n"))]);
        running.fake.meanwhile(request, |fake| {
            fake.commit(BRANCH, &[("notes.md", "mine\n")]);
        });
        assert_eq!(run(&running).ending, Ending::Touched { number: Some(1) }, "{request}");
        assert_eq!(running.fake.file(BRANCH, "notes.md").as_deref(), Some("mine\n"), "{request}");
    }
    // The same while the branch is to be deleted, and while it is to be made.
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.merge(1);
    running.fake.meanwhile("POST /graphql", |fake| {
        fake.commit(BRANCH, &[("notes.md", "mine\n")]);
    });
    assert_eq!(run(&running).ending, Ending::Touched { number: None });
    let running = Fake::start(&FILES);
    running.fake.meanwhile("POST /graphql", |fake| {
        fake.commit(BRANCH, &[("notes.md", "mine\n")]);
    });
    assert_eq!(run(&running).ending, Ending::Touched { number: None });
    assert_eq!(running.fake.file(BRANCH, "notes.md").as_deref(), Some("mine\n"));
}

#[test]
fn a_base_that_went_on_elsewhere_starts_no_checks_again() {
    let running = Fake::start(&FILES);
    run(&running);
    let (tip, writes) = (running.fake.tip(BRANCH), running.fake.writes().len());
    running.fake.commit("main", &[("README.md", "news\n")]);
    assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(1), .. }));
    assert_eq!((running.fake.tip(BRANCH), running.fake.writes().len()), (tip, writes));
}

#[test]
fn a_base_that_changes_below_it_gets_one_new_commit_and_text() {
    let running = Fake::start(&FILES);
    run(&running);
    let text = running.fake.open_pulls()[0].body.clone();
    let base = running.fake.commit("main", &[("Dockerfile", &format!("{DOCKERFILE}EXPOSE 80\n"))]);
    run(&running);
    let tip = running.fake.tip(BRANCH).expect("it is there");
    assert_eq!(running.fake.git(&["rev-list", "--parents", "-1", &tip], b""), format!("{tip} {base}"));
    assert_ne!(running.fake.open_pulls()[0].body, text);
    assert_eq!(running.fake.state().pulls.len(), 1);
}

#[test]
fn it_closes_itself_when_nothing_is_left() {
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.commit("main", &[("Dockerfile", REWRITTEN)]);
    assert_eq!(run(&running).ending, Ending::Nothing);
    assert_eq!((running.fake.open_pulls().len(), running.fake.tip(BRANCH)), (0, None));
    assert!(running.fake.state().pulls[0].body.starts_with("dockopt closes this"));
    let writes = running.fake.writes().len();
    run(&running);
    assert_eq!(running.fake.writes().len(), writes);
    // The bot closed it, not a person: when there is something to do again, it is proposed again.
    running.fake.commit("main", &[("Dockerfile", DOCKERFILE)]);
    assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(2), .. }));
}

#[test]
fn a_file_that_cannot_be_read_any_more_closes_nothing() {
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.commit("main", &[("Dockerfile", "FROM python:3.11\nCOPY --from\nBROKEN x\n")]);
    let report = run(&running);
    assert_eq!((report.ending, running.fake.open_pulls().len()), (Ending::Nothing, 1));
    assert!(!report.problems.is_empty());
}

#[test]
fn lost_answers_make_no_second_pull_request() {
    for request in [
        "POST /repos/acme/web/git/trees",
        "POST /repos/acme/web/git/commits",
        "POST /graphql",
        "POST /repos/acme/web/pulls",
    ] {
        for fault in [Fault::Swallow, Fault::Drop, Fault::Refuse(502, Vec::new(), "Bad gateway")] {
            let running = Fake::start(&FILES);
            running.fake.fault(request, fault.clone());
            assert!(
                matches!(run(&running).ending, Ending::Proposed { number: Some(1), .. }),
                "{request} {fault:?}"
            );
            assert_eq!(running.fake.state().pulls.len(), 1, "{request} {fault:?}");
            assert_eq!(running.fake.file(BRANCH, "Dockerfile").as_deref(), Some(REWRITTEN));
        }
    }
    for fault in [Fault::Swallow, Fault::Drop, Fault::Refuse(502, Vec::new(), "Bad gateway")] {
        let running = Fake::start(&FILES);
        run(&running);
        running.fake.commit("main", &[("Dockerfile", REWRITTEN)]);
        running.fake.fault("PATCH /repos/acme/web/pulls/1", fault.clone());
        assert_eq!(run(&running).ending, Ending::Nothing);
        assert_eq!(running.fake.state().pulls[0].body.matches("dockopt closes this").count(), 1, "{fault:?}");
    }
}

#[test]
fn questions_are_asked_again_where_that_helps() {
    for request in [
        "GET /repos/acme/web",
        "GET /repos/acme/web/git/ref",
        "GET /repos/acme/web/git/commits",
        "GET /repos/acme/web/pulls",
    ] {
        for fault in [
            Fault::Drop,
            Fault::Refuse(500, Vec::new(), "Server Error"),
            Fault::Refuse(503, Vec::new(), "Unavailable"),
        ] {
            let running = Fake::start(&FILES);
            running.fake.fault(request, fault.clone());
            assert!(matches!(run(&running).ending, Ending::Proposed { .. }), "{request} {fault:?}");
        }
    }
}

#[test]
fn a_forge_that_wants_fewer_requests_is_waited_for() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let soon = || {
        [
            Fault::Refuse(429, vec![("retry-after", "1".to_owned())], "Too many"),
            Fault::Refuse(
                403,
                vec![("retry-after", "1".to_owned())],
                "You have exceeded a secondary rate limit",
            ),
            Fault::Refuse(
                403,
                vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", now.to_string())],
                "API rate limit exceeded",
            ),
        ]
    };
    for fault in soon() {
        let running = Fake::start(&FILES);
        running.fake.fault("POST /repos/acme/web/pulls", fault);
        assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(1), .. }));
        assert_eq!(running.fake.state().pulls.len(), 1);
    }
    let late = [
        Fault::Refuse(403, Vec::new(), "You have exceeded a secondary rate limit. Please wait a few minutes"),
        Fault::Refuse(
            403,
            vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", (now + 3_000).to_string())],
            "API rate limit exceeded",
        ),
    ];
    for fault in late {
        let running = Fake::start(&FILES);
        running.fake.fault("GET /repos/acme/web", fault);
        let problem = run_with(&running, &wishes(), limits(), Mode::Earnest).expect_err("it is too long");
        assert!(problem.message.contains("wants fewer requests"), "{problem:?}");
        assert_eq!(running.fake.state().asked.len(), 1);
    }
}

#[test]
fn refusals_say_what_to_do() {
    let cases = [
        ("GET /repos/acme/web", 401, "Bad credentials", "not valid"),
        ("GET /repos/acme/web", 404, "Not Found", "may not see"),
        (
            "GET /repos/acme/web",
            403,
            "Resource protected by organization SAML enforcement.",
            "single sign-on",
        ),
        ("POST /repos/acme/web/git/trees", 403, "Resource not accessible by integration", "contents: write"),
        (
            "POST /repos/acme/web/git/trees",
            403,
            "Resource not accessible by personal access token",
            "contents: write",
        ),
        ("POST /repos/acme/web/git/trees", 403, "Repository was archived so is read-only.", "archived"),
        (
            "POST /repos/acme/web/pulls",
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            "Workflow permissions",
        ),
    ];
    for (request, status, message, help) in cases {
        let running = Fake::start(&FILES);
        running.fake.fault(request, Fault::Refuse(status, Vec::new(), message));
        let problem = run_with(&running, &wishes(), limits(), Mode::Earnest).expect_err(message);
        assert!(problem.help.contains(help), "{message}: {problem:?}");
        assert!(!format!("{problem:?}").contains(TOKEN));
    }
    let running = Fake::start(&FILES);
    let other = Login::Token(Token::new("another").expect("it is one"));
    let problem =
        run_as(&running, other, &wishes(), limits(), Mode::Earnest).expect_err("it is not the token");
    assert!(problem.help.contains("not valid"), "{problem:?}");
}

#[test]
fn two_runs_at_once_come_to_one_pull_request() {
    for _ in 0..3 {
        let running = Fake::start(&FILES);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| run(&running));
            }
        });
        assert_eq!(running.fake.state().pulls.len(), 1);
        assert_eq!(running.fake.file(BRANCH, "Dockerfile").as_deref(), Some(REWRITTEN));
    }
}

#[test]
fn a_branch_that_is_pushed_elsewhere_or_deleted_is_a_persons_word() {
    let running = Fake::start(&FILES);
    run(&running);
    let elsewhere = running.fake.tip("main").expect("it is there");
    running.fake.point(BRANCH, Some(&elsewhere));
    assert_eq!(run(&running).ending, Ending::Touched { number: Some(1) });
    let running = Fake::start(&FILES);
    run(&running);
    running.fake.point(BRANCH, None);
    assert_eq!(run(&running).ending, Ending::Refused { number: 1 });
    assert_eq!(running.fake.tip(BRANCH), None);
}

#[test]
fn all_pages_are_read_and_forks_are_not_the_bot() {
    let running = Fake::start(&FILES);
    run(&running);
    let first = running.fake.open_pulls()[0].clone();
    running.fake.close(1);
    {
        // The refusal is on the last of four pages, below others from the same branch.
        let mut state = running.fake.state();
        for number in 2..8 {
            let body = "by hand".to_owned();
            state.pulls.push(Pull { number, state: "closed".to_owned(), body, ..first.clone() });
        }
        state.pulls.push(Pull { number: 9, owner: "mallory".to_owned(), ..first.clone() });
    }
    assert_eq!(run(&running).ending, Ending::Refused { number: 1 });
    let running = Fake::start(&FILES);
    running.fake.state().pulls.push(Pull {
        number: 1,
        state: "closed".to_owned(),
        owner: "mallory".to_owned(),
        ..first
    });
    assert!(matches!(run(&running).ending, Ending::Proposed { number: Some(2), .. }), "a fork cannot refuse");
}

#[test]
fn labels_are_added_once_and_are_no_reason_to_fail() {
    let wishes = Wishes { labels: vec!["Docker".to_owned()], is_draft: true, ..wishes() };
    let running = Fake::start(&FILES);
    run_with(&running, &wishes, limits(), Mode::Earnest).expect("nothing is in its way");
    assert!(running.fake.open_pulls()[0].is_draft);
    // GitHub keeps the case in which somebody wrote it first.
    running.fake.state().pulls[0].labels = vec!["docker".to_owned()];
    let writes = running.fake.writes().len();
    run_with(&running, &wishes, limits(), Mode::Earnest).expect("nothing is in its way");
    assert_eq!(running.fake.writes().len(), writes);
    let running = Fake::start(&FILES);
    running.fake.fault(
        "POST /repos/acme/web/issues",
        Fault::Refuse(403, Vec::new(), "Resource not accessible by integration"),
    );
    let report = run_with(&running, &wishes, limits(), Mode::Earnest).expect("a label is no reason to fail");
    assert!(matches!(report.ending, Ending::Proposed { number: Some(1), .. }));
}

#[test]
fn empty_and_archived_repositories_are_left() {
    let running = Fake::start(&[]);
    let report = run(&running);
    assert!(report.problems[0].message.contains("no branch `main`"), "{:?}", report.problems);
    let running = Fake::start(&FILES);
    running.fake.state().is_archived = true;
    assert!(run(&running).problems[0].message.contains("archived"));
    assert_eq!(running.fake.writes(), [""; 0]);
    let running = Fake::start(&[("README.md", "nothing to build\n")]);
    assert_eq!((run(&running).ending, running.fake.writes().len()), (Ending::Nothing, 0));
}

/// Runs the program itself against a fake: its status, what it printed, and what it said.
fn program(running: &Running, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
    command.args(["bot", "run", "--repo", "acme/web", "--url", &running.url()]).args(arguments);
    command.env("DOCKOPT_TOKEN", TOKEN);
    let output = command.output().expect("it can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_rehearsal_says_all_and_does_nothing() {
    let running = Fake::start(&FILES);
    let before = running.fake.seen();
    let (status, out, said) = program(&running, &["--dry-run", "--label", "docker"]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    let body = out.replace(&running.fake.tip("main").expect("it is there")[..12], "COMMIT");
    support::assert_snapshot("bot", "rehearsal", &body);
    let (_, json, _) = program(&running, &["--dry-run", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let one = &json["repositories"][0];
    assert_eq!(
        (&json["dry_run"], &one["ending"], &one["number"]),
        (&true.into(), &"proposed".into(), &serde_json::Value::Null)
    );
    assert!(
        one["proposal"]["patch"].as_str().is_some_and(|patch| patch.contains("+COPY requirements.txt ."))
    );
    assert_eq!((running.fake.seen(), running.fake.writes().len()), (before, 0));
}

#[test]
fn the_program_does_it_says_so_and_never_shows_its_token() {
    let running = Fake::start(&FILES);
    let (status, out, said) = program(&running, &[]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert_eq!(out, "acme/web: make the branch, open a pull request https://forge.example/acme/web/pull/1\n");
    let (_, again, _) = program(&running, &[]);
    assert_eq!(again, "acme/web: the pull request #1 is up to date https://forge.example/acme/web/pull/1\n");
    running.fake.fault("GET /repos/acme/web", Fault::Refuse(403, Vec::new(), "Forbidden"));
    let (status, out, said) = program(&running, &["--format", "json"]);
    assert_eq!(status, Some(2));
    assert!(out.contains("\"ending\": \"failed\"") && said.contains("contents: write"), "{out} {said}");
    assert!(!out.contains(TOKEN) && !said.contains(TOKEN));
    let mut without = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
    without.args(["bot", "run", "--repo", "acme/web", "--url", &running.url()]);
    for name in ["DOCKOPT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"] {
        without.env_remove(name);
    }
    let output = without.output().expect("it can be run");
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no token"));
}

#[test]
fn a_hostile_repository_reaches_nothing_outside() {
    let running = Fake::start(&[]);
    let secret = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(secret.path(), DOCKERFILE).expect("it can be written");
    let target = secret.path().display().to_string();
    let name = "x`@all #1 </details>\n```\n<!-- dockopt edits=0 changes=0 closed-by=dockopt -->/Dockerfile";
    let pip = b"flask\n";
    running.fake.commit_entries(
        "main",
        &[
            (name.as_bytes(), "100755", DOCKERFILE.as_bytes()),
            (b"x`@all #1 </details>\n```\n<!-- dockopt edits=0 changes=0 closed-by=dockopt -->/requirements.txt", "100644", pip),
            // Links out of the tree: a Dockerfile, a folder of them, an ignore file, a manifest.
            (b"link/Dockerfile", "120000", target.as_bytes()),
            (b"out", "120000", b"/etc"),
            (b"api/Dockerfile", "100644", DOCKERFILE.as_bytes()),
            (b"api/requirements.txt", "120000", target.as_bytes()),
            (b"web/Dockerfile", "100644", DOCKERFILE.as_bytes()),
            (b"web/requirements.txt", "100644", pip),
            (b"web/.dockerignore", "120000", target.as_bytes()),
            // What git could be told to run.
            (b".gitattributes", "100644", b"* filter=evil diff=evil text eol=crlf\n"),
            (b".gitmodules", "100644", b"[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c 'touch /tmp/dockopt-was-here'\n"),
            (b"weird\xff/Dockerfile", "100644", DOCKERFILE.as_bytes()),
            (b"weird\xff/requirements.txt", "100644", pip),
            (b"dockopt.toml", "100644", b"unsafe = true\n[registry.mirrors]\n\"docker.io\" = [\"evil.example\"]\n"),
        ],
    );
    let report = run(&running);
    let changed = running.fake.git(&["diff", "--name-only", "-z", "main", BRANCH], b"");
    assert_eq!(changed.trim_end_matches('\0'), name, "links are left, and what lies beside them");
    let entry = running.fake.git(&["ls-tree", "-r", BRANCH, "--", name], b"");
    assert!(entry.starts_with("100755 blob"), "{entry}");
    let pull = running.fake.open_pulls().remove(0);
    assert_eq!(pull.title.lines().count(), 1);
    assert!(pull.title.contains("@\u{200b}all #\u{200b}1"), "{}", pull.title);
    let body = pull.body.replace(&running.fake.tip("main").expect("it is there")[..12], "COMMIT");
    support::assert_snapshot("bot", "hostile", &body);
    assert!(matches!(report.ending, Ending::Proposed { .. }));
    let writes = running.fake.writes().len();
    run(&running);
    assert_eq!(running.fake.writes().len(), writes, "a name of a file is no mark");
    assert_eq!(std::fs::read_to_string(secret.path()).expect("it is there"), DOCKERFILE);
}

#[test]
fn trees_that_git_would_not_check_out_are_refused() {
    for path in ["..", ".git", ".GIT", "."] {
        let running = Fake::start(&FILES);
        let blob = running.fake.git(&["hash-object", "-w", "--stdin"], DOCKERFILE.as_bytes());
        let inner = running.fake.git(&["mktree"], format!("100644 blob {blob}\tDockerfile\n").as_bytes());
        // mktree refuses such names, and a stranger's program need not.
        let bytes =
            (0..20).map(|at| u8::from_str_radix(&inner[2 * at..2 * at + 2], 16).expect("it is a name"));
        let tree: Vec<u8> = format!("40000 {path}\0").bytes().chain(bytes).collect();
        let tree = running.fake.git(&["hash-object", "-w", "--literally", "-t", "tree", "--stdin"], &tree);
        let commit = running.fake.git(&["commit-tree", &tree], b"work\n");
        running.fake.point("main", Some(&commit));
        let problem = run_with(&running, &wishes(), limits(), Mode::Earnest).expect_err(path);
        assert!(problem.message.contains("does not check out"), "{path}: {problem:?}");
        assert_eq!(running.fake.writes(), [""; 0]);
    }
}

#[test]
fn modes_line_ends_and_missing_line_ends_are_kept() {
    let running = Fake::start(&[("requirements.txt", "flask\n")]);
    let crlf = DOCKERFILE.replace('\n', "\r\n");
    running.fake.commit_entries(
        "main",
        &[
            (b"Dockerfile", "100755", crlf.as_bytes()),
            (b"Dockerfile.dev", "100644", DOCKERFILE.trim_end().as_bytes()),
        ],
    );
    run(&running);
    assert_eq!(running.fake.file(BRANCH, "Dockerfile"), Some(REWRITTEN.replace('\n', "\r\n")));
    assert_eq!(running.fake.file(BRANCH, "Dockerfile.dev").as_deref(), Some(REWRITTEN.trim_end()));
    let entries = running.fake.git(&["ls-tree", BRANCH], b"");
    assert!(entries.starts_with("100755 blob"), "{entries}");
}

#[test]
fn a_large_file_is_there_and_not_read() {
    let running = Fake::start(&FILES);
    let large = vec![b'x'; 17 << 20];
    running.fake.commit_entries("main", &[(b"requirements.txt", "100644", &large)]);
    let report = run(&running);
    assert_eq!((report.ending, running.fake.writes().len()), (Ending::Nothing, 0));
}

/// A key that is for this test alone, and for its end.
fn key() -> Option<(String, PathBuf, tempfile::TempDir)> {
    let folder = tempfile::tempdir().expect("there is room");
    let run = |arguments: &[&str]| {
        let output =
            std::process::Command::new("openssl").args(arguments).current_dir(folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    let made = run(&["genrsa", "-traditional", "-out", "key.pem", "2048"])
        && run(&["rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    if !made {
        eprintln!("skipped: the test of GitHub Apps: there is no openssl");
        return None;
    }
    let key = std::fs::read_to_string(folder.path().join("key.pem")).expect("it was made");
    Some((key, folder.path().join("public.pem"), folder))
}

#[test]
fn an_app_signs_for_itself_and_gets_a_token_for_each_owner() {
    let Some((key, public, _folder)) = key() else { return };
    let running = Fake::start(&FILES);
    running.fake.state().app_key = Some(public);
    let login = Login::App(App::new("4711", Token::new(&key).expect("it is one")));
    let report = run_as(&running, login, &wishes(), limits(), Mode::Earnest).expect("nothing is in its way");
    assert!(matches!(report.ending, Ending::Proposed { number: Some(1), .. }));
    let tokens = running.fake.writes().iter().filter(|asked| asked.contains("access_tokens")).count();
    assert_eq!(tokens, 1, "one token is enough for a run");
    let broken =
        Login::App(App::new("4711", Token::new("-----BEGIN RSA PRIVATE KEY-----").expect("it is one")));
    let problem = run_as(&running, broken, &wishes(), limits(), Mode::Earnest).expect_err("it is no key");
    assert!(problem.message.contains("private key"), "{problem:?}");
}

#[test]
fn an_organization_is_gone_through_in_shares_and_on_from_where_it_stopped() {
    let running = Fake::start(&FILES);
    for name in ["acme/api", "acme/docs", "acme/service-1", "acme/service-2"] {
        running.fake.state().others.push((name.to_owned(), "plain"));
    }
    running.fake.state().others.push(("acme/old-service".to_owned(), "archived"));
    running.fake.state().others.push(("acme/service-fork".to_owned(), "fork"));
    let names = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
        command.args([
            "bot",
            "run",
            "--org",
            "acme",
            "--dry-run",
            "--format",
            "json",
            "--url",
            &running.url(),
        ]);
        let output = command.args(arguments).env("DOCKOPT_TOKEN", TOKEN).output().expect("it can be run");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let all = json["repositories"].as_array().expect("it is a list");
        let names: Vec<String> =
            all.iter().map(|one| one["name"].as_str().expect("it has a name").to_owned()).collect();
        (names, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let all = ["acme/api", "acme/docs", "acme/service-1", "acme/service-2", "acme/web"];
    assert_eq!(names(&[]).0, all, "three pages, without archived ones and forks");
    assert_eq!(names(&["--match", "service-*"]).0, ["acme/service-1", "acme/service-2"]);
    assert_eq!(names(&["--match", "service-*", "--forks"]).0.len(), 3);
    assert_eq!(names(&["--from", "acme/service-2"]).0, ["acme/service-2", "acme/web"]);
    let mut shares: Vec<String> = (0..3).flat_map(|at| names(&["--shard", &format!("{at}/3")]).0).collect();
    shares.sort();
    assert_eq!(shares, all);
    // Four requests for the list, and one for the first repository, which the fake does not have.
    let (seen, said) = names(&["--max-calls", "5"]);
    assert_eq!(seen, ["acme/api", "acme/docs"]);
    assert!(
        said.contains("4 of 5 repositories were not looked at") && said.contains("--from acme/docs"),
        "{said}"
    );
    let list = tempfile::NamedTempFile::new().expect("there is room");
    std::fs::write(list.path(), "acme/web # the shop\n").expect("it can be written");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
    command
        .args(["bot", "run", "--url", &running.url(), "--list"])
        .arg(list.path())
        .env("DOCKOPT_TOKEN", TOKEN);
    let output = command.output().expect("it can be run");
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("acme/web: make the branch, open a pull request")
    );
}

#[test]
fn five_thousand_dockerfiles_are_one_pull_request() {
    let text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n";
    let paths: Vec<String> =
        (0..5_000).map(|at| format!("services/{}/{}/Dockerfile", at / 100, at % 100)).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), text)).collect();
    let running = Fake::start(&files);
    let wishes = Wishes { history: 0, ..wishes() };
    run_with(&running, &wishes, limits(), Mode::Earnest).expect("nothing is in its way");
    let changed = running.fake.git(&["diff", "--name-only", "main", BRANCH], b"");
    assert_eq!(changed.lines().count(), 5_000);
    let pull = running.fake.open_pulls().remove(0);
    assert!(pull.body.contains("more files: this text is full"));
    // With the longest mark, which fewer files have, it is not too long either.
    assert!(pull.body.chars().count() + 7_000 < 65_536, "{}", pull.body.chars().count());
    assert_eq!(pull.title, "Improve 5000 Dockerfiles");
    let trees = running.fake.writes().iter().filter(|asked| asked.contains("git/trees")).count();
    assert_eq!(trees, 10);
    let writes = running.fake.writes().len();
    run_with(&running, &wishes, limits(), Mode::Earnest).expect("nothing is in its way");
    assert_eq!(running.fake.writes().len(), writes);
}

#[test]
fn the_schedules_of_the_manual_are_yaml_and_name_what_there_is() {
    let text = std::fs::read_to_string(support::root().join("docs/bot.md")).expect("it is there");
    let blocks: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 4);
    for block in blocks {
        yaml::read(block, Aliases::Refused).unwrap_or_else(|error| panic!("{error}: {block}"));
        let line = block.lines().find(|line| line.contains("dockopt bot run")).expect("it runs the bot");
        let known = ["--repo", "--org", "--shard"];
        assert!(
            line.split(' ').filter(|word| word.starts_with("--")).all(|word| known.contains(&word)),
            "{line}"
        );
    }
}
