//! Runs the program of the image as a user instead of root.
//!
//! ## What it does
//!
//! Makes a user in the way of the distribution, or takes the one that an official image brings, gives it the declared volumes, and
//! writes `USER` behind the last step that needs to be root.
//!
//! ## Why
//!
//! A fault in a program that is root in its container is a step away from the machine: it may change every file of the image, and what
//! is mounted into it.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! WORKDIR /app
//! COPY requirements.txt app.py ./
//! RUN pip install --no-cache-dir -r requirements.txt
//! EXPOSE 8000
//! CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.12-slim
//! RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --create-home --no-log-init app
//! WORKDIR /app
//! COPY requirements.txt app.py ./
//! RUN pip install --no-cache-dir -r requirements.txt
//! EXPOSE 8000
//! USER 10001:10001
//! CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
//! ```
//!
//! with the files `requirements.txt`, `app.py`.
//!
//! ## Safety
//!
//! Unsafe: the program is somebody else, who may write its home folder, `/tmp` and the volumes, and nothing else. That nothing but the
//! user is different is proven. It is done only where nothing tells that the program needs more: its sources are looked through for files
//! that it writes, other programs that it starts, and ports below 1024; its arguments, variables and exposed ports as well; and what the
//! last stage runs must be installs that leave what everybody can read. What packages do that the program uses is not looked at, nor what
//! is mounted when it runs: try it, `dockopt verify --run` helps.

use dockopt_model::Setting;
use dockopt_model::least::{self, Kept, Plan};
use dockopt_syntax::{Body, Edit, Span};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "run-as-user";
pub(crate) const PHASE: Phase = Phase::Runtime;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "run the program as a user instead of root";
pub(crate) const ALIASES: &[&str] = &["DL3002"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    match least::plan(cx.model) {
        None => Vec::new(),
        Some(Err(Kept { at, why })) => vec![Declined::proposal(at, format!("the image runs as root: {why}"))],
        Some(Ok(plan)) => vec![rewrite(cx, &plan).map_or_else(|kept| Declined::proposal(kept.at, kept.why), Proposal::Rewrite)],
    }
}

fn rewrite(cx: &Cx<'_>, plan: &Plan) -> Result<Rewrite, Kept> {
    let tree = cx.model.tree;
    let stage = &cx.model.stages[plan.stage];
    let newline = tree.newline();
    // Behind the last step that root does, above the comments of what follows it.
    let is_step = |at: &usize| {
        matches!(tree.instructions[*at].body, Body::Run(_) | Body::Copy(_) | Body::Add(_) | Body::Workdir(_) | Body::User(_))
    };
    let next = stage.instructions.clone().rfind(is_step).map_or(stage.instructions.start, |last| last + 1);
    let starts = |at: &usize| matches!(tree.instructions[*at].body, Body::Cmd(_) | Body::Entrypoint(_));
    let kept = |at: Span, why: &str| Kept { at, why: why.to_owned() };
    let Some(start) = (next..stage.instructions.end).find(starts) else {
        let place = tree.instructions[stage.from].keyword_span;
        return Err(kept(place, "the image runs as root: CMD and ENTRYPOINT stand above steps that root does, so there is no place for USER"));
    };
    let place = tree.instructions[start].keyword_span;
    let folders = plan.folders.join(" ");
    let own = [format!("mkdir -p {folders}"), format!("chown {} {folders}", plan.owner)];
    let own: Vec<String> = own.into_iter().filter(|_| !folders.is_empty()).collect();
    let create: Vec<String> =
        plan.create.iter().flat_map(|all| all.split(" && ")).map(str::to_owned).collect();
    let lines: Vec<String> =
        [&create, &own].iter().filter(|line| !line.is_empty()).map(|line| line.join(" && ")).collect();
    let mut edits = Vec::new();
    if !lines.is_empty() {
        let behind = Span::at(tree.instructions[stage.from].span.end);
        let next = format!(" {}{newline}    && ", tree.escape.char());
        edits.push(Edit { span: behind, text: format!("RUN {}{newline}", lines.join(&next)) });
    }
    let above = tree.leading_comments(start).cover(tree.instructions[start].span).start;
    edits.push(Edit { span: Span::at(above), text: format!("USER {}{newline}", plan.user) });
    let title = format!("run `{}` as the user {}", plan.program, plan.user);
    let mut rewrite = Rewrite::safe(title, reason(plan), place, edits).map_err(|error| kept(place, &error.to_string()))?;
    rewrite.class = CLASS;
    rewrite.settings = vec![Setting::User(cx.model.stages.len() - 1)];
    rewrite.commands.new = create.iter().chain(&own).map(|command| crate::canonical(command)).collect();
    Ok(rewrite)
}

fn reason(plan: &Plan) -> String {
    let folders: Vec<String> = plan.folders.iter().map(|folder| format!(", `{folder}`")).collect();
    format!(
        "as root a fault in it could change every file of the image; its sources tell of no file that it writes, so it may write its home{} and /tmp alone: try it",
        folders.concat()
    )
}
