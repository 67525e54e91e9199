//! A server for tests of the clients here: it answers each request with the next of its answers, and keeps the requests.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request: its head and its body.
pub(super) type KeptRequest = (String, Vec<u8>);

/// A server that gives these answers, one for each connection, and its address.
pub(super) async fn serve(answers: Vec<String>) -> (String, JoinHandle<Vec<KeptRequest>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut kept = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            kept.push(request(&mut stream).await);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        kept
    });
    (base, served)
}

/// An answer with a body, after which the connection ends.
pub(super) fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

async fn request(stream: &mut TcpStream) -> KeptRequest {
    let mut bytes = Vec::new();
    let split = loop {
        stream.read_buf(&mut bytes).await.unwrap();
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    while bytes.len() < split + length {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
    }
    (head, bytes[split..].to_vec())
}
