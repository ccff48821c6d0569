//! Envoy's log: the decisions in it, and what else is worth showing.

use crate::style::{ERROR, FAINT, GOOD, WARNING};
use serde_json::Value;
use std::fmt::Write as _;

/// A line of Envoy's log, which is written as `LEVEL TAB LOGGER TAB MESSAGE`.
#[derive(Debug)]
pub(crate) enum Line {
    /// A decision of the filter, as JSON.
    Decision(Box<Value>),
    /// Something that went wrong.
    Trouble(String),
    /// Anything else.
    Note(String),
}

/// Reads one line.
pub(crate) fn read_line(line: &str) -> Line {
    let mut parts = line.splitn(3, '\t');
    let (Some(level), Some(_), Some(message)) = (parts.next(), parts.next(), parts.next()) else {
        return Line::Note(line.to_owned());
    };
    let json = message.find('{').and_then(|start| message.get(start..));
    if let Some(value) = json.and_then(|json| serde_json::from_str::<Value>(json).ok())
        && value.get("meshward.decision").is_some()
    {
        return Line::Decision(Box::new(value));
    }
    // Envoy puts `wasm log NAME ROOT VM: ` before what the filter says.
    let said = message
        .strip_prefix("wasm log")
        .and_then(|rest| rest.split_once(": "))
        .map_or(message, |(_, said)| said);
    match level {
        "warning" | "error" | "critical" => Line::Trouble(said.to_owned()),
        _ => Line::Note(said.to_owned()),
    }
}

/// A decision as one line for people.
pub(crate) fn decision(value: &Value) -> String {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    let time = field("time")
        .and_then(|time| time.split_once('T'))
        .map_or("", |(_, clock)| {
            clock.split(['.', 'Z']).next().unwrap_or_default()
        });
    let status = value
        .get("http.response.status_code")
        .map_or_else(|| "-".to_owned(), Value::to_string);
    let method = field("http.request.method").unwrap_or("-");
    let route = field("http.route").unwrap_or("(no endpoint)");
    let mut text = format!("{FAINT}{time}{FAINT:#} {status:>3} {method:<6} {route:<32} ");
    let denied = field("meshward.decision") == Some("deny");
    let findings = value.get("meshward.findings").and_then(Value::as_array);
    let style = match (denied, findings) {
        (true, _) => ERROR,
        (false, Some(_)) => WARNING,
        (false, None) => GOOD,
    };
    let word = if denied { "deny" } else { "allow" };
    // Writing to a string cannot fail.
    let _ = write!(text, "{style}{word:<5}{style:#}");
    if let (Some(reason), Some(control)) = (field("meshward.reason"), field("meshward.control")) {
        let _ = write!(text, " {reason} ({control})");
    }
    for finding in findings.into_iter().flatten() {
        let part = |name: &str| {
            finding
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let is_the_reason =
            Some(part("reason")) == field("meshward.reason") && part("at").is_empty();
        if !is_the_reason {
            let _ = write!(text, " {FAINT}{} {}", part("mode"), part("reason"));
            if !part("at").is_empty() {
                let _ = write!(text, " at {}", part("at"));
            }
            let _ = write!(text, "{FAINT:#}");
        }
    }
    if let (Some(provider), Some(subject)) = (
        field("meshward.identity.provider"),
        field("meshward.identity.subject"),
    ) {
        let _ = write!(text, " {provider}/{subject}");
    }
    text
}

#[cfg(test)]
mod tests;
