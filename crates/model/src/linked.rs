//! Where `COPY --link` puts the same into an image as COPY does. With it a layer is made on nothing and laid over the image, so
//! that links on the way become folders, folders on the way get new attributes, and a folder at the destination is not seen.
//! It answers for paths; which copies should be linked is decided elsewhere.

use dockopt_tools::bases::Base;

use crate::atom::{Atom, AtomKind};
use crate::attributes::{Attributes, new_folder};
use crate::image::Image;
use crate::path;
use crate::region::Region;
use crate::stages::{Parent, Stage};

/// Folders that belong to root and are open to all in every image whose base is known to have them.
const PLAIN: [&str; 3] = ["/home", "/opt", "/srv"];

/// A COPY, and what is known of the image before it.
pub(crate) struct Linked<'l> {
    pub(crate) stage: &'l Stage,
    pub(crate) before: &'l [Atom],
    pub(crate) image: &'l Image<'l>,
    pub(crate) given: &'l Attributes,
    /// Where it copies to, and whether that is written as a folder.
    pub(crate) destination: Option<&'l (String, bool)>,
}

impl Linked<'_> {
    /// Whether the flag changes nothing. `Err` says why it may, as a clause.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some((destination, is_folder)) = self.destination else {
            return Err("it is not known where it copies to".to_owned());
        };
        if self.given.mode.is_some() {
            return Err("with `--chmod` it is not linked".to_owned());
        }
        if self.given.looks_up() {
            return Err("a name in `--chown` cannot be looked up in a layer of its own".to_owned());
        }
        let base = match &self.stage.parent {
            Parent::Scratch => None,
            Parent::Image { base: Some(base), .. } => Some(&**base),
            Parent::Image { .. } | Parent::Stage(_) => {
                return Err("it is not known which folders and links the image below has".to_owned());
            }
        };
        // Written without a slash, a folder that is there would be seen by a plain COPY and not by a linked one.
        if !is_folder && self.may_exist(base, destination) {
            return Err(format!("`{destination}` may be a folder, which a layer of its own does not see"));
        }
        let mut folder = destination.as_str();
        while folder != "/" {
            self.check_folder(base, folder)?;
            folder = path::parent(folder);
        }
        Ok(())
    }

    fn may_exist(&self, base: Option<&Base>, place: &str) -> bool {
        base.is_some_and(|base| !base.lacks(place))
            || self.is_written(place)
            || self.before.iter().any(|atom| place_of(atom).is_some_and(|own| path::within(own, place)))
    }

    /// Whatever is written below a place may have made it, with an owner of its own.
    fn is_written(&self, place: &str) -> bool {
        self.image.is_written(&Region::Tree(place.to_owned()))
    }

    /// Whether a folder on the way is not there, or has the attributes that the layer gives it.
    fn check_folder(&self, base: Option<&Base>, folder: &str) -> Result<(), String> {
        let is_plain = |base: &Base| PLAIN.contains(&folder) && base.has_folder(folder);
        if base.is_some_and(|base| !base.lacks(folder) && !is_plain(base)) {
            return Err(format!(
                "it is not known what `{folder}` is in the image below, and the layer would replace it"
            ));
        }
        if self.is_written(folder) {
            return Err(format!(
                "an earlier step may have made `{folder}` otherwise, and the layer would replace it"
            ));
        }
        let is_there = base.is_some_and(is_plain);
        if is_there && self.given.owner.is_some() {
            return Err(format!("`{folder}` is there, and the layer would give it away"));
        }
        let usual = new_folder("root", None);
        for atom in self.before {
            if !place_of(atom).is_some_and(|own| path::within(own, folder)) {
                continue;
            }
            let is_usual = match &atom.attributes {
                Some(attributes) => attributes.owner.is_none() && attributes.mode.is_none(),
                None => atom.label == usual,
            };
            let is_itself = matches!(&atom.kind, AtomKind::Write { path, .. } | AtomKind::ParentFolder { path } if path == folder);
            if !is_usual || is_itself || self.given.owner.is_some() {
                return Err(format!(
                    "an earlier step makes `{folder}` otherwise, and the layer would replace it"
                ));
            }
        }
        Ok(())
    }
}

/// The path that an atom of a copy, or of WORKDIR, is about.
fn place_of(atom: &Atom) -> Option<&str> {
    match &atom.kind {
        AtomKind::Rest { path, .. } => Some(path),
        _ => atom.path(),
    }
}
