//! What callers must be allowed, in sentences, each with the level that says so.

use crate::endpoints::Endpoint;
use meshward_engine::config::{
    Acr, Binding, Caller, ClaimRule, Comparison, Members, ResponseRules, Span,
};
use meshward_engine::{AccessSummary, AuthorizationSummary, Origin};
use serde_json::Value;

/// One sentence for everything that is asked.
pub(super) fn sentences(endpoint: &Endpoint) -> Vec<String> {
    let mut said = Said(Vec::new());
    let asked = endpoint.rules.authorization.as_deref();
    if endpoint.asks_for_scopes() {
        said.add(
            asked,
            "scopes",
            format!("The scope {}", scopes(&endpoint.rules.scopes)),
        );
    }
    if let Some(asked) = asked {
        rules(&mut said, asked);
    }
    if said.0.is_empty() {
        return vec![match endpoint.rules.access {
            AccessSummary::Known { .. } => "Nothing: every caller above may call it.".to_owned(),
            AccessSummary::Closed | AccessSummary::Public => "Nothing.".to_owned(),
        }];
    }
    said.0
}

/// In a few words, for a table.
pub(super) fn short(endpoint: &Endpoint) -> String {
    let mut words = Vec::new();
    if endpoint.asks_for_scopes() {
        let alternatives = endpoint.rules.scopes.iter();
        let alternatives: Vec<String> = alternatives.map(|scopes| scopes.join("+")).collect();
        words.push(alternatives.join(" or "));
    }
    if let Some(asked) = endpoint.rules.authorization.as_deref() {
        let AuthorizationSummary {
            rules, response, ..
        } = asked;
        let members = |m: &Option<Members>| m.as_ref().is_some_and(is_asked);
        let list = |empty: Option<bool>| empty == Some(false);
        for (word, is_asked) in [
            ("roles", members(&rules.roles)),
            ("groups", members(&rules.groups)),
            (
                "audience",
                list(rules.audiences.as_ref().map(Vec::is_empty)),
            ),
            ("callers", list(rules.callers.as_ref().map(Vec::is_empty))),
            ("claims", list(rules.claims.as_ref().map(Vec::is_empty))),
            (
                "step-up",
                rules.acr.is_some() || rules.max_auth_age.is_some(),
            ),
            ("binding", list(rules.bind.as_ref().map(Vec::is_empty))),
            ("cel", rules.cel.is_some()),
            (
                "response binding",
                list(response.bind.as_ref().map(Vec::is_empty)),
            ),
        ] {
            if is_asked {
                words.push(word.to_owned());
            }
        }
    }
    words.join(", ")
}

/// Which level says something.
pub(super) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Endpoint => "the endpoint's own rule".to_owned(),
        Origin::Tag(tag) => format!("the rule for the tag `{tag}`"),
        Origin::Defaults => "the API's defaults".to_owned(),
        Origin::Description => "the description's `security`".to_owned(),
    }
}

/// Sentences, in order.
struct Said(Vec<String>);

impl Said {
    /// Adds a sentence with the level that says so.
    fn add(&mut self, asked: Option<&AuthorizationSummary>, field: &str, what: String) {
        let from = asked.and_then(|asked| asked.from.get(field));
        self.0.push(match from {
            Some(from) => format!("{what} ({}).", origin(from)),
            None => format!("{what}."),
        });
    }
}

fn rules(said: &mut Said, asked: &AuthorizationSummary) {
    let AuthorizationSummary {
        rules,
        response:
            ResponseRules {
                bind: response,
                // What is taken out of responses is no question of who is allowed.
                undeclared_fields: _,
                hide: _,
            },
        from: _,
    } = asked;
    let mut say = |field: &str, what: String| said.add(Some(asked), field, what);
    let named = rules.audiences.iter().filter(|names| !names.is_empty());
    for names in named {
        say(
            "audiences",
            format!("A token for the audience {}", either(names)),
        );
    }
    if let Some(members) = rules.roles.as_ref().filter(|m| is_asked(m)) {
        say(
            "roles",
            format!(
                "Of the roles in the claim {}",
                self::members(members, "roles")
            ),
        );
    }
    if let Some(members) = rules.groups.as_ref().filter(|m| is_asked(m)) {
        say(
            "groups",
            format!(
                "Of the groups in the claim {}",
                self::members(members, "groups")
            ),
        );
    }
    if let Some(callers) = rules.callers.as_ref().filter(|list| !list.is_empty()) {
        let callers: Vec<String> = callers.iter().map(caller).collect();
        say(
            "callers",
            format!(
                "A connection over mutual TLS from {}",
                callers.join(", or ")
            ),
        );
    }
    for claim in rules.claims.iter().flatten() {
        say("claims", format!("The claim {}", self::claim(claim)));
    }
    for binding in rules.bind.iter().flatten() {
        say("bind", format!("The request's {}", self::binding(binding)));
    }
    if let Some(text) = &rules.cel {
        say("cel", format!("This expression is true: {}", text.trim()));
    }
    if let Some(acr) = &rules.acr {
        say(
            "acr",
            format!("A login of the level {} (`acr`)", levels(acr)),
        );
    }
    if let Some(age) = rules.max_auth_age {
        say(
            "maxAuthAge",
            format!("A login at most {} ago (`auth_time`)", span(age)),
        );
    }
    for binding in response.iter().flatten() {
        say(
            "response",
            format!(
                "In a successful response, the {}; other responses are withheld",
                self::binding(binding)
            ),
        );
    }
}

