//! Collects what a reader finds: looks at a file and notes it as read, probed or in the way. Knows no ecosystem.

use super::{Inputs, Look, Project, Unclear};

/// The project, and what was found so far.
pub(super) struct Sources<'a> {
    pub(super) project: &'a dyn Project,
    pub(super) inputs: Inputs,
}

impl<'a> Sources<'a> {
    pub(super) fn new(project: &'a dyn Project) -> Self {
        Self { project, inputs: Inputs::default() }
    }

    /// A file without which the install fails: its text.
    pub(super) fn needed(&mut self, path: &str) -> Result<String, Unclear> {
        self.needed_unread(path)?;
        self.text(path)
    }

    /// A file without which the install fails and whose text does not matter.
    pub(super) fn needed_unread(&mut self, path: &str) -> Result<(), Unclear> {
        match self.project.look(path) {
            Look::File => {
                self.inputs.files.insert(path.to_owned());
                Ok(())
            }
            Look::Directory => {
                Err(Unclear::at(path, format!("`{path}` is a directory where a file is expected")))
            }
            Look::Absent => Err(Unclear::at(
                path,
                format!("`{path}` is missing where the install reads it (was already broken?)"),
            )),
            Look::Unknown => Err(Unclear::at(path, format!("it is not known what `{path}` holds"))),
        }
    }

    /// A file of the project that is read if it is there: its text.
    pub(super) fn optional(&mut self, path: &str) -> Result<Option<String>, Unclear> {
        match self.project.look(path) {
            Look::Unknown => Err(Unclear::at(
                path,
                format!("`{path}` may exist and would be read; it does not come from the project"),
            )),
            _ => self.ambient(path),
        }
    }

    /// Like [`Self::optional`], for a place where a file of the image, which stays what it is, is no surprise.
    pub(super) fn ambient(&mut self, path: &str) -> Result<Option<String>, Unclear> {
        match self.project.look(path) {
            Look::File => {
                self.inputs.files.insert(path.to_owned());
                self.text(path).map(Some)
            }
            Look::Absent => {
                self.inputs.probes.insert(path.to_owned());
                Ok(None)
            }
            Look::Directory | Look::Unknown => Ok(None),
        }
    }

    /// Like [`Self::ambient`], for a file whose text does not matter.
    pub(super) fn ambient_unread(&mut self, path: &str) {
        match self.project.look(path) {
            Look::File => {
                self.inputs.files.insert(path.to_owned());
            }
            Look::Absent => {
                self.inputs.probes.insert(path.to_owned());
            }
            Look::Directory | Look::Unknown => {}
        }
    }

    /// A directory, or a file, that is read whole if it is there.
    pub(super) fn tree(&mut self, path: &str) -> Result<(), Unclear> {
        match self.project.look(path) {
            Look::File => {
                self.inputs.files.insert(path.to_owned());
            }
            Look::Directory => {
                self.inputs.trees.insert(path.to_owned());
            }
            Look::Absent => {
                self.inputs.probes.insert(path.to_owned());
            }
            Look::Unknown => {
                return Err(Unclear::at(path, format!("it is not known what `{path}` holds")));
            }
        }
        Ok(())
    }

    /// A path that must hold nothing; `why` says what would happen otherwise.
    pub(super) fn absent(&mut self, path: &str, why: &str) -> Result<(), Unclear> {
        match self.project.look(path) {
            Look::Absent => {
                self.inputs.probes.insert(path.to_owned());
                Ok(())
            }
            Look::File | Look::Directory => Err(Unclear::at(path, why)),
            Look::Unknown => Err(Unclear::at(path, format!("`{path}` may exist: {why}"))),
        }
    }

    /// Like [`Self::absent`], where something of the image is no surprise.
    pub(super) fn not_of_the_project(&mut self, path: &str, why: &str) -> Result<(), Unclear> {
        match self.project.look(path) {
            Look::File | Look::Directory => Err(Unclear::at(path, why)),
            Look::Absent => {
                self.inputs.probes.insert(path.to_owned());
                Ok(())
            }
            Look::Unknown => Ok(()),
        }
    }

    fn text(&self, path: &str) -> Result<String, Unclear> {
        self.project.read(path).ok_or_else(|| {
            let reason =
                format!("dockopt does not read `{path}`: it is too large, not UTF-8 or a symbolic link");
            Unclear::at(path, reason)
        })
    }
}
