//! Whether the value of a label is of a kind. It knows no label.

use crate::LabelKind;

/// Whether a value that is not empty is of this kind.
pub(crate) fn is(kind: LabelKind, value: &str) -> bool {
    match kind {
        LabelKind::Text => true,
        LabelKind::Url => is_url(value),
        LabelKind::Time => is_time(value),
        LabelKind::Licence => is_licence(value),
        LabelKind::Commit => {
            (7..=40).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        LabelKind::Version => is_version(value),
        LabelKind::Email => is_email(value),
    }
}

fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && !rest.trim_start_matches('/').is_empty() && !value.contains(char::is_whitespace)
}

/// `2026-11-25T19:10:00Z`, with a fraction and an offset where wanted (RFC 3339, section 5.6).
fn is_time(value: &str) -> bool {
    let digits = |text: &str, length: usize| {
        (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().unwrap_or(u32::MAX))
    };
    let within = |text: &str, least: u32, most: u32| {
        digits(text, 2).is_some_and(|number| (least..=most).contains(&number))
    };
    let date = |text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts[..], [year, month, day] if digits(year, 4).is_some() && within(month, 1, 12) && within(day, 1, 31))
    };
    let clock = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let parts: Vec<&str> = whole.split(':').collect();
        let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        is_fraction
            && matches!(parts[..], [hour, minute, second] if within(hour, 0, 23) && within(minute, 0, 59) && within(second, 0, 60))
    };
    let Some((day, time)) = value.split_once(['T', 't', ' ']) else { return false };
    let offset = |text: &str| {
        text.split_once(':').is_some_and(|(hour, minute)| within(hour, 0, 23) && within(minute, 0, 59))
    };
    let is_zoned = match time.strip_suffix(['Z', 'z']) {
        Some(plain) => clock(plain),
        None => time.rfind(['+', '-']).is_some_and(|at| clock(&time[..at]) && offset(&time[at + 1..])),
    };
    date(day) && is_zoned
}

/// Names of licences joined by words, in the grammar of SPDX; whether a name is in the list of licences is not looked at.
fn is_licence(value: &str) -> bool {
    let is_name = |word: &str| {
        let word = word.trim_matches(['(', ')']).trim_end_matches('+');
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'))
    };
    let words: Vec<&str> = value.split_whitespace().collect();
    let joined = |(at, word): (usize, &&str)| {
        let is_joint = ["AND", "OR", "WITH", "and", "or", "with"].contains(word);
        if at % 2 == 1 { is_joint } else { !is_joint && is_name(word) }
    };
    words.len() % 2 == 1 && words.iter().enumerate().all(joined)
}

/// `MAJOR.MINOR.PATCH`, with what Semantic Versioning 2 allows behind it.
fn is_version(value: &str) -> bool {
    let (rest, build) = value.split_once('+').map_or((value, None), |(rest, build)| (rest, Some(build)));
    let (core, before) = rest.split_once('-').map_or((rest, None), |(core, before)| (core, Some(before)));
    let is_number = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'))
    };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_pre =
        |text: &str| is_word(text) && (!text.bytes().all(|byte| byte.is_ascii_digit()) || is_number(text));
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && before.is_none_or(|before| before.split('.').all(is_pre))
        && build.is_none_or(|build| build.split('.').all(is_word))
}

fn is_email(value: &str) -> bool {
    let Some((name, host)) = value.rsplit_once('@') else { return false };
    let is_plain = |text: &str| {
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '@' | ','))
    };
    is_plain(name) && is_plain(host) && host.split('.').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_kind() {
        let good = [
            (LabelKind::Url, "https://example.org/relay"),
            (LabelKind::Time, "2026-11-25T19:10:00Z"),
            (LabelKind::Time, "2026-11-25t19:10:00.25+01:30"),
            (LabelKind::Licence, "MIT"),
            (LabelKind::Licence, "(GPL-2.0-or-later WITH Classpath-exception-2.0) OR Apache-2.0"),
            (LabelKind::Commit, "9d3008a7c5c4"),
            (LabelKind::Version, "1.4.2-rc.1+build.5"),
            (LabelKind::Email, "ada@example.org"),
            (LabelKind::Text, "anything"),
        ];
        for (kind, value) in good {
            assert!(is(kind, value), "{value} is {kind:?}");
        }
        let bad = [
            (LabelKind::Url, "example.org/relay"),
            (LabelKind::Url, "https://"),
            (LabelKind::Time, "2026-11-25"),
            (LabelKind::Time, "2026-13-25T19:10:00Z"),
            (LabelKind::Time, "2026-11-25T19:10:00"),
            (LabelKind::Licence, "MIT OR"),
            (LabelKind::Licence, "a licence of ours"),
            (LabelKind::Commit, "main"),
            (LabelKind::Version, "1.4"),
            (LabelKind::Version, "1.04.2"),
            (LabelKind::Version, "next"),
            (LabelKind::Email, "Ada <ada@example.org>"),
            (LabelKind::Email, "ada@example..org"),
        ];
        for (kind, value) in bad {
            assert!(!is(kind, value), "{value} is not {kind:?}");
        }
    }
}
