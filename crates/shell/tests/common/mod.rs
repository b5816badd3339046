//! What the tests share: realistic RUN texts, seeded changes to them, and the checks that every parse must pass.
#![allow(dead_code)]

pub(crate) mod bodies;

use std::ops::Range;

use dockopt_shell::{List, Node, NodeKind, Redirect, Script, Simple, Word};

/// A small seeded generator, so that a failure can be repeated.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).expect("53 bits fit") % limit
    }

    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// A text made from the realistic ones: two of them joined, one wrapped, or one with a few tokens changed.
    pub(crate) fn mutation(&mut self) -> String {
        let bodies = bodies::ALL;
        let mut text = self.pick(bodies).to_owned();
        match self.below(4) {
            0 => {
                let joint = self.pick(&[" && ", " || ", "; ", "\n", " | ", " & ", " &&\n  "]);
                text = format!("{text}{joint}{}", self.pick(bodies));
            }
            1 => {
                let (open, close) = [
                    ("( ", " )"),
                    ("{ ", "; }"),
                    ("{\n", "\n}"),
                    ("if ", "; then true; fi"),
                    ("if test -f x; then\n", "\nelse :; fi"),
                    ("for f in a b; do ", "; done"),
                    ("while read -r l; do ", "\ndone < list"),
                    ("f() {\n", "\n}"),
                    ("case $x in a|b) ", ";; *) exit 1;; esac"),
                    ("x=\"$(", ")\""),
                    ("! ", ""),
                    ("sh -c '", "'"),
                    ("set -eux; ", " # done"),
                ][self.below(13)];
                text = format!("{open}{text}{close}");
            }
            _ => {}
        }
        for _ in 0..self.below(3) {
            let token = self.pick(&[
                " && ",
                " || ",
                " | ",
                ";",
                "&",
                "\n",
                "\"",
                "'",
                "`",
                "$(",
                ")",
                "(",
                "{",
                "}",
                "\\",
                " # c\n",
                " > f ",
                " 2>&1 ",
                "$x",
                "${y:-z}",
                "*",
                " then ",
                " fi ",
                " do ",
                " done",
                " ",
                "!",
                "=",
                "~",
                "é",
                "<<E\nl\nE\n",
            ]);
            let mut at = self.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            if self.below(3) == 0 {
                // Removing is as telling as adding.
                if let Some(character) = text[at..].chars().next() {
                    text.replace_range(at..at + character.len_utf8(), "");
                }
            } else {
                text.insert_str(at, token);
            }
        }
        text
    }
}

/// Checks everything that holds for every script, and panics with the text if something does not.
pub(crate) fn check(text: &str, script: &Script) {
    let mut checker = Checker { text, last: 0 };
    checker.list(&script.list, &(0..text.len()));
    for comment in &script.comments {
        assert!(text[comment.clone()].starts_with('#'), "comment in {text:?}");
        assert!(!text[comment.clone()].contains('\n'), "comment in {text:?}");
    }
    chain_tiles(text, script);
}

struct Checker<'t> {
    text: &'t str,
    last: usize,
}

