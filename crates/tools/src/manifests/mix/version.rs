//! Versions and requirements as Elixir's `Version` compares them (hexdocs.pm/elixir/Version.html). What it does not understand fits nothing.

use std::cmp::Ordering;

/// A version without its build part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    numbers: [u64; 3],
    /// The parts of `-rc.1`.
    before: Vec<String>,
}

/// Whether a version fits a requirement such as `~> 1.4 or ~> 2.0`.
pub(super) fn fits(version: &str, requirement: &str) -> bool {
    let Some(version) = full(version) else { return false };
    requirement.split(" or ").all(|part| conjunction(part).is_some())
        && requirement
            .split(" or ")
            .filter_map(conjunction)
            .any(|all| all.iter().all(|one| one.holds(&version)))
}

/// Whether a text may be a requirement.
pub(super) fn is_requirement(text: &str) -> bool {
    text.split(" or ").all(|part| conjunction(part).is_some())
}

struct Comparison<'r> {
    operator: &'r str,
    version: Version,
    /// How many numbers are written.
    written: usize,
}

fn conjunction(text: &str) -> Option<Vec<Comparison<'_>>> {
    text.split(" and ")
        .map(|part| {
            let part = part.trim();
            let operator = ["~>", ">=", "<=", "==", "!=", ">", "<", "!"]
                .into_iter()
                .find(|operator| part.starts_with(operator));
            let operator = operator.unwrap_or("");
            let text = part[operator.len()..].trim_start();
            let written = text.split(['-', '+']).next()?.split('.').count();
            let padded = if operator == "~>" && written == 2 {
                let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
                format!("{numbers}.0{rest}")
            } else {
                text.to_owned()
            };
            Some(Comparison { operator, version: full(&padded)?, written })
        })
        .collect()
}

impl Comparison<'_> {
    fn holds(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        match self.operator {
            "~>" => {
                let [major, minor, _] = self.version.numbers;
                let same = version.numbers[0] == major && (self.written == 2 || version.numbers[1] == minor);
                same && order != Ordering::Less
            }
            ">=" => order != Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            "!=" | "!" => order != Ordering::Equal,
            _ => order == Ordering::Equal,
        }
    }
}

fn full(text: &str) -> Option<Version> {
    let text = text.split('+').next()?;
    let (numbers, before) =
        text.split_once('-').map_or((text, None), |(numbers, before)| (numbers, Some(before)));
    let parts: Vec<u64> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let numbers: [u64; 3] = parts.try_into().ok()?;
    let before: Vec<String> = before.map_or(vec![], |before| before.split('.').map(str::to_owned).collect());
    let plain =
        |part: &String| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    before.iter().all(plain).then_some(Version { numbers, before })
}

impl Version {
    fn compare(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.before.is_empty(), other.before.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => {
                    let pairs = self.before.iter().zip(&other.before).map(|(a, b)| identifiers(a, b));
                    pairs
                        .fold(Ordering::Equal, Ordering::then)
                        .then(self.before.len().cmp(&other.before.len()))
                }
            }
        })
    }
}

/// Numbers come before words.
fn identifiers(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        for (version, requirement, expected) in [
            ("1.7.14", "~> 1.7", true),
            ("2.0.0", "~> 1.7", false),
            ("1.7.14", "~> 1.7.2", true),
            ("1.8.0", "~> 1.7.2", false),
            ("1.7.1", "~> 1.7.2", false),
            ("1.7.14", ">= 0.0.0", true),
            ("2.3.0", "~> 1.0 or ~> 2.0", true),
            ("1.2.0", ">= 1.1.0 and < 1.2.0", false),
            ("1.2.0", "1.2.0", true),
            ("1.2.0", "== 1.2.1", false),
            ("1.2.0", "!= 1.2.1", true),
            ("1.0.0-rc.1", "~> 1.0.0-rc.0", true),
            ("1.0.0-rc.1", "~> 1.0", false),
            ("1.0.0-rc.10", ">= 1.0.0-rc.2", true),
            ("2.0.0-rc.1", "~> 1.0", false),
            ("1.0.0+build", "1.0.0", true),
            ("1.0", "~> 1.0", false),
            ("1.0.0", "^1.0", false),
            ("1.0.0", "~> 1.0 or nonsense", false),
        ] {
            assert_eq!(fits(version, requirement), expected, "{version} {requirement}");
        }
        assert!(is_requirement("~> 1.0 or ~> 2.0.1") && !is_requirement("lib") && !is_requirement("1.2"));
    }
}
