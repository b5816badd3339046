//! The text of a stage as two, in the author's own words: instructions are moved and repeated as they stand, with the comments above
//! them, which stay one of a kind. What goes where is told by the plan.

use std::collections::BTreeSet;

use dockopt_shell::Node;
use dockopt_syntax::{Body, Edit, Instruction, ItemKind, Span, Tree};

use super::{Plan, Step, What, as_delay};
use crate::builder::Builder;
use crate::copy_lines::CopyLines;
use crate::{Model, Script, copy, layout};

/// A plan as text.
#[derive(Debug, Clone)]
pub struct Written {
    /// The edit of the Dockerfile.
    pub edit: Edit,
    /// The name of the builder.
    pub name: String,
    /// The commands that go, each in its one spelling.
    pub gone: Vec<String>,
    /// The texts of commands that come.
    pub new: Vec<String>,
}

/// Writes a plan; the reason where it cannot be written.
pub fn write(model: &Model<'_>, plan: &Plan, builder: Builder) -> Result<Written, String> {
    let tree = model.tree;
    let stage = &model.stages[plan.stage];
    let from = &tree.instructions[stage.from];
    let last = stage.instructions.clone().last().unwrap_or(stage.from);
    if tree.instructions[last].ends_open(&tree.text, tree.escape) {
        return Err("its last instruction ends in a continuation".to_owned());
    }
    let mut writer =
        Writer { model, plan, builder, described: BTreeSet::new(), gone: Vec::new(), new: Vec::new() };
    let (newline, name) = (tree.newline(), writer.name());
    let Body::From { image, alias } = &from.body else { return Err("it has no FROM".to_owned()) };
    let head = Span::new(from.keyword_span.start, image.span.end).of(&tree.text);
    let whole = from.code_span(&tree.text);
    let is_lower = from.keyword_text(&tree.text).chars().all(char::is_lowercase);
    let keyword = match alias {
        Some(alias) => alias.keyword.of(&tree.text),
        None if is_lower => "as",
        None => "AS",
    };
    // Comments go with the stage in which an instruction is whole, and with the builder if it is so in both.
    let is_whole = |steps: &[Step], at: usize| {
        steps.iter().any(|step| step.instruction == at && matches!(step.what, What::Whole))
    };
    let later: BTreeSet<usize> = stage
        .instructions
        .clone()
        .filter(|&at| is_whole(&plan.runtime, at) && !is_whole(&plan.builder, at))
        .collect();
    writer.described.clone_from(&later);
    let mut text = format!("{head} {keyword} {name}");
    for step in &plan.builder {
        text.push_str(newline);
        text.push_str(&writer.step(step)?);
    }
    writer.described.retain(|at| !later.contains(at));
    let own = match &plan.base {
        Some(base) => {
            let (start, end) =
                (Span::new(whole.start, image.span.start), Span::new(image.span.end, whole.end));
            format!("{}{base}{}", start.of(&tree.text), end.of(&tree.text))
        }
        None => whole.of(&tree.text).to_owned(),
    };
    text.push_str(&format!("{newline}{newline}{own}"));
    for step in &plan.runtime {
        text.push_str(newline);
        text.push_str(&writer.step(step)?);
    }
    writer.count_commands()?;
    let lost = stage
        .instructions
        .clone()
        .find(|at| !writer.described.contains(at) && layout::has_comments(tree, *at));
    if lost.is_some() {
        return Err("a comment describes a step that would be in neither stage".to_owned());
    }
    let edit = Edit { span: Span::new(whole.start, tree.instructions[last].code_span(&tree.text).end), text };
    Ok(Written { edit, name, gone: writer.gone, new: writer.new })
}

struct Writer<'w, 'a> {
    model: &'w Model<'a>,
    plan: &'w Plan,
    builder: Builder,
    /// The instructions whose comments are written.
    described: BTreeSet<usize>,
    gone: Vec<String>,
    new: Vec<String>,
}

impl Writer<'_, '_> {
    /// A name for the builder that no stage has.
    fn name(&self) -> String {
        const NAMES: [&str; 4] = ["build", "builder", "build-stage", "compile"];
        let taken = |name: &str| self.model.stages.iter().any(|stage| stage.name.as_deref() == Some(name));
        let free = NAMES.iter().copied().find(|name| !taken(name));
        free.map_or_else(|| format!("build-{}", self.plan.stage), str::to_owned)
    }

    /// An instruction as it is to be, with what stands above it.
    fn step(&mut self, step: &Step) -> Result<String, String> {
        let tree = self.model.tree;
        let instruction = &tree.instructions[step.instruction];
        let code = match &step.what {
            What::Whole => {
                let code = instruction.code_span(&tree.text);
                let text = code.of(&tree.text).to_owned();
                if self.described.contains(&step.instruction) {
                    without_comments(tree, instruction, code)
                } else {
                    text
                }
            }
            What::Elements(elements) => self.elements(step.instruction, elements)?,
            What::Files { files, folders, all } => {
                let copy = instruction.body.as_copy().ok_or("it is no COPY")?;
                let state = self.model.stages[self.plan.stage].state(step.instruction);
                let target = copy::destination(tree, instruction, state);
                let target = &target.get().ok_or("it is not known where it copies to")?.0;
                let delay = as_delay(all, target);
                let lines = CopyLines { tree, instruction, copy, delay: &delay, builder: self.builder };
                let files = files.iter().map(|(image, from)| (image.as_str(), from.as_str())).collect();
                let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
                let text = lines
                    .write(&files, &folders)
                    .ok_or("a file that is needed cannot be named in a COPY line")?;
                let text = text.trim_end_matches(['\r', '\n']);
                return Ok(format!("{}{text}", self.blank_above(step.instruction)));
            }
            What::Brought(tree_brought) => {
                let name = self.name();
                let keyword = if instruction.keyword_text(&tree.text).chars().all(char::is_lowercase) {
                    "copy"
                } else {
                    "COPY"
                };
                return Ok(format!(
                    "{}{keyword} --from={name} {} {}",
                    self.blank_above(step.instruction),
                    tree_brought.from,
                    tree_brought.to
                ));
            }
        };
        let lead = if self.described.insert(step.instruction) {
            self.lead(step.instruction)
        } else {
            self.blank_above(step.instruction).to_owned()
        };
        Ok(format!("{lead}{code}"))
    }

