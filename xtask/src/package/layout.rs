//! An image in the OCI image layout: one layer, a compressed archive that holds `plugin.wasm`.
//!
//! This is the "compat" form of Wasm images: registries and tools take it for any image, and Istio's agent and Envoy Gateway know it.

use super::sums::digest;
use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What an agent looks for in the archive.
const MODULE: &str = "plugin.wasm";

/// Writes the image of a module, and gives its digest: that of its manifest.
pub(super) fn write(folder: &Path, module: &[u8]) -> Result<String> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let store = |kind: &str, bytes: &[u8]| -> Result<Value> {
        let name = digest(bytes);
        fs::write(blobs.join(&name), bytes)
            .with_context(|| format!("the blob `{name}` cannot be written"))?;
        Ok(json!({ "mediaType": kind, "digest": format!("sha256:{name}"), "size": bytes.len() }))
    };
    let archive = archive(module).context("the module cannot be archived")?;
    let layer = store(LAYER, &compress(&archive)?)?;
    let config = json!({
        "architecture": "wasm",
        "os": "wasip1",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", digest(&archive))] },
    });
    let config = store(CONFIG, config.to_string().as_bytes())?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config,
        "layers": [layer],
        "annotations": {
            "org.opencontainers.image.title": "meshward",
            "org.opencontainers.image.description": "Per-endpoint API security for Envoy and Istio: the filter",
            "org.opencontainers.image.version": env!("CARGO_PKG_VERSION"),
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    })
    .to_string();
    let mut entry = store(MANIFEST, manifest.as_bytes())?;
    if let Some(members) = entry.as_object_mut() {
        let name = json!({ "org.opencontainers.image.ref.name": env!("CARGO_PKG_VERSION") });
        members.insert("annotations".to_owned(), name);
    }
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    fs::write(folder.join("index.json"), index.to_string())?;
    let version = json!({ "imageLayoutVersion": "1.0.0" });
    fs::write(folder.join("oci-layout"), version.to_string())?;
    Ok(digest(manifest.as_bytes()))
}

/// The archive: one file, which belongs to nobody and is as old as the epoch.
fn archive(module: &[u8]) -> Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(module.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, MODULE, module)?;
    Ok(builder.into_inner()?)
}

fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    // Without a name and a time, as it is by default; said here, because the digest rests on it.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    std::io::Write::write_all(&mut encoder, archive)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    fn written(module: &[u8], name: &str) -> (std::path::PathBuf, String) {
        let folder =
            std::env::temp_dir().join(format!("meshward-oci-{}-{name}", std::process::id()));
        let digest = write(&folder, module).unwrap();
        (folder, digest)
    }

    fn json_of(path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn every_blob_is_what_its_name_says_and_leads_to_the_module() {
        let (folder, digest_of_image) = written(b"\0asm module", "blobs");
        let blob = |descriptor: &Value| {
            let name = descriptor["digest"]
                .as_str()
                .unwrap()
                .strip_prefix("sha256:")
                .unwrap();
            let bytes = fs::read(folder.join("blobs/sha256").join(name)).unwrap();
            assert_eq!(digest(&bytes), name);
            assert_eq!(descriptor["size"], bytes.len());
            bytes
        };
        let index = json_of(&folder.join("index.json"));
        let entry = &index["manifests"][0];
        assert_eq!(entry["digest"], format!("sha256:{digest_of_image}"));
        let manifest: Value = serde_json::from_slice(&blob(entry)).unwrap();
        let config: Value = serde_json::from_slice(&blob(&manifest["config"])).unwrap();
        let mut unpacked = Vec::new();
        let layer = blob(&manifest["layers"][0]);
        flate2::read::GzDecoder::new(&*layer)
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(
            config["rootfs"]["diff_ids"][0],
            format!("sha256:{}", digest(&unpacked))
        );
        let mut archive = tar::Archive::new(&*unpacked);
        let mut file = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(file.path().unwrap().to_str(), Some(MODULE));
        let mut module = Vec::new();
        file.read_to_end(&mut module).unwrap();
        assert_eq!(module, b"\0asm module");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_same_module_has_the_same_digest_and_another_has_another() {
        let made: Vec<String> = [(&b"one"[..], "a"), (b"one", "b"), (b"two", "c")]
            .into_iter()
            .map(|(module, name)| {
                let (folder, digest) = written(module, name);
                fs::remove_dir_all(folder).unwrap();
                digest
            })
            .collect();
        assert_eq!(made[0], made[1]);
        assert_ne!(made[0], made[2]);
    }
}
