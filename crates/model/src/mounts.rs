//! Cache mounts as they would be written: where a cache lies for the user in force, and whether it can be mounted there. Must not
//! decide whether a cache is to be mounted (`keeping.rs`).

use dockopt_shell::Simple;
use dockopt_syntax::Mount;
use dockopt_tools::{Cache, MountBy, Sharing};

use crate::caches::{self, Left};
use crate::idle_mounts::{self, disturbs, is_named_elsewhere};
use crate::image::Image;
use crate::moved::Moved;
use crate::needs::{self, How};
use crate::overrule::{self, Cleanup};
use crate::respell::Change;
use crate::script::{Script, each_command};
use crate::shared_store::{self, Store};
use crate::state::State;
use crate::user::User;
use crate::{Element, Model, path, stages, stores};

/// A cache mount as it would be written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The folder.
    pub target: String,
    /// How builds share it.
    pub sharing: Sharing,
    /// The user and group that own it, where these are not root.
    pub owner: Option<(u32, u32)>,
}

impl Place {
    /// The flag of RUN.
    pub fn flag(&self) -> String {
        let mut flag = format!("--mount=type=cache,target={}", self.target);
        if self.sharing == Sharing::Locked {
            flag.push_str(",sharing=locked");
        }
        if let Some((uid, gid)) = self.owner {
            flag.push_str(&format!(",uid={uid},gid={gid}"));
        }
        flag
    }
}

/// How a cache that a RUN fills would be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounting {
    /// The mounts that would hold it.
    pub places: Vec<Place>,
    /// What is different about the command that fills it.
    pub changes: Vec<Change>,
    /// The commands that would empty the mounts, and go.
    pub cleanups: Vec<Cleanup>,
    /// The RUNs that get the mounts: this one, and the others that use the same store.
    pub runs: Vec<usize>,
}

