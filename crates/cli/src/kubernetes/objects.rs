//! The objects of `meshward render istio`, read again from their file to carry another bundle. All else in them stays as it is,
//! except comments.

use super::transport::{as_text, as_value};
use super::{check_size, odd_number, unfaithful, yaml};
use crate::envoy::FILTER_TYPE;
use crate::failure::Failure;
use crate::policy::DEFAULT_BUFFER;
use meshward_openapi::source::Source;
use serde_json::Value;

/// The kinds of object that can carry a bundle.
const CARRIERS: &str = "a WasmPlugin with `pluginName: meshward`, or an EnvoyFilter that adds Meshward's configuration";

/// The filter in a patch.
const TYPED: &str = "/patch/value/typed_config";

/// The objects of a file, of which one carries the bundle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Objects {
    documents: Vec<Value>,
    carrier: Carrier,
}

/// Where the bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// The `pluginConfig` of this document.
    Plugin(usize),
    /// The text in this patch of this document.
    Patch(usize, usize),
}

impl Objects {
    /// Whether a text is meant to be objects for Kubernetes.
    pub(crate) fn are_in(text: &str) -> bool {
        text.lines().any(|line| line.starts_with("apiVersion:"))
    }

    /// Reads objects that were written before.
    ///
    /// # Errors
    /// Why they are none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut documents = Vec::new();
        for part in parts(text) {
            let source = Source::parse("objects", &part)
                .map_err(|wrong| format!("it is not YAML: {}", wrong.problem.message))?;
            documents.push(source.value().clone());
        }
        let carriers: Vec<Carrier> = documents
            .iter()
            .enumerate()
            .flat_map(|(index, document)| carriers(index, document))
            .collect();
        match carriers.as_slice() {
            [carrier] => Ok(Self {
                carrier: *carrier,
                documents,
            }),
            [] => Err(format!(
                "no object in it carries a bundle: expected {CARRIERS}"
            )),
            _ => Err(format!(
                "{} objects in it carry a bundle: give each a file of its own",
                carriers.len()
            )),
        }
    }

    /// The bundle in them.
    pub(crate) fn bundle(&self) -> String {
        match (self.carrier, self.slot()) {
            (Carrier::Plugin(_), Some(value)) => as_text(value),
            (Carrier::Patch(..), Some(Value::String(text))) => text.clone(),
            (Carrier::Patch(..), _) | (Carrier::Plugin(_), None) => String::new(),
        }
    }

    /// The name under which the proxy asks istiod for the filter's configuration, without what istiod puts before it and a slash.
    pub(crate) fn resource(&self) -> String {
        match self.carrier {
            Carrier::Plugin(index) => {
                let text = |at| text_at(self.documents.get(index), at);
                let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
                format!("{namespace}.{name}")
            }
            Carrier::Patch(index, patch) => {
                let at = format!("/spec/configPatches/{patch}/patch/value/name");
                text_at(self.documents.get(index), &at).to_owned()
            }
        }
    }

    /// Whether the proxy can hold requests back until their bodies are judged.
    pub(crate) fn holds(&self) -> bool {
        let Carrier::Patch(index, patch) = self.carrier else {
            return false;
        };
        let at =
            format!("/spec/configPatches/{patch}{TYPED}/config/allow_on_headers_stop_iteration");
        let found = self.documents.get(index).and_then(|d| d.pointer(&at));
        found == Some(&Value::Bool(true))
    }

    /// The largest body that the proxy's listeners hold, in bytes.
    pub(crate) fn buffer(&self) -> u64 {
        let patches = self.documents.iter().flat_map(patches);
        patches
            .filter(|patch| text_at(Some(patch), "/applyTo") == "LISTENER")
            .filter_map(|patch| {
                patch
                    .pointer("/patch/value/per_connection_buffer_limit_bytes")?
                    .as_u64()
            })
            .fold(DEFAULT_BUFFER, u64::max)
    }

    /// The same with another bundle.
    ///
    /// # Errors
    /// When the objects cannot carry it.
    pub(crate) fn with_bundle(mut self, bundle: &str) -> Result<Self, Failure> {
        let value = match self.carrier {
            Carrier::Plugin(_) => {
                let value = as_value(bundle)?;
                if let Some(at) = unfaithful(&value) {
                    return Err(Failure::no(format!("{}: use `--compact`", odd_number(&at))));
                }
                value
            }
            Carrier::Patch(..) => Value::from(bundle),
        };
        let (index, at) = self.carrier.place();
        if let Some(document) = self.documents.get_mut(index) {
            if let Some(slot) = document.pointer_mut(&at) {
                *slot = value;
            }
            check_size(document)?;
        }
        Ok(self)
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        yaml(&self.documents)
    }

    fn slot(&self) -> Option<&Value> {
        let (index, at) = self.carrier.place();
        self.documents.get(index)?.pointer(&at)
    }
}

