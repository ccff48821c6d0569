//! What a policy says that is looser than a floor, at the place where it says it.
//!
//! A rule is judged by itself, also where a more specific one takes its place: whoever reads a policy finds nothing looser in it.

use super::document::Demand;
use super::{Floor, Subject};
use meshward_engine::config::{
    Api, Decode, Detail, Document, Mode, Modes, PlainText, Rules, UndeclaredFields,
};
use meshward_engine::{Problem, pointer};
use serde::Serialize;
use serde_json::Value;

/// One level of a policy.
struct Level<'a> {
    at: String,
    rules: &'a Rules,
    /// Whether a demand is waived here.
    waives: &'a dyn Fn(Demand) -> bool,
}

/// Everything that the policy says and that is looser.
pub(super) fn problems(floor: &Floor, policy: &Document, written: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    whole(floor, policy, written, &mut problems);
    let asked = &floor.document;
    definitions(
        floor,
        "/identityProviders",
        &asked.identity_providers,
        &policy.identity_providers,
        &mut problems,
    );
    definitions(
        floor,
        "/limits",
        &asked.limits,
        &policy.limits,
        &mut problems,
    );
    for (index, api) in policy.apis.iter().enumerate() {
        let at = pointer("/apis", index);
        of_api(floor, &policy.metadata.name, &at, api, &mut problems);
    }
    problems
}

/// What is said for the whole policy.
fn whole(floor: &Floor, policy: &Document, written: &Value, problems: &mut Vec<Problem>) {
    let asked = &floor.document;
    modes(floor, "", policy.mode, policy.modes, problems);
    let said = |at: &str| written.pointer(at).is_some();
    let mut more = |at: &str, floor_at: &str, most: Option<u64>, value: u64| {
        if let Some(most) = most.filter(|most| said(at) && value > *most) {
            let what = format!("`{value}` is more than `{most}`");
            problems.push(floor.looser(at, &what, floor_at));
        }
    };
    let (most, reading) = (&asked.reading, &policy.reading);
    for (field, most, value) in [
        (
            "maxTarget",
            most.max_target.map(|b| b.0),
            reading.max_target.0,
        ),
        (
            "maxHeaders",
            most.max_headers.map(u64::from),
            reading.max_headers.into(),
        ),
        (
            "maxQueryParameters",
            most.max_query_parameters.map(u64::from),
            reading.max_query_parameters.into(),
        ),
    ] {
        let at = pointer("/reading", field);
        more(&at, &at, most, value);
    }
    let at = "/transport/plainText";
    if let Some(least) = asked.transport.plain_text
        && plain_text(policy.transport.plain_text) > plain_text(least)
        && said(at)
    {
        let what = looser_than(&policy.transport.plain_text, &least);
        problems.push(floor.looser(at, &what, at));
    }
    if let (Some(least), Some(own)) = (asked.unknown_hosts, policy.unknown_hosts)
        && own > least
    {
        let at = "/unknownHosts";
        problems.push(floor.looser(at, &looser_than(&own, &least), at));
    }
    let at = "/errors/detail";
    if let Some(most) = asked.errors.detail
        && detail(policy.errors.detail) > detail(most)
        && said(at)
    {
        problems.push(floor.looser(at, &looser_than(&policy.errors.detail, &most), at));
    }
}

/// The same name must be the same thing.
fn definitions<T: Serialize>(
    floor: &Floor,
    at: &str,
    asked: &std::collections::BTreeMap<String, T>,
    own: &std::collections::BTreeMap<String, T>,
    problems: &mut Vec<Problem>,
) {
    let same = |one: &T, other: &T| matches!((serde_json::to_value(one), serde_json::to_value(other)), (Ok(one), Ok(other)) if one == other);
    for (name, definition) in own {
        if asked
            .get(name)
            .is_some_and(|floor| !same(floor, definition))
        {
            let at = pointer(at, name);
            let what = format!("`{name}` is defined otherwise");
            problems.push(floor.looser(at.clone(), &what, &at));
        }
    }
}

