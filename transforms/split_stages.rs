//! Takes what only a build needs out of the image: a builder makes what the program needs, and the image starts anew and takes it over.
//!
//! ## What it does
//!
//! A stage that installs compilers and headers, and then what is built with them, becomes two. The builder has all of it, and installs
//! into a folder of its own. The image has the other packages, the shared libraries that belong to the headers, the content of that
//! folder and the sources. All settings stay with the image, and so does every step that is not known to be there for the build alone.
//!
//! A stage that builds a program of Go becomes two, as well: the image starts from the distribution that the builder stands on, in the
//! same release, and has the program, the files beside the sources, and certificates and time zones where the sources may ask for them.
//!
//! ## Why
//!
//! A compiler with its headers is most of such an image, and every one of its users downloads them and has their faults reported.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12-alpine
//! RUN apk add --no-cache build-base libffi-dev tini
//! WORKDIR /srv/app
//! COPY . .
//! RUN pip install --no-cache-dir -r requirements.txt
//! EXPOSE 8000
//! ENTRYPOINT ["tini", "--"]
//! CMD ["gunicorn", "--bind", "0.0.0.0:8000", "wsgi:application"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.12-alpine AS build
//! RUN apk add --no-cache build-base libffi-dev tini
//! WORKDIR /srv/app
//! COPY requirements.txt .
//! RUN pip install --prefix=/install --no-cache-dir -r requirements.txt
//!
//! FROM python:3.12-alpine
//! RUN apk add --no-cache libstdc++ libgomp tini
//! WORKDIR /srv/app
//! COPY --from=build /install /usr/local
//! COPY . .
//! EXPOSE 8000
//! ENTRYPOINT ["tini", "--"]
//! CMD ["gunicorn", "--bind", "0.0.0.0:8000", "wsgi:application"]
//! ```
//!
//! with the files `requirements.txt`, `wsgi.py`.
//!
//! ## Safety
//!
//! Unsafe: the image lacks the packages that the reason names, on purpose. What goes is only what data about distributions says that a
//! build alone needs; an unknown package stays, and an unknown command is a reason to leave the file alone, unless it stands behind
//! everything that is built. It is checked that the image keeps its settings, its names, all copied files and their order. A program that
//! calls a compiler when it runs would miss it: where the command of the image or a script that it starts names one, nothing is changed.

use dockopt_model::runtime::{self, Plan};

use crate::{Class, Cx, Declined, Expected, Phase, Proof, Proposal, Rewrite, canonical};

pub(crate) const NAME: &str = "split-stages";
pub(crate) const PHASE: Phase = Phase::Stages;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "build in a stage of its own, and leave what only that needs behind";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let Some(last) = cx.model.stages.len().checked_sub(1) else { return Vec::new() };
    let declined = |at: usize, why: &str| {
        let place = cx.model.tree.instructions[at].keyword_span;
        Declined::proposal(place, format!("the stage is not split into builder and runtime: {why}"))
    };
    let proposal = runtime::plan(cx.model, last).map(|plan| match plan {
        Ok(plan) => rewrite(cx, &plan)
            .map_or_else(|why| declined(cx.model.stages[last].from, &why), Proposal::Rewrite),
        Err(why) => declined(why.instruction, &why.reason),
    });
    proposal.into_iter().collect()
}

fn rewrite(cx: &Cx<'_>, plan: &Plan) -> Result<Rewrite, String> {
    let written = runtime::write(cx.model, plan, cx.options.builder)?;
    let from = cx.model.tree.instructions[cx.model.stages[plan.stage].from].keyword_span;
    let title = format!("build in a stage `{}`, and take over what the program needs", written.name);
    let mut rewrite =
        Rewrite::safe(title, reason(plan), from, vec![written.edit]).map_err(|error| error.to_string())?;
    rewrite.class = CLASS;
    rewrite.proof = Proof::Split;
    rewrite.sources.clone_from(&plan.sources);
    rewrite.commands.gone = written.gone;
    rewrite.commands.new = written.new.iter().map(|text| canonical(text)).collect();
    Ok(rewrite)
}

fn reason(plan: &Plan) -> String {
    let mut parts = Vec::new();
    if let Some(base) = &plan.base {
        parts.push(format!("what is built runs on `{base}`, with the same libraries and without the compiler"));
    }
    if !plan.left.is_empty() {
        parts.push(format!("only the build needs {}", plan.left.join(", ")));
    }
    if !plan.libraries.is_empty() {
        let libraries = plan.libraries.join(", ");
        parts.push(format!("the image gets {libraries}, to which what is built with them is linked"));
    }
    let trees: Vec<&str> = plan.brought.iter().map(|tree| tree.to.as_str()).collect();
    let sources = match plan.sources.len() {
        0 => "and all else stays",
        _ => "the sources stay in the builder, and a file that the program is to read is copied by its name from now on",
    };
    parts.push(format!("from the builder comes what belongs to {}, {sources}", trees.join(", ")));
    parts.join("; ")
}
