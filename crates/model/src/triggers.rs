//! ONBUILD: the instructions that a child of a stage runs first. Whoever wants to know what they mean, or to change them,
//! gets the file as the child finds it, in which they are instructions like all others; edits of it are edits of the file.

use std::sync::Arc;

use dockopt_syntax::{Alias, Body, Instruction, Item, ItemKind, Span, Tree, Word};
use dockopt_tools::Toolbox;

use crate::region::Footprint;
use crate::{Model, Parent, Pins, digest};

/// The file as the child of one of its stages finds it: it ends with that stage, behind which the triggers are a stage of
/// their own. The text and all places in it are those of the file.
#[derive(Debug)]
pub struct Child {
    tree: Tree,
    /// The first trigger.
    first: usize,
}

impl Child {
    /// One for each stage that has triggers.
    pub fn of(tree: &Tree) -> Vec<Self> {
        let is_start = |one: &Instruction| matches!(one.body, Body::From { .. });
        let starts: Vec<usize> =
            (0..tree.instructions.len()).filter(|&at| is_start(&tree.instructions[at])).collect();
        let ends = starts.iter().skip(1).copied().chain([tree.instructions.len()]);
        starts.iter().zip(ends).filter_map(|(&from, end)| Self::of_stage(tree, from, end)).collect()
    }

    fn of_stage(tree: &Tree, from: usize, end: usize) -> Option<Self> {
        /// A name that nobody can write, for a stage that has none.
        const UNNAMED: &str = "\u{1}parent";
        let triggers: Vec<Instruction> = tree.instructions[from..end].iter().filter_map(as_its_own).collect();
        if triggers.is_empty() {
            return None;
        }
        let mut instructions: Vec<Instruction> = Vec::new();
        let mut places: Vec<Option<usize>> = vec![None; end];
        for (at, instruction) in tree.instructions[..end].iter().enumerate() {
            if !matches!(instruction.body, Body::Onbuild(_)) {
                places[at] = Some(instructions.len());
                instructions.push(instruction.clone());
            }
        }
        let parent = &mut instructions[places[from]?];
        let Body::From { alias, .. } = &mut parent.body else { return None };
        let keyword = Span::at(parent.span.end);
        let name = Word { text: UNNAMED.to_owned(), span: keyword };
        let name = alias.get_or_insert(Alias { keyword, name }).name.clone();
        let start = Instruction { body: Body::From { image: name, alias: None }, ..parent.clone() };
        instructions.push(start);
        let first = instructions.len();
        let own = (from..end).filter(|&at| places[at].is_none()).collect::<Vec<_>>();
        for (at, place) in own.into_iter().zip(first..) {
            places[at] = Some(place);
        }
        instructions.extend(triggers);
        let item = |item: &Item| match item.kind {
            ItemKind::Instruction(at) => {
                let at = places.get(at).copied().flatten()?;
                Some(Item { kind: ItemKind::Instruction(at), ..*item })
            }
            _ => Some(*item),
        };
        let items = tree.items.iter().filter_map(item).collect();
        let tree = Tree {
            text: Arc::clone(&tree.text),
            items,
            instructions,
            directives: tree.directives.clone(),
            escape: tree.escape,
        };
        Some(Self { tree, first })
    }

    /// What the file means then. Of the child's build context nothing is known.
    pub fn model<'c>(&'c self, toolbox: &'c Toolbox, pins: &'c Pins) -> Model<'c> {
        Model::with_pins(&self.tree, toolbox, None, pins)
    }

    /// Whether a place is in one of the triggers.
    pub fn is_trigger(&self, place: Span) -> bool {
        self.tree.instructions[self.first..].iter().any(|trigger| trigger.span.contains(place))
    }

    /// The index of the first trigger.
    pub fn first(&self) -> usize {
        self.first
    }
}

