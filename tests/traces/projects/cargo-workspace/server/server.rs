//! A part of a small server.
fn main() {}
