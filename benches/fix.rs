//! How long 500 Dockerfiles take: read only, understood, and fixed, one after the other and in parallel. The files are those
//! of the tests, with their build contexts in memory, so that no disk is measured. Must not check results; the tests do.

#[path = "../tests/generate.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod generate;
#[path = "../tests/support.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use dockopt_model::{Context, Ignore, IgnoreFile, Model};
use dockopt_syntax::{Tree, parse};
use dockopt_tools::Toolbox;
use rayon::prelude::*;

use support::Project;

const FILES: usize = 500;

/// Every fixture, example and seed that is a valid Dockerfile, again and again until there are enough.
fn projects() -> Vec<Project> {
    let project = |(path, text): (String, String)| {
        if !parse(&text).errors.is_empty() {
            return None;
        }
        match path.strip_suffix("/Dockerfile") {
            Some(folder) => Some(Project::read(&support::root().join(folder))),
            None => path.ends_with(".Dockerfile").then(|| Project::of(&text, &[])),
        }
    };
    let all: Vec<Project> = generate::sources().into_iter().filter_map(project).collect();
    all.iter().cycle().take(FILES).cloned().collect()
}

/// Reads a file as the passes see it: stages, effects, graph of atoms and digest.
fn understand(project: &Project, tree: &Tree) {
    let text = project.ignore();
    let ignore = Ignore::parse(text.unwrap_or_default()).expect("the ignore file of a test is valid");
    let context = Context {
        files: &project.files,
        ignore: IgnoreFile { path: ".dockerignore".to_owned(), text: text.map(Into::into), ignore },
    };
    let model = Model::new(tree, Toolbox::builtin(), Some(&context));
    black_box(model.digest());
}

fn files(criterion: &mut Criterion) {
    let projects = projects();
    let trees: Vec<Tree> = projects.iter().map(|project| parse(&project.text).tree).collect();
    // The data of tools is read once in a run; that is measured by nobody.
    Toolbox::builtin();
    let mut group = criterion.benchmark_group("500 files");
    group.throughput(Throughput::Elements(FILES as u64)).sample_size(20);
    group.bench_function("parse", |bencher| {
        bencher.iter(|| projects.iter().for_each(|project| drop(black_box(parse(&project.text)))));
    });
    group.bench_function("model", |bencher| {
        bencher.iter(|| projects.iter().zip(&trees).for_each(|(project, tree)| understand(project, tree)));
    });
    group.bench_function("fix, one after the other", |bencher| {
        bencher.iter(|| projects.iter().for_each(|project| drop(black_box(project.fix(None)))));
    });
    group.bench_function("fix, in parallel", |bencher| {
        bencher.iter(|| projects.par_iter().for_each(|project| drop(black_box(project.fix(None)))));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    files(&mut criterion);
    criterion.final_summary();
}
