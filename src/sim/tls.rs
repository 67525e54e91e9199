//! The port under TLS, as `api-ssl` with a certificate. Without one a router offers anonymous Diffie-Hellman only,
//! which this library has not: that handshake fails before any of this.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

/// A certificate for `api-ssl`.
#[derive(Clone, PartialEq, Eq)]
pub struct SimTls {
    /// The router's certificate and those between it and an authority, in PEM.
    pub cert_chain_pem: String,
    /// Its private key, in PEM.
    pub key_pem: String,
    /// As `tls-version=only-1.2` on the service.
    pub only_tls12: bool,
}

impl SimTls {
    /// TLS 1.2 and 1.3 with this certificate.
    pub fn new(cert_chain_pem: impl Into<String>, key_pem: impl Into<String>) -> Self {
        Self { cert_chain_pem: cert_chain_pem.into(), key_pem: key_pem.into(), only_tls12: false }
    }
}

impl fmt::Debug for SimTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTls").field("only_tls12", &self.only_tls12).finish_non_exhaustive()
    }
}

/// What takes connections in.
///
/// # Errors
/// Certificate and key are no PEM, or do not belong together.
pub(super) fn acceptor(tls: &SimTls) -> io::Result<TlsAcceptor> {
    let unfit = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(tls.cert_chain_pem.as_bytes()).collect();
    let chain = chain.map_err(|error| unfit(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_slice(tls.key_pem.as_bytes()).map_err(|error| unfit(error.to_string()))?;
    let versions: &[_] = if tls.only_tls12 { &[&TLS12] } else { &[&TLS12, &TLS13] };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| unfit(error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
