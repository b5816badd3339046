//! The build context of a Dockerfile: which folder it is, and which ignore file counts. Must not list the folder; whoever
//! asks [`Folder`] does.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dockopt_model::{Context, Ignore, IgnoreFile, gopath};
use dockopt_syntax::{Body, Tree};

use crate::definitions::{Build, Definitions};
use crate::discover::Found;
use crate::files::Folder;
use crate::git;
use crate::problem::{Place, Problem};
use crate::source::{self, shown};

/// The context of one Dockerfile.
#[derive(Debug, Clone)]
pub struct OnDisk {
    /// The folder.
    pub folder: Arc<Folder>,
    /// Its ignore file.
    pub ignore: IgnoreFile,
    /// Where the ignore file is, or would be: an absolute path.
    pub ignore_path: PathBuf,
}

impl OnDisk {
    /// As the model takes it.
    pub fn context(&self) -> Context<'_> {
        Context { files: &*self.folder, ignore: self.ignore.clone() }
    }
}

/// The folders of a run, so that files with one context share what was read of it.
#[derive(Debug, Default)]
pub struct Folders {
    known: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

impl Folders {
    /// The folder at an absolute path.
    pub fn at(&self, root: &Path) -> Arc<Folder> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(root.to_owned()).or_insert_with(|| Arc::new(Folder::new(root.to_owned()))))
    }
}

/// The folder that is the context of the Dockerfile at `path` (absolute): the one from which Compose or Bake files of the
/// repository build it; else its own, or the repository's root or the folder that the user named, if the sources of its COPY
/// lines exist only from there. `Err` is a warning: these files do not tell, so nothing is known of the context.
pub fn root_of(
    path: &Path,
    tree: &Tree,
    found: &Found,
    definitions: &Definitions,
) -> Result<PathBuf, Problem> {
    let own = path.parent().unwrap_or(Path::new("/"));
    let named = match found {
        Found::Named => None,
        Found::Below(folder) => fs::canonicalize(folder).ok(),
    };
    let root = git::root_of(own).map(Path::to_owned).or(named);
    let builds = definitions.of(path, root.as_deref().unwrap_or(own));
    if let Some(first) = builds.first() {
        return match not_told(tree, &builds, root.as_deref().unwrap_or(own)) {
            Some(why) => {
                Err(Problem::warning(why, format!("name it with --context; {UNKNOWN}")).in_file(shown(path)))
            }
            None => Ok(first.context.clone()),
        };
    }
    let sources = sources(tree);
    let holds_all =
        |folder: &Path| sources.iter().all(|source| fs::symlink_metadata(folder.join(source)).is_ok());
    if sources.is_empty() || holds_all(own) {
        return Ok(own.to_owned());
    }
    Ok(root.filter(|root| holds_all(root)).unwrap_or_else(|| own.to_owned()))
}

/// Why builds of a Dockerfile do not tell what its context is.
fn not_told(tree: &Tree, builds: &[Build], root: &Path) -> Option<String> {
    let said = |build: &Build| format!("`{}` in `{}`", build.name, shown(&build.file));
    let first = builds.first()?;
    if let Some(other) = builds.iter().find(|other| other.context != first.context) {
        return Some(format!(
            "it is built from more than one folder: {} takes `{}`, {} takes `{}`",
            said(first),
            shown(&first.context),
            said(other),
            shown(&other.context)
        ));
    }
    if !first.context.starts_with(root) {
        return Some(format!(
            "{} builds it from `{}`, outside of the repository",
            said(first),
            shown(&first.context)
        ));
    }
    // A stage or image of that name, whatever its tag, may not be what FROM says.
    let is_used = |name: &&String| {
        tree.instructions.iter().any(|instruction| match &instruction.body {
            Body::From { image, alias } => {
                image.text.split([':', '@']).next() == Some(name)
                    || image.text == **name
                    || alias.as_ref().is_some_and(|alias| alias.name.text.eq_ignore_ascii_case(name))
            }
            _ => false,
        })
    };
    let (build, name) =
        builds.iter().find_map(|build| Some((build, build.replaces.iter().find(is_used)?)))?;
    Some(format!("{} takes another folder or image for `{name}`", said(build)))
}

