//! Makes the table of routes.
fn main() {}
