//! One API of a document to endpoints.

use super::access::Accessed;
use super::layers::Layers;
use super::selection::{Rule, describe_selector, select};
use super::servers;
use super::{Access, Endpoint, EndpointModes, PolicyApi, modes};
use crate::authorize::Expressions;
use crate::config::{self, Api, Description, Document, Match, Mode, Operation, Unknown};
use crate::contract::{self, Contract, Schemas};
use crate::identity::Provider;
use crate::limit::Limit;
use crate::load::Load;
use crate::problem::{Problem, pointer};
use crate::route::{RouterApi, RouterEndpoint};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the compilation of one API needs from the document, and what it adds.
pub(super) struct Scope<'a> {
    pub(super) document: &'a Document,
    /// `None` for a provider that did not compile.
    pub(super) providers: &'a BTreeMap<String, Option<Arc<Provider>>>,
    pub(super) limits: &'a BTreeMap<String, Option<Arc<Limit>>>,
    pub(super) patterns: &'a super::abuse::Patterns,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) problems: &'a mut Vec<Problem>,
    pub(super) used: Used,
    pub(super) expressions: Expressions,
}

/// What was referred to so far.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) providers: BTreeSet<String>,
    pub(super) limits: BTreeSet<String>,
    pub(super) patterns: BTreeSet<String>,
    /// Security schemes without a provider that were reported already: API and scheme.
    pub(super) unmapped: BTreeSet<(String, String)>,
    /// Weak security schemes that were reported already: API and scheme.
    pub(super) weak: BTreeSet<(String, String)>,
}

