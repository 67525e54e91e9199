//! Who may call what: sites with their token, the gateway at its address, machines that watch.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;

use super::feed::{FeedQuery, page};
use super::service::Relay;
use super::site::SiteAccess;
use super::store::RelayStoreError;
use super::vault::{self, VaultReader};
use super::{charging, health, instance, metrics, notifications, orders};
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::protocol::health::{HealthAnswer, HealthReport, REPORT_BYTES_MAX};
use crate::protocol::instance::SiteInstance;
use crate::protocol::relay::{
    Abandoned, AdoptOrder, FEED_WAIT_S_MAX, FeedPage, OpenOrder, RefundOrder, RelayOrder,
};
use crate::protocol::vault::{SetRecoveryToken, VAULT_OBJECT_BYTES_MAX, VaultList};
use crate::tools::bearer::bearer;
use crate::web::limits::{self, BodyLimit, RequestTimeout};
use crate::web::{Admission, Body, ConnectionLimits, Path, Paths, Peer, Problem, Query};

/// Where the objects of the vault are.
const VAULT: &str = "/v1/vault/";
/// How long a copy may take over a slow uplink.
const VAULT_TIMEOUT: Duration = Duration::from_mins(5);
/// Where the feed is.
const FEED: &str = "/v1/feed";
/// How long the store may take before the relay counts as not ready.
const CHECK_MAX: Duration = Duration::from_secs(5);
/// A long poll's wait and time to answer.
const FEED_TIMEOUT: Duration = Duration::from_secs(FEED_WAIT_S_MAX + 15);

/// One address has at most one in so many of all connections ...
const ADDRESS_SHARE: usize = 8;
/// ... and at least so many: sites of one town may share an address.
const PER_ADDRESS_MIN: usize = 16;
/// One in so many of all connections is kept for notifications, at least one ...
const NOTIFICATION_SHARE: usize = 8;
/// ... and at most so many: each is answered within milliseconds.
const NOTIFICATIONS_RESERVED_MAX: usize = 64;

type HttpAnswer<T> = Result<Json<T>, Problem>;

/// Every call of the relay.
pub fn router(relay: &Arc<Relay>) -> Router {
    let all = Router::new()
        .route("/v1/orders", post(open))
        .route("/v1/orders/{id}", get(order))
        .route("/v1/orders/{id}/cancel", post(cancel))
        .route("/v1/orders/{id}/refresh", post(refresh))
        .route("/v1/orders/{id}/refund", post(refund))
        .route("/v1/orders/{id}/adopt", post(adopt))
        .route("/v1/requests/{request_id}/abandon", post(abandon))
        .route(FEED, get(feed))
        .route("/v1/health", post(report))
        .route("/v1/site/instance", get(site_instance).post(claim_instance))
        .route("/v1/vault", get(vault_list))
        .route(
            "/v1/vault/{name}",
            get(vault_get).put(vault_put).layer(DefaultBodyLimit::max(VAULT_OBJECT_BYTES_MAX)),
        )
        .route("/v1/recovery-token", put(recovery_token))
        .route("/midtrans/notification/{merchant}/{secret}", post(notification))
        .route("/api/ping", get(ping))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics::metrics))
        .with_state(Arc::clone(relay));
    let bound = limits::surround(all, call_max, Arc::clone(&relay.figures().answers));
    bound.layer(from_fn_with_state(Arc::clone(relay), widen_vault))
}

/// What the listener takes. A web server in front of it forwards many callers, so this machine's own addresses count
/// for none.
pub fn limits(relay: &Arc<Relay>) -> ConnectionLimits {
    let relay = Arc::clone(relay);
    let connections_max = relay.connections_max;
    ConnectionLimits {
        connections_max,
        per_address_max: (connections_max / ADDRESS_SHARE).max(PER_ADDRESS_MIN),
        reserved: (connections_max / NOTIFICATION_SHARE).clamp(1, NOTIFICATIONS_RESERVED_MAX),
        admit: Arc::new(|peer| match peer {
            Peer::Network(address) if address.is_loopback() => Admission::Uncounted,
            Peer::Network(_) => Admission::Counted,
            Peer::Local => Admission::Uncounted,
        }),
        is_reserved: Arc::new(move |request| relay.directory.is_notification_path(request.uri().path())),
        ..ConnectionLimits::default()
    }
}

