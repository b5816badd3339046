//! `dockopt passes`: the list of passes. Must not run any.

use crate::Status;
use crate::report::text;
use crate::terminal::Terminal;

pub(super) fn run(terminal: &Terminal) -> Status {
    terminal.data(&text::passes(terminal.data));
    Status::Done
}
