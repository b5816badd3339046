//! A part of a small server.
mod routes;
fn main() { routes::serve(); }
