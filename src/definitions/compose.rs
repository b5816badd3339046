//! Compose files: the `build` of each service. Reads texts; must not look at the disk.

use std::collections::BTreeMap;

use dockopt_tools::yaml::{self, Aliases};
use serde_json::{Map, Value};

use super::Written;

/// The names of files that Compose reads by itself.
const BASES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// Services that extend each other in a longer chain are not followed.
const MOST_EXTENDED: usize = 16;

/// Whether a file of that name is one: `compose.yaml`, `docker-compose.prod.yml`, …
pub(super) fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| {
        ["compose", "docker-compose"].into_iter().any(|start| {
            stem.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
        })
    })
}

/// The builds that the Compose files among these texts of one folder define, with the name of the file.
pub(super) fn read(texts: &BTreeMap<String, String>) -> Vec<(String, Written)> {
    let services: BTreeMap<&str, Map<String, Value>> = texts
        .iter()
        .filter(|(name, _)| is_name(name))
        .filter_map(|(name, text)| Some((name.as_str(), services(text)?)))
        .collect();
    let base = BASES.iter().find_map(|name| services.get(name));
    let mut found = Vec::new();
    for (name, own) in &services {
        for service in own.keys() {
            // The other files are laid over the one that Compose finds first.
            let below = base.filter(|base| !BASES.contains(name) && base.contains_key(service));
            let below = below.map_or(Ok(None), |below| build(below, service, 0));
            if let (Ok(below), Ok(Some(own))) = (below, build(own, service, 0)) {
                let all = over(below.unwrap_or_default(), own);
                found.extend(written(service, &all).map(|written| ((*name).to_owned(), written)));
            }
        }
    }
    found
}

fn services(text: &str) -> Option<Map<String, Value>> {
    match yaml::read(text, Aliases::Followed).ok()?.get_mut("services")?.take() {
        Value::Object(services) => Some(services),
        _ => None,
    }
}

/// A service takes over something that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NotFollowed;

/// The `build` of a service with what it takes over from others of the file, if it has one.
fn build(
    services: &Map<String, Value>,
    service: &str,
    depth: usize,
) -> Result<Option<Map<String, Value>>, NotFollowed> {
    let one = services.get(service).filter(|_| depth <= MOST_EXTENDED).ok_or(NotFollowed)?;
    let own = match one.get("build") {
        None | Some(Value::Null) => None,
        Some(Value::String(context)) => {
            Some(Map::from_iter([("context".to_owned(), Value::from(context.as_str()))]))
        }
        Some(Value::Object(build)) => Some(build.clone()),
        Some(_) => return Err(NotFollowed),
    };
    let parent = match one.get("extends") {
        None | Some(Value::Null) => return Ok(own),
        Some(Value::String(parent)) => Some(parent.as_str()),
        // A service of another file, whose paths start there.
        Some(extends) if extends.get("file").is_none() => extends.get("service").and_then(Value::as_str),
        Some(_) => None,
    };
    let below = build(services, parent.ok_or(NotFollowed)?, depth + 1)?;
    Ok(match (below, own) {
        (Some(below), Some(own)) => Some(over(below, own)),
        (below, own) => own.or(below),
    })
}

fn over(mut below: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    below.extend(own);
    below
}

fn written(service: &str, build: &Map<String, Value>) -> Option<Written> {
    let is_inline = build.contains_key("dockerfile_inline");
    if is_inline { None } else { Written::of(service, build, "additional_contexts") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn builds(files: &[(&str, &str)]) -> Vec<String> {
        let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let show = |(file, one): (String, Written)| {
            format!("{file} {} {:?} {:?} {:?}", one.name, one.context, one.dockerfile, one.replaces)
        };
        read(&texts).into_iter().map(show).collect()
    }

    #[test]
    fn names() {
        for name in ["compose.yaml", "docker-compose.yml", "docker-compose.prod.yml", "compose.override.yaml"]
        {
            assert!(is_name(name), "{name}");
        }
        for name in ["composer.yaml", "compose.json", "my-compose.yml", "docker-composed.yml"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn services_with_a_build() {
        let text = "x-build: &build\n  context: .\n  dockerfile: services/api/Dockerfile\nservices:\n  api:\n    build:\n      <<: *build\n  web:\n    build: ./web\n  jobs:\n    extends: api\n  db:\n    image: postgres:16\n  proxy:\n    build:\n      dockerfile_inline: FROM nginx\n  docs:\n    build:\n      context: docs\n      additional_contexts:\n        base: ./base\n";
        assert_eq!(
            builds(&[("compose.yaml", text)]),
            [
                r#"compose.yaml api Some(".") Some("services/api/Dockerfile") {}"#,
                r#"compose.yaml web Some("./web") None {}"#,
                r#"compose.yaml jobs Some(".") Some("services/api/Dockerfile") {}"#,
                r#"compose.yaml docs Some("docs") None {"base"}"#,
            ]
            .iter()
            .map(|line| (*line).to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
        );
    }

    #[test]
    fn files_over_the_first_one() {
        let base = "services: {web: {build: {context: ., dockerfile: web/Dockerfile}}}";
        let dev = "services: {web: {build: {dockerfile: web/Dockerfile.dev}}, tool: {build: tool}}";
        assert_eq!(
            builds(&[("docker-compose.yml", base), ("docker-compose.dev.yml", dev)]),
            [
                r#"docker-compose.dev.yml tool Some("tool") None {}"#,
                r#"docker-compose.dev.yml web Some(".") Some("web/Dockerfile.dev") {}"#,
                r#"docker-compose.yml web Some(".") Some("web/Dockerfile") {}"#,
            ]
        );
    }

    #[test]
    fn what_cannot_be_followed_is_left_out() {
        let cycle = "services: {a: {extends: b, build: {dockerfile: x}}, b: {extends: a}}";
        let other = "services: {a: {extends: {file: base.yml, service: a}, build: {dockerfile: x}}}";
        for text in [cycle, other, "services: []", "services: {a: {build: [x]}}", "a: &a [*a]", "\t", ""] {
            assert_eq!(builds(&[("compose.yml", text)]), [""; 0], "{text}");
        }
    }
}
