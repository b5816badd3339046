//! What `dart pub get` reads and writes of the project. Runs nothing and resolves no version.
//!
//! The rules follow pub's own source, `entrypoint.dart`: the package is that of the nearest pubspec.yaml, its root the nearest one without `resolution: workspace`. It was not
//! possible to run it. `flutter pub get` does more, in the folders of the platforms, and is not followed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::paths::{above, join, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use crate::yaml::{self, Aliases};

pub(super) fn read(call: &Call<'_>, project: &dyn Project) -> Result<Inputs, Unclear> {
    let mut pub_get = Get { sources: Sources::new(project), seen: BTreeSet::new() };
    match call.env.get("PUB_CACHE") {
        Some(None) => return Err(Unclear::new("the value of `PUB_CACHE` is only known when it runs")),
        Some(Some(folder)) if !folder.is_empty() => {
            pub_get.sources.inputs.write_trees.insert(join(call.cwd, folder));
        }
        _ => {}
    }
    let root = pub_get.root(call)?;
    pub_get.member(&root)?;
    let lock = join(&root, "pubspec.lock");
    if call.flags.iter().any(|(name, _)| name == "--enforce-lockfile") {
        pub_get.sources.needed_unread(&lock)?;
    } else {
        pub_get.sources.ambient_unread(&lock);
        pub_get.sources.inputs.writes.insert(lock);
        let remark = "without `--enforce-lockfile`, `dart pub get` may rewrite pubspec.lock";
        pub_get.sources.inputs.remarks.push(remark.to_owned());
    }
    if !call.flags.iter().any(|(name, _)| name == "--no-example") {
        let example = join(&root, "example/pubspec.yaml");
        pub_get.sources.absent(
            &example,
            &format!("`{example}` is there, and `dart pub get` may get its packages, too"),
        )?;
    }
    Ok(pub_get.sources.inputs)
}

/// `flutter pub get`
pub(super) fn read_flutter(_: &Call<'_>, _: &dyn Project) -> Result<Inputs, Unclear> {
    Err(Unclear::new(
        "`flutter pub get` also makes files for the platforms and translations from what it finds in the project",
    ))
}

struct Get<'a> {
    sources: Sources<'a>,
    /// Folders whose pubspec.yaml was read.
    seen: BTreeSet<String>,
}

type Pubspec = Map<String, Value>;

