//! Reads a policy with everything that it refers to, and finds every mistake on the way.
//!
//! In order: the file's syntax; its structure; its quantities; what is below a floor; the files that it names; what the engine makes of it. Each
//! step reports everything that it sees, and the next one runs only on what the one before has left without errors.

mod files;
mod secrets;
pub(crate) mod structure;
mod words;

use crate::diagnose::{self, Located};
use crate::failure::Failure;
use crate::floor::Floor;
use meshward_engine::bundle::{self, Bundle, Revision};
use meshward_engine::config::{Candidate, Document, Operation};
use meshward_engine::{Compiled, Policy, Problem, Severity};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use files::Files;
pub(crate) use structure::schema;

/// What Envoy holds of one message unless it is told otherwise.
pub(crate) const DEFAULT_BUFFER: u64 = 1 << 20;

/// So many endpoints are named in a message; more are counted.
const NAMED: usize = 5;

/// A policy that was read, with what is wrong with it.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Everything that is wrong, in the order of the files.
    pub(crate) problems: Vec<Problem>,
    /// The policy, when it has no errors.
    pub(crate) ready: Option<Ready>,
    files: Files,
}

/// A policy without errors.
#[derive(Debug)]
pub(crate) struct Ready {
    /// The document with everything that it refers to.
    pub(crate) bundle: Document,
    /// What the engine judges by.
    pub(crate) policy: Arc<Policy>,
}

impl Checked {
    /// Reads a policy. Only a file that cannot be read at all is a failure; everything else is a problem.
    pub(crate) fn read(path: &Path, floors: &[Floor]) -> Result<Self, Failure> {
        let mut files = Files::open(path).map_err(|cause| Failure::file("read", path, cause))?;
        let mut problems = Vec::new();
        let ready = read(&mut files, floors, &mut problems);
        let mut keyed: Vec<_> = problems
            .into_iter()
            .map(|problem| (files.order(&problem), problem))
            .collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
        let problems = keyed.into_iter().map(|(_, problem)| problem).collect();
        Ok(Self {
            problems,
            ready,
            files,
        })
    }

    /// Every problem with its place.
    pub(crate) fn located(&self) -> Vec<Located<'_>> {
        self.locate(&self.problems)
    }

    /// The places of what is said about the policy.
    pub(crate) fn locate<'a>(&'a self, problems: &'a [Problem]) -> Vec<Located<'a>> {
        problems.iter().map(|p| self.files.locate(p)).collect()
    }

    /// The files that were read, and those that were asked for in vain.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.files.paths()
    }

    /// The problems as text, and how many there are.
    pub(crate) fn text(&self) -> String {
        let (errors, warnings) = diagnose::counts(&self.problems);
        let mut text = diagnose::text(&self.located());
        text.push_str(&diagnose::summary(&self.files.name(), errors, warnings));
        text
    }
}

impl Ready {
    /// Reads a policy that must have no errors. Its problems, if it has any, are printed to standard error.
    pub(crate) fn read(path: &Path, floors: &[Floor]) -> Result<Self, Failure> {
        let checked = Checked::read(path, floors)?;
        if !checked.problems.is_empty() {
            anstream::eprintln!("{}", checked.text());
        }
        checked.ready.ok_or(Failure::Said)
    }

    /// The policy with another on trial beside it. What is wrong with the two together is printed.
    pub(crate) fn beside(self, candidate: Self, decides: f64) -> Result<Self, Failure> {
        let Self { mut bundle, .. } = self;
        bundle.candidate = Some(Candidate {
            policy: Box::new(candidate.bundle),
            decides,
        });
        match meshward_engine::compile(&bundle) {
            Ok(compiled) => Ok(Self {
                bundle,
                policy: Arc::new(compiled.policy),
            }),
            Err(problems) => {
                let first = problems.iter().find(|p| p.severity == Severity::Error);
                Err(Failure::no(first.map_or_else(String::new, |p| {
                    let hint = p.hint.as_ref().map(|hint| format!("; {hint}"));
                    format!("{}{}", p.message, hint.unwrap_or_default())
                })))
            }
        }
    }

    /// Notes in the bundle that the proxy can hold a request back until its body is judged.
    pub(crate) fn able_to_hold(mut self) -> Self {
        self.bundle.delivery.allow_on_headers_stop_iteration = true;
        if let Some(candidate) = &mut self.bundle.candidate {
            candidate.policy.delivery.allow_on_headers_stop_iteration = true;
        }
        self
    }

