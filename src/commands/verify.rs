//! `dockopt verify`: builds before and after, and says whether it is the same image and what it costs. Must not decide what
//! is the same.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dockopt_tools::Toolbox;

use super::timings;
use super::{complain, is_stdin, watched};
use crate::cli::{Verify, VerifyFormat};
use crate::discover::{Found, Target, discover};
use crate::engine::{Engine, FileSystem, Images, bake};
use crate::image::ImageConfig;
use crate::image::expected::{self, Expectations};
use crate::image::layout::Layout;
use crate::problem::Problem;
use crate::report::timings::Timings;
use crate::report::verify as report;
use crate::terminal::Terminal;
use crate::verify::{Edits, ImagesCompared, Plan, Verdict};
use crate::work::{Done, Session, Wanted};
use crate::{Status, process, source, verify, write};

pub(super) fn run(arguments: &Verify, terminal: &Terminal) -> Status {
    process::catch_interrupts();
    if let Some([before, after]) = arguments.images.as_deref() {
        return images([before, after], arguments, terminal);
    }
    let engine = match Engine::find(arguments.engine) {
        Ok(engine) => engine,
        Err(problem) => return complain(&[problem], terminal),
    };
    let mut problems = Vec::new();
    let jobs = jobs(arguments, &mut problems);
    let mut verdicts = Vec::new();
    let mut unchanged = 0;
    for job in &jobs {
        if process::is_interrupted() {
            break;
        }
        match job.done(arguments) {
            Ok(Some(done)) => {
                for plan in job.plans(arguments) {
                    match watched(terminal, &done.file.name, |watch| {
                        verify::verify(&engine, &done, &plan, watch)
                    }) {
                        Ok(verdict) => verdicts.push(verdict),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Ok(None) => unchanged += 1,
            Err(faults) => problems.extend(faults),
        }
    }
    problems.extend(keep_timings(&verdicts, arguments.timings.as_deref()));
    terminal.data(&match arguments.format {
        VerifyFormat::Text => verdicts.iter().map(|one| report::text(one, terminal.data)).collect(),
        VerifyFormat::Markdown => verdicts.iter().map(report::markdown).collect(),
        VerifyFormat::Json => report::json::verify(&verdicts, &problems),
    });
    if unchanged > 0 {
        terminal.talk(&report::unchanged(unchanged));
    }
    let found = if verdicts.iter().all(Verdict::holds) { Status::Done } else { Status::Found };
    complain(&problems, terminal).max(found)
}

/// A Dockerfile to verify.
struct Job {
    target: Target,
    context: Option<PathBuf>,
    platforms: Vec<String>,
    arguments: Vec<OsString>,
}

/// What the arguments name: paths, or a definition.
fn jobs(arguments: &Verify, problems: &mut Vec<Problem>) -> Vec<Job> {
    if let Some(definition) = &arguments.definition {
        let (file, name) = split(definition);
        return match bake::definitions(Path::new(file), name) {
            Ok(found) => found.into_iter().map(Job::of_definition).collect(),
            Err(failure) => {
                problems.push(verify::problem(&failure, file));
                Vec::new()
            }
        };
    }
    if arguments.input.paths.iter().any(|path| is_stdin(path)) {
        problems.push(Problem::error(
            "a Dockerfile on stdin cannot be verified",
            "pass its path, so that it has a build context",
        ));
        return Vec::new();
    }
    let (targets, faults) = discover(&arguments.input.paths);
    problems.extend(faults);
    targets
        .into_iter()
        .map(|target| Job {
            target,
            context: arguments.input.context.clone(),
            platforms: Vec::new(),
            arguments: Vec::new(),
        })
        .collect()
}

/// `compose.yaml:api` → the file and the name.
fn split(definition: &str) -> (&str, Option<&str>) {
    match definition.rsplit_once(':') {
        Some((file, name)) if !file.is_empty() && !name.contains(['/', '\\', '.']) => (file, Some(name)),
        _ => (definition, None),
    }
}

impl Job {
    fn of_definition(found: bake::Definition) -> Self {
        Self {
            target: Target { path: found.dockerfile, found: Found::Named },
            context: Some(found.context),
            platforms: found.platforms,
            arguments: found.arguments,
        }
    }

    /// The Dockerfile with its rewrites; `None` if it has none.
    fn done(&self, arguments: &Verify) -> Result<Option<Done>, Vec<Problem>> {
        let session = Session::new(Wanted::from(&arguments.passes), self.context.as_deref())
            .map_err(|problem| vec![problem])?;
        let Some(file) = session.prepare(&self.target)? else { return Ok(None) };
        Ok(Some(session.optimize(file)?).filter(Done::is_changed))
    }

    /// One plan for each platform.
    fn plans(&self, arguments: &Verify) -> Vec<Plan> {
        let plan = Plan {
            edits: match arguments.touch.as_slice() {
                [] => Edits::Chosen,
                paths => Edits::Named(paths.to_vec()),
            },
            run: arguments.run.clone(),
            arguments: self.arguments.iter().chain(&arguments.arguments).cloned().collect(),
            images: if arguments.keep { Images::Kept } else { Images::Removed },
            platform: None,
        };
        let platforms = if arguments.platform.is_empty() { &self.platforms } else { &arguments.platform };
        if platforms.is_empty() {
            return vec![plan];
        }
        platforms.iter().map(|platform| Plan { platform: Some(platform.clone()), ..plan.clone() }).collect()
    }
}

/// Compares two images that are there: archives on disk, or images of the engine.
fn images([before, after]: [&str; 2], arguments: &Verify, terminal: &Terminal) -> Status {
    let opened = opened(before, arguments).and_then(|one| Ok((one, opened(after, arguments)?)));
    let ((files_before, config_before), (files_after, config_after)) = match opened {
        Ok(both) => both,
        Err(problem) => return complain(&[problem], terminal),
    };
    let comparison = match verify::compare(files_before, files_after) {
        Ok(comparison) => comparison,
        Err(failure) => return complain(&[verify::problem(&failure, before)], terminal),
    };
    let home = config_before.env.get("HOME").map(String::as_str);
    let expectations = Expectations::new(Toolbox::builtin(), [], home);
    let compared = ImagesCompared {
        paths: comparison.paths,
        identical: comparison.identical,
        files: expected::classify(comparison.differences, &expectations),
        config: config_before.differences(&config_after),
        on_purpose: Vec::new(),
    };
    terminal.data(&match arguments.format {
        VerifyFormat::Json => report::json::images([before, after], &compared),
        VerifyFormat::Text | VerifyFormat::Markdown => {
            report::images([before, after], &compared, terminal.data)
        }
    });
    if compared.are_same() { Status::Done } else { Status::Found }
}

fn opened(image: &str, arguments: &Verify) -> Result<(FileSystem, ImageConfig), Problem> {
    let path = Path::new(image);
    if path.exists() {
        let platform = arguments.platform.first().map(String::as_str);
        let layout = Layout::open(path, platform).map_err(|error| {
            Problem::error(error.message, "pass an archive of `docker save`, or an OCI layout").in_file(image)
        })?;
        let config = layout.config().clone();
        return Ok((FileSystem::Saved(Box::new(layout)), config));
    }
    let engine = Engine::find(arguments.engine)?;
    let config = engine.config(image).map_err(|failure| verify::problem(&failure, image))?;
    Ok((engine.file_system(image).map_err(|failure| verify::problem(&failure, image))?, config))
}

/// Adds what was measured to the timing file: the named one, or that of the repository.
fn keep_timings(verdicts: &[Verdict], named: Option<&Path>) -> Option<Problem> {
    if verdicts.is_empty() {
        return None;
    }
    let path = match named {
        Some(path) => std::path::absolute(path).ok()?,
        None => {
            let path = timings::default_path()?;
            write::make_folder(path.parent()?).ok()?;
            path
        }
    };
    let name = source::shown(&path);
    let old = if path.exists() { Some(source::read(&path, &name)) } else { None };
    let old = match old.transpose() {
        Ok(old) => old,
        Err(problem) => return Some(problem),
    };
    let mut timings = old.as_deref().and_then(Timings::read).unwrap_or_default();
    for verdict in verdicts {
        let Some(dockerfile) = &verdict.path else { continue };
        let key = timings::key(dockerfile);
        for (instruction, took) in verify::timings(verdict) {
            timings.note(&key, instruction, took);
        }
    }
    let change = write::Change { path, name, old, new: timings.text() };
    write::write_all(&[change]).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_may_name_one_build() {
        assert_eq!(split("compose.yaml:api"), ("compose.yaml", Some("api")));
        assert_eq!(split("docker-bake.hcl"), ("docker-bake.hcl", None));
        assert_eq!(split("C:\\work\\compose.yaml"), ("C:\\work\\compose.yaml", None));
    }
}
