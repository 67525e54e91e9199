//! One attempt at one notification over HTTP, to this machine only.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use axum::http::{Request, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::outbox::Reply;

/// Redirects with 307 and 308 followed in one attempt.
const REDIRECTS_MAX: usize = 5;

/// Sends `body` and waits for the reply at most this long.
pub(super) async fn deliver(url: &str, body: &str, timeout: Duration) -> Reply {
    match tokio::time::timeout(timeout, follow(url, body)).await {
        Ok(Some(status)) => Reply::Status(status),
        Ok(None) | Err(_) => Reply::None,
    }
}

async fn follow(url: &str, body: &str) -> Option<u16> {
    let mut url: Uri = url.parse().ok()?;
    for _ in 0..=REDIRECTS_MAX {
        let (status, location) = post(&url, body).await?;
        match (status, location) {
            (307 | 308, Some(location)) => url = resolve(&url, &location)?,
            _ => return Some(status),
        }
    }
    None
}

/// Where a redirect leads: another URL, or another path at the same place.
fn resolve(url: &Uri, location: &str) -> Option<Uri> {
    if location.starts_with('/') {
        return format!("http://{}{location}", url.authority()?).parse().ok();
    }
    location.parse().ok()
}

/// Where to connect: plain HTTP and this machine only, as a simulator has no business elsewhere.
fn loopback(url: &Uri) -> Option<(String, u16)> {
    let host = url.host()?.trim_matches(['[', ']']);
    let address = if host == "localhost" { "127.0.0.1" } else { host };
    let local = address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    (local && url.scheme_str() == Some("http")).then(|| (address.to_owned(), url.port_u16().unwrap_or(80)))
}

async fn post(url: &Uri, body: &str) -> Option<(u16, Option<String>)> {
    let (host, port) = loopback(url)?;
    let stream = TcpStream::connect((host.as_str(), port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::post(url.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, url.authority()?.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, "Veritrans")
        .body(Body::from(body.to_owned()))
        .ok()?;
    // The connection goes on as long as the answer is waited for.
    let answered = async {
        let response = sender.send_request(request).await.ok()?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        Some((response.status().as_u16(), location.map(str::to_owned)))
    };
    tokio::select! {
        answer = answered => answer,
        // It may end by itself only after the answer was read.
        () = async { let _ = connection.await; std::future::pending::<()>().await } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to() {
        let to = |url: &str| loopback(&url.parse().unwrap());
        assert_eq!(to("http://127.0.0.1:8080/n"), Some(("127.0.0.1".to_owned(), 8080)));
        assert_eq!(to("http://localhost/n"), Some(("127.0.0.1".to_owned(), 80)));
        assert_eq!(to("http://[::1]:81/n"), Some(("::1".to_owned(), 81)));
        assert_eq!(to("https://127.0.0.1/n"), None);
        assert_eq!(to("http://10.0.0.1/n"), None);
        assert_eq!(to("http://example.org/n"), None);
    }

    #[test]
    fn redirects_may_name_a_path_alone() {
        let url: Uri = "http://127.0.0.1:8080/n".parse().unwrap();
        assert_eq!(resolve(&url, "/m").unwrap(), "http://127.0.0.1:8080/m");
        assert_eq!(resolve(&url, "http://127.0.0.1:1/").unwrap(), "http://127.0.0.1:1/");
    }
}
