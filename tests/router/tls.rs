//! The router client over TLS: real handshakes with the simulated router, good ones and all that can go wrong.
#![cfg(feature = "sim")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kuota::domain::id::Mac;
use kuota::routeros::client::{ClientConfig, Password, RouterClient};
use kuota::routeros::tls::{Authorities, Tls};
use kuota::routeros::{Router, RouterError};
use kuota::sim::{ConnectionMode, Fault, SimConfig, SimRouter, SimTls, When};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const KEY: &str = include_str!("../fixtures/tls/test-only.key");
const CA: &str = include_str!("../fixtures/tls/ca.pem");
const NAMED: &str = include_str!("../fixtures/tls/named.pem");
const ELSEWHERE: &str = include_str!("../fixtures/tls/elsewhere.pem");
const CN_ONLY: &str = include_str!("../fixtures/tls/cn-only.pem");
const EXPIRED: &str = include_str!("../fixtures/tls/expired.pem");
const NOT_YET: &str = include_str!("../fixtures/tls/not-yet.pem");
const SELF_SIGNED: &str = include_str!("../fixtures/tls/self-signed.pem");

async fn router(cert: &str) -> SimRouter {
    router_with(SimTls::new(cert, KEY)).await
}

async fn router_with(tls: SimTls) -> SimRouter {
    SimRouter::start(SimConfig { tls: Some(tls), ..SimConfig::default() }).await.unwrap()
}

fn client(address: &str, tls: Tls) -> RouterClient {
    let config = ClientConfig::new(address, "agent", Password::from("rahasia"));
    // A handshake in a test build on a busy machine takes its time.
    RouterClient::spawn(ClientConfig { tls, timeout: Duration::from_mins(1), ..config })
}

fn client_of(sim: &SimRouter, tls: Tls) -> RouterClient {
    client(&sim.address().to_string(), tls)
}

/// SHA-256 of the certificate, reckoned apart from the client.
fn pin(cert: &str) -> [u8; 32] {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    Sha256::digest(CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()).into()
}

fn hex(bytes: [u8; 32]) -> String {
    kuota::settings::Fingerprint(bytes).to_string()
}

fn by_ca() -> Tls {
    Tls::Verify(Authorities::from_pem(CA.as_bytes()).unwrap())
}

