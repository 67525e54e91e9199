//! Takes connections in, refuses them or leaves them hanging, as the handle says.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::connection_mode::ConnectionMode;
use super::session;
use super::shared::{Control, RouterShared};

/// Connections waiting to be accepted.
pub(super) const BACKLOG: u32 = 128;

/// A socket of this address that others may be bound to as well, not yet listening.
pub(super) fn reusable_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Follows [`Shared::control`] until it says stop.
pub(super) async fn listen(shared: Arc<RouterShared>, listener: TcpListener) {
    let mut control = shared.control.subscribe();
    let mut listener = Some(listener);
    loop {
        let obeyed = *control.borrow_and_update();
        if obeyed.stopped || obeyed.connections == ConnectionMode::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = reusable_socket(shared.address).and_then(|socket| socket.listen(BACKLOG)).ok();
        }
        shared.followed.send_replace(obeyed.revision);
        if obeyed.stopped {
            return;
        }
        tokio::select! {
            biased;
            _ = control.changed() => {}
            stream = accept(listener.as_ref()) => take_in(&shared, stream, obeyed),
        }
    }
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

/// One open session, counted while it lives.
struct OpenSession(Arc<RouterShared>);

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.0.sessions_open.fetch_sub(1, Ordering::SeqCst);
    }
}

fn take_in(shared: &Arc<RouterShared>, stream: TcpStream, obeyed: Control) {
    let (boot, sessions_max) = {
        let world = shared.world();
        (world.boot, world.config.sessions_max)
    };
    let open = usize::try_from(shared.sessions_open.load(Ordering::SeqCst)).unwrap_or(usize::MAX);
    if open >= sessions_max {
        return;
    }
    shared.sessions_open.fetch_add(1, Ordering::SeqCst);
    shared.sessions_total.fetch_add(1, Ordering::SeqCst);
    let guard = OpenSession(Arc::clone(shared));
    tokio::spawn(async move {
        let shared = Arc::clone(&guard.0);
        let mut control = shared.control.subscribe();
        let session = async {
            match obeyed.connections {
                ConnectionMode::Hang => swallow(stream).await,
                _ => session::serve(Arc::clone(&shared), stream, boot).await,
            }
        };
        tokio::select! {
            _ = control.wait_for(|control| control.cuts != obeyed.cuts) => {}
            () = session => {}
        }
        drop(guard);
    });
}

/// Reads and never answers, until the client gives up.
async fn swallow(mut stream: TcpStream) {
    let mut buffer = vec![0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
