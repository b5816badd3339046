//! Where a claim and what an install did contradict each other.

use crate::claims::{APP, Claim};
use crate::run::Did;

/// What the install did and the claim denies, a line each. A file that the install itself made may be read. Which names it
/// listed is not compared: what it does with a name shows in what it opens or looks for next.
pub(crate) fn between(claim: &Claim, did: &Did) -> Vec<String> {
    let is_brought = |path: &&String| claim.files().contains(*path);
    let mut wrong = Vec::new();
    for (verb, paths) in [("read", &did.read), ("looked at", &did.looked_at)] {
        let denied = paths.iter().filter(is_brought).filter(|path| !claim.reads(path));
        wrong.extend(denied.map(|path| format!("{verb} {APP}/{path}, which is not claimed")));
    }
    // What it made and took away again is no part of the image, unless it is in the way of a file of the context.
    let is_below = |path: &String, folder: &String| {
        path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    // A folder that the context does not bring is made with what lies in it.
    let is_way = |folder: &&String| {
        !claim.files().iter().any(|path| is_below(path, folder))
            && did.changed.iter().any(|path| is_below(path, folder) && claim.writes(path))
    };
    let written =
        did.written.iter().filter(is_brought).chain(did.changed.iter().filter(|path| !is_way(path)));
    let written = written.filter(|path| !claim.writes(path));
    wrong.extend(written.map(|path| format!("wrote {APP}/{path}, which is not claimed")));
    // A file that is not there today may be there when the image is built. That a URL is the name of a file is asked by some
    // tools, and is never true.
    let missed = did.missed.iter().filter(|path| !path.contains(":/"));
    // Of a folder that is missing, what would be read in it is claimed.
    let denied = missed.filter(|path| !claim.reads_below(path) && !claim.writes(path));
    wrong.extend(
        denied.map(|path| format!("would read {APP}/{path}, if it were there, which is not claimed")),
    );
    wrong
}

#[test]
fn what_is_not_claimed_is_a_contradiction() {
    let cases = crate::cases::Cases::read();
    let case = cases
        .case
        .iter()
        .find(|case| case.project.ends_with("/pip-constraints"))
        .expect("there is such a case");
    let scratch = crate::run::Scratch::of(case).expect("folders can be made");
    let claim = crate::claim(case, &cases.tool[&case.tool], &scratch).expect("it is claimed");
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
    assert!(claim.files().contains("src/app.py"));
    let honest =
        Did { read: set(&["constraints.txt", "requirements/base.txt", "made.txt"]), ..Did::default() };
    assert_eq!(between(&claim, &honest), [""; 0]);
    let did = Did {
        read: set(&["src/app.py"]),
        looked_at: set(&["src/app.py"]),
        written: set(&["constraints.txt", "temporary"]),
        changed: set(&["build"]),
        missed: set(&["secrets.txt"]),
    };
    assert_eq!(
        between(&claim, &did),
        [
            "read /app/src/app.py, which is not claimed",
            "looked at /app/src/app.py, which is not claimed",
            "wrote /app/constraints.txt, which is not claimed",
            "wrote /app/build, which is not claimed",
            "would read /app/secrets.txt, if it were there, which is not claimed",
        ]
    );
}
