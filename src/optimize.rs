//! Runs the passes over one file until nothing changes, checks every rewrite, and takes back what it cannot prove. It knows
//! no file system: text and context come in, text goes out.

use std::collections::{BTreeMap, BTreeSet};

use dockopt_model::{Apart, Child, Context, Ignore, IgnoreFile, Model, Pipes, runtime};
use dockopt_syntax::{Edits, LineIndex, Parse, Span, SyntaxError, Tree, parse};
use dockopt_tools::Toolbox;
use dockopt_transforms::{Class, Cx, Options, PASSES, Pass, Phase, Proof, Proposal, Rewrite};

use crate::suppress::kept_by;

/// What to optimize, and how.
pub struct Request<'a> {
    /// The Dockerfile.
    pub text: &'a str,
    /// The tools that are known.
    pub toolbox: &'a Toolbox,
    /// The build context, if there is one.
    pub context: Option<Context<'a>>,
    /// Settings of passes.
    pub options: &'a Options,
    /// Which rewrites are wanted.
    pub selection: &'a Selection,
}

impl<'a> Request<'a> {
    fn model<'m>(&self, tree: &'m Tree, context: Option<&'m Context<'m>>) -> Model<'m>
    where
        'a: 'm,
    {
        Model::with_pins(tree, self.toolbox, context, &self.options.pins)
    }
}

/// Which rewrites are wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// These passes and rules only, by their names or aliases.
    pub only: Option<Vec<String>>,
    /// Not these.
    pub without: Vec<String>,
    /// Unsafe rewrites too.
    pub include_unsafe: bool,
}

impl Selection {
    fn wants(&self, pass: &Pass) -> bool {
        self.wants_subject(pass.into())
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The Dockerfile afterwards.
    pub text: String,
    /// The ignore file afterwards, if it changes.
    pub ignore: Option<String>,
    /// The passes whose unsafe rewrites added lines to it.
    pub ignoring: BTreeSet<&'static str>,
    /// Rewrites that were applied.
    pub applied: Vec<Note>,
    /// Rewrites that were not: unsafe ones without leave, suggestions, suppressed ones.
    pub held: Vec<Note>,
    /// Places where work was seen and left.
    pub declined: Vec<Note>,
    /// Rewrites that broke a rule and were taken back: faults of dockopt.
    pub bugs: Vec<String>,
}

/// A line about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The pass.
    pub pass: &'static str,
    /// What a rewrite promises; `None` for a declined one.
    pub class: Option<Class>,
    /// The line in the original file, from 1.
    pub line: usize,
    /// What is done, or declined.
    pub title: String,
    /// Why.
    pub reason: String,
    /// What it would have saved, where that was weighed.
    pub effect: Option<String>,
}

impl Note {
    /// A place that a pass left.
    fn declined(pass: &Pass, line: usize, title: &str, reason: String) -> Self {
        Self { pass: pass.name, class: None, line, title: title.to_owned(), reason, effect: None }
    }
}

/// Each round runs every pass; a file that still changes after this many is a fault.
const MOST_ROUNDS: usize = 8;

/// Runs the passes. The errors are those of the file's syntax; such a file is left alone.
pub fn optimize(request: &Request<'_>) -> Result<Outcome, Vec<SyntaxError>> {
    let first = parse(request.text);
    if !first.errors.is_empty() {
        return Err(first.errors);
    }
    let mut run = Run {
        request,
        text: request.text.to_owned(),
        context: request.context.clone(),
        origin: (1..=request.text.split('\n').count()).collect(),
        outcome: Outcome::default(),
    };
    let mut parsed = first;
    for round in 0..=MOST_ROUNDS {
        run.outcome.held.clear();
        run.outcome.declined.clear();
        let mut changed = false;
        let (mut next, mut repeats) = (0, 0);
        while let (Some(after), at) = run.step(&parsed, next) {
            parsed = after;
            changed = true;
            // What a pass did may let it do more: it runs again before the next one.
            repeats = if at == next { repeats + 1 } else { 1 };
            next = if repeats < MOST_ROUNDS { at } else { at + 1 };
        }
        if !changed {
            break;
        }
        if round == MOST_ROUNDS {
            run.outcome.bugs.push(format!("the file still changes after {MOST_ROUNDS} rounds"));
        }
    }
    run.outcome.text = run.text;
    if run.outcome.ignore.is_some()
        && run.outcome.ignore
            == request.context.as_ref().and_then(|context| context.ignore.text.as_deref().map(str::to_owned))
    {
        run.outcome.ignore = None;
    }
    Ok(run.outcome)
}

