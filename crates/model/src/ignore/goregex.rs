//! The part of Go's regexp language that ignore patterns are turned into. Matching takes linear time. What lies outside
//! that part is refused, never guessed.

use std::iter::Peekable;
use std::str::Chars;

/// A compiled expression. Its alternatives have no groups around them, so each is a plain sequence.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    alternatives: Vec<Vec<Node>>,
}

/// An expression that Go refuses too, or whose syntax is not supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(&'static str);

#[derive(Clone, Debug)]
enum Node {
    /// One character of the set.
    One(Set),
    /// Any number of characters of the set.
    Many(Set),
    /// The following nodes, so many of them, or nothing.
    Optional(usize),
    Start,
    End,
    WordBoundary,
    NoWordBoundary,
}

/// Characters, as inclusive ranges.
#[derive(Clone, Debug, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    negated: bool,
}

const ANY: char = char::MAX;

impl Regex {
    /// Reads an expression as Go's `regexp.Compile` does, or refuses it.
    pub(super) fn parse(text: &str) -> Result<Regex, Refused> {
        let mut alternatives = Vec::new();
        let mut nodes = Vec::new();
        let mut rest = text.chars().peekable();
        let mut follows_repeat = false;
        while let Some(character) = rest.next() {
            let mut repeats = false;
            match character {
                '|' => alternatives.push(std::mem::take(&mut nodes)),
                '^' => nodes.push(Node::Start),
                '$' => nodes.push(Node::End),
                '.' => nodes.push(Node::One(not_newline())),
                '[' => nodes.push(Node::One(parse_class(&mut rest)?)),
                '\\' => nodes.push(parse_escape(&mut rest)?),
                '(' => {
                    // Groups come only from `**`.
                    for expected in ".*/)?".chars() {
                        rest.next_if_eq(&expected).ok_or(Refused("dockopt does not know what this means"))?;
                    }
                    nodes.extend([Node::Optional(2), Node::Many(not_newline()), Node::One(Set::of('/'))]);
                    repeats = true;
                }
                '*' => {
                    let Some(Node::One(set)) = nodes.pop().filter(|_| !follows_repeat) else {
                        return Err(Refused(
                            "syntax error in pattern: a repetition of nothing, or of a repetition",
                        ));
                    };
                    nodes.push(Node::Many(set));
                    repeats = true;
                }
                '{' if is_count(rest.clone()) => {
                    return Err(Refused("dockopt does not know what a counted repetition means"));
                }
                '?' | '+' | ')' => return Err(Refused("dockopt does not know what this means")),
                _ => nodes.push(Node::One(Set::of(character))),
            }
            follows_repeat = repeats;
        }
        alternatives.push(nodes);
        Ok(Regex { alternatives })
    }

    /// Whether the expression matches somewhere in `text` (Go's `MatchString`).
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.alternatives.iter().any(|nodes| is_match(nodes, text))
    }
}

/// Follows all ways through `nodes` at once; a way may begin at every character, since `^` is a node like others.
fn is_match(nodes: &[Node], text: &str) -> bool {
    let mut reached = vec![false; nodes.len() + 1];
    let mut before = None;
    let mut rest = text.chars();
    loop {
        let after = rest.clone().next();
        reached[0] = true;
        for (at, node) in nodes.iter().enumerate() {
            if !reached[at] {
                continue;
            }
            match node {
                Node::One(_) => {}
                Node::Many(_) => reached[at + 1] = true,
                Node::Optional(count) => {
                    reached[at + 1] = true;
                    reached[at + 1 + count] = true;
                }
                Node::Start => reached[at + 1] |= before.is_none(),
                Node::End => reached[at + 1] |= after.is_none(),
                Node::WordBoundary => reached[at + 1] |= is_word(before) != is_word(after),
                Node::NoWordBoundary => reached[at + 1] |= is_word(before) == is_word(after),
            }
        }
        if reached[nodes.len()] {
            return true;
        }
        let Some(character) = rest.next() else {
            return false;
        };
        let mut next = vec![false; nodes.len() + 1];
        for (at, node) in nodes.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match node {
                Node::One(set) if set.contains(character) => next[at + 1] = true,
                Node::Many(set) if set.contains(character) => next[at] = true,
                _ => {}
            }
        }
        reached = next;
        before = Some(character);
    }
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(|character| character.is_ascii_alphanumeric() || character == '_')
}

