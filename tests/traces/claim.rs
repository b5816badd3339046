//! What is claimed of an install: the effects of a RUN after `COPY . .`, as they decide about rewrites. Must not look at a
//! trace when it computes them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use dockopt::files::Folder;
use dockopt_model::Model;
use dockopt_model::atom::AtomKind;
use dockopt_model::effects::Effects;
use dockopt_model::region::{Footprint, Region};
use dockopt_tools::Toolbox;

use crate::cases::{Case, Tool};
use crate::run::Did;

/// Where the project lies in the image of the claim.
pub(crate) const APP: &str = "/app";

/// The claim.
pub(crate) struct Claim {
    effects: Effects,
    /// Image path → context path of the files that COPY brings.
    files: BTreeMap<String, String>,
}

/// The claim about a case, whose context is a folder on disk.
pub(crate) fn of(case: &Case, tool: &Tool, context: &Path) -> Result<Claim, String> {
    let env: String = case.env.iter().map(|(name, value)| format!("ENV {name}=\"{value}\"\n")).collect();
    let workdir = case.workdir.as_ref().map_or(String::new(), |below| format!("WORKDIR {APP}/{below}\n"));
    let text = format!("FROM {}\n{env}WORKDIR {APP}\nCOPY . .\n{workdir}RUN {}\n", tool.from, case.command);
    let parse = dockopt_syntax::parse(&text);
    assert!(parse.errors.is_empty(), "{:?}", parse.errors);
    let on_disk = dockopt::context::open(Arc::new(Folder::new(context.to_owned())), None)
        .map_err(|problem| problem.message)?;
    let context = on_disk.context();
    let model = Model::new(&parse.tree, Toolbox::builtin(), Some(&context));
    let trace = &model.traces()[0];
    if let Some((_, reason)) = trace.unfollowed.first() {
        return Err(format!("the COPY is not followed: {reason}"));
    }
    let run = parse.tree.instructions.len() - 1;
    let mut effects = Effects::default();
    trace.of(run).for_each(|atom| effects.extend(atom.effects.clone()));
    if let Some(unclear) = &effects.unclear {
        return Err(format!("nothing is claimed, since {}", unclear.reason));
    }
    if effects.inputs.is_empty() {
        return Err("no reader of manifests says anything".to_owned());
    }
    let files = trace.atoms.iter().filter_map(|atom| match &atom.kind {
        AtomKind::Write { path, from: Some(from) } => Some((path.clone(), from.clone())),
        _ => None,
    });
    Ok(Claim { files: files.collect(), effects })
}

impl Claim {
    /// The context files that the COPY brings.
    pub(crate) fn context_files(&self) -> BTreeSet<String> {
        self.files.values().cloned().collect()
    }

    /// What the install did and the claim denies, a line each. A file that the install itself made may be read. Which names
    /// it listed is not compared: what it does with a name shows in what it opens or looks for next.
    pub(crate) fn contradictions(&self, did: &Did) -> Vec<String> {
        let covers = |side: &Footprint, path: &str| side.touches(&Region::Path(path.to_owned()));
        let at = |below: &str| format!("{APP}/{below}");
        let mut wrong = Vec::new();
        for (verb, paths) in [("read", &did.read), ("looked at", &did.looked_at)] {
            for path in paths.iter().map(|path| at(path)).filter(|path| self.files.contains_key(path)) {
                if !covers(&self.effects.reads, &path) {
                    wrong.push(format!("{verb} {path}, which is not claimed"));
                }
            }
        }
        // What it made and took away again is no part of the image, unless it is in the way of a file of the context.
        let lasting = did.written.iter().map(|path| at(path)).filter(|path| self.files.contains_key(path));
        for path in lasting.chain(did.changed.iter().map(|path| at(path))) {
            if !covers(&self.effects.writes, &path) {
                wrong.push(format!("wrote {path}, which is not claimed"));
            }
        }
        // A file that is not there today may be there when the image is built. That a URL is the name of a file is asked by
        // some tools, and is never true.
        for path in did.missed.iter().filter(|path| !path.contains(":/")).map(|path| at(path)) {
            if !covers(&self.effects.reads, &path) && !covers(&self.effects.writes, &path) {
                wrong.push(format!("would read {path}, if it were there, which is not claimed"));
            }
        }
        wrong.dedup();
        wrong
    }
}

#[test]
fn what_is_not_claimed_is_a_contradiction() {
    let cases = crate::cases::Cases::read();
    let case = cases
        .case
        .iter()
        .find(|case| case.project.ends_with("/pip-constraints"))
        .expect("there is such a case");
    let scratch = crate::run::Scratch::of(case).expect("folders can be made");
    let claim = of(case, &cases.tool[&case.tool], &scratch.context()).expect("it is claimed");
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
    assert!(claim.context_files().contains("src/app.py"));
    let honest =
        Did { read: set(&["constraints.txt", "requirements/base.txt", "made.txt"]), ..Did::default() };
    assert_eq!(claim.contradictions(&honest), [""; 0]);
    let did = Did {
        read: set(&["src/app.py"]),
        looked_at: set(&["src/app.py"]),
        written: set(&["constraints.txt", "temporary"]),
        changed: set(&["build"]),
        missed: set(&["secrets.txt"]),
    };
    assert_eq!(
        claim.contradictions(&did),
        [
            "read /app/src/app.py, which is not claimed",
            "looked at /app/src/app.py, which is not claimed",
            "wrote /app/constraints.txt, which is not claimed",
            "wrote /app/build, which is not claimed",
            "would read /app/secrets.txt, if it were there, which is not claimed",
        ]
    );
}
