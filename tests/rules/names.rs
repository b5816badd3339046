//! Every check of BuildKit and every rule of hadolint is answered by a pass, by a rule, or by the parser. The lists are theirs; the
//! answers are found, and docs/rules.md is made from them.

use std::fmt::Write as _;

use dockopt::suppress::Subject;
use dockopt_rules::{RULES, Starts};
use dockopt_syntax::parse;
use dockopt_transforms::PASSES;

/// The checks of BuildKit: frontend/dockerfile/linter/ruleset.go of moby/buildkit, as of 2026-08.
const CHECKS: [&str; 22] = [
    "ConsistentInstructionCasing",
    "CopyIgnoredFile",
    "DuplicateStageName",
    "ExposeInvalidFormat",
    "ExposeProtoCasing",
    "FromAsCasing",
    "FromPlatformFlagConstDisallowed",
    "InvalidBaseImagePlatform",
    "InvalidDefaultArgInFrom",
    "InvalidDefinitionDescription",
    "JSONArgsRecommended",
    "LegacyKeyValueFormat",
    "MaintainerDeprecated",
    "MultipleInstructionsDisallowed",
    "NoEmptyContinuation",
    "RedundantTargetPlatform",
    "ReservedStageName",
    "SecretsUsedInArgOrEnv",
    "StageNameCasing",
    "UndefinedArgInFrom",
    "UndefinedVar",
    "WorkdirRelativePath",
];

/// The numbers of hadolint's rules: src/Hadolint/Rule of hadolint/hadolint, as of 2026-08 (2.15.1).
const NUMBERS: [(&str, std::ops::RangeInclusive<u32>); 11] = [
    ("DL", 1001..=1001),
    ("DL", 3000..=3004),
    ("DL", 3006..=3016),
    ("DL", 3018..=3030),
    ("DL", 3032..=3038),
    ("DL", 3040..=3067),
    ("DL", 4000..=4001),
    ("DL", 4003..=4006),
    // What old versions reported; comments with these numbers are still around.
    ("DL", 3005..=3005),
    ("DL", 3017..=3017),
    ("DL", 3039..=3039),
];

/// What the parser refuses, as a builder does, each with a file that shows it.
const REFUSED: [(&str, &str); 2] =
    [("DL3043", "FROM debian:12\nONBUILD FROM debian:12\n"), ("DL3061", "ENV A=1\nFROM debian:12\n")];

/// What is left out, with the reason.
const LEFT_OUT: [(&str, &str); 3] = [
    ("DL3005", "upgrading is no fault; hadolint dropped the rule"),
    ("DL3017", "upgrading is no fault; hadolint dropped the rule"),
    ("DL3039", "upgrading is no fault; hadolint dropped the rule"),
];

/// All names, those of BuildKit first.
fn names() -> impl Iterator<Item = String> {
    let numbers =
        NUMBERS.iter().flat_map(|(letters, range)| range.clone().map(move |at| format!("{letters}{at}")));
    CHECKS.iter().map(|&name| name.to_owned()).chain(numbers)
}

/// What answers a name: pages with their class, or why there is nothing.
fn answers(name: &str) -> Vec<String> {
    let is_meant = |subject: Subject<'_>| subject.is_among([name]);
    let passes = PASSES.iter().filter(|pass| is_meant((*pass).into()));
    let mut found: Vec<String> =
        passes.map(|pass| format!("pass [{0}](passes/{0}.md), {1}", pass.name, pass.class.name())).collect();
    found.extend(RULES.iter().filter(|rule| is_meant((*rule).into())).map(|rule| {
        let on_request = if rule.starts == Starts::OnRequest { ", on request" } else { "" };
        format!("rule [{0}](rules/{0}.md), {1}{on_request}", rule.name, rule.severity.name())
    }));
    if REFUSED.iter().any(|(refused, _)| *refused == name) {
        found.push("refused when the file is read".to_owned());
    }
    found
        .extend(LEFT_OUT.iter().filter(|(left, _)| *left == name).map(|(_, why)| format!("left out: {why}")));
    found
}

/// docs/rules.md.
pub(super) fn table() -> String {
    let mut text = "# Names of other tools\n\n\
        <!-- Made by the tests from the passes and the rules. -->\n\n\
        What BuildKit's build checks and hadolint report, and what dockopt has for it. A pass rewrites, or says why not; a rule reports\n\
        what only a person can decide. Where there are both, the rule reports what the pass leaves. Findings about shell scripts (SC\n\
        numbers) are those of `shellcheck`, where it is installed.\n\n\
        | name | answer |\n|---|---|\n"
        .to_owned();
    for name in names() {
        let _ = writeln!(text, "| {name} | {} |", answers(&name).join("<br>"));
    }
    text.push_str("\n## Rules without another name\n\n| rule | what it finds | severity |\n|---|---|---|\n");
    for rule in RULES.iter().filter(|rule| rule.aliases.is_empty()) {
        let _ = writeln!(
            text,
            "| [{0}](rules/{0}.md) | {1} | {2} |",
            rule.name,
            rule.summary,
            rule.severity.name()
        );
    }
    text
}

#[test]
fn every_check_and_every_number_is_answered() {
    let is_open = |name: &String| answers(name).is_empty();
    let open: Vec<String> = names().filter(is_open).collect();
    assert_eq!(open, [""; 0], "each needs a pass or a rule with this alias");
}

#[test]
fn aliases_are_names_of_other_tools() {
    let known: Vec<String> = names().collect();
    let aliases =
        PASSES.iter().flat_map(|pass| pass.aliases).chain(RULES.iter().flat_map(|rule| rule.aliases));
    for alias in aliases {
        assert!(known.iter().any(|name| name == alias), "nobody has a check `{alias}`");
    }
}

#[test]
fn what_the_parser_answers_is_an_error_there() {
    for (name, text) in REFUSED {
        assert!(!parse(text).errors.is_empty(), "{name}");
    }
}
