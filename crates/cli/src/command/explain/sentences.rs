//! One endpoint in sentences.

use super::{allowed, bounds};
use crate::endpoints::{Endpoint, Request};
use crate::style::{FAINT, TITLE};
use meshward_engine::config::{
    ApiKeyProvider, Document, Global, GlobalMode, IdentityProvider, KeyLocation, Mode,
    MtlsProvider, OnMissing, OnServiceFailure, SenderConstrained,
};
use meshward_engine::verdict::Control;
use meshward_engine::{AccessSummary, LimitSummary};
use std::fmt::Write as _;

/// Who may call, what they need, how often, what is checked, and in which mode.
pub(super) fn sentences(bundle: &Document, endpoint: &Endpoint) -> String {
    let mut text = format!("{TITLE}{}{TITLE:#}", endpoint.rules.endpoint);
    // Writing to a string cannot fail.
    let _ = match &endpoint.rules.operation {
        Some(operation) => writeln!(text, " ({operation}, API {})", endpoint.rules.api),
        None => writeln!(text, " (API {})", endpoint.rules.api),
    };
    if let Some(summary) = &endpoint.rules.summary {
        let _ = writeln!(text, "{FAINT}{summary}{FAINT:#}");
    }
    if endpoint.rules.deprecated {
        text.push_str("The description marks it as deprecated.\n");
    }
    text.push('\n');
    let mut say = |what: &str, lines: Vec<String>| {
        for (index, line) in lines.into_iter().enumerate() {
            let what = if index == 0 { what } else { "" };
            let _ = writeln!(text, "{TITLE}{what:<12}{TITLE:#}{line}");
        }
    };
    say("Who", who(bundle, endpoint));
    say("Needs", allowed::sentences(endpoint));
    say("How often", how_often(bundle, &endpoint.rules.limits));
    say("Shed", bounds::shed(endpoint.rules.shed.as_ref()));
    say("How large", bounds::sentences(&endpoint.rules.head));
    let abuse = endpoint.rules.abuse.iter();
    let abuse: Vec<String> = abuse
        .map(|(name, words)| format!("`{name}`: {words}."))
        .collect();
    if !abuse.is_empty() {
        say("Behaviour", abuse);
    }
    say("Request", request(endpoint));
    say("Response", vec![response(endpoint)]);
    say("Upstream", upstream(endpoint));
    say("Mode", modes(endpoint));
    text
}

fn who(bundle: &Document, endpoint: &Endpoint) -> Vec<String> {
    let from = endpoint.rules.access_from.as_ref();
    let from = from.map(|from| format!("So says {}.", allowed::origin(from)));
    let (providers, together, optional) = match &endpoint.rules.access {
        AccessSummary::Closed => {
            return vec![
                "Nobody: neither the policy nor the description says who may call.".to_owned(),
            ];
        }
        AccessSummary::Public => {
            let anybody = "Anybody. Credentials are not looked at.".to_owned();
            return std::iter::once(anybody).chain(from).collect();
        }
        AccessSummary::Known {
            providers,
            together,
            optional,
        } => (providers, together, *optional),
    };
    let mut first = if optional {
        "Callers without any credential, as anonymous, or with".to_owned()
    } else {
        "Callers with".to_owned()
    };
    if together.is_empty() {
        first.push_str(" one of these:");
    } else {
        let sets = together.iter().map(|set| {
            let quoted: Vec<String> = set.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(" and ")
        });
        let sets: Vec<String> = sets.collect();
        first.push_str(&format!(" {}, all on one request:", sets.join(", or ")));
    }
    let named = providers.iter().map(|name| provider(bundle, name));
    std::iter::once(first).chain(named).chain(from).collect()
}

fn provider(bundle: &Document, name: &str) -> String {
    match bundle.identity_providers.get(name) {
        Some(IdentityProvider::Jwt(jwt)) => format!(
            "- `{name}`: a token of {} for {}, as `Authorization: Bearer`{}",
            jwt.issuer,
            jwt.audiences.join(" or "),
            match jwt.sender_constrained {
                SenderConstrained::Off => "; whoever holds it can use it",
                SenderConstrained::IfBound => "",
                SenderConstrained::Required =>
                    ", from the caller that it was issued to: proven by a client certificate or a DPoP proof",
            }
        ),
        Some(IdentityProvider::Introspection(server)) => format!(
            "- `{name}`: a token that {} calls active, as `Authorization: Bearer`",
            server.uri
        ),
        Some(IdentityProvider::ApiKey(ApiKeyProvider {
            location,
            name: field,
            keys,
            prefix: _,
            checksum: _,
            allow_in_query: _,
        })) => {
            let place = match location {
                KeyLocation::Header => "header",
                KeyLocation::Query => "query parameter",
                KeyLocation::Cookie => "cookie",
            };
            let which = match keys.len() {
                0 => "a key, of which there is none yet".to_owned(),
                1 => "the one key that there is".to_owned(),
                n => format!("one of {n} keys"),
            };
            format!("- `{name}`: {which}, in the {place} `{field}`")
        }
        Some(IdentityProvider::Mtls(mtls)) => mesh(name, mtls),
        None => format!("- `{name}`: not an identity provider of this policy"),
    }
}

