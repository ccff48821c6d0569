//! Which rules of a policy are for which operation.

use super::layers::{Layers, Level};
use super::origin::Origin;
use crate::config::{Api, Match, Operation, Rules};
use crate::problem::pointer;

/// One rule of the policy and where it stands.
pub(super) struct Rule<'a> {
    pub(super) selector: &'a Match,
    pub(super) rules: Rules,
    pub(super) at: String,
    /// Whether it selected anything so far.
    pub(super) used: bool,
}

/// The rules that are for one operation, most specific first.
pub(super) fn select<'a>(
    at: &str,
    api: &'a Api,
    operation: &Operation,
    rules: &'a mut [Rule<'_>],
) -> Layers<'a> {
    let mut own = Vec::new();
    let mut tagged = Vec::new();
    for rule in rules.iter_mut() {
        let Match {
            operation: id,
            method,
            path,
            tag,
        } = rule.selector;
        let by_id = id.is_some() && *id == operation.id;
        let by_path = path.as_deref() == Some(&operation.path)
            && method
                .as_ref()
                .is_some_and(|m| m.eq_ignore_ascii_case(&operation.method));
        let by_tag = tag.as_ref().is_some_and(|t| operation.tags.contains(t));
        rule.used |= by_id || by_path || by_tag;
        if by_id || by_path {
            own.push(level(&rule.rules, &rule.at, Origin::Endpoint));
        } else if let (true, Some(tag)) = (by_tag, tag) {
            tagged.push(level(&rule.rules, &rule.at, Origin::Tag(tag.clone())));
        }
    }
    tagged.reverse();
    own.extend(tagged);
    own.push(level(
        &api.defaults,
        &pointer(at, "defaults"),
        Origin::Defaults,
    ));
    Layers::new(own)
}

fn level<'a>(rules: &'a Rules, at: &str, origin: Origin) -> Level<'a> {
    Level {
        rules,
        at: at.to_owned(),
        origin,
    }
}

/// What is wrong when a selector finds nothing, and what to do about it.
pub(super) fn describe_selector(selector: &Match) -> (String, &'static str) {
    match selector {
        Match {
            operation: Some(id),
            ..
        } => (
            format!("the description has no operation `{id}`"),
            "use an `operationId` of the description",
        ),
        Match {
            method: Some(method),
            path: Some(path),
            ..
        } => (
            format!(
                "the description has no endpoint `{} {path}`",
                method.to_ascii_uppercase()
            ),
            "write the path template as the description does, without the base path",
        ),
        Match { tag: Some(tag), .. } => (
            format!("the description has no operation with the tag `{tag}`"),
            "use a tag of the description",
        ),
        Match { .. } => (
            "the rule selects nothing".to_owned(),
            "use `operation`, `method` and `path`, or `tag`",
        ),
    }
}
