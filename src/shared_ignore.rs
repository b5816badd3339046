//! One `.dockerignore` may serve several Dockerfiles. Joins the lines that they want in it, and takes a rewrite back that
//! would change what another Dockerfile copies. Must not write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dockopt_model::{Context, EntryKind, Files as _, Ignore, IgnoreFile, Model, gopath};

use crate::context::OnDisk;
use crate::discover;
use crate::problem::Problem;
use crate::source::shown;
use crate::work::{Done, Prepared, Session};

/// Makes the changes of every shared ignore file one change that is right for all Dockerfiles that use it.
pub fn settle(session: &Session, done: &mut [Done]) {
    let mut groups: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for (index, one) in done.iter().enumerate() {
        if let (Some(_), Some(context)) = (&one.outcome.ignore, &one.file.context) {
            groups.entry(context.ignore_path.clone()).or_default().push(index);
        }
    }
    for (path, members) in groups {
        let Some(harmed) = join_in(done, &path, &members) else { continue };
        // What the user asked for beyond what is safe goes first.
        let ignoring = |member: &usize| !done[*member].outcome.ignoring.is_empty();
        let eager: Vec<usize> = members.iter().copied().filter(ignoring).collect();
        for &member in &eager {
            let passes = std::mem::take(&mut done[member].outcome.ignoring);
            again(session, &mut done[member], |file| file.without.extend(passes));
            warn(&mut done[member], &path, &harmed);
        }
        if let Some(harmed) = join_in(done, &path, &members) {
            for member in members {
                without_context(session, &mut done[member]);
                if !eager.contains(&member) {
                    warn(&mut done[member], &path, &harmed);
                }
            }
        }
    }
}

/// Gives the members the joined ignore file; or, where it would harm a Dockerfile, leaves them and says which.
fn join_in(done: &mut [Done], path: &Path, members: &[usize]) -> Option<String> {
    let wants = || members.iter().filter(|&&member| done[member].outcome.ignore.is_some());
    let joined = join(wants().filter_map(|&member| done[member].outcome.ignore.as_deref()));
    if joined.is_empty() {
        return None;
    }
    let harmed = harmed(done, path, &joined);
    if harmed.is_none() {
        let wants: Vec<usize> = wants().copied().collect();
        for member in wants {
            done[member].outcome.ignore = Some(joined.clone());
        }
    }
    harmed
}

/// Works on a file again as if nothing were known of its context, so that no rewrite asks for a line in the ignore file.
pub fn without_context(session: &Session, done: &mut Done) {
    let context = done.file.context.clone();
    again(session, done, |file| file.context = None);
    done.file.context = context;
}

/// Works on a file again after a change of what is known of it.
fn again(session: &Session, done: &mut Done, change: impl FnOnce(&mut Prepared)) {
    let mut file = Prepared {
        pins: done.file.pins.clone(),
        packages: done.file.packages.clone(),
        name: done.file.name.clone(),
        path: done.file.path.clone(),
        text: done.file.text.clone(),
        tree: done.file.tree.clone(),
        config: std::sync::Arc::clone(&done.file.config),
        context: done.file.context.clone(),
        warnings: std::mem::take(&mut done.file.warnings),
        without: done.file.without.clone(),
    };
    change(&mut file);
    // It has been parsed before, so there are no errors.
    if let Ok(again) = session.optimize(file) {
        *done = again;
    }
}

fn warn(done: &mut Done, ignore: &Path, harmed: &str) {
    let message = format!(
        "a rewrite needs a line in `{}`, which would change what `{harmed}` copies; it was left out",
        shown(ignore)
    );
    let help = format!("give this Dockerfile an ignore file of its own: {}.dockerignore", done.file.name);
    done.file.warnings.push(Problem::warning(message, help).in_file(done.file.name.clone()));
}

/// The lines of all texts, which begin alike.
fn join<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut joined = String::new();
    for text in texts {
        if joined.is_empty() {
            text.clone_into(&mut joined);
            continue;
        }
        let newline = if joined.contains("\r\n") { "\r\n" } else { "\n" };
        for line in text.lines() {
            if !joined.lines().any(|known| known == line) {
                joined.push_str(line);
                joined.push_str(newline);
            }
        }
    }
    joined
}

/// A Dockerfile that would mean something else with the joined ignore file.
fn harmed(done: &[Done], path: &Path, joined: &str) -> Option<String> {
    let of_run = done.iter().filter_map(|one| Some((one, one.file.context.as_ref()?)));
    let users: Vec<(&Done, &OnDisk)> = of_run.filter(|(_, context)| context.ignore_path == path).collect();
    let (first, on_disk) = *users.first()?;
    let Ok(ignore) = Ignore::parse(joined) else { return Some(first.file.name.clone()) };
    let after = IgnoreFile { text: Some(joined.into()), ignore, ..on_disk.ignore.clone() };
    for (one, context) in &users {
        if copies_excluded(&one.outcome.text, &context.ignore.ignore, &after.ignore) {
            return Some(one.file.name.clone());
        }
        let own = match one.outcome.ignore.as_deref() {
            Some(own) if own == joined => continue,
            Some(own) => match Ignore::parse(own) {
                Ok(ignore) => IgnoreFile { text: Some(own.into()), ignore, ..context.ignore.clone() },
                Err(_) => return Some(one.file.name.clone()),
            },
            None => context.ignore.clone(),
        };
        if differs(&one.outcome.text, one, context, own, after.clone()) {
            return Some(one.file.name.clone());
        }
    }
    let known: Vec<&Path> = users.iter().filter_map(|(one, _)| one.file.path.as_deref()).collect();
    neighbours(on_disk, &known).into_iter().find_map(|(name, text)| {
        let is_harmed = copies_excluded(&text, &on_disk.ignore.ignore, &after.ignore)
            || differs(&text, first, on_disk, on_disk.ignore.clone(), after.clone());
        is_harmed.then_some(name)
    })
}

