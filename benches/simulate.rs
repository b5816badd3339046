//! How long a simulation takes: 200 commits, a Dockerfile of 30 steps, a build context of 10,000 files. Must not measure git.

#![allow(missing_docs)] // Criterion's macros write functions without

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use dockopt::history::{Blob, Change, Commit, Commits};
use dockopt::simulate::{Assumptions, Cost, Form, Place, replay};
use dockopt_tools::Toolbox;

const FILES: usize = 10_000;

fn blob(number: usize) -> Blob {
    Blob { mode: 0o100_644, id: format!("{number:040x}") }
}

fn path(number: usize) -> String {
    format!("services/service{}/src/module{}/file{number}.py", number % 20, number % 400)
}

/// Each commit edits ten files, the manifest in every tenth.
fn history(count: usize) -> Commits {
    let start: BTreeMap<String, Blob> = (0..FILES)
        .map(|number| (path(number), blob(number)))
        .chain([("requirements.txt".to_owned(), blob(FILES))])
        .collect();
    let mut files = start.clone();
    let mut commits = Vec::new();
    for commit in 0..count {
        let edited = (0..10).map(|edit| path((commit * 37 + edit * 991) % FILES));
        let manifest = (commit % 10 == 0).then(|| "requirements.txt".to_owned());
        let changes = edited
            .chain(manifest)
            .enumerate()
            .map(|(at, path)| {
                let new = blob(FILES + 1 + commit * 16 + at);
                let old = files.insert(path.clone(), new.clone());
                Change { path, old, new: Some(new) }
            })
            .collect();
        commits.push(Commit { id: format!("{commit:040x}"), time: 0, subject: String::new(), changes });
    }
    Commits { start, commits, is_shallow: false, uncommitted: 0 }
}

/// 30 steps, twelve of them copies of one folder each or of everything.
fn dockerfile() -> String {
    let mut text =
        "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            .to_owned();
    for service in 0..10 {
        text.push_str(&format!("COPY services/service{service} /app/service{service}\nRUN python -m compileall service{service}\n"));
    }
    text.push_str("COPY . .\n");
    for step in 0..6 {
        text.push_str(&format!("RUN ./build.sh {step}\n"));
    }
    text
}

fn simulate(c: &mut Criterion) {
    let text = dockerfile();
    let commits = history(200);
    let place = Place { folder: Path::new("/"), ignore_files: &[] };
    let cost = |_: &str, _| Cost::Assumed(Duration::ZERO);
    c.bench_function("200 commits, 30 steps, 10,000 files, before and after", |bencher| {
        bencher.iter(|| {
            let forms = [Form { text: &text, ignore: &[] }; 2];
            let replayed =
                replay(place, &commits, &forms, Toolbox::builtin(), &Assumptions::default(), &cost);
            replayed.map(|(_, replays)| replays[0].runs()).expect("nothing is read")
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = simulate
}
criterion_main!(benches);
