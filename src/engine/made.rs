//! Images that dockopt makes for itself. Must not decide what is built.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Engine;

/// What becomes of the images that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Images {
    /// They are removed at the end.
    #[default]
    Removed,
    /// They stay.
    Kept,
}

/// The images that were made; they go away with this value.
#[derive(Debug)]
pub struct Made<'a> {
    engine: &'a Engine,
    images: Images,
    prefix: String,
    tags: Vec<String>,
}

impl<'a> Made<'a> {
    /// None so far; all will be in this repository.
    pub fn new(engine: &'a Engine, repository: &str, images: Images) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Two runs at the same time must not take each other's images away.
        let prefix = format!("{repository}:{}-{:08x}", std::process::id(), now.subsec_nanos());
        Self { engine, images, prefix, tags: Vec::new() }
    }

    /// The tag of the next image.
    pub fn tag(&mut self, name: &str) -> String {
        let tag = format!("{}-{}-{name}", self.prefix, self.tags.len() + 1);
        self.tags.push(tag.clone());
        tag
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        if self.images == Images::Removed {
            self.engine.remove(&self.tags);
        }
    }
}
