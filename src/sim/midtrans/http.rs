//! The gateway's port: reads requests whole, carries them out even when the caller leaves, and breaks connections
//! where a fault says so.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, LOCATION};
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::api::{ApiRequest, Early};
use super::call::SimOperation;
use super::fault::Trouble;
use super::method::PayMethod;
use super::not_possible::NotPossible;
use super::page::{PIXEL_PNG, problem};
use super::route::{Route, SnapStep};
use super::shared::GatewayShared;
use super::world::{GatewayWorld, Mishap};

/// Larger bodies are taken as empty.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How a connection ends without an answer.
#[derive(Debug)]
enum Cut {
    Reset,
    /// These bytes, then the end.
    After(Vec<u8>),
}

/// What the caller gets.
#[derive(Debug)]
enum CallOutcome {
    Answer(Response<Body>),
    Cut(Cut),
    Never,
}

/// Serves one connection.
pub(super) async fn connection(shared: Arc<GatewayShared>, stream: TcpStream) {
    let (cuts, mut cut) = mpsc::channel(1);
    let service = service_fn(move |request| respond(Arc::clone(&shared), request, cuts.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let cut = tokio::select! {
        _ = &mut connection => return,
        Some(cut) = cut.recv() => cut,
    };
    let mut stream = connection.into_parts().io.into_inner();
    match cut {
        Cut::Reset => {
            // Closed with this set, the other side sees a reset.
            let _ = stream.set_zero_linger();
        }
        Cut::After(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn respond(
    shared: Arc<GatewayShared>,
    request: Request<Incoming>,
    cuts: mpsc::Sender<Cut>,
) -> Result<Response<Body>, Infallible> {
    let seen = read(request).await;
    // On a task of its own: it goes on when the caller leaves.
    let (done, outcome) = tokio::sync::oneshot::channel();
    shared.spawn({
        let shared = Arc::clone(&shared);
        async move {
            let _ = done.send(outcome_of(&shared, &seen).await);
        }
    });
    match outcome.await {
        Ok(CallOutcome::Answer(response)) => return Ok(response),
        Ok(CallOutcome::Cut(cut)) => {
            let _ = cuts.send(cut).await;
        }
        Ok(CallOutcome::Never) | Err(_) => {}
    }
    std::future::pending().await
}

async fn read(request: Request<Incoming>) -> ApiRequest {
    let (head, body) = request.into_parts();
    let header = |name: HeaderName| head.headers.get(name)?.to_str().ok().map(str::to_owned);
    ApiRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        authorization: header(AUTHORIZATION),
        accept: header(ACCEPT),
        content_type: header(CONTENT_TYPE),
        idempotency_key: header(HeaderName::from_static("idempotency-key")),
        override_notification: header(HeaderName::from_static("x-override-notification")),
        append_notification: header(HeaderName::from_static("x-append-notification")),
        body: to_bytes(Body::new(body), BODY_BYTES_MAX).await.unwrap_or_default().to_vec(),
    }
}

async fn outcome_of(shared: &GatewayShared, seen: &ApiRequest) -> CallOutcome {
    let route = Route::of(&seen.method, &seen.path);
    let (call, troubles) = shared.change(|world| {
        world.tick();
        world.log(seen, &route)
    });
    let outcome = if route.operation() == SimOperation::Page {
        CallOutcome::Answer(shared.change(|world| page(world, &route)))
    } else {
        api(shared, seen, &route, &troubles).await
    };
    if let CallOutcome::Answer(response) = &outcome {
        let status = response.status().as_u16();
        shared.change(|world| world.calls[call].status = Some(status));
    }
    outcome
}

async fn api(shared: &GatewayShared, seen: &ApiRequest, route: &Route, troubles: &[Trouble]) -> CallOutcome {
    match shared.change(|world| world.early(seen, route, troubles)) {
        Some(Early::Answer(answer)) => return CallOutcome::Answer(json_response(answer.http, &answer.body)),
        Some(Early::Html(http)) => return CallOutcome::Answer(html_response(http, &html_problem(http))),
        Some(Early::Reset) => return CallOutcome::Cut(Cut::Reset),
        Some(Early::Hang) => return CallOutcome::Never,
        None => {}
    }
    let admitted = match shared.change(|world| world.admit(seen, route)) {
        Ok(admitted) => admitted,
        Err(answer) => {
            let answer = shared.change(|world| world.spoil(route, troubles, answer));
            return deliver(&answer.body, answer.http, troubles);
        }
    };
    let mut mishap = Mishap::default();
    for trouble in troubles {
        match trouble {
            Trouble::Delay(by) => tokio::time::sleep(*by).await,
            Trouble::StatusLag(by) => mishap.lag = *by,
            Trouble::Denied => mishap.denied = true,
            _ => {}
        }
    }
    let answer = shared.change(|world| world.carry_out(route, &admitted, mishap));
    for trouble in troubles {
        if let Trouble::DelayAnswer(by) = trouble {
            tokio::time::sleep(*by).await;
        }
    }
    let answer = shared.change(|world| {
        world.end(admitted.key.clone(), &answer);
        world.spoil(route, troubles, answer)
    });
    deliver(&answer.body, answer.http, troubles)
}

/// The answer on its way out, as far as faults let it.
fn deliver(body: &serde_json::Value, http: u16, troubles: &[Trouble]) -> CallOutcome {
    for trouble in troubles {
        match trouble {
            Trouble::HangAfter => return CallOutcome::Never,
            Trouble::ResetAfter => return CallOutcome::Cut(Cut::Reset),
            Trouble::HtmlAfter(http) => {
                return CallOutcome::Answer(html_response(*http, &html_problem(*http)));
            }
            Trouble::HalfAnswer => {
                let text = body.to_string();
                let head = format!(
                    "HTTP/1.1 {http} Half\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    text.len()
                );
                let half = &text.as_bytes()[..text.len() / 2];
                return CallOutcome::Cut(Cut::After([head.as_bytes(), half].concat()));
            }
            _ => {}
        }
    }
    CallOutcome::Answer(json_response(http, body))
}

/// Pages and pictures for people.
fn page(world: &mut GatewayWorld, route: &Route) -> Response<Body> {
    let to = |location: String| response(303, "text/plain", Body::empty(), Some(location));
    let refused = |error: NotPossible| html_response(409, &problem(&error.to_string()));
    let shown = match route {
        Route::QrCode(id) if world.position_of_any(id).is_some() => {
            return response(200, "image/png", Body::from(PIXEL_PNG), None);
        }
        Route::SnapPick(token, method, step) => {
            let Ok(method) = method.parse::<PayMethod>() else { return html_response(404, &problem("?")) };
            let done = match step {
                SnapStep::Show => world.pick(token, method).map(drop),
                SnapStep::Pay => world.pick(token, method).and_then(|at| world.pay(at)),
                SnapStep::Challenge => world.challenge(token),
            };
            return match done {
                Ok(()) => to(format!("/snap/v4/redirection/{token}")),
                Err(error) => refused(error),
            };
        }
        Route::Pay(id) => {
            let at = world.position_of_any(id).ok_or(NotPossible::NoTransaction);
            return match at.and_then(|at| world.pay(at)) {
                Ok(()) => to(format!("/simulator/{id}")),
                Err(error) => refused(error),
            };
        }
        Route::SnapPage(token) => world.snap_page(token),
        Route::PayPage(id) => world.pay_page(id),
        Route::Payable => Some(world.payable_page()),
        _ => None,
    };
    match shown {
        Some(html) => html_response(200, &html),
        None => html_response(404, &problem("Tidak ada apa-apa di sini.")),
    }
}

fn html_problem(http: u16) -> String {
    format!("<html><head><title>{http}</title></head><body><center><h1>{http}</h1></center></body></html>")
}

fn json_response(http: u16, body: &serde_json::Value) -> Response<Body> {
    response(http, "application/json", Body::from(body.to_string()), None)
}

fn html_response(http: u16, html: &str) -> Response<Body> {
    response(http, "text/html; charset=utf-8", Body::from(html.to_owned()), None)
}

fn response(http: u16, kind: &str, body: Body, location: Option<String>) -> Response<Body> {
    let status = StatusCode::from_u16(http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = Response::builder().status(status).header(CONTENT_TYPE, kind);
    if let Some(location) = location {
        builder = builder.header(LOCATION, location);
    }
    builder.body(body).expect("status and headers are well-formed")
}
