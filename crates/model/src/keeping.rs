//! Whether a package cache is kept in a mount or left out of the image: one answer for all who ask. Must not write either.

use dockopt_syntax::Tree;
use dockopt_tools::{Cache, Kind, MountBy, Tool};

use crate::Model;
use crate::builder::{self, Builder, Feature};
use crate::caches::{self, Caches, Left};
use crate::idle_mounts;
use crate::mounts::{self, Mounting};

/// What becomes of a cache that a RUN leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// It is left out of the image.
    Out,
    /// The same, although a mount would have been better; why it cannot be one, as a clause.
    NoMount(String),
    /// It lies in mounts.
    Mounted(Mounting),
}

/// What becomes of a cache. Whatever is done about one of them, the answer for the others stays the same.
pub fn of(
    model: &Model<'_>,
    (caches, builder): (Caches, Builder),
    stage: usize,
    at: usize,
    left: &Left<'_>,
) -> Keeping {
    let mount = || match mounts::of(model, stage, at, left) {
        Ok(mounting) => Keeping::Mounted(mounting),
        Err(why) => Keeping::NoMount(why),
    };
    let allowed = builder::may_use(model.tree, builder, Feature::CacheMounts);
    match (caches, allowed) {
        (Caches::Drop, _) => Keeping::Out,
        (Caches::Mount, Err(why)) => Keeping::NoMount(why),
        (Caches::Auto, Err(_)) => Keeping::Out,
        (Caches::Mount, Ok(())) => mount(),
        (Caches::Auto, Ok(())) if left.tool.kind == Kind::System => {
            if mounts_caches(model.tree, Some(left.tool)) { mount() } else { Keeping::Out }
        }
        (Caches::Auto, Ok(())) if mounts_caches(model.tree, None) => mount(),
        (Caches::Auto, Ok(())) => match is_all_mountable(model, left.tool) {
            Ok(true) => mount(),
            Ok(false) => Keeping::Out,
            Err(why) => Keeping::NoMount(why),
        },
    }
}

/// Whether some RUN has a cache mount; one of this tool, if one is given.
fn mounts_caches<'t>(tree: &Tree, tool: Option<&'t Tool>) -> bool {
    let is_of = |target: &str| {
        tool.is_none_or(|tool| {
            let places = |cache: &'t Cache| {
                cache.paths.iter().chain(cache.mount.iter().flat_map(MountBy::all_targets))
            };
            tool.caches.iter().flat_map(places).any(|place| idle_mounts::is_place(place, target))
        })
    };
    let mut mounts = tree.instructions.iter().flat_map(dockopt_syntax::Instruction::mounts);
    mounts.any(|mount| {
        mount.kind() == "cache" && mount.target().is_some_and(|target| is_of(target.trim_end_matches('/')))
    })
}

/// Whether the file leaves no cache of the tool out, and each that it leaves behind can be a mount; where one cannot, why. So one
/// file does not do the same thing in two ways.
fn is_all_mountable(model: &Model<'_>, tool: &Tool) -> Result<bool, String> {
    for (stage, found) in model.stages.iter().enumerate() {
        for at in found.instructions.clone() {
            if caches::leaves_out(model, stage, at, tool) {
                return Ok(false);
            }
            let all = caches::mountable_in(model, stage, at, Caches::Auto);
            for left in all.iter().filter(|left| left.tool.name == tool.name && !left.cache.is_store) {
                mounts::of(model, stage, at, left)?;
            }
        }
    }
    Ok(true)
}
