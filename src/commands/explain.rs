//! `dockopt explain PASS`: its documentation. Must not run it.

use dockopt_transforms::Pass;

use super::complain;
use crate::Status;
use crate::cli::Explain;
use crate::config::pass_help;
use crate::problem::Problem;
use crate::report::page;
use crate::terminal::Terminal;

pub(super) fn run(arguments: &Explain, terminal: &Terminal) -> Status {
    let Some(pass) = Pass::named(&arguments.pass) else {
        let message = format!("there is no pass `{}`", arguments.pass);
        return complain(&[Problem::error(message, pass_help(&arguments.pass))], terminal);
    };
    terminal.data(&page::of(pass, terminal.data));
    Status::Done
}
