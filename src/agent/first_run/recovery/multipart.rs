//! A form with a file (`multipart/form-data`, RFC 7578), read as it arrives. No more of it is in memory than one frame of the body.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

/// How long the next bytes may take.
const FRAME_MAX: Duration = Duration::from_secs(30);
/// The longest boundary (RFC 2046, 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;
/// The longest head of a part.
const HEAD_BYTES_MAX: usize = 4096;

/// Why a file did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// It is longer than it may be.
    #[error("it is too long")]
    TooLong,
    /// It has nothing.
    #[error("it is empty")]
    Empty,
    /// It came to no end, too slowly, or not as a form.
    #[error("it broke off")]
    Broken,
    /// It could not be written.
    #[error("{0}")]
    Card(String),
}

/// A form that is arriving.
pub(super) struct Multipart {
    body: Body,
    /// What was read and not yet taken.
    ahead: Vec<u8>,
    /// What ends the content of a part.
    delimiter: Vec<u8>,
    has_begun: bool,
}

impl Multipart {
    /// The form of a request; `None` if it is of another kind.
    pub fn of(headers: &HeaderMap, body: Body) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let (_, boundary) = kind.strip_prefix("multipart/form-data")?.split_once("boundary=")?;
        let boundary = boundary.split(';').next()?.trim().trim_matches('"');
        let is_good = (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len());
        // The first boundary is at the beginning of the body, those after it on lines of their own.
        is_good.then(|| Self {
            body,
            ahead: b"\r\n".to_vec(),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            has_begun: false,
        })
    }

    /// Reads on. `false` at the end of the body.
    async fn fill(&mut self) -> Result<bool, UploadError> {
        let body = &mut self.body;
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        match tokio::time::timeout(FRAME_MAX, frame).await {
            Ok(Some(Ok(frame))) => {
                self.ahead.extend_from_slice(&frame.into_data().unwrap_or_default());
                Ok(true)
            }
            Ok(None) => Ok(false),
            Ok(Some(Err(_))) | Err(_) => Err(UploadError::Broken),
        }
    }

    /// The name of the next part, whose content follows; `None` after the last one. What is left of the part before must have been read.
    pub async fn next_part(&mut self) -> Result<Option<String>, UploadError> {
        if !self.has_begun {
            self.has_begun = true;
            if self.chunk().await?.is_some() {
                return Err(UploadError::Broken);
            }
        }
        while self.ahead.len() < 2 {
            self.more().await?;
        }
        if self.ahead.starts_with(b"--") {
            return Ok(None);
        }
        let end = loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                break end;
            }
            if self.ahead.len() > HEAD_BYTES_MAX {
                return Err(UploadError::Broken);
            }
            self.more().await?;
        };
        let head: Vec<u8> = self.ahead.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let name = head.split("; name=\"").nth(1).and_then(|rest| rest.split('"').next());
        name.map(|name| Some(name.to_owned())).ok_or(UploadError::Broken)
    }

    async fn more(&mut self) -> Result<(), UploadError> {
        if self.fill().await? { Ok(()) } else { Err(UploadError::Broken) }
    }

    /// More of a part's content; `None` at its end. A body that ends before is broken.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, UploadError> {
        loop {
            match find(&self.ahead, &self.delimiter) {
                Some(0) => {
                    self.ahead.drain(..self.delimiter.len());
                    return Ok(None);
                }
                Some(end) => return Ok(Some(self.ahead.drain(..end).collect())),
                None => {}
            }
            // The beginning of a delimiter may be at the end of what is there.
            if let Some(sure) = self.ahead.len().checked_sub(self.delimiter.len()).filter(|sure| *sure > 0) {
                return Ok(Some(self.ahead.drain(..sure).collect()));
            }
            self.more().await?;
        }
    }

    /// The whole content of a part, as a text of at most so many bytes.
    pub async fn text(&mut self, bytes_max: usize) -> Result<String, UploadError> {
        let mut text = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            text.extend_from_slice(&chunk);
            if text.len() > bytes_max {
                return Err(UploadError::TooLong);
            }
        }
        String::from_utf8(text).map_err(|_| UploadError::Broken)
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::task::{Context, Poll};

    use axum::body::Bytes;
    use hyper::body::Frame;

    use super::*;

    /// A body that arrives in pieces.
    struct Pieces(VecDeque<Vec<u8>>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece.into()))))
        }
    }

    /// The parts of a form whose body arrives in pieces of that many bytes.
    async fn read(body: &[u8], piece: usize) -> Result<Vec<(String, Vec<u8>)>, UploadError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "multipart/form-data; boundary=--x7".parse().unwrap());
        let pieces = Pieces(body.chunks(piece).map(<[u8]>::to_vec).collect());
        let mut form = Multipart::of(&headers, Body::new(pieces)).unwrap();
        let mut parts = Vec::new();
        while let Some(name) = form.next_part().await? {
            let mut content = Vec::new();
            while let Some(chunk) = form.chunk().await? {
                content.extend(chunk);
            }
            parts.push((name, content));
        }
        Ok(parts)
    }

    fn body(content: &[u8]) -> Vec<u8> {
        [
            b"----x7\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\nabc\r\n----x7\r\n\
              Content-Disposition: form-data; name=\"copy\"; filename=\"a; name=b.age\"\r\n\
              Content-Type: application/octet-stream\r\n\r\n"
                .as_slice(),
            content,
            b"\r\n----x7--\r\n",
        ]
        .concat()
    }

    #[tokio::test]
    async fn a_file_comes_out_as_it_went_in_however_it_arrives() {
        let binary: Vec<u8> = (0..2000_u32).map(|i| u8::try_from(i % 256).unwrap()).collect();
        for content in [b"".as_slice(), b"x", b"\r\n", b"\r\n--", b"\r\n----x", b"a\r\n----x8\r\nb", &binary]
        {
            for piece in [1, 2, 3, 7, 64, 10_000] {
                let parts = read(&body(content), piece).await.unwrap();
                let expected =
                    [("_token".to_owned(), b"abc".to_vec()), ("copy".to_owned(), content.to_vec())];
                assert_eq!(parts, expected, "{content:?} in pieces of {piece}");
            }
        }
    }

    #[tokio::test]
    async fn a_form_that_is_cut_anywhere_or_is_none_is_broken() {
        let whole = body(b"content");
        // Its last line end is nobody's.
        for end in 0..whole.len() - 2 {
            assert!(read(&whole[..end], 5).await.is_err(), "cut at {end}");
        }
        let long = [b"----x7\r\nX: ".as_slice(), &vec![b'a'; 2 * HEAD_BYTES_MAX], b"\r\n\r\n"].concat();
        for bad in [b"preamble\r\n----x7--".as_slice(), b"----x7\r\nX: y\r\n\r\nz\r\n----x7--", &long] {
            assert!(read(bad, 64).await.is_err());
        }
        for kind in [
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            assert!(Multipart::of(&headers, Body::empty()).is_none(), "{kind}");
        }
    }
}
