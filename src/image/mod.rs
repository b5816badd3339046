//! What is in an image, and how two images differ: their files, read as streams, and their configuration. Must not run an
//! engine or write anything; whoever asks brings the streams.

pub mod archive;
mod blobs;
pub mod compare;
mod compression;
pub mod config;
pub mod entry;
pub mod expected;
mod layers;
pub mod layout;
mod mount_points;
pub mod packages;

pub use compare::{Change, Comparison, Difference, What, compare};
pub use config::ImageConfig;
pub use entry::{Content, Entry, Kind, Time};
pub use expected::{Classed, Expectations, classify};

/// The files of an image.
pub trait Source {
    /// Hands over every entry, each path once, and ends early if `each` does.
    fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), Error>) -> Result<(), Error>;
}

/// Why an image cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{image}: {message}")]
pub struct Error {
    /// Which image, or which part of it.
    pub image: String,
    /// What is wrong with it, and where.
    pub message: String,
}

impl Error {
    pub(crate) fn new(image: &str, message: impl Into<String>) -> Self {
        Self { image: image.to_owned(), message: message.into() }
    }
}
