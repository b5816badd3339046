//! Dockerfile text ↔ lossless tree, and edits on it.
//!
//! This crate knows how a Dockerfile is written, as `BuildKit` reads it, and nothing of what it means: no stage graph, no
//! variable expansion, no shell. It reads no files and never fails: [`parse`] returns a tree and errors.
//!
//! The tree is a flat list of [`Item`]s that tile the source. An instruction carries its [`Logical`] text (continuations
//! joined) with a map back to source bytes, and typed views in which every flag, word, key, value and heredoc has a span.
//!
//! ```
//! let parse = dockopt_syntax::parse("FROM alpine\nRUN apk add \\\n    curl\n");
//! assert!(parse.errors.is_empty());
//! let run = &parse.tree.instructions[1];
//! assert_eq!(run.logical.text(), "RUN apk add     curl");
//! assert_eq!(run.lines, 2..=3);
//! ```

mod body;
mod csv;
mod edit;
mod error;
mod flags;
mod heredoc;
mod json;
mod lines;
mod logical;
mod parse;
mod rules;
mod span;
mod tree;
mod words;

pub use edit::{Edit, EditError, Edits};
pub use error::SyntaxError;
pub use heredoc::Heredoc;
pub use lines::{Directive, DirectiveKind, Escape};
pub use logical::Logical;
pub use parse::{Parse, parse};
pub use span::{LineIndex, Position, Span};
pub use tree::{
    Alias, Body, Command, Copy, Flag, Form, Healthcheck, Instruction, Item, ItemKind, Keyword, Mount,
    MountOption, Pair, Tree, Word,
};
pub use words::is_blank as is_dockerfile_blank;
