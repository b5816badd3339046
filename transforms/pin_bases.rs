//! Pins images to the digest that their tag has.
//!
//! ## What it does
//!
//! A name of an image in FROM, `COPY --from`, a mount of RUN or `# syntax=` gets the digest that its tag has in the registry, behind
//! the tag: `python:3.11` becomes `python:3.11@sha256:…`. A name without a tag, or with `latest`, also gets the most precise tag of a
//! version that has this digest, if there is one. Where the tag is the default of an `ARG`, the digest goes there, so that another value
//! takes it away. The digests come from `dockopt.lock`, which `dockopt pin` writes; nothing else asks a registry.
//!
//! ## Why
//!
//! A tag moves. Two builds of one commit start from two images, and nobody sees it: not in a review, not when a build breaks that
//! worked yesterday.
//!
//! ## Example
//!
//! ```dockerfile
//! FROM python:3.11-slim
//! COPY . /app
//! CMD ["python", "/app/app.py"]
//! ```
//!
//! becomes
//!
//! ```dockerfile
//! FROM python:3.11-slim@sha256:0d9f1c5e6c2a4f6d8e7b3a1908f7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5
//! COPY . /app
//! CMD ["python", "/app/app.py"]
//! ```
//!
//! with the pin `python:3.11-slim` of `sha256:0d9f1c5e6c2a4f6d8e7b3a1908f7e6d5c4b3a291807f6e5d4c3b2a1908f7e6d5`.
//!
//! ## Safety
//!
//! Unsafe: the image is the one that the tag named when the digest was asked for, and stays that one when the tag moves on, to a
//! mended version, too. So a pin wants to be updated: by `dockopt pin --update`, Renovate or Dependabot. That all else stays the same is
//! proven. `scratch`, stages, names that a Compose or Bake file gives to something else, and names that have a digest already are left
//! alone, and so is an `ARG` whose value is used for anything else.

use dockopt_model::images::{self, Use};
use dockopt_model::{Answer, Pin};
use dockopt_syntax::Edit;

use crate::{Class, Cx, Declined, Expected, Phase, Proposal, Rewrite};

pub(crate) const NAME: &str = "pin-bases";
pub(crate) const PHASE: Phase = Phase::Pins;
pub(crate) const CLASS: Class = Class::Unsafe;
pub(crate) const SUMMARY: &str = "pin images to the digest that their tag has";
pub(crate) const ALIASES: &[&str] = &["DL3006", "DL3007"];
pub(crate) const EXPECTS: &[Expected] = &[];

pub(crate) fn run(cx: &Cx<'_>) -> Vec<Proposal> {
    images::used(cx.model).iter().filter_map(|used| proposal(cx, used)).collect()
}

fn proposal(cx: &Cx<'_>, used: &Use) -> Option<Proposal> {
    let declined = |why: String| Some(Declined::proposal(used.at, why));
    let reference = match &used.reference {
        Ok(reference) => reference,
        Err(why) => return declined(why.clone()),
    };
    let answer = cx.options.pins.get(reference);
    if answer.is_none() && reference.digest.is_some() {
        return None;
    }
    let place = match &used.place {
        Ok(place) => place,
        Err(why) => return declined(format!("`{reference}` gets no digest: {why}")),
    };
    let pin = match answer {
        Some(Answer::Pin(pin)) => pin,
        Some(Answer::Left(why)) if reference.digest.is_some() => return declined(format!("the digest stays: {why}")),
        Some(Answer::Left(why)) => return declined(format!("`{reference}` gets no digest: {why}")),
        None => {
            return declined(format!(
                "which digest `{reference}` has now is not known here; `dockopt pin` asks its registry"
            ));
        }
    };
    let Some(text) = place.text(&pin.tag, &pin.digest) else {
        return declined(format!("`{reference}` gets no digest: `{}` cannot be written there", pin.tag));
    };
    if text == place.span.of(&cx.model.tree.text) {
        return None;
    }
    let edit = Edit { span: place.span, text };
    let (title, reason) = words(used, pin)?;
    let mut rewrite = Rewrite::safe(title, reason, used.at, vec![edit]).ok()?;
    rewrite.class = CLASS;
    Some(Proposal::Rewrite(rewrite))
}

/// What is done, and why.
fn words(used: &Use, pin: &Pin) -> Option<(String, String)> {
    let reference = used.reference.as_ref().ok()?;
    let short = pin.digest.get(..19).unwrap_or(&pin.digest);
    let new = reference.with_tag(&pin.tag);
    let by_tag = reference.by_tag()?;
    if reference.digest.is_some() {
        let title = if by_tag == new {
            format!("take the image that `{by_tag}` is now, {short}…")
        } else {
            format!("take `{new}` instead of `{by_tag}`, {short}…")
        };
        return Some((title, "the pin is older than what the tag names now".to_owned()));
    }
    let title = if by_tag == new {
        format!("pin `{reference}` to {short}…")
    } else {
        format!("pin `{reference}` to `{new}`, {short}…")
    };
    let reason = "the tag moves, so two builds of one commit may start from different images; pinned, the image changes when this line does";
    Some((title, reason.to_owned()))
}
