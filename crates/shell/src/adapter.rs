//! Turns the parser's tree into ours while reading the text a second time, so that no position is taken on trust. It must not let a
//! type of the parser out of this crate, and must refuse every construct whose tokens it does not meet one by one.

use shuck_ast::{
    ArithmeticForCommand, Assignment as FoundAssignment, AssignmentValue, BackgroundOperator, BinaryOp,
    BuiltinCommand, CaseCommand, CaseTerminator, Command, CompoundCommand, ConditionalCommand,
    ConditionalExpr, DeclOperand, ForCommand, ForSyntax, FunctionDef, IfCommand, IfSyntax,
    Redirect as FoundRedirect, SelectCommand, Span as FoundSpan, Stmt, StmtSeq, StmtTerminator, TimeCommand,
    Word as FoundWord,
};
use shuck_parser::{
    ShellDialect, ShellProfile,
    parser::{ParseResult, ParseStatus, Parser},
};

use crate::{
    bodies::Bodies,
    cursor::{Cursor, Read},
    guard,
    tree::{
        Assignment, Compound, Dialect, Item, List, Node, NodeKind, Opaque, Script, Simple, Span, Terminator,
        Word,
    },
    word::Until,
};

/// The longest text that is read, in bytes: Linux refuses a longer argument, so no longer RUN can start.
pub const MAX_BYTES: usize = 128 * 1024;

/// The deepest nesting of commands and expansions that is read. Operators of a chain do not nest.
pub const MAX_DEPTH: usize = 24;

/// How deep the second reading may go: a level of the text is up to four steps there.
pub(crate) const MAX_STEPS: usize = 4 * MAX_DEPTH;

/// The reserved words of all shells and of some: none of them is the name of a simple command everywhere.
const RESERVED: [&str; 21] = [
    "!", "{", "}", "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac",
    "in", "[[", "function", "select", "time", "coproc",
];

/// Reads a text as the shell of that dialect would.
///
/// The text is what the shell receives: line continuations of the Dockerfile are already joined. Here-documents and line breaks
/// may occur. An empty text has an empty list.
pub fn parse(text: &str, dialect: Dialect) -> Result<Script, Opaque> {
    let mut cursor = Cursor::new(text, dialect);
    if text.len() > MAX_BYTES {
        return cursor.opaque(format!("longer than {MAX_BYTES} bytes"));
    }
    if let Some(at) = text.bytes().position(|byte| byte.is_ascii_control() && byte != b'\n' && byte != b'\t')
    {
        cursor.at = at;
        return cursor.opaque("a control character");
    }
    if let Some(reason) = guard::unsafe_to_parse(text) {
        return cursor.opaque(reason);
    }
    let shell = match dialect {
        Dialect::Posix => ShellDialect::Posix,
        Dialect::Bash => ShellDialect::Bash,
    };
    let fuel = 100_000.max(text.len());
    let result = Parser::with_limits_and_profile(text, MAX_DEPTH, fuel, ShellProfile::native(shell)).parse();
    if result.status != ParseStatus::Clean {
        return Err(refusal(&result));
    }
    let list = cursor.list(&result.file.body)?;
    cursor.skip_lines()?;
    if cursor.at != text.len() || !cursor.pending.is_empty() {
        return cursor.opaque("text that the parser does not see");
    }
    let mut comments = cursor.comments;
    comments.sort_by_key(|comment| comment.start);
    Ok(Script { list, comments })
}

fn refusal(result: &ParseResult) -> Opaque {
    match (result.diagnostics.first(), &result.terminal_error) {
        (Some(diagnostic), _) => {
            Opaque { reason: diagnostic.message.clone(), at: Some(offsets(diagnostic.span).start) }
        }
        (None, Some(error)) => Opaque { reason: error.to_string(), at: None },
        (None, None) => Opaque { reason: "the parser gave up".to_owned(), at: None },
    }
}

/// The parser's position as a range of bytes.
pub(crate) fn offsets(span: FoundSpan) -> Span {
    span.start.offset()..span.end.offset()
}

