//! Compares this crate with a second parser: what both accept must have the same commands and operators in the same order, and what
//! only one accepts must be a known difference.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test may touch the world")]

mod common;

use brush_parser::{Parser, ParserOptions, ast};
use dockopt_shell::{Dialect, List, Node, NodeKind, parse};

/// What this crate sees: names of simple commands as written, and operators.
#[derive(Default)]
struct Ours<'t> {
    text: &'t str,
    events: Vec<String>,
}

impl Ours<'_> {
    fn list(&mut self, list: &List) {
        for item in &list.items {
            self.node(&item.node);
            if item.terminator == Some(dockopt_shell::Terminator::Background) {
                self.events.push("&".to_owned());
            }
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Simple(simple) => self.events.push(
                simple
                    .words
                    .first()
                    .map_or_else(|| "(none)".to_owned(), |word| name(&self.text[word.span.clone()])),
            ),
            NodeKind::And { left, right, .. } => self.pair(left, "&&", right),
            NodeKind::Or { left, right, .. } => self.pair(left, "||", right),
            NodeKind::Pipe { left, right, .. } => self.pair(left, "|", right),
            NodeKind::Not(inner) => {
                self.events.push("!".to_owned());
                self.node(inner);
            }
            NodeKind::Subshell(list) => self.wrapped("(", list),
            NodeKind::Group(list) => self.wrapped("{", list),
            NodeKind::Compound { keyword, lists, .. } => {
                self.events.push(format!("{keyword:?}"));
                for list in lists {
                    self.list(list);
                }
                self.events.push("end".to_owned());
            }
            NodeKind::Function { name, body } => {
                self.events.push(format!("{name}()"));
                self.node(body);
            }
        }
    }

    fn pair(&mut self, left: &Node, operator: &str, right: &Node) {
        self.node(left);
        self.events.push(operator.to_owned());
        self.node(right);
    }

    fn wrapped(&mut self, open: &str, list: &List) {
        self.events.push(open.to_owned());
        self.list(list);
        self.events.push("end".to_owned());
    }
}

/// A command name as both can spell it: the other parser drops comments inside substitutions and continuations inside words.
fn name(raw: &str) -> String {
    if raw.contains("$(") || raw.contains('`') { "(computed)".to_owned() } else { raw.replace("\\\n", "") }
}

/// What the other parser sees, in the same words.
#[derive(Default)]
struct Theirs {
    events: Vec<String>,
}

impl Theirs {
    fn say(&mut self, event: &str) {
        self.events.push(event.to_owned());
    }

    fn list(&mut self, list: &ast::CompoundList) {
        for ast::CompoundListItem(chain, separator) in &list.0 {
            self.pipeline(&chain.first);
            for next in &chain.additional {
                match next {
                    ast::AndOr::And(pipeline) => {
                        self.say("&&");
                        self.pipeline(pipeline);
                    }
                    ast::AndOr::Or(pipeline) => {
                        self.say("||");
                        self.pipeline(pipeline);
                    }
                }
            }
            if matches!(separator, ast::SeparatorOperator::Async) {
                self.say("&");
            }
        }
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline) {
        if pipeline.timed.is_some() {
            self.say("Time");
        }
        if pipeline.bang {
            self.say("!");
        }
        for (index, command) in pipeline.seq.iter().enumerate() {
            if index > 0 {
                self.say("|");
            }
            self.command(command);
        }
        if pipeline.timed.is_some() {
            self.say("end");
        }
    }

    fn command(&mut self, command: &ast::Command) {
        match command {
            ast::Command::Simple(simple) => {
                let name = simple.word_or_name.as_ref();
                self.say(&name.map_or_else(|| "(none)".to_owned(), |word| self::name(&word.value)));
            }
            ast::Command::Compound(compound, _) => self.compound(compound),
            ast::Command::Function(function) => {
                self.say(&format!("{}()", function.fname.value));
                self.compound(&function.body.0);
            }
            ast::Command::ExtendedTest(..) => {
                self.say("Conditional");
                self.say("end");
            }
        }
    }

