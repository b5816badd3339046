//! `BuildKit`'s second step over the first step's output: what it refuses of instructions that could be split. Written
//! from `BuildKit`'s rules and apart from our parser, so that the two can be compared.

use serde_json::Value;

const FLAGS: [(&str, &str); 5] = [
    ("FROM", "platform"),
    ("RUN", "mount* network security device*"),
    ("COPY", "from chown chmod link? parents? exclude*"),
    ("ADD", "chown chmod link? keep-git-dir? checksum unpack? exclude*"),
    ("HEALTHCHECK", "interval timeout start-period start-interval retries"),
];
const KEYWORDS: &str = "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL \
                        USER VOLUME WORKDIR";

/// Why `BuildKit` refuses these instructions. Values of flags are looked at where that is a choice between words.
pub(crate) fn problem(commands: &[Value]) -> Option<String> {
    let mut has_from = false;
    for command in commands {
        let keyword = command["cmd"].as_str()?.to_uppercase();
        if let Some(problem) = of_one(&keyword, command) {
            return Some(format!("line {}: {problem}", command["start"]));
        }
        has_from |= keyword == "FROM";
        if !has_from && keyword != "ARG" {
            return Some(format!("{keyword} without a stage"));
        }
    }
    (!has_from).then(|| "no stage".to_owned())
}

fn of_one(keyword: &str, command: &Value) -> Option<String> {
    if !KEYWORDS.split(' ').any(|known| known == keyword) {
        return Some(format!("unknown instruction {keyword:?}"));
    }
    let texts = |name: &str| -> Vec<&str> {
        command[name]
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    };
    let (values, json) = (texts("value"), command["json"] == true);
    let none_check =
        keyword == "HEALTHCHECK" && values.first().is_some_and(|word| word.eq_ignore_ascii_case("none"));
    if !none_check && !["ARG", "STOPSIGNAL"].contains(&keyword) {
        let problem = flags(keyword, &texts("flags"));
        if problem.is_some() {
            return problem;
        }
    }
    let wrong = match keyword {
        "ONBUILD" => {
            let trigger = command["sub"].as_str().unwrap_or("ONBUILD").to_uppercase();
            ["ONBUILD", "FROM", "MAINTAINER"].contains(&trigger.as_str())
        }
        "FROM" => match values.as_slice() {
            [_] => false,
            [_, word, name] => !word.eq_ignore_ascii_case("as") || !is_stage_name(&name.to_lowercase()),
            _ => true,
        },
        "COPY" | "ADD" => values.len() < 2 || values.last().is_some_and(|word| is_heredoc(word)),
        "USER" | "WORKDIR" | "STOPSIGNAL" | "MAINTAINER" => values.len() != 1,
        "ENV" | "LABEL" => values.is_empty() || values.iter().step_by(2).any(|key| key.is_empty()),
        "ARG" => values.is_empty() || values.iter().any(|word| word.starts_with('=')),
        "EXPOSE" => values.is_empty(),
        "VOLUME" => values.is_empty() || values.iter().any(|word| word.trim().is_empty()),
        "SHELL" => !json || values.is_empty(),
        "HEALTHCHECK" if none_check => values.len() > 1,
        "HEALTHCHECK" => {
            !values.first().is_some_and(|word| word.eq_ignore_ascii_case("cmd")) || values.len() < 2
        }
        _ => false,
    };
    wrong.then(|| format!("{keyword} does not take {values:?}"))
}

fn flags(keyword: &str, given: &[&str]) -> Option<String> {
    let known = FLAGS.iter().find(|known| known.0 == keyword).map_or("", |known| known.1);
    let name_of = |flag: &str| flag[2..].split('=').next().unwrap_or_default().to_owned();
    for (index, flag) in given.iter().enumerate() {
        let name = name_of(flag);
        let value = flag.split_once('=').map(|parts| parts.1);
        let rule =
            known.split(' ').find(|rule| rule.trim_end_matches(['*', '?']) == name && !name.is_empty());
        let repeated = given[..index].iter().any(|earlier| name_of(earlier) == name);
        let wrong = match (rule, value) {
            (None, _) | (Some(_), None) if !rule.is_some_and(|rule| rule.ends_with('?')) => true,
            (Some(rule), _) if repeated && !rule.ends_with('*') => true,
            (Some(rule), value) if rule.ends_with('?') => {
                value.is_some_and(|value| !["true", "false"].contains(&value.to_lowercase().as_str()))
            }
            (Some("network"), Some(value)) => !["default", "none", "host"].contains(&value),
            (Some("security"), Some(value)) => !["sandbox", "insecure"].contains(&value),
            _ => false,
        };
        if wrong {
            return Some(format!("{keyword} does not take {flag}"));
        }
    }
    None
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
}

fn is_heredoc(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let Some(rest) = rest.strip_prefix("<<") else { return false };
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let unquoted = rest.replace(['"', '\''], "");
    let balanced = ['"', '\''].iter().all(|&quote| rest.matches(quote).count() % 2 == 0);
    !unquoted.is_empty() && !rest.contains('<') && balanced
}
