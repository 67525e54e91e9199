//! What surrounds every router: a panic, an endless call and a huge body end in a problem, and answers are neither
//! kept nor guessed at by browsers.

use std::any::Any;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::Problem;
use super::status_counts::StatusCounts;

/// The largest body, unless a request has a [`BodyLimit`].
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How much of a larger one is read and dropped, so that callers who only listen after sending hear the answer.
const BODY_DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long that may take.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How long a body may take, besides the time that its bytes need at [`BODY_BYTES_PER_SECOND`].
const BODY_TIME: Duration = Duration::from_secs(10);
/// Slower bodies are cut.
const BODY_BYTES_PER_SECOND: u64 = 8 * 1024;
/// Larger bodies take one of few places: what all callers of a router can fill of the memory is bounded.
const BODY_BYTES_SMALL: usize = 32 * 1024;
/// Places for larger bodies.
const LARGE_BODIES_MAX: usize = 32;
/// Places for bodies beyond [`BODY_BYTES_MAX`].
const HUGE_BODIES_MAX: usize = 1;
/// How long a call may take.
pub const CALL_MAX: Duration = Duration::from_secs(30);

/// As an extension of a request: it may take this long instead.
#[derive(Clone, Copy, Debug)]
pub struct RequestTimeout(pub Duration);

/// As an extension of a request: its body may have this many bytes instead.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

impl BodyLimit {
    /// The limit of a request with these extensions.
    pub fn of(extensions: &Extensions) -> usize {
        extensions.get::<Self>().map_or(BODY_BYTES_MAX, |limit| limit.0)
    }
}

/// What the requests of a router share.
struct Bounds {
    /// How long a call to this address may take, unless it has a [`RequestTimeout`].
    call_max: fn(&Uri) -> Duration,
    counts: Arc<StatusCounts>,
    places: BodyPlaces,
}

/// Places for bodies. A request keeps its places until it is answered.
struct BodyPlaces {
    large: Semaphore,
    huge: Semaphore,
}

/// Puts the limits around a router whose calls may take as long as `call_max` says, answers unknown routes and methods,
/// and counts every answer.
pub fn surround(router: Router, call_max: fn(&Uri) -> Duration, counts: Arc<StatusCounts>) -> Router {
    bound_by(answer_unknown(router), call_max, counts)
}

/// Answers unknown routes and methods. Layers around the result see those requests too.
pub fn answer_unknown(router: Router) -> Router {
    router.method_not_allowed_fallback(wrong_method).fallback(unknown_route)
}

/// Puts the limits around a router: what is inside finds requests whole, within their bounds.
pub fn bound(router: Router) -> Router {
    bound_by(router, |_| CALL_MAX, Arc::default())
}

/// The same, where a call to an address may take as long as `call_max` says.
pub fn bound_for(router: Router, call_max: fn(&Uri) -> Duration) -> Router {
    bound_by(router, call_max, Arc::default())
}

/// For routes that read their body themselves and bound it: a panic ends in a problem, and answers are kept by nobody.
pub fn unbound(router: Router) -> Router {
    router.layer(CatchPanicLayer::custom(panicked)).layer(map_response(quieted))
}

async fn quieted(mut response: Response) -> Response {
    quiet(response.headers_mut());
    response
}

/// One layer for all: each costs a waiting call some hundred bytes of memory, and a relay has thousands of them.
fn bound_by(router: Router, call_max: fn(&Uri) -> Duration, counts: Arc<StatusCounts>) -> Router {
    let places =
        BodyPlaces { large: Semaphore::new(LARGE_BODIES_MAX), huge: Semaphore::new(HUGE_BODIES_MAX) };
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::new(Bounds { call_max, counts, places }), bounded))
}

async fn unknown_route(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {}", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

#[allow(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("without a text"), "a call panicked");
    Problem::internal().into_response()
}

async fn bounded(State(bounds): State<Arc<Bounds>>, request: Request, next: Next) -> Response {
    let own = request.extensions().get::<RequestTimeout>().map(|own| own.0);
    let max = own.unwrap_or_else(|| (bounds.call_max)(request.uri()));
    let answer = tokio::time::timeout(max, whole_body(&bounds.places, request, next)).await;
    let mut response = answer.unwrap_or_else(|_| {
        let detail = "the call took too long; what it began may still be done: look before repeating it";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail).into_response()
    });
    quiet(response.headers_mut());
    bounds.counts.count(response.status());
    response
}

