//! GitHub's own description of its API, as far as the bot uses it, and whether requests and answers keep to it. `github.json` is cut
//! out of that description by `slice.py`. Must not know what is tested.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("github.json")).expect("it was written as JSON"));
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What is wrong with a request. Its path is below the root of the API.
pub(crate) fn request(method: &str, path: &str, body: &str) -> Vec<String> {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let Some((template, operation)) = operation(method, place) else {
        return vec![format!("{method} {path} is not described")];
    };
    let mut faults = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let parameters = operation["parameters"].as_array().into_iter().flatten().map(resolved);
        let known = parameters.into_iter().find(|one| one["name"] == name && one["in"] == "query");
        match known {
            None => faults.push(format!("{method} {template} has no parameter `{name}`")),
            Some(parameter) => {
                let value =
                    value.parse::<u64>().map_or_else(|_| json!(decoded(value)), |number| json!(number));
                let schema = &parameter["schema"];
                faults.extend(check(&format!("{method} {template} {name}"), schema, &value));
            }
        }
    }
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    match (schema, body) {
        (Value::Null, "") => {}
        (Value::Null, _) => faults.push(format!("{method} {template} takes no body")),
        (schema, body) => match serde_json::from_str(body) {
            Ok(body) => {
                faults.extend(check(&format!("{method} {template} request"), schema, &body));
                faults.extend(
                    unknown_keys(schema, &body)
                        .map(|key| format!("{method} {template} does not know `{key}`")),
                );
            }
            Err(error) => faults.push(format!("{method} {template}: {error}")),
        },
    }
    faults
}

/// What is wrong with an answer.
pub(crate) fn answer(method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
    let place = path.split('?').next().unwrap_or(path);
    let Some((template, operation)) = operation(method, place) else {
        return vec![format!("{method} {path} is not described")];
    };
    let described = &operation["responses"][status.to_string()];
    if described.is_null() {
        return vec![format!("{method} {template} never answers with {status}")];
    }
    let schema = &resolved(described)["content"]["application/json"]["schema"];
    if schema.is_null() { Vec::new() } else { check(&format!("{method} {template} {status}"), schema, body) }
}

/// The example of an answer.
pub(crate) fn example(method: &str, path: &str, status: u16) -> Value {
    let (_, operation) = operation(method, path).expect("the fake asks for what it answers");
    let content = &operation["responses"][status.to_string()]["content"]["application/json"];
    resolved(&content["example"])["value"].clone()
}

fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_meant = |template: &str| {
        let names: Vec<&str> = template.split('/').collect();
        names.len() == parts.len()
            && names.iter().zip(&parts).all(|(name, part)| name.starts_with('{') || name == part)
    };
    let paths = DESCRIPTION["paths"].as_object().expect("it has paths");
    let (template, item) = paths.iter().find(|(template, _)| is_meant(template))?;
    item.get(method.to_ascii_lowercase()).map(|operation| (template.as_str(), operation))
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DESCRIPTION.pointer(&reference[1..]).expect("references lead somewhere"),
        None => value,
    }
}

fn check(what: &str, schema: &Value, value: &Value) -> Vec<String> {
    let validator = {
        let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(what.to_owned()).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": DESCRIPTION["components"]});
            Arc::new(jsonschema::draft202012::new(&whole).expect("it is a schema"))
        }))
    };
    validator
        .iter_errors(value)
        .map(|error| format!("{what}: {} at {}", error, error.instance_path()))
        .collect()
}

/// Fields that are not described: GitHub passes over them, so that a misspelt one would never be noticed.
fn unknown_keys<'b>(schema: &'b Value, body: &'b Value) -> impl Iterator<Item = &'b String> {
    let known = schema["properties"].as_object();
    body.as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
        .filter(move |key| known.is_some_and(|known| !known.contains_key(*key)))
}

/// A value of a query or a segment of a path as it was meant.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| std::str::from_utf8(tail.get(..2)?).ok()).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn what_is_not_described_is_noticed() {
    assert_eq!(request("POST", "/repos/a/b/pulls", r#"{"head":"x","base":"main","title":"t"}"#), [""; 0]);
    for (method, path, body) in [
        ("POST", "/repos/a/b/pulls", r#"{"head":"x"}"#),
        ("POST", "/repos/a/b/pulls", r#"{"head":"x","base":7}"#),
        ("POST", "/repos/a/b/pulls", r#"{"head":"x","base":"main","titel":"t"}"#),
        ("POST", "/repos/a/b/git/trees", r#"{"tree":[{"path":"a","mode":"777777"}]}"#),
        ("GET", "/repos/a/b/pulls?state=opened", ""),
        ("GET", "/repos/a/b/pulls?owner=a", ""),
        ("DELETE", "/repos/a/b/pulls", ""),
        ("GET", "/repos/a/b/wikis", ""),
    ] {
        assert_ne!(request(method, path, body), [""; 0], "{method} {path} {body}");
    }
    assert_ne!(answer("GET", "/repos/a/b/git/commits/c", 200, &json!({"sha": "c"})), [""; 0]);
    assert_ne!(answer("GET", "/repos/a/b/git/commits/c", 302, &Value::Null), [""; 0]);
}
