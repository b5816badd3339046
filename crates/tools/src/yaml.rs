//! One YAML document as a JSON value. A small file cannot become a large value: aliases are followed only where that is asked
//! for, and count as what they repeat. Takes plain scalars other than `true`, `false` and `null` as text.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

/// Collections inside each other at most.
const DEPTH: usize = 64;
/// Keys, items and scalars at most.
const NODES: usize = 2_000_000;
/// The same where aliases are followed: nobody writes more by hand.
const NODES_WITH_ALIASES: usize = 100_000;

/// What becomes of an alias (`*name`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aliases {
    /// It makes the text one that is not read.
    Refused,
    /// It stands for a copy of what it repeats; `<<` puts the keys of tables into a table that does not have them.
    Followed,
}

/// Reads a text. The error says why it is not read, as a clause without a subject.
pub fn read(text: &str, aliases: Aliases) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut anchors: HashMap<usize, Value> = HashMap::new();
    let mut document = None;
    let mut nodes = 0;
    let most = if aliases == Aliases::Followed { NODES_WITH_ALIASES } else { NODES };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("is not YAML that dockopt reads: {error}"))?;
        let at =
            |what: &str| Err(format!("{what} in line {}, which dockopt does not read", span.start.line()));
        nodes += 1;
        if nodes > most || open.len() > DEPTH {
            return at("holds too much");
        }
        let (done, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if !is_plain_tag(tag.as_deref()) {
                    return at("has a tag");
                }
                (scalar(&text, style), anchor)
            }
            Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) if !is_plain_tag(tag.as_deref()) => {
                return at("has a tag");
            }
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Table(Map::new(), None), anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), anchor)) => (Value::Array(items), anchor),
                Some((Open::Table(table, _), anchor)) => match merged(table, aliases) {
                    Some(table) => (Value::Object(table), anchor),
                    None => return at("merges what is no table"),
                },
                None => return at("ends something"),
            },
            Event::Alias(_) if aliases == Aliases::Refused => return at("repeats a part by an alias"),
            Event::Alias(anchor) => {
                // A part that repeats itself has no end yet, and so is not known here.
                let Some(repeated) = anchors.get(&anchor) else { return at("repeats something unknown") };
                nodes += size(repeated);
                if nodes > most {
                    return at("holds too much");
                }
                (repeated.clone(), 0)
            }
            _ => continue,
        };
        if anchor != 0 && aliases == Aliases::Followed {
            nodes += size(&done);
            anchors.insert(anchor, done.clone());
        }
        match open.last_mut().map(|(one, _)| one) {
            None if document.is_some() => return at("has a second document"),
            None => document = Some(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Table(_, key @ None)) => match done {
                Value::String(text) if text != MERGE || aliases == Aliases::Followed => *key = Some(text),
                Value::Bool(switch) => *key = Some(switch.to_string()),
                _ => return at("has an odd key"),
            },
            Some(Open::Table(table, key)) => {
                if table.insert(key.take().unwrap_or_default(), done).is_some() {
                    return at("repeats a key");
                }
            }
        }
    }
    Ok(document.unwrap_or(Value::Null))
}

/// The key of a table that stands for the keys of others.
const MERGE: &str = "<<";

/// A table with the keys of those that it merges; the first of them wins, and its own win over all.
fn merged(mut table: Map<String, Value>, aliases: Aliases) -> Option<Map<String, Value>> {
    if aliases == Aliases::Refused {
        return Some(table);
    }
    let others = match table.remove(MERGE) {
        None => return Some(table),
        Some(Value::Array(others)) => others,
        Some(other) => vec![other],
    };
    for other in others {
        for (key, value) in other.as_object()? {
            table.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Some(table)
}

/// How many values a value is made of.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(table) => 1 + table.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// A collection that is being read.
enum Open {
    List(Vec<Value>),
    /// With the key whose value comes next.
    Table(Map<String, Value>, Option<String>),
}

fn is_plain_tag(tag: Option<&Tag>) -> bool {
    tag.is_none_or(|tag| tag.handle == "tag:yaml.org,2002:" && matches!(&*tag.suffix, "str" | "map" | "seq"))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        _ if style != ScalarStyle::Plain => Value::from(text),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_lock_files_hold() {
        let text = "lockfileVersion: '9.0'\nsettings: {autoInstallPeers: true, n: 1.10}\nlist:\n  - a\n  - '@b/c@1.0.0(d@2)'\nempty:\n\"q\\\"k\": ~\ntext: |\n  one\n  two\n";
        let value = json!({
            "lockfileVersion": "9.0",
            "settings": {"autoInstallPeers": true, "n": "1.10"},
            "list": ["a", "@b/c@1.0.0(d@2)"],
            "empty": null,
            "q\"k": null,
            "text": "one\ntwo\n",
        });
        assert_eq!(read(text, Aliases::Refused).unwrap(), value);
        assert_eq!(read("", Aliases::Refused).unwrap(), Value::Null);
        assert_eq!(read("# nothing\n", Aliases::Refused).unwrap(), Value::Null);
        assert_eq!(read("\u{feff}a: b", Aliases::Refused).unwrap(), json!({"a": "b"}));
    }

    #[test]
    fn what_is_not_read() {
        for (text, expected) in [
            ("a: &x 1\nb: *x", "alias in line 2"),
            ("<<: {a: 1}", "odd key"),
            ("a: 1\na: 2", "repeats a key"),
            ("a: 1\n---\nb: 2", "second document"),
            ("a: !!binary x", "tag"),
            ("[a: b", "not YAML"),
            ("? [a]\n: b", "odd key"),
        ] {
            let why = read(text, Aliases::Refused).unwrap_err();
            assert!(why.contains(expected), "{text}: {why}");
        }
        assert!(read(&"[".repeat(10_000), Aliases::Followed).is_err());
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n";
        assert!(read(bomb, Aliases::Refused).unwrap_err().contains("alias"));
    }

    #[test]
    fn aliases_are_followed_where_that_is_asked_for() {
        let text = "x: &common\n  build: &b {context: ., dockerfile: a}\n  ports: []\nweb:\n  <<: *common\n  ports: [1]\napi:\n  <<: [{build: {context: api}}, *common]\nother: *b\n";
        let value = read(text, Aliases::Followed).unwrap();
        assert_eq!(value["web"], json!({"build": {"context": ".", "dockerfile": "a"}, "ports": ["1"]}));
        assert_eq!(value["api"], json!({"build": {"context": "api"}, "ports": []}));
        assert_eq!(value["other"], json!({"context": ".", "dockerfile": "a"}));
        assert!(read("a: &a [*a]", Aliases::Followed).unwrap_err().contains("unknown"));
        let lines = (1..30)
            .map(|n| format!("a{n}: &a{n} [*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0},*a{0}]\n", n - 1));
        let bomb = format!("a0: &a0 [x]\n{}", lines.collect::<String>());
        assert!(read(&bomb, Aliases::Followed).unwrap_err().contains("too much"));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", more in "[a:\\-\\[\\]{}&*!'\"|> \n]{0,60}") {
            let _ = read(&text, Aliases::Refused);
            let _ = read(&more, Aliases::Followed);
        }
    }
}
