//! The outward form of a JSON file as npm writes it: is a lock file indented like package.json, and is there nothing else in its white space?
//! Does not check that it is JSON.

/// Is `lock` what npm would write beside this package.json, white space and escapes taken alone?
pub(super) fn same_form(lock: &str, manifest: &str) -> bool {
    indentation(manifest).is_some_and(|indent| !manifest.contains('\r') && well_formed(lock, indent))
}

/// The white space before the first key.
fn indentation(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("{\n")?;
    let indent = &rest[..rest.find(|c: char| c != ' ' && c != '\t')?];
    (!indent.is_empty() && rest[indent.len()..].starts_with('"')).then_some(indent)
}

/// One key or item a line, indented by depth; `{}` and `[]` if empty; a final newline.
fn well_formed(text: &str, indent: &str) -> bool {
    let Some(mut rest) = text.strip_suffix('\n').filter(|body| body.starts_with('{') && body.ends_with('}'))
    else {
        return false;
    };
    let mut depth = 0_usize;
    let newline = |rest: &mut &str, depth: usize| {
        let Some(mut after) = rest.strip_prefix('\n') else { return false };
        for _ in 0..depth {
            match after.strip_prefix(indent) {
                Some(next) => after = next,
                None => return false,
            }
        }
        *rest = after;
        !after.starts_with([' ', '\t', '\n', '\r'])
    };
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => match string_end(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            },
            '{' | '[' if rest.starts_with(['}', ']']) => rest = &rest[1..],
            '{' | '[' => {
                depth += 1;
                if !newline(&mut rest, depth) {
                    return false;
                }
            }
            ',' if newline(&mut rest, depth) => {}
            ':' => match rest.strip_prefix(' ') {
                Some(after) if !after.starts_with([' ', '\t', '\n', '\r']) => rest = after,
                _ => return false,
            },
            '}' | ']' => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return false,
            },
            // The newline before a closing bracket, which stands one level further out.
            '\n' => {
                let Some(above) = depth.checked_sub(1) else { return false };
                let Some(after) = rest.strip_prefix(&indent.repeat(above)) else { return false };
                if !after.starts_with(['}', ']']) {
                    return false;
                }
                rest = after;
            }
            ',' | ' ' | '\t' | '\r' => return false,
            _ => {}
        }
    }
    depth == 0
}

/// Where a string ends, after its quote. `None` if it holds an escape that npm would write otherwise.
fn string_end(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some(at + 1),
            (_, '\\') if matches!(chars.next()?.1, '"' | '\\' | 'n' | 't' | 'r' | 'b' | 'f') => {}
            (_, '\\') => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MANIFEST: &str = "{\n  \"name\": \"a\"\n}\n";

    #[test]
    fn forms() {
        for (text, same) in [
            ("{\n  \"a\": {},\n  \"b\": [\n    1,\n    \"x\\\"y\"\n  ]\n}\n", true),
            ("{}\n", true),
            ("{\n  \"a\": 1\n}", false),
            ("{\n  \"a\": 1\n}\n\n", false),
            ("{\n    \"a\": 1\n}\n", false),
            ("{\n\t\"a\": 1\n}\n", false),
            ("{\r\n  \"a\": 1\r\n}\r\n", false),
            ("{\"a\":1}\n", false),
            ("{\n  \"a\" : 1\n}\n", false),
            ("{\n  \"a\": 1,\n\n  \"b\": 2\n}\n", false),
            ("{\n  \"a\": \"\\u0041\"\n}\n", false),
            ("{\n  \"a\": \"\\/\"\n}\n", false),
            ("{\n  \"a\": 1\n  }\n", false),
            ("\u{feff}{\n  \"a\": 1\n}\n", false),
        ] {
            assert_eq!(same_form(text, MANIFEST), same, "{text:?}");
        }
        assert!(!same_form("{}\n", "{\"name\": \"a\"}"));
        assert!(!same_form("{}\n", "{\r\n  \"name\": \"a\"\r\n}"));
    }

    proptest! {
        #[test]
        fn never_panics(a in ".*", b in "[{}\\[\\]\",: \n\\\\é]{0,40}") {
            let _ = same_form(&a, MANIFEST);
            let _ = same_form(&b, &a);
            let _ = same_form(&format!("{b}}}\n"), MANIFEST);
        }
    }
}
