//! `dockopt bot`: finds the forge and its token, and works on the repositories that were named. Must not decide what is proposed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use globset::Glob;

use super::complain;
use crate::Status;
use crate::bot::many::{self, Forks, Shard};
use crate::bot::repository::{Mode, Report};
use crate::bot::{self, Choice, Stop, Wishes};
use crate::cli::{BotCommand, BotRun, ForgeAt, Format};
use crate::forge::{App, Forge, GitHub, Limits, Login, Name, Token};
use crate::http::{Origin, is_loopback};
use crate::problem::Problem;
use crate::report::bot as report;
use crate::source;
use crate::terminal::Terminal;
use crate::work::UnsafeBy;

/// Variables that may hold the token; the first that is set counts.
const TOKENS: [&str; 3] = ["DOCKOPT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

pub(super) fn run(command: &BotCommand, terminal: &Terminal) -> Status {
    let result = match command {
        BotCommand::Run(arguments) => run_all(arguments, terminal),
    };
    result.unwrap_or_else(|problem| complain(&[problem], terminal))
}

fn run_all(arguments: &BotRun, terminal: &Terminal) -> Result<Status, Problem> {
    check_branch(&arguments.branch)?;
    let choice = choice(arguments)?;
    let forge = forge(&arguments.forge)?;
    let wishes = Wishes {
        base: arguments.base.clone(),
        branch: arguments.branch.clone(),
        labels: arguments.labels.clone(),
        is_draft: arguments.draft,
        unsafe_by: if arguments.allow_unsafe { UnsafeBy::Anybody } else { UnsafeBy::Arguments },
        history: arguments.history,
    };
    let mode = if arguments.dry_run { Mode::Rehearsal } else { Mode::Earnest };
    let names = choice.names(&*forge)?;
    let mut entries = Vec::new();
    let mut status = Status::Done;
    for (at, name) in names.iter().enumerate() {
        let (found, problems, is_over) = match guarded(&*forge, name, &wishes, mode) {
            Ok(mut report) => {
                let problems = std::mem::take(&mut report.problems);
                (Some(report), problems, false)
            }
            Err(stop) => (None, vec![stop.problem.in_file(name.as_str())], stop.is_for_all),
        };
        if arguments.format == Format::Text {
            terminal
                .data(&found.iter().map(|one| report::text(one, mode, terminal.data)).collect::<String>());
        }
        status = status.max(complain(&problems, terminal));
        entries.push((name.clone(), found, problems));
        if is_over {
            if names.len() > 1 {
                let message =
                    format!("{} of {} repositories were not looked at", names.len() - at, names.len());
                let help = format!("go on with --from {name}");
                status = status.max(complain(&[Problem::error(message, help)], terminal));
            }
            break;
        }
    }
    if arguments.format == Format::Json {
        terminal.data(&report::json(&entries, mode));
    }
    Ok(status)
}

/// One repository. What it can break is its own work and not that of the others.
fn guarded(forge: &dyn Forge, name: &Name, wishes: &Wishes, mode: Mode) -> Result<Report, Stop> {
    let run = AssertUnwindSafe(|| bot::run(forge, name, wishes, mode));
    catch_unwind(run).unwrap_or_else(|_| {
        let help = "please tell, with a Dockerfile of it if you can";
        Err(Problem::error("dockopt broke down at this repository, so it was left alone", help).into())
    })
}

fn choice(arguments: &BotRun) -> Result<Choice, Problem> {
    let mut names = arguments.repositories.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &arguments.list {
        let shown = path.display().to_string();
        let text = source::read(path, &shown)?;
        names.extend(many::list(&text).map_err(|problem| problem.in_file(shown))?);
    }
    if let Some(owner) = arguments.owners.iter().find(|owner| Name::parse(&format!("{owner}/x")).is_none()) {
        return Err(Problem::error(
            format!("`{owner}` is no name of an owner"),
            "write it as in its address",
        ));
    }
    let glob = |text: &String| {
        let help = "write it as in .gitignore, such as `service-*`";
        Glob::new(text)
            .map(|glob| glob.compile_matcher())
            .map_err(|error| Problem::error(format!("--match: {error}"), help))
    };
    let shard = |text: &String| {
        let help = "write INDEX/COUNT, such as 0/4; the last of four is 3/4";
        Shard::parse(text).ok_or_else(|| Problem::error(format!("`{text}` is no share"), help))
    };
    Ok(Choice {
        names,
        owners: arguments.owners.clone(),
        matching: arguments.matching.as_ref().map(glob).transpose()?,
        forks: if arguments.forks { Forks::With } else { Forks::Without },
        shard: arguments.shard.as_ref().map(shard).transpose()?,
        from: arguments.from.as_deref().map(name).transpose()?,
    })
}

fn name(text: &str) -> Result<Name, Problem> {
    Name::parse(text).ok_or_else(|| {
        Problem::error(format!("`{text}` is no name of a repository"), "write OWNER/NAME, as in its address")
    })
}

/// The forge that the arguments and the environment name.
fn forge(at: &ForgeAt) -> Result<Box<dyn Forge>, Problem> {
    let (api, server) = match &at.url {
        Some(url) => (format!("{}/api/v3", url.trim_end_matches('/')), url.clone()),
        None => (
            variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned()),
        ),
    };
    let mut limits = Limits { most_calls: at.max_calls.unwrap_or(usize::MAX), ..Limits::default() };
    // A machine's own forge, as in tests, needs no pause between requests.
    if Origin::of_url(&api).is_some_and(|(origin, _)| is_loopback(&origin.authority)) {
        limits.pause = Duration::ZERO;
    }
    Ok(Box::new(GitHub::new(&api, &server, login()?, limits)?))
}

