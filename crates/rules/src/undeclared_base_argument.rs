//! FROM uses a variable that no ARG above the first FROM declares.
//!
//! ## What it finds
//!
//! `FROM image:$NAME` where `NAME` is declared nowhere, or in a stage only.
//!
//! ## Why
//!
//! FROM sees nothing but the ARGs above the first FROM. Any other variable is empty, and the name is another one or none.
//!
//! ## Example
//!
//! ```dockerfile
//! ARG NODE_VERSION=22
//! FROM node:${NODE_VERISON}
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! ARG NODE_VERSION=22
//! FROM --platform=$BUILDPLATFORM node:${NODE_VERSION}
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! The variable may be misspelt, or its ARG may stand too far down; where the file leaves no doubt, there is a rewrite.

use dockopt_model::nearest::nearest;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, variables};

pub(crate) const NAME: &str = "undeclared-base-argument";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a variable in FROM that no ARG above declares";
pub(crate) const ALIASES: &[&str] = &["UndefinedArgInFrom"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let tree = cx.model.tree;
    let declared = variables::global(tree);
    let mut findings = Vec::new();
    for stage in &cx.model.stages {
        let from = &tree.instructions[stage.from];
        let Body::From { image, .. } = &from.body else { continue };
        let platform = from.flag("platform").and_then(|flag| Some((flag.span, flag.value.as_deref()?)));
        for (at, text) in [(image.span, image.text.as_str())].into_iter().chain(platform) {
            for name in variables::plain(text, tree.escape) {
                if declared.contains_key(&name) || variables::PLATFORM.contains(&name.as_str()) {
                    continue;
                }
                let message = format!("`{name}` is empty here, since no ARG above the first FROM declares it");
                let later = tree.instructions.iter().find(|one| variables::declares(one, &name));
                let near = nearest(&name, declared.keys().map(String::as_str));
                let help = match (later, near) {
                    (Some(later), _) => format!("move the ARG of line {} above the first FROM", later.lines.start()),
                    (None, Some(near)) => format!("did you mean `{near}`?"),
                    (None, None) => format!("write `ARG {name}=…` above the first FROM"),
                };
                findings.push(Finding::new(at, message, help));
            }
        }
    }
    findings
}
