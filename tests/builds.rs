//! All tests that build images, in a binary of their own, since they need a container engine:
//! `tests/engine/with-engine.sh cargo test --test builds`. Each says in one line that it is skipped where none answers.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // clippy takes helpers of tests for something else

#[path = "builds/cache.rs"]
mod cache;
#[path = "builds/images.rs"]
mod images;
#[path = "builds/packages.rs"]
mod packages;
#[path = "builds/page.rs"]
mod page;
#[path = "builds/pairs.rs"]
mod pairs;
#[path = "builds/pins.rs"]
mod pins;
#[path = "builds/project.rs"]
mod project;
#[path = "builds/scenario.rs"]
mod scenario;
#[path = "builds/simulated.rs"]
mod simulated;
#[path = "builds/stand.rs"]
mod stand;
#[path = "builds/users.rs"]
mod users;
