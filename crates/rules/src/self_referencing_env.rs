//! A variable is used in the ENV that sets it.
//!
//! ## What it finds
//!
//! An ENV with several variables of which one is used in the value of another, where nothing above sets it.
//!
//! ## Why
//!
//! All values of one ENV are worked out before any is set, so the value is the one from before: mostly empty.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME=/srv/app APP_CACHE=$APP_HOME/cache
//! ```
//!
//! is found in line 2.
//!
//! ```dockerfile
//! FROM debian:12
//! ENV APP_HOME=/srv/app
//! ENV APP_CACHE=$APP_HOME/cache
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! With two ENVs the image has another value, which somebody may have got used to working around.

use dockopt_model::expand::variables;
use dockopt_syntax::Body;

use crate::{Cx, Finding, Scope, Severity, Starts, look};

pub(crate) const NAME: &str = "self-referencing-env";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a variable used in the ENV that sets it";
pub(crate) const ALIASES: &[&str] = &["DL3044"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let model = cx.model;
    let mut findings = Vec::new();
    for step in look::own_steps(model) {
        let Body::Env(pairs) = &step.instruction.body else { continue };
        let before = model.stages[step.stage].state(step.index);
        for pair in pairs {
            let Some(value) = &pair.value else { continue };
            let used = variables(&value.text, model.tree.escape);
            let own = used.iter().find(|name| {
                let is_set_here = pairs.iter().any(|other| other.key.text == **name && other.key != pair.key);
                is_set_here && !before.variables.contains_key(*name)
            });
            if let Some(name) = own {
                let message = format!("`{name}` is not set yet where this ENV works out its values");
                findings.push(Finding::new(value.span, message, format!("set `{name}` in an ENV above")));
                break;
            }
        }
    }
    findings
}
