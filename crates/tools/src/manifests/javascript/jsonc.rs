//! JSON with comments and trailing commas, as deno.json, bun.lock and tsconfig.json have them. Knows no keys.

use jsonc_parser::ParseOptions;
use serde_json::{Map, Value};

/// The table that a text is. `None` if it is none, or is written in a way beyond comments and trailing commas.
pub(in crate::manifests) fn table(text: &str) -> Option<Map<String, Value>> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match jsonc_parser::parse_to_serde_value(text, &options).ok()? {
        Value::Object(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas() {
        let read = table("\u{feff}{ // one\n \"a\": [1, 2,], /* two */ \"b\": \"// no\", }").unwrap();
        assert_eq!(read["a"], serde_json::json!([1, 2]));
        assert_eq!(read["b"], "// no");
        for text in ["", "[]", "{a: 1}", "{\"a\": 1 \"b\": 2}", "{'a': 1}", "{\"a\": 1"] {
            assert!(table(text).is_none(), "{text}");
        }
        assert!(table(&"[".repeat(1_000_000)).is_none());
    }
}