/// The GitHub App that the environment names, or the token.
fn login() -> Result<Login, Problem> {
    if let Some(id) = variable("DOCKOPT_APP_ID") {
        let text = match (variable("DOCKOPT_APP_KEY"), variable("DOCKOPT_APP_KEY_FILE")) {
            (Some(key), _) => Some(key),
            (None, Some(path)) => Some(source::read(Path::new(&path), &path)?),
            (None, None) => None,
        };
        let key = text.and_then(|text| Token::new(&text)).ok_or_else(|| {
            let help = "put its private key into DOCKOPT_APP_KEY, or its path into DOCKOPT_APP_KEY_FILE";
            Problem::error("there is no private key for the GitHub App", help)
        })?;
        return Ok(Login::App(App::new(&id, key)));
    }
    TOKENS.iter().find_map(|name| Token::new(&variable(name)?)).map(Login::Token).ok_or_else(|| {
        Problem::error(
            "there is no token for the forge",
            format!("put one into the environment: {}", TOKENS.join(", ")),
        )
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// A branch of the bot's own has a plain name.
fn check_branch(branch: &str) -> Result<(), Problem> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.to_ascii_lowercase().ends_with(".lock")
            && !part.ends_with('.')
            && !part.contains("..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if branch.len() <= 200 && branch.split('/').all(is_part) {
        return Ok(());
    }
    let help = "take letters, digits, `-`, `_`, `.` and `/`, such as dockopt/fix";
    Err(Problem::error(format!("`{branch}` is no name for the bot's branch"), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_of_the_bot_has_a_plain_name() {
        for good in ["dockopt/fix", "a", "bot.1/x-y_z"] {
            assert!(check_branch(good).is_ok(), "{good}");
        }
        for bad in
            ["", "/a", "a/", "a//b", "a..b", "-a", "a.lock", "a b", "a~1", "a:b", "ä", "a/.b", "refs/x@{1}"]
        {
            assert!(check_branch(bad).is_err(), "{bad}");
        }
    }
}
