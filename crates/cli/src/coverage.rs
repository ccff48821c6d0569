//! How far a policy covers the OWASP API Security Top 10 (2023): only what can be counted, and nothing that cannot.

use crate::endpoints::Endpoint;
use meshward_engine::ShedSummary;
use meshward_engine::config::{Abuse, Document, Mode, Unknown};
use meshward_engine::verdict::Control;
use serde::Serialize;
use std::fmt::Write as _;

/// One risk, and which controls of the policy bear on it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Risk {
    /// `API1` to `API10`.
    pub(crate) id: &'static str,
    /// The name of the risk.
    pub(crate) name: &'static str,
    /// How far.
    pub(crate) coverage: Coverage,
    /// What was counted.
    pub(crate) because: String,
}

/// How far a risk is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Coverage {
    /// Every endpoint is under an enforced control that bears on the whole risk.
    Covered,
    /// Some endpoints are, or the control bears on a part of the risk.
    Partly,
    /// No control bears on it, or none is enforced.
    #[serde(rename = "not yet")]
    NotYet,
}

impl Coverage {
    /// As people read it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Partly => "partly",
            Self::NotYet => "not yet",
        }
    }

    /// A control that bears on the whole risk.
    const fn whole(counted: usize, total: usize) -> Self {
        match counted {
            0 => Self::NotYet,
            n if n == total => Self::Covered,
            _ => Self::Partly,
        }
    }

    /// A control that bears on a part of the risk.
    const fn part(counted: usize) -> Self {
        if counted == 0 {
            Self::NotYet
        } else {
            Self::Partly
        }
    }
}

