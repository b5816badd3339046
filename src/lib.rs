//! The application: command line, configuration, discovery, the context on disk, reports. It is a library so that tests
//! and benchmarks can call it; it must not end the process, which `main.rs` does.

pub mod bot;
pub mod cli;
pub mod commands;
pub mod config;
pub mod context;
pub mod definitions;
pub mod diff;
pub mod discover;
pub mod effect;
pub mod engine;
pub mod failure;
pub mod files;
pub mod findings;
pub mod forge;
pub mod frontend;
pub mod git;
pub mod history;
mod http;
pub mod image;
pub mod lock;
pub mod optimize;
pub mod pin;
pub mod problem;
pub mod process;
pub mod registry;
pub mod report;
pub mod shared_ignore;
pub mod shellcheck;
pub mod simulate;
pub mod snapshot;
pub mod source;
pub mod staging;
pub mod suppress;
pub mod terminal;
pub mod verify;
pub mod work;
pub mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::terminal::Terminal;

/// How a run ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Everything was done.
    Done,
    /// A check found something.
    Found,
    /// dockopt could not do its job for some file.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::SUCCESS,
            Status::Found => Self::from(1),
            Status::Failed => Self::from(2),
        }
    }
}

/// Runs dockopt with these arguments, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => commands::run(&cli.command, &mut Terminal::new(cli.color, cli.quiet)).into(),
        Err(error) => {
            // It is help or a misuse. A closed pipe is no reason to fail.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