/// Reads the body before anything else, so that every answer, a refusal too, finds a caller that has sent all.
async fn whole_body(places: &BodyPlaces, request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let bytes_max = BodyLimit::of(&parts.extensions);
    let begun = Instant::now();
    let mut bytes = Vec::new();
    let (mut large, mut huge) = (None, None);
    loop {
        let deadline = begun + body_time(bytes.len());
        let Ok(frame) = timeout_at(deadline, next_frame(&mut body)).await else { return too_slow() };
        let Some(frame) = frame else { break };
        let Ok(frame) = frame else {
            return Problem::malformed("the body broke off").into_response();
        };
        bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
        if bytes.len() > bytes_max {
            let _ = tokio::time::timeout(DRAIN_MAX, drain(body)).await;
            return too_large(bytes_max);
        }
        for (place, free, least) in
            [(&mut large, &places.large, BODY_BYTES_SMALL), (&mut huge, &places.huge, BODY_BYTES_MAX)]
        {
            if bytes.len() > least && place.is_none() {
                let Ok(Ok(taken)) = timeout_at(deadline, free.acquire()).await else {
                    return too_many_large();
                };
                *place = Some(taken);
            }
        }
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// How long a body of so many bytes may take.
fn body_time(bytes: usize) -> Duration {
    BODY_TIME + Duration::from_secs(u64::try_from(bytes).unwrap_or(u64::MAX) / BODY_BYTES_PER_SECOND)
}

fn too_slow() -> Response {
    let detail = "the body came too slowly: its end was not there in time";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail).into_response()
}

fn too_many_large() -> Response {
    let detail = "too many large bodies are in work at once; try again in a moment";
    Problem::unavailable("busy", detail).retry_after(1).into_response()
}

async fn next_frame(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

/// Reads what is left of a body that is too large, as far as there is hope that it ends.
async fn drain(mut body: Body) {
    let mut seen = 0;
    while let Some(Ok(frame)) = next_frame(&mut body).await {
        seen += frame.into_data().unwrap_or_default().len();
        if seen > BODY_DRAIN_BYTES_MAX {
            return;
        }
    }
}

fn too_large(bytes_max: usize) -> Response {
    let detail = format!("a body may have at most {bytes_max} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).into_response()
}

/// Headers of every answer: browsers neither keep it nor guess at it.
pub fn quiet(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Other hosts learn nothing. Our own do: without a referrer at all browsers send forms with the origin "null".
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    /// So many bytes, and then nothing more.
    struct Stuck(usize);

    impl HttpBody for Stuck {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            match std::mem::take(&mut self.0) {
                0 => Poll::Pending,
                bytes => Poll::Ready(Some(Ok(Frame::data(vec![b'x'; bytes].into())))),
            }
        }
    }

    async fn posted(router: &Router, body: Body) -> StatusCode {
        let request = Request::post("/").body(body).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_cut_and_large_ones_wait_for_each_other() {
        let router =
            surround(Router::new().route("/", post(|| async { "read" })), |_| CALL_MAX, Arc::default());
        assert_eq!(posted(&router, Body::new(Stuck(10))).await, StatusCode::REQUEST_TIMEOUT);
        let stuck: Vec<_> = (0..LARGE_BODIES_MAX)
            .map(|_| {
                let router = router.clone();
                tokio::spawn(async move { posted(&router, Body::new(Stuck(500_000))).await })
            })
            .collect();
        for _ in 0..LARGE_BODIES_MAX {
            tokio::task::yield_now().await;
        }
        assert_eq!(posted(&router, Body::from(vec![b'x'; 1000])).await, StatusCode::OK);
        let large = || Body::from(vec![b'x'; BODY_BYTES_SMALL + 1]);
        assert_eq!(posted(&router, large()).await, StatusCode::SERVICE_UNAVAILABLE);
        for stuck in stuck {
            let status = stuck.await.unwrap();
            assert!(matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT), "{status}");
        }
        assert_eq!(posted(&router, large()).await, StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_may_have_a_limit_of_its_own_and_one_such_body_is_read_at_a_time() {
        const WIDE: usize = 2 * BODY_BYTES_MAX;
        async fn widen(mut request: Request, next: Next) -> Response {
            request.extensions_mut().insert(BodyLimit(WIDE));
            next.run(request).await
        }
        let narrow =
            surround(Router::new().route("/", post(|| async { "read" })), |_| CALL_MAX, Arc::default());
        let wide = narrow.clone().layer(from_fn(widen));
        let bytes = |bytes: usize| Body::from(vec![b'x'; bytes]);
        assert_eq!(posted(&narrow, bytes(BODY_BYTES_MAX + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(posted(&wide, bytes(WIDE)).await, StatusCode::OK);
        assert_eq!(posted(&wide, bytes(WIDE + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
        let stuck = tokio::spawn({
            let wide = wide.clone();
            async move { posted(&wide, Body::new(Stuck(WIDE))).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(posted(&wide, bytes(BODY_BYTES_MAX)).await, StatusCode::OK);
        let late = posted(&wide, bytes(WIDE)).await;
        assert!(matches!(late, StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT), "{late}");
        assert_ne!(stuck.await.unwrap(), StatusCode::OK);
        assert_eq!(posted(&wide, bytes(WIDE)).await, StatusCode::OK);
    }
}
