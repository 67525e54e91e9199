//! A connection to a router as the client sees it, and plain TCP as the way to make one.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;

use super::port::RouterFuture;

/// What a connection to a router is made of: TCP, or TLS over it.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection to a router.
pub type RouterStream = Box<dyn Transport>;

/// Makes connections. What it leaves running when it is dropped half-way must end by itself.
pub type Dial = Arc<dyn Fn() -> RouterFuture<'static, io::Result<RouterStream>> + Send + Sync>;

/// Connects over TCP, to the first address of the name that answers.
pub(super) async fn dial_tcp(address: Arc<str>) -> io::Result<RouterStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in tokio::net::lookup_host(&*address).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_keepalive(true)?;
        socket.set_nodelay(true)?;
        match socket.connect(address).await {
            Ok(stream) => return Ok(Box::new(stream)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