/// The ten risks, in order.
pub(crate) fn risks(bundle: &Document, endpoints: &[Endpoint]) -> Vec<Risk> {
    let total = endpoints.len();
    let count = |test: &dyn Fn(&Endpoint) -> bool| endpoints.iter().filter(|e| test(e)).count();
    let of = |n: usize, what: &str| format!("{n} of {total} endpoints {what}");

    let authenticate = count(&|e| e.asks_who() && e.enforces(Control::Authenticate));
    let authorized = count(&Endpoint::is_authorized);
    let objects = count(&Endpoint::names_object);
    let bound = count(&|e| e.names_object() && e.binds_object());
    let bodies = count(&Endpoint::takes_body);
    let checked_bodies = count(&|e| e.takes_body() && e.enforces(Control::Contract));
    let responses = count(&|e| e.rules.responses && e.enforces(Control::Response));
    let limited = count(&|e| !e.rules.limits.is_empty() && e.enforces(Control::Limit));
    let watched = |kind: &dyn Fn(&Abuse) -> bool| {
        count(&|e| {
            let mut names = e.rules.abuse.iter().map(|(name, _)| name);
            e.enforces(Control::Abuse) && names.any(|n| bundle.abuse.get(n).is_some_and(kind))
        })
    };
    let enumeration = watched(&|pattern| pattern.objects.is_some());
    let guessing = watched(&|pattern| pattern.failed_authentications.is_some());
    let flows = watched(&|pattern| pattern.sequence.is_some());
    let strays = match watched(&|pattern| pattern.peers.is_some()) {
        0 => String::new(),
        n => format!("; {n} watch for callers that stray from what their peers call"),
    };
    let gives_way = |shed: &ShedSummary| shed.in_flight.is_some() || shed.latency.is_some();
    let shed =
        count(&|e| e.rules.shed.as_ref().is_some_and(gives_way) && e.enforces(Control::Limit));
    let described = count(&|e| e.rules.described);
    let closed = bundle
        .apis
        .iter()
        .filter(|api| denies_unknown(bundle, api))
        .count();
    let apis = bundle.apis.len();
    let deprecated = count(&|e| e.rules.deprecated);
    let reading = bundle
        .modes
        .reading
        .or(bundle.mode)
        .unwrap_or(Mode::Enforce)
        == Mode::Enforce;

    let graphql = match count(&|e| !e.rules.graphql.is_empty() && e.enforces(Control::Contract)) {
        0 => String::new(),
        n => format!(", and so is what {n} endpoints are asked in GraphQL"),
    };

    let risk = |id, name, coverage, because| Risk {
        id,
        name,
        coverage,
        because,
    };
    vec![
        risk(
            "API1",
            "Broken object level authorization",
            Coverage::whole(bound, objects),
            format!(
                "{bound} of {objects} endpoints whose path names an object bind it to the caller; {enumeration} watch for enumeration"
            ),
        ),
        risk(
            "API2",
            "Broken authentication",
            Coverage::whole(authenticate, total),
            format!(
                "{}; {guessing} watch for guessed credentials",
                of(authenticate, "enforce authentication")
            ),
        ),
        risk(
            "API3",
            "Broken object property level authorization",
            Coverage::part(checked_bodies + responses),
            format!(
                "{checked_bodies} of {bodies} request bodies and {responses} responses are held to their schemas; members that only some callers may see are named by `response.hide`"
            ),
        ),
        risk(
            "API4",
            "Unrestricted resource consumption",
            Coverage::whole(limited, total),
            format!(
                "{}; sizes of heads and bodies are bounded{graphql}; {shed} give way while their service has too much to do",
                of(limited, "have an enforced limit")
            ),
        ),
        risk(
            "API5",
            "Broken function level authorization",
            Coverage::whole(authorized, total),
            format!(
                "{}{strays}",
                of(authorized, "ask callers for more than to be known")
            ),
        ),
        risk(
            "API6",
            "Unrestricted access to sensitive business flows",
            Coverage::part(limited.max(flows)),
            format!(
                "{}; {flows} ask for what must be called before (`sequence`)",
                of(limited, "limit how often they are called")
            ),
        ),
        risk(
            "API7",
            "Server side request forgery",
            Coverage::part(checked_bodies),
            format!(
                "{checked_bodies} of {bodies} request bodies are held to their schemas; URLs in them are not yet judged"
            ),
        ),
        risk(
            "API8",
            "Security misconfiguration",
            Coverage::part(usize::from(reading)),
            if reading {
                "ambiguous and oversized request heads are refused; the services' own settings are out of sight".to_owned()
            } else {
                "ambiguous request heads are not refused (`modes.reading`)".to_owned()
            },
        ),
        risk(
            "API9",
            "Improper inventory management",
            Coverage::whole(closed, apis).min_with(Coverage::whole(described, total)),
            format!(
                "{closed} of {apis} APIs refuse unknown endpoints; {}; {deprecated} deprecated",
                of(described, "are described")
            ),
        ),
        risk(
            "API10",
            "Unsafe consumption of APIs",
            Coverage::NotYet,
            "calls that services make to others are judged only where Meshward also guards those"
                .to_owned(),
        ),
    ]
}

impl Coverage {
    /// The lesser of two.
    const fn min_with(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotYet, Self::NotYet) => Self::NotYet,
            (Self::Covered, Self::Covered) => Self::Covered,
            _ => Self::Partly,
        }
    }
}

fn denies_unknown(bundle: &Document, api: &meshward_engine::config::Api) -> bool {
    let mode = api.defaults.mode.or(bundle.mode).unwrap_or(Mode::Enforce);
    match api.unknown_endpoints {
        Some(unknown) => unknown == Unknown::Deny,
        None => mode == Mode::Enforce,
    }
}

/// The table that `check` prints.
pub(crate) fn table(risks: &[Risk]) -> String {
    use crate::style::{FAINT, GOOD, TITLE, WARNING};
    let mut text = format!("{TITLE}OWASP API Security Top 10 (2023){TITLE:#}\n");
    for Risk {
        id,
        name,
        coverage,
        because,
    } in risks
    {
        let style = match coverage {
            Coverage::Covered => GOOD,
            Coverage::Partly => WARNING,
            Coverage::NotYet => FAINT,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {id:<5} {name:<47} {style}{:<8}{style:#} {because}",
            coverage.name()
        );
    }
    text
}
