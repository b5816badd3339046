//! Tags as versions: `3.11-slim` is a version with a variant. Must not know a project: where a tag is written otherwise, nothing is
//! more precise or newer than it.

/// A tag that is a version, a version with a variant, or a variant alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    /// `v`, or nothing.
    prefix: &'t str,
    numbers: Vec<u64>,
    /// What follows the version, with its `-`.
    variant: &'t str,
}

impl<'t> Tag<'t> {
    /// Takes a tag apart. `latest` is the version without numbers.
    pub(super) fn of(text: &'t str) -> Self {
        let without = |variant| Self { prefix: "", numbers: Vec::new(), variant };
        if text == "latest" {
            return without("");
        }
        let (version, variant) = text.find('-').map_or((text, ""), |dash| text.split_at(dash));
        let bare = version.strip_prefix('v').unwrap_or(version);
        let prefix = &version[..version.len() - bare.len()];
        let number = |part: &str| {
            let is_plain = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_plain { part.parse().ok() } else { None }
        };
        match bare.split('.').map(number).collect() {
            Some(numbers) => Self { prefix, numbers, variant },
            None => without(text),
        }
    }

    /// Whether it is the same kind of tag: only the numbers may differ.
    fn is_like(&self, other: &Self) -> bool {
        let variant = |tag: &Self| tag.variant.trim_start_matches('-').to_owned();
        variant(self) == variant(other)
            && (self.prefix == other.prefix || self.numbers.is_empty() || other.numbers.is_empty())
    }
}

/// What may change about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moves {
    /// Nothing: the same tag.
    None,
    /// The last of three numbers.
    Patch,
    /// All but the first number.
    Minor,
}

/// The tags that say more than `tag` does, and agree with it: the highest first.
pub(super) fn more_precise<'t>(tag: &str, tags: &'t [String]) -> Vec<&'t str> {
    let own = Tag::of(tag);
    let mut found: Vec<(Tag<'t>, &'t str)> = tags
        .iter()
        .map(|other| (Tag::of(other), other.as_str()))
        .filter(|(other, _)| {
            other.is_like(&own)
                && other.numbers.len() > own.numbers.len()
                && other.numbers.starts_with(&own.numbers)
        })
        .collect();
    // Dates and build numbers are no versions: those say more that have more parts.
    found.sort_by(|(a, _), (b, _)| {
        (b.numbers.len() > 1).cmp(&(a.numbers.len() > 1)).then(b.numbers.cmp(&a.numbers))
    });
    found.into_iter().map(|(_, text)| text).collect()
}

/// The newest tag of the same form that `moves` lets take the place of `tag`.
pub(super) fn newest<'t>(tag: &str, tags: &'t [String], moves: Moves) -> Option<&'t str> {
    let own = Tag::of(tag);
    let kept = match moves {
        Moves::None => return None,
        Moves::Patch => 2,
        Moves::Minor => 1,
    };
    // A tag of so few numbers moves by itself.
    if own.numbers.len() <= kept {
        return None;
    }
    tags.iter()
        .map(|other| (Tag::of(other), other.as_str()))
        .filter(|(other, _)| {
            other.is_like(&own)
                && other.numbers.len() == own.numbers.len()
                && other.numbers[..kept] == own.numbers[..kept]
                && other.numbers > own.numbers
        })
        .max_by(|(a, _), (b, _)| a.numbers.cmp(&b.numbers))
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn precise_tags_agree_with_what_is_written() {
        let all = tags(
            "latest 3 3.9 3.13 3.13.1 3.13.0 3.14.0rc1 3.11 3.11.10 3.11.9 3.11.10-slim slim 20240923 3.13.1-slim v4 bookworm",
        );
        assert_eq!(more_precise("latest", &all)[..3], ["3.13.1", "3.13.0", "3.13"]);
        assert_eq!(more_precise("3.11", &all), ["3.11.10", "3.11.9"]);
        assert_eq!(more_precise("3.11-slim", &all), ["3.11.10-slim"]);
        assert_eq!(more_precise("slim", &all), ["3.13.1-slim", "3.11.10-slim"]);
        assert_eq!(more_precise("3.11.9", &all), [""; 0]);
        assert_eq!(more_precise("bookworm", &all), [""; 0]);
        assert_eq!(more_precise("latest", &tags("v1.2.0 v1.3.0 v1.3.0-rc.1"))[..], ["v1.3.0", "v1.2.0"]);
        assert_eq!(more_precise("v1", &tags("1.4.0 v1.3.0")), ["v1.3.0"]);
    }

    #[test]
    fn newer_tags_keep_their_form() {
        let all =
            tags("3.11.9-slim 3.11.10-slim 3.12.1-slim 4.0.0-slim 3.13.0 3.13 3.11.11rc1-slim 3.9 3.9-slim");
        assert_eq!(newest("3.11.9-slim", &all, Moves::Patch), Some("3.11.10-slim"));
        assert_eq!(newest("3.11.9-slim", &all, Moves::Minor), Some("3.12.1-slim"));
        assert_eq!(newest("3.11.10-slim", &all, Moves::Patch), None);
        assert_eq!(newest("3.11.9-slim", &all, Moves::None), None);
        assert_eq!(newest("3.9", &all, Moves::Minor), Some("3.13"));
        assert_eq!(newest("3.9", &all, Moves::Patch), None);
        assert_eq!(newest("3", &all, Moves::Minor), None);
        assert_eq!(newest("latest", &all, Moves::Minor), None);
    }
}
