//! Bake files, in HCL and JSON: the context and Dockerfile of each target. Reads texts; must not look at the disk.

use std::collections::BTreeMap;

use hcl::{Expression, ObjectKey};
use serde_json::{Map, Value};

use super::Written;

/// The names of files that Bake reads by itself.
const NAMES: [&str; 4] =
    ["docker-bake.hcl", "docker-bake.json", "docker-bake.override.hcl", "docker-bake.override.json"];
/// Brackets inside each other at most: the reader of HCL calls itself for each.
const DEPTH: usize = 64;
/// Targets that inherit from each other in a longer chain are not followed.
const MOST_INHERITED: usize = 16;

/// Whether a file of that name is one.
pub(super) fn is_name(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The builds that the Bake files among these texts of one folder define, with the name of the file.
pub(super) fn read(texts: &BTreeMap<String, String>) -> Vec<(String, Written)> {
    // Bake lays all of them over each other, in this order.
    let mut targets: BTreeMap<String, (String, Map<String, Value>)> = BTreeMap::new();
    for name in NAMES {
        let Some(text) = texts.get(name) else { continue };
        let own = if name.contains(".hcl") { of_hcl(text) } else { of_json(text) };
        // A file that is not understood may change every target.
        let Some(own) = own else { return Vec::new() };
        for (target, keys) in own {
            let known = targets.entry(target).or_insert_with(|| (name.to_owned(), Map::new()));
            known.1.extend(keys);
        }
    }
    let written = |(target, (file, _)): (&String, &(String, Map<String, Value>))| {
        Some((file.clone(), written(target, &keys(&targets, target, 0)?)?))
    };
    targets.iter().filter_map(written).collect()
}

fn of_json(text: &str) -> Option<BTreeMap<String, Map<String, Value>>> {
    let mut json: Value = serde_json::from_str(text).ok()?;
    let Some(Value::Object(targets)) = json.get_mut("target").map(Value::take) else {
        return Some(BTreeMap::new());
    };
    targets.into_iter().map(|(name, keys)| Some((name, keys.as_object()?.clone()))).collect()
}

fn of_hcl(text: &str) -> Option<BTreeMap<String, Map<String, Value>>> {
    if is_deep(text) {
        return None;
    }
    let body = hcl::parse(text).ok()?;
    let mut targets = BTreeMap::new();
    for block in body.blocks().filter(|block| block.identifier() == "target") {
        let [name] = block.labels() else { return None };
        let keys = block.body().attributes().map(|one| (one.key().to_owned(), value(one.expr())));
        targets.insert(name.as_str().to_owned(), keys.collect());
    }
    Some(targets)
}

/// Whether a text has more brackets inside each other than anybody writes. Those in texts count, too, which is careful enough.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.chars().any(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH
    })
}

/// What stands there; a text with `$` for what is known only when it runs.
fn value(expression: &Expression) -> Value {
    match expression {
        Expression::Null => Value::Null,
        Expression::String(text) => Value::from(text.as_str()),
        Expression::Array(items) => items.iter().map(value).collect(),
        Expression::Object(entries) => {
            let key = |key: &ObjectKey| match key {
                ObjectKey::Identifier(name) => name.to_string(),
                ObjectKey::Expression(Expression::String(text)) => text.clone(),
                _ => "$".to_owned(),
            };
            Value::Object(entries.iter().map(|(own, expression)| (key(own), value(expression))).collect())
        }
        _ => Value::from("$"),
    }
}

/// The keys of a target with those that it inherits; later parents win over earlier ones, and its own over all.
fn keys(
    targets: &BTreeMap<String, (String, Map<String, Value>)>,
    target: &str,
    depth: usize,
) -> Option<Map<String, Value>> {
    let own = &targets.get(target)?.1;
    if depth > MOST_INHERITED {
        return None;
    }
    let mut all = Map::new();
    match own.get("inherits") {
        None | Some(Value::Null) => {}
        Some(Value::Array(parents)) => {
            for parent in parents {
                all.extend(keys(targets, parent.as_str()?, depth + 1)?);
            }
        }
        Some(_) => return None,
    }
    all.extend(own.clone());
    Some(all)
}

fn written(target: &str, keys: &Map<String, Value>) -> Option<Written> {
    // One target that stands for many may have a context for each.
    let is_other = keys.contains_key("dockerfile-inline") || keys.contains_key("matrix");
    if is_other { None } else { Written::of(target, keys, "contexts") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(files: &[(&str, &str)]) -> Vec<String> {
        let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let show = |(file, one): (String, Written)| {
            format!("{file} {} {:?} {:?} {:?}", one.name, one.context, one.dockerfile, one.replaces)
        };
        read(&texts).into_iter().map(show).collect()
    }

    #[test]
    fn targets_in_both_languages() {
        let hcl = "variable \"TAG\" {\n  default = \"latest\"\n}\n\ngroup \"default\" {\n  targets = [\"api\"]\n}\n\ntarget \"_common\" {\n  context = \".\"\n}\n\ntarget \"api\" {\n  inherits = [\"_common\"]\n  dockerfile = \"services/api/Dockerfile\"\n  tags = [\"example.org/api:${TAG}\"]\n  contexts = {\n    base = \"target:base\"\n  }\n}\n\ntarget \"web\" {\n  context = \"web-${TAG}\"\n}\n";
        assert_eq!(
            builds(&[("docker-bake.hcl", hcl)]),
            [
                r#"docker-bake.hcl _common Some(".") None {}"#,
                r#"docker-bake.hcl api Some(".") Some("services/api/Dockerfile") {"base"}"#,
                r#"docker-bake.hcl web Some("$") None {}"#,
            ]
        );
        let json = r#"{ "target": { "api": { "context": "..", "dockerfile": "api.Dockerfile" } } }"#;
        assert_eq!(
            builds(&[("docker-bake.json", json)]),
            [r#"docker-bake.json api Some("..") Some("api.Dockerfile") {}"#]
        );
    }

    #[test]
    fn what_cannot_be_followed_is_left_out() {
        let cycle = "target \"a\" {\n  inherits = [\"a\"]\n}\n";
        let deep = format!("target \"a\" {{\n  x = {}\n}}\n", "[".repeat(100_000));
        for text in [cycle, deep.as_str(), "target {\n", "target \"a\" \"b\" {\n}\n", ""] {
            assert_eq!(builds(&[("docker-bake.hcl", text)]), [""; 0]);
        }
        assert_eq!(builds(&[("docker-bake.json", "{ \"target\": { \"a\": 1 } }")]), [""; 0]);
    }
}
