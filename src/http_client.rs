//! The client side of HTTP for every part that calls another server: the gateway's and the relay's. One place decides
//! whom TLS believes and what a client never does.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// How long making a connection, TLS included, may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept. Shorter than servers and routers keep theirs: a request into a connection that
/// is just being closed ends without anybody knowing whether it was carried out.
const IDLE_KEPT: Duration = Duration::from_secs(15);

/// A client for http and https addresses. The caller sets its time-outs.
///
/// TLS believes the authorities that the system believes (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others). They are
/// taken rather than a list built into the program because the code that reads them is part of the HTTP client
/// anyhow, the system's updates keep them true for as long as a box stands in a cupboard, and an operator can add an
/// authority of their own. On a system without any, http works and https says that the issuer is unknown.
///
/// It follows no redirect, because a payment is answered by the address that was asked, and goes through no proxy of
/// the environment, because that would be a setting that no configuration shows.
pub fn builder() -> reqwest::ClientBuilder {
    // Read once: the system's list is some hundred kilobytes of text.
    static CONFIG: OnceLock<ClientConfig> = OnceLock::new();
    with_tls(CONFIG.get_or_init(|| trusting(system_roots())).clone())
}

fn with_tls(config: ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("kuota/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_KEPT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let (_, odd) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!(
            odd,
            "the system has no certificates of authorities: https to other servers will fail"
        );
    }
    roots
}

/// TLS of other protocols than HTTP, by the same rules: it believes the authorities of a file in PEM, or the system's.
/// The error is for people.
pub fn tls_config(authorities: Option<&Path>) -> Result<ClientConfig, String> {
    let Some(file) = authorities else { return Ok(trusting(system_roots())) };
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut roots = RootCertStore::empty();
    for certificate in certificates.map_err(|error| error.to_string())? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(trusting(roots)) }
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::net::SocketAddr;

    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const CA: &[u8] = include_bytes!("../tests/fixtures/tls/ca.pem");
    const NAMED: &[u8] = include_bytes!("../tests/fixtures/tls/named.pem");
    const KEY: &[u8] = include_bytes!("../tests/fixtures/tls/test-only.key");

    async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await.unwrap() == 0 {
                return;
            }
        }
        let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
        stream.write_all(reply.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }

    /// A server with the certificate that the test authority signed, and one without any.
    async fn servers() -> (SocketAddr, SocketAddr) {
        let chain = CertificateDer::pem_slice_iter(NAMED).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let secure = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = (secure.local_addr().unwrap(), plain.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = secure.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream).await;
                }
            }
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = plain.accept().await {
                answer(stream).await;
            }
        });
        addresses
    }

    /// What the address says, or why nothing.
    async fn get(roots: RootCertStore, url: String) -> Result<String, String> {
        let client = with_tls(trusting(roots)).build().unwrap();
        match client.get(url).send().await {
            Ok(response) => Ok(response.text().await.unwrap()),
            Err(error) => {
                assert!(error.is_connect(), "{error:?}");
                let causes =
                    std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
                Err(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
            }
        }
    }

    #[tokio::test]
    async fn https_wants_an_authority_and_http_does_not() {
        let (secure, plain) = servers().await;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CA).unwrap()).unwrap();
        assert_eq!(get(roots.clone(), format!("https://{secure}/")).await, Ok("hi".to_owned()));
        assert_eq!(get(roots, format!("http://{plain}/")).await, Ok("hi".to_owned()));
        let none = RootCertStore::empty;
        assert_eq!(get(none(), format!("http://{plain}/")).await, Ok("hi".to_owned()));
        for roots in [none(), system_roots()] {
            let refusal = get(roots, format!("https://{secure}/")).await.unwrap_err();
            assert!(refusal.contains("UnknownIssuer"), "{refusal}");
        }
    }

    #[test]
    fn a_client_can_always_be_built() {
        assert!(builder().build().is_ok());
    }
}