fn of_api(floor: &Floor, policy: &str, at: &str, api: &Api, problems: &mut Vec<Problem>) {
    let subject = Subject {
        policy,
        api: &api.name,
    };
    if let (Some(least), Some(own)) = (
        floor.document.endpoints.unknown_endpoints,
        api.unknown_endpoints,
    ) && own > least
    {
        let at = pointer(at, "unknownEndpoints");
        problems.push(floor.looser(
            at,
            &looser_than(&own, &least),
            "/endpoints/unknownEndpoints",
        ));
    }
    let defaults = Level {
        at: pointer(at, "defaults"),
        rules: &api.defaults,
        waives: &|_| false,
    };
    of_level(floor, &defaults, problems);
    for (index, endpoint) in api.endpoints.iter().enumerate() {
        let rules = endpoint.rules();
        let level = Level {
            at: pointer(&pointer(at, "endpoints"), index),
            rules: &rules,
            waives: &|demand| floor.waives(subject, &endpoint.selector, demand),
        };
        of_level(floor, &level, problems);
    }
}

fn of_level(floor: &Floor, level: &Level<'_>, problems: &mut Vec<Problem>) {
    let asked = &floor.document.endpoints;
    let Level { at, rules, waives } = level;
    if !waives(Demand::Mode) {
        modes(floor, at, rules.mode, rules.modes, problems);
    }
    if !waives(Demand::Authenticate) {
        authenticate(floor, at, rules, problems);
    }
    if let (Some(least), Some(own)) = (asked.unknown_query, rules.unknown_query)
        && own > least
        && !waives(Demand::UnknownQuery)
    {
        let at = pointer(at, "unknownQuery");
        problems.push(floor.looser(at, &looser_than(&own, &least), "/endpoints/unknownQuery"));
    }
    if !waives(Demand::Body) {
        let (most, own) = (asked.body, rules.body);
        let bounds = [
            (
                "maxSize",
                most.max_size.map(|b| b.0),
                own.max_size.map(|b| b.0),
            ),
            (
                "maxDepth",
                most.max_depth.map(u64::from),
                own.max_depth.map(u64::from),
            ),
            (
                "maxValues",
                most.max_values.map(u64::from),
                own.max_values.map(u64::from),
            ),
            (
                "maxParts",
                most.max_parts.map(u64::from),
                own.max_parts.map(u64::from),
            ),
            (
                "maxPartSize",
                most.max_part_size.map(|b| b.0),
                own.max_part_size.map(|b| b.0),
            ),
        ];
        loosened(floor, at, "body", bounds, problems);
    }
    if let Some(own) = rules.graphql.as_ref().filter(|_| !waives(Demand::Graphql)) {
        super::graphql::levels(floor, at, own, problems);
    }
    if !waives(Demand::Head) {
        head(floor, at, rules, problems);
    }
    if (asked.body.decode, rules.body.decode) == (Some(Decode::None), Some(Decode::Gzip))
        && !waives(Demand::Body)
    {
        let at = pointer(&pointer(at, "body"), "decode");
        problems.push(floor.looser(
            at,
            "`gzip` takes more than `none`",
            "/endpoints/body/decode",
        ));
    }
    if asked.strip_credentials
        && rules.upstream.strip_credentials == Some(false)
        && !waives(Demand::StripCredentials)
    {
        let at = format!("{at}/upstream/stripCredentials");
        problems.push(floor.looser(at, "credentials go upstream", "/endpoints/stripCredentials"));
    }
    if let (Some(least), Some(own)) = (asked.undeclared_fields, rules.response.undeclared_fields)
        && undeclared(own) < undeclared(least)
        && !waives(Demand::UndeclaredFields)
    {
        let at = format!("{at}/response/undeclaredFields");
        problems.push(floor.looser(
            at,
            &looser_than(&own, &least),
            "/endpoints/undeclaredFields",
        ));
    }
}

/// Bounds on request heads.
fn head(floor: &Floor, at: &str, rules: &Rules, problems: &mut Vec<Problem>) {
    let (most, own) = (floor.document.endpoints.head, rules.head);
    let bounds = [
        (
            "maxTarget",
            most.max_target.map(|b| b.0),
            own.max_target.map(|b| b.0),
        ),
        (
            "maxQueryParameters",
            most.max_query_parameters.map(u64::from),
            own.max_query_parameters.map(u64::from),
        ),
        (
            "maxHeaders",
            most.max_headers.map(u64::from),
            own.max_headers.map(u64::from),
        ),
        (
            "maxHeaderSize",
            most.max_header_size.map(|b| b.0),
            own.max_header_size.map(|b| b.0),
        ),
    ];
    loosened(floor, at, "head", bounds, problems);
}

