//! Finds the commands that the parser saw inside words: the bodies of substitutions, by where they start. It must not interpret them.

use std::collections::BTreeMap;

use shuck_ast::{
    ArithmeticExpr, ArrayElem, Assignment, AssignmentValue, BourneParameterExpansion, ConditionalExpr,
    DeclOperand, HeredocBody, HeredocBodyPart, ParameterExpansion, ParameterExpansionSyntax, ParameterOp,
    Pattern, PatternPart, StmtSeq, VarRef, Word, WordPart, WordPartNode,
};

/// The substitutions below one word, and where its `${…}` and `$((…))` end.
#[derive(Debug, Default)]
pub(crate) struct Bodies<'a> {
    /// Offset of `$(`, `` ` ``, `<(` or `>(` to the body and the offset after the closing token.
    pub(crate) commands: BTreeMap<usize, (&'a StmtSeq, usize)>,
    /// Offset of the `$` of a parameter or arithmetic expansion to the offset after it.
    pub(crate) expansions: BTreeMap<usize, usize>,
}

impl<'a> Bodies<'a> {
    pub(crate) fn of_word(word: &'a Word) -> Self {
        let mut bodies = Self::default();
        bodies.word(word);
        bodies
    }

    pub(crate) fn of_pattern(pattern: &'a Pattern) -> Self {
        let mut bodies = Self::default();
        bodies.pattern(pattern);
        bodies
    }

    pub(crate) fn of_assignment(assignment: &'a Assignment) -> Self {
        let mut bodies = Self::default();
        bodies.assignment(assignment);
        bodies
    }

    pub(crate) fn of_operand(operand: &'a DeclOperand) -> Self {
        let mut bodies = Self::default();
        match operand {
            DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => bodies.word(word),
            DeclOperand::Name(name) => bodies.variable(name),
            DeclOperand::Assignment(assignment) => bodies.assignment(assignment),
        }
        bodies
    }

    pub(crate) fn of_heredoc(body: &'a HeredocBody) -> Self {
        let mut bodies = Self::default();
        for part in &body.parts {
            let (start, end) = (part.span.start.offset(), part.span.end.offset());
            match &part.kind {
                HeredocBodyPart::Literal(_) | HeredocBodyPart::Variable(_) => {}
                HeredocBodyPart::CommandSubstitution { body, .. } => {
                    bodies.commands.insert(start, (body, end));
                }
                HeredocBodyPart::ArithmeticExpansion { expression_word_ast, .. } => {
                    bodies.expansions.insert(start, end);
                    bodies.word(expression_word_ast);
                }
                HeredocBodyPart::Parameter(parameter) => {
                    bodies.expansions.insert(start, end);
                    bodies.parameter(parameter);
                }
            }
        }
        bodies
    }

    pub(crate) fn of_conditional(leaf: &'a ConditionalExpr) -> Self {
        let mut bodies = Self::default();
        match leaf {
            ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => bodies.word(word),
            ConditionalExpr::Pattern(pattern) => bodies.pattern(pattern),
            ConditionalExpr::VarRef(variable) => bodies.variable(variable),
            ConditionalExpr::Binary(_) | ConditionalExpr::Unary(_) | ConditionalExpr::Parenthesized(_) => {}
        }
        bodies
    }

    fn assignment(&mut self, assignment: &'a Assignment) {
        self.variable(&assignment.target);
        match &assignment.value {
            AssignmentValue::Scalar(word) => self.word(word),
            AssignmentValue::Compound(array) => {
                for element in &array.elements {
                    if let ArrayElem::Sequential(value) = element {
                        self.word(&value.word);
                    }
                }
            }
        }
    }

    fn word(&mut self, word: &'a Word) {
        self.parts(&word.parts);
    }

    fn optional(&mut self, word: Option<&'a Word>) {
        if let Some(word) = word {
            self.word(word);
        }
    }

    fn variable(&mut self, variable: &'a VarRef) {
        if let Some(subscript) = &variable.subscript {
            self.optional(subscript.word_ast.as_ref());
        }
    }

    fn parts(&mut self, parts: &'a [WordPartNode]) {
        for part in parts {
            let (start, end) = (part.span.start.offset(), part.span.end.offset());
            match &part.kind {
                WordPart::CommandSubstitution { body, .. } | WordPart::ProcessSubstitution { body, .. } => {
                    self.commands.insert(start, (body, end));
                }
                WordPart::DoubleQuoted { parts, .. } => self.parts(parts),
                WordPart::ArithmeticExpansion { expression_word_ast, expression_ast, .. } => {
                    self.expansions.insert(start, end);
                    self.word(expression_word_ast);
                    if let Some(expression) = expression_ast
                        && let ArithmeticExpr::ShellWord(word) = &expression.kind
                    {
                        self.word(word);
                    }
                }
                WordPart::Parameter(parameter) => {
                    self.expansions.insert(start, end);
                    self.parameter(parameter);
                }
                WordPart::ParameterExpansion { reference, operator, operand_word_ast, .. } => {
                    self.expansions.insert(start, end);
                    self.variable(reference);
                    self.operator(operator);
                    self.optional(operand_word_ast.as_deref());
                }
                WordPart::Length(variable)
                | WordPart::ArrayAccess(variable)
                | WordPart::ArrayLength(variable) => {
                    self.expansions.insert(start, end);
                    self.variable(variable);
                }
                WordPart::Substring { reference, offset_word_ast, length_word_ast, .. }
                | WordPart::ArraySlice { reference, offset_word_ast, length_word_ast, .. } => {
                    self.expansions.insert(start, end);
                    self.variable(reference);
                    self.word(offset_word_ast);
                    self.optional(length_word_ast.as_deref());
                }
                // What else there is has no commands in it, or is refused where it is read.
                _ => {}
            }
        }
    }

    fn parameter(&mut self, parameter: &'a ParameterExpansion) {
        let ParameterExpansionSyntax::Bourne(syntax) = &parameter.syntax else {
            return;
        };
        self.optional(syntax.operand_word_ast());
        self.optional(syntax.offset_word_ast());
        self.optional(syntax.length_word_ast());
        match syntax {
            BourneParameterExpansion::Access { reference }
            | BourneParameterExpansion::Length { reference }
            | BourneParameterExpansion::Slice { reference, .. } => self.variable(reference),
            BourneParameterExpansion::Operation { reference, operator, .. } => {
                self.variable(reference);
                self.operator(operator);
            }
            BourneParameterExpansion::Indices { .. }
            | BourneParameterExpansion::Indirect { .. }
            | BourneParameterExpansion::PrefixMatch { .. }
            | BourneParameterExpansion::Transformation { .. } => {}
        }
    }

    fn operator(&mut self, operator: &'a ParameterOp) {
        match operator {
            ParameterOp::RemovePrefixShort { pattern }
            | ParameterOp::RemovePrefixLong { pattern }
            | ParameterOp::RemoveSuffixShort { pattern }
            | ParameterOp::RemoveSuffixLong { pattern } => self.pattern(pattern),
            ParameterOp::ReplaceFirst { pattern, replacement_word_ast, .. }
            | ParameterOp::ReplaceAll { pattern, replacement_word_ast, .. } => {
                self.pattern(pattern);
                self.word(replacement_word_ast);
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &'a Pattern) {
        for part in &pattern.parts {
            if let PatternPart::Word(word) = &part.kind {
                self.word(word);
            }
        }
    }
}
