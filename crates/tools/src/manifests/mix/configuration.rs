//! The files of configuration that Mix evaluates before a task, and those that they import. Evaluates nothing.

use super::super::paths::join;
use super::super::{Look, Unclear};
use super::Mix;
use super::program::{self, ENV, TARGET};

impl Mix<'_> {
    /// A file of configuration and what it imports.
    pub(super) fn configuration(&mut self, path: &str) -> Result<(), Unclear> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let Some(text) = self.sources.optional(path)? else { return Ok(()) };
        let program = program::read(path, &text, self.call.cwd)?;
        for file in &program.files {
            self.sources.optional(file)?;
        }
        for asked in &program.asked {
            self.sources.tree(asked)?;
        }
        for import in &program.imports {
            for file in self.imported(path, import)? {
                self.configuration(&file)?;
            }
        }
        Ok(())
    }

    /// The files that an import may name.
    fn imported(&self, by: &str, import: &str) -> Result<Vec<String>, Unclear> {
        let value = |variable: &str, usual: &str| match self.call.env.get(variable) {
            Some(Some(value)) if !value.is_empty() => value.clone(),
            // Without a base image that sets it, it would be this one; all are taken, since the image may.
            None if usual == "host" => usual.to_owned(),
            _ => "*".to_owned(),
        };
        let pattern =
            import.replace(ENV, &value("MIX_ENV", "dev")).replace(TARGET, &value("MIX_TARGET", "host"));
        if !pattern.contains('*') {
            return Ok(vec![pattern]);
        }
        let mut found = vec!["/".to_owned()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let Some((head, tail)) = part.split_once('*') else {
                found = found.iter().map(|folder| join(folder, part)).collect();
                continue;
            };
            let mut next = Vec::new();
            for folder in &found {
                let names = self.sources.project.list(folder).ok_or_else(|| {
                    Unclear::at(
                        by,
                        format!("it is not known which files in `{folder}` the imports of `{by}` name"),
                    )
                })?;
                // No environment has the name of the file that a release reads when it starts.
                let fits = |name: &&String| {
                    name.len() >= head.len() + tail.len()
                        && name.starts_with(head)
                        && name.ends_with(tail)
                        && *name != "runtime.exs"
                };
                next.extend(names.iter().filter(fits).map(|name| join(folder, name)));
            }
            found = next;
        }
        Ok(found.into_iter().filter(|path| self.sources.project.look(path) == Look::File).collect())
    }
}
