//! The usual subset of a Gemfile, which is a Ruby program: which files, folders and other Gemfiles it names. Runs nothing; a word that
//! could call anything else is a fault, with its line.

/// What a Gemfile names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gemfile {
    /// Files that it reads: `ruby file:` and `File.read`.
    pub(super) files: Vec<String>,
    /// Files whose presence it asks for.
    pub(super) asked: Vec<String>,
    /// Folders of gems: `path:`.
    pub(super) folders: Vec<String>,
    /// Other Gemfiles: `eval_gemfile`.
    pub(super) gemfiles: Vec<String>,
}

/// What is beyond the subset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    /// A clause about it.
    pub(super) what: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A string without expansions.
    Text(String),
    /// A string with expansions, of variables that are known to hold texts.
    Mixed(Vec<String>),
    /// `name:`.
    Label(String),
    /// `:name`.
    Symbol(String),
    /// A name, a constant or a keyword.
    Word(String),
    /// A number.
    Number,
    /// Anything else.
    Sign(String),
    /// The end of a statement.
    End,
}

/// Commands of a Gemfile that may begin a statement.
const COMMANDS: [&str; 12] = [
    "source",
    "ruby",
    "gem",
    "group",
    "platforms",
    "platform",
    "path",
    "git",
    "github",
    "eval_gemfile",
    "git_source",
    "env",
];
/// Words of Ruby that call nothing.
const KEYWORDS: [&str; 15] = [
    "if",
    "unless",
    "elsif",
    "else",
    "end",
    "do",
    "then",
    "and",
    "or",
    "not",
    "true",
    "false",
    "nil",
    "ENV",
    "RUBY_VERSION",
];
/// More of them: constants.
const CONSTANTS: [&str; 3] = ["RUBY_ENGINE", "RUBY_PLATFORM", "RUBY_PATCHLEVEL"];
/// Methods of texts, lists and ENV.
const METHODS: [&str; 19] = [
    "strip",
    "chomp",
    "to_s",
    "to_sym",
    "to_i",
    "to_f",
    "freeze",
    "fetch",
    "key?",
    "include?",
    "nil?",
    "empty?",
    "first",
    "last",
    "any?",
    "start_with?",
    "end_with?",
    "match?",
    "split",
];

pub(super) fn parse(text: &str) -> Result<Gemfile, Fault> {
    let tokens = tokens(text)?;
    let mut found = Gemfile::default();
    let mut variables: Vec<&str> = Vec::new();
    for statement in tokens.split(|(token, _)| *token == Token::End).filter(|one| !one.is_empty()) {
        let line = statement[0].1;
        let fault = |what: String| Err(Fault { line, what });
        let words: Vec<&Token> = statement.iter().map(|(token, _)| token).collect();
        let mut rest = words.as_slice();
        if let [Token::Word(name), Token::Sign(sign), ..] = rest
            && sign == "="
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !COMMANDS.contains(&name.as_str())
        {
            variables.push(name);
            rest = &rest[2..];
        } else if let [Token::Word(name), ..] = rest {
            match name.as_str() {
                "gemspec" => {
                    return fault("`gemspec` makes the project itself a gem, and a gemspec is a program that may list any file".to_owned());
                }
                "plugin" => return fault("`plugin` loads code that may read any file".to_owned()),
                name if COMMANDS.contains(&name) => {
                    // The variable of a block is a text.
                    variables.extend(block_variable(rest));
                    rest = &rest[1..];
                }
                _ => {}
            }
        }
        check(rest, &variables, line, &mut found)?;
        names(&words, line, &mut found)?;
    }
    Ok(found)
}

fn block_variable<'t>(tokens: &[&'t Token]) -> Option<&'t str> {
    tokens.windows(3).find_map(|three| match three {
        [Token::Sign(open), Token::Word(name), Token::Sign(close)] if open == "|" && close == "|" => {
            Some(name.as_str())
        }
        _ => None,
    })
}

