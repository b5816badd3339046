//! The major versions of tools at a place of a file: those of the base image, and those that an earlier command put in their place.
//! What is not known is not in the answer.

use std::collections::BTreeMap;

use dockopt_tools::{BROUGHT_BY_NAME, Invocation};

use crate::element::Element;
use crate::script::{NoScript, Script, each_command};
use crate::stages::{Parent, Stage};

/// Tool → major version.
pub type Versions = BTreeMap<String, u32>;

/// The versions before an element of a RUN.
pub fn before(
    stages: &[Stage],
    scripts: &BTreeMap<usize, Result<Script<'_>, NoScript>>,
    stage: usize,
    place: (usize, usize),
) -> Versions {
    let mut versions = at_start(stages, scripts, stage);
    for (at, script) in scripts.range(stages[stage].instructions.start..=place.0) {
        let Ok(script) = script else { continue };
        for (element, found) in script.elements().into_iter().enumerate() {
            if (*at, element) < place {
                follow(&mut versions, script, found);
            }
        }
    }
    versions
}

/// The versions at the start of a stage.
pub fn at_start(
    stages: &[Stage],
    scripts: &BTreeMap<usize, Result<Script<'_>, NoScript>>,
    stage: usize,
) -> Versions {
    match &stages[stage].parent {
        // Triggers may bring any version.
        Parent::Stage(of) if !stages[*of].triggers.is_empty() => Versions::new(),
        Parent::Stage(of) => before(stages, scripts, *of, (stages[*of].instructions.end, 0)),
        Parent::Image { base: Some(base), .. } => base.tools.clone(),
        _ => Versions::new(),
    }
}

/// Takes in what an element of a RUN brings.
pub fn follow(versions: &mut Versions, script: &Script<'_>, element: Element<'_>) {
    for node in element.nodes() {
        each_command(node, &mut |simple| {
            let Some(invocation) = script.recognize(simple) else { return };
            let Some(action) = invocation.action else { return };
            for name in &action.brings {
                if name == BROUGHT_BY_NAME {
                    let args = script.args(simple);
                    let is_certain = node.as_simple().is_some() && invocation.complete;
                    named(versions, &invocation, invocation.operand_texts(&args), is_certain);
                } else {
                    versions.remove(name);
                }
            }
        });
    }
}

/// Tools that operands name, as `NAME` or `NAME@VERSION`.
fn named<'a>(
    versions: &mut Versions,
    invocation: &Invocation<'_>,
    operands: impl IntoIterator<Item = Option<&'a str>>,
    is_certain: bool,
) {
    for operand in operands {
        let Some(operand) = operand else {
            // It may be any of those that come from the same place.
            versions.retain(|name, _| *name == invocation.tool.name);
            continue;
        };
        let (name, version) = operand.split_once('@').unwrap_or((operand, ""));
        versions.remove(name);
        let major = version.split('.').next().and_then(|major| major.parse().ok());
        if let Some(major) = major.filter(|_| is_certain) {
            versions.insert(name.to_owned(), major);
        }
    }
}
