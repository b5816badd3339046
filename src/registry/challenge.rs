//! `WWW-Authenticate`: how a registry wants to be told who asks. Must not act on it.

use std::collections::BTreeMap;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token, from an address that it names.
    Bearer {
        /// Where tokens are given out.
        realm: String,
        /// What the token is for.
        service: Option<String>,
    },
}

impl Challenge {
    /// The best of the challenges in these headers: a token rather than a password.
    pub(super) fn best<'h>(headers: impl IntoIterator<Item = &'h str>) -> Option<Self> {
        let mut basic = None;
        for (scheme, mut parameters) in headers.into_iter().flat_map(split) {
            if scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = parameters.remove("realm") {
                    return Some(Self::Bearer { realm, service: parameters.remove("service") });
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            }
        }
        basic
    }
}

/// `Scheme key="value", key=value, Other key=…` → schemes with their parameters (RFC 9110, 11.6.1).
fn split(header: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = header.trim_start_matches([' ', ',', '\t']);
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', ',', '\t']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if let Some(value) = rest.strip_prefix('=') {
            let (value, after) = value_of(value);
            if let Some((_, parameters)) = found.last_mut() {
                parameters.insert(word.to_ascii_lowercase(), value);
            }
            rest = after;
        } else if !word.is_empty() {
            found.push((word.to_owned(), BTreeMap::new()));
        } else {
            // A character that belongs nowhere.
            rest = rest.get(1..).unwrap_or_default();
        }
        rest = rest.trim_start_matches([' ', ',', '\t']);
    }
    found
}

/// A value, quoted or not, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_challenge_counts() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (headers, expected) in [
            (
                vec![
                    r#"Bearer realm="https://a.example/token",service="registry",scope="repository:x:pull,push""#,
                ],
                bearer("https://a.example/token", Some("registry")),
            ),
            (vec!["bearer Realm=https://a.example/t"], bearer("https://a.example/t", None)),
            (vec![r#"Basic realm="registry""#], Some(Challenge::Basic)),
            (vec![r#"Basic realm="a, b", Bearer realm="https://\"q\"""#], bearer("https://\"q\"", None)),
            (vec!["Basic", r#"Bearer realm="r""#], bearer("r", None)),
            (vec!["Negotiate", "Digest realm=x"], None),
            (vec![r#"Bearer service="no realm""#], None),
            (vec!["", "=", ",,=\"", "\u{e9} = \u{e9}"], None),
        ] {
            assert_eq!(Challenge::best(headers.clone()), expected, "{headers:?}");
        }
    }
}