    /// The blank lines and comments above an instruction.
    fn lead(&self, instruction: usize) -> String {
        let tree = self.model.tree;
        let before = tree.instructions[instruction - 1].span.end;
        let own = &tree.instructions[instruction];
        Span::new(before, own.keyword_span.start).of(&tree.text).to_owned()
    }

    /// A blank line where there is one above the instruction.
    fn blank_above(&self, instruction: usize) -> &'static str {
        let tree = self.model.tree;
        let before = tree.instructions[instruction - 1].span.end;
        let own = tree.instructions[instruction].span.start;
        let is_blank = tree
            .items
            .iter()
            .any(|item| item.kind == ItemKind::Blank && item.span.start >= before && item.span.end <= own);
        if is_blank { tree.newline() } else { "" }
    }

    /// A RUN with some of its elements, each as it was or as another text.
    fn elements(&self, instruction: usize, chosen: &[(usize, Option<String>)]) -> Result<String, String> {
        let tree = self.model.tree;
        let run = &tree.instructions[instruction];
        let script = self.model.script(instruction).map_err(|why| why.to_string())?;
        if !run.heredocs.is_empty() {
            return Err("a RUN with a heredoc would have to be taken apart".to_owned());
        }
        let spans =
            spans(script).ok_or("a RUN that is no plain chain of commands would have to be taken apart")?;
        let head = Span::new(run.keyword_span.start, spans.first().ok_or("it is empty")?.start);
        let mut text = head.of(&tree.text).to_owned();
        for (at, (element, own)) in chosen.iter().enumerate() {
            let span = spans
                .get(*element)
                .ok_or("a RUN that is no plain chain of commands would have to be taken apart")?;
            if at > 0 {
                let before = spans[element - 1];
                text.push_str(Span::new(before.end, span.start).of(&tree.text));
            }
            text.push_str(own.as_deref().unwrap_or_else(|| span.of(&tree.text)));
        }
        let end = run.code_span(&tree.text).end;
        let is_cut = chosen.last().is_none_or(|(last, _)| last + 1 < spans.len());
        if !is_cut {
            text.push_str(Span::new(spans.last().map_or(end, |last| last.end), end).of(&tree.text));
        }
        Ok(if self.described.contains(&instruction) || is_cut { strip_comments(&text) } else { text })
    }

    /// Counts the commands that are in one of the stages, in both, and in neither.
    fn count_commands(&mut self) -> Result<(), String> {
        for instruction in self.model.stages[self.plan.stage].instructions.clone() {
            if !matches!(self.model.tree.instructions[instruction].body, Body::Run(_)) {
                continue;
            }
            let steps = self.plan.builder.iter().chain(&self.plan.runtime);
            let places: Vec<&What> =
                steps.filter(|step| step.instruction == instruction).map(|step| &step.what).collect();
            let script = self.model.script(instruction).map_err(|why| why.to_string())?;
            for (element, found) in script.elements().into_iter().enumerate() {
                let own = |what: &&What| match what {
                    What::Whole => Some(None),
                    What::Elements(chosen) => {
                        chosen.iter().find(|(at, _)| *at == element).map(|(_, text)| text.clone())
                    }
                    What::Files { .. } | What::Brought(_) => None,
                };
                let found_in: Vec<Option<String>> = places.iter().filter_map(own).collect();
                let as_written = found_in.iter().filter(|text| text.is_none()).count();
                for text in found.nodes().into_iter().flat_map(|node| spellings(script, node)) {
                    match as_written {
                        0 => self.gone.push(text),
                        count => self.new.extend(std::iter::repeat_n(text, count - 1)),
                    }
                }
                let escape = self.model.tree.escape.char();
                self.new.extend(found_in.into_iter().flatten().map(|text| one_line(&text, escape)));
            }
        }
        Ok(())
    }
}

/// The commands of a node, each in its one spelling.
fn spellings(script: &Script<'_>, node: &Node) -> Vec<String> {
    let mut found = Vec::new();
    dockopt_shell::walk_commands(&script.ast.list, &mut |_, context| {
        if node.span.start <= context.node.span.start && context.node.span.end <= node.span.end {
            found.push(dockopt_shell::canonical(script.text(), context.node));
        }
    });
    found
}

/// Where the elements of a chain stand in the Dockerfile; `None` for other scripts.
fn spans(script: &Script<'_>) -> Option<Vec<Span>> {
    let nodes = script.ast.and_chain().or_else(|| script.sequence())?;
    let span = |node: &&Node| {
        Span::new(script.logical.source_start(node.span.start), script.logical.source_end(node.span.end))
    };
    Some(nodes.iter().map(span).collect())
}

fn without_comments(tree: &Tree, instruction: &Instruction, code: Span) -> String {
    let text = code.of(&tree.text);
    if instruction.inner_comments.is_empty() { text.to_owned() } else { strip_comments(text) }
}

/// A text without its lines of comments.
fn strip_comments(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with('#')).collect()
}

/// A command as the shell receives it: without lines of comments and continuations.
fn one_line(text: &str, escape: char) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| line.trim_end().strip_suffix(escape).unwrap_or(line)).collect()
}
