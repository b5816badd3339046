//! Folders of the project that `mix deps.compile` compiles. Code runs while it is compiled, so each source is looked through for what
//! could lead out of its folder.

use super::super::paths::{join, name};
use super::super::{Look, Unclear};
use super::{DATA, Mix};

impl Mix<'_> {
    /// A folder that is compiled: read whole, if nothing in it leads out.
    pub(super) fn compiled(&mut self, folder: &str) -> Result<(), Unclear> {
        self.sources.tree(folder)?;
        let mut open = vec![folder.to_owned()];
        while let Some(dir) = open.pop() {
            let names = self.sources.project.list(&dir);
            let names =
                names.ok_or_else(|| Unclear::at(&dir, format!("it is not known what lies in `{dir}`")))?;
            for path in names.iter().map(|name| join(&dir, name)) {
                if self.sources.project.look(&path) == Look::Directory {
                    open.push(path);
                    continue;
                }
                let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
                if ["xrl", "yrl"].contains(&extension) {
                    return Err(Unclear::at(&path, format!("a parser is made from `{path}`, beside it")));
                }
                if !["ex", "exs", "eex", "heex", "leex", "erl", "hrl"].contains(&extension)
                    || name(&path) == "mix.exs"
                {
                    continue;
                }
                let text = self.sources.project.read(&path).unwrap_or_default();
                if let Some(word) = DATA.leads_out.iter().find(|word| text.contains(word.as_str())) {
                    let reason = format!(
                        "`{word}` in `{path}`, which `mix deps.compile` compiles, may read files outside of `{folder}`"
                    );
                    return Err(Unclear::at(&path, reason));
                }
            }
        }
        Ok(())
    }
}
