//! An archive is copied, and unpacked in a later step.
//!
//! ## What it finds
//!
//! COPY of a local archive, and a RUN of the same stage that unpacks a file of that name.
//!
//! ## Why
//!
//! The archive stays in the layer of the COPY, even where the RUN deletes it. ADD unpacks it while it copies.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! COPY rootfs.tar.gz /tmp/
//! RUN tar -xzf /tmp/rootfs.tar.gz -C / && rm /tmp/rootfs.tar.gz
//! ```
//!
//! is found in line 2.
//!
//! ## Why no rewrite
//!
//! ADD and `tar` differ in owners, in links and in what they do with what is there; and ADD knows no `--strip-components`.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "archive-to-unpack";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a copied archive that a later step unpacks";
pub(crate) const ALIASES: &[&str] = &["DL3010"];

/// Programs that unpack the file that they are given.
const UNPACKERS: [&str; 9] =
    ["unzip", "gunzip", "bunzip2", "unlzma", "unxz", "zgz", "uncompress", "zcat", "gzcat"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let runs = look::runs(cx.model);
    let mut findings = Vec::new();
    for step in look::own_steps(cx.model).filter(|step| step.instruction.flag("from").is_none()) {
        let Body::Copy(copy) = &step.instruction.body else { continue };
        let last = |path: &str| path.trim_matches(['"', '\'']).rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let to = last(&copy.destination.text);
        let names: Vec<String> = if look::is_archive(&to) {
            vec![to]
        } else {
            copy.sources.iter().map(|source| last(&source.text)).filter(|name| look::is_archive(name)).collect()
        };
        let unpacks = |run: &look::Run<'_, '_>, name: &String| {
            let program = run.program().unwrap_or_default();
            let extracts = |word: &str| word == "--extract" || word == "--get" || (word.starts_with('-') && !word.starts_with("--") && word.contains('x'));
            let is_one = UNPACKERS.contains(&program) || (program == "tar" && (run.arguments().any(extracts) || run.arguments().next().is_some_and(|first| first.contains('x') && !first.contains('/'))));
            is_one && run.arguments().any(|word| last(word) == *name)
        };
        let later = runs.iter().filter(|run| run.step.stage == step.stage && run.step.index > step.index);
        let mut later = later.flat_map(|run| names.iter().map(move |name| (run, name)));
        if let Some((run, name)) = later.find(|(run, name)| unpacks(run, name)) {
            let line = run.step.instruction.lines.start();
            let message = format!("`{name}` stays in this layer, and line {line} unpacks it into another");
            findings.push(Finding::new(step.place(), message, "unpack it with ADD, or mount it into the RUN"));
        }
    }
    findings
}
