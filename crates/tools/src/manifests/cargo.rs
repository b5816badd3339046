//! What `cargo fetch`, `cargo vendor` and `cargo install` read and write of the project. Runs nothing, resolves no version and reads no Rust source.
//!
//! Traced 2026-11-25 with Cargo 1.95 and rustup: a fetch opens Cargo.toml of the package, of its workspace and of every member and path dependency, Cargo.lock, and, in
//! the working directory and all folders above, .cargo/config.toml, .cargo/config, rust-toolchain.toml and rust-toolchain. It looks for src/lib.rs, src/main.rs and build.rs: a
//! package without any target is refused. It also lists src/bin, examples, tests and benches and looks for a README, which makes further targets and metadata that
//! a fetch does not use; so they count only where the manifest names a target in them. `cargo install` opens the configuration files and the toolchain files, and nothing else.
//!
//! Build scripts of what `cargo install` builds run in the folder of their own package, and are taken not to look for the project. Without `--locked`, Cargo.lock may be
//! rewritten: whether it is up to date depends on the features of packages, which it does not name.

mod config;
mod package;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::paths::{above, join, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use package::{Manifest, Need};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut cargo = Cargo { call, sources: Sources::new(project), seen: BTreeSet::new() };
    cargo.surroundings()?;
    match call.action {
        "fetch" => cargo.fetch()?,
        "vendor" => {
            cargo.fetch()?;
            let folder = call.operands.first().map_or("vendor", String::as_str);
            cargo.sources.inputs.write_trees.insert(join(call.cwd, folder));
        }
        "install" => cargo.install()?,
        "cook" => {
            return Err(Unclear::new(
                "`cargo chef cook` writes a skeleton of the project over what lies in the working directory",
            ));
        }
        other => return Err(Unclear::new(format!("`cargo {other}` reads the sources"))),
    }
    Ok(cargo.sources.inputs)
}

struct Cargo<'a> {
    call: &'a Call<'a>,
    sources: Sources<'a>,
    /// Folders whose Cargo.toml was read.
    seen: BTreeSet<String>,
}