/// Tells which bounds of a group the policy raises: for each its name, the floor's and the policy's own.
pub(super) fn loosened<const N: usize>(
    floor: &Floor,
    at: &str,
    group: &str,
    bounds: [(&str, Option<u64>, Option<u64>); N],
    problems: &mut Vec<Problem>,
) {
    for (field, most, own) in bounds {
        if let (Some(most), Some(own)) = (most, own)
            && own > most
        {
            let at = pointer(&pointer(at, group), field);
            let what = format!("`{own}` is more than `{most}`");
            let theirs = pointer(&pointer("/endpoints", group), field);
            problems.push(floor.looser(at, &what, &theirs));
        }
    }
}

fn authenticate(floor: &Floor, at: &str, rules: &Rules, problems: &mut Vec<Problem>) {
    let asked = &floor.document.endpoints.authenticate;
    let Some(own) = &rules.authenticate else {
        return;
    };
    let at = pointer(at, "authenticate");
    for (word, said) in [("public", own.public), ("optional", own.optional)] {
        if asked.required && said {
            let what = format!("`{word}` lets callers in whom nobody knows");
            problems.push(floor.looser(
                pointer(&at, word),
                &what,
                "/endpoints/authenticate/required",
            ));
        }
    }
    if asked.providers.is_empty() {
        return;
    }
    // Besides one that must know the caller in any case, others only make it tighter.
    if own.all_of.iter().any(|name| asked.providers.contains(name)) {
        return;
    }
    for (list, names) in [("anyOf", &own.any_of), ("allOf", &own.all_of)] {
        for (index, name) in names.iter().enumerate() {
            if !asked.providers.contains(name) {
                let at = pointer(&pointer(&at, list), index);
                let what =
                    format!("`{name}` is none of the identity providers that may be accepted");
                problems.push(floor.looser(at, &what, "/endpoints/authenticate/providers"));
            }
        }
    }
}

/// The modes of a level against those of the floor.
fn modes(floor: &Floor, at: &str, mode: Option<Mode>, modes: Modes, problems: &mut Vec<Problem>) {
    let asked = &floor.document.endpoints;
    let least = |named: Option<Mode>| named.or(asked.mode);
    let all = [
        ("reading", modes.reading, least(asked.modes.reading)),
        (
            "authenticate",
            modes.authenticate,
            least(asked.modes.authenticate),
        ),
        ("abuse", modes.abuse, least(asked.modes.abuse)),
        ("authorize", modes.authorize, least(asked.modes.authorize)),
        ("limit", modes.limit, least(asked.modes.limit)),
        ("contract", modes.contract, least(asked.modes.contract)),
        ("response", modes.response, asked.modes.response),
    ];
    let place = |control: &str| match control {
        "response" => "/endpoints/modes/response".to_owned(),
        _ if asked.mode.is_some() => "/endpoints/mode".to_owned(),
        _ => pointer("/endpoints/modes", control),
    };
    for (control, own, least) in all {
        if let (Some(own), Some(least)) = (own, least)
            && own > least
        {
            let at = format!("{at}/modes/{control}");
            problems.push(floor.looser(at, &looser_than(&own, &least), &place(control)));
        }
    }
    // One problem for a level's `mode`, however many controls it loosens.
    let loosened = all.into_iter().find(|(control, named, least)| {
        *control != "response" && named.is_none() && least.is_some_and(|least| mode > Some(least))
    });
    if let (Some((control, _, Some(least))), Some(own)) = (loosened, mode) {
        problems.push(floor.looser(
            pointer(at, "mode"),
            &looser_than(&own, &least),
            &place(control),
        ));
    }
}

/// Two words of the policy's own language.
fn looser_than<T: Serialize>(own: &T, least: &T) -> String {
    let word = |value: &T| {
        let value = serde_json::to_value(value).unwrap_or_default();
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    format!("`{}` is looser than `{}`", word(own), word(least))
}

/// The strictest first.
const fn plain_text(word: PlainText) -> u8 {
    match word {
        PlainText::Deny => 0,
        PlainText::Loopback => 1,
        PlainText::Allow => 2,
    }
}

/// The least talkative first.
const fn detail(word: Detail) -> u8 {
    match word {
        Detail::None => 0,
        Detail::Reason => 1,
        Detail::Full => 2,
    }
}

/// The loosest first.
pub(super) const fn undeclared(word: UndeclaredFields) -> u8 {
    match word {
        UndeclaredFields::Keep => 0,
        UndeclaredFields::Report => 1,
        UndeclaredFields::Remove => 2,
    }
}
