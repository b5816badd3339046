//! The dependency graph of a file: its steps, the context files that they read, the stages, and why each edge is there. A
//! view for people and machines; no decision is taken on it.

use petgraph::graph::{DiGraph, NodeIndex};

use dockopt_syntax::Body;

use crate::atom::AtomKind;
use crate::stages::{self, Parent};
use crate::{Known, Model};

/// A node of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An instruction that makes a layer or runs: its index and stage.
    Step {
        /// Instruction index.
        instruction: usize,
        /// Stage index.
        stage: usize,
    },
    /// A path of the build context that a COPY names, or one that an install reads.
    Context(String),
    /// A base image.
    Image(String),
}

/// Why one node needs another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    /// It copies the file.
    Copies,
    /// It reads the file as a manifest.
    Reads,
    /// It starts from the other's file system.
    Follows,
    /// It copies or mounts from the other's stage.
    From,
    /// It cannot come before the other: one writes what the other reads or writes.
    Conflict(String),
}

impl Edge {
    /// The reason, for people.
    pub fn why(&self) -> String {
        match self {
            Self::Copies => "copies".to_owned(),
            Self::Reads => "reads".to_owned(),
            Self::Follows => "starts from".to_owned(),
            Self::From => "takes files from".to_owned(),
            Self::Conflict(why) => why.clone(),
        }
    }
}

/// The graph of a model. Edges go from what is needed to what needs it.
pub fn of(model: &Model<'_>) -> DiGraph<Node, Edge> {
    let mut graph = DiGraph::new();
    let mut builder = Builder { model, graph: &mut graph, ends: Vec::new() };
    for stage in 0..model.stages.len() {
        builder.stage(stage);
    }
    graph
}

struct Builder<'g, 'a> {
    model: &'g Model<'a>,
    graph: &'g mut DiGraph<Node, Edge>,
    /// The last step of each stage, or what it starts from.
    ends: Vec<NodeIndex>,
}

impl Builder<'_, '_> {
    fn stage(&mut self, stage: usize) {
        let start = match &self.model.stages[stage].parent {
            Parent::Stage(of) => self.ends[*of],
            Parent::Scratch => self.node(Node::Image("scratch".to_owned())),
            Parent::Image { name, .. } => {
                let name = match name {
                    Known::Is(name) => name.clone(),
                    Known::Unknown => self.model.tree.instructions[self.model.stages[stage].from]
                        .arguments_text()
                        .to_owned(),
                };
                self.node(Node::Image(name))
            }
        };
        let mut steps: Vec<(usize, NodeIndex)> = Vec::new();
        for at in self.model.stages[stage].instructions.clone() {
            if !matches!(
                self.model.tree.instructions[at].body,
                Body::Run(_) | Body::Copy(_) | Body::Add(_) | Body::Workdir(_)
            ) {
                continue;
            }
            let step = self.graph.add_node(Node::Step { instruction: at, stage });
            self.graph.add_edge(start, step, Edge::Follows);
            self.inputs(stage, at, step);
            for &(earlier, node) in &steps {
                if let Some(why) = self.conflict(stage, earlier, at) {
                    self.graph.add_edge(node, step, Edge::Conflict(why));
                }
            }
            steps.push((at, step));
        }
        self.ends.push(steps.last().map_or(start, |last| last.1));
    }

    fn node(&mut self, node: Node) -> NodeIndex {
        let known = self.graph.node_indices().find(|&index| self.graph[index] == node);
        known.unwrap_or_else(|| self.graph.add_node(node))
    }

    fn inputs(&mut self, stage: usize, at: usize, step: NodeIndex) {
        let instruction = &self.model.tree.instructions[at];
        for from in stages::sources_of(instruction, &self.model.stages, stage) {
            self.graph.add_edge(self.ends[from], step, Edge::From);
        }
        if let Some(copy) = instruction.body.as_copy().filter(|_| instruction.flag("from").is_none()) {
            for source in &copy.sources {
                if !instruction.heredocs.iter().any(|heredoc| heredoc.word == source.text) {
                    let node = self.node(Node::Context(source.text.clone()));
                    self.graph.add_edge(node, step, Edge::Copies);
                }
            }
        }
        let trace = &self.model.traces()[stage];
        let mut files: Vec<String> = Vec::new();
        for atom in trace.of(at) {
            for inputs in &atom.effects.inputs {
                for path in &inputs.files {
                    files.extend(self.context_path(stage, at, path));
                }
            }
        }
        files.sort_unstable();
        files.dedup();
        for file in files {
            let node = self.node(Node::Context(file));
            self.graph.add_edge(node, step, Edge::Reads);
        }
    }

    /// The context file that lies at an image path before an instruction.
    fn context_path(&self, stage: usize, before: usize, path: &str) -> Option<String> {
        let atoms = self.model.traces()[stage].atoms.iter().take_while(|atom| atom.instruction < before);
        atoms
            .filter_map(|atom| match &atom.kind {
                AtomKind::Write { path: written, from: Some(from) } if written == path => Some(from.clone()),
                _ => None,
            })
            .last()
    }

    /// Why two steps of a stage may not change places.
    fn conflict(&self, stage: usize, earlier: usize, later: usize) -> Option<String> {
        let trace = &self.model.traces()[stage];
        for before in trace.of(earlier) {
            for after in trace.of(later) {
                if before.conflicts(after) {
                    return Some(
                        match (
                            before.path().or(after.path()),
                            &after.effects.unclear,
                            &before.effects.unclear,
                        ) {
                            (Some(path), None, None) => format!("needs {path}"),
                            (_, Some(unclear), _) | (_, None, Some(unclear)) => unclear.reason.clone(),
                            _ => "they touch the same files".to_owned(),
                        },
                    );
                }
            }
        }
        None
    }
}
