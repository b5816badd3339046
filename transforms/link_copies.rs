//! Copies what other stages built into layers that do not depend on the steps before.
//!
//! ## What it does
//!
//! `COPY --from=build` in a stage that is shipped becomes `COPY --link --from=build`, where steps stand before it.
//!
//! ## Why
//!
//! A linked layer stays in the cache, and in the registry, when a step before it or the base image changes.
//!
//! ## Example
//!
//! ```dockerfile
//! # syntax=docker/dockerfile:1
//! FROM golang:1.22 AS build
//! RUN go install example.com/server@v1.2.0
//!
//! FROM debian:bookworm-slim
//! RUN useradd --system server
//! COPY --from=build /go/bin/server /srv/bin/
//! CMD ["/srv/bin/server"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! # syntax=docker/dockerfile:1
//! FROM golang:1.22 AS build
//! RUN go install example.com/server@v1.2.0
//!
//! FROM debian:bookworm-slim
//! RUN useradd --system server
//! COPY --link --from=build /go/bin/server /srv/bin/
//! CMD ["/srv/bin/server"]
//! ```
//!
//! ## Safety
//!
//! A linked COPY does not see the image below: links on the way become folders, and folders get new attributes. So it is safe
//! only where the base image is known to have nothing on the way, or folders such as `/opt` and `/srv` that are as the layer
//! makes them, and where no earlier step may have made one otherwise. `/bin`, `/usr/local/bin` and the like are left alone, and
//! so is a name in `--chown`. The flag needs `BuildKit` and Dockerfile 1.4, which the file or `builder` in `dockopt.toml` must tell.

use dockopt_model::builder::{Feature, may_use};
use dockopt_syntax::{Body, Edit, Keyword, Span};

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "link-copies";
pub(crate) const PHASE: Phase = Phase::Layers;
pub(crate) const CLASS: Class = Class::Safe;
pub(crate) const SUMMARY: &str = "copy from other stages into layers that do not depend on earlier steps";
pub(crate) const ALIASES: &[&str] = &[];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    let model = cx.model;
    if may_use(model.tree, cx.options.builder, Feature::Link).is_err() {
        return Vec::new();
    }
    let shipped = model.stages.iter().enumerate().filter(|(_, stage)| stage.ships);
    shipped
        .flat_map(|(index, stage)| stage.instructions.clone().filter_map(move |at| look_at(cx, index, at)))
        .collect()
}

fn look_at(cx: &Cx<'_>, stage: usize, at: usize) -> Option<Proposal> {
    let (model, tree) = (cx.model, cx.model.tree);
    let instruction = &tree.instructions[at];
    let is_step = |one: usize| matches!(tree.instructions[one].keyword, Keyword::Run | Keyword::Copy | Keyword::Add);
    let pays = matches!(instruction.body, Body::Copy(_))
        && instruction.flag("from").is_some()
        && (model.stages[stage].instructions.start..at).any(is_step);
    if !pays || instruction.flag("link").is_some() {
        return None;
    }
    let place = instruction.keyword_span;
    if let Err(why) = model.traces()[stage].linked.get(&at)? {
        return Some(Declined::proposal(place, format!("this COPY is not linked: {why}")));
    }
    let edit = Edit { span: Span::at(place.end), text: " --link".to_owned() };
    let reason = "its layer does not depend on the steps before it then, and stays when they or the base image change";
    Rewrite::safe("copy into a layer of its own", reason, place, vec![edit]).ok().map(Proposal::Rewrite)
}
