//! `dockopt explain NAME`: the documentation of a pass or a rule. Must not run it.

use dockopt_rules::RULES;
use dockopt_transforms::PASSES;

use super::complain;
use crate::Status;
use crate::cli::Explain;
use crate::config::subject_help;
use crate::problem::Problem;
use crate::report::page;
use crate::suppress::Subject;
use crate::terminal::Terminal;

/// By its own name it is one; what other tools call by one name may be a pass and the rule for what that leaves.
pub(super) fn run(arguments: &Explain, terminal: &Terminal) -> Status {
    let name = arguments.name.as_str();
    let is_meant = |subject: Subject<'_>| subject.is_among([name]);
    let passes = PASSES.iter().filter(|pass| is_meant((*pass).into()));
    let rules = RULES.iter().filter(|rule| is_meant((*rule).into()));
    let pages: Vec<String> = passes
        .map(|pass| page::of_pass(pass, terminal.data))
        .chain(rules.map(|rule| page::of_rule(rule, terminal.data)))
        .collect();
    if pages.is_empty() {
        let message = format!("there is no pass or rule `{name}`");
        return complain(&[Problem::error(message, subject_help(name))], terminal);
    }
    terminal.data(&pages.join("\n\n"));
    Status::Done
}