/// An object of the vault has a larger body than other calls. A body is read before its caller is judged: without a site's
/// token nobody fills more memory with it.
async fn widen_vault(State(relay): State<Arc<Relay>>, mut request: Request, next: Next) -> Response {
    let is_object = request.method() == Method::PUT && request.uri().path().starts_with(VAULT);
    if is_object && token(request.headers()).is_some_and(|token| relay.directory.site_of(token).is_some()) {
        request.extensions_mut().insert(BodyLimit(VAULT_OBJECT_BYTES_MAX));
        request.extensions_mut().insert(RequestTimeout(VAULT_TIMEOUT));
    }
    next.run(request).await
}

fn call_max(uri: &Uri) -> Duration {
    if uri.path() == FEED { FEED_TIMEOUT } else { limits::CALL_MAX }
}

/// The site that calls, by its token, from the machine that has it.
struct Caller(SiteAccess);

impl FromRequestParts<Arc<Relay>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let AnyMachine(access) = AnyMachine::from_request_parts(parts, relay).await?;
        instance::admit(relay, &access.site.id, &parts.headers).await?;
        Ok(Self(access))
    }
}

/// The site that calls, by its token, from whichever machine.
struct AnyMachine(SiteAccess);

impl FromRequestParts<Arc<Relay>> for AnyMachine {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let refused = || Problem::unauthorized("send the site's token as Authorization: Bearer");
        let access = token(&parts.headers).and_then(|token| relay.directory.site_of(token));
        let access = access.ok_or_else(refused)?;
        relay.presence.note_call(&access.site.id, relay.now());
        access.site.admit(relay.clock.uptime())?;
        if !access.is_enabled {
            let detail = "this site is disabled on the relay; its operator can enable it";
            return Err(Problem::forbidden("site_disabled", detail));
        }
        Ok(Self(access))
    }
}

/// Who reads the vault: a site, or somebody with its recovery kit.
struct Reader(VaultReader);

impl FromRequestParts<Arc<Relay>> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let Some(text) = token(&parts.headers).filter(|token| relay.directory.site_of(token).is_none())
        else {
            let AnyMachine(SiteAccess { site, .. }) = AnyMachine::from_request_parts(parts, relay).await?;
            return Ok(Self(VaultReader::Site(site.id.clone())));
        };
        let reader = vault::reader_of_kit(relay, text).await?;
        let refused = "send the site's token, or that of its recovery kit, as Authorization: Bearer";
        reader.map(Self).ok_or_else(|| Problem::unauthorized(refused))
    }
}

/// A site that changes its vault. The token of a recovery kit is named, so that nobody looks for another mistake.
struct VaultWriter(String);

impl FromRequestParts<Arc<Relay>> for VaultWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let Reader(reader) = Reader::from_request_parts(parts, relay).await?;
        match reader {
            VaultReader::Site(site) => {
                instance::admit(relay, &site, &parts.headers).await?;
                Ok(Self(site))
            }
            VaultReader::Kit(_) => {
                let detail = "the token of a recovery kit reads the vault and changes nothing";
                Err(Problem::forbidden("recovery_reads_only", detail))
            }
        }
    }
}

/// A site's report, whose body is smaller than others.
struct Report(HealthReport);

impl<S: Send + Sync> FromRequest<S> for Report {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().size_hint().lower() > REPORT_BYTES_MAX as u64 {
            let detail = format!("a report may have at most {REPORT_BYTES_MAX} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        Body::from_request(request, state).await.map(|body| Self(body.value))
    }
}

/// The token of the only `Authorization` header.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    bearer(value.to_str().ok()?)
}

async fn open(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    body: Body<OpenOrder>,
) -> Result<(StatusCode, Json<RelayOrder>), Problem> {
    let order = charging::open(&relay, &site, body.value).await?;
    Ok((StatusCode::CREATED, Json(order)))
}

async fn order(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(id): Path<String>,
) -> HttpAnswer<RelayOrder> {
    orders::get(&relay, &site, &id).await.map(Json)
}

async fn cancel(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(id): Path<String>,
) -> HttpAnswer<RelayOrder> {
    orders::cancel(&relay, &site, &id).await.map(Json)
}

async fn refresh(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(id): Path<String>,
) -> HttpAnswer<RelayOrder> {
    orders::refresh(&relay, &site, &id).await.map(Json)
}

async fn refund(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(id): Path<String>,
    body: Body<RefundOrder>,
) -> HttpAnswer<RelayOrder> {
    orders::refund(&relay, &site, &id, body.value).await.map(Json)
}

async fn adopt(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(id): Path<String>,
    body: Body<AdoptOrder>,
) -> HttpAnswer<RelayOrder> {
    orders::adopt(&relay, &site, &id, body.value).await.map(Json)
}