impl Cargo<'_> {
    fn fetch(&mut self) -> Result<(), Unclear> {
        let Some(folder) = self.nearest_manifest()? else {
            return Err(Unclear::new(format!(
                "there is no Cargo.toml in `{}` or above (was already broken?)",
                self.call.cwd
            )));
        };
        let targets =
            self.call.flags.iter().filter(|(name, _)| name == "--target").map(|(_, value)| value.clone());
        if targets
            .chain([self.variable("CARGO_BUILD_TARGET")?])
            .flatten()
            .any(|target| config::is_described_by_a_file(&target))
        {
            return Err(Unclear::new("the target is described by a file"));
        }
        self.package(&folder, Need::Certain)?;
        let root = self.root(&folder)?.unwrap_or(folder);
        let lock = join(&root, "Cargo.lock");
        if self.has_flag(&["--locked", "--frozen"]) {
            self.sources.needed_unread(&lock)?;
        } else {
            self.sources.ambient_unread(&lock);
            self.sources.inputs.writes.insert(lock);
            self.sources.inputs.remarks.push(format!(
                "without `--locked`, `{} {}` may rewrite Cargo.lock",
                self.call.command, self.call.action
            ));
        }
        // It keeps what it learns of the compiler there, but makes no such folder.
        let target = join(&root, "target");
        if self.sources.project.look(&target) == Look::Directory {
            self.sources.inputs.write_trees.insert(target);
        } else {
            self.probe(join(&target, ".rustc_info.json"));
        }
        Ok(())
    }

    fn install(&mut self) -> Result<(), Unclear> {
        let git = self.call.flags.iter().find(|(name, _)| name == "--git").map(|(_, value)| value);
        if self.call.operands.is_empty() && git.is_none() {
            return Err(Unclear::new("`cargo install` without a name builds the project itself"));
        }
        for (_, value) in
            self.call.flags.iter().filter(|(name, _)| matches!(name.as_str(), "--git" | "--index"))
        {
            config::remote(value.as_deref().unwrap_or_default()).map_err(Unclear::new)?;
        }
        for variable in ["CARGO_INSTALL_ROOT", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"] {
            if let Some(folder) = self.variable(variable)? {
                self.sources.inputs.write_trees.insert(join(self.call.cwd, &folder));
            }
        }
        Ok(())
    }

    fn has_flag(&self, names: &[&str]) -> bool {
        self.call.flags.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn variable(&self, name: &str) -> Result<Option<String>, Unclear> {
        match self.call.env.get(name) {
            Some(None) => Err(Unclear::new(format!("the value of `{name}` is only known when it runs"))),
            Some(Some(value)) => Ok(Some(value.clone()).filter(|value| !value.is_empty())),
            None => Ok(None),
        }
    }

    /// Settings from the environment, from configuration files, and the toolchain.
    fn surroundings(&mut self) -> Result<(), Unclear> {
        for name in self.call.env.keys().filter(|name| name.starts_with("CARGO_")) {
            if !config::DATA.harmless_variables.iter().any(|start| name.starts_with(start)) {
                return Err(Unclear::new(format!("it is not known what `{name}` makes Cargo read")));
            }
        }
        for variable in ["RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            if let Some(program) = self.variable(variable)? {
                self.program(self.call.cwd, &program, variable)?;
            }
        }
        for variable in ["CARGO_HOME", "RUSTUP_HOME"] {
            if let Some(folder) = self.variable(variable)? {
                self.sources.inputs.write_trees.insert(join(self.call.cwd, &folder));
            }
        }
        for folder in std::iter::once(self.call.cwd).chain(above(self.call.cwd)) {
            self.probe(join(folder, ".cargo"));
            for name in [".cargo/config.toml", ".cargo/config"] {
                self.configuration(&join(folder, name))?;
            }
            for name in ["rust-toolchain.toml", "rust-toolchain"] {
                self.toolchain(&join(folder, name))?;
            }
        }
        if let Some(folder) = self.variable("CARGO_HOME")? {
            self.configuration(&join(&join(self.call.cwd, &folder), "config.toml"))?;
        }
        Ok(())
    }

    /// A toolchain of the project itself would be run.
    fn toolchain(&mut self, path: &str) -> Result<(), Unclear> {
        let Some(text) = self.sources.ambient(path)? else { return Ok(()) };
        let table = text.parse::<toml::Table>().unwrap_or_default();
        let own =
            table.get("toolchain").and_then(|toolchain| toolchain.get("path")).and_then(toml::Value::as_str);
        own.map_or(Ok(()), |own| self.program(parent(path), own, path))
    }

    /// A program that Cargo runs: one of the project may read anything.
    fn program(&mut self, base: &str, program: &str, named_by: &str) -> Result<(), Unclear> {
        if !program.contains('/') {
            return Ok(());
        }
        let why =
            format!("`{named_by}` names `{program}`, a program of the project, which may read any file");
        self.sources.not_of_the_project(&join(base, program), &why)
    }

    /// The folder of the nearest Cargo.toml.
    fn nearest_manifest(&mut self) -> Result<Option<String>, Unclear> {
        for folder in std::iter::once(self.call.cwd).chain(above(self.call.cwd)) {
            let path = join(folder, "Cargo.toml");
            match self.sources.project.look(&path) {
                Look::File => return Ok(Some(folder.to_owned())),
                Look::Unknown => {
                    return Err(Unclear::at(&path, format!("it is not known what `{path}` holds")));
                }
                Look::Absent | Look::Directory => {
                    self.sources.inputs.probes.insert(path);
                }
            }
        }
        Ok(None)
    }

    /// The root of the workspace that a package belongs to, with all its members read. The package itself if it is one; `None` for a package that stands alone.
    fn root(&mut self, folder: &str) -> Result<Option<String>, Unclear> {
        let own = self.manifest(folder)?;
        let named = own.workspace_folder().map(|named| join(folder, named));
        let candidates: Vec<String> = match named {
            Some(named) => vec![named],
            None => std::iter::once(folder).chain(above(folder)).map(str::to_owned).collect(),
        };
        for candidate in candidates {
            let path = join(&candidate, "Cargo.toml");
            if self.sources.ambient(&path)?.is_none() {
                continue;
            }
            let manifest = self.manifest(&candidate)?;
            let Some(members) = manifest.members().map_err(|reason| Unclear::at(&path, reason))? else {
                continue;
            };
            if manifest.excludes(&candidate, folder) {
                continue;
            }
            for pattern in members {
                for member in package::folders(&self.sources, &candidate, pattern)
                    .map_err(|reason| Unclear::at(&path, reason))?
                {
                    self.package(&member, Need::Certain)?;
                }
            }
            self.package(&candidate, Need::Certain)?;
            return Ok(Some(candidate));
        }
        Ok(None)
    }

    fn manifest(&mut self, folder: &str) -> Result<Manifest, Unclear> {
        let path = join(folder, "Cargo.toml");
        let text = self.sources.needed(&path)?;
        Manifest::parse(&text)
            .ok_or_else(|| Unclear::at(&path, format!("`{path}` is not TOML (was already broken?)")))
    }
}
