//! Fills a store for tests.
fn main() {}
