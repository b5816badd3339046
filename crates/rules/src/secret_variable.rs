//! A variable has the name of a secret.
//!
//! ## What it finds
//!
//! ARG and ENV whose name has a word such as `TOKEN`, `PASSWORD`, `SECRET`, `KEY`, `AUTH` or `CREDENTIALS` in it, unless it also has
//! `PUBLIC`, `FILE` or `VERSION`.
//!
//! ## Why
//!
//! What ARG and ENV hold can be read by whoever has the image: `docker history` shows it, and so does the environment of the program.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM node:22
//! ARG NPM_TOKEN
//! ENV API_KEY=""
//! ```
//!
//! is found in lines 2, 3.
//!
//! ```dockerfile
//! FROM node:22
//! ENV API_KEY_FILE=/run/secrets/api-key
//! ```
//!
//! is fine.
//!
//! ## Why no rewrite
//!
//! A secret comes into a step with `RUN --mount=type=secret`, and the command that builds has to name it; where only an install uses the
//! variable, there is a rewrite.

use dockopt_syntax::{Body, Keyword};

use crate::{Cx, Finding, Scope, Severity, Starts};

pub(crate) const NAME: &str = "secret-variable";
pub(crate) const SEVERITY: Severity = Severity::Error;
pub(crate) const SCOPE: Scope = Scope::File;
pub(crate) const STARTS: Starts = Starts::ByItself;
pub(crate) const SUMMARY: &str = "an ARG or ENV that by its name is a secret";
pub(crate) const ALIASES: &[&str] = &["DL3064", "SecretsUsedInArgOrEnv"];

/// Words of a name, between underscores, that make it one of a secret (BuildKit's documentation of `SecretsUsedInArgOrEnv`).
const SECRET: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
/// Words that make it the name of something else.
const HARMLESS: [&str; 3] = ["public", "file", "version"];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for instruction in &cx.model.tree.instructions {
        let inner = if let Body::Onbuild(inner) = &instruction.body { inner } else { instruction };
        let (Body::Env(pairs) | Body::Arg(pairs)) = &inner.body else { continue };
        for pair in pairs.iter().filter(|pair| is_secret(&pair.key.text)) {
            let who = if inner.keyword == Keyword::Env { "the image and its history hold" } else { "the history of the image holds" };
            let message = format!("{who} the value of `{}`, which by its name is a secret", pair.key.text);
            let help = "bring it into the step that needs it with `RUN --mount=type=secret`, or into the container when it starts";
            findings.push(Finding::new(pair.key.span, message, help));
        }
    }
    findings
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| lower.split('_').any(|part| words.contains(&part));
    has(&SECRET) && !has(&HARMLESS)
}
