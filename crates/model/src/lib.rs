//! What a Dockerfile means: stages, scopes, effects of steps, the graph of their inputs, and the digest by which a rewrite
//! is proven. It reads no file and prints nothing; whoever owns the world hands it a [`Context`].

pub mod asking;
pub mod atom;
pub mod attributes;
pub mod builder;
pub mod cache;
pub mod caches;
pub mod context;
pub mod copy;
pub mod copy_lines;
pub mod delay;
mod described;
pub mod development;
pub mod digest;
pub mod effects;
pub mod element;
pub mod expand;
pub mod fetch;
pub mod frozen;
pub mod gopath;
pub mod graph;
pub mod here;
mod idle_mounts;
mod idle_refresh;
pub mod ignore;
mod image;
pub mod images;
pub mod join;
pub mod keeping;
mod known;
mod label;
pub mod late;
pub mod layout;
pub mod least;
mod linked;
mod model;
pub mod mounts;
mod moved;
pub mod moved_copy;
pub mod nearest;
pub mod needs;
pub mod noise;
mod outcome;
pub mod overrule;
pub mod owned;
pub mod packages;
pub mod parents;
pub mod path;
pub mod pins;
pub mod portable;
mod prelude;
pub mod reference;
pub mod refreshes;
pub mod region;
pub mod respell;
pub mod runtime;
pub mod script;
pub mod scripted;
mod shared_store;
pub mod stages;
pub mod state;
mod stores;
pub mod survival;
pub mod trace;
pub mod triggers;
mod user;
pub mod versions;

pub use context::{Context, Entry, EntryKind, Files, IgnoreFile};
pub use digest::{Apart, Digest, Pipes, Setting};
pub use element::Element;
pub use ignore::Ignore;
pub use image::Image;
pub use known::Known;
pub use layout::{Chain, Separator};
pub use model::Model;
pub use packages::Packages;
pub use pins::{Answer, Pin, Pins};
pub use script::{NoScript, Script};
pub use stages::{Parent, Stage};
pub use triggers::Child;

/// The first words of an instruction, to name it in a sentence.
pub fn beginning(instruction: &dockopt_syntax::Instruction) -> String {
    instruction.logical.text().split_whitespace().take(5).collect::<Vec<_>>().join(" ")
}
