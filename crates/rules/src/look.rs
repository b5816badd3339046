//! How rules look at a file: every instruction, those that ONBUILD keeps among them. It decides nothing.

use dockopt_model::{Model, Script, stages};
use dockopt_shell::Simple;
use dockopt_syntax::{Body, Instruction, Span};

/// An instruction of a stage.
#[derive(Clone, Copy)]
pub(crate) struct Step<'m> {
    /// The stage that it belongs to.
    pub(crate) stage: usize,
    /// Its index in the tree; for a trigger that of the ONBUILD.
    pub(crate) index: usize,
    /// The instruction; for a trigger the one inside.
    pub(crate) instruction: &'m Instruction,
}

impl Step<'_> {
    /// Its keyword, which is the place for what is wrong with all of it.
    pub(crate) fn place(&self) -> Span {
        self.instruction.keyword_span
    }
}

/// The instructions of all stages after their FROM, in the order of the text.
pub(crate) fn steps<'m>(model: &'m Model<'_>) -> impl Iterator<Item = Step<'m>> {
    model.stages.iter().enumerate().flat_map(move |(stage, found)| {
        found.instructions.clone().map(move |index| {
            let outer = &model.tree.instructions[index];
            let instruction = if let Body::Onbuild(inner) = &outer.body { inner } else { outer };
            Step { stage, index, instruction }
        })
    })
}

/// A simple command of a RUN.
pub(crate) struct Run<'m, 't> {
    /// The RUN.
    pub(crate) step: Step<'m>,
    /// The script that it is in.
    pub(crate) script: &'m Script<'t>,
    /// Its words.
    pub(crate) simple: &'m Simple,
}

impl Run<'_, '_> {
    /// The program that it runs, under `sudo` and its like; without the system folder where that is written.
    pub(crate) fn program(&self) -> Option<&str> {
        let at = self.script.recognize(self.simple).map_or(0, |found| found.command.start);
        let name = self.simple.words.get(at)?.literal.as_deref()?;
        ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"]
            .iter()
            .find_map(|folder| name.strip_prefix(folder))
            .or(Some(name))
    }

    /// The words behind the program, as far as they are known.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &str> {
        let at = self.script.recognize(self.simple).map_or(0, |found| found.command.start);
        self.simple.words.iter().skip(at + 1).filter_map(|word| word.literal.as_deref())
    }

    /// Its first word, if that is known.
    pub(crate) fn first_word(&self) -> Option<&str> {
        self.simple.words.first()?.literal.as_deref()
    }

    /// The place of its first word.
    pub(crate) fn place(&self) -> Span {
        self.simple.words.first().map_or(self.step.place(), |word| self.script.span(&word.span))
    }
}

/// Every simple command of every RUN whose script is understood, in the order of the text.
pub(crate) fn runs<'m, 'a>(model: &'m Model<'a>) -> Vec<Run<'m, 'a>> {
    let mut found = Vec::new();
    for step in steps(model) {
        let Ok(script) = model.script(step.index) else { continue };
        dockopt_shell::walk_commands(&script.ast.list, &mut |simple, _| {
            found.push(Run { step, script, simple });
        });
    }
    found
}

/// The instructions of all stages, without what ONBUILD keeps for another image.
pub(crate) fn own_steps<'m>(model: &'m Model<'_>) -> impl Iterator<Item = Step<'m>> {
    steps(model).filter(|step| !matches!(model.tree.instructions[step.index].body, Body::Onbuild(_)))
}

/// Whether the file sets a working directory before this instruction, in its stage or in one that it starts from.
pub(crate) fn has_workdir(model: &Model<'_>, stage: usize, index: usize) -> bool {
    let is_workdir = |at: usize| matches!(model.tree.instructions[at].body, Body::Workdir(_));
    let own = |of: usize| model.stages[of].instructions.clone();
    stages::lineage(&model.stages, stage).flat_map(own).any(|at| at < index && is_workdir(at))
}

/// Whether a path is relative on Linux and on Windows, whatever the variables in it are.
pub(crate) fn is_relative(path: &str) -> bool {
    let path = path.trim_matches(['"', '\'']);
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    !is_drive && !path.starts_with(['/', '\\', '$'])
}

/// Whether a file has the name of an archive, or of a compressed file.
pub(crate) fn is_archive(name: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        ".tar", ".Z", ".bz2", ".gz", ".lz", ".lzma", ".tZ", ".tb2", ".tbz", ".tbz2", ".tgz", ".tlz", ".tpz",
        ".txz", ".xz", ".zst", ".tzst",
    ];
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}
