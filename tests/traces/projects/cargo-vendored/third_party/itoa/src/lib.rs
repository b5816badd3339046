//! Stands for a package of others.
pub struct Buffer;
