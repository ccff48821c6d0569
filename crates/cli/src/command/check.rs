//! `meshward check`: every mistake of a policy and its descriptions at once.

use crate::drift::Drift;
use crate::failure::Failure;
use crate::floor::Floors;
use crate::policy::Checked;
use crate::{coverage, diagnose, endpoints, gaps, lints, output};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

/// Show every mistake of a policy and its descriptions, and what the policy covers
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward check policy.yaml
  meshward check policy.yaml --floor mesh-floor.yaml           also what is below what the mesh asks for
  meshward check policy.yaml --format sarif > meshward.sarif   for code scanning
  meshward check policy.yaml --format json | jq .summary
  curl -s 127.0.0.1:9901/config_dump > dump.json; meshward check policy.yaml --envoy dump.json

Exit code 1 when there are errors, 0 when there are only warnings.")]
pub(crate) struct Arguments {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// What an Envoy answers to `/config_dump`: also say where its configuration does not fit the policy.
    #[arg(long, value_name = "FILE")]
    envoy: Option<PathBuf>,
    /// How problems are shown.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How problems are shown.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object: problems, summary, coverage, gaps, lints.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

impl Arguments {
    /// Checks, prints, and answers with the exit code.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let checked = Checked::read(&self.policy, &self.floors.read()?)?;
        let ready = checked.ready.as_ref();
        let endpoints = ready.map(endpoints::endpoints).unwrap_or_default();
        let gaps = gaps::gaps(&endpoints);
        let described = ready.iter().flat_map(|ready| &ready.bundle.apis);
        let lints: Vec<_> = described
            .flat_map(|api| {
                api.description
                    .iter()
                    .flat_map(|d| lints::lints(&api.name, d))
            })
            .collect();
        let risks = ready.map(|ready| coverage::risks(&ready.bundle, &endpoints));
        let clusters: Vec<&str> = ready
            .map(|ready| ready.policy.clusters().collect())
            .unwrap_or_default();
        let drift = match (&self.envoy, ready) {
            (Some(dump), Some(ready)) => Some(Drift::read(dump, ready)?),
            _ => None,
        };
        let mut located = checked.located();
        located.extend(drift.iter().flat_map(Drift::located));
        let drifted = drift.iter().flat_map(|drift| &drift.problems);
        let (errors, warnings) = diagnose::counts(checked.problems.iter().chain(drifted));
        match self.format {
            Format::Text => {
                let mut text = diagnose::text(&located);
                text.push_str(&gaps::table(&gaps));
                text.push_str(&lints::table(&lints));
                if let Some(risks) = &risks {
                    text.push_str(&coverage::table(risks));
                    text.push('\n');
                }
                if !clusters.is_empty() {
                    let named: Vec<_> = clusters.iter().map(|c| format!("`{c}`")).collect();
                    text.push_str(&format!(
                        "asks other servers through the proxy's clusters {}\n\n",
                        named.join(", ")
                    ));
                }
                let file = self.policy.display().to_string();
                text.push_str(&diagnose::summary(&file, errors, warnings));
                anstream::println!("{text}");
            }
            Format::Json => {
                let asked = (!clusters.is_empty()).then(|| ("clusters", json!(clusters)));
                let known = risks.map(|risks| {
                    [
                        ("coverage", json!(risks)),
                        ("gaps", json!(gaps)),
                        ("lints", json!(lints)),
                    ]
                });
                let known = known.into_iter().flatten().chain(asked);
                output::print(&format!("{:#}", diagnose::json(&located, known)))?;
            }
            Format::Sarif => {
                let apis = ready.iter().flat_map(|ready| &ready.bundle.apis);
                let apis: Vec<String> = apis.map(|api| api.name.clone()).collect();
                let mut notes = gaps::notes(&gaps, &apis);
                notes.extend(lints::notes(&lints));
                let notes = checked.locate(&notes);
                output::print(&format!("{:#}", diagnose::sarif(&located, &notes)))?;
            }
        }
        if errors > 0 {
            Err(Failure::Said)
        } else {
            Ok(())
        }
    }
}