    fn compound(&mut self, compound: &ast::CompoundCommand) {
        match compound {
            ast::CompoundCommand::Arithmetic(_) => self.say("Arithmetic"),
            ast::CompoundCommand::ArithmeticForClause(clause) => {
                self.say("For");
                self.list(&clause.body.list);
            }
            ast::CompoundCommand::BraceGroup(group) => {
                self.say("{");
                self.list(&group.list);
            }
            ast::CompoundCommand::Subshell(subshell) => {
                self.say("(");
                self.list(&subshell.list);
            }
            ast::CompoundCommand::ForClause(clause) => {
                self.say("For");
                self.list(&clause.body.list);
            }
            ast::CompoundCommand::CaseClause(clause) => {
                self.say("Case");
                for list in clause.cases.iter().filter_map(|case| case.cmd.as_ref()) {
                    self.list(list);
                }
            }
            ast::CompoundCommand::IfClause(clause) => {
                self.say("If");
                self.list(&clause.condition);
                self.list(&clause.then);
                for other in clause.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition);
                    }
                    self.list(&other.body);
                }
            }
            ast::CompoundCommand::WhileClause(clause) => {
                self.say("While");
                self.list(&clause.0);
                self.list(&clause.1.list);
            }
            ast::CompoundCommand::UntilClause(clause) => {
                self.say("Until");
                self.list(&clause.0);
                self.list(&clause.1.list);
            }
            ast::CompoundCommand::Coprocess(_) => self.say("coproc"),
        }
        self.say("end");
    }
}

fn theirs(text: &str) -> Option<Vec<String>> {
    let options = ParserOptions { enable_extended_globbing: false, ..ParserOptions::default() };
    let program = Parser::new(text.as_bytes(), &options).parse_program().ok()?;
    let mut theirs = Theirs::default();
    for list in &program.complete_commands {
        theirs.list(list);
    }
    Some(theirs.events)
}

fn ours(text: &str) -> Result<Vec<String>, String> {
    let script = parse(text, Dialect::Bash).map_err(|opaque| opaque.reason)?;
    let mut ours = Ours { text, events: Vec::new() };
    ours.list(&script.list);
    Ok(ours.events)
}

#[test]
fn the_realistic_texts_read_alike() {
    assert!(common::bodies::ALL.len() >= 150);
    for text in common::bodies::ALL {
        let ours = ours(text).unwrap_or_else(|reason| panic!("{text:?} is opaque: {reason}"));
        assert_eq!(Some(ours), theirs(text), "{text:?}");
    }
}

/// Why a text that the other parser accepts may be opaque here: the reasons, or what all of a kind have in common. Anything else is a
/// surprise.
const OPAQUE_HERE: &[&str] = &[
    // The parser behind this crate wants something else. Most of these have a stray `{` or `}` at the edge of a word; the others are
    // errors in bash too, which the second parser lets pass.
    "expected ",
    "invalid arithmetic for ",
    "a word that does not end where the parser says",
    "a word that is not where the parser says",
    "a background operator of zsh",
    // The second parser takes a reserved word after a redirection for one; bash does not.
    "without a separator before it",
    "two commands with nothing between them",
    // The second parser does not look into expansions, where bash fails when it runs them.
    "an unknown parameter expansion",
    "`${` without a name",
    "quotes or braces in arithmetic",
    "a loop variable that is not a name",
    // Shells, or versions of bash, differ.
    "`;` in `((…))`",
    "`time` after `!`",
    "operators grouped against their precedence",
    "a duplicated descriptor that is not a digit",
    "digits before a redirection",
    "an unclear file descriptor",
    "nothing before",
    // Rare, and not worth reading.
    "a line break inside `${…}`",
    "a substitution that the parser does not see",
];

#[test]
fn changed_texts_read_alike() {
    let mut random = common::Seeded::new(20_260_101);
    let (mut both, mut neither, mut known) = (0, 0, 0);
    let mut surprises = Vec::new();
    for _ in 0..5000 {
        let text = random.mutation();
        match (ours(&text), theirs(&text)) {
            (Ok(ours), Some(theirs)) if ours == theirs => both += 1,
            (Ok(ours), Some(theirs)) => {
                surprises.push(format!("differ: {text:?}\n  {ours:?}\n  {theirs:?}"));
            }
            (Err(_), None) => neither += 1,
            (Err(reason), Some(_)) => {
                known += 1;
                if !OPAQUE_HERE.iter().any(|kind| reason.contains(kind)) {
                    surprises.push(format!("only theirs: {reason}: {text:?}"));
                }
            }
            // The other parser refuses `case` in parentheses when a pattern begins with a star.
            (Ok(ours), None) if ours.windows(2).any(|pair| pair == ["(", "Case"]) => known += 1,
            (Ok(_), None) => surprises.push(format!("only ours: {text:?}")),
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    assert!(
        both > 3000,
        "too few texts were compared: {both}, with {neither} refused by both and {known} known differences"
    );
}
