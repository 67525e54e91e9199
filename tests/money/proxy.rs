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

/// A wire to one place. Clones are the same wire; it ends with the runtime.
#[derive(Clone)]
pub struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    /// A wire that leads nowhere yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let proxy = Self { address, target: Arc::default(), wire: watch::Sender::new(Wire::Whole) };
        tokio::spawn(proxy.clone().listen(listener));
        proxy
    }

    /// Where it begins.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it leads from here on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().expect("nobody panics") = Some(target);
    }

    /// What becomes of bytes from here on; connections that are open are closed, unless it says the same as before.
    pub fn set(&self, wire: Wire) {
        self.wire.send_if_modified(|now| std::mem::replace(now, wire) != wire);
    }

    async fn listen(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let (target, mut wire) = (*self.target.lock().expect("nobody panics"), self.wire.subscribe());
            tokio::spawn(async move {
                let how = *wire.borrow_and_update();
                tokio::select! {
                    () = pass(stream, target, how) => {}
                    _ = wire.changed() => {}
                }
            });
        }
    }
}

async fn pass(mut stream: TcpStream, target: Option<SocketAddr>, how: Wire) {
    match how {
        Wire::Cut => {}
        Wire::Silent => {
            let mut sink = [0; 4096];
            while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
            std::future::pending::<()>().await;
        }
        Wire::Whole => {
            if let Some(mut far) = reach(target).await {
                let _ = copy_bidirectional(&mut stream, &mut far).await;
            }
        }
        Wire::NoAnswers => {
            let Some(mut far) = reach(target).await else { return };
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

async fn reach(target: Option<SocketAddr>) -> Option<TcpStream> {
    let far = TcpStream::connect(target?).await.ok()?;
    far.set_nodelay(true).ok()?;
    Some(far)
}
