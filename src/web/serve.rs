//! Serving one listener: within its [`ConnectionLimits`], with a stop that lets open calls end.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tower::ServiceExt;

use super::connections::{ConnectionLimits, Connections, Place, Turned, WorkGuard};
use super::patient_io::PatientIo;
use super::problem::Problem;

/// The largest head, and how much of an answer or a body is read at a time: what a connection may take of the memory.
const BUFFER_BYTES_MAX: usize = 16 * 1024;
/// Refusals that are being said at the same time, and how long each waits for a question and then for its reader.
const REFUSALS_MAX: usize = 32;
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// When to come again after a refusal for want of a place, in seconds.
const RETRY_AFTER_S: u64 = 5;

/// Who is on the other side; every request carries it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody on the network.
    Network(IpAddr),
    /// A process of this machine that may use the control socket.
    Local,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Network(address.ip().to_canonical())
    }
}

impl From<tokio::net::unix::SocketAddr> for Peer {
    fn from(_: tokio::net::unix::SocketAddr) -> Self {
        Self::Local
    }
}

/// Serves until `stop` turns true, then until open calls have ended.
pub async fn serve<L>(
    mut listener: L,
    router: Router,
    limits: ConnectionLimits,
    mut stop: watch::Receiver<bool>,
) where
    L: Listener,
    L::Addr: Into<Peer>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_timeout).max_buf_size(BUFFER_BYTES_MAX);
    let write_timeout = limits.write_timeout;
    let connections = Connections::new(limits);
    let open = GracefulShutdown::new();
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    loop {
        let (io, address) = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = listener.accept() => next,
        };
        let peer = address.into();
        let place = match connections.admit(peer) {
            Ok(place) => Arc::new(place),
            Err(turned) => {
                tracing::debug!(?peer, ?turned, "a connection is closed");
                if turned == Turned::Refused {
                    refuse(io, connections.limits().refusal.clone(), &refusals);
                }
                continue;
            }
        };
        let (router, own) = (router.clone(), Arc::clone(&place));
        let service = service_fn(move |request| answer(router.clone(), peer, Arc::clone(&own), request));
        let io = TokioIo::new(PatientIo::new(io, write_timeout));
        let connection = open.watch(http.serve_connection(io, service));
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                }
                () = place.cut() => tracing::debug!(?peer, "an idle connection makes room"),
            }
        });
    }
    // Nobody is accepted any more from here.
    drop(listener);
    open.shutdown().await;
}

/// Says no whatever was asked, and closes. A client takes no answer before it has asked, so the first of its bytes are waited
/// for; the rest is thrown away for a moment, because closing before it was read would take the answer back. There are few
/// places for that; without one the connection is closed at once.
fn refuse<I>(mut io: I, refusal: Bytes, places: &Arc<Semaphore>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if refusal.is_empty() {
        return;
    }
    let Ok(place) = Arc::clone(places).try_acquire_owned() else { return };
    tokio::spawn(async move {
        let mut sent = [0; 1024];
        let _ = timeout(REFUSAL_TIMEOUT, io.read(&mut sent)).await;
        let say = async {
            io.write_all(&refusal).await?;
            io.shutdown().await?;
            for _ in 0..BUFFER_BYTES_MAX / sent.len() {
                if io.read(&mut sent).await? == 0 {
                    break;
                }
            }
            io::Result::Ok(())
        };
        let _ = timeout(REFUSAL_TIMEOUT, say).await;
        drop(place);
    });
}

/// A refusal as [`ConnectionLimits::refusal`] takes it: 403 with this text.
pub fn refusal(content_type: &str, text: &str) -> Bytes {
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{text}"
    );
    Bytes::from(answer)
}

async fn answer(
    router: Router,
    peer: Peer,
    place: Arc<Place>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let is_reserved = (place.limits().is_reserved)(&request);
    let Some(work) = place.begin(is_reserved) else { return Ok(busy()) };
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Body::new(LimitedAnswer { body, _work: work })))
}

