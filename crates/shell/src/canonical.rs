//! One spelling for all ways to lay out the same command, used as a label for equality. It must never give two different commands
//! the same label; giving one command two labels only costs a chance.

use crate::{
    tree::{Compound, List, Node, NodeKind, Redirect, Simple, Span, Terminator, Word},
    walk::walk_node_redirects,
};

/// The node in one spelling that does not depend on white space, line breaks and comments between its tokens. `text` is the text
/// that was parsed. Words and quotes are kept as written, and so are the lines of here-documents; `a; b` and two lines are the same.
pub fn canonical(text: &str, node: &Node) -> String {
    let mut heredocs = Vec::new();
    walk_node_redirects(node, &mut |redirect| {
        if let Some(body) = &redirect.heredoc_body {
            let rest = text.get(body.end..).unwrap_or_default();
            let delimiter = rest.find('\n').map_or(rest.len(), |length| length + 1);
            heredocs.push(body.start..body.end + delimiter);
        }
    });
    heredocs.sort_by_key(|span| span.start);
    let mut writer = Writer { text, out: String::new(), heredocs };
    writer.node(node);
    writer.out
}

struct Writer<'t> {
    text: &'t str,
    out: String,
    /// The lines of here-documents with their delimiters; they stand where they like and are written with their redirection.
    heredocs: Vec<Span>,
}

impl Writer<'_> {
    /// Adds a token after one space.
    fn token(&mut self, token: &str) {
        if !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(token);
    }

    fn raw(&mut self, span: &Span) {
        let text = self.text;
        self.token(text.get(span.clone()).unwrap_or_default());
    }

    fn node(&mut self, node: &Node) {
        let mut operands = Vec::new();
        let mut first = node;
        while let NodeKind::And { left, op, right }
        | NodeKind::Or { left, op, right }
        | NodeKind::Pipe { left, op, right } = &first.kind
        {
            operands.push((op, right));
            first = left;
        }
        self.operand(first);
        for (op, right) in operands.into_iter().rev() {
            self.raw(op);
            self.node(right);
        }
    }

    fn operand(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Simple(simple) => {
                self.simple(simple, &node.redirects);
                return;
            }
            NodeKind::And { .. } | NodeKind::Or { .. } | NodeKind::Pipe { .. } => self.node(node),
            NodeKind::Not(inner) => {
                self.token("!");
                self.node(inner);
            }
            NodeKind::Subshell(list) => {
                self.token("(");
                self.list(list);
                self.token(")");
            }
            NodeKind::Group(list) => {
                self.token("{");
                self.list(list);
                self.token("}");
            }
            NodeKind::Compound { keyword, lists, words } => self.compound(node, *keyword, lists, words),
            NodeKind::Function { name, body } => {
                self.token(name);
                self.token("()");
                self.node(body);
            }
        }
        for redirect in &node.redirects {
            self.redirect(redirect);
        }
    }

    fn list(&mut self, list: &List) {
        for item in &list.items {
            self.node(&item.node);
            self.token(match item.terminator {
                Some(Terminator::Background) => "&",
                Some(Terminator::Semicolon) | None => ";",
            });
        }
    }

    /// Writes assignments, words and redirections in the order of the text.
    fn simple(&mut self, simple: &Simple, redirects: &[Redirect]) {
        let mut pieces: Vec<(&Span, Option<&Redirect>)> = Vec::new();
        pieces.extend(simple.assignments.iter().map(|piece| (&piece.span, None)));
        pieces.extend(simple.words.iter().map(|piece| (&piece.span, None)));
        pieces.extend(redirects.iter().map(|piece| (&piece.span, Some(piece))));
        pieces.sort_by_key(|(span, _)| span.start);
        for (span, redirect) in pieces {
            match redirect {
                Some(redirect) => self.redirect(redirect),
                None => self.raw(span),
            }
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        let target = redirect.target.as_ref().map(|target| target.span.clone());
        let operator = redirect.span.start..target.as_ref().map_or(redirect.span.end, |target| target.start);
        // White space may stand between the operator and the target, never in the operator.
        let operator = self.text.get(operator).unwrap_or_default();
        let operator = operator.split([' ', '\t', '\\']).next().unwrap_or_default();
        let target = target.map_or("", |target| self.text.get(target).unwrap_or_default());
        self.token(&format!("{operator}{target}"));
        if let Some(body) = &redirect.heredoc_body {
            let body = self.text.get(body.clone()).unwrap_or_default();
            self.out.push('\n');
            self.out.push_str(body);
            self.out.push('\n');
        }
    }

    /// Writes a compound command: its lists and words, and between them the reserved words and operators of the text.
    fn compound(&mut self, node: &Node, keyword: Compound, lists: &[List], words: &[Word]) {
        let mut parts: Vec<(&Span, Option<&List>)> = Vec::new();
        parts.extend(words.iter().map(|word| (&word.span, None)));
        parts.extend(lists.iter().map(|list| (&list.span, Some(list))));
        parts.sort_by_key(|(span, list)| (span.start, span.end, list.is_some()));
        let end = node.redirects.first().map_or(node.span.end, |redirect| redirect.span.start);
        let loops = matches!(keyword, Compound::For | Compound::Select);
        let mut at = node.span.start;
        for (index, (span, list)) in parts.iter().enumerate() {
            self.between(at..span.start);
            // Where the words of a loop end, the text has `;` or a line break.
            if loops && list.is_some() && index > 0 {
                self.token(";");
            }
            match list {
                Some(list) => self.list(list),
                None => self.raw(span),
            }
            at = span.end;
        }
        self.between(at..end);
    }

    /// Writes the tokens of a gap that holds no words: comments, separators and white space go.
    fn between(&mut self, gap: Span) {
        let mut text = String::new();
        let mut at = gap.start;
        for heredoc in &self.heredocs {
            if at <= heredoc.start && heredoc.end <= gap.end {
                text.push_str(self.text.get(at..heredoc.start).unwrap_or_default());
                at = heredoc.end;
            }
        }
        text.push_str(self.text.get(at..gap.end).unwrap_or_default());
        for line in text.split('\n') {
            for token in line.split([' ', '\t']) {
                if token.starts_with('#') {
                    break;
                }
                let token = if token.starts_with(";;") { token } else { token.trim_start_matches(';') };
                if !token.is_empty() && token != "\\" {
                    self.token(token);
                }
            }
        }
    }
}