struct Run<'r, 'a> {
    request: &'r Request<'a>,
    text: String,
    context: Option<Context<'a>>,
    /// The original line of each line.
    origin: Vec<usize>,
    outcome: Outcome,
}

/// A text and ignore file that a rewrite leads to.
struct Candidate<'a> {
    parsed: Parse,
    text: String,
    context: Option<Context<'a>>,
    ignore: Option<String>,
}

impl<'a> Run<'_, 'a> {
    /// Runs passes from `next` on until one changes the text: the new tree, and that pass.
    fn step(&mut self, parsed: &Parse, next: usize) -> (Option<Parse>, usize) {
        let context = self.context.clone();
        let model = self.request.model(&parsed.tree, context.as_ref());
        let cx = Cx { model: &model, options: self.request.options };
        let children = Child::of(&parsed.tree);
        for (at, pass) in PASSES.iter().enumerate().skip(next) {
            if !self.request.selection.wants(pass) {
                continue;
            }
            if let (true, Some(fails)) = (pass.phase > Phase::Correct, model.fails()) {
                let at = parsed.tree.instructions[fails].keyword_span;
                let reason =
                    "this RUN cannot succeed, so there is no image to keep the same; nothing else is changed"
                        .to_owned();
                self.outcome.declined.push(Note::declined(pass, self.line(at), "", reason));
                break;
            }
            let mut proposals = pass.run(&cx);
            for child in children.iter().filter(|_| pass.phase.is_inside_runs()) {
                let model = child.model(self.request.toolbox, &self.request.options.pins);
                let of_triggers = pass.run(&Cx { model: &model, ..cx });
                proposals.extend(of_triggers.into_iter().filter(|one| child.is_trigger(one.at())));
            }
            let wanted = self.sort(pass, &parsed.tree, proposals);
            if let Some(after) = self.apply(pass, &model, &wanted) {
                return (Some(after), at);
            }
        }
        (None, PASSES.len())
    }

    /// Keeps the rewrites that may be applied and notes the others.
    fn sort(&mut self, pass: &'static Pass, tree: &Tree, proposals: Vec<Proposal>) -> Vec<Rewrite> {
        let mut wanted = Vec::new();
        for proposal in proposals {
            match proposal {
                Proposal::Declined(declined) => {
                    let line = self.line(declined.at);
                    self.outcome.declined.push(Note::declined(pass, line, "", declined.reason));
                }
                Proposal::Rewrite(rewrite) => {
                    let allowed = rewrite.class == Class::Safe
                        || (rewrite.class == Class::Unsafe && self.request.selection.include_unsafe);
                    match kept_by(tree, pass.into(), &places(&rewrite)) {
                        Some(by) => {
                            let mut note = self.note(pass, &rewrite);
                            note.reason = format!("kept by `{by}`");
                            self.outcome.held.push(note);
                        }
                        None if allowed => wanted.push(rewrite),
                        None => {
                            let note = self.note(pass, &rewrite);
                            self.outcome.held.push(note);
                        }
                    }
                }
            }
        }
        wanted
    }

    fn note(&self, pass: &Pass, rewrite: &Rewrite) -> Note {
        Note {
            pass: pass.name,
            class: Some(rewrite.class),
            line: self.line(rewrite.at),
            title: rewrite.title.clone(),
            reason: rewrite.reason.clone(),
            effect: None,
        }
    }

    /// The original line of a span of the current text.
    fn line(&self, at: Span) -> usize {
        let line = LineIndex::new(&self.text).line(at.start);
        self.origin.get(line - 1).copied().unwrap_or(line)
    }

    /// Applies the rewrites of a pass that do not meet: all at once if that can be proven, else one after the other those
    /// that can be proven together with the ones before.
    fn apply(&mut self, pass: &'static Pass, model: &Model<'_>, wanted: &[Rewrite]) -> Option<Parse> {
        let mut chosen: Vec<&Rewrite> = Vec::new();
        for rewrite in wanted {
            if chosen.iter().all(|other| !other.edits.meets(&rewrite.edits)) {
                chosen.push(rewrite);
            }
        }
        if chosen.is_empty() {
            return None;
        }
        let all = self.candidate(model, &chosen).ok();
        if let Some(candidate) = all {
            return Some(self.accept(pass, &chosen, candidate));
        }
        let mut proven: Vec<&Rewrite> = Vec::new();
        let mut result = None;
        for rewrite in chosen {
            let with_it: Vec<&Rewrite> = proven.iter().copied().chain([rewrite]).collect();
            match self.candidate(model, &with_it) {
                Ok(candidate) => {
                    proven = with_it;
                    result = Some(candidate);
                }
                Err(Fault::Unproven(why)) => {
                    let line = self.line(rewrite.at);
                    self.outcome.declined.push(Note::declined(pass, line, &rewrite.title, why));
                }
                Err(Fault::Bug(why)) => {
                    let bug =
                        format!("{}: line {}: {}: {why}", pass.name, self.line(rewrite.at), rewrite.title);
                    if !self.outcome.bugs.contains(&bug) {
                        self.outcome.bugs.push(bug);
                    }
                }
            }
        }
        result.map(|candidate| self.accept(pass, &proven, candidate))
    }

    fn accept(&mut self, pass: &'static Pass, rewrites: &[&Rewrite], candidate: Candidate<'a>) -> Parse {
        for rewrite in rewrites {
            let note = self.note(pass, rewrite);
            self.outcome.applied.push(note);
            if rewrite.class == Class::Unsafe && !rewrite.ignore.is_empty() {
                self.outcome.ignoring.insert(pass.name);
            }
        }
        let edits: Vec<_> = rewrites.iter().flat_map(|rewrite| rewrite.edits.iter()).cloned().collect();
        let edits = Edits::new(edits).expect("they were applied together");
        self.origin = origins(&self.text, &candidate.text, &edits, &self.origin);
        self.text = candidate.text;
        self.context = candidate.context;
        self.outcome.ignore = candidate.ignore.or(self.outcome.ignore.take());
        candidate.parsed
    }

    /// The result of rewrites together, if it passes every check.
    fn candidate(&self, model: &Model<'_>, rewrites: &[&Rewrite]) -> Result<Candidate<'a>, Fault> {
        let bug = |why: String| Fault::Bug(why);
        let edits: Vec<_> = rewrites.iter().flat_map(|rewrite| rewrite.edits.iter()).cloned().collect();
        let edits = Edits::new(edits).map_err(|error| bug(error.to_string()))?;
        let text = edits.apply(&self.text).map_err(|error| bug(error.to_string()))?;
        let lines: Vec<&String> = rewrites.iter().flat_map(|rewrite| &rewrite.ignore).collect();
        let (context, ignore) = self.extended_ignore(&lines)?;
        let parsed = parse(&text);
        if let Some(error) = parsed.errors.first() {
            return Err(bug(format!("the result has a syntax error: {error}")));
        }
        let after = self.request.model(&parsed.tree, context.as_ref());
        if model.comments() != after.comments() {
            return Err(bug("a comment was lost or changed".to_owned()));
        }
        check_commands(model, &after, rewrites).map_err(bug)?;
        let is_held_to = |proof: Proof| rewrites.iter().any(|rewrite| rewrite.proof == proof);
        if is_held_to(Proof::Mends) {
            if model.fails().is_none() {
                return Err(Fault::Unproven("the original may build as it is".to_owned()));
            }
        } else if is_held_to(Proof::Split) {
            let sources = rewrites.iter().flat_map(|rewrite| rewrite.sources.iter().cloned()).collect();
            runtime::check(model, &after, &sources).map_err(Fault::Unproven)?;
        } else {
            // What `.dockerignore` leaves out now is compared as left out before, too: that is what the rewrite says.
            let ignored = (!lines.is_empty()).then(|| self.request.model(model.tree, context.as_ref()));
            let before = ignored.as_ref().unwrap_or(model);
            // An unsafe rewrite changes what it says, the commands and settings that it lists, and nothing else.
            let apart = apart(rewrites);
            let (old, new) = (before.digest_apart_from(&apart), after.digest_apart_from(&apart));
            if old.first_difference(&new).is_some() {
                return Err(Fault::Unproven(
                    "it could not be proven that the image stays the same".to_owned(),
                ));
            }
        }
        drop(after);
        Ok(Candidate { parsed, text, context, ignore })
    }

    /// The context with lines added to its ignore file, and that file's text if it changes.
    fn extended_ignore(&self, lines: &[&String]) -> Result<(Option<Context<'a>>, Option<String>), Fault> {
        let Some(context) = self.context.clone().filter(|_| !lines.is_empty()) else {
            return Ok((self.context.clone(), None));
        };
        let mut text = context.ignore.text.as_deref().unwrap_or_default().to_owned();
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str(newline);
        }
        for line in lines {
            if !text.lines().any(|known| known.trim() == line.as_str()) {
                text.push_str(line);
                text.push_str(newline);
            }
        }
        let ignore = Ignore::parse(&text).map_err(|error| Fault::Bug(error.to_string()))?;
        if lines.iter().any(|line| !ignore.excludes(line)) {
            return Err(Fault::Unproven(
                "the ignore file cannot leave the folder out by one more line".to_owned(),
            ));
        }
        let file = IgnoreFile { text: Some(text.as_str().into()), ignore, ..context.ignore };
        Ok((Some(Context { ignore: file, ..context }), Some(text)))
    }
}

