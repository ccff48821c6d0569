//! `meshward explain`: what applies to an endpoint, in plain sentences.

mod allowed;
mod bounds;
mod find;
mod sentences;

use crate::endpoints::{Endpoint, endpoints};
use crate::failure::Failure;
use crate::floor::Floors;
use crate::output;
use crate::policy::Ready;
use crate::table::table;
use clap::Args;
use meshward_engine::AccessSummary;
use meshward_engine::config::Mode;
use meshward_engine::verdict::Control;
use std::path::PathBuf;

/// Say in plain sentences what applies to an endpoint; without one, show all endpoints
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward explain policy.yaml                      all endpoints
  meshward explain policy.yaml GET /orders/42       what applies to this request
  meshward explain policy.yaml POST https://orders.shop.example/v1/orders --json

Exit code 1 when there is no such endpoint.")]
pub(crate) struct Arguments {
    /// The policy, or a bundle.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// The method.
    #[arg(requires = "url")]
    method: Option<String>,
    /// The path as a client sends it, or the whole URL.
    url: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// Explains one endpoint, or lists all.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let ready = Ready::read(&self.policy, &self.floors.read()?)?;
        let (Some(method), Some(url)) = (self.method, self.url) else {
            let all = endpoints(&ready);
            return if self.json {
                json(&all)
            } else {
                output::print(&overview(&all))
            };
        };
        let endpoint = find::find(&ready, &method, &url)?;
        if self.json {
            return json(&endpoint);
        }
        anstream::print!("{}", sentences::sentences(&ready.bundle, &endpoint));
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|cause| Failure::no(format!("cannot be written as JSON: {cause}")))?;
    output::print(&text)
}

fn overview(all: &[Endpoint]) -> String {
    let rows: Vec<[String; 7]> = all
        .iter()
        .map(|endpoint| {
            let limits: Vec<&str> = endpoint
                .rules
                .limits
                .iter()
                .map(|limit| limit.name.as_str())
                .collect();
            [
                endpoint.rules.api.clone(),
                endpoint.method().to_owned(),
                endpoint.path().to_owned(),
                who(&endpoint.rules.access),
                or_dash(allowed::short(endpoint)),
                or_dash(limits.join(", ")),
                mode(endpoint),
            ]
        })
        .collect();
    table(
        ["API", "METHOD", "PATH", "WHO", "NEEDS", "LIMITS", "MODE"],
        &rows,
    )
}

fn who(access: &AccessSummary) -> String {
    match access {
        AccessSummary::Closed => "nobody".to_owned(),
        AccessSummary::Public => "anybody".to_owned(),
        AccessSummary::Known {
            providers,
            together,
            optional,
        } => {
            let sets: Vec<String> = together.iter().map(|set| set.join(" and ")).collect();
            let whom = if together.is_empty() {
                providers
            } else {
                &sets
            };
            let anonymous = if *optional { " or anonymous" } else { "" };
            format!("{}{anonymous}", whom.join(" or "))
        }
    }
}

/// The common mode, and the controls that differ from it.
fn mode(endpoint: &Endpoint) -> String {
    let common = endpoint.mode(Control::Authenticate);
    let differing = [
        Control::Authorize,
        Control::Limit,
        Control::Contract,
        Control::Response,
    ]
    .into_iter()
    .map(|control| (control, endpoint.mode(control)))
    .filter(|(control, mode)| {
        *mode != common && (*control, *mode) != (Control::Response, Mode::Off)
    })
    .map(|(control, mode)| format!("{} {}", control.name(), mode_name(mode)));
    std::iter::once(mode_name(common).to_owned())
        .chain(differing)
        .collect::<Vec<_>>()
        .join(", ")
}

/// As it is written in policies.
const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Monitor => "monitor",
        Mode::Off => "off",
    }
}

fn or_dash(text: String) -> String {
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}
