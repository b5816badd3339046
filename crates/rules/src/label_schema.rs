//! Labels are not as the project wants them.
//!
//! ## What it finds
//!
//! By the table `[labels]` in `dockopt.toml`: labels that the last stage lacks, labels that are not listed where
//! `only-these-labels = true`, and values that are empty or not of the kind that the table says (`text`, `url`, `rfc3339`, `spdx`, `hash`,
//! `semver`, `email`). Without that table it finds nothing.
//!
//! ## Why
//!
//! Inventories and scanners read labels, and one that is missing is found out when it is needed.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! LABEL org.opencontainers.image.version="next" org.opencontainers.image.vendor=""
//! ```
//!
//! is found in lines 1, 2, 2.
//!
//! with the setting `labels = { "org.opencontainers.image.version" = "semver", "org.opencontainers.image.vendor" = "text", "org.opencontainers.image.source" = "url" }`.
//!
//! ## Why no rewrite
//!
//! What the label is to say is not written in the file.

use dockopt_model::stages;
use dockopt_syntax::{Body, Pair};

use crate::{Cx, Finding, LabelKind, Others, Scope, Severity, Starts, labels, look};

pub(crate) const NAME: &str = "label-schema";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "labels that are missing or not as the project wants them";
pub(crate) const ALIASES: &[&str] =
    &["DL3049", "DL3050", "DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let (model, wanted) = (cx.model, &cx.settings.labels);
    let Some(last) = model.stages.last().filter(|_| !wanted.is_empty()) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    let lineage: Vec<usize> = stages::lineage(&model.stages, model.stages.len() - 1).collect();
    for step in look::own_steps(model) {
        let Body::Label(pairs) = &step.instruction.body else { continue };
        for pair in pairs {
            let key = pair.key.text.trim_matches(['"', '\'']);
            if lineage.contains(&step.stage) {
                seen.push(key.to_owned());
            }
            findings.extend(match wanted.get(key) {
                Some(kind) => wrong_value(key, pair, *kind),
                None if cx.settings.others == Others::None => {
                    let message = format!("the label `{key}` is none that this project lists");
                    Some(Finding::new(pair.key.span, message, "take it out").known_as(&["DL3050"]))
                }
                None => None,
            });
        }
    }
    let place = model.tree.instructions[last.from].keyword_span;
    for key in wanted.keys().filter(|key| !seen.contains(key)) {
        let message = format!("the image lacks the label `{key}`");
        findings.push(Finding::new(place, message, format!("write `LABEL {key}=…`")).known_as(&["DL3049"]));
    }
    findings
}

fn wrong_value(key: &str, pair: &Pair, kind: LabelKind) -> Option<Finding> {
    let word = pair.value.as_ref()?;
    let value = word.text.trim_matches(['"', '\'']);
    // A variable may bring anything.
    if value.contains('$') {
        return None;
    }
    let (what, number) = match kind {
        _ if value.is_empty() => ("is empty", "DL3051"),
        _ if labels::is(kind, value) => return None,
        LabelKind::Text => return None,
        LabelKind::Url => ("is no address", "DL3052"),
        LabelKind::Time => ("is no time by RFC 3339", "DL3053"),
        LabelKind::Licence => ("is no licence of SPDX", "DL3054"),
        LabelKind::Commit => ("is no commit of git", "DL3055"),
        LabelKind::Version => ("is no version by Semantic Versioning", "DL3056"),
        LabelKind::Email => ("is no address of e-mail", "DL3058"),
    };
    let message = format!("the label `{key}` {what}");
    Some(Finding::new(word.span, message, "write the value that is meant").known_as(&[number]))
}
