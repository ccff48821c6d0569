//! Problems for tools, as JSON.

use super::{Located, counts};
use serde_json::{Value, json};

/// `{ "problems": [...], "summary": {...} }`, with what else the caller knows.
pub(crate) fn json(
    problems: &[Located<'_>],
    known: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let (errors, warnings) = counts(problems.iter().map(|located| located.problem));
    let listed: Vec<Value> = problems.iter().map(entry).collect();
    let mut whole = json!({
        "problems": listed,
        "summary": { "errors": errors, "warnings": warnings },
    });
    if let Some(whole) = whole.as_object_mut() {
        whole.extend(
            known
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    whole
}

fn entry(located: &Located<'_>) -> Value {
    let problem = located.problem;
    let mut entry = json!({
        "severity": problem.severity,
        "code": problem.code,
        "file": located.file,
        "at": problem.at,
        "message": problem.message,
    });
    if let Some(entry) = entry.as_object_mut() {
        if let Some(place) = &located.place {
            entry.insert("line".to_owned(), place.line.into());
            entry.insert("column".to_owned(), place.column.into());
        }
        if let Some(hint) = &problem.hint {
            entry.insert("hint".to_owned(), hint.as_str().into());
        }
    }
    entry
}
