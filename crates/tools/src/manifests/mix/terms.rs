//! Terms of Elixir that stand written out: in mix.lock, and the dependencies of mix.exs. Evaluates nothing; what is not a term as it
//! stands is none.

use super::tokens::Token;

/// A term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Text(String),
    Atom(String),
    Number(String),
    List(Vec<Term>),
    Tuple(Vec<Term>),
    Map(Vec<(Term, Term)>),
}

impl Term {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of an atom or of a text.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Atom(text) => Some(text),
            _ => None,
        }
    }

    /// The pairs of a keyword list.
    pub(super) fn pairs(&self) -> Option<Vec<(&str, &Term)>> {
        let Self::List(items) = self else { return None };
        items
            .iter()
            .map(|item| match item {
                Self::Tuple(pair) => match pair.as_slice() {
                    [Self::Atom(key), value] => Some((key.as_str(), value)),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }
}

/// A dependency as mix.exs writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) app: String,
    pub(super) requirement: Option<String>,
    pub(super) options: Vec<(String, Term)>,
}

impl Dependency {
    pub(super) fn option(&self, name: &str) -> Option<&Term> {
        self.options.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// The dependencies of a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dependencies {
    pub(super) list: Vec<Dependency>,
    /// The first line with something that may be another dependency.
    pub(super) odd: Option<usize>,
    /// A line and an option, of a dependency that is not written out, that names a place.
    pub(super) lost: Option<(usize, String)>,
}

/// Options by which a dependency is found in other places than in the registry.
const PLACES: [&str; 6] = ["path", "in_umbrella", "git", "github", "compile", "manager"];
/// Keys of a project whose values look like requirements.
const VERSIONS: [&str; 3] = ["version", "elixir", "source_ref"];

/// Finds every tuple that may be a dependency: one that begins with an atom.
pub(super) fn dependencies(tokens: &[(usize, Token)]) -> Dependencies {
    let mut found = Dependencies::default();
    let mut at = 0;
    while let Some((line, token)) = tokens.get(at) {
        at += 1;
        match token {
            Token::Sign("{") if !(at > 1 && tokens[at - 2].1.is("%")) => {
                let first = tokens[at..].iter().map(|(_, token)| token).find(|token| **token != Token::End);
                if !matches!(first, Some(Token::Atom(_))) {
                    continue;
                }
                match term(tokens, at - 1).and_then(|(term, next)| Some((dependency(term)?, next))) {
                    Some((dependency, next)) => {
                        found.list.push(dependency);
                        at = next;
                    }
                    None => {
                        found.odd.get_or_insert(*line);
                    }
                }
            }
            Token::Key(key) if PLACES.contains(&key.as_str()) => {
                found.lost.get_or_insert((*line, key.clone()));
            }
            // `plug: "~> 1.0"` is a dependency, too.
            Token::Key(key) if !VERSIONS.contains(&key.as_str()) => {
                let is_requirement = |text| super::version::is_requirement(text);
                if tokens.get(at).and_then(|(_, token)| token.text()).is_some_and(is_requirement) {
                    found.odd.get_or_insert(*line);
                }
            }
            _ => {}
        }
    }
    found
}

fn dependency(term: Term) -> Option<Dependency> {
    let Term::Tuple(parts) = term else { return None };
    let (app, requirement, options) = match parts.as_slice() {
        [Term::Atom(app), Term::Text(requirement)] => (app, Some(requirement.clone()), None),
        [Term::Atom(app), Term::Text(requirement), options] => {
            (app, Some(requirement.clone()), Some(options))
        }
        [Term::Atom(app), options] => (app, None, Some(options)),
        _ => return None,
    };
    let options = match options {
        None => vec![],
        Some(options) => {
            options.pairs()?.into_iter().map(|(key, value)| (key.to_owned(), value.clone())).collect()
        }
    };
    Some(Dependency { app: app.clone(), requirement, options })
}

/// Reads a term at a place; gives back the place after it.
pub(super) fn term(tokens: &[(usize, Token)], at: usize) -> Option<(Term, usize)> {
    let at = skip(tokens, at);
    match &tokens.get(at)?.1 {
        Token::Atom(name) => Some((Term::Atom(name.clone()), at + 1)),
        Token::Module(name) => Some((Term::Atom(name.clone()), at + 1)),
        Token::Number(number) => Some((Term::Number(number.clone()), at + 1)),
        token @ Token::Text(_) => Some((Term::Text(token.text()?.to_owned()), at + 1)),
        Token::Sign("[") => items(tokens, at + 1, "]").map(|(items, next)| (Term::List(items), next)),
        Token::Sign("{") => {
            let (mut items, next) = items(tokens, at + 1, "}")?;
            // Pairs at the end of a tuple are one list.
            let first = items.iter().position(is_pair_of_keys).unwrap_or(items.len());
            if first < items.len() {
                let pairs = items.split_off(first);
                items.push(Term::List(pairs.into_iter().map(as_pair).collect()));
            }
            Some((Term::Tuple(items), next))
        }
        Token::Sign("%") if tokens.get(at + 1)?.1.is("{") => {
            let (items, next) = items(tokens, at + 2, "}")?;
            let pairs: Option<Vec<(Term, Term)>> = items
                .into_iter()
                .map(|item| match item {
                    Term::Map(mut pair) if pair.len() == 1 => pair.pop(),
                    _ => None,
                })
                .collect();
            Some((Term::Map(pairs?), next))
        }
        _ => None,
    }
}

/// A pair `key: value` or `key => value` stands as a map of one until it is known what is around it.
fn is_pair_of_keys(term: &Term) -> bool {
    matches!(term, Term::Map(pairs) if pairs.len() == 1)
}

fn as_pair(term: Term) -> Term {
    match term {
        Term::Map(mut pairs) if pairs.len() == 1 => {
            let (key, value) = pairs.remove(0);
            Term::Tuple(vec![key, value])
        }
        other => other,
    }
}

fn items(tokens: &[(usize, Token)], mut at: usize, end: &str) -> Option<(Vec<Term>, usize)> {
    let mut items = Vec::new();
    loop {
        at = skip(tokens, at);
        if tokens.get(at)?.1.is(end) {
            at += 1;
            break;
        }
        if let Token::Key(key) = &tokens[at].1 {
            // Whether it is started does not matter to what is fetched, and is often an expression.
            let (value, next) = if key == "runtime" {
                (Term::Atom("?".to_owned()), past(tokens, at + 1, end)?)
            } else {
                term(tokens, at + 1)?
            };
            items.push(Term::Map(vec![(Term::Atom(key.clone()), value)]));
            at = next;
        } else {
            let (first, next) = term(tokens, at)?;
            at = skip(tokens, next);
            if tokens.get(at)?.1.is("=>") {
                let (value, next) = term(tokens, at + 1)?;
                items.push(Term::Map(vec![(first, value)]));
                at = next;
            } else {
                items.push(first);
            }
        }
        at = skip(tokens, at);
        match &tokens.get(at)?.1 {
            Token::Sign(",") => at += 1,
            token if token.is(end) => {}
            _ => return None,
        }
    }
    if end == "]" {
        items = items.into_iter().map(as_pair).collect();
    }
    Some((items, at))
}

/// The place after an expression: the comma or the bracket that ends it.
fn past(tokens: &[(usize, Token)], mut at: usize, end: &str) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match &tokens.get(at)?.1 {
            Token::Sign(",") if depth == 0 => return Some(at),
            token if token.is(end) && depth == 0 => return Some(at),
            Token::Sign("(" | "[" | "{") => depth += 1,
            Token::Sign(")" | "]" | "}") => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
    }
}

fn skip(tokens: &[(usize, Token)], mut at: usize) -> usize {
    while matches!(tokens.get(at), Some((_, Token::End))) {
        at += 1;
    }
    at
}
