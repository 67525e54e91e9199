//! The client side of HTTP for every part that calls another server: the gateway's and the relay's. One place decides
//! whom TLS believes and what a client never does.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// How long making a connection, TLS included, may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept. Shorter than servers and routers keep theirs: a request into a connection that
/// is just being closed ends without anybody knowing whether it was carried out.
const IDLE_KEPT: Duration = Duration::from_secs(15);

/// A client for http and https addresses, to be given time-outs for its answers by whoever uses it.
///
/// TLS believes the authorities that the system believes (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others). They are
/// taken rather than a list built into the program because the code that reads them is part of the HTTP client
/// anyhow, the system's updates keep them true for as long as a box stands in a cupboard, and an operator can add an
/// authority of their own. On a system without any, http works and https says that the issuer is unknown.
///
/// It follows no redirect, because a payment is answered by the address that was asked, and goes through no proxy of
/// the environment, because that would be a setting that no configuration shows.
pub fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls())
        .user_agent(concat!("kuota/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_KEPT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

/// Read once: the system's list is some hundred kilobytes of text.
fn tls() -> ClientConfig {
    static CONFIG: OnceLock<ClientConfig> = OnceLock::new();
    let make = || {
        let mut roots = RootCertStore::empty();
        let (_, odd) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            tracing::warn!(
                odd,
                "the system has no certificates of authorities: https to other servers will fail"
            );
        }
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth()
    };
    CONFIG.get_or_init(make).clone()
}
