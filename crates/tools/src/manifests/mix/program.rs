//! The programs that Mix runs before any task, mix.exs and the files of configuration, as far as each name in them is known: which files
//! they read and which other programs they import. Runs nothing.
//!
//! A name that is called is a function of the language, of the program itself, or of a module; all but the second are known or refused.

use std::collections::BTreeSet;

use super::super::Unclear;
use super::super::paths::{join, parent};
use super::DATA;
use super::tokens::{Piece, Token, tokens};

/// A program that was looked through.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) tokens: Vec<(usize, Token)>,
    /// Files that it reads.
    pub(super) files: BTreeSet<String>,
    /// What it asks for the presence of.
    pub(super) asked: BTreeSet<String>,
    /// Files of configuration that it imports; in place of what is only known when it runs stands one of [`ENV`] and [`TARGET`].
    pub(super) imports: BTreeSet<String>,
    /// The modules that it makes.
    pub(super) modules: BTreeSet<String>,
}

/// Stands for the name of the environment, which no path holds.
pub(super) const ENV: char = '\u{1}';
/// Stands for the name of the target.
pub(super) const TARGET: char = '\u{2}';

/// Words after which a name stands that is no argument.
const OPERATORS: [&str; 12] =
    ["do", "end", "and", "or", "not", "in", "when", "else", "fn", "after", "rescue", "catch"];

