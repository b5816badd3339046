//! The model of one file: everything that passes ask about, computed once for a text.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use dockopt_syntax::{Body, Tree};
use dockopt_tools::Toolbox;

use crate::context::Context;
use crate::digest::{Apart, Digest};
use crate::image::Image;
use crate::pins::{self, Pins};
use crate::script::{NoScript, Script};
use crate::stages::{self, Stage};
use crate::trace::{self, Trace};
use crate::triggers::Child;
use crate::versions::{self, Versions};

/// What a Dockerfile means, as far as it is known.
pub struct Model<'a> {
    /// The text as a tree. It has no syntax errors.
    pub tree: &'a Tree,
    /// The tools that are known.
    pub toolbox: &'a Toolbox,
    /// The build context, if there is one.
    pub context: Option<&'a Context<'a>>,
    /// What names of images stand for.
    pub pins: &'a Pins,
    /// The stages, in order.
    pub stages: Vec<Stage>,
    scripts: BTreeMap<usize, Result<Script<'a>, NoScript>>,
    traces: OnceCell<Vec<Trace>>,
    digest: OnceCell<Digest>,
}

impl<'a> Model<'a> {
    /// Reads the meaning of a tree.
    pub fn new(tree: &'a Tree, toolbox: &'a Toolbox, context: Option<&'a Context<'a>>) -> Self {
        Self::with_pins(tree, toolbox, context, &pins::NONE)
    }

    /// The same where it is known what some names of images stand for.
    pub fn with_pins(
        tree: &'a Tree,
        toolbox: &'a Toolbox,
        context: Option<&'a Context<'a>>,
        pins: &'a Pins,
    ) -> Self {
        let stages = stages::read(tree, pins);
        let mut scripts = BTreeMap::new();
        for stage in &stages {
            for at in stage.instructions.clone() {
                let instruction = &tree.instructions[at];
                if matches!(instruction.body, Body::Run(_)) {
                    scripts.insert(at, Script::of(tree, instruction, stage.state(at), toolbox));
                }
            }
        }
        Self {
            tree,
            toolbox,
            context,
            pins,
            stages,
            scripts,
            traces: OnceCell::new(),
            digest: OnceCell::new(),
        }
    }

    /// The script of a RUN, by its instruction index.
    pub fn script(&self, instruction: usize) -> Result<&Script<'a>, NoScript> {
        match self.scripts.get(&instruction) {
            Some(Ok(script)) => Ok(script),
            Some(Err(why)) => Err(why.clone()),
            None => Err(NoScript::NotShell),
        }
    }

    /// The stage that an instruction is part of.
    pub fn stage_of(&self, instruction: usize) -> Option<usize> {
        self.stages.iter().position(|stage| stage.instructions.contains(&instruction))
    }

    /// The trace of each stage.
    pub fn traces(&self) -> &[Trace] {
        self.traces.get_or_init(|| {
            let input = trace::Input {
                tree: self.tree,
                stages: &self.stages,
                scripts: &self.scripts,
                context: self.context,
                pins: self.pins,
            };
            let mut images = Vec::new();
            let mut traces = Vec::new();
            for (index, stage) in self.stages.iter().enumerate() {
                let parent = match stage.parent {
                    stages::Parent::Stage(of) => images.get(of),
                    _ => None,
                };
                let (trace, image) = trace::of_stage(input, index, parent);
                traces.push(trace);
                images.push(image);
            }
            traces
        })
    }

    /// Whether an instruction before this one, in its stage or in those below, has a text in it, case aside.
    pub fn says_before(&self, instruction: usize, text: &str) -> bool {
        let Some(mut stage) = self.stage_of(instruction) else { return false };
        let text = text.to_ascii_lowercase();
        let mut end = instruction;
        loop {
            let own = &self.tree.instructions[self.stages[stage].instructions.start..end];
            if own.iter().any(|one| one.span.of(&self.tree.text).to_ascii_lowercase().contains(&text)) {
                return true;
            }
            let stages::Parent::Stage(of) = self.stages[stage].parent else { return false };
            (stage, end) = (of, self.stages[of].instructions.end);
        }
    }

    /// Whether a RUN names a build argument, so that each build may run other commands there.
    pub fn names_arguments(&self, instruction: usize) -> bool {
        let (Ok(script), Some(stage)) = (self.script(instruction), self.stage_of(instruction)) else {
            return false;
        };
        let state = self.stages[stage].state(instruction);
        let mut names = false;
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
            let assigned = simple.assignments.iter().filter_map(|one| one.value.as_ref());
            let words = simple.words.iter().chain(assigned);
            names |= words.flat_map(|word| &word.variables).any(|name| state.is_argument(name));
        });
        names
    }

    /// The first RUN that always fails, if there is one: the file cannot build, so there is no image to compare.
    pub fn fails(&self) -> Option<usize> {
        self.scripts
            .iter()
            .find(|(_, script)| script.as_ref().is_ok_and(Script::always_fails))
            .map(|found| *found.0)
    }

    /// The observable meaning of the file.
    pub fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| Digest::of(self))
    }

    /// The meaning of the file without some things.
    pub fn digest_apart_from(&self, apart: &Apart) -> Digest {
        if *apart == Apart::default() { self.digest().clone() } else { Digest::apart_from(self, apart) }
    }

    /// The major versions of tools before an element of a RUN.
    pub fn versions_before(&self, stage: usize, instruction: usize, element: usize) -> Versions {
        versions::before(&self.stages, &self.scripts, stage, (instruction, element))
    }

    /// The files of the image as the RUN `instruction` finds them, at one of its elements.
    pub fn image_before(&self, stage: usize, instruction: usize, element: usize) -> Image<'a> {
        let mut image = match self.stages[stage].parent {
            stages::Parent::Stage(of) => self.image_before(of, self.stages[of].instructions.end, 0),
            _ => Image::new(self.context),
        };
        let is_before = |atom: &&crate::atom::Atom| (atom.instruction, atom.element) < (instruction, element);
        self.traces()[stage].atoms.iter().take_while(is_before).for_each(|atom| image.replay(atom));
        image
    }

    /// Every command of every RUN, those of triggers last: the text of each simple command in one spelling; of a RUN that is
    /// not understood its whole text.
    pub fn commands(&self) -> Vec<String> {
        let mut found = self.commands_from(0);
        for child in Child::of(self.tree) {
            found.extend(child.model(self.toolbox, self.pins).commands_from(child.first()));
        }
        found
    }

    fn commands_from(&self, first: usize) -> Vec<String> {
        let mut found = Vec::new();
        for (&at, script) in self.scripts.range(first..) {
            match script {
                Ok(script) => {
                    dockopt_shell::walk_commands(&script.ast.list, &mut |_, context| {
                        found.push(dockopt_shell::canonical(script.text(), context.node));
                    });
                }
                Err(_) => found.push(self.tree.instructions[at].arguments_text().to_owned()),
            }
        }
        found
    }

    /// The text of every comment line, inside instructions too, sorted.
    pub fn comments(&self) -> Vec<&'a str> {
        let text: &'a str = &self.tree.text;
        let own = self
            .tree
            .items
            .iter()
            .filter(|item| item.kind == dockopt_syntax::ItemKind::Comment)
            .map(|item| item.span);
        let inner =
            self.tree.instructions.iter().flat_map(|instruction| instruction.inner_comments.iter().copied());
        let mut all: Vec<&str> = own.chain(inner).map(|span| span.of(text).trim()).collect();
        all.sort_unstable();
        all
    }
}
