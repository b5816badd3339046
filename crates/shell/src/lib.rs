//! The command language of RUN, as far as dockopt needs it: text in, commands with exact positions out. It knows no Dockerfile,
//! no tool and no file system, and it never guesses: what it cannot read exactly is [`Opaque`].
//!
//! Two readers must agree before a [`Script`] exists. A parser crate proposes the structure; this crate then reads the text again,
//! token by token, under the guidance of that structure, and computes every position and every literal itself. Each byte of the
//! text is thus accounted for: it is part of a token that was expected there, or it is white space, a comment or a line
//! continuation. Any disagreement is [`Opaque`].
//!
//! [`Dialect::Posix`] stands for whatever `/bin/sh` may be (dash, busybox ash, bash in its posix mode), so a text on which these
//! differ, such as one with `[[`, `function f`, `&>` or `$'…'`, is [`Opaque`] too.
//!
//! ```
//! use dockopt_shell::{Dialect, parse};
//!
//! let text = "apt-get update && apt-get install -y --no-install-recommends \"curl\"  # for the health check";
//! let script = parse(text, Dialect::Posix)?;
//! let chain = script.and_chain().expect("one && chain");
//! let install = chain[1].as_simple().expect("a simple command");
//! assert_eq!(install.name(), Some("apt-get"));
//! assert_eq!(install.words[4].literal.as_deref(), Some("curl"));
//! assert_eq!(&text[install.words[4].span.clone()], "\"curl\"");
//! # Ok::<(), dockopt_shell::Opaque>(())
//! ```

mod adapter;
mod bodies;
mod canonical;
mod cursor;
mod guard;
mod query;
mod redirect;
mod state;
mod tree;
mod walk;
mod word;

pub use adapter::{MAX_BYTES, MAX_DEPTH, parse};
pub use canonical::canonical;
pub use state::{StateChange, changes_state, list_state_changes, state_changes};
pub use tree::{
    Assignment, Compound, Dialect, Item, List, Node, NodeKind, Opaque, Redirect, RedirectKind, Script,
    Simple, Span, Terminator, Word,
};
pub use walk::{Context, walk_commands, walk_redirects};
