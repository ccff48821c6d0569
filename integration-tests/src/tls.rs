//! The client's side of TLS, with or without a client certificate.

use meshward_testkit::pki::{Pair, Pki};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

/// How a client speaks TLS.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ClientConfig>);

/// A connection.
pub type Stream = StreamOwned<ClientConnection, TcpStream>;

impl Tls {
    /// A client that believes the authority, and is this workload; nobody where none is named.
    ///
    /// # Panics
    /// When the certificate cannot be made.
    #[must_use]
    pub fn of(pki: &Pki, workload: Option<&str>) -> Self {
        let pair = workload.map(|uri| pki.workload(uri).unwrap_or_else(|what| panic!("{what}")));
        Self::with(pki, pair.as_deref())
    }

    /// A client that believes the authority, with this certificate.
    ///
    /// # Panics
    /// When the certificate and the key do not fit.
    #[must_use]
    pub fn with(pki: &Pki, pair: Option<&Pair>) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(pki.authority_der()))
            .expect("the authority is a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the library knows its own versions")
            .with_root_certificates(roots);
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let key = PrivatePkcs8KeyDer::from(pair.key_der.clone());
                let chain = vec![CertificateDer::from(pair.der.clone())];
                builder
                    .with_client_auth_cert(chain, PrivateKeyDer::Pkcs8(key))
                    .expect("the key fits the certificate")
            }
        };
        Self(Arc::new(config))
    }

    /// Speaks TLS over a connection.
    ///
    /// # Panics
    /// When the library cannot begin.
    #[must_use]
    pub fn over(&self, stream: TcpStream) -> Stream {
        let name = ServerName::from(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST));
        let connection =
            ClientConnection::new(Arc::clone(&self.0), name).expect("a connection can be begun");
        StreamOwned::new(connection, stream)
    }
}
