//! Signatures of version 4, with which calls of an object store are signed
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).

use data_encoding::HEXLOWER;
use reqwest::{Method, Url};
use ring::hmac;
use sha2::{Digest, Sha256};

use super::names::stamp;
use crate::domain::units::Timestamp;
use crate::settings::Secret;

const SERVICE: &str = "s3";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The digest of an object's content, in hex, which the store keeps with it and returns: every store does that, and not every one
/// has checksums of its own.
pub(super) const DIGEST_HEADER: &str = "x-amz-meta-sha256";

/// Keys of an object store, and the region they are used in.
#[derive(Clone, Debug)]
pub struct BucketKeys {
    /// The name of the access key.
    pub key_id: String,
    /// The secret that belongs to it.
    pub secret: Secret,
    /// The region of the bucket, such as `ap-southeast-3`.
    pub region: String,
}

/// The signed headers of one call, besides the host.
pub(super) struct SignedHeaders {
    content_sha256: String,
    date: String,
    /// Whether the digest is kept with the object.
    keeps_digest: bool,
}

impl SignedHeaders {
    /// Of a call whose body has this digest.
    pub fn new(method: &Method, content_sha256: &str, now: Timestamp) -> Self {
        Self {
            content_sha256: content_sha256.to_owned(),
            date: stamp(now),
            keeps_digest: *method == Method::PUT,
        }
    }

    /// Names and values, in the order in which they are signed.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let digest = self.keeps_digest.then_some((DIGEST_HEADER, self.content_sha256.as_str()));
        let always =
            [("x-amz-content-sha256", self.content_sha256.as_str()), ("x-amz-date", self.date.as_str())];
        always.into_iter().chain(digest)
    }
}

impl BucketKeys {
    /// The value of the header that signs a call.
    #[allow(clippy::format_push_string, reason = "three short lines for a call that waits for a network")]
    pub(super) fn authorization(&self, method: &Method, url: &Url, headers: &SignedHeaders) -> String {
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let (mut lines, mut names) = (format!("host:{host}\n"), "host".to_owned());
        for (name, value) in headers.pairs() {
            lines.push_str(&format!("{name}:{value}\n"));
            names.push_str(&format!(";{name}"));
        }
        let (path, query) = (url.path(), url.query().unwrap_or_default());
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{}", headers.content_sha256);
        let (date, region) = (headers.date.as_str(), self.region.as_str());
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{region}/{SERVICE}/aws4_request");
        let digest = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{digest}");
        let first = format!("AWS4{}", self.secret.expose()).into_bytes();
        let key = [day, region, SERVICE, "aws4_request"].iter().fold(first, |key, part| mac(&key, part));
        let signature = HEXLOWER.encode(&mac(&key, &to_sign));
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key_id
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    // The examples of the protocol's documentation, with its keys.
    #[test]
    fn requests_are_signed_as_the_documentation_signs_its_examples() {
        let keys = BucketKeys {
            key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            region: "us-east-1".to_owned(),
        };
        for (query, signature) in [
            ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com/?{query}")).unwrap();
            let headers = SignedHeaders {
                content_sha256: NOTHING.to_owned(),
                date: "20130524T000000Z".to_owned(),
                keeps_digest: false,
            };
            assert_eq!(
                keys.authorization(&Method::GET, &url, &headers),
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                     SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
                )
            );
        }
    }

    #[test]
    fn what_is_put_has_its_digest_with_it_and_the_digest_is_signed() {
        let signed = |method: Method| SignedHeaders::new(&method, NOTHING, Timestamp(1_795_323_600_000));
        let names = |headers: &SignedHeaders| headers.pairs().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(&signed(Method::GET)), ["x-amz-content-sha256", "x-amz-date"]);
        assert_eq!(names(&signed(Method::PUT)), ["x-amz-content-sha256", "x-amz-date", DIGEST_HEADER]);
        assert!(
            signed(Method::PUT).pairs().all(|(_, value)| value == NOTHING || value == "20261122T050000Z")
        );
    }
}