fn scopes(alternatives: &[Vec<String>]) -> String {
    let alternatives: Vec<String> = alternatives
        .iter()
        .map(|scopes| {
            let quoted: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
            quoted.join(" and ")
        })
        .collect();
    alternatives.join(", or ")
}

fn is_asked(members: &Members) -> bool {
    !members.any_of.is_empty() || !members.all_of.is_empty()
}

fn members(members: &Members, default: &str) -> String {
    let Members {
        claim,
        any_of,
        all_of,
    } = members;
    let any = (!any_of.is_empty()).then(|| either(any_of));
    let all = (!all_of.is_empty()).then(|| {
        let quoted: Vec<String> = all_of.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(" and ")
    });
    let what: Vec<String> = all.into_iter().chain(any).collect();
    format!(
        "`{}`: {}",
        claim.as_deref().unwrap_or(default),
        what.join(", and ")
    )
}

fn caller(caller: &Caller) -> String {
    let Caller {
        spiffe,
        namespace,
        service_account,
        trust_domain,
    } = caller;
    if let Some(id) = spiffe {
        return format!("`{id}`");
    }
    let account = service_account.as_deref().unwrap_or("*");
    let which = if account == "*" {
        "any service account".to_owned()
    } else {
        format!("the service account `{account}`")
    };
    let domain = trust_domain.as_deref().unwrap_or("cluster.local");
    let namespace = namespace.as_deref().unwrap_or_default();
    format!("{which} in the namespace `{namespace}` of `{domain}`")
}

fn claim(rule: &ClaimRule) -> String {
    let ClaimRule {
        claim,
        equals,
        one_of,
        contains,
        present,
    } = rule;
    let values: Vec<&Value> = equals.iter().chain(one_of).collect();
    let what = match (values.as_slice(), contains, present) {
        ([], Some(value), _) => format!("holds `{}`", plain(value)),
        ([], None, Some(false)) => "is not there".to_owned(),
        ([], None, _) => "is there".to_owned(),
        (values, _, _) => {
            let values: Vec<String> = values.iter().map(|value| plain(value)).collect();
            format!("is {}", either(&values))
        }
    };
    format!("`{claim}` {what}")
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn levels(acr: &Acr) -> String {
    let Acr {
        any_of,
        levels,
        at_least,
    } = acr;
    match at_least {
        Some(least) => {
            let accepted = levels.iter().skip_while(|level| *level != least);
            either(&accepted.cloned().collect::<Vec<_>>())
        }
        None => either(any_of),
    }
}

fn binding(binding: &Binding) -> String {
    let Binding {
        value,
        equals,
        is_in,
        one_of,
        prefix_of,
        starts_with,
        separator,
        as_type,
    } = binding;
    let steps = separator.as_deref().unwrap_or("/");
    let relation = if let Some(operand) = equals {
        format!("equals `{operand}`")
    } else if let Some(operand) = is_in {
        format!("is in `{operand}`")
    } else if let Some(operand) = prefix_of {
        format!("is `{operand}` or its beginning, by steps that end with `{steps}`")
    } else if let Some(operand) = starts_with {
        format!("is `{operand}` or begins with it, by steps that end with `{steps}`")
    } else {
        format!("is {}", either(one_of))
    };
    let kind = match as_type {
        None | Some(Comparison::String) => "",
        Some(Comparison::Integer) => ", as a whole number",
        Some(Comparison::Uuid) => ", as a UUID",
        Some(Comparison::CaseInsensitive) => ", without regard to case",
    };
    format!("`{value}` {relation}{kind}")
}

fn span(span: Span) -> String {
    span.to_string()
}

fn either(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}
