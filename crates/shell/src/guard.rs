//! Refuses texts that would make the parser overflow its stack or run for minutes. It only counts, and must not judge whether a text
//! is right. Each limit stands for a recursion or a repeated search that the parser does not bound itself; all were found by
//! repeating every token and every pair of tokens a few thousand times.

/// The parser looks ahead from one expansion in arithmetic into the next.
const MAX_EXPANSIONS: usize = 1000;

/// The parser takes three times as long for every level of unclosed expansions. Real texts have four levels at most.
const MAX_NESTED_EXPANSIONS: usize = 10;

/// The parser reads what `time` times by recursion, at tens of kilobytes of stack each.
const MAX_TIMES: usize = 6;

/// The parser searches for the end of a pattern group again from every opening.
const MAX_PATTERN_GROUPS: usize = 40;

/// The parser tries every `((` as arithmetic up to the end of the text.
const MAX_DOUBLE_PARENTHESES: usize = 200;

/// Why the text must not be given to the parser.
pub(crate) fn unsafe_to_parse(text: &str) -> Option<String> {
    if text.matches(['$', '`']).count() > MAX_EXPANSIONS {
        return Some(format!("more than {MAX_EXPANSIONS} expansions"));
    }
    if nested_expansions(text) > MAX_NESTED_EXPANSIONS {
        return Some(format!("expansions nested more than {MAX_NESTED_EXPANSIONS} levels deep"));
    }
    if parentheses_after(text, b"@?*+!") > MAX_PATTERN_GROUPS {
        return Some(format!("more than {MAX_PATTERN_GROUPS} pattern groups"));
    }
    if parentheses_after(text, b"(") > MAX_DOUBLE_PARENTHESES {
        return Some(format!("`((` more than {MAX_DOUBLE_PARENTHESES} times"));
    }
    let joined = text.replace("\\\n", "");
    if occurrences(&joined, "coproc") > 0 {
        return Some("`coproc`".to_owned());
    }
    if occurrences(&joined, "time") > MAX_TIMES {
        return Some(format!("`time` more than {MAX_TIMES} times"));
    }
    None
}

/// How many opening parentheses follow directly on one of these bytes.
fn parentheses_after(text: &str, openings: &[u8]) -> usize {
    let pairs = text.as_bytes().windows(2);
    pairs.filter(|pair| pair[1] == b'(' && openings.contains(&pair[0])).count()
}

/// How deep expansions nest at the most, if no bracket is quoted.
fn nested_expansions(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut before = b' ';
    for byte in text.bytes() {
        match byte {
            b'(' | b'{' if b"$<>".contains(&before) => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        before = byte;
    }
    deepest
}

/// How often `word` stands where it could be a reserved word.
fn occurrences(text: &str, word: &str) -> usize {
    text.match_indices(word)
        .filter(|(start, _)| {
            let before = text[..*start].bytes().next_back();
            let after = text[start + word.len()..].bytes().next();
            before.is_none_or(|byte| b" \t\n;&|(){}`!".contains(&byte))
                && after.is_none_or(|byte| b" \t\n;&|()<>`".contains(&byte))
        })
        .count()
}
