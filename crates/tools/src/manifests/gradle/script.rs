//! Build scripts of Gradle, as far as they are no more than lists: their words, with the lines where they stand. Groovy and Kotlin are alike here.
//!
//! A script is understood if each of its names is a known one; so a file that it would read, with whatever means, is noticed by the name of the means.

/// A part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name.
    Name(String),
    /// A text in quotes, without those.
    Text(String),
    /// Any other character.
    Sign(char),
}

/// The tokens of a script with their lines. `Err` is the line that cannot be read.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, usize> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").ok_or(line)? + 2
        } else if first == '"' || first == '\'' {
            let end = quoted(rest, first).ok_or(line)?;
            tokens.push((line, Token::Text(rest[1..end].to_owned())));
            // Names in a text that is put together count like all others.
            if first == '"' {
                inserted(&rest[1..end]).ok_or(line)?.for_each(|name| tokens.push((line, Token::Name(name))));
            }
            end + 1
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push((line, Token::Name(rest[..end].to_owned())));
            end
        } else if first == '`' {
            // A name of Kotlin's that is no word, such as that of a plugin.
            let end = quoted(rest, first).ok_or(line)?;
            tokens.push((line, Token::Name(rest[1..end].to_owned())));
            end + 1
        } else if first == '$' {
            return Err(line);
        } else {
            if !first.is_whitespace() && !first.is_ascii_digit() {
                tokens.push((line, Token::Sign(first)));
            }
            first.len_utf8()
        };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    Ok(tokens)
}

/// Where a text in quotes ends. One over several lines, or with a backslash, is not read.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let end = rest[1..].find(quote)? + 1;
    let inner = &rest[1..end];
    (!inner.contains(['\n', '\\']) && !rest.starts_with("\"\"\"") && !rest.starts_with("'''")).then_some(end)
}

/// The names that `$name` and `${name.other}` insert; `None` if something else is inserted.
fn inserted(text: &str) -> Option<impl Iterator<Item = String>> {
    let mut names = Vec::new();
    for part in text.split('$').skip(1) {
        let inner = match part.strip_prefix('{') {
            Some(rest) => rest.split_once('}')?.0,
            None => &part[..part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len())],
        };
        let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !inner.split('.').all(plain) {
            return None;
        }
        names.extend(inner.split('.').map(str::to_owned));
    }
    Some(names.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let parts = tokens(text).expect("it is read").into_iter().map(|(line, token)| match token {
            Token::Name(name) => format!("{line}:{name}"),
            Token::Text(text) => format!("{line}:'{text}'"),
            Token::Sign(sign) => format!("{line}:{sign}"),
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_and_their_lines() {
        assert_eq!(
            shown("plugins { // java\n  id 'java' }\n/* a\nb */\nversion = \"1.$minor\""),
            "1:plugins 1:{ 2:id 2:'java' 2:} 5:version 5:= 5:'1.$minor' 5:minor"
        );
        assert_eq!(shown("\"${a.b}\" 12 `java-library`"), "1:'${a.b}' 1:a 1:b 1:java-library");
    }

    #[test]
    fn what_is_not_read() {
        for (text, line) in [
            ("a\n\"${new File('x').text}\"", 2),
            ("'''a\n'''", 1),
            ("'a", 1),
            ("\"a\\\"b\"", 1),
            ("/* a", 1),
            ("$x", 1),
        ] {
            assert_eq!(tokens(text), Err(line), "{text}");
        }
    }
}
