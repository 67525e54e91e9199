//! The relay over HTTP, as `protocol::relay` describes it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::port::{CallTimeouts, Pending, Relay, RelayError};
use crate::domain::instance::Instance;
use crate::http_client;
use crate::protocol::health::{HealthAnswer, HealthReport};
use crate::protocol::instance::{FENCED, INSTANCE_HEADER, SiteInstance};
use crate::protocol::relay::{
    Abandoned, AdoptOrder, FeedEntry, FeedPage, OpenOrder, RefundOrder, RelayOrder,
};
use crate::settings::Secret;
use crate::tools::percent;

/// How long a call may take that asks the gateway at most once or twice.
const CALL_MAX: Duration = Duration::from_secs(15);
/// How much longer than the wait a feed call may take.
const FEED_SLACK: Duration = Duration::from_secs(10);
/// The largest answer. A full page of the feed with the longest memos stays below it.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The relay at an address.
pub struct RelayClient {
    http: Client,
    base: String,
    token: Box<dyn Fn() -> Secret + Send + Sync>,
    instance: Mutex<Instance>,
    timeouts: CallTimeouts,
    call_max: Duration,
}

impl RelayClient {
    /// A client of the relay at `url`. The token is asked for at every call, so that it may be replaced. The error
    /// is for people.
    pub fn new(url: &str, token: impl Fn() -> Secret + Send + Sync + 'static) -> Result<Self, String> {
        let http = http_client::builder().build().map_err(|error| format!("no HTTP client: {error}"))?;
        let base = url.trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            base,
            token: Box::new(token),
            instance: Mutex::new(Instance::FIRST),
            timeouts: CallTimeouts::default(),
            call_max: CALL_MAX,
        })
    }

    /// The same with other limits: for a whole flow, and for one call.
    #[must_use]
    pub fn with_patience(self, timeouts: CallTimeouts, call_max: Duration) -> Self {
        Self { timeouts, call_max, ..self }
    }

    fn request(&self, method: Method, path: &str, limit: Duration) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).timeout(limit);
        let instance = *self.instance.lock().unwrap_or_else(PoisonError::into_inner);
        request.bearer_auth((self.token)().expose()).header(INSTANCE_HEADER, instance.to_string())
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: String,
        body: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<T, RelayError> {
        send(self.request(Method::POST, &path, limit).json(body)).await
    }

    /// A POST that says everything by its path.
    async fn poke<T: DeserializeOwned>(&self, path: String) -> Result<T, RelayError> {
        send(self.request(Method::POST, &path, self.call_max)).await
    }
}

impl Relay for RelayClient {
    fn open<'a>(&'a self, order: &'a OpenOrder, limit: Duration) -> Pending<'a, RelayOrder> {
        Box::pin(self.post("/v1/orders".to_owned(), order, limit))
    }

    fn order<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(send(self.request(Method::GET, &order_path(id, ""), self.call_max)))
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(self.poke(order_path(id, "/cancel")))
    }

    fn refresh<'a>(&'a self, id: &'a str) -> Pending<'a, RelayOrder> {
        Box::pin(self.poke(order_path(id, "/refresh")))
    }

    fn refund<'a>(&'a self, id: &'a str, refund: &'a RefundOrder) -> Pending<'a, RelayOrder> {
        Box::pin(self.post(order_path(id, "/refund"), refund, self.call_max))
    }

    fn adopt<'a>(&'a self, id: &'a str, order: &'a AdoptOrder) -> Pending<'a, RelayOrder> {
        Box::pin(self.post(order_path(id, "/adopt"), order, self.call_max))
    }

    fn abandon<'a>(&'a self, request_id: &'a str) -> Pending<'a, Abandoned> {
        Box::pin(self.poke(format!("/v1/requests/{}/abandon", percent::segment(request_id))))
    }

    fn feed(&self, after: u64, wait: Duration, limit: u32) -> Pending<'_, FeedPage<FeedEntry>> {
        let path = format!("/v1/feed?after={after}&wait={}&limit={limit}", wait.as_secs());
        Box::pin(send(self.request(Method::GET, &path, wait + FEED_SLACK.min(self.call_max))))
    }

    fn report_health<'a>(&'a self, report: &'a HealthReport) -> Pending<'a, HealthAnswer> {
        Box::pin(self.post("/v1/health".to_owned(), report, self.call_max))
    }

    fn instance(&self) -> Pending<'_, SiteInstance> {
        Box::pin(send(self.request(Method::GET, "/v1/site/instance", self.call_max)))
    }

    fn claim_instance<'a>(&'a self, claim: &'a SiteInstance) -> Pending<'a, SiteInstance> {
        Box::pin(self.post("/v1/site/instance".to_owned(), claim, self.call_max))
    }

    fn use_instance(&self, instance: Instance) {
        *self.instance.lock().unwrap_or_else(PoisonError::into_inner) = instance;
    }

    fn timeouts(&self) -> CallTimeouts {
        self.timeouts
    }
}

