//! What a policy gets where it says nothing: the floor, unless its own default is tighter.

use super::document::{Demand, Document};
use super::{Floor, Subject, graphql};
use meshward_engine::config::{self, Api, BodyRules, Bytes, Detail, Mode, PlainText, Unknown};

/// What a body may be where no policy says it.
const BODY: BodyRules = BodyRules {
    max_size: Some(Bytes(1 << 20)),
    max_depth: Some(32),
    max_values: Some(50_000),
    max_parts: Some(100),
    max_part_size: Some(Bytes(u64::MAX)),
    decode: None,
};

/// Gives the policy what it does not say.
pub(super) fn apply(floor: &Floor, policy: &mut config::Document) {
    let asked = &floor.document;
    define(asked, policy);
    let reading = &mut policy.reading;
    lower(&mut reading.max_target, asked.reading.max_target);
    lower(&mut reading.max_headers, asked.reading.max_headers);
    lower(
        &mut reading.max_query_parameters,
        asked.reading.max_query_parameters,
    );
    let transport = &mut policy.transport.plain_text;
    match asked.transport.plain_text {
        Some(PlainText::Deny) => *transport = PlainText::Deny,
        Some(PlainText::Loopback) if *transport == PlainText::Allow => {
            *transport = PlainText::Loopback
        }
        Some(PlainText::Loopback | PlainText::Allow) | None => {}
    }
    let errors = &mut policy.errors.detail;
    match asked.errors.detail {
        Some(Detail::None) => *errors = Detail::None,
        Some(Detail::Reason) if *errors == Detail::Full => *errors = Detail::Reason,
        Some(Detail::Reason | Detail::Full) | None => {}
    }
    unknown(&mut policy.unknown_hosts, asked.unknown_hosts, policy.mode);
    for api in &mut policy.apis {
        of_api(floor, &policy.metadata.name, policy.mode, api);
    }
}

/// What the floor defines, so that policies can name it.
fn define(asked: &Document, policy: &mut config::Document) {
    for (name, provider) in &asked.identity_providers {
        // The same thing, unless an error has been said already.
        let own = policy.identity_providers.entry(name.clone());
        own.or_insert_with(|| provider.clone());
    }
    for (name, limit) in &asked.limits {
        let own = policy.limits.entry(name.clone());
        own.or_insert_with(|| limit.clone());
    }
}

fn of_api(floor: &Floor, policy: &str, top: Option<Mode>, api: &mut Api) {
    let asked = &floor.document.endpoints;
    let mode = api.defaults.mode.or(top);
    unknown(&mut api.unknown_endpoints, asked.unknown_endpoints, mode);
    let Api {
        name,
        defaults,
        endpoints,
        description,
        ..
    } = api;
    let subject = Subject { policy, api: name };
    if !asked.limits.is_empty() {
        add(defaults.limits.get_or_insert_default(), &asked.limits);
        for endpoint in endpoints.iter_mut() {
            // A rule that names no limits has those of the level above.
            let waived = floor.waives(subject, &endpoint.selector, Demand::Limits);
            if let Some(own) = endpoint.limits.as_mut().filter(|_| !waived) {
                add(own, &asked.limits);
            }
        }
    }
    if let Some(least) = asked.modes.response {
        let own = defaults.modes.response.get_or_insert(Mode::Off);
        *own = (*own).min(least);
    }
    let head = &mut defaults.head;
    absent_or_lower(&mut head.max_target, asked.head.max_target, None);
    absent_or_lower(
        &mut head.max_query_parameters,
        asked.head.max_query_parameters,
        None,
    );
    absent_or_lower(&mut head.max_headers, asked.head.max_headers, None);
    absent_or_lower(&mut head.max_header_size, asked.head.max_header_size, None);
    let body = &mut defaults.body;
    absent_or_lower(&mut body.max_size, asked.body.max_size, BODY.max_size);
    absent_or_lower(&mut body.max_depth, asked.body.max_depth, BODY.max_depth);
    absent_or_lower(&mut body.max_values, asked.body.max_values, BODY.max_values);
    absent_or_lower(&mut body.max_parts, asked.body.max_parts, BODY.max_parts);
    absent_or_lower(
        &mut body.max_part_size,
        asked.body.max_part_size,
        BODY.max_part_size,
    );
    if let Some(own) = &mut defaults.graphql {
        graphql::tighten(&asked.graphql, own);
    }
    for endpoint in endpoints.iter_mut() {
        // A rule that says something of GraphQL has nothing of the level above.
        let waived = floor.waives(subject, &endpoint.selector, Demand::Graphql);
        if let Some(own) = endpoint.graphql.as_mut().filter(|_| !waived) {
            graphql::tighten(&asked.graphql, own);
        }
    }
    if asked.strip_credentials {
        defaults.upstream.strip_credentials = Some(true);
    }
    // Without a description, or where nobody looks at responses, there is nothing to compare members with.
    let judged =
        description.is_some() && !matches!(defaults.modes.response, None | Some(Mode::Off));
    if let Some(least) = asked.undeclared_fields.filter(|_| judged) {
        let own = defaults.response.undeclared_fields.get_or_insert(least);
        if super::levels::undeclared(*own) < super::levels::undeclared(least) {
            *own = least;
        }
    }
}

/// Where nothing is said, the mode decides.
fn unknown(own: &mut Option<Unknown>, least: Option<Unknown>, mode: Option<Mode>) {
    let Some(least) = least else {
        return;
    };
    let by_mode = match mode {
        None | Some(Mode::Enforce) => Unknown::Deny,
        Some(Mode::Monitor) => Unknown::Monitor,
        Some(Mode::Off) => Unknown::Allow,
    };
    *own = Some((*own).unwrap_or(by_mode).min(least));
}

fn lower<T: Ord + Copy>(own: &mut T, most: Option<T>) {
    if let Some(most) = most {
        *own = (*own).min(most);
    }
}

pub(super) fn absent_or_lower<T: Ord + Copy>(
    own: &mut Option<T>,
    most: Option<T>,
    default: Option<T>,
) {
    if let Some(most) = most {
        *own = Some((*own).or(default).map_or(most, |own| own.min(most)));
    }
}

fn add(own: &mut Vec<String>, more: &[String]) {
    for name in more {
        if !own.contains(name) {
            own.push(name.clone());
        }
    }
}
