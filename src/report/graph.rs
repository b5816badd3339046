//! The dependency graph of a file as text, for Graphviz, and as JSON. Must not build the graph.

use std::fmt::Write as _;

use anstyle::Style;
use dockopt_model::Model;
use dockopt_model::graph::{Edge, Node};
use dockopt_syntax::LineIndex;
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef as _;
use serde::Serialize;

use super::json;
use crate::terminal::Paint;

const BOLD: Style = Style::new().bold();
/// Longer instructions are cut in labels.
const LABEL: usize = 72;

/// A graph that can be shown without its model.
#[derive(Debug, Serialize)]
pub struct Drawing {
    path: String,
    stages: Vec<StageLabel>,
    nodes: Vec<Label>,
    edges: Vec<Arrow>,
}

#[derive(Debug, Serialize)]
struct StageLabel {
    name: Option<String>,
    line: usize,
    from: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Label {
    Step { stage: usize, line: usize, text: String },
    Context { path: String },
    Image { name: String },
}

#[derive(Debug, Serialize)]
struct Arrow {
    from: usize,
    to: usize,
    why: String,
}

impl Drawing {
    /// Draws the graph of a model.
    pub fn new(path: &str, model: &Model<'_>, graph: &DiGraph<Node, Edge>) -> Self {
        let lines = LineIndex::new(&model.tree.text);
        let line = |instruction: usize| lines.line(model.tree.instructions[instruction].keyword_span.start);
        let text = |instruction: usize| short(model.tree.instructions[instruction].logical.text());
        let label = |node: &Node| match node {
            Node::Step { instruction, stage } => {
                Label::Step { stage: *stage, line: line(*instruction), text: text(*instruction) }
            }
            Node::Context(path) => Label::Context { path: path.clone() },
            Node::Image(name) => Label::Image { name: name.clone() },
        };
        let stage = |stage: &dockopt_model::Stage| StageLabel {
            name: stage.name.clone(),
            line: line(stage.from),
            from: text(stage.from),
        };
        let arrow = |edge: petgraph::graph::EdgeReference<'_, Edge>| Arrow {
            from: edge.source().index(),
            to: edge.target().index(),
            why: edge.weight().why(),
        };
        Self {
            path: path.to_owned(),
            stages: model.stages.iter().map(stage).collect(),
            nodes: graph.node_weights().map(label).collect(),
            edges: graph.edge_references().map(arrow).collect(),
        }
    }

    fn name(&self, node: usize) -> String {
        match &self.nodes[node] {
            Label::Step { line, text, .. } => {
                format!("line {line} {}", text.split_whitespace().next().unwrap_or_default())
            }
            Label::Context { path } => format!("`{path}` of the context"),
            Label::Image { name } => format!("image {name}"),
        }
    }
}

/// White space in a row as one blank, and cut.
fn short(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LABEL) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}

/// For people: every step with what it needs.
pub fn text(drawings: &[Drawing], paint: Paint) -> String {
    let mut text = String::new();
    for drawing in drawings {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{}", paint.apply(BOLD, &drawing.path));
        for (index, stage) in drawing.stages.iter().enumerate() {
            let _ = writeln!(text, "{:>5}  {}", stage.line, paint.apply(BOLD, &stage.from));
            for (at, node) in drawing.nodes.iter().enumerate() {
                let Label::Step { stage, line, text: step } = node else { continue };
                if *stage != index {
                    continue;
                }
                let _ = writeln!(text, "{line:>5}    {step}");
                for arrow in drawing.edges.iter().filter(|arrow| arrow.to == at) {
                    let _ = writeln!(text, "           ← {}: {}", drawing.name(arrow.from), arrow.why);
                }
            }
        }
    }
    text
}

/// For Graphviz: one graph with a cluster per file and stage.
pub fn dot(drawings: &[Drawing]) -> String {
    let mut text =
        "digraph dockopt {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];\n".to_owned();
    for (file, drawing) in drawings.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{file} {{\n    label={};", quoted(&drawing.path));
        for (index, stage) in drawing.stages.iter().enumerate() {
            let _ = writeln!(
                text,
                "    subgraph cluster_{file}_{index} {{\n      label={};",
                quoted(&stage.from)
            );
            for (at, node) in drawing.nodes.iter().enumerate() {
                if let Label::Step { stage, line, text: step } = node
                    && *stage == index
                {
                    let _ =
                        writeln!(text, "      n{file}_{at} [label={}];", quoted(&format!("{line}: {step}")));
                }
            }
            text.push_str("    }\n");
        }
        for (at, node) in drawing.nodes.iter().enumerate() {
            let (label, shape) = match node {
                Label::Step { .. } => continue,
                Label::Context { path } => (path, "note"),
                Label::Image { name } => (name, "cylinder"),
            };
            let _ = writeln!(text, "    n{file}_{at} [label={}, shape={shape}];", quoted(label));
        }
        for arrow in &drawing.edges {
            let _ = writeln!(
                text,
                "    n{file}_{} -> n{file}_{} [label={}];",
                arrow.from,
                arrow.to,
                quoted(&arrow.why)
            );
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'static str,
    files: &'a [Drawing],
}

/// For machines.
pub fn json(drawings: &[Drawing]) -> String {
    json::document(&Document { version: json::VERSION, command: "graph", files: drawings })
}
