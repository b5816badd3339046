//! Measures look-ups.
fn main() {}
