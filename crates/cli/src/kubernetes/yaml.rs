//! YAML for `kubectl` and for people: block style, so that a change of a policy is a change of few lines.
//!
//! Strings are written as JSON, which every YAML parser reads the same, except the few that are plainly words.

use serde_json::Value;

/// Words that some parser takes for a boolean or for nothing.
const AMBIGUOUS: [&str; 9] = ["y", "yes", "n", "no", "on", "off", "true", "false", "null"];

/// One document.
pub(super) fn document(value: &Value) -> String {
    let mut text = String::new();
    node(value, 0, &mut text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A value at the start of a line that is already indented.
fn node(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (index, (name, member)) in members.iter().enumerate() {
                indent(index, depth, text);
                text.push_str(&scalar(name));
                text.push(':');
                match member {
                    // A list stands at the depth of its name.
                    Value::Array(items) if !items.is_empty() => child(member, depth, text),
                    Value::Object(members) if !members.is_empty() => child(member, depth + 1, text),
                    Value::Object(_)
                    | Value::Array(_)
                    | Value::String(_)
                    | Value::Number(_)
                    | Value::Bool(_)
                    | Value::Null => {
                        text.push(' ');
                        node(member, depth, text);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                indent(index, depth, text);
                text.push_str("- ");
                node(item, depth + 1, text);
            }
        }
        Value::String(string) => line(&scalar(string), text),
        Value::Object(_) | Value::Array(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            line(&value.to_string(), text);
        }
    }
}

fn child(value: &Value, depth: usize, text: &mut String) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    node(value, depth, text);
}

/// The first entry stands where its parent has put the pen.
fn indent(index: usize, depth: usize, text: &mut String) {
    if index > 0 {
        text.push_str(&"  ".repeat(depth));
    }
}

fn line(content: &str, text: &mut String) {
    text.push_str(content);
    text.push('\n');
}

/// A string: plain where no parser takes it for anything else.
fn scalar(string: &str) -> String {
    let mut bytes = string.bytes();
    let word = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'));
    let ambiguous = AMBIGUOUS.iter().any(|w| w.eq_ignore_ascii_case(string));
    if word && !ambiguous {
        return string.to_owned();
    }
    let mut quoted = String::with_capacity(string.len() + 2);
    for c in Value::from(string).to_string().chars() {
        if must_be_escaped(c) {
            quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// JSON may hold these as they are; in YAML they are line breaks, or not allowed.
fn must_be_escaped(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use meshward_openapi::source::Source;
    use serde_json::json;

    fn same(value: &Value) {
        let text = document(value);
        let read = Source::parse("test", &text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        assert_eq!(read.value(), value, "{text}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        same(&json!({
            "kind": "WasmPlugin", "empty": {}, "none": [], "null": null,
            "list": [1, [2, [], [3, 4]], { "a": 1, "b": { "c": [{}] } }, [{ "x": "y" }]],
            "numbers": [0, -1, 1.5, 1e300, 9007199254740991_u64],
        }));
    }

    #[test]
    fn no_string_is_taken_for_anything_else() {
        let strings = [
            "",
            " ",
            "true",
            "no",
            "null",
            "Null",
            "YES",
            "y",
            "On",
            "~",
            "1",
            "1e3",
            "0x1f",
            "1_000",
            "12:30:45",
            "2026-01-01",
            "- a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`",
            "'",
            "\"",
            "\\",
            "a\nb",
            "\t",
            "\r",
            "\0",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}x",
            "é",
            "😀",
            "{a}",
            "[a]",
            "---",
            "...",
            "<<",
            "=",
            "infinity",
            "?",
            "a:",
            ":a",
        ];
        same(&json!(strings.to_vec()));
        let keys: serde_json::Map<_, _> = strings
            .iter()
            .map(|s| ((*s).to_owned(), json!(s)))
            .collect();
        same(&Value::Object(keys));
    }
}
