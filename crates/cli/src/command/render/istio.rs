//! `meshward render istio`: objects for a mesh.

use super::Making;
use crate::envoy::{Cluster, missing, speaking};
use crate::failure::Failure;
use crate::kubernetes::{
    Form, Label, Manifest, Module, Name, Phase, Place, Target, as_value, check_size, odd_number,
    unfaithful, yaml,
};
use crate::output::{self, warn};
use crate::policy::{Ready, listed};
use crate::style::FAINT;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Objects for Istio that put the filter on workloads: `kubectl apply` takes them
///
/// A WasmPlugin where that is enough. It cannot let the filter hold a request back until its body is judged; where the policy
/// asks for that, an EnvoyFilter. In both forms a new policy reaches the proxies without a change of a listener.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward render istio policy.yaml --namespace shop --selector app=orders --wasm oci://registry.example/meshward@sha256:9f86…
  meshward render istio policy.yaml --namespace istio-ingress --at gateway --wasm /var/local/meshward_filter.wasm | kubectl apply -f -
  meshward render istio policy.yaml --namespace istio-system --form envoy-filter --cluster idp=https://idp.example:443 \\
      --wasm https://files.example/meshward_filter.wasm#sha256=9f86…

A policy in the mesh's root namespace without `--selector` is for the whole mesh. With errors in the policy, nothing is written.")]
pub(super) struct Istio {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    making: Making,
    /// The filter's module: `oci://IMAGE@sha256:DIGEST`, `https://URL#sha256=DIGEST`, or the path of a file as the proxy finds it.
    #[arg(long, value_name = "URL")]
    wasm: Module,
    /// The namespace of the workloads; the mesh's root namespace (`istio-system`) means all namespaces.
    #[arg(long, value_name = "NAME")]
    namespace: Name,
    /// A label that workloads must have; all of the namespace when absent. May be repeated.
    #[arg(long = "selector", value_name = "LABEL=VALUE")]
    labels: Vec<Label>,
    /// Which proxies: those beside services, for what comes in, or gateways.
    #[arg(long, value_enum, default_value_t = Place::Sidecar)]
    at: Place,
    /// Where the filter stands among Istio's own. An EnvoyFilter knows `authn` and `last`.
    #[arg(long, value_enum, default_value_t = Phase::Authn)]
    phase: Phase,
    /// Which object; `auto` takes a WasmPlugin where it does all that the policy asks for.
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    form: Choice,
    /// The name of the objects; `meshward-` and the policy's name when absent.
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    /// The secret of the namespace with which the image is pulled. WasmPlugin only.
    #[arg(long, value_name = "NAME")]
    pull_secret: Option<Name>,
    /// Where a cluster leads that the policy names; `https://` speaks TLS. May be repeated.
    #[arg(long = "cluster", value_name = "NAME=HOST:PORT")]
    clusters: Vec<Cluster>,
    /// Also make labels out of the names of counters. Proxies read this when they start, and only then.
    #[arg(long)]
    stats_tags: bool,
    /// Where the objects go; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Which object is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// What the policy needs.
    Auto,
    /// WasmPlugin.
    WasmPlugin,
    /// EnvoyFilter.
    EnvoyFilter,
}

impl Istio {
    pub(super) fn run(self) -> Result<(), Failure> {
        let ready = self.making.read(&self.policy)?;
        if let Some(said) = missing(ready.policy.clusters(), &self.clusters) {
            warn(&format!(
                "{said}; or name a cluster in the policy that the mesh has already, such as `outbound|443||idp.example`"
            ));
        }
        let name = match &self.name {
            Some(name) => name.clone(),
            None => format!("meshward-{}", ready.policy.name())
                .parse()
                .map_err(|wrong| Failure::usage(format!("{wrong}; give one with `--name`")))?,
        };
        let buffer = ready.largest_body();
        let clusters = speaking(self.clusters.clone(), &ready.policy);
        let form = self.form(ready)?;
        let manifest = Manifest {
            name,
            target: Target {
                namespace: self.namespace,
                labels: self.labels,
                place: self.at,
            },
            phase: self.phase,
            module: self.wasm,
            pull_secret: self.pull_secret,
            clusters,
            buffer,
            stats_tags: self.stats_tags,
        };
        let objects = manifest.objects(form);
        objects.iter().try_for_each(check_size)?;
        output::write(self.output.as_deref(), &yaml(&objects))
    }

    /// The form that was chosen, with its bundle; or why it cannot be.
    fn form(&self, ready: Ready) -> Result<Form, Failure> {
        let needy = ready.needy();
        let plain = as_value(&self.making.write(&ready)?.0)?;
        let odd = unfaithful(&plain);
        let why_not = match (&odd, needy.is_empty()) {
            (Some(at), _) => Some(odd_number(at)),
            (None, false) => Some(format!(
                "the verdict on {} needs bodies, and a WasmPlugin cannot let the filter hold messages back",
                listed(&needy)
            )),
            (None, true) => None,
        };
        match (self.form, why_not) {
            (Choice::WasmPlugin, _) if odd.is_some() => Err(Failure::no(format!(
                "{}: use `--compact`, or `--form envoy-filter`",
                odd_number(odd.as_deref().unwrap_or_default())
            ))),
            (Choice::WasmPlugin, why) => {
                if let Some(why) = why {
                    warn(&format!(
                        "{why}: such requests are refused with `body_not_held` or `response_not_held`, or judged by their head where `delivery.otherwise` is `headOnly`; \
                         `--form envoy-filter` judges them"
                    ));
                }
                Ok(Form::WasmPlugin(plain))
            }
            (Choice::Auto, None) => Ok(Form::WasmPlugin(plain)),
            (Choice::Auto, Some(why)) => {
                anstream::eprintln!("{FAINT}an EnvoyFilter: {why}{FAINT:#}");
                self.envoy_filter(ready)
            }
            (Choice::EnvoyFilter, _) => self.envoy_filter(ready),
        }
    }

    fn envoy_filter(&self, ready: Ready) -> Result<Form, Failure> {
        if matches!(self.phase, Phase::Authz | Phase::Stats) {
            return Err(Failure::usage(
                "`--phase`: an EnvoyFilter puts the filter first (`authn`) or right before the router (`last`), because a place beside a filter that is not there would be none",
            ));
        }
        if self.pull_secret.is_some() {
            return Err(Failure::usage(
                "`--pull-secret`: istiod reads secrets for a WasmPlugin only; give the proxies the right to pull, or a file",
            ));
        }
        let (bundle, _) = self.making.write(&ready.able_to_hold())?;
        Ok(Form::EnvoyFilter(bundle))
    }
}