/// How a cache that a RUN fills would be mounted. The error is a clause that says what forbids it.
pub fn of(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Result<Mounting, String> {
    let name = &left.tool.title;
    let Some(by) = &left.cache.mount else {
        return Err(format!("the {} of {name} is not known to work in a mount", left.cache.name));
    };
    if !left.invocation.complete || !left.invocation.wrappers.is_empty() {
        return Err(format!("this {name} command is not understood word by word"));
    }
    if !left.cache.is_store && stores::is_store_here(model, stage, at, left) {
        return Err(format!("a setting may make {name} keep what it installs in its cache"));
    }
    let state = model.stages[stage].state(at);
    if let Some(version) = by.version
        && model.versions_before(stage, at, element_of(model, at, left)).get(&left.tool.name)
            != Some(&version)
    {
        return Err(format!(
            "where the {} lies depends on the version of {name}, which is not known here",
            left.cache.name
        ));
    }
    let base = stages::base(&model.stages, stage);
    let user = User::of(state, base)
        .ok_or("it is not known which user runs this, or where the home folder of that user is")?;
    let is_bundled = base.is_some_and(|base| base.bundled.contains(&left.tool.name));
    let moved = match caches::moved(model, stage, at, left) {
        Moved::To(place) => vec![place],
        _ => Vec::new(),
    };
    let targets = if !moved.is_empty() {
        &moved
    } else if is_bundled && !by.bundled_targets.is_empty() {
        &by.bundled_targets
    } else if !by.targets.is_empty() {
        &by.targets
    } else if by.bundled_targets.is_empty() {
        &left.cache.paths
    } else {
        return Err(format!("it is not known where the {} of {name} lies in this image", left.cache.name));
    };
    let folders = model.image_before(stage, at, 0);
    let targets: Vec<String> =
        targets.iter().map(|target| place_of(target, &user, &folders)).collect::<Result<_, _>>()?;
    let scripts = |at: usize| model.script(at).ok();
    let runs = if left.cache.is_store {
        let file = shared_store::File { tree: model.tree, stages: &model.stages, scripts: &scripts };
        shared_store::consumers(file, stage, Store { tool: left.tool, cache: left.cache }, &targets)?
    } else {
        unneeded(model, stage, at, left)?;
        vec![(stage, at)]
    };
    let script = model.script(at).map_err(|why| why.to_string())?;
    let (changes, cleanups) =
        (overrule::changes(model, stage, at, left)?, overrule::cleanups(model, at, left)?);
    let goes = |start: usize| cleanups.iter().any(|cleanup| cleanup.start == start);
    if left.cache.is_index
        && !changes
            .iter()
            .any(|change| by.refreshed_by.as_ref().is_some_and(|option| change.text.contains(option)))
        && !idle_mounts::is_refreshed_first(script, left.cache)
    {
        return Err(format!("nothing in this RUN refreshes the {} before it is used", left.cache.name));
    }
    let mut places = Vec::new();
    for place in targets {
        for &(stage, at) in &runs {
            hold(model, (stage, at), &place, left.cache, &goes)?;
        }
        places.push(Place { target: place, sharing: by.sharing, owner: user.owner });
    }
    Ok(Mounting { places, changes, cleanups, runs: runs.into_iter().map(|(_, at)| at).collect() })
}

/// Fails if a later step needs what would not be in the image.
fn unneeded(model: &Model<'_>, stage: usize, at: usize, left: &Left<'_>) -> Result<(), String> {
    let later = needs::index_needed(model, stage, at, left);
    let Some(later) = later.or_else(|| needs::needed_later(model, stage, at, left)) else { return Ok(()) };
    let line = model.tree.instructions[later.instruction].lines.start();
    Err(match later.how {
        How::Takes => format!("line {line} takes the {} from this stage", left.cache.name),
        _ => format!("line {line} may need the {}, which would not be in the image", left.cache.name),
    })
}

/// Fails if a RUN cannot have a mount at `place`.
fn hold(
    model: &Model<'_>,
    (stage, at): (usize, usize),
    place: &str,
    cache: &Cache,
    goes: &dyn Fn(usize) -> bool,
) -> Result<(), String> {
    let script = model.script(at).map_err(|why| why.to_string())?;
    let inside = |mount: &Mount| {
        mount.target().is_none_or(|other| {
            other.contains('$') || path::within(other, place) || path::within(place, other)
        })
    };
    if model.tree.instructions[at].mounts().iter().any(inside) {
        return Err("another mount of this RUN lies there".to_owned());
    }
    if let Some(command) = disturbs(script, model.stages[stage].state(at), place, goes) {
        return Err(format!(
            "`{command}` in the same RUN may take `{place}` away, which a mount does not bear"
        ));
    }
    let scripts = |at: usize| model.script(at).ok();
    let folders = model.image_before(stage, at, 0);
    if is_named_elsewhere(model.tree, &scripts, at, place, cache) || folders.has_within(place) {
        return Err(format!("something else in this file is about `{place}`"));
    }
    Ok(())
}

/// What must be set for the command so that it does not complain about the mount.
pub fn missing<'a>(by: &'a MountBy, state: &'a State, simple: &'a Simple) -> impl Iterator<Item = &'a str> {
    by.set.iter().map(String::as_str).filter(move |text| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let inherited = state.variables.get(name).and_then(|variable| variable.value.get());
        let own = simple.assignments.iter().find(|own| own.name == name);
        let own = own.and_then(|own| own.value.as_ref()?.literal.as_deref());
        own.or(inherited.map(String::as_str)) != Some(value)
    })
}

fn element_of(model: &Model<'_>, at: usize, left: &Left<'_>) -> usize {
    let elements = model.script(at).map(Script::elements).unwrap_or_default();
    let holds = |element: &Element<'_>| {
        let mut found = false;
        for node in element.nodes() {
            each_command(node, &mut |simple| found |= std::ptr::eq(simple, left.simple));
        }
        found
    };
    elements.iter().position(holds).unwrap_or(0)
}

/// Where a target lies. The builder makes the folders above it as root's (`tests/builds/images.toml`), so for another user
/// they must be there.
fn place_of(target: &str, user: &User, folders: &Image<'_>) -> Result<String, String> {
    let place = match target.strip_prefix("~/") {
        Some(rest) => format!("{}/{rest}", user.home),
        None => target.to_owned(),
    };
    let above = path::parent(&place);
    let is_there = || above == user.home || folders.folders().contains(above);
    if user.owner.is_some() && !is_there() {
        return Err(format!(
            "the builder would make `{above}` for the mount, and root would own it while this RUN runs"
        ));
    }
    Ok(place)
}
