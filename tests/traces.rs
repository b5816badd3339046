//! What is said of installs is true: each case runs a real install under a tracer of system calls and compares what it did
//! with what the effects claim. A binary of its own, because it is slow, needs a registry and is worth running alone:
//! `bash .ci/trace-tools && cargo test --test traces -- --nocapture`. How to add a case is in CONTRIBUTING.md.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test may touch the world")]

#[path = "traces/cases.rs"]
mod cases;
mod claims;
#[path = "traces/contradictions.rs"]
mod contradictions;
#[path = "traces/page.rs"]
mod page;
#[path = "traces/run.rs"]
mod run;
#[path = "traces/strace.rs"]
mod strace;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use cases::{Case, Cases, Tool};
use claims::{Claim, Install};
use dockopt::files::Folder;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

#[test]
fn installs_do_what_is_claimed() {
    let cases = Cases::read();
    if !run::tools().is_dir() {
        say("skipped: traced installs, since .ci/trace-tools was not run");
        return;
    }
    if !run::succeeds("strace --version") {
        say("skipped: traced installs, since strace is missing");
        return;
    }
    let only = std::env::var("DOCKOPT_TRACE").unwrap_or_default();
    let is_there: BTreeMap<&str, bool> =
        cases.tool.iter().map(|(name, tool)| (name.as_str(), run::succeeds(&tool.look))).collect();
    let (here, missing): (Vec<&Case>, Vec<&Case>) = cases
        .case
        .iter()
        .filter(|case| case.name().contains(&only))
        .partition(|case| is_there[case.tool.as_str()]);
    for case in missing {
        say(&format!("skipped: {}: {} is missing", case.name(), case.tool));
    }
    // They wait for a registry most of the time.
    let failures: Vec<String> = here
        .into_par_iter()
        .filter_map(|case| {
            let start = Instant::now();
            let found = checked(case, &cases.tool[&case.tool]);
            say(&format!("traced: {} in {} ms", case.name(), start.elapsed().as_millis()));
            found.err().map(|why| format!("{}\n{why}", case.name()))
        })
        .collect();
    assert!(failures.is_empty(), "{} cases failed:\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The claim about a case, whose context is in the scratch folders.
fn claim(case: &Case, tool: &Tool, scratch: &run::Scratch) -> Result<Claim, String> {
    let folder = Arc::new(Folder::new(scratch.context()));
    let on_disk = dockopt::context::open(folder, None).map_err(|problem| problem.message)?;
    let install = Install {
        from: tool.from.clone(),
        env: case.env.clone(),
        workdir: case.workdir.clone(),
        command: case.command.clone(),
    };
    Claim::of(&install, &on_disk.context())
}

/// Says it even where the output of tests is kept back.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("somebody listens");
}

/// Runs one case.
fn checked(case: &Case, tool: &Tool) -> Result<(), String> {
    let scratch = run::Scratch::of(case)?;
    let claim = claim(case, tool, &scratch)?;
    let did = scratch.install(case, tool, claim.files())?;
    let wrong = contradictions::between(&claim, &did);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
