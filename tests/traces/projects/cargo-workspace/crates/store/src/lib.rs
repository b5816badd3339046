//! Keeps what is shown.
pub struct Store;
