//! What a policy asks of its endpoints, as data for people: `explain`, `check` and the manual's examples.

use super::{Access, AuthorizationSummary, Origin, Policy};
use crate::config::{HeadRules, IdentityHeader, LoadBounds, Mode, Priority};
use crate::limit::Rules;
use crate::verdict::Control;
use serde::Serialize;
use std::collections::BTreeMap;

/// One endpoint, as the policy treats it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSummary {
    /// The API's name.
    pub api: String,
    /// `METHOD /template`.
    pub endpoint: String,
    /// `operationId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The description's own summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Whether the description calls it deprecated.
    pub deprecated: bool,
    /// Who may call.
    pub access: AccessSummary,
    /// Which level says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_from: Option<Origin>,
    /// What callers must be allowed besides their scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Box<AuthorizationSummary>>,
    /// Whether an object that a request names, or that its response holds, must belong to the caller.
    pub binds_object: bool,
    /// Alternatives of scopes; all scopes of one alternative must be held. Empty when none are asked for.
    pub scopes: Vec<Vec<String>>,
    /// The limits, by name.
    pub limits: Vec<LimitSummary>,
    /// When requests are shed because the upstream has too much to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shed: Option<ShedSummary>,
    /// Bounds on request heads.
    #[serde(skip_serializing_if = "HeadRules::is_empty")]
    pub head: HeadRules,
    /// How many milliseconds the upstream may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// What is watched for in the behaviour of callers: name and words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abuse: Vec<(String, String)>,
    /// The mode of every control that has one on an endpoint.
    pub modes: BTreeMap<Control, Mode>,
    /// Whether a description says what requests look like.
    pub described: bool,
    /// What is asked of GraphQL requests, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub graphql: Vec<String>,
    /// Whether responses are judged.
    pub responses: bool,
    /// What the upstream is told of the caller.
    pub identity_headers: Vec<IdentityHeader>,
    /// Whether the credential is taken from the request.
    pub strip_credentials: bool,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AccessSummary {
    /// Nobody.
    Closed,
    /// Anybody.
    Public,
    /// Whom one of these providers knows.
    Known {
        /// Their names.
        providers: Vec<String>,
        /// Where several are asked for at once: the alternatives, each a set of these names.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        together: Vec<Vec<String>>,
        /// Whether a request without a credential passes as anonymous.
        optional: bool,
    },
}

/// A limit of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitSummary {
    /// The name.
    pub name: String,
    /// What has a bucket of its own.
    pub key: Vec<String>,
    /// Rates with their bursts.
    pub windows: Vec<(String, u64)>,
    /// The most requests in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// What callers with a plan have instead, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, PlanSummary>,
}

/// When requests to an endpoint are shed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShedSummary {
    /// The class of the endpoint.
    pub priority: Priority,
    /// With so many requests in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// When the upstream takes more than so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<u64>,
}

/// What callers with one plan have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanSummary {
    /// Rates with their bursts.
    pub windows: Vec<(String, u64)>,
    /// The most requests in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
}

impl From<&Rules> for PlanSummary {
    fn from(rules: &Rules) -> Self {
        let windows = rules.windows.iter();
        Self {
            windows: windows.map(|w| (w.rate.to_string(), w.burst)).collect(),
            concurrent: rules.concurrency.map(|c| c.most),
        }
    }
}

impl Policy {
    /// Every endpoint, as this policy treats it.
    pub fn endpoints(&self) -> impl Iterator<Item = EndpointSummary> {
        (0..self.endpoints.len()).filter_map(|index| self.endpoint_summary(index))
    }