fn mesh(name: &str, mtls: &MtlsProvider) -> String {
    let which = |what: &str, patterns: &[String]| {
        if patterns.is_empty() {
            String::new()
        } else {
            format!(", {what} {}", patterns.join(" or "))
        }
    };
    let forwarded = mtls.forwarded.as_ref().map_or_else(String::new, |f| {
        format!("; {} may say who called it", f.from.join(" or "))
    });
    format!(
        "- `{name}`: a client certificate of the trust domain {}{}{}{forwarded}",
        mtls.trust_domains.join(" or "),
        which("namespace", &mtls.namespaces),
        which("service account", &mtls.service_accounts),
    )
}

fn how_often(bundle: &Document, limits: &[LimitSummary]) -> Vec<String> {
    if limits.is_empty() {
        return vec!["Without limit.".to_owned()];
    }
    limits
        .iter()
        .map(|limit| limit_words(bundle, limit))
        .collect()
}

fn limit_words(bundle: &Document, limit: &LimitSummary) -> String {
    let LimitSummary {
        name,
        key,
        windows,
        concurrent,
        plans,
    } = limit;
    let most = room(windows, *concurrent);
    let per = if key.is_empty() {
        "for all callers together".to_owned()
    } else {
        format!("for each {}", key.join(" and "))
    };
    let missing = match bundle.limits.get(name).map(|limit| limit.on_missing) {
        Some(OnMissing::Deny) => "; who has none is refused",
        Some(OnMissing::Share) | None => "",
    };
    let written = bundle.limits.get(name);
    let global = written.and_then(|limit| limit.global.as_ref());
    let plans = plans.iter().map(|(name, plan)| {
        let quota = written.and_then(|limit| limit.plans.get(name)?.requests);
        let most = match global.zip(quota) {
            Some((global, quota)) => format!("{quota} in a {}", global.unit.name()),
            None => room(&plan.windows, plan.concurrent),
        };
        format!("; with the plan `{name}` {most}")
    });
    let plans: String = plans.collect();
    let most = global.map_or_else(|| most.clone(), |global| shared(global, &most));
    format!("`{name}`: {most}, {per}{plans}{missing}.")
}

fn room(windows: &[(String, u64)], concurrent: Option<u32>) -> String {
    let windows = windows.iter();
    let windows = windows.map(|(rate, burst)| format!("{rate}, at most {burst} at once"));
    let flying = concurrent.map(|most| format!("at most {most} in flight"));
    windows.chain(flying).collect::<Vec<_>>().join(" and ")
}

/// A quota that a fleet shares.
fn shared(global: &Global, alone: &str) -> String {
    let Global {
        cluster,
        domain: _,
        requests,
        unit,
        mode,
        lease: _,
        timeout: _,
        on_failure,
    } = global;
    let mode = match mode {
        GlobalMode::Leased => "taken in batches",
        GlobalMode::Exact => "asked for each",
    };
    let away = match on_failure {
        OnServiceFailure::Deny => "nobody passes".to_owned(),
        OnServiceFailure::Allow => "everybody passes".to_owned(),
        OnServiceFailure::Local => format!("on each proxy {alone}"),
    };
    format!(
        "{requests} in a {} over all proxies, {mode} from the service behind `{cluster}` (while it is away, {away})",
        unit.name()
    )
}

fn request(endpoint: &Endpoint) -> Vec<String> {
    let graphql = endpoint.rules.graphql.iter().cloned();
    let Some(Request {
        parameters,
        body,
        body_required,
    }) = &endpoint.request
    else {
        let unchecked = "Not in the description: parameters and bodies are not checked.";
        let unchecked = endpoint
            .rules
            .graphql
            .is_empty()
            .then(|| unchecked.to_owned());
        return unchecked.into_iter().chain(graphql).collect();
    };
    let parameters = if parameters.is_empty() {
        "It has no parameters.".to_owned()
    } else {
        format!("Held to the description: {}.", parameters.join(", "))
    };
    let body = match (body.is_empty(), body_required) {
        (true, _) => "It takes no body.".to_owned(),
        (false, true) => format!(
            "It must have a body, {}, that fits its schema.",
            body.join(" or ")
        ),
        (false, false) => format!(
            "It may have a body, {}, that fits its schema.",
            body.join(" or ")
        ),
    };
    [parameters, body].into_iter().chain(graphql).collect()
}

fn response(endpoint: &Endpoint) -> String {
    match (endpoint.mode(Control::Response), endpoint.rules.described) {
        (Mode::Off, _) => "Not judged (`modes.response`).".to_owned(),
        (_, false) => "Not in the description, so not judged.".to_owned(),
        (_, true) => "Status, content type and body are held to the description.".to_owned(),
    }
}

fn upstream(endpoint: &Endpoint) -> Vec<String> {
    let headers: Vec<_> = endpoint
        .rules
        .identity_headers
        .iter()
        .map(|told| format!("`{}`", told.header()))
        .collect();
    let told = match headers.as_slice() {
        [] => "Is not told who calls.".to_owned(),
        [one] => format!("Is told who calls, in {one}."),
        [first @ .., last] => format!("Is told who calls, in {} and {last}.", first.join(", ")),
    };
    let stripped = endpoint
        .rules
        .strip_credentials
        .then(|| "Does not see the credential.".to_owned());
    let timeout = endpoint.rules.timeout.map(bounds::time);
    std::iter::once(told)
        .chain(stripped)
        .chain(timeout)
        .collect()
}

fn modes(endpoint: &Endpoint) -> Vec<String> {
    let of = |mode: Mode| -> Vec<&'static str> {
        let controls = Control::ALL.into_iter();
        let controls = controls
            .filter(|c| *c != Control::Response && endpoint.rules.modes.get(c) == Some(&mode));
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
