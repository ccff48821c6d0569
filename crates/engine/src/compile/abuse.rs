//! Which patterns of behaviour are watched for on which endpoint.

use super::api::Scope;
use super::layers::Layers;
use super::names;
use super::policy::{Endpoint, PolicyApi};
use crate::abuse::{Pattern, Place, Watches};
use crate::config::{Abuse, Mode};
use crate::problem::{Problem, pointer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Patterns by name; `None` for one that did not compile.
pub(super) type Patterns = BTreeMap<String, Option<Arc<Pattern>>>;

pub(super) fn compile(configs: &BTreeMap<String, Abuse>, problems: &mut Vec<Problem>) -> Patterns {
    let mut patterns = BTreeMap::new();
    for (name, config) in configs {
        let at = pointer("/abuse", name);
        names::check("abuse pattern", name, &at, problems);
        let pattern = Pattern::compile(name, &at, config);
        let pattern = pattern
            .map(Arc::new)
            .map_err(|wrong| problems.extend(wrong));
        patterns.insert(name.clone(), pattern.ok());
    }
    patterns
}

/// Tells the endpoints with which sequences begin. A sequence that begins nowhere would refuse everybody.
pub(super) fn begin(endpoints: &mut [Endpoint], problems: &mut Vec<Problem>) {
    let mut sequences: BTreeMap<String, Arc<Pattern>> = BTreeMap::new();
    for pattern in endpoints.iter().flat_map(|e| &e.watches.late) {
        if !pattern.begins_with().is_empty() {
            sequences.insert(pattern.name.clone(), Arc::clone(pattern));
        }
    }
    for pattern in sequences.values() {
        for (index, begin) in pattern.begins_with().iter().enumerate() {
            let mut found = false;
            for endpoint in endpoints.iter_mut() {
                if *endpoint.label == **begin || endpoint.operation.as_deref() == Some(begin) {
                    found = true;
                    endpoint.watches.begins.push(Arc::clone(pattern));
                }
            }
            if !found {
                let at = pointer("/abuse", &pattern.name);
                let at = pointer(&pointer(&pointer(&at, "sequence"), "after"), index);
                problems.push(
                    Problem::error(
                        "no-such-endpoint",
                        at,
                        format!("no endpoint is called `{begin}`"),
                    )
                    .hint(
                        "write `METHOD /template` as the description has it, or an `operationId`",
                    ),
                );
            }
        }
    }
}

/// Tells the endpoints at which peers are compared their places among each other.
pub(super) fn place(endpoints: &mut [Endpoint], apis: &[PolicyApi], problems: &mut Vec<Problem>) {
    let compares = |endpoint: &&mut Endpoint| {
        endpoint.modes.abuse != Mode::Off && endpoint.watches.late.iter().any(|p| p.compares())
    };
    let mut watched: Vec<&mut Endpoint> = endpoints.iter_mut().filter(compares).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for pattern in watched.iter().flat_map(|e| &e.watches.late) {
        if pattern.compares() {
            *counts.entry(pattern.name.clone()).or_default() += 1;
        }
    }
    for (name, count) in counts {
        if count > Pattern::MOST_ENDPOINTS {
            problems.push(
                Problem::error(
                    "abuse-peers",
                    pointer(&pointer("/abuse", &name), "peers"),
                    format!("peers are compared at {count} endpoints: at most {} are possible", Pattern::MOST_ENDPOINTS),
                )
                .hint("declare the pattern a second time under another name, and name one here and the other there"),
            );
        }
    }
    let name = |endpoint: &&mut Endpoint| {
        let api = apis.get(endpoint.api).map(|api| api.name.to_string());
        (api.unwrap_or_default(), Arc::clone(&endpoint.label))
    };
    let names: Vec<(String, Arc<str>)> = watched.iter().map(name).collect();
    let names: Vec<(&str, &str)> = names
        .iter()
        .map(|(api, label)| (&**api, &**label))
        .collect();
    for (endpoint, place) in watched.iter_mut().zip(Place::of_all(&names)) {
        endpoint.watches.place = Some(place);
    }
}

impl Scope<'_> {
    /// What is watched for on an endpoint.
    pub(super) fn watches(&mut self, layers: &Layers<'_>) -> Watches {
        let mut watches = Watches::default();
        let Some((names, at)) = layers.abuse() else {
            return watches;
        };
        let base = pointer(at, "abuse");
        for (i, name) in names.iter().enumerate() {
            match self.patterns.get(name) {
                Some(Some(pattern)) if pattern.is_early() => {
                    watches.early.push(Arc::clone(pattern))
                }
                Some(Some(pattern)) => watches.late.push(Arc::clone(pattern)),
                Some(None) => {}
                None => {
                    let problem = Problem::error(
                        "unknown-abuse",
                        pointer(&base, i),
                        format!("there is no abuse pattern `{name}`"),
                    )
                    .hint("declare it under `abuse` at the top of the policy");
                    // A default that names an unknown pattern is one mistake, not one per endpoint.
                    if !self.problems.contains(&problem) {
                        self.problem(problem);
                    }
                }
            }
            self.used.patterns.insert(name.clone());
        }
        watches
    }
}
