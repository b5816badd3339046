//! `dockopt bot`: finds the forge and its token, and works on the repositories that were named. Must not decide what is proposed.

use std::time::Duration;

use super::complain;
use crate::Status;
use crate::bot::repository::Mode;
use crate::bot::{self, Wishes};
use crate::cli::{BotCommand, BotRun, ForgeAt, Format};
use crate::forge::{Forge, GitHub, Limits, Name, Token};
use crate::problem::Problem;
use crate::report::bot as report;
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
    let names = arguments.repositories.iter().map(|text| name(text)).collect::<Result<Vec<_>, _>>()?;
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
    let mut reports = Vec::new();
    let mut status = Status::Done;
    for name in names {
        let (found, problems) = match bot::run(&*forge, &name, &wishes, mode) {
            Ok(mut report) => {
                let problems = std::mem::take(&mut report.problems);
                (Some(report), problems)
            }
            Err(problem) => (None, vec![problem.in_file(name.as_str())]),
        };
        if arguments.format == Format::Text {
            terminal
                .data(&found.iter().map(|one| report::text(one, mode, terminal.data)).collect::<String>());
        }
        status = status.max(complain(&problems, terminal));
        reports.push((name, found, problems));
    }
    if arguments.format == Format::Json {
        terminal.data(&report::json(&reports, mode));
    }
    Ok(status)
}

fn name(text: &str) -> Result<Name, Problem> {
    Name::parse(text).ok_or_else(|| {
        Problem::error(format!("`{text}` is no name of a repository"), "write OWNER/NAME, as in its address")
    })
}

/// The forge that the arguments and the environment name.
fn forge(at: &ForgeAt) -> Result<Box<dyn Forge>, Problem> {
    let token = TOKENS.iter().find_map(|name| Token::new(&variable(name)?)).ok_or_else(|| {
        Problem::error(
            "there is no token for the forge",
            format!("put one into the environment: {}", TOKENS.join(", ")),
        )
    })?;
    let (api, server) = match &at.url {
        Some(url) => (format!("{}/api/v3", url.trim_end_matches('/')), url.clone()),
        None => (
            variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned()),
        ),
    };
    let mut limits = Limits { most_calls: at.max_calls.unwrap_or(usize::MAX), ..Limits::default() };
    // A machine's own forge, as in tests, needs no pause between requests.
    if crate::http::Origin::of_url(&api)
        .is_some_and(|(origin, _)| crate::http::is_loopback(&origin.authority))
    {
        limits.pause = Duration::ZERO;
    }
    Ok(Box::new(GitHub::new(&api, &server, token, limits)?))
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
