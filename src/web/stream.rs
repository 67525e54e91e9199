//! Answers too long for memory: written by a thread that may wait, sent as fast as the caller reads.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes handed over at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that may wait for the caller.
const CHUNKS_WAITING: usize = 4;

/// Where the answer is written to, on a thread that may wait for a slow caller. Unless it is [finished](Feed::finish)
/// the answer breaks off, so that nobody takes a part for the whole.
pub struct Feed {
    chunks: Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
    finished: bool,
}

struct Stream(Receiver<io::Result<Bytes>>);

/// An answer and its writer.
pub fn feed() -> (Feed, Body) {
    let (chunks, waiting) = channel(CHUNKS_WAITING);
    (Feed { chunks, buffer: Vec::with_capacity(CHUNK_BYTES), finished: false }, Body::new(Stream(waiting)))
}

impl Feed {
    /// Ends the answer. Fails when the caller went away.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.finished = true;
        Ok(())
    }

    fn send(&self, chunk: io::Result<Bytes>) -> io::Result<()> {
        self.chunks.blocking_send(chunk).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES));
        self.send(Ok(chunk.into()))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.send(Err(io::Error::other("the answer broke off")));
        }
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio::task::spawn_blocking;

    use super::*;

    #[tokio::test]
    async fn what_is_written_arrives_and_what_is_not_finished_breaks_off() {
        for whole in [true, false] {
            let (mut feed, body) = feed();
            let writer = spawn_blocking(move || {
                for n in 0..100_000_u32 {
                    writeln!(feed, "{n:08}").unwrap();
                }
                if whole { feed.finish().unwrap() } else { drop(feed) }
            });
            let read = to_bytes(body, usize::MAX).await;
            writer.await.unwrap();
            assert_eq!(read.map(|bytes| bytes.len()).ok(), whole.then_some(900_000));
        }
    }

    #[tokio::test]
    async fn a_caller_who_leaves_ends_the_writing() {
        let (mut feed, body) = feed();
        let writer = spawn_blocking(move || {
            loop {
                if let Err(error) = feed.write(&[0; 4096]) {
                    return error.kind();
                }
            }
        });
        drop(body);
        assert_eq!(writer.await.unwrap(), io::ErrorKind::BrokenPipe);
    }
}