/// Why no reading could be made.
async fn refusal(client: &RouterClient) -> String {
    match client.read_hosts().await {
        Err(RouterError::Lost(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn says(why: &str, all: &[&str]) {
    for part in all {
        assert!(why.contains(part), "{part:?} is not in: {why}");
    }
}

#[tokio::test]
async fn a_pinned_certificate_is_accepted_whatever_is_written_in_it() {
    for cert in [NAMED, ELSEWHERE, CN_ONLY, EXPIRED, NOT_YET, SELF_SIGNED] {
        for only_tls12 in [false, true] {
            let sim = router_with(SimTls { only_tls12, ..SimTls::new(cert, KEY) }).await;
            sim.host_connect(Mac([2, 0, 0, 0, 0, 1]), [10, 5, 50, 1].into());
            let client = client_of(&sim, Tls::Pinned(pin(cert)));
            assert_eq!(client.read_hosts().await.unwrap().rows.len(), 1);
            client.read_access().await.unwrap();
        }
    }
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused_and_both_are_shown() {
    let sim = router(NAMED).await;
    let why = refusal(&client_of(&sim, Tls::Pinned(pin(ELSEWHERE)))).await;
    says(&why, &[&hex(pin(ELSEWHERE)), &hex(pin(NAMED)), "router.tls_fingerprint"]);
    assert_eq!(sim.stats().commands.get("/login"), None, "no password to a stranger");
}

/// Somebody who has the certificate and not its key.
#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    use rustls::version::{TLS12, TLS13};
    #[derive(Debug)]
    struct Thief(Arc<rustls::sign::CertifiedKey>);
    impl rustls::server::ResolvesServerCert for Thief {
        fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let chain = vec![CertificateDer::from_pem_slice(NAMED.as_bytes()).unwrap()];
    // Any key but the right one.
    let other = include_bytes!("../fixtures/tls/other-test-only.key");
    let key = PrivateKeyDer::from_pem_slice(other).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let thief = Arc::new(Thief(Arc::new(rustls::sign::CertifiedKey::new(chain, key))));
    for version in [&TLS12, &TLS13] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(thief.clone());
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let let_in = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&let_in);
        let address = serve(move |stream| {
            let (acceptor, count) = (acceptor.clone(), Arc::clone(&count));
            async move {
                if acceptor.accept(stream).await.is_ok() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
        .await;
        let why = refusal(&client(&address, Tls::Pinned(pin(NAMED)))).await;
        says(&why, &["does not hold the key"]);
        assert_eq!(let_in.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_certificate_of_the_authority_is_accepted_by_address_and_by_name() {
    for only_tls12 in [false, true] {
        let sim = router_with(SimTls { only_tls12, ..SimTls::new(NAMED, KEY) }).await;
        client_of(&sim, by_ca()).read_hosts().await.unwrap();
    }
    // "localhost" leads to the router and stands in no certificate.
    let sim = router(NAMED).await;
    let why = refusal(&client(&format!("localhost:{}", sim.address().port()), by_ca())).await;
    says(&why, &["not for localhost", "127.0.0.1", "router.test", "router.address"]);
}

#[tokio::test]
async fn an_authority_refuses_everything_else_and_says_what_to_do() {
    let expectations: [(&str, &[&str]); 5] = [
        (ELSEWHERE, &["not for 127.0.0.1", "elsewhere.test", "192.0.2.1", "router.address"]),
        (CN_ONLY, &["names nobody", "subject-alt-name IP:127.0.0.1", "pinned"]),
        (EXPIRED, &["ended on 2002-01-01", "here it is 2", "make another"]),
        (NOT_YET, &["begins on 2140-01-01", "clock of this machine", "a pinned certificate needs no clock"]),
        (SELF_SIGNED, &["of an authority", "key-usage", "pinned"]),
    ];
    for (cert, parts) in expectations {
        let sim = router(cert).await;
        let why = refusal(&client_of(&sim, by_ca())).await;
        says(&why, parts);
        assert_eq!(sim.stats().commands.get("/login"), None, "no password to a stranger");
    }
    let stranger = Tls::Verify(Authorities::from_pem(SELF_SIGNED.as_bytes()).unwrap());
    let why = refusal(&client_of(&router(NAMED).await, stranger)).await;
    says(&why, &["router.tls_ca_file", "pinned"]);
}

/// A server of whatever kind; its address.
async fn serve<F: Future<Output = ()> + Send + 'static>(
    talk: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream));
        }
    });
    address
}

/// Answers a TLS hello with these bytes and hangs up, after hearing all of it: else the answer could be lost.
async fn answers(bytes: &'static [u8]) -> String {
    serve(move |mut stream| async move {
        let mut head = [0; 5];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        if stream.read_exact(&mut hello).await.is_ok() {
            let _gone = stream.write_all(bytes).await;
            let _gone = stream.shutdown().await;
        }
    })
    .await
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_a_router_without_a_certificate() {
    let rows: [(&[u8], &[&str]); 6] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", &["not TLS", "api-ssl, usually 8729"]),
        (b"\x06!fatal\x0dnot logged in\x00", &["not TLS", "api-ssl, usually 8729"]),
        (b"", &["hangs up", "offers no certificate", "set it on api-ssl"]),
        // Alerts: handshake failure, protocol version, internal error.
        (b"\x15\x03\x03\x00\x02\x02\x28", &["refuses", "offers no certificate", "set it on api-ssl"]),
        (b"\x15\x03\x01\x00\x02\x02\x46", &["too old", "tls-version=only-1.2"]),
        (b"\x15\x03\x03\x00\x02\x02\x50", &["handshake failed", "InternalError"]),
    ];
    for (bytes, parts) in rows {
        let address = answers(bytes).await;
        for tls in [by_ca(), Tls::Pinned([0; 32])] {
            says(&refusal(&client(&address, tls)).await, parts);
        }
    }
}

#[tokio::test]
async fn a_port_without_tls_is_told_and_gets_no_password() {
    let sim = SimRouter::start(SimConfig::default()).await.unwrap();
    let config = ClientConfig::new(sim.address().to_string(), "agent", Password::from("rahasia"));
    let timeout = Duration::from_secs(2);
    let client = RouterClient::spawn(ClientConfig { tls: by_ca(), timeout, ..config });
    let why = refusal(&client).await;
    says(&why, &["api-ssl, usually 8729"]);
    assert_eq!(sim.stats().commands.get("/login"), None);
}

#[tokio::test]
async fn silence_in_the_handshake_ends_in_time_and_is_told_from_a_router_that_is_away() {
    let sim = router(NAMED).await;
    sim.connections(ConnectionMode::Hang).await;
    let config = ClientConfig::new(sim.address().to_string(), "agent", Password::from("rahasia"));
    let timeout = Duration::from_millis(400);
    let client = RouterClient::spawn(ClientConfig { tls: by_ca(), timeout, ..config });
    let before = Instant::now();
    says(&refusal(&client).await, &["says nothing in the TLS handshake", "8729"]);
    assert!(before.elapsed() < Duration::from_secs(20));
    sim.connections(ConnectionMode::Refuse).await;
    let away = RouterClient::spawn(ClientConfig {
        tls: by_ca(),
        ..ClientConfig::new(sim.address().to_string(), "agent", Password::from("rahasia"))
    });
    says(&refusal(&away).await, &["cannot connect", "refused"]);
}

#[tokio::test]
async fn a_host_that_no_certificate_can_be_for_is_named() {
    let why = refusal(&client("a b:8729", by_ca())).await;
    says(&why, &["\"a b\""]);
}

#[tokio::test]
async fn ten_thousand_rows_and_a_cut_in_the_middle_are_the_same_over_tls() {
    let sim = router(NAMED).await;
    for n in 1..=10_000_u16 {
        let [high, low] = n.to_be_bytes();
        sim.host_connect(Mac([2, 0, 0, 0, high, low]), [10, 5, high, low].into());
    }
    let client = client_of(&sim, Tls::Pinned(pin(NAMED)));
    assert_eq!(client.read_hosts().await.unwrap().rows.len(), 10_000);
    sim.fault(Fault::CutAfterRows(5000), When::next("/ip/hotspot/host/print"));
    let why = refusal(&client).await;
    assert!(!client.health().connected, "{why}");
}
