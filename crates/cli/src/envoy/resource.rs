//! The filter's configuration as Envoy's extension configuration discovery (ECDS) delivers it: a discovery response in JSON,
//! as a file that Envoy watches, or as the answer of an xDS server.

use super::filter::{FILTER_TYPE, typed_filter};
use serde_json::{Value, json};
use std::path::Path;

const RESOURCE_TYPE: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const FILTER: &str = "/resources/0/typed_config/@type";
const BUNDLE: &str = "/resources/0/typed_config/config/configuration/value";
const HOLDS: &str = "/resources/0/typed_config/config/allow_on_headers_stop_iteration";

/// A discovery response with the filter in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource(Value);

impl Resource {
    /// The filter with a bundle. It has no `@type`: Envoy knows what it reads, and warns of that field.
    pub(crate) fn new(version: &str, wasm: &Path, bundle: &str) -> Self {
        Self(json!({
            "version_info": version,
            "type_url": RESOURCE_TYPE,
            "resources": [{
                "@type": RESOURCE_TYPE,
                "name": "meshward",
                "typed_config": typed_filter(wasm, bundle),
            }],
        }))
    }

    /// Reads one that was written before.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(text).map_err(|cause| format!("it is not JSON: {cause}"))?;
        let one = value
            .get("resources")
            .and_then(Value::as_array)
            .is_some_and(|resources| resources.len() == 1);
        if !one {
            return Err(
                "it is no discovery response with one resource, `resources: [ … ]`".to_owned(),
            );
        }
        if value.pointer(FILTER).and_then(Value::as_str) != Some(FILTER_TYPE) {
            return Err(format!(
                "its resource is another filter: `{FILTER_TYPE}` is expected at `{FILTER}`"
            ));
        }
        if !value.pointer(BUNDLE).is_some_and(Value::is_string) {
            return Err(format!("there is no bundle at `{BUNDLE}`"));
        }
        Ok(Self(value))
    }

    /// The bundle in it.
    pub(crate) fn bundle(&self) -> &str {
        self.text_at(BUNDLE)
    }

    /// The name under which Envoy asks for it.
    pub(crate) fn name(&self) -> &str {
        self.text_at("/resources/0/name")
    }

    /// Whether the proxy can hold requests back until their bodies are judged.
    pub(crate) fn holds(&self) -> bool {
        self.0.pointer(HOLDS) == Some(&Value::Bool(true))
    }

    /// The same with another bundle: module and settings stay.
    pub(crate) fn with_bundle(mut self, version: &str, bundle: &str) -> Self {
        if let Some(members) = self.0.as_object_mut() {
            members.insert("version_info".to_owned(), Value::from(version));
        }
        if let Some(place) = self.0.pointer_mut(BUNDLE) {
            *place = Value::from(bundle);
        }
        self
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        self.0.to_string()
    }

    fn text_at(&self, pointer: &str) -> &str {
        let found = self.0.pointer(pointer);
        found.and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_bundle_changes_nothing_else() {
        let first = Resource::new("1", Path::new("/f.wasm"), "one");
        let read = Resource::read(&first.text()).unwrap();
        assert_eq!(read, first);
        assert!(read.holds());
        assert_eq!(read.name(), "meshward");
        let second = read.with_bundle("2", "two");
        assert_eq!(second.bundle(), "two");
        assert_eq!(second.text_at("/version_info"), "2");
        assert_eq!(second.with_bundle("1", "one"), first);
    }

    #[test]
    fn what_is_not_the_filter_is_not_taken_for_it() {
        for (text, why) in [
            ("{", "not JSON"),
            ("{}", "no discovery response"),
            (r#"{"resources":[{},{}]}"#, "no discovery response"),
            (
                r#"{"resources":[{"typed_config":{"@type":"lua"}}]}"#,
                "another filter",
            ),
        ] {
            let said = Resource::read(text).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