/// Looks through a program at `path` that runs in the folder `cwd`.
pub(super) fn read(path: &str, text: &str, cwd: &str) -> Result<Program, Unclear> {
    let tokens = tokens(text).map_err(|line| {
        Unclear::at(path, format!("line {line} of `{path}` is beyond what dockopt reads of Elixir"))
    })?;
    let mut flat = Vec::new();
    flatten(&tokens, &mut flat);
    let own: BTreeSet<&str> = flat
        .windows(2)
        .filter_map(|pair| match (&pair[0].1, &pair[1].1) {
            (Token::Name(def), Token::Name(name)) if DATA.definitions.contains(def) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let mut reader = Reader {
        path,
        cwd,
        tokens: &flat,
        own,
        files: BTreeSet::new(),
        asked: BTreeSet::new(),
        imports: BTreeSet::new(),
    };
    for at in 0..flat.len() {
        reader.look(at)?;
    }
    let modules = flat
        .windows(2)
        .filter_map(|pair| match (&pair[0].1, &pair[1].1) {
            (Token::Name(name), Token::Module(module)) if name == "defmodule" => Some(module.clone()),
            _ => None,
        })
        .collect();
    let Reader { files, asked, imports, .. } = reader;
    Ok(Program { tokens: flat, files, asked, imports, modules })
}

/// Puts what is inserted into texts behind them, in brackets.
fn flatten(tokens: &[(usize, Token)], flat: &mut Vec<(usize, Token)>) {
    for (line, token) in tokens {
        flat.push((*line, token.clone()));
        let Token::Text(pieces) = token else { continue };
        for piece in pieces {
            if let Piece::Code(code) = piece
                && !code.is_empty()
            {
                flat.push((*line, Token::Sign("<<")));
                flatten(code, flat);
                flat.push((*line, Token::Sign(">>")));
            }
        }
    }
}

struct Reader<'p> {
    path: &'p str,
    cwd: &'p str,
    tokens: &'p [(usize, Token)],
    /// The functions that it defines.
    own: BTreeSet<&'p str>,
    files: BTreeSet<String>,
    asked: BTreeSet<String>,
    imports: BTreeSet<String>,
}

impl<'p> Reader<'p> {
    fn get(&self, at: usize) -> Option<&'p Token> {
        self.tokens.get(at).map(|(_, token)| token)
    }

    fn fault(&self, at: usize, what: &str) -> Unclear {
        let line = self.tokens[at].0;
        Unclear::at(self.path, format!("`{what}` in line {line} of `{}` may read other files", self.path))
    }

    fn look(&mut self, at: usize) -> Result<(), Unclear> {
        let before = at.checked_sub(1).and_then(|before| self.get(before));
        match &self.tokens[at].1 {
            Token::Name(name) => self.name(at, name, before),
            Token::Call(function) if DATA.calls.contains(function) => Ok(()),
            Token::Call(function) if DATA.reads.contains(function) => {
                let file = self.argument(at).ok_or_else(|| self.unknown_file(at, function))?;
                self.files.insert(file);
                Ok(())
            }
            Token::Call(function) if DATA.asks.contains(function) => {
                let file = self.argument(at).ok_or_else(|| self.unknown_file(at, function))?;
                self.asked.insert(file);
                Ok(())
            }
            Token::Call(function) => Err(self.fault(at, function)),
            // A function in a variable, or of a module in one.
            Token::Sign(".") => Err(self.fault(at, ".")),
            _ => Ok(()),
        }
    }

    fn unknown_file(&self, at: usize, function: &str) -> Unclear {
        let line = self.tokens[at].0;
        let reason = format!(
            "which file `{function}` in line {line} of `{}` names is only known when it runs",
            self.path
        );
        Unclear::at(self.path, reason)
    }

    fn name(&mut self, at: usize, name: &str, before: Option<&Token>) -> Result<(), Unclear> {
        let next = self.get(at + 1);
        match name {
            "use" | "import" | "require" => {
                let known = matches!(next, Some(Token::Module(module)) if DATA.uses.contains(module));
                let named = match next {
                    Some(Token::Module(module)) => format!("{name} {module}"),
                    _ => name.to_owned(),
                };
                return if known { Ok(()) } else { Err(self.fault(at, &named)) };
            }
            "import_config" => {
                let import = self.import(at).ok_or_else(|| self.unknown_file(at, name))?;
                self.imports.insert(import);
                return Ok(());
            }
            _ => {}
        }
        let is_definition = matches!(before, Some(Token::Name(def)) if DATA.definitions.contains(def));
        if is_definition
            || self.own.contains(name)
            || DATA.definitions.contains(name)
            || DATA.words.contains(name)
        {
            return Ok(());
        }
        let is_argument = match next {
            Some(Token::Name(next)) => !OPERATORS.contains(&next.as_str()),
            Some(token) => {
                token.is("(")
                    || token.is("%")
                    || matches!(
                        token,
                        Token::Text(_)
                            | Token::Atom(_)
                            | Token::Key(_)
                            | Token::Attribute(_)
                            | Token::Module(_)
                            | Token::Call(_)
                            | Token::Number(_)
                            | Token::Value
                    )
            }
            None => false,
        };
        let is_passed = before.is_some_and(|before| before.is("&") || before.is("|>"));
        if is_argument || is_passed { Err(self.fault(at, name)) } else { Ok(()) }
    }

    /// The path that a call is given: a plain text, or one that is joined to the folder of the program.
    fn argument(&self, at: usize) -> Option<String> {
        let text = |at: usize| self.get(at).and_then(Token::text);
        let is = |at: usize, sign: &str| self.get(at).is_some_and(|token| token.is(sign));
        let is_here = |at: usize| self.get(at).is_some_and(|token| token.is_name("__DIR__"));
        let call = |at: usize, name: &str| matches!(self.get(at), Some(Token::Call(call)) if call == name);
        let ends = |at: usize| self.ends(at);
        if is(at + 1, "(") && is(at + 2, ")") || !is(at + 1, "(") && text(at + 1).is_none() {
            // `"VERSION" |> File.read!()`
            let piped = at >= 2 && is(at - 1, "|>") && (at == 2 || !is(at - 3, "<>"));
            return if piped { text(at - 2).map(|path| join(self.cwd, path)) } else { None };
        }
        if !is(at + 1, "(") {
            return text(at + 1).filter(|_| ends(at + 2)).map(|path| join(self.cwd, path));
        }
        if let Some(path) = text(at + 2) {
            return (is(at + 3, ")") || is(at + 3, ",")).then(|| join(self.cwd, path));
        }
        let (first, second) = (at + 4, at + 6);
        if !is(at + 3, "(") || !is(at + 5, ",") || !is(at + 7, ")") || !(is(at + 8, ")") || is(at + 8, ",")) {
            return None;
        }
        let here = parent(self.path);
        if call(at + 2, "Path.join") && is_here(first) {
            return text(second).map(|path| join(here, path.trim_start_matches('/')));
        }
        if call(at + 2, "Path.expand") && is_here(second) {
            return text(first).map(|path| join(here, path));
        }
        None
    }

    /// Whether an argument without brackets ends here.
    fn ends(&self, at: usize) -> bool {
        match self.get(at) {
            None | Some(Token::End) => true,
            Some(Token::Name(name)) => name == "do" || name == "end",
            Some(token) => [")", ",", "|>", "]", "}"].iter().any(|sign| token.is(sign)),
        }
    }

    /// The file that `import_config` names.
    fn import(&self, at: usize) -> Option<String> {
        let in_brackets = self.get(at + 1).is_some_and(|token| token.is("("));
        let place = at + 1 + usize::from(in_brackets);
        let Some(Token::Text(pieces)) = self.get(place) else { return None };
        let mut name = String::new();
        let mut next = place + 1;
        for piece in pieces {
            match piece {
                Piece::Plain(text) => name.push_str(text),
                Piece::Code(code) => {
                    let (_, first) = code.first()?;
                    let rest: Vec<&Token> = code[1..].iter().map(|(_, token)| token).collect();
                    let is_alone = matches!(rest.as_slice(), [] | [Token::Sign("("), Token::Sign(")")]);
                    let stands_for = match first {
                        Token::Name(name) if name == "config_env" => ENV,
                        Token::Name(name) if name == "config_target" => TARGET,
                        Token::Call(name) if name == "Mix.env" => ENV,
                        Token::Call(name) if name == "Mix.target" => TARGET,
                        _ => return None,
                    };
                    if !is_alone {
                        return None;
                    }
                    name.push(stands_for);
                    next += code.len() + 2;
                }
            }
        }
        if name.contains(['?', '[', '{']) || !self.ends(next) {
            return None;
        }
        Some(join(parent(self.path), &name))
    }
}
