//! The page that says which installs are traced, made from the list of cases. A page that differs is rewritten, and the test
//! fails once.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cases::Cases;

const PATH: &str = "docs/traces.md";

#[test]
fn the_page_lists_the_cases() {
    let cases = Cases::read();
    let mut text = "# Traced installs\n\n<!-- Made from tests/traces/cases.toml; edit that. -->\n\n\
        What dockopt claims of an install is compared with a real one: the command runs under a tracer of system calls in a\n\
        copy of its build context, and every file of the context that it opened must be in the claimed read set, every path\n\
        that it changed in the claimed write set. `bash .ci/trace-tools && cargo test --test traces` runs these.\n\n\
        | tool | project | command |\n|---|---|---|\n"
        .to_owned();
    for (name, tool) in &cases.tool {
        for case in cases.case.iter().filter(|case| case.tool == *name) {
            let env: String = case.env.iter().map(|(key, value)| format!("{key}={value} ")).collect();
            let folder = case.workdir.as_ref().map_or(String::new(), |below| format!(", in {below}"));
            let _ = writeln!(
                text,
                "| {name} ({}) | {}{folder} | `{env}{}` |",
                tool.from, case.project, case.command
            );
        }
    }
    text.push_str("\n## Not run\n\n");
    for (name, reason) in &cases.not_run {
        let _ = writeln!(text, "- {name}: {reason}.");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(&path, text).expect("the page can be written");
    panic!("{PATH} was rewritten, since the cases are others now");
}
