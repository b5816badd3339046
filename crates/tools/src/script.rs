//! Forms of words: whether they are addresses of the network, a comparison, or a script in a small language that touches no file.
//!
//! These are not parsers of sed, awk or test expressions. They accept the plain scripts that people write, and anything else is not known.

use std::ops::Range;

use crate::recognize::{Arg, Flag};
use crate::schema::Form;

/// Do the words have the form?
pub(crate) fn has_form(
    form: Form,
    command: &Range<usize>,
    operands: &[usize],
    flags: &[Flag],
    words: &[Arg<'_>],
) -> bool {
    let word = |index: &usize| words.get(*index).copied();
    match form {
        Form::Url => operands.iter().filter_map(word).all(is_url),
        Form::Awk => operands.first().and_then(word).and_then(Arg::literal).is_some_and(is_plain_awk),
        Form::Comparison => is_comparison(&words[command.end..]),
        Form::Versioned => !operands.is_empty() && operands.iter().filter_map(word).all(is_versioned),
        Form::Sed => {
            let mut scripts =
                flags.iter().filter(|flag| matches!(flag.name.as_str(), "-e" | "--expression")).peekable();
            if scripts.peek().is_some() {
                scripts.all(|flag| {
                    flag.value.as_ref().and_then(|value| value.text(words)).is_some_and(is_plain_sed)
                })
            } else {
                operands.first().and_then(word).and_then(Arg::literal).is_some_and(is_plain_sed)
            }
        }
    }
}

fn is_url(word: Arg<'_>) -> bool {
    let (Arg::Literal(text) | Arg::Prefix(text)) = word else { return false };
    ["https://", "http://", "ftp://"].iter().any(|scheme| text.starts_with(scheme))
}

/// No path of the image: those begin with a dot or a slash.
fn is_versioned(word: Arg<'_>) -> bool {
    word.literal().is_some_and(|text| {
        !text.starts_with(['.', '/', '@'])
            && text.split_once('@').is_some_and(|(_, version)| !version.is_empty())
    })
}

/// `A = B`, `-z A`, `-n A`, each perhaps after `!`, and with the closing bracket or without.
fn is_comparison(words: &[Arg<'_>]) -> bool {
    const OPERATORS: [&str; 9] = ["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
    let words = match words {
        [inside @ .., Arg::Literal("]")] => inside,
        all => all,
    };
    let words = match words {
        // With three words, an operator in the middle goes before a `!`.
        [Arg::Literal("!"), rest @ ..] if words.len() != 3 => rest,
        all => all,
    };
    let is_word = |word: &Arg<'_>| matches!(word, Arg::Literal(_) | Arg::Prefix(_));
    match words {
        [left, Arg::Literal(operator), right] => {
            OPERATORS.contains(operator) && is_word(left) && is_word(right)
        }
        [Arg::Literal("-z" | "-n"), text] => is_word(text),
        _ => false,
    }
}

/// No redirection, pipe, call of a command or of `getline`, and no `@include` or `@load`.
fn is_plain_awk(program: &str) -> bool {
    !["|", ">", "system", "getline", "@"].iter().any(|word| program.contains(word))
}

/// Only substitutions, deletions, prints and inserted lines: `s/a/b/g; /x/d`. No `w`, `e`, `r` or `R`, as a command or as a flag.
fn is_plain_sed(script: &str) -> bool {
    let mut rest = script;
    loop {
        rest = rest.trim_start_matches([' ', ';', '\n', '\t']);
        if rest.is_empty() {
            return true;
        }
        let Some(after) = sed_command(rest) else { return false };
        rest = after.trim_start_matches([' ', '\t']);
        if !(rest.is_empty() || rest.starts_with([';', '\n'])) {
            return false;
        }
    }
}

/// Reads one command with its addresses; gives back what follows it.
fn sed_command(text: &str) -> Option<&str> {
    let mut rest = sed_address(text)?;
    if let Some(second) = rest.strip_prefix(',') {
        rest = sed_address(second)?;
    }
    rest = rest.trim_start_matches([' ', '!']);
    let mut letters = rest.chars();
    let command = letters.next()?;
    rest = letters.as_str();
    match command {
        'd' | 'p' | 'q' | '=' | 'n' | 'N' | 'D' | 'P' | 'h' | 'H' | 'g' | 'G' | 'x' => Some(rest),
        // The text goes on to the end of the line; a backslash can carry it over the next.
        'a' | 'i' | 'c' if !rest.contains('\n') => Some(""),
        's' | 'y' => {
            let delimiter = rest.chars().next().filter(|c| c.is_ascii_punctuation() && *c != '\\')?;
            let rest = sed_part(&rest[1..], delimiter)?;
            let rest = sed_part(rest, delimiter)?;
            Some(rest.trim_start_matches([
                'g', 'p', 'i', 'I', 'm', 'M', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
            ]))
        }
        _ => None,
    }
}

/// `12`, `$`, `/regex/`, or nothing.
fn sed_address(text: &str) -> Option<&str> {
    if let Some(regex) = text.strip_prefix('/') {
        return sed_part(regex, '/').map(|rest| rest.trim_start_matches('I'));
    }
    Some(text.strip_prefix('$').unwrap_or_else(|| text.trim_start_matches(|c: char| c.is_ascii_digit())))
}

/// Reads up to and with the next delimiter that no backslash hides. Inside brackets it might not delimit, so then nothing is known.
fn sed_part(text: &str, delimiter: char) -> Option<&str> {
    let mut hidden = false;
    for (index, c) in text.char_indices() {
        if hidden {
            hidden = false;
        } else if c == '\\' {
            hidden = true;
        } else if c == delimiter {
            let part = &text[..index];
            let in_brackets = part.matches('[').count() > part.matches(']').count();
            let odd_brackets = part.contains("[]") || part.contains("[^]");
            return (!in_brackets && !odd_brackets).then_some(&text[index + 1..]);
        } else if c == '\n' {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_sed_is_accepted() {
        for script in [
            "s/main/main contrib/g",
            "s|http://deb|https://deb|",
            "/^#/d; s/a/b/",
            "1d",
            "$d",
            "1,3p",
            "/a/,/b/s/x/y/",
            "s/[a-z]*//",
            "s#\\(x\\)#\\1#gI",
            "/^x/i line with words",
            "$ a export PATH",
        ] {
            assert!(is_plain_sed(script), "{script}");
        }
    }

    #[test]
    fn sed_that_may_touch_files_is_refused() {
        for script in [
            "w /etc/x",
            "s/a/b/w /etc/x",
            "s/a/b/e",
            "e",
            "1e ls",
            "r /x",
            "s/[/]w /x/",
            "/a/{s/b/c/;w x\n}",
            "s/a/b",
            "1,2 w x",
        ] {
            assert!(!is_plain_sed(script), "{script}");
        }
    }

    #[test]
    fn comparisons_are_told_from_file_tests() {
        let x = Arg::Prefix("");
        let word = Arg::Literal;
        assert!(is_comparison(&[x, word("="), word("1"), word("]")]));
        assert!(is_comparison(&[word("-z"), x, word("]")]));
        assert!(!is_comparison(&[word("-f"), x, word("]")]));
        assert!(!is_comparison(&[x, word("-nt"), x, word("]")]));
        assert!(!is_comparison(&[x, x, word("]")]));
        assert!(!is_comparison(&[Arg::Dynamic, word("="), word("1"), word("]")]));
    }

    #[test]
    fn awk_that_may_touch_files_is_refused() {
        assert!(is_plain_awk("{print $1}"));
        assert!(!is_plain_awk("{print > \"x\"}"));
        assert!(!is_plain_awk("BEGIN{system(\"ls\")}"));
    }
}
