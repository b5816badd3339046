//! Without build arguments FROM names no image.
//!
//! ## What it finds
//!
//! `FROM name:$TAG` whose ARG has no default, or one with which the name is none.
//!
//! ## Why
//!
//! A plain `docker build .` fails, and tools that read the file do not know which image it means.
//!
//! ## Example
//!
//! ```dockerfile
//! ARG TAG
//! FROM busybox:${TAG}
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! ARG TAG=1.36
//! FROM busybox:${TAG}
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! Which version the default is, is up to the author.

use dockopt_model::expand::{Lookup, expand};
use dockopt_model::reference::Reference;
use dockopt_model::Known;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, variables};

pub(crate) const NAME: &str = "invalid-default-argument";
pub(crate) const SEVERITY: Severity = Severity::Warning;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an ARG without a default that FROM needs";
pub(crate) const ALIASES: &[&str] = &["InvalidDefaultArgInFrom"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let declared = variables::global(tree);
    let look_up = |name: &str| match declared.get(name) {
        // A platform, whichever it is, makes the same sort of name.
        _ if variables::PLATFORM.contains(&name) => Lookup::Set("amd64".to_owned()),
        Some(Some(default)) if default.contains('$') => Lookup::Unknown,
        Some(Some(default)) => match expand(default, tree.escape, &|_| Lookup::Unset) {
            Known::Is(value) => Lookup::Set(value),
            Known::Unknown => Lookup::Unknown,
        },
        _ => Lookup::Unset,
    };
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let Body::From { image, .. } = &tree.instructions[stage.from].body else { continue };
        let used = variables::plain(&image.text, tree.escape);
        // What is declared nowhere is another matter.
        if used.is_empty() || used.iter().any(|name| !declared.contains_key(name) && !variables::PLATFORM.contains(&name.as_str())) {
            continue;
        }
        let Known::Is(name) = expand(&image.text, tree.escape, &look_up) else { continue };
        if Reference::parse(&name).is_err() {
            let what = if name.is_empty() { "nothing".to_owned() } else { format!("`{name}`, which is no name of an image") };
            let message = format!("without build arguments this is {what}");
            findings.push(Finding::new(image.span, message, format!("give `ARG {}` a default", used[0])));
        }
    }
    findings
}
