//! `dockopt simulate`: replays the git history through the build cache. Must not decide what is cached.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dockopt_model::cache::{Builder, Storage};
use indicatif::ProgressBar;

use super::{complain, is_stdin, timings};
use crate::cli::{self, Simulate, SimulateFormat};
use crate::discover::discover;
use crate::problem::Problem;
use crate::report::simulate as report;
use crate::report::timings::Timings;
use crate::simulate::{self, Assumptions, Form, Place};
use crate::terminal::Terminal;
use crate::work::{Done, Session, Wanted};
use crate::{Status, diff, history, source, write};

pub(super) fn run(arguments: &Simulate, terminal: &Terminal) -> Status {
    let session = match Session::new(Wanted::from(&arguments.passes), arguments.input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    if arguments.input.paths.iter().any(|path| is_stdin(path)) {
        let problem =
            Problem::error("a Dockerfile on stdin has no history", "pass its path in a git repository");
        return complain(&[problem], terminal);
    }
    let assumptions = match assumptions(arguments) {
        Ok(assumptions) => assumptions,
        Err(problem) => return complain(&[problem], terminal),
    };
    let (targets, mut problems) = discover(&arguments.input.paths);
    let known = match known_timings(arguments) {
        Ok(known) => known,
        Err(problem) => return complain(&[problem], terminal),
    };
    let bar = if terminal.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    let mut reports = Vec::new();
    for target in &targets {
        bar.set_message(format!("replaying the history of {}", target.name()));
        let prepared =
            session.prepare(target).and_then(|file| file.map(|file| session.optimize(file)).transpose());
        match prepared {
            Ok(Some(done)) => match of(&done, arguments, &assumptions, known.as_ref()) {
                Ok(one) => reports.push(one),
                Err(problem) => problems.push(problem),
            },
            Ok(None) => {}
            Err(faults) => problems.extend(faults),
        }
    }
    bar.finish_and_clear();
    terminal.data(&match arguments.format {
        SimulateFormat::Text => reports.iter().map(|one| report::text(one, terminal.data)).collect(),
        SimulateFormat::Json => report::json::simulate(&reports, &problems),
        SimulateFormat::Html => report::html::page(&reports),
    });
    complain(&problems, terminal)
}

fn of(
    done: &Done,
    arguments: &Simulate,
    assumptions: &Assumptions,
    known: Option<&Timings>,
) -> Result<report::Simulated, Problem> {
    let name = &done.file.name;
    let no_history = |message: String| {
        Problem::error(message, "run it in a git repository that has the build context and a commit of it")
            .in_file(name)
    };
    let context = done
        .file
        .context
        .as_ref()
        .ok_or_else(|| no_history("the build context cannot be read".to_owned()))?;
    let folder = context.folder.root();
    let range = history::Range {
        commits: Some(arguments.commits),
        since: arguments.since.clone(),
        range: arguments.range.clone(),
    };
    let commits = history::commits(folder, &range).map_err(|failure| no_history(failure.to_string()))?;
    if commits.commits.is_empty() {
        return Err(no_history("there is no commit in this range".to_owned()));
    }
    let ignore_files = simulate::ignore_files(done);
    let place = Place { folder, ignore_files: &ignore_files };
    let added = simulate::added_lines(done);
    let mut forms = vec![Form { text: &done.file.text, ignore: &[] }];
    let is_compared = arguments.compare && done.is_changed();
    if is_compared {
        forms.push(Form { text: &done.outcome.text, ignore: &added });
    }
    let key = done.file.path.as_deref().map(timings::key).unwrap_or_default();
    let cost = |text: &str, kind| simulate::cost(known, &key, text, kind);
    let toolbox = done.file.config.toolbox();
    let (history, mut replays) = simulate::replay(place, &commits, &forms, toolbox, assumptions, &cost)
        .map_err(|failure| no_history(failure.to_string()))?;
    let after = is_compared.then(|| replays.pop()).flatten();
    Ok(report::Simulated {
        file: name.clone(),
        patch: if is_compared { patch(done) } else { String::new() },
        rewrites: if is_compared { done.outcome.applied.clone() } else { Vec::new() },
        assumptions: format!("{}, {}", builder_name(arguments.builder), cache_name(arguments.cache)),
        history,
        before: replays.pop().unwrap_or_default(),
        after,
    })
}

fn patch(done: &Done) -> String {
    let file =
        |change: &write::Change| diff::file(Path::new(&change.name), change.old.as_deref(), &change.new);
    done.changes().iter().map(file).collect()
}

fn assumptions(arguments: &Simulate) -> Result<Assumptions, Problem> {
    let mut values = BTreeMap::new();
    for argument in &arguments.build_arguments {
        let (name, value) = argument.split_once('=').ok_or_else(|| {
            Problem::error(format!("--build-arg {argument}: there is no value"), "write it as NAME=VALUE")
        })?;
        values.insert(name.to_owned(), value.to_owned());
    }
    Ok(Assumptions {
        builder: match arguments.builder {
            cli::Builder::Buildkit => Builder::BuildKit,
            cli::Builder::Docker => Builder::Docker,
            cli::Builder::Classic => Builder::Classic,
            cli::Builder::Buildah => Builder::Buildah,
            cli::Builder::Kaniko => Builder::Kaniko,
        },
        storage: match arguments.cache {
            cli::Cache::Persistent => Storage::Persistent,
            cli::Cache::LastBuild => Storage::LastBuild,
            cli::Cache::LastImage => Storage::LastImage,
            cli::Cache::None => Storage::Nothing,
        },
        arguments: values,
    })
}

fn builder_name(builder: cli::Builder) -> &'static str {
    match builder {
        cli::Builder::Buildkit => "BuildKit",
        cli::Builder::Docker => "BuildKit with Docker's image store",
        cli::Builder::Classic => "Docker's classic builder",
        cli::Builder::Buildah => "Buildah",
        cli::Builder::Kaniko => "Kaniko",
    }
}

fn cache_name(cache: cli::Cache) -> &'static str {
    match cache {
        cli::Cache::Persistent => "which keeps everything",
        cli::Cache::LastBuild => "which keeps the last build",
        cli::Cache::LastImage => "which keeps the layers of the last image",
        cli::Cache::None => "which keeps nothing",
    }
}

/// The timing file that is named, or the one that `verify` wrote if there is one.
fn known_timings(arguments: &Simulate) -> Result<Option<Timings>, Problem> {
    let path: Option<PathBuf> = match &arguments.timings {
        Some(path) => Some(path.clone()),
        None => timings::default_path().filter(|path| path.exists()),
    };
    let Some(path) = path else { return Ok(None) };
    let name = source::shown(&path);
    let text = source::read(&path, &name)?;
    Timings::read(&text).map(Some).ok_or_else(|| {
        Problem::error(
            "this is no timing file of this version of dockopt",
            "let `dockopt verify` write it anew",
        )
        .in_file(name)
    })
}
