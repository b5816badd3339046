//! How images are compared: trees of files are written as archives in memory and read back through the public functions.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod config;
mod differences;
mod expectations;
mod layers;
mod mass;
mod trees;