impl Get<'_> {
    /// The folder of the package, or of the workspace that it belongs to.
    fn root(&mut self, call: &Call<'_>) -> Result<String, Unclear> {
        for folder in std::iter::once(call.cwd).chain(above(call.cwd)) {
            let path = join(folder, "pubspec.yaml");
            match self.sources.project.look(&path) {
                Look::File => {
                    let pubspec = self.pubspec(&path)?;
                    self.overrides(folder)?;
                    if pubspec.get("resolution").is_none() {
                        return Ok(folder.to_owned());
                    }
                }
                Look::Unknown => {
                    return Err(Unclear::at(&path, format!("it is not known what `{path}` holds")));
                }
                Look::Absent | Look::Directory => {
                    self.sources.inputs.probes.insert(path);
                }
            }
        }
        Err(Unclear::new(format!(
            "there is no pubspec.yaml in `{}` or above (was already broken?)",
            call.cwd
        )))
    }

    fn pubspec(&mut self, path: &str) -> Result<Pubspec, Unclear> {
        let text = self.sources.needed(path)?;
        match yaml::read(&text, Aliases::Refused) {
            Ok(Value::Object(pubspec)) => Ok(pubspec),
            Ok(_) => Err(Unclear::at(path, format!("`{path}` is no table (was already broken?)"))),
            Err(why) => Err(Unclear::at(path, format!("`{path}` {why}"))),
        }
    }

    /// The overrides beside a pubspec.yaml, if there are any.
    fn overrides(&mut self, folder: &str) -> Result<Pubspec, Unclear> {
        let path = join(folder, "pubspec_overrides.yaml");
        if self.sources.ambient(&path)?.is_none() {
            return Ok(Pubspec::new());
        }
        let overrides = self.pubspec(&path)?;
        match overrides.keys().find(|key| *key != "dependency_overrides") {
            Some(key) => Err(Unclear::at(&path, format!("it is not known what `{key}` in `{path}` changes"))),
            None => Ok(overrides),
        }
    }

    /// The root, or a member of the workspace: it gets the packages that its tests and tools need as well.
    fn member(&mut self, folder: &str) -> Result<(), Unclear> {
        if !self.seen.insert(folder.to_owned()) {
            return Ok(());
        }
        let path = join(folder, "pubspec.yaml");
        let pubspec = self.pubspec(&path)?;
        let overrides = self.overrides(folder)?;
        // package_config.json, and in a member the way to the root.
        self.sources.inputs.write_trees.insert(join(folder, ".dart_tool"));
        for kind in ["dependencies", "dev_dependencies", "dependency_overrides"] {
            self.dependencies(folder, &path, pubspec.get(kind))?;
        }
        self.dependencies(folder, &path, overrides.get("dependency_overrides"))?;
        let Some(workspace) = pubspec.get("workspace") else { return Ok(()) };
        for member in workspace.as_array().into_iter().flatten() {
            let Some(below) = member.as_str().filter(|below| !below.contains(['*', '?', '[', '{'])) else {
                return Err(Unclear::at(
                    &path,
                    format!("a member of the workspace in `{path}` is of a form that dockopt does not read"),
                ));
            };
            let member = join(folder, below);
            self.member(&member)?;
            for stray in ["pubspec.lock", ".packages"] {
                let stray = join(&member, stray);
                self.sources.absent(
                    &stray,
                    &format!("`{stray}` would be removed, since its package is part of a workspace"),
                )?;
            }
        }
        Ok(())
    }

    fn dependencies(&mut self, folder: &str, path: &str, table: Option<&Value>) -> Result<(), Unclear> {
        for (name, dependency) in table.and_then(Value::as_object).into_iter().flatten() {
            if let Some(below) = dependency.get("path") {
                let below = below
                    .as_str()
                    .ok_or_else(|| Unclear::at(path, format!("the path of `{name}` is no text")))?;
                self.package(&join(folder, below))?;
            }
            let git = dependency.get("git").map(|git| git.get("url").unwrap_or(git));
            let is_remote =
                |url: &str| url.contains("://") && !url.starts_with("file:") || url.starts_with("git@");
            if git.is_some_and(|url| !url.as_str().is_some_and(is_remote)) {
                return Err(Unclear::at(
                    path,
                    format!("`{name}` comes from a git repository that is no address of the network"),
                ));
            }
        }
        Ok(())
    }

    /// A package in a folder: what it needs itself counts.
    fn package(&mut self, folder: &str) -> Result<(), Unclear> {
        if !self.seen.insert(folder.to_owned()) {
            return Ok(());
        }
        let path = join(folder, "pubspec.yaml");
        let pubspec = self.pubspec(&path)?;
        self.dependencies(parent(&path), &path, pubspec.get("dependencies"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Line, Memory};

    const APP: &str = "name: shop\nenvironment:\n  sdk: ^3.4.0\ndependencies:\n  shelf: ^1.4.0\n";

    fn dart(words: &'static str) -> Line {
        Line::new("dart", words)
    }

    #[test]
    fn the_pubspec_and_the_lock_file() {
        let project = Memory::new(&[
            ("/app/pubspec.yaml", APP),
            ("/app/pubspec.lock", ""),
            ("/app/bin/server.dart", ""),
        ]);
        let inputs = dart("get --enforce-lockfile").reads(&project);
        assert_eq!(inputs.files.iter().collect::<Vec<_>>(), ["/app/pubspec.lock", "/app/pubspec.yaml"]);
        assert_eq!(inputs.write_trees.iter().collect::<Vec<_>>(), ["/app/.dart_tool"]);
        assert!(inputs.writes.is_empty());
        assert!(
            inputs.probes.contains("/app/pubspec_overrides.yaml")
                && inputs.probes.contains("/app/example/pubspec.yaml")
        );
        let inputs = dart("get").reads(&project);
        assert!(
            inputs.writes.contains("/app/pubspec.lock") && inputs.remarks[0].contains("--enforce-lockfile")
        );
        let mut line = dart("get --enforce-lockfile");
        line.env = &[("PUB_CACHE", Some("/app/.pub-cache"))];
        assert!(line.reads(&project).write_trees.contains("/app/.pub-cache"));
    }

    #[test]
    fn packages_in_folders_and_workspaces() {
        let project = Memory::new(&[
            (
                "/app/pubspec.yaml",
                "name: root\nworkspace:\n  - packages/api\ndev_dependencies:\n  lints: {path: tools/lints}\n",
            ),
            ("/app/pubspec.lock", ""),
            (
                "/app/packages/api/pubspec.yaml",
                "name: api\nresolution: workspace\ndependencies:\n  model:\n    path: ../../model\n",
            ),
            (
                "/app/tools/lints/pubspec.yaml",
                "name: lints\ndev_dependencies:\n  absent: {path: ../absent}\n",
            ),
            ("/app/model/pubspec.yaml", "name: model\ndependencies:\n  base: {path: ../base}\n"),
            ("/app/base/pubspec.yaml", "name: base\n"),
            ("/app/pubspec_overrides.yaml", "dependency_overrides:\n  shelf: {path: forks/shelf}\n"),
            ("/app/forks/shelf/pubspec.yaml", "name: shelf\n"),
        ]);
        let mut line = dart("get --enforce-lockfile");
        for cwd in ["/app", "/app/packages/api"] {
            line.cwd = cwd;
            let inputs = line.reads(&project);
            assert_eq!(
                inputs.files.iter().collect::<Vec<_>>(),
                [
                    "/app/base/pubspec.yaml",
                    "/app/forks/shelf/pubspec.yaml",
                    "/app/model/pubspec.yaml",
                    "/app/packages/api/pubspec.yaml",
                    "/app/pubspec.lock",
                    "/app/pubspec.yaml",
                    "/app/pubspec_overrides.yaml",
                    "/app/tools/lints/pubspec.yaml",
                ]
            );
            assert!(inputs.write_trees.contains("/app/packages/api/.dart_tool"));
        }
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        let with = |pubspec: &str, more: &[(&str, &str)]| {
            let mut files = vec![("/app/pubspec.yaml", pubspec), ("/app/pubspec.lock", "")];
            files.extend(more);
            Memory::new(&files)
        };
        for (project, expected) in [
            (with(APP, &[("/app/example/pubspec.yaml", "")]), "may get its packages"),
            (with("name: a\ndependencies:\n  x: {git: ../x}\n", &[]), "no address of the network"),
            (with("name: a\ndependencies:\n  x: {path: ../x}\n", &[]), "`/x/pubspec.yaml` is missing"),
            (with("name: a\nworkspace: ['packages/*']\n", &[]), "of a form that dockopt does not read"),
            (
                with(
                    "name: a\nworkspace: [b]\n",
                    &[("/app/b/pubspec.yaml", "name: b\n"), ("/app/b/pubspec.lock", "")],
                ),
                "would be removed",
            ),
            (with(APP, &[("/app/pubspec_overrides.yaml", "resolution: x\n")]), "`resolution`"),
            (with("- a\n", &[]), "is no table"),
        ] {
            let reason = dart("get --enforce-lockfile").unclear(&project);
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        let no_lock = Memory::new(&[("/app/pubspec.yaml", APP)]);
        assert!(dart("get --enforce-lockfile").unclear(&no_lock).contains("pubspec.lock` is missing"));
        assert!(Line::new("flutter", "get").unclear(&no_lock).contains("platforms"));
    }
}
