//! From a file's policy to what the engine and the filter take: as `meshward build` does it.

use crate::load::{Mistake, Topic};
use crate::prepare::{PolicyText, Run};
use meshward_engine::config::Document;
use meshward_engine::{Policy, Problem};
use meshward_openapi::source::Source;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// The bundle of a file.
///
/// # Errors
/// What is wrong with the policy or the files that it names.
pub fn bundle(run: &Run, topic: &Topic) -> Result<Document, Mistake> {
    let PolicyText { policy, files } = run.policy_text(topic)?;
    let bundle = from_text(&policy, &files).map_err(|what| topic.at_policy(what))?;
    if bundle.metadata.name != topic.name {
        return Err(topic.at_policy(format!(
            "the policy's name is that of the file: expected `{}`, got `{}`",
            topic.name, bundle.metadata.name
        )));
    }
    Ok(bundle)
}

/// The bundle of a policy's text, and of the files that it names.
///
/// # Errors
/// What is wrong with them.
pub fn from_text(policy: &str, files: &BTreeMap<String, String>) -> Result<Document, String> {
    let source = Source::parse("policy.yaml", policy)
        .map_err(|e| format!("policy: line {}: {}", e.line, e.problem.message))?;
    let policy: Document =
        serde_json::from_value(source.into_value()).map_err(|e| format!("policy: {e}"))?;
    let mut loader = |path: &str| -> io::Result<String> {
        let file = files.get(path).cloned();
        file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such file here"))
    };
    let (bundle, _) =
        meshward_openapi::bundle(&policy, &mut loader).map_err(|problems| sentences(&problems))?;
    Ok(bundle)
}

/// The policy of a file, ready to judge.
///
/// # Errors
/// As [`bundle`], and what the engine finds.
pub fn compile(run: &Run, topic: &Topic) -> Result<Arc<Policy>, Mistake> {
    let bundle = bundle(run, topic)?;
    let compiled = meshward_engine::compile(&bundle)
        .map_err(|problems| topic.at_policy(sentences(&problems)))?;
    Ok(Arc::new(compiled.policy))
}

fn sentences(problems: &[Problem]) -> String {
    let one = |p: &Problem| {
        let file = p.file.as_deref().unwrap_or("policy");
        format!("\n  {file} {}: {} ({})", p.at, p.message, p.code)
    };
    problems.iter().map(one).collect()
}
