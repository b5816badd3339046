//! `dockopt rules`: the list of rules. Must not run any.

use crate::Status;
use crate::report::text;
use crate::terminal::Terminal;

pub(super) fn run(terminal: &Terminal) -> Status {
    terminal.data(&text::rules(terminal.data));
    Status::Done
}