impl Checker<'_> {
    fn inside(&mut self, span: &Range<usize>, outer: &Range<usize>) {
        let text = self.text;
        assert!(
            outer.start <= span.start && span.start <= span.end && span.end <= outer.end,
            "{span:?} not inside {outer:?} of {text:?}"
        );
        assert!(text.get(span.clone()).is_some(), "{span:?} splits a character of {text:?}");
    }

    /// A construct that is not empty and does not begin or end in white space.
    fn solid(&mut self, span: &Range<usize>, outer: &Range<usize>) {
        self.inside(span, outer);
        let slice = &self.text[span.clone()];
        assert!(!slice.is_empty(), "an empty construct at {span:?} of {:?}", self.text);
        assert!(!slice.starts_with([' ', '\t', '\n']), "{slice:?} begins with a blank in {:?}", self.text);
        // `a\ ` ends in a blank that is quoted.
        let blank = slice.ends_with([' ', '\t', '\n']) && !slice[..slice.len() - 1].ends_with('\\');
        assert!(!blank, "{slice:?} ends with a blank in {:?}", self.text);
    }

    fn list(&mut self, list: &List, outer: &Range<usize>) {
        self.inside(&list.span, outer);
        let mut after = list.span.start;
        for item in &list.items {
            assert!(item.node.span.start >= after, "items overlap in {:?}", self.text);
            self.node(&item.node, &list.span);
            after = item.node.span.end;
            assert_eq!(item.terminator.is_some(), item.terminator_span.is_some());
            if let Some(span) = &item.terminator_span {
                assert!(span.start >= after);
                self.solid(span, &list.span);
                assert!([";", "&"].contains(&&self.text[span.clone()]));
                after = span.end;
            }
        }
        if let Some(last) = list.items.last() {
            assert_eq!(list.span.start, list.items[0].node.span.start);
            let end = last.terminator_span.as_ref().map_or(last.node.span.end, |span| span.end);
            assert_eq!(list.span.end, end);
        } else {
            assert!(list.span.is_empty());
        }
    }

    fn node(&mut self, node: &Node, outer: &Range<usize>) {
        self.solid(&node.span, outer);
        let slice = &self.text[node.span.clone()];
        for redirect in &node.redirects {
            self.redirect(redirect, &node.span);
        }
        match &node.kind {
            NodeKind::Simple(simple) => self.simple(simple, &node.span),
            NodeKind::And { left, op, right } => self.operator(node, left, op, right, &["&&"]),
            NodeKind::Or { left, op, right } => self.operator(node, left, op, right, &["||"]),
            NodeKind::Pipe { left, op, right } => self.operator(node, left, op, right, &["|", "|&"]),
            NodeKind::Not(inner) => {
                assert!(slice.starts_with('!'));
                self.node(inner, &(node.span.start + 1..node.span.end));
            }
            NodeKind::Subshell(list) => {
                assert!(slice.starts_with('('));
                assert!(slice.ends_with(')') || !node.redirects.is_empty());
                self.list(list, &(node.span.start + 1..node.span.end - 1));
            }
            NodeKind::Group(list) => {
                assert!(slice.starts_with('{'));
                assert!(slice.ends_with('}') || !node.redirects.is_empty());
                self.list(list, &(node.span.start + 1..node.span.end - 1));
            }
            NodeKind::Compound { lists, words, .. } => {
                let mut after = node.span.start;
                for list in lists {
                    assert!(list.span.start >= after, "lists overlap in {:?}", self.text);
                    self.list(list, &node.span);
                    after = list.span.end;
                }
                for word in words {
                    self.word(word, &node.span);
                }
            }
            NodeKind::Function { name, body } => {
                assert!(slice.contains(name.as_str()));
                self.node(body, &node.span);
                assert_eq!(body.span.end, node.span.end);
            }
        }
    }

    fn operator(&mut self, node: &Node, left: &Node, op: &Range<usize>, right: &Node, tokens: &[&str]) {
        assert!(tokens.contains(&&self.text[op.clone()]));
        assert_eq!(left.span.start, node.span.start);
        assert!(left.span.end <= op.start && op.end <= right.span.start);
        assert_eq!(right.span.end, node.span.end);
        self.node(left, &node.span);
        self.node(right, &node.span);
    }

    fn simple(&mut self, simple: &Simple, outer: &Range<usize>) {
        let mut after = outer.start;
        for assignment in &simple.assignments {
            assert!(assignment.span.start >= after);
            self.solid(&assignment.span, outer);
            assert!(self.text[assignment.span.clone()].starts_with(&assignment.name));
            if let Some(value) = &assignment.value {
                self.word(value, &assignment.span);
                assert_eq!(value.span.end, assignment.span.end);
            }
            after = assignment.span.end;
        }
        for word in &simple.words {
            assert!(word.span.start >= after, "words overlap in {:?}", self.text);
            self.word(word, outer);
            after = word.span.end;
        }
    }

    fn redirect(&mut self, redirect: &Redirect, outer: &Range<usize>) {
        self.solid(&redirect.span, outer);
        if let Some(target) = &redirect.target {
            self.word(target, &redirect.span);
            assert_eq!(target.span.end, redirect.span.end);
        }
        assert_eq!(redirect.heredoc_body.is_some(), redirect.heredoc.is_some());
        if let (Some(body), Some(word)) = (&redirect.heredoc_body, &redirect.heredoc) {
            assert_eq!(*body, word.span);
            self.inside(body, &(redirect.span.end..self.text.len()));
            assert!(self.text[..body.start].ends_with('\n'));
            assert!(body.is_empty() || self.text[body.clone()].ends_with('\n'));
            for list in &word.substitutions {
                self.list(list, body);
            }
        }
    }

    fn word(&mut self, word: &Word, outer: &Range<usize>) {
        self.inside(&word.span, outer);
        self.last = self.last.max(word.span.end);
        let slice = &self.text[word.span.clone()];
        if !word.substitutions.is_empty() || !word.variables.is_empty() || word.glob || word.assigns {
            assert!(word.literal.is_none(), "{slice:?} expands and has a literal");
        }
        if let Some(literal) = &word.literal
            && !word.quoted
            && !slice.contains("\\\n")
        {
            assert_eq!(literal, slice, "unquoted words are their text");
        }
        for list in &word.substitutions {
            self.list(list, &word.span);
        }
    }
}

/// The operands and operators of the top-level chain make up the text: between them are only blanks, comments, line continuations
/// and here-documents.
fn chain_tiles(text: &str, script: &Script) {
    let Some(chain) = script.and_chain() else {
        return;
    };
    let mut heredocs = Vec::new();
    dockopt_shell::walk_redirects(&script.list, &mut |redirect| {
        if let Some(body) = &redirect.heredoc_body {
            let rest = &text[body.end..];
            let line = rest.find('\n').map_or(rest.len(), |length| length + 1);
            heredocs.push(body.start..body.end + line);
        }
    });
    let mut at = 0;
    for (index, operand) in chain.iter().enumerate() {
        let gap = at..operand.span.start;
        let rest = without(text, gap, &script.comments, &heredocs);
        let expected = if index == 0 { "" } else { "&&" };
        assert_eq!(rest, expected, "before operand {index} of {text:?}");
        at = operand.span.end;
    }
    let rest = without(text, at..text.len(), &script.comments, &heredocs);
    assert!(rest.is_empty() || rest == ";", "{rest:?} after the last operand of {text:?}");
}

fn without(text: &str, gap: Range<usize>, comments: &[Range<usize>], heredocs: &[Range<usize>]) -> String {
    let skipped = |at: usize| comments.iter().chain(heredocs).any(|range| range.contains(&at));
    let kept: String = text[gap.clone()]
        .char_indices()
        .filter(|(offset, _)| !skipped(gap.start + offset))
        .map(|(_, character)| character)
        .collect();
    kept.replace("\\\n", "").split_whitespace().collect()
}
