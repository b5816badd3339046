//! Go's path functions on `/`-separated paths, bit for bit: `BuildKit` decides with them what a COPY source or an
//! ignore line names. Must not grow conveniences that Go does not have.

/// The shortest name of `path`, worked out from its text alone: Go's `path.Clean`, which is `filepath.Clean` on Unix.
///
/// `""` becomes `"."`; a rooted path stays rooted, and `..` at its root is dropped.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            _ => kept.push(part),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The parts with `/` between them, cleaned: Go's `path.Join`. Empty parts are passed over; nothing at all is `""`.
pub fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { clean(&parts.join("/")) }
}

/// All but the last element of `path`, cleaned: Go's `path.Dir`.
pub fn dir(path: &str) -> String {
    clean(&path[..path.rfind('/').map_or(0, |slash| slash + 1)])
}

/// Whether a COPY or ADD source is a pattern to `BuildKit`: it has a `*`, `?` or `[` that no `\` escapes
/// (`containsWildcards` in `solver/llbsolver/ops/file.go`, and in fsutil's `copy/copy.go`).
pub fn has_wildcard(source: &str) -> bool {
    let mut bytes = source.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// A pattern that Go's `filepath.Match` refuses with `ErrBadPattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Whether `pattern` matches the whole of `name`: Go's `filepath.Match` on Unix.
///
/// `*` and `?` do not match `/`; a class such as `[^a]` does. Nothing is special about names that start with a dot.
/// As in Go, an error behind a star that the name has not reached goes unseen (`path.Match` would see it).
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        // The last chunk must use up the name; an earlier one need not.
        let enough = |left: &[u8]| left.is_empty() || !pattern.is_empty();
        if let Some(left) = match_chunk(chunk, name)?
            && enough(left)
        {
            name = left;
            continue;
        }
        if star {
            // Go skips byte by byte, so that a later `?` may meet the middle of a character.
            for skipped in 0..name.len() {
                if name[skipped] == b'/' {
                    break;
                }
                if let Some(left) = match_chunk(chunk, &name[skipped + 1..])?
                    && enough(left)
                {
                    name = left;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Splits off leading stars (were there any?) and what follows them up to the next star outside a class.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = &pattern[stars..];
    let mut in_class = false;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    (stars > 0, &pattern[..at], &pattern[at..])
}

/// Matches a chunk, which has no star, at the start of `text`: what is left of `text`, or `None`. The chunk is read to
/// its end even when `text` has failed it, because its syntax errors count.
fn match_chunk<'t>(mut chunk: &[u8], text: &'t [u8]) -> Result<Option<&'t [u8]>, BadPattern> {
    let mut text = Some(text);
    while let Some(&first) = chunk.first() {
        text = text.filter(|text| !text.is_empty());
        match first {
            b'[' => {
                let met = text.map(decode);
                let (holds, rest) = match_class(&chunk[1..], met.map_or(0, |(met, _)| met))?;
                chunk = rest;
                text = text.filter(|_| holds).zip(met).map(|(text, (_, width))| &text[width..]);
            }
            b'?' => {
                text = text.filter(|text| text[0] != b'/').map(|text| &text[decode(text).1..]);
                chunk = &chunk[1..];
            }
            _ => {
                if first == b'\\' {
                    chunk = &chunk[1..];
                }
                let literal = *chunk.first().ok_or(BadPattern)?;
                text = text.filter(|text| text[0] == literal).map(|text| &text[1..]);
                chunk = &chunk[1..];
            }
        }
    }
    Ok(text)
}

/// Reads a class after its `[`: whether it holds for `met`, and what follows its `]`.
fn match_class(mut class: &[u8], met: u32) -> Result<(bool, &[u8]), BadPattern> {
    let negated = class.first() == Some(&b'^');
    if negated {
        class = &class[1..];
    }
    let mut found = false;
    let mut empty = true;
    while empty || class.first() != Some(&b']') {
        let (low, rest) = class_character(class)?;
        let (high, rest) = if rest[0] == b'-' { class_character(&rest[1..])? } else { (low, rest) };
        found |= (low..=high).contains(&met);
        class = rest;
        empty = false;
    }
    Ok((found != negated, &class[1..]))
}

/// A possibly escaped character of a class, and what follows it, which is never nothing.
fn class_character(class: &[u8]) -> Result<(u32, &[u8]), BadPattern> {
    let class = match class {
        [] | [b'-' | b']', ..] | [b'\\'] => return Err(BadPattern),
        [b'\\', rest @ ..] => rest,
        _ => class,
    };
    let (character, width) = decode(class);
    let invalid = character == u32::from(char::REPLACEMENT_CHARACTER) && width == 1;
    if invalid || width == class.len() { Err(BadPattern) } else { Ok((character, &class[width..])) }
}

/// Go's `utf8.DecodeRune`: the first character and its width; bytes that are none are U+FFFD, one byte wide.
fn decode(text: &[u8]) -> (u32, usize) {
    (1..=text.len().min(4))
        .find_map(|width| {
            let character = std::str::from_utf8(&text[..width]).ok()?.chars().next()?;
            Some((u32::from(character), width))
        })
        .unwrap_or((u32::from(char::REPLACEMENT_CHARACTER), 1))
}

#[cfg(test)]
mod tests;
