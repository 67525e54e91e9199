//! TLS to the router: exactly one certificate, or any that an authority signed for the router's name. Whatever fails
//! says what to do about it, because routers come without a certificate and make odd ones.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::connection::{Dial, RouterStream, dial_tcp};

/// Encryption of the connection to the router.
#[derive(Clone, Debug, Default)]
pub enum Tls {
    /// None: the password goes in clear.
    #[default]
    Off,
    /// The one certificate with this SHA-256, which RouterOS shows as `fingerprint` in `/certificate print`. Names
    /// and dates in it do not matter, so it works with every certificate that RouterOS makes, and without a clock.
    Pinned([u8; 32]),
    /// Any valid certificate for the host of the address that one of these signed.
    Verify(Authorities),
}

/// Certificates of authorities.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<RootCertStore>);

impl Authorities {
    /// Those of a PEM file. What in a large collection cannot be an authority is left out; the error, when nothing
    /// is left, is for people.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|error| format!("is not PEM: {error}"))?;
        let mut store = RootCertStore::empty();
        let (taken, _) = store.add_parsable_certificates(certificates);
        if taken == 0 {
            return Err("holds no certificate of an authority in PEM form (BEGIN CERTIFICATE)".to_owned());
        }
        Ok(Self(Arc::new(store)))
    }
}

/// Why there is no TLS with the router, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TlsFailure(String);

fn failure(why: impl Into<String>) -> io::Error {
    io::Error::other(TlsFailure(why.into()))
}

/// Connections as `tls` wants them to `address`, which is `host:port`. A handshake that the router does not
/// answer fails a little before `limit`, so that it gets an error of its own.
pub(super) fn dial(tls: &Tls, address: &str, limit: Duration) -> Dial {
    let address: Arc<str> = address.into();
    let Some(config) = client_config(tls) else {
        return Arc::new(move || Box::pin(dial_tcp(Arc::clone(&address))));
    };
    let connector = TlsConnector::from(Arc::new(config));
    let name = server_name(&address);
    let timeouts = limit.mul_f32(0.9);
    Arc::new(move || {
        let (connector, name, address) = (connector.clone(), name.clone(), Arc::clone(&address));
        Box::pin(async move {
            let until = Instant::now() + timeouts;
            let name = name.map_err(failure)?;
            let plain = dial_tcp(address).await?;
            match timeout_at(until, connector.connect(name, plain)).await {
                Ok(Ok(stream)) => Ok(Box::new(stream) as RouterStream),
                Ok(Err(error)) => Err(failure(explain(&error))),
                Err(_) => Err(failure(format!("the router says nothing in the TLS handshake; {PORT}"))),
            }
        })
    })
}

/// The name that a certificate must be for.
fn server_name(address: &str) -> Result<ServerName<'static>, String> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned())
        .map_err(|_| format!("no certificate can be for {host:?}; write an address or a name of letters"))
}

/// `None` for no TLS. The provider is named here: no other part of the process decides it.
fn client_config(tls: &Tls) -> Option<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3");
    let mut config = match tls {
        Tls::Off => return None,
        Tls::Pinned(pin) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pin { pin: *pin, provider }))
            .with_no_client_auth(),
        Tls::Verify(authorities) => {
            builder.with_root_certificates(Arc::clone(&authorities.0)).with_no_client_auth()
        }
    };
    // Every connection verifies the certificate again.
    config.resumption = Resumption::disabled();
    Some(config)
}

/// Accepts one certificate, whatever is written in it. That the router holds its key is proven all the same.
#[derive(Debug)]
struct Pin {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown: [u8; 32] = Sha256::digest(end_entity).into();
        if shown == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let mismatch = Mismatch { pin: HEXLOWER.encode(&self.pin), shown: HEXLOWER.encode(&shown) };
        Err(CertificateError::Other(OtherError(Arc::new(mismatch))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug, thiserror::Error)]
#[error(
    "the router shows another certificate than the pinned one: its fingerprint is {shown}, router.tls_fingerprint is \
     {pin}; if you made another certificate, compare with /certificate print on the router itself and write that one, \
     else somebody stands in between"
)]
struct Mismatch {
    pin: String,
    shown: String,
}

