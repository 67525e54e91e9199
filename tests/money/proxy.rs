//! A wire between two programs that tests can cut: TCP on a free port, passed on to wherever it leads.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// They pass.
    Whole,
    /// Connections are taken and closed.
    Cut,
    /// Connections are taken, and nothing ever comes back.
    Silent,
    /// Requests pass; the connection is closed when the answer begins to come.
    NoAnswers,
}

/// A wire to one place, or to any of several that do the same. Clones are the same wire; it ends with the runtime.
#[derive(Clone)]
pub struct Proxy {
    address: SocketAddr,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    /// A wire that leads nowhere yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let proxy = Self { address, targets: Arc::default(), wire: watch::Sender::new(Wire::Whole) };
        tokio::spawn(proxy.clone().listen(listener));
        proxy
    }

    /// Where it begins.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it leads from here on.
    pub fn lead_to(&self, target: SocketAddr) {
        self.lead_to_any(vec![target]);
    }

    /// Where it leads from here on: each connection to the next of them, or to another where that one is gone.
    pub fn lead_to_any(&self, targets: Vec<SocketAddr>) {
        *self.targets.lock().expect("nobody panics") = targets;
    }

    /// What becomes of bytes from here on; connections that are open are closed, unless it says the same as before.
    pub fn set(&self, wire: Wire) {
        self.wire.send_if_modified(|now| std::mem::replace(now, wire) != wire);
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let targets = {
                let mut targets = self.targets.lock().expect("nobody panics");
                let step = targets.len().min(1);
                targets.rotate_left(step);
                targets.clone()
            };
            let mut wire = self.wire.subscribe();
            tokio::spawn(async move {
                let how = *wire.borrow_and_update();
                tokio::select! {
                    () = pass(stream, &targets, how) => {}
                    _ = wire.changed() => {}
                }
            });
        }
    }
}

async fn pass(mut stream: TcpStream, targets: &[SocketAddr], how: Wire) {
    match how {
        Wire::Cut => {}
        Wire::Silent => {
            let mut sink = [0; 4096];
            while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
            std::future::pending::<()>().await;
        }
        Wire::Whole => {
            if let Some(mut far) = reach(targets).await {
                let _ = copy_bidirectional(&mut stream, &mut far).await;
            }
        }
        Wire::NoAnswers => {
            let Some(mut far) = reach(targets).await else { return };
            let (mut near, mut begun) = ([0; 4096], [0; 1]);
            loop {
                tokio::select! {
                    read = stream.read(&mut near) => match read {
                        Ok(bytes @ 1..) if far.write_all(&near[..bytes]).await.is_ok() => {}
                        _ => return,
                    },
                    _ = far.read(&mut begun) => return,
                }
            }
        }
    }
}

async fn reach(targets: &[SocketAddr]) -> Option<TcpStream> {
    for target in targets {
        if let Ok(far) = TcpStream::connect(target).await {
            far.set_nodelay(true).ok()?;
            return Some(far);
        }
    }
    None
}
