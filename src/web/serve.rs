//! Connections of one listener: so many at once, each with patience for slow heads, and a stop that lets open calls
//! end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// Connections of one listener at the same time; one more waits to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// How long a connection may take to send a head, the time between two calls on it included.
const HEAD_MAX: Duration = Duration::from_secs(30);

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
pub async fn serve<L>(mut listener: L, router: Router, mut stop: watch::Receiver<bool>)
where
    L: Listener,
    L::Addr: Into<Peer>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = GracefulShutdown::new();
    loop {
        let next = async {
            let seat = Arc::clone(&seats).acquire_owned().await.expect("the seats are never taken away");
            (seat, listener.accept().await)
        };
        let (seat, (io, address)) = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        let (router, peer) = (router.clone(), address.into());
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = open.watch(http.serve_connection(TokioIo::new(io), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(seat);
        });
    }
    // Nobody is accepted any more from here.
    drop(listener);
    open.shutdown().await;
}

async fn answer(
    router: Router,
    peer: Peer,
    request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    router.oneshot(request).await
}
