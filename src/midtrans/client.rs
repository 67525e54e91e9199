//! The gateway over HTTP: one request for each call, an answer within its limit, and a name for everything that can
//! go wrong by what it means for the order.

use std::error::Error;
use std::time::Duration;

use data_encoding::HEXLOWER;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::{KeySource, MerchantAccess, ServerKey, below};
use super::gateway::{Charge, Charged, Gateway, GatewayError, GatewayFuture};
use super::outcome::{AcceptedAnswer, CallKind, read, shortened};
use super::{answer, charge};
use crate::domain::order::OnlineMethod;
use crate::domain::payment::GatewayReport;
use crate::domain::units::Rupiah;
use crate::http_client;

/// The largest answer that is read. The largest that is known has some kilobytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The gateway ignores a longer key without a word.
const IDEMPOTENCY_KEY_MAX: usize = 46;
/// The gateway's code for a transaction that it does not have.
const CODE_NOT_FOUND: u16 = 404;

/// Midtrans, for one merchant account. Callers pace their calls.
#[derive(Debug)]
pub struct Midtrans {
    http: Client,
    key: KeySource,
    core: Url,
    snap: Url,
}

impl Midtrans {
    /// A client for the account. The error, for people, says what of the access cannot be used.
    pub fn new(access: MerchantAccess) -> Result<Self, String> {
        if access.server_key.key().expose().is_empty() {
            return Err("the server key is empty".to_owned());
        }
        let (core, snap) = (access.core()?, access.snap()?);
        let json = HeaderValue::from_static("application/json");
        // Both on every request: the gateway refuses those without.
        let headers = HeaderMap::from_iter([(ACCEPT, json.clone()), (CONTENT_TYPE, json)]);
        let http = http_client::builder().default_headers(headers).build();
        let http = http.map_err(|error| format!("the HTTP client cannot be set up: {}", reasons(error)))?;
        Ok(Self { http, key: access.server_key, core, snap })
    }

    async fn open(&self, charge: &Charge, key: &str, limit: Duration) -> Result<Charged, GatewayError> {
        let (call, url, body) = match charge::core(charge) {
            Some(body) => (CallKind::Charge, below(&self.core, &["v2", "charge"]), body),
            None => (CallKind::Page, below(&self.snap, &["transactions"]), charge::page(charge)),
        };
        let mut request = self.post(url, &body).header("Idempotency-Key", idempotency_key(key));
        if let Some(url) = &charge.notification_url {
            request = request.header("X-Override-Notification", notification_header(url)?);
        }
        self.ask(call, request, limit, |answer| match call {
            CallKind::Page => answer::page(answer),
            CallKind::Charge | CallKind::Status | CallKind::Cancel | CallKind::Refund => {
                answer::charged(answer)
            }
        })
        .await
    }

    async fn look(&self, id: &str, limit: Duration) -> Result<Option<GatewayReport>, GatewayError> {
        let request = self.http.get(self.transaction(id, "status")?);
        none_if_unknown(self.ask(CallKind::Status, request, limit, answer::report).await)
    }

    async fn look_closer(&self, id: &str, limit: Duration) -> Result<Option<Charged>, GatewayError> {
        let request = self.http.get(self.transaction(id, "status")?);
        none_if_unknown(self.ask(CallKind::Status, request, limit, answer::charged).await)
    }

    async fn call_off(&self, id: &str, limit: Duration) -> Result<Option<GatewayReport>, GatewayError> {
        let request = self.post(self.transaction(id, "cancel")?, &json!({}));
        none_if_unknown(self.ask(CallKind::Cancel, request, limit, answer::report).await)
    }

    async fn give_back(
        &self,
        id: &str,
        amount: Rupiah,
        key: &str,
        reason: &str,
        limit: Duration,
    ) -> Result<(), GatewayError> {
        let body = json!({ "refund_key": key, "amount": amount.0, "reason": reason });
        let request = self.post(self.transaction(id, "refund")?, &body);
        self.ask(CallKind::Refund, request, limit, |_| Ok(())).await
    }