    /// The endpoint that a request for this method, host and path would meet, if there is one.
    ///
    /// # Errors
    /// The reason for which such a request is refused before any endpoint is known.
    pub fn find(
        &self,
        method: &str,
        authority: &str,
        target: &str,
    ) -> Result<EndpointSummary, crate::verdict::Reason> {
        use crate::verdict::Reason;
        let head = crate::http::RequestHead {
            method: method.as_bytes().to_vec(),
            authority: authority.as_bytes().to_vec(),
            target: target.as_bytes().to_vec(),
            end_of_stream: true,
            ..Default::default()
        };
        let reading = crate::http::read(&head, &self.reading);
        if let Some(refusal) = reading.refusals.first() {
            return Err(refusal.reason);
        }
        let target = reading.target.ok_or(Reason::HeadMalformed)?;
        match self
            .router
            .find(&target.host, method, &target.segments, &head)
        {
            crate::route::Found::Endpoint { endpoint, .. } => {
                self.endpoint_summary(endpoint).ok_or(Reason::Internal)
            }
            crate::route::Found::MethodUnknown { .. } => Err(Reason::MethodUnknown),
            crate::route::Found::Preflight { .. } | crate::route::Found::EndpointUnknown { .. } => {
                Err(Reason::EndpointUnknown)
            }
            crate::route::Found::HostUnknown => Err(Reason::HostUnknown),
        }
    }

    /// The number of the endpoint that a request meets, if there is one.
    #[must_use]
    pub fn locate(
        &self,
        head: &crate::http::RequestHead,
        target: &crate::http::Target,
    ) -> Option<usize> {
        let method = String::from_utf8_lossy(&head.method);
        let found = self
            .router
            .find(&target.host, &method, &target.segments, head);
        if let crate::route::Found::Endpoint { endpoint, .. } = found {
            Some(endpoint)
        } else {
            None
        }
    }

    fn endpoint_summary(&self, index: usize) -> Option<EndpointSummary> {
        let e = self.endpoints.get(index)?;
        Some(EndpointSummary {
            api: self.apis.get(e.api)?.name.to_string(),
            endpoint: e.label.to_string(),
            operation: e.operation.as_deref().map(str::to_owned),
            summary: e.summary.clone(),
            deprecated: e.deprecated,
            access: match &e.access {
                Access::Closed => AccessSummary::Closed,
                Access::Public => AccessSummary::Public,
                Access::Known {
                    providers,
                    together,
                    optional,
                } => AccessSummary::Known {
                    together: together
                        .iter()
                        .map(|set| set.iter().map(|p| p.name().to_string()).collect())
                        .collect(),
                    providers: providers.iter().map(|p| p.name().to_string()).collect(),
                    optional: *optional,
                },
            },
            access_from: e.access_from.clone(),
            authorization: e.asked.clone(),
            binds_object: e.authorization.binds_object(),
            scopes: e.authorization.scopes.alternatives(),
            limits: e
                .limits
                .iter()
                .map(|l| {
                    let PlanSummary {
                        windows,
                        concurrent,
                    } = l.rules(None).into();
                    let plans = l.plans().iter();
                    LimitSummary {
                        name: l.name.clone(),
                        key: l.key.parts().collect(),
                        windows,
                        concurrent,
                        plans: plans.map(|(n, rules)| (n.clone(), rules.into())).collect(),
                    }
                })
                .collect(),
            shed: self.apis.get(e.api)?.load.as_ref().map(|load| {
                let LoadBounds { in_flight, latency } = load.bounds(e.priority);
                ShedSummary {
                    priority: e.priority,
                    in_flight,
                    latency: latency.map(|latency| latency.0 / 1000),
                }
            }),
            head: e
                .head_bounds
                .as_ref()
                .map_or_else(HeadRules::default, |h| h.rules()),
            timeout: e.timeout,
            abuse: e
                .watches
                .early
                .iter()
                .chain(&e.watches.late)
                .map(|pattern| (pattern.name.clone(), pattern.words()))
                .collect(),
            modes: Control::ALL
                .into_iter()
                .filter_map(|c| e.modes.of(c).map(|mode| (c, mode)))
                .collect(),
            described: e.described,
            graphql: e.contract.graphql().map(|g| g.words()).unwrap_or_default(),
            responses: e.responses,
            identity_headers: e.identity_headers.clone(),
            strip_credentials: e.strip_credentials,
        })
    }
}
