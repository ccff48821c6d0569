//! `meshward render envoy-gateway`: an object for Envoy Gateway.

use crate::envoy::{Cluster, missing};
use crate::failure::Failure;
use crate::floor::Floors;
use crate::kubernetes::{Module, Name, as_value, check_size, odd_number, unfaithful, yaml};
use crate::output::{self, warn};
use crate::policy::{Ready, listed};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// An EnvoyExtensionPolicy that puts the filter on a Gateway or an HTTPRoute of Envoy Gateway
///
/// Envoy Gateway has no setting that lets the filter hold a request back until its body is judged: a policy that needs bodies is
/// refused here, or judged by heads alone where its `delivery.otherwise` is `headOnly`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meshward render envoy-gateway policy.yaml --namespace shop --target shop-gateway --wasm oci://registry.example/meshward@sha256:9f86…
  meshward render envoy-gateway policy.yaml --namespace shop --target-kind http-route --target orders \\
      --wasm https://files.example/meshward_filter.wasm#sha256=9f86… | kubectl apply --server-side -f -

With errors in the policy, nothing is written.")]
pub(super) struct EnvoyGateway {
    /// The policy.
    policy: PathBuf,
    #[command(flatten)]
    floors: Floors,
    /// The filter's module: `oci://IMAGE@sha256:DIGEST`, or `https://URL#sha256=DIGEST`.
    #[arg(long, value_name = "URL")]
    wasm: Module,
    /// The namespace of the target.
    #[arg(long, value_name = "NAME")]
    namespace: Name,
    /// The name of the target.
    #[arg(long, value_name = "NAME")]
    target: Name,
    /// What the target is.
    #[arg(long, value_enum, default_value_t = Kind::Gateway)]
    target_kind: Kind,
    /// The name of the object; `meshward-` and the policy's name when absent.
    #[arg(long, value_name = "NAME")]
    name: Option<Name>,
    /// The secret of the namespace with which the image is pulled.
    #[arg(long, value_name = "NAME")]
    pull_secret: Option<Name>,
    /// Write it although the verdict on some requests needs bodies: these are refused with `body_not_held` or `response_not_held`.
    #[arg(long)]
    without_bodies: bool,
    /// Where the object goes; standard output when absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What an EnvoyExtensionPolicy can be attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Everything that comes through a Gateway.
    Gateway,
    /// What one HTTPRoute routes.
    HttpRoute,
}

impl EnvoyGateway {
    pub(super) fn run(self) -> Result<(), Failure> {
        let ready = Ready::read(&self.policy, &self.floors.read()?)?;
        let none: [Cluster; 0] = [];
        if let Some(said) = missing(ready.policy.clusters(), &none) {
            warn(&format!(
                "{said}: Envoy Gateway makes clusters only for its own routes; add these with an EnvoyPatchPolicy"
            ));
        }
        let needy = ready.needy();
        if !needy.is_empty() {
            let why = format!(
                "the verdict on {} needs bodies, and Envoy Gateway cannot let the filter hold messages back",
                listed(&needy)
            );
            if !self.without_bodies {
                return Err(Failure::no(format!(
                    "{why}: such requests would be refused. Write it all the same with `--without-bodies`, or judge them in a proxy that can (`render envoy`, `render ecds`, `render istio`)"
                )));
            }
            warn(&why);
        }
        let bundle = as_value(&ready.bundle_json()?.0)?;
        if let Some(at) = unfaithful(&bundle) {
            return Err(Failure::no(odd_number(&at)));
        }
        let name = match &self.name {
            Some(name) => name.clone(),
            None => format!("meshward-{}", ready.policy.name())
                .parse()
                .map_err(|wrong| Failure::usage(format!("{wrong}; give one with `--name`")))?,
        };
        let object = self.object(&name, bundle)?;
        check_size(&object)?;
        output::write(self.output.as_deref(), &yaml(&[object]))
    }

    fn object(&self, name: &Name, bundle: Value) -> Result<Value, Failure> {
        let kind = match self.target_kind {
            Kind::Gateway => "Gateway",
            Kind::HttpRoute => "HTTPRoute",
        };
        Ok(json!({
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyExtensionPolicy",
            "metadata": { "name": name.as_str(), "namespace": self.namespace.as_str() },
            "spec": {
                "targetRefs": [{
                    "group": "gateway.networking.k8s.io",
                    "kind": kind,
                    "name": self.target.as_str(),
                }],
                "wasm": [{
                    "name": "meshward",
                    "rootID": "meshward",
                    "code": self.code()?,
                    "config": bundle,
                    // Without the filter, nothing passes.
                    "failOpen": false,
                }],
            },
        }))
    }

    fn code(&self) -> Result<Value, Failure> {
        match (&self.wasm, &self.pull_secret) {
            (Module::File(_), _) => Err(Failure::usage(
                "`--wasm`: Envoy Gateway fetches modules; give the URL of an image or a file, with its digest",
            )),
            (Module::Download { .. }, Some(_)) => Err(Failure::usage(
                "`--pull-secret` is for images; a file is fetched without one",
            )),
            (Module::Download { url, digest }, None) => {
                Ok(json!({ "type": "HTTP", "http": { "url": url, "sha256": digest } }))
            }
            (Module::Image { url, digest: _ }, secret) => {
                // The digest of the manifest stands in the reference.
                let reference = url.strip_prefix("oci://").unwrap_or(url);
                let mut image = Map::from_iter([("url".to_owned(), json!(reference))]);
                if let Some(secret) = secret {
                    image.insert(
                        "pullSecretRef".to_owned(),
                        json!({ "name": secret.as_str() }),
                    );
                }
                Ok(json!({ "type": "Image", "image": image }))
            }
        }
    }
}