    /// Where something is done with a transaction. Ids go into the path, so one that is nothing there is refused.
    fn transaction(&self, id: &str, what: &str) -> Result<Url, GatewayError> {
        if matches!(id, "" | "." | "..") {
            let message = format!("{id:?} is no id of a transaction; nothing was sent");
            return Err(GatewayError::Rejected { code: 400, message });
        }
        Ok(below(&self.core, &["v2", id, what]))
    }

    fn post(&self, url: Url, body: &Value) -> RequestBuilder {
        self.http.post(url).body(body.to_string())
    }

    /// Makes the one request of a call and reads its answer.
    async fn ask<T>(
        &self,
        call: CallKind,
        request: RequestBuilder,
        limit: Duration,
        take: impl FnOnce(&AcceptedAnswer<'_>) -> Result<T, GatewayError>,
    ) -> Result<T, GatewayError> {
        let key = self.key.key();
        let request = request.basic_auth(key.expose(), Some("")).timeout(limit);
        let outcome = async {
            let response = request.send().await.map_err(|error| failure(error, limit))?;
            let http = response.status().as_u16();
            let body = body(response, limit).await?;
            read(call, http, &body).and_then(|answer| take(&answer))
        };
        outcome.await.map_err(|error| without_key(error, &key))
    }
}

impl Gateway for Midtrans {
    fn charge<'a>(
        &'a self,
        charge: &'a Charge,
        key: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Charged, GatewayError>> {
        Box::pin(self.open(charge, key, limit))
    }

    fn status<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(self.look(id, limit))
    }

    fn recall<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<Charged>, GatewayError>> {
        Box::pin(self.look_closer(id, limit))
    }

    fn cancel<'a>(
        &'a self,
        id: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<Option<GatewayReport>, GatewayError>> {
        Box::pin(self.call_off(id, limit))
    }

    fn refund<'a>(
        &'a self,
        id: &'a str,
        amount: Rupiah,
        key: &'a str,
        reason: &'a str,
        limit: Duration,
    ) -> GatewayFuture<'a, Result<(), GatewayError>> {
        Box::pin(self.give_back(id, amount, key, reason, limit))
    }

    /// All but Permata, for which the gateway documents that it ignores keys. The payment page makes no transaction
    /// before the customer chooses, so opening it again for the same order id is harmless whatever the key does.
    fn repeats_safely(&self, method: OnlineMethod) -> bool {
        method != OnlineMethod::VaPermata
    }
}

