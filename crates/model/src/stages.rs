//! Stages and steps: which instruction belongs to which stage, what it inherits, and which stages' layers are shipped.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use dockopt_syntax::{Body, Instruction, Span, Tree};
use dockopt_tools::bases::{self, Base};

use crate::Known;
use crate::expand::{Lookup, expand};
use crate::pins::{self, Pins};
use crate::state::{State, Variable};

/// What a stage starts from.
#[derive(Debug, Clone)]
pub enum Parent {
    /// `scratch`.
    Scratch,
    /// An earlier stage, by its index.
    Stage(usize),
    /// An image: its name after expansion, and what is known of it.
    Image {
        /// The name as far as it is known.
        name: Known<String>,
        /// What is known of the image.
        base: Option<Box<Base>>,
    },
}

/// One FROM block.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The instruction index of its FROM.
    pub from: usize,
    /// Its instructions after FROM, by index.
    pub instructions: Range<usize>,
    /// Its name, in lower case.
    pub name: Option<String>,
    /// What it starts from.
    pub parent: Parent,
    /// Whether its layers may be part of an image that is used: it is the last stage, one that no other stage uses (a
    /// `--target`), or an ancestor of such a stage.
    pub ships: bool,
    /// Its ONBUILDs, which a child runs first.
    pub triggers: Vec<usize>,
    /// State before each instruction, and after the last one.
    pub states: Vec<Rc<State>>,
}

impl Stage {
    /// The state before instruction `index` of the file.
    pub fn state(&self, index: usize) -> &State {
        &self.states[index - self.instructions.start]
    }
}

/// A stage, then the one that it starts from, and so on down.
pub fn lineage(stages: &[Stage], stage: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(stage), |&at| match stages[at].parent {
        Parent::Stage(of) => Some(of),
        Parent::Scratch | Parent::Image { .. } => None,
    })
}

/// A stage and all that start from it, or from one that does, in order.
pub(crate) fn heirs(stages: &[Stage], stage: usize) -> Vec<usize> {
    let mut found = vec![stage];
    for (child, own) in stages.iter().enumerate().skip(stage + 1) {
        if matches!(own.parent, Parent::Stage(of) if found.contains(&of)) {
            found.push(child);
        }
    }
    found
}

/// What the stage starts from in which the lineage of a stage begins: an image, or nothing.
pub(crate) fn origin(stages: &[Stage], stage: usize) -> Option<&Parent> {
    lineage(stages, stage).last().map(|first| &stages[first].parent)
}

/// What is known of the image that a stage goes back to.
pub fn base(stages: &[Stage], stage: usize) -> Option<&Base> {
    match origin(stages, stage) {
        Some(Parent::Image { base, .. }) => base.as_deref(),
        _ => None,
    }
}

/// Reads the stages of a tree.
pub fn read(tree: &Tree, pins: &Pins) -> Vec<Stage> {
    let globals = globals(tree);
    let starts: Vec<usize> = (0..tree.instructions.len())
        .filter(|&at| matches!(tree.instructions[at].body, Body::From { .. }))
        .collect();
    let mut stages: Vec<Stage> = Vec::new();
    for (index, &from) in starts.iter().enumerate() {
        let Body::From { image, alias } = &tree.instructions[from].body else { continue };
        let end = starts.get(index + 1).copied().unwrap_or(tree.instructions.len());
        let name = expand(&image.text, tree.escape, &|name| match globals.get(name) {
            Some(Variable { value: Known::Is(value), .. }) => Lookup::Set(value.clone()),
            _ => Lookup::Unknown,
        });
        let parent = parent(name, &stages, pins);
        let first = match &parent {
            Parent::Scratch => State::of_image(None, true),
            Parent::Stage(of) => {
                let parent = &stages[*of];
                let mut state = (**parent.states.last().expect("a stage has a state after its end")).clone();
                for &trigger in &parent.triggers {
                    if let Body::Onbuild(inner) = &tree.instructions[trigger].body {
                        state.apply(inner, tree.escape, &globals);
                    }
                }
                state
            }
            Parent::Image { base, .. } => State::of_image(base.as_deref(), false),
        };
        let mut states = vec![Rc::new(first)];
        for instruction in &tree.instructions[from + 1..end] {
            let mut last = Rc::clone(states.last().expect("it starts with one"));
            if changes_state(&instruction.body) {
                Rc::make_mut(&mut last).apply(instruction, tree.escape, &globals);
            }
            states.push(last);
        }
        stages.push(Stage {
            from,
            instructions: from + 1..end,
            name: alias.as_ref().map(|alias| alias.name.text.to_lowercase()),
            parent,
            ships: false,
            triggers: (from + 1..end)
                .filter(|&at| matches!(tree.instructions[at].body, Body::Onbuild(_)))
                .collect(),
            states,
        });
    }
    mark_shipping(tree, &mut stages);
    stages
}