fn order_path(id: &str, rest: &str) -> String {
    format!("/v1/orders/{}{rest}", percent::segment(id))
}

/// What the relay says when it does not do something.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
    detail: String,
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, RelayError> {
    let response = request.send().await.map_err(|error| RelayError::Unreachable(why(error)))?;
    let status = response.status();
    read_answer(status, &whole(response).await?)
}

/// What an answer of the relay means to the agent.
pub fn read_answer<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, RelayError> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| nonsense(body, &error));
    }
    let told: Option<Refusal> = serde_json::from_slice(body).ok();
    Err(refusal(status, told))
}

/// What an answer means that cannot be read. A page of a proxy or of somebody's log-in is no word of a relay, which
/// always answers with a JSON object.
fn nonsense(body: &[u8], error: &serde_json::Error) -> RelayError {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    if is_object && serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        return RelayError::Nonsense(error.to_string());
    }
    RelayError::Unreachable(format!("it answered, and not as a relay does: {error}"))
}

/// Only what the relay itself says, as a problem with a code, is believed about an order: an address that is wrong
/// or a proxy in between says 404, too.
fn refusal(status: StatusCode, told: Option<Refusal>) -> RelayError {
    let Some(told) = told.filter(|told| !told.code.is_empty()) else {
        return RelayError::Unreachable(format!("it answered {status}, and not as a relay does"));
    };
    if told.code == FENCED {
        return RelayError::Fenced(told.detail);
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RelayError::Unauthorized(told.detail),
        StatusCode::NOT_FOUND => RelayError::NotFound,
        _ => RelayError::Refused { status: status.as_u16(), code: told.code, detail: told.detail },
    }
}

async fn whole(mut response: Response) -> Result<Vec<u8>, RelayError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= ANSWER_BYTES_MAX => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(RelayError::Unreachable("its answer has no end".to_owned())),
            Ok(None) => return Ok(body),
            Err(error) => return Err(RelayError::Unreachable(why(error))),
        }
    }
}

/// What went wrong, with its causes and without the address, which people have in their configuration.
fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_relay_can_say_that_an_order_is_unknown() {
        let told = |code: &str| Some(Refusal { code: code.into(), detail: "d".into() });
        assert_eq!(refusal(StatusCode::NOT_FOUND, told("not_found")), RelayError::NotFound);
        let proxy = refusal(StatusCode::NOT_FOUND, None);
        assert!(matches!(proxy, RelayError::Unreachable(_)), "{proxy:?}");
        let busy = refusal(StatusCode::SERVICE_UNAVAILABLE, told("gateway_busy"));
        assert!(busy.is_transient(), "{busy:?}");
        let refused = refusal(StatusCode::CONFLICT, told("refund_refused"));
        assert!(!refused.is_transient(), "{refused:?}");
    }

    #[test]
    fn words_that_are_not_known_are_not_silence() {
        let read = |body: &str| read_answer::<FeedPage<FeedEntry>>(StatusCode::OK, body.as_bytes());
        for page in ["<html>", "", "[]", "{\"epoch\": \"e\", \"items\": ["] {
            assert!(matches!(read(page), Err(RelayError::Unreachable(_))), "{page}");
        }
        for page in ["{}", r#"{"epoch":1,"items":[],"next":0}"#, r#"{"epoch":"e","items":{},"next":0}"#] {
            assert!(matches!(read(page), Err(RelayError::Nonsense(_))), "{page}");
        }
        let odd = read(r#"{"epoch":"e","items":[{"seq":1},null,7],"next":3}"#).unwrap();
        assert!(odd.items.iter().all(|entry| matches!(entry, FeedEntry::Odd { .. })) && odd.items.len() == 3);
        let order = r#"{"order_id":"k","request_id":"r","method":"qris","amount_rp":1,"status":"paid",
            "flags":["surplus","of_tomorrow"],"refunded_rp":0,"created_at":"2026-01-01T00:00:00Z"}"#;
        let order: RelayOrder = read_answer(StatusCode::OK, order.as_bytes()).unwrap();
        assert_eq!(order.flags, [crate::domain::order::Flag::Surplus]);
    }

    #[test]
    fn a_name_stays_one_segment_of_the_path() {
        assert_eq!(percent::segment("K1-ab/../x?y"), "K1-ab%2F%2E%2E%2Fx%3Fy");
    }
}
