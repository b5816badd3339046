//! `dockopt graph`: what each step needs, and why. Must not change anything.

use dockopt_model::{Context, Model, graph};

use super::{complain, is_stdin, only_stdin};
use crate::Status;
use crate::cli::{Graph, GraphFormat};
use crate::context::OnDisk;
use crate::discover::discover;
use crate::report::graph as report;
use crate::terminal::Terminal;
use crate::work::{Prepared, Session, Wanted};

pub(super) fn run(arguments: &Graph, terminal: &Terminal) -> Status {
    let input = &arguments.input;
    let session = match Session::new(Wanted::default(), input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    let mut files: Vec<Prepared> = Vec::new();
    let mut problems = Vec::new();
    if input.paths.iter().any(|path| is_stdin(path)) {
        if input.paths.len() > 1 {
            return complain(&[only_stdin()], terminal);
        }
        match session.prepare_stdin() {
            Ok(file) => files.push(file),
            Err(faults) => problems.extend(faults),
        }
    } else {
        let (targets, faults) = discover(&input.paths);
        problems.extend(faults);
        for target in &targets {
            match session.prepare(target) {
                Ok(file) => files.extend(file),
                Err(faults) => problems.extend(faults),
            }
        }
    }
    problems.extend(files.iter().flat_map(|file| file.warnings.clone()));
    let drawings: Vec<report::Drawing> = files.iter().map(draw).collect();
    terminal.data(&match arguments.format {
        GraphFormat::Text => report::text(&drawings, terminal.data),
        GraphFormat::Dot => report::dot(&drawings),
        GraphFormat::Json => report::json(&drawings),
    });
    complain(&problems, terminal)
}

fn draw(file: &Prepared) -> report::Drawing {
    let context: Option<Context<'_>> = file.context.as_ref().map(OnDisk::context);
    let model = Model::new(&file.tree, file.config.toolbox(), context.as_ref());
    report::Drawing::new(&file.name, &model, &graph::of(&model))
}
