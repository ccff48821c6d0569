//! The corpus' keys, from `testdata/keys`: public ones for policies, private ones to sign with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The keys.
#[derive(Debug)]
pub struct Keys {
    folder: PathBuf,
    public: Map<String, Value>,
}

impl Keys {
    /// Reads the keys of a corpus folder.
    ///
    /// # Errors
    /// A sentence, when `keys/public.json` cannot be read.
    pub fn load(testdata: &Path) -> Result<Self, String> {
        let folder = testdata.join("keys");
        let path = folder.join("public.json");
        let text = std::fs::read_to_string(&path)
            .map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
        let public =
            serde_json::from_str(&text).map_err(|e| format!("`{}`: {e}", path.display()))?;
        Ok(Self { folder, public })
    }

    /// A key set of the named public keys, comma-separated.
    ///
    /// # Errors
    /// A sentence, when a name is not known.
    pub fn jwks(&self, names: &str) -> Result<Value, String> {
        let keys: Vec<Value> = names
            .split(',')
            .map(|name| self.public(name.trim()).cloned())
            .collect::<Result<_, _>>()?;
        Ok(json!({ "keys": keys }))
    }

    /// A public key.
    ///
    /// # Errors
    /// A sentence, when the name is not known.
    pub fn public(&self, name: &str) -> Result<&Value, String> {
        let key = self.public.get(name);
        key.ok_or_else(|| format!("there is no key `{name}` in `keys/public.json`"))
    }

    /// The thumbprint of a public key (RFC 7638), in base64url.
    ///
    /// # Errors
    /// A sentence, when the name is not known or the key is of no known kind.
    pub fn thumbprint(&self, name: &str) -> Result<String, String> {
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(self.public(name)?.clone())
            .map_err(|e| format!("key `{name}`: {e}"))?;
        jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
            .map_err(|e| format!("key `{name}`: {e}"))
    }

    /// Signs a message: the signature in base64url. `none` signs with nothing.
    ///
    /// # Errors
    /// A sentence, when the key or algorithm is not known or they do not fit.
    pub fn sign(&self, key: &str, algorithm: &str, message: &[u8]) -> Result<String, String> {
        if algorithm.eq_ignore_ascii_case("none") {
            return Ok(String::new());
        }
        let known: Algorithm = algorithm
            .parse()
            .map_err(|_| format!("cannot sign with `{algorithm}`"))?;
        let secret = self.private(key)?;
        crypto::sign(message, &secret, known)
            .map_err(|e| format!("cannot sign with `{key}` and `{algorithm}`: {e}"))
    }

    fn private(&self, key: &str) -> Result<EncodingKey, String> {
        let wrong = |e: jsonwebtoken::errors::Error| format!("key `{key}`: {e}");
        match key {
            "hmac" => {
                let k = self.public.get("hmac").and_then(|k| k.get("k"));
                let k = k.and_then(Value::as_str).unwrap_or_default();
                let secret = URL_SAFE_NO_PAD
                    .decode(k)
                    .map_err(|e| format!("key `{key}`: {e}"))?;
                Ok(EncodingKey::from_secret(&secret))
            }
            "rsa-public-as-secret" => Ok(EncodingKey::from_secret(&self.pem("rsa.pub")?)),
            name if name.starts_with("rsa") => {
                EncodingKey::from_rsa_pem(&self.pem(name)?).map_err(wrong)
            }
            name if name.starts_with("ec") => {
                EncodingKey::from_ec_pem(&self.pem(name)?).map_err(wrong)
            }
            name => EncodingKey::from_ed_pem(&self.pem(name)?).map_err(wrong),
        }
    }

    fn pem(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.folder.join(format!("{name}.pem"));
        std::fs::read(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))
    }
}
