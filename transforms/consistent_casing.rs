//! Writes all instructions of a file in one case.
//!
//! ## What it does
//!
//! Writes each keyword in capitals, or all in small letters where most of the file is in small letters; `AS` follows its `FROM`.
//!
//! ## Why
//!
//! Instructions stand out from their arguments if they all look the same. `BuildKit` warns about the odd one.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM golang:1.22 as build
//! WORKDIR /src
//! copy . .
//! Run go build -o /bin/server
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM golang:1.22 AS build
//! WORKDIR /src
//! COPY . .
//! RUN go build -o /bin/server
//! ```
//!
//! ## Safety
//!
//! Safe: keywords are read in any case, and nothing else is touched.

use dockopt_syntax::{Body, Edit, Instruction, Span};

use crate::{Class, Cx, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "consistent-casing";
pub(crate) const PHASE: Phase = Phase::Correct;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "write all instructions in one case";
pub(crate) const ALIASES: &[&str] = &["ConsistentInstructionCasing", "FromAsCasing"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let text = &cx.model.tree.text;
    let case = Case::of_most(cx.model.tree.instructions.iter().map(|one| one.keyword_text(text)));
    // A keyword in two lines may have a comment inside.
    let is_odd = |span: &Span| span.of(text).bytes().all(|byte| byte.is_ascii_alphabetic()) && !case.is_of(span.of(text));
    let odd: Vec<Span> = cx.model.tree.instructions.iter().flat_map(keywords).filter(is_odd).collect();
    let Some(&first) = odd.first() else { return Vec::new() };
    let edits = odd.iter().map(|&span| Edit { span, text: case.write(span.of(text)) }).collect();
    let mut words: Vec<String> = odd.iter().map(|span| format!("`{}`", span.of(text))).collect();
    words.dedup();
    let others = if words.len() > 3 { format!(" and {} others", words.len() - 2) } else { String::new() };
    if words.len() > 3 {
        words.truncate(2);
    }
    let title = format!("write {}{others} in {}", words.join(", "), case.name());
    let reason = "instructions in one case are easy to tell from their arguments";
    Rewrite::safe(title, reason, first, edits).map(Proposal::Rewrite).into_iter().collect()
}

/// The keywords of an instruction: its own, `AS`, and that of a trigger.
fn keywords(instruction: &Instruction) -> Vec<Span> {
    let mut found = vec![instruction.keyword_span];
    match &instruction.body {
        Body::From { alias: Some(alias), .. } => found.push(alias.keyword),
        Body::Onbuild(inner) => found.extend(keywords(inner)),
        _ => {}
    }
    found
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Upper,
    Lower,
}

impl Case {
    /// The case of most words that are in one, as `BuildKit` counts them: capitals where there are as many.
    fn of_most<'t>(words: impl Iterator<Item = &'t str>) -> Self {
        let balance: i64 = words.map(|word| i64::from(Self::Lower.is_of(word)) - i64::from(Self::Upper.is_of(word))).sum();
        if balance > 0 { Self::Lower } else { Self::Upper }
    }

    fn write(self, word: &str) -> String {
        if self == Self::Upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() }
    }

    fn is_of(self, word: &str) -> bool {
        self.write(word) == word
    }

    fn name(self) -> &'static str {
        if self == Self::Upper { "capitals" } else { "small letters" }
    }
}
