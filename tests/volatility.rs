//! A merge never joins steps of different volatility: steps that change for other reasons stay apart, in either order.

use crate::support::Project;

/// Steps by the reason for which they change.
const STEPS: [(&str, &str); 6] = [
    (
        "packages of the system",
        "apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*",
    ),
    ("small steps of the system", "mkdir -p /srv/orders/data && chown www-data:www-data /srv/orders/data"),
    ("dependencies", "pip install --no-cache-dir flask==3.0.3"),
    (
        "a download",
        "curl -fsSL -o /usr/local/bin/dbmate https://example.org/dbmate/v2.19.0/dbmate-linux-amd64",
    ),
    ("a build", "make -C /usr/src/orders install"),
    ("a build argument", "mkdir -p /srv/orders/$RELEASE"),
];

#[test]
fn merges_join_no_steps_of_different_volatility() {
    let mut pairs = 0;
    for (one, first) in STEPS {
        for (two, second) in STEPS.iter().filter(|(two, _)| *two != one) {
            let file = format!("FROM python:3.12-slim\nARG RELEASE\nRUN {first}\nRUN {second}\n");
            let outcome =
                Project::of(&file, &[]).fix(Some(&["merge-runs", "drop-late-deletes"])).expect("it is valid");
            assert_eq!(outcome.text, file, "{one}, then {two}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, STEPS.len() * (STEPS.len() - 1));
}