const PORT: &str = "is it the port of api-ssl, usually 8729, and not that of api?";
const PIN: &str = "or use router.tls = \"pinned\" with its fingerprint";

/// What a failed handshake means.
fn explain(error: &io::Error) -> String {
    use rustls::Error;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => explain_certificate(why),
        Some(Error::InvalidMessage(_)) => {
            format!("the router answers with something that is not TLS; {PORT}")
        }
        // Anonymous Diffie-Hellman is all that api-ssl offers without a certificate, and we offer none of it.
        Some(Error::AlertReceived(AlertDescription::HandshakeFailure)) => {
            no_certificate("refuses the handshake", "its TLS is too old: update RouterOS")
        }
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_)) => {
            format!(
                "the router's TLS is too old ({error}): set tls-version=only-1.2 on api-ssl, or update RouterOS"
            )
        }
        Some(_) => format!("the TLS handshake failed: {error}"),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                no_certificate("hangs up in the handshake", PORT)
            }
            _ => format!("the TLS handshake failed: {error}"),
        },
    }
}

fn no_certificate(what: &str, otherwise: &str) -> String {
    format!(
        "the router {what}: most likely it offers no certificate; make one and set it on api-ssl. If it has one, \
         {otherwise}"
    )
}

fn explain_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the router's certificate ended on {}, and here it is {}: make another one {PIN}",
            day(*not_after),
            day(*time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the router's certificate begins on {}, and here it is {}: if the clock of this machine is wrong, set it \
             or wait until it is; a pinned certificate needs no clock",
            day(*not_before),
            day(*time)
        ),
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => format!(
            "the router's certificate names nobody, at most as its common name, which does not count: make one with \
             subject-alt-name {} {PIN}",
            alt_name(expected)
        ),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "the router's certificate is for {}, not for {}: write router.address as the certificate has it, make one \
             for that name {PIN}",
            presented.join(", "),
            expected.to_str()
        ),
        CertificateError::UnknownIssuer => {
            format!("no certificate in router.tls_ca_file signed the router's: write the one that did {PIN}")
        }
        CertificateError::BadSignature => {
            "a signature is wrong: the router does not hold the key of the certificate \
             that it shows, or another authority of the same name signed it; somebody may stand in between"
                .to_owned()
        }
        CertificateError::Other(why) if why.0.is::<Mismatch>() => why.0.to_string(),
        // The verifier's own word for it, and the only form in which it comes.
        CertificateError::Other(why) if why.0.to_string() == "CaUsedAsEndEntity" => format!(
            "the router shows the certificate of an authority, as RouterOS makes them when key-usage is not narrowed: \
             make one with key-usage=tls-server and have an authority sign it {PIN}"
        ),
        other => format!("the router's certificate cannot be accepted ({other}): make another one {PIN}"),
    }
}

fn alt_name(name: &ServerName<'_>) -> String {
    match name {
        ServerName::IpAddress(_) => format!("IP:{}", name.to_str()),
        _ => format!("DNS:{}", name.to_str()),
    }
}

/// A day in UTC.
fn day(at: UnixTime) -> String {
    let at = i64::try_from(at.as_secs()).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    at.map_or_else(|| "a day out of reach".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_host_of_the_address() {
        for (address, host) in [
            ("192.168.88.1:8729", "192.168.88.1"),
            ("router.lan:8729", "router.lan"),
            ("[fd00::1]:8729", "fd00::1"),
        ] {
            assert_eq!(server_name(address).unwrap().to_str(), host);
        }
        assert!(server_name("a b:1").is_err());
    }

    #[test]
    fn only_certificates_are_authorities() {
        let ca = include_bytes!("../../tests/fixtures/tls/ca.pem");
        let key = include_bytes!("../../tests/fixtures/tls/test-only.key");
        assert!(Authorities::from_pem(&[&key[..], &ca[..]].concat()).is_ok());
        let broken: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        let nonsense: &[u8] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in [&b""[..], key, broken, nonsense] {
            let error = Authorities::from_pem(pem).unwrap_err();
            assert!(error.contains("PEM"), "{error}");
        }
    }
}
