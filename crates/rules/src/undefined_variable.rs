//! A variable is empty where it is used.
//!
//! ## What it finds
//!
//! Variables in COPY, ADD, ENV, LABEL, WORKDIR, USER, EXPOSE and VOLUME that nothing in the stage sets, where it is plain that they were
//! to be set: an ARG above the first FROM that the stage does not take in, a platform (`TARGETARCH`) without its ARG, a name that is
//! nearly one that is set, and any in a stage from `scratch`. Others may come from the base image.
//!
//! ## Why
//!
//! An empty variable is no error: the file goes to another folder, or the label says nothing.
//!
//! ## Example
//!
//! ```dockerfile
//! ARG APP_VERSION=1.4.2
//! FROM debian:12
//! ENV APP_HOME=/srv/app
//! LABEL version=$APP_VERSION
//! COPY dist $APP_HOEM/
//! ```
//!
//! is found in lines 4, 5.
//!
//! ```dockerfile
//! ARG APP_VERSION=1.4.2
//! FROM debian:12
//! ARG APP_VERSION
//! ENV APP_HOME=/srv/app
//! LABEL version=$APP_VERSION
//! COPY dist $APP_HOME/$PYTHON_VERSION/
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! With a value the image is another one. Which value is meant is up to the author.

use dockopt_model::nearest::nearest;
use dockopt_syntax::{Body, Pair, Word};

use crate::{Cx, Finding, Scope, Severity, Starts, look, variables};

pub(crate) const NAME: &str = "undefined-variable";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "a variable that is empty where it is used";
pub(crate) const ALIASES: &[&str] = &["UndefinedVar"];

/// What a builder hands into every build if the client has it.
const BROUGHT: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let model = cx.model;
    let escape = model.tree.escape;
    let global = variables::global(model.tree);
    let mut findings = Vec::new();
    for step in look::own_steps(model) {
        let state = model.stages[step.stage].state(step.index);
        for word in words(&step.instruction.body) {
            for name in variables::plain(&word.text, escape) {
                let is_brought = name == "PATH" || BROUGHT.contains(&name.to_uppercase().as_str());
                if state.variables.contains_key(&name) || is_brought {
                    continue;
                }
                let set = || state.variables.keys().map(String::as_str);
                let help = if global.contains_key(&name) || variables::PLATFORM.contains(&name.as_str()) {
                    format!("take it in with `ARG {name}` in this stage")
                } else if let Some(near) = nearest(&name, set()) {
                    format!("did you mean `{near}`?")
                } else if !state.inherits_variables {
                    format!("set it, or take it in with `ARG {name}`")
                } else {
                    continue;
                };
                let why = if global.contains_key(&name) { ", since an ARG above the first FROM is for FROM" } else { "" };
                findings.push(Finding::new(word.span, format!("`{name}` is empty here{why}"), help));
            }
        }
    }
    findings
}

/// The words in which the builder puts the values of variables.
fn words(body: &Body) -> Vec<&Word> {
    fn values(pairs: &[Pair]) -> Vec<&Word> {
        pairs.iter().filter_map(|pair| pair.value.as_ref()).collect()
    }
    match body {
        Body::Env(pairs) | Body::Label(pairs) => values(pairs),
        Body::Copy(copy) | Body::Add(copy) => {
            let named = copy.sources.iter().filter(|source| !source.text.starts_with("<<"));
            named.chain([&copy.destination]).collect()
        }
        Body::Workdir(word) | Body::User(word) | Body::Stopsignal(word) => vec![word],
        Body::Expose(words) | Body::Volume(words) => words.iter().collect(),
        _ => Vec::new(),
    }
}
