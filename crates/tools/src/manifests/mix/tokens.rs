//! The words of an Elixir program, with the lines where they stand. Runs nothing, and refuses what it cannot take apart.

/// A part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A text in double quotes, or a heredoc.
    Text(Vec<Piece>),
    /// `:name`, and `nil`, `true` and `false`.
    Atom(String),
    /// `name:` and `"name":`.
    Key(String),
    /// A name of a variable or a function, or a word of the language.
    Name(String),
    /// `@name`.
    Attribute(String),
    /// A name of a module: `Mix.Project`.
    Module(String),
    /// A function of a module, without its arguments: `Mix.env`, `:os.cmd`.
    Call(String),
    /// A number as it is written.
    Number(String),
    /// A character, a charlist or a sigil, which name no file as they stand.
    Value,
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of a line.
    End,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Plain text.
    Plain(String),
    /// What is put in by `#{…}`.
    Code(Vec<(usize, Token)>),
}

/// Operators and brackets, the longer ones first.
const SIGNS: [&str; 57] = [
    "..//", "...", "<~>", "~>>", "<<~", "<<<", ">>>", "|||", "&&&", "===", "!==", "+++", "---", "//", "->",
    "<-", "=>", "|>", "<>", "++", "--", "==", "!=", ">=", "<=", "=~", "&&", "||", "::", "<<", ">>", "\\\\",
    "..", "**", "~>", "<~", "(", ")", "[", "]", "{", "}", "%", ",", ";", "=", "<", ">", "+", "-", "*", "/",
    "|", "&", "!", "^", ".",
];

impl Token {
    /// The text, if nothing is put into it.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(pieces) => match pieces.as_slice() {
                [] => Some(""),
                [Piece::Plain(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(own) if *own == sign)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Name(own) if own == name)
    }
}

/// The tokens with their lines. `Err` is the line that cannot be read.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, usize> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, depth: 0 };
    let tokens = reader.until(None)?;
    Ok(tokens)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    /// How many texts enclose this place.
    depth: usize,
}

