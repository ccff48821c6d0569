//! A complete bootstrap: one listener, the filter, one upstream.
//!
//! The template is `bootstrap.yaml`, with its comments. Values are put in as JSON, which YAML can read.

use super::filter::typed_filter;
use super::{Address, Cluster};
use serde_json::Value;
use std::path::{Path, PathBuf};

const TEMPLATE: &str = include_str!("bootstrap.yaml");

/// What a bootstrap is made from.
#[derive(Debug)]
pub(crate) struct Bootstrap {
    /// Where clients come in.
    pub(crate) listen: Address,
    /// The service behind.
    pub(crate) upstream: Address,
    /// Envoy's admin interface.
    pub(crate) admin: Address,
    /// Where the servers are that the policy asks.
    pub(crate) clusters: Vec<Cluster>,
    /// The largest body that must be held, in bytes.
    pub(crate) buffer: u64,
    /// Whether WebSockets pass.
    pub(crate) upgrades: bool,
    /// Where the filter's configuration comes from.
    pub(crate) filter: FilterSource,
}

/// Where the filter's configuration comes from.
#[derive(Debug)]
pub(crate) enum FilterSource {
    /// There is no filter: what Envoy alone does.
    None,
    /// It stands in the bootstrap.
    Inline {
        /// The filter's module.
        wasm: PathBuf,
        /// The bundle.
        bundle: String,
    },
    /// Envoy reads it from a file, and again whenever a new one is moved into its folder.
    File(PathBuf),
}

impl Bootstrap {
    /// The bootstrap as YAML.
    pub(crate) fn yaml(&self) -> String {
        let kind = if self.upstream.is_ip() {
            "STATIC"
        } else {
            "STRICT_DNS"
        };
        // The filter last: the bundle may hold anything, also what looks like a placeholder.
        [
            ("@ADMIN_ADDRESS@", quoted(&self.admin.host)),
            ("@ADMIN_PORT@", self.admin.port.to_string()),
            ("@LISTEN_ADDRESS@", quoted(&self.listen.host)),
            ("@LISTEN_PORT@", self.listen.port.to_string()),
            ("@UPSTREAM_ADDRESS@", quoted(&self.upstream.host)),
            ("@UPSTREAM_PORT@", self.upstream.port.to_string()),
            ("@BUFFER@", self.buffer.to_string()),
            ("@CLUSTER_TYPE@", kind.to_owned()),
            ("@UPGRADES@\n", self.upgrades().to_owned()),
            ("@CLUSTERS@\n", self.further_clusters()),
            ("@FILTER@", self.filter.yaml()),
        ]
        .into_iter()
        .fold(TEMPLATE.to_owned(), |text, (name, value)| {
            text.replace(name, &value)
        })
    }
}

impl Bootstrap {
    const fn upgrades(&self) -> &'static str {
        if self.upgrades {
            "                # The description has a response 101. Where it has none, the filter refuses upgrades.\n                upgrade_configs: [{ upgrade_type: websocket }]\n"
        } else {
            ""
        }
    }

    fn further_clusters(&self) -> String {
        let mut text = String::new();
        if !self.clusters.is_empty() {
            text.push_str("    # The servers that the policy asks: for keys, for what only they know of a token.\n");
        }
        for cluster in &self.clusters {
            text.push_str(&format!("    - {}\n", cluster.config()));
        }
        text
    }
}

impl FilterSource {
    fn yaml(&self) -> String {
        let lines = match self {
            Self::None => Vec::new(),
            Self::Inline { wasm, bundle } => inline(wasm, bundle),
            Self::File(path) => discovered(path),
        };
        let indented: Vec<String> = lines
            .iter()
            .map(|line| format!("{:18}{line}", ""))
            .collect();
        indented.join("\n")
    }
}

fn inline(wasm: &Path, bundle: &str) -> Vec<String> {
    let filter = typed_filter(wasm, bundle);
    let at = |pointer: &str| filter.pointer(pointer).unwrap_or(&Value::Null).to_string();
    vec![
        "- name: meshward".to_owned(),
        "  typed_config:".to_owned(),
        format!("    \"@type\": {}", at("/@type")),
        "    config:".to_owned(),
        format!("      name: {}", at("/config/name")),
        format!("      root_id: {}", at("/config/root_id")),
        "      vm_config:".to_owned(),
        "        # Keep it: limits count in what all workers share under this name.".to_owned(),
        format!("        vm_id: {}", at("/config/vm_config/vm_id")),
        format!("        runtime: {}", at("/config/vm_config/runtime")),
        format!("        code: {}", at("/config/vm_config/code")),
        "      # Lets the filter hold a request back until its body is judged. The bundle says so too.".to_owned(),
        format!("      allow_on_headers_stop_iteration: {}", at("/config/allow_on_headers_stop_iteration")),
        "      # A crash of the VM costs the requests in it; the next one loads it again.".to_owned(),
        format!("      failure_policy: {}", at("/config/failure_policy")),
        "      configuration:".to_owned(),
        format!("        \"@type\": {}", at("/config/configuration/@type")),
        format!("        value: {}", at("/config/configuration/value")),
    ]
}

fn discovered(path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    vec![
        "- name: meshward".to_owned(),
        "  config_discovery:".to_owned(),
        format!(
            "    config_source: {{ resource_api_version: V3, path_config_source: {{ path: {}, watched_directory: {{ path: {} }} }} }}",
            quoted(&path.display().to_string()),
            quoted(&folder.display().to_string()),
        ),
        "    type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]"
            .to_owned(),
    ]
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_with_placeholders_and_quotes_stays_as_it_is() {
        let bundle = r#"{"metadata":{"name":"@ADMIN_PORT@ \" 'é'"}}"#;
        let yaml = Bootstrap {
            listen: "127.0.0.1:1".parse().unwrap(),
            upstream: "orders:2".parse().unwrap(),
            admin: "127.0.0.1:3".parse().unwrap(),
            clusters: vec!["idp=https://idp.test:443".parse().unwrap()],
            buffer: 4,
            upgrades: true,
            filter: FilterSource::Inline {
                wasm: "f.wasm".into(),
                bundle: bundle.to_owned(),
            },
        }
        .yaml();
        let value = yaml
            .lines()
            .find_map(|line| line.trim().strip_prefix("value: "))
            .unwrap();
        assert_eq!(serde_json::from_str::<String>(value).unwrap(), bundle);
        assert!(yaml.contains("type: STRICT_DNS"), "{yaml}");
        assert!(yaml.contains("upgrade_type: websocket"), "{yaml}");
        assert!(yaml.contains("\"name\":\"idp\""), "{yaml}");
        assert!(!yaml.replace(bundle, "").contains("@LISTEN"), "{yaml}");
    }
}
