//! What surrounds every router: a panic, an endless call and a huge body end in a problem, and answers are neither
//! kept nor guessed at by browsers.

use std::any::Any;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::Problem;

/// The largest body.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How much of a larger one is read and dropped, so that callers who only listen after sending hear the answer.
const BODY_DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long that may take.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How long a call may take.
const CALL_MAX: Duration = Duration::from_secs(30);

/// As an extension of a request: it may take this long instead.
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

/// Puts the limits around a router and answers unknown routes and methods.
pub fn surround(router: Router) -> Router {
    router
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_route)
        .layer(from_fn(whole_body))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(quiet_headers))
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

async fn in_time(request: Request, next: Next) -> Response {
    let max = request.extensions().get::<Patience>().map_or(CALL_MAX, |patience| patience.0);
    tokio::time::timeout(max, next.run(request)).await.unwrap_or_else(|_| {
        let detail = "the call took too long; what it began may still be done: look before repeating it";
        Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", detail).into_response()
    })
}

/// Reads the body before anything else, so that every answer, a refusal too, finds a caller that has sent all.
async fn whole_body(request: Request, next: Next) -> Response {
    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = next_frame(&mut body).await {
        let Ok(frame) = frame else {
            return Problem::malformed("the body broke off").into_response();
        };
        bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
        if bytes.len() > BODY_BYTES_MAX {
            let _ = tokio::time::timeout(DRAIN_MAX, drain(body)).await;
            return too_large();
        }
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
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

fn too_large() -> Response {
    let detail = format!("a body may have at most {BODY_BYTES_MAX} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).into_response()
}

/// A layer around what answers outside of [`surround`]: see [`quiet`].
pub async fn quiet_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    quiet(response.headers_mut());
    response
}

/// Headers of every answer: browsers neither keep it nor guess at it.
pub fn quiet(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Other hosts learn nothing. Our own do: without a referrer at all browsers send forms with the origin "null".
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}
