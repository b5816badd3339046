//! The build cache: which steps of a Dockerfile run again when files of the build context change. Keys follow `BuildKit`
//! (`docs/dev/solver.md`), and the older builders where they differ. It computes; it looks at no file and at no clock.
//!
//! A step is an instruction that changes the file system. Its key is made from what it does, from the key of the step
//! before it, and from the content of the files that it takes from the build context. What it takes from another stage is
//! not known before that stage was built: such a key has two forms, and so has every answer that rests on it.

mod builder;
mod content;
mod plan;
mod store;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use content::{Contents, File, Selector};
pub use plan::{Plan, Step, StepKind};
pub use store::{Ran, Storage, Store};

use std::hash::{DefaultHasher, Hash, Hasher};

/// A key, or a part of one. Equal keys mean equal results. It is compared within one process only.
pub type Key = u128;

/// Hashes what a key is made of. The standard library's hasher has fixed keys here; two of them make 128 bits.
pub(crate) fn key(parts: &(impl Hash + ?Sized)) -> Key {
    let mut hashers = [DefaultHasher::new(), DefaultHasher::new()];
    hashers[1].write_u8(1);
    for hasher in &mut hashers {
        parts.hash(hasher);
    }
    (u128::from(hashers[0].finish()) << 64) | u128::from(hashers[1].finish())
}