/// Every place for calls of this kind is taken.
fn busy() -> Response {
    let detail = "too many calls are in work at once; try again in a moment";
    let mut response = Problem::unavailable("busy", detail).retry_after(RETRY_AFTER_S).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// An answer; its connection is in work until it was sent.
struct LimitedAnswer {
    body: Body,
    _work: WorkGuard,
}

impl HttpBody for LimitedAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::sync::Notify;

    use super::super::Admission;
    use super::*;

    struct Server {
        address: SocketAddr,
        /// Ends the calls of `/wait`.
        go: Arc<Notify>,
        /// How many of them began.
        working: watch::Receiver<u32>,
        _stop: watch::Sender<bool>,
    }

    async fn server(limits: ConnectionLimits) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let go = Arc::new(Notify::new());
        let waits = Arc::clone(&go);
        let (entered, working) = watch::channel(0);
        let wait = || async move {
            let waited = waits.notified();
            entered.send_modify(|count| *count += 1);
            waited.await;
            "waited"
        };
        let router = Router::new().route("/", get(|| async { "now" })).route("/wait", get(wait));
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, router, limits, stopped));
        Server { address, go, working, _stop: stop }
    }

    impl Server {
        async fn connect(&self, from: &str) -> TcpStream {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
            socket.connect(self.address).await.unwrap()
        }

        async fn sent(&self, from: &str, text: &str) -> TcpStream {
            let mut stream = self.connect(from).await;
            // A connection that is refused may be closed before this.
            let _ = stream.write_all(text.as_bytes()).await;
            stream
        }

        /// So many calls that are in work.
        async fn waiting(&self, from: &str, calls: u32) -> Vec<TcpStream> {
            let mut waiting = Vec::new();
            for n in 1..=calls {
                waiting.push(self.sent(from, &whole("/wait")).await);
                self.working.clone().wait_for(|count| *count == n).await.unwrap();
            }
            waiting
        }

        /// The status of an answer; `None` when the connection ends without one.
        async fn get(&self, from: &str, path: &str) -> Option<u16> {
            let mut stream = self.sent(from, &whole(path)).await;
            answer(&mut stream).await
        }
    }

    fn whole(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    const HALF: &str = "GET / HTTP/1.1\r\nHost: x\r\n";

    async fn answer(stream: &mut TcpStream) -> Option<u16> {
        let mut bytes = [0; 512];
        let count = stream.read(&mut bytes).await.unwrap_or_default();
        String::from_utf8_lossy(&bytes[..count]).split(' ').nth(1)?.parse().ok()
    }

    /// Whether the server keeps the connection open without a word.
    async fn is_open(stream: &mut TcpStream) -> bool {
        let mut byte = [0];
        tokio::time::timeout(Duration::from_millis(20), stream.read(&mut byte)).await.is_err()
    }

    fn limits(connections_max: usize) -> ConnectionLimits {
        ConnectionLimits { connections_max, per_address_max: connections_max, ..ConnectionLimits::default() }
    }

    #[tokio::test]
    async fn half_requests_keep_nobody_out() {
        let server = server(limits(8)).await;
        let mut halves = Vec::new();
        for n in 0..40 {
            halves.push(server.sent(&format!("127.0.0.{}", 2 + n % 5), HALF).await);
        }
        for _ in 0..3 {
            assert_eq!(server.get("127.0.0.9", "/").await, Some(200));
        }
    }

    #[tokio::test]
    async fn a_half_request_is_given_up_after_its_time() {
        let limits = ConnectionLimits { head_timeout: Duration::from_millis(50), ..limits(8) };
        let server = server(limits).await;
        let mut half = server.sent("127.0.0.1", HALF).await;
        let mut bytes = Vec::new();
        // It ends, with or without a word.
        let _ = half.read_to_end(&mut bytes).await;
        assert!(!String::from_utf8_lossy(&bytes).contains("200"));
    }

    #[tokio::test]
    async fn calls_in_work_leave_the_reserved_places() {
        let limits = ConnectionLimits {
            reserved: 2,
            is_reserved: Arc::new(|request| request.uri().path() == "/"),
            ..limits(8)
        };
        let server = server(limits).await;
        let mut waiting = server.waiting("127.0.0.1", 6).await;
        assert_eq!(server.get("127.0.0.1", "/wait").await, Some(503));
        for _ in 0..10 {
            assert_eq!(server.get("127.0.0.1", "/").await, Some(200), "a reserved request is heard");
        }
        server.go.notify_waiters();
        assert_eq!(answer(&mut waiting[5]).await, Some(200));
        assert_eq!(server.get("127.0.0.1", "/").await, Some(200));
    }

    #[tokio::test]
    async fn an_address_that_takes_all_it_can_leaves_the_others_alone() {
        let server = server(ConnectionLimits { per_address_max: 3, ..limits(8) }).await;
        let _waiting = server.waiting("127.0.0.2", 3).await;
        for _ in 0..20 {
            assert_eq!(server.get("127.0.0.2", "/").await, None);
        }
        assert_eq!(server.get("127.0.0.3", "/").await, Some(200));
    }

    #[tokio::test]
    async fn a_network_that_is_not_admitted_is_not_even_heard() {
        let admit = |peer: &Peer| match peer {
            Peer::Network(address) if address.to_string() == "127.0.0.2" => Admission::Refused,
            Peer::Network(_) | Peer::Local => Admission::Counted,
        };
        let server = server(ConnectionLimits { admit: Arc::new(admit), ..limits(2) }).await;
        for _ in 0..10 {
            let mut stream = server.sent("127.0.0.2", HALF).await;
            assert!(!is_open(&mut stream).await);
        }
        assert_eq!(server.get("127.0.0.3", "/").await, Some(200));
    }

    #[tokio::test]
    async fn whoever_is_refused_is_told_without_being_heard_and_takes_no_place() {
        let admit = |peer: &Peer| match peer {
            Peer::Network(address) if address.to_string() == "127.0.0.2" => Admission::Refused,
            Peer::Network(_) | Peer::Local => Admission::Counted,
        };
        let refusal = super::refusal("text/plain", "not from there");
        let server = server(ConnectionLimits { admit: Arc::new(admit), refusal, ..limits(2) }).await;
        let mut silent = Vec::new();
        for _ in 0..REFUSALS_MAX + 20 {
            silent.push(server.connect("127.0.0.2").await);
            assert_eq!(server.get("127.0.0.3", "/").await, Some(200));
        }
        let mut said = String::new();
        silent[0].read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with("HTTP/1.1 403 ") && said.ends_with("not from there"), "{said}");
        drop(silent);
    }
}