impl Scope<'_> {
    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes a problem once: what a default says wrong is one mistake, not one for each endpoint.
    pub(super) fn once(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problem(problem);
        }
    }

    pub(super) fn compile(
        &mut self,
        index: usize,
        at: &str,
        api: &Api,
    ) -> (PolicyApi, Vec<RouterApi>) {
        let Api {
            name,
            hosts: _,
            base_paths: _,
            openapi,
            // Whoever reads the description heeds it.
            unsupported_patterns: _,
            description,
            unknown_endpoints,
            head_follows_get,
            cors_preflight,
            security_schemes,
            load,
            defaults,
            endpoints: _,
        } = api;
        if let (Some(file), None) = (openapi, description) {
            self.problem(
                Problem::error(
                    "file-not-resolved",
                    pointer(at, "openapi"),
                    format!("`{file}` was not read into this document"),
                )
                .hint("make a bundle with `meshward build`; the filter reads bundles only"),
            );
        }
        for (scheme, provider) in security_schemes {
            let declared = description
                .as_ref()
                .is_none_or(|d| d.security_schemes.contains_key(scheme));
            if !declared {
                self.problem(Problem::warning("unused", pointer(&pointer(at, "securitySchemes"), scheme), format!("the description has no security scheme `{scheme}` (it stands for `{provider}` here)")));
            }
        }
        self.reading_is_global(at, api);
        let declared = self.declared_operations(at, api);
        self.depth_bounds(at, api);
        let operations: Vec<(&Operation, bool)> = description
            .iter()
            .flat_map(|d| d.operations.iter().map(|o| (o, true)))
            .chain(declared.iter().map(|o| (o, false)))
            .collect();
        let mut rules: Vec<Rule<'_>> = api
            .endpoints
            .iter()
            .enumerate()
            .map(|(i, e)| Rule {
                selector: &e.selector,
                rules: e.rules(),
                at: pointer(&pointer(at, "endpoints"), i),
                used: false,
            })
            .collect();
        self.duplicate_rules(&rules);

        let nothing = Description::default();
        let mut schemas = Schemas::new(description.as_ref().unwrap_or(&nothing));
        let mut routes = Vec::with_capacity(operations.len());
        for (operation, described) in operations {
            let endpoint = self.endpoints.len();
            let servers = (operation.hosts.clone(), operation.base_paths.clone());
            routes.push((
                servers,
                RouterEndpoint {
                    index: endpoint,
                    method: operation.method.clone(),
                    path: operation.path.clone(),
                    at: operation.at.clone(),
                    file: description
                        .as_ref()
                        .filter(|_| described)
                        .map(|d| d.source.clone()),
                },
            ));
            let compiled = self.endpoint(
                index,
                at,
                api,
                operation,
                described,
                &mut rules,
                &mut schemas,
            );
            self.endpoints.push(compiled);
        }
        self.graphql_beside(at, routes.iter().map(|(_, route)| route));
        let wrong = schemas.finish();
        self.problems.extend(wrong);
        for rule in rules.iter().filter(|r| !r.used) {
            let (what, hint) = describe_selector(rule.selector);
            self.problem(
                Problem::error("no-such-endpoint", pointer(&rule.at, "match"), what).hint(hint),
            );
        }
        if routes.is_empty() {
            self.problem(Problem::error("no-endpoint", at, format!("the API `{name}` has no endpoint")).hint("name its description under `openapi`, or list endpoints with `match: { method, path }`"));
        }

        let found = servers::Servers::of(api, description.as_ref());
        if found.hosts.is_empty() {
            self.problem(Problem::error("no-host", pointer(at, "hosts"), format!("the API `{name}` has no host")).hint("list the hosts that serve it, or `*` for any: the description's `servers` name none"));
        }
        let mode = defaults
            .mode
            .or(self.document.mode)
            .unwrap_or(Mode::Enforce);
        let compiled = PolicyApi {
            name: name.as_str().into(),
            unknown_endpoints: unknown_endpoints.unwrap_or(modes::unknown_for(mode)),
            load: load
                .as_ref()
                .map(|load| Load::compile(&pointer(at, "load"), load, self.problems)),
        };
        let routes = found
            .divide(api, routes)
            .into_iter()
            .map(|(servers, endpoints)| RouterApi {
                index,
                at: at.to_owned(),
                hosts: servers.hosts,
                base_paths: servers.base_paths,
                head_follows_get: *head_follows_get,
                cors_preflight: *cors_preflight,
                endpoints,
            })
            .collect();
        (compiled, routes)
    }

    /// Operations that the policy declares by method and path, because the API has no description.
    fn declared_operations(&mut self, at: &str, api: &Api) -> Vec<Operation> {
        let mut declared = Vec::new();
        for (i, endpoint) in api.endpoints.iter().enumerate() {
            let rule_at = pointer(&pointer(at, "endpoints"), i);
            let Match {
                operation,
                method,
                path,
                tag,
            } = &endpoint.selector;
            let forms = [
                operation.is_some(),
                method.is_some() || path.is_some(),
                tag.is_some(),
            ];
            let complete = method.is_some() == path.is_some();
            if forms.iter().filter(|f| **f).count() != 1 || !complete {
                self.problem(Problem::error(
                    "match-form",
                    pointer(&rule_at, "match"),
                    "a rule needs exactly one of: `operation`; `method` and `path`; `tag`",
                ));
                continue;
            }
            if let (Some(method), Some(path), None) = (method, path, &api.description) {
                declared.push(Operation {
                    id: None,
                    method: method.to_ascii_uppercase(),
                    path: path.clone(),
                    summary: None,
                    tags: Vec::new(),
                    deprecated: false,
                    security: None,
                    parameters: Vec::new(),
                    body: None,
                    responses: BTreeMap::new(),
                    hosts: Vec::new(),
                    base_paths: Vec::new(),
                    at: pointer(&pointer(&rule_at, "match"), "path"),
                });
            }
        }
        declared
    }

    fn duplicate_rules(&mut self, rules: &[Rule<'_>]) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for rule in rules {
            let (what, _) = describe_selector(rule.selector);
            if let Some(first) = seen.insert(what, &rule.at) {
                self.problems.push(
                    Problem::error(
                        "duplicate-rule",
                        pointer(&rule.at, "match"),
                        format!("the rule at `{first}` is for the same endpoints"),
                    )
                    .hint("put both into one rule"),
                );
            }
        }
    }

    /// The parser of JSON bodies uses the stack: its depth has a ceiling.
    fn depth_bounds(&mut self, at: &str, api: &Api) {
        let own = api
            .endpoints
            .iter()
            .enumerate()
            .map(|(i, e)| (pointer(&pointer(at, "endpoints"), i), e.body.max_depth));
        let levels =
            std::iter::once((pointer(at, "defaults"), api.defaults.body.max_depth)).chain(own);
        for (place, depth) in levels {
            if let Some(depth) = depth.filter(|d| !(1..=100).contains(d)) {
                let problem = Problem::error(
                    "body-depth",
                    format!("{place}/body/maxDepth"),
                    format!("a depth of {depth} is not possible"),
                );
                self.problem(problem.hint("use a depth from 1 to 100"));
            }
        }
    }

    /// `modes.reading` below the top has no meaning: the head is read before an endpoint is known.
    fn reading_is_global(&mut self, at: &str, api: &Api) {
        let levels = std::iter::once((pointer(at, "defaults"), api.defaults.modes)).chain(
            api.endpoints
                .iter()
                .enumerate()
                .map(|(i, e)| (pointer(&pointer(at, "endpoints"), i), e.modes)),
        );
        for (place, _) in levels.filter(|(_, modes)| modes.reading.is_some()) {
            self.problem(
                Problem::error(
                    "reading-mode",
                    format!("{place}/modes/reading"),
                    "`reading` has one mode for the whole policy",
                )
                .hint("move it to `modes` at the top of the policy"),
            );
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call, and each is a part of the API that is being compiled"
    )]
    fn endpoint<'d>(
        &mut self,
        index: usize,
        at: &str,
        api: &Api,
        operation: &'d Operation,
        described: bool,
        rules: &mut [Rule<'_>],
        schemas: &mut Schemas<'d>,
    ) -> Endpoint {
        let layers = select(at, api, operation, rules);
        let Accessed {
            access,
            from: access_from,
            described: alternatives,
        } = self.access(api, at, &layers, described.then_some(operation));
        let (authorization, asked) =
            self.authorization(&layers, alternatives, operation, described);
        let label = format!("{} {}", operation.method, operation.path);
        if matches!(access, Access::Closed) {
            self.problem(
                Problem::warning("endpoint-closed", pointer(at, "endpoints"), format!("nobody may call `{label}`: no rule says who"))
                    .hint("give the API's `defaults` or the endpoint an `authenticate` rule, or its operation a `security` requirement; `authenticate: { public: true }` opens it to anybody"),
            );
        }
        let limits = self.endpoint_limits(&layers);
        let watches = self.watches(&layers);
        let unknown_query = layers.unknown_query().unwrap_or(if described {
            Unknown::Deny
        } else {
            Unknown::Allow
        });
        let allowed_query: Vec<String> = match &access {
            Access::Known { providers, .. } => providers
                .iter()
                .filter_map(|p| p.query_name().map(str::to_owned))
                .collect(),
            Access::Closed | Access::Public => Vec::new(),
        };
        let mut levels: Vec<_> = layers.modes().collect();
        levels.push((self.document.mode, self.document.modes));
        let modes = EndpointModes::merge(&levels);
        let responses = described && modes.response != Mode::Off;
        let filter = self.response_filter(&layers, responses);
        let contract = if described {
            let rules = contract::Rules {
                filter: &filter,
                accept: layers.accept().unwrap_or(Unknown::Allow),
                body: layers.body(),
                unknown_query,
                allowed_query: &allowed_query,
                responses,
            };
            Contract::compile(operation, rules, schemas)
        } else {
            Contract::none(layers.body())
        };
        let contract = match self.graphql(&layers, operation) {
            Some(graphql) => contract.with_graphql(graphql),
            None => contract,
        };
        let config::Upstream {
            identity_headers,
            strip_credentials,
            // Read with its place.
            timeout: _,
            claims: _,
        } = layers.upstream();
        let head_bounds = self.head_bounds(&layers);
        let timeout = self.upstream_timeout(&layers);
        let priority = self.priority(api, &layers);
        let claim_headers = self.claim_headers(&layers);
        let identity_headers = identity_headers
            .unwrap_or_else(|| access.told())
            .into_iter()
            .collect();
        Endpoint {
            api: index,
            label: label.into(),
            operation: operation.id.as_deref().map(Arc::from),
            summary: operation.summary.clone(),
            deprecated: operation.deprecated,
            modes,
            access,
            access_from,
            authorization,
            asked,
            limits,
            watches,
            head_bounds,
            timeout,
            priority,
            contract,
            described,
            responses,
            identity_headers,
            strip_credentials: strip_credentials.unwrap_or(false),
            claim_headers,
        }
    }

    /// What is taken out of responses. Where responses are not judged nothing is, which must not look as if it were.
    fn response_filter(&mut self, layers: &Layers<'_>, responses: bool) -> contract::FilterRules {
        let undeclared = layers.undeclared_fields();
        let hide = layers.hidden_fields();
        let filter = contract::FilterRules {
            undeclared: undeclared
                .map(|(undeclared, _)| undeclared)
                .unwrap_or_default(),
            hide: hide.map(|(hide, _)| hide.to_vec()).unwrap_or_default(),
            at: hide
                .map(|(_, at)| pointer(&pointer(at, "response"), "hide"))
                .unwrap_or_default(),
        };
        let named = undeclared.filter(|(what, _)| *what != config::UndeclaredFields::Keep);
        let places = [
            named.map(|(_, at)| (at, "undeclaredFields")),
            hide.filter(|(hide, _)| !hide.is_empty())
                .map(|(_, at)| (at, "hide")),
        ];
        for (at, field) in places.into_iter().flatten().filter(|_| !responses) {
            let problem = Problem::error(
                "response-off",
                pointer(&pointer(at, "response"), field),
                "it has no effect on an endpoint whose responses are not judged",
            )
            .hint("set `modes: { response: enforce }` beside it, and see that the endpoint has a description");
            if !self.problems.contains(&problem) {
                self.problem(problem);
            }
        }
        filter
    }

    fn endpoint_limits(&mut self, layers: &Layers<'_>) -> Vec<Arc<Limit>> {
        let Some((names, at)) = layers.limits() else {
            return Vec::new();
        };
        let base = pointer(at, "limits");
        let mut limits = Vec::with_capacity(names.len());
        for (i, name) in names.iter().enumerate() {
            match self.limits.get(name) {
                Some(limit) => limits.extend(limit.clone()),
                None => {
                    let problem = Problem::error(
                        "unknown-limit",
                        pointer(&base, i),
                        format!("there is no limit `{name}`"),
                    )
                    .hint("declare it under `limits` at the top of the policy");
                    // A default that names an unknown limit is one mistake, not one per endpoint.
                    if !self.problems.contains(&problem) {
                        self.problem(problem);
                    }
                }
            }
            self.used.limits.insert(name.clone());
        }
        limits
    }
}
