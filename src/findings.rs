//! What the rules find in a file, apart from the places where a pass has a rewrite for the same matter. It knows no file system, and
//! must not change anything.

use dockopt_model::{Child, Model};
use dockopt_rules::{Cx, Finding, RULES, Rule, Scope, Settings, Starts};
use dockopt_syntax::{LineIndex, Tree};
use dockopt_transforms::Pass;

use crate::optimize::{Note, Outcome, Request, Selection};
use crate::suppress::{Subject, kept_by};

/// A finding of a rule, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: dockopt_rules::Severity,
    /// What other tools call it.
    pub aliases: Vec<String>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is there.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Where more is told: a page below the root of the project, or an address.
    pub page: String,
    /// Why a pass that could have mended it leaves it alone.
    pub declined: Option<String>,
}

impl Selection {
    fn wants_rule(&self, rule: &Rule) -> bool {
        (self.only.is_some() || rule.starts == Starts::ByItself) && self.wants_subject(rule.into())
    }

    /// Whether a subject is wanted that would run by itself.
    pub fn wants_subject(&self, subject: Subject<'_>) -> bool {
        let named = |names: &[String]| subject.is_among(names.iter().map(String::as_str));
        self.only.as_ref().is_none_or(|only| named(only)) && !named(&self.without)
    }
}

/// What the rules find in a file of whose passes this came, in the order of the text.
pub fn of(request: &Request<'_>, settings: &Settings, tree: &Tree, outcome: &Outcome) -> Vec<Found> {
    let (toolbox, pins) = (request.toolbox, &request.options.pins);
    let model = Model::with_pins(tree, toolbox, request.context.as_ref(), pins);
    let children = Child::of(tree);
    let triggered: Vec<(&Child, Model<'_>)> =
        children.iter().map(|child| (child, child.model(toolbox, pins))).collect();
    let index = LineIndex::new(&tree.text);
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| request.selection.wants_rule(rule)) {
        let mut findings = rule.run(&Cx { model: &model, settings });
        for (child, model) in triggered.iter().filter(|_| rule.scope == Scope::Runs) {
            findings
                .extend(rule.run(&Cx { model, settings }).into_iter().filter(|one| child.is_trigger(one.at)));
        }
        for finding in findings {
            if kept_by(tree, rule.into(), &[finding.at]).is_some() {
                continue;
            }
            match said_by_passes(rule, &finding, tree, &index, outcome) {
                Said::Rewrite => {}
                Said::Nothing => found.push(shown(rule, finding, tree, &index, None)),
                Said::Declined(why) => found.push(shown(rule, finding, tree, &index, Some(why))),
            }
        }
    }
    found.sort_by(|one, other| (one.line, one.column, one.rule).cmp(&(other.line, other.column, other.rule)));
    found
}

/// What the passes say about the matter of a finding at its instruction.
enum Said {
    Nothing,
    /// There is a rewrite, which is the better answer.
    Rewrite,
    /// It was seen and left, for this reason.
    Declined(String),
}

fn said_by_passes(rule: &Rule, finding: &Finding, tree: &Tree, index: &LineIndex, outcome: &Outcome) -> Said {
    let line = index.line(finding.at.start);
    let instruction = tree.instructions.iter().find(|one| one.span.contains(finding.at));
    let lines = instruction.map_or(line..=line, |one| one.lines.clone());
    let is_about = |note: &&Note| {
        let pass = Pass::named(note.pass);
        lines.contains(&note.line) && pass.is_some_and(|pass| Subject::from(pass).is_about(rule.into()))
    };
    if outcome.applied.iter().chain(&outcome.held).any(|note| is_about(&note)) {
        return Said::Rewrite;
    }
    match outcome.declined.iter().find(is_about) {
        Some(note) => Said::Declined(note.reason.clone()),
        None => Said::Nothing,
    }
}

fn shown(rule: &Rule, finding: Finding, tree: &Tree, index: &LineIndex, declined: Option<String>) -> Found {
    let position = index.position(&tree.text, finding.at.start);
    let aliases = finding.aliases.unwrap_or_else(|| rule.aliases.to_vec());
    Found {
        rule: rule.name,
        severity: rule.severity,
        aliases: aliases.into_iter().map(str::to_owned).collect(),
        line: position.line,
        column: position.column,
        message: finding.message,
        help: finding.help,
        page: format!("docs/rules/{}.md", rule.name),
        declined,
    }
}