impl Carrier {
    /// The number of the document, and the pointer in it.
    fn place(self) -> (usize, String) {
        match self {
            Self::Plugin(index) => (index, "/spec/pluginConfig".to_owned()),
            Self::Patch(index, patch) => (
                index,
                format!("/spec/configPatches/{patch}{TYPED}/config/configuration/value"),
            ),
        }
    }
}

/// The documents of a stream. A line of three hyphens stands in no string that [`yaml()`] writes.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if line.trim_end() == "---" {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    let filled = |part: &String| {
        let mut lines = part.lines().map(str::trim);
        lines.any(|line| !line.is_empty() && !line.starts_with('#'))
    };
    parts.retain(filled);
    parts
}

/// Where a document carries a bundle.
fn carriers(index: usize, document: &Value) -> Vec<Carrier> {
    match text_at(Some(document), "/kind") {
        "WasmPlugin" if text_at(Some(document), "/spec/pluginName") == "meshward" => {
            vec![Carrier::Plugin(index)]
        }
        "EnvoyFilter" => patches(document)
            .enumerate()
            .filter(|(_, patch)| {
                text_at(Some(patch), &format!("{TYPED}/@type")) == FILTER_TYPE
                    && text_at(Some(patch), &format!("{TYPED}/config/root_id")) == "meshward"
            })
            .map(|(patch, _)| Carrier::Patch(index, patch))
            .collect(),
        _ => Vec::new(),
    }
}

fn patches(document: &Value) -> impl Iterator<Item = &Value> {
    let found = document.pointer("/spec/configPatches");
    found.and_then(Value::as_array).into_iter().flatten()
}

fn text_at<'a>(value: Option<&'a Value>, pointer: &str) -> &'a str {
    let found = value.and_then(|value| value.pointer(pointer));
    found.and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::manifest;
    use super::super::{Form, Place};
    use super::*;
    use serde_json::json;

    fn written(form: Form) -> String {
        yaml(&manifest(Place::Sidecar, &["app=orders"]).objects(form))
    }

    #[test]
    fn a_plugin_takes_another_bundle_and_keeps_the_rest() {
        let text = written(Form::WasmPlugin(json!({ "a": 1 })));
        assert!(Objects::are_in(&text));
        let objects = Objects::read(&format!("# ours\n---\n{text}")).unwrap();
        assert_eq!(objects.bundle(), r#"{"a":1}"#);
        assert_eq!(objects.resource(), "shop.meshward-orders");
        assert!(!objects.holds());
        assert_eq!(objects.text(), text);
        let next = objects.clone().with_bundle(r#"{"b":2}"#).unwrap();
        assert_eq!(next.bundle(), r#"{"b":2}"#);
        assert_eq!(next.with_bundle(r#"{"a":1}"#).unwrap(), objects);
        assert!(objects.clone().with_bundle("{").is_err());
        let odd = objects.clone().with_bundle(r#"{"a":9007199254740993}"#);
        assert!(odd.is_err());
        let packed = format!("meshward-bundle/1 {} AAAA", "0".repeat(64));
        let packed_in = objects.with_bundle(&packed).unwrap();
        assert_eq!(packed_in.bundle(), packed);
    }

    #[test]
    fn a_filter_takes_it_as_text() {
        let mut manifest = manifest(Place::Gateway, &[]);
        manifest.clusters = vec!["idp=127.0.0.1:9".parse().unwrap()];
        manifest.stats_tags = true;
        manifest.buffer = 5 << 20;
        let objects = manifest.objects(Form::EnvoyFilter("one".to_owned()));
        let objects = Objects::read(&yaml(&objects)).unwrap();
        assert_eq!(objects.bundle(), "one");
        assert_eq!(objects.resource(), "meshward.shop.meshward-orders");
        assert!(objects.holds());
        assert_eq!(objects.buffer(), 5 << 20);
        let next = objects.with_bundle("two").unwrap();
        assert_eq!(next.bundle(), "two");
    }

    #[test]
    fn what_carries_no_bundle_or_two_is_refused() {
        let one = written(Form::EnvoyFilter("one".to_owned()));
        let cases = [
            ("kind: ConfigMap\n".to_owned(), "no object"),
            ("a: [\n".to_owned(), "not YAML"),
            (format!("{one}---\n{one}"), "2 objects"),
            (String::new(), "no object"),
        ];
        for (text, why) in cases {
            let said = Objects::read(&text).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
