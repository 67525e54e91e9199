//! Calls over HTTP, and answers with what they must be.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::net::Ipv4Addr;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, request};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

pub type HttpClient = Client<HttpConnector, Body>;

/// Looks at an answer before a test does: method, path, status, content type and body.
pub type Check = fn(&str, &str, u16, &str, &str);

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub kind: String,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    /// Reads an answer to its end.
    pub async fn of<B>(response: Response<B>) -> Self
    where
        B: axum::body::HttpBody<Data = axum::body::Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Self { status, kind: kind(&headers), headers, text }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// A success that is no JSON.
    #[track_caller]
    pub fn ok_text(&self) {
        assert_eq!(self.status, 200, "{}", self.text);
    }

    /// That it is a problem with one of these statuses.
    #[track_caller]
    pub fn status_in(&self, statuses: &[u16]) {
        assert!(statuses.contains(&self.status), "{}: {}", self.status, self.text);
        assert_eq!(self.kind, "application/problem+json");
    }

    /// That it is a problem with this status and code, whole and in its shape.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.kind.as_str()), (status, "application/problem+json"), "{}", self.text);
        let json = self.json();
        assert_eq!((&json["status"], &json["code"]), (&json!(status), &json!(code)), "{json}");
        assert!(
            json["type"].is_string() && json["title"].is_string() && json["detail"].is_string(),
            "{json}"
        );
        json
    }

    /// That it is a 422 which names this field.
    #[track_caller]
    pub fn invalid(&self, field: &str) {
        let problem = self.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(problem["errors"][0]["message"].is_string(), "{problem}");
    }
}

/// A client that keeps its connections.
pub fn http_client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

/// The content type.
fn kind(headers: &HeaderMap) -> String {
    headers.get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A client whose connections come from that address of this machine.
pub fn client_from(address: Ipv4Addr) -> HttpClient {
    let mut connector = HttpConnector::new();
    connector.set_local_address(Some(address.into()));
    Client::builder(TokioExecutor::new()).build(connector)
}

/// A call in the making.
pub struct Call {
    http: HttpClient,
    request: request::Builder,
    body: Vec<u8>,
    check: Option<Check>,
}

impl Call {
    /// A call to be completed.
    pub fn new(http: &HttpClient, method: Method, url: &str) -> Self {
        let request = Request::builder().method(method).uri(url);
        Self { http: http.clone(), request, body: Vec::new(), check: None }
    }

    /// Every answer is given to `check` first.
    pub fn checked_by(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// Made from another address of this machine.
    pub fn from(self, address: Ipv4Addr) -> Self {
        Self { http: client_from(address), ..self }
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sends it and reads an answer that is no text.
    pub async fn bytes(self) -> Vec<u8> {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let response = self.http.request(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap().to_vec()
    }

    /// Sends it and reads the answer whole.
    pub async fn send(self) -> Reply {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let reply = Reply::of(self.http.request(request).await.unwrap()).await;
        if let Some(check) = self.check {
            check(method.as_str(), &path, reply.status, &reply.kind, &reply.text);
        }
        reply
    }
}