/// Every word must be one that is known to call nothing, apart from questions about files that are named.
fn check(tokens: &[&Token], variables: &[&str], line: usize, found: &mut Gemfile) -> Result<(), Fault> {
    let unknown =
        |word: &str| Fault { line, what: format!("`{word}` is beyond what dockopt reads of a Gemfile") };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let after_dot = at > 0 && matches!(tokens[at - 1], Token::Sign(sign) if sign == "." || sign == "&.");
        match token {
            Token::Mixed(names) => {
                if let Some(name) = names.iter().find(|name| !variables.contains(&name.as_str())) {
                    return Err(unknown(&format!("#{{{name}}}")));
                }
            }
            Token::Word(word) if after_dot && METHODS.contains(&word.as_str()) => {}
            Token::Word(word) if after_dot => return Err(unknown(word)),
            Token::Word(word) if word == "File" => {
                let [
                    Token::Sign(dot),
                    Token::Word(method),
                    Token::Sign(open),
                    Token::Text(path),
                    Token::Sign(close),
                    ..,
                ] = tokens[at + 1..]
                else {
                    return Err(unknown("File"));
                };
                match method.as_str() {
                    _ if dot != "." || open != "(" || close != ")" => return Err(unknown("File")),
                    "read" => found.files.push(path.clone()),
                    "exist?" | "file?" | "exists?" => found.asked.push(path.clone()),
                    _ => return Err(unknown(&format!("File.{method}"))),
                }
                at += 5;
            }
            Token::Word(word) => {
                let known = KEYWORDS.contains(&word.as_str())
                    || CONSTANTS.contains(&word.as_str())
                    || variables.contains(&word.as_str())
                    // `… if x` may guard a command: `eval_gemfile "x" if …` begins with it, and nothing else follows a keyword.
                    || (COMMANDS.contains(&word.as_str()) && at > 0 && matches!(tokens[at - 1], Token::Word(before) if before == "then"));
                if !known {
                    return Err(unknown(word));
                }
            }
            Token::Sign(sign)
                if sign == "`"
                    || sign == "%"
                    || sign == "->"
                    || sign == "$"
                    || sign == "@"
                    || sign == "<<" =>
            {
                return Err(unknown(sign));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Notes the files and folders that a statement names by its options.
fn names(tokens: &[&Token], line: usize, found: &mut Gemfile) -> Result<(), Fault> {
    let fault = |what: String| Err(Fault { line, what });
    let command = match tokens[0] {
        Token::Word(word) => word.as_str(),
        _ => "",
    };
    match (command, tokens.get(1)) {
        ("path", Some(Token::Text(folder))) => found.folders.push(folder.clone()),
        ("path", _) => return fault("the folder of `path` is only known when it runs".to_owned()),
        ("eval_gemfile", Some(Token::Text(path))) => found.gemfiles.push(path.clone()),
        ("eval_gemfile", _) => {
            return fault("the file of `eval_gemfile` is only known when it runs".to_owned());
        }
        ("source" | "git", Some(Token::Text(url))) if !super::is_remote(url) => {
            return fault(format!("`{url}` is not known to be another machine"));
        }
        ("source" | "git", Some(Token::Sign(open))) if open == "(" => {}
        _ => {}
    }
    for (at, token) in tokens.iter().enumerate() {
        let (key, value) = match token {
            Token::Label(key) => (key, tokens.get(at + 1)),
            Token::Symbol(key) if matches!(tokens.get(at + 1), Some(Token::Sign(arrow)) if arrow == "=>") => {
                (key, tokens.get(at + 2))
            }
            _ => continue,
        };
        match (key.as_str(), value) {
            ("path", Some(Token::Text(folder))) => found.folders.push(folder.clone()),
            ("file", Some(Token::Text(path))) if command == "ruby" => found.files.push(path.clone()),
            ("git" | "source", Some(Token::Text(url))) if super::is_remote(url) => {}
            ("path" | "file" | "git" | "gemspec", _) => {
                return fault(format!(
                    "what `{key}:` names is not known to be a file of the project or another machine"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The words of the program. Lines inside brackets, and after a comma or an operator, go on.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Fault> {
    let mut tokens: Vec<(Token, usize)> = Vec::new();
    let mut depth = 0_usize;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    let fault = |line: usize, what: &str| {
        Err(Fault { line, what: format!("{what} is beyond what dockopt reads of a Gemfile") })
    };
    while let Some(c) = rest.chars().next() {
        let (token, length) = match c {
            ' ' | '\t' | '\r' => (None, 1),
            '\n' => {
                let goes_on = depth > 0
                    || matches!(tokens.last(), Some((Token::Sign(sign), _)) if ![")", "]", "}", "|"].contains(&sign.as_str()));
                line += 1;
                if rest.starts_with("\n=begin") || rest.starts_with("\n__END__") {
                    return fault(line, "a block that is no code");
                }
                (if goes_on { None } else { Some(Token::End) }, 1)
            }
            ';' => (Some(Token::End), 1),
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '\\' if rest.starts_with("\\\n") => {
                line += 1;
                (None, 2)
            }
            '"' | '\'' => {
                let Some(end) = rest[1..].find(c) else { return fault(line, "an open string") };
                let inner = &rest[1..=end];
                if inner.contains(['\\', '\n']) {
                    return fault(line, "a string with an escape");
                }
                let mixed = if c == '"' { expansions(inner) } else { Some(vec![]) };
                let token = match mixed {
                    None => return fault(line, "an expansion in a string"),
                    Some(names) if names.is_empty() => Token::Text(inner.to_owned()),
                    Some(names) => Token::Mixed(names),
                };
                // `"name": value` is a key.
                if rest[end + 2..].starts_with(':') && !rest[end + 2..].starts_with("::") {
                    return fault(line, "a quoted key");
                }
                (Some(token), end + 2)
            }
            '%' if matches!(rest.get(..2), Some("%w" | "%i")) => {
                let close = match rest[2..].chars().next() {
                    Some('[') => ']',
                    Some('(') => ')',
                    Some('{') => '}',
                    _ => return fault(line, "`%`"),
                };
                let Some(end) = rest.find(close) else { return fault(line, "an open list") };
                if rest[..end].contains(['\\', '\n']) {
                    return fault(line, "a list over several lines");
                }
                (Some(Token::Number), end + 1)
            }
            ':' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                let length = 1 + word(&rest[1..]);
                (Some(Token::Symbol(rest[1..length].to_owned())), length)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = word(rest);
                let after = &rest[length..];
                if after.starts_with(':') && !after.starts_with("::") {
                    (Some(Token::Label(rest[..length].to_owned())), length + 1)
                } else {
                    (Some(Token::Word(rest[..length].to_owned())), length)
                }
            }
            c if c.is_ascii_digit() => {
                let length = rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
                (Some(Token::Number), length)
            }
            c if c.is_ascii() => {
                depth = match c {
                    '(' | '[' | '{' => depth + 1,
                    ')' | ']' | '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                let two = rest.get(..2).filter(|two| {
                    ["=>", "==", "!=", "||", "&&", ">=", "<=", "=~", "&.", "->", "<<", "::"].contains(two)
                });
                let length = two.map_or(1, str::len);
                (Some(Token::Sign(rest[..length].to_owned())), length)
            }
            _ => return fault(line, "a letter beyond ASCII"),
        };
        tokens.extend(token.map(|token| (token, line)));
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// The names in the `#{…}` of a string; `None` if something else is in one.
fn expansions(inner: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = inner;
    while let Some(at) = rest.find('#') {
        rest = &rest[at + 1..];
        let Some(inside) = rest.strip_prefix('{') else {
            if rest.starts_with(['$', '@']) {
                return None;
            }
            continue;
        };
        let end = inside.find('}')?;
        if word(inside) != end || end == 0 {
            return None;
        }
        names.push(inside[..end].to_owned());
        rest = &inside[end + 1..];
    }
    Some(names)
}

/// The length of the name that a text begins with.
fn word(text: &str) -> usize {
    let length = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text[length..].starts_with('?') && !text[length..].starts_with("??") && length > 0 {
        length + 1
    } else {
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_gemfile() {
        let text = r#"# frozen_string_literal: true
source "https://gems.example.org"

git_source(:github) { |repo| "https://github.example.org/#{repo}.git" }
ruby file: ".ruby-version"

rails_version = ENV.fetch("RAILS_VERSION", "~> 7.1")
gem "rails", rails_version
gem "pg", ">= 1.1",
  "< 2"
gem 'puma', '>= 5.0' unless ENV["CI"] == "true"
gem "blog", path: "engines/blog"
gem "shop", :path => "engines/shop", require: %w[shop shop/railtie]
gem "tzinfo-data", platforms: %i[ windows jruby ]
group :development, :test do
  gem "debug", platforms: [:mri]
end
path "components" do
  gem "money"
end
if File.exist?("Gemfile.local")
  eval_gemfile "Gemfile.local"
end
"#;
        let found = parse(text).unwrap();
        assert_eq!(found.files, [".ruby-version"]);
        assert_eq!(found.folders, ["engines/blog", "engines/shop", "components"]);
        assert_eq!(found.gemfiles, ["Gemfile.local"]);
        assert_eq!(found.asked, ["Gemfile.local"]);
        assert_eq!(parse("ruby File.read(\".ruby-version\").strip\n").unwrap().files, [".ruby-version"]);
    }

    #[test]
    fn what_is_beyond_it() {
        for (text, line, told) in [
            ("gemspec\n", 1, "gemspec"),
            ("source \"https://a.example\"\nplugin \"x\"\n", 2, "plugin"),
            ("ruby File.read(File.join(__dir__, 'x'))\n", 1, "File"),
            ("gem 'a'\n\ngem 'x', `cat v`\n", 3, "`"),
            ("Dir.glob('x').each { |f| eval_gemfile f }\n", 1, "Dir"),
            ("eval_gemfile path_of\n", 1, "path_of"),
            ("gem 'x', path: ENV['X']\n", 1, "path"),
            ("gem 'x', git: '../x'\n", 1, "git"),
            ("source '/srv/gems'\n", 1, "/srv/gems"),
            ("gem 'x', \"#{File.read('v')}\"\n", 1, "expansion"),
            ("require 'yaml'\n", 1, "require"),
            ("instance_eval(File.read('other'))\n", 1, "instance_eval"),
            ("eval 'x'\n", 1, "eval"),
            ("gem 'x', version\n", 1, "version"),
            ("gem(*YAML.load('x'))\n", 1, "YAML"),
            ("load 'x' if true\n", 1, "load"),
            ("install_if -> { true } do\nend\n", 1, "install_if"),
            ("gem 'ü'\n=begin\n", 2, "no code"),
            ("gem %ü", 1, "beyond"),
        ] {
            let fault = parse(text).unwrap_err();
            assert!(fault.line == line && fault.what.contains(told), "{text}: {fault:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[gem pathruby:'\"#{}=>,|\\[\\]().%wi\n?`ü]{0,60}") {
            let _ = parse(&text);
        }
    }
}