    /// The same, compiled: what is decided here is decided as behind such a proxy.
    pub(crate) fn held(self) -> Result<Self, Failure> {
        let mut ready = self.able_to_hold();
        // It compiled before, and differs in nothing that can be wrong.
        let compiled = meshward_engine::compile(&ready.bundle).map_err(|_| Failure::Said)?;
        ready.policy = Arc::new(compiled.policy);
        Ok(ready)
    }

    /// The bundle as one line of JSON, and which one it is.
    pub(crate) fn bundle_json(&self) -> Result<(String, Revision), Failure> {
        bundle::write(&self.bundle)
            .map_err(|cause| Failure::no(format!("the bundle cannot be written as JSON: {cause}")))
    }

    /// The endpoints whose verdict needs bodies, here or in the policy on trial.
    pub(crate) fn needy(&self) -> Vec<String> {
        let mut needy: Vec<String> = self.policy.holding().map(str::to_owned).collect();
        // It compiled beside the policy, so it does alone.
        let candidate = self.bundle.candidate.as_ref();
        if let Some(Ok(candidate)) = candidate.map(|c| meshward_engine::compile(&c.policy)) {
            let more = candidate.policy.holding().map(str::to_owned);
            needy.extend(more.filter(|endpoint| !self.policy.holding().any(|e| e == endpoint)));
        }
        needy
    }

    /// The largest body that any endpoint takes, and so what the proxy must be able to hold.
    pub(crate) fn largest_body(&self) -> u64 {
        let candidate = self.bundle.candidate.iter().flat_map(|c| &c.policy.apis);
        let apis = self.bundle.apis.iter().chain(candidate);
        apis.flat_map(|api| {
            let own = api.endpoints.iter().map(|endpoint| endpoint.body);
            own.chain([api.defaults.body])
        })
        .filter_map(|body| body.max_size)
        .map(|size| size.0)
        .fold(DEFAULT_BUFFER, u64::max)
    }

    /// Whether a description has an operation after which another protocol is spoken, as with WebSocket: the proxy must let it pass.
    pub(crate) fn upgrades(&self) -> bool {
        let described = self
            .bundle
            .apis
            .iter()
            .filter_map(|a| a.description.as_ref());
        described
            .flat_map(|description| &description.operations)
            .any(Operation::upgrades)
    }
}

/// Names of endpoints in a sentence: the first few, and how many more.
pub(crate) fn listed(endpoints: &[String]) -> String {
    let named: Vec<String> = endpoints
        .iter()
        .take(NAMED)
        .map(|endpoint| format!("`{endpoint}`"))
        .collect();
    let named = named.join(", ");
    match endpoints.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn read(files: &mut Files, floors: &[Floor], problems: &mut Vec<Problem>) -> Option<Ready> {
    let value = files.policy_value(problems)?;
    // A bundle is made by `meshward build`, and holds what people do not write: it is read as the filter does.
    let packed = value.as_str().filter(|text| bundle::is_compact(text));
    let is_bundle = packed.is_some() || value.get("kind").and_then(Value::as_str) == Some("Bundle");
    if !is_bundle {
        problems.extend(structure::problems(schema(), &value));
        if has_errors(problems) {
            return None;
        }
    }
    let document = if is_bundle {
        let text = packed.map_or_else(|| value.to_string(), str::to_owned);
        bundle::read(text.as_bytes()).map(|Bundle { document, .. }| document)
    } else {
        serde_path_to_error::deserialize(&value).map_err(|error| structure::unreadable(&error))
    };
    let document: Document = match document {
        Ok(document) => document,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    for floor in floors {
        problems.extend(floor.levels(&document, &value));
    }
    let mut bundle = match meshward_openapi::bundle(&document, files) {
        Ok((bundle, warnings)) => {
            problems.extend(warnings);
            bundle
        }
        Err(errors) => {
            problems.extend(errors);
            return None;
        }
    };
    for floor in floors {
        floor.tighten(&mut bundle);
    }
    match meshward_engine::compile(&bundle) {
        Ok(Compiled {
            policy,
            candidate: _,
            warnings,
        }) => {
            problems.extend(warnings);
            for floor in floors {
                problems.extend(floor.endpoints(&bundle, &policy));
            }
            let policy = Arc::new(policy);
            (!has_errors(problems)).then_some(Ready { bundle, policy })
        }
        Err(errors) => {
            problems.extend(errors);
            None
        }
    }
}

fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}
