//! Where proxies have the filter's module from.
//!
//! INVARIANT (one module): what is fetched over the network is fixed by its digest, so that nobody who can write to the registry or
//! answer in its place decides what judges requests.

use serde_json::{Value, json};
use std::str::FromStr;

/// How long the agent may take to fetch the module.
const PATIENCE: &str = "30s";

/// The filter's module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Module {
    /// A file that the proxy finds at this absolute path.
    File(String),
    /// An image in a registry, which Istio's agent pulls; its digest stands in the reference.
    Image {
        /// The whole URL.
        url: String,
        /// The digest of its manifest, in hexadecimal.
        digest: String,
    },
    /// A file that Istio's agent downloads.
    Download {
        /// The URL.
        url: String,
        /// The digest of the file, in hexadecimal.
        digest: String,
    },
}

impl FromStr for Module {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text
            .bytes()
            .any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
        {
            return Err(format!("`{text}` holds white space"));
        }
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::File(path.to_owned()));
        }
        if text.starts_with("oci://") {
            let digest = text.rsplit_once("@sha256:").map(|(_, digest)| digest);
            let digest = digest.and_then(hexadecimal).ok_or_else(|| {
                format!("`{text}` names no digest, and whoever can move a tag would decide what judges requests: end it with `@sha256:DIGEST`, which `cargo xtask package` prints")
            })?;
            return Ok(Self::Image {
                url: text.to_owned(),
                digest,
            });
        }
        if text.starts_with("https://") {
            let parts = text.rsplit_once("#sha256=");
            let fixed = parts.and_then(|(url, digest)| Some((url, hexadecimal(digest)?)));
            let (url, digest) = fixed.ok_or_else(|| {
                format!("`{text}` names no digest: end it with `#sha256=DIGEST`, which `sha256sum` prints")
            })?;
            return Ok(Self::Download {
                url: url.to_owned(),
                digest,
            });
        }
        Err(format!(
            "expected `oci://IMAGE@sha256:DIGEST`, `https://URL#sha256=DIGEST` or the absolute path of a file, got `{text}`"
        ))
    }
}

impl Module {
    /// As a WasmPlugin names it: its URL, and its digest where that does not stand in it.
    pub(super) fn plugin(&self) -> (String, Option<&str>) {
        match self {
            Self::File(path) => (format!("file://{path}"), None),
            Self::Image { url, digest: _ } => (url.clone(), None),
            Self::Download { url, digest } => (url.clone(), Some(digest)),
        }
    }

    /// As Envoy names it. What is remote is fetched by Istio's agent, which puts a file in its place before Envoy sees it.
    pub(super) fn source(&self) -> Value {
        match self {
            Self::File(path) => json!({ "local": { "filename": path } }),
            Self::Image { url, digest } | Self::Download { url, digest } => json!({ "remote": {
                // The agent fetches without a cluster, but Envoy's schema asks for one.
                "http_uri": { "uri": url, "timeout": PATIENCE, "cluster": "_" },
                "sha256": digest,
            } }),
        }
    }
}

fn hexadecimal(text: &str) -> Option<String> {
    let fits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn files_images_and_downloads_are_told_apart() {
        let file = Module::File("/etc/f.wasm".to_owned());
        assert_eq!("/etc/f.wasm".parse(), Ok(file.clone()));
        assert_eq!("file:///etc/f.wasm".parse(), Ok(file));
        let image = format!("oci://registry.test/meshward:1@sha256:{DIGEST}");
        let image: Module = image.parse().unwrap();
        assert_eq!(image.source()["remote"]["sha256"], DIGEST);
        let download: Module = format!("https://f.test/f.wasm#sha256={DIGEST}")
            .parse()
            .unwrap();
        assert_eq!(
            download.plugin(),
            ("https://f.test/f.wasm".to_owned(), Some(DIGEST))
        );
    }

    #[test]
    fn what_nothing_fixes_is_refused() {
        for text in [
            "oci://registry.test/meshward:latest",
            "oci://registry.test/meshward@sha256:abc",
            "https://f.test/f.wasm",
            "http://f.test/f.wasm",
            "filter.wasm",
            "file://filter.wasm",
            "",
        ] {
            assert!(text.parse::<Module>().is_err(), "{text}");
        }
    }
}