/// Why a rewrite is taken back.
enum Fault {
    /// A rule of dockopt's own is broken.
    Bug(String),
    /// The image may differ.
    Unproven(String),
}

/// What rewrites change on purpose. A command that goes may stand elsewhere, too, and there it comes as little into account as here.
fn apart(rewrites: &[&Rewrite]) -> Apart {
    let mut apart = Apart::default();
    for rewrite in rewrites.iter().filter(|rewrite| rewrite.class != Class::Safe) {
        apart.commands.extend(rewrite.commands.gone.iter().chain(&rewrite.commands.new).cloned());
        apart.settings.extend(rewrite.settings.iter().cloned());
        if rewrite.pipes == Pipes::MayFail {
            apart.pipes = Pipes::MayFail;
        }
    }
    apart
}

/// No command is lost: the difference between the commands before and after is what the rewrites declare.
fn check_commands(before: &Model<'_>, after: &Model<'_>, rewrites: &[&Rewrite]) -> Result<(), String> {
    let mut balance: BTreeMap<String, i64> = BTreeMap::new();
    let mut count = |commands: Vec<String>, by: i64| {
        for command in commands {
            *balance.entry(command).or_default() += by;
        }
    };
    count(before.commands(), 1);
    count(after.commands(), -1);
    for rewrite in rewrites {
        count(rewrite.commands.gone.clone(), -1);
        count(rewrite.commands.new.clone(), 1);
    }
    match balance.into_iter().find(|(_, count)| *count != 0) {
        Some((command, count)) if count > 0 => Err(format!("the command `{command}` was lost")),
        Some((command, _)) => Err(format!("the command `{command}` came from nowhere")),
        None => Ok(()),
    }
}

