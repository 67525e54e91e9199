//! A small HTTP client: the machine's processors are for the relay.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than a long poll.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// A connection that is kept.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    pub async fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Sends a request whose answer comes later.
    pub async fn send(&mut self, head: &str, body: &str) {
        let length = body.len();
        let text = format!("{head} HTTP/1.1\r\nHost: relay\r\nContent-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// A call with a site's token.
    pub async fn send_as(&mut self, token: &str, head: &str) {
        let text = format!("{head} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {token}\r\n\r\n");
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// The status and the body of the next answer.
    pub async fn answer(&mut self) -> (u16, String) {
        timeout(ANSWER_MAX, self.read_answer()).await.expect("the relay answers")
    }

    async fn read_answer(&mut self) -> (u16, String) {
        loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
                let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
                if self.read.len() >= end + 4 + length {
                    let body = String::from_utf8_lossy(&self.read[end + 4..end + 4 + length]).into_owned();
                    self.read.drain(..end + 4 + length);
                    return (status, body);
                }
            }
            let count = self.stream.read_buf(&mut self.read).await.unwrap();
            assert!(count > 0, "the relay closed the connection");
        }
    }
}
