//! A part of a small server.
pub fn serve() {}
