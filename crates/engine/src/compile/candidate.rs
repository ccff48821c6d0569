//! The policy on trial: compiled as any other, under a name of its own.
//!
//! INVARIANT (no count is taken twice): limits and used proofs are kept under the policy's name, so a candidate takes nothing from
//! the buckets of the policy that serves.

use super::{Compiled, Policy, compile_as};
use crate::bundle::Revision;
use crate::config;
use crate::problem::{Problem, Severity};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;
use std::sync::Arc;

/// A policy on trial.
#[derive(Debug)]
pub struct Candidate {
    /// The policy.
    pub policy: Arc<Policy>,
    decides: f64,
}

impl Candidate {
    /// Compiles it for the policy of this name. Problems say where in the bundle they are.
    pub(super) fn compile(
        config: &config::Candidate,
        active: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Compiled> {
        const AT: &str = "/candidate/policy";
        let config::Candidate { policy, decides } = config;
        if !(0.0..=1.0).contains(decides) {
            problems.push(
                Problem::error(
                    "candidate-share",
                    "/candidate/decides",
                    format!("`{decides}` is not a share"),
                )
                .hint("use a number from 0 (only compare) to 1 (decide for every caller)"),
            );
        }
        if policy.metadata.name != active {
            problems.push(
                Problem::error(
                    "candidate-name",
                    format!("{AT}/metadata/name"),
                    format!(
                        "the candidate is called `{}`, and the policy that serves `{active}`",
                        policy.metadata.name
                    ),
                )
                .hint("a candidate is the next version of the same policy"),
            );
        }
        if policy.candidate.is_some() {
            problems.push(Problem::error(
                "candidate-of-candidate",
                format!("{AT}/candidate"),
                "a candidate has no candidate of its own",
            ));
            return None;
        }
        let placed = |mut problem: Problem| {
            if problem.file.is_none() {
                problem.at.insert_str(0, AT);
            }
            problem
        };
        // No name of a policy has a dot.
        match compile_as(policy, &format!("{active}.candidate")) {
            Ok(compiled) => {
                problems.extend(compiled.warnings.iter().cloned().map(placed));
                Some(compiled)
            }
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(placed));
                None
            }
        }
    }

    pub(super) fn new(policy: Policy, decides: f64) -> Self {
        Self {
            policy: Arc::new(policy),
            decides,
        }
    }

    /// The candidate with the secret and the revision of the policy that it stands beside.
    #[must_use]
    pub fn with(self, seed: [u8; 16], revision: Revision) -> Self {
        let Self { policy, decides } = self;
        let policy = match Arc::try_unwrap(policy) {
            Ok(policy) => Arc::new(policy.with_seed(seed).with_revision(revision)),
            Err(shared) => shared,
        };
        Self { policy, decides }
    }

    /// Whether it decides for a caller. The answer is the same at every proxy, and a greater share leaves out nobody who was in it.
    #[must_use]
    pub fn decides_for(&self, provider: &str, subject: &str) -> bool {
        let mut hash = SipHasher13::new();
        for part in [provider, subject] {
            hash.write(part.as_bytes());
            hash.write_u8(0xff);
        }
        let place = u32::try_from(hash.finish() >> 32).unwrap_or_default();
        f64::from(place) < self.decides * 4_294_967_296.0
    }
}

/// Whether something is an error.
pub(super) fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|p| p.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(candidate: Value) -> config::Document {
        let mut value = policy("p");
        value["candidate"] = candidate;
        serde_json::from_value(value).unwrap()
    }

    fn policy(name: &str) -> Value {
        json!({ "apiVersion": "meshward.dev/v1", "kind": "Bundle", "metadata": { "name": name },
            "apis": [{ "name": "a", "hosts": ["*"], "endpoints": [{ "match": { "method": "GET", "path": "/" } }] }] })
    }

    fn compiled(decides: f64) -> Candidate {
        let document = document(json!({ "policy": policy("p"), "decides": decides }));
        crate::compile(&document).unwrap().candidate.unwrap()
    }

    #[test]
    fn a_candidate_counts_under_a_name_of_its_own() {
        let candidate = compiled(0.5);
        assert_eq!(candidate.policy.name(), "p.candidate");
    }

    #[test]
    fn it_decides_for_its_share_of_the_callers_and_for_more_as_the_share_grows() {
        let (none, tenth, half, all) = (compiled(0.0), compiled(0.1), compiled(0.5), compiled(1.0));
        let mut counts = [0_u32; 2];
        for number in 0..10_000 {
            let subject = format!("s{number}");
            assert!(!none.decides_for("corp", &subject));
            assert!(all.decides_for("corp", &subject));
            let (in_tenth, in_half) = (
                tenth.decides_for("corp", &subject),
                half.decides_for("corp", &subject),
            );
            assert!(in_half || !in_tenth);
            counts[0] += u32::from(in_tenth);
            counts[1] += u32::from(in_half);
        }
        assert!((900..1100).contains(&counts[0]), "{counts:?}");
        assert!((4800..5200).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn what_is_wrong_with_it_is_told_with_its_place() {
        let mut broken = policy("other");
        broken["apis"] = json!([]);
        let wrong = document(json!({ "policy": broken, "decides": 2.0 }));
        let problems = crate::compile(&wrong).unwrap_err();
        let told: Vec<_> = problems.iter().map(|p| (p.code, p.at.as_str())).collect();
        for expected in [
            ("candidate-share", "/candidate/decides"),
            ("candidate-name", "/candidate/policy/metadata/name"),
            ("no-api", "/candidate/policy/apis"),
        ] {
            assert!(told.contains(&expected), "{told:?}");
        }
        let nested = document(json!({ "policy": document(json!({ "policy": policy("p") })) }));
        let problems = crate::compile(&nested).unwrap_err();
        assert!(problems.iter().any(|p| p.code == "candidate-of-candidate"));
    }
}