async fn abandon(
    State(relay): State<Arc<Relay>>,
    Caller(SiteAccess { site, .. }): Caller,
    Path(request_id): Path<String>,
) -> HttpAnswer<Abandoned> {
    orders::abandon(&relay, &site, &request_id).await.map(Json)
}

async fn feed(
    State(relay): State<Arc<Relay>>,
    Caller(access): Caller,
    Query(query): Query<FeedQuery>,
    headers: HeaderMap,
) -> HttpAnswer<FeedPage> {
    let page = page(&relay, &access, query).await?;
    // The site may have been taken over while the call waited.
    instance::admit(&relay, &access.site.id, &headers).await?;
    Ok(Json(page))
}

async fn site_instance(
    State(relay): State<Arc<Relay>>,
    AnyMachine(SiteAccess { site, .. }): AnyMachine,
) -> HttpAnswer<SiteInstance> {
    instance::show(&relay, &site.id).await
}

async fn claim_instance(
    State(relay): State<Arc<Relay>>,
    AnyMachine(SiteAccess { site, .. }): AnyMachine,
    body: Body<SiteInstance>,
) -> Result<(StatusCode, Json<SiteInstance>), Problem> {
    instance::claim(&relay, &site.id, body.value).await
}

async fn report(
    State(relay): State<Arc<Relay>>,
    AnyMachine(SiteAccess { site, .. }): AnyMachine,
    headers: HeaderMap,
    Report(report): Report,
) -> HttpAnswer<HealthAnswer> {
    instance::admit_report(&relay, &site.id, &headers).await?;
    Ok(Json(health::receive(&relay, &site.id, report)))
}

async fn vault_list(State(relay): State<Arc<Relay>>, Reader(reader): Reader) -> HttpAnswer<VaultList> {
    vault::list(&relay, reader.site()).await
}

async fn vault_get(
    State(relay): State<Arc<Relay>>,
    Reader(reader): Reader,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    vault::get(&relay, reader.site(), &name).await
}

async fn vault_put(
    State(relay): State<Arc<Relay>>,
    VaultWriter(site): VaultWriter,
    Path(name): Path<String>,
    headers: HeaderMap,
    content: Bytes,
) -> Result<StatusCode, Problem> {
    vault::put(&relay, &site, &name, &headers, &content).await
}

async fn recovery_token(
    State(relay): State<Arc<Relay>>,
    VaultWriter(site): VaultWriter,
    body: Body<SetRecoveryToken>,
) -> Result<StatusCode, Problem> {
    vault::set_recovery_token(&relay, &site, body.value).await
}

/// No token: the address is the secret, and the signature is judged.
async fn notification(
    State(relay): State<Arc<Relay>>,
    Paths(merchant, secret): Paths<String, String>,
    body: Bytes,
) -> HttpAnswer<serde_json::Value> {
    notifications::receive(&relay, &merchant, &secret, &body).await?;
    Ok(Json(json!({"status": "ok"})))
}

/// That there is somebody.
async fn ping() -> impl IntoResponse {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
    /// Notifications that wait to be decided.
    inbox: u64,
    /// For how long the oldest of them has waited.
    inbox_lag_s: u64,
    /// Whether calls to the gateway are held back because it does not answer.
    gateway: &'static str,
}

/// Ready when the store can be written.
async fn healthz(State(relay): State<Arc<Relay>>) -> HttpAnswer<HealthBody> {
    let looked = tokio::time::timeout(CHECK_MAX, async {
        relay.store.check().await?;
        relay.store.counts().await
    });
    let looked: Result<_, RelayStoreError> = looked.await.unwrap_or_else(|_| {
        Err(RelayStoreError::Unavailable(format!("it did not answer within {} s", CHECK_MAX.as_secs())))
    });
    let counts = looked.map_err(|error| not_ready(&relay, error))?;
    let is_held_back = relay.directory.merchants().iter().any(|merchant| merchant.is_held_back());
    Ok(Json(HealthBody {
        status: "ok",
        inbox: counts.inbox,
        inbox_lag_s: metrics::lag_s(&counts, relay.now()),
        gateway: if is_held_back { "down" } else { "ok" },
    }))
}

/// The store cannot be written. Its reason is for the log: anybody may ask here.
fn not_ready(relay: &Relay, error: RelayStoreError) -> Problem {
    let Some(outage) = relay.store.outage() else { return error.into() };
    let lasted_ms = i64::try_from(outage.lasted.as_millis()).unwrap_or(i64::MAX);
    let since = rfc3339(Timestamp(relay.now().0.saturating_sub(lasted_ms)));
    let detail = format!("the relay's database cannot be used since {since}; the log says why");
    Problem::unavailable("store_failed", detail)
}
