//! The order in which npm writes the packages of a lock file. Knows nothing else of it.

use std::cmp::Ordering;
use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

/// Are the packages sorted by name, as a dictionary of English does it? npm writes them so.
pub(super) fn packages_are_sorted(lock: &str) -> bool {
    serde_json::from_str(lock)
        .is_ok_and(|order: Order| order.packages.0.is_sorted_by(|a, b| dictionary(a, b) == Ordering::Less))
}

/// The order of the keys, which a table does not keep.
#[derive(Deserialize)]
struct Order {
    packages: Keys,
}

struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Keys;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = vec![];
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// How `localeCompare(…, "en")` orders the names of packages: punctuation, digits, letters; small before capital only at the end.
fn dictionary(a: &str, b: &str) -> Ordering {
    const ORDER: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
    let weight = |c: char| ORDER.find(c.to_ascii_lowercase()).unwrap_or(ORDER.len() + c as usize);
    let by_letter = a.chars().map(weight).cmp(b.chars().map(weight));
    by_letter.then_with(|| b.cmp(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionary_order() {
        for (a, b) in [
            ("", "node_modules/a"),
            ("a-b", "a/b"),
            ("a", "a/b"),
            ("@a/b", "a"),
            ("a", "B"),
            ("a_b", "a-b"),
            ("a.b", "a/b"),
            ("1", "a"),
        ] {
            assert_eq!(dictionary(a, b), Ordering::Less, "{a} {b}");
        }
    }
}
