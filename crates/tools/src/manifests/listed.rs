//! The files of the project that an action's own list names (`project` in its data). Knows no tool: what the list says is taken for
//! true, and this file only looks which of it is there.

use super::paths::{join, name, parent};
use super::sources::Sources;
use super::{Call, Inputs, Look, Project, Unclear};
use crate::schema::{Action, Operands, Place, ProjectFiles};

pub(super) fn read(
    files: &ProjectFiles,
    action: &Action,
    call: &Call<'_>,
    project: &dyn Project,
) -> Result<Inputs, Unclear> {
    let mut sources = Sources::new(project);
    for path in &files.needs {
        sources.needed_unread(&join(call.cwd, path))?;
    }
    for path in &files.takes {
        take(&mut sources, &join(call.cwd, path))?;
    }
    for path in named(action, call) {
        sources.tree(&join(call.cwd, path))?;
    }
    for path in &files.fills {
        let folder = join(call.cwd, path);
        if project.look(&folder) == Look::Directory {
            sources.inputs.trees.insert(folder.clone());
        }
        sources.inputs.write_trees.insert(folder);
    }
    sources.inputs.writes.extend(files.writes.iter().map(|path| join(call.cwd, path)));
    Ok(sources.inputs)
}

/// The paths that the command line names: values of the options that `read-paths` lists, and operands where these are read.
fn named<'a>(action: &'a Action, call: &'a Call<'_>) -> impl Iterator<Item = &'a str> {
    let values = call.flags.iter().filter(|(flag, _)| action.read_paths.contains(flag));
    let reads_operands = action.operands == Operands::Paths
        && action.reads.iter().any(|place| matches!(place, Place::Operands | Place::OperandTrees));
    let operands = if reads_operands { call.operands } else { &[] };
    values.filter_map(|(_, value)| value.as_deref()).chain(operands.iter().map(String::as_str))
}

fn take(sources: &mut Sources<'_>, path: &str) -> Result<(), Unclear> {
    let Some((head, tail)) = name(path).split_once('*') else { return sources.tree(path) };
    let folder = parent(path);
    let names = sources.project.list(folder).ok_or_else(|| {
        Unclear::at(folder, format!("it reads `{path}`, and it is not known what lies in `{folder}`"))
    })?;
    let fits = |name: &&String| {
        name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
    };
    names.iter().filter(fits).try_for_each(|name| sources.tree(&join(folder, name)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::testing::Memory;
    use super::super::{Answer, inputs};
    use super::*;

    fn action(text: &str) -> Action {
        toml::from_str(&format!("name = \"install\"\nrole = \"install\"\n{text}")).unwrap()
    }

    fn ask(action: &Action, flags: &[(String, Option<String>)], files: &[(&str, &str)]) -> Answer {
        let call = Call {
            action: "install",
            flags,
            operands: &["extra.toml".to_owned()],
            complete: true,
            cwd: "/app",
            env: &BTreeMap::new(),
            command: "acme",
            tool_version: None,
        };
        inputs(action, &call, &Memory::new(files)).unwrap()
    }

    #[test]
    fn what_is_there_is_read_and_what_is_not_is_probed() {
        let action = action(
            r#"project = { needs = ["acme.toml"], takes = [".acmerc", "patches", "plugin-*.toml"], fills = ["acme_modules"], writes = ["acme.log"] }"#,
        );
        let files = [
            ("/app/acme.toml", ""),
            ("/app/patches/a.patch", ""),
            ("/app/plugin-a.toml", ""),
            ("/app/plugin.toml", ""),
            ("/app/main.py", ""),
        ];
        let Answer::Reads(found) = ask(&action, &[], &files) else { panic!("it is clear") };
        assert!(found.files.iter().eq(["/app/acme.toml", "/app/plugin-a.toml"]), "{:?}", found.files);
        assert!(found.trees.iter().eq(["/app/patches"]), "{:?}", found.trees);
        assert!(found.probes.iter().eq(["/app/.acmerc"]), "{:?}", found.probes);
        assert!(found.write_trees.iter().eq(["/app/acme_modules"]), "{:?}", found.write_trees);
        assert!(found.writes.iter().eq(["/app/acme.log"]), "{:?}", found.writes);
    }

    #[test]
    fn paths_of_the_command_line_are_read() {
        let action = action(
            r#"read-paths = ["--config"]
            operands = "paths"
            reads = ["project", "operands"]
            project = { needs = ["acme.toml"] }"#,
        );
        let flags = [("--config".to_owned(), Some("ci/acme.toml".to_owned())), ("--fast".to_owned(), None)];
        let files = [("/app/acme.toml", ""), ("/app/ci/acme.toml", ""), ("/app/extra.toml", "")];
        let Answer::Reads(found) = ask(&action, &flags, &files) else { panic!("it is clear") };
        let expected = ["/app/acme.toml", "/app/ci/acme.toml", "/app/extra.toml"];
        assert!(found.files.iter().eq(expected), "{:?}", found.files);
    }

    #[test]
    fn a_missing_file_and_an_unknown_folder_are_unclear() {
        let needs = action(r#"project = { needs = ["acme.toml"] }"#);
        assert!(matches!(ask(&needs, &[], &[]), Answer::Unclear { .. }));
        let takes = action(r#"project = { takes = ["*.gem"] }"#);
        let call = Call {
            action: "install",
            flags: &[],
            operands: &[],
            complete: true,
            cwd: "/app",
            env: &BTreeMap::new(),
            command: "acme",
            tool_version: None,
        };
        let unknown = Memory::new(&[]).unknown_below("/app");
        assert!(matches!(inputs(&takes, &call, &unknown), Some(Answer::Unclear { .. })));
    }
}
