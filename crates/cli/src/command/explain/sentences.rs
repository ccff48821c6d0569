//! One endpoint in sentences.

use crate::endpoints::{Callers, Endpoint};
use crate::style::{FAINT, TITLE};
use meshward_engine::config::{
    ApiKeyProvider, Document, IdentityProvider, JwtProvider, KeyLocation, Limit, Mode, OnMissing,
    Rate, Unknown,
};
use meshward_engine::verdict::Control;
use std::fmt::Write as _;

/// Who may call, what they need, how often, what is checked, and in which mode.
pub(super) fn sentences(bundle: &Document, endpoint: &Endpoint) -> String {
    let mut text = format!("{TITLE}{}{TITLE:#}", endpoint.label());
    // Writing to a string cannot fail.
    let _ = match &endpoint.operation {
        Some(operation) => writeln!(text, " ({operation}, API {})", endpoint.api),
        None => writeln!(text, " (API {})", endpoint.api),
    };
    if let Some(summary) = &endpoint.summary {
        let _ = writeln!(text, "{FAINT}{summary}{FAINT:#}");
    }
    if endpoint.deprecated {
        text.push_str("The description marks it as deprecated.\n");
    }
    text.push('\n');
    let mut say = |what: &str, lines: Vec<String>| {
        for (index, line) in lines.into_iter().enumerate() {
            let what = if index == 0 { what } else { "" };
            let _ = writeln!(text, "{TITLE}{what:<12}{TITLE:#}{line}");
        }
    };
    say("Who", who(bundle, &endpoint.callers));
    say("Needs", vec![needs(endpoint)]);
    say("How often", how_often(bundle, &endpoint.limits));
    say("Request", request(endpoint));
    say("Response", vec![response(endpoint)]);
    say("Mode", modes(endpoint));
    text
}

fn who(bundle: &Document, callers: &Callers) -> Vec<String> {
    let describe = |names: &[String]| -> Vec<String> {
        names.iter().map(|name| provider(bundle, name)).collect()
    };
    match callers {
        Callers::Nobody => {
            vec!["Nobody: neither the policy nor the description says who may call.".to_owned()]
        }
        Callers::Anybody => vec!["Anybody. Credentials are not looked at.".to_owned()],
        Callers::KnownTo(names) => {
            let mut lines = vec!["Callers with one of these:".to_owned()];
            lines.extend(describe(names));
            lines
        }
        Callers::KnownOrAnonymous(names) => {
            let mut lines = vec![
                "Callers without any credential, as anonymous, or with one of these:".to_owned(),
            ];
            lines.extend(describe(names));
            lines
        }
    }
}

fn provider(bundle: &Document, name: &str) -> String {
    match bundle.identity_providers.get(name) {
        Some(IdentityProvider::Jwt(JwtProvider {
            issuer, audiences, ..
        })) => format!(
            "- `{name}`: a token of {issuer} for {}, as `Authorization: Bearer`",
            audiences.join(" or ")
        ),
        Some(IdentityProvider::ApiKey(ApiKeyProvider {
            location,
            name: field,
            keys,
        })) => {
            let place = match location {
                KeyLocation::Header => "header",
                KeyLocation::Query => "query parameter",
                KeyLocation::Cookie => "cookie",
            };
            format!(
                "- `{name}`: one of {} keys, in the {place} `{field}`",
                keys.len()
            )
        }
        None => format!("- `{name}`: not an identity provider of this policy"),
    }
}

fn needs(endpoint: &Endpoint) -> String {
    let quoted = |scopes: &[String], joint: &str| {
        let quoted: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
        quoted.join(joint)
    };
    let mut parts = Vec::new();
    let alternatives: Vec<String> = endpoint.scopes.iter().map(|s| quoted(s, " and ")).collect();
    if !alternatives.is_empty() {
        parts.push(alternatives.join(", or "));
    }
    if !endpoint.any_scope.is_empty() {
        parts.push(format!(
            "at least one of {}",
            quoted(&endpoint.any_scope, ", ")
        ));
    }
    if parts.is_empty() {
        return "No scope.".to_owned();
    }
    format!("The scope {}.", parts.join("; and "))
}

fn how_often(bundle: &Document, limits: &[String]) -> Vec<String> {
    if limits.is_empty() {
        return vec!["Without limit.".to_owned()];
    }
    limits
        .iter()
        .map(|name| match bundle.limits.get(name) {
            Some(limit) => format!("`{name}`: {}", limit_words(limit)),
            None => format!("`{name}`: not a limit of this policy"),
        })
        .collect()
}

fn limit_words(limit: &Limit) -> String {
    let Limit {
        key,
        rate,
        burst,
        windows,
        on_missing,
    } = limit;
    let window = |rate: &Rate, burst: &Option<u64>| {
        format!("{rate}, at most {} at once", burst.unwrap_or(rate.requests))
    };
    let mut parts: Vec<String> = rate.iter().map(|rate| window(rate, burst)).collect();
    parts.extend(windows.iter().map(|w| window(&w.rate, &w.burst)));
    let per = if key.is_empty() {
        "for all callers together".to_owned()
    } else {
        format!("for each {}", key.join(" and "))
    };
    let missing = match on_missing {
        OnMissing::Share => "",
        OnMissing::Deny => "; who has none is refused",
    };
    format!("{}, {per}{missing}.", parts.join(" and "))
}

fn request(endpoint: &Endpoint) -> Vec<String> {
    if !endpoint.described {
        return vec!["Not in the description: parameters and bodies are not checked.".to_owned()];
    }
    let mut lines = Vec::new();
    lines.push(match endpoint.parameters {
        0 => "It has no parameters.".to_owned(),
        1 => "1 parameter is held to the description.".to_owned(),
        n => format!("{n} parameters are held to the description."),
    });
    lines.push(match endpoint.unknown_query {
        Unknown::Deny => "Other query parameters are refused.".to_owned(),
        Unknown::Monitor => "Other query parameters pass with a finding.".to_owned(),
        Unknown::Allow => "Other query parameters pass.".to_owned(),
    });
    if endpoint.body.is_empty() {
        lines.push("A body is refused.".to_owned());
    } else {
        let size = match endpoint.bounds.max_size {
            Some(size) => size.to_string(),
            None => "1MiB".to_owned(),
        };
        lines.push(format!(
            "The body must be {}, at most {size}, and fit its schema.",
            endpoint.body.join(" or ")
        ));
    }
    lines
}

fn response(endpoint: &Endpoint) -> String {
    match (endpoint.mode(Control::Response), endpoint.described) {
        (Mode::Off, _) => "Not judged (`modes.response`).".to_owned(),
        (_, false) => "Not in the description, so not judged.".to_owned(),
        (_, true) => "Status, content type and body are held to the description.".to_owned(),
    }
}

fn modes(endpoint: &Endpoint) -> Vec<String> {
    let of = |mode: Mode| -> Vec<&'static str> {
        let controls = Control::ALL.into_iter();
        let controls = controls.filter(|c| *c != Control::Response && endpoint.mode(*c) == mode);
        controls.map(Control::name).collect()
    };
    [
        (Mode::Enforce, "Refused when it breaks a rule of"),
        (Mode::Monitor, "Decided, logged and counted, but let pass:"),
        (Mode::Off, "Not looked at:"),
    ]
    .into_iter()
    .filter_map(|(mode, words)| {
        let controls = of(mode);
        (!controls.is_empty()).then(|| format!("{words} {}.", controls.join(", ")))
    })
    .collect()
}