impl Set {
    fn of(character: char) -> Set {
        Set { ranges: vec![(character, character)], negated: false }
    }

    fn contains(&self, character: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != self.negated
    }
}

/// Go's `.`.
fn not_newline() -> Set {
    Set { negated: true, ..Set::of('\n') }
}

/// What follows a `\` outside a class.
fn parse_escape(rest: &mut Peekable<Chars>) -> Result<Node, Refused> {
    let assertion = match rest.peek() {
        Some('A') => Node::Start,
        Some('z') => Node::End,
        Some('b') => Node::WordBoundary,
        Some('B') => Node::NoWordBoundary,
        _ => return Ok(Node::One(Set { ranges: parse_escaped_characters(rest)?, negated: false })),
    };
    rest.next();
    Ok(assertion)
}

/// What a `\` and the next character stand for, in a class or not.
fn parse_escaped_characters(rest: &mut Peekable<Chars>) -> Result<Vec<(char, char)>, Refused> {
    let ranges: &[(char, char)] = match rest.next() {
        Some('d') => &[('0', '9')],
        Some('D') => &[('\0', '/'), (':', ANY)],
        Some('s') => &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        Some('S') => &[('\0', '\x08'), ('\x0b', '\x0b'), ('\x0e', '\x1f'), ('!', ANY)],
        Some('w') => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        Some('W') => &[('\0', '/'), (':', '@'), ('[', '^'), ('`', '`'), ('{', ANY)],
        Some('a') => &[('\x07', '\x07')],
        Some('f') => &[('\x0c', '\x0c')],
        Some('n') => &[('\n', '\n')],
        Some('r') => &[('\r', '\r')],
        Some('t') => &[('\t', '\t')],
        Some('v') => &[('\x0b', '\x0b')],
        Some(plain) if plain.is_ascii() && !plain.is_ascii_alphanumeric() => &[(plain, plain)],
        _ => return Err(Refused("dockopt does not know what this character means after `\\`")),
    };
    Ok(ranges.to_vec())
}

/// What follows a `[`, up to and with its `]`.
fn parse_class(rest: &mut Peekable<Chars>) -> Result<Set, Refused> {
    let mut set = Set { negated: rest.next_if_eq(&'^').is_some(), ..Set::default() };
    let mut first = true;
    while first || rest.next_if_eq(&']').is_none() {
        first = false;
        let mut ranges = parse_class_member(rest)?;
        let mut ahead = rest.clone();
        // A `-` before the closing `]` stands for itself, and so does one after a class such as `\d`.
        if let [(low, high)] = ranges[..]
            && low == high
            && ahead.next() == Some('-')
            && ahead.next().is_some_and(|after| after != ']')
        {
            rest.next();
            let [(upper, same)] = parse_class_member(rest)?[..] else {
                return Err(Refused("syntax error in pattern: a class cannot end a range"));
            };
            if upper != same || upper < low {
                return Err(Refused("syntax error in pattern: a range that runs backwards"));
            }
            ranges = vec![(low, upper)];
        }
        set.ranges.extend(ranges);
    }
    Ok(set)
}

/// One member of a class: a character, or what an escape stands for.
fn parse_class_member(rest: &mut Peekable<Chars>) -> Result<Vec<(char, char)>, Refused> {
    match rest.next() {
        Some('\\') => parse_escaped_characters(rest),
        Some('[') if rest.peek() == Some(&':') => {
            Err(Refused("dockopt does not know what `[:` means in a class"))
        }
        Some(character) => Ok(vec![(character, character)]),
        None => Err(Refused("syntax error in pattern: `[` without `]`")),
    }
}

/// Whether `rest`, which follows a `{`, begins like `2}`, `2,}` or `2,3}`; otherwise the brace is a plain character.
fn is_count(mut rest: Peekable<Chars>) -> bool {
    let mut digits = 0;
    while rest.next_if(char::is_ascii_digit).is_some() {
        digits += 1;
    }
    if rest.next_if_eq(&',').is_some() {
        while rest.next_if(char::is_ascii_digit).is_some() {}
    }
    digits > 0 && rest.next() == Some('}')
}