impl Reader<'_> {
    /// Reads up to the end, or to the `}` that ends an insertion.
    fn until(&mut self, end: Option<char>) -> Result<Vec<(usize, Token)>, usize> {
        let mut tokens: Vec<(usize, Token)> = Vec::new();
        let mut open = 0_usize;
        while let Some(first) = self.rest.chars().next() {
            if Some(first) == end && open == 0 {
                self.take(1);
                return Ok(tokens);
            }
            let line = self.line;
            match first {
                ' ' | '\t' | '\r' => self.take(1),
                '\n' => {
                    self.take(1);
                    tokens.push((line, Token::End));
                }
                '#' => self.take(self.rest.find('\n').unwrap_or(self.rest.len())),
                '\\' if self.rest.starts_with("\\\n") => self.take(2),
                '"' | '\'' => {
                    let pieces = self.quoted(first)?;
                    let is_key = self.rest.starts_with(':') && !self.rest.starts_with("::");
                    let token = match (first, is_key, pieces.as_slice()) {
                        (_, true, [Piece::Plain(text)]) => {
                            self.take(1);
                            Token::Key(text.clone())
                        }
                        (_, true, _) => return Err(line),
                        ('"', ..) => Token::Text(pieces),
                        _ if pieces.iter().all(|piece| matches!(piece, Piece::Plain(_))) => Token::Value,
                        _ => return Err(line),
                    };
                    tokens.push((line, token));
                }
                '~' if self.rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    self.sigil()?;
                    tokens.push((line, Token::Value));
                }
                '?' => {
                    // A character, perhaps an escaped one.
                    let mut letters = self.rest[1..].chars();
                    let length = match letters.next() {
                        Some('\\') => 1 + letters.next().map_or(0, char::len_utf8),
                        Some(letter) => letter.len_utf8(),
                        None => return Err(line),
                    };
                    self.take(1 + length);
                    tokens.push((line, Token::Value));
                }
                ':' if self.rest[1..].starts_with(['"', '\'']) => {
                    self.take(1);
                    let quote = self.rest.chars().next().expect("it is a quote");
                    match self.quoted(quote)?.as_slice() {
                        [Piece::Plain(text)] => tokens.push((line, Token::Atom(text.clone()))),
                        _ => return Err(line),
                    }
                }
                ':' if self.rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                    self.take(1);
                    let name = self.word();
                    let token = match self.called() {
                        Some(function) => Token::Call(format!(":{name}.{function}")),
                        None => Token::Atom(name),
                    };
                    tokens.push((line, token));
                }
                '@' if self.rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                    self.take(1);
                    tokens.push((line, Token::Attribute(self.word())));
                }
                c if c.is_ascii_uppercase() => tokens.push((line, self.module())),
                c if c.is_alphabetic() || c == '_' => tokens.push((line, self.name())),
                c if c.is_ascii_digit() => {
                    let plain = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                    let mut length = self.rest.find(plain).unwrap_or(self.rest.len());
                    let after = &self.rest[length..];
                    if after.starts_with('.') && after[1..].starts_with(|c: char| c.is_ascii_digit()) {
                        length += 1 + after[1..].find(plain).unwrap_or(after.len() - 1);
                    }
                    tokens.push((line, Token::Number(self.rest[..length].to_owned())));
                    self.take(length);
                }
                _ => {
                    let sign = SIGNS.iter().find(|sign| self.rest.starts_with(**sign)).ok_or(line)?;
                    match *sign {
                        "{" => open += 1,
                        "}" => open = open.saturating_sub(1),
                        _ => {}
                    }
                    self.take(sign.len());
                    tokens.push((line, Token::Sign(sign)));
                }
            }
        }
        if end.is_some() { Err(self.line) } else { Ok(tokens) }
    }

    fn take(&mut self, length: usize) {
        self.line += self.rest[..length].matches('\n').count();
        self.rest = &self.rest[length..];
    }

    /// A name with its `?` or `!`.
    fn word(&mut self) -> String {
        let mut length =
            self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '@').unwrap_or(self.rest.len());
        let after = &self.rest[length..];
        if after.starts_with(['?', '!']) && !after[1..].starts_with('=') {
            length += 1;
        }
        let word = self.rest[..length].to_owned();
        self.take(length);
        word
    }

    /// The function of `Module.function`, of which the module was read.
    fn called(&mut self) -> Option<String> {
        let is_call = self
            .rest
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase() || c == '_'));
        is_call.then(|| {
            self.take(1);
            self.word()
        })
    }

    fn name(&mut self) -> Token {
        let name = self.word();
        if self.rest.starts_with(':') && !self.rest.starts_with("::") {
            self.take(1);
            return Token::Key(name);
        }
        match name.as_str() {
            "nil" | "true" | "false" => Token::Atom(name),
            _ => Token::Name(name),
        }
    }

    fn module(&mut self) -> Token {
        let mut name = String::new();
        loop {
            name.push_str(&self.word());
            let next = self
                .rest
                .strip_prefix('.')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
            if !next {
                break;
            }
            name.push('.');
            self.take(1);
        }
        if self.rest.starts_with(':') && !self.rest.starts_with("::") && !name.contains('.') {
            self.take(1);
            return Token::Key(name);
        }
        match self.called() {
            Some(function) => Token::Call(format!("{name}.{function}")),
            None => Token::Module(name),
        }
    }

    /// A text in quotes, or a heredoc.
    fn quoted(&mut self, quote: char) -> Result<Vec<Piece>, usize> {
        let three: String = [quote; 3].iter().collect();
        let end = if self.rest.starts_with(&three) { three } else { quote.to_string() };
        self.take(end.len());
        let start = self.line;
        self.depth += 1;
        if self.depth > 8 {
            return Err(start);
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        loop {
            if self.rest.starts_with(&end) {
                self.take(end.len());
                break;
            }
            if self.rest.starts_with("#{") {
                self.take(2);
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Code(self.until(Some('}'))?));
                continue;
            }
            let Some(letter) = self.rest.chars().next() else { return Err(start) };
            // What an escape stands for matters to no name of a file: such a text is kept apart from all plain ones.
            if letter == '\\' {
                if !plain.is_empty() {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Code(Vec::new()));
                let escaped = self.rest[1..].chars().next().ok_or(start)?;
                self.take(1 + escaped.len_utf8());
                continue;
            }
            plain.push(letter);
            self.take(letter.len_utf8());
        }
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        self.depth -= 1;
        Ok(pieces)
    }

    /// `~r/…/`, `~w(…)`. One that inserts code is not read.
    fn sigil(&mut self) -> Result<(), usize> {
        let line = self.line;
        let letters = 1 + self.rest[1..].find(|c: char| !c.is_ascii_alphabetic()).ok_or(line)?;
        let is_plain = self.rest[1..letters].chars().all(|c| c.is_ascii_uppercase());
        self.take(letters);
        let open = self.rest.chars().next().ok_or(line)?;
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            '/' | '|' | '"' | '\'' => open,
            _ => return Err(line),
        };
        let three: String = [open; 3].iter().collect();
        let (length, end) = if matches!(open, '"' | '\'') && self.rest.starts_with(&three) {
            let end = self.rest[3..].find(&three).ok_or(line)? + 3;
            (end + 3, end)
        } else {
            let mut escaped = false;
            let end = self.rest[1..].char_indices().find(|(_, letter)| {
                let ends = *letter == close && !escaped;
                escaped = *letter == '\\' && !escaped;
                ends
            });
            let end = end.ok_or(line)?.0 + 1;
            (end + close.len_utf8(), end)
        };
        if !is_plain && self.rest[..end].contains("#{") {
            return Err(line);
        }
        self.take(length);
        let flags = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        self.take(flags);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        fn one(token: &Token) -> String {
            match token {
                Token::Text(pieces) => pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Plain(text) => format!("'{text}'"),
                        Piece::Code(code) => format!(
                            "#[{}]",
                            code.iter().map(|(_, token)| one(token)).collect::<Vec<_>>().join(" ")
                        ),
                    })
                    .collect(),
                Token::Atom(name) => format!(":{name}"),
                Token::Key(name) => format!("{name}:"),
                Token::Name(name) => name.clone(),
                Token::Attribute(name) => format!("@{name}"),
                Token::Module(name) => name.clone(),
                Token::Call(name) => format!("{name}()"),
                Token::Number(number) => number.clone(),
                Token::Value => "_".to_owned(),
                Token::Sign(sign) => (*sign).to_owned(),
                Token::End => "¶".to_owned(),
            }
        }
        tokens(text).expect("it is read").iter().map(|(_, token)| one(token)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words() {
        for (text, expected) in [
            ("defmodule A.B do # c\nend", "defmodule A.B do ¶ end"),
            (
                "[app: :shop, \"deps.get\": x?, version: @version]",
                "[ app: :shop , deps.get: x? , version: @version ]",
            ),
            ("Mix.env() == :prod", "Mix.env() ( ) == :prod"),
            (":os.cmd('ls')", ":os.cmd() ( _ )"),
            ("import_config \"#{config_env()}.exs\"", "import_config #[config_env ( )]'.exs'"),
            ("~r\"a\\\"b\"i |> f.(&1)", "_ |> f . ( & 1 )"),
            ("\"\"\"\na \"b\"\n\"\"\"\nx", "'\na \"b\"\n' ¶ x"),
            ("a != b and c! = ?\\n", "a != b and c! = _"),
            ("%{A => 1.5, \"k\" => nil}", "% { A => 1.5 , 'k' => :nil }"),
            ("x::y", "x :: y"),
            ("\"a\\nb\"", "'a'#[]'b'"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(tokens("a\n\"b"), Err(2));
        assert_eq!(tokens("~w(a #{b})"), Err(1));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-zA~:\"'#{}()?@\\\\|> .\nü0]{0,40}") {
            let _ = tokens(&text);
        }
    }
}
