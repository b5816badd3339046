//! One CSV record, as `--mount` and `--device` are written. Reads like Go's `encoding/csv`; it knows no keys.

/// The fields of a record; `None` where it is empty or a quote stands where none may.
pub(crate) fn fields(record: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = (!record.is_empty()).then_some(record);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(text)?,
        };
        fields.push(field);
        rest = after;
    }
    (!fields.is_empty()).then_some(fields)
}

fn plain_field(text: &str) -> Option<(String, Option<&str>)> {
    let (field, after) = text.split_once(',').map_or((text, None), |(field, after)| (field, Some(after)));
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

/// The field after its opening quote; two quotes mean one.
fn quoted_field(mut text: &str) -> Option<(String, Option<&str>)> {
    let mut field = String::new();
    loop {
        let (part, after) = text.split_once('"')?;
        field.push_str(part);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            text = more;
        } else if after.is_empty() {
            return Some((field, None));
        } else {
            return Some((field, Some(after.strip_prefix(',')?)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_around_whole_fields() {
        assert_eq!(
            fields(r#"type=cache,"target=/a,b",x"#).expect("readable"),
            ["type=cache", "target=/a,b", "x"]
        );
        assert_eq!(fields(r#""a""b","#).expect("readable"), ["a\"b", ""]);
        for record in ["", r#"a"b"#, r#""a"b"#, r#""a"#] {
            assert_eq!(fields(record), None, "{record}");
        }
    }
}