/// Whether a Dockerfile names a path of the context that another ignore file newly excludes. It need not exist now: a later
/// build may find it there.
fn copies_excluded(text: &str, before: &Ignore, after: &Ignore) -> bool {
    let parse = dockopt_syntax::parse(text);
    let known: Vec<&str> = before.patterns().iter().map(|pattern| pattern.text.as_str()).collect();
    let added = after.patterns().iter().filter(|one| !one.negated && !known.contains(&one.text.as_str()));
    // A Dockerfile of another context may call the same path by a longer name.
    let endings: Vec<&str> = added.map(|one| one.text.trim_start_matches("**/")).collect();
    let is_lost = |source: &str| {
        let path = gopath::clean(&format!("/{source}"));
        // `name*` copies it where it exists.
        let path = path.trim_start_matches('/').trim_end_matches('*');
        (after.excludes(path) && !before.excludes(path))
            || endings.iter().any(|ending| {
                path.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
    };
    parse.tree.instructions.iter().any(|instruction| {
        let copy = instruction.body.as_copy().filter(|_| instruction.flag("from").is_none());
        let copies = copy.is_some_and(|copy| {
            copy.sources.iter().any(|source| {
                let is_heredoc = instruction.heredocs.iter().any(|heredoc| heredoc.word == source.text);
                !is_heredoc && !source.text.contains("://") && is_lost(source.text.trim_matches(['"', '\'']))
            })
        });
        let mounts = instruction.mounts().iter().any(|mount| {
            mount.kind() == "bind"
                && mount.option(&["from"]).is_none()
                && mount.option(&["source", "src"]).is_some_and(is_lost)
        });
        copies || mounts
    })
}

/// The other Dockerfiles beside a shared ignore file, with their texts.
fn neighbours(context: &OnDisk, known: &[&Path]) -> Vec<(String, String)> {
    if !context.ignore_path.ends_with(".dockerignore") {
        return Vec::new();
    }
    let root = context.folder.root();
    let entries = context.folder.entries("").unwrap_or_else(|| std::sync::Arc::from([]));
    let has_own =
        |name: &str| entries.iter().any(|entry| entry.name.strip_suffix(".dockerignore") == Some(name));
    let others = entries.iter().filter(|entry| {
        entry.kind == EntryKind::File
            && discover::is_dockerfile(&entry.name)
            && !has_own(&entry.name)
            && !known.contains(&root.join(&entry.name).as_path())
    });
    others
        .filter_map(|entry| Some((entry.name.clone(), context.folder.read(&entry.name)?.to_string())))
        .collect()
}

/// Whether a Dockerfile means something else with another ignore file. One that cannot build means nothing.
fn differs(text: &str, like: &Done, context: &OnDisk, before: IgnoreFile, after: IgnoreFile) -> bool {
    let parse = dockopt_syntax::parse(text);
    if !parse.errors.is_empty() {
        return false;
    }
    let with = |ignore: IgnoreFile| Context { files: &*context.folder, ignore };
    let (before, after) = (with(before), with(after));
    let model = |context| Model::new(&parse.tree, like.file.config.toolbox(), Some(context));
    model(&before).digest().first_difference(model(&after).digest()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_by_name_counts_whether_it_exists_or_not() {
        let (before, after) = (Ignore::none(), Ignore::parse("node_modules\n").unwrap());
        let loses = |line: &str| copies_excluded(&format!("FROM a\n{line}\n"), &before, &after);
        for line in [
            "COPY node_modules ./node_modules",
            "COPY --chown=node ./node_modules/ /app/",
            "ADD [\"package.json\", \"node_modules/ms\", \"/app/\"]",
            "COPY node_modules/* /app/",
            "COPY package.json node_modules* ./",
            "COPY web/node_modules /app/",
            "RUN --mount=type=bind,source=node_modules,target=/m cp -r /m /app",
        ] {
            assert!(loses(line), "{line}");
        }
        for line in [
            "COPY . .",
            "COPY web ./",
            "COPY node_modules.txt /",
            "COPY --from=x node_modules /a",
            "RUN true",
        ] {
            assert!(!loses(line), "{line}");
        }
        assert!(!copies_excluded("FROM a\nCOPY node_modules /a\n", &after, &after));
    }

    #[test]
    fn lines_are_joined_once() {
        assert_eq!(join(["a\nx\n", "a\ny\n", "a\nx\n"].into_iter()), "a\nx\ny\n");
        assert_eq!(join(["a\r\nx\r\n", "a\r\ny\r\n"].into_iter()), "a\r\nx\r\ny\r\n");
    }
}
