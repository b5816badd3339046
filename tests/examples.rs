//! Every example with all passes, as its reader will see it, and the pair of files that the project began with, spelled out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{self, Project};

/// The folders below `examples/` that have a Dockerfile, by a name for a snapshot.
pub(crate) fn examples() -> Vec<(String, PathBuf)> {
    let top = support::root().join("examples");
    let mut found = Vec::new();
    collect(&top, &mut found);
    found
        .into_iter()
        .map(|folder| {
            let path = folder.strip_prefix(&top).expect("it is below");
            (path.to_str().expect("names are UTF-8").replace(['/', '\\'], "-"), folder)
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("Dockerfile").is_file() {
        found.push(folder.to_owned());
    }
    for inner in support::folders(folder) {
        collect(&inner, found);
    }
}

#[test]
fn examples_become_what_their_snapshots_say() {
    let examples = examples();
    assert!(examples.len() >= 6);
    support::assert_no_orphans(
        "examples",
        &examples.iter().map(|one| one.0.clone()).collect::<BTreeSet<_>>(),
    );
    support::each(examples, |name, folder| {
        let project = Project::read(&folder);
        let outcome = project.fix(None).expect("an example has no syntax errors");
        support::assert_snapshot("examples", name, &project.report(&outcome));
        assert_eq!(outcome.bugs, [""; 0]);
        let again = project.after(&outcome).fix(None).expect("the result has no syntax errors");
        assert_eq!((again.text, again.ignore), (outcome.text, None), "a second run changes nothing");
    });
}

#[test]
fn the_flask_file_becomes_what_a_person_would_write() {
    let folder = support::root().join("examples/flask");
    let project = Project::read(&folder);
    assert_eq!(
        project.text,
        "FROM python:3.11\n\
         WORKDIR /app\n\
         COPY . .\n\
         RUN pip install --no-cache-dir -r requirements.txt\n\
         ENV FLASK_APP=app.py\n\
         EXPOSE 5000\n\
         CMD [\"flask\", \"run\", \"--host=0.0.0.0\"]\n"
    );
    let outcome = project.fix(None).unwrap();
    assert_eq!(
        outcome.text,
        "FROM python:3.11\n\
         WORKDIR /app\n\
         COPY requirements.txt .\n\
         RUN pip install --no-cache-dir -r requirements.txt\n\
         COPY . .\n\
         ENV FLASK_APP=app.py\n\
         EXPOSE 5000\n\
         CMD [\"flask\", \"run\", \"--host=0.0.0.0\"]\n"
    );
    assert_eq!(outcome.ignore, None);
    assert_eq!(fs::read_to_string(folder.join("Dockerfile")).unwrap(), project.text, "nothing is written");
}
