//! The comment above an ARG or a stage does not describe it.
//!
//! ## What it finds
//!
//! A comment directly above an ARG, or a FROM with a name, whose last line does not begin with that name.
//!
//! ## Why
//!
//! `docker build --call outline` and `--call targets` show such comments as descriptions, if they begin with the name. Few projects write
//! comments for them, so this rule waits to be asked.
//!
//! ## Example
//!
//! ```dockerfile
//! # The tag of the base image.
//! ARG TAG=1.36
//! FROM busybox:${TAG}
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! # TAG is that of the base image.
//! ARG TAG=1.36
//! FROM busybox:${TAG}
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The words of a comment are its author's.

use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "misplaced-description";
pub(crate) const SEVERITY: Severity = Severity::Advice;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::OnRequest;
pub(crate) const SUMMARY: &str = "a comment above an ARG or a stage that does not begin with its name";
pub(crate) const ALIASES: &[&str] = &["InvalidDefinitionDescription"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let mut findings = Vec::new();
    for (at, instruction) in tree.instructions.iter().enumerate() {
        let names: Vec<&str> = match &instruction.body {
            Body::Arg(pairs) => pairs.iter().map(|pair| pair.key.text.as_str()).collect(),
            Body::From { alias: Some(alias), .. } => vec![alias.name.text.as_str()],
            _ => continue,
        };
        let comments = tree.leading_comments(at).of(&tree.text);
        let Some(last) = comments.lines().last() else { continue };
        let first = last.trim().trim_start_matches('#').split_whitespace().next();
        if !first.is_some_and(|word| names.contains(&word)) {
            let name = names[0];
            let message = format!("the comment above is taken for a description of `{name}`");
            let help = format!("begin it with `{name}`, or put a blank line below it");
            findings.push(Finding::new(instruction.keyword_span, message, help));
        }
    }
    findings
}