fn changes_state(body: &Body) -> bool {
    matches!(body, Body::Env(_) | Body::Arg(_) | Body::Workdir(_) | Body::User(_) | Body::Shell(_))
}

/// The ARGs above the first FROM. In FROM their defaults count as the value: a build argument may name another version of
/// the image, hardly another image.
fn globals(tree: &Tree) -> BTreeMap<String, Variable> {
    let mut globals: BTreeMap<String, Variable> = BTreeMap::new();
    for instruction in tree.instructions.iter().take_while(|one| !matches!(one.body, Body::From { .. })) {
        let Body::Arg(pairs) = &instruction.body else { continue };
        for pair in pairs {
            let label = pair.value.as_ref().map_or(String::new(), |value| value.text.clone());
            let value = match &pair.value {
                Some(value) => expand(&value.text, tree.escape, &|name| match globals.get(name) {
                    Some(Variable { value: Known::Is(value), .. }) => Lookup::Set(value.clone()),
                    Some(_) => Lookup::Unknown,
                    None => Lookup::Unset,
                }),
                None => Known::Unknown,
            };
            globals.insert(pair.key.text.clone(), Variable { value, label: format!("global\u{1}{label}") });
        }
    }
    globals
}

fn parent(name: Known<String>, earlier: &[Stage], pins: &Pins) -> Parent {
    let Known::Is(image) = &name else { return Parent::Image { name, base: None } };
    // The later of two stages of one name wins.
    if let Some(of) =
        earlier.iter().rposition(|stage| stage.name.as_deref() == Some(image.to_lowercase().as_str()))
    {
        return Parent::Stage(of);
    }
    if image == "scratch" {
        return Parent::Scratch;
    }
    let base = bases::identify(&pins::pinned(pins, image)).map(Box::new);
    Parent::Image { name, base }
}

/// The stage that `--from=` or `from=` names, if it is one of the stages before `stage`.
pub fn named(stages: &[Stage], stage: usize, name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    stages[..stage]
        .iter()
        .rposition(|earlier| earlier.name.as_deref() == Some(lower.as_str()))
        .or_else(|| name.parse().ok().filter(|&number| number < stage))
}

/// The earlier stages that an instruction of `stage` copies or mounts from.
pub fn sources_of(instruction: &Instruction, stages: &[Stage], stage: usize) -> Vec<usize> {
    let flag = instruction.flag("from").and_then(|flag| flag.value.clone());
    let mounts =
        instruction.mounts().into_iter().filter_map(|mount| mount.option(&["from"]).map(str::to_owned));
    flag.into_iter().chain(mounts).filter_map(|name| named(stages, stage, &name)).collect()
}

/// Where later instructions refer to a stage by its name: the name in the source.
pub fn references(tree: &Tree, stages: &[Stage], stage: usize) -> Vec<Span> {
    let is_it = |at: usize, span: Span| {
        let name = span.of(&tree.text);
        stages[stage].name.as_deref() == Some(&name.to_lowercase()) && named(stages, at, name) == Some(stage)
    };
    let mut found = Vec::new();
    for (at, later) in stages.iter().enumerate().skip(stage + 1) {
        if let Body::From { image, .. } = &tree.instructions[later.from].body {
            found.extend(Some(image.span).filter(|span| is_it(at, *span)));
        }
        for instruction in &tree.instructions[later.instructions.clone()] {
            found.extend(named_in(instruction, &tree.text).into_iter().filter(|span| is_it(at, *span)));
        }
    }
    found
}

/// What the flags of an instruction name as the image or stage to take something from.
fn named_in(instruction: &Instruction, text: &str) -> Vec<Span> {
    let flags = instruction.flags.iter().filter(|flag| matches!(flag.name.as_str(), "from" | "mount"));
    let place = |span: Span| {
        let start = span.start + span.of(text).find("from=")? + "from=".len();
        let rest = &text[start..span.end];
        let end = rest.find([',', '"', '\'']).unwrap_or(rest.len());
        Some(Span::new(start, start + end))
    };
    flags.filter_map(|flag| place(flag.span)).collect()
}

fn mark_shipping(tree: &Tree, stages: &mut [Stage]) {
    let mut used = vec![false; stages.len()];
    for (index, stage) in stages.iter().enumerate() {
        for instruction in &tree.instructions[stage.instructions.clone()] {
            for source in sources_of(instruction, stages, index) {
                used[source] = true;
            }
        }
        if let Parent::Stage(of) = stage.parent {
            used[of] = true;
        }
    }
    let last = stages.len().wrapping_sub(1);
    for (index, used) in used.into_iter().enumerate() {
        if index == last || !used {
            let mut next = Some(index);
            while let Some(at) = next {
                stages[at].ships = true;
                next = if let Parent::Stage(of) = stages[at].parent { Some(of) } else { None };
            }
        }
    }
}