/// The first trigger of a stage that may read a package index which `regions` touch, as instruction `at` of the stage leaves it.
pub fn index_needed(model: &Model<'_>, stage: usize, at: usize, regions: &Footprint) -> Option<usize> {
    let here = &model.tree.instructions[at];
    for child in Child::of(model.tree) {
        let own = child.model(model.toolbox, model.pins);
        let triggered = own.stages.len() - 1;
        if !matches!(own.stages[triggered].parent, Parent::Stage(of) if of == stage) {
            continue;
        }
        let place = child.tree.instructions.iter().position(|one| one.span == here.span)?;
        let last = own.traces()[stage].atoms.iter().rposition(|atom| atom.instruction == place)?;
        let (reader, atom) = digest::index_needed_after(&own, stage, last, regions)?;
        let found = &child.tree.instructions[own.traces()[reader].atoms[atom].instruction];
        return model.tree.instructions.iter().position(|one| one.span == found.span);
    }
    None
}

/// The instruction that an ONBUILD keeps for later. ONBUILD is a part of its keyword.
fn as_its_own(instruction: &Instruction) -> Option<Instruction> {
    let Body::Onbuild(inner) = &instruction.body else { return None };
    let mut own = (**inner).clone();
    own.keyword_span = instruction.keyword_span.cover(own.keyword_span);
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> crate::Digest {
        let parse = dockopt_syntax::parse(text);
        Model::new(&parse.tree, Toolbox::builtin(), None).digest().clone()
    }

    #[test]
    fn a_trigger_is_an_instruction_at_its_place() {
        let text = "FROM a AS x\n# why\nONBUILD RUN b\nENV A=1\nONBUILD RUN <<EOF\nc\nEOF\nFROM x\nRUN d\n";
        let parse = dockopt_syntax::parse(text);
        let children = Child::of(&parse.tree);
        let [child] = children.as_slice() else { panic!("{children:?}") };
        let keywords: Vec<&str> = child.tree.instructions.iter().map(|one| one.keyword_text(text)).collect();
        assert_eq!(keywords, ["FROM", "ENV", "FROM", "ONBUILD RUN", "ONBUILD RUN"]);
        assert_eq!(child.tree.leading_comments(child.first()).of(text), "# why\n");
        let model = child.model(Toolbox::builtin(), &crate::pins::NONE);
        assert_eq!(model.script(child.first() + 1).expect("it is a script").text(), "c\n");
        assert!(
            model.stages[1].state(child.first()).variables.contains_key("A"),
            "it starts at the end of its stage"
        );
        assert!(child.is_trigger(child.tree.instructions[3].keyword_span));
        assert!(!child.is_trigger(child.tree.instructions[1].keyword_span));
    }

    #[test]
    fn triggers_mean_what_they_do_in_a_child() {
        let of =
            |triggers: &str| digest(&format!("FROM debian:12 AS base\n{triggers}FROM base\nCMD [\"x\"]\n"));
        for (one, other, same) in [
            ("ONBUILD RUN a\nONBUILD RUN b\n", "ONBUILD RUN a && b\n", true),
            ("ONBUILD RUN a\nENV X=1\nONBUILD RUN b\n", "ENV X=1\nONBUILD RUN a && b\n", true),
            (
                "ONBUILD RUN apt-get update && apt-get install -y a\n",
                "ONBUILD RUN apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*\n",
                true,
            ),
            ("ONBUILD RUN a\nONBUILD RUN b\n", "ONBUILD RUN b\nONBUILD RUN a\n", false),
            ("ONBUILD RUN a\nONBUILD USER x\n", "ONBUILD USER x\nONBUILD RUN a\n", false),
            ("ONBUILD RUN a\n", "RUN a\n", false),
            ("ONBUILD RUN a\n", "", false),
            ("ONBUILD CMD a\n", "ONBUILD CMD b\n", false),
            ("ONBUILD COPY a /\n", "ONBUILD COPY b /\n", false),
        ] {
            assert_eq!(of(one) == of(other), same, "{one}{other}");
        }
    }

    #[test]
    fn an_index_that_a_trigger_needs_is_no_cache() {
        let of = |cleanup: &str, trigger: &str| {
            digest(&format!(
                "FROM debian:12\nRUN apt-get update && apt-get install -y a{cleanup}\nONBUILD RUN {trigger}\n"
            ))
        };
        let cleanup = " && rm -rf /var/lib/apt/lists/*";
        assert_ne!(of(cleanup, "apt-get install -y $MORE"), of("", "apt-get install -y $MORE"));
        assert_eq!(of(cleanup, "chmod 755 /srv"), of("", "chmod 755 /srv"));
    }
}