/// One token of a simple command as the parser saw it.
enum Piece<'a> {
    Assignment(&'a FoundAssignment),
    Word(&'a FoundWord),
    Operand(&'a DeclOperand),
    Redirect(&'a FoundRedirect),
}

impl Piece<'_> {
    fn span(&self) -> Span {
        offsets(match self {
            Self::Assignment(assignment) => assignment.span,
            Self::Word(word) => word.span,
            Self::Operand(DeclOperand::Flag(word) | DeclOperand::Dynamic(word)) => word.span,
            Self::Operand(DeclOperand::Name(name)) => name.span,
            Self::Operand(DeclOperand::Assignment(assignment)) => assignment.span,
            Self::Redirect(redirect) => redirect.span,
        })
    }
}

impl Cursor<'_> {
    /// Reads the commands of a list; stops after the last one.
    pub(crate) fn list(&mut self, found: &StmtSeq) -> Read<List> {
        self.nested(MAX_STEPS, |cursor| {
            let mut items: Vec<Item> = Vec::with_capacity(found.stmts.len());
            for stmt in &found.stmts {
                let crossed = cursor.skip_lines()?;
                if let Some(previous) = items.last()
                    && previous.terminator.is_none()
                    && !crossed
                {
                    return cursor.opaque("two commands with nothing between them");
                }
                let node = cursor.statement(stmt)?;
                let (terminator, terminator_span) = cursor.terminator(stmt)?;
                items.push(Item { node, terminator, terminator_span });
            }
            let span = match (items.first(), items.last()) {
                (Some(first), Some(last)) => {
                    let end = last.terminator_span.as_ref().map_or(last.node.span.end, |span| span.end);
                    first.node.span.start..end
                }
                _ => cursor.at..cursor.at,
            };
            Ok(List { items, span })
        })
    }

    fn terminator(&mut self, stmt: &Stmt) -> Read<(Option<Terminator>, Option<Span>)> {
        let (terminator, token) = match stmt.terminator {
            // The parser keeps no terminator for the last command of a condition.
            None if self.lone_semicolon_ahead() => (Terminator::Semicolon, ";"),
            None => return Ok((None, None)),
            Some(StmtTerminator::Semicolon) => (Terminator::Semicolon, ";"),
            Some(StmtTerminator::Background(BackgroundOperator::Plain)) => (Terminator::Background, "&"),
            Some(StmtTerminator::Background(_)) => return self.opaque("a background operator of zsh"),
        };
        self.skip_blanks();
        let span = self.expect(token)?;
        // `;;`, `;&`, `&&` and `&>` are other tokens.
        if matches!(self.byte(), Some(b';' | b'&')) || (token == "&" && self.byte() == Some(b'>')) {
            return self.opaque(format!("`{token}` is part of a longer operator"));
        }
        Ok((Some(terminator), Some(span)))
    }

    /// Whether the next token is `;` and not the start of `;;`.
    fn lone_semicolon_ahead(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        rest.starts_with(';') && !rest[1..].starts_with([';', '&'])
    }

    /// Reads a command, a pipeline or an and-or chain. Left operands are read in a loop, since chains may be long.
    fn statement(&mut self, found: &Stmt) -> Read<Node> {
        let mut spine = vec![found];
        let mut leaf = found;
        while let Command::Binary(binary) = &leaf.command {
            leaf = &binary.left;
            spine.push(leaf);
        }
        let mut bangs = Vec::with_capacity(spine.len());
        for (index, stmt) in spine.iter().enumerate() {
            if index > 0 && stmt.terminator.is_some() {
                return self.opaque("an operand with a terminator");
            }
            if stmt.negated {
                self.skip_blanks();
                bangs.push(Some(self.expect_keyword("!")?.start));
            } else {
                bangs.push(None);
            }
        }
        self.skip_blanks();
        let mut node = self.command(leaf)?;
        if let Some(Some(bang)) = bangs.pop() {
            if is_timed(&node) {
                return self.opaque("`time` after `!`");
            }
            node = negate(node, bang);
        }
        spine.pop();
        while let (Some(stmt), Some(bang)) = (spine.pop(), bangs.pop()) {
            let Command::Binary(binary) = &stmt.command else {
                return self.opaque("a chain without an operator");
            };
            if !stmt.redirects.is_empty() || binary.right.terminator.is_some() {
                return self.opaque("a chain with a redirection or terminator of its own");
            }
            self.skip_blanks();
            let op = self.binary_operator(binary.op)?;
            self.skip_lines()?;
            let right = self.nested(MAX_STEPS, |cursor| cursor.statement(&binary.right))?;
            node = self.join(node, binary.op, op, right)?;
            if let Some(bang) = bang {
                if matches!(node.kind, NodeKind::And { .. } | NodeKind::Or { .. }) {
                    return self.opaque("a negated chain");
                }
                node = negate(node, bang);
            }
        }
        Ok(node)
    }

    fn binary_operator(&mut self, found: BinaryOp) -> Read<Span> {
        let token = match found {
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
            BinaryOp::Pipe => "|",
            BinaryOp::PipeAll if self.dialect == Dialect::Bash => "|&",
            BinaryOp::PipeAll => return self.opaque("`|&`, which only some shells know"),
        };
        let span = self.expect(token)?;
        match self.byte() {
            Some(b'|' | b'&') => self.opaque("an operator longer than the parser says"),
            _ => Ok(span),
        }
    }

    /// Joins two operands, whose precedence must be that of the operator.
    fn join(&self, left: Node, found: BinaryOp, op: Span, right: Node) -> Read<Node> {
        let chains = |node: &Node| matches!(node.kind, NodeKind::And { .. } | NodeKind::Or { .. });
        let pipes = matches!(found, BinaryOp::Pipe | BinaryOp::PipeAll);
        let negates = |node: &Node| matches!(node.kind, NodeKind::Not(_));
        if chains(&right)
            || (pipes
                && (is_timed(&left)
                    || is_timed(&right)
                    || chains(&left)
                    || negates(&left)
                    || negates(&right)
                    || matches!(right.kind, NodeKind::Pipe { .. })))
        {
            return self.opaque("operators grouped against their precedence");
        }
        let span = left.span.start..right.span.end;
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match found {
            BinaryOp::And => NodeKind::And { left, op, right },
            BinaryOp::Or => NodeKind::Or { left, op, right },
            BinaryOp::Pipe | BinaryOp::PipeAll => NodeKind::Pipe { left, op, right },
        };
        Ok(Node { kind, span, redirects: Vec::new() })
    }

    /// Reads one command that is not a chain, with its redirections.
    fn command(&mut self, stmt: &Stmt) -> Read<Node> {
        let start = self.at;
        let mut redirects = Vec::new();
        let kind = match &stmt.command {
            Command::Simple(command) => {
                let mut pieces: Vec<Piece<'_>> = Vec::new();
                pieces.extend(command.assignments.iter().map(Piece::Assignment));
                // A command of assignments only has an empty name.
                if !command.name.parts.is_empty() && !offsets(command.name.span).is_empty() {
                    pieces.push(Piece::Word(&command.name));
                }
                pieces.extend(command.args.iter().map(Piece::Word));
                self.simple(None, pieces, stmt, &mut redirects)?
            }
            Command::Builtin(command) => self.builtin(command, stmt, &mut redirects)?,
            Command::Decl(command) => {
                let mut pieces: Vec<Piece<'_>> = Vec::new();
                pieces.extend(command.assignments.iter().map(Piece::Assignment));
                pieces.extend(command.operands.iter().map(Piece::Operand));
                self.simple(Some(command.variant.as_str()), pieces, stmt, &mut redirects)?
            }
            Command::Compound(command) => {
                let kind = self.nested(MAX_STEPS, |cursor| cursor.compound(command))?;
                for redirect in &stmt.redirects {
                    self.skip_blanks();
                    redirects.push(self.redirect(redirect)?);
                }
                kind
            }
            Command::Function(function) => self.nested(MAX_STEPS, |cursor| {
                if stmt.redirects.is_empty() {
                    cursor.function(function)
                } else {
                    cursor.opaque("a function with redirections outside its body")
                }
            })?,
            Command::Binary(_) => return self.opaque("a chain where a command was expected"),
            Command::AnonymousFunction(_) => return self.opaque("a function without a name"),
        };
        Ok(Node { kind, span: start..self.at, redirects })
    }

    fn builtin(
        &mut self,
        command: &BuiltinCommand,
        stmt: &Stmt,
        redirects: &mut Vec<crate::tree::Redirect>,
    ) -> Read<NodeKind> {
        let (name, assignments, first, rest) = match command {
            BuiltinCommand::Break(c) => ("break", &c.assignments, &c.depth, &c.extra_args),
            BuiltinCommand::Continue(c) => ("continue", &c.assignments, &c.depth, &c.extra_args),
            BuiltinCommand::Return(c) => ("return", &c.assignments, &c.code, &c.extra_args),
            BuiltinCommand::Exit(c) => ("exit", &c.assignments, &c.code, &c.extra_args),
        };
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        pieces.extend(assignments.iter().map(Piece::Assignment));
        pieces.extend(first.iter().chain(rest).map(Piece::Word));
        self.simple(Some(name), pieces, stmt, redirects)
    }

    /// Reads a simple command from its pieces. A `name` is a command name for which the parser keeps no word.
    fn simple<'a>(
        &mut self,
        mut name: Option<&str>,
        mut pieces: Vec<Piece<'a>>,
        stmt: &'a Stmt,
        redirects: &mut Vec<crate::tree::Redirect>,
    ) -> Read<NodeKind> {
        pieces.extend(stmt.redirects.iter().map(Piece::Redirect));
        pieces.sort_by_key(|piece| piece.span().start);
        let mut simple = Simple { assignments: Vec::new(), words: Vec::new() };
        let mut end = self.at;
        let mut pieces = pieces.into_iter().peekable();
        while pieces.peek().is_some() || name.is_some() {
            self.skip_blanks();
            let Some(piece) = pieces.next_if(|piece| piece.span().start == self.at) else {
                let Some(name) = name.take() else {
                    return self.opaque("a word that is not where the parser says");
                };
                self.expect_keyword(name)?;
                simple.words.push(Word {
                    span: self.at - name.len()..self.at,
                    literal: Some(name.to_owned()),
                    variables: Vec::new(),
                    substitutions: Vec::new(),
                    glob: false,
                    quoted: false,
                    assigns: false,
                });
                end = self.at;
                continue;
            };
            match &piece {
                Piece::Assignment(assignment) => {
                    if !simple.words.is_empty() {
                        return self.opaque("an assignment after the command name");
                    }
                    simple.assignments.push(self.assignment(assignment)?);
                }
                Piece::Word(word) => {
                    if simple.words.is_empty() && self.assignment_name().is_some() {
                        return self.opaque("an assignment that the parser takes for a word");
                    }
                    let word = self.word(&Bodies::of_word(word), Until::Delimiter)?;
                    simple.words.push(word);
                }
                Piece::Operand(operand) => {
                    let word = self.operand_word(operand)?;
                    simple.words.push(word);
                }
                Piece::Redirect(redirect) => redirects.push(self.redirect(redirect)?),
            }
            let said = piece.span();
            if !matches!(piece, Piece::Redirect(_)) && !self.agrees(&(said.start..self.at), &said) {
                return self.opaque("a word that does not end where the parser says");
            }
            end = self.at;
        }
        self.at = end;
        self.check_name(&simple)?;
        Ok(NodeKind::Simple(simple))
    }

    /// Refuses command names that mean something else to some shell.
    fn check_name(&self, simple: &Simple) -> Read<()> {
        let Some(first) = simple.words.first() else {
            return Ok(());
        };
        let raw = &self.text[first.span.clone()];
        if RESERVED.contains(&raw) {
            return self.opaque(format!("`{raw}` where a command was expected"));
        }
        let literal = first.literal.as_deref();
        let operand = |word: &Word, texts: &[&str]| {
            word.literal.as_deref().is_none_or(|literal| texts.contains(&literal))
        };
        let rewrites = match (self.dialect, literal) {
            // dash replaces aliases in every line that follows.
            (Dialect::Posix, Some("alias")) => simple.words.len() > 1,
            (_, Some("shopt")) => {
                simple.words[1..].iter().any(|word| operand(word, &["extglob", "expand_aliases"]))
            }
            _ => false,
        };
        if rewrites {
            return self.opaque("a command that changes how later lines are read");
        }
        Ok(())
    }

    /// The name, the offset of the value and whether it is `+=`, if an assignment begins here.
    fn assignment_name(&self) -> Option<(String, usize, bool)> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| byte != b'_' && !byte.is_ascii_alphanumeric())?;
        let name = &rest[..length];
        if name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
            return None;
        }
        let value = self.at + length;
        match (self.byte_at(value), self.byte_at(value + 1)) {
            (Some(b'='), _) => Some((name.to_owned(), value + 1, false)),
            (Some(b'+'), Some(b'=')) => Some((name.to_owned(), value + 2, true)),
            _ => None,
        }
    }

    fn assignment(&mut self, found: &FoundAssignment) -> Read<Assignment> {
        let start = self.at;
        let Some((name, value, append)) = self.assignment_name() else {
            return self.opaque("an assignment to something else than a variable");
        };
        if name != found.target.name.as_str() || found.target.subscript.is_some() || append != found.append {
            return self.opaque("an assignment that the parser sees differently");
        }
        if append && self.dialect == Dialect::Posix {
            return self.opaque("`+=`, which only some shells know");
        }
        self.at = value;
        let bodies = Bodies::of_assignment(found);
        let value = match &found.value {
            AssignmentValue::Compound(_) if self.dialect == Dialect::Bash => Some(self.array(&bodies)?),
            AssignmentValue::Compound(_) => return self.opaque("an array"),
            AssignmentValue::Scalar(_) if self.at_delimiter() => None,
            AssignmentValue::Scalar(_) => Some(self.word(&bodies, Until::Delimiter)?),
        };
        Ok(Assignment { name, value, append, span: start..self.at })
    }

    /// Reads an operand of `export` and its like as a plain word.
    fn operand_word(&mut self, found: &DeclOperand) -> Read<Word> {
        if let DeclOperand::Assignment(assignment) = found
            && let AssignmentValue::Compound(_) = &assignment.value
        {
            let read = self.assignment(assignment)?;
            return match read.value {
                Some(value) => Ok(Word { span: read.span, ..value }),
                None => self.opaque("an array without a value"),
            };
        }
        self.word(&Bodies::of_operand(found), Until::Delimiter)
    }

    fn compound(&mut self, found: &CompoundCommand) -> Read<NodeKind> {
        match found {
            CompoundCommand::Subshell(body) => {
                self.expect("(")?;
                if self.byte() == Some(b'(') {
                    return self.opaque("`((`, which only some shells take for arithmetic");
                }
                let list = self.body(body, ")")?;
                Ok(NodeKind::Subshell(list))
            }
            CompoundCommand::BraceGroup(body) => {
                self.expect_keyword("{")?;
                let list = self.body(body, "}")?;
                Ok(NodeKind::Group(list))
            }
            CompoundCommand::If(command) => self.if_command(command),
            CompoundCommand::For(command) => self.for_command(command),
            CompoundCommand::While(command) => {
                self.loop_command(Compound::While, &command.condition, &command.body)
            }
            CompoundCommand::Until(command) => {
                self.loop_command(Compound::Until, &command.condition, &command.body)
            }
            CompoundCommand::Case(command) => self.case_command(command),
            _ if self.dialect == Dialect::Posix => {
                self.opaque("a compound command that only some shells know")
            }
            CompoundCommand::Select(command) => self.select_command(command),
            CompoundCommand::Time(command) => self.time_command(command),
            CompoundCommand::Conditional(command) => self.conditional(command),
            CompoundCommand::Arithmetic(_) => {
                self.expect("((")?;
                let word = self.arithmetic_word()?;
                if self.text[word.span.clone()].contains(';') {
                    return self.opaque("`;` in `((…))`");
                }
                self.expect("))")?;
                Ok(compound(Compound::Arithmetic, Vec::new(), vec![word]))
            }
            CompoundCommand::ArithmeticFor(command) => self.arithmetic_for(command),
            CompoundCommand::Coproc(_)
            | CompoundCommand::Repeat(_)
            | CompoundCommand::Foreach(_)
            | CompoundCommand::Always(_) => self.opaque("a compound command that is not read"),
        }
    }

    /// Reads a list and the token that closes it.
    fn body(&mut self, found: &StmtSeq, close: &str) -> Read<List> {
        let list = self.list(found)?;
        self.close(&list, close)?;
        Ok(list)
    }

    /// Steps to the token that follows a list. A reserved word there needs a separator before it.
    fn close(&mut self, list: &List, token: &str) -> Read<()> {
        let crossed = self.skip_lines()?;
        if list.items.is_empty() && token != "esac" {
            return self.opaque(format!("nothing before `{token}`"));
        }
        if token == ")" {
            self.expect(token)?;
            return Ok(());
        }
        let separated = crossed
            || list
                .items
                .last()
                .is_none_or(|item| item.terminator.is_some() || ends_in_reserved_word(&item.node));
        if !separated {
            return self.opaque(format!("`{token}` without a separator before it"));
        }
        self.expect_keyword(token)?;
        Ok(())
    }

    fn if_command(&mut self, found: &IfCommand) -> Read<NodeKind> {
        if !matches!(found.syntax, IfSyntax::ThenFi { .. }) {
            return self.opaque("an `if` of zsh");
        }
        let mut lists = Vec::new();
        self.expect_keyword("if")?;
        lists.push(self.body(&found.condition, "then")?);
        let mut last = self.list(&found.then_branch)?;
        for (condition, branch) in &found.elif_branches {
            self.close(&last, "elif")?;
            lists.push(last);
            lists.push(self.body(condition, "then")?);
            last = self.list(branch)?;
        }
        if let Some(branch) = &found.else_branch {
            self.close(&last, "else")?;
            lists.push(last);
            last = self.list(branch)?;
        }
        self.close(&last, "fi")?;
        lists.push(last);
        Ok(compound(Compound::If, lists, Vec::new()))
    }

    fn loop_command(&mut self, keyword: Compound, condition: &StmtSeq, body: &StmtSeq) -> Read<NodeKind> {
        self.expect_keyword(if keyword == Compound::While { "while" } else { "until" })?;
        let condition = self.body(condition, "do")?;
        let body = self.body(body, "done")?;
        Ok(compound(keyword, vec![condition, body], Vec::new()))
    }

    fn for_command(&mut self, found: &ForCommand) -> Read<NodeKind> {
        if !matches!(found.syntax, ForSyntax::InDoDone { .. }) {
            return self.opaque("a `for` without `do` and `done`");
        }
        let [target] = found.targets.as_slice() else {
            return self.opaque("a `for` with several variables");
        };
        self.expect_keyword("for")?;
        let target = Bodies::of_word(&target.word);
        self.loop_over(Compound::For, &target, found.words.as_deref(), &found.body)
    }

    fn select_command(&mut self, found: &SelectCommand) -> Read<NodeKind> {
        self.expect_keyword("select")?;
        self.loop_over(Compound::Select, &Bodies::default(), Some(&found.words), &found.body)
    }

    /// Reads `name in words; do body; done`.
    fn loop_over(
        &mut self,
        keyword: Compound,
        target: &Bodies<'_>,
        values: Option<&[FoundWord]>,
        body: &StmtSeq,
    ) -> Read<NodeKind> {
        self.skip_blanks();
        let mut words = vec![self.word(target, Until::Delimiter)?];
        let name = &self.text[words[0].span.clone()];
        if !is_name(name) {
            return self.opaque("a loop variable that is not a name");
        }
        if let Some(values) = values {
            self.skip_lines()?;
            self.expect_keyword("in")?;
            for value in values {
                self.skip_blanks();
                words.push(self.found_word(value)?);
            }
            self.skip_to_line_end()?;
            if !matches!(self.byte(), Some(b';' | b'\n')) {
                return self.opaque("a loop whose words do not end");
            }
        } else {
            self.skip_to_line_end()?;
        }
        if self.byte() == Some(b';') {
            self.at += 1;
        }
        self.skip_lines()?;
        self.expect_keyword("do")?;
        let body = self.body(body, "done")?;
        Ok(compound(keyword, vec![body], words))
    }

    fn arithmetic_for(&mut self, found: &ArithmeticForCommand) -> Read<NodeKind> {
        self.expect_keyword("for")?;
        self.skip_blanks();
        self.expect("((")?;
        let word = self.arithmetic_word()?;
        self.expect("))")?;
        self.skip_to_line_end()?;
        if self.byte() == Some(b';') {
            self.at += 1;
        }
        self.skip_lines()?;
        self.expect_keyword("do")?;
        let body = self.body(&found.body, "done")?;
        Ok(compound(Compound::For, vec![body], vec![word]))
    }

    fn case_command(&mut self, found: &CaseCommand) -> Read<NodeKind> {
        self.expect_keyword("case")?;
        self.skip_blanks();
        let mut words = vec![self.found_word(&found.word)?];
        self.skip_lines()?;
        self.expect_keyword("in")?;
        let mut lists = Vec::new();
        let mut open = false;
        for case in &found.cases {
            if open {
                return self.opaque("a case that does not end");
            }
            self.skip_lines()?;
            if self.byte() == Some(b'(') {
                self.at += 1;
            }
            if case.patterns.is_empty() {
                return self.opaque("a case without a pattern");
            }
            for (index, pattern) in case.patterns.iter().enumerate() {
                self.skip_blanks();
                if index > 0 {
                    self.expect("|")?;
                    self.skip_blanks();
                }
                if self.looking_at("esac") {
                    return self.opaque("`esac` as a pattern");
                }
                let word = self.word(&Bodies::of_pattern(pattern), Until::Delimiter)?;
                if !self.agrees(&word.span, &offsets(pattern.span)) {
                    return self.opaque("a pattern that is not where the parser says");
                }
                words.push(word);
            }
            self.skip_blanks();
            self.expect(")")?;
            let list = self.list(&case.body)?;
            let body_end = self.at;
            self.skip_lines()?;
            if self.looking_at(";;") {
                self.at += 2;
                lists.push(list);
                if case.terminator != CaseTerminator::Break || self.byte() == Some(b'&') {
                    return self.opaque("a case that falls through");
                }
            } else {
                // The last case may leave out its `;;`.
                self.at = body_end;
                self.close(&list, "esac")?;
                lists.push(list);
                open = true;
            }
        }
        if !open {
            self.skip_lines()?;
            self.expect_keyword("esac")?;
        }
        Ok(compound(Compound::Case, lists, words))
    }

    fn time_command(&mut self, found: &TimeCommand) -> Read<NodeKind> {
        self.expect_keyword("time")?;
        if found.posix_format {
            self.skip_blanks();
            self.expect_keyword("-p")?;
        }
        let Some(command) = &found.command else {
            return self.opaque("`time` without a command");
        };
        if command.terminator.is_some() {
            return self.opaque("a timed command with a terminator");
        }
        self.skip_blanks();
        let node = self.statement(command)?;
        if matches!(node.kind, NodeKind::And { .. } | NodeKind::Or { .. }) {
            return self.opaque("a timed chain");
        }
        let lists = vec![List {
            span: node.span.clone(),
            items: vec![Item { node, terminator: None, terminator_span: None }],
        }];
        Ok(compound(Compound::Time, lists, Vec::new()))
    }

    /// Reads `[[ … ]]`: its operands one by one, with nothing but operators between them.
    fn conditional(&mut self, found: &ConditionalCommand) -> Read<NodeKind> {
        let mut leaves = Vec::new();
        let mut rest = vec![&found.expression];
        while let Some(expression) = rest.pop() {
            match expression {
                ConditionalExpr::Binary(binary) => {
                    rest.push(&binary.left);
                    rest.push(&binary.right);
                }
                ConditionalExpr::Unary(unary) => rest.push(&unary.expr),
                ConditionalExpr::Parenthesized(group) => rest.push(&group.expr),
                leaf => leaves.push(leaf),
            }
        }
        leaves.sort_by_key(|leaf| offsets(leaf.span()).start);
        self.expect_keyword("[[")?;
        let mut words = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let span = offsets(leaf.span());
            self.operators_until(span.start)?;
            words.push(self.word(&Bodies::of_conditional(leaf), Until::Offset(span.end))?);
            if !self.at_delimiter() {
                return self.opaque("an operand that does not end where the parser says");
            }
        }
        let end = offsets(found.right_bracket_span).start;
        self.operators_until(end)?;
        self.expect_keyword("]]")?;
        Ok(compound(Compound::Conditional, Vec::new(), words))
    }

    /// Steps over the operators of `[[ … ]]` up to `end`.
    fn operators_until(&mut self, end: usize) -> Read<()> {
        let Some(gap) = self.text.get(self.at..end) else {
            return self.opaque("an operand that is not where the parser says");
        };
        for token in gap.split_ascii_whitespace() {
            let token = token.trim_matches(|c| matches!(c, '(' | ')'));
            let unary =
                token.len() == 2 && token.starts_with('-') && token.as_bytes()[1].is_ascii_alphabetic();
            let known = [
                "", "!", "&&", "||", "=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef", "-eq", "-ne",
                "-lt", "-le", "-gt", "-ge",
            ];
            if !unary && !known.contains(&token) {
                return self.opaque("an operator of `[[` that is not known");
            }
        }
        // bash allows line breaks beside some operators only.
        if gap.contains('\n') {
            return self.opaque("a line break inside `[[`");
        }
        self.at = end;
        Ok(())
    }

    fn function(&mut self, found: &FunctionDef) -> Read<NodeKind> {
        let [entry] = found.header.entries.as_slice() else {
            return self.opaque("a function with several names");
        };
        if found.uses_function_keyword() {
            if self.dialect == Dialect::Posix {
                return self.opaque("`function`, which only some shells know");
            }
            self.expect_keyword("function")?;
            self.skip_blanks();
        }
        let start = self.at;
        self.found_word(&entry.word)?;
        let name = self.text[start..self.at].to_owned();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        let allowed = if self.dialect == Dialect::Bash { name.bytes().all(plain) } else { is_name(&name) };
        if !allowed {
            return self.opaque("a function whose name is not plain");
        }
        if found.has_trailing_parens() {
            self.skip_blanks();
            self.expect("(")?;
            self.skip_blanks();
            self.expect(")")?;
        }
        self.skip_lines()?;
        if found.body.negated
            || found.body.terminator.is_some()
            || !matches!(found.body.command, Command::Compound(_))
        {
            return self.opaque("a function whose body is not a compound command");
        }
        let body = Box::new(self.command(&found.body)?);
        Ok(NodeKind::Function { name, body })
    }

    /// Reads a word where the parser saw it.
    fn found_word(&mut self, found: &FoundWord) -> Read<Word> {
        let word = self.word(&Bodies::of_word(found), Until::Delimiter)?;
        if self.agrees(&word.span, &offsets(found.span)) {
            Ok(word)
        } else {
            self.opaque("a word that is not where the parser says")
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.as_bytes()[0].is_ascii_digit()
        && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

fn compound(keyword: Compound, lists: Vec<List>, words: Vec<Word>) -> NodeKind {
    NodeKind::Compound { keyword, lists, words }
}

/// Whether the command ends in a token after which a reserved word is known as such: in `{ (a) }`, but not in `{ a }`.
fn ends_in_reserved_word(mut node: &Node) -> bool {
    while let NodeKind::And { right, .. }
    | NodeKind::Or { right, .. }
    | NodeKind::Pipe { right, .. }
    | NodeKind::Not(right) = &node.kind
    {
        node = right;
    }
    node.redirects.is_empty()
        && match &node.kind {
            NodeKind::Subshell(_) | NodeKind::Group(_) => true,
            NodeKind::Compound { keyword, .. } => matches!(
                keyword,
                Compound::If | Compound::For | Compound::While | Compound::Until | Compound::Case
            ),
            _ => false,
        }
}

/// `time` is a reserved word only where a pipeline begins, and versions of bash differ on where that is.
fn is_timed(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Compound { keyword: Compound::Time, .. })
}

/// Wraps a command in the `!` that stands at `bang`.
fn negate(node: Node, bang: usize) -> Node {
    Node { span: bang..node.span.end, kind: NodeKind::Not(Box::new(node)), redirects: Vec::new() }
}
