//! The plugin's configuration: a bundle in, a policy out, or every reason why not.

use meshward_engine::{
    Candidate, Compiled, Policy, Problem, Severity, SourceNeeds, bundle, compile,
};
use std::cell::Cell;
use std::sync::Arc;

/// A policy that serves.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What judges.
    pub(crate) policy: Arc<Policy>,
    /// What judges on trial.
    pub(crate) candidate: Option<Candidate>,
    /// What it must know of the peer.
    pub(crate) source: SourceNeeds,
    /// What is doubtful about it.
    pub(crate) warnings: Vec<Problem>,
    /// Whether the proxy holds messages, as the policy says.
    pub(crate) holding: Cell<Holding>,
}

/// Whether the plugin is configured to show the bodies of messages that it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Holding {
    /// No body was needed yet.
    #[default]
    Untried,
    /// One was shown.
    Works,
    /// One came and was not shown.
    Missing,
}

/// Reads a configuration. `seed` is the secret of the limit table that the workers share.
pub(crate) fn load(configuration: &[u8], seed: [u8; 16]) -> Result<Loaded, Vec<Problem>> {
    let bundle = bundle::read(configuration).map_err(|problem| vec![problem])?;
    let Compiled {
        policy,
        candidate,
        warnings,
    } = compile(&bundle.document)?;
    let policy = policy.with_seed(seed);
    let candidate = candidate.map(|c| c.with(seed, bundle.revision.clone()));
    let needs = policy.source_needs();
    Ok(Loaded {
        source: candidate
            .as_ref()
            .map_or(needs, |c| needs.or(c.policy.source_needs())),
        policy: Arc::new(policy.with_revision(bundle.revision)),
        candidate,
        warnings,
        holding: Cell::default(),
    })
}

/// A problem as one line of the proxy's log.
pub(crate) fn line(problem: &Problem) -> String {
    let Problem {
        severity,
        code,
        file,
        at,
        message,
        hint,
    } = problem;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let file = file.as_deref().unwrap_or_default();
    let place = match (file.is_empty(), at.is_empty()) {
        (true, true) => "the policy".to_owned(),
        (true, false) => at.clone(),
        (false, _) => format!("{file}#{at}"),
    };
    let hint = hint
        .as_ref()
        .map_or_else(String::new, |hint| format!(" (hint: {hint})"));
    format!("meshward: {severity} [{code}] at {place}: {message}{hint}")
}

#[cfg(test)]
pub(crate) const SMALLEST: &str = r#"{"apiVersion":"meshward.dev/v1","kind":"Bundle","metadata":{"name":"test"},"apis":[{"name":"a","hosts":["*"],
    "endpoints":[{"match":{"method":"GET","path":"/"},"authenticate":{"public":true}}]}]}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(configuration: &str) -> String {
        let problems = load(configuration.as_bytes(), [0; 16]).unwrap_err();
        problems.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_smallest_bundle_is_loaded() {
        let loaded = load(SMALLEST.as_bytes(), [0; 16]).unwrap();
        assert_eq!(loaded.policy.name(), "test");
        assert_eq!(loaded.policy.endpoint_count(), 1);
        assert_eq!(loaded.policy.max_series(), 2000);
    }

    #[test]
    fn no_configuration_is_refused() {
        assert!(refused("").contains("no bundle"));
        assert!(refused(" \n").contains("meshward build"));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let line = refused(
            r#"{"apiVersion":"meshward.dev/v1","kind":"Bundle","metadata":{"name":"x"},"apis":[{"name":"a","hots":[]}]}"#,
        );
        assert!(line.contains("at /apis/0"), "{line}");
        assert!(line.contains("`hots`"), "{line}");
    }

    #[test]
    fn what_is_not_one_json_value_is_refused() {
        assert!(refused("apiVersion: x").contains("not JSON"));
        assert!(refused(&format!("{SMALLEST}{SMALLEST}")).contains("not JSON"));
        assert!(load(b"\xff\xfe", [0; 16]).is_err());
    }
}
