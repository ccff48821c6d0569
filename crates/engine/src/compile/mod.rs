//! Configuration to policy: everything that can be wrong is found here, all at once, and never at a request.
//!
//! INVARIANT (no skipped rule): a part of the document that does not compile is a [`Problem`]; nothing is left out and served without it.
//!
//! - [`policy`] holds the compiled types, [`modes`] and [`layers`] merge what several levels say, [`access`] decides who may call,
//!   [`authorize`] what they must be allowed, [`api`] compiles one API, [`summary`] is the public view for people, [`holding`] the one for
//!   those who configure the proxy.

mod abuse;
mod access;
mod api;
mod authorize;
mod bounds;
mod candidate;
mod claims;
mod client;
mod graphql;
mod holding;
mod layers;
mod modes;
mod names;
mod origin;
mod policy;
mod selection;
mod servers;
mod summary;

pub(crate) use access::Access;
pub use authorize::AuthorizationSummary;
pub use candidate::Candidate;
pub(crate) use claims::ClaimHeader;
pub(crate) use modes::EndpointModes;
pub use origin::Origin;
pub(crate) use policy::{Endpoint, PolicyApi};
pub use policy::{Policy, SourceNeeds};
pub use summary::{AccessSummary, EndpointSummary, LimitSummary, PlanSummary, ShedSummary};

use crate::config::{Document, Mode};
use crate::identity::{Channel, Provider};
use crate::limit::{Global, Limit, Seed, Table};
use crate::problem::{Problem, Severity, pointer};
use crate::route::Router;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A policy and what is doubtful about it.
#[derive(Debug)]
pub struct Compiled {
    /// The policy.
    pub policy: Policy,
    /// The policy on trial beside it. What it asks of the proxy (clusters, keys), the policy asks too.
    pub candidate: Option<Candidate>,
    /// What works, but probably not as meant.
    pub warnings: Vec<Problem>,
}

/// Turns a document into a policy.
///
/// # Errors
/// Every problem of the document, when one of them is an error; warnings are among them.
pub fn compile(document: &Document) -> Result<Compiled, Vec<Problem>> {
    let name = document.metadata.name.as_str();
    let Some(config) = &document.candidate else {
        return compile_as(document, name);
    };
    let mut problems = Vec::new();
    let trial = Candidate::compile(config, name, &mut problems);
    let mut compiled = match compile_as(document, name) {
        Ok(compiled) => compiled,
        Err(mut wrong) => {
            wrong.extend(problems);
            return Err(wrong);
        }
    };
    compiled.warnings.extend(problems);
    let Some(trial) = trial.filter(|_| !candidate::has_errors(&compiled.warnings)) else {
        return Err(compiled.warnings);
    };
    let Policy {
        remote_keys,
        clusters,
        ..
    } = &mut compiled.policy;
    remote_keys.extend(trial.policy.remote_keys.iter().cloned());
    clusters.extend(trial.policy.clusters.iter().cloned());
    compiled.candidate = Some(Candidate::new(trial.policy, config.decides));
    Ok(compiled)
}

