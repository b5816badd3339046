//! What is claimed of an install: the effects of a RUN after `COPY . .`, as they decide about rewrites. The traced installs and
//! the generated applications are compared with it; it must not know of either.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_model::atom::AtomKind;
use dockopt_model::effects::Effects;
use dockopt_model::region::{Footprint, Region};
use dockopt_model::{Context, Model};
use dockopt_tools::Toolbox;

/// Where the context lies in the image of the claim.
pub(crate) const APP: &str = "/app";

/// A RUN after `COPY . .`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Install {
    /// The base image.
    pub(crate) from: String,
    /// Environment variables, as by ENV.
    pub(crate) env: BTreeMap<String, String>,
    /// The working directory, below that of the context.
    pub(crate) workdir: Option<String>,
    /// The command line.
    pub(crate) command: String,
}

impl Install {
    fn dockerfile(&self) -> String {
        let env: String = self.env.iter().map(|(name, value)| format!("ENV {name}=\"{value}\"\n")).collect();
        let workdir = self.workdir.as_ref().map_or(String::new(), |below| format!("WORKDIR {APP}/{below}\n"));
        format!("FROM {}\n{env}WORKDIR {APP}\nCOPY . .\n{workdir}RUN {}\n", self.from, self.command)
    }
}

/// The claim. Paths in its questions are those of the context.
pub(crate) struct Claim {
    effects: Effects,
    files: BTreeSet<String>,
}

impl Claim {
    /// The claim about an install; why there is none otherwise.
    pub(crate) fn of(install: &Install, context: &Context<'_>) -> Result<Self, String> {
        let parse = dockopt_syntax::parse(&install.dockerfile());
        assert!(parse.errors.is_empty(), "{:?}", parse.errors);
        let model = Model::new(&parse.tree, Toolbox::builtin(), Some(context));
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
            AtomKind::Write { from: Some(from), .. } => Some(from.clone()),
            _ => None,
        });
        Ok(Self { files: files.collect(), effects })
    }

    /// The files of the context that the COPY brings.
    pub(crate) fn files(&self) -> &BTreeSet<String> {
        &self.files
    }

    /// Whether the install may read a path.
    pub(crate) fn reads(&self, path: &str) -> bool {
        covers(&self.effects.reads, path)
    }

    /// Whether the install may read a path, or is said to read one below it by its name.
    pub(crate) fn reads_below(&self, path: &str) -> bool {
        let folder = format!("{APP}/{path}");
        let is_below = |region: &Region| match region {
            Region::Path(named) | Region::Project(named) => dockopt_model::path::within(named, &folder),
            _ => false,
        };
        self.reads(path) || self.effects.reads.iter().any(is_below)
    }

    /// Whether the install may write a path.
    pub(crate) fn writes(&self, path: &str) -> bool {
        covers(&self.effects.writes, path)
    }
}

fn covers(side: &Footprint, path: &str) -> bool {
    side.touches(&Region::Path(format!("{APP}/{path}")))
}
