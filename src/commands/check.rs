//! `dockopt check`: lists findings. Must not show or write changes.

use rayon::prelude::*;

use super::{complain, is_stdin, only_stdin, work};
use crate::Status;
use crate::cli::{Check, Format};
use crate::discover::discover;
use crate::report::{findings, json, text};
use crate::terminal::Terminal;
use crate::work::{Run, Scripts, Session, Wanted};

pub(super) fn run(arguments: &Check, terminal: &Terminal) -> Status {
    let input = &arguments.input;
    let session = match Session::new(Wanted::from(&arguments.passes), input.context.as_deref()) {
        Ok(session) => session,
        Err(problem) => return complain(&[problem], terminal),
    };
    let (mut run, mut problems) = if input.paths.iter().any(|path| is_stdin(path)) {
        if input.paths.len() > 1 {
            return complain(&[only_stdin()], terminal);
        }
        match session.prepare_stdin().and_then(|file| session.optimize(file)) {
            Ok(done) => (Run { done: vec![done], problems: Vec::new() }, Vec::new()),
            Err(problems) => (Run::default(), problems),
        }
    } else {
        let (targets, problems) = discover(&input.paths);
        (work(&session, &targets, terminal), problems)
    };
    let scripts = if arguments.no_shellcheck { Scripts::Unread } else { Scripts::Checked };
    let looked = run.done.par_iter_mut().map(|done| session.look(done, scripts)).collect::<Vec<_>>();
    problems.append(&mut run.problems);
    problems.extend(looked.into_iter().flatten());
    problems.extend(run.done.iter().flat_map(|one| one.file.warnings.clone()));
    match arguments.format {
        Format::Json => terminal.data(&json::check(&run.done, &problems)),
        Format::Text => terminal.data(&text::findings(&run.done, terminal.data)),
    }
    let status = complain(&problems, terminal);
    let count: usize = run.done.iter().map(|one| findings(one).count()).sum();
    if arguments.format == Format::Text {
        terminal.talk(&text::check_summary(count, run.done.len()));
    }
    status.max(if count > 0 { Status::Found } else { Status::Done })
}