/// The whole body, unless it is too large to be an answer of the gateway.
async fn body(mut response: Response, limit: Duration) -> Result<Vec<u8>, GatewayError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(error, limit))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(GatewayError::Unknown(format!("it is larger than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A key that the gateway heeds: as given where it can be, else a digest of it, which is as good a name.
fn idempotency_key(key: &str) -> String {
    let heeded = (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if heeded {
        return key.to_owned();
    }
    let mut digest = HEXLOWER.encode(&Sha256::digest(key.as_bytes()));
    digest.truncate(IDEMPOTENCY_KEY_MAX);
    digest
}

/// One address for this charge's notifications. It holds a secret, so it is marked as one.
fn notification_header(url: &str) -> Result<HeaderValue, GatewayError> {
    // The gateway reads a comma as the beginning of another address.
    let url = Url::parse(url).ok().filter(|url| !url.as_str().contains(','));
    let header = url.and_then(|url| HeaderValue::from_str(url.as_str()).ok());
    let Some(mut header) = header else {
        let message = "the address for notifications cannot be sent along; nothing was sent".to_owned();
        return Err(GatewayError::Misconfigured { code: 400, message });
    };
    header.set_sensitive(true);
    Ok(header)
}

/// The gateway has no such transaction: an answer, and not a refusal.
fn none_if_unknown<T>(outcome: Result<T, GatewayError>) -> Result<Option<T>, GatewayError> {
    match outcome {
        Err(GatewayError::Rejected { code: CODE_NOT_FOUND, .. }) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// A request that found no answer. Only one for which no connection could be made was surely not sent.
fn failure(error: reqwest::Error, limit: Duration) -> GatewayError {
    if error.is_connect() {
        return GatewayError::Unreachable(reasons(error));
    }
    if error.is_timeout() {
        return GatewayError::Unknown(format!("none came within {} ms", limit.as_millis()));
    }
    GatewayError::Unknown(reasons(error))
}

/// An error and what caused it, without the address.
fn reasons(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    shortened(&text)
}

/// The same error without our key, should somebody have echoed it.
fn without_key(error: GatewayError, key: &ServerKey) -> GatewayError {
    use GatewayError::{Duplicate, Misconfigured, Rejected, Settled, SlowDown, Unknown, Unreachable};
    let clean = |text: String| key.struck_from(&text);
    match error {
        Unreachable(text) => Unreachable(clean(text)),
        Unknown(text) => Unknown(clean(text)),
        SlowDown => SlowDown,
        Duplicate(text) => Duplicate(clean(text)),
        Settled(text) => Settled(clean(text)),
        Rejected { code, message } => Rejected { code, message: clean(message) },
        Misconfigured { code, message } => Misconfigured { code, message: clean(message) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_always_fits() {
        let uuid = "2b0b3a52-7a1b-4d3e-9a0f-000000000001";
        assert_eq!(idempotency_key(uuid), uuid);
        assert_eq!(idempotency_key(&"k".repeat(46)), "k".repeat(46));
        for key in
            ["k".repeat(47), format!("{uuid}/charge/retry"), String::new(), "a b".to_owned(), "é".to_owned()]
        {
            let fitted = idempotency_key(&key);
            assert!(fitted.len() == 46 && fitted.bytes().all(|b| b.is_ascii_hexdigit()), "{fitted}");
            assert_eq!(fitted, idempotency_key(&key));
        }
        assert_ne!(idempotency_key(&"k".repeat(47)), idempotency_key(&"k".repeat(48)));
    }

    #[test]
    fn one_address_goes_into_the_notification_header() {
        let header = notification_header("https://relay.example/midtrans/notification/m1/secret").unwrap();
        assert!(header.is_sensitive());
        for url in ["", "relay.example", "https://a.example/,https://b.example/"] {
            assert!(notification_header(url).is_err(), "{url}");
        }
        assert_eq!(notification_header("https://a.example/\r\nX: y").unwrap(), "https://a.example/X:%20y");
    }

    #[test]
    fn an_echoed_key_is_struck_out() {
        let key = ServerKey::new("SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa");
        let said = "bad key SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa".to_owned();
        for error in [
            GatewayError::Unknown(said.clone()),
            GatewayError::Duplicate(said.clone()),
            GatewayError::Misconfigured { code: 401, message: said },
        ] {
            let text = without_key(error, &key).to_string();
            assert!(text.contains("bad key ***") && !text.contains("TESTKEY"), "{text}");
        }
    }

    #[test]
    fn only_permata_does_not_repeat_safely() {
        let access = MerchantAccess {
            environment: super::super::GatewayEnvironment::Sandbox,
            server_key: ServerKey::new("SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa").into(),
            core_url: None,
            snap_url: None,
        };
        let gateway = Midtrans::new(access.clone()).unwrap();
        for method in OnlineMethod::ALL {
            assert_eq!(gateway.repeats_safely(*method), *method != OnlineMethod::VaPermata, "{method:?}");
        }
        assert!(!format!("{gateway:?}").contains("TESTKEY"));
        assert!(
            Midtrans::new(MerchantAccess { server_key: ServerKey::new("").into(), ..access.clone() })
                .is_err()
        );
        assert!(Midtrans::new(MerchantAccess { core_url: Some("x".to_owned()), ..access }).is_err());
    }
}