/// The place that a rewrite is about, and those that it edits.
fn places(rewrite: &Rewrite) -> Vec<Span> {
    std::iter::once(rewrite.at).chain(rewrite.edits.iter().map(|edit| edit.span)).collect()
}

/// The original line of each line after edits. A line that an edit wrote is that of the replaced line which begins like it.
fn origins(before: &str, after: &str, edits: &Edits, origin: &[usize]) -> Vec<usize> {
    let index = LineIndex::new(before);
    let old_line = |offset: usize| index.line(offset.min(before.len()));
    let mut lines = Vec::new();
    let mut start = 0;
    for line in after.split('\n') {
        let (old, replaced) = before_offset(start, edits);
        let head: Vec<&str> = line.split_whitespace().take(2).collect();
        let alike = replaced.and_then(|span| {
            let (first, last) = (old_line(span.start), old_line(span.end.saturating_sub(1).max(span.start)));
            (first..=last).find(|&at| {
                let own = index.line_span(before, at).of(before);
                !head.is_empty() && own.split_whitespace().take(2).eq(head.iter().copied())
            })
        });
        let at = alike.unwrap_or_else(|| old_line(old));
        lines.push(origin.get(at - 1).copied().unwrap_or(1));
        start += line.len() + 1;
    }
    lines
}

/// Where the byte at `offset` of the edited text stood before; for new text where it was put in, and what it replaced.
fn before_offset(offset: usize, edits: &Edits) -> (usize, Option<Span>) {
    let (mut old, mut new) = (0, 0);
    for edit in edits {
        let kept = edit.span.start - old;
        if offset < new + kept {
            break;
        }
        new += kept;
        old = edit.span.start;
        if offset < new + edit.text.len() {
            return (old, Some(edit.span));
        }
        new += edit.text.len();
        old = edit.span.end;
    }
    (old + (offset - new), None)
}
