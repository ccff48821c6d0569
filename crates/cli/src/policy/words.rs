//! Words for mistakes: what was expected, what was found, what was probably meant.

use meshward_engine::Problem;
use serde_json::Value;

const FILL_IN: &str = "write a value, or remove the field";

/// "did you mean `x`?", or the names that are known.
pub(crate) fn suggest(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", list(known)),
    }
}

/// The known name that is most like this one, if any is like it at all.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .iter()
        .map(|k| (strsim::jaro_winkler(&lower, &k.to_lowercase()), *k))
        .filter(|(likeness, _)| *likeness >= 0.82)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, k)| k)
}

/// "`a`, `b` or `c`".
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// A word that is not one of those that may stand here.
pub(crate) fn choice(at: &str, names: &[&str], got: &Value) -> Problem {
    let message = format!("expected {}, got {}", list(names), found(got));
    if got.is_null() {
        return Problem::error("empty-field", at, message).hint(FILL_IN);
    }
    let problem = Problem::error("wrong-value", at, message);
    match got.as_str().and_then(|text| nearest(text, names)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

/// A value of another type than the one that is expected.
pub(crate) fn wrong_type(rule: &Value, at: &str, got: &Value) -> Problem {
    let types: Vec<&str> = match rule.get("type") {
        Some(Value::String(only)) => vec![only],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let expected: Vec<&str> = types.iter().map(|name| type_words(name)).collect();
    let expected = expected.join(" or ");
    if got.is_null() {
        return Problem::error(
            "empty-field",
            at,
            format!("expected {expected}, got nothing"),
        )
        .hint(FILL_IN);
    }
    let problem = Problem::error(
        "wrong-type",
        at,
        format!("expected {expected}, got {}", found(got)),
    );
    match (types.as_slice(), got) {
        (["string"], Value::Number(_) | Value::Bool(_)) => problem.hint("put it in quotes"),
        (["array"], Value::String(_) | Value::Object(_)) => {
            problem.hint("write it as a list, even when it has one item: `[...]`")
        }
        (["integer" | "number"], Value::String(text)) if text.parse::<f64>().is_ok() => {
            problem.hint("leave out the quotes")
        }
        _ => problem,
    }
}

fn type_words(name: &str) -> &str {
    match name {
        "string" => "text",
        "array" => "a list",
        "object" => "a map",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

/// What stands there. Texts and numbers are shown, cut at 40 characters; what they hold is never a credential, because
/// credentials stand where any text is allowed.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) if text.chars().count() > 40 => {
            format!("`{}…`", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

/// The first sentence about a field, from the doc comment of its type.
pub(crate) fn meaning(schema: &Value, rule: &Value, field: &str) -> Option<String> {
    let property = rule.get("properties")?.get(field)?;
    let own = property.get("description").and_then(Value::as_str);
    let referred = || {
        let name = property.get("$ref")?.as_str()?.strip_prefix('#')?;
        schema.pointer(name)?.get("description")?.as_str()
    };
    let text = own.or_else(referred)?;
    let sentence = text.split(". ").next().unwrap_or(text);
    let sentence = sentence.lines().collect::<Vec<_>>().join(" ");
    let mut chars = sentence.trim_end_matches('.').chars();
    let first = chars.next()?;
    Some(first.to_lowercase().chain(chars).collect())
}

/// The words that an alternative allows: its `const`, or its `enum`.
pub(crate) fn constants(alternative: &Value) -> Vec<&str> {
    let one = alternative.get("const").and_then(Value::as_str);
    let several = alternative.get("enum").and_then(Value::as_array);
    one.into_iter()
        .chain(several.into_iter().flatten().filter_map(Value::as_str))
        .collect()
}

/// The one field that an alternative requires.
pub(crate) fn form(alternative: &Value) -> Option<&str> {
    alternative.get("required")?.as_array()?.first()?.as_str()
}
