//! Takes connections in, refuses them or leaves them hanging, as the handle says.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::http::connection;
use super::shared::GatewayShared;
use crate::sim::connection_mode::ConnectionMode;

/// Connections waiting to be accepted.
const BACKLOG: u32 = 128;

/// A port of the loopback interface that stays ours while nobody listens.
pub(super) struct Port {
    address: SocketAddr,
    /// Bound and never listening.
    _held: TcpSocket,
}

impl Port {
    pub(super) fn free() -> io::Result<Self> {
        let held = socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self { address: held.local_addr()?, _held: held })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&self) -> io::Result<TcpListener> {
        socket(self.address)?.listen(BACKLOG)
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Follows the mode of connections until the gateway stops. Every change of the mode cuts open connections.
pub(super) async fn listen(shared: Arc<GatewayShared>, port: Port) {
    let mut stop = shared.stop.subscribe();
    let mut told = shared.connections.subscribe();
    let mut listener = None;
    loop {
        let (connections, revision) = *told.borrow_and_update();
        if connections == ConnectionMode::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = port.listen().ok();
        }
        shared.followed.send_replace(revision);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = told.changed() => {}
            stream = accept(listener.as_ref()) => take_in(&shared, stream, connections, revision),
        }
    }
    drop(listener);
    shared.followed.send_replace(u64::MAX);
    shared.stopped.send_replace(true);
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
        // Out of descriptors, say: others of this process must get a chance to close some.
        tokio::task::yield_now().await;
    }
}

fn take_in(shared: &Arc<GatewayShared>, stream: TcpStream, connections: ConnectionMode, revision: u64) {
    let mut told = shared.connections.subscribe();
    let served = {
        let shared = Arc::clone(shared);
        async move {
            if connections == ConnectionMode::Hang {
                // Held open and never read.
                std::future::pending::<()>().await;
                drop(stream);
            } else {
                connection(shared, stream).await;
            }
        }
    };
    shared.spawn(async move {
        tokio::select! {
            _ = told.wait_for(|(_, told)| *told != revision) => {}
            () = served => {}
        }
    });
}
