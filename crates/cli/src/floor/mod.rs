//! Policies of several owners: who runs the mesh sets a floor, and a team may only tighten it.
//!
//! - [`document`]: what the owner of a floor writes;
//! - [`levels`]: what a policy says that is looser, at every place where it says something;
//! - [`tighten`]: what it gets where it says nothing;
//! - [`graphql`]: both, for what GraphQL requests may ask;
//! - [`endpoints`]: what has come out of policy and description together.
//!
//! INVARIANT (nothing looser): a policy that [`levels`] and [`endpoints`] have nothing to say about is, after [`tighten`], at no endpoint
//! looser than the floor, except where the floor itself waives something.

mod document;
mod endpoints;
mod graphql;
mod levels;
mod tighten;

use crate::diagnose;
use crate::failure::Failure;
use crate::policy::{Files, structure};
use clap::Args;
use document::{Demand, Document, Exception};
use meshward_engine::config::{self, Match};
use meshward_engine::{Policy, Problem, Severity};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The floors that a policy must not go below.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Floors {
    /// What the policy must at least ask for, as the owner of the mesh says it (`kind: Floor`). May be repeated.
    #[arg(long = "floor", value_name = "FLOOR")]
    files: Vec<PathBuf>,
}

/// One floor.
#[derive(Debug)]
pub(crate) struct Floor {
    file: String,
    document: Document,
}

/// A policy's name and document, for whom exceptions are looked up.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    policy: &'a str,
    api: &'a str,
}

impl Floors {
    /// Reads them. What is wrong with one is printed.
    pub(crate) fn read(&self) -> Result<Vec<Floor>, Failure> {
        self.files.iter().map(|path| Floor::read(path)).collect()
    }

    /// The files.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.files
    }
}

/// The JSON Schema of a floor.
pub(crate) fn schema() -> Value {
    structure::schema_of::<Document>()
}

impl Floor {
    fn read(path: &Path) -> Result<Self, Failure> {
        let mut files = Files::open(path).map_err(|cause| Failure::file("read", path, cause))?;
        let mut problems = Vec::new();
        let document = parse(&mut files, &mut problems);
        if let Some(document) = document.filter(|_| problems.is_empty()) {
            return Ok(Self {
                file: path.display().to_string(),
                document,
            });
        }
        let located: Vec<_> = problems.iter().map(|p| files.locate(p)).collect();
        let (errors, warnings) = diagnose::counts(&problems);
        let mut text = diagnose::text(&located);
        text.push_str(&diagnose::summary(&files.name(), errors, warnings));
        anstream::eprintln!("{text}");
        Err(Failure::Said)
    }

    /// What a policy says that is looser than this.
    pub(crate) fn levels(&self, policy: &config::Document, written: &Value) -> Vec<Problem> {
        levels::problems(self, policy, written)
    }

    /// Gives a policy what it does not say.
    pub(crate) fn tighten(&self, policy: &mut config::Document) {
        tighten::apply(self, policy);
    }

    /// What is looser than this at an endpoint, although no rule says so.
    pub(crate) fn endpoints(&self, document: &config::Document, policy: &Policy) -> Vec<Problem> {
        endpoints::problems(self, document, policy)
    }

    /// An error that names both places.
    fn looser(&self, at: impl Into<String>, what: &str, own: &str) -> Problem {
        let name = &self.document.metadata.name;
        let message = format!(
            "{what}: the floor `{name}` asks for more (`{}`, `{own}`)",
            self.file
        );
        let owner = self.document.metadata.owner.as_deref();
        let owner = owner.map_or_else(|| "the owner of the floor".to_owned(), |o| format!("`{o}`"));
        Problem::error("below-floor", at, message).hint(format!(
            "a policy may only be tighter; where this one must not be, {owner} can say so under `exceptions`"
        ))
    }

    /// Whether something is waived for a rule.
    fn waives(&self, subject: Subject<'_>, rule: &Match, demand: Demand) -> bool {
        let Match {
            operation,
            method,
            path,
            tag: _,
        } = rule;
        self.waived(subject, demand).any(|exception| {
            let by_id = exception.operation.is_some() && exception.operation == *operation;
            let by_path = exception.path.is_some()
                && exception.path == *path
                && same_method(exception.method.as_deref(), method.as_deref());
            by_id || by_path
        })
    }

    fn waived<'a>(
        &'a self,
        subject: Subject<'a>,
        demand: Demand,
    ) -> impl Iterator<Item = &'a Exception> {
        self.document.exceptions.iter().filter(move |exception| {
            exception.policy == subject.policy
                && exception.api == subject.api
                && exception.waives.contains(&demand)
        })
    }
}

fn same_method(one: Option<&str>, other: Option<&str>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
}

fn parse(files: &mut Files, problems: &mut Vec<Problem>) -> Option<Document> {
    let value = files.policy_value(problems)?;
    problems.extend(structure::problems(schema(), &value));
    if !problems.is_empty() {
        return None;
    }
    let mut document: Document = match serde_path_to_error::deserialize(&value) {
        Ok(document) => document,
        Err(error) => {
            problems.push(structure::unreadable(&error));
            return None;
        }
    };
    for (index, name) in document.endpoints.limits.iter().enumerate() {
        if !document.limits.contains_key(name) {
            let at = format!("/endpoints/limits/{index}");
            problems.push(
                Problem::error(
                    "unknown-name",
                    at,
                    format!("the floor defines no limit `{name}`"),
                )
                .hint("define it under `limits`: policies need not have it"),
            );
        }
    }
    // Keys and secrets come from files beside the floor, not beside the policies.
    match meshward_openapi::bundle(&carrier(&document), files) {
        Ok((carrier, warnings)) => {
            problems.extend(
                warnings
                    .into_iter()
                    .filter(|p| p.severity == Severity::Error),
            );
            document.identity_providers = carrier.identity_providers;
        }
        Err(errors) => problems.extend(errors),
    }
    Some(document)
}

/// A policy that holds nothing but the floor's providers.
fn carrier(floor: &Document) -> config::Document {
    config::Document {
        api_version: config::ApiVersion::V1,
        kind: config::Kind::Policy,
        metadata: floor.metadata.clone(),
        mode: None,
        modes: config::Modes::default(),
        reading: config::Reading::default(),
        unknown_hosts: None,
        identity_providers: floor.identity_providers.clone(),
        transport: config::Transport::default(),
        client_address: config::ClientAddress::default(),
        limits: Default::default(),
        limit_table: None,
        abuse: Default::default(),
        abuse_table: None,
        apis: Vec::new(),
        errors: config::Errors::default(),
        telemetry: config::Telemetry::default(),
        delivery: config::Delivery::default(),
        candidate: None,
        build: None,
    }
}

#[cfg(test)]
mod tests;
