//! What came of `verify`, as one JSON document with a version. Must not print.

use serde::Serialize;

use super::smoke_lines;
use crate::engine::Built;
use crate::image::Difference;
use crate::image::expected::Class;
use crate::image::layout::Layer;
use crate::problem::Problem;
use crate::report::json::{Fault, Remark, VERSION, document, faults, remark};
use crate::verify::{Figures, ImagesCompared, Verdict};

/// The report of `verify`.
pub fn verify(verdicts: &[Verdict], problems: &[Problem]) -> String {
    let files = verdicts.iter().map(verified).collect();
    document(&Document { version: VERSION, command: "verify", files, problems: faults(problems) })
}

/// The report of `verify --images`.
pub fn images(names: [&str; 2], compared: &ImagesCompared) -> String {
    let same = compared.are_same();
    document(&Compared { version: VERSION, command: "verify", images: names, same, image: image(compared) })
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    command: &'static str,
    files: Vec<Verified<'a>>,
    problems: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Verified<'a> {
    path: &'a str,
    engine: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    same: bool,
    rewrites: Vec<Remark<'a>>,
    image: Image,
    before: Measured<'a>,
    after: Measured<'a>,
    rebuilds: Vec<Rebuilt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smoke: Option<Tested<'a>>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct Image {
    paths: u64,
    identical: u64,
    unexpected: Vec<String>,
    configuration: Vec<String>,
    expected: Vec<Expected>,
    on_purpose: Vec<&'static str>,
}

#[derive(Serialize)]
struct Expected {
    class: &'static str,
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Measured<'a> {
    bytes: u64,
    layers: Vec<LayerOf<'a>>,
    cold: Run<'a>,
}

#[derive(Serialize)]
struct LayerOf<'a> {
    made_by: &'a str,
    bytes: u64,
}

#[derive(Serialize)]
struct Run<'a> {
    seconds: f64,
    steps: Vec<StepOf<'a>>,
}

#[derive(Serialize)]
struct StepOf<'a> {
    place: &'a str,
    instruction: &'a str,
    cached: bool,
    seconds: f64,
}

#[derive(Serialize)]
struct Rebuilt<'a> {
    edited: &'a str,
    before: Run<'a>,
    after: Run<'a>,
}

#[derive(Serialize)]
struct Tested<'a> {
    what: &'a str,
    same: bool,
    said: Vec<String>,
}

#[derive(Serialize)]
struct Compared<'a> {
    version: u32,
    command: &'static str,
    images: [&'a str; 2],
    same: bool,
    image: Image,
}

fn verified(verdict: &Verdict) -> Verified<'_> {
    Verified {
        path: &verdict.file,
        engine: &verdict.engine,
        platform: verdict.platform.as_deref(),
        same: verdict.holds(),
        rewrites: verdict.rewrites.iter().map(remark).collect(),
        image: image(&verdict.images),
        before: measured(&verdict.before),
        after: measured(&verdict.after),
        rebuilds: verdict
            .rebuilds
            .iter()
            .map(|one| Rebuilt { edited: &one.path, before: run(&one.before), after: run(&one.after) })
            .collect(),
        smoke: verdict.smoke.as_ref().map(|smoke| Tested {
            what: &smoke.what,
            same: smoke.is_same(),
            said: smoke_lines(smoke),
        }),
        remarks: &verdict.remarks,
    }
}

fn image(compared: &ImagesCompared) -> Image {
    let paths = |of: &[Difference]| of.iter().map(ToString::to_string).collect();
    Image {
        paths: compared.paths,
        identical: compared.identical,
        unexpected: paths(&compared.files.unexpected),
        configuration: compared.config.iter().map(ToString::to_string).collect(),
        expected: compared
            .files
            .expected
            .iter()
            .map(|(class, of): (&Class, _)| Expected { class: class.name(), paths: paths(of) })
            .collect(),
        on_purpose: compared.on_purpose.clone(),
    }
}

fn measured(figures: &Figures) -> Measured<'_> {
    let layers = figures.layers.iter().map(|Layer { made_by, size }| LayerOf { made_by, bytes: *size });
    Measured { bytes: figures.size, layers: layers.collect(), cold: run(&figures.cold) }
}

fn run(built: &Built) -> Run<'_> {
    let steps = built.steps.iter().map(|step| StepOf {
        place: &step.place,
        instruction: &step.instruction,
        cached: step.cached,
        seconds: step.took.as_secs_f64(),
    });
    Run { seconds: built.took.as_secs_f64(), steps: steps.collect() }
}
