//! Certificates for a run: an authority, a server, and a workload for every name that is asked for.
//!
//! They are made when they are needed and never written down, so nothing in the checkout can expire or leak.

use meshward_engine::config::Timestamp;
use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// An authority, and the certificates that it has signed.
pub struct Pki {
    authority: CertifiedIssuer<'static, KeyPair>,
    workloads: Mutex<BTreeMap<String, Arc<Pair>>>,
}

/// A certificate and its key.
pub struct Pair {
    /// The certificate, in PEM.
    pub certificate: String,
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// The key (PKCS #8), in PEM.
    pub key: String,
    /// The key (PKCS #8), in DER.
    pub key_der: Vec<u8>,
}

impl fmt::Debug for Pki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pki").finish_non_exhaustive()
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}

impl Pki {
    /// Makes an authority.
    ///
    /// # Errors
    /// A sentence, when the library fails.
    pub fn new() -> Result<Self, String> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority of a test run");
        let authority = KeyPair::generate()
            .and_then(|key| CertifiedIssuer::self_signed(params, key))
            .map_err(|e| sentence(&e))?;
        Ok(Self {
            authority,
            workloads: Mutex::default(),
        })
    }

    /// The authority's own certificate, in PEM.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// The authority's own certificate, in DER.
    #[must_use]
    pub fn authority_der(&self) -> Vec<u8> {
        self.authority.der().to_vec()
    }

    /// A certificate for a server on `127.0.0.1`, with a URI name where one is given.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn server(&self, uri: Option<&str>) -> Result<Pair, String> {
        let mut params =
            CertificateParams::new(vec!["127.0.0.1".to_owned()]).map_err(|e| sentence(&e))?;
        if let Some(uri) = uri {
            params.subject_alt_names.push(name(uri)?);
        }
        self.sign(&params)
    }

    /// The certificate of a workload: the same one whenever the same name is asked for.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn workload(&self, uri: &str) -> Result<Arc<Pair>, String> {
        let mut known = self
            .workloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = known.get(uri) {
            return Ok(Arc::clone(pair));
        }
        let pair = Arc::new(self.sign(&named(&[uri])?)?);
        known.insert(uri.to_owned(), Arc::clone(&pair));
        Ok(pair)
    }

    /// A certificate with these URI names, good until a moment.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn until(&self, uris: &[&str], end: Timestamp) -> Result<Pair, String> {
        let mut params = named(uris)?;
        params.not_after = (UNIX_EPOCH + Duration::from_micros(end.0)).into();
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Result<Pair, String> {
        let key = KeyPair::generate().map_err(|e| sentence(&e))?;
        let certificate = params
            .signed_by(&key, &self.authority)
            .map_err(|e| sentence(&e))?;
        Ok(Pair {
            certificate: certificate.pem(),
            der: certificate.der().to_vec(),
            key: key.serialize_pem(),
            key_der: key.serialize_der(),
        })
    }
}

impl Pair {
    /// The SHA-256 digest of the certificate.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }
}

fn named(uris: &[&str]) -> Result<CertificateParams, String> {
    let mut params = CertificateParams::default();
    for uri in uris {
        params.subject_alt_names.push(name(uri)?);
    }
    Ok(params)
}

fn name(uri: &str) -> Result<SanType, String> {
    Ia5String::try_from(uri)
        .map(SanType::URI)
        .map_err(|e| sentence(&e))
}

fn sentence(error: &rcgen::Error) -> String {
    format!("cannot make a certificate: {error}")
}