/// Compiles one policy, whose name in logs, metrics and the proxy's shared data is this.
fn compile_as(document: &Document, name: &str) -> Result<Compiled, Vec<Problem>> {
    let Document {
        api_version: _,
        kind: _,
        metadata,
        mode,
        modes,
        reading,
        unknown_hosts,
        identity_providers,
        transport,
        client_address,
        limits,
        limit_table,
        abuse: abuse_patterns,
        abuse_table,
        apis,
        errors,
        telemetry,
        delivery,
        // A policy of its own.
        candidate: _,
        // It is about the bytes, and was judged with them.
        build: _,
    } = document;
    let mut problems = Vec::new();
    names::check("policy", &metadata.name, "/metadata/name", &mut problems);
    let top_mode = mode.unwrap_or(Mode::Enforce);

    let channel = Channel::compile("/transport", transport, &mut problems);
    let mut providers = BTreeMap::new();
    for (name, config) in identity_providers {
        let at = pointer("/identityProviders", name);
        names::check("identity provider", name, &at, &mut problems);
        match Provider::compile(name, &at, config) {
            Ok((provider, warnings)) => {
                problems.extend(warnings);
                providers.insert(name.clone(), Some(Arc::new(provider)));
            }
            Err(wrong) => {
                problems.extend(wrong);
                // Known by name, so that those who refer to it are not reported as well.
                providers.insert(name.clone(), None);
            }
        }
    }

    let mut compiled_limits = BTreeMap::new();
    for (name, config) in limits {
        let at = pointer("/limits", name);
        let limit = Limit::compile(&metadata.name, name, &at, config);
        compiled_limits.insert(
            name.clone(),
            limit
                .map(Arc::new)
                .map_err(|wrong| problems.extend(wrong))
                .ok(),
        );
    }
    client::check(client_address, &mut problems);
    let buckets = limit_table.unwrap_or(16_384);
    if !(8..=1_048_576).contains(&buckets) {
        problems.push(Problem::error(
            "limit-table",
            "/limitTable",
            format!("{buckets} buckets: from 8 to 1,048,576 are possible"),
        ));
    }
    let patterns = abuse::compile(abuse_patterns, &mut problems);
    let keys = abuse_table.unwrap_or(4096);
    if !(4..=262_144).contains(&keys) {
        problems.push(Problem::error(
            "abuse-table",
            "/abuseTable",
            format!("{keys} keys: from 4 to 262,144 are possible"),
        ));
    }
    if !(0.0..=1.0).contains(&telemetry.log_allowed) {
        problems.push(
            Problem::error(
                "log-share",
                "/telemetry/logAllowed",
                format!("`{}` is not a share", telemetry.log_allowed),
            )
            .hint("use a number from 0 (log no admitted exchange) to 1 (log all of them)"),
        );
    }
    if apis.is_empty() {
        problems.push(
            Problem::error("no-api", "/apis", "the policy guards no API")
                .hint("add an API with `name`, `hosts` and `openapi`"),
        );
    }

    let mut scope = api::Scope {
        document,
        providers: &providers,
        limits: &compiled_limits,
        patterns: &patterns,
        endpoints: Vec::new(),
        problems: &mut problems,
        used: Default::default(),
        expressions: Default::default(),
    };
    let mut compiled_apis = Vec::with_capacity(apis.len());
    let mut routes = Vec::with_capacity(apis.len());
    let mut seen = BTreeMap::new();
    for (index, config) in apis.iter().enumerate() {
        let at = pointer("/apis", index);
        names::check("API", &config.name, &pointer(&at, "name"), scope.problems);
        if seen.insert(config.name.as_str(), index).is_some() {
            scope.problems.push(Problem::error(
                "duplicate-name",
                pointer(&at, "name"),
                format!("two APIs are called `{}`", config.name),
            ));
        }
        let (api, route) = scope.compile(index, &at, config);
        compiled_apis.push(api);
        routes.extend(route);
    }
    let api::Scope {
        mut endpoints,
        used,
        ..
    } = scope;
    abuse::begin(&mut endpoints, &mut problems);
    abuse::place(&mut endpoints, &compiled_apis, &mut problems);
    let mtls = providers
        .iter()
        .filter(|(name, _)| used.providers.contains(*name))
        .filter_map(|(_, provider)| provider.clone())
        .filter(|provider| provider.peers().is_some())
        .collect();
    for name in identity_providers
        .keys()
        .filter(|n| !used.providers.contains(*n))
    {
        problems.push(Problem::warning(
            "unused",
            pointer("/identityProviders", name),
            format!("no endpoint accepts the identity provider `{name}`"),
        ));
    }
    for name in limits.keys().filter(|n| !used.limits.contains(*n)) {
        problems.push(
            Problem::warning(
                "unused",
                pointer("/limits", name),
                format!("no endpoint has the limit `{name}`"),
            )
            .hint("name it under `limits` of an API's `defaults` or of an endpoint"),
        );
    }
    for name in abuse_patterns
        .keys()
        .filter(|n| !used.patterns.contains(*n))
    {
        problems.push(
            Problem::warning(
                "unused",
                pointer("/abuse", name),
                format!("no endpoint is watched for `{name}`"),
            )
            .hint("name it under `abuse` of an API's `defaults` or of an endpoint"),
        );
    }
    let in_use = || {
        let providers = providers.iter();
        let providers = providers.filter(|(name, _)| used.providers.contains(*name));
        providers.filter_map(|(_, provider)| provider.as_ref())
    };
    let remote_keys = in_use().filter_map(|p| p.remote_keys().cloned()).collect();
    let shared = || {
        let limits = compiled_limits.iter();
        let limits = limits.filter(|(name, _)| used.limits.contains(*name));
        limits.filter_map(|(_, limit)| limit.as_ref()?.global.as_ref())
    };
    let desks = shared().flat_map(Global::desks).cloned().collect();
    let clusters = in_use()
        .flat_map(|p| p.clusters())
        .chain(shared().map(|global| global.desk(None).cluster()))
        .map(str::to_owned)
        .collect();
    let (router, wrong) = Router::compile(&routes);
    problems.extend(wrong);

    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(problems);
    }
    let policy = Policy {
        name: name.into(),
        reading: reading.clone(),
        reading_mode: modes.reading.unwrap_or(top_mode),
        unknown_hosts: unknown_hosts.unwrap_or(modes::unknown_for(top_mode)),
        router,
        table: Table::new("limit", name, buckets.div_ceil(8)),
        leases: Table::new("lease", name, buckets.div_ceil(8)),
        desks,
        behaviour: Table::new("abuse", name, keys.div_ceil(4)),
        client_address: *client_address,
        seed: Seed::default(),
        apis: compiled_apis,
        claim_headers: claims::names(endpoints.iter().flat_map(|e| &e.claim_headers)),
        endpoints,
        mtls,
        channel,
        detail: errors.detail,
        telemetry: telemetry.clone(),
        delivery: delivery.clone(),
        remote_keys,
        clusters,
        revision: None,
    };
    Ok(Compiled {
        policy,
        candidate: None,
        warnings: problems,
    })
}