/// The sources of COPY and ADD that name one path of the context.
fn sources(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for instruction in &tree.instructions {
        let Some(copy) = instruction.body.as_copy().filter(|_| instruction.flag("from").is_none()) else {
            continue;
        };
        for source in &copy.sources {
            let text = source.text.as_str();
            let is_plain = !text.contains(['*', '?', '[', '$', '"', '\'', '\\', '`'])
                && !text.contains("://")
                && !text.starts_with("git@");
            if is_plain && !instruction.heredocs.iter().any(|heredoc| heredoc.word == text) {
                // A source cannot leave the context: `..` stops at its root.
                found.push(gopath::clean(&format!("/{text}")).trim_start_matches('/').to_owned());
            }
        }
    }
    found.retain(|source| !source.is_empty());
    found
}

/// The context `folder` of a Dockerfile. `Err` is a warning: the ignore file cannot be used, so nothing is known of the
/// context.
pub fn open(folder: Arc<Folder>, dockerfile: Option<&Path>) -> Result<OnDisk, Problem> {
    let own = dockerfile.map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push(".dockerignore");
        PathBuf::from(name)
    });
    let shared = folder.root().join(".dockerignore");
    let exists = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
    let ignore_path = own.filter(exists).unwrap_or(shared);
    let text = if exists(&ignore_path) { Some(ignore_text(&ignore_path)?) } else { None };
    let ignore = match &text {
        Some(text) => parse(text, &ignore_path)?,
        None => Ignore::none(),
    };
    let path = ignore_path.strip_prefix(folder.root()).unwrap_or(&ignore_path).display().to_string();
    Ok(OnDisk { folder, ignore: IgnoreFile { path, text: text.map(Arc::from), ignore }, ignore_path })
}

const UNKNOWN: &str = "until then dockopt takes the build context of this Dockerfile for unknown";

fn ignore_text(path: &Path) -> Result<String, Problem> {
    let name = shown(path);
    if fs::symlink_metadata(path).is_ok_and(|kind| kind.is_symlink()) {
        return Err(Problem::warning(
            "this ignore file is a symbolic link",
            format!("make it a file; {UNKNOWN}"),
        )
        .in_file(name));
    }
    source::read(path, &name).map_err(|problem| Problem {
        severity: crate::problem::Severity::Warning,
        help: format!("{}; {UNKNOWN}", problem.help),
        ..problem
    })
}

fn parse(text: &str, path: &Path) -> Result<Ignore, Problem> {
    Ignore::parse(text).map_err(|error| {
        let line = dockopt_syntax::LineIndex::new(text).line_span(text, error.line as usize);
        let message = if error.pattern.is_empty() {
            error.message
        } else {
            format!("`{}`: {}", error.pattern, error.message)
        };
        Problem::warning(message, format!("mend the pattern; {UNKNOWN}"))
            .in_file(shown(path))
            .at(Place::of(text, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_taken_where_the_sources_exist_only_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(root.join("docker")).unwrap();
        fs::write(root.join("app.py"), "").unwrap();
        fs::write(root.join("docker/entry.sh"), "").unwrap();
        let root_for = |text: &str| {
            let parse = dockopt_syntax::parse(text);
            root_of(&root.join("docker/Dockerfile"), &parse.tree, &Found::Named, &Definitions::default())
                .unwrap()
        };
        assert_eq!(root_for("FROM a\nCOPY . .\n"), root.join("docker"));
        assert_eq!(root_for("FROM a\nCOPY entry.sh /\n"), root.join("docker"));
        assert_eq!(root_for("FROM a\nCOPY ./app.py docker/entry.sh /x/\n"), root);
        assert_eq!(root_for("FROM a\nCOPY app.py missing /x/\n"), root.join("docker"));
        assert_eq!(
            root_for("FROM a\nCOPY --from=x /app.py /\nADD https://a/b /\nCOPY *.py $X /y/\n"),
            root.join("docker")
        );
    }

    #[test]
    fn the_dockerfiles_own_ignore_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let opened = || open(Arc::new(Folder::new(folder.path().to_owned())), Some(&file("Dockerfile")));
        assert_eq!(opened().unwrap().ignore.text, None);
        fs::write(file(".dockerignore"), "a\n").unwrap();
        assert_eq!(opened().unwrap().ignore.path, ".dockerignore");
        fs::write(file("Dockerfile.dockerignore"), "b\n").unwrap();
        assert_eq!(opened().unwrap().ignore.text.as_deref(), Some("b\n"));
        fs::write(file("Dockerfile.dockerignore"), "b\n!\n").unwrap();
        assert_eq!(opened().unwrap_err().place.unwrap().line, 2);
    }
}
