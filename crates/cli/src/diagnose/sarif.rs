//! Problems for code scanning: SARIF 2.1.0 (OASIS).

use super::Located;
use meshward_engine::Severity;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One SARIF log with one run. Notes are no problems, but worth a look.
pub(crate) fn sarif(problems: &[Located<'_>], notes: &[Located<'_>]) -> Value {
    let all = problems.iter().chain(notes);
    let codes: BTreeSet<&str> = all.map(|l| l.problem.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    let level = |located: &Located<'_>| match located.problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let problems = problems.iter().map(|p| result(p, level(p)));
    let notes = notes.iter().map(|note| result(note, "note"));
    let results: Vec<Value> = problems.chain(notes).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "meshward",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(located: &Located<'_>, level: &str) -> Value {
    let problem = located.problem;
    let message = match &problem.hint {
        Some(hint) => format!("{} ({hint})", problem.message),
        None => problem.message.clone(),
    };
    let mut physical = json!({ "artifactLocation": { "uri": uri(&located.file) } });
    if let (Some(place), Some(physical)) = (&located.place, physical.as_object_mut()) {
        let region = json!({ "startLine": place.line, "startColumn": place.column });
        physical.insert("region".to_owned(), region);
    }
    json!({
        "ruleId": problem.code,
        "level": level,
        "message": { "text": message },
        "locations": [{
            "physicalLocation": physical,
            "logicalLocations": [{ "fullyQualifiedName": problem.at }],
        }],
    })
}

/// A path as a URI reference: what may not stand in a path is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            b'\\' => "/".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("a b/ü.yaml"), "a%20b/%C3%BC.yaml");
        assert_eq!(uri("policies\\orders.yaml"), "policies/orders.yaml");
    }
}
